//! What each direction carries of a network's output: condensation measured by what the network does, so that neurons which add
//! nothing count for nothing. It knows neurons and inputs, not how the network was trained.

use crate::measures::measure::{Direction, similarity};
use crate::nets::activation::Activation;
use crate::nets::packed::Neuron;
use condense_num::math::{atan2, powi};
use condense_num::vector::dot;

/// Neurons that point the same way, and what they carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried<const D: usize> {
    /// The one of largest output.
    pub leader: Neuron<D>,
    /// All of them, that one first.
    pub neurons: Vec<Neuron<D>>,
    /// The root mean square of their joint output over the inputs, over the sum of that of all groups: what cancels within a
    /// direction carries nothing. 0 where all groups cancel.
    pub share: f64,
    /// The root mean square of their angles to the leader, weighed by the size of each neuron's own output, in radians.
    pub spread: f64,
}

/// A group that is being gathered: its joint output, and the sums behind its spread.
struct Gathered<const D: usize> {
    group: Carried<D>,
    joint: Vec<f64>,
    weight: f64,
}

/// Greedy groups by falling share: the neurons, by falling output of their own, join the first group whose leader makes a cosine
/// above `cosine` with them, or lead a new one. Neurons without output are left out, no others, however weak.
pub fn carried<const D: usize>(
    activation: Activation,
    neurons: &[Neuron<D>],
    inputs: &[[f64; D]],
    direction: Direction,
    cosine: f64,
) -> Vec<Carried<D>> {
    let outputs = |n: &Neuron<D>| inputs.iter().map(|x| n.a * activation.value(dot(&n.w, x))).collect::<Vec<f64>>();
    let mut acting: Vec<(f64, Neuron<D>, Vec<f64>)> = neurons
        .iter()
        .map(|neuron| (*neuron, outputs(neuron)))
        .map(|(n, outputs)| (size(&outputs), n, outputs))
        .collect();
    acting.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut groups: Vec<Gathered<D>> = Vec::new();
    for (size, neuron, outputs) in acting.into_iter().filter(|(size, ..)| *size > 0.0) {
        let near = |gathered: &&mut Gathered<D>| similarity(&gathered.group.leader, &neuron, direction) > cosine;
        if let Some(Gathered { group, joint, weight }) = groups.iter_mut().find(near) {
            let cos = similarity(&group.leader, &neuron, direction).min(1.0);
            group.spread += size * powi(atan2((1.0 - cos * cos).sqrt(), cos), 2);
            group.neurons.push(neuron);
            joint.iter_mut().zip(outputs).for_each(|(joint, f)| *joint += f);
            *weight += size;
        } else {
            let group = Carried { leader: neuron, neurons: vec![neuron], share: 0.0, spread: 0.0 };
            groups.push(Gathered { group, joint: outputs, weight: size });
        }
    }
    let total: f64 = groups.iter().map(|gathered| size(&gathered.joint)).sum();
    let finish = |Gathered { group, joint, weight }| Carried {
        share: if total > 0.0 { size(&joint) / total } else { 0.0 },
        spread: (group.spread / weight).sqrt(),
        ..group
    };
    let mut groups: Vec<Carried<D>> = groups.into_iter().map(finish).collect();
    groups.sort_by(|one, other| other.share.total_cmp(&one.share));
    groups
}

/// The root mean square.
fn size(outputs: &[f64]) -> f64 {
    (outputs.iter().map(|f| f * f).sum::<f64>() / outputs.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::math::{cos, sin, tanh};

    fn at(a: f64, angle: f64) -> Neuron<2> {
        Neuron { a, w: [cos(angle), sin(angle)] }
    }

    #[test]
    fn groups_carry_what_their_neurons_do() {
        // Relu at x = (1, 0): a neuron's output is a·cos(angle) where that is positive.
        let neurons = [at(2.0, 0.0), at(-1.0, 0.0), at(4.0, 1.0), at(9.0, 3.0)];
        let groups = carried(Activation::Relu, &neurons, &[[1.0, 0.0]], Direction::Ray, 0.99);
        assert_eq!(groups.len(), 2, "the last neuron is silent");
        let total = 1.0 + 4.0 * cos(1.0);
        assert!((groups[1].share - 1.0 / total).abs() < 1e-12 && groups[1].neurons.len() == 2);
        assert_eq!([groups[0].spread, groups[1].spread], [0.0; 2]);
        assert_eq!(groups[0].leader, neurons[2]);
    }

    #[test]
    fn the_spread_is_an_angle_and_opposite_weights_are_one_line() {
        let (neurons, inputs) =
            ([at(1.0, 0.3), at(-1.0, 0.34), at(1.0, 0.3 + std::f64::consts::PI)], [[1.0, 1.0], [-2.0, 1.0]]);
        let groups = carried(Activation::Tanh, &neurons, &inputs, Direction::Line, 0.99);
        assert_eq!((groups.len(), groups[0].neurons.len()), (1, 3));
        // One neuron of three is off, by 0.04; the other two put out the same but for the sign.
        let own = |angle: f64| size(&inputs.map(|[x, y]| tanh(cos(angle) * x + sin(angle) * y)));
        let (led, off) = (own(0.3), own(0.34));
        assert!(led > off, "the leader is of the two");
        let spread = 0.04 * (off / (2.0 * led + off)).sqrt();
        assert!((groups[0].spread - spread).abs() < 1e-12, "{} {spread}", groups[0].spread);
        assert!((groups[0].share - 1.0).abs() < 1e-12);
        assert_eq!(carried(Activation::Tanh, &neurons, &[[1.0, 1.0]], Direction::Ray, 0.99).len(), 2);
    }

    #[test]
    fn what_cancels_within_a_direction_carries_nothing() {
        let neurons =
            [Neuron { a: 5.0, w: [1.0, 0.0] }, Neuron { a: -5.0, w: [1.0, 0.0] }, Neuron { a: 0.1, w: [0.0, 1.0] }];
        let groups = carried(Activation::Tanh, &neurons, &[[-1.0, 1.0], [1.0, 1.0]], Direction::Ray, 0.99);
        assert_eq!(groups.iter().map(|g| (g.neurons.len(), g.share)).collect::<Vec<_>>(), [(1, 1.0), (2, 0.0)]);
    }

    /// Shares were once 0/0.
    #[test]
    fn where_all_groups_cancel_none_carries_anything() {
        let pair = |a: f64, w: [f64; 2]| [Neuron { a, w }, Neuron { a: -a, w }];
        let neurons = [pair(5.0, [1.0, 0.0]), pair(2.0, [0.0, 1.0])].concat();
        let groups = carried(Activation::Tanh, &neurons, &[[-1.0, 1.0], [1.0, 1.0]], Direction::Ray, 0.99);
        assert_eq!(groups.iter().map(|g| (g.neurons.len(), g.share)).collect::<Vec<_>>(), [(2, 0.0); 2]);
    }
}

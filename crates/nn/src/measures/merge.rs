//! Groups of neurons that point the same way, neuron by neuron, and the network that has one neuron for each group.
//! It knows no training; how many groups there are, and their shares, is `measure`'s to say.

use crate::measures::measure::amplitude;
use crate::nets::packed::Neuron;
use condense_num::vector::{dot, norm};

/// The cosine between the input weights of two neurons.
pub fn cosine<const D: usize>(one: &Neuron<D>, other: &Neuron<D>) -> f64 {
    dot(&one.w, &other.w) / (norm(&one.w) * norm(&other.w))
}

/// For each neuron the strongest of its group; none where it is weaker than `cut` times the strongest of all. The strongest
/// come first, and join the first leader with which they make a cosine above `bound`, as in [`clusters`](crate::measures::measure::clusters).
pub fn leaders<const D: usize>(neurons: &[Neuron<D>], bound: f64, cut: f64) -> Vec<Option<usize>> {
    let strongest = neurons.iter().map(amplitude).fold(0.0, f64::max);
    let mut order: Vec<usize> = (0..neurons.len()).filter(|&k| amplitude(&neurons[k]) > cut * strongest).collect();
    order.sort_by(|&one, &other| amplitude(&neurons[other]).total_cmp(&amplitude(&neurons[one])));
    let (mut leaders, mut found) = (Vec::new(), vec![None; neurons.len()]);
    for k in order {
        let known = leaders.iter().copied().find(|&leader: &usize| cosine(&neurons[leader], &neurons[k]) > bound);
        found[k] = Some(known.unwrap_or_else(|| {
            leaders.push(k);
            k
        }));
    }
    found
}

/// One ReLU neuron a group: its leader's direction, of length 1, and the sum of `a |w|`, for `a r(w·x) = a |w| r(w·x / |w|)`.
pub fn merged<const D: usize>(neurons: &[Neuron<D>], leaders: &[Option<usize>]) -> Vec<Neuron<D>> {
    let sum = |group: usize| {
        let own = neurons.iter().zip(leaders).filter(|(_, leader)| **leader == Some(group));
        own.map(|(neuron, _)| neuron.a * norm(&neuron.w)).sum()
    };
    let groups = (0..neurons.len()).filter(|&k| leaders[k] == Some(k));
    groups.map(|k| Neuron { a: sum(k), w: neurons[k].w.map(|w| w / norm(&neurons[k].w)) }).collect()
}

/// The output `Σ_k a_k r(w_k·x)` of ReLU neurons.
pub fn relu_output<const D: usize>(neurons: &[Neuron<D>], x: &[f64; D]) -> f64 {
    neurons.iter().map(|neuron| neuron.a * dot(&neuron.w, x).max(0.0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::measure::{Direction, clusters};

    const ALL: [Neuron<2>; 4] = [
        Neuron { a: 2.0, w: [3.0, 4.0] },
        Neuron { a: -0.5, w: [0.6, 0.8] },
        Neuron { a: 1.0, w: [0.0, -2.0] },
        Neuron { a: 1e-3, w: [1.0, 0.0] },
    ];

    #[test]
    fn the_strongest_lead_and_the_weak_belong_to_no_one() {
        let leaders = leaders(&ALL, 0.99, 0.01);
        assert_eq!(leaders, [Some(0), Some(0), Some(2), None]);
        let groups = leaders.iter().enumerate().filter(|(k, leader)| **leader == Some(*k)).count();
        assert_eq!(groups, clusters(&ALL, Direction::Ray, 0.99, 0.01).len());
    }

    #[test]
    fn a_network_whose_groups_point_exactly_the_same_way_is_its_merged_one() {
        let merged = merged(&ALL, &leaders(&ALL, 0.99, 0.0));
        assert_eq!(merged.len(), 3);
        for x in [[1.0, 0.5], [-0.3, 2.0], [-1.0, -1.0], [0.2, -0.7]] {
            assert!((relu_output(&ALL, &x) - relu_output(&merged, &x)).abs() < 1e-12);
        }
    }
}

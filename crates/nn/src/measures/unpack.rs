//! The neurons of a two-layer network that flows: from its flat parameters to neurons as the measures see them.
//! It knows no training and no task.

use crate::nets::packed::Neuron;
use crate::nets::two_layer::TwoLayer;

/// Every simulated neuron in the units of the flow, `f(x) = c Σ a σ(w·x)`.
///
/// # Panics
/// When `D` is not the number of input weights.
pub fn neurons<const D: usize>(network: &TwoLayer, theta: &[f64]) -> Vec<Neuron<D>> {
    assert_eq!(theta.len(), network.width * (1 + D), "a neuron has one output weight and {D} input weights");
    let weight = |row: usize, k: usize| theta[row * network.width + k];
    let neuron = |k| Neuron { a: weight(0, k), w: std::array::from_fn(|j| weight(1 + j, k)) };
    (0..network.width).map(neuron).collect()
}

/// The same with the factors before the sum inside `a`: the network is their plain sum.
pub fn plain_neurons<const D: usize>(network: &TwoLayer, theta: &[f64]) -> Vec<Neuron<D>> {
    let factor = network.scale * network.copies;
    neurons(network, theta).into_iter().map(|Neuron { a, w }| Neuron { a: factor * a, w }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::packed::Packed;
    use crate::tasks::four_points::mirrored_network;
    use crate::theory::phase_plane::Point;
    use condense_num::rng::Stream;

    #[test]
    fn neurons_give_the_output_of_their_network() {
        let network = mirrored_network(Point { gamma: 0.8, gamma_prime: 0.1 }, 30.0, 10);
        let theta = network.draw([1.0, 1.0], &mut Stream::root(4));
        let unpacked = neurons::<2>(&network, &theta);
        assert_eq!(unpacked.len(), 20);
        assert_eq!([unpacked[3].a, unpacked[3].w[0], unpacked[3].w[1]], [theta[3], theta[23], theta[43]]);
        let packed = Packed::new(network.activation, &plain_neurons::<2>(&network, &theta));
        let points: Vec<f64> = network.inputs.column(0).to_vec();
        for ([_, packed], flat) in packed.curve(&points).iter().zip(network.outputs(&theta, &network.inputs)) {
            assert!((packed - flat).abs() < 1e-14);
        }
    }
}

//! The smallest task on which two-layer networks show their regimes: four points of a parabola, fitted by ReLU neurons.
//! It knows the width and the place on the phase plane, and neither draws nor trains.

use crate::nets::activation::Activation;
use crate::nets::bias::line_with_bias;
use crate::nets::two_layer::TwoLayer;
use crate::theory::phase_plane::Point;
use condense_num::stats::linspace;

/// The normalised network of width m at a point of the phase plane, on `y = x²` at four points evenly spaced on
/// [-1/2, 1/2] (Luo, Xu, Ma & Zhang, JMLR 2021, §4).
///
/// It is made of `neurons` and as many mirror images: draw it by [`TwoLayer::draw_mirrored`] with both deviations 1. As in the
/// authors' code m counts one of the halves, and each neuron stands for m / `neurons`.
pub fn mirrored_network(at: Point, m: f64, neurons: usize) -> TwoLayer {
    let points = linspace(-0.5, 0.5, 4);
    TwoLayer {
        activation: Activation::Relu,
        targets: points.iter().map(|x| x * x).collect(),
        inputs: line_with_bias(&points),
        width: 2 * neurons,
        copies: m / neurons as f64,
        scale: at.kappa(m),
        mobility: TwoLayer::normalised(at.kappa_prime(m)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::flow::Flow;
    use condense_num::rng::Stream;

    #[test]
    fn the_targets_are_those_of_the_paper() {
        let network = mirrored_network(Point { gamma: 1.0, gamma_prime: 0.0 }, 100.0, 10);
        for (y, published) in network.targets.iter().zip([0.25, 1.0 / 36.0, 1.0 / 36.0, 0.25]) {
            assert!((y - published).abs() < 1e-15);
        }
        assert_eq!(network.inputs.row(0).to_vec(), [-0.5, 1.0]);
    }

    #[test]
    fn a_mirrored_network_starts_at_zero() {
        let network = mirrored_network(Point { gamma: 0.3, gamma_prime: 0.2 }, 100.0, 37);
        let theta = network.draw_mirrored([1.0, 1.0], &mut Stream::root(5));
        assert!(network.outputs(&theta, &network.inputs).iter().all(|f| f.abs() < 1e-13));
    }

    fn drawn(at: Point, neurons: usize) -> (TwoLayer, Vec<f64>) {
        let network = mirrored_network(at, neurons as f64, neurons);
        let theta = network.draw_mirrored([1.0, 1.0], &mut Stream::root(3));
        (network, theta)
    }

    /// The largest difference, as a part of the largest entry.
    fn apart(x: &[f64], y: &[f64]) -> f64 {
        let largest = |x: &mut dyn Iterator<Item = f64>| x.fold(0.0f64, |largest, x| largest.max(x.abs()));
        largest(&mut x.iter().zip(y).map(|(x, y)| x - y)) / largest(&mut y.iter().copied())
    }

    #[test]
    fn each_relu_neuron_keeps_its_invariant() {
        let at = Point { gamma: 1.2, gamma_prime: -0.1 };
        let (network, start) = drawn(at, 50);
        let kappa_prime = at.kappa_prime(50.0);
        let invariant = |theta: &[f64], k: usize| {
            let w: f64 = network.weights(theta, k..k + 1).map(|w| w[0] * w[0]).sum();
            kappa_prime * theta[k] * theta[k] - w / kappa_prime
        };
        let mut flow = Flow::new(&network, start.clone(), 2e-3);
        assert!(flow.descend(1e-6, 10_000).unwrap());
        let size = flow.theta().iter().fold(0.0f64, |size, x| size.max(x * x));
        for k in 0..100 {
            let change = invariant(flow.theta(), k) - invariant(&start, k);
            assert!(change.abs() < 1e-3 * size, "neuron {k}: {change} of {size}");
        }
    }

    #[test]
    fn the_order_of_the_neurons_does_not_matter() {
        let (network, start) = drawn(Point { gamma: 1.0, gamma_prime: 0.0 }, 32);
        let reversed =
            |theta: &[f64]| theta.chunks(64).flat_map(|block| block.iter().rev().copied()).collect::<Vec<_>>();
        let mut flows = [start.clone(), reversed(&start)].map(|start| Flow::new(&network, start, 0.01));
        for flow in &mut flows {
            assert!(flow.descend(1e-6, 1000).unwrap());
        }
        assert!(apart(&reversed(flows[0].theta()), flows[1].theta()) < 1e-9);
    }

    #[test]
    fn scalings_with_the_same_kappas_are_one_flow() {
        // The model as it is trained, at unit mobilities: a = β1 ā, w = β2 w̄, and time runs β1β2 times as fast.
        let at = Point { gamma: 1.1, gamma_prime: 0.25 };
        let (m, (kappa, kappa_prime)) = (40.0, (at.kappa(40.0), at.kappa_prime(40.0)));
        let (normalised, start) = drawn(at, 40);
        let flow_to = |network: &TwoLayer, start: Vec<f64>, time: f64| {
            let mut flow = Flow::new(network, start, 0.01);
            while flow.time() < time {
                flow.advance(time).unwrap();
            }
            flow.theta().to_vec()
        };
        let expected = flow_to(&normalised, start.clone(), 50.0);
        for beta2 in [1.0, 0.1, 3.0 / m] {
            let beta1 = kappa_prime * beta2;
            let scale = kappa / (beta1 * beta2);
            let plain = TwoLayer { scale, mobility: [1.0, 1.0], ..normalised.clone() };
            let scaled = |theta: &[f64], a: f64, w: f64| -> Vec<f64> {
                theta.iter().enumerate().map(|(k, x)| x * if k < plain.width { a } else { w }).collect()
            };
            let end = flow_to(&plain, scaled(&start, beta1, beta2), 50.0 * beta1 * beta2);
            assert!(apart(&scaled(&end, 1.0 / beta1, 1.0 / beta2), &expected) < 1e-9);
        }
    }
}

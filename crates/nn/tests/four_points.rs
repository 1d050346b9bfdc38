//! Networks on four points have passes of their own, with the bits of any other network.

use condense_nn::nets::activation::Activation;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::Point;
use condense_nn::training::model::{Model as _, Tangent, apart_by_parts, shift_by_parts};
use condense_num::level::same_on_all;
use condense_num::rng::Stream;

const ACTIVATIONS: [Activation; 2] = [Activation::Relu, Activation::Tanh];
/// A vector on the samples.
const P: [f64; 4] = [0.3, -1.1, 0.8, 0.2];

/// More neurons than a chunk has, and not whole chunks.
fn network(activation: Activation) -> (TwoLayer, Vec<f64>) {
    let network = mirrored_network(Point { gamma: 1.2, gamma_prime: 0.1 }, 700.0, 268);
    let network = TwoLayer { activation, ..network };
    let theta = network.draw_mirrored([1.0, 1.0], &mut Stream::root(5));
    (network, theta)
}

/// The same network with one neuron more, which is silent: so it goes the way of all others.
fn with_a_silent_neuron(network: &TwoLayer, theta: &[f64]) -> (TwoLayer, Vec<f64>) {
    (TwoLayer { width: network.width + 1, ..network.clone() }, longer(theta, network.width))
}

fn longer(theta: &[f64], width: usize) -> Vec<f64> {
    theta.chunks(width).flat_map(|row| [row, &[0.0]].concat()).collect()
}

fn linearized(network: &TwoLayer, theta: &[f64]) -> Tangent {
    let mut tangent = Tangent::default();
    network.linearize(theta, &mut tangent);
    tangent
}

#[test]
fn they_have_the_bits_of_any_other_network() {
    for activation in ACTIVATIONS {
        let (network, theta) = network(activation);
        let (other, other_theta) = with_a_silent_neuron(&network, &theta);
        let (own, theirs) = (linearized(&network, &theta), linearized(&other, &other_theta));
        assert_eq!((&own.residual, &own.kernel), (&theirs.residual, &theirs.kernel));
        let (mut pulled, mut other_pulled) = (vec![0.0; theta.len()], vec![0.0; other_theta.len()]);
        network.vjp(&own, &P, &mut pulled);
        other.vjp(&theirs, &P, &mut other_pulled);
        assert_eq!(longer(&pulled, network.width), other_pulled);
        let (mut point, mut other_point) = (pulled, other_pulled);
        let (mut there, mut other_there) = (Tangent::default(), Tangent::default());
        network.shift(&theta, &own, &P, &mut point, &mut there);
        other.shift(&other_theta, &theirs, &P, &mut other_point, &mut other_there);
        assert_eq!(longer(&point, network.width), other_point);
        assert_eq!((&there.residual, &there.kernel), (&other_there.residual, &other_there.kernel));
    }
}

#[test]
fn a_step_in_one_pass_has_the_bits_of_its_parts() {
    for activation in ACTIVATIONS {
        let (network, theta) = network(activation);
        let here = linearized(&network, &theta);
        let shifted = |by_parts: bool| {
            let (mut point, mut there) = (vec![0.0; theta.len()], Tangent::default());
            if by_parts {
                shift_by_parts(&network, &theta, &here, &P, &mut point, &mut there);
            } else {
                network.shift(&theta, &here, &P, &mut point, &mut there);
            }
            let (tangents, mut pulled) = ([(&here, &P[..]), (&there, &there.residual[..])], Default::default());
            let apart = if by_parts {
                apart_by_parts(&network, tangents, &mut pulled)
            } else {
                network.apart(tangents, &mut pulled)
            };
            (point, there.residual.clone(), there.kernel.clone(), there.features.clone(), apart)
        };
        assert_eq!(shifted(true), shifted(false));
        same_on_all(|| shifted(false));
    }
}

/// Its rows were once cut into pieces of no length.
#[test]
fn a_network_without_neurons_answers_nothing() {
    let network = mirrored_network(Point { gamma: 1.0, gamma_prime: 0.0 }, 10.0, 0);
    let minus: Vec<f64> = network.targets.iter().map(|y| -y).collect();
    let network = TwoLayer { copies: 1.0, ..network };
    assert_eq!(linearized(&network, &[]).residual, minus);
}

//! The law of the gradient flow, for every model that flows: no step leads above the lowest. (Where a model has kinks it may lie half a per
//! cent above its lowest root mean square.) The numbers are written out here, so that those in the code cannot drift.

use condense_nn::nets::activation::Activation;
use condense_nn::nets::bias::line_with_bias;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::Point;
use condense_nn::training::flow::Flow;
use condense_nn::training::model::Model;
use condense_nn::training::three_flow::ThreeFlow;
use condense_num::math;
use condense_num::rng::Stream;
use condense_num::stats::linspace;
use proptest::prelude::*;

/// By how much the root mean square rose at worst, in parts of the first one: above its lowest where the model is smooth, and
/// where it has kinks above the valley over that.
fn largest_rise<M: Model>(model: &M, start: Vec<f64>, tolerance: f64, goal: f64, steps: usize) -> f64 {
    let mut flow = Flow::new(model, start, tolerance);
    let (first, mut worst) = (flow.mean_square().sqrt(), f64::NEG_INFINITY);
    let mut lowest = first;
    for _ in 0..steps {
        let before = flow.mean_square().sqrt();
        // A flow that gives up has not risen either.
        if before * before < goal || flow.advance(f64::INFINITY).is_err() {
            break;
        }
        let now = flow.mean_square().sqrt();
        worst = worst.max((now - if model.smooth() { 1.0 } else { 1.005 } * lowest) / first);
        lowest = lowest.min(now);
    }
    worst
}

/// Noise on a sine, as the figure on generalization has it: at a low goal, a flow that trusted its estimate alone ended at
/// a mean square of 2.4e7.
fn noisy(activation: Activation, width: usize, seed: u64) -> (TwoLayer, Vec<f64>) {
    let (x, mut stream) = (linspace(-1.0, 1.0, 12), Stream::root(seed));
    let targets = x.iter().map(|x| math::sin(3.0 * x) + 0.3 * stream.normal()).collect();
    let inputs = line_with_bias(&x);
    let net = TwoLayer { activation, inputs, targets, width, copies: 1.0, scale: 1.0, mobility: [1.0; 2] };
    let start = net.draw([0.1; 2], &mut stream);
    (net, start)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_step_leads_up(
        seed in any::<u64>(), width in 2..20usize, goal in -6.0..-1.0f64, gamma in 0.5..1.75f64, tolerance in 0.01..0.1f64,
    ) {
        let goal = math::pow(10.0, goal);
        for activation in [Activation::Tanh, Activation::Relu, Activation::Sigmoid] {
            let (net, start) = noisy(activation, width, seed);
            prop_assert!(largest_rise(&net, start, tolerance, goal, 60) <= 1.01 * 1e-10, "{activation:?}");
        }
        let net = mirrored_network(Point { gamma, gamma_prime: 0.0 }, 1e4, 2 * width);
        let start = net.draw_mirrored([1.0, 1.0], &mut Stream::root(seed));
        prop_assert!(largest_rise(&net, start, tolerance, goal, 60) <= 1.01 * 1e-10, "normalised, γ = {gamma}");
        let net = ThreeFlow::on_four_points(0.0, gamma, width);
        let start = net.draw(&mut Stream::root(seed));
        prop_assert!(largest_rise(&net.clone().centred(&start), start.clone(), tolerance, goal, 60) <= 1.01 * 1e-10, "three layers");
    }
}

//! Condensation at a size that can be drawn: five ReLU neurons, two groups after training, and the network of two neurons that
//! they are. It knows no theory of the field that turns them; `landscape_around_zero` has that.
//!
//! `f(x) = Σ_k a_k r(w_k·x)` without biases, on points `x` of the unit circle; target `r(u_1·x) - r(u_2·x)` with directions `u_1`, `u_2` at 0
//! and 120 degrees; all parameters `N(0, std²)`, gradient flow of `(1/2n) Σ (f - y)²`. Slide "Illustration of Condensation".

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::{cos, sin};
use condense::num::vector::{dot, norm};
use condense_nn::measures::measure::{Direction, amplitude, clusters, orientation};
use condense_nn::measures::merge::{cosine, leaders, merged, relu_output};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::Neuron;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::training::flow::Flow;
use ndarray::Array2;
use std::f64::consts::PI;

params! {
    /// All settings are ours: the slide is a drawing.
    pub struct Params {
        /// Hidden neurons.
        pub width: usize = 5, at_least 2;
        /// Samples: evenly spaced on the unit circle.
        pub samples: usize = 16, at_least 3;
        /// Standard deviation of every initial parameter.
        pub std: f64 = 1e-3, above 0.0;
        /// Training ends below this mean square,
        pub goal: f64 = 1e-10, above 0.0;
        /// or at this time.
        pub time: f64 = 1e5, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.02, above 0.0;
        /// Neurons whose cosine is above this are one group.
        pub cosine: f64 = 0.99, within 0.0..1.0;
        /// Neurons with less than this share of the largest amplitude belong to none.
        pub cut: f64 = 0.01, within 0.0..1.0;
        /// Further draws of the initial weights.
        pub draws: usize = 20, at_least 1;
    }
}

/// A drawing of condensation that is computed.
pub struct CondensationIllustration;

/// The directions of the target's two neurons, in radians, and their output weights.
const TARGET: [(f64, f64); 2] = [(0.0, 1.0), (2.0 * PI / 3.0, -1.0)];
/// Points of the circle at which outputs are compared and drawn.
const POINTS: usize = 181;

impl Experiment for CondensationIllustration {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // One flow: a dozen vectors of parameters, features and kernels of the samples at three points; and what is drawn.
        Some(p.width * (12 * 3 + 6 * p.samples + 60) + 8 * p.samples * p.samples + 6 * POINTS + 4 * p.draws)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let net = network(p);
        let start = net.draw([p.std; 2], &mut ctx.rng("init"));
        let (end, loss) = train(p, &net, start.clone())?;
        let [before, after] = [neurons(&start, p.width), neurons(&end, p.width)];
        let leaders = leaders(&after, p.cosine, p.cut);
        let members = |group: usize| leaders.iter().filter(|leader| **leader == Some(group)).count();
        let mut groups: Vec<usize> = (0..p.width).filter(|&k| leaders[k] == Some(k)).map(members).collect();
        groups.sort_unstable();
        let within = after.iter().zip(&leaders).filter_map(|(neuron, leader)| Some(cosine(neuron, &after[(*leader)?])));

        let mut results = Results::default();
        results.value("start.apart", least_angle(&before));
        results.value("end.loss", loss);
        results.value("groups", groups.len() as f64);
        results.value("groups.least", groups.first().copied().unwrap_or(0) as f64);
        results.value("groups.most", groups.last().copied().unwrap_or(0) as f64);
        results.value("within", within.fold(1.0, f64::min));
        show_outputs(&net, &after, &merged(&after, &leaders), &mut results);
        show_network(&before, &after, &leaders, &mut results);
        let groups = ctx.cells("draws", p.draws, |_, ctx| {
            let (theta, _) = train(p, &net, net.draw([p.std; 2], &mut ctx.rng("init")))?;
            Ok(clusters(&neurons(&theta, p.width), Direction::Ray, p.cosine, p.cut).len())
        })?;
        results.value("draws.two", groups.iter().filter(|groups| **groups == 2).count() as f64);
        Ok(results)
    }
}

/// A point of the unit circle.
fn point(angle: f64) -> [f64; 2] {
    [cos(angle), sin(angle)]
}

fn target(x: &[f64; 2]) -> f64 {
    TARGET.iter().map(|&(angle, a)| a * dot(&point(angle), x).max(0.0)).sum()
}

fn network(p: &Params) -> TwoLayer {
    let x: Vec<[f64; 2]> = (0..p.samples).map(|i| point(2.0 * PI * (i as f64 + 0.25) / p.samples as f64)).collect();
    TwoLayer {
        activation: Activation::Relu,
        inputs: Array2::from_shape_fn((p.samples, 2), |(i, d)| x[i][d]),
        targets: x.iter().map(target).collect(),
        width: p.width,
        copies: 1.0,
        scale: 1.0,
        mobility: [1.0, 1.0],
    }
}

/// Flows to the goal, or to the end of the time; the parameters and the mean square there.
fn train(p: &Params, net: &TwoLayer, start: Vec<f64>) -> Result<(Vec<f64>, f64), Stop> {
    let mut flow = Flow::new(net, start, p.tolerance);
    while flow.mean_square() > p.goal && flow.time() < p.time {
        flow.advance(p.time).map_err(|stalled| Stop::failed(stalled.to_string()))?;
    }
    Ok((flow.theta().to_vec(), flow.mean_square()))
}

fn neurons(theta: &[f64], width: usize) -> Vec<Neuron<2>> {
    (0..width).map(|k| Neuron { a: theta[k], w: [theta[width + k], theta[2 * width + k]] }).collect()
}

/// The least angle between two of them.
fn least_angle(neurons: &[Neuron<2>]) -> f64 {
    let angles: Vec<f64> = neurons.iter().map(|neuron| orientation(neuron, Direction::Ray)).collect();
    let pairs =
        angles.iter().enumerate().flat_map(|(at, one)| angles[..at].iter().map(move |other| (one - other).abs()));
    pairs.map(|apart| apart.min(2.0 * PI - apart)).fold(PI, f64::min)
}

/// Outputs of the network and of the merged one, round the circle.
fn show_outputs(net: &TwoLayer, all: &[Neuron<2>], merged: &[Neuron<2>], results: &mut Results) {
    let degrees = |at: usize| 360.0 * at as f64 / (POINTS - 1) as f64;
    let row = |at: usize| {
        let x = point(degrees(at) * PI / 180.0);
        [degrees(at), relu_output(all, &x), relu_output(merged, &x)]
    };
    let rows: Vec<[f64; 3]> = (0..POINTS).map(row).collect();
    let largest = rows.iter().map(|row| row[1].abs()).fold(f64::MIN_POSITIVE, f64::max);
    let apart = rows.iter().map(|row| (row[1] - row[2]).abs()).fold(0.0, f64::max);
    results.value("merged.error", apart / largest);
    results.frame("output", Frame::from_rows(&["angle", "network", "merged"], rows));
    let n = net.targets.len();
    let samples = net.targets.iter().enumerate().map(|(i, y)| [360.0 * (i as f64 + 0.25) / n as f64, *y]);
    results.frame("data", Frame::from_rows(&["angle", "y"], samples));
}

/// The network as a drawing: left before training, right after it. A line has the place of its neuron or, after training, of its
/// group's strongest; its width tells the amplitude. Hidden neurons stand group by group.
fn show_network(before: &[Neuron<2>], after: &[Neuron<2>], leaders: &[Option<usize>], results: &mut Results) {
    let mut order: Vec<usize> = (0..after.len()).collect();
    order.sort_by_key(|&k| (leaders[k].unwrap_or(k), leaders[k] != Some(k), k));
    let place = |neuron: usize| order.iter().position(|&k| k == neuron).unwrap_or(neuron);
    let height = |at: usize| 1.0 - 2.0 * at as f64 / (after.len() - 1) as f64;
    let (mut lines, mut nodes, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for (when, all) in [before, after].into_iter().enumerate() {
        let (left, strongest) = (3.0 * when as f64, all.iter().map(amplitude).fold(0.0, f64::max));
        let longest = all.iter().map(|neuron| norm(&neuron.w)).fold(0.0, f64::max);
        for (at, &k) in order.iter().enumerate() {
            let colour = place(if when == 0 { k } else { leaders[k].unwrap_or(k) }) as f64 + 1.0;
            let thick = 0.6 + 4.0 * amplitude(&all[k]) / strongest;
            let y = height(at);
            for input in [0.6, -0.6] {
                lines.push([left, input, left + 1.0, y, colour, thick]);
            }
            lines.push([left + 1.0, y, left + 2.0, 0.0, colour, thick]);
            nodes.push([left + 1.0, y, colour]);
            weights.push([when as f64, 0.0, 0.0, all[k].w[0] / longest, all[k].w[1] / longest, colour]);
        }
        nodes.extend([[left, 0.6, 0.0], [left, -0.6, 0.0], [left + 2.0, 0.0, 0.0]]);
    }
    results.frame("lines", Frame::from_rows(&["x", "y", "x2", "y2", "colour", "thick"], lines));
    results.frame("nodes", Frame::from_rows(&["x", "y", "colour"], nodes));
    results.frame("weights", Frame::from_rows(&["when", "x", "y", "x2", "y2", "colour"], weights));
    let rays = TARGET.map(|(angle, a)| [0.0, 0.0, point(angle)[0], point(angle)[1], a]);
    results.frame("target", Frame::from_rows(&["x", "y", "x2", "y2", "a"], rays));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_compared_round_the_circle() {
        let at = |angle: f64| Neuron { a: 1.0, w: point(angle) };
        assert!((least_angle(&[at(3.1), at(-3.1), at(0.0)]) - (2.0 * PI - 6.2)).abs() < 1e-12);
    }

    #[test]
    fn the_target_is_of_two_neurons() {
        let own = TARGET.map(|(angle, a)| Neuron { a, w: point(angle) });
        let x = point(1.0);
        assert!((relu_output(&own, &x) - target(&x)).abs() < 1e-15);
    }
}

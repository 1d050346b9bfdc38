//! The first stage of training: which way the neurons of a small network have turned after some dozens of steps, for six
//! activations. It knows no theory but the lines on which one-dimensional data put them; `landscape_around_zero` has the rest.
//!
//! `f(x) = Σ_k a_k σ(w_k·x)` with the bias as a last input, all parameters `N(0, std²)`, Adam on `(1/n) Σ (f - y)²`, full batch. Slide
//! "Initial condensation"; Zhou et al., "Towards understanding the condensation of neural networks at initial training" (NeurIPS 2022).

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::legendre::legendre;
use condense::num::qr::least_squares;
use condense::num::stats::{linspace, median};
use condense_nn::measures::measure::{Direction, clusters, features};
use condense_nn::measures::similarity::{cosines, cosines_in_blocks, pairs, share_above};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::Packed;
use condense_nn::tasks::task::{Samples, TWO_WAVES as REACH, two_waves, wave};
use condense_nn::theory::origin::Form;
use condense_nn::theory::plane::Portrait;
use condense_nn::training::rule::Adam;
use condense_nn::training::stepwise::Stepwise as _;
use condense_nn::training::train::Trainer;
use ndarray::Array2;
use std::f64::consts::PI;

params! {
    /// Settings: those of the paper's Figures 3, 5 and 6.
    pub struct Params {
        /// Hidden neurons, on five-dimensional data.
        pub width: usize = 50, at_least 2;
        /// Samples there: `x ~ U[-4, 2]` in each dimension, `y = Σ_k 3.5 sin(5 x_k + 1)`.
        pub samples: usize = 80, at_least 1;
        /// Standard deviation of every initial parameter.
        pub std: f64 = 0.005, above 0.0;
        /// Learning rate; sigmoid takes 0.8 of it, softplus a quarter.
        pub rate: f64 = 1e-3, above 0.0;
        /// The step at which the neurons are looked at.
        pub epoch: usize = 100, at_least 1;
        /// Draws of data and weights on which groups are counted; the first is the one that is drawn.
        pub draws: usize = 20, at_least 1;
        /// Hidden neurons, on one-dimensional data.
        pub line_width: usize = 100, at_least 1;
        /// Samples there: evenly spaced on [-1, 1.5], `y = sin 3x + ½ sin 6x`.
        pub line_samples: usize = 40, at_least 5;
        /// Learning rate there.
        pub line_rate: f64 = 5e-4, above 0.0;
        /// Step there.
        pub line_epoch: usize = 200, at_least 1;
        /// Neurons whose cosine is above this point the same way.
        pub cosine: f64 = 0.95, within 0.0..1.0;
    }
}

/// Similarity of input weights at the start and after the first stage.
pub struct InitialCondensation;

/// The five activations of the source, and ReLU, with their names here and the factors of their rates. The first [`SMOOTH`]
/// have the multiplicities 1, 2 and 3.
const CASES: [(Activation, &str, f64); 6] = [
    (Activation::Tanh, "tanh", 1.0),
    (Activation::XTanh, "xtanh", 1.0),
    (Activation::X2Tanh, "x2tanh", 1.0),
    (Activation::Relu, "relu", 1.0),
    (Activation::Sigmoid, "sigmoid", 0.8),
    (Activation::Softplus, "softplus", 0.25),
];
const SMOOTH: usize = 3;
/// Points of a drawn curve.
const CURVE: usize = 201;
/// A neuron stands on a line of theory when it is no farther from it than this: 15 degrees.
const NEAR: f64 = PI / 12.0;
/// Neurons with less than this share of the largest amplitude do not count on a line.
const CUT: f64 = 0.1;

impl Experiment for InitialCondensation {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // A training at a time with what is kept at the samples; the similarity matrices of all cases, and one in eigenvectors.
        let trained = (p.width + 8) * (40 + 2 * p.samples) + (p.line_width + 8) * (20 + 2 * p.line_samples);
        Some(trained + 4 * p.epoch + p.line_epoch + (CASES.len() * 4 + 6) * p.width * p.width)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        matrices(p, ctx, &mut results)?;
        draws(p, ctx, &mut results)?;
        on_a_line(p, ctx, &mut results)?;
        Ok(results)
    }
}

fn adam(rate: f64) -> Adam {
    Adam { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
}

/// Data and network of one draw, before its first step.
fn start(p: &Params, case: usize, ctx: &Context) -> Trainer<6> {
    let mut rng = ctx.rng("data");
    let x: Vec<[f64; 6]> =
        (0..p.samples).map(|_| std::array::from_fn(|k| if k < 5 { rng.uniform(-4.0, 2.0) } else { 1.0 })).collect();
    let y = x.iter().map(|x| x[..5].iter().map(|&x| wave(x)).sum()).collect();
    let (activation, _, factor) = CASES[case];
    let net = Packed::gaussian(activation, p.width, p.std, p.std, &ctx.rng("init"));
    Trainer::new(net, &Samples { x, y }, adam(p.rate * factor))
}

fn weights(trainer: &Trainer<6>) -> Vec<[f64; 6]> {
    trainer.net().neurons().iter().map(|neuron| neuron.w).collect()
}

/// Groups of neurons that point the same way.
fn groups(trainer: &Trainer<6>, cosine: f64) -> f64 {
    clusters(&trainer.net().neurons(), Direction::Ray, cosine, 0.0).len() as f64
}

/// One draw: a matrix of cosines for each activation.
fn matrices(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let mut matrices = Vec::new();
    for (case, (_, name, _)) in CASES.into_iter().enumerate() {
        let mut trainer = start(p, case, ctx);
        for (when, epoch) in [("start", 0), ("end", p.epoch)] {
            trainer.train_to(epoch, ctx)?;
            let pairs = pairs(&cosines(&weights(&trainer)));
            results.value(&format!("{name}.{when}.share"), share_above(&pairs, p.cosine));
            results.value(&format!("{name}.{when}.directions"), groups(&trainer, p.cosine));
        }
        let cosines = cosines_in_blocks(&weights(&trainer));
        matrices.extend(cosines.indexed_iter().map(|((j, k), &cosine)| [case as f64, j as f64, k as f64, cosine]));
    }
    let groups = |name: &str| results.values[&format!("{name}.end.directions")];
    results.value("sigmoid.lead", groups("xtanh") - groups("sigmoid"));
    results.frame("similarity", Frame::from_rows(&["case", "row", "column", "cosine"], matrices));
    Ok(())
}

/// Many draws: how many groups are left for each multiplicity `p`, and how many draws have the `2p` of theory or fewer.
fn draws(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    // A row a draw: groups and the share of the loss that is left, for each multiplicity.
    let rows = ctx.cells("draws", p.draws, |_, ctx| {
        let mut row = [0.0; 2 * SMOOTH];
        for case in 0..SMOOTH {
            let mut trainer = start(p, case, ctx);
            trainer.train_to(p.epoch, ctx)?;
            row[case] = groups(&trainer, p.cosine);
            row[SMOOTH + case] = trainer.loss() / trainer.losses()[0];
        }
        Ok(row)
    })?;
    let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<_>>();
    let mut bars = Vec::new();
    for (case, (_, name, _)) in CASES.into_iter().take(SMOOTH).enumerate() {
        let (groups, most) = (column(case), 2.0 * (case as f64 + 1.0));
        let clean = groups.iter().filter(|groups| **groups <= most).count();
        results.value(&format!("draws.{name}.clean"), clean as f64);
        results.value(&format!("draws.{name}.clean.share"), clean as f64 / p.draws as f64);
        results.value(&format!("draws.{name}.least"), groups.iter().copied().fold(f64::INFINITY, f64::min));
        results.value(&format!("draws.{name}.most"), groups.iter().copied().fold(0.0, f64::max));
        results.value(&format!("draws.{name}.median"), median(&groups));
        bars.extend(groups.iter().enumerate().map(|(draw, groups)| [case as f64, draw as f64 + 1.0, *groups]));
    }
    let left = (SMOOTH..2 * SMOOTH).flat_map(column).fold(f64::INFINITY, f64::min);
    results.value("draws.loss.left", left);
    results.frame("draws", Frame::from_rows(&["case", "draw", "groups"], bars));
    Ok(())
}

/// One-dimensional data: on which lines of the plane of weight and bias the neurons stand, and what the network computes.
fn on_a_line(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let samples = Samples::of(two_waves, &linspace(REACH[0], REACH[1], p.line_samples));
    let x = Array2::from_shape_fn((p.line_samples, 2), |(i, k)| samples.x[i][k]);
    let (mut neurons, mut lines, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    for (case, (activation, name, _)) in CASES.into_iter().take(SMOOTH).enumerate() {
        let net = Packed::gaussian(activation, p.line_width, p.std, p.std, &ctx.rng("line"));
        let mut trainer = Trainer::new(net, &samples, adam(p.line_rate));
        trainer.train_to(p.line_epoch, ctx)?;
        let order = case + 1;
        let theory = Portrait::of(&Form::new(&x, &samples.y, order)).lines;
        let features = features(&trainer.net().neurons(), Direction::Line);
        let total: f64 = features.iter().map(|feature| feature[1]).sum();
        let held = |line: f64| features.iter().filter(|f| apart(f[0], line) < NEAR).map(|f| f[1]).sum::<f64>() / total;
        results.value(&format!("line.{name}.theory"), theory.len() as f64);
        let groups = clusters(&trainer.net().neurons(), Direction::Line, p.cosine, CUT);
        results.value(&format!("line.{name}.lines"), groups.len() as f64);
        results.value(&format!("line.{name}.near"), theory.iter().map(|line| held(*line)).sum());
        let curve = trainer.net().curve(&linspace(REACH[0], REACH[1], CURVE));
        results.value(&format!("line.{name}.rest"), rest(&curve, order));
        results.value(&format!("line.{name}.rest.lower"), rest(&curve, order - 1));
        let size = curve.iter().map(|point| point[1].abs()).fold(0.0, f64::max);
        outputs.extend(curve.iter().map(|point| [case as f64, point[0], point[1] / size]));
        lines
            .extend(theory.iter().map(|line| [case as f64, folded(*line)]).map(|[case, at]| [case, at, 0.0, at, 1.05]));
        neurons.extend(features.iter().map(|feature| [case as f64, feature[0], feature[1]]));
    }
    results.frame("neurons", Frame::from_rows(&["case", "orientation", "amplitude"], neurons));
    results.frame("lines", Frame::from_rows(&["case", "x", "y", "x2", "y2"], lines));
    results.frame("outputs", Frame::from_rows(&["case", "x", "f"], outputs));
    Ok(())
}

/// The root mean square that the best polynomial of a degree leaves of a curve, over the curve's range.
fn rest(curve: &[[f64; 2]], degree: usize) -> f64 {
    let (middle, half) = (0.5 * (REACH[0] + REACH[1]), 0.5 * (REACH[1] - REACH[0]));
    let points: Vec<f64> = curve.iter().map(|point| (point[0] - middle) / half).collect();
    let design = legendre(&points, degree);
    let y: Vec<f64> = curve.iter().map(|point| point[1]).collect();
    let fit = least_squares(&design, &y).expect("more points than coefficients");
    let squares = design.rows().into_iter().zip(&y).map(|(row, y)| {
        let off = row.iter().zip(&fit).map(|(p, c)| p * c).sum::<f64>() - y;
        off * off
    });
    let [low, high] = [f64::min, f64::max].map(|pick| y.iter().copied().reduce(pick).unwrap_or(0.0));
    (squares.sum::<f64>() / y.len() as f64).sqrt() / (high - low)
}

/// An angle of a line, in `[-π/2, π/2)`.
fn folded(angle: f64) -> f64 {
    if angle >= PI / 2.0 { angle - PI } else { angle }
}

/// The angle between two lines.
fn apart(one: f64, other: f64) -> f64 {
    let apart = (one - other).abs() % PI;
    apart.min(PI - apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_around_the_half_circle() {
        assert!((apart(1.5, -1.5) - (PI - 3.0)).abs() < 1e-15);
        assert_eq!([apart(0.25, 0.75), apart(0.5, 0.5)], [0.5, 0.0]);
    }
}

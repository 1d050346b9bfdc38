//! What condensation is good for: two tanh networks fit the same few samples, from small and from large initial weights.
//! It knows no pictures. Both are trained to (almost) zero loss; only the small start ends condensed, and generalises.
//!
//! `f(x) = Σ_k a_k tanh(w_k x + b_k)`, gradient descent with momentum on `(1/n) Σ (f - y)²`; the target is itself a
//! network of two neurons. Slides "Final condensation" and "Generalization consequence of condensation".

use crate::experiment::{Context, Experiment, Fault, Stop};
use crate::frame::{Frame, Results};
use crate::nn::activation::Activation;
use crate::nn::measure::{Direction, clusters, effective, features, sectors};
use crate::nn::packed::{Neuron, Packed};
use crate::nn::pass::Descent;
use crate::nn::task::{Samples, two_steps};
use crate::nn::train::Trainer;
use crate::num::stats::{linspace, mean, median};
use serde::{Deserialize, Serialize};

/// The interval of samples and test points is `[-REACH, REACH]`.
const REACH: f64 = 1.5;
/// Points at which the test error is taken and curves are drawn.
const TEST: usize = 301;
/// Sectors of the half turn behind the effective number of directions.
const SECTORS: usize = 18;
/// Neurons whose cosine (up to sign) is above this point the same way …
const COSINE: f64 = 0.995;
/// … and those below this share of the largest amplitude do not count.
const CUT: f64 = 0.01;

/// What is measured of each network.
const NUMBERS: [&str; 5] = ["train", "test", "effective", "clusters", "epochs"];

/// Settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Hidden neurons, m.
    pub width: usize,
    /// Samples, n, evenly spaced.
    pub samples: usize,
    /// Momentum of the gradient descent.
    pub momentum: f64,
    /// Training ends when the loss is below this …
    pub tolerance: f64,
    /// … and at this epoch at the latest.
    pub epochs: usize,
    /// Standard deviation of every parameter at the small start, which condenses.
    pub small_std: f64,
    /// Its learning rate.
    pub small_rate: f64,
    /// Standard deviation of the output weights at the large start, which does not condense.
    pub large_std_a: f64,
    /// Standard deviation of its input weights and biases.
    pub large_std_w: f64,
    /// Its learning rate.
    pub large_rate: f64,
    /// Independent draws of the initial weights; the first is the one that is drawn.
    pub draws: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            width: 200,
            samples: 8,
            momentum: 0.9,
            tolerance: 1e-5,
            epochs: 200_000,
            small_std: 1e-3,
            small_rate: 0.005,
            large_std_a: 1.0,
            large_std_w: 5.0,
            large_rate: 0.002,
            draws: 5,
        }
    }
}

/// The experiment.
pub struct GeneralizationInitScale;

impl Experiment for GeneralizationInitScale {
    type Params = Params;

    fn check(p: &Params) -> Vec<Fault> {
        let faults = [
            Fault::unless(p.width > 0, "width", "must be at least 1"),
            Fault::unless(p.samples > 1, "samples", "must be at least 2"),
            Fault::unless((0.0..1.0).contains(&p.momentum), "momentum", "must lie in [0, 1)"),
            Fault::unless(p.tolerance >= 0.0, "tolerance", "must not be negative"),
            Fault::unless(p.epochs > 0, "epochs", "must be at least 1"),
            Fault::unless(p.small_std > 0.0, "small_std", "must be above 0"),
            Fault::unless(p.small_rate > 0.0, "small_rate", "must be above 0"),
            Fault::unless(p.large_std_a > 0.0, "large_std_a", "must be above 0"),
            Fault::unless(p.large_std_w > 0.0, "large_std_w", "must be above 0"),
            Fault::unless(p.large_rate > 0.0, "large_rate", "must be above 0"),
            Fault::unless(p.draws > 0, "draws", "must be at least 1"),
        ];
        faults.into_iter().flatten().collect()
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let points = linspace(-REACH, REACH, p.samples);
        let samples = Samples::of(two_steps, &points);
        let test = Samples::of(two_steps, &linspace(-REACH, REACH, TEST));
        // Two cells a draw: the numbers, and for the first draw the neurons and the loss curve.
        let rows = ctx.cells("draws", 2 * p.draws, |cell, ctx| {
            let trainer = train(p, cell % 2 == 0, &samples, ctx)?;
            let mut row = numbers(&trainer, &test).to_vec();
            if cell < 2 {
                row.extend(trainer.net().neurons().iter().flat_map(|n| [n.a, n.w[0], n.w[1]]));
                row.extend(trainer.curve(TEST).concat());
            }
            Ok(row)
        })?;
        let mut results = Results::default();
        results.frame("data", Frame::new().with("x", points).with("y", samples.y.clone()));
        for (row, name) in rows.iter().zip(["small", "large"]) {
            let (neurons, curve) = row[NUMBERS.len()..].split_at(3 * p.width);
            let neurons: Vec<_> = neurons.chunks(3).map(|n| Neuron { a: n[0], w: [n[1], n[2]] }).collect();
            show(name, &neurons, &test, &mut results);
            let curve: Vec<Vec<f64>> = curve.chunks(2).map(<[f64]>::to_vec).collect();
            results.frame(&format!("loss-{name}"), Frame::from_rows(&["epoch", "loss"], &curve));
        }
        summarise(&rows, &mut results);
        Ok(results)
    }
}

fn train(p: &Params, small: bool, samples: &Samples<2>, ctx: &Context) -> Result<Trainer<2>, Stop> {
    let (std_a, std_w, rate) =
        if small { (p.small_std, p.small_std, p.small_rate) } else { (p.large_std_a, p.large_std_w, p.large_rate) };
    let net = Packed::gaussian(Activation::Tanh, p.width, std_a, std_w, &ctx.rng("init"));
    let mut trainer = Trainer::new(net, samples, Descent { rate, momentum: p.momentum });
    trainer.train_until(p.tolerance, p.epochs, ctx)?;
    Ok(trainer)
}

/// What [`NUMBERS`] names.
fn numbers(trainer: &Trainer<2>, test: &Samples<2>) -> [f64; NUMBERS.len()] {
    let neurons = trainer.net().neurons();
    let square = |(f, y): (f64, &f64)| (f - y) * (f - y);
    let squares: Vec<f64> = trainer.net().outputs(&test.x).into_iter().zip(&test.y).map(square).collect();
    let directions = effective(&sectors(&neurons, Direction::Line, SECTORS));
    let clusters = clusters(&neurons, Direction::Line, COSINE, CUT).len();
    [trainer.loss(), mean(&squares), directions, clusters as f64, trainer.epoch() as f64]
}

/// The fit and the features of one network.
fn show(name: &str, neurons: &[Neuron<2>], test: &Samples<2>, results: &mut Results) {
    let outputs = Packed::new(Activation::Tanh, neurons).outputs(&test.x);
    let x: Vec<f64> = test.x.iter().map(|x| x[0]).collect();
    let fit = Frame::new().with("x", x).with("target", test.y.clone()).with("f", outputs);
    results.frame(&format!("fit-{name}"), fit);
    let features: Vec<Vec<f64>> = features(neurons, Direction::Line).iter().map(|feature| feature.to_vec()).collect();
    results.frame(&format!("features-{name}"), Frame::from_rows(&["orientation", "amplitude"], &features));
}

/// The numbers of the first draw, and their worst over all draws.
fn summarise(rows: &[Vec<f64>], results: &mut Results) {
    let column = |which: usize, at: usize| rows.iter().skip(which).step_by(2).map(|row| row[at]).collect::<Vec<f64>>();
    for (which, name) in ["small", "large"].into_iter().enumerate() {
        for (at, what) in NUMBERS.into_iter().enumerate() {
            let values = column(which, at);
            results.value(&format!("{what}.{name}"), values[0]);
            results.value(&format!("{what}.{name}.median"), median(&values));
            results.value(&format!("{what}.{name}.low"), values.iter().copied().fold(f64::INFINITY, f64::min));
            results.value(&format!("{what}.{name}.high"), values.iter().copied().fold(0.0, f64::max));
        }
    }
    let (small, large) = (column(0, 1), column(1, 1));
    let ratios: Vec<f64> = large.iter().zip(&small).map(|(large, small)| large / small).collect();
    results.value("test.ratio", ratios[0]);
    results.value("test.ratio.low", ratios.iter().copied().fold(f64::INFINITY, f64::min));
    let draw: Vec<f64> = (1..=ratios.len()).map(|draw| draw as f64).collect();
    let frame = Frame::new().with("draw", draw).with("small", small).with("large", large);
    let frame = frame.with("effective-small", column(0, 2)).with("effective-large", column(1, 2));
    results.frame("draws", frame);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself() {
        let params = Params { width: 10, samples: 4, epochs: 30, draws: 2, ..Params::default() };
        assert_eq!(GeneralizationInitScale::check(&params), []);
        let inputs = BTreeMap::new();
        let run =
            |seed| GeneralizationInitScale::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run");
        assert_eq!(run(0).fault(), None);
        assert_eq!(run(0), run(0));
        assert_ne!(run(0), run(1));
    }

    #[test]
    fn faults_name_their_keys() {
        let keys = |params: &Params| {
            GeneralizationInitScale::check(params).into_iter().map(|fault| fault.key).collect::<Vec<_>>()
        };
        assert!(keys(&Params::default()).is_empty());
        let faulty = Params { samples: 1, momentum: 1.0, large_std_w: 0.0, ..Params::default() };
        assert_eq!(keys(&faulty), ["samples", "momentum", "large_std_w"]);
    }
}

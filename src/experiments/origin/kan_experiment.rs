//! Test error of Kolmogorov–Arnold networks against the number of samples: width does no harm, a finer grid does.
//! It knows no ranks but those by hand. Slide "Experiment" (KAN).
//!
//! Adam with a falling rate from a small start, then Levenberg–Marquardt: without the latter the tails of gradient methods
//! would be measured. The target lies in every one of the networks (`nn::spline_target`), so no grid is at a loss for it.

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::rng::Stream;
use condense::num::stats::median;
use condense_nn::measures::recovery::{at_least, spread};
use condense_nn::tasks::spline_target::{SplineNet, target};
use condense_nn::training::fit::{Fit, interpolate, loss};
use condense_nn::training::rule::Adam;
use condense_nn::training::stepwise::Stepwise as _;

params! {
    /// The source's settings are not known: all are ours.
    pub struct Params {
        /// Networks `[m, G]`: the first is compared with the second, of another width, and with the last, of a finer grid.
        pub nets: Vec<[usize; 2]> = vec![[4, 5], [12, 5], [4, 8], [4, 14]],
            such_that |nets| nets.len() >= 2 && nets.iter().all(|net| net[0] >= 1 && net[1] >= 4), "must be two or more, of splines from 4 on";
        /// Numbers of samples n.
        pub samples: Vec<usize> = vec![9, 12, 15, 20, 30, 45, 80, 120], rising_from 1;
        /// Independent draws of samples and initial weights.
        pub draws: usize = 5, at_least 1;
        /// Standard deviation of every initial coefficient.
        pub std: f64 = 0.02, above 0.0;
        /// Rate of Adam; a fifth of it after 60 % of the steps.
        pub rate: f64 = 0.02, above 0.0;
        /// Steps of Adam.
        pub steps: usize = 1200, at_least 5;
        /// Most trials of Levenberg–Marquardt.
        pub trials: usize = 15;
        /// A network has recovered the target where the median of its mean square test error is below this.
        pub recovered: f64 = 1e-2, above 0.0;
    }
}

/// Test errors over samples, widths and grids.
pub struct KanExperiment;

/// Test points, drawn like the samples.
const TEST: usize = 1000;
/// Losses below this are interpolation.
const GOAL: f64 = 1e-16;

impl Experiment for KanExperiment {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        let parameters = p.nets.iter().map(|net| 3 * net[0] * net[1]).max().unwrap_or(0);
        let samples = p.samples.iter().copied().max().unwrap_or(0);
        let small = samples.min(parameters);
        Some(2 * samples * parameters + 3 * small * small + 20 * (TEST + parameters) + 4 * p.draws * p.samples.len())
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let each = p.samples.len() * p.draws;
        let data = ctx.rng("data");
        let ends = ctx.cells("trainings", p.nets.len() * each, |cell, ctx| {
            let ([width, splines], n) = (p.nets[cell / each], p.samples[cell % each / p.draws]);
            // All networks of a draw learn from the same samples: from the first n of them.
            let data = data.fork(&(cell % p.draws).to_string());
            let net = SplineNet { width, splines, x: points(n, &mut data.fork("samples")) };
            train(p, &net, &points(TEST, &mut data.fork("test")), ctx)
        })?;
        let mut results = Results::default();
        let mut rows = Vec::new();
        for (at, ends) in ends.chunks(p.draws).enumerate() {
            let ([width, splines], n) = (p.nets[at / p.samples.len()], p.samples[at % p.samples.len()]);
            let [test, low, high] = spread(&ends.iter().map(|end| end.test).collect::<Vec<_>>(), FLOOR);
            let train = median(&ends.iter().map(|end| end.train).collect::<Vec<_>>());
            rows.push([width as f64, splines as f64, n as f64, test, low, high, train]);
        }
        summarise(p, &rows, &mut results);
        results.value("train.worst", rows.iter().map(|row| row[6]).fold(0.0, f64::max));
        let names = ["width", "splines", "n", "test", "low", "high", "train"];
        let words = rows.iter().map(|row| format!("m = {}, G = {}", row[0], row[1]));
        results.frame("errors", Frame::from_rows(&names, &rows).with_words("net", words));
        Ok(results)
    }
}

/// Errors are drawn no lower than this.
const FLOOR: f64 = 1e-12;

row! {
    /// Mean square errors at the end of a training.
    struct End {
        train: f64,
        test: f64,
    }
}

/// `n` points, uniform on [-1, 1]².
fn points(n: usize, rng: &mut Stream) -> Vec<f64> {
    (0..2 * n).map(|_| rng.uniform(-1.0, 1.0)).collect()
}

fn targets(x: &[f64]) -> Vec<f64> {
    x.chunks(2).map(|x| target([x[0], x[1]])).collect()
}

fn train(p: &Params, model: &SplineNet, test: &[f64], ctx: &Context) -> Result<End, Stop> {
    let y = targets(&model.x);
    let theta = ctx.rng("init").normals(model.parameters(), p.std);
    let adam = |rate: f64| Adam { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    let mut fit = Fit::new(model, &y, theta, adam(p.rate));
    fit.train_to(p.steps * 3 / 5, ctx)?;
    fit.go_on_by(adam(0.2 * p.rate));
    fit.train_to(p.steps, ctx)?;
    let theta = interpolate(model, &y, fit.theta().to_vec(), p.trials, GOAL, ctx)?;
    let test = SplineNet { x: test.to_vec(), ..model.clone() };
    Ok(End { train: loss(model, &y, &theta), test: loss(&test, &targets(&test.x), &theta) })
}

/// Where each network recovers the target, beside its parameters and the rank of the target in it.
fn summarise(p: &Params, rows: &[[f64; 7]], results: &mut Results) {
    let mut thresholds = Vec::new();
    for (net, rows) in p.nets.iter().zip(rows.chunks(p.samples.len())) {
        let threshold = at_least(&p.samples, &rows.iter().map(|row| row[3]).collect::<Vec<_>>(), p.recovered);
        let rank = SplineNet { width: 1, splines: net[1], x: Vec::new() }.rank_by_hand();
        let name = format!("m{}.g{}", net[0], net[1]);
        results.value(&format!("threshold.{name}"), threshold);
        results.value(&format!("parameters.{name}"), (3 * net[0] * net[1]) as f64);
        results.value(&format!("optimistic.{name}"), rank as f64);
        thresholds.push([net[0] as f64, net[1] as f64, (3 * net[0] * net[1]) as f64, rank as f64, threshold]);
    }
    let last = thresholds.len() - 1;
    results.value("ratio.width", thresholds[1][4] / thresholds[0][4]);
    results.value("ratio.grid", thresholds[last][4] / thresholds[0][4]);
    results.value("below.optimistic", thresholds.iter().filter(|row| row[4] < row[3]).count() as f64);
    results.frame(
        "thresholds",
        Frame::from_rows(&["width", "splines", "parameters", "optimistic", "threshold"], thresholds),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself() {
        let inputs = BTreeMap::new();
        let params = Params {
            nets: vec![[1, 4], [2, 4]],
            samples: vec![3, 6],
            draws: 2,
            steps: 20,
            trials: 5,
            ..Params::default()
        };
        assert_eq!(KanExperiment::check(&params), []);
        let run = |seed| KanExperiment::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run");
        assert_eq!(run(0), run(0));
        assert_eq!(run(0).fault(), None);
        assert_ne!(run(0), run(1));
    }
}

//! What condensation is good for: two tanh networks fit the same few samples, from small and from large initial weights.
//! It knows no pictures. Both are trained to (almost) zero loss; only the small start ends condensed, and generalises.
//!
//! `f(x) = Σ_k a_k tanh(w_k x + b_k)`, gradient descent with momentum on `(1/n) Σ (f - y)²`; the target is itself a
//! network of two neurons. Slides "Final condensation" and "Generalization consequence of condensation". How small is small
//! enough is asked of two models that are products of parameters, as in Zhang et al., arXiv:2211.11623, Fig. 3 (initialisation scale).

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::log10;
use condense::num::stats::{linspace, mean, median};
use condense_nn::measures::measure::{Direction, features};
use condense_nn::measures::snapshot::{ClusterOptions, Snapshot};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::tasks::products::{Descent, PRODUCTS, Product, SIDE, Trials, determined};
use condense_nn::tasks::task::{Samples, two_steps};
use condense_nn::training::rule::Sgd;
use condense_nn::training::train::Trainer;
use std::ops::Range;

/// The interval of samples and test points is `[-REACH, REACH]`.
const REACH: f64 = 1.5;
/// Points at which the test error is taken and curves are drawn.
const TEST: usize = 301;
/// tanh is odd: neurons of opposite weights are one, and directions fill half a turn.
const GAUGE: ClusterOptions = ClusterOptions { direction: Direction::Line, sectors: 18, cosine: 0.995, cut: 0.01 };

/// What is measured of each network.
const NUMBERS: [&str; 5] = ["train", "test", "effective", "clusters", "epochs"];

params! {
    /// Settings.
    pub struct Params {
        /// Hidden neurons, m.
        pub width: usize = 200, at_least 1;
        /// Samples, n, evenly spaced.
        pub samples: usize = 8, at_least 2;
        /// Momentum of the gradient descent.
        pub momentum: f64 = 0.9, within 0.0..1.0;
        /// Training ends when the loss is below this …
        pub tolerance: f64 = 1e-5, at_least 0.0;
        /// … and at this epoch at the latest.
        pub epochs: usize = 200_000, at_least 1;
        /// Standard deviation of every parameter at the small start, which condenses.
        pub small_std: f64 = 1e-3, above 0.0;
        /// Its learning rate.
        pub small_rate: f64 = 0.005, above 0.0;
        /// Standard deviation of the output weights at the large start, which does not condense.
        pub large_std_a: f64 = 1.0, above 0.0;
        /// Standard deviation of its input weights and biases.
        pub large_std_w: f64 = 5.0, above 0.0;
        /// Its learning rate.
        pub large_rate: f64 = 0.002, above 0.0;
        /// Independent draws of the initial weights; the first is the one that is drawn.
        pub draws: usize = 5, at_least 1;
        /// Standard deviations of all parameters at the start of the products.
        pub product_stds: Vec<f64> = vec![1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
            such_that |stds| stds.len() > 1 && stds[0] > 0.0 && stds.is_sorted_by(|one, next| one < next),
            "must be two numbers or more, above 0 and rising";
        /// Trials at each of them and each number of samples.
        pub product_trials: usize = 20, at_least 1;
        /// Learning rate of the products.
        pub product_rate: f64 = 0.05, above 0.0;
        /// Their training ends when the mean square error on the samples is below this …
        pub product_tolerance: f64 = 1e-9, above 0.0;
        /// … or after so many steps.
        pub product_steps: usize = 20_000, at_least 1;
    }
}

/// The two trainings, draw by draw.
pub struct GeneralizationInitScale;

impl Experiment for GeneralizationInitScale {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // One training: three numbers a parameter, what is kept at the samples, every loss; and the row of each draw.
        Some(p.width * (9 + 2 * p.samples) + p.epochs + 2 * p.draws * (3 * p.width + 3 * TEST))
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let samples = Samples::of(two_steps, &linspace(-REACH, REACH, p.samples));
        let test = Samples::of(two_steps, &linspace(-REACH, REACH, TEST));
        // Two cells a draw: from the small start, from the large one.
        let trained = ctx.cells("draws", 2 * p.draws, |cell, ctx| {
            let trainer = train(p, cell % 2 == 0, &samples, ctx)?;
            let drawn = (cell < 2).then(|| (trainer.net().neurons(), trainer.curve(TEST)));
            Ok(Trained { numbers: numbers(&trainer, &test), drawn })
        })?;
        let mut results = Results::default();
        results.frame("data", Frame::new().with("x", samples.x.iter().map(|x| x[0])).with("y", &samples.y));
        let drawn = trained.iter().filter_map(|trained| trained.drawn.as_ref());
        for ((neurons, curve), name) in drawn.zip(["small", "large"]) {
            show(name, neurons, &test, &mut results);
            results.frame(&format!("loss-{name}"), Frame::from_rows(&["epoch", "loss"], curve));
        }
        summarise(&trained, &mut results);
        let mut table = Frame::new().with("std", &p.product_stds);
        for product in &PRODUCTS {
            for (what, column) in ["share", "unended", "ended"].into_iter().zip(scales(p, product, ctx, &mut results)?)
            {
                table = table.with(&format!("{}-{what}", product.name), column);
            }
        }
        results.frame("scales", table);
        results.value("matrix.determined", determined()[PRODUCTS[1].fewest - 1]);
        Ok(results)
    }
}

row! {
    /// What is kept of a training.
    struct Trained {
        /// What [`NUMBERS`] names.
        numbers: [f64; NUMBERS.len()],
        /// Of the first draw: the neurons at the end, and `[epoch, loss]` on the way.
        drawn: Option<(Vec<Neuron<2>>, Vec<[f64; 2]>)>,
    }
}

fn train(p: &Params, small: bool, samples: &Samples<2>, ctx: &Context) -> Result<Trainer<2>, Stop> {
    let (std_a, std_w, rate) =
        if small { (p.small_std, p.small_std, p.small_rate) } else { (p.large_std_a, p.large_std_w, p.large_rate) };
    let net = Packed::gaussian(Activation::Tanh, p.width, std_a, std_w, &ctx.rng("init"));
    let mut trainer = Trainer::new(net, samples, Sgd { rate, momentum: p.momentum });
    trainer.train_until(p.tolerance, p.epochs, ctx)?;
    Ok(trainer)
}

/// What [`NUMBERS`] names.
fn numbers(trainer: &Trainer<2>, test: &Samples<2>) -> [f64; NUMBERS.len()] {
    let stage = Snapshot::of(trainer, &GAUGE);
    let square = |(f, y): (f64, &f64)| (f - y) * (f - y);
    let squares: Vec<f64> = stage.net.outputs(&test.x).into_iter().zip(&test.y).map(square).collect();
    [stage.loss, mean(&squares), stage.effective, stage.directions(), stage.epoch as f64]
}

/// The fit and the features of one network.
fn show(name: &str, neurons: &[Neuron<2>], test: &Samples<2>, results: &mut Results) {
    let outputs = Packed::new(Activation::Tanh, neurons).outputs(&test.x);
    let fit = Frame::new().with("x", test.x.iter().map(|x| x[0])).with("target", &test.y).with("f", outputs);
    results.frame(&format!("fit-{name}"), fit);
    let features = Frame::from_rows(&["orientation", "amplitude"], features(neurons, GAUGE.direction));
    results.frame(&format!("features-{name}"), features);
}

/// The numbers of the first draw, and their worst over all draws.
fn summarise(trained: &[Trained], results: &mut Results) {
    let column = |which: usize, at: usize| -> Vec<f64> {
        trained.iter().skip(which).step_by(2).map(|trained| trained.numbers[at]).collect()
    };
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
    let draws = Frame::new()
        .with("draw", (1..=ratios.len()).map(|draw| draw as f64))
        .with("small", small)
        .with("large", large)
        .with("effective-small", column(0, 2))
        .with("effective-large", column(1, 2));
    results.frame("draws", draws);
}

/// One of the products at every scale of the start and number of samples. Gives by scale, at one number
/// of samples: shares recovered, not ended, and recovered of those that ended.
fn scales(p: &Params, product: &Product, ctx: &Context, results: &mut Results) -> Result<[Vec<f64>; 3], Stop> {
    let (&Product { name, fewest, most, .. }, stds) = (product, &p.product_stds);
    let descent =
        Descent { std: stds[0], rate: p.product_rate, tolerance: p.product_tolerance, steps: p.product_steps };
    let trials = product.at_scales(stds, &descent, p.product_trials, ctx)?;
    let row = |(at, t): (usize, &Trials)| {
        [log10(stds[at / most]), (at % most + 1) as f64, t.mean, t.shown(), t.share, t.unended, t.loss]
    };
    let columns = ["scale", "n", "mean", "shown", "share", "unended", "loss"];
    results.frame(name, Frame::from_rows(&columns, trials.iter().enumerate().map(row)));
    let part = |numbers: Range<usize>| -> Vec<Trials> {
        trials.chunks(most).map(|trials| Trials::all(&trials[numbers.clone()])).collect()
    };
    let column = |of: fn(&Trials) -> f64, trials: &[Trials]| trials.iter().map(of).collect::<Vec<_>>();
    // Of the matrix: the fewest entries of which more than half of the sets determine it.
    let half = determined().iter().filter(|share| **share <= 0.5).count() + 1;
    let looked = if most == SIDE * SIDE { half } else { fewest };
    let (below, decided, looked) = (part(0..fewest - 1), part(fewest - 1..most - 1), part(looked - 1..looked));
    let (shares, ended) = (column(|t| t.share, &decided), column(Trials::share_of_ended, &looked));
    let last = shares.len() - 1;
    for (what, value) in [
        ("share.smallest", shares[0]),
        ("share.largest", shares[last]),
        ("gain", shares[0] - shares[last]),
        ("gain.ended", ended[0] - ended[last]),
        ("gain.first", shares[last - 1] - shares[last]),
        ("gain.last", shares[0] - shares[1]),
        ("slowing", shares[last - 1] - shares[last] - (shares[0] - shares[1])),
        ("at", trials[fewest - 1].share),
        ("below", below.iter().map(|t| t.share).fold(0.0, f64::max)),
        ("loss", Trials::all(&trials).loss),
    ] {
        results.value(&format!("{name}.{what}"), value);
    }
    Ok([column(|t| t.share, &looked), column(|t| t.unended, &looked), ended])
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself() {
        let params = Params { width: 10, samples: 4, epochs: 30, draws: 2, product_steps: 10, ..Params::default() };
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
        let faulty =
            Params { samples: 1, momentum: 1.0, large_std_w: 0.0, product_stds: vec![0.0, 1.0], ..Params::default() };
        assert_eq!(keys(&faulty), ["samples", "momentum", "large_std_w", "product_stds"]);
    }
}

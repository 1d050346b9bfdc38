//! Ways to facilitate condensation: a small start, dropout, weight decay, a large learning rate; each leaves fewer directions.
//! It knows no theory of why, but one law: dropout trains, on average, on the loss plus the penalty `R₁` (`nn::regularised`).
//!
//! Slide "Ways to facilitate condensation". Dropout is in the setting of Zhang & Xu (arXiv:2207.05952, appendix A; `nn::two_units`), with fewer
//! steps at a larger rate; the four ways are compared by gradient descent in a setting of our own.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::{exp, ln, log10};
use condense::num::stats::{linspace, mean, median};
use condense_nn::measures::recovery::at_least;
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::Packed;
use condense_nn::tasks::dropout::{Setting, Trained};
use condense_nn::tasks::task::Samples;
use condense_nn::tasks::two_units::{LOOKS, PARAMETERS, RAMPS, STEPS, TwoUnits, active};
use condense_nn::training::regularised::{Regularised, Regulariser};
use condense_nn::training::rule::{Adam, Sgd};
use condense_nn::training::stepwise::Stepwise as _;

params! {
    /// Settings.
    pub struct Params {
        /// Hidden neurons of the pictures.
        pub width: usize = 1000, at_least 1;
        /// Chance of a neuron to be kept.
        pub keep: f64 = 0.9, such_that |keep| *keep > 0.0 && *keep < 1.0, "must lie between 0 and 1";
        /// Rate of Adam for the pictures.
        pub rate: f64 = 2.5e-3, above 0.0;
        /// Steps for them.
        pub steps: usize = 30_000, at_least 1;
        /// Draws of the coins behind the mean loss of dropout.
        pub coins: usize = 2000, at_least 2;
        /// Hidden neurons of the heat maps.
        pub map_width: usize = 100, at_least 1;
        /// Rate of Adam for them.
        pub map_rate: f64 = 5e-3, above 0.0;
        /// Steps for them.
        pub map_steps: usize = 10_000, at_least 1;
        /// The most samples n.
        pub samples: usize = 15, at_least PARAMETERS;
        /// Draws of each cell of the heat maps.
        pub trials: usize = 3, at_least 1;
        /// The target is recovered where the median test error is below this share of the target's mean square.
        pub recovered: f64 = 0.01, above 0.0;
        /// Hidden neurons for the comparison of four ways.
        pub ways_width: usize = 100, at_least 1;
        /// Steps of gradient descent for it.
        pub ways_steps: usize = 50_000, at_least 1;
        /// Draws of it.
        pub draws: usize = 5, at_least 1;
    }
}

/// Dropout in pictures and heat maps, and four ways beside plain training.
pub struct FacilitateCondensation;

const TASKS: [(&str, TwoUnits); 2] = [("tanh", STEPS), ("relu", RAMPS)];
const ADAM: Adam = Adam { rate: 1.0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
/// The trainings of the pictures, with their words; the first three of either network, the others of the tanh network alone.
const TRAININGS: [(&str, &str); 6] = [
    ("plain", "plain"),
    ("dropout", "dropout"),
    ("penalty", "penalty R₁"),
    ("batch", "batches of 2"),
    ("then-dropout", "dropout later"),
    ("then-penalty", "penalty later"),
];
/// How many are of either network.
const OF_EITHER: usize = 3;

/// Plain gradient descent and the four ways, one at two strengths: name, words, standard deviations of `a` and `w`, rate, regulariser.
const WAYS: [(&str, &str, [f64; 2], f64, Regulariser); 6] = [
    ("plain", "none of them", [0.3, 1.0], 0.01, Regulariser::None),
    ("small", "small start", [1e-3, 1e-3], 0.01, Regulariser::None),
    ("dropout", "dropout", [0.3, 1.0], 0.01, Regulariser::Dropout(0.5)),
    ("decay", "weight decay", [0.3, 1.0], 0.01, Regulariser::Decay(5e-3)),
    ("weak", "a tenth of the decay", [0.3, 1.0], 0.01, Regulariser::Decay(5e-4)),
    ("rate", "large rate", [0.3, 1.0], 0.05, Regulariser::None),
];
/// Where the errors without dropout and with it are compared.
const TEN: usize = 10;

/// What each training is with, first and later.
fn regularisers(keep: f64) -> [[Regulariser; 2]; TRAININGS.len()] {
    let (none, dropout, penalty) = (Regulariser::None, Regulariser::Dropout(keep), Regulariser::Penalty(keep));
    [[none; 2], [dropout; 2], [penalty; 2], [Regulariser::Batch(2); 2], [none, dropout], [none, penalty]]
}

impl Experiment for FacilitateCondensation {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        let neurons = (p.width + p.map_width + p.ways_width) * (34 + 3 * p.samples.max(STEPS.samples));
        Some(neurons + 3 * p.coins + 60 * p.trials * p.samples + 8 * p.draws)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let setting = Setting { rule: Adam { rate: p.rate, ..ADAM }, steps: p.steps, draws: p.coins };
        // All trainings of a network have one start, and each has noise of its own.
        let (init, noise) = (ctx.rng("start"), ctx.rng("noise"));
        let pictures = ctx.cells("pictures", TRAININGS.len() + OF_EITHER, |cell, ctx| {
            let ((name, task), at) = (&TASKS[cell / TRAININGS.len()], cell % TRAININGS.len());
            let (start, noise) = (task.start(p.width, &init.fork(name)), noise.fork(name).fork(TRAININGS[at].0));
            setting.train(task, start, regularisers(p.keep)[at], noise, ctx)
        })?;
        let init = ctx.rng("map");
        let errors = ctx.cells("map", TASKS.len() * 2 * p.samples * p.trials, |cell, ctx| {
            let (at, trial, task) = (cell / p.trials, cell % p.trials, &TASKS[cell / (2 * p.samples * p.trials)].1);
            let with = [Regulariser::None, Regulariser::Dropout(p.keep)][at / p.samples % 2];
            // With dropout and without, and for all n, a trial has the same start.
            let net = task.start(p.map_width, &init.fork(&trial.to_string()));
            let (samples, rule) = (task.data(at % p.samples + 1), Adam { rate: p.map_rate, ..ADAM });
            let mut training = Regularised::new(net, &samples, rule, with, ctx.rng("noise"));
            training.train_to(p.map_steps, ctx)?;
            Ok(task.test(training.net()))
        })?;
        let init = ctx.rng("ways");
        let ways = ctx.cells("ways", WAYS.len() * p.draws, |cell, ctx| {
            let (_, _, [a, w], rate, with) = WAYS[cell % WAYS.len()];
            let stream = init.fork(&(cell / WAYS.len()).to_string());
            let samples = Samples::of(RAMPS.target, &linspace(-1.0, 1.0, 10));
            let net = Packed::gaussian(Activation::Relu, p.ways_width, a, w, &stream);
            let mut training = Regularised::new(net, &samples, Sgd { rate, momentum: 0.0 }, with, ctx.rng("noise"));
            training.train_to(p.ways_steps, ctx)?;
            Ok([RAMPS.look(&active(training.net(), &samples))[0], training.loss()])
        })?;
        let mut results = Results::default();
        report_pictures(p, &pictures, &mut results);
        report_map(p, &errors, &mut results);
        report_ways(&ways, &mut results);
        Ok(results)
    }
}

fn report_pictures(p: &Params, pictures: &[Trained], results: &mut Results) {
    let (mut laws, mut course) = (Vec::new(), Vec::new());
    for (at, picture) in pictures.iter().enumerate() {
        let (task, (training, words)) = (TASKS[at / TRAININGS.len()].0, TRAININGS[at % TRAININGS.len()]);
        let name = format!("{task}.{training}");
        for (k, look) in LOOKS.iter().enumerate() {
            results.value(&format!("{look}.{name}.before"), picture.looks[0][k]);
            results.value(&format!("{look}.{name}"), picture.looks[1][k]);
        }
        let plain = &pictures[at / TRAININGS.len() * TRAININGS.len()];
        let [_, then, loss_then] = picture.at_switch();
        for (value, what) in [
            (picture.course[picture.course.len() - 1][2], "loss"),
            (picture.test, "test"),
            (picture.after.len() as f64, "active"),
            (picture.looks[1][0] / plain.looks[1][0], "left"),
            (picture.looks[1][0] / then, "left.since"),
            (loss_then, "loss.then"),
        ] {
            results.value(&format!("{what}.{name}"), value);
        }
        for (stage, features) in [("before", &picture.before), ("after", &picture.after)] {
            let frame = Frame::from_rows(&["orientation", "amplitude"], features);
            results.frame(&format!("{task}-{training}-{stage}"), frame);
        }
        for (&[drawn, error, expected], stage) in picture.law.iter().zip(["before", "after"]) {
            results.value(&format!("spread.{name}.{stage}"), error * (p.coins as f64).sqrt() / drawn);
            laws.push(([task, words, stage], [drawn, error, expected]));
        }
        course.extend(picture.course.iter().map(|row| (task, words, *row)));
    }
    let scores = laws.iter().map(|(_, [drawn, error, expected])| ((drawn - expected) / error).abs());
    results.value("law.score", scores.fold(0.0, f64::max));
    let words = |k: usize| laws.iter().map(move |(words, _)| words[k]);
    let frame = Frame::from_rows(&["drawn", "error", "expected"], laws.iter().map(|law| law.1));
    let frame = frame.with_words("task", words(0)).with_words("training", words(1)).with_words("stage", words(2));
    results.frame("law", frame);
    let frame = Frame::from_rows(&["step", "effective", "loss"], course.iter().map(|row| row.2))
        .with_words("task", course.iter().map(|(task, ..)| *task))
        .with_words("training", course.iter().map(|(_, words, _)| *words));
    results.frame("course", frame);
    // How noisy batches are beside dropout, where both begin.
    let [batch, dropout] = ["batch", "dropout"].map(|name| results.values[&format!("spread.tanh.{name}.before")]);
    results.value("spread.ratio", batch / dropout);
}

/// Median test errors, and the least n from which on the target is recovered; one more than the most, which it is at least, where it is not.
fn report_map(p: &Params, errors: &[f64], results: &mut Results) {
    let medians: Vec<f64> = errors.chunks(p.trials).map(median).collect();
    let all: Vec<usize> = (1..=p.samples).collect();
    for ((name, task), medians) in TASKS.iter().zip(medians.chunks(2 * p.samples)) {
        results.value(&format!("optimistic.{name}"), task.rank() as f64);
        let (plain, dropout) = medians.split_at(p.samples);
        let [before, after] = [plain, dropout].map(|errors| at_least(&all, errors, p.recovered));
        let [without, with] = [plain, dropout].map(|errors| errors[p.samples.min(TEN) - 1]);
        let names = ["threshold", "threshold.dropout", "forward", "ten", "ten.dropout", "ten.ratio"];
        for (of, value) in names.iter().zip([before, after, before - after, without, with, without / with]) {
            results.value(&format!("{of}.{name}"), value);
        }
        let gains = plain.iter().zip(dropout).skip(PARAMETERS - 1).map(|(plain, dropout)| ln(plain / dropout));
        results.value(&format!("gain.{name}"), exp(mean(&gains.collect::<Vec<_>>())));
        let place = |at: usize| [(at % p.samples + 1) as f64, (at / p.samples) as f64];
        let rows = medians.iter().enumerate().map(|(at, error)| [place(at)[0], place(at)[1], log10(*error), *error]);
        results.frame(&format!("map-{name}"), Frame::from_rows(&["n", "dropout", "log", "error"], rows));
    }
}

fn report_ways(ways: &[[f64; 2]], results: &mut Results) {
    let of = |way, k: usize| ways.iter().skip(way).step_by(WAYS.len()).map(|end| end[k]).collect::<Vec<f64>>();
    let ratio = |way: usize, other: usize| {
        median(&of(way, 0).iter().zip(&of(other, 0)).map(|(own, other)| own / other).collect::<Vec<f64>>())
    };
    results.value("ways.decay.larger", ratio(3, 4));
    for (way, (name, ..)) in WAYS.iter().enumerate() {
        results.value(&format!("ways.{name}"), median(&of(way, 0)));
        results.value(&format!("ways.{name}.most"), of(way, 0).into_iter().fold(0.0, f64::max));
        results.value(&format!("ways.{name}.ratio"), ratio(way, 0));
        results.value(&format!("ways.{name}.train"), of(way, 1).into_iter().fold(0.0, f64::max));
    }
    let frame = Frame::from_rows(&["effective", "train"], ways)
        .with("draw", (0..ways.len()).map(|at| (at / WAYS.len() + 1) as f64))
        .with_words("way", (0..ways.len()).map(|at| WAYS[at % WAYS.len()].1));
    results.frame("ways", frame);
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
            width: 8,
            steps: 10,
            coins: 20,
            map_width: 4,
            map_steps: 5,
            samples: 6,
            trials: 1,
            ways_width: 8,
            ways_steps: 10,
            draws: 1,
            ..Params::default()
        };
        assert_eq!(FacilitateCondensation::check(&params), []);
        let run = |seed| FacilitateCondensation::run(&params, &Context::new(seed, &inputs, &Inline)).expect("tiny");
        assert_eq!(run(0), run(0));
        assert_eq!(run(0).fault(), None);
        assert_ne!(run(0), run(1));
    }
}

//! Equal neurons stay equal to the last bit, and act as one neuron of a narrower network with other rates (slide "The origin of
//! condensation"). Nothing is scaled down; the theorem is exact, and what is measured is rounding.
//!
//! Let `k` neurons be equal, `(a, w)`. Each has the same gradients, so gradient descent keeps them equal. Their output is that of one neuron
//! `(a', w)` with `a' = k a`, of which `∂R/∂a' = ∂R/∂a` and `∂R/∂w = k` times that of a copy: so the narrow network does the same when `a'` moves
//! at `k` times the rate, and `w` at `1/k` of it. The same holds for heads of attention and nodes of a Kolmogorov–Arnold network.

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::rng::Stream;
use condense::num::stats::{linspace, logspace};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::attention_tangent::Read;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::tasks::spline_target::{SplineNet, target};
use condense_nn::tasks::task::{Samples, two_steps};
use condense_nn::training::fit::{Model, descend, loss};
use condense_nn::training::readout::{Sizes, Task};
use condense_nn::training::rule::{Adam, Rule, Sgd};
use condense_nn::training::train::Trainer;

params! {
    /// Settings.
    pub struct Params {
        /// Neurons that differ.
        pub width: usize = 5, at_least 1;
        /// `k`, copies of each.
        pub copies: usize = 3, at_least 2;
        /// Samples of the two-layer network.
        pub samples: usize = 20, at_least 2;
        /// Steps of the two-layer network.
        pub steps: usize = 5000, at_least 2;
        /// Steps of attention and of the Kolmogorov–Arnold network.
        pub model_steps: usize = 1000, at_least 2;
        /// Learning rate of gradient descent.
        pub rate: f64 = 0.02, above 0.0;
        /// Learning rate of Adam.
        pub adam_rate: f64 = 0.01, above 0.0;
    }
}

/// Five pairs of trainings.
pub struct PermutationSymmetry;

const RUNS: [&str; 5] = ["gd", "momentum", "adam", "heads", "nodes"];
const WORDS: [&str; 5] = ["tanh, GD", "tanh, momentum", "tanh, Adam", "attention, GD", "KAN, GD"];
/// Differences are drawn no lower than this.
const FLOOR: f64 = 1e-17;

impl Experiment for PermutationSymmetry {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // Three networks with what their rules remember and their losses, and a tangent.
        Some(p.width * (p.copies + 2) * (20 + p.samples) + 3 * p.steps + 200 * 100 * p.copies)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let trials = ctx.cells("runs", RUNS.len(), |run, ctx| match run {
            0 => two_layer(p, Sgd { rate: p.rate, momentum: 0.0 }.into(), ctx),
            1 => two_layer(p, Sgd { rate: 0.1 * p.rate, momentum: 0.9 }.into(), ctx),
            2 => two_layer(p, Adam { rate: p.adam_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }.into(), ctx),
            3 => heads(p, ctx),
            _ => nodes(p, ctx),
        })?;
        let mut results = Results::default();
        let mut rows = Vec::new();
        for ((name, word), trial) in RUNS.iter().zip(WORDS).zip(&trials) {
            results.value(&format!("unequal.{name}"), trial.unequal as f64);
            for (at, of) in ["scaled", "same"].into_iter().enumerate() {
                let worst = trial.course.iter().map(|point| point[2 + at]).fold(0.0, f64::max);
                results.value(&format!("apart.{of}.{name}"), worst);
            }
            results.value(&format!("gain.{name}"), trial.course[0][1] / trial.course[trial.course.len() - 1][1]);
            rows.extend(
                trial
                    .course
                    .iter()
                    .map(|[step, loss, scaled, same]| (word, [*step, *loss, scaled.max(FLOOR), same.max(FLOOR)])),
            );
        }
        results.value("unequal", trials.iter().map(|trial| trial.unequal as f64).sum());
        let exact =
            |of: &str| ["gd", "momentum", "heads", "nodes"].map(|name| results.values[&format!("apart.{of}.{name}")]);
        let (scaled, same) = (exact("scaled"), exact("same"));
        results.value("apart.scaled.worst", scaled.into_iter().fold(0.0, f64::max));
        results.value("apart.same.least", same.into_iter().fold(f64::INFINITY, f64::min));
        let frame = Frame::new().with_words("run", rows.iter().map(|(word, _)| *word));
        let names = ["step", "loss", "scaled", "same"];
        let frame = names
            .iter()
            .enumerate()
            .fold(frame, |frame, (at, name)| frame.with(name, rows.iter().map(|row| row.1[at])));
        results.frame("course", frame);
        Ok(results)
    }
}

row! {
    /// A wide network with copies beside the narrow one.
    struct Trial {
        /// Parameters of copies that differed in a bit, over all steps.
        unequal: usize,
        /// Step, loss of the wide network, and the largest difference of its outputs from those of the narrow one: with the rates
        /// of the theorem, with its own.
        course: Vec<[f64; 4]>,
    }
}

/// Steps in about equal ratios at which one looks; the last among them.
fn looks(steps: usize) -> Vec<usize> {
    let mut looks: Vec<usize> = logspace(1.0, steps as f64, 60).into_iter().map(|step| step.round() as usize).collect();
    looks.dedup();
    looks
}

fn apart(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}

fn two_layer(p: &Params, rule: Rule, ctx: &Context) -> Result<Trial, Stop> {
    let (samples, k) = (Samples::of(two_steps, &linspace(-1.5, 1.5, p.samples)), p.copies as f64);
    let narrow = Packed::<2>::gaussian(Activation::Tanh, p.width, 0.5, 2.0, &ctx.rng("init")).neurons();
    // Copy c of neuron j is neuron c m + j: copies lie in other lanes and blocks.
    let wide: Vec<_> =
        (0..p.copies * p.width).map(|at| Neuron { a: narrow[at % p.width].a / k, ..narrow[at % p.width] }).collect();
    // Adam divides by the size of the gradient, so its `w` need no other rate.
    let mobility = if matches!(rule, Rule::Adam(_)) { [k, 1.0] } else { [k, 1.0 / k] };
    let train = |neurons: &[Neuron<2>], mobility| {
        Trainer::normalised(Packed::new(Activation::Tanh, neurons), &samples, rule, 1.0, mobility)
    };
    let (mut wide, mut scaled, mut same) = (train(&wide, [1.0; 2]), train(&narrow, mobility), train(&narrow, [1.0; 2]));
    let (mut trial, looks) = (Trial { unequal: 0, course: Vec::new() }, looks(p.steps));
    for step in 1..=p.steps {
        ctx.tick(step, p.steps)?;
        for trainer in [&mut wide, &mut scaled, &mut same] {
            trainer.step(ctx);
        }
        let neurons: Vec<f64> =
            wide.net().neurons().iter().flat_map(|neuron| [neuron.a, neuron.w[0], neuron.w[1]]).collect();
        trial.unequal += unequal(&neurons, 3 * p.width);
        if looks.contains(&step) {
            let [f, g, h] = [&wide, &scaled, &same].map(|trainer| trainer.net().outputs(&samples.x));
            trial.course.push([step as f64, wide.loss(), apart(&f, &g), apart(&f, &h)]);
        }
    }
    Ok(trial)
}

/// How many numbers differ in a bit from those of the first of so many parts.
fn unequal(numbers: &[f64], part: usize) -> usize {
    numbers.iter().enumerate().filter(|(at, number)| number.to_bits() != numbers[at % part].to_bits()).count()
}

/// A wide model beside a narrow one, by gradient descent. `grouped` puts the parameters of the wide one copy after copy.
fn models<M: Model>(
    p: &Params,
    [wide, narrow]: [&M; 2],
    y: &[f64],
    [mut wide_theta, narrow_theta]: [Vec<f64>; 2],
    rates: &[f64],
    grouped: impl Fn(&[f64]) -> Vec<f64>,
    ctx: &Context,
) -> Result<Trial, Stop> {
    let (mut scaled, mut same) = (narrow_theta.clone(), narrow_theta);
    let (equal, own) = (vec![p.rate; wide_theta.len()], vec![p.rate; same.len()]);
    let (mut trial, looks) = (Trial { unequal: 0, course: Vec::new() }, looks(p.model_steps));
    for step in 1..=p.model_steps {
        ctx.tick(step, p.model_steps)?;
        descend(wide, y, &mut wide_theta, &equal);
        descend(narrow, y, &mut scaled, rates);
        descend(narrow, y, &mut same, &own);
        trial.unequal += unequal(&grouped(&wide_theta), wide_theta.len() / p.copies);
        if looks.contains(&step) {
            let (f, [g, h]) = (wide.outputs(&wide_theta), [&scaled, &same].map(|theta| narrow.outputs(theta)));
            trial.course.push([step as f64, loss(wide, y, &wide_theta), apart(&f, &g), apart(&f, &h)]);
        }
    }
    Ok(trial)
}

/// Two heads of attention and their copies; `V` is merged and moves faster, `Q`, `K` and `O` move slower.
fn heads(p: &Params, ctx: &Context) -> Result<Trial, Stop> {
    let (k, n) = (p.copies as f64, 16);
    let sizes = Sizes { tokens: 4, width: 4, head: 2, heads: 2 };
    let of = |name: &str, count| ctx.rng(name).normals(count, 1.0);
    let task = Task { x: of("x", n * sizes.tokens * sizes.width), y: of("y", n), read: of("read", sizes.width) };
    let theta = ctx.rng("init").normals(sizes.parameters(), 0.5);
    // Head by head Q, K, V, O, of equal length.
    let part = sizes.width * sizes.head;
    let is_value = |at: usize| at / part % 4 == 2;
    let copy: Vec<f64> = theta.iter().enumerate().map(|(at, x)| if is_value(at) { x / k } else { *x }).collect();
    let rates: Vec<f64> = (0..theta.len()).map(|at| p.rate * if is_value(at) { k } else { 1.0 / k }).collect();
    let wide = Read { sizes: Sizes { heads: 2 * p.copies, ..sizes }, task: &task };
    models(
        p,
        [&wide, &Read { sizes, task: &task }],
        &task.y,
        [copy.repeat(p.copies), theta],
        &rates,
        <[f64]>::to_vec,
        ctx,
    )
}

/// Two nodes of a Kolmogorov–Arnold network and their copies; `Φ` is merged and moves faster, the `φ` move slower.
fn nodes(p: &Params, ctx: &Context) -> Result<Trial, Stop> {
    let (k, splines, m) = (p.copies as f64, 6, 2);
    let mut rng: Stream = ctx.rng("samples");
    let narrow = SplineNet { width: m, splines, x: (0..60).map(|_| rng.uniform(-1.0, 1.0)).collect() };
    let wide = SplineNet { width: m * p.copies, ..narrow.clone() };
    let y: Vec<f64> = narrow.x.chunks(2).map(|x| target([x[0], x[1]])).collect();
    let theta = ctx.rng("init").normals(narrow.parameters(), 0.5);
    let (inner, outer) = theta.split_at(2 * m * splines);
    // Rows of the inner parameters have one entry a node; the outer ones lie node by node.
    let copy = inner.chunks(m).flat_map(|row| row.repeat(p.copies));
    let copy = copy.chain(outer.repeat(p.copies).into_iter().map(|x| x / k)).collect();
    let rates: Vec<f64> = (0..theta.len()).map(|at| p.rate * if at < inner.len() { 1.0 / k } else { k }).collect();
    let grouped = |theta: &[f64]| -> Vec<f64> {
        let (inner, outer) = theta.split_at(2 * m * p.copies * splines);
        let of_copy = |c: usize| {
            let rows = inner.chunks(m * p.copies).flat_map(move |row| &row[c * m..(c + 1) * m]);
            rows.chain(&outer[c * m * splines..(c + 1) * m * splines])
        };
        (0..p.copies).flat_map(of_copy).copied().collect()
    };
    models(p, [&wide, &narrow], &y, [copy, theta], &rates, grouped, ctx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn copies_stay_equal_in_a_short_run_and_a_broken_one_is_seen() {
        let inputs = BTreeMap::new();
        let params = Params { steps: 20, model_steps: 5, samples: 5, ..Params::default() };
        let run = || PermutationSymmetry::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert_eq!(results.values["unequal"], 0.0);
        assert!(results.values["apart.scaled.worst"] < 1e-12 && results.values["apart.same.least"] > 1e-6);
        assert_eq!(unequal(&[1.0, 2.0, 1.0, 2.0 + 4e-16], 2), 1);
    }
}

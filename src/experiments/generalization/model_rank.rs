//! The model rank (slide "Quantification of condensation--model rank"): how it falls as neurons condense, how it is read off
//! singular values, and that it is as the formulas say for every family of models of the deck. Nothing is scaled down.
//!
//! `r_θ = dim span {∂_θi F(θ)(·)}` (Zhang et al., arXiv:2211.11623, definition 1; arXiv:2406.18035, tables 1 to 3).

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::log10;
use condense::num::rng::Stream;
use condense::num::stats::{line_fit, logspace};
use condense_nn::measures::rank::Rank;
use condense_nn::nets::patches::{Patches, Wiring};
use condense_nn::nets::tanh_net::TanhNet;
use condense_nn::theory::model_ranks::{Model, Width};
use ndarray::Array2;

/// Ranks along a path into condensation, and of many models against their formulas.
pub struct ModelRank;

params! {
    /// Settings.
    pub struct Params {
        /// Neurons of the network whose neurons condense group by group; a multiple of 12 can be grouped in many ways.
        pub neurons: usize = 12, at_least 2;
        /// Distances from the condensed point on the path of two neurons, evenly spaced on a logarithmic axis from 1 …
        pub steps: usize = 61, at_least 3;
        /// … down to this one.
        pub nearest: f64 = 1e-12, within 1e-15..1e-3;
        /// The slopes of falling singular values are fitted between these distances: near enough for the leading power, and far
        /// enough for its cube to stand clear of rounding.
        pub fitted: [f64; 2] = [1e-3, 3e-2], such_that |fitted| 0.0 < fitted[0] && fitted[0] < fitted[1], "must be two positive numbers, rising";
        /// Models of the sweep have at most so many parameters.
        pub limit: usize = 120, at_least 10;
    }
}

/// Inputs of the networks that condense.
const D: usize = 2;
/// Singular values are drawn no lower than this.
const FLOOR: f64 = 1e-18;

row! {
    /// What is read off one model.
    struct Read {
        rank: f64,
        kept: f64,
        dropped: f64,
    }
}

impl Experiment for ModelRank {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // Tangents with some copies, at most ten times as many rows as columns.
        let widest = p.limit.max(p.neurons * (D + 1));
        Some(40 * widest * widest + 100 * p.steps)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        condense_in_groups(p, &mut ctx.rng("groups"), &mut results);
        approach(p, &mut ctx.rng("path"), &mut results);
        let models: Vec<Model> = models().into_iter().filter(|model| model.parameters() <= p.limit).collect();
        let reads = ctx.cells("models", models.len(), |cell, ctx| {
            let rank = Rank::of(&models[cell].tangent(&mut ctx.rng("model")));
            Ok(Read { rank: rank.rank as f64, kept: rank.kept(), dropped: rank.dropped() })
        })?;
        compare(&models, &reads, &mut results);
        Ok(results)
    }
}

/// Twice as many normal samples as parameters.
fn samples(parameters: usize, rng: &mut Stream) -> Array2<f64> {
    Array2::from_shape_fn((2 * parameters, D), |_| rng.normal())
}

/// The network whose neuron `k` has the input weights of neuron `k mod groups`, of either sign: rank `groups (d + 1)`.
fn condense_in_groups(p: &Params, rng: &mut Stream, results: &mut Results) {
    let net = TanhNet::random(p.neurons, 1.0, &[1.0; D], rng);
    let x = samples(p.neurons * (D + 1), rng);
    let (mut stairs, mut rows, mut wrong, mut gap) = (Vec::new(), Vec::new(), 0, f64::INFINITY);
    for groups in (1..=p.neurons).filter(|groups| p.neurons.is_multiple_of(*groups)) {
        let sign = |k: usize| if (k / groups).is_multiple_of(2) { 1.0 } else { -1.0 };
        let w = Array2::from_shape_fn((p.neurons, D), |(k, c)| sign(k) * net.w[[k % groups, c]]);
        let rank = Rank::of(&TanhNet::new(net.a.clone(), w).tangent(&x));
        wrong += usize::from(rank.rank != groups * (D + 1));
        gap = gap.min(rank.gap());
        rows.push([groups as f64, (groups * (D + 1)) as f64, rank.rank as f64, rank.kept(), rank.dropped()]);
        let step = |(at, value): (usize, &f64)| [groups as f64, at as f64 + 1.0, value.max(FLOOR)];
        stairs.extend(rank.singular.iter().enumerate().map(step));
    }
    results.value("groups.wrong", wrong as f64);
    results.value("groups.gap", gap);
    results.value("groups.parameters", (p.neurons * (D + 1)) as f64);
    results.frame("groups", Frame::from_rows(&["groups", "formula", "rank", "kept", "dropped"], rows));
    results.frame("stairs", Frame::from_rows(&["groups", "index", "value"], stairs));
}

/// Two neurons, `w_2 = w_1 + ε v`, as `ε` goes to 0: which singular values fall, and with which power.
fn approach(p: &Params, rng: &mut Stream, results: &mut Results) {
    let (net, x) = (TanhNet::random(2, 1.0, &[1.0; D], rng), samples(2 * (D + 1), rng));
    let at = |distance: f64| {
        let w =
            Array2::from_shape_fn((2, D), |(k, c)| net.w[[0, c]] + if k == 0 { 0.0 } else { distance * net.w[[1, c]] });
        Rank::of(&TanhNet::new(net.a.clone(), w).tangent(&x))
    };
    let count = 2 * (D + 1);
    let mut rows = Vec::new();
    for distance in logspace(p.nearest, 1.0, p.steps) {
        let rank = at(distance);
        rows.extend((0..count).map(|i| [distance, i as f64 + 1.0, rank.singular[i].max(FLOOR), rank.rank as f64]));
    }
    let logs = logspace(p.fitted[0], p.fitted[1], 9);
    let singular: Vec<Vec<f64>> = logs.iter().map(|distance| at(*distance).singular).collect();
    for i in 0..count {
        let y: Vec<f64> = singular.iter().map(|values| log10(values[i].max(FLOOR))).collect();
        let x: Vec<f64> = logs.iter().map(|distance| log10(*distance)).collect();
        results.value(&format!("power.{}", i + 1), line_fit(&x, &y).slope);
    }
    let ranks = Frame::from_rows(&["distance", "rank"], rows.iter().step_by(count).map(|row| [row[0], row[3]]));
    results.value("path.start", at(1.0).rank as f64);
    results.value("path.end", at(0.0).rank as f64);
    results.frame("path", Frame::from_rows(&["distance", "index", "value", "rank"], rows));
    results.frame("path-rank", ranks);
}

/// The families of the deck in many sizes: the target alone, in parts, and with units of zeros beside it.
fn models() -> Vec<Model> {
    let widths = [(1, 0), (2, 0), (3, 1)].map(|(parts, silent)| Width { parts, silent });
    let mut all = vec![Model::Linear, Model::Product(false), Model::Product(true)];
    for (inputs, depth) in [(4, 2), (6, 3)] {
        all.extend((0..=inputs).map(|used| Model::Sparse { inputs, depth, used }));
    }
    for side in 2..=6 {
        all.extend((0..=side).map(|rank| Model::Factors { side, rank }));
    }
    for width in widths {
        for (inputs, neurons) in [1, 2, 3, 5].into_iter().flat_map(|d| [1, 2, 3].map(|k| (d, k))) {
            all.push(Model::Tanh { inputs, neurons, width });
        }
        for (dims, side, size) in [(1, 4, 3), (1, 5, 3), (1, 6, 3), (1, 6, 4), (2, 3, 2), (2, 4, 2), (2, 4, 3)] {
            let patches = Patches { dims, side, size };
            for (kernels, wiring) in [1, 2]
                .into_iter()
                .flat_map(|k| [Wiring::Shared, Wiring::Window(size), Wiring::Window(side)].map(|w| (k, w)))
            {
                all.push(Model::Patch { patches, biased: dims == 1, kernels, wiring, width });
            }
        }
        for (inputs, hidden) in [2, 3]
            .into_iter()
            .flat_map(|d| [vec![1], vec![1, 1], vec![1, 1, 1], vec![2, 2], vec![3, 2]].map(|h| (d, h)))
        {
            all.push(Model::Deep { inputs, hidden, width });
        }
        for (model, narrow, more) in [3, 4, 5].into_iter().flat_map(|d| [(d, 1, 0), (d, 1, 1), (d, 2, 0), (d, 2, 1)]) {
            all.push(Model::Heads { model, narrow, dim: narrow + more, width });
        }
        all.extend([4, 5, 7, 10, 15, 20, 30].map(|grid| Model::Spline { grid, width }));
    }
    all
}

/// The formula of each family in letters that the page explains.
fn letters(family: &str) -> &'static str {
    match family {
        "linear in two inputs" => "3",
        "a product of two parameters" => "2, and 3 with x₂",
        "products, input by input" => "k",
        "matrix factorisation" => "2rd − r²",
        "two-layer tanh" => "k(d + 1)",
        "convolution" => "k(w + n)",
        "no sharing" => "k n (w + 1)",
        "fully connected" => "k n (D + 1)",
        "deep tanh" => "d m₁ + m₁m₂ + …",
        "attention heads" => "2(2Dd₀ − d₀²)",
        _ => "2G + A − 3",
    }
}

/// One row a family, in the order in which they appear, and the worst of all.
fn compare(models: &[Model], reads: &[Read], results: &mut Results) {
    let mut families: Vec<&str> = models.iter().map(Model::family).collect();
    let mut seen = Vec::new();
    families.retain(|family| {
        !seen.contains(family) && {
            seen.push(*family);
            true
        }
    });
    let members =
        |family: &str| models.iter().zip(reads).filter(|(model, _)| model.family() == family).collect::<Vec<_>>();
    let mut rows = Vec::new();
    for family in &families {
        let members = members(family);
        let wrong = members.iter().filter(|(model, read)| read.rank != model.formula() as f64).count();
        let kept = members.iter().map(|(_, read)| read.kept).fold(1.0, f64::min);
        let dropped = members.iter().map(|(_, read)| read.dropped).fold(0.0, f64::max);
        rows.push([members.len() as f64, wrong as f64, kept, dropped]);
    }
    let table = Frame::new().with_words("family", families.iter().copied());
    let table = table.with_words("formula", families.iter().map(|family| letters(family)));
    let column = |at: usize| rows.iter().map(move |row| row[at]).collect::<Vec<_>>();
    let table =
        table.with("sizes", column(0)).with("wrong", column(1)).with("kept", column(2)).with("dropped", column(3));
    results.frame("families", table);
    let gap = |read: &Read| read.kept / read.dropped.max(f64::EPSILON / 2.0);
    results.value("models", models.len() as f64);
    results.value("models.wrong", rows.iter().map(|row| row[1]).sum());
    results.value("models.kept", reads.iter().map(|read| read.kept).fold(1.0, f64::min));
    results.value("models.dropped", reads.iter().map(|read| read.dropped).fold(0.0, f64::max));
    results.value("models.gap", reads.iter().map(gap).fold(f64::INFINITY, f64::min));
    let sizes = Frame::new().with_words("family", models.iter().map(Model::family));
    let sizes = sizes.with_words("model", models.iter().map(|model| format!("{model:?}")));
    let numbers = |of: &dyn Fn(&Model) -> usize| models.iter().map(|model| of(model) as f64).collect::<Vec<_>>();
    let sizes = sizes.with("parameters", numbers(&Model::parameters)).with("formula", numbers(&Model::formula));
    // A logarithmic axis has no place for rank 0.
    let drawn = || models.iter().zip(reads).filter(|(model, _)| model.formula() > 0);
    let points = Frame::new().with_words("family", drawn().map(|(model, _)| model.family()));
    let points = points.with("formula", drawn().map(|(model, _)| model.formula() as f64));
    results.frame("drawn", points.with("rank", drawn().map(|(_, read)| read.rank)));
    results.frame("models", sizes.with("rank", reads.iter().map(|read| read.rank)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_sweep_agrees_with_the_formulas_and_is_twice_the_same() {
        let (inputs, params) = (BTreeMap::new(), Params { neurons: 2, steps: 3, limit: 10, ..Params::default() });
        assert_eq!(ModelRank::check(&params), []);
        let run = || ModelRank::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        let values = ["models.wrong", "groups.wrong", "path.start", "path.end"].map(|name| results.values[name]);
        assert_eq!(values, [0.0, 0.0, 6.0, 3.0]);
    }
}

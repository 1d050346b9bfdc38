//! One-step splitting keeps the output and every critical point, for every real α (slide "Embedding principle").
//! The laws are exact; what is measured is rounding, and what the split does to the Hessian.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::vector::norm1;
use condense_nn::nets::tanh_net::TanhNet;
use condense_nn::theory::critical::{Inertia, Landscape};
use condense_nn::theory::embed::{split, split_inertia};
use condense_nn::theory::search::Search;

/// Critical points of widths 1, 2, 3 of the three-step data, each neuron split at each `α` of a grid on [−1, 2].
///
/// Source: Zhang et al., NeurIPS 2021, theorem 1; the inertia rule is derived in `nn::embed`.
pub struct SplittingEmbedding;

params! {
    /// Settings.
    pub struct Params {
        /// Widths of the narrow networks.
        pub widths: Vec<usize> = vec![1, 2, 3],
            such_that |widths| !widths.is_empty() && !widths.contains(&0), "must hold positive widths";
        /// Random starts of the solver for each width; the critical point of lowest loss is taken.
        pub starts: usize = 24, at_least 1;
        /// Standard deviations of the starts: output weight, input weight, bias.
        pub std: [f64; 3] = [2.0, 0.7, 4.0], such_that |std| std.iter().all(|std| *std > 0.0), "must be above 0";
        /// Most steps of Levenberg–Marquardt, and again of Newton.
        pub steps: usize = 150;
        /// Values of `α` in each unit of [−1, 2].
        pub per_unit: usize = 20, at_least 1;
        /// Eigenvalues up to this size count as zero.
        pub zero: f64 = 1e-11, above 0.0;
    }
}

/// Differences are drawn no lower than this, so that exact zeros show on a logarithmic axis.
const FLOOR: f64 = 1e-17;

impl Experiment for SplittingEmbedding {
    type Params = Params;

    fn working_set(params: &Params) -> Option<usize> {
        // The Hessian of the widest network after a split, with its eigenvectors, and every start's network.
        let widest = params.widths.iter().copied().max().unwrap_or(0) + 1;
        Some(8 * (3 * widest) * (3 * widest) + params.starts * 3 * widest)
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let landscape = Landscape::three_steps();
        let search = Search { landscape: &landscape, starts: params.starts, std: params.std, steps: params.steps };
        let mut results = Results::default();
        let mut splits = Vec::new();
        for found in search.lowest(&params.widths, ctx)? {
            let (net, width) = (&found.point.net, found.point.net.width());
            results.value(&format!("m{width}.loss"), found.point.loss);
            results.value(&format!("m{width}.gradient"), found.point.gradient);
            for neuron in 0..width {
                splits.extend(
                    alphas(params.per_unit).map(|alpha| Split::measure(&landscape, net, neuron, alpha, params.zero)),
                );
            }
        }
        results.value("output.worst", splits.iter().map(|split| split.output).fold(0.0, f64::max));
        results.value("gradient.worst", splits.iter().map(|split| split.gradient).fold(0.0, f64::max));
        results.value("inertia.violations", splits.iter().filter(|split| split.wide != split.ruled).count() as f64);
        results.value("inertia.fallen", splits.iter().filter(|split| split.fallen).count() as f64);
        results.value("splits", splits.len() as f64);
        results.frame("rounding", rounding(&splits, params));
        results.frame("hessian", hessian(&splits));
        schematic(&mut results);
        Ok(results)
    }
}

/// `k / per_unit` for every integer `k` that lands in [−1, 2].
fn alphas(per_unit: usize) -> impl Iterator<Item = f64> {
    (0..=3 * per_unit).map(move |k| (k as f64 - per_unit as f64) / per_unit as f64)
}

/// What one split did.
struct Split {
    width: usize,
    neuron: usize,
    alpha: f64,
    /// `max_i |f_wide(x_i) − f_narr(x_i)|` in units of the largest `Σ_k |a_k tanh(w_k·x_i)|` that is summed.
    output: f64,
    /// `‖∇R‖₁` of the wide network.
    gradient: f64,
    /// Smallest eigenvalue of the wide Hessian.
    lowest: f64,
    wide: Inertia,
    /// The inertia by rule, see [`split_inertia`].
    ruled: Inertia,
    /// Whether one of the three counts is below that of the narrow network.
    fallen: bool,
}

impl Split {
    fn measure(landscape: &Landscape, narrow: &TanhNet, neuron: usize, alpha: f64, zero: f64) -> Self {
        let (net, x) = (split(narrow, neuron, alpha), &landscape.x);
        let change = net.output(x).iter().zip(narrow.output(x)).map(|(f, g)| (f - g).abs()).fold(0.0, f64::max);
        let summed = |row: ndarray::ArrayView1<f64>| row.iter().zip(&net.a).map(|(h, a)| (a * h).abs()).sum::<f64>();
        let scale = net.hidden(x).rows().into_iter().map(summed).fold(0.0, f64::max);
        let spectrum = landscape.spectrum(&net);
        let (before, wide) = (Inertia::of(&landscape.spectrum(narrow), zero), Inertia::of(&spectrum, zero));
        Self {
            width: narrow.width(),
            neuron,
            alpha,
            output: change / scale,
            gradient: norm1(&landscape.gradient(&net)),
            lowest: spectrum[0],
            ruled: split_inertia(landscape, narrow, neuron, alpha, zero),
            fallen: wide.negative < before.negative || wide.zero < before.zero || wide.positive < before.positive,
            wide,
        }
    }
}

/// The worst neuron of each width at each `α`.
fn rounding(splits: &[Split], params: &Params) -> Frame {
    let mut rows = Vec::new();
    for &width in &params.widths {
        for alpha in alphas(params.per_unit) {
            let here = splits.iter().filter(|split| split.width == width && split.alpha == alpha);
            let (output, gradient) =
                here.fold((FLOOR, FLOOR), |(f, g), split| (split.output.max(f), split.gradient.max(g)));
            rows.push([width as f64, alpha, output, gradient]);
        }
    }
    Frame::from_rows(&["width", "alpha", "output", "gradient"], rows)
}

fn hessian(splits: &[Split]) -> Frame {
    Frame::new()
        .with_words("split", splits.iter().map(|split| format!("width {}, neuron {}", split.width, split.neuron + 1)))
        .with("width", splits.iter().map(|split| split.width as f64))
        .with("neuron", splits.iter().map(|split| split.neuron as f64 + 1.0))
        .with("alpha", splits.iter().map(|split| split.alpha))
        .with("lowest", splits.iter().map(|split| split.lowest))
        .with("descent", splits.iter().map(|split| (-split.lowest).max(FLOOR)))
        .with("negative", splits.iter().map(|split| split.wide.negative as f64))
        .with("zero", splits.iter().map(|split| split.wide.zero as f64))
        .with("positive", splits.iter().map(|split| split.wide.positive as f64))
}

/// The slide's drawing: one neuron (role "split") becomes two ("kept", "copy").
fn schematic(results: &mut Results) {
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    for (left, hidden) in
        [(0.0, &[("other", 2.0), ("split", 0.2)][..]), (3.6, &[("other", 2.0), ("kept", 0.2), ("copy", -0.8)])]
    {
        nodes.extend([("input", [left, 1.0]), ("output", [left + 2.0, 1.0])]);
        for &(role, height) in hidden {
            nodes.push((role, [left + 1.0, height]));
            edges.push(("in", [left, 1.0, left + 1.0, height]));
            edges.push((role, [left + 1.0, height, left + 2.0, 1.0]));
        }
    }
    results.frame("nodes", of_roles(&["x", "y"], &nodes));
    results.frame("edges", of_roles(&["x", "y", "x2", "y2"], &edges));
}

/// A table of roles and numbers, one row each.
fn of_roles<const N: usize>(names: &[&str; N], rows: &[(&str, [f64; N])]) -> Frame {
    let roles = Frame::new().with_words("role", rows.iter().map(|(role, _)| *role));
    names.iter().enumerate().fold(roles, |frame, (at, name)| frame.with(name, rows.iter().map(|(_, row)| row[at])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn tiny_splits_keep_output_and_criticality_and_are_twice_the_same() {
        let (inputs, params) =
            (BTreeMap::new(), Params { widths: vec![1], starts: 4, per_unit: 2, ..Params::default() });
        let run = || SplittingEmbedding::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert!(results.values["output.worst"] < 2e-15 && results.values["gradient.worst"] < 1e-12);
        assert_eq!(results.values["inertia.violations"], 0.0);
    }

    #[test]
    fn the_sweep_of_alpha_holds_the_values_of_the_source_exactly() {
        let all: Vec<f64> = alphas(20).collect();
        assert!([-1.0, 0.0, 0.3, 0.5, 1.0, 1.5, 2.0].iter().all(|alpha| all.contains(alpha)));
    }
}

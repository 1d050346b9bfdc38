//! Critical functions are nested: what is critical for a narrow network is critical for every wider one (slide "Condensed critical
//! points for intermediate stage"). It knows no plateau: trainings are told by where they end.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::pow;
use condense::num::rng::Stream;
use condense::num::stats::linspace;
use condense::num::vector::norm1;
use condense_nn::nets::activation::Activation;
use condense_nn::nets::bias::line_with_bias;
use condense_nn::nets::tanh_net::TanhNet;
use condense_nn::theory::critical::Landscape;
use condense_nn::theory::deep_embed::{Data, Deep, apart};
use condense_nn::theory::descent::Descent;
use condense_nn::theory::embed::{null, split};
use condense_nn::theory::search::{Found, Search};
use condense_nn::training::course::packed;

/// The minima of widths 1, 2 and 3 of the three-step data, those that trainings from small starts end in, and their embeddings
/// into wide networks; and the two embeddings in networks of other depths and activations.
///
/// Source: Zhang et al., NeurIPS 2021, theorem 1, and JML 2022, corollary 4.1 and figure 4.1.
pub struct CondensedCriticalPoints;

params! {
    /// Settings.
    pub struct Params {
        /// Widths into which the functions are embedded.
        pub wide: Vec<usize> = vec![3, 10, 50, 500],
            such_that |wide| !wide.is_empty() && wide.iter().all(|width| *width >= 3), "must be widths from 3 on";
        /// Random starts of the solver for each width.
        pub starts: usize = 120, at_least 1;
        /// Standard deviations of those starts: output weight, input weight, bias.
        pub spread: [f64; 3] = [2.0, 0.7, 4.0], such_that |std| std.iter().all(|std| *std > 0.0), "must be above 0";
        /// Most steps of Levenberg–Marquardt, and again of Newton.
        pub steps: usize = 150;
        /// Trainings of each width from N(0, m⁻³).
        pub trials: usize = 20, at_least 1;
        /// How long each flows.
        pub time: f64 = 1e6, above 0.0;
        /// Tolerance of that flow.
        pub tolerance: f64 = 0.02, above 0.0;
        /// Fresh random inputs at which outputs are compared.
        pub fresh: usize = 200, at_least 1;
        /// Networks of each depth and activation.
        pub deep: usize = 20, at_least 1;
    }
}

const NARROW: [usize; 3] = [1, 2, 3];
const KINDS: [(&str, Activation); 4] = [
    ("tanh", Activation::Tanh),
    ("sigmoid", Activation::Sigmoid),
    ("softplus", Activation::Softplus),
    ("ReLU", Activation::Relu),
];
/// Outputs nearer than this, anywhere on the samples, are one function: the flow's ends are polished.
const SAME: f64 = 1e-6;

impl Experiment for CondensedCriticalPoints {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        let widest = p.wide.iter().copied().max().unwrap_or(0);
        Some(20 * widest * 50 + 3 * p.fresh * widest + p.starts * 40 + p.trials * 40)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let landscape = Landscape::three_steps();
        let search = Search { landscape: &landscape, starts: p.starts, std: p.spread, steps: p.steps };
        let minima = search.minima(&NARROW, ctx)?;
        let ends = ctx.cells("trial", NARROW.len() * p.trials, |cell, ctx| {
            let (width, known) = (NARROW[cell / p.trials], &minima[cell / p.trials]);
            let std = pow(width as f64, -1.5);
            let start = TanhNet::random(width, std, &[std; 2], &mut ctx.rng("weights"));
            let mut flow = Descent::new(&landscape, start, p.tolerance);
            flow.flow_to(p.time, |flow| ctx.tick(flow.time() as usize, p.time as usize))?;
            let end = landscape.settle(flow.net(), p.steps, 1e-10);
            let same = |end: &TanhNet| known.iter().position(|known| landscape.apart(&known.point.net, end) < SAME);
            Ok(end.and_then(|end| same(&end.net)))
        })?;
        let mut results = Results::default();
        let (mut functions, mut curves, mut trained) = (Vec::new(), Vec::new(), 0);
        let x = linspace(-15.5, 15.5, 201);
        for (at, width, found) in all(&minima) {
            let of_width = &ends[(width - 1) * p.trials..width * p.trials];
            let count = of_width.iter().filter(|end| **end == Some(at)).count();
            trained += count;
            let kind = if count > 0 || at == 0 { "drawn" } else { "other" };
            functions.push([width, at + 1, found.starts, count].map(|count| count as f64));
            let curve = packed(&found.point.net).curve(&x);
            curves.extend(curve.into_iter().map(|[x, f]| (kind, [width as f64, at as f64 + 1.0, x, f])));
            if at == 0 || count > 0 {
                results.value(&format!("m{width}.{}.loss", at + 1), found.point.loss);
            }
        }
        for (width, minima) in NARROW.iter().zip(&minima) {
            results.value(&format!("m{width}.found"), minima.len() as f64);
            let reached = functions.iter().filter(|row| row[0] == *width as f64 && row[3] > 0.0).count();
            results.value(&format!("m{width}.trained"), reached as f64);
        }
        let gradients = all(&minima).map(|(_, _, found)| found.point.gradient);
        results.value("gradient", gradients.fold(0.0, f64::max));
        results.value("trials.known", trained as f64 / ends.len() as f64);
        let mut table = Frame::from_rows(&["width", "number", "starts", "trainings"], functions);
        table = table.with("loss", all(&minima).map(|(_, _, found)| found.point.loss));
        results.frame("functions", table);
        show_curves(&landscape, &curves, &mut results);
        embed(p, &landscape, &minima, ctx, &mut results);
        deep(p, ctx, &mut results);
        Ok(results)
    }
}

/// All minima: number within its width, width, point.
fn all(minima: &[Vec<Found>]) -> impl Iterator<Item = (usize, usize, &Found)> {
    let of_width =
        |(width, minima): (usize, &'_ Vec<Found>)| (0..minima.len()).map(move |at| (at, width)).collect::<Vec<_>>();
    let places = NARROW.iter().copied().zip(minima).flat_map(of_width).collect::<Vec<_>>();
    places.into_iter().map(move |(at, width)| (at, width, &minima[width - 1][at]))
}

fn show_curves(landscape: &Landscape, curves: &[(&str, [f64; 4])], results: &mut Results) {
    let heads = ["width", "number", "x", "f"];
    results.frame("curves", Frame::from_rows(&heads, curves.iter().map(|(_, row)| *row)));
    let drawn = curves.iter().filter(|(kind, _)| *kind == "drawn").map(|(_, row)| *row);
    results.frame("trained", Frame::from_rows(&heads, drawn));
    results.frame("data", Frame::new().with("x", landscape.x.column(0)).with("y", &landscape.y));
}

/// Every function into every wider network, neuron after neuron: split at a random place and `α`, every third one null.
fn embed(p: &Params, landscape: &Landscape, minima: &[Vec<Found>], ctx: &Context, results: &mut Results) {
    let fresh = line_with_bias(&ctx.rng("fresh").normals(p.fresh, 15.0));
    let (mut rows, mut rng) = (Vec::new(), ctx.rng("embedding"));
    for (at, width, found) in all(minima) {
        for &wide in p.wide.iter().filter(|wide| **wide > width) {
            let mut net = found.point.net.clone();
            while net.width() < wide {
                let j = rng.below(net.width());
                net = if net.width() % 3 == 0 { null(&net) } else { split(&net, j, rng.uniform(0.0, 1.0)) };
            }
            let outputs = net.output(&fresh).into_iter().zip(found.point.net.output(&fresh));
            let change = outputs.map(|(f, g)| (f - g).abs()).fold(0.0, f64::max);
            rows.push([width as f64, at as f64 + 1.0, wide as f64, change, norm1(&landscape.gradient(&net))]);
        }
    }
    let worst = |column: usize| rows.iter().map(|row| row[column]).fold(0.0, f64::max);
    results.value("embedded.output", worst(3));
    results.value("embedded.gradient", worst(4));
    results.value("embedded", rows.len() as f64);
    results.frame("embedded", Frame::from_rows(&["width", "number", "wide", "output", "gradient"], rows));
}

/// Networks of one to three hidden layers with random weights and data: the worst that an embedding does to output and gradient.
fn deep(p: &Params, ctx: &Context, results: &mut Results) {
    let mut rows = Vec::new();
    for (name, activation) in KINDS {
        for depth in 1..=3 {
            let mut rng = ctx.rng(&format!("deep/{name}/{depth}"));
            let sizes: Vec<usize> = [3].into_iter().chain((0..depth).map(|_| 4)).chain([2]).collect();
            let worst = (0..p.deep).map(|_| embedded(activation, &sizes, &mut rng));
            let worst = worst.fold([0.0f64; 4], |worst, row| std::array::from_fn(|c| worst[c].max(row[c])));
            rows.push((name, f64::from(depth), worst));
        }
    }
    let frame =
        Frame::new().with_words("activation", rows.iter().map(|row| row.0)).with("depth", rows.iter().map(|row| row.1));
    let heads = ["split.output", "split.gradient", "null.output", "null.gradient"];
    let column = |c: usize| rows.iter().map(move |row| row.2[c]);
    let largest = |c: usize| column(c).fold(0.0, f64::max);
    results.value("deep.output", largest(0).max(largest(2)));
    results.value("deep.gradient", largest(1).max(largest(3)));
    results.frame(
        "deep",
        heads.iter().enumerate().fold(frame, |frame, (c, head)| frame.with(&head.replace('.', "_"), column(c))),
    );
}

/// Change of the output and distance of the gradient from its rule, relative to their sizes: of a split, then of a null neuron.
fn embedded(activation: Activation, sizes: &[usize], rng: &mut Stream) -> [f64; 4] {
    let net = Deep::random(activation, sizes, rng);
    let mut rows = |count: usize| (0..8).map(|_| rng.normals(count, 1.0)).collect::<Vec<_>>();
    let data = Data { x: rows(sizes[0]), y: rows(sizes[sizes.len() - 1]) };
    let (at, j) = (rng.below(sizes.len() - 2), rng.below(4));
    let (alpha, bias) = (rng.uniform(-1.0, 2.0), rng.normal());
    let gradient = net.gradient(&data);
    let size = gradient.iter().flatten().fold(0.0, |size: f64, g| size.max(g.abs()));
    let changed = |wide: &Deep| {
        let pairs = data.x.iter().flat_map(|x| net.output(x).into_iter().zip(wide.output(x)));
        pairs.map(|(f, g)| (f - g).abs() / (1.0 + f.abs())).fold(0.0, f64::max)
    };
    let (split, null) = (net.split(at, j, alpha), net.null(at, bias));
    let [by_split, by_null] = [Deep::split_gradient(&gradient, at, j, alpha), net.null_gradient(&gradient, at, bias)];
    let off = |wide: &Deep, rule: &[ndarray::Array2<f64>]| apart(&wide.gradient(&data), rule) / size;
    [changed(&split), off(&split, &by_split), changed(&null), off(&null, &by_null)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn tiny_settings_are_nested_and_twice_the_same() {
        let params = Params { wide: vec![4], starts: 6, trials: 1, time: 10.0, fresh: 5, deep: 1, ..Params::default() };
        let inputs = BTreeMap::new();
        let run = || CondensedCriticalPoints::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert!(results.values["embedded.output"] < 1e-13 && results.values["embedded.gradient"] < 1e-11);
        assert!(results.values["deep.output"] < 1e-12 && results.values["deep.gradient"] < 1e-12);
    }
}

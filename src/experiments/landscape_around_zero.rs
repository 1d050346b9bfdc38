//! The loss landscape around zero: neurons do not meet, and each turns to one of at most 2p directions (slide of that name).
//! Nothing is trained but a check network; the rest is the slide's own decoupled flow.

use crate::experiment::{Context, Experiment, Fault, Stop};
use crate::frame::{Frame, Results};
use crate::nn::critical::Landscape;
use crate::nn::origin::{Form, distinct, dot, unit};
use crate::nn::plane;
use crate::nn::similarity::{cosines, leading_order};
use crate::nn::tanh_net::{TanhNet, with_bias};
use crate::num::eigen;
use crate::num::math::{sin, sin_cos};
use crate::num::stats::linspace;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// `ẇ ≈ a Σ_i y_i σ'(w·x_i) x_i ∝ a Σ_i y_i (w·x_i)^{p−1} x_i` for activations of multiplicity `p = 1, 2, 3`
/// (tanh, x tanh x, x² tanh x), on five-dimensional and on one-dimensional data.
///
/// Source: Zhou et al., NeurIPS 2022, "Towards Understanding the Condensation of Neural Networks at Initial Training".
pub struct LandscapeAroundZero;

/// Settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Data sets with `inputs` inputs.
    pub sets: usize,
    /// Inputs without the bias.
    pub inputs: usize,
    /// Samples of each such set: `x ~ U[−4, 2]`, `y = Σ_k 3.5 sin(5 x_k + 1)`.
    pub samples: usize,
    /// Neurons that follow the flow; every other one has a negative output weight.
    pub neurons: usize,
    /// Most steps of the flow.
    pub steps: usize,
    /// Neurons of the similarity matrices (first data set).
    pub shown: usize,
    /// Samples of the one-dimensional set: `y = sin 3x + ½ sin 6x` on [−1, 1].
    pub line_samples: usize,
    /// Data sets on which a real tanh network is trained.
    pub trained: usize,
    /// Its width, initial standard deviation and learning rate.
    pub width: usize,
    /// Standard deviation of all its initial weights.
    pub std: f64,
    /// Learning rate of full-batch gradient descent on the mean square.
    pub lr: f64,
    /// Training stops when the loss falls below this share of the first …
    pub stop: f64,
    /// … or after this many epochs.
    pub epochs: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            sets: 5,
            inputs: 5,
            samples: 80,
            neurons: 400,
            steps: 20_000,
            shown: 60,
            line_samples: 40,
            trained: 3,
            width: 50,
            std: 1e-5,
            lr: 0.01,
            stop: 0.995,
            epochs: 20_000,
        }
    }
}

/// The multiplicities of tanh, x tanh x and x² tanh x.
const ORDERS: [usize; 3] = [1, 2, 3];

/// Two directions are one when their cosine exceeds this.
const SAME: f64 = 1.0 - 1e-6;

impl Experiment for LandscapeAroundZero {
    type Params = Params;

    fn check(params: &Params) -> Vec<Fault> {
        [
            Fault::unless(params.sets >= 1, "sets", "must be at least 1"),
            Fault::unless(params.inputs >= 1, "inputs", "must be at least 1"),
            Fault::unless(params.samples >= 1, "samples", "must be at least 1"),
            Fault::unless(
                (2..=params.neurons).contains(&params.shown),
                "shown",
                "must be at least 2 and at most `neurons`",
            ),
            Fault::unless(params.line_samples >= 2, "line_samples", "must be at least 2"),
            Fault::unless(
                (1..=params.sets).contains(&params.trained),
                "trained",
                "must be at least 1 and at most `sets`",
            ),
            Fault::unless(params.width >= 1, "width", "must be at least 1"),
            Fault::unless(params.lr > 0.0, "lr", "must be positive"),
            Fault::unless(params.stop > 0.0 && params.stop < 1.0, "stop", "must lie between 0 and 1"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        sphere(params, ctx, &mut results)?;
        plane(params, ctx, &mut results);
        trained(params, ctx, &mut results)?;
        Ok(results)
    }
}

/// The data set of that number, with a bias input.
fn data(params: &Params, ctx: &Context, set: usize) -> Landscape {
    let mut rng = ctx.rng(&format!("data/{set}"));
    let x = Array2::from_shape_fn((params.samples, params.inputs), |_| rng.uniform(-4.0, 2.0));
    let y = x.rows().into_iter().map(|row| row.iter().map(|x| 3.5 * sin(5.0 * x + 1.0)).sum()).collect();
    Landscape { x: with_bias(&x), y }
}

/// The output weight's sign of neuron `k`.
fn sign(k: usize) -> f64 {
    if k.is_multiple_of(2) { 1.0 } else { -1.0 }
}

/// Where the flow takes `neurons` random directions.
fn ends(form: &Form, inputs: usize, params: &Params, ctx: &Context) -> Vec<Vec<f64>> {
    let mut rng = ctx.rng("directions");
    (0..params.neurons).map(|k| form.settle(&rng.normals(inputs, 1.0), sign(k), params.steps)).collect()
}

/// Five-dimensional data: how many directions there are, and which.
fn sphere(params: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let d = params.inputs + 1;
    let sets: Vec<Landscape> = (0..params.sets).map(|set| data(params, ctx, set)).collect();
    let rows = ctx.cells("sphere", params.sets * ORDERS.len(), |cell, ctx| {
        let (set, p) = (&sets[cell / ORDERS.len()], ORDERS[cell % ORDERS.len()]);
        let ends = ends(&Form::new(&set.x, &set.y, p), d, params, ctx);
        let count = distinct(&ends, SAME).len() as f64;
        Ok([count, misalignment(set, p, &ends)].into_iter().chain(ends[..params.shown].concat()).collect())
    })?;

    let mut counts = Vec::new();
    for (cell, row) in rows.iter().enumerate() {
        let p = ORDERS[cell % ORDERS.len()];
        counts.push(vec![(cell / ORDERS.len()) as f64, p as f64, row[0], 2.0 * p as f64, row[1]]);
    }
    let of = |p: usize| counts.iter().filter(move |row| row[1] == p as f64);
    for p in ORDERS {
        results.value(&format!("p{p}.fewest"), of(p).map(|row| row[2]).fold(f64::MAX, f64::min));
        results.value(&format!("p{p}.most"), of(p).map(|row| row[2]).fold(0.0, f64::max));
    }
    for p in [1, 2] {
        results.value(&format!("p{p}.misalignment"), of(p).map(|row| row[4]).fold(0.0, f64::max));
    }
    results.value("bound.violations", counts.iter().filter(|row| row[2] > row[3]).count() as f64);
    // Orthogonal inputs, equal targets: g = Σ u_c³, which has more than three maxima on the sphere.
    let axes = Form::new(&Array2::eye(d), &vec![1.0; d], 3);
    results.value("axes.directions", distinct(&ends(&axes, d, params, ctx), SAME).len() as f64);
    results.frame("counts", Frame::from_rows(&["set", "p", "directions", "bound", "misalignment"], &counts));

    let similarity: Vec<_> =
        rows[..ORDERS.len()].iter().zip(ORDERS).flat_map(|(row, p)| similarity(p, &row[2..], d)).collect();
    results.frame("similarity", Frame::from_rows(&["p", "row", "column", "cosine"], &similarity));
    Ok(())
}

/// The largest `1 − |cos|` between an end and where theory puts it: `Σ y x` for `p = 1`; for `p = 2` the eigenvector of
/// `Σ y x xᵀ` of largest (`a > 0`) or smallest (`a < 0`) eigenvalue. Beyond, theory names no direction: 0.
fn misalignment(set: &Landscape, p: usize, ends: &[Vec<f64>]) -> f64 {
    let d = set.x.ncols();
    let moment = |c: usize, e: usize| (0..set.y.len()).map(|i| set.y[i] * set.x[[i, c]] * set.x[[i, e]]).sum();
    let targets: [Vec<f64>; 2] = match p {
        1 => {
            let sum: Vec<f64> = (0..d).map(|c| moment(c, d - 1)).collect();
            [unit(&sum), unit(&sum)]
        }
        2 => {
            let (_, vectors) = eigen::symmetric(&Array2::from_shape_fn((d, d), |(c, e)| moment(c, e)));
            [d - 1, 0].map(|column| vectors.column(column).to_vec())
        }
        _ => return 0.0,
    };
    ends.iter().enumerate().map(|(k, end)| 1.0 - dot(end, &targets[k % 2]).abs()).fold(0.0, f64::max)
}

/// All pairwise cosines as rows `(p, row, column, cosine)`, the groups in blocks.
fn similarity(p: usize, directions: &[f64], d: usize) -> Vec<Vec<f64>> {
    let cosines = cosines(&directions.chunks(d).collect::<Vec<_>>());
    let order = leading_order(&cosines);
    let cell =
        |row: usize, column: usize| vec![p as f64, row as f64, column as f64, cosines[[order[row], order[column]]]];
    (0..order.len() * order.len()).map(|at| cell(at / order.len(), at % order.len())).collect()
}

/// One-dimensional data: the field of the `(w, b)` plane, its attracting rays, and paths of neurons with `a > 0`.
fn plane(params: &Params, ctx: &Context, results: &mut Results) {
    let points = linspace(-1.0, 1.0, params.line_samples);
    let y: Vec<f64> = points.iter().map(|x| sin(3.0 * x) + 0.5 * sin(6.0 * x)).collect();
    let x = with_bias(&Array2::from_shape_vec((points.len(), 1), points).expect("one column"));

    let mut rows: [Vec<Vec<f64>>; 5] = Default::default();
    let [field, rays, paths, profile, extrema] = &mut rows;
    let (mut error, mut missed, mut over) = (0.0f64, 0, 0);
    for p in ORDERS {
        let (form, order) = (Form::new(&x, &y, p), p as f64);
        let (lines, ends) = (plane::extrema(&form), ends(&form, 2, params, ctx));
        let off = |end: &[f64]| lines.iter().map(|&angle| plane::off_line(end, angle)).fold(1.0, f64::min);
        error = ends.iter().map(|end| off(end)).fold(error, f64::max);
        missed += lines.iter().filter(|&&line| ends.iter().all(|end| plane::off_line(end, line) > 0.01)).count();
        over += usize::from(distinct(&ends, SAME).len() > 2 * p);
        results.value(&format!("plane.p{p}.lines"), lines.len() as f64);

        field.extend(plane::arrows(&form).iter().map(|arrow| [&[order], &arrow[..]].concat()));
        for side in [0, 1] {
            let ends: Vec<Vec<f64>> = ends.iter().skip(side).step_by(2).cloned().collect();
            let ray = |end: &Vec<f64>| vec![order, sign(side), 0.0, 0.0, 1.1 * end[0], 1.1 * end[1]];
            rays.extend(distinct(&ends, SAME).iter().map(ray));
        }
        for path in 0..12 {
            let (sin, cos) = sin_cos(PI * f64::from(path) / 6.0 + 0.1);
            let climb = plane::climb(&form, [0.2 * cos, 0.2 * sin], 0.02, 1.05, 200);
            paths.extend(climb.iter().map(|at| vec![order, f64::from(path), at[0], at[1]]));
        }
        let largest = lines.iter().map(|&angle| plane::height(&form, angle).abs()).fold(0.0, f64::max);
        let height = |&angle: &f64| vec![order, angle, plane::height(&form, angle) / largest];
        profile.extend(linspace(0.0, PI, 91).iter().map(height));
        extrema.extend(lines.iter().map(height));
    }
    results.value("plane.error", error);
    results.value("plane.missed", missed as f64);
    results.value("plane.violations", over as f64);
    results.frame("field", Frame::from_rows(&["p", "w", "b", "w2", "b2"], field));
    results.frame("rays", Frame::from_rows(&["p", "sign", "w", "b", "w2", "b2"], rays));
    results.frame("paths", Frame::from_rows(&["p", "path", "w", "b"], paths));
    results.frame("profile", Frame::from_rows(&["p", "angle", "g"], profile));
    results.frame("extrema", Frame::from_rows(&["p", "angle", "g"], extrema));
}

/// A real tanh network from tiny weights: where its large neurons point when the loss has barely moved.
fn trained(params: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let sets: Vec<Landscape> = (0..params.trained).map(|set| data(params, ctx, set)).collect();
    let rows = ctx.cells("trained", params.trained, |cell, ctx| {
        let set = &sets[cell];
        let stds = vec![params.std; params.inputs + 1];
        let mut net = TanhNet::random(params.width, params.std, &stds, &mut ctx.rng("weights"));
        let (first, mut epochs) = (set.loss(&net), 0);
        while set.loss(&net) >= params.stop * first && epochs < params.epochs {
            net = net.moved(&set.gradient(&net), -params.lr);
            epochs += 1;
            ctx.tick(epochs, params.epochs)?;
        }
        let direction = unit(&Form::new(&set.x, &set.y, 1).field(&[]));
        let size = |k: usize| net.a[k].abs() * dot(&net.w.row(k).to_vec(), &net.w.row(k).to_vec()).sqrt();
        let largest = (0..params.width).map(size).fold(0.0, f64::max);
        let cosine = |k: usize| dot(&unit(&net.w.row(k).to_vec()), &direction).abs();
        let large = (0..params.width).filter(|&k| size(k) > 0.5 * largest);
        Ok(vec![cell as f64, epochs as f64, set.loss(&net) / first, large.map(cosine).fold(1.0, f64::min)])
    })?;
    results.value("trained.aligned", rows.iter().filter(|row| row[3] > 0.999).count() as f64);
    results.value("trained.sets", rows.len() as f64);
    results.frame("trained", Frame::from_rows(&["set", "epochs", "loss", "cosine"], &rows));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn tiny_settings_find_the_theory_and_are_twice_the_same() {
        let inputs = BTreeMap::new();
        let params = Params { sets: 1, neurons: 16, shown: 4, trained: 1, width: 4, std: 1e-2, ..Params::default() };
        let run = || LandscapeAroundZero::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert_eq!((results.values["p1.most"], results.values["p2.most"]), (2.0, 4.0));
        assert!(results.values["p1.misalignment"] < 1e-3 && results.values["p2.misalignment"] < 1e-3);
        assert!(results.values["plane.error"] < 0.01);
    }
}

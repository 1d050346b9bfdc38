//! The loss landscape around zero: neurons do not meet, and each turns to one of at most 2p directions (slide of that name).
//! Nothing is trained but a check network; the rest is the slide's own decoupled flow.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::sin;
use condense::num::stats::linspace;
use condense_nn::measures::similarity::cosines_in_blocks;
use condense_nn::nets::bias::with_bias;
use condense_nn::nets::tanh_net::TanhNet;
use condense_nn::tasks::task::wave;
use condense_nn::theory::critical::Landscape;
use condense_nn::theory::origin::{Form, distinct};
use condense_nn::theory::plane::{Portrait, off_line, rays};
use ndarray::Array2;

/// `ẇ ≈ a Σ_i y_i σ'(w·x_i) x_i ∝ a Σ_i y_i (w·x_i)^{p−1} x_i` for activations of multiplicity `p = 1, 2, 3`
/// (tanh, x tanh x, x² tanh x), on five-dimensional and on one-dimensional data.
///
/// Source: Zhou et al., NeurIPS 2022, "Towards Understanding the Condensation of Neural Networks at Initial Training".
pub struct LandscapeAroundZero;

params! {
    /// Settings.
    pub struct Params {
        /// Data sets with `inputs` inputs.
        pub sets: usize = 5, at_least 1;
        /// Inputs without the bias.
        pub inputs: usize = 5, at_least 1;
        /// Samples of each such set: `x ~ U[−4, 2]`, `y = Σ_k 3.5 sin(5 x_k + 1)`.
        pub samples: usize = 80, at_least 1;
        /// Neurons that follow the flow; every other one has a negative output weight.
        pub neurons: usize = 400;
        /// Most steps of the flow.
        pub steps: usize = 20_000;
        /// Neurons of the similarity matrices (first data set).
        pub shown: usize = 60;
        /// Samples of the one-dimensional set: `y = sin 3x + ½ sin 6x` on [−1, 1].
        pub line_samples: usize = 40, at_least 2;
        /// Data sets on which a real tanh network is trained.
        pub trained: usize = 3;
        /// Its hidden neurons.
        pub width: usize = 50, at_least 1;
        /// Standard deviation of its initial weights.
        pub std: f64 = 1e-5;
        /// Learning rate of full-batch gradient descent on the mean square.
        pub lr: f64 = 0.01, above 0.0;
        /// Training stops when the loss falls below this share of the first …
        pub stop: f64 = 0.995, such_that |stop| *stop > 0.0 && *stop < 1.0, "must lie between 0 and 1";
        /// … or after this many epochs.
        pub epochs: usize = 20_000;
    }
}

/// The multiplicities of tanh, x tanh x and x² tanh x.
const ORDERS: [usize; 3] = [1, 2, 3];

/// Two directions are one when their cosine exceeds this.
const SAME: f64 = 1.0 - 1e-6;

impl Experiment for LandscapeAroundZero {
    type Params = Params;

    fn check(params: &Params) -> Vec<ParamFault> {
        params
            .demands()
            .holds("shown", (2..=params.neurons).contains(&params.shown), "must be at least 2 and at most `neurons`")
            .holds("trained", (1..=params.sets).contains(&params.trained), "must be at least 1 and at most `sets`")
            .faults()
    }

    fn working_set(params: &Params) -> Option<usize> {
        // The directions of one set and order, with as many again in flight, and those that are shown.
        let d = params.inputs + 1;
        let kept = params.sets * ORDERS.len() * params.shown * d;
        Some(
            4 * params.neurons * d
                + kept
                + params.samples * d * params.sets
                + params.width * (d + 1) * 4
                + params.epochs,
        )
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
    let y = x.rows().into_iter().map(|row| row.iter().map(|&x| wave(x)).sum()).collect();
    Landscape { x: with_bias(&x), y }
}

/// Five-dimensional data: how many directions there are, and which.
fn sphere(params: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let d = params.inputs + 1;
    let sets: Vec<Landscape> = (0..params.sets).map(|set| data(params, ctx, set)).collect();
    let rows = ctx.cells("sphere", params.sets * ORDERS.len(), |cell, ctx| {
        let (set, p) = (&sets[cell / ORDERS.len()], ORDERS[cell % ORDERS.len()]);
        let form = Form::new(&set.x, &set.y, p);
        let ends = form.ends(params.neurons, params.steps, &mut ctx.rng("directions"));
        let count = distinct(&ends, SAME).len();
        Ok((count, form.misalignment(&ends), ends[..params.shown].to_vec()))
    })?;

    let (mut counts, mut similarity) = (Vec::new(), Vec::new());
    for (cell, (count, misalignment, shown)) in rows.iter().enumerate() {
        let (set, p) = (cell / ORDERS.len(), ORDERS[cell % ORDERS.len()] as f64);
        counts.push([set as f64, p, *count as f64, 2.0 * p, *misalignment]);
        if set == 0 {
            let cosines = cosines_in_blocks(shown);
            similarity.extend(cosines.indexed_iter().map(|((j, k), &cosine)| [p, j as f64, k as f64, cosine]));
        }
    }
    for p in ORDERS {
        let own: Vec<_> = counts.iter().filter(|row| row[1] == p as f64).collect();
        results.value(&format!("p{p}.fewest"), own.iter().map(|row| row[2]).fold(f64::MAX, f64::min));
        results.value(&format!("p{p}.most"), own.iter().map(|row| row[2]).fold(0.0, f64::max));
        if p <= 2 {
            results.value(&format!("p{p}.misalignment"), own.iter().map(|row| row[4]).fold(0.0, f64::max));
        }
    }
    results.value("bound.violations", counts.iter().filter(|row| row[2] > row[3]).count() as f64);
    // Orthogonal inputs, equal targets: g = Σ u_c³, which has more than three maxima on the sphere.
    let axes = Form::new(&Array2::eye(d), &vec![1.0; d], 3);
    let ends = axes.ends(params.neurons, params.steps, &mut ctx.rng("directions"));
    results.value("axes.directions", distinct(&ends, SAME).len() as f64);
    results.frame("counts", Frame::from_rows(&["set", "p", "directions", "bound", "misalignment"], counts));
    results.frame("similarity", Frame::from_rows(&["p", "row", "column", "cosine"], similarity));
    Ok(())
}

/// One-dimensional data: the field of the `(w, b)` plane, its attracting rays, and paths of neurons with `a > 0`.
fn plane(params: &Params, ctx: &Context, results: &mut Results) {
    let target = |x: f64| sin(3.0 * x) + 0.5 * sin(6.0 * x);
    let data = Landscape::of(target, &linspace(-1.0, 1.0, params.line_samples));
    let portraits = ORDERS.map(|p| {
        let form = Form::new(&data.x, &data.y, p);
        (p, Portrait::of(&form), form.ends(params.neurons, params.steps, &mut ctx.rng("directions")))
    });
    let (mut error, mut missed, mut over) = (0.0f64, 0, 0);
    for (p, portrait, ends) in &portraits {
        let lines = &portrait.lines;
        error = ends.iter().map(|end| portrait.off_lines(end)).fold(error, f64::max);
        missed += lines.iter().filter(|&&line| ends.iter().all(|end| off_line(end, line) > 0.01)).count();
        over += usize::from(distinct(ends, SAME).len() > 2 * p);
        results.value(&format!("plane.p{p}.lines"), lines.len() as f64);
    }
    results.value("plane.error", error);
    results.value("plane.missed", missed as f64);
    results.value("plane.violations", over as f64);

    let arrows = portraits.iter().map(|(p, portrait, _)| (*p, &portrait.arrows));
    let paths = portraits.iter().map(|(p, portrait, _)| (*p, &portrait.paths));
    let profile = portraits.iter().map(|(p, portrait, _)| (*p, &portrait.profile));
    let extrema = portraits.iter().map(|(p, portrait, _)| (*p, &portrait.extrema));
    results.frame("field", Frame::from_groups(&["p", "w", "b", "w2", "b2"], arrows));
    results.frame("paths", Frame::from_groups(&["p", "path", "w", "b"], paths));
    results.frame("profile", Frame::from_groups(&["p", "angle", "g"], profile));
    results.frame("extrema", Frame::from_groups(&["p", "angle", "g"], extrema));
    let rays = portraits.iter().map(|(p, _, ends)| (*p, rays(ends, SAME)));
    results.frame("rays", Frame::from_groups(&["p", "sign", "w", "b", "w2", "b2"], rays));
}

/// A real tanh network from tiny weights: where its large neurons point when the loss has barely moved.
fn trained(params: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let rows = ctx.cells("trained", params.trained, |cell, cell_ctx| {
        let set = data(params, ctx, cell);
        let stds = vec![params.std; params.inputs + 1];
        let mut net = TanhNet::random(params.width, params.std, &stds, &mut cell_ctx.rng("weights"));
        let (first, mut epochs) = (set.loss(&net), 0);
        while set.loss(&net) >= params.stop * first && epochs < params.epochs {
            net = net.moved(&set.gradient(&net), -params.lr);
            epochs += 1;
            cell_ctx.tick(epochs, params.epochs)?;
        }
        let [direction, _] = Form::new(&set.x, &set.y, 1).extremes().expect("the weighted sum of inputs");
        let cosine = net.alignment(&direction);
        Ok([cell as f64, epochs as f64, set.loss(&net) / first, cosine])
    })?;
    results.value("trained.aligned", rows.iter().filter(|row| row[3] > 0.999).count() as f64);
    results.value("trained.sets", rows.len() as f64);
    results.frame("trained", Frame::from_rows(&["set", "epochs", "loss", "cosine"], rows));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
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

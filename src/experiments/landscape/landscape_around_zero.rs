//! The loss landscape around zero: neurons do not meet, and each turns to one of at most 2p directions (slide of that name).
//! Nothing is trained but a check network; the rest is the slide's own decoupled flow.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::stats::linspace;
use condense_nn::measures::similarity::cosines_in_blocks;
use condense_nn::nets::bias::with_bias;
use condense_nn::nets::tanh_net::TanhNet;
use condense_nn::tasks::task::{TWO_WAVES, two_waves, wave};
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
        /// Data sets on which the directions of multiplicity 3 are counted, …
        pub draws: usize = 100, at_least 1;
        /// … each from so many random directions.
        pub starts: usize = 64, at_least 1;
        /// Neurons of the similarity matrices (first data set).
        pub shown: usize = 60;
        /// Samples of the one-dimensional set: `y = sin 3x + ½ sin 6x` on [−1, 1.5], as in the source.
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
        cubic(params, ctx, &mut results)?;
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
        counts.push([p, *count as f64, *misalignment]);
        if set == 0 {
            let cosines = cosines_in_blocks(shown);
            similarity.extend(cosines.indexed_iter().map(|((j, k), &cosine)| [p, j as f64, k as f64, cosine]));
        }
    }
    for p in ORDERS {
        let own: Vec<_> = counts.iter().filter(|row| row[0] == p as f64).collect();
        results.value(&format!("p{p}.fewest"), own.iter().map(|row| row[1]).fold(f64::MAX, f64::min));
        results.value(&format!("p{p}.most"), own.iter().map(|row| row[1]).fold(0.0, f64::max));
        if p <= 2 {
            results.value(&format!("p{p}.misalignment"), own.iter().map(|row| row[2]).fold(0.0, f64::max));
        }
    }
    // Orthogonal inputs, equal targets: g = Σ u_c³, which has more than three maxima on the sphere.
    let axes = Form::new(&Array2::eye(d), &vec![1.0; d], 3);
    let ends = axes.ends(params.neurons, params.steps, &mut ctx.rng("directions"));
    results.value("axes.directions", distinct(&ends, SAME).len() as f64);
    results.frame("similarity", Frame::from_rows(&["p", "row", "column", "cosine"], similarity));
    Ok(())
}

/// Multiplicity 3 on many data sets: how many directions attract, and whether each is a maximum.
///
/// The form is odd, so neurons with `a < 0` end opposite to those with `a > 0`: twice as many directions as maxima.
fn cubic(params: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let rows = ctx.cells("cubic", params.draws, |cell, cell_ctx| {
        let set = data(params, ctx, cell);
        let (form, mut rng) = (Form::new(&set.x, &set.y, 3), cell_ctx.rng("directions"));
        let starts = (0..params.starts).map(|_| rng.normals(params.inputs + 1, 1.0));
        let ends: Vec<_> = starts.filter_map(|start| form.summit(&start, 1.0, params.steps)).collect();
        let maxima = distinct(&ends, SAME);
        let bend = maxima.iter().map(|u| form.bend(u, 1.0)).fold(f64::MIN, f64::max);
        Ok([2.0 * maxima.len() as f64, bend, (params.starts - ends.len()) as f64])
    })?;
    let most = rows.iter().map(|row| row[0]).fold(0.0, f64::max);
    let sets_of = |count: f64| rows.iter().filter(|row| row[0] == count).count() as f64;
    results.value("cubic.over", rows.iter().filter(|row| row[0] > 6.0).count() as f64);
    results.value("cubic.share", results.values["cubic.over"] / rows.len() as f64);
    results.value("cubic.most", most);
    results.value("cubic.bend", rows.iter().map(|row| row[1]).fold(f64::MIN, f64::max));
    results.value("cubic.lost", rows.iter().map(|row| row[2]).sum::<f64>());
    let bars = (1..=(most / 2.0) as usize).map(|half| 2.0 * half as f64).map(|count| [count, sets_of(count)]);
    results.frame("cubic", Frame::from_rows(&["directions", "sets"], bars));
    Ok(())
}

/// One-dimensional data: the field of the `(w, b)` plane, its attracting rays, and paths of neurons with `a > 0`.
fn plane(params: &Params, ctx: &Context, results: &mut Results) {
    let data = Landscape::of(two_waves, &linspace(TWO_WAVES[0], TWO_WAVES[1], params.line_samples));
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
    results.value("plane.right", data.x[[params.line_samples - 1, 0]]);
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
        let params = Params {
            sets: 1,
            draws: 2,
            starts: 4,
            neurons: 16,
            shown: 4,
            trained: 1,
            width: 4,
            std: 1e-2,
            ..Params::default()
        };
        let run = || LandscapeAroundZero::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!((&results, results.fault()), (&run(), None));
        assert_eq!((results.values["p1.most"], results.values["p2.most"]), (2.0, 4.0));
        assert_eq!(results.values["plane.right"], 1.5);
        assert!(["p1.misalignment", "p2.misalignment", "plane.error"].iter().all(|name| results.values[*name] < 1e-2));
    }
}

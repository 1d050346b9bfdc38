//! Condensed critical points exist: a narrow critical point, split, is a strict saddle of every wider loss (slide "Existance of condensed
//! critical points"). It knows no training but the few epochs from which the search for the point on Iris starts.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::powi;
use condense::num::newton::Ends;
use condense::num::vector::norm1;
use condense_nn::nets::sigmoid_net::SigmoidNet;
use condense_nn::tasks::{iris, mnist};
use condense_nn::theory::classes::Classes;
use condense_nn::theory::critical::{Inertia, Landscape};
use condense_nn::theory::embed::{split_equally, split_inertia};
use condense_nn::theory::search::{Found, Search};
use condense_nn::training::rule::Adam;

/// Hessian spectra of width-2 critical points and of their equal splits into widths 3 and 4: of tanh networks on the three-step data, and
/// of sigmoid networks of three outputs on Iris.
///
/// Source: Zhang et al., NeurIPS 2021, "Embedding Principle of Loss Landscape of Deep Neural Networks".
pub struct CondensedCriticalExistence;

params! {
    /// Settings.
    pub struct Params {
        /// Width of the narrow points.
        pub width: usize = 2, at_least 1;
        /// One narrow neuron is split into up to this many.
        pub parts: usize = 3, at_least 1;
        /// Random starts of the solver on the three-step data; the critical point of lowest loss is taken.
        pub starts: usize = 24, at_least 1;
        /// Standard deviations of those starts: output weight, input weight, bias.
        pub std: [f64; 3] = [2.0, 0.7, 4.0], such_that |std| std.iter().all(|std| *std > 0.0), "must be above 0";
        /// Most steps of Levenberg–Marquardt, and again of Newton.
        pub steps: usize = 150;
        /// Eigenvalues up to this size count as zero (the source's dashed line).
        pub zero: f64 = 1e-11, above 0.0;
        /// SHA-256 of the table of Iris flowers. Another one is refused.
        pub sha256: String = String::new(), such_that |digest| mnist::is_digest(digest),
            "must be a digest of 64 hexadecimal digits in lower case";
        /// Trainings on Iris, from normal weights of standard deviation `width`⁻³.
        pub trainings: usize = 70, at_least 1;
        /// Newton's method starts from them after these epochs.
        pub epochs: Vec<usize> = vec![3, 10, 20, 30, 40, 60, 80],
            such_that |epochs| !epochs.is_empty() && epochs.is_sorted() && epochs[0] > 0, "must be positive and rise";
        /// Its most steps there.
        pub polish: usize = 60;
        /// It is given up where a weight is larger than this: Iris has minima at infinity.
        pub reach: f64 = 60.0, above 0.0;
        /// Learning rate of Adam.
        pub rate: f64 = 0.02, above 0.0;
    }
}

/// Eigenvalues are drawn no lower than this.
const FLOOR: f64 = 1e-18;
/// `‖∇R‖₁` up to which a point on Iris is critical.
const CRITICAL: f64 = 1e-12;

/// A point with what the rule of splits says of its Hessian.
struct Point {
    width: usize,
    loss: f64,
    gradient: f64,
    spectrum: Vec<f64>,
    rule: Inertia,
}

impl Experiment for CondensedCriticalExistence {
    type Params = Params;

    fn working_set(params: &Params) -> Option<usize> {
        // The Hessian of the widest network, with its eigenvectors and tangent functions, and every start's network.
        let parameters = 8 * (params.width + params.parts);
        Some(
            8 * parameters * (parameters + 450) + (params.starts + params.trainings * params.epochs.len()) * parameters,
        )
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let synthetic = synthetic(params, ctx, &mut results)?;
        show("synthetic", &synthetic, params, &mut results);
        let flowers = flowers(params, ctx, &mut results)?;
        show("iris", &flowers, params, &mut results);
        Ok(results)
    }
}

/// The lowest critical point on the three-step data, its smaller neuron split.
fn synthetic(params: &Params, ctx: &Context, results: &mut Results) -> Result<Vec<Point>, Stop> {
    let landscape = Landscape::three_steps();
    let search = Search { landscape: &landscape, starts: params.starts, std: params.std, steps: params.steps };
    let found = search.lowest(&[params.width], ctx)?;
    let Found { point: narrow, starts } = &found[0];
    results.value("loss", narrow.loss);
    results.value("starts.lowest", *starts as f64);
    for (k, &a) in narrow.net.a.iter().enumerate() {
        results.value(&format!("neuron{}.a", k + 1), a);
    }
    let before = Inertia::of(&landscape.spectrum(&narrow.net), params.zero);
    // Of one split, whatever its shares; each further copy adds the same.
    let after = split_inertia(&landscape, &narrow.net, params.width - 1, 0.5, params.zero);
    let of_parts = |parts: usize| {
        let net = split_equally(&narrow.net, params.width - 1, parts);
        let add = |from: usize, to: usize| from + (parts - 1) * (to - from);
        Point {
            width: net.width(),
            loss: landscape.loss(&net),
            gradient: norm1(&landscape.gradient(&net)),
            spectrum: landscape.spectrum(&net),
            rule: Inertia {
                negative: add(before.negative, after.negative),
                zero: add(before.zero, after.zero),
                positive: add(before.positive, after.positive),
            },
        }
    };
    Ok((1..=params.parts).map(of_parts).collect())
}

/// Critical points on Iris that Newton's method finds from early epochs of training; the lowest without zero eigenvalues, split at the
/// neuron of smaller output weights. All of them, with what one split of either neuron adds, are a table.
fn flowers(params: &Params, ctx: &Context, results: &mut Results) -> Result<Vec<Point>, Stop> {
    let (x, y) = iris::flowers(ctx, &params.sha256)?;
    let (classes, sizes) = (Classes { x, y }, [5, params.width, iris::SPECIES.len()]);
    let adam = Adam { rate: params.rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    let std = powi(params.width as f64, -3);
    let end = Ends { steps: params.polish, halvings: 12, reach: params.reach };
    let ends = ctx.cells("iris", params.trainings, |_, ctx| {
        let start = SigmoidNet::random(sizes, std, &mut ctx.rng("weights"));
        let ends = classes.trained(&start, adam, &params.epochs, ctx)?;
        let polished = |(at, net): (usize, &SigmoidNet)| {
            ctx.tick(at, ends.len())?;
            Ok(classes.polished(net, end).theta())
        };
        ends.iter().enumerate().map(polished).collect::<Result<Vec<_>, Stop>>()
    })?;
    let slope = |net: &SigmoidNet| norm1(&classes.gradient(net));
    let isolated =
        |net: &SigmoidNet| slope(net) <= CRITICAL && Inertia::of(&classes.spectrum(net), params.zero).zero == 0;
    let ends: Vec<SigmoidNet> = ends.iter().flatten().map(|theta| SigmoidNet::from_theta(sizes, theta)).collect();
    let mut found: Vec<SigmoidNet> = ends.iter().filter(|net| isolated(net)).cloned().collect();
    results.value("iris.runs", ends.len() as f64);
    results.value("iris.ends", found.len() as f64);
    if found.is_empty() {
        // The claims tell that it is none.
        found.extend(ends.into_iter().min_by(|one, other| slope(one).total_cmp(&slope(other))));
    }
    found.sort_by(|one, other| classes.loss(one).total_cmp(&classes.loss(other)));
    found.dedup_by(|one, other| (classes.loss(one) - classes.loss(other)).abs() < 1e-9);
    let lowest = found.first().ok_or_else(|| Stop::failed("no training on Iris"))?;

    let (mut table, mut violations) = (Vec::new(), 0);
    for net in &found {
        let narrow = Inertia::of(&classes.spectrum(net), params.zero);
        for j in 0..params.width {
            let wide = Inertia::of(&classes.spectrum(&net.split_equally(j, 2)), params.zero);
            violations += usize::from(wide != classes.split_inertia(net, j, 2, params.zero));
            let counts = [narrow.negative, wide.negative, wide.negative - narrow.negative].map(|count| count as f64);
            table.push([classes.loss(net), j as f64 + 1.0, counts[0], counts[1], counts[2]]);
        }
    }
    results.value("iris.points", found.len() as f64);
    results.value("iris.violations", violations as f64);
    results.value("iris.least", table.iter().map(|row| row[4]).fold(f64::MAX, f64::min));
    results.value("iris.fewest", table.iter().map(|row| row[2]).fold(f64::MAX, f64::min));
    results.value("iris.most", table.iter().map(|row| row[2]).fold(0.0, f64::max));
    results.frame("found", Frame::from_rows(&["loss", "neuron", "narrow", "wide", "added"], table));

    let size = |k: usize| norm1(&lowest.a.row(k).to_vec());
    let smaller = (0..params.width).min_by(|&j, &k| size(j).total_cmp(&size(k))).unwrap_or(0);
    let of_parts = |parts: usize| {
        let net = lowest.split_equally(smaller, parts);
        Point {
            width: net.sizes()[1],
            loss: classes.loss(&net),
            gradient: norm1(&classes.gradient(&net)),
            spectrum: classes.spectrum(&net),
            rule: classes.split_inertia(lowest, smaller, parts, params.zero),
        }
    };
    Ok((1..=params.parts).map(of_parts).collect())
}

/// Spectra and table of one column of the figure.
fn show(name: &str, points: &[Point], params: &Params, results: &mut Results) {
    let (mut spectra, mut table, mut violations) = (Vec::new(), Vec::new(), 0);
    let (mut change, mut gradient) = (0.0f64, 0.0f64);
    for Point { width, loss, gradient: slope, spectrum, rule } in points {
        let inertia = Inertia::of(spectrum, params.zero);
        violations += usize::from(inertia != *rule);
        change = change.max((loss - points[0].loss).abs());
        gradient = gradient.max(*slope);
        for (at, value) in spectrum.iter().enumerate() {
            let size = value.abs().max(FLOOR);
            spectra.push([*width as f64, at as f64 + 1.0, *value, size, value.signum()]);
        }
        let counts = [inertia.negative, inertia.zero, inertia.positive].map(|count| count as f64);
        for (kind, count) in ["negative", "zero", "positive"].iter().zip(counts) {
            results.value(&format!("{name}.m{width}.{kind}"), count);
        }
        table.push([*width as f64, *loss, *slope, spectrum[0], counts[0], counts[1], counts[2]]);
    }
    results.value(&format!("{name}.loss"), points[0].loss);
    results.value(&format!("{name}.change"), change);
    results.value(&format!("{name}.gradient"), gradient);
    results.value(&format!("{name}.rule"), violations as f64);
    let [first, last] = [&table[0], &table[table.len() - 1]];
    results.value(&format!("{name}.added"), (last[4] - first[4]) / (last[0] - first[0]).max(1.0));
    results.frame(
        &format!("{name}_spectra"),
        Frame::from_rows(&["width", "index", "eigenvalue", "size", "sign"], spectra),
    );
    let heads = ["width", "loss", "gradient", "lowest", "negative", "zero", "positive"];
    results.frame(&format!("{name}_points"), Frame::from_rows(&heads, table));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn the_rule_of_splits_holds_in_both_columns_which_are_twice_the_same() {
        // Forty made-up flowers.
        let row = |k: usize| {
            let length = |c: usize| ((c + 1) * (k % 3 + 1)) as f64 + 0.1 * ((k * (c + 3) * 7) % 11) as f64;
            format!("{},{},{},{},{}\n", length(0), length(1), length(2), length(3), iris::SPECIES[k % 3])
        };
        let table = (0..40).fold("heads\n".to_owned(), |table, k| table + &row(k));
        let sha256 = mnist::hexadecimal(table.as_bytes());
        let inputs = BTreeMap::from([(iris::FILE.to_owned(), table.into_bytes())]);
        let params = Params { starts: 6, sha256, trainings: 2, polish: 40, ..Params::default() };
        let run = || CondensedCriticalExistence::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        let kinds = ["negative", "zero", "positive"];
        let counts = |m| kinds.map(|kind| results.values[&format!("synthetic.m{m}.{kind}")]);
        assert_eq!([counts(2), counts(3), counts(4)], [[0.0, 0.0, 6.0], [1.0, 1.0, 7.0], [2.0, 2.0, 8.0]]);
        assert_eq!(
            results.values["iris.violations"] + results.values["iris.rule"] + results.values["synthetic.rule"],
            0.0
        );
    }
}

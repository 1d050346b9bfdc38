//! A small start against a large one: how many samples recover a narrow target, in three models (slides "Condensation improves sample
//! efficiency" and "Picture of sample size requirement"). The network's attempts end by a second-order method.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::stats::{mean, median};
use condense_nn::measures::recovery::{at_least, threshold};
use condense_nn::nets::bilinear::Bilinear;
use condense_nn::nets::windows::Layout;
use condense_nn::tasks::products::{Descent, MATRICES, PLANES, SIDE, Trials};
use condense_nn::tasks::recovery::{Attempts, Drawn, INPUTS, Study, TERMS, directions, three_windows};

/// Test error over samples of a wide fully connected network from two starts, and two models that are products of parameters.
///
/// The network and its target are those of Zhang et al., JMLR 26 (2025), Fig. 3 (10x); the products those of arXiv:2211.11623, Figs. 1 and 2.
pub struct CondensationSampleEfficiency;

params! {
    /// Settings.
    pub struct Params {
        /// The network has three times so many neurons: 7 parameters each.
        pub kernels: usize = 10, at_least 1;
        /// Numbers of samples at both starts …
        pub sizes: Vec<usize> = vec![9, 15, 21, 24, 27, 30, 36, 42, 48, 63], rising_from 1;
        /// … and further ones at the large start.
        pub more_sizes: Vec<usize> = vec![84, 126, 168, 210], rising_from 1;
        /// Draws of samples and start.
        pub trials: usize = 4, at_least 1;
        /// Standard deviation of all parameters at the small start, which condenses.
        pub small_std: f64 = 1e-5, above 0.0;
        /// Its learning rates; the one with the least median test error is taken at each size.
        pub small_rates: Vec<f64> = vec![0.2, 0.5], finite;
        /// Standard deviation at the large start.
        pub large_std: f64 = 1.0, above 0.0;
        /// Its learning rates: those of the small start diverge here.
        pub large_rates: Vec<f64> = vec![0.02, 0.05], finite;
        /// Steps of gradient descent from either.
        pub steps: usize = 20_000, at_least 1;
        /// Most steps of Levenberg–Marquardt afterwards.
        pub finish: usize = 60, at_least 1;
        /// Directions are counted at this number of samples: the first of `sizes` that has so many, else the last.
        pub counted: usize = 30, at_least 1;
        /// Test points.
        pub test: usize = 1000, at_least 1;
        /// Standard deviation at the start of the products.
        pub product_std: f64 = 1e-4, above 0.0;
        /// Trials of each plane, `θ_0 + θ_1 x_1 + θ_2 θ_3 x_2`; its rate is 0.1.
        pub plane_trials: usize = 100, at_least 1;
        /// Trials of each matrix `AB`; its rate is 0.05.
        pub matrix_trials: usize = 25, at_least 1;
        /// Training of a product ends when its mean square error is below this …
        pub tolerance: f64 = 1e-9, above 0.0;
        /// … or after so many steps.
        pub product_steps: usize = 20_000, at_least 1;
    }
}

/// A median test error of the network below this counts as "near", as in the maps.
const NEAR: f64 = 1e-2;
/// The most coefficients of a plane, and its samples: 1, 2, 3.
const POINTS: usize = 3;

impl Experiment for CondensationSampleEfficiency {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // Eight networks at the test points, and a tangent.
        let (width, most) = (TERMS * p.kernels, *p.more_sizes.last()?);
        Some(8 * width * (p.test + most) + width * (INPUTS + 2) * (most + width * (INPUTS + 2)))
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        network(p, ctx, &mut results)?;
        planes(p, ctx, &mut results)?;
        matrices(p, ctx, &mut results)?;
        Ok(results)
    }
}

/// The network from both starts, on the same samples.
fn network(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let sizes: Vec<usize> = p.sizes.iter().chain(&p.more_sizes).copied().collect();
    let most = sizes.iter().copied().max().unwrap_or(1);
    let pool = |trial: usize| Drawn::of(three_windows, most, INPUTS, &mut ctx.rng(&format!("samples/{trial}")));
    let study = |std: f64, rates: &[f64]| Study {
        pools: (0..p.trials).map(pool).collect(),
        test: Drawn::of(three_windows, p.test, INPUTS, &mut ctx.rng("test")),
        rates: rates.to_vec(),
        std,
        steps: p.steps,
        finish: p.finish,
    };
    let (small, large) = (study(p.small_std, &p.small_rates), study(p.large_std, &p.large_rates));
    let layout = Layout::<INPUTS>::full(TERMS * p.kernels);
    let counted = p.sizes.iter().position(|&n| n >= p.counted).unwrap_or(p.sizes.len() - 1);
    let (mut firsts, mut counts, mut never) = (Vec::new(), Vec::new(), 0);
    for (name, study, sizes) in [("small", &small, &p.sizes), ("large", &large, &sizes)] {
        let look = |theta: &[f64]| directions(&layout, theta);
        let attempts = ctx.cells(name, sizes.len(), |at, ctx| study.seen(&layout, sizes[at], look, ctx))?;
        let attempts: Vec<Attempts> = attempts.iter().map(|attempts| study.taken(attempts)).collect();
        let medians: Vec<f64> = attempts.iter().map(|attempts| median(&attempts.finished)).collect();
        firsts.push(at_least(sizes, &medians, NEAR));
        never += usize::from(threshold(sizes, &medians, NEAR).is_none());
        counts.push(median(&attempts[counted].looks));
        let row = |(attempts, &n): (&Attempts, &usize)| {
            let most = |all: &[f64], pick: fn(f64, f64) -> f64| all.iter().copied().reduce(pick).unwrap_or(0.0);
            let Attempts { finished, losses, looks, .. } = attempts;
            let [low, high] = [f64::min, f64::max].map(|pick| most(finished, pick));
            [n as f64, median(finished), low, high, most(losses, f64::max), median(looks)]
        };
        let rows: Vec<[f64; 6]> = attempts.iter().zip(sizes).map(row).collect();
        results.value(&format!("network.{name}"), firsts[firsts.len() - 1]);
        // From as many samples as parameters on, hardly anything but the target fits.
        let fitted = rows.iter().filter(|row| row[0] < layout.parameters as f64).map(|row| row[4]);
        results.value(&format!("network.{name}.loss"), fitted.fold(0.0, f64::max));
        results.value(&format!("network.{name}.directions"), counts[counts.len() - 1]);
        let columns = ["n", "median", "low", "high", "loss", "directions"];
        results.frame(&format!("network-{name}"), Frame::from_rows(&columns, rows));
    }
    let (optimistic, parameters) = (((INPUTS + 2) * TERMS) as f64, layout.parameters as f64);
    for (name, value) in [
        ("optimistic", optimistic),
        ("parameters", parameters),
        ("neurons", (TERMS * p.kernels) as f64),
        ("never", never as f64),
        ("small.above", firsts[0] - optimistic),
        ("gain", firsts[1] / firsts[0]),
        ("large.share", firsts[1] / parameters),
        ("counted", p.sizes[counted] as f64),
        ("directions.ratio", counts[0] / counts[1]),
    ] {
        results.value(&format!("network.{name}"), value);
    }
    let marks =
        Frame::from_rows(&["n", "y"], [[optimistic, 4.0], [firsts[0], 3.0], [firsts[1], 2.0], [parameters, 1.0]]);
    let words = ["optimistic sample size O", "small start", "large start", "parameters M"];
    results.frame("picture", marks.with_words("what", words));
    Ok(())
}

/// The trials at one target and number of samples: what [`SUMMARY`] names.
fn summary(place: [f64; 2], trials: &Trials) -> [f64; 5] {
    [place[0], place[1], trials.mean, trials.shown(), trials.share]
}

const SUMMARY: [&str; 5] = ["target", "n", "mean", "shown", "share"];

/// The linear model and the one with a product, each on seven targets at 1, 2 and 3 samples.
fn planes(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let descent = Descent { std: p.product_std, rate: 0.1, tolerance: p.tolerance, steps: p.product_steps };
    for (name, model) in [("linear", Bilinear::linear(POINTS)), ("product", Bilinear::with_product())] {
        let rows = ctx.cells(name, PLANES.len() * POINTS, |cell, ctx| {
            let (target, n, mut rng) = (cell / POINTS, cell % POINTS + 1, ctx.rng("trials"));
            let trial = || descent.plane(&model, &PLANES[target].1, n, &mut rng);
            Ok(summary([target as f64 + 1.0, n as f64], &descent.trials(p.plane_trials, ctx, trial)?))
        })?;
        // The rank: 3, but 2 for a target without x_2 in the model with the product.
        let rank = |target: f64| if name == "product" && PLANES[target as usize - 1].1[2] == 0.0 { 2.0 } else { 3.0 };
        verdict(name, &rows, rank, results);
        let words = rows.iter().map(|row| PLANES[row[0] as usize - 1].0);
        results.frame(name, Frame::from_rows(&SUMMARY, &rows).with_words("words", words));
    }
    Ok(())
}

/// The eight matrices, at every number of entries that are seen.
fn matrices(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let descent = Descent { std: p.product_std, rate: 0.05, tolerance: p.tolerance, steps: p.product_steps };
    let entries = SIDE * SIDE;
    let rows = ctx.cells("matrices", MATRICES.len() * entries, |cell, ctx| {
        let (target, n, mut rng) = (cell / entries, cell % entries + 1, ctx.rng("trials"));
        let trial = || descent.completion(&MATRICES[target], n, &mut rng);
        Ok(summary([target as f64 + 1.0, n as f64], &descent.trials(p.matrix_trials, ctx, trial)?))
    })?;
    let rank = |target: f64| {
        // 2 r d − r² for rank r: 1, 1, 2, 2, 2 (as printed), 3, 4, 4.
        let r = [1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 4.0][target as usize - 1];
        r * (2.0 * SIDE as f64 - r)
    };
    verdict("matrix", &rows, rank, results);
    let edges: Vec<[f64; 3]> =
        (1..=MATRICES.len()).map(|k| k as f64).map(|k| [rank(k) - 0.5, k - 0.5, k + 0.5]).collect();
    results.frame("edges", Frame::from_rows(&["x", "from", "to"], edges));
    results.frame("matrix", Frame::from_rows(&SUMMARY, rows));
    Ok(())
}

/// Recoveries below the rank, and shares of recovery at it and with all samples.
fn verdict(name: &str, rows: &[[f64; 5]], rank: impl Fn(f64) -> f64, results: &mut Results) {
    let below = rows.iter().filter(|row| row[1] < rank(row[0])).map(|row| row[4]).fold(0.0, f64::max);
    let at: Vec<f64> = rows.iter().filter(|row| row[1] == rank(row[0])).map(|row| row[4]).collect();
    let first: Vec<f64> = rows.iter().filter(|row| row[0] <= 2.0 && row[1] == rank(row[0])).map(|row| row[4]).collect();
    results.value(&format!("{name}.below"), below);
    results.value(&format!("{name}.at"), at.iter().copied().fold(1.0, f64::min));
    results.value(&format!("{name}.at.first"), mean(&first));
    let last = rows.iter().map(|row| row[1]).fold(0.0, f64::max);
    let all = rows.iter().filter(|row| row[1] == last).map(|row| row[4]);
    results.value(&format!("{name}.all"), all.fold(1.0, f64::min));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself() {
        let params = Params {
            kernels: 1,
            sizes: vec![3, 6],
            more_sizes: vec![8, 9],
            trials: 2,
            steps: 10,
            finish: 2,
            test: 10,
            plane_trials: 1,
            matrix_trials: 1,
            product_steps: 10,
            ..Params::default()
        };
        assert_eq!(CondensationSampleEfficiency::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| {
            CondensationSampleEfficiency::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run")
        };
        assert_eq!(run(0).fault(), None);
        assert_eq!(run(0), run(0));
        assert_ne!(run(0), run(1));
    }
}

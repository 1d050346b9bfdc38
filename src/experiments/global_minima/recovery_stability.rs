//! From which sample size a network near the target finds it, branch by branch (slide "Stability of target branches underlies final
//! condensation"): theorem 5.4's table, flows from disturbed points, the algebraic test of the line, and the two-neuron study.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::{ln, log10};
use condense::num::rng::Stream;
use condense::num::stats::{linspace, mean, median};
use condense_nn::nets::pair::{PairLoss, Theta, Unit, output};
use condense_nn::theory::branches::{Branch, Target};
use condense_nn::theory::even_pair;
use condense_nn::training::descend::follow;

/// Fractions of sample sets at which a flow from near a branch regains the target function.
///
/// Sources: Zhang et al., arXiv:2309.00508, theorem 5.4; "Disentangle Sample Size and Initialization Effect", figures 1, 3, 4.
pub struct RecoveryStability;

params! {
    /// Settings.
    pub struct Params {
        /// Sample sizes of the flows near the branches.
        pub sizes: Vec<usize> = vec![2, 3, 4, 5, 6, 7], rising_from 1;
        /// Sample sets of each size.
        pub sets: usize = 100, at_least 1;
        /// Standard deviation of the inputs.
        pub std: f64 = 1.5, above 0.0;
        /// Standard deviation of the disturbance of the branch point.
        pub kick: f64 = 0.03, above 0.0;
        /// A flow ends at the second time; what its error does from the first on tells whether it has stopped.
        pub window: [f64; 2] = [1e10, 1e12], rising;
        /// Sample sets for the algebraic test of the line.
        pub forms: usize = 1000, at_least 1;
        /// Part of a step's length that its error may be.
        pub tolerance: f64 = 1e-3, above 0.0;
        /// Even sample sizes of the two-neuron study.
        pub even: Vec<usize> = vec![2, 3, 4, 5, 6], rising_from 2;
        /// Its scales of random starts.
        pub scales: Vec<f64> = vec![1e-6, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0],
            such_that |scales| scales.iter().all(|s| *s > 0.0), "must be above 0";
        /// Its draws of each scale.
        pub draws: usize = 30, at_least 1;
        /// Its flows end at this time.
        pub until: f64 = 1e7, above 0.0;
        /// Ratios `c` of its starts on the growing direction, evenly spaced over [0, 2].
        pub ratios: usize = 81, at_least 2;
        /// Times at which the border between the line and the plane is looked for.
        pub border: Vec<f64> = vec![5e4, 5e5, 1e7, 1e9, 1e11],
            such_that |border| !border.is_empty() && border.iter().all(|t| *t > 0.0), "must hold times above 0";
        /// Halvings of the interval [1, 2] of ratios that holds it.
        pub halvings: usize = 30;
    }
}

/// `ā` and `w̄` of the target, tanh.
const TARGET: Target = Target { unit: Unit::Tanh, a: 1.0, w: [1.0, 0.5] };
/// The points that are disturbed.
const BASES: [(Branch, Theta); 2] =
    [(Branch::Q1, [0.4, 1.0, 0.5, 0.6, 1.0, 0.5]), (Branch::Q2, [1.0, 1.0, 0.5, 0.0, -0.7, 1.2])];
/// Test points of the error.
const TESTS: usize = 200;
/// A mean square error below this is rounding.
const ROUNDING: f64 = 1e-24;
/// Errors of the two-neuron study are drawn no lower than this, as in the source.
const FLOOR: f64 = 1e-8;
/// Start of the flows on the growing direction.
const SCALE: f64 = 1e-8;

impl Experiment for RecoveryStability {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        Some(p.sizes.len() * p.sets * 8 + 4 * p.ratios * p.even.len() + p.draws * p.even.len() * p.scales.len())
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let trials = ctx.cells("sets", p.sizes.len(), |at, ctx| {
            (0..p.sets).map(|set| trial(p, p.sizes[at], set, ctx)).collect::<Result<Vec<_>, Stop>>()
        })?;
        let mut rows = Vec::new();
        for (n, trials) in p.sizes.iter().zip(&trials) {
            let share = |of: &dyn Fn(&[f64; 3]) -> f64| mean(&trials.iter().map(of).collect::<Vec<_>>());
            let shares = [share(&|t| t[0]), share(&|t| t[1]), share(&|t| t[2])];
            for (name, share) in ["q1", "q2", "pinned"].iter().zip(shares) {
                results.value(&format!("{name}.n{n}"), share);
            }
            results.value(&format!("agree.n{n}"), share(&|t| f64::from(u8::from(t[0] == t[2]))));
            rows.push([*n as f64, shares[0], shares[1], shares[2]]);
        }
        results.frame("recovered", Frame::from_rows(&["n", "q1", "q2", "pinned"], rows));
        let pinned = |n: usize| {
            let mut rng = ctx.rng(&format!("forms/{n}"));
            (0..p.forms).filter(|_| TARGET.forms(&samples(n, p.std, &mut rng)).pin_the_line()).count() as f64
                / p.forms as f64
        };
        for n in [4, 5, 6] {
            results.value(&format!("definite.n{n}"), pinned(n));
        }
        theorem(&mut results);
        random_starts(p, ctx, &mut results)?;
        ratios(p, ctx, &mut results)?;
        Ok(results)
    }
}

fn samples(n: usize, std: f64, rng: &mut Stream) -> Vec<[f64; 2]> {
    (0..n).map(|_| [std * rng.normal(), std * rng.normal()]).collect()
}

/// Whether flows near the line and near the plane regain the target, and whether the samples pin the line; each 0 or 1.
fn trial(p: &Params, n: usize, set: usize, ctx: &Context) -> Result<[f64; 3], Stop> {
    let mut rng = ctx.rng(&format!("set/{set}"));
    let loss = PairLoss::of(TARGET.unit, samples(n, p.std, &mut rng), &TARGET.pair(), 1.0);
    let tests = samples(TESTS, p.std, &mut ctx.rng("tests"));
    let error = |theta: &Theta| {
        let from = |x| output(TARGET.unit, theta, x) - output(TARGET.unit, &TARGET.pair(), x);
        mean(&tests.iter().map(|&x| from(x) * from(x)).collect::<Vec<_>>())
    };
    let mut recovered = [0.0; 3];
    for (found, (_, base)) in recovered.iter_mut().zip(&BASES) {
        let start = base.map(|at| at + p.kick * rng.normal());
        let seen = follow(&loss, &start, &p.window, p.tolerance, ctx)?;
        let [early, late] = [error(&seen[0].theta), error(&seen[1].theta)];
        // The error of a flow that has stopped at another interpolator has slope 0, that of one on its way to the line -2.
        let slope = ln(late / early.max(f64::MIN_POSITIVE)) / ln(p.window[1] / p.window[0]);
        *found = f64::from(u8::from(late < ROUNDING || slope < -1.0));
    }
    recovered[2] = f64::from(u8::from(TARGET.forms(&loss.x).pin_the_line()));
    Ok(recovered)
}

/// The theorem's bounds at width 2, target width 1, two inputs: none of Q^r up to `r + (r - l) d`, almost all from `r + (m + m₀ - r) d`.
fn theorem(results: &mut Results) {
    let (m, m0, d) = (2usize, 1usize, 2usize);
    let rows = (m0..=m).map(|r| {
        // At least so many of the neurons beyond the target's are alone in their direction, and hence silent.
        let silent = (2 * r).saturating_sub(m + m0);
        [r as f64, (r + (r - silent) * d) as f64, (r + (m + m0 - r) * d) as f64]
    });
    let rows: Vec<[f64; 3]> = rows.collect();
    results.value("theorem.equality", rows.iter().filter(|row| row[1] >= row[2]).count() as f64);
    let table = Frame::new().with_words("branch", ["Q1 (r = 1)", "Q2, Q3 (r = 2)"]);
    let column = |at: usize| rows.iter().map(move |row| row[at]);
    results.frame("theorem", table.with("none", column(1)).with("almost", column(2)));
}

/// The two-neuron study from random starts: errors by sample size and scale.
fn random_starts(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let errors = ctx.cells("even", p.even.len() * p.scales.len(), |cell, ctx| {
        let (loss, scale) = (even_pair::loss(p.even[cell / p.scales.len()]), p.scales[cell % p.scales.len()]);
        let mut rng = ctx.rng("starts");
        let draw = |_| {
            let start: Theta = std::array::from_fn(|_| scale * rng.normal());
            let seen = follow(&loss, &start, &[p.until], p.tolerance, ctx)?;
            Ok(even_pair::error(&seen[0].theta).max(FLOOR))
        };
        (0..p.draws).map(draw).collect::<Result<Vec<f64>, Stop>>()
    })?;
    let mut rows = Vec::new();
    for (cell, errors) in errors.iter().enumerate() {
        let (n, scale) = (p.even[cell / p.scales.len()], p.scales[cell % p.scales.len()]);
        let met = errors.iter().filter(|error| **error <= FLOOR).count() as f64 / errors.len() as f64;
        rows.push([n as f64, scale, mean(errors), median(errors), met]);
    }
    for row in &rows {
        let place = p.scales.iter().position(|scale| *scale == row[1]).unwrap_or(0);
        results.value(&format!("even.n{}.s{place}.met", row[0]), row[4]);
        results.value(&format!("even.n{}.s{place}.median", row[0]), row[3]);
    }
    results.frame("even", Frame::from_rows(&["n", "scale", "mean", "median", "met"], rows));
    Ok(())
}

/// The two-neuron study from the growing direction: the error by ratio and sample size, the limit, and the border of the line's basin.
fn ratios(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let grid = linspace(0.0, 2.0, p.ratios);
    let rows = ctx.cells("ratios", p.even.len(), |at, ctx| {
        let loss = even_pair::loss(p.even[at]);
        let end = |&c: &f64| {
            let theta = follow(&loss, &even_pair::start(&loss, SCALE, c), &[p.until], p.tolerance, ctx)?[0].theta;
            Ok([p.even[at] as f64, c, even_pair::error(&theta).max(FLOOR), theta[0], theta[3]])
        };
        grid.iter().map(end).collect::<Result<Vec<[f64; 5]>, Stop>>()
    })?;
    results.frame("ratios", Frame::from_rows(&["n", "c", "error", "a1", "a2"], rows.concat()));
    let loss = even_pair::loss(p.even[p.even.len() - 1]);
    let mut border = Vec::new();
    for &time in &p.border {
        let (mut line, mut plane) = (1.0, 2.0);
        for _ in 0..p.halvings {
            let c = 0.5 * (line + plane);
            let seen = follow(&loss, &even_pair::start(&loss, SCALE, c), &[time], p.tolerance, ctx)?;
            if even_pair::TARGET.nearest(&seen[0].theta).0 == Branch::Q1 { line = c } else { plane = c }
        }
        border.push([time, log10(time), 0.5 * (line + plane)]);
    }
    results.value("border.early", border[0][2]);
    results.value("border", border[border.len() - 1][2]);
    results.frame("border", Frame::from_rows(&["t", "decades", "c"], border));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn three_samples_recover_nothing_and_repeat_it() {
        let params = Params {
            sizes: vec![3, 8],
            sets: 3,
            window: [1e5, 1e7],
            forms: 5,
            even: vec![3, 6],
            scales: vec![0.1],
            draws: 2,
            ratios: 3,
            border: vec![1e3],
            halvings: 2,
            ..Params::default()
        };
        assert_eq!(RecoveryStability::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| RecoveryStability::run(&params, &Context::new(seed, &inputs, &Inline)).expect("results");
        let results = run(0);
        assert_eq!(results, run(0));
        assert_ne!(results, run(1));
        assert_eq!(results.fault(), None);
        assert_eq!((results.values["q1.n3"], results.values["q2.n3"], results.values["q2.n8"]), (0.0, 0.0, 1.0));
        assert_eq!(results.values["theorem.equality"], 1.0);
    }
}

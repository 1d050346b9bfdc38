//! How fast gradient flow reaches the branches of global minima: as a power of time on the line, exponentially on the planes
//! (slide "Typical convergence rate for final condensation"). It draws no trajectories; those are another figure's.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::descent::Smooth as _;
use condense::num::eigen;
use condense::num::math::{exp, ln};
use condense::num::stats::{line_fit, linspace, logspace};
use condense::num::vector::norm;
use condense_nn::nets::pair::{PairLoss, Theta, Unit};
use condense_nn::theory::branches::{Branch, Target};
use condense_nn::theory::even_pair;
use condense_nn::training::descend::{Reached, follow};
use ndarray::Array2;

/// Three flows of `R = Σ r²` near the three branches, and the two-neuron study's flows of `½ Σ r²`.
///
/// Sources: Zhang et al., arXiv:2309.00508, theorem 5.3 and corollary 5.1 (rates); "Disentangle Sample Size and Initialization
/// Effect", figures 2 and 3. The law `R = 1 / (64 q t²)` on the line is derived on the page.
pub struct ConvergenceRates;

params! {
    /// Settings.
    pub struct Params {
        /// Samples of two normal inputs, n.
        pub samples: usize = 12, at_least 6;
        /// Their standard deviation.
        pub std: f64 = 1.5, above 0.0;
        /// Standard deviation of what is added to the branch points to start from.
        pub kick: f64 = 0.15, above 0.0;
        /// The flow to the line ends at this time.
        pub end: f64 = 1e9, above 0.0;
        /// Those to the planes end at this time.
        pub planes_end: f64 = 4000.0, above 1.0;
        /// Times between which the powers of time are fitted.
        pub window: [f64; 2] = [1e5, 1e7], rising;
        /// Losses between which the exponential rates are fitted: late, and well above rounding.
        pub band: [f64; 2] = [1e-24, 1e-12], rising;
        /// Part of a step's length that its error may be.
        pub tolerance: f64 = 1e-4, above 0.0;
        /// Even samples of the two-neuron study.
        pub even: usize = 6, at_least 3;
        /// Ratio of the two neurons at its start.
        pub ratio: f64 = 0.5;
        /// Scales of its start.
        pub scales: Vec<f64> = vec![1e-15, 1e-12, 1e-9, 1e-6, 1e-4],
            such_that |scales| scales.iter().all(|s| *s > 0.0 && *s < 0.1), "must lie between 0 and 0.1";
        /// The ratio of a start that leads to its line.
        pub line_ratio: f64 = 1.35;
    }
}

/// `ā` and `w̄` of the target, tanh.
const TARGET: Target = Target { unit: Unit::Tanh, a: 1.0, w: [1.0, 0.5] };
/// Times a decade.
const DENSE: usize = 20;

impl Experiment for ConvergenceRates {
    type Params = Params;

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let mut rng = ctx.rng("samples");
        let x: Vec<[f64; 2]> = (0..p.samples).map(|_| [p.std * rng.normal(), p.std * rng.normal()]).collect();
        let loss = PairLoss::of(TARGET.unit, x, &TARGET.pair(), 1.0);
        let mut rng = ctx.rng("starts");
        let starts = BASES.map(|(_, base)| base.map(|at| at + p.kick * rng.normal()));

        let times = decades(1.0, p.end);
        to_the_line(p, &loss, &follow(&loss, &starts[0], &times, p.tolerance, ctx)?, &mut results);
        let mut rates = Vec::new();
        for ((branch, _), start) in BASES.iter().zip(&starts).skip(1) {
            let seen = follow(&loss, start, &creeping(p.planes_end), p.tolerance, ctx)?;
            rates.push(to_a_plane(p, *branch, &loss, &seen, &mut results)?);
        }
        let column = |at: usize| rates.iter().map(move |rate| rate[at]);
        let table = Frame::new().with_words("branch", ["Q2", "Q3"]);
        results.frame("rates", table.with("rate", column(0)).with("law", column(1)).with("ratio", column(2)));
        collapse(p, ctx, &mut results)?;
        let even = even_pair::loss(p.even);
        let seen = follow(&even, &even_pair::start(&even, 1e-8, p.line_ratio), &times, p.tolerance, ctx)?;
        results.frame("even", courses(&seen, &even_pair::TARGET, Branch::Q1));
        results.value("even.slope", power(&seen, [p.end / 100.0, p.end], |at| at.loss));
        results.value("even.a2", seen[seen.len() - 1].theta[3]);
        Ok(results)
    }
}

/// The branch points near which the flows start.
const BASES: [(Branch, Theta); 3] = [
    (Branch::Q1, [0.4, 1.0, 0.5, 0.6, 1.0, 0.5]),
    (Branch::Q2, [1.0, 1.0, 0.5, 0.0, -0.7, 1.2]),
    (Branch::Q3, [0.0, 0.5, -1.3, 1.0, 1.0, 0.5]),
];

fn decades(from: f64, to: f64) -> Vec<f64> {
    let count = (DENSE as f64 * ln(to / from) / ln(10.0)).ceil() as usize + 1;
    logspace(from, to, count)
}

/// Times that grow by a hundredth and a little.
fn creeping(until: f64) -> Vec<f64> {
    std::iter::successors(Some(0.05), |t| Some(1.01 * t + 0.05)).take_while(|t| *t < until).collect()
}

/// The power of time that fits what is seen within the window.
fn power(seen: &[Reached], [from, to]: [f64; 2], of: impl Fn(&Reached) -> f64) -> f64 {
    // A hair of room: the grid meets the ends of the window but for rounding.
    let within = seen.iter().filter(|at| at.time >= from * 0.999 && at.time <= to * 1.001);
    let (time, size): (Vec<f64>, Vec<f64>) = within.map(|at| (ln(at.time), ln(of(at).max(f64::MIN_POSITIVE)))).unzip();
    line_fit(&time, &size).slope
}

fn courses(seen: &[Reached], target: &Target, branch: Branch) -> Frame {
    Frame::new()
        .with("t", seen.iter().map(|at| at.time))
        .with("loss", seen.iter().map(|at| at.loss))
        .with("distance", seen.iter().map(|at| target.distance(branch, &at.theta)))
}

/// The flow to the line: powers of time, and the law that has their factor, too.
fn to_the_line(p: &Params, loss: &PairLoss, seen: &[Reached], results: &mut Results) {
    let far = |at: &Reached| TARGET.distance(Branch::Q1, &at.theta);
    let last = seen[seen.len() - 1];
    let [a1, u, v, a2, _, _] = last.theta;
    let [bend, metric] = [1.0 / a1 + 1.0 / a2, 1.0 / (a1 * a1) + 1.0 / (a2 * a2)];
    let along = [u - TARGET.w[0], v - TARGET.w[1]];
    let quartic = 0.25 * bend * bend * TARGET.forms(&loss.x).size(along) / (metric * metric);
    let law = |t: f64| 1.0 / (64.0 * quartic * t * t);

    results.frame("line", courses(seen, &TARGET, Branch::Q1).with("law", seen.iter().map(|at| law(at.time))));
    let slopes = seen.windows(DENSE + 1).map(|decade| {
        let ends = [decade[0].time, decade[DENSE].time];
        [decade[DENSE / 2].time, power(decade, ends, |at| at.loss), power(decade, ends, far)]
    });
    results.frame("slopes", Frame::from_rows(&["t", "loss", "distance"], slopes));
    results.value("line.slope", power(seen, p.window, |at| at.loss));
    results.value("line.slope.distance", power(seen, p.window, far));
    results.value("line.slope.late", power(seen, [p.end / 100.0, p.end], |at| at.loss));
    results.value("line.law", last.loss / law(last.time));
    results.value("line.distance", far(&last));
    results.value("line.a1", a1);
    results
        .value("line.planes", TARGET.distance(Branch::Q2, &last.theta).min(TARGET.distance(Branch::Q3, &last.theta)));
}

/// The flow to a plane: its rate, the law `-2λ`, and their ratio.
fn to_a_plane(
    p: &Params,
    branch: Branch,
    loss: &PairLoss,
    seen: &[Reached],
    results: &mut Results,
) -> Result<[f64; 3], Stop> {
    let (name, key) = (branch.name(), branch.name().to_lowercase());
    let last = seen[seen.len() - 1];
    let hessian = loss.hessian(&last.theta);
    let spectrum = eigen::symmetric(&Array2::from_shape_fn((6, 6), |(i, j)| hessian[i][j])).0;
    let lambda = spectrum[branch.dimension()];
    let late: Vec<&Reached> = seen.iter().filter(|at| at.loss > p.band[0] && at.loss < p.band[1]).collect();
    if late.len() < 2 {
        return Err(Stop::failed(format!("the flow to {name} is not seen between the losses of `band`")));
    }
    let (time, size): (Vec<f64>, Vec<f64>) = late.iter().map(|at| (at.time, ln(at.loss))).unzip();
    let fit = line_fit(&time, &size);
    let shown: Vec<&Reached> = seen.iter().filter(|at| at.loss > p.band[0] * 1e-2).collect();
    let (anchor, of) = (late[0], |at: &Reached| at.loss);
    let table = Frame::new()
        .with("t", shown.iter().map(|at| at.time))
        .with("loss", shown.iter().map(|at| of(at)))
        .with("law", shown.iter().map(|at| anchor.loss * exp(-2.0 * lambda * (at.time - anchor.time))));
    results.frame(&format!("plane-{name}"), table);
    results.value(&format!("{key}.rate"), fit.slope);
    results.value(&format!("{key}.law"), -2.0 * lambda);
    results.value(&format!("{key}.ratio"), fit.slope / (-2.0 * lambda));
    results.value(&format!("{key}.distance"), TARGET.distance(branch, &last.theta));
    results
        .value(&format!("{key}.flat"), spectrum.iter().filter(|value| value.abs() < 1e-9 * spectrum[5]).count() as f64);
    Ok([fit.slope, -2.0 * lambda, fit.slope / (-2.0 * lambda)])
}

/// The two-neuron study from several scales: after a shift in time by `ln(1/scale) / ‖γ‖` there is one curve.
fn collapse(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let loss = even_pair::loss(p.even);
    let rate = norm(&even_pair::gamma(&loss));
    let shifted = linspace(-0.8, 25.0, 130);
    let (mut rows, mut curves) = (Vec::new(), Vec::new());
    for &scale in &p.scales {
        let shift = -ln(scale) / rate;
        let times: Vec<f64> = shifted.iter().map(|tau| tau + shift).collect();
        let seen = follow(&loss, &even_pair::start(&loss, scale, p.ratio), &times, p.tolerance, ctx)?;
        rows.extend(seen.iter().zip(&shifted).map(|(at, tau)| [scale, at.time, *tau, at.loss]));
        curves.push(seen);
    }
    let apart = |k: usize| {
        let logs = curves.iter().map(|curve| ln(curve[k].loss.max(1e-26)));
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        high - low
    };
    results.value("collapse.spread", (0..shifted.len()).map(apart).fold(0.0, f64::max));
    results.value("collapse.gamma", rate);
    results.value("scales", p.scales.len() as f64);
    results.frame("collapse", Frame::from_rows(&["scale", "t", "tau", "loss"], rows));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_short_run_has_the_rates_of_the_planes_and_repeats_itself() {
        let params = Params { end: 1e4, window: [1e2, 1e4], scales: vec![1e-6, 1e-4], ..Params::default() };
        assert_eq!(ConvergenceRates::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| ConvergenceRates::run(&params, &Context::new(seed, &inputs, &Inline)).expect("results");
        let results = run(0);
        assert_eq!(results, run(0));
        assert_ne!(results, run(1));
        assert_eq!(results.fault(), None);
        for name in ["q2.ratio", "q3.ratio"] {
            assert!((results.values[name] - 1.0).abs() < 0.01, "{name} {}", results.values[name]);
        }
        assert!(results.values["collapse.spread"] < 0.01, "{}", results.values["collapse.spread"]);
    }
}

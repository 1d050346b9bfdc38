//! The phase diagram of two-layer ReLU networks: by which power of the width their input weights move, over the phase plane.
//! It knows no single training in detail; of each it keeps how far the weights went.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math;
use condense::num::stats::{linspace, mean};
use condense_nn::theory::phase_plane::{Point, Regime};
use condense_nn::theory::scaling::{Scaling, zeros};
use condense_nn::theory::survey::{Survey, drawn_at};

/// The phase diagram of Luo, Xu, Ma & Zhang (JMLR 2021): theory (their Figure 1), and `S_w` measured over the plane.
pub struct PhaseDiagramTwoLayer;

params! {
    /// The authors' grid, widths and stopping rule; ours are the seeds, the representatives and the integrator's tolerance.
    pub struct Params {
        /// Columns of the map.
        pub gammas: Vec<f64> = vec![0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.2, 1.3, 1.4], rising;
        /// Rows of the map.
        pub gamma_primes: Vec<f64> = vec![-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4], rising;
        /// Points γ, at γ' = 0, where networks of full width are trained.
        pub lines: Vec<f64> = vec![0.5, 1.0, 1.75];
        /// Widths m over which the power is fitted, on the map and on the lines.
        pub widths: Vec<usize> = vec![1000, 5000, 10_000, 20_000, 40_000], rising_from 2;
        /// Points (γ, γ') that are followed to `far_widths`.
        pub far: Vec<[f64; 2]> = vec![[0.9, -0.3], [0.9, 0.2], [1.05, 0.3], [1.2, 0.4]];
        /// Widths beyond those of the map.
        pub far_widths: Vec<usize> = vec![1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000], rising_from 2;
        /// Except on the lines, a wider network is simulated by this many representative neurons.
        pub representatives: usize = 1000, at_least 1;
        /// Trainings for each point and width; the mean of ln RD counts.
        pub seeds: usize = 6, at_least 1;
        /// Training ends below this mean square.
        pub goal: f64 = 1e-6, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.05, above 0.0;
    }
}

impl Experiment for PhaseDiagramTwoLayer {
    type Params = Params;

    fn working_set(params: &Params) -> Option<usize> {
        // The widest network: features of the samples at three points, and a dozen vectors of its parameters.
        Some(params.representatives.max(params.widths.iter().copied().max().unwrap_or(0)) * (2 * 4 * 3 + 12 * 3))
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let row = |&gamma_prime: &f64| params.gammas.iter().map(move |&gamma| Point { gamma, gamma_prime });
        let plane: Vec<Point> = params.gamma_primes.iter().flat_map(row).collect();
        let lines: Vec<Point> = params.lines.iter().map(|&gamma| Point { gamma, gamma_prime: 0.0 }).collect();
        let far: Vec<Point> = params.far.iter().map(|&[gamma, gamma_prime]| Point { gamma, gamma_prime }).collect();
        let survey = Survey { seeds: params.seeds, goal: params.goal, tolerance: params.tolerance };
        let (map, functions) = survey.of("map", &plane, &params.widths, params.representatives, ctx)?;
        let (lines, _) = survey.of("lines", &lines, &params.widths, usize::MAX, ctx)?;
        let (far, _) = survey.of("far", &far, &params.far_widths, params.representatives, ctx)?;

        let mut results = Results::default();
        show_theory(&mut results);
        show_map(&map, &mut results);
        show_functions(&plane, &functions, params.gammas.len(), &mut results);
        show_zeros(&zeros(&map, params.gammas.len()), &mut results);
        show_lines(&lines, &mut results);
        show_far(&far, &mut results);
        Ok(results)
    }
}

/// The regimes between the edges of the drawing, and the schemes in use at their limits (Table 1 of the paper).
fn show_theory(results: &mut Results) {
    let regimes = Frame::new()
        .with("gamma", [0.0, 1.0, 1.0, 2.0])
        .with("bottom", [-1.0; 4])
        .with("boundary", [-1.0, -1.0, 0.0, 1.0])
        .with("top", [1.0; 4]);
    let schemes = Frame::new()
        .with_words("scheme", ["mean-field, Xavier", "NTK", "LeCun, He"])
        .with("gamma", [1.0, 0.5, 0.5])
        .with("gamma_prime", [0.0, 0.0, 0.5]);
    results.frame("regimes", regimes);
    results.frame("schemes", schemes);
}

fn show_map(map: &[Scaling], results: &mut Results) {
    let row = |point: &Scaling| {
        let Point { gamma, gamma_prime } = point.at;
        [gamma, gamma_prime, point.fit.slope, point.at.exponent(), point.fit.r2, point.drift()]
    };
    let names = ["gamma", "gamma_prime", "slope", "theory", "r2", "drift"];
    results.frame("map", Frame::from_rows(&names, map.iter().map(row)).with_words("cell", (1..=map.len()).map(name)));

    // Grid points exactly at a limit belong to it, whatever the rounding of the decimals.
    let off: Vec<&Scaling> = map.iter().filter(|point| point.at.distance() > 0.1 - 1e-9).collect();
    let balanced = map.iter().filter(|point| point.at.gamma_prime.abs() < 1e-9);
    let lazy = map.iter().filter(|point| point.at.gamma < 0.9 + 1e-9 && point.at.gamma_prime < 1e-9);
    let steep = map.iter().filter(|point| point.fit.slope.abs() > 0.2);
    let drifts: Vec<f64> = map.iter().map(Scaling::drift).collect();
    results.value("cells", map.len() as f64);
    results.value("cells.off", off.len() as f64);
    results.value("sign.violations", off.iter().filter(|point| !point.agrees()).count() as f64);
    results.value("error.worst", map.iter().map(Scaling::error).fold(0.0, f64::max));
    results.value("error.balanced", balanced.map(Scaling::error).fold(0.0, f64::max));
    results.value("error.lazy", lazy.map(Scaling::error).fold(0.0, f64::max));
    results.value("drift.mean", mean(&drifts));
    results.value("drift.worst", drifts.iter().copied().fold(0.0, f64::max));
    results.value("drift.violations", drifts.iter().filter(|&&drift| drift > 0.03).count() as f64);
    results.value("misfit.worst", steep.map(|point| 1.0 - point.fit.r2).fold(0.0, f64::max));
}

/// A cell of the map by its number, from the lower left.
fn name(number: usize) -> String {
    format!("cell-{number}")
}

/// What the widest networks learned; the cells in the order of reading, from the upper left.
fn show_functions(plane: &[Point], functions: &[Vec<f64>], columns: usize, results: &mut Results) {
    let x = drawn_at();
    let points = functions.iter().flat_map(|f| x.iter().zip(f).map(|(x, f)| [*x, *f]));
    let owners = (1..=plane.len()).flat_map(|number| vec![name(number); x.len()]);
    results.frame("functions", Frame::from_rows(&["x", "f"], points).with_words("cell", owners));
    let reading: Vec<usize> = (0..plane.len()).collect::<Vec<_>>().chunks(columns).rev().flatten().copied().collect();
    let at = |&cell: &usize| [plane[cell].gamma, plane[cell].gamma_prime];
    let border = |&cell: &usize| if plane[cell].regime() == Regime::Critical { "blue" } else { "none" };
    let cells = Frame::from_rows(&["gamma", "gamma_prime"], reading.iter().map(at));
    let cells = cells.with_words("cell", reading.iter().map(|cell| name(cell + 1)));
    results.frame("cells", cells.with_words("border", reading.iter().map(border)));
    results.frame("samples", Frame::from_rows(&["x", "y"], linspace(-0.5, 0.5, 4).into_iter().map(|x| [x, x * x])));
}

fn show_zeros(zeros: &[Point], results: &mut Results) {
    let rows = zeros.iter().map(|zero| [zero.gamma, zero.gamma_prime]);
    results.frame("zeros", Frame::from_rows(&["gamma", "gamma_prime"], rows));
    results.value("zeros", zeros.len() as f64);
    results.value("zeros.worst", zeros.iter().map(|zero| zero.distance()).fold(0.0, f64::max));
}

fn show_lines(lines: &[Scaling], results: &mut Results) {
    let mut rows = Vec::new();
    for line in lines {
        for (&m, &distance) in line.widths.iter().zip(&line.distances) {
            rows.push([line.at.gamma, m, math::exp(distance), line.fitted(m)]);
        }
        results.value(&format!("line.{}.slope", line.at.gamma), line.fit.slope);
        results.value(&format!("line.{}.spread", line.at.gamma), line.spread());
    }
    results.frame("lines", Frame::from_rows(&["gamma", "width", "distance", "fit"], rows));
}

fn show_far(far: &[Scaling], results: &mut Results) {
    let (mut rows, mut places, mut worst) = (Vec::new(), Vec::new(), 0.0f64);
    for (k, point) in far.iter().enumerate() {
        let last = point.widths.len() - 2;
        for i in 0..=last {
            places.push(point.at.to_string());
            rows.push([(point.widths[i] * point.widths[i + 1]).sqrt(), point.excess(i)]);
        }
        results.value(&format!("far.{k}.first"), point.excess(0));
        results.value(&format!("far.{k}.last"), point.excess(last));
        worst = worst.max(point.excess(last).abs());
    }
    results.value("far.worst", worst);
    results.frame("far", Frame::from_rows(&["width", "error"], rows).with_words("place", places));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    fn tiny() -> Params {
        Params {
            gammas: vec![0.6, 1.4],
            gamma_primes: vec![-0.2, 0.1],
            lines: vec![0.5],
            widths: vec![100, 300, 900],
            far: vec![[0.9, 0.2]],
            far_widths: vec![100, 1000],
            representatives: 100,
            seeds: 1,
            ..Params::default()
        }
    }

    fn run(params: &Params) -> Results {
        PhaseDiagramTwoLayer::run(params, &Context::new(0, &BTreeMap::new(), &Inline)).unwrap()
    }

    #[test]
    fn a_tiny_map_shows_both_regimes_and_repeats_itself() {
        let results = run(&tiny());
        assert_eq!(results, run(&tiny()));
        assert_eq!(results.fault(), None);
        assert_eq!(results.values["zeros"], 2.0);
        assert_eq!(results.values["sign.violations"], 0.0);
        assert!((results.values["line.0.5.slope"] + 0.5).abs() < 0.2);
    }

    #[test]
    fn the_defaults_have_no_fault_and_faults_are_found() {
        assert_eq!(PhaseDiagramTwoLayer::check(&Params::default()), []);
        let broken = Params { widths: vec![10, 10], seeds: 0, goal: 0.0, ..Params::default() };
        let keys: Vec<String> = PhaseDiagramTwoLayer::check(&broken).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["widths", "seeds", "goal"]);
    }
}

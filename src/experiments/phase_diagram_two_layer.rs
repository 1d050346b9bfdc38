//! The phase diagram of two-layer ReLU networks: by which power of the width their input weights move, over the phase plane.
//! It knows no single training in detail; of each it keeps how far the weights went.

use crate::experiment::{Context, Experiment, Fault, Stop};
use crate::frame::{Frame, Results};
use crate::nn::flow::Flow;
use crate::nn::four_points::mirrored_network;
use crate::nn::phase_plane::Point;
use crate::num::math;
use crate::num::stats::{self, Fit};
use serde::{Deserialize, Serialize};

/// The phase diagram of Luo, Xu, Ma & Zhang (JMLR 2021): theory (their Figure 1), and `S_w` measured over the plane.
pub struct PhaseDiagramTwoLayer;

/// The authors' grid, widths and stopping rule; ours are the seeds, the representatives and the integrator's tolerance.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Columns of the map.
    pub gammas: Vec<f64>,
    /// Rows of the map.
    pub gamma_primes: Vec<f64>,
    /// Points γ, at γ' = 0, where networks of full width are trained.
    pub lines: Vec<f64>,
    /// Widths m over which the power is fitted, on the map and on the lines.
    pub widths: Vec<usize>,
    /// Points (γ, γ') that are followed to `far_widths`.
    pub far: Vec<[f64; 2]>,
    /// Widths beyond those of the map.
    pub far_widths: Vec<usize>,
    /// Except on the lines, a wider network is simulated by this many representative neurons.
    pub representatives: usize,
    /// Trainings for each point and width; the mean of ln RD counts.
    pub seeds: usize,
    /// Training ends below this mean square.
    pub goal: f64,
    /// The integrator's tolerance.
    pub tolerance: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            gammas: vec![0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.2, 1.3, 1.4],
            gamma_primes: vec![-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4],
            lines: vec![0.5, 1.0, 1.75],
            widths: vec![1000, 5000, 10_000, 20_000, 40_000],
            far: vec![[0.9, -0.3], [0.9, 0.2], [1.05, 0.3], [1.2, 0.4]],
            far_widths: vec![1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000],
            representatives: 1000,
            seeds: 6,
            goal: 1e-6,
            tolerance: 0.05,
        }
    }
}

/// The hardest training of the map takes about a thousand steps.
const STEPS: usize = 20_000;

/// Trains to the goal and returns ln RD of the input weights, taken over one of the mirrored halves.
fn train(params: &Params, at: Point, width: usize, neurons: usize, seed: usize, ctx: &Context) -> Result<f64, Stop> {
    let network = mirrored_network(at, width as f64, neurons);
    let start = network.draw_mirrored([1.0, 1.0], &mut ctx.rng(&format!("seed {seed}")));
    let mut flow = Flow::new(&network, start.clone(), params.tolerance);
    let arrived = flow.descend(params.goal, STEPS).map_err(|stalled| Stop::failed(stalled.to_string()))?;
    if !arrived {
        let Point { gamma, gamma_prime } = at;
        return Err(Stop::failed(format!("γ = {gamma}, γ' = {gamma_prime}, m = {width}: no fit in {STEPS} steps")));
    }
    Ok(math::ln(network.relative_distance(flow.theta(), &start, 0..neurons)))
}

/// What is trained at each of its points.
struct Sweep<'a> {
    name: &'a str,
    points: Vec<Point>,
    widths: &'a [usize],
    representatives: usize,
}

/// A point after training.
struct Measured {
    at: Point,
    /// m, and the mean ln RD over seeds.
    widths: Vec<f64>,
    distances: Vec<f64>,
    fit: Fit,
}

impl Sweep<'_> {
    /// Trains every width and seed at every point. A seed draws the same neurons at every width, so that representatives
    /// differ from width to width by the width alone.
    fn run(self, params: &Params, ctx: &Context) -> Result<Vec<Measured>, Stop> {
        let Self { name, points, widths, representatives } = self;
        let rows = ctx.cells(name, points.len(), |cell, ctx| {
            let trainings = widths.iter().enumerate().map(|(done, &width)| {
                ctx.tick(done, widths.len())?;
                let neurons = width.min(representatives);
                let distances = (0..params.seeds).map(|seed| train(params, points[cell], width, neurons, seed, ctx));
                distances.collect::<Result<Vec<f64>, Stop>>().map(|distances| stats::mean(&distances))
            });
            trainings.collect()
        })?;
        let widths: Vec<f64> = widths.iter().map(|&m| m as f64).collect();
        let logs: Vec<f64> = widths.iter().map(|&m| math::ln(m)).collect();
        let measured = points.into_iter().zip(rows).map(|(at, distances)| {
            let fit = stats::line_fit(&logs, &distances);
            Measured { at, widths: widths.clone(), distances, fit }
        });
        Ok(measured.collect())
    }
}

impl Measured {
    /// How far `S_w` is from theory.
    fn error(&self) -> f64 {
        (self.fit.slope - self.at.exponent()).abs()
    }

    /// `S_w` from width number `i` to the next.
    fn local(&self, i: usize) -> f64 {
        (self.distances[i + 1] - self.distances[i]) / math::ln(self.widths[i + 1] / self.widths[i])
    }

    /// By how much the slope over the two largest widths is farther from theory than that over the two smallest.
    fn drift(&self) -> f64 {
        let error = |i: usize| (self.local(i) - self.at.exponent()).abs();
        error(self.widths.len() - 2) - error(0)
    }

    /// Whether the weights move as the theorems say, ever farther or ever less far.
    fn agrees(&self) -> bool {
        (self.fit.slope > 0.0) == self.at.condenses()
    }
}

/// Where the slope of each row turns positive, by linear interpolation between columns.
fn zeros(map: &[Measured], columns: usize) -> Vec<Point> {
    let crossing = |pair: &[Measured]| {
        let [(x0, s0), (x1, s1)] = [&pair[0], &pair[1]].map(|measured| (measured.at.gamma, measured.fit.slope));
        let gamma = x0 + (x1 - x0) * s0 / (s0 - s1);
        (s0 < 0.0 && s1 >= 0.0).then_some(Point { gamma, gamma_prime: pair[0].at.gamma_prime })
    };
    map.chunks(columns).filter_map(|row| row.windows(2).find_map(crossing)).collect()
}

impl Experiment for PhaseDiagramTwoLayer {
    type Params = Params;

    fn check(params: &Params) -> Vec<Fault> {
        let rising = |x: &[f64]| x.len() >= 2 && x.windows(2).all(|pair| pair[0] < pair[1]);
        let widths = |m: &[usize]| m.len() >= 2 && m[0] >= 2 && m.windows(2).all(|pair| pair[0] < pair[1]);
        let few = "must be two whole numbers or more, rising, from 2 on";
        [
            Fault::unless(rising(&params.gammas), "gammas", "must be two numbers or more, rising"),
            Fault::unless(rising(&params.gamma_primes), "gamma_primes", "must be two numbers or more, rising"),
            Fault::unless(widths(&params.widths), "widths", few),
            Fault::unless(widths(&params.far_widths), "far_widths", few),
            Fault::unless(params.representatives >= 1, "representatives", "must be at least 1"),
            Fault::unless(params.seeds >= 1, "seeds", "must be at least 1"),
            Fault::unless(params.goal > 0.0, "goal", "must be above 0"),
            Fault::unless(params.tolerance > 0.0, "tolerance", "must be above 0"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let row = |&gamma_prime: &f64| params.gammas.iter().map(move |&gamma| Point { gamma, gamma_prime });
        let plane = params.gamma_primes.iter().flat_map(row).collect();
        let lines = params.lines.iter().map(|&gamma| Point { gamma, gamma_prime: 0.0 }).collect();
        let far = params.far.iter().map(|&[gamma, gamma_prime]| Point { gamma, gamma_prime }).collect();
        let (widths, representatives) = (&params.widths, params.representatives);
        let map = Sweep { name: "map", points: plane, widths, representatives }.run(params, ctx)?;
        let lines = Sweep { name: "lines", points: lines, widths, representatives: usize::MAX }.run(params, ctx)?;
        let far = Sweep { name: "far", points: far, widths: &params.far_widths, representatives }.run(params, ctx)?;

        let mut results = Results::default();
        show_theory(&mut results);
        show_map(&map, &zeros(&map, params.gammas.len()), &mut results);
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

fn show_map(map: &[Measured], zeros: &[Point], results: &mut Results) {
    let column = |of: &dyn Fn(&Measured) -> f64| map.iter().map(of).collect::<Vec<f64>>();
    let frame = Frame::new()
        .with("gamma", column(&|point| point.at.gamma))
        .with("gamma_prime", column(&|point| point.at.gamma_prime))
        .with("slope", column(&|point| point.fit.slope))
        .with("theory", column(&|point| point.at.exponent()))
        .with("r2", column(&|point| point.fit.r2))
        .with("drift", column(&Measured::drift));
    results.frame("map", frame);
    let gammas: Vec<f64> = zeros.iter().map(|zero| zero.gamma).collect();
    let gamma_primes: Vec<f64> = zeros.iter().map(|zero| zero.gamma_prime).collect();
    results.frame("zeros", Frame::new().with("gamma", gammas).with("gamma_prime", gamma_primes));

    // Grid points exactly at a limit belong to it, whatever the rounding of the decimals.
    let worst = |belongs: &dyn Fn(&Measured) -> bool, of: &dyn Fn(&Measured) -> f64| {
        map.iter().filter(|point| belongs(point)).map(of).fold(0.0, f64::max)
    };
    let count = |belongs: &dyn Fn(&Measured) -> bool| map.iter().filter(|point| belongs(point)).count() as f64;
    let off = |point: &Measured| point.at.distance() > 0.1 - 1e-9;
    results.value("cells", map.len() as f64);
    results.value("cells.off", count(&off));
    results.value("sign.violations", count(&|point| off(point) && !point.agrees()));
    results.value("error.worst", worst(&|_| true, &Measured::error));
    results.value("error.balanced", worst(&|point| point.at.gamma_prime.abs() < 1e-9, &Measured::error));
    let lazy = |point: &Measured| point.at.gamma < 0.9 + 1e-9 && point.at.gamma_prime < 1e-9;
    results.value("error.lazy", worst(&lazy, &Measured::error));
    let drifts: Vec<f64> = map.iter().map(Measured::drift).collect();
    results.value("drift.mean", stats::mean(&drifts));
    results.value("drift.worst", worst(&|_| true, &Measured::drift));
    results.value("drift.violations", count(&|point| point.drift() > 0.03));
    results.value("misfit.worst", worst(&|point| point.fit.slope.abs() > 0.2, &|point| 1.0 - point.fit.r2));
    results.value("zeros", zeros.len() as f64);
    results.value("zeros.worst", zeros.iter().map(|zero| zero.distance()).fold(0.0, f64::max));
}

fn show_lines(lines: &[Measured], results: &mut Results) {
    let mut rows = Vec::new();
    for line in lines {
        let fitted = |m: f64| math::exp(line.fit.slope.mul_add(math::ln(m), line.fit.intercept));
        for (&m, &distance) in line.widths.iter().zip(&line.distances) {
            rows.push(vec![line.at.gamma, m, math::exp(distance), fitted(m)]);
        }
        let sorted = stats::sorted(&line.distances);
        let name = format!("line.{}", line.at.gamma);
        results.value(&format!("{name}.slope"), line.fit.slope);
        results.value(&format!("{name}.spread"), math::expm1(sorted[sorted.len() - 1] - sorted[0]));
    }
    results.frame("lines", Frame::from_rows(&["gamma", "width", "distance", "fit"], &rows));
}

fn show_far(far: &[Measured], results: &mut Results) {
    let (mut rows, mut places) = (Vec::new(), Vec::new());
    let mut worst = 0.0f64;
    for (k, point) in far.iter().enumerate() {
        let error = |i: usize| point.local(i) - point.at.exponent();
        let last = point.widths.len() - 2;
        for i in 0..=last {
            places.push(format!("({}, {})", point.at.gamma, point.at.gamma_prime));
            rows.push(vec![(point.widths[i] * point.widths[i + 1]).sqrt(), error(i)]);
        }
        results.value(&format!("far.{k}.first"), error(0));
        results.value(&format!("far.{k}.last"), error(last));
        worst = worst.max(error(last).abs());
    }
    results.value("far.worst", worst);
    results.frame("far", Frame::from_rows(&["width", "error"], &rows).with_words("place", places));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Inline;
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

    #[test]
    fn zeros_are_interpolated() {
        let point = |gamma, slope| {
            let fit = Fit { slope, intercept: 0.0, r2: 1.0 };
            Measured { at: Point { gamma, gamma_prime: 0.1 }, widths: vec![], distances: vec![], fit }
        };
        let row = [point(0.5, -0.4), point(1.0, -0.1), point(1.4, 0.3)];
        let found = zeros(&row, 3);
        assert_eq!(found.len(), 1);
        assert!((found[0].gamma - 1.1).abs() < 1e-12);
        assert!(zeros(&row[..2], 2).is_empty());
    }
}

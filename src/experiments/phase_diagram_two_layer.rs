//! The phase diagram of two-layer ReLU networks: by which power of the width their input weights move, over the phase plane.
//! It knows no single training in detail; of each it keeps how far the weights went.

use crate::experiment::{Context, Experiment, Fault, Stop};
use crate::frame::{Frame, Results};
use crate::nn::activation::Activation;
use crate::nn::flow::Flow;
use crate::nn::two_layer::{self, TwoLayer, with_bias};
use crate::num::math;
use crate::num::stats::{self, Fit};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Figures 1 and 4 of Luo, Xu, Ma & Zhang (JMLR 2021): theory, and `S_w` measured.
pub struct PhaseDiagramTwoLayer;

/// The authors' grid, widths and stopping rule; ours are the seeds, the representatives and the integrator's tolerance.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Columns of the map: κ = m^-γ.
    pub gammas: Vec<f64>,
    /// Rows of the map: κ' = m^-γ'.
    pub gamma_primes: Vec<f64>,
    /// Widths m over which the power is fitted.
    pub widths: Vec<usize>,
    /// On the map a wider network is simulated by this many representative neurons.
    pub representatives: usize,
    /// Points γ at γ' = 0 where networks of full width are trained.
    pub lines: Vec<f64>,
    /// Trainings for each point and width; their median counts.
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
            widths: vec![1000, 5000, 10000, 20000, 40000],
            representatives: 1000,
            lines: vec![0.5, 1.0, 1.75],
            seeds: 3,
            goal: 1e-6,
            tolerance: 0.05,
        }
    }
}

/// No training of the map takes more than about a thousand steps.
const STEPS: usize = 20_000;

/// A point of the phase plane.
#[derive(Clone, Copy)]
struct Point {
    gamma: f64,
    gamma_prime: f64,
}

impl Point {
    /// The power of m by which RD grows as m → ∞. From the conserved `κ' a² - |w|²/κ'` and from `mκ a w ≈ 1` at the end of
    /// training: which of the two layers has to grow, and from what size.
    fn theory(self) -> f64 {
        let Self { gamma, gamma_prime } = self;
        match gamma - 1.0 {
            excess if excess <= 0.0 => excess - 2.0 * gamma_prime.max(0.0),
            excess if gamma_prime > excess => 2.0 * (excess - gamma_prime),
            excess if gamma_prime >= -excess => (excess - gamma_prime) / 2.0,
            excess => excess,
        }
    }

    /// Whether the theorems have the weights condense here.
    fn condenses(self) -> bool {
        self.gamma > 1.0 && self.gamma_prime < self.gamma - 1.0
    }

    /// The distance to the boundary: the rays from (1, 0) straight down and to the upper right.
    fn distance(self) -> f64 {
        let (x, y) = (self.gamma - 1.0, self.gamma_prime);
        let down = if y <= 0.0 { x.abs() } else { (x * x + y * y).sqrt() };
        let along = ((x + y) / 2.0).max(0.0);
        let diagonal = ((x - along) * (x - along) + (y - along) * (y - along)).sqrt();
        down.min(diagonal)
    }
}

/// Trains to the goal and returns ln RD of the input weights. The network is doubled by its mirror image, so that it
/// starts at f = 0; as in the authors' code m counts one half, and RD is taken over that half.
fn train(params: &Params, at: Point, width: usize, neurons: usize, name: &str, ctx: &Context) -> Result<f64, Stop> {
    let x = stats::linspace(-0.5, 0.5, 4);
    let m = width as f64;
    let model = TwoLayer {
        activation: Activation::Relu,
        inputs: with_bias(&Array2::from_shape_fn((x.len(), 1), |(i, _)| x[i])),
        targets: x.iter().map(|x| x * x).collect(),
        width: 2 * neurons,
        copies: m / neurons as f64,
        scale: math::pow(m, -at.gamma),
        mobility: TwoLayer::normalised(math::pow(m, -at.gamma_prime)),
    };
    let start = model.draw_mirrored([1.0, 1.0], &mut ctx.rng(name));
    let mut flow = Flow::new(&model, start.clone(), params.tolerance);
    let arrived = flow.descend(params.goal, STEPS).map_err(|stalled| Stop::failed(stalled.to_string()))?;
    if !arrived {
        let Point { gamma, gamma_prime } = at;
        return Err(Stop::failed(format!("γ = {gamma}, γ' = {gamma_prime}, m = {m}: no fit in {STEPS} steps")));
    }
    Ok(math::ln(two_layer::relative_distance(&model, flow.theta(), &start, 0..neurons)))
}

/// ln RD at each width, the median over seeds, for every point.
fn sweep(
    name: &str,
    points: &[Point],
    representatives: usize,
    params: &Params,
    ctx: &Context,
) -> Result<Vec<Vec<f64>>, Stop> {
    ctx.cells(name, points.len(), |cell, ctx| {
        let mut medians = Vec::new();
        for &width in &params.widths {
            let mut distances = Vec::new();
            for seed in 0..params.seeds {
                ctx.tick(medians.len() * params.seeds + seed, params.widths.len() * params.seeds)?;
                let draws = format!("{seed}");
                distances.push(train(params, points[cell], width, width.min(representatives), &draws, ctx)?);
            }
            medians.push(stats::mean(&distances));
        }
        Ok(medians)
    })
}

/// One point of the plane after training: the fit of ln RD over ln m.
struct Measured {
    at: Point,
    fit: Fit,
    /// By how much the slope over the two largest widths is farther from theory than that over the two smallest.
    drift: f64,
}

impl Measured {
    fn new(at: Point, log_widths: &[f64], distances: &[f64]) -> Self {
        let error = |i: usize| {
            let slope = (distances[i + 1] - distances[i]) / (log_widths[i + 1] - log_widths[i]);
            (slope - at.theory()).abs()
        };
        let drift = error(log_widths.len() - 2) - error(0);
        Self { at, fit: stats::line_fit(log_widths, distances), drift }
    }

    fn error(&self) -> f64 {
        (self.fit.slope - self.at.theory()).abs()
    }

    /// Whether the weights move as the theorems say, farther and farther or less and less.
    fn agrees(&self) -> bool {
        (self.fit.slope > 0.0) == self.at.condenses()
    }
}

/// Where the slope of each row turns positive, by linear interpolation between columns.
fn zeros(map: &[Measured], columns: usize) -> Vec<Point> {
    let crossing = |pair: &[Measured]| {
        let [(x0, s0), (x1, s1)] = [&pair[0], &pair[1]].map(|m| (m.at.gamma, m.fit.slope));
        let gamma = x0 + (x1 - x0) * s0 / (s0 - s1);
        (s0 < 0.0 && s1 >= 0.0).then_some(Point { gamma, gamma_prime: pair[0].at.gamma_prime })
    };
    map.chunks(columns).filter_map(|row| row.windows(2).find_map(crossing)).collect()
}

/// The largest of `of` over the points that `belongs` admits; 0 where there is none.
fn worst(map: &[Measured], belongs: impl Fn(Point) -> bool, of: impl Fn(&Measured) -> f64) -> f64 {
    map.iter().filter(|measured| belongs(measured.at)).map(of).fold(0.0, f64::max)
}

impl Experiment for PhaseDiagramTwoLayer {
    type Params = Params;

    fn check(params: &Params) -> Vec<Fault> {
        let rising = |x: &[f64]| x.len() >= 2 && x.windows(2).all(|pair| pair[0] < pair[1]);
        let widths: Vec<f64> = params.widths.iter().map(|&m| m as f64).collect();
        let wide = rising(&widths) && widths[0] >= 2.0;
        [
            Fault::unless(rising(&params.gammas), "gammas", "must be two numbers or more, rising"),
            Fault::unless(rising(&params.gamma_primes), "gamma_primes", "must be two numbers or more, rising"),
            Fault::unless(wide, "widths", "must be two whole numbers or more, rising, from 2 on"),
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
        let log_widths: Vec<f64> = params.widths.iter().map(|&m| math::ln(m as f64)).collect();
        let row = |&gamma_prime: &f64| params.gammas.iter().map(move |&gamma| Point { gamma, gamma_prime });
        let plane: Vec<Point> = params.gamma_primes.iter().flat_map(row).collect();
        let lines: Vec<Point> = params.lines.iter().map(|&gamma| Point { gamma, gamma_prime: 0.0 }).collect();
        let measure = |points: &[Point], distances: &[Vec<f64>]| -> Vec<Measured> {
            points.iter().zip(distances).map(|(&at, distances)| Measured::new(at, &log_widths, distances)).collect()
        };
        let map = measure(&plane, &sweep("map", &plane, params.representatives, params, ctx)?);
        let distances = sweep("lines", &lines, usize::MAX, params, ctx)?;
        let stars = zeros(&map, params.gammas.len());

        let mut results = Results::default();
        let column = |of: &dyn Fn(&Measured) -> f64| map.iter().map(of).collect::<Vec<f64>>();
        let frame = Frame::new()
            .with("gamma", column(&|m| m.at.gamma))
            .with("gamma_prime", column(&|m| m.at.gamma_prime))
            .with("slope", column(&|m| m.fit.slope))
            .with("theory", column(&|m| m.at.theory()))
            .with("r2", column(&|m| m.fit.r2))
            .with("distance", column(&|m| m.at.distance()))
            .with("drift", column(&|m| m.drift));
        results.frame("map", frame);
        let frame = Frame::new()
            .with("gamma", stars.iter().map(|star| star.gamma).collect::<Vec<f64>>())
            .with("gamma_prime", stars.iter().map(|star| star.gamma_prime).collect::<Vec<f64>>());
        results.frame("zeros", frame);
        results.frame("schemes", schemes());

        let far = |at: Point| at.distance() >= 0.1 - 1e-9;
        results.value("far.cells", plane.iter().filter(|&&at| far(at)).count() as f64);
        results.value("far.disagreeing", map.iter().filter(|m| far(m.at) && !m.agrees()).count() as f64);
        results.value("error.worst", worst(&map, |_| true, Measured::error));
        results.value("error.worst.balanced", worst(&map, |at| at.gamma_prime.abs() < 1e-9, Measured::error));
        results
            .value("error.worst.linear", worst(&map, |at| at.gamma <= 0.9 && at.gamma_prime <= 1e-9, Measured::error));
        results.value("drift.worst", worst(&map, |_| true, |m| m.drift));
        results.value(
            "misfit.worst",
            worst(&map, |_| true, |m| if m.fit.slope.abs() > 0.2 { 1.0 - m.fit.r2 } else { 0.0 }),
        );
        results.value("zeros", stars.len() as f64);
        results.value("zeros.worst", stars.iter().map(|star| star.distance()).fold(0.0, f64::max));

        let mut growth: [Vec<f64>; 4] = Default::default();
        for (line, distances) in measure(&lines, &distances).iter().zip(&distances) {
            for ((&m, &log_m), distance) in params.widths.iter().zip(&log_widths).zip(distances) {
                let fitted = line.fit.slope.mul_add(log_m, line.fit.intercept);
                for (column, entry) in
                    growth.iter_mut().zip([line.at.gamma, m as f64, math::exp(*distance), math::exp(fitted)])
                {
                    column.push(entry);
                }
            }
            let name = format!("line.{}", line.at.gamma);
            results.value(&format!("{name}.slope"), line.fit.slope);
            results.value(&format!("{name}.error"), line.error());
            let sorted = stats::sorted(distances);
            results.value(&format!("{name}.spread"), math::expm1(sorted[sorted.len() - 1] - sorted[0]));
        }
        let [gamma, width, rd, fit] = growth;
        results.frame("growth", Frame::new().with("gamma", gamma).with("width", width).with("rd", rd).with("fit", fit));
        Ok(results)
    }
}

/// The schemes in use, at their infinite-width limits (Table 1 of the paper).
fn schemes() -> Frame {
    Frame::new()
        .with_words("scheme", ["Xavier, mean-field", "NTK", "LeCun, He"])
        .with("gamma", [1.0, 0.5, 0.5])
        .with("gamma_prime", [0.0, 0.0, 0.5])
}

//! Two theorems at finite width: the relative distance of the input weights over time, at one point of each regime.
//! It knows four points and no map; of a training it keeps its course and the largest distance.
//!
//! `RD(t) = |θ_w(t) - θ_w(0)| / |θ_w(0)|`. As m → ∞, `sup_t RD → 0` if γ < 1 or γ' > γ - 1 (Theorem 1*), and `sup_t RD → ∞` if
//! γ > 1 and γ' < γ - 1 (Theorem 2*). Slide "Regime separation -- theorems"; Luo, Xu, Ma & Zhang, JMLR 22 (2021), Theorems 6, 8.
//! The theorems take the limit of infinite width; we take widths, and the paper's task of four points.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::eigen;
use condense::num::math;
use condense::num::stats::mean;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::Point;
use condense_nn::training::flow::Flow;
use condense_nn::training::model::{Model as _, Tangent};

/// Trainings at several widths, point by point.
pub struct RegimeTheorems;

params! {
    /// Settings.
    pub struct Params {
        /// `[γ, γ']` of each point: both halves of Theorem 1, the line between, and Theorem 2. No γ stands twice.
        pub points: Vec<[f64; 2]> = vec![[0.5, 0.0], [1.25, 0.5], [1.0, 0.0], [1.75, 0.0]],
            such_that |points| apart(points), "must be points of different γ";
        /// Widths m.
        pub widths: Vec<usize> = vec![1000, 3000, 10_000, 30_000, 100_000, 1_000_000], rising_from 2;
        /// Those whose course is drawn.
        pub courses: Vec<usize> = vec![1000, 10_000, 100_000];
        /// Up to this width every neuron is simulated …
        pub full: usize = 10_000;
        /// … and beyond it, this many representatives.
        pub representatives: usize = 1000, at_least 1;
        /// Trainings for each point and width.
        pub seeds: usize = 4, at_least 1;
        /// Training ends below this mean square.
        pub goal: f64 = 1e-6, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.01, above 0.0;
    }
}

/// Points are told apart by their γ.
fn apart(points: &[[f64; 2]]) -> bool {
    let alike = |one: &[f64; 2]| points.iter().filter(|other| other[0].to_bits() == one[0].to_bits()).count();
    !points.is_empty() && points.iter().all(|point| point.iter().all(|x| x.is_finite()) && alike(point) == 1)
}

/// The hardest training of the defaults takes some hundred steps.
const STEPS: usize = 20_000;
/// A step ends at most this much later than it began, so that the drawn course is smooth.
const LATER: f64 = 1.25;

/// A training: its course, a row `[t, RD]` a step, and the smallest eigenvalues of the Gram matrices of both layers at its start.
struct Training {
    course: Vec<[f64; 2]>,
    gram: [f64; 2],
}

impl Training {
    fn of(p: &Params, at: Point, width: usize, seed: usize, ctx: &Context) -> Result<Self, Stop> {
        let neurons = if width > p.full { p.representatives } else { width };
        let network = mirrored_network(at, width as f64, neurons);
        let start = network.draw_mirrored([1.0, 1.0], &mut ctx.rng(&format!("seed {seed}")));
        let gram = [[1.0, 0.0], [0.0, 1.0]].map(|mobility| smallest(&network, mobility, &start));
        let mut flow = Flow::new(&network, start.clone(), p.tolerance);
        let mut course = Vec::new();
        while flow.mean_square() >= p.goal {
            ctx.tick(course.len(), STEPS)?;
            let limit = if course.is_empty() { f64::INFINITY } else { LATER * flow.time() };
            let stuck = |why: String| Stop::failed(format!("(γ, γ') = {at}, m = {width}: {why}"));
            flow.advance(limit).map_err(|stalled| stuck(stalled.to_string()))?;
            course.push([flow.time(), network.relative_distance(flow.theta(), &start, 0..neurons)]);
            if course.len() > STEPS {
                return Err(stuck(format!("no fit in {STEPS} steps")));
            }
        }
        Ok(Self { course, gram })
    }

    fn last(&self) -> f64 {
        self.course.last().map_or(0.0, |step| step[1])
    }

    fn largest(&self) -> f64 {
        self.course.iter().map(|step| step[1]).fold(0.0, f64::max)
    }
}

/// The smallest eigenvalue of the tangent kernel of the layer that moves, as a mean over neurons.
fn smallest(network: &TwoLayer, mobility: [f64; 2], theta: &[f64]) -> f64 {
    let mut tangent = Tangent::default();
    let mean = TwoLayer { copies: 1.0 / network.width as f64, scale: 1.0, mobility, ..network.clone() };
    mean.linearize(theta, &mut tangent);
    eigen::symmetric(&tangent.kernel).0[0]
}

row! {
    /// What is kept of one point and width.
    struct Trained {
        /// Mean ln of the largest RD.
        largest: f64,
        /// The largest excess of the largest RD over the last.
        excess: f64,
        /// The smallest eigenvalue of each Gram matrix.
        gram: [f64; 2],
        /// The course of the first seed; empty unless it is drawn.
        course: Vec<[f64; 2]>,
    }
}

/// All seeds of one point and width.
fn train(p: &Params, at: Point, width: usize, ctx: &Context) -> Result<Trained, Stop> {
    let trainings = (0..p.seeds).map(|seed| Training::of(p, at, width, seed, ctx)).collect::<Result<Vec<_>, Stop>>()?;
    let largest: Vec<f64> = trainings.iter().map(|training| math::ln(training.largest())).collect();
    let excess = trainings.iter().map(|training| training.largest() / training.last() - 1.0).fold(0.0, f64::max);
    let gram = |layer: usize| trainings.iter().map(|training| training.gram[layer]).fold(f64::INFINITY, f64::min);
    let course = if p.courses.contains(&width) { trainings[0].course.clone() } else { Vec::new() };
    Ok(Trained { largest: mean(&largest), excess, gram: [gram(0), gram(1)], course })
}

impl Experiment for RegimeTheorems {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        let courses = !p.courses.is_empty() && p.courses.iter().all(|width| p.widths.contains(width));
        let full = p.widths.iter().filter(|&&width| width <= p.full).count() >= 2;
        p.demands()
            .holds("courses", courses, "must be some of `widths`, and one of them")
            .holds("full", full, "must not be below the second of `widths`")
            .faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // The largest network: features of four samples at three points, and a dozen vectors of its parameters. Courses.
        let widest = p.widths.iter().filter(|&&width| width <= p.full).max().copied().unwrap_or(0);
        Some(
            2 * widest.max(p.representatives) * (2 * 4 * 3 + 12 * 3) + p.points.len() * p.widths.len() * 2000 * p.seeds,
        )
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let count = p.widths.len();
        let points: Vec<Point> = p.points.iter().map(|&[gamma, gamma_prime]| Point { gamma, gamma_prime }).collect();
        let trained = ctx.cells("trainings", points.len() * count, |cell, ctx| {
            train(p, points[cell / count], p.widths[cell % count], ctx)
        })?;
        let mut results = Results::default();
        let (mut courses, mut largest) = (Vec::new(), Vec::new());
        for (&at, trained) in points.iter().zip(trained.chunks(count)) {
            let gamma = at.gamma;
            for (&width, trained) in p.widths.iter().zip(trained) {
                courses.extend(trained.course.iter().map(|[time, distance]| [gamma, width as f64, *time, *distance]));
            }
            let point = Growth::of(p, at, trained);
            point.summarise(at, &mut results);
            let rows = point.distances.iter().zip(&p.widths).zip(&point.theory);
            largest.extend(rows.map(|((distance, &width), theory)| [gamma, width as f64, *distance, *theory]));
        }
        results.frame("courses", Frame::from_rows(&["gamma", "width", "time", "distance"], courses));
        results.frame("largest", Frame::from_rows(&["gamma", "width", "distance", "theory"], largest));
        results.value("excess.worst", trained.iter().map(|trained| trained.excess).fold(0.0, f64::max));
        for (layer, name) in ["gram.a", "gram.w"].into_iter().enumerate() {
            results.value(name, trained.iter().map(|trained| trained.gram[layer]).fold(f64::INFINITY, f64::min));
        }
        Ok(results)
    }
}

/// How the largest RD grows with the width at one point.
struct Growth {
    /// The geometric mean over seeds, at each width.
    distances: Vec<f64>,
    /// `m^S_w` through the first of them.
    theory: Vec<f64>,
    /// From the first width to the widest that is simulated in full, by which factor RD grows.
    ratio: f64,
    /// The largest factor from one width to the next by which RD grows over the bound `ln m / (mκ)` of Theorem 1.
    over_bound: f64,
}

impl Growth {
    fn of(p: &Params, at: Point, trained: &[Trained]) -> Self {
        let distances: Vec<f64> = trained.iter().map(|trained| math::exp(trained.largest)).collect();
        let widths: Vec<f64> = p.widths.iter().map(|&width| width as f64).collect();
        let theory = widths.iter().map(|m| distances[0] * math::pow(m / widths[0], at.exponent())).collect();
        let full = p.widths.iter().filter(|&&width| width <= p.full).count();
        let scaled: Vec<f64> =
            distances.iter().zip(&widths).map(|(rd, &m)| rd * m * at.kappa(m) / math::ln(m)).collect();
        let over_bound = scaled.windows(2).map(|pair| pair[1] / pair[0]).fold(0.0, f64::max);
        Self { ratio: distances[full - 1] / distances[0], distances, theory, over_bound }
    }

    fn summarise(&self, at: Point, results: &mut Results) {
        let gamma = at.gamma;
        results.value(&format!("ratio.{gamma}"), self.ratio);
        results.value(&format!("first.{gamma}"), self.distances[0]);
        results.value(&format!("last.{gamma}"), self.distances[self.distances.len() - 1]);
        // The paper's bound is of the first half of Theorem 1.
        if gamma < 1.0 {
            results.value(&format!("bound.{gamma}"), self.over_bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    fn tiny() -> Params {
        Params {
            widths: vec![50, 200, 800],
            courses: vec![50, 800],
            full: 200,
            representatives: 60,
            seeds: 1,
            ..Params::default()
        }
    }

    #[test]
    fn a_tiny_run_shows_the_regimes_and_repeats_itself() {
        let run = || RegimeTheorems::run(&tiny(), &Context::new(0, &BTreeMap::new(), &Inline)).unwrap();
        let results = run();
        assert_eq!(results.fault(), None);
        assert_eq!(results, run());
        assert!(results.values["ratio.0.5"] < 1.0 && results.values["ratio.1.25"] < 1.0);
        assert!(results.values["ratio.1.75"] > 1.0);
        assert!(results.values["gram.a"] > 0.0 && results.values["gram.w"] > 0.0);
    }

    #[test]
    fn the_defaults_have_no_fault_and_faults_are_found() {
        assert_eq!(RegimeTheorems::check(&Params::default()), []);
        let broken = Params { courses: vec![7], full: 1000, seeds: 0, ..Params::default() };
        let keys: Vec<String> = RegimeTheorems::check(&broken).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["courses", "full", "seeds"]);
    }
}

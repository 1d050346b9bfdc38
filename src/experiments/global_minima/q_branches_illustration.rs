//! The line and the two planes of global minima in space, with three gradient flows that reach them (slide "Illustration of Q^1, Q^2, Q^3").
//! Every point is exact or computed: nothing is drawn by hand but the view.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::stats::{linspace, logspace};
use condense_nn::nets::pair::{PairLoss, Theta, Unit, output};
use condense_nn::theory::branches::{Branch, Target};
use condense_nn::training::descend::follow;

/// Points of the branches under the projection `θ ↦ (s, p)`, `s = ½ (1 + (a₁ - a₂)/ā)`, `p = w₁ + w₂ - 2w̄` from R⁶ to R³, seen obliquely.
///
/// Source: Zhang et al., arXiv:2309.00508, figure 2, a sketch.
pub struct QBranchesIllustration;

params! {
    /// Settings.
    pub struct Params {
        /// Samples of two standard normal inputs.
        pub samples: usize = 12, at_least 7;
        /// The flows end at this time.
        pub end: f64 = 1e7, above 1e-3;
        /// Part of a step's length that its error may be.
        pub tolerance: f64 = 1e-4, above 0.0;
        /// Places at which each flow is drawn.
        pub places: usize = 120, at_least 2;
    }
}

/// The source's example: activation exp.
const TARGET: Target = Target { unit: Unit::Exp, a: 1.0, w: [1.0, 0.5] };
/// Starts of the three flows: above the line, and before each plane.
const STARTS: [(Branch, Theta); 3] = [
    (Branch::Q1, [0.50, 1.10, 0.95, 0.40, 0.90, 0.90]),
    (Branch::Q2, [0.85, 1.05, 0.45, 0.30, 0.50, -0.15]),
    (Branch::Q3, [-0.30, 0.45, -0.10, 1.20, 0.95, 0.55]),
];
/// The planes are drawn from `w̄ - HALF` to `w̄ + HALF` in both input weights.
const HALF: f64 = 1.0;
/// The line is drawn for shares from -OUT to 1 + OUT.
const OUT: f64 = 0.45;

/// The projection to space.
fn space(theta: &Theta) -> [f64; 3] {
    let [a1, u1, v1, a2, u2, v2] = *theta;
    [0.5 * (1.0 + (a1 - a2) / TARGET.a), u1 + u2 - 2.0 * TARGET.w[0], v1 + v2 - 2.0 * TARGET.w[1]]
}

/// The view of space: along the line to the right and a little up, the planes across it.
fn view([s, p, q]: [f64; 3]) -> [f64; 2] {
    [2.2 * s + 0.42 * p, 0.3 * s - 0.34 * p + 0.9 * q]
}

fn seen(theta: &Theta) -> [f64; 2] {
    view(space(theta))
}

impl Experiment for QBranchesIllustration {
    type Params = Params;

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let mut rng = ctx.rng("samples");
        let x: Vec<[f64; 2]> = (0..p.samples).map(|_| [rng.normal(), rng.normal()]).collect();
        let loss = PairLoss::of(TARGET.unit, x, &TARGET.pair(), 1.0);
        let drawn = branches(&mut results);
        let wanted = |x| output(TARGET.unit, &TARGET.pair(), x);
        let off = |theta: &Theta, x: [f64; 2]| (output(TARGET.unit, theta, x) - wanted(x)).abs() / wanted(x).max(1.0);
        let worst = drawn.iter().flat_map(|theta| loss.x.iter().map(move |&x| off(theta, x))).fold(0.0, f64::max);
        results.value("points", drawn.len() as f64);
        results.value("error", worst);

        let times = [vec![0.0], logspace(1e-3, p.end, p.places)].concat();
        let (mut limits, mut right) = (Vec::new(), 0.0);
        for (branch, start) in STARTS {
            let course = follow(&loss, &start, &times, p.tolerance, ctx)?;
            let last = course[course.len() - 1].theta;
            let path = course.iter().map(|at| seen(&at.theta));
            results.frame(&format!("flow-{}", branch.name()), Frame::from_rows(&["x", "y"], path));
            results.value(&format!("{}.distance", branch.name().to_lowercase()), TARGET.distance(branch, &last));
            right += f64::from(u8::from(TARGET.nearest(&last).0 == branch));
            limits.push(seen(&last));
        }
        results.value("limits.right", right);
        results.frame("limits", Frame::from_rows(&["x", "y"], limits));
        results.frame("starts", Frame::from_rows(&["x", "y"], STARTS.map(|(_, start)| seen(&start))));
        Ok(results)
    }
}

/// Draws line, planes and crossings; returns every point that was drawn.
fn branches(results: &mut Results) -> Vec<Theta> {
    let mut drawn = Vec::new();
    let mut pieces = Vec::new();
    let mut piece = |role: f64, from: Theta, to: Theta| {
        drawn.extend([from, to]);
        pieces.push([role, seen(&from)[0], seen(&from)[1], seen(&to)[0], seen(&to)[1]]);
    };
    // The line before, between and behind the planes.
    for (role, from, to) in [(0.0, -OUT, 0.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0 + OUT)] {
        piece(role, TARGET.on_line(from), TARGET.on_line(to));
    }
    for (role, branch) in [(2.0, Branch::Q2), (3.0, Branch::Q3)] {
        let at = |p: f64, q: f64| TARGET.on_plane(branch, [TARGET.w[0] + p, TARGET.w[1] + q]);
        for line in linspace(-HALF, HALF, 5) {
            piece(role, at(line, -HALF), at(line, HALF));
            piece(role, at(-HALF, line), at(HALF, line));
        }
        // The parallelogram, column by column: its edge in p is its edge on the screen.
        let fill = linspace(-HALF, HALF, 21).into_iter().map(|p| {
            let [x, low] = seen(&at(p, -HALF));
            [x, low, seen(&at(p, HALF))[1]]
        });
        results.frame(&format!("plane-{}", branch.name()), Frame::from_rows(&["x", "low", "high"], fill));
    }
    let crossings = [TARGET.on_line(1.0), TARGET.on_line(0.0)];
    drawn.extend(crossings);
    results.frame("pieces", Frame::from_rows(&["role", "x", "y", "x2", "y2"], pieces));
    results.frame("crossings", Frame::from_rows(&["x", "y"], crossings.map(|theta| seen(&theta))));
    let both = crossings
        .iter()
        .zip([Branch::Q2, Branch::Q3])
        .map(|(theta, plane)| TARGET.distance(Branch::Q1, theta).max(TARGET.distance(plane, theta)));
    results.value("crossings.distance", both.fold(0.0, f64::max));
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn every_drawn_point_is_a_global_minimum_and_the_flows_reach_their_branches() {
        let params = Params { end: 1e5, places: 10, ..Params::default() };
        assert_eq!(QBranchesIllustration::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| QBranchesIllustration::run(&params, &Context::new(seed, &inputs, &Inline)).expect("results");
        let results = run(0);
        assert_eq!(results, run(0));
        assert_eq!(results.fault(), None);
        assert!(results.values["error"] < 1e-12, "{}", results.values["error"]);
        assert_eq!(results.values["limits.right"], 3.0);
    }

    #[test]
    fn the_projection_tells_points_of_a_branch_apart() {
        let plane = |w| space(&TARGET.on_plane(Branch::Q2, w));
        assert_eq!((plane([1.0, 0.5]), plane([1.5, -0.5])), ([1.0, 0.0, 0.0], [1.0, 0.5, -1.0]));
        assert_eq!((space(&TARGET.on_line(0.25)), space(&TARGET.on_line(0.0))), ([0.25, 0.0, 0.0], [0.0; 3]));
    }
}

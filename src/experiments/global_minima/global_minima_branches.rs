//! The branches of the target set of two neurons whose target is one, found by a solver that does not know them
//! (slide "Geometry of global-min: simpler f*, higher-dim Q*").

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::rng::Stream;
use condense::num::svd::singular_values;
use condense_nn::measures::rank::Rank;
use condense_nn::nets::pair::{PairLoss, SIZE, Theta, Unit, output};
use condense_nn::theory::branches::{Branch, Target};
use condense_nn::theory::zeros::zero_near;
use ndarray::Array2;
use std::collections::BTreeSet;

/// Zeros of the loss from random starts, and dimensions around points of each branch.
///
/// Source: Zhang et al., arXiv:2309.00508, its example, with σ = exp. The printed "one-dimensional input" there is a slip: x ∈ R².
pub struct GlobalMinimaBranches;

params! {
    /// Settings.
    pub struct Params {
        /// Samples, n: more than (d + 1) m = 6, so that interpolators have the target function.
        pub samples: usize = 12, at_least 7;
        /// Random starts for each activation.
        pub starts: usize = 400, at_least 1;
        /// Their standard deviation.
        pub spread: f64 = 1.0, above 0.0;
        /// Most steps of the solver.
        pub steps: usize = 150;
        /// Disturbances of a branch point, from each of which the solver finds a zero.
        pub near: usize = 24, at_least 6;
        /// Their standard deviation.
        pub kick: f64 = 1e-3, above 0.0;
    }
}

/// The source's activation, and an odd one. Inputs are normal, of standard deviation 1: `exp` grows fast.
const TARGETS: [(&str, Target); 2] = [
    ("exp", Target { unit: Unit::Exp, a: 1.0, w: [1.0, 0.5] }),
    ("tanh", Target { unit: Unit::Tanh, a: 1.0, w: [1.0, 0.5] }),
];
/// A zero further from all branches than this is none of theirs: the solver ends within about 1e-5.
const ELSEWHERE: f64 = 1e-3;
/// Singular values of zeros around a point, in units of the disturbance, count from here on: between 1 and what the solver leaves.
const SPREADS: f64 = 0.1;

impl Experiment for GlobalMinimaBranches {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        Some(2 * p.starts * (SIZE + 4) + 40 * p.samples)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let losses = TARGETS.map(|(_, target)| {
            let mut rng = ctx.rng("samples");
            let x = (0..p.samples).map(|_| [rng.normal(), rng.normal()]).collect();
            PairLoss::of(target.unit, x, &target.pair(), 1.0)
        });
        let found = ctx.cells("starts", TARGETS.len() * p.starts, |cell, ctx| {
            let (loss, mut rng) = (&losses[cell / p.starts], ctx.rng("start"));
            let start: Theta = std::array::from_fn(|_| p.spread * rng.normal());
            Ok(End { zero: zero_near(loss, &start, p.steps) })
        })?;
        for (((name, target), loss), ends) in TARGETS.iter().zip(&losses).zip(found.chunks(p.starts)) {
            let zeros: Vec<Theta> = ends.iter().filter_map(|end| end.zero).collect();
            results.value(&format!("{name}.met"), zeros.len() as f64 / ends.len() as f64);
            tell(name, target, &zeros, &mut results);
            around(p, name, target, loss, ctx, &mut results);
        }
        let tests = &losses[0].x;
        let worst = TARGETS.iter().flat_map(|(_, target)| points(target).map(|(_, _, point)| (*target, point)));
        let worst = worst.flat_map(|(target, point)| tests.iter().map(move |&x| off(&target, &point, x)));
        results.value("error", worst.fold(0.0, f64::max));
        Ok(results)
    }
}

row! {
    /// Where a start led.
    struct End {
        zero: Option<Theta>,
    }
}

/// Points of the branches: name, branch, parameters.
fn points(target: &Target) -> [(&'static str, Branch, Theta); 5] {
    [
        ("Q₁", Branch::Q1, target.on_line(0.4)),
        ("Q₂", Branch::Q2, target.on_plane(Branch::Q2, [-0.7, 1.2])),
        ("Q₃", Branch::Q3, target.on_plane(Branch::Q3, [0.5, -1.3])),
        ("Q₁ ∩ Q₂", Branch::Q1, target.on_line(1.0)),
        ("Q₁ ∩ Q₃", Branch::Q1, target.on_line(0.0)),
    ]
}

/// How far the output is from the target, over the target.
fn off(target: &Target, theta: &Theta, x: [f64; 2]) -> f64 {
    let wanted = output(target.unit, &target.pair(), x);
    (output(target.unit, theta, x) - wanted).abs() / wanted.abs().max(1.0)
}

/// The zeros from random starts: on which branch, and how many copies of branches were met.
fn tell(name: &str, target: &Target, zeros: &[Theta], results: &mut Results) {
    let placed: Vec<Option<Branch>> = zeros
        .iter()
        .map(|zero| Some(target.nearest(zero)).filter(|(_, far)| *far < ELSEWHERE).map(|(branch, _)| branch))
        .collect();
    for branch in Branch::ALL {
        let on = placed.iter().filter(|placed| **placed == Some(branch)).count();
        results.value(&format!("{name}.{}", branch.name().to_lowercase()), on as f64);
    }
    let others = zeros.iter().zip(&placed).filter(|(_, placed)| placed.is_none());
    results.value(
        &format!("{name}.rest"),
        others.clone().filter(|(zero, _)| target.at_rest(zero) < ELSEWHERE).count() as f64,
    );
    results
        .value(&format!("{name}.elsewhere"), others.filter(|(zero, _)| target.off(zero) >= ELSEWHERE).count() as f64);
    results.value(&format!("{name}.found"), zeros.len() as f64);
    results.value(&format!("{name}.worst"), zeros.iter().map(|zero| target.off(zero)).fold(0.0, f64::max));
    // A copy is a branch with the signs of the neurons that are not silent.
    let copies: BTreeSet<[usize; 3]> =
        zeros.iter().zip(&placed).filter_map(|(zero, branch)| Some(copy(target, zero, (*branch)?))).collect();
    results.value(&format!("{name}.copies"), copies.len() as f64);
    // Branch by branch, so that a branch has its colour in every picture.
    let mut order: Vec<usize> = (0..zeros.len()).collect();
    order.sort_by_key(|&k| placed[k].map_or(Branch::ALL.len(), |branch| branch as usize));
    let column = |at: usize| order.iter().map(move |&k| zeros[k][at]);
    let table = Frame::new().with_words("branch", order.iter().map(|&k| placed[k].map_or("w = 0", Branch::name)));
    let heads = ["a1", "u1", "v1", "a2", "u2", "v2"].iter().enumerate();
    results.frame(&format!("zeros-{name}"), heads.fold(table, |table, (at, head)| table.with(head, column(at))));
}

/// The branch, and whether either neuron that is not silent is turned round.
fn copy(target: &Target, zero: &Theta, branch: Branch) -> [usize; 3] {
    let turned = |u: f64, v: f64| u * target.w[0] + v * target.w[1] < 0.0;
    let one = branch != Branch::Q3 && turned(zero[1], zero[2]);
    let other = branch != Branch::Q2 && turned(zero[4], zero[5]);
    [branch as usize, usize::from(one), usize::from(other)]
}

/// Rank of the tangent functions at each point, and the dimension that the zeros around it span.
fn around(p: &Params, name: &str, target: &Target, loss: &PairLoss, ctx: &Context, results: &mut Results) {
    let (mut ranks, mut spans, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (point, branch, theta)) in points(target).into_iter().enumerate() {
        let rank = Rank::of(&loss.tangent(&theta));
        steps.extend(rank.singular.iter().enumerate().map(|(k, s)| (point, k as f64 + 1.0, s.max(1e-18))));
        // Where branches cross there is no one dimension.
        let span = if at < 3 { spanned(p, loss, &theta, &mut ctx.rng(&format!("near/{name}/{at}"))) } else { f64::NAN };
        if at < 3 {
            results.value(&format!("{name}.dimension.{}", branch.name().to_lowercase()), span);
        }
        results.value(&format!("{name}.rank.{}", at + 1), rank.rank as f64);
        ranks.push(rank.rank as f64);
        spans.push(if span.is_nan() { "–".to_owned() } else { format!("{span}") });
    }
    let table = Frame::new()
        .with_words("point", points(target).map(|(point, ..)| point))
        .with("rank", &ranks)
        .with("kernel", ranks.iter().map(|rank| SIZE as f64 - rank))
        .with_words("dimension", spans);
    results.frame(&format!("points-{name}"), table);
    let table = Frame::new().with_words("point", steps.iter().map(|step| step.0));
    let table = table.with("index", steps.iter().map(|step| step.1)).with("value", steps.iter().map(|step| step.2));
    results.frame(&format!("tangents-{name}"), table);
}

/// How many directions the zeros around a point fill.
fn spanned(p: &Params, loss: &PairLoss, point: &Theta, rng: &mut Stream) -> f64 {
    let zeros = (0..p.near).filter_map(|_| zero_near(loss, &point.map(|x| x + p.kick * rng.normal()), p.steps));
    let zeros: Vec<Theta> = zeros.collect();
    let unit = p.kick * (zeros.len().max(1) as f64).sqrt();
    let away = Array2::from_shape_fn((zeros.len(), SIZE), |(i, k)| (zeros[i][k] - point[k]) / unit);
    singular_values(&away).into_iter().filter(|s| *s > SPREADS).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_line_and_two_planes_are_found_twice_alike() {
        let params = Params { starts: 6, near: 8, ..Params::default() };
        assert_eq!(GlobalMinimaBranches::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| GlobalMinimaBranches::run(&params, &Context::new(seed, &inputs, &Inline)).expect("results");
        let results = run(0);
        assert_eq!(results, run(0));
        assert_ne!(results, run(1));
        assert_eq!(results.fault(), None);
        for name in ["exp", "tanh"] {
            let dimensions =
                Branch::ALL.map(|branch| results.values[&format!("{name}.dimension.{}", branch.name().to_lowercase())]);
            assert_eq!(dimensions, [1.0, 2.0, 2.0], "{name}");
            assert_eq!(results.values[&format!("{name}.elsewhere")], 0.0, "{name}");
        }
    }
}

//! The optimistic sample size (slide of that name): the least model rank over the target set, found by going through every
//! branch of that set, and the number of samples from which the linear model at a branch recovers the target.
//!
//! `O_f* = min {r_θ : F(θ) = f*}`; for two-layer tanh networks without bias `k (d + 1)`, whatever the width (Zhang et al.,
//! arXiv:2406.18035, theorem 5). Local linear recovery: `f*` is the only function of the tangent hyperplane at `θ` that fits
//! the samples, which holds if and only if the tangent matrix of the samples has the model rank (arXiv:2211.11623, lemma 1).

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::rng::Stream;
use condense::num::stats::median;
use condense::num::vector::{dot, norm, unit};
use condense_nn::measures::rank::{Rank, THRESHOLD};
use condense_nn::nets::tanh_net::TanhNet;
use condense_nn::theory::target_set::{Branch, Role, branches};
use ndarray::Array2;

/// Every branch of the target set, and recovery at some of them.
pub struct OptimisticSampleSize;

params! {
    /// Settings.
    pub struct Params {
        /// Inputs, d.
        pub inputs: usize = 2, at_least 1;
        /// Neurons of the target, k, are 1 up to this.
        pub narrow: usize = 2, at_least 1;
        /// Neurons of the network, m, are k up to this.
        pub wide: usize = 4, at_least 1;
        /// Sample sets at each branch and size.
        pub sets: usize = 200, at_least 1;
        /// A sample set recovers the target where the relative error at test points is below this: between rounding and 1.
        pub tolerance: f64 = 1e-6, above 0.0;
    }
}

/// Test points of the linear models.
const TEST: usize = 40;

impl Experiment for OptimisticSampleSize {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // Tangents of the widest network, some copies, and the rows of all branches.
        let parameters = p.wide * (p.inputs + 1);
        Some(20 * (TEST + parameters) * parameters + 100_000)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let sizes: Vec<(usize, usize)> = (1..=p.narrow).flat_map(|k| (k..=p.wide).map(move |m| (k, m))).collect();
        let ranks = ctx.cells("sizes", sizes.len(), |cell, ctx| Ok(every_branch(p, sizes[cell], ctx)))?;
        show_branches(p, &sizes, &ranks, &mut results);
        let points = chosen(p.wide);
        let recovery = ctx.cells("recovery", points.len(), |cell, ctx| recoveries(p, &points[cell].1, ctx))?;
        show_recovery(p, &points, &recovery, &mut results);
        Ok(results)
    }

    fn check(p: &Params) -> Vec<condense::experiment::ParamFault> {
        use condense::experiment::params::Parameters as _;
        p.demands().holds("wide", p.wide >= p.narrow, "must be at least `narrow`").faults()
    }
}

/// The target: normal weights.
fn target(k: usize, p: &Params, rng: &mut Stream) -> TanhNet {
    TanhNet::random(k, 1.0, &vec![1.0; p.inputs], rng)
}

fn normal(rows: usize, columns: usize, rng: &mut Stream) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |_| rng.normal())
}

/// `[by rule, by singular values, gap]` at a random point of every branch of a width.
fn every_branch(p: &Params, (k, m): (usize, usize), ctx: &Context) -> Vec<[f64; 3]> {
    let rng = &mut ctx.rng("points");
    let target = target(k, p, rng);
    let x = normal(2 * m * (p.inputs + 1), p.inputs, rng);
    let read = |branch: &Branch| {
        let rank = Rank::of(&branch.point(&target, rng).tangent(&x));
        [branch.rank(p.inputs) as f64, rank.rank as f64, rank.gap()]
    };
    branches(m, k).iter().map(read).collect()
}

fn show_branches(p: &Params, sizes: &[(usize, usize)], ranks: &[Vec<[f64; 3]>], results: &mut Results) {
    let (mut table, mut counts, mut off, mut wrong, mut rising) = (Vec::new(), Vec::new(), 0, 0, 0);
    for (&(k, m), ranks) in sizes.iter().zip(ranks) {
        let least = ranks.iter().map(|row| row[1]).fold(f64::INFINITY, f64::min);
        let most = ranks.iter().map(|row| row[1]).fold(0.0, f64::max);
        let attained = ranks.iter().filter(|row| row[1] == least).count();
        let formula = (k * (p.inputs + 1)) as f64;
        off += ranks.iter().filter(|row| row[0] != row[1]).count();
        wrong += usize::from(least != formula);
        let narrow = table.iter().find(|row: &&[f64; 7]| row[0] == k as f64).map_or(least, |row| row[4]);
        rising += usize::from(least > narrow);
        table.push([k as f64, m as f64, ranks.len() as f64, formula, least, most, attained as f64]);
        let parameters = m * (p.inputs + 1);
        for rank in 1..=parameters {
            let count = ranks.iter().filter(|row| row[1] == rank as f64).count();
            counts.push([k as f64, m as f64, rank as f64, count as f64 / ranks.len() as f64]);
        }
    }
    let gap = ranks.iter().flatten().map(|row| row[2]).fold(f64::INFINITY, f64::min);
    results.value("branches", ranks.iter().map(Vec::len).sum::<usize>() as f64);
    results.value("branches.off", off as f64);
    results.value("branches.gap", gap);
    results.value("least.wrong", wrong as f64);
    results.value("least.rising", rising as f64);
    results.frame("sizes", Frame::from_rows(&["k", "m", "branches", "formula", "least", "most", "attained"], table));
    results.frame("counts", Frame::from_rows(&["k", "m", "rank", "share"], counts));
}

/// Branches of a target of one neuron: where all neurons are condensed, where one stands apart, …, and where all that can do.
fn chosen(wide: usize) -> Vec<(String, Branch)> {
    let role = |block: usize| if block == 0 { Role::Target(0) } else { Role::Foreign { silent: true } };
    let branch = |apart: usize| Branch {
        blocks: (0..wide).map(|neuron| (neuron + apart + 1).saturating_sub(wide)).collect(),
        roles: (0..=apart).map(role).collect(),
    };
    (0..wide).map(|apart| (format!("{apart} apart"), branch(apart))).collect()
}

/// For each number of samples up to one more than there are parameters: `[n, share that recovers, share by rank, sets in
/// which the two differ, median error]`.
fn recoveries(p: &Params, branch: &Branch, ctx: &Context) -> Result<Vec<[f64; 5]>, Stop> {
    let rng = &mut ctx.rng("samples");
    let net = branch.point(&target(1, p, rng), rng);
    let test = net.tangent(&normal(TEST, p.inputs, rng));
    let mut rows = Vec::new();
    for n in 1..=net.theta().len() + 1 {
        ctx.tick(n, net.theta().len() + 1)?;
        let (mut errors, mut by_rank, mut differ) = (Vec::new(), 0, 0);
        for _ in 0..p.sets {
            let basis = row_basis(&net.tangent(&normal(n, p.inputs, rng)));
            let error = unlearned(&basis, &test, &rng.normals(net.theta().len(), 1.0));
            let full = basis.len() == branch.rank(p.inputs);
            by_rank += usize::from(full);
            differ += usize::from(full != (error < p.tolerance));
            errors.push(error);
        }
        let recovered = errors.iter().filter(|error| **error < p.tolerance).count();
        let share = |count: usize| count as f64 / p.sets as f64;
        rows.push([n as f64, share(recovered), share(by_rank), differ as f64, median(&errors)]);
    }
    Ok(rows)
}

/// An orthonormal basis of the span of the rows, one after the other; what is left of a row counts as rounding below
/// [`THRESHOLD`] of its length. Each row is projected twice, which keeps the basis orthogonal to rounding.
fn row_basis(tangent: &Array2<f64>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for row in tangent.rows() {
        let row = row.to_vec();
        let left = project_out(&basis, &project_out(&basis, &row));
        if norm(&left) > THRESHOLD * norm(&row) {
            basis.push(unit(&left));
        }
    }
    basis
}

/// What is left of a vector beside the span of a basis.
fn project_out(basis: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    let mut left = vector.to_vec();
    for v in basis {
        let along = dot(v, &left);
        left.iter_mut().zip(v).for_each(|(left, v)| *left -= along * v);
    }
    left
}

/// Gradient descent on a linear model `J δ` towards `0` at the samples, from `δ`, ends at the part of `δ` that the rows of
/// `J` do not see: how large its output at the test points still is, in units of that at the start. (`f*` is the linear
/// model's origin.)
fn unlearned(basis: &[Vec<f64>], test: &Array2<f64>, start: &[f64]) -> f64 {
    let output =
        |delta: &[f64]| norm(&test.rows().into_iter().map(|row| dot(&row.to_vec(), delta)).collect::<Vec<_>>());
    output(&project_out(basis, start)) / output(start)
}

fn show_recovery(p: &Params, points: &[(String, Branch)], recovery: &[Vec<[f64; 5]>], results: &mut Results) {
    let ranks: Vec<f64> = points.iter().map(|(_, branch)| branch.rank(p.inputs) as f64).collect();
    let all = || recovery.iter().zip(&ranks).flat_map(|(rows, rank)| rows.iter().map(move |row| (row, *rank)));
    let early: f64 = all().filter(|(row, rank)| row[0] < *rank).map(|(row, _)| row[1]).sum();
    let late = all().filter(|(row, rank)| row[0] >= *rank).map(|(row, _)| row[1]).fold(1.0, f64::min);
    results.value("recovery.early", early * p.sets as f64);
    results.value("recovery.late", late);
    results.value("recovery.least", ranks[0]);
    results.value("recovery.differ", all().map(|(row, _)| row[3]).sum());
    results.value("recovery.sets", p.sets as f64 * all().count() as f64);
    let names = points.iter().zip(recovery).flat_map(|((name, _), rows)| rows.iter().map(move |_| name.clone()));
    let frame = Frame::new().with_words("branch", names).with("rank", all().map(|(_, rank)| rank));
    let columns = ["n", "share", "by_rank", "differ", "error"];
    let frame = columns.iter().enumerate().fold(frame, |frame, (at, name)| {
        frame.with(name, all().map(|(row, _)| if at == 4 { row[at].max(1e-17) } else { row[at] }))
    });
    results.frame("recovery", frame);
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn tiny_target_sets_have_the_least_rank_of_theory_and_are_twice_the_same() {
        let (inputs, params) = (BTreeMap::new(), Params { narrow: 1, wide: 2, sets: 2, ..Params::default() });
        assert_eq!(OptimisticSampleSize::check(&params), []);
        assert_eq!(OptimisticSampleSize::check(&Params { wide: 1, ..Params::default() })[0].key, "wide");
        let run = || OptimisticSampleSize::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        let values = ["branches", "branches.off", "least.wrong", "recovery.early"].map(|name| results.values[name]);
        assert_eq!(values, [1.0 + 7.0, 0.0, 0.0, 0.0], "one branch of width 1, seven of width 2");
    }
}

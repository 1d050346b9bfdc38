//! The rank of a Kolmogorov–Arnold network at a target: the same at every width, and larger on every finer grid.
//! It knows no training: ranks are read off singular values of sampled tangent functions. Slide "KAN".
//!
//! `f(x) = Σ_i Φ_i(φ_i1(x_1) + φ_i2(x_2))`, cubic splines, `G` on every edge; target and embeddings: `nn::spline_target`.

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::cos;
use condense::num::qr::qr;
use condense_nn::measures::rank::Rank;
use condense_nn::tasks::spline_target::SplineNet;
use condense_nn::training::fit::Model as _;
use std::f64::consts::PI;

params! {
    /// Settings.
    pub struct Params {
        /// Widths `m`.
        pub widths: Vec<usize> = vec![1, 2, 4, 8], rising_from 1;
        /// Splines `G` on every edge.
        pub splines: Vec<usize> = vec![4, 5, 7, 10, 15, 20, 30], rising_from 4;
        /// Wider networks are measured up to so many parameters.
        pub most: usize = 150, at_least 12;
    }
}

/// Ranks over widths and grids.
pub struct KanSymmetry;

/// How nodes beyond the first come to have the same function.
const WAYS: [&str; 2] = ["split", "null"];

impl Experiment for KanSymmetry {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // The tangent, its columns, and their turns.
        let places = (p.most as f64).sqrt() as usize + 16;
        Some(p.most * (2 * places * places + 2 * p.most))
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let pairs = p.widths.iter().flat_map(|m| p.splines.iter().map(move |g| (*m, *g)));
        let pairs: Vec<(usize, usize)> = pairs.filter(|(m, g)| 3 * m * g <= p.most || *m == p.widths[0]).collect();
        let points = ctx.cells("rank", pairs.len() * WAYS.len(), |cell, ctx| {
            let (width, splines) = pairs[cell / WAYS.len()];
            let mut rng = ctx.rng("shares");
            let net = SplineNet { width, splines, x: places(splines) };
            let shares: Vec<f64> = match cell % WAYS.len() {
                // Unequal shares of either sign, which add up to 1.
                0 => {
                    let drawn: Vec<f64> = (1..width).map(|_| rng.uniform(0.2, 0.8) * sign(rng.word())).collect();
                    let rest = 1.0 - drawn.iter().sum::<f64>();
                    drawn.into_iter().chain([rest]).collect()
                }
                _ => (0..width).map(|node| f64::from(u8::from(node == 0))).collect(),
            };
            // The triangular factor has the same singular values and lengths of columns, and far fewer rows.
            let rank = Rank::of(&qr(&net.tangent(&net.embedded(&shares))).r());
            Ok(Point {
                width,
                splines,
                way: cell % WAYS.len(),
                rank: rank.rank,
                by_hand: net.rank_by_hand(),
                kept: rank.kept(),
                dropped: rank.dropped(),
            })
        })?;
        Ok(summarise(p, &points))
    }
}

row! {
    /// The rank of one network.
    struct Point {
        width: usize,
        splines: usize,
        /// Of [`WAYS`].
        way: usize,
        rank: usize,
        by_hand: usize,
        kept: f64,
        dropped: f64,
    }
}

fn sign(word: u64) -> f64 {
    if word & 1 == 0 { 1.0 } else { -1.0 }
}

/// Samples in [-1, 1]², corners among them and denser towards the edges, so that no spline that `z` reaches is missed.
fn places(splines: usize) -> Vec<f64> {
    let side = splines + 9;
    let at = |k: usize| -cos(PI * k as f64 / (side - 1) as f64);
    (0..side).flat_map(|i| (0..side).flat_map(move |j| [at(i), at(j)])).collect()
}

fn summarise(p: &Params, points: &[Point]) -> Results {
    let mut results = Results::default();
    let narrow = |splines: usize| {
        points.iter().find(|point| point.width == p.widths[0] && point.splines == splines).map(|point| point.rank)
    };
    let wider = points.iter().filter(|point| narrow(point.splines) != Some(point.rank)).count();
    results.value("violations.width", wider as f64);
    results.value("violations.formula", points.iter().filter(|point| point.rank != point.by_hand).count() as f64);
    let falls = p.splines.windows(2).filter(|pair| narrow(pair[1]) <= narrow(pair[0])).count();
    results.value("violations.grid", falls as f64);
    let margins =
        points.iter().fold([1.0f64, 0.0f64], |[kept, dropped], at| [kept.min(at.kept), dropped.max(at.dropped)]);
    results.value("margin.kept", margins[0]);
    results.value("margin.dropped", margins[1]);
    results.value("margin.gap", margins[0] / margins[1].max(f64::EPSILON / 2.0));
    results.value("points", points.len() as f64);
    for splines in &p.splines {
        results.value(&format!("rank.g{splines}"), narrow(*splines).map_or(0.0, |rank| rank as f64));
    }
    let widest = points.iter().map(|point| point.width).fold(0, usize::max);
    results.value("widest", widest as f64);
    let frame = Frame::new()
        .with("width", points.iter().map(|point| point.width as f64))
        .with("splines", points.iter().map(|point| point.splines as f64))
        .with_words("way", points.iter().map(|point| WAYS[point.way]))
        .with("rank", points.iter().map(|point| point.rank as f64))
        .with("hand", points.iter().map(|point| point.by_hand as f64))
        .with("parameters", points.iter().map(|point| (3 * point.width * point.splines) as f64))
        .with("kept", points.iter().map(|point| point.kept))
        .with("dropped", points.iter().map(|point| point.dropped));
    results.frame("ranks", frame);
    results
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn small_ranks_are_those_by_hand_and_twice_the_same() {
        let inputs = BTreeMap::new();
        let params = Params { widths: vec![1, 2], splines: vec![4, 5], most: 30 };
        let run = || KanSymmetry::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert_eq!([results.values["rank.g4"], results.values["rank.g5"]], [9.0, 12.0]);
        assert_eq!(["width", "formula", "grid"].map(|of| results.values[&format!("violations.{of}")]), [0.0; 3]);
    }
}

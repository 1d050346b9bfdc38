//! The model rank of two tanh neurons: 2 where they are condensed, 4 where they are not (slide "Example").
//! Nothing is scaled down: ranks are read off singular values of the sampled tangent functions.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense_nn::measures::rank::Rank;
use condense_nn::nets::tanh_net::TanhNet;
use ndarray::{Array2, array};

/// The rank of `F(θ)(x) = a_1 tanh(w_1 x) + a_2 tanh(w_2 x)` over a grid of `(w_1, w_2)` and in its special cases.
///
/// `r_θ = dim span {tanh(w_1 x), a_1 tanh'(w_1 x) x, tanh(w_2 x), a_2 tanh'(w_2 x) x}` (Zhang et al. 2022, arXiv:2211.11623).
pub struct ModelRankExample;

params! {
    /// Settings.
    pub struct Params {
        /// Output weights of the map; neither is 0.
        pub a: [f64; 2] = [1.0, 0.5], such_that |a| a.iter().all(|&a| a != 0.0), "must not hold a 0";
        /// The map covers `w_1, w_2 ∈ [−extent, extent]` …
        pub extent: f64 = 2.0, above 0.0;
        /// … with this many grid lines on each side of 0.
        pub lines: usize = 16, at_least 1;
        /// Samples: equally spaced points of `(0, reach]`. All tangent functions are odd, so negative ones would add nothing.
        pub samples: usize = 32,
            such_that |samples| *samples >= 8, "must be at least 8: twice the number of parameters";
        /// Largest sample.
        pub reach: f64 = 4.0, above 0.0;
    }
}

/// The slide's cases and those between them: name, `(a_1, a_2)`, `(w_1, w_2)`, rank by hand.
const CASES: [(&str, [f64; 2], [f64; 2], usize); 6] = [
    ("generic", [1.0, 0.5], [0.5, 1.5], 4),
    ("a₂ = 0", [1.0, 0.0], [0.5, 1.5], 3),
    ("w₁ = w₂", [1.0, 0.5], [1.5, 1.5], 2),
    ("w₁ = −w₂", [1.0, 0.5], [1.5, -1.5], 2),
    ("w₁ = w₂, a₁ + a₂ = 0", [1.0, -1.0], [1.5, 1.5], 2),
    ("w₁ = w₂ = 0", [1.0, 0.5], [0.0, 0.0], 1),
];

/// Singular values are drawn no lower than this.
const FLOOR: f64 = 1e-18;

impl Experiment for ModelRankExample {
    type Params = Params;

    fn working_set(params: &Params) -> Option<usize> {
        // A row of tangents and the map.
        let side = 2 * params.lines + 1;
        Some(16 * params.samples + 9 * side * side)
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let step = params.reach / params.samples as f64;
        let x = Array2::from_shape_fn((params.samples, 1), |(i, _)| step * (i + 1) as f64);
        let rank = |a: [f64; 2], w: [f64; 2]| Rank::of(&TanhNet::new(a.to_vec(), array![[w[0]], [w[1]]]).tangent(&x));
        // Multiples of extent/lines: with powers of two in the denominator, w_1 = ±w_2 holds exactly on the diagonals.
        let side = 2 * params.lines + 1;
        let weight = |at: usize| (at as f64 - params.lines as f64) * params.extent / params.lines as f64;

        let rows = ctx.cells("map", side, |row, _| {
            Ok((0..side).map(|column| margins(&rank(params.a, [weight(column), weight(row)]))).collect::<Vec<_>>())
        })?;
        let mut map = Vec::new();
        for (row, cells) in rows.iter().enumerate() {
            for (column, [rank, kept, dropped]) in cells.iter().enumerate() {
                let (w1, w2) = (weight(column), weight(row));
                map.push([w1, w2, *rank, by_hand(w1, w2), *kept, *dropped]);
            }
        }
        let cases: Vec<Rank> = CASES.iter().map(|&(_, a, w, _)| rank(a, w)).collect();

        let mut results = Results::default();
        summarise(&map, &cases, &mut results);
        results.frame("map", Frame::from_rows(&["w1", "w2", "rank", "hand", "kept", "dropped"], &map));
        results.frame("staircase", staircase(&cases));
        results.frame(
            "cases",
            Frame::new()
                .with_words("case", CASES.map(|(name, ..)| name))
                .with("hand", CASES.map(|(.., hand)| hand as f64))
                .with("rank", cases.iter().map(|case| case.rank as f64))
                .with("kept", cases.iter().map(Rank::kept))
                .with("dropped", cases.iter().map(Rank::dropped)),
        );
        Ok(results)
    }
}

/// The rank, and by how much it is one: the least singular value that counts, and the largest that does not.
fn margins(rank: &Rank) -> [f64; 3] {
    [rank.rank as f64, rank.kept(), rank.dropped()]
}

/// The rank for `a_1, a_2 ≠ 0`, by hand: a neuron at 0 has the one tangent function `x`; equal or opposite neurons share both of theirs.
fn by_hand(w1: f64, w2: f64) -> f64 {
    match (w1 == 0.0, w2 == 0.0) {
        (true, true) => 1.0,
        (true, false) | (false, true) => 3.0,
        (false, false) if w1.abs() == w2.abs() => 2.0,
        (false, false) => 4.0,
    }
}

fn summarise(map: &[[f64; 6]], cases: &[Rank], results: &mut Results) {
    let wrong = |on: &dyn Fn(f64, f64) -> bool| map.iter().filter(|row| on(row[0], row[1]) && row[2] != row[3]).count();
    let condensed = |w1: f64, w2: f64| w1.abs() == w2.abs();
    results.value("violations.condensed", wrong(&|w1, w2| condensed(w1, w2)) as f64);
    results.value("violations.elsewhere", wrong(&|w1, w2| !condensed(w1, w2)) as f64);
    let missed = cases.iter().zip(&CASES).filter(|(case, (.., hand))| case.rank != *hand).count();
    results.value("violations.cases", missed as f64);

    let margins = map.iter().map(|row| [row[2], row[4], row[5]]).chain(cases.iter().map(margins));
    let (kept, dropped) = margins.fold((1.0f64, 0.0f64), |(kept, dropped), at| (kept.min(at[1]), dropped.max(at[2])));
    results.value("margin.kept", kept);
    results.value("margin.dropped", dropped);
    results.value("margin.gap", kept / dropped.max(f64::EPSILON / 2.0));
    results.value("map.points", map.len() as f64);
}

fn staircase(cases: &[Rank]) -> Frame {
    let steps = || {
        cases
            .iter()
            .zip(&CASES)
            .flat_map(|(case, (name, ..))| case.singular.iter().enumerate().map(move |step| (*name, step)))
    };
    Frame::new()
        .with_words("case", steps().map(|(name, _)| name))
        .with("index", steps().map(|(_, (at, _))| at as f64 + 1.0))
        .with("value", steps().map(|(_, (_, value))| value.max(FLOOR)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_map_is_right_and_twice_the_same() {
        let (inputs, params) = (BTreeMap::new(), Params { lines: 2, samples: 8, ..Params::default() });
        let run = || ModelRankExample::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        for name in ["violations.condensed", "violations.elsewhere", "violations.cases"] {
            assert_eq!(results.values[name], 0.0, "{name}");
        }
    }
}

//! Which sizes of a block of attention cost samples: the width of a token, but not the heads or the width of their matrices.
//! Slide "Permutation symmetric": `A(X) = Σ_h softmax(X Q_h K_hᵀ Xᵀ / √d) X V_h O_hᵀ`, matrices of D × d, h heads.
//!
//! Ranks are those of the whole output `A(X)`; the trainings see the last token alone, through a fixed vector. The target is one head of
//! inner rank d₀. The slide prints no settings: target, sizes and training are ours.

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::qr::qr;
use condense::num::rng::Stream;
use condense::num::stats::median;
use condense_nn::measures::rank::Rank;
use condense_nn::measures::recovery::{at_least, spread};
use condense_nn::nets::attention_tangent::{Read, of_block};
use condense_nn::tasks::one_head::OneHead;
use condense_nn::training::fit::{interpolate, loss};
use condense_nn::training::readout::{Readout, Sizes, Task, outputs};
use condense_nn::training::rule::Adam;
use condense_nn::training::stepwise::Stepwise as _;

params! {
    /// Settings.
    pub struct Params {
        /// Tokens of a sequence.
        pub tokens: usize = 5, at_least 2;
        /// Blocks whose rank is measured: `[D, d₀, h, d]`.
        pub ranks: Vec<[usize; 4]> = vec![
            [4, 1, 1, 1], [4, 1, 2, 2], [4, 2, 1, 2], [4, 2, 2, 2], [4, 2, 4, 2], [4, 2, 1, 3], [4, 2, 1, 4], [4, 2, 3, 4],
            [5, 2, 1, 2], [5, 2, 2, 3], [6, 2, 1, 2], [6, 2, 2, 3], [8, 2, 1, 2], [8, 2, 2, 3], [6, 3, 1, 3], [6, 3, 2, 3],
        ], such_that |ranks| ranks.iter().all(|[width, rank, heads, head]| *rank >= 1 && rank <= head && rank <= width && *heads >= 1),
            "must hold `[D, d₀, h, d]` with d₀ at most d and D";
        /// Blocks that are trained: `[D, h, d]`, the target's own sizes first; later ones of that D add heads and columns alone.
        pub nets: Vec<[usize; 3]> = vec![[4, 1, 1], [4, 4, 1], [4, 1, 4], [4, 2, 2], [8, 1, 1], [12, 1, 1]],
            such_that |nets| !nets.is_empty() && nets.iter().all(|[width, heads, head]| width * heads * head % 2 == 0), "must come in eights of parameters";
        /// Numbers of samples n.
        pub samples: Vec<usize> = vec![9, 12, 16, 20, 28, 40, 60], rising_from 1;
        /// Independent draws of target, samples and initial weights.
        pub draws: usize = 3, at_least 1;
        /// Coordinates of a token that the target sees.
        pub seen: usize = 3, at_least 1;
        /// Standard deviation of the target's entries: scores are of order 1.
        pub target_std: f64 = 0.7, above 0.0;
        /// Standard deviation of the initial weights.
        pub std: f64 = 0.01, above 0.0;
        /// Rate of Adam.
        pub rate: f64 = 0.01, above 0.0;
        /// Steps of Adam.
        pub steps: usize = 1500, at_least 1;
        /// Most trials of Levenberg–Marquardt.
        pub trials: usize = 40;
        /// A block has recovered the target where the median of its test error, over the target's mean square, is below this.
        pub recovered: f64 = 1e-2, above 0.0;
    }
}

/// Ranks, and test errors over samples.
pub struct TransformerSymmetry;

/// Test sequences.
const TEST: usize = 300;
/// Losses below this are interpolation.
const GOAL: f64 = 1e-20;
/// Errors are drawn no lower than this.
const FLOOR: f64 = 1e-20;

impl Experiment for TransformerSymmetry {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        let largest = p.ranks.iter().map(|[width, _, heads, head]| 4 * width * heads * head).max().unwrap_or(0);
        let trained = p.nets.iter().map(|[width, heads, head]| (4 * width * heads * head, *width));
        let (parameters, width) = trained.max().unwrap_or((0, 0));
        let n = p.samples.iter().copied().max().unwrap_or(0);
        Some(6 * largest * largest + 2 * n * parameters + 3 * n * n + (TEST + n) * p.tokens * width + 8 * parameters)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        // Split among all heads in unequal shares, or all in the first.
        let ranks =
            ctx.cells("ranks", 2 * p.ranks.len(), |cell, ctx| Ok(rank(p, p.ranks[cell / 2], cell % 2 == 0, ctx)))?;
        report_ranks(p, &ranks, &mut results);
        let (each, draws) = (p.samples.len() * p.draws, ctx.rng("draws"));
        let ends = ctx.cells("trainings", p.nets.len() * each, |cell, ctx| {
            let draw = draws.fork(&(cell % p.draws).to_string());
            train(p, p.nets[cell / each], p.samples[cell % each / p.draws], &draw, ctx)
        })?;
        let mut rows = Vec::new();
        for (at, ends) in ends.chunks(p.draws).enumerate() {
            let ([width, heads, head], n) = (p.nets[at / p.samples.len()], p.samples[at % p.samples.len()]);
            let [test, low, high] = spread(&ends.iter().map(|end| end[1]).collect::<Vec<_>>(), FLOOR);
            let train = median(&ends.iter().map(|end| end[0]).collect::<Vec<_>>());
            rows.push([width as f64, heads as f64, head as f64, n as f64, test, low, high, train]);
        }
        report_thresholds(p, &rows, &mut results);
        let words = rows.iter().map(|row| format!("D = {}, h = {}, d = {}", row[0], row[1], row[2]));
        let names = ["width", "heads", "head", "n", "test", "low", "high", "train"];
        results.frame("errors", Frame::from_rows(&names, &rows).with_words("net", words));
        Ok(results)
    }
}

row! {
    /// The rank of a block at the target.
    struct Point {
        rank: usize,
        by_hand: usize,
        kept: f64,
        dropped: f64,
    }
}

fn rank(p: &Params, [width, rank, heads, head]: [usize; 4], split: bool, ctx: &Context) -> Point {
    let sizes = Sizes { tokens: p.tokens, width, head, heads };
    let target = OneHead::random(rank, width, width, p.target_std, &mut ctx.rng("target"));
    let shares: Vec<f64> = if split {
        (0..heads).map(|h| 2.0 * (h + 1) as f64 / (heads * (heads + 1)) as f64).collect()
    } else {
        (0..heads).map(|h| f64::from(u8::from(h == 0))).collect()
    };
    // A token sees d₀ of its D outputs move: so tokens are counted, not outputs.
    let sequences = sizes.parameters().max(2 * target.rank_by_hand()).div_ceil(p.tokens);
    let x = ctx.rng("sequences").normals(sequences * p.tokens * width, 1.0);
    // The triangular factor has the same singular values and lengths of columns, and fewer rows.
    let measured = Rank::of(&qr(&of_block(sizes, &target.embedded(sizes, &shares), &x)).r());
    Point { rank: measured.rank, by_hand: target.rank_by_hand(), kept: measured.kept(), dropped: measured.dropped() }
}

fn report_ranks(p: &Params, ranks: &[Point], results: &mut Results) {
    let rows = p.ranks.iter().zip(ranks.as_chunks::<2>().0).map(|([width, rank, heads, head], [split, null])| {
        [*width, *rank, *heads, *head, 4 * width * heads * head, split.by_hand, split.rank, null.rank].map(|x| x as f64)
    });
    let names = ["width", "inner", "heads", "head", "parameters", "hand", "split", "null"];
    results.frame("ranks", Frame::from_rows(&names, rows));
    results.value("violations.rank", ranks.iter().filter(|point| point.rank != point.by_hand).count() as f64);
    results.value("points", ranks.len() as f64);
    let [kept, dropped] =
        ranks.iter().fold([1.0f64, 0.0f64], |[kept, dropped], at| [kept.min(at.kept), dropped.max(at.dropped)]);
    results.value("margin.kept", kept);
    results.value("margin.dropped", dropped);
    results.value("margin.gap", kept / dropped.max(f64::EPSILON / 2.0));
}

/// Mean square errors over the mean square of the targets: on the samples, on test sequences.
fn train(
    p: &Params,
    [width, heads, head]: [usize; 3],
    n: usize,
    draw: &Stream,
    ctx: &Context,
) -> Result<[f64; 2], Stop> {
    let sizes = Sizes { tokens: p.tokens, width, head, heads };
    let target = OneHead::random(1, width, p.seen, p.target_std, &mut draw.fork("target"));
    let own = target.sizes(p.tokens);
    let read = draw.fork("read").normals(width, 1.0);
    // All blocks of one D learn from the first n of the same sequences.
    let task = |name: &str, n: usize| {
        let x = draw.fork(name).normals(n * p.tokens * width, 1.0);
        let mut task = Task { x, y: vec![0.0; n], read: read.clone() };
        task.y = outputs(own, &task, &target.embedded(own, &[1.0]));
        task
    };
    let (samples, test) = (task("samples", n), task("test", TEST));
    let adam = Adam { rate: p.rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    let mut block = Readout::new(sizes, &samples, ctx.rng("init").normals(sizes.parameters(), p.std), adam);
    block.train_to(p.steps, ctx)?;
    let model = Read { sizes, task: &samples };
    let theta = interpolate(&model, &samples.y, block.theta().to_vec(), p.trials, GOAL, ctx)?;
    let square = test.y.iter().map(|y| y * y).sum::<f64>() / TEST as f64;
    Ok([loss(&model, &samples.y, &theta) / square, loss(&Read { sizes, task: &test }, &test.y, &theta) / square])
}

/// Where each block recovers the target, beside its parameters and the rank of the target in it.
fn report_thresholds(p: &Params, rows: &[[f64; 8]], results: &mut Results) {
    let mut thresholds = Vec::new();
    for ([width, heads, head], rows) in p.nets.iter().zip(rows.chunks(p.samples.len())) {
        let threshold = at_least(&p.samples, &rows.iter().map(|row| row[4]).collect::<Vec<_>>(), p.recovered);
        let rank = OneHead { rank: 1, width: *width, parts: Default::default() }.read_rank_by_hand();
        let name = format!("w{width}.h{heads}.d{head}");
        results.value(&format!("threshold.{name}"), threshold);
        results.value(&format!("optimistic.{name}"), rank as f64);
        thresholds.push([
            *width as f64,
            *heads as f64,
            *head as f64,
            (4 * width * heads * head) as f64,
            rank as f64,
            threshold,
        ]);
    }
    let (narrow, widest) = (thresholds[0], thresholds[thresholds.len() - 1]);
    let most = thresholds.iter().filter(|row| row[0] == narrow[0]).map(|row| row[5]).fold(0.0, f64::max);
    results.value("ratio.heads", most / narrow[5]);
    results.value("ratio.width", widest[5] / narrow[5]);
    results.value("below.optimistic", thresholds.iter().filter(|row| row[5] < row[4]).count() as f64);
    let falls = thresholds.iter().filter(|row| row[1] * row[2] == 1.0).collect::<Vec<_>>();
    results.value("violations.width", falls.windows(2).filter(|pair| pair[1][5] <= pair[0][5]).count() as f64);
    results.frame(
        "thresholds",
        Frame::from_rows(&["width", "heads", "head", "parameters", "optimistic", "threshold"], thresholds),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself_and_its_ranks_are_those_by_hand() {
        let inputs = BTreeMap::new();
        let params = Params {
            ranks: vec![[2, 1, 1, 1], [2, 1, 2, 1], [3, 1, 1, 1]],
            nets: vec![[2, 1, 1], [4, 1, 1]],
            samples: vec![2, 4],
            draws: 1,
            seen: 2,
            steps: 5,
            trials: 3,
            ..Params::default()
        };
        assert_eq!(TransformerSymmetry::check(&params), []);
        let run = |seed| TransformerSymmetry::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run");
        let results = run(0);
        assert_eq!(results, run(0));
        assert_eq!(results.fault(), None);
        assert_ne!(results, run(1));
        assert_eq!(results.values["violations.rank"], 0.0);
    }
}

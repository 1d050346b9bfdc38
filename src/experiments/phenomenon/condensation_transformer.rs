//! Condensation in a transformer: the columns of its matrices, from small and from large initial weights.
//! It knows the block only from outside; `nn::readout` trains it.
//!
//! Sequences of tokens `x_j ~ N(0, I)`; the target is one head of attention, `y = Σ_j softmax_j(s (p·x_T)(q·x_j)) (v·x_j)`, with unit vectors
//! `p`, `q`, `v` and the last token `x_T`. Slide "Condensation in transformer".

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::exp;
use condense::num::rng::Stream;
use condense::num::vector::{dot, unit};
use condense_nn::measures::columns::{Columns, product_alignment};
use condense_nn::measures::similarity::cosines_in_blocks;
use condense_nn::training::readout::{Part, Readout, Sizes, Task, outputs};
use condense_nn::training::rule::Adam;
use condense_nn::training::stepwise::Stepwise as _;

params! {
    /// The block is the deck's; task, sizes and training are ours.
    pub struct Params {
        /// Sequences.
        pub sequences: usize = 256, at_least 1;
        /// Tokens of each.
        pub tokens: usize = 8, at_least 1;
        /// `D`, the numbers of a token.
        pub width: usize = 16, at_least 2;
        /// `h`.
        pub heads: usize = 2, at_least 1;
        /// `d`, the columns of each matrix of a head.
        pub head: usize = 8, at_least 1;
        /// `s`, how sharply the target attends.
        pub sharpness: f64 = 4.0;
        /// Standard deviation of the small initial weights.
        pub small_std: f64 = 1e-3, above 0.0;
        /// Standard deviation of the large ones.
        pub large_std: f64 = 0.25, above 0.0;
        /// Learning rate of Adam.
        pub rate: f64 = 2e-3, above 0.0;
        /// The four steps at which matrices are looked at; the last ends the training.
        pub stages: [usize; 4] = [20, 50, 200, 400],
            such_that |stages| stages[0] > 0 && stages.is_sorted_by(|one, next| one < next), "must ascend from 1 on";
        /// Steps between the points of the curves.
        pub every: usize = 10, at_least 1;
        /// Columns whose |cosine| is above this are one.
        pub cosine: f64 = 0.95, within 0.0..1.0;
    }
}

/// The matrices of a transformer on their way.
pub struct CondensationTransformer;

const PARTS: [(Part, &str); 4] =
    [(Part::Query, "query"), (Part::Key, "key"), (Part::Value, "value"), (Part::Output, "output")];
const RUNS: [&str; 2] = ["small", "large"];

impl Experiment for CondensationTransformer {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        p.demands()
            .holds("head", (p.heads * p.head * p.width).is_multiple_of(2), "times `heads` times `width` must be even")
            .faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // Sequences; parameters with gradient and memory in both runs; the matrices and curves that are kept of them.
        let (columns, matrix) = (p.heads * p.head, p.width * p.heads * p.head);
        let kept = 5 * 4 * (matrix + columns * columns) + 12 * (p.stages[3] / p.every + 8);
        Some(p.sequences * (p.tokens * p.width + 2) + 2 * (4 * matrix * 6 + kept) + 8 * matrix)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let (task, directions) = task(p, &mut ctx.rng("task"));
        let sizes = Sizes { tokens: p.tokens, width: p.width, head: p.head, heads: p.heads };
        let runs = ctx.cells("runs", RUNS.len(), |run, ctx| {
            let std = [p.small_std, p.large_std][run];
            // Both runs start from the same draw, in units of their size.
            let theta = ctx.rng("init").normals(sizes.parameters(), std);
            train(p, sizes, &task, theta, ctx)
        })?;
        let mut results = Results::default();
        let (mut course, mut matrices, mut widest) = (Vec::new(), Vec::new(), 0.0f64);
        for (run, snapshots) in runs.iter().enumerate() {
            for (point, Snapshot { step, loss, theta }) in snapshots.iter().enumerate() {
                let look = Look::of(sizes, theta, p.cosine, &directions);
                course.push(look.line([run as f64, *step as f64, *loss]));
                if run == 1 {
                    widest = look.columns.iter().map(|columns| columns.share).fold(widest, f64::max);
                }
                let reached = || p.stages.iter().position(|at| at == step).map(|at| at + 1);
                let Some(stage) = (if point == 0 { Some(0) } else { reached() }) else { continue };
                results.value(&format!("{}.{stage}.loss", RUNS[run]), *loss);
                look.report(&format!("{}.{stage}", RUNS[run]), &mut results);
                matrices.extend(similarity(sizes, theta, [run as f64, stage as f64]));
            }
            let end = snapshots.last().map_or(&[][..], |snapshot| &snapshot.theta);
            results.value(&format!("{}.heads.apart", RUNS[run]), heads_apart(sizes, &task, end));
        }
        results.value("large.share", widest);
        results.frame("course", Frame::from_rows(&COURSE, course));
        results.frame("similarity", Frame::from_rows(&["run", "stage", "matrix", "row", "column", "cosine"], matrices));
        results.frame("maps", maps(p));
        Ok(results)
    }
}

/// The cosines that the figure shows: each matrix before training, at the first stage and at the last, and, from large
/// weights, at the last.
fn maps(p: &Params) -> Frame {
    let last = p.stages.len();
    let at = |stage: usize| format!("step {}", p.stages[stage - 1]);
    let rows = [(0, 0, "before".to_owned()), (0, 1, at(1)), (0, last, at(last)), (1, last, "large init.".to_owned())];
    let each = || rows.iter().flat_map(|row| (0..MATRICES.len()).map(move |matrix| (row, matrix)));
    Frame::new()
        .with("run", each().map(|((run, ..), _)| f64::from(*run)))
        .with("stage", each().map(|((_, stage, _), _)| *stage as f64))
        .with("matrix", each().map(|(_, matrix)| matrix as f64))
        .with_words("name", each().map(|(_, matrix)| MATRICES[matrix]))
        .with_words("when", each().map(|((.., when), _)| when.as_str()))
}

/// The matrices of a head, in the order of their parameters.
const MATRICES: [&str; 4] = ["Q", "K", "V", "O"];

/// The columns of [`Look::line`].
const COURSE: [&str; 14] = [
    "run",
    "step",
    "loss",
    "energy-query",
    "energy-key",
    "energy-value",
    "energy-output",
    "share-query",
    "share-key",
    "share-value",
    "share-output",
    "aligned-query",
    "aligned-key",
    "aligned-scores",
];

/// What there is to see of the block at one step.
struct Look {
    /// Of each of [`PARTS`].
    columns: [Columns; PARTS.len()],
    /// |cosines| of the query's, the key's and the scores' leading direction with those by which the target attends.
    aligned: [f64; 3],
}

impl Look {
    fn of(sizes: Sizes, theta: &[f64], bound: f64, [from, to]: &[Vec<f64>; 2]) -> Self {
        let columns = PARTS.map(|(part, _)| Columns::of(&sizes.columns(theta, part), bound));
        let [query, key] = [Part::Query, Part::Key].map(|part| sizes.columns(theta, part));
        let scores = product_alignment(&query, &key, [from, to]);
        let aligned = [columns[0].alignment(from), columns[1].alignment(to), scores];
        Self { columns, aligned }
    }

    /// A row of the course, after its head.
    fn line(&self, head: [f64; 3]) -> Vec<f64> {
        let energies = self.columns.each_ref().map(|columns| columns.energy);
        let shares = self.columns.each_ref().map(|columns| columns.share);
        [&head[..], &energies, &shares, &self.aligned].concat()
    }

    fn report(&self, place: &str, results: &mut Results) {
        for ((_, name), columns) in PARTS.iter().zip(&self.columns) {
            results.value(&format!("{place}.{name}.share"), columns.share);
            results.value(&format!("{place}.{name}.energy"), columns.energy);
        }
        for (name, aligned) in ["query", "key", "scores"].iter().zip(self.aligned) {
            results.value(&format!("{place}.{name}.aligned"), aligned);
        }
    }
}

/// Cosines of all pairs of columns of each matrix, after run and stage.
fn similarity(sizes: Sizes, theta: &[f64], [run, stage]: [f64; 2]) -> Vec<[f64; 6]> {
    let of_part = |(part, _): (Part, &str)| {
        let blocks = cosines_in_blocks(&sizes.columns(theta, part));
        let row =
            |((j, k), cosine): ((usize, usize), &f64)| [run, stage, f64::from(part as u8), j as f64, k as f64, *cosine];
        blocks.indexed_iter().map(row).collect::<Vec<_>>()
    };
    PARTS.into_iter().flat_map(of_part).collect()
}

/// Sequences with the outputs of the target, and the directions `p` and `q` by which it attends.
fn task(p: &Params, rng: &mut Stream) -> (Task, [Vec<f64>; 2]) {
    let [from, to, value, read] = [(); 4].map(|()| unit(&rng.normals(p.width, 1.0)));
    let x = rng.normals(p.sequences * p.tokens * p.width, 1.0);
    let target = |x: &[f64]| {
        let asked = p.sharpness * dot(&from, &x[(p.tokens - 1) * p.width..]);
        let scores: Vec<f64> = x.chunks(p.width).map(|token| asked * dot(&to, token)).collect();
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let grown: Vec<f64> = scores.iter().map(|score| exp(score - most)).collect();
        let sum: f64 = grown.iter().sum();
        x.chunks(p.width).zip(&grown).map(|(token, grown)| grown / sum * dot(&value, token)).sum()
    };
    let y = x.chunks(p.tokens * p.width).map(target).collect();
    (Task { x, y, read }, [from, to])
}

row! {
    /// The block at one step.
    struct Snapshot {
        step: usize,
        loss: f64,
        theta: Vec<f64>,
    }
}

/// Snapshots at the start, at every point of the curves and at every stage.
fn train(p: &Params, sizes: Sizes, task: &Task, theta: Vec<f64>, ctx: &Context) -> Result<Vec<Snapshot>, Stop> {
    let mut block = Readout::new(sizes, task, theta, Adam { rate: p.rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    let mut steps: Vec<usize> = (0..=p.stages[3]).step_by(p.every).chain(p.stages).collect();
    steps.sort_unstable();
    steps.dedup();
    let snapshot =
        |block: &Readout| Snapshot { step: block.steps(), loss: block.loss(), theta: block.theta().to_vec() };
    block.trajectory(steps, ctx, snapshot)
}

/// By how much the outputs differ when the heads change places, over the largest output.
fn heads_apart(sizes: Sizes, task: &Task, theta: &[f64]) -> f64 {
    let mut turned = theta.to_vec();
    turned.rotate_left(theta.len() / sizes.heads);
    let (own, other) = (outputs(sizes, task, theta), outputs(sizes, task, &turned));
    let apart = own.iter().zip(&other).map(|(f, g)| (f - g).abs()).fold(0.0, f64::max);
    apart / own.iter().map(|f| f.abs()).fold(f64::MIN_POSITIVE, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_an_average_of_what_it_reads() {
        let p = Params { sequences: 3, tokens: 1, width: 4, ..Params::default() };
        let (task, [from, to]) = task(&p, &mut Stream::root(1));
        assert!([from, to, task.read].iter().all(|v| (dot(v, v) - 1.0).abs() < 1e-12));
        // Of one token the softmax is 1: then the target is linear, so it is no larger than the token.
        assert!(task.x.chunks(4).zip(&task.y).all(|(x, y)| y.abs() <= dot(x, x).sqrt()));
    }
}

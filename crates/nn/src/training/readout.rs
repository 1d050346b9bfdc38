//! The deck's block of attention with a linear read-out of its last token, in training by Adam.
//! It knows neither task nor measures; [`attention`](crate::nets::attention) is another block, in single precision.
//!
//! `A(X) = Σ_h softmax(X Q_h K_hᵀ Xᵀ / √d) X V_h O_hᵀ` (slide "Condensation in transformer"), for a sequence `X` (tokens × D) and matrices
//! of D × d; the output is `f(X) = A(X)_last · u`, with a fixed vector `u`. Only the last row of the scores is needed, and with
//! `g_h = V_h O_hᵀ u` it is `f = Σ_h g_h · x̄_h`, where `x̄_h` is the mean of the tokens under the softmax.

use crate::training::rule::{Adam, Rule, Update};
use crate::training::stepwise::{Seen, Stepwise};
use condense_num::each::{add_scaled, inner};
use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Simd};
use condense_num::math::exp;
use std::ops::Range;

/// Sizes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Tokens of a sequence.
    pub tokens: usize,
    /// `D`, the numbers of a token.
    pub width: usize,
    /// `d`, the columns of each matrix of a head.
    pub head: usize,
    /// Heads.
    pub heads: usize,
}

/// The four matrices of a head, in the order in which they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the paper's letters")]
pub enum Part {
    Query,
    Key,
    Value,
    Output,
}

impl Sizes {
    /// Numbers of all parameters: head by head `Q`, `K`, `V`, `O`, each column by column.
    pub fn parameters(self) -> usize {
        4 * self.heads * self.width * self.head
    }

    /// Where a column of a matrix of a head lies.
    fn column(self, head: usize, part: Part, column: usize) -> Range<usize> {
        let start = ((4 * head + part as usize) * self.head + column) * self.width;
        start..start + self.width
    }

    /// The columns of a matrix, those of all heads beside one another.
    pub fn columns(self, theta: &[f64], part: Part) -> Vec<&[f64]> {
        let of = move |head| (0..self.head).map(move |column| &theta[self.column(head, part, column)]);
        (0..self.heads).flat_map(of).collect()
    }
}

/// Sequences (n × tokens × D), their targets, and the vector that reads out.
#[derive(Clone, Debug)]
pub struct Task {
    /// Sequence by sequence, token by token.
    pub x: Vec<f64>,
    /// One a sequence.
    pub y: Vec<f64>,
    /// `u`.
    pub read: Vec<f64>,
}

/// What a head leaves behind on its way forward.
struct Trace {
    query: Vec<f64>,
    chances: Vec<f64>,
    mean: Vec<f64>,
}

/// A block in training on `(1/n) Σ (f - y)²`.
#[derive(Clone, Debug)]
pub struct Readout<'t> {
    sizes: Sizes,
    task: &'t Task,
    rule: Rule,
    theta: Vec<f64>,
    memory: Vec<[f64; LANES]>,
    powers: [f64; 2],
    losses: Vec<f64>,
}

impl<'t> Readout<'t> {
    /// A block before its first step.
    ///
    /// # Panics
    /// When task or parameters are of another shape, or the parameters do not come in eights.
    pub fn new(sizes: Sizes, task: &'t Task, theta: Vec<f64>, rule: Adam) -> Self {
        assert_eq!(task.x.len(), task.y.len() * sizes.tokens * sizes.width, "sequences of another shape");
        assert_eq!((task.read.len(), theta.len()), (sizes.width, sizes.parameters()), "parameters of another shape");
        assert!(theta.len().is_multiple_of(LANES), "parameters come in eights");
        let memory = vec![[0.0; LANES]; 2 * theta.len() / LANES];
        Self { sizes, task, rule: rule.into(), theta, memory, powers: [1.0; 2], losses: Vec::new() }
    }

    /// The parameters as they stand.
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// The loss before each step that was taken.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The present loss.
    pub fn loss(&self) -> f64 {
        loss_and_gradient(self.sizes, self.task, &self.theta).0
    }
}

impl Stepwise for Readout<'_> {
    fn steps(&self) -> usize {
        self.losses.len()
    }

    fn advance(&mut self) -> Seen {
        let (loss, gradient) = loss_and_gradient(self.sizes, self.task, &self.theta);
        let seen = Seen { step: self.steps(), loss };
        self.losses.push(loss);
        self.powers = self.rule.decayed(self.powers);
        follow(self.rule.update(self.powers), &mut self.theta, &gradient, &mut self.memory);
        seen
    }

    fn setting(&self) -> String {
        format!("by {:?}", self.rule)
    }
}

/// `g_h` of every head, and `O_hᵀ u`, column by column.
fn reads(sizes: Sizes, theta: &[f64], read: &[f64]) -> Vec<(Vec<f64>, Vec<f64>)> {
    let of = |head: usize| {
        let column = |part, c| &theta[sizes.column(head, part, c)];
        let along: Vec<f64> = (0..sizes.head).map(|c| inner(column(Part::Output, c), read)).collect();
        let mut g = vec![0.0; sizes.width];
        (0..sizes.head).for_each(|c| add_scaled(along[c], column(Part::Value, c), &mut g));
        (g, along)
    };
    (0..sizes.heads).map(of).collect()
}

/// One head on one sequence.
fn attend(sizes: Sizes, theta: &[f64], head: usize, x: &[f64]) -> Trace {
    let Sizes { tokens, width, head: d, .. } = sizes;
    let last = &x[(tokens - 1) * width..];
    let query: Vec<f64> = (0..d).map(|c| inner(&theta[sizes.column(head, Part::Query, c)], last)).collect();
    let mut toward = vec![0.0; width];
    (0..d)
        .for_each(|c| add_scaled(query[c] / (d as f64).sqrt(), &theta[sizes.column(head, Part::Key, c)], &mut toward));
    let scores: Vec<f64> = x.chunks(width).map(|token| inner(&toward, token)).collect();
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let grown: Vec<f64> = scores.iter().map(|score| exp(score - most)).collect();
    let sum: f64 = grown.iter().sum();
    let chances: Vec<f64> = grown.iter().map(|grown| grown / sum).collect();
    let mut mean = vec![0.0; width];
    x.chunks(width).zip(&chances).for_each(|(token, chance)| add_scaled(*chance, token, &mut mean));
    Trace { query, chances, mean }
}

/// `f` of every sequence.
pub fn outputs(sizes: Sizes, task: &Task, theta: &[f64]) -> Vec<f64> {
    let reads = reads(sizes, theta, &task.read);
    let of =
        |x: &[f64]| reads.iter().enumerate().map(|(head, (g, _))| inner(g, &attend(sizes, theta, head, x).mean)).sum();
    task.x.chunks(sizes.tokens * sizes.width).map(of).collect()
}

/// The mean square error and its gradient.
pub fn loss_and_gradient(sizes: Sizes, task: &Task, theta: &[f64]) -> (f64, Vec<f64>) {
    let Sizes { tokens, width, head: d, heads } = sizes;
    let (reads, n) = (reads(sizes, theta, &task.read), task.y.len() as f64);
    let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
    let mut pulls = vec![vec![0.0; width]; heads];
    for (x, y) in task.x.chunks(tokens * width).zip(&task.y) {
        let traces: Vec<Trace> = (0..heads).map(|head| attend(sizes, theta, head, x)).collect();
        let f: f64 = traces.iter().zip(&reads).map(|(trace, (g, _))| inner(g, &trace.mean)).sum();
        loss += (f - y) * (f - y) / n;
        let output_gradient = 2.0 * (f - y) / n;
        for (head, trace) in traces.iter().enumerate() {
            let (g, _) = &reads[head];
            add_scaled(output_gradient, &trace.mean, &mut pulls[head]);
            // ∂/∂score_j = p_j (g·x_j - Σ_i p_i g·x_i), and Σ_i p_i g·x_i is g·x̄.
            let level = inner(g, &trace.mean);
            let mut toward = vec![0.0; width];
            for (token, chance) in x.chunks(width).zip(&trace.chances) {
                let along = output_gradient * chance * (inner(g, token) - level);
                add_scaled(along / (d as f64).sqrt(), token, &mut toward);
            }
            for c in 0..d {
                add_scaled(trace.query[c], &toward, &mut gradient[sizes.column(head, Part::Key, c)]);
                let along = inner(&theta[sizes.column(head, Part::Key, c)], &toward);
                add_scaled(along, &x[(tokens - 1) * width..], &mut gradient[sizes.column(head, Part::Query, c)]);
            }
        }
    }
    for (head, ((_, along), vjp)) in reads.iter().zip(&pulls).enumerate() {
        for c in 0..d {
            add_scaled(along[c], vjp, &mut gradient[sizes.column(head, Part::Value, c)]);
            let back = inner(&theta[sizes.column(head, Part::Value, c)], vjp);
            add_scaled(back, &task.read, &mut gradient[sizes.column(head, Part::Output, c)]);
        }
    }
    (loss, gradient)
}

kernel! {
    /// All parameters one step on.
    fn follow(stride: Update, theta: &mut [f64], gradient: &[f64], memory: &mut [[f64; LANES]]) = follow_body;
}

#[inline(always)]
fn follow_body<S: Simd>(simd: S, stride: Update, theta: &mut [f64], gradient: &[f64], memory: &mut [[f64; LANES]]) {
    let (theta, gradient) = (theta.as_chunks_mut::<LANES>().0, gradient.as_chunks::<LANES>().0);
    for ((theta, gradient), memory) in theta.iter_mut().zip(gradient).zip(memory.chunks_mut(2)) {
        stride.follow(simd, 1.0, simd.load(theta), simd.load(gradient), memory).store(theta);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::{Context, Inline};
    use condense_num::rng::Stream;
    use std::collections::BTreeMap;

    const SIZES: Sizes = Sizes { tokens: 3, width: 4, head: 2, heads: 2 };
    const ADAM: Adam = Adam { rate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    fn drawn() -> (Task, Vec<f64>) {
        let mut rng = Stream::root(5);
        let (x, y, read) = (rng.normals(5 * 12, 1.0), rng.normals(5, 1.0), rng.normals(4, 1.0));
        (Task { x, y, read }, rng.normals(SIZES.parameters(), 0.7))
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (task, theta) = drawn();
        let (_, gradient) = loss_and_gradient(SIZES, &task, &theta);
        for k in 0..theta.len() {
            let at = |step: f64| {
                let mut moved = theta.clone();
                moved[k] += step;
                loss_and_gradient(SIZES, &task, &moved).0
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - gradient[k]).abs() < 1e-8 * (1.0 + gradient[k].abs()), "{k}: {slope} {}", gradient[k]);
        }
    }

    #[test]
    fn outputs_are_those_of_the_formula() {
        let (task, theta) = drawn();
        let dot = |u: &[f64], v: &[f64]| -> f64 { u.iter().zip(v).map(|(u, v)| u * v).sum() };
        for (x, f) in task.x.chunks(12).zip(outputs(SIZES, &task, &theta)) {
            let mut sum = 0.0;
            for head in 0..2 {
                let of = |part, c, token: &[f64]| dot(&theta[SIZES.column(head, part, c)], token);
                let last = &x[8..];
                let score = |token: &[f64]| {
                    (0..2).map(|c| of(Part::Query, c, last) * of(Part::Key, c, token)).sum::<f64>() / 2.0_f64.sqrt()
                };
                let grown: Vec<f64> = x.chunks(4).map(|token| exp(score(token))).collect();
                let whole: f64 = grown.iter().sum();
                for (token, grown) in x.chunks(4).zip(&grown) {
                    let value = (0..2).map(|c| of(Part::Value, c, token) * of(Part::Output, c, &task.read));
                    sum += grown / whole * value.sum::<f64>();
                }
            }
            assert!((sum - f).abs() < 1e-12, "{sum} {f}");
        }
    }

    #[test]
    fn the_order_of_heads_does_not_matter() {
        let (task, theta) = drawn();
        let (one, other) = theta.split_at(theta.len() / 2);
        let turned = [other, one].concat();
        let pairs = outputs(SIZES, &task, &theta).into_iter().zip(outputs(SIZES, &task, &turned));
        assert!(pairs.into_iter().all(|(f, g)| (f - g).abs() < 1e-12));
    }

    #[test]
    fn training_lowers_the_loss_and_names_the_step_at_which_it_diverges() {
        let (task, theta) = drawn();
        let inputs = BTreeMap::new();
        let ctx = Context::new(0, &inputs, &Inline);
        let mut block = Readout::new(SIZES, &task, theta.clone(), ADAM);
        block.train_to(100, &ctx).expect("trained");
        assert!(block.loss() < 0.2 * block.losses()[0], "{} {}", block.loss(), block.losses()[0]);
        let mut lost = Readout::new(SIZES, &task, theta.iter().map(|x| x * 1e200).collect(), ADAM);
        let said = lost.train_to(3, &ctx).expect_err("no number").to_string();
        assert!(said.contains("diverged") && said.contains("step 0"), "{said}");
    }
}

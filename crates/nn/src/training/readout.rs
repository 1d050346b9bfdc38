//! The deck's block of attention with a linear read-out of its last token, in training by Adam.
//! It knows neither task nor measures; [`attention`](crate::nets::attention) is another block, in single precision.
//!
//! `A(X) = Σ_h softmax(X Q_h K_hᵀ Xᵀ / √d) X V_h O_hᵀ` (slide "Condensation in transformer"), for a sequence `X` (tokens × D) and matrices
//! of D × d; the output is `f(X) = A(X)_last · u`, with a fixed vector `u`. Only the last row of the scores is needed, and with
//! `g_h = V_h O_hᵀ u` it is `f = Σ_h g_h · x̄_h`, where `x̄_h` is the mean of the tokens under the softmax.

use crate::training::rule::{Adam, Rule, follow};
use crate::training::stepwise::{Seen, Stepwise};
use condense_experiment::Context;
use condense_num::kernel::{axpy, dot, kernel};
use condense_num::lanes::{LANES, Simd};
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
    pub fn column(self, head: usize, part: Part, column: usize) -> Range<usize> {
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

    fn advance(&mut self, _: &Context) -> Seen {
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

/// Work space of a pass; shapes: heads × d, heads × tokens, heads × D, D.
struct Room {
    /// `O_hᵀ u` and `Q_hᵀ x_last`, column by column.
    along: Vec<f64>,
    query: Vec<f64>,
    chances: Vec<f64>,
    /// `g_h`, `x̄_h`, and what goes back to `g_h`.
    g: Vec<f64>,
    mean: Vec<f64>,
    pulls: Vec<f64>,
    toward: Vec<f64>,
}

impl Room {
    fn new(Sizes { tokens, width, head, heads }: Sizes) -> Self {
        let of = |each: usize| vec![0.0; heads * each];
        Self {
            along: of(head),
            query: of(head),
            chances: of(tokens),
            g: of(width),
            mean: of(width),
            pulls: of(width),
            toward: vec![0.0; width],
        }
    }
}

/// `f` of every sequence.
pub fn outputs(sizes: Sizes, task: &Task, theta: &[f64]) -> Vec<f64> {
    let mut f = vec![0.0; task.y.len()];
    forward(sizes, task, theta, &mut Room::new(sizes), &mut f);
    f
}

/// The mean square error and its gradient.
pub fn loss_and_gradient(sizes: Sizes, task: &Task, theta: &[f64]) -> (f64, Vec<f64>) {
    let mut gradient = vec![0.0; theta.len()];
    let loss = backward(sizes, task, theta, &mut Room::new(sizes), &mut gradient);
    (loss, gradient)
}

kernel! {
    fn forward(sizes: Sizes, task: &Task, theta: &[f64], room: &mut Room, f: &mut [f64]) = forward_body;

    /// Adds the gradient to zeros; returns the mean square error.
    fn backward(sizes: Sizes, task: &Task, theta: &[f64], room: &mut Room, gradient: &mut [f64]) -> f64 = backward_body;
}

#[inline(always)]
fn forward_body<S: Simd>(_: S, sizes: Sizes, task: &Task, theta: &[f64], room: &mut Room, f: &mut [f64]) {
    read(sizes, theta, &task.read, room);
    let each = sizes.tokens * sizes.width;
    for s in 0..f.len() {
        f[s] = output(sizes, theta, &task.x[s * each..][..each], room);
    }
}

/// `g_h` of every head.
#[inline(always)]
fn read(sizes: Sizes, theta: &[f64], read: &[f64], room: &mut Room) {
    let Sizes { width, head: d, heads, .. } = sizes;
    room.g.fill(0.0);
    for h in 0..heads {
        for c in 0..d {
            room.along[h * d + c] = dot(&theta[sizes.column(h, Part::Output, c)], read);
            axpy(room.along[h * d + c], &theta[sizes.column(h, Part::Value, c)], &mut room.g[h * width..][..width]);
        }
    }
}

/// `f` of one sequence.
#[inline(always)]
fn output(sizes: Sizes, theta: &[f64], x: &[f64], room: &mut Room) -> f64 {
    let (width, mut f) = (sizes.width, 0.0);
    for h in 0..sizes.heads {
        attend(sizes, theta, h, x, room);
        f += dot(&room.g[h * width..][..width], &room.mean[h * width..][..width]);
    }
    f
}

/// The mean of the tokens under the softmax of a head.
#[inline(always)]
fn attend(sizes: Sizes, theta: &[f64], h: usize, x: &[f64], room: &mut Room) {
    let Sizes { tokens, width, head: d, .. } = sizes;
    let root = (d as f64).sqrt();
    room.toward.fill(0.0);
    for c in 0..d {
        let query = dot(&theta[sizes.column(h, Part::Query, c)], &x[(tokens - 1) * width..]);
        room.query[h * d + c] = query;
        axpy(query / root, &theta[sizes.column(h, Part::Key, c)], &mut room.toward);
    }
    let (chances, mean) = (&mut room.chances[h * tokens..][..tokens], &mut room.mean[h * width..][..width]);
    let mut most = f64::NEG_INFINITY;
    for t in 0..tokens {
        chances[t] = dot(&room.toward, &x[t * width..][..width]);
        most = most.max(chances[t]);
    }
    let mut sum = 0.0;
    for t in 0..tokens {
        chances[t] = exp(chances[t] - most);
        sum += chances[t];
    }
    mean.fill(0.0);
    for t in 0..tokens {
        chances[t] /= sum;
        axpy(chances[t], &x[t * width..][..width], mean);
    }
}

#[inline(always)]
fn backward_body<S: Simd>(
    _: S,
    sizes: Sizes,
    task: &Task,
    theta: &[f64],
    room: &mut Room,
    gradient: &mut [f64],
) -> f64 {
    let Sizes { tokens, width, head: d, heads } = sizes;
    let (n, each, root, mut loss) = (task.y.len() as f64, tokens * width, (d as f64).sqrt(), 0.0);
    read(sizes, theta, &task.read, room);
    room.pulls.fill(0.0);
    for s in 0..task.y.len() {
        let x = &task.x[s * each..][..each];
        let error = output(sizes, theta, x, room) - task.y[s];
        loss += error * error / n;
        let output_gradient = 2.0 * error / n;
        for h in 0..heads {
            let (g, mean) = (&room.g[h * width..][..width], &room.mean[h * width..][..width]);
            axpy(output_gradient, mean, &mut room.pulls[h * width..][..width]);
            // ∂/∂score_j = p_j (g·x_j - Σ_i p_i g·x_i), and Σ_i p_i g·x_i is g·x̄.
            let level = dot(g, mean);
            room.toward.fill(0.0);
            for t in 0..tokens {
                let token = &x[t * width..][..width];
                let along = output_gradient * room.chances[h * tokens + t] * (dot(g, token) - level);
                axpy(along / root, token, &mut room.toward);
            }
            for c in 0..d {
                axpy(room.query[h * d + c], &room.toward, &mut gradient[sizes.column(h, Part::Key, c)]);
                let along = dot(&theta[sizes.column(h, Part::Key, c)], &room.toward);
                axpy(along, &x[(tokens - 1) * width..], &mut gradient[sizes.column(h, Part::Query, c)]);
            }
        }
    }
    for h in 0..heads {
        let pull = &room.pulls[h * width..][..width];
        for c in 0..d {
            axpy(room.along[h * d + c], pull, &mut gradient[sizes.column(h, Part::Value, c)]);
            let back = dot(&theta[sizes.column(h, Part::Value, c)], pull);
            axpy(back, &task.read, &mut gradient[sizes.column(h, Part::Output, c)]);
        }
    }
    loss
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

//! A block of attention that reads a sequence and names its class, in single precision, with gradient descent.
//! It knows neither figures nor measures; sixteen sequences are worked on at once, one in each lane.
//!
//! For a sequence `X` (T tokens × D) and heads `h` of width `d = D / heads` (Vaswani et al. 2017, §3.2; no masks, no biases):
//! `P_h = softmax(X Q_h (X K_h)ᵀ / √d)` row by row, `A_h = P_h X V_h`, `y = C ᵀ mean_t([A_1 … A_H] O)`, and the loss is
//! the cross-entropy of `softmax(y)`, mean over sequences. All that follows the softmax is linear, so the mean over
//! tokens is taken first, of the rows of `P_h`: `p̄_h = mean_t P_h` (T), `x̄_h = p̄_h X` (D), then `V_h`, `O` and `C`.
//!
//! A sequence `s` belongs to lane `s % 16`. Sums over sequences run in each lane from the first block of sixteen of a part to
//! the last, within a block over tokens, then by the fixed tree, and then over the parts, which any thread may take; heads
//! are treated alike, and equal ones stay equal.

use crate::nets::heads::{Room, Shape, Weights, backward, compare, follow, forward, sum_up};
use crate::training::stepwise::{Seen, Stepwise};
use condense_experiment::Context;
use condense_num::contract::Lane;
use condense_num::lanes::SINGLES;

/// Blocks of sixteen sequences that are worked on together.
const PART: usize = 2;

/// What some sequences leave behind in a step.
#[derive(Clone, Debug)]
struct Part {
    room: Room,
    /// Their share of the gradient, lane by lane, and then added up.
    lanes: Weights<Lane>,
    gradient: Weights<f32>,
    /// The sum of their losses.
    loss: f64,
}

/// A block in training.
#[derive(Clone, Debug)]
pub struct Attention {
    shape: Shape,
    rate: f32,
    weights: Weights<f32>,
    parts: Vec<Part>,
    /// Blocks × T × D.
    x: Vec<Lane>,
    /// Class of each sequence.
    labels: Vec<usize>,
    steps: usize,
}

impl Attention {
    /// A block before its first step, for sequences `x` (n × T × D) and their classes.
    ///
    /// # Panics
    /// When lists do not have the lengths that the shape asks for, or a class is none.
    pub fn new(shape: Shape, weights: Weights<f32>, x: &[f32], labels: &[usize], rate: f32) -> Self {
        let Shape { tokens, width, heads, classes } = shape;
        let (n, entries) = (labels.len(), tokens * width);
        assert_eq!((x.len(), width % heads), (n * entries, 0), "sequences of another shape");
        assert!(labels.iter().all(|label| *label < classes), "a class that is none");
        let (lanes, mut gradient) = (Weights::all(shape, [0.0; SINGLES]), Weights::all(shape, 0.0));
        for (weights, gradient) in weights.clone().lists().into_iter().zip(gradient.lists()) {
            assert_eq!(weights.len(), gradient.len(), "weights of another shape");
        }
        let blocks = n.div_ceil(SINGLES);
        let mut packed = vec![[0.0; SINGLES]; blocks * entries];
        for (s, sequence) in x.chunks_exact(entries).enumerate() {
            for (lanes, x) in packed[s / SINGLES * entries..].iter_mut().zip(sequence) {
                lanes[s % SINGLES] = *x;
            }
        }
        let part = Part { room: Room::new(shape), lanes, gradient, loss: 0.0 };
        let parts = vec![part; blocks.div_ceil(PART)];
        Self { shape, rate, weights, parts, x: packed, labels: labels.to_vec(), steps: 0 }
    }

    /// The parameters as they stand.
    pub fn weights(&self) -> &Weights<f32> {
        &self.weights
    }

    /// The present loss: a pass forward.
    pub fn loss(&mut self, ctx: &Context) -> f64 {
        self.pass(false, ctx)
    }

    /// One step of gradient descent, and the loss before it.
    pub fn step(&mut self, ctx: &Context) -> f64 {
        let loss = self.pass(true, ctx);
        let Self { weights, parts, rate, .. } = self;
        let gradients: Vec<_> = parts.iter_mut().map(|part| part.gradient.lists()).collect();
        for (list, weights) in weights.lists().into_iter().enumerate() {
            let gradients: Vec<&[f32]> = gradients.iter().map(|lists| lists[list].as_slice()).collect();
            follow(*rate, &gradients, weights);
        }
        self.steps += 1;
        loss
    }

    /// The loss, and on request its gradient.
    fn pass(&mut self, with_gradient: bool, ctx: &Context) -> f64 {
        let Self { shape, weights, parts, x, labels, .. } = self;
        let (n, entries) = (labels.len() as f64, shape.tokens * shape.width);
        let shares = x.chunks(PART * entries).zip(labels.chunks(PART * SINGLES));
        let mut parts: Vec<_> = parts.iter_mut().zip(shares).collect();
        ctx.each(&mut parts, |(part, (x, labels))| {
            let Part { room, lanes, gradient, loss } = part;
            *loss = 0.0;
            if with_gradient {
                lanes.lists().into_iter().for_each(|list| list.fill([0.0; SINGLES]));
            }
            for (x, labels) in x.chunks_exact(entries).zip(labels.chunks(SINGLES)) {
                forward(*shape, weights, x, room);
                *loss = compare(labels, (1.0 / n) as f32, room, *loss);
                if with_gradient {
                    backward(*shape, weights, x, room, lanes);
                }
            }
            if with_gradient {
                lanes.lists().into_iter().zip(gradient.lists()).for_each(|(lanes, sums)| sum_up(lanes, sums));
            }
        });
        parts.iter().map(|(part, _)| part.loss).sum::<f64>() / n
    }
}

impl Stepwise for Attention {
    fn steps(&self) -> usize {
        self.steps
    }

    fn advance(&mut self, ctx: &Context) -> Seen {
        Seen { step: self.steps, loss: self.step(ctx) }
    }

    fn setting(&self) -> String {
        format!("with rate {}", self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::level::same_on_all;
    use condense_num::math;
    use condense_num::rng::Stream;

    const SHAPE: Shape = Shape { tokens: 3, width: 6, heads: 2, classes: 3 };

    fn draw(name: &str, count: usize) -> Vec<f32> {
        Stream::root(6).fork(name).normals(count, 0.5).into_iter().map(|x| x as f32).collect()
    }

    fn weights() -> Weights<f32> {
        let square = |name| draw(name, SHAPE.width * SHAPE.width);
        let classes = draw("C", SHAPE.width * SHAPE.classes);
        Weights { query: square("Q"), key: square("K"), value: square("V"), output: square("O"), classes }
    }

    /// Thirty-seven sequences: a part of two blocks, and one of a block that is not full.
    fn sequences() -> (Vec<f32>, Vec<usize>) {
        (draw("X", 37 * SHAPE.tokens * SHAPE.width), (0..37).map(|s| s * s % SHAPE.classes).collect())
    }

    fn block(weights: Weights<f32>, rate: f32) -> Attention {
        let (x, labels) = sequences();
        Attention::new(SHAPE, weights, &x, &labels, rate)
    }

    fn times(a: &[f64], b: &[f64], inner: usize) -> Vec<f64> {
        let columns = b.len() / inner;
        let entry = |row: &[f64], j: usize| row.iter().enumerate().map(|(k, a)| a * b[k * columns + j]).sum::<f64>();
        a.chunks(inner).flat_map(|row| (0..columns).map(|j| entry(row, j)).collect::<Vec<_>>()).collect()
    }

    /// The loss by the definition, in double precision and in the order of the formula.
    fn plain(weights: &[Vec<f64>]) -> f64 {
        let Shape { tokens, width, heads, classes } = SHAPE;
        let ((x, labels), head) = (sequences(), width / heads);
        let x: Vec<f64> = x.into_iter().map(f64::from).collect();
        let mut loss = 0.0;
        for (x, label) in x.chunks(tokens * width).zip(&labels) {
            let [q, k, v] = [0, 1, 2].map(|which| times(x, &weights[which], width));
            let mut a = vec![0.0; tokens * width];
            for (h, t) in (0..heads).flat_map(|h| (0..tokens).map(move |t| (h, t))) {
                let at = |t: usize, d: usize| t * width + h * head + d;
                let score = |u: usize| (0..head).map(|d| q[at(t, d)] * k[at(u, d)]).sum::<f64>();
                let grown: Vec<f64> = (0..tokens).map(|u| math::exp(score(u) / (head as f64).sqrt())).collect();
                let sum: f64 = grown.iter().sum();
                for (u, d) in (0..tokens).flat_map(|u| (0..head).map(move |d| (u, d))) {
                    a[at(t, d)] += grown[u] / sum * v[at(u, d)];
                }
            }
            let z = times(&a, &weights[3], width);
            let mean: Vec<f64> =
                (0..width).map(|j| (0..tokens).map(|t| z[t * width + j] / tokens as f64).sum()).collect();
            let y = times(&mean, &weights[4], width);
            assert_eq!(y.len(), classes);
            loss += math::ln(y.iter().map(|y| math::exp(*y)).sum::<f64>()) - y[*label];
        }
        loss / labels.len() as f64
    }

    fn wide(mut weights: Weights<f32>) -> Vec<Vec<f64>> {
        weights.lists().map(|list| list.iter().copied().map(f64::from).collect()).to_vec()
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (start, h) = (wide(weights()), 1e-5);
        let mut block = block(weights(), 1.0);
        assert!((block.loss(&Context::plain()) - plain(&start)).abs() < 1e-6);
        assert!((block.step(&Context::plain()) - plain(&start)).abs() < 1e-6);
        let end = wide(block.weights().clone());
        for list in 0..start.len() {
            for at in 0..start[list].len() {
                let shifted = |by: f64| {
                    let mut weights = start.clone();
                    weights[list][at] += by;
                    plain(&weights)
                };
                let (slope, step) = ((shifted(h) - shifted(-h)) / (2.0 * h), start[list][at] - end[list][at]);
                assert!((step - slope).abs() < 5e-7, "list {list}, {at}: {step} {slope}");
            }
        }
    }

    #[test]
    fn the_loss_alone_leaves_gradients_as_they_are_and_changes_no_step() {
        let ctx = Context::plain();
        let (mut one, mut other) = (block(weights(), 0.3), block(weights(), 0.3));
        one.step(&ctx);
        other.step(&ctx);
        let before: Vec<_> = one.parts.iter().map(|part| (part.lanes.clone(), part.gradient.clone())).collect();
        let loss = one.loss(&ctx);
        let after: Vec<_> = one.parts.iter().map(|part| (part.lanes.clone(), part.gradient.clone())).collect();
        assert_eq!(before, after);
        assert_eq!((loss, one.step(&ctx)), (other.loss(&ctx), other.step(&ctx)));
        assert_eq!(one.weights(), other.weights());
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        same_on_all(|| {
            let mut block = block(weights(), 0.3);
            let losses: Vec<f64> = (0..20).map(|_| block.step(&Context::plain())).collect();
            (losses, block.weights().clone())
        });
    }

    #[test]
    fn equal_heads_stay_equal_to_the_last_bit() {
        let (mut start, (width, head)) = (weights(), (SHAPE.width, SHAPE.width / SHAPE.heads));
        for list in [&mut start.query, &mut start.key, &mut start.value] {
            list.chunks_exact_mut(width).for_each(|row| row.copy_within(..head, head));
        }
        start.output.copy_within(..head * width, head * width);
        let mut block = block(start.clone(), 0.3);
        for _ in 0..30 {
            block.step(&Context::plain());
        }
        let end = block.weights();
        assert_ne!(end, &start);
        for list in [&end.query, &end.key, &end.value] {
            assert!(list.chunks_exact(width).all(|row| row[..head] == row[head..]));
        }
        assert_eq!(end.output[..head * width], end.output[head * width..]);
    }

    #[test]
    fn training_lowers_the_loss_or_says_that_it_diverged() {
        let ctx = Context::plain();
        let mut gentle = block(weights(), 0.3);
        let before = gentle.loss(&Context::plain());
        gentle.train_to(100, &ctx).expect("a gentle rate");
        assert!(
            gentle.steps() == 100 && gentle.loss(&Context::plain()) < 0.8 * before,
            "{before} {}",
            gentle.loss(&Context::plain())
        );
        let said = block(weights(), 1e30).train_to(100, &ctx).expect_err("a wild rate").to_string();
        assert!(
            said.contains("training diverged") && said.contains("at step") && said.contains("with rate 1000"),
            "{said}"
        );
    }
}

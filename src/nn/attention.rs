//! A block of attention that reads a sequence and names its class, in single precision, with gradient descent.
//! It knows neither figures nor measures; sixteen sequences are worked on at once, one in each lane.
//!
//! For a sequence `X` (T tokens × D) and heads `h` of width `d = D / heads` (Vaswani et al. 2017, §3.2; no masks, no biases):
//! `P_h = softmax(X Q_h (X K_h)ᵀ / √d)` row by row, `A_h = P_h X V_h`, `y = C ᵀ mean_t([A_1 … A_H] O)`, and the loss is
//! the cross-entropy of `softmax(y)`, mean over sequences. All that follows the softmax is linear, so the mean over
//! tokens is taken first, of the rows of `P_h`: `p̄_h = mean_t P_h` (T), `x̄_h = p̄_h X` (D), then `V_h`, `O` and `C`.
//!
//! A sequence `s` belongs to lane `s % 16`. Sums over sequences run in each lane from the first block of sixteen to the
//! last, within a block over tokens, and then by the fixed tree; heads are treated alike, and equal ones stay equal.

use crate::experiment::{Context, Stop};
use crate::nn::softmax::{cross_entropy, pull_back, soften};
use crate::num::contract::{Add, Lane, View, Write, multiply};
use crate::num::kernel::kernel;
use crate::num::singles::{SINGLES, fold};

/// Sizes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// `T`, tokens of a sequence.
    pub tokens: usize,
    /// `D`, the numbers of a token; a multiple of the heads.
    pub width: usize,
    /// `H`.
    pub heads: usize,
    /// Numbers that come out.
    pub classes: usize,
}

/// The parameters, or as much of anything that has their shape: D × D row by row, head after head in the columns of `query`,
/// `key` and `value` and in the rows of `output`; `classes` is D × classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights<T> {
    /// `Q`.
    pub query: Vec<T>,
    /// `K`.
    pub key: Vec<T>,
    /// `V`.
    pub value: Vec<T>,
    /// `O`.
    pub output: Vec<T>,
    /// `C`.
    pub classes: Vec<T>,
}

impl Shape {
    /// `d`, and `1 / √d`.
    fn head(self) -> (usize, f32) {
        let head = self.width / self.heads;
        (head, 1.0 / (head as f32).sqrt())
    }
}

impl<T: Copy> Weights<T> {
    fn all(shape: Shape, of: T) -> Self {
        let square = || vec![of; shape.width * shape.width];
        let classes = vec![of; shape.width * shape.classes];
        Self { query: square(), key: square(), value: square(), output: square(), classes }
    }

    fn lists(&mut self) -> [&mut Vec<T>; 5] {
        [&mut self.query, &mut self.key, &mut self.value, &mut self.output, &mut self.classes]
    }
}

/// A block in training.
#[derive(Clone, Debug)]
pub struct Attention {
    shape: Shape,
    rate: f32,
    weights: Weights<f32>,
    /// The gradient, lane by lane.
    gradient: Weights<Lane>,
    /// Blocks × T × D.
    x: Vec<Lane>,
    /// Class of each sequence.
    labels: Vec<usize>,
    room: Room,
    steps: usize,
}

/// What a block of sixteen sequences leaves behind on its way forward, for the way back.
#[derive(Clone, Debug)]
struct Room {
    /// `X Q` and `X K`, T × D each, and the gradients with respect to them for one head, T × d.
    query: Vec<Lane>,
    key: Vec<Lane>,
    pull: [Vec<Lane>; 2],
    /// `P`, H × T × T.
    chances: Vec<Lane>,
    /// `p̄` (H × T), `x̄` (H × D), `[p̄_h X V_h]` (D), and the same times `O` (D).
    mean: Vec<Lane>,
    token: Vec<Lane>,
    heads: Vec<Lane>,
    out: Vec<Lane>,
    /// The outputs (classes), then `∂L/∂y`.
    forces: Vec<Lane>,
    /// Gradients with respect to `out`, `heads`, one `x̄_h`, and one `p̄_h`.
    back: [Vec<Lane>; 4],
}

impl Room {
    fn new(Shape { tokens, width, heads, classes }: Shape) -> Self {
        let lanes = |count: usize| vec![[0.0; SINGLES]; count];
        let head = tokens * (width / heads);
        Self {
            query: lanes(tokens * width),
            key: lanes(tokens * width),
            pull: [lanes(head), lanes(head)],
            chances: lanes(heads * tokens * tokens),
            mean: lanes(heads * tokens),
            token: lanes(heads * width),
            heads: lanes(width),
            out: lanes(width),
            forces: lanes(classes),
            back: [lanes(width), lanes(width), lanes(width), lanes(tokens)],
        }
    }
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
        let mut gradient = Weights::all(shape, [0.0; SINGLES]);
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
        let (labels, room) = (labels.to_vec(), Room::new(shape));
        Self { shape, rate, weights, gradient, x: packed, labels, room, steps: 0 }
    }

    /// The parameters as they stand.
    pub fn weights(&self) -> &Weights<f32> {
        &self.weights
    }

    /// Steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The present loss: a pass forward.
    pub fn loss(&mut self) -> f64 {
        self.pass(false)
    }

    /// Trains on to a step.
    ///
    /// # Errors
    /// When the loss is no longer finite (the message names the step), or when the host wants to stop.
    pub fn train_to(&mut self, step: usize, ctx: &Context) -> Result<(), Stop> {
        while self.steps < step {
            ctx.tick(self.steps, step)?;
            let (at, loss, rate) = (self.steps, self.step(), self.rate);
            if !loss.is_finite() {
                return Err(Stop::failed(format!("training diverged: the loss is {loss} at step {at}, with rate {rate}")));
            }
        }
        Ok(())
    }

    /// One step of gradient descent, and the loss before it.
    pub fn step(&mut self) -> f64 {
        self.gradient.lists().into_iter().for_each(|list| list.fill([0.0; SINGLES]));
        let loss = self.pass(true);
        for (weights, gradient) in self.weights.lists().into_iter().zip(self.gradient.lists()) {
            descend(self.rate, weights, gradient);
        }
        self.steps += 1;
        loss
    }

    /// The loss, and on request its gradient.
    fn pass(&mut self, with_gradient: bool) -> f64 {
        let Shape { tokens, width, .. } = self.shape;
        let (n, mut sum) = (self.labels.len() as f64, 0.0);
        for (x, labels) in self.x.chunks_exact(tokens * width).zip(self.labels.chunks(SINGLES)) {
            forward(self.shape, &self.weights, x, &mut self.room);
            sum = compare(labels, (1.0 / n) as f32, &mut self.room.forces, sum);
            if with_gradient {
                backward(self.shape, &self.weights, x, &mut self.room, &mut self.gradient);
            }
        }
        sum / n
    }
}

kernel! {
    /// Outputs (classes) of sixteen sequences.
    fn forward(m, shape: Shape, weights: &Weights<f32>, x: &[Lane], room: &mut Room) {
        let Shape { tokens, width, heads, classes } = shape;
        let (head, scale) = shape.head();
        let x = View::rows(x, width);
        let square = [tokens, width, width];
        multiply(m, x, View::rows(&weights.query, width), square, &mut Write(&mut room.query, width));
        multiply(m, x, View::rows(&weights.key, width), square, &mut Write(&mut room.key, width));
        for h in 0..heads {
            let chances = &mut room.chances[h * tokens * tokens..][..tokens * tokens];
            let query = View::rows(&room.query[h * head..], width);
            let key = View::rows(&room.key[h * head..], width).turned();
            multiply(m, query, key, [tokens, head, tokens], &mut Write(chances, tokens));
            let mean = &mut room.mean[h * tokens..][..tokens];
            soften(m, scale, chances, mean);
            // From here on vectors: as columns, so that many chains run at a time.
            let token = &mut room.token[h * width..][..width];
            multiply(m, x.turned(), View::column(mean), [width, tokens, 1], &mut Write(token, 1));
            let value = View::rows(&weights.value[h * head..], width).turned();
            multiply(m, value, View::column(token), [head, width, 1], &mut Write(&mut room.heads[h * head..], 1));
        }
        let output = View::rows(&weights.output, width).turned();
        multiply(m, output, View::column(&room.heads), [width, width, 1], &mut Write(&mut room.out, 1));
        let last = View::rows(&weights.classes, classes).turned();
        multiply(m, last, View::column(&room.out), [classes, width, 1], &mut Write(&mut room.forces, 1));
    }

    /// Adds to the gradient what forces `∂L/∂y` on sixteen sequences' outputs do to the parameters.
    fn backward(m, shape: Shape, weights: &Weights<f32>, x: &[Lane], room: &mut Room, gradient: &mut Weights<Lane>) {
        let Shape { tokens, width, heads, classes } = shape;
        let (head, scale) = shape.head();
        let x = View::rows(x, width);
        let [out, values, token, mean] = &mut room.back;
        // Through C and O: each gradient is the outer product of what went in and the force on what came out.
        let row = View::rows(&room.forces, classes);
        multiply(m, View::column(&room.out), row, [width, 1, classes], &mut Add(&mut gradient.classes, classes));
        multiply(m, View::rows(&weights.classes, classes), View::column(&room.forces), [width, classes, 1], &mut Write(out, 1));
        let row = View::rows(out, width);
        multiply(m, View::column(&room.heads), row, [width, 1, width], &mut Add(&mut gradient.output, width));
        multiply(m, View::rows(&weights.output, width), View::column(out), [width, width, 1], &mut Write(values, 1));
        for h in 0..heads {
            // Through V, to the weights p̄ of the tokens.
            let force = &values[h * head..][..head];
            let (x_bar, row) = (View::column(&room.token[h * width..]), View::rows(force, head));
            multiply(m, x_bar, row, [width, 1, head], &mut Add(&mut gradient.value[h * head..], width));
            let value = View::rows(&weights.value[h * head..], width);
            multiply(m, value, View::column(force), [width, head, 1], &mut Write(token, 1));
            multiply(m, x, View::column(token), [tokens, width, 1], &mut Write(mean, 1));
            // Through the softmax to the scores, and on to Q and K.
            let chances = &mut room.chances[h * tokens * tokens..][..tokens * tokens];
            pull_back(m, scale, chances, mean);
            let [queries, keys] = &mut room.pull;
            let shape = [tokens, tokens, head];
            let (scores, key) = (View::rows(chances, tokens), View::rows(&room.key[h * head..], width));
            multiply(m, scores, key, shape, &mut Write(queries, head));
            let query = View::rows(&room.query[h * head..], width);
            multiply(m, scores.turned(), query, shape, &mut Write(keys, head));
            let shape = [width, tokens, head];
            multiply(m, x.turned(), View::rows(queries, head), shape, &mut Add(&mut gradient.query[h * head..], width));
            multiply(m, x.turned(), View::rows(keys, head), shape, &mut Add(&mut gradient.key[h * head..], width));
        }
    }

    /// Outputs become forces on them, and none in lanes without a sequence; returns the sum of losses, gone on with.
    fn compare(_m, labels: &[usize], share: f32, y: &mut [Lane], sum: f64) -> f64 {
        let (mut row, mut sum) = (vec![0.0; y.len()], sum);
        for lane in 0..SINGLES {
            row.iter_mut().zip(y.iter()).for_each(|(row, y)| *row = y[lane]);
            match labels.get(lane) {
                Some(label) => sum += cross_entropy(&mut row, *label, share),
                None => row.fill(0.0),
            }
            y.iter_mut().zip(&row).for_each(|(y, row)| y[lane] = *row);
        }
        sum
    }

    fn descend(_m, rate: f32, weights: &mut [f32], gradient: &[Lane]) {
        for (weight, gradient) in weights.iter_mut().zip(gradient) {
            *weight = fold(*gradient).mul_add(-rate, *weight);
        }
    }
}

//! Sixteen sequences at a time through a block of attention and back: shapes, parameters, and the two passes.
//! It knows no steps and no losses; the equations stand in [`attention`](crate::nets::attention).

use crate::nets::softmax::{cross_entropy, pull_back, soften};
use condense_num::contract::{Add, Lane, View, Write, multiply};
use condense_num::kernel::kernel;
use condense_num::lanes::{SINGLES, Simd, fold};

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
    /// The same number everywhere.
    pub fn all(shape: Shape, of: T) -> Self {
        let square = || vec![of; shape.width * shape.width];
        let classes = vec![of; shape.width * shape.classes];
        Self { query: square(), key: square(), value: square(), output: square(), classes }
    }

    /// All lists, in the order of their fields.
    pub fn lists(&mut self) -> [&mut Vec<T>; 5] {
        [&mut self.query, &mut self.key, &mut self.value, &mut self.output, &mut self.classes]
    }
}

/// What a block of sixteen sequences leaves behind on its way forward, for the way back.
#[derive(Clone, Debug)]
pub struct Room {
    /// `X Q` and `X K`, T × D each, and the gradients with respect to them for one head, T × d.
    query: Vec<Lane>,
    key: Vec<Lane>,
    vjp: [Vec<Lane>; 2],
    /// `P`, H × T × T.
    chances: Vec<Lane>,
    /// `p̄` (H × T), `x̄` (H × D), `[p̄_h X V_h]` (D), and the same times `O` (D).
    mean: Vec<Lane>,
    token: Vec<Lane>,
    heads: Vec<Lane>,
    out: Vec<Lane>,
    /// The outputs (classes), then `∂L/∂y`.
    output_gradients: Vec<Lane>,
    /// Gradients with respect to `out`, `heads`, one `x̄_h`, and one `p̄_h`.
    back: [Vec<Lane>; 4],
}

impl Room {
    /// Room for all of it.
    pub fn new(Shape { tokens, width, heads, classes }: Shape) -> Self {
        let lanes = |count: usize| vec![[0.0; SINGLES]; count];
        let head = tokens * (width / heads);
        Self {
            query: lanes(tokens * width),
            key: lanes(tokens * width),
            vjp: [lanes(head), lanes(head)],
            chances: lanes(heads * tokens * tokens),
            mean: lanes(heads * tokens),
            token: lanes(heads * width),
            heads: lanes(width),
            out: lanes(width),
            output_gradients: lanes(classes),
            back: [lanes(width), lanes(width), lanes(width), lanes(tokens)],
        }
    }
}

kernel! {
    /// Outputs (classes) of sixteen sequences.
    pub fn forward(shape: Shape, weights: &Weights<f32>, x: &[Lane], room: &mut Room) = forward_body;

    /// Adds to the gradient what the gradients `∂L/∂y` on sixteen sequences' outputs do to the parameters.
    pub fn backward(
        shape: Shape,
        weights: &Weights<f32>,
        x: &[Lane],
        room: &mut Room,
        gradient: &mut Weights<Lane>,
    ) = backward_body;

    /// Outputs become output gradients on them, and none in lanes without a sequence; returns the sum of losses, gone on with.
    pub fn compare(labels: &[usize], share: f32, room: &mut Room, sum: f64) -> f64 = compare_body;

    /// Adds a gradient's lanes up.
    pub fn sum_up(lanes: &[Lane], sums: &mut [f32]) = sum_up_body;

    /// `θ ← θ - rate Σ parts`, parts added from the first to the last.
    pub fn follow(rate: f32, parts: &[&[f32]], theta: &mut [f32]) = follow_body;
}

#[inline(always)]
fn forward_body<S: Simd>(simd: S, shape: Shape, weights: &Weights<f32>, x: &[Lane], room: &mut Room) {
    let Shape { tokens, width, heads, classes } = shape;
    let (head, scale) = shape.head();
    let x = View::rows(x, width);
    let square = [tokens, width, width];
    multiply(simd, x, View::rows(&weights.query, width), square, &mut Write(&mut room.query, width));
    multiply(simd, x, View::rows(&weights.key, width), square, &mut Write(&mut room.key, width));
    for h in 0..heads {
        let chances = &mut room.chances[h * tokens * tokens..][..tokens * tokens];
        let query = View::rows(&room.query[h * head..], width);
        let key = View::rows(&room.key[h * head..], width).turned();
        multiply(simd, query, key, [tokens, head, tokens], &mut Write(chances, tokens));
        let mean = &mut room.mean[h * tokens..][..tokens];
        soften(simd, scale, chances, mean);
        // From here on vectors: as columns, so that many chains run at a time.
        let token = &mut room.token[h * width..][..width];
        multiply(simd, x.turned(), View::column(mean), [width, tokens, 1], &mut Write(token, 1));
        let value = View::rows(&weights.value[h * head..], width).turned();
        multiply(simd, value, View::column(token), [head, width, 1], &mut Write(&mut room.heads[h * head..], 1));
    }
    let output = View::rows(&weights.output, width).turned();
    multiply(simd, output, View::column(&room.heads), [width, width, 1], &mut Write(&mut room.out, 1));
    let last = View::rows(&weights.classes, classes).turned();
    multiply(simd, last, View::column(&room.out), [classes, width, 1], &mut Write(&mut room.output_gradients, 1));
}

#[inline(always)]
fn backward_body<S: Simd>(
    simd: S,
    shape: Shape,
    weights: &Weights<f32>,
    x: &[Lane],
    room: &mut Room,
    gradient: &mut Weights<Lane>,
) {
    let Shape { tokens, width, heads, classes } = shape;
    let (head, scale) = shape.head();
    let x = View::rows(x, width);
    let [out, values, token, mean] = &mut room.back;
    // Through C and O: each gradient is the outer product of what went in and the output gradient of what came out.
    let row = View::rows(&room.output_gradients, classes);
    multiply(simd, View::column(&room.out), row, [width, 1, classes], &mut Add(&mut gradient.classes, classes));
    multiply(
        simd,
        View::rows(&weights.classes, classes),
        View::column(&room.output_gradients),
        [width, classes, 1],
        &mut Write(out, 1),
    );
    let row = View::rows(out, width);
    multiply(simd, View::column(&room.heads), row, [width, 1, width], &mut Add(&mut gradient.output, width));
    multiply(simd, View::rows(&weights.output, width), View::column(out), [width, width, 1], &mut Write(values, 1));
    for h in 0..heads {
        // Through V, to the weights p̄ of the tokens.
        let output_gradient = &values[h * head..][..head];
        let (x_bar, row) = (View::column(&room.token[h * width..]), View::rows(output_gradient, head));
        multiply(simd, x_bar, row, [width, 1, head], &mut Add(&mut gradient.value[h * head..], width));
        let value = View::rows(&weights.value[h * head..], width);
        multiply(simd, value, View::column(output_gradient), [width, head, 1], &mut Write(token, 1));
        multiply(simd, x, View::column(token), [tokens, width, 1], &mut Write(mean, 1));
        // Through the softmax to the scores, and on to Q and K.
        let chances = &mut room.chances[h * tokens * tokens..][..tokens * tokens];
        pull_back(simd, scale, chances, mean);
        let [queries, keys] = &mut room.vjp;
        let shape = [tokens, tokens, head];
        let (scores, key) = (View::rows(chances, tokens), View::rows(&room.key[h * head..], width));
        multiply(simd, scores, key, shape, &mut Write(queries, head));
        let query = View::rows(&room.query[h * head..], width);
        multiply(simd, scores.turned(), query, shape, &mut Write(keys, head));
        let shape = [width, tokens, head];
        multiply(simd, x.turned(), View::rows(queries, head), shape, &mut Add(&mut gradient.query[h * head..], width));
        multiply(simd, x.turned(), View::rows(keys, head), shape, &mut Add(&mut gradient.key[h * head..], width));
    }
}

#[inline(always)]
fn compare_body<S: Simd>(_: S, labels: &[usize], share: f32, room: &mut Room, sum: f64) -> f64 {
    let y = &mut room.output_gradients;
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

#[inline(always)]
fn sum_up_body<S: Simd>(_: S, lanes: &[Lane], sums: &mut [f32]) {
    for (sum, lanes) in sums.iter_mut().zip(lanes) {
        *sum = fold(*lanes);
    }
}

#[inline(always)]
fn follow_body<S: Simd>(_: S, rate: f32, parts: &[&[f32]], theta: &mut [f32]) {
    let Some((first, others)) = parts.split_first() else { return };
    for (at, theta) in theta.chunks_mut(SINGLES).enumerate() {
        let (start, mut sums) = (at * SINGLES, [0.0; SINGLES]);
        sums[..theta.len()].copy_from_slice(&first[start..][..theta.len()]);
        for other in others {
            sums.iter_mut().zip(&other[start..][..theta.len()]).for_each(|(sum, part)| *sum += part);
        }
        theta.iter_mut().zip(&sums).for_each(|(theta, sum)| *theta = sum.mul_add(-rate, *theta));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::level::same_on_all;

    /// More than one lane of sixteen, and an end that is not full.
    #[test]
    fn a_step_follows_the_sum_of_all_parts_on_every_level() {
        let part = |seed: usize| (0..37).map(|k| ((k * seed) % 11) as f32 * 0.1 - 0.5).collect::<Vec<f32>>();
        let (parts, start) = ([part(3), part(5), part(7)], part(2));
        let end = same_on_all(|| {
            let mut theta = start.clone();
            follow(0.3, &parts.each_ref().map(Vec::as_slice), &mut theta);
            theta
        });
        for (k, end) in end.iter().enumerate() {
            assert_eq!(*end, (parts[0][k] + parts[1][k] + parts[2][k]).mul_add(-0.3, start[k]), "{k}");
        }
    }
}

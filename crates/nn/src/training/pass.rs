//! The fused pass of training: every block of neurons goes backward, is updated and goes forward again, once a step.
//! It knows no loop over steps and no losses but the present one; see [`train`](crate::training::train) for both.
//!
//! For `f(x) = c Σ a σ(w·x)` and output gradients `rᵢ = (2c/n) (f(xᵢ) - yᵢ)` the gradient of a neuron is `∂a = Σ rᵢ σ(zᵢ)`,
//! `∂w = a Σ rᵢ σ'(zᵢ) xᵢ`, and neurons meet only in `f`; so blocks of eight can go all the way round before the next
//! ones are looked at. A neuron's arithmetic is the same in every lane and block: equal neurons stay equal to the last bit.

use crate::nets::activation::{Activation, known};
use crate::nets::packed::{Block, Eight};
use crate::training::rule::Update;
use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd, fold};

/// Blocks that go round together. Each alone would wait for its own additions; more would not fit the registers.
const TOGETHER: usize = 2;

/// One sample, and what goes back from it. The last entry of `x` is 1, and the kernels make use of that.
#[derive(Clone, Copy, Debug)]
pub struct Point<const D: usize> {
    /// Input.
    pub x: [f64; D],
    /// Target.
    pub y: f64,
    /// `(2c/n) (f(x) - y)`.
    pub output_gradient: f64,
    /// `output_gradient · x`.
    pub vjp: [f64; D],
}

/// What a network in training consists of, beside its samples. Shapes: blocks; blocks × what the rule remembers × (1 + D);
/// blocks × samples × what the activation keeps; samples.
pub struct Parts<'p, const D: usize> {
    /// The neurons.
    pub blocks: &'p mut [Block<D>],
    /// What the rule remembers of each block, `a` first, then each `w`.
    pub memory: &'p mut [Eight],
    /// What the last forward pass kept of each block at each sample.
    pub tape: &'p mut [Eight],
    /// `Σ a σ(z)` at each sample, lane by lane.
    pub sums: &'p mut [Eight],
}

/// How many numbers a forward pass keeps of a neuron at a sample: those that are dearer to compute again than to read.
#[inline(always)]
pub fn kept(activation: Activation) -> usize {
    match activation {
        Activation::Relu => 0,
        // σ' follows from σ.
        Activation::Tanh | Activation::Sigmoid => 1,
        Activation::XTanh | Activation::X2Tanh | Activation::Softplus => 2,
    }
}

kernel! {
    /// All neurons once round; `mobility` scales the rates of `a` and of `w`.
    pub fn turn<const D: usize>(
        activation: Activation,
        stride: Update,
        mobility: [f64; 2],
        parts: &mut Parts<'_, D>,
        points: &[Point<D>],
    ) = turn_body;

    /// Sets the output gradients; returns the mean square error. `scale` is `c`.
    pub fn compare<const D: usize>(scale: f64, sums: &[Eight], points: &mut [Point<D>]) -> f64 = compare_body;
}

#[inline(always)]
fn turn_body<S: Simd, const D: usize>(
    simd: S,
    activation: Activation,
    stride: Update,
    mobility: [f64; 2],
    parts: &mut Parts<'_, D>,
    points: &[Point<D>],
) {
    // Each arm knows its activation while it is compiled.
    known!(activation, |activation| round(simd, activation, stride, mobility, parts, points));
}

#[inline(always)]
fn compare_body<S: Simd, const D: usize>(_: S, scale: f64, sums: &[Eight], points: &mut [Point<D>]) -> f64 {
    let (n, mut squares) = (points.len() as f64, 0.0);
    for (sums, point) in sums.iter().zip(points) {
        let error = fold(*sums).mul_add(scale, -point.y);
        point.output_gradient = error * (2.0 * scale / n);
        point.vjp = point.x.map(|x| point.output_gradient * x);
        squares = error.mul_add(error, squares);
    }
    squares / n
}

/// What all blocks are told in a step.
struct Order<'p, const D: usize> {
    activation: Activation,
    stride: Update,
    mobility: [f64; 2],
    points: &'p [Point<D>],
}

#[inline(always)]
fn round<S: Simd, const D: usize>(
    simd: S,
    activation: Activation,
    stride: Update,
    mobility: [f64; 2],
    parts: &mut Parts<'_, D>,
    points: &[Point<D>],
) {
    let order = Order { activation, stride, mobility, points };
    let Parts { blocks, memory, tape, sums } = parts;
    sums.fill([0.0; LANES]);
    let (memories, tapes) = (memory.len() / blocks.len().max(1), tape.len() / blocks.len().max(1));
    let (several, single) = blocks.as_chunks_mut::<TOGETHER>();
    let (memory, last_memory) = memory.split_at_mut(several.len() * TOGETHER * memories);
    let (tape, last_tape) = tape.split_at_mut(several.len() * TOGETHER * tapes);
    for (at, blocks) in several.iter_mut().enumerate() {
        let tape = &mut tape[part(at, TOGETHER * tapes)];
        let neurons = backward(simd, &order, blocks, &mut memory[part(at, TOGETHER * memories)], tape);
        forward(simd, &order, &neurons, tape, sums);
    }
    if let [block] = single {
        let neurons = backward(simd, &order, std::array::from_mut(block), last_memory, last_tape);
        forward(simd, &order, &neurons, last_tape, sums);
    }
}

/// A block in registers: `a`, `w`.
type Held<S, const D: usize> = (<S as Simd>::F64x8, [<S as Simd>::F64x8; D]);

/// Where the `at`-th of equal parts lies.
fn part(at: usize, size: usize) -> std::ops::Range<usize> {
    at * size..(at + 1) * size
}

/// The gradient of `B` blocks, and their step; returns them. Of the tape, each sample has the numbers of all blocks beside one another.
#[inline(always)]
fn backward<S: Simd, const B: usize, const D: usize>(
    simd: S,
    order: &Order<'_, D>,
    blocks: &mut [Block<D>; B],
    memory: &mut [Eight],
    tape: &[Eight],
) -> [Held<S, D>; B] {
    let (zero, kept) = (simd.splat(0.0), kept(order.activation));
    let (mut a, mut w) = ([zero; B], [[zero; D]; B]);
    for b in 0..B {
        (a[b], w[b]) = load(simd, &blocks[b]);
    }
    let (mut a_gradient, mut w_gradient) = ([zero; B], [[zero; D]; B]);
    for i in 0..order.points.len() {
        let point = &order.points[i];
        let output_gradient = simd.splat(point.output_gradient);
        for b in 0..B {
            if kept == 0 {
                // ReLU: σ' is 1 or 0.
                let active = input(simd, &w[b], &point.x).gt(zero);
                for d in 0..D - 1 {
                    w_gradient[b][d] = output_gradient.masked_mul_add(active, simd.splat(point.x[d]), w_gradient[b][d]);
                }
                w_gradient[b][D - 1] = output_gradient.masked_mul_add(active, simd.splat(1.0), w_gradient[b][D - 1]);
            } else {
                let tape = &tape[(i * B + b) * kept..];
                let value = simd.load(&tape[0]);
                a_gradient[b] = output_gradient.mul_add(value, a_gradient[b]);
                let slope = order.activation.slope_at_value(value).unwrap_or_else(|| simd.load(&tape[1]));
                for d in 0..D {
                    w_gradient[b][d] = slope.mul_add(simd.splat(point.vjp[d]), w_gradient[b][d]);
                }
            }
        }
    }
    let each = memory.len() / B;
    for b in 0..B {
        if kept == 0 {
            for d in 0..D {
                // A sum that underflowed may be -0 or 0, depending on the machine; now it is 0.
                w_gradient[b][d] = w_gradient[b][d] + zero;
            }
            // σ is zσ', so the gradient of `a` is made of sums that are there already.
            a_gradient[b] = w[b][D - 1] * w_gradient[b][D - 1];
            for d in (0..D - 1).rev() {
                a_gradient[b] = w[b][d].mul_add(w_gradient[b][d], a_gradient[b]);
            }
        }
        for d in 0..D {
            w_gradient[b][d] = w_gradient[b][d] * a[b];
        }
        if let Update::Plain { rate } = order.stride {
            // In the registers: with few samples the way through memory would be felt.
            for d in 0..D {
                w[b][d] = w_gradient[b][d].mul_add(simd.splat(-rate * order.mobility[1]), w[b][d]);
                w[b][d].store(&mut blocks[b].w[d]);
            }
            a[b] = a_gradient[b].mul_add(simd.splat(-rate * order.mobility[0]), a[b]);
            a[b].store(&mut blocks[b].a);
        } else {
            let mut gradient = Block::ZERO;
            a_gradient[b].store(&mut gradient.a);
            for d in 0..D {
                w_gradient[b][d].store(&mut gradient.w[d]);
            }
            follow(simd, order.stride, order.mobility, &mut blocks[b], &gradient, &mut memory[part(b, each)]);
            (a[b], w[b]) = load(simd, &blocks[b]);
        }
    }
    let mut neurons = [(zero, [zero; D]); B];
    for b in 0..B {
        neurons[b] = (a[b], w[b]);
    }
    neurons
}

/// The values of `B` blocks at all samples, onto tape and sums.
#[inline(always)]
fn forward<S: Simd, const B: usize, const D: usize>(
    simd: S,
    order: &Order<'_, D>,
    neurons: &[Held<S, D>; B],
    tape: &mut [Eight],
    sums: &mut [Eight],
) {
    let kept = kept(order.activation);
    for i in 0..order.points.len() {
        let (point, sums) = (&order.points[i], &mut sums[i]);
        let mut sum = simd.load(sums);
        for b in 0..B {
            let (a, w) = &neurons[b];
            let z = input(simd, w, &point.x);
            let value = if kept < 2 {
                order.activation.value(z)
            } else {
                let (value, slope) = order.activation.value_and_slope(z);
                slope.store(&mut tape[(i * B + b) * kept + 1]);
                value
            };
            if kept > 0 {
                value.store(&mut tape[(i * B + b) * kept]);
            }
            sum = a.mul_add(value, sum);
        }
        sum.store(sums);
    }
}

/// Puts a block there.
#[inline(always)]
fn load<S: Simd, const D: usize>(simd: S, block: &Block<D>) -> Held<S, D> {
    let mut w = [simd.splat(0.0); D];
    for d in 0..D {
        w[d] = simd.load(&block.w[d]);
    }
    (simd.load(&block.a), w)
}

/// One block one step on.
#[inline(always)]
fn follow<S: Simd, const D: usize>(
    simd: S,
    stride: Update,
    mobility: [f64; 2],
    block: &mut Block<D>,
    gradient: &Block<D>,
    memory: &mut [Eight],
) {
    let each = memory.len() / (1 + D);
    let parts = [(&mut block.a, &gradient.a)].into_iter().chain(block.w.iter_mut().zip(&gradient.w));
    for (part, (theta, gradient)) in parts.enumerate() {
        let memory = &mut memory[part * each..(part + 1) * each];
        let moved = stride.follow(simd, mobility[usize::from(part > 0)], simd.load(theta), simd.load(gradient), memory);
        moved.store(theta);
    }
}

/// `w·x`, the bias first.
#[inline(always)]
fn input<S: Simd, const D: usize>(simd: S, w: &[S::F64x8; D], x: &[f64; D]) -> S::F64x8 {
    let mut z = w[D - 1];
    for d in (0..D - 1).rev() {
        z = w[d].mul_add(simd.splat(x[d]), z);
    }
    z
}

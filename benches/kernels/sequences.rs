//! A step of the block of attention, against the plain loops of its greatest part: of `X Q`, and of the gradient `Xᵀ F` that
//! belongs to it, for one sequence. Those loops know no softmax, which they would do no faster.

use crate::{Kernel, Limit, inputs};
use condense::experiment::Context;
use condense_nn::nets::attention::Attention;
use condense_nn::nets::heads::{Shape, Weights};
use std::hint::black_box;

const SEQUENCES: usize = 128;
const TOKENS: usize = 16;
const WIDTH: usize = 64;
const HEADS: usize = 4;
const CLASSES: usize = 10;

pub fn all() -> Vec<Kernel> {
    let shape = Shape { tokens: TOKENS, width: WIDTH, heads: HEADS, classes: CLASSES };
    let [query, key, value, output] = [82, 83, 84, 85].map(|seed| inputs::singles(0.1, seed, WIDTH * WIDTH));
    let weights = Weights { query, key, value, output, classes: inputs::singles(0.1, 90, WIDTH * CLASSES) };
    let (x, labels) = (inputs::singles(1.0, 80, SEQUENCES * TOKENS * WIDTH), inputs::classes(81, SEQUENCES));
    let mut block = Attention::new(shape, weights.clone(), &x, &labels, 1e-12);
    let work = move || {
        black_box(block.step(&Context::plain()));
        (SEQUENCES * flops()) as f64
    };
    let (x, weights) = (x[..TOKENS * WIDTH].to_vec(), weights.query);
    let (mut z, mut gradient) = (vec![0.0f32; TOKENS * WIDTH], vec![0.0f32; WIDTH * WIDTH]);
    let plain = move || {
        for (t, j) in (0..TOKENS).flat_map(|t| (0..WIDTH).map(move |j| (t, j))) {
            z[t * WIDTH + j] = (0..WIDTH).fold(0.0, |sum, i| sum + x[t * WIDTH + i] * weights[i * WIDTH + j]);
        }
        for (i, j) in (0..WIDTH).flat_map(|i| (0..WIDTH).map(move |j| (i, j))) {
            gradient[i * WIDTH + j] = (0..TOKENS).fold(0.0, |sum, t| sum + x[t * WIDTH + i] * z[t * WIDTH + j]);
        }
        black_box((&mut z, &mut gradient));
        (4 * TOKENS * WIDTH * WIDTH) as f64
    };
    let name = format!("attention {TOKENS}x{WIDTH}, {SEQUENCES} sequences");
    vec![Kernel { name, limit: Limit::Singles, work: Box::new(work), plain: Box::new(plain) }]
}

/// Floating-point operations of all products for a sequence, forward and back, the mean over tokens taken first as in
/// `nn::attention`: fewer than the formula has. The softmax, of some 1000 exponentials, is not counted.
fn flops() -> usize {
    let (t, d) = (TOKENS, WIDTH);
    // X Q and X K, and their gradients.
    let projections = 4 * 2 * t * d * d;
    // Scores of all heads, and the gradients of their two factors.
    let scores = 3 * 2 * t * t * d;
    // x̄ and the gradient of p̄, of each head.
    let means = 2 * 2 * t * d * HEADS;
    // V, O and C: forward, the gradient, and what is handed back.
    let last = 3 * (2 * 2 * d * d + 2 * d * CLASSES);
    projections + scores + means + last
}

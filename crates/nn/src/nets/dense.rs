//! A dense layer `z_j = Σ_f w_jf h_f + b_j` in single precision, and the rule of descent for all that stands in lanes.
//! It knows no losses; it maps rows of a batch to rows, and output gradients on what came out to gradients.
//!
//! Features stand in lanes, sixteen by sixteen, padded with 0; the number after the last one is always 1, and its weight is
//! the bias. Sums over features run in sixteen lanes and then by the fixed tree; sums over a batch, from its first row to
//! its last; sums over outputs, from the first to the last.

use crate::nets::activation::Activation;
use crate::training::rule::Sgd;
use condense_num::contract::{Add, Fold, Lane, View, Write, multiply};
use condense_num::kernel::kernel;
use condense_num::lanes::{Lanes as _, Mask as _, Real as _, SINGLES, Simd};
use condense_num::math32;

/// Parameters, and what momentum remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// `θ`.
    pub theta: Vec<Lane>,
    velocity: Vec<Lane>,
}

impl Parameters {
    /// Parameters at rest.
    pub fn new(theta: Vec<Lane>) -> Self {
        let zero = vec![[0.0; SINGLES]; theta.len()];
        Self { theta, velocity: zero }
    }

    /// One step of the rule, `v ← momentum·v + ∇`, `θ ← θ - rate·v`.
    pub fn follow(&mut self, rule: Sgd, gradient: &[Lane]) {
        follow(rule.rate as f32, rule.momentum as f32, &mut self.theta, gradient, &mut self.velocity);
    }
}

/// A layer; rows that go in are `lanes` wide, in units of sixteen.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Numbers that come out.
    pub outputs: usize,
    /// Width of a row that goes in.
    pub lanes: usize,
    /// Outputs × lanes.
    pub weights: Parameters,
}

impl Dense {
    /// A layer of weights (outputs × inputs) and biases: input `f` stands at the `f`-th place of a row, the 1 at `end`.
    pub fn pack(weights: &[f32], biases: &[f32], places: &[usize], end: usize) -> Self {
        let (outputs, lanes) = (biases.len(), (end + 1).div_ceil(SINGLES));
        let mut theta = vec![[0.0; SINGLES]; outputs * lanes];
        let mut weights = weights.iter();
        for (row, bias) in theta.as_flattened_mut().chunks_exact_mut(lanes * SINGLES).zip(biases) {
            places.iter().zip(&mut weights).for_each(|(place, weight)| row[*place] = *weight);
            row[end] = *bias;
        }
        Self { outputs, lanes, weights: Parameters::new(theta) }
    }

    /// Weights and biases, as [`pack`](Self::pack) took them.
    pub fn unpack(&self, places: &[usize], end: usize) -> [Vec<f32>; 2] {
        let rows = || self.weights.theta.as_flattened().chunks_exact(self.lanes * SINGLES);
        let weights = rows().flat_map(|row| places.iter().map(|place| row[*place])).collect();
        [weights, rows().map(|row| row[end]).collect()]
    }

    /// `z` (rows at a distance of `width`) for rows of the batch.
    pub fn forward(&self, x: &[Lane], z: &mut [f32], width: usize) {
        forward(self, x, z, width);
    }

    /// Adds to the gradient `∂L/∂w_jf = Σ_rows g_j h_f`, and sets `vjp` to `∂L/∂h_f = Σ_j g_j w_jf`. Output gradients are rows at
    /// a distance.
    pub fn backward(&self, x: &[Lane], output: (&[f32], usize), gradient: &mut [Lane], vjp: &mut [Lane]) {
        backward(self, x, output, gradient, vjp);
    }
}

kernel! {
    fn forward(dense: &Dense, x: &[Lane], z: &mut [f32], width: usize) = forward_body;
    fn backward(
        dense: &Dense,
        x: &[Lane],
        output: (&[f32], usize),
        gradient: &mut [Lane],
        vjp: &mut [Lane],
    ) = backward_body;

    /// `σ(z)` in place.
    pub fn activate(activation: Activation, z: &mut [Lane]) = activate_body;

    /// Gradients with respect to `h = σ(z)` become those with respect to `z`: `σ'(z)` is 1 where ReLU lets through, and `1 - h²` for tanh.
    pub fn slow_down(activation: Activation, h: &[Lane], output_gradient: &mut [Lane]) = slow_down_body;
    fn follow(rate: f32, momentum: f32, theta: &mut [Lane], gradient: &[Lane], velocity: &mut [Lane]) = follow_body;
}

#[inline(always)]
fn forward_body<S: Simd>(simd: S, dense: &Dense, x: &[Lane], z: &mut [f32], width: usize) {
    let (lanes, rows) = (dense.lanes, x.len() / dense.lanes);
    let weights = View::rows(&dense.weights.theta, lanes).turned();
    multiply(simd, View::rows(x, lanes), weights, [rows, lanes, dense.outputs], &mut Fold(z, width));
}

#[inline(always)]
fn backward_body<S: Simd>(
    simd: S,
    dense: &Dense,
    x: &[Lane],
    (output_gradient, width): (&[f32], usize),
    gradient: &mut [Lane],
    vjp: &mut [Lane],
) {
    let (lanes, outputs, rows) = (dense.lanes, dense.outputs, x.len() / dense.lanes);
    let (output_gradient, theta) = (View::rows(output_gradient, width), &dense.weights.theta);
    multiply(simd, output_gradient.turned(), View::rows(x, lanes), [outputs, rows, lanes], &mut Add(gradient, lanes));
    multiply(simd, output_gradient, View::rows(theta, lanes), [rows, outputs, lanes], &mut Write(vjp, lanes));
}

#[inline(always)]
fn activate_body<S: Simd>(simd: S, activation: Activation, z: &mut [Lane]) {
    for z in z {
        let x = simd.load_f32(z);
        match activation {
            Activation::Relu => x.relu(),
            Activation::Tanh => math32::tanh(x),
            other => unreachable!("{other:?} in single precision"),
        }
        .store(z);
    }
}

#[inline(always)]
fn slow_down_body<S: Simd>(simd: S, activation: Activation, h: &[Lane], output_gradient: &mut [Lane]) {
    for (h, output_gradient) in h.iter().zip(output_gradient) {
        let (x, vjp) = (simd.load_f32(h), simd.load_f32(output_gradient));
        match activation {
            Activation::Relu => x.gt(simd.splat_f32(0.0)).select_or_zero(vjp),
            Activation::Tanh => vjp * (-x).mul_add(x, simd.splat_f32(1.0)),
            other => unreachable!("{other:?} in single precision"),
        }
        .store(output_gradient);
    }
}

#[inline(always)]
fn follow_body<S: Simd>(
    simd: S,
    rate: f32,
    momentum: f32,
    theta: &mut [Lane],
    gradient: &[Lane],
    velocity: &mut [Lane],
) {
    let (back, momentum) = (simd.splat_f32(-rate), simd.splat_f32(momentum));
    for ((theta, gradient), velocity) in theta.iter_mut().zip(gradient).zip(velocity) {
        let speed = momentum.mul_add(simd.load_f32(velocity), simd.load_f32(gradient));
        speed.mul_add(back, simd.load_f32(theta)).store(theta);
        speed.store(velocity);
    }
}

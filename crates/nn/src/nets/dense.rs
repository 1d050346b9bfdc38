//! A dense layer `z_j = Σ_f w_jf h_f + b_j` in single precision, and the rule of descent for all that stands in lanes.
//! It knows no losses; it maps rows of a batch to rows, and forces on what came out to gradients.
//!
//! Features stand in lanes, sixteen by sixteen, padded with 0; the number after the last one is always 1, and its weight is
//! the bias. Sums over features run in sixteen lanes and then by the fixed tree; sums over a batch, from its first row to
//! its last; sums over outputs, from the first to the last.

use crate::nets::activation::Activation;
use crate::training::rule::Descent;
use condense_num::contract::{Add, Fold, Lane, View, Write, multiply};
use condense_num::kernel::kernel;
use condense_num::math32;
use condense_num::singles::{SINGLES, Single as _, Singles as _};

/// Parameters with their gradient, and what momentum remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// `θ`.
    pub theta: Vec<Lane>,
    /// `∂L/∂θ`, as far as it is summed.
    pub gradient: Vec<Lane>,
    velocity: Vec<Lane>,
}

impl Parameters {
    /// Parameters at rest.
    pub fn new(theta: Vec<Lane>) -> Self {
        let zero = vec![[0.0; SINGLES]; theta.len()];
        Self { theta, gradient: zero.clone(), velocity: zero }
    }

    /// One step of the rule, `v ← momentum·v + ∇`, `θ ← θ - rate·v`; the gradient begins anew.
    pub fn follow(&mut self, rule: Descent) {
        follow(rule.rate as f32, rule.momentum as f32, &mut self.theta, &mut self.gradient, &mut self.velocity);
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

    /// Adds to the gradient `∂L/∂w_jf = Σ_rows force_j h_f`, and sets `pull` to `∂L/∂h_f = Σ_j force_j w_jf`.
    pub fn backward(&mut self, x: &[Lane], force: &[f32], width: usize, pull: &mut [Lane]) {
        backward(self, x, force, width, pull);
    }
}

kernel! {
    fn forward(m, dense: &Dense, x: &[Lane], z: &mut [f32], width: usize) {
        let (lanes, rows) = (dense.lanes, x.len() / dense.lanes);
        let weights = View::rows(&dense.weights.theta, lanes).turned();
        multiply(m, View::rows(x, lanes), weights, [rows, lanes, dense.outputs], &mut Fold(z, width));
    }

    fn backward(m, dense: &mut Dense, x: &[Lane], force: &[f32], width: usize, pull: &mut [Lane]) {
        let (lanes, outputs, rows) = (dense.lanes, dense.outputs, x.len() / dense.lanes);
        let (force, Parameters { theta, gradient, .. }) = (View::rows(force, width), &mut dense.weights);
        multiply(m, force.turned(), View::rows(x, lanes), [outputs, rows, lanes], &mut Add(gradient, lanes));
        multiply(m, force, View::rows(theta, lanes), [rows, outputs, lanes], &mut Write(pull, lanes));
    }

    /// `σ(z)` in place.
    pub fn activate(m, activation: Activation, z: &mut [Lane]) {
        for z in z {
            let x = m.load_singles(z);
            match activation {
                Activation::Relu => x.positive(),
                Activation::Tanh => math32::tanh(x),
                other => unreachable!("{other:?} in single precision"),
            }.store(z);
        }
    }

    /// Forces on `h = σ(z)` become forces on `z`: `σ'(z)` is 1 where ReLU lets through, and `1 - h²` for tanh.
    pub fn slow_down(m, activation: Activation, h: &[Lane], force: &mut [Lane]) {
        for (h, force) in h.iter().zip(force) {
            let (x, pull) = (m.load_singles(h), m.load_singles(force));
            match activation {
                Activation::Relu => pull.or_zero(x.above(m.splat_singles(0.0))),
                Activation::Tanh => pull * (-x).mul_add(x, m.splat_singles(1.0)),
                other => unreachable!("{other:?} in single precision"),
            }.store(force);
        }
    }

    fn follow(m, rate: f32, momentum: f32, theta: &mut [Lane], gradient: &mut [Lane], velocity: &mut [Lane]) {
        let (back, momentum) = (m.splat_singles(-rate), m.splat_singles(momentum));
        for ((theta, gradient), velocity) in theta.iter_mut().zip(gradient).zip(velocity) {
            let speed = momentum.mul_add(m.load_singles(velocity), m.load_singles(gradient));
            speed.mul_add(back, m.load_singles(theta)).store(theta);
            speed.store(velocity);
            *gradient = [0.0; SINGLES];
        }
    }
}

//! The fused pass of training: every block of neurons goes backward, is updated and goes forward again, once a step.
//! It knows no loop over steps and no losses but the present one; see [`train`](crate::nn::train) for both.
//!
//! With forces `rᵢ = (2/n) (f(xᵢ) - yᵢ)` the gradient of a neuron is `∂a = Σ rᵢ σ(zᵢ)`, `∂w = a Σ rᵢ σ'(zᵢ) xᵢ`, and
//! neurons meet only in `f`; so a block of eight can go all the way round before the next block is looked at.
//! A neuron's arithmetic is the same in every lane and block: equal neurons stay equal to the last bit.

use crate::nn::activation::Activation;
use crate::nn::packed::{Block, Lanes};
use crate::num::kernel::kernel;
use crate::num::lanes::{LANES, fold};

/// Gradient descent, with heavy-ball momentum: `v ← momentum·v + ∇`, `θ ← θ - rate·v`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent {
    /// Learning rate.
    pub rate: f64,
    /// 0 for plain gradient descent.
    pub momentum: f64,
}

/// One sample, and the pull it exerts.
#[derive(Clone, Copy, Debug)]
pub struct Point<const D: usize> {
    /// Input.
    pub x: [f64; D],
    /// Target.
    pub y: f64,
    /// `(2/n) (f(x) - y)`.
    pub force: f64,
}

kernel! {
    /// All neurons once round; `tape` holds `[σ(z), σ'(z)]` and `sums` collects `Σ a σ(z)`, lane by lane.
    /// Shapes: `tape` blocks × n, `points` and `sums` n.
    pub fn turn<const D: usize>(
        _m,
        activation: Activation, rule: Descent, blocks: &mut [Block<D>], velocity: &mut [Block<D>],
        tape: &mut [[Lanes; 2]], points: &[Point<D>], sums: &mut [Lanes],
    ) {
        // Each arm knows its activation while it is compiled.
        match activation {
            Activation::Relu => round(Activation::Relu, rule, blocks, velocity, tape, points, sums),
            Activation::Tanh => round(Activation::Tanh, rule, blocks, velocity, tape, points, sums),
            Activation::XTanh => round(Activation::XTanh, rule, blocks, velocity, tape, points, sums),
            Activation::X2Tanh => round(Activation::X2Tanh, rule, blocks, velocity, tape, points, sums),
            Activation::Sigmoid => round(Activation::Sigmoid, rule, blocks, velocity, tape, points, sums),
            Activation::Softplus => round(Activation::Softplus, rule, blocks, velocity, tape, points, sums),
        }
    }

    /// Sets the forces; returns the mean square error.
    pub fn compare<const D: usize>(_m, sums: &[Lanes], points: &mut [Point<D>]) -> f64 {
        let (n, mut squares) = (points.len() as f64, 0.0);
        for (sums, point) in sums.iter().zip(points) {
            let error = fold(*sums) - point.y;
            point.force = error * (2.0 / n);
            squares = error.mul_add(error, squares);
        }
        squares / n
    }
}

#[inline(always)]
fn round<const D: usize>(
    activation: Activation,
    rule: Descent,
    blocks: &mut [Block<D>],
    velocity: &mut [Block<D>],
    tape: &mut [[Lanes; 2]],
    points: &[Point<D>],
    sums: &mut [Lanes],
) {
    sums.fill([0.0; LANES]);
    for ((block, velocity), tape) in blocks.iter_mut().zip(velocity).zip(tape.chunks_exact_mut(points.len())) {
        let gradient = backward(block, tape, points);
        follow(rule, &mut velocity.a, &gradient.a, &mut block.a);
        for d in 0..D {
            follow(rule, &mut velocity.w[d], &gradient.w[d], &mut block.w[d]);
        }
        forward(activation, block, tape, points, sums);
    }
}

/// The gradient of eight neurons.
#[inline(always)]
fn backward<const D: usize>(block: &Block<D>, tape: &[[Lanes; 2]], points: &[Point<D>]) -> Block<D> {
    let mut gradient = Block::ZERO;
    for ([value, slope], Point { x, force, .. }) in tape.iter().zip(points) {
        let mut pull = [0.0; LANES];
        for lane in 0..LANES {
            gradient.a[lane] = force.mul_add(value[lane], gradient.a[lane]);
            pull[lane] = force * slope[lane];
        }
        for (row, x) in gradient.w.iter_mut().zip(x) {
            for lane in 0..LANES {
                row[lane] = x.mul_add(pull[lane], row[lane]);
            }
        }
    }
    for row in &mut gradient.w {
        for lane in 0..LANES {
            row[lane] *= block.a[lane];
        }
    }
    gradient
}

/// One step of the rule for one parameter of eight neurons.
#[inline(always)]
fn follow(rule: Descent, velocity: &mut Lanes, gradient: &Lanes, theta: &mut Lanes) {
    for lane in 0..LANES {
        velocity[lane] = rule.momentum.mul_add(velocity[lane], gradient[lane]);
        theta[lane] = velocity[lane].mul_add(-rule.rate, theta[lane]);
    }
}

/// Eight neurons' share of the output at each sample, and what the next backward pass needs of them.
#[inline(always)]
fn forward<const D: usize>(
    activation: Activation,
    block: &Block<D>,
    tape: &mut [[Lanes; 2]],
    points: &[Point<D>],
    sums: &mut [Lanes],
) {
    for (([value, slope], point), sum) in tape.iter_mut().zip(points).zip(sums) {
        let z = block.inputs(&point.x);
        for lane in 0..LANES {
            value[lane] = activation.value(z[lane]);
            slope[lane] = activation.slope(z[lane]);
            sum[lane] = block.a[lane].mul_add(value[lane], sum[lane]);
        }
    }
}

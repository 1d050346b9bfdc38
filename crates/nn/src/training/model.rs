//! A least-squares model as what trains it sees it: residual, tangent kernel, and what a vector on samples pulls back.
//! It knows no network and no integrator.

use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Simd, fold};
use ndarray::Array2;
use std::ops::Range;

/// A least-squares model; parameters are one flat slice `θ`.
pub trait Model {
    /// Whether the model has a gradient everywhere: one of ReLU has kinks.
    fn smooth(&self) -> bool;

    /// The blocks of `θ` that the step control weighs one by one (a block must not start at zero).
    fn layers(&self) -> Vec<Range<usize>>;

    /// Linearises at `θ`: fills `residual`, `kernel`, and what `vjp` needs into `features`.
    fn linearize(&self, theta: &[f64], tangent: &mut Tangent);

    /// `pulled = M Jᵀ p` at the point where `tangent` was taken; `p` has one entry a sample.
    fn vjp(&self, tangent: &Tangent, p: &[f64], pulled: &mut [f64]);

    /// `point = θ - M Jᵀ p`, and the model linearised there. A model may do it in fewer passes, with the same bits.
    fn shift(&self, theta: &[f64], tangent: &Tangent, p: &[f64], point: &mut [f64], there: &mut Tangent) {
        shift_by_parts(self, theta, tangent, p, point, there);
    }

    /// `|M Jᵀ p - M J'ᵀ p'|²` in each layer, of two tangents with their `p`. A model may do it in fewer passes, with the same bits.
    /// `pulled` is work space, of any length.
    fn apart(&self, tangents: [(&Tangent, &[f64]); 2], pulled: &mut [Vec<f64>; 2]) -> Vec<f64> {
        apart_by_parts(self, tangents, pulled)
    }
}

/// [`Model::shift`], part by part.
pub fn shift_by_parts<M: Model + ?Sized>(
    model: &M,
    theta: &[f64],
    tangent: &Tangent,
    p: &[f64],
    point: &mut [f64],
    there: &mut Tangent,
) {
    model.vjp(tangent, p, point);
    subtract_from(theta, point);
    model.linearize(point, there);
}

/// [`Model::apart`], part by part.
pub fn apart_by_parts<M: Model + ?Sized>(
    model: &M,
    tangents: [(&Tangent, &[f64]); 2],
    pulled: &mut [Vec<f64>; 2],
) -> Vec<f64> {
    let layers = model.layers();
    let len = layers.iter().map(|layer| layer.end).max().unwrap_or(0);
    for ((tangent, p), pulled) in tangents.into_iter().zip(pulled.iter_mut()) {
        pulled.resize(len, 0.0);
        model.vjp(tangent, p, pulled);
    }
    let [one, other] = pulled;
    layers.into_iter().map(|layer| square_distance(&one[layer.clone()], &other[layer])).collect()
}

/// A model's linearisation at one point. It is filled again and again, to spare the allocator.
#[derive(Clone, Debug, Default)]
pub struct Tangent {
    /// `e = f(θ) - y`, one entry a sample.
    pub residual: Vec<f64>,
    /// `J M Jᵀ`, samples × samples, without the `1/n`.
    pub kernel: Array2<f64>,
    /// The model's own: activations, or whatever its `vjp` reads.
    pub features: Vec<f64>,
}

impl Tangent {
    /// `|e|² / n`.
    pub fn mean_square(&self) -> f64 {
        let e = &self.residual;
        e.iter().fold(0.0, |sum, e| e.mul_add(*e, sum)) / e.len() as f64
    }

    /// Whether its kernel is of finite numbers.
    pub fn is_finite(&self) -> bool {
        self.kernel.iter().all(|entry| entry.is_finite())
    }
}

kernel! {
    /// `y = x - y`.
    fn subtract_from(x: &[f64], y: &mut [f64]) = subtract_from_body;

    /// `|x - y|²`, in the order of [`dot`](condense_num::kernel::dot).
    pub(super) fn square_distance(x: &[f64], y: &[f64]) -> f64 = square_distance_body;
}

#[inline(always)]
fn subtract_from_body<S: Simd>(_: S, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = x - *y;
    }
}

#[inline(always)]
fn square_distance_body<S: Simd>(_: S, x: &[f64], y: &[f64]) -> f64 {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            let apart = x[lane] - y[lane];
            lanes[lane] = apart.mul_add(apart, lanes[lane]);
        }
    }
    for ((lane, x), y) in lanes.iter_mut().zip(x_rest).zip(y_rest) {
        *lane = (x - y).mul_add(x - y, *lane);
    }
    fold(lanes)
}

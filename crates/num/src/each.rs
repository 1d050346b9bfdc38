//! Elementary functions of every number of a slice, inner products and scaled sums: for those who have slices and no kernel
//! of their own. It defines none of them; they come from `math`, `functions` and `kernel`, and so do their bits.

use crate::functions;
use crate::kernel::{axpy, dot, kernel};
use crate::lanes::{LANES, Lanes as _, Simd};
use crate::math;

kernel! {
    /// The inner product of two slices of equal length, in the order of [`dot`].
    pub fn inner(x: &[f64], y: &[f64]) -> f64 = inner_body;

    /// `y += factor * x`, for slices of equal length.
    pub fn add_scaled(factor: f64, x: &[f64], y: &mut [f64]) = add_scaled_body;
}

#[inline(always)]
fn inner_body<S: Simd>(_: S, x: &[f64], y: &[f64]) -> f64 {
    dot(x, y)
}

#[inline(always)]
fn add_scaled_body<S: Simd>(_: S, factor: f64, x: &[f64], y: &mut [f64]) {
    axpy(factor, x, y);
}

/// Defines `name(x, values)` as the kernel that writes a function of every `x`, the odd ones at the end one by one.
macro_rules! every {
    ($($(#[$meta:meta])* $name:ident = $body:ident of $function:path;)+) => {$(
        kernel! {
            $(#[$meta])*
            ///
            /// # Panics
            /// When the slices are not equally long.
            pub fn $name(x: &[f64], values: &mut [f64]) = $body;
        }

        #[inline(always)]
        fn $body<S: Simd>(simd: S, x: &[f64], values: &mut [f64]) {
            assert_eq!(x.len(), values.len(), "a value for every argument");
            let (blocks, rest) = x.as_chunks::<LANES>();
            let (value_blocks, value_rest) = values.as_chunks_mut::<LANES>();
            for (x, value) in blocks.iter().zip(value_blocks) {
                $function(simd.load(x)).store(value);
            }
            for (x, value) in rest.iter().zip(value_rest) {
                *value = $function(*x);
            }
        }
    )+};
}

every! {
    /// eˣ of every number.
    exp = exp_body of math::exp;
    /// eˣ - 1 of every number.
    expm1 = expm1_body of math::expm1;
    /// Hyperbolic tangents.
    tanh = tanh_body of math::tanh;
    /// Natural logarithms.
    ln = ln_body of functions::ln;
    /// Sines of angles in radians.
    sin = sin_body of functions::sin;
    /// Cosines of angles in radians.
    cos = cos_body of functions::cos;
    /// `1/(1 + e⁻ˣ)` of every number.
    sigmoid = sigmoid_body of functions::sigmoid;
    /// `ln(1 + eˣ)` of every number.
    softplus = softplus_body of functions::softplus;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;

    #[test]
    fn every_number_gets_its_own_value_whatever_the_length() {
        for count in [0, 1, 7, 8, 9, 31] {
            let x: Vec<f64> = (0..count).map(|i| 0.3 * f64::from(i) - 2.0).collect();
            let values = same_on_all(|| {
                let mut values = vec![0.0; x.len()];
                tanh(&x, &mut values);
                values
            });
            assert_eq!(values, x.iter().map(|x| math::tanh(*x)).collect::<Vec<_>>());
        }
    }
}

//! The Gram matrix, with one order of summation: from the first row to the last, by fused multiply-adds.
//! It knows nothing of processors: the bits are the same everywhere.

use crate::kernel::{axpy, kernel};
use crate::lanes::Simd;
use ndarray::Array2;

/// `Aᵀ A` for a matrix of shape n × p: the inner products of its columns, p × p. There must be a column.
pub fn gram(matrix: &Array2<f64>) -> Array2<f64> {
    let p = matrix.ncols();
    let matrix = matrix.as_standard_layout();
    let mut sums = vec![0.0; p * p];
    add_squares(matrix.as_slice().expect("standard layout"), p, &mut sums);
    Array2::from_shape_vec((p, p), sums).expect("p² sums")
}

kernel! {
    /// Adds the outer square of each row of `p` numbers to `sums`, which is p × p.
    fn add_squares(rows: &[f64], p: usize, sums: &mut [f64]) = add_squares_body;
}

#[inline(always)]
fn add_squares_body<S: Simd>(_: S, rows: &[f64], p: usize, sums: &mut [f64]) {
    for row in rows.chunks_exact(p) {
        for (x, sums) in row.iter().zip(sums.chunks_exact_mut(p)) {
            axpy(*x, row, sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;
    use crate::rng::Stream;

    #[test]
    fn every_shape_gives_the_bits_of_the_definition() {
        for (n, p) in [(1, 1), (6, 5), (40, 17), (100, 1), (0, 3)] {
            let mut stream = Stream::root(9);
            let a = Array2::from_shape_fn((n, p), |_| stream.normal());
            let chain = |i: usize, j: usize| (0..n).fold(0.0, |sum, k| f64::mul_add(a[[k, i]], a[[k, j]], sum));
            let expected = Array2::from_shape_fn((p, p), |(i, j)| chain(i, j));
            assert_eq!(gram(&a), expected, "{n} × {p}");
            assert_eq!(same_on_all(|| gram(&a)), expected, "{n} × {p}");
            assert_eq!(gram(&a.t().as_standard_layout().t().to_owned()), expected, "another layout");
        }
    }
}

//! Linear systems: LU with partial pivoting, and least squares by Householder reflections, in a fixed order of operations.
//! It knows nothing of conditioning beyond the exact zero: whoever needs a rank asks `svd`.

use crate::num::kernel::{axpy, dot, kernel};
use ndarray::Array2;

/// Solves `A x = b` for a square matrix; `None` when a pivot is exactly zero.
///
/// Gaussian elimination with partial pivoting (the first largest entry of the column).
///
/// # Panics
/// When the shapes do not fit.
pub fn lu_solve(matrix: &Array2<f64>, right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    assert_eq!(matrix.dim(), (n, n), "a square system needs one equation an unknown");
    // The right-hand side rides along as the last column.
    let mut rows: Vec<Vec<f64>> =
        matrix.rows().into_iter().zip(right).map(|(row, b)| row.iter().chain([b]).copied().collect()).collect();
    for k in 0..n {
        let pivot = (k + 1..n).fold(k, |best, i| if rows[i][k].abs() > rows[best][k].abs() { i } else { best });
        if rows[pivot][k] == 0.0 {
            return None;
        }
        rows.swap(k, pivot);
        let (done, rest) = rows.split_at_mut(k + 1);
        for row in rest {
            let factor = row[k] / done[k][k];
            add_scaled(-factor, &done[k][k..], &mut row[k..]);
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        x[k] = (rows[k][n] - inner(&rows[k][k + 1..n], &x[k + 1..])) / rows[k][k];
    }
    Some(x)
}

/// The `x` of least `|A x - b|` for a matrix of full column rank with at least as many rows as columns.
///
/// Householder QR (Golub & Van Loan, *Matrix Computations*, §5.3). Where a column depends exactly on those before it, its
/// unknown is set to zero (a basic solution, not the one of least norm).
///
/// # Panics
/// When the shapes do not fit.
pub fn least_squares(matrix: &Array2<f64>, right: &[f64]) -> Vec<f64> {
    let (m, n) = matrix.dim();
    assert!(m >= n && m == right.len(), "least squares needs at least one equation an unknown");
    let mut columns: Vec<Vec<f64>> = matrix.columns().into_iter().map(|column| column.to_vec()).collect();
    let mut b = right.to_vec();
    let mut diagonal = vec![0.0; n];
    for k in 0..n {
        let (reflector, rest) = columns[k..].split_first_mut().expect("k < n");
        let v = &mut reflector[k..];
        let length = inner(v, v).sqrt();
        if length == 0.0 {
            continue;
        }
        // Away from cancellation: v = x + sign(x₁) |x| e₁, which maps x to -sign(x₁) |x| e₁.
        diagonal[k] = -length.copysign(v[0]);
        v[0] -= diagonal[k];
        let factor = -2.0 / inner(v, v);
        for other in rest.iter_mut().chain([&mut b]) {
            let share = factor * inner(v, &other[k..]);
            add_scaled(share, v, &mut other[k..]);
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        let known = (k + 1..n).fold(b[k], |sum, j| columns[j][k].mul_add(-x[j], sum));
        x[k] = if diagonal[k] == 0.0 { 0.0 } else { known / diagonal[k] };
    }
    x
}

kernel! {
    fn inner(x: &[f64], y: &[f64]) -> f64 {
        dot(x, y)
    }

    fn add_scaled(factor: f64, x: &[f64], y: &mut [f64]) {
        axpy(factor, x, y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::kernel::portable;
    use crate::num::rng::Stream;
    use ndarray::array;
    use proptest::prelude::*;

    fn normal(m: usize, n: usize) -> Array2<f64> {
        let mut stream = Stream::root(8).fork("matrix");
        Array2::from_shape_fn((m, n), |_| stream.normal())
    }

    /// `A x - b`.
    fn residual(a: &Array2<f64>, x: &[f64], b: &[f64]) -> Vec<f64> {
        a.rows().into_iter().zip(b).map(|(row, b)| row.iter().zip(x).map(|(a, x)| a * x).sum::<f64>() - b).collect()
    }

    #[test]
    fn known_systems() {
        assert_eq!(lu_solve(&array![[0.0, 2.0], [4.0, 0.0]], &[6.0, 4.0]), Some(vec![1.0, 3.0]));
        assert_eq!(lu_solve(&array![[1.0, 2.0], [2.0, 4.0]], &[1.0, 2.0]), None);
        assert_eq!(lu_solve(&Array2::zeros((0, 0)), &[]), Some(vec![]));
        // The inverse of the Hilbert matrix of order 3 is known; its first column is (9, -36, 30).
        let hilbert = Array2::from_shape_fn((3, 3), |(i, j)| 1.0 / (i + j + 1) as f64);
        let x = lu_solve(&hilbert, &[1.0, 0.0, 0.0]).expect("regular");
        assert!(x.iter().zip([9.0, -36.0, 30.0]).all(|(x, known)| (x - known).abs() < 1e-12), "{x:?}");
    }

    #[test]
    fn a_line_through_three_points() {
        // Of y = 0, 1, 1 at x = 0, 1, 2: intercept 1/6, slope 1/2.
        let x = least_squares(&array![[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], &[0.0, 1.0, 1.0]);
        assert!((x[0] - 1.0 / 6.0).abs() < 1e-15 && (x[1] - 0.5).abs() < 1e-15, "{x:?}");
    }

    #[test]
    fn a_missing_direction_is_left_out() {
        let x = least_squares(&array![[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]], &[2.0, 5.0, 0.0]);
        assert_eq!(x, [2.0, 0.0]);
    }

    #[test]
    fn the_bits_do_not_depend_on_the_body() {
        let (a, b) = (normal(41, 13), normal(41, 1).column(0).to_vec());
        let square = normal(13, 13);
        let run = || (least_squares(&a, &b), lu_solve(&square, &b[..13]));
        assert_eq!(run(), portable(run));
        assert_eq!(run().0[0].to_bits(), 0xbfce70a3a20c288d);
        assert_eq!(run().1.expect("regular")[0].to_bits(), 0x403041e18fe42d72);
    }

    proptest! {
        #[test]
        fn the_residual_is_orthogonal_to_every_column(n in 1usize..6, extra in 0usize..6, entries in prop::collection::vec(-1.0f64..1.0, 72)) {
            let m = n + extra;
            let a = Array2::from_shape_fn((m, n), |(i, j)| entries[6 * i + j] + f64::from(u8::from(i == j)) * 3.0);
            let b = &entries[60..60 + m];
            let rest = residual(&a, &least_squares(&a, b), b);
            for column in a.columns() {
                let inner: f64 = column.iter().zip(&rest).map(|(a, r)| a * r).sum();
                prop_assert!(inner.abs() < 1e-13, "{inner}");
            }
            let square = a.slice(ndarray::s![..n, ..]).to_owned();
            if let Some(x) = lu_solve(&square, &b[..n]) {
                // Partial pivoting is backward stable: the residual is small beside |A| |x|, whatever the conditioning.
                let size = 4.0 * n as f64 * x.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
                prop_assert!(residual(&square, &x, &b[..n]).iter().all(|r| r.abs() < 1e-15 * size * n as f64));
            }
        }
    }
}

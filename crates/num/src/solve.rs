//! Square linear systems: LU with partial pivoting, in a fixed order of operations.
//! It knows nothing of conditioning beyond the exact zero: whoever needs a rank asks `svd`.

use crate::each::{add_scaled, inner};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;
    use crate::rng::Stream;
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
    fn the_bits_do_not_depend_on_the_body() {
        let (a, b) = (normal(13, 13), normal(41, 1).column(0).to_vec());
        let run = || lu_solve(&a, &b[..13]).expect("regular");
        same_on_all(run);
        assert_eq!(run()[0].to_bits(), 0x403041e18fe42d72);
    }

    proptest! {
        #[test]
        fn the_residual_is_that_of_a_backward_stable_method(n in 1usize..6, entries in prop::collection::vec(-1.0f64..1.0, 36)) {
            let a = Array2::from_shape_fn((n, n), |(i, j)| entries[6 * i + j]);
            let b = &entries[30..30 + n];
            if let Some(x) = lu_solve(&a, b) {
                // The residual is small beside |A| |x|, whatever the conditioning.
                let size = 4.0 * n as f64 * x.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
                prop_assert!(residual(&a, &x, b).iter().all(|r| r.abs() < 1e-15 * size * n as f64));
            }
        }
    }
}

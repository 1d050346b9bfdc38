//! Singular values and vectors, by one-sided Jacobi rotations in a fixed order: the same bits everywhere.
//! It knows nothing of ranks or tolerances: the caller says what counts as zero.

use crate::each::inner;
use crate::eigen::{rotate, rotation, sign_of_largest};
use ndarray::Array2;

/// Where the rank is full about ten sweeps are needed. Columns that are nothing but rounding may turn against each other for
/// ever; after so many sweeps they are left alone.
const SWEEPS: usize = 20;

/// The thin decomposition `A = U diag(s) Vᵀ` of a matrix of m rows and n columns; r = min(m, n).
#[derive(Clone, Debug, PartialEq)]
pub struct Svd {
    /// m × r; columns of unit length, or of zeros where the singular value is exactly zero. They are orthogonal but for those of
    /// singular values that are rounding: see [`svd`].
    pub u: Array2<f64>,
    /// The r singular values, descending.
    pub s: Vec<f64>,
    /// n × r, orthonormal columns, each with its first entry of largest size positive. (Where n is above m, what holds for `u` holds
    /// for `v`, and `u` is orthonormal.)
    pub v: Array2<f64>,
}

/// The singular values of a matrix, descending.
pub fn singular_values(matrix: &Array2<f64>) -> Vec<f64> {
    svd(matrix).s
}

/// The thin singular value decomposition.
///
/// Hestenes' one-sided Jacobi method (Golub & Van Loan, *Matrix Computations*, §8.6): the columns of the taller side are
/// turned against each other until they are orthogonal. Small singular values of a matrix with badly scaled columns come
/// out to high relative accuracy (Demmel & Veselić 1992).
///
/// Where the rank is not full the rotations may not settle. Columns that are shorter than `m ε s_1` (m rows of the taller side) are
/// then left as they are: singular values below that are right to `m ε s_1` alone, not to a small part of themselves, and the
/// vectors that belong to them on the longer side need not be orthogonal to one another or to the rest.
///
/// # Panics
/// When a number is not finite.
pub fn svd(matrix: &Array2<f64>) -> Svd {
    assert!(matrix.iter().all(|x| x.is_finite()), "singular values are of finite matrices");
    let wide = matrix.ncols() > matrix.nrows();
    let tall = if wide { matrix.t() } else { matrix.view() };
    let (m, n) = tall.dim();
    let mut columns: Vec<Vec<f64>> = tall.columns().into_iter().map(|column| column.to_vec()).collect();
    let mut turns: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let settled = (0..SWEEPS).any(|_| !sweep(&mut columns, &mut turns, 0.0));
    if !settled {
        let largest = columns.iter().map(|column| inner(column, column)).fold(0.0, f64::max);
        let rounding = largest * (m as f64 * f64::EPSILON) * (m as f64 * f64::EPSILON);
        let settled = (0..SWEEPS).any(|_| !sweep(&mut columns, &mut turns, rounding));
        assert!(settled, "Jacobi rotations settle");
    }

    let lengths: Vec<f64> = columns.iter().map(|column| inner(column, column).sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
    let unit = |length: f64| if length > 0.0 { 1.0 / length } else { 0.0 };
    let signs: Vec<f64> = (0..n).map(|k| sign_of_largest(if wide { &columns[k] } else { &turns[k] })).collect();
    let left = Array2::from_shape_fn((m, n), |(i, k)| signs[order[k]] * columns[order[k]][i] * unit(lengths[order[k]]));
    let right = Array2::from_shape_fn((n, n), |(i, k)| signs[order[k]] * turns[order[k]][i]);
    let s = order.iter().map(|&k| lengths[k]).collect();
    if wide { Svd { u: right, s, v: left } } else { Svd { u: left, s, v: right } }
}

/// One pass over all pairs of columns, row by row; returns whether any pair was still to be turned. Columns whose square is not above
/// `rounding` stay as they are.
fn sweep(columns: &mut [Vec<f64>], turns: &mut [Vec<f64>], rounding: f64) -> bool {
    let n = columns.len();
    let mut turned = false;
    for p in 0..n {
        for q in p + 1..n {
            let [x, y] = columns.get_disjoint_mut([p, q]).expect("p < q < n");
            let (xx, yy, xy) = (inner(x, x), inner(y, y), inner(x, y));
            // The cosine of the angle between them is rounding; so is all of it where a product underflows. (Columns that are
            // multiples of one shrink from sweep to sweep until their squares do.)
            let least = xx.min(yy).min(xy.abs());
            if xy.abs() <= 2.0 * f64::EPSILON * xx.sqrt() * yy.sqrt()
                || least < f64::MIN_POSITIVE
                || xx.min(yy) <= rounding
            {
                continue;
            }
            turned = true;
            let (cos, sin) = rotation(xx, yy, xy);
            rotate(x, y, cos, sin);
            let [x, y] = turns.get_disjoint_mut([p, q]).expect("p < q < n");
            rotate(x, y, cos, sin);
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;
    use crate::rng::Stream;
    use proptest::prelude::*;

    fn normal(m: usize, n: usize) -> Array2<f64> {
        let mut stream = Stream::root(6).fork("matrix");
        Array2::from_shape_fn((m, n), |_| stream.normal())
    }

    #[test]
    fn columns_that_are_multiples_of_one_settle() {
        let a = ndarray::array![[1.0, -2.0, 0.5], [2.0, -4.0, 1.0], [2.0, -4.0, 1.0]];
        let s = singular_values(&a);
        assert!((s[0] - 47.25_f64.sqrt()).abs() < 1e-14 && s[1] < 1e-14 && s[2] < 1e-14, "{s:?}");
    }

    /// It once panicked on the tangents of condensed neurons at few samples: columns of rounding turned against each other for ever.
    #[test]
    fn wide_matrices_of_low_rank_settle() {
        for (seed, m, n, neurons) in
            [(87, 12, 20, 1), (206, 10, 29, 1), (511, 7, 24, 2), (811, 10, 24, 3), (876, 9, 29, 3)]
        {
            let mut stream = Stream::root(seed);
            let (x, w) = (stream.normals(m, 1.0), stream.normals(neurons, 1.0));
            let mut tangent = Array2::from_shape_fn((m, n), |(i, j)| {
                let t = crate::math::tanh(w[j % neurons] * x[i]);
                if j / neurons % 2 == 0 { t } else { (1.0 - t * t) * x[i] }
            });
            for mut column in tangent.columns_mut() {
                let length = column.iter().map(|x| x * x).sum::<f64>().sqrt();
                column.mapv_inplace(|x| x / length);
            }
            let svd = svd(&tangent);
            assert!(svd.s[2 * neurons] < 1e-13 * svd.s[0] && faults(&tangent, &svd).0 < 1e-13, "{:?}", svd.s);
        }
    }

    /// The largest entry of `A - U S Vᵀ`, and of `VᵀV - I` (`UᵀU - I`).
    fn faults(a: &Array2<f64>, Svd { u, s, v }: &Svd) -> (f64, f64) {
        let rebuilt = |i: usize, j: usize| (0..s.len()).map(|k| u[[i, k]] * s[k] * v[[j, k]]).sum::<f64>();
        let lost = a.indexed_iter().map(|((i, j), x)| (x - rebuilt(i, j)).abs()).fold(0.0, f64::max);
        let skew = |q: &Array2<f64>| {
            let entry = |i: usize, j: usize| (0..q.nrows()).map(|k| q[[k, i]] * q[[k, j]]).sum::<f64>();
            let all = (0..s.len()).flat_map(|i| (0..s.len()).map(move |j| (i, j)));
            all.map(|(i, j)| (entry(i, j) - f64::from(u8::from(i == j))).abs()).fold(0.0, f64::max)
        };
        (lost, skew(u).max(skew(v)))
    }

    #[test]
    fn tall_and_wide_matrices_are_rebuilt() {
        for a in [normal(50, 12), normal(12, 50), normal(1, 4), normal(4, 1), normal(7, 7)] {
            let svd = svd(&a);
            let (lost, skew) = faults(&a, &svd);
            assert!(lost < 1e-13 && skew < 1e-13, "{lost} {skew}");
            assert!(svd.s.is_sorted_by(|a, b| a >= b));
        }
    }

    #[test]
    fn a_matrix_and_its_transpose_share_their_values() {
        let a = normal(40, 9);
        assert_eq!(singular_values(&a), singular_values(&a.t().to_owned()));
        assert_eq!(singular_values(&a)[0].to_bits(), 0x40209d11d80a0753);
        same_on_all(|| svd(&a));
    }

    #[test]
    fn small_values_keep_their_digits() {
        // Graded columns: D diag(1, 1e-8, 1e-16, 1e-24) with orthogonal D (Hadamard over 2) has exactly these values.
        let signs = [[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0], [1.0, -1.0, -1.0, 1.0]];
        let grades = [1.0, 1e-8, 1e-16, 1e-24];
        let a = Array2::from_shape_fn((4, 4), |(i, j)| 0.5 * signs[i][j] * grades[j]);
        for (s, grade) in singular_values(&a).iter().zip(grades) {
            assert!((s / grade - 1.0).abs() < 1e-15, "{s:e} {grade:e}");
        }
        // Published: the 8 × 8 Hilbert matrix has the condition number 1.525757557e10.
        let s = singular_values(&Array2::from_shape_fn((8, 8), |(i, j)| 1.0 / (i + j + 1) as f64));
        assert!((s[0] / s[7] / 1.5257575538e10 - 1.0).abs() < 1e-6, "{}", s[0] / s[7]);
    }

    #[test]
    fn a_gap_shows_the_rank() {
        let (left, right) = (normal(30, 3), normal(3, 20));
        let a = Array2::from_shape_fn((30, 20), |(i, j)| (0..3).map(|k| left[[i, k]] * right[[k, j]]).sum());
        let s = singular_values(&a);
        assert!(s[2] > 1.0 && s[3] < 1e-13, "{s:?}");
        assert_eq!(singular_values(&Array2::zeros((5, 2))), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn energy_is_kept(m in 1usize..7, n in 1usize..7, entries in prop::collection::vec(-1.0f64..1.0, 36)) {
            let a = Array2::from_shape_fn((m, n), |(i, j)| entries[6 * i + j]);
            let energy: f64 = a.iter().map(|x| x * x).sum();
            let found: f64 = singular_values(&a).iter().map(|s| s * s).sum();
            prop_assert!((energy - found).abs() <= 1e-14 * energy, "{energy} {found}");
        }
    }
}

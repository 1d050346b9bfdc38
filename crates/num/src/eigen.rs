//! Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi rotations in a fixed order: the same bits everywhere.
//! It knows nothing of where the matrix came from, and makes no use of sparsity.

use crate::kernel::kernel;
use crate::lanes::{LANES, Simd};
use ndarray::Array2;

/// The most sweeps ever needed is about ten; more means the input was not a matrix of finite numbers.
const SWEEPS: usize = 60;

/// The eigenvalues in ascending order, and the eigenvectors as columns in that order.
///
/// Reads the lower triangle of `matrix` (n × n). Cyclic Jacobi with the classical rotation (Golub & Van Loan, *Matrix
/// Computations*, §8.5), which finds small eigenvalues of well-scaled positive matrices to high relative accuracy.
/// Each vector has unit length, and its first entry of largest size is positive.
///
/// # Panics
/// When the matrix is not square, or holds a number that is not finite.
pub fn symmetric(matrix: &Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    let n = matrix.nrows();
    assert_eq!(n, matrix.ncols(), "eigenvalues are of square matrices");
    let mut a: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| matrix[[i.max(j), i.min(j)]]).collect()).collect();
    assert!(a.iter().flatten().all(|x| x.is_finite()), "eigenvalues are of finite matrices");
    // Row k of `vectors` is the k-th vector, so that a rotation touches two contiguous rows.
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let settled = (0..SWEEPS).any(|_| !sweep(&mut a, &mut vectors));
    assert!(settled, "Jacobi rotations settle");

    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[i][i].total_cmp(&a[j][j]));
    let signs: Vec<f64> = vectors.iter().map(|vector| sign_of_largest(vector)).collect();
    let columns = Array2::from_shape_fn((n, n), |(i, k)| signs[order[k]] * vectors[order[k]][i]);
    (order.iter().map(|&k| a[k][k]).collect(), columns)
}

/// The sign of the first entry of largest size.
pub fn sign_of_largest(vector: &[f64]) -> f64 {
    let largest = vector.iter().fold(0.0f64, |largest, x| if x.abs() > largest.abs() { *x } else { largest });
    1.0f64.copysign(largest)
}

/// The cosine and sine of the rotation that makes the entry `apq` of a symmetric pair zero, the smaller of the two angles.
#[inline]
pub fn rotation(app: f64, aqq: f64, apq: f64) -> (f64, f64) {
    let theta = (aqq - app) / (2.0 * apq);
    // Where theta² overflows, 1 / (2 theta) is the limit, and the sum below is infinite: the tangent is then zero.
    let tangent = 1.0f64.copysign(theta) / (theta.abs() + theta.mul_add(theta, 1.0).sqrt());
    let cos = 1.0 / tangent.mul_add(tangent, 1.0).sqrt();
    (cos, tangent * cos)
}

kernel! {
    /// Turns the pair of vectors `(x, y)` into `(cos x - sin y, sin x + cos y)`.
    pub fn rotate(x: &mut [f64], y: &mut [f64], cos: f64, sin: f64) = rotate_body;
}

#[inline(always)]
fn rotate_body<S: Simd>(_: S, x: &mut [f64], y: &mut [f64], cos: f64, sin: f64) {
    assert_eq!(x.len(), y.len(), "a rotation needs equal lengths");
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks_mut::<LANES>(), y.as_chunks_mut::<LANES>());
    for (x, y) in x.iter_mut().zip(y) {
        for lane in 0..LANES {
            (x[lane], y[lane]) = turned(x[lane], y[lane], cos, sin);
        }
    }
    for (x, y) in x_rest.iter_mut().zip(y_rest) {
        (*x, *y) = turned(*x, *y, cos, sin);
    }
}

#[inline(always)]
fn turned(x: f64, y: f64, cos: f64, sin: f64) -> (f64, f64) {
    (cos.mul_add(x, -sin * y), sin.mul_add(x, cos * y))
}

/// One pass over all pairs, row by row; returns whether anything was still to be turned.
fn sweep(a: &mut [Vec<f64>], vectors: &mut [Vec<f64>]) -> bool {
    let n = a.len();
    let mut turned = false;
    for p in 0..n {
        for q in p + 1..n {
            let (app, aqq, apq) = (a[p][p], a[q][q], a[p][q]);
            // Below the last bit of both diagonal entries (relative to each, hence the square root) it is zero already.
            if apq.abs() <= f64::EPSILON * 0.5 * app.abs().sqrt() * aqq.abs().sqrt() || apq.abs() < f64::MIN_POSITIVE {
                continue;
            }
            turned = true;
            let (cos, sin) = rotation(app, aqq, apq);
            let tangent = sin / cos;
            let [row_p, row_q] = a.get_disjoint_mut([p, q]).expect("p < q < n");
            rotate(row_p, row_q, cos, sin);
            // The columns are what the rows are.
            for k in (0..n).filter(|k| *k != p && *k != q) {
                (a[k][p], a[k][q]) = (a[p][k], a[q][k]);
            }
            a[p][p] = tangent.mul_add(-apq, app);
            a[q][q] = tangent.mul_add(apq, aqq);
            (a[p][q], a[q][p]) = (0.0, 0.0);
            let [vector_p, vector_q] = vectors.get_disjoint_mut([p, q]).expect("p < q < n");
            rotate(vector_p, vector_q, cos, sin);
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;
    use crate::math;
    use crate::rng::Stream;
    use proptest::prelude::*;

    /// The largest entries of `VᵀV - I` and `A - V Λ Vᵀ`.
    fn faults(a: &Array2<f64>, values: &[f64], v: &Array2<f64>) -> (f64, f64) {
        let n = values.len();
        let (mut skew, mut lost) = (0.0f64, 0.0f64);
        for i in 0..n {
            for j in 0..n {
                let inner: f64 = (0..n).map(|k| v[[k, i]] * v[[k, j]]).sum();
                skew = skew.max((inner - f64::from(u8::from(i == j))).abs());
                let entry: f64 = (0..n).map(|k| v[[i, k]] * values[k] * v[[j, k]]).sum();
                lost = lost.max((a[[i, j]] - entry).abs());
            }
        }
        (skew, lost)
    }

    #[test]
    fn the_string_has_its_known_tones() {
        // The second difference of n points has the eigenvalues 2 - 2 cos(kπ / (n + 1)).
        let n = 40;
        let a = Array2::from_shape_fn((n, n), |(i, j)| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let (values, vectors) = symmetric(&a);
        for (k, value) in (1..).zip(&values) {
            let known = 2.0 - 2.0 * math::cos(f64::from(k) * std::f64::consts::PI / 41.0);
            assert!((value - known).abs() < 1e-14, "{k}: {value} {known}");
        }
        let (skew, lost) = faults(&a, &values, &vectors);
        // n ε times the norm of A (4), the usual bound of backward stability.
        assert!(skew < 1e-14 && lost < 4e-14, "{skew} {lost}");
        assert_eq!(values[0].to_bits(), 0x3f780975fe95e41a);
        assert_eq!(same_on_all(|| symmetric(&a)), (values, vectors));
    }

    #[test]
    fn hilbert_keeps_its_smallest_eigenvalue() {
        // Published: the least eigenvalue of the 8 × 8 Hilbert matrix is 1.1115389663725e-10.
        let a = Array2::from_shape_fn((8, 8), |(i, j)| 1.0 / (i + j + 1) as f64);
        let (values, _) = symmetric(&a);
        assert!((values[0] / 1.111538966372446e-10 - 1.0).abs() < 1e-6, "{:e}", values[0]);
    }

    #[test]
    fn rank_three_of_sixty_settles() {
        let mut stream = Stream::root(5).fork("factors");
        let factor = Array2::from_shape_fn((60, 3), |_| stream.normal());
        let a = Array2::from_shape_fn((60, 60), |(i, j)| (0..3).map(|k| factor[[i, k]] * factor[[j, k]]).sum());
        let (values, vectors) = symmetric(&a);
        let (skew, lost) = faults(&a, &values, &vectors);
        assert!(skew < 1e-13 && lost < 1e-12, "{skew} {lost}");
        assert_eq!(values.iter().filter(|value| value.abs() > 1e-12).count(), 3);
    }

    #[test]
    fn small_cases() {
        assert_eq!(symmetric(&Array2::zeros((0, 0))).0, Vec::<f64>::new());
        assert_eq!(symmetric(&Array2::zeros((3, 3))).0, vec![0.0; 3]);
        let (values, vectors) = symmetric(&ndarray::array![[2.0, 1.0], [1.0, 2.0]]);
        assert!((values[0] - 1.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
        assert!(vectors[[0, 0]] > 0.0 && vectors[[0, 1]] > 0.0, "the sign rule");
    }

    proptest! {
        #[test]
        fn any_symmetric_matrix_is_rebuilt(n in 1usize..8, entries in prop::collection::vec(-1.0f64..1.0, 64), shift in -20i32..20) {
            let scale = math::powi(10.0, shift);
            let a = Array2::from_shape_fn((n, n), |(i, j)| scale * entries[8 * i.max(j) + i.min(j)]);
            let (values, vectors) = symmetric(&a);
            let (skew, lost) = faults(&a, &values, &vectors);
            prop_assert!(skew < 1e-13 && lost < 1e-13 * scale, "{skew} {lost}");
            prop_assert!(values.is_sorted());
        }
    }
}

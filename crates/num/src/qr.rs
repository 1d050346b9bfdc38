//! QR decomposition by Householder reflections, and least squares by it, in a fixed order of operations.
//! It knows nothing of ranks or tolerances beyond the exact zero: whoever needs a rank asks `svd`.

use crate::each::{add_scaled, inner};
use ndarray::Array2;

/// The thin decomposition `A = Q R` of a matrix of m rows and n columns, m ≥ n: `Q` (m × n) has orthonormal columns, `R`
/// (n × n) is upper triangular, its diagonal not negative. Where A has full rank there is just one.
#[derive(Clone, Debug, PartialEq)]
pub struct Qr {
    /// m.
    rows: usize,
    /// `R`, column by column, each down to its diagonal.
    columns: Vec<Vec<f64>>,
    /// Reflection k: a vector `v`, from row k on, and `2 / v·v`; 0 where nothing is reflected.
    reflections: Vec<(Vec<f64>, f64)>,
    /// Whether row k of `R`, and column k of `Q`, were turned round.
    turned: Vec<bool>,
}

/// The thin QR decomposition (Golub & Van Loan, *Matrix Computations*, §5.2), one column after the other. Entries beyond
/// 10³⁰⁰ may overflow on the way.
///
/// # Panics
/// When the matrix has more columns than rows, or a number that is not finite.
pub fn qr(matrix: &Array2<f64>) -> Qr {
    let (m, n) = matrix.dim();
    assert!(m >= n, "{m} equations for {n} unknowns");
    assert!(matrix.iter().all(|x| x.is_finite()), "a decomposition is of finite matrices");
    let mut columns: Vec<Vec<f64>> = matrix.columns().into_iter().map(|column| column.to_vec()).collect();
    let mut qr = Qr {
        rows: m,
        columns: Vec::with_capacity(n),
        reflections: Vec::with_capacity(n),
        turned: Vec::with_capacity(n),
    };
    for k in 0..n {
        let mut column = std::mem::take(&mut columns[k]);
        let (v, factor, diagonal) = reflection(&column[k..]);
        for later in &mut columns[k + 1..] {
            reflect(&v, factor, &mut later[k..]);
        }
        column.truncate(k);
        column.push(diagonal);
        qr.columns.push(column);
        qr.reflections.push((v, factor));
        qr.turned.push(diagonal < 0.0);
    }
    for column in &mut qr.columns {
        for (x, turned) in column.iter_mut().zip(&qr.turned) {
            *x = if *turned { -*x } else { *x };
        }
    }
    qr
}

/// The `x` that makes `‖A x - b‖` least: see [`Qr::solve`].
///
/// # Panics
/// As [`qr`], or when `b` does not have an entry for each row.
pub fn least_squares(matrix: &Array2<f64>, right: &[f64]) -> Option<Vec<f64>> {
    qr(matrix).solve(right)
}

impl Qr {
    /// `R`, n × n.
    pub fn r(&self) -> Array2<f64> {
        let n = self.columns.len();
        Array2::from_shape_fn((n, n), |(i, j)| if i > j { 0.0 } else { self.columns[j][i] })
    }

    /// `Q`, m × n.
    pub fn q(&self) -> Array2<f64> {
        let (m, n) = (self.rows, self.columns.len());
        let column = |k: usize| {
            let mut x = vec![0.0; m];
            x[k] = if self.turned[k] { -1.0 } else { 1.0 };
            for (at, (v, factor)) in self.reflections.iter().enumerate().rev() {
                reflect(v, *factor, &mut x[at..]);
            }
            x
        };
        let columns: Vec<Vec<f64>> = (0..n).map(column).collect();
        Array2::from_shape_fn((m, n), |(i, k)| columns[k][i])
    }

    /// The `x` that makes `‖A x - b‖` least; `None` when an entry of R's diagonal is exactly zero.
    ///
    /// # Panics
    /// When `b` does not have an entry for each row of A.
    pub fn solve(&self, right: &[f64]) -> Option<Vec<f64>> {
        let n = self.columns.len();
        assert_eq!(right.len(), self.rows, "one entry a row");
        let mut x = right.to_vec();
        for (k, (v, factor)) in self.reflections.iter().enumerate() {
            reflect(v, *factor, &mut x[k..]);
        }
        x.truncate(n);
        for (x, turned) in x.iter_mut().zip(&self.turned) {
            *x = if *turned { -*x } else { *x };
        }
        for k in (0..n).rev() {
            let diagonal = self.columns[k][k];
            if diagonal == 0.0 {
                return None;
            }
            x[k] /= diagonal;
            let (above, x_k) = (&self.columns[k][..k], x[k]);
            add_scaled(-x_k, above, &mut x[..k]);
        }
        Some(x)
    }
}

/// The reflection that takes `x` to a multiple of the first unit vector: `v`, `2 / v·v`, and that multiple. Lengths are taken
/// in units of the largest entry, so that no square overflows or vanishes.
fn reflection(x: &[f64]) -> (Vec<f64>, f64, f64) {
    let size = x.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    if size == 0.0 {
        return (x.to_vec(), 0.0, 0.0);
    }
    let mut v: Vec<f64> = x.iter().map(|x| x / size).collect();
    // Away from the first entry, so that nothing cancels.
    let length = inner(&v, &v).sqrt().copysign(v[0]);
    v[0] += length;
    let factor = 2.0 / inner(&v, &v);
    (v, factor, -length * size)
}

/// `x - (2 v·x / v·v) v`.
fn reflect(v: &[f64], factor: f64, x: &mut [f64]) {
    add_scaled(-factor * inner(v, x), v, x);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;
    use crate::rng::Stream;
    use crate::stats::line_fit;
    use ndarray::array;
    use proptest::prelude::*;

    fn normal(m: usize, n: usize) -> Array2<f64> {
        let mut stream = Stream::root(8).fork("matrix");
        Array2::from_shape_fn((m, n), |_| stream.normal())
    }

    /// The largest entry of `QᵀQ - I`, and of `A - QR`.
    fn faults(a: &Array2<f64>, qr: &Qr) -> (f64, f64) {
        let (q, r, n) = (qr.q(), qr.r(), a.ncols());
        let entry = |i: usize, j: usize| (0..a.nrows()).map(|k| q[[k, i]] * q[[k, j]]).sum::<f64>();
        let all = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let skew = all.map(|(i, j)| (entry(i, j) - f64::from(u8::from(i == j))).abs()).fold(0.0, f64::max);
        let rebuilt = |i: usize, j: usize| (0..n).map(|k| q[[i, k]] * r[[k, j]]).sum::<f64>();
        (skew, a.indexed_iter().map(|((i, j), x)| (x - rebuilt(i, j)).abs()).fold(0.0, f64::max))
    }

    #[test]
    fn tall_and_square_matrices_are_rebuilt() {
        for a in [normal(50, 12), normal(7, 7), normal(4, 1), normal(3, 0), Array2::zeros((5, 2))] {
            let qr = qr(&a);
            let (skew, lost) = faults(&a, &qr);
            assert!(skew < 1e-14 && lost < 1e-14, "{skew} {lost}");
            assert!(qr.r().diag().iter().all(|x| *x >= 0.0));
        }
    }

    #[test]
    fn known_decompositions() {
        let found = qr(&array![[3.0, 1.0], [4.0, 2.0]]);
        let close = |a: Array2<f64>, b: Array2<f64>| (a - b).iter().all(|x| x.abs() < 1e-15);
        assert!(close(found.q(), array![[0.6, -0.8], [0.8, 0.6]]), "{:?}", found.q());
        assert!(close(found.r(), array![[5.0, 2.2], [0.0, 0.4]]), "{:?}", found.r());
    }

    #[test]
    fn sizes_near_the_ends_of_the_range_are_no_matter() {
        for size in [1e-300, 1e300] {
            let x = least_squares(&normal(9, 3).mapv_into(|x| size * x), &[size; 9]).expect("full rank");
            let plain = least_squares(&normal(9, 3), &[1.0; 9]).expect("full rank");
            assert!(x.iter().zip(plain).all(|(x, plain)| (x - plain).abs() < 1e-13));
        }
    }

    #[test]
    fn a_line_is_fitted_as_the_formula_has_it() {
        let mut stream = Stream::root(3).fork("line");
        let x: Vec<f64> = (0..30).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 0.3 * x - 2.0 + stream.normal()).collect();
        let fit = line_fit(&x, &y);
        let found = least_squares(&Array2::from_shape_fn((30, 2), |(i, j)| if j == 0 { 1.0 } else { x[i] }), &y);
        assert!((found.expect("full rank")[1] - fit.slope).abs() < 1e-14);
    }

    #[test]
    fn a_column_of_zeros_has_no_coefficient() {
        assert_eq!(least_squares(&array![[1.0, 0.0], [2.0, 0.0]], &[1.0, 2.0]), None);
        assert_eq!(least_squares(&Array2::zeros((0, 0)), &[]), Some(vec![]));
        let nothing = qr(&Array2::zeros((3, 0)));
        assert_eq!((nothing.q().dim(), nothing.r().dim(), nothing.solve(&[1.0; 3])), ((3, 0), (0, 0), Some(vec![])));
    }

    #[test]
    fn the_bits_do_not_depend_on_the_body() {
        let (a, b) = (normal(41, 13), normal(41, 1).column(0).to_vec());
        let x = same_on_all(|| least_squares(&a, &b).expect("full rank"));
        assert_eq!(x[0].to_bits(), 0xbfce70a3a20c288b);
    }

    proptest! {
        #[test]
        fn what_is_left_is_orthogonal_to_all_columns(n in 1usize..5, entries in prop::collection::vec(-1.0f64..1.0, 40)) {
            let a = Array2::from_shape_fn((8, n), |(i, j)| entries[4 * i + j]);
            let b = &entries[32..];
            if let Some(x) = least_squares(&a, b) {
                let left: Vec<f64> =
                    a.rows().into_iter().zip(b).map(|(row, b)| b - row.iter().zip(&x).map(|(a, x)| a * x).sum::<f64>()).collect();
                // Small beside |A| |x|, whatever the conditioning.
                let size = x.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
                for column in a.columns() {
                    let inner: f64 = column.iter().zip(&left).map(|(a, left)| a * left).sum();
                    prop_assert!(inner.abs() < 1e-13 * size, "{inner} {size}");
                }
            }
        }
    }
}

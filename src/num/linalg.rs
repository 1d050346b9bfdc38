//! Matrix products with one order of summation: over k, from the first to the last, by fused multiply-adds.
//! It knows nothing of processors: tiles change the speed and never the order, so the bits are the same everywhere.

use crate::num::kernel::{LANES, kernel};
use ndarray::{Array2, ArrayView2};

/// Rows of a tile: with two vectors of four a row, twelve accumulators and the operands fill sixteen registers.
const TILE: usize = 6;

/// `A B` for matrices of shapes m × k and k × n.
///
/// # Panics
/// When the inner sizes differ.
pub fn matmul(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    product(&a.view(), &b.view())
}

/// `Aᵀ B` for matrices of shapes k × m and k × n.
///
/// # Panics
/// When the inner sizes differ.
pub fn transposed_matmul(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    product(&a.t(), &b.view())
}

/// `A Bᵀ` for matrices of shapes m × k and n × k.
///
/// # Panics
/// When the inner sizes differ.
pub fn matmul_transposed(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    product(&a.view(), &b.t())
}

/// Packs the right side into panels of eight columns, and runs the tiles over them.
fn product(a: &ArrayView2<f64>, b: &ArrayView2<f64>) -> Array2<f64> {
    let ((m, depth), n) = (a.dim(), b.ncols());
    assert_eq!(depth, b.nrows(), "a product needs equal inner sizes");
    let a = a.as_standard_layout();
    let a = a.as_slice().expect("standard layout");
    let mut c = Array2::zeros((m, n));
    let out = c.as_slice_mut().expect("standard layout");
    let mut panel = vec![[0.0; LANES]; depth];
    for left in (0..n).step_by(LANES) {
        let width = LANES.min(n - left);
        for (k, row) in panel.iter_mut().enumerate() {
            *row = std::array::from_fn(|lane| if lane < width { b[[k, left + lane]] } else { 0.0 });
        }
        strip(a, &panel, out, left, n);
    }
    c
}

kernel! {
    /// All rows of `a` (row-major, as deep as the panel) times one panel; writes columns from `left` of `c` (n columns).
    fn strip(a: &[f64], panel: &[[f64; LANES]], c: &mut [f64], left: usize, n: usize) {
        let depth = panel.len();
        let rows = c.len() / n;
        let width = LANES.min(n - left);
        let mut top = 0;
        while top + TILE <= rows {
            let tile = tile::<TILE>(&a[top * depth..], panel);
            for (i, row) in tile.iter().enumerate() {
                c[(top + i) * n + left..][..width].copy_from_slice(&row[..width]);
            }
            top += TILE;
        }
        for i in top..rows {
            let [row] = tile::<1>(&a[i * depth..], panel);
            c[i * n + left..][..width].copy_from_slice(&row[..width]);
        }
    }
}

/// `R` rows times a panel: each entry is one chain of fused multiply-adds over k.
#[inline(always)]
fn tile<const R: usize>(a: &[f64], panel: &[[f64; LANES]]) -> [[f64; LANES]; R] {
    let depth = panel.len();
    let rows: [&[f64]; R] = std::array::from_fn(|i| &a[i * depth..][..depth]);
    let mut sums = [[0.0; LANES]; R];
    for (k, b) in panel.iter().enumerate() {
        for i in 0..R {
            let a = rows[i][k];
            for lane in 0..LANES {
                sums[i][lane] = a.mul_add(b[lane], sums[i][lane]);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::kernel::portable;
    use crate::num::rng::Stream;
    use proptest::prelude::*;

    fn normal(name: &str, m: usize, n: usize) -> Array2<f64> {
        let mut stream = Stream::root(9).fork(name);
        Array2::from_shape_fn((m, n), |_| stream.normal())
    }

    /// The definition.
    fn chain(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
        Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
            (0..a.ncols()).fold(0.0, |sum, k| a[[i, k]].mul_add(b[[k, j]], sum))
        })
    }

    #[test]
    fn every_shape_gives_the_bits_of_the_definition() {
        for (m, k, n) in
            [(1, 1, 1), (6, 5, 8), (7, 3, 9), (13, 40, 17), (5, 100, 1), (1, 9, 30), (0, 3, 2), (3, 0, 2), (2, 3, 0)]
        {
            let (a, b) = (normal("a", m, k), normal("b", k, n));
            let expected = chain(&a, &b);
            assert_eq!(matmul(&a, &b), expected, "{m} {k} {n}");
            assert_eq!(portable(|| matmul(&a, &b)), expected, "{m} {k} {n}");
            assert_eq!(transposed_matmul(&a.t().to_owned(), &b), expected);
            assert_eq!(matmul_transposed(&a, &b.t().to_owned()), expected);
        }
    }

    proptest! {
        #[test]
        fn products_of_whole_numbers_associate(n in 1usize..12, entries in prop::collection::vec(-50i32..50, 3 * 121)) {
            let matrix = |at: usize| Array2::from_shape_fn((n, n), |(i, j)| f64::from(entries[at * 121 + 11 * i + j]));
            let (a, b, c) = (matrix(0), matrix(1), matrix(2));
            prop_assert_eq!(matmul(&matmul(&a, &b), &c), matmul(&a, &matmul(&b, &c)));
        }
    }
}

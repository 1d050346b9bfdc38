//! A few rows and columns of a product, held in registers while their sums run over k.
//! It knows neither blocks of the caches nor whole matrices; see [`product`](crate::product).

use crate::element::Element;
use crate::lanes::Simd;
use crate::matrix::MatrixMut;

/// Where a tile lies in C, and how much of it does: padding is computed and thrown away.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// First row.
    pub row: usize,
    /// First column.
    pub col: usize,
    /// Rows that C has.
    pub rows: usize,
    /// Columns that C has.
    pub cols: usize,
    /// Whether sums start from 0, not from what C holds.
    pub fresh: bool,
}

/// Carries on the sums of `R` rows and `N` blocks of columns: `c ← fma(a_ik, b_kj, c)`, one k after the other.
/// `a` holds the rows' numbers for each k, `b` those of the `W` columns.
#[inline(always)]
pub fn tile<T: Element, S: Simd, const R: usize, const N: usize, const W: usize>(
    simd: S,
    a: &[[T; R]],
    b: &[[T; W]],
    c: &mut MatrixMut<'_, T>,
    place: Place,
) {
    let mut sums = [[T::splat(simd, T::ZERO); N]; R];
    let whole = place.rows == R && place.cols == N * T::WIDTH;
    if whole && !place.fresh {
        for i in 0..R {
            let part = T::blocks(c.part(place.row + i, place.col, N * T::WIDTH));
            for j in 0..N {
                sums[i][j] = T::load(simd, &part[j]);
            }
        }
    } else if !place.fresh {
        let mut patch = [[T::ZEROS; N]; R];
        for i in 0..place.rows.min(R) {
            let old = c.part(place.row + i, place.col, place.cols);
            T::flat_mut(&mut patch[i])[..place.cols].copy_from_slice(old);
        }
        for i in 0..R {
            for j in 0..N {
                sums[i][j] = T::load(simd, &patch[i][j]);
            }
        }
    }
    for (a, b) in a.iter().zip(b) {
        let b = T::blocks(b);
        let mut row = [sums[0][0]; N];
        for j in 0..N {
            row[j] = T::load(simd, &b[j]);
        }
        for i in 0..R {
            let factor = T::splat(simd, a[i]);
            for j in 0..N {
                sums[i][j] = T::mul_add::<S>(factor, row[j], sums[i][j]);
            }
        }
    }
    if whole {
        for i in 0..R {
            let part = T::blocks_mut(c.part(place.row + i, place.col, N * T::WIDTH));
            for j in 0..N {
                T::store::<S>(sums[i][j], &mut part[j]);
            }
        }
    } else {
        let mut patch = [[T::ZEROS; N]; R];
        for i in 0..R {
            for j in 0..N {
                T::store::<S>(sums[i][j], &mut patch[i][j]);
            }
        }
        for i in 0..place.rows.min(R) {
            c.part(place.row + i, place.col, place.cols).copy_from_slice(&T::flat_mut(&mut patch[i])[..place.cols]);
        }
    }
}

//! The product of two matrices, with one definition of its bits: every entry is one chain of fused multiply-adds,
//! `c ← fma(a_ik, b_kj, c)`, over k from the first to the last. It knows nothing of what the matrices mean.
//!
//! A chain may be put down in C and taken up again, so any tiling and packing gives the same bits, and each machine has
//! its own. B is copied together into panels as wide as a [`tile`], line by line of memory: even for 20 rows of A this is
//! faster than to jump from line to line.

use crate::element::Element;
use crate::kernel::kernel;
use crate::lanes::Simd;
use crate::matrix::{Matrix, MatrixMut};
use crate::tile::{Place, tile};
use std::cell::Cell;

/// Steps of k between two visits of C: a panel of B stays in the first cache.
const DEPTH: usize = 192;
/// Rows of A that stay in the second cache.
const ROWS: usize = 240;
/// Columns of B that are packed at a time: whole tiles of every machine.
const COLS: usize = 4032;

/// Bytes in a line of the cache; numbers enough to reach the next one.
const LINE: usize = 64;

/// A number whose matrices can be multiplied.
pub trait Factor: Element {
    /// The kernel: C, or its sums so far, with what [`product`] and [`add_product`] have checked.
    fn multiply(a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut MatrixMut<'_, Self>, fresh: bool);
}

/// Each thread keeps its panels from product to product: fresh memory costs more than what is done with it.
macro_rules! factor {
    ($($number:ident $kernel:ident),+) => {$(
        impl Factor for $number {
            fn multiply(a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut MatrixMut<'_, Self>, fresh: bool) {
                thread_local! {
                    static PANELS: Cell<[Vec<$number>; 2]> = const { Cell::new([const { Vec::new() }; 2]) };
                }
                let mut panels = PANELS.take();
                $kernel(a, b, c, fresh, &mut panels);
                PANELS.set(panels);
            }
        }
    )+};
}
factor!(f64 doubles, f32 singles);

/// `C = A B`; for products with transposed matrices see [`Matrix::t`].
///
/// # Panics
/// When the shapes do not fit.
pub fn product<T: Factor>(a: Matrix<'_, T>, b: Matrix<'_, T>, mut c: MatrixMut<'_, T>) {
    check(&a, &b, &c);
    if a.cols() == 0 {
        for row in 0..c.rows() {
            let count = c.cols();
            c.part(row, 0, count).fill(T::ZERO);
        }
    }
    T::multiply(a, b, &mut c, true);
}

/// `C ← C + A B`: every chain starts from the old entry.
///
/// # Panics
/// When the shapes do not fit.
pub fn add_product<T: Factor>(a: Matrix<'_, T>, b: Matrix<'_, T>, mut c: MatrixMut<'_, T>) {
    check(&a, &b, &c);
    T::multiply(a, b, &mut c, false);
}

fn check<T>(a: &Matrix<'_, T>, b: &Matrix<'_, T>, c: &MatrixMut<'_, T>) {
    let ((m, k), (l, n)) = ((a.rows(), a.cols()), (b.rows(), b.cols()));
    assert_eq!(k, l, "a product of {m} × {k} and {l} × {n}");
    assert_eq!((c.rows(), c.cols()), (m, n), "the product of {m} × {k} and {k} × {n}");
}

kernel! {
    fn doubles(
        a: Matrix<'_, f64>,
        b: Matrix<'_, f64>,
        c: &mut MatrixMut<'_, f64>,
        fresh: bool,
        panels: &mut [Vec<f64>; 2],
    ) = doubles_body;
    fn singles(
        a: Matrix<'_, f32>,
        b: Matrix<'_, f32>,
        c: &mut MatrixMut<'_, f32>,
        fresh: bool,
        panels: &mut [Vec<f32>; 2],
    ) = singles_body;
}

#[inline(always)]
fn doubles_body<S: Simd>(
    simd: S,
    a: Matrix<'_, f64>,
    b: Matrix<'_, f64>,
    c: &mut MatrixMut<'_, f64>,
    fresh: bool,
    panels: &mut [Vec<f64>; 2],
) {
    by_registers(simd, a, b, c, fresh, panels);
}

#[inline(always)]
fn singles_body<S: Simd>(
    simd: S,
    a: Matrix<'_, f32>,
    b: Matrix<'_, f32>,
    c: &mut MatrixMut<'_, f32>,
    fresh: bool,
    panels: &mut [Vec<f32>; 2],
) {
    by_registers(simd, a, b, c, fresh, panels);
}

/// Tiles as large as the registers allow: all sums, one row of B and one number of A.
#[inline(always)]
fn by_registers<T: Factor, S: Simd>(
    simd: S,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: &mut MatrixMut<'_, T>,
    fresh: bool,
    panels: &mut [Vec<T>; 2],
) {
    match (S::REGISTERS, T::WIDTH) {
        (32.., ..=8) => blocked::<T, S, 8, 3, 24>(simd, a, b, c, fresh, panels),
        (32.., _) => blocked::<T, S, 8, 3, 48>(simd, a, b, c, fresh, panels),
        (_, ..=8) => blocked::<T, S, 6, 1, 8>(simd, a, b, c, fresh, panels),
        _ => blocked::<T, S, 6, 1, 16>(simd, a, b, c, fresh, panels),
    }
}

/// The blocks of a product, from the outermost: tiles have `R` rows and `W` columns, which are `N` blocks.
#[inline(always)]
fn blocked<T: Factor, S: Simd, const R: usize, const N: usize, const W: usize>(
    simd: S,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: &mut MatrixMut<'_, T>,
    fresh: bool,
    panels: &mut [Vec<T>; 2],
) {
    let [keep_a, keep_b] = panels;
    for col in (0..b.cols()).step_by(COLS) {
        let width = COLS.min(b.cols() - col);
        for k in (0..a.cols()).step_by(DEPTH) {
            let (deep, fresh) = (DEPTH.min(a.cols() - k), fresh && k == 0);
            let packed_b = pack::<T, W>(b.t(), [col, width], [k, deep], keep_b);
            for row in (0..a.rows()).step_by(ROWS) {
                let high = ROWS.min(a.rows() - row);
                let packed_a = pack::<T, R>(a, [row, high], [k, deep], keep_a);
                for (i, panel) in packed_b.chunks_exact(deep).enumerate() {
                    let place = Place { row, col: col + i * W, rows: high, cols: W.min(width - i * W), fresh };
                    column::<T, S, R, N, W>(simd, packed_a, panel, c, place);
                }
            }
        }
    }
}

/// All tiles below one another that use a panel of B.
#[inline(always)]
fn column<T: Element, S: Simd, const R: usize, const N: usize, const W: usize>(
    simd: S,
    a: &[[T; R]],
    b: &[[T; W]],
    c: &mut MatrixMut<'_, T>,
    place: Place,
) {
    let deep = a.len() / place.rows.div_ceil(R);
    for (i, a) in a.chunks_exact(deep).enumerate() {
        let below = Place { row: place.row + i * R, rows: R.min(place.rows - i * R), ..place };
        tile::<T, S, R, N, W>(simd, a, b, c, below);
    }
}

/// Copies rows `row..row + high` (for B: of its transpose) at columns `k..k + deep` together, `P` by `P`: all of the first k, then of the next.
/// Rows that are missing in the last panel are 0.
#[inline(always)]
fn pack<'p, T: Element, const P: usize>(
    matrix: Matrix<'_, T>,
    [row, high]: [usize; 2],
    [k, deep]: [usize; 2],
    keep: &'p mut Vec<T>,
) -> &'p [[T; P]] {
    let size = high.next_multiple_of(P) * deep;
    if keep.len() < size + LINE {
        keep.resize(size + LINE, T::ZERO);
    }
    // No load of a block shall touch two lines of the cache; where the slice begins changes no bit.
    let start = keep.as_ptr().align_offset(LINE).min(LINE);
    let packed = keep[start..start + size].as_chunks_mut::<P>().0;
    if high == 0 {
        return packed;
    }
    if matrix.is_turned() {
        // One line of memory after the other, across all panels.
        for l in 0..deep {
            let (whole, rest) = matrix.from(row, k + l)[..high].as_chunks::<P>();
            for (panel, from) in whole.iter().enumerate() {
                packed[panel * deep + l] = *from;
            }
            if !rest.is_empty() {
                let to = &mut packed[whole.len() * deep + l];
                to.fill(T::ZERO);
                to[..rest.len()].copy_from_slice(rest);
            }
        }
        return packed;
    }
    for (panel, to) in packed.chunks_exact_mut(deep).enumerate() {
        let (row, high) = (row + panel * P, P.min(high - panel * P));
        let line = |i: usize| &matrix.from(row + i, k)[..deep];
        let mut lines = [line(0); P];
        for i in 1..high {
            lines[i] = line(i);
        }
        for l in 0..deep {
            for i in 0..P {
                to[l][i] = lines[i][l];
            }
        }
        if high < P {
            for to in to {
                to[high..].fill(T::ZERO);
            }
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;
    use crate::rng::Stream;

    /// Products of one shape in all four ways, set and added to, against the definition; the matrices have gaps.
    macro_rules! definition_is_met {
        ($number:ident, $m:expr, $k:expr, $n:expr) => {{
            let (m, k, n, gap) = ($m, $k, $n, 3);
            let mut stream = Stream::root(7).fork("product");
            let mut draw = |count: usize| (0..count).map(|_| stream.normal() as $number).collect::<Vec<_>>();
            let (a, b, c) = (draw((m + gap) * (k + gap)), draw((k + gap) * (n + gap)), draw(m * (n + gap)));
            for (a_turned, b_turned, fresh) in [
                (false, false, true),
                (true, false, true),
                (false, true, true),
                (true, true, true),
                (false, false, false),
                (true, false, false),
                (false, true, false),
                (true, true, false),
            ] {
                let a_at = |i: usize, l: usize| if a_turned { a[l * (m + gap) + i] } else { a[i * (k + gap) + l] };
                let b_at = |l: usize, j: usize| if b_turned { b[j * (k + gap) + l] } else { b[l * (n + gap) + j] };
                let mut expected = c.clone();
                for i in 0..m {
                    for j in 0..n {
                        let old = if fresh { 0.0 } else { c[i * (n + gap) + j] };
                        let chain = |sum, l| $number::mul_add(a_at(i, l), b_at(l, j), sum);
                        expected[i * (n + gap) + j] = (0..k).fold(old, chain);
                    }
                }
                let view = |x, turned, rows, cols| {
                    if turned {
                        Matrix::strided(x, cols, rows, rows + gap).t()
                    } else {
                        Matrix::strided(x, rows, cols, cols + gap)
                    }
                };
                let (a, b) = (view(&a, a_turned, m, k), view(&b, b_turned, k, n));
                let found = same_on_all(|| {
                    let mut found = c.clone();
                    let view = MatrixMut::strided(&mut found, m, n, n + gap);
                    if fresh {
                        product(a, b, view)
                    } else {
                        add_product(a, b, view)
                    };
                    found
                });
                let bits = |numbers: &[$number]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert!(bits(&found) == bits(&expected), "{m} × {k} × {n}, {a_turned} {b_turned} {fresh}");
            }
        }};
    }

    #[test]
    fn every_shape_gives_the_bits_of_the_definition() {
        let few = [0, 1, 2, 5, 8, 9, 17, 25];
        for (m, k, n) in few.iter().flat_map(|m| few.iter().flat_map(move |k| few.map(|n| (*m, *k, n)))) {
            definition_is_met!(f64, m, k, n);
            definition_is_met!(f32, m, k, n);
        }
        for (m, k, n) in [(20, 200, 50), (33, 193, 49), (50, 60, 97), (241, 7, 24), (3, 400, 100), (37, 385, 1)] {
            definition_is_met!(f64, m, k, n);
            definition_is_met!(f32, m, k, n);
        }
        definition_is_met!(f64, 2, 3, 4040);
        definition_is_met!(f32, 40, 3, 4040);
    }

    #[test]
    #[should_panic(expected = "a product of 2 × 3 and 2 × 3")]
    fn shapes_that_do_not_fit_are_refused() {
        let (a, mut c) = ([0.0; 6], [0.0; 6]);
        product(Matrix::new(&a, 2, 3), Matrix::new(&a, 2, 3), MatrixMut::new(&mut c, 2, 3));
    }

    #[test]
    #[should_panic(expected = "ends at 7, but there are 6 numbers")]
    fn a_view_beyond_its_slice_is_refused() {
        let _ = Matrix::strided(&[0.0; 6], 2, 3, 4);
    }
}

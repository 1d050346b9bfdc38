//! Products of matrices whose entries are sixteen lanes wide, on at least one side: `c_ij = Σ_k a_ik b_kj`.
//! It knows neither layers nor what runs in the lanes (samples, channels, features); it is used inside kernels.
//!
//! Every entry is one chain of fused multiply-adds over `k`, from the first to the last, lane by lane; the tiles in which
//! entries are worked on change no bit.

use crate::lanes::{Lanes, Real as _, SINGLES, Simd};

/// Sixteen numbers in memory.
pub type Lane = [f32; SINGLES];

/// What a matrix may consist of: sixteen numbers, or one that counts for all lanes.
pub trait Operand: Copy {
    /// The entry in a register.
    fn lanes<S: Simd>(&self, simd: S) -> S::F32x16;
}

impl Operand for f32 {
    #[inline(always)]
    fn lanes<S: Simd>(&self, simd: S) -> S::F32x16 {
        simd.splat_f32(*self)
    }
}

impl Operand for Lane {
    #[inline(always)]
    fn lanes<S: Simd>(&self, simd: S) -> S::F32x16 {
        simd.load_f32(self)
    }
}

/// A matrix in memory: entry `(i, j)` stands at `i · strides[0] + j · strides[1]`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    /// The entries.
    pub data: &'a [T],
    /// Distance of rows, distance of columns.
    pub strides: [usize; 2],
}

impl<'a, T> View<'a, T> {
    /// A matrix row by row, `width` entries each.
    #[inline(always)]
    pub fn rows(data: &'a [T], width: usize) -> Self {
        Self { data, strides: [width, 1] }
    }

    /// A matrix of one column.
    #[inline(always)]
    pub fn column(data: &'a [T]) -> Self {
        Self::rows(data, 1)
    }

    /// The transposed matrix.
    #[must_use]
    #[inline(always)]
    pub fn turned(self) -> Self {
        Self { strides: [self.strides[1], self.strides[0]], ..self }
    }
}

/// What is done with the entries of a product.
pub trait Out {
    /// Where the chain of an entry begins.
    fn start<S: Simd>(&self, simd: S, i: usize, j: usize) -> S::F32x16;

    /// Takes an entry.
    fn put<L: Lanes<Scalar = f32>>(&mut self, i: usize, j: usize, value: L);
}

/// Writes lanes down, row by row of a width.
#[derive(Debug)]
pub struct Write<'a>(pub &'a mut [Lane], pub usize);

/// Goes on with the chains that are there, row by row of a width.
#[derive(Debug)]
pub struct Add<'a>(pub &'a mut [Lane], pub usize);

/// Adds up the lanes of each entry by the fixed tree, and writes the sum, row by row of a width.
#[derive(Debug)]
pub struct Fold<'a>(pub &'a mut [f32], pub usize);

impl Out for Write<'_> {
    #[inline(always)]
    fn start<S: Simd>(&self, simd: S, _i: usize, _j: usize) -> S::F32x16 {
        simd.splat_f32(0.0)
    }

    #[inline(always)]
    fn put<L: Lanes<Scalar = f32>>(&mut self, i: usize, j: usize, value: L) {
        value.store(&mut self.0[i * self.1 + j]);
    }
}

impl Out for Add<'_> {
    #[inline(always)]
    fn start<S: Simd>(&self, simd: S, i: usize, j: usize) -> S::F32x16 {
        simd.load_f32(&self.0[i * self.1 + j])
    }

    #[inline(always)]
    fn put<L: Lanes<Scalar = f32>>(&mut self, i: usize, j: usize, value: L) {
        value.store(&mut self.0[i * self.1 + j]);
    }
}

impl Out for Fold<'_> {
    #[inline(always)]
    fn start<S: Simd>(&self, simd: S, _i: usize, _j: usize) -> S::F32x16 {
        simd.splat_f32(0.0)
    }

    #[inline(always)]
    fn put<L: Lanes<Scalar = f32>>(&mut self, i: usize, j: usize, value: L) {
        self.0[i * self.1 + j] = value.fold();
    }
}

/// The product of `a` (rows × depth) and `b` (depth × columns), for `[rows, depth, columns]`; the depth is at least 1.
#[inline(always)]
pub fn multiply<S: Simd, A: Operand, B: Operand>(
    simd: S,
    a: View<A>,
    b: View<B>,
    [rows, depth, columns]: [usize; 3],
    out: &mut impl Out,
) {
    let mut i = 0;
    while i < rows {
        let (taken, rest) = (i, rows - i);
        // The height of a tile; all of them give the same chains.
        i += match rest {
            8.. => strip::<S, A, B, 8>(simd, a, b, [taken, depth, columns], out),
            4.. => strip::<S, A, B, 4>(simd, a, b, [taken, depth, columns], out),
            2.. => strip::<S, A, B, 2>(simd, a, b, [taken, depth, columns], out),
            _ => strip::<S, A, B, 1>(simd, a, b, [taken, depth, columns], out),
        };
    }
}

/// `I` rows of the product, from row `i` on; says how many.
#[inline(always)]
fn strip<S: Simd, A: Operand, B: Operand, const I: usize>(
    simd: S,
    a: View<A>,
    b: View<B>,
    [i, depth, columns]: [usize; 3],
    out: &mut impl Out,
) -> usize {
    let pairs = columns / 2;
    for pair in 0..pairs {
        tile::<S, A, B, I, 2>(simd, a, b, [i, depth, 2 * pair], out);
    }
    if columns % 2 == 1 {
        tile::<S, A, B, I, 1>(simd, a, b, [i, depth, columns - 1], out);
    }
    I
}

/// `I × J` entries of the product, whose chains stay in registers.
#[inline(always)]
fn tile<S: Simd, A: Operand, B: Operand, const I: usize, const J: usize>(
    simd: S,
    a: View<A>,
    b: View<B>,
    [i, depth, j]: [usize; 3],
    out: &mut impl Out,
) {
    // Loops and not `from_fn`, whose closures might be compiled outside of the kernel's dispatch.
    let (mut a_rows, mut b_columns, mut sums) = ([a.data; I], [b.data; J], [[simd.splat_f32(0.0); J]; I]);
    for row in 0..I {
        a_rows[row] = &a.data[(i + row) * a.strides[0]..];
        for column in 0..J {
            sums[row][column] = out.start(simd, i + row, j + column);
        }
    }
    for column in 0..J {
        b_columns[column] = &b.data[(j + column) * b.strides[1]..];
    }
    for k in 0..depth {
        let mut factors = [simd.splat_f32(0.0); J];
        for column in 0..J {
            factors[column] = b_columns[column][k * b.strides[0]].lanes(simd);
        }
        for row in 0..I {
            let factor = a_rows[row][k * a.strides[1]].lanes(simd);
            for column in 0..J {
                sums[row][column] = factor.mul_add(factors[column], sums[row][column]);
            }
        }
    }
    for row in 0..I {
        for column in 0..J {
            out.put(i + row, j + column, sums[row][column]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::kernel;
    use crate::lanes::fold;
    use crate::level::same_on_all;
    use crate::rng::Stream;

    kernel! {
        fn all_ways(
            a: View<Lane>,
            s: View<f32>,
            b: View<Lane>,
            shape: [usize; 3],
            lanes: &mut [Lane],
            sums: &mut [f32],
        ) = all_ways_body;
    }

    #[inline(always)]
    fn all_ways_body<S: Simd>(
        simd: S,
        a: View<Lane>,
        s: View<f32>,
        b: View<Lane>,
        shape: [usize; 3],
        lanes: &mut [Lane],
        sums: &mut [f32],
    ) {
        multiply(simd, a, b, shape, &mut Write(lanes, shape[2]));
        multiply(simd, s, b, shape, &mut Add(lanes, shape[2]));
        multiply(simd, a, b, shape, &mut Fold(sums, shape[2]));
    }

    #[test]
    fn every_entry_is_its_chain_on_all_levels() {
        let mut stream = Stream::root(7).fork("contract");
        let mut draw = |count: usize| (0..count).map(|_| stream.normal() as f32).collect::<Vec<_>>();
        for shape in [[1, 1, 1], [8, 3, 2], [15, 6, 5], [23, 9, 3]] {
            let [rows, depth, columns] = shape;
            let (a, s, b) = (draw(16 * rows * depth), draw(rows * depth), draw(16 * depth * columns));
            let (a, b) = (a.as_chunks::<16>().0, b.as_chunks::<16>().0);
            let view = |turned: bool| {
                let b = if turned { View::rows(b, depth).turned() } else { View::rows(b, columns) };
                (View::rows(a, depth), View::rows(&s, rows).turned(), b)
            };
            for turned in [false, true] {
                let (lanes, sums) = same_on_all(|| {
                    let (mut lanes, mut sums) = (vec![[0.0; 16]; rows * columns], vec![0.0; rows * columns]);
                    let (a, s, b) = view(turned);
                    all_ways(a, s, b, shape, &mut lanes, &mut sums);
                    (lanes, sums)
                });
                let (_, s, b) = view(turned);
                for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                    let entry = |k: usize| b.data[k * b.strides[0] + j * b.strides[1]];
                    let mut chain = [0.0f32; 16];
                    let mut run = |factor: &dyn Fn(usize, usize) -> f32| {
                        for (k, lane) in (0..depth).flat_map(|k| (0..16).map(move |lane| (k, lane))) {
                            chain[lane] = factor(k, lane).mul_add(entry(k)[lane], chain[lane]);
                        }
                        chain
                    };
                    let first = run(&|k, lane| a[i * depth + k][lane]);
                    assert_eq!(sums[i * columns + j], fold(first), "{shape:?}");
                    let both = run(&|k, _| s.data[i * s.strides[0] + k * s.strides[1]]);
                    assert_eq!(lanes[i * columns + j], both, "{shape:?}");
                }
            }
        }
    }
}

//! What matrices are made of: `f64` in lanes of eight, `f32` in lanes of sixteen, so that a product is written once.
//! It knows no loop and no matrix.

use crate::lanes::{LANES, Lanes as _, Real as _, SINGLES, Simd};
use std::fmt::Debug;

/// A number, and how it is taken by the lane.
pub trait Element: Copy + PartialEq + Debug + 'static {
    /// 0.
    const ZERO: Self;
    /// Numbers in a [`Block`](Self::Block).
    const WIDTH: usize;
    /// As many zeros.
    const ZEROS: Self::Block;
    /// What is loaded at once, in memory.
    type Block: Copy;
    /// And in registers.
    type Lanes<S: Simd>: Copy;

    /// The whole blocks of a slice.
    fn blocks(x: &[Self]) -> &[Self::Block];
    /// The same, to write on.
    fn blocks_mut(x: &mut [Self]) -> &mut [Self::Block];
    /// The numbers of blocks.
    fn flat_mut(blocks: &mut [Self::Block]) -> &mut [Self];
    /// `x` in every lane.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Lanes<S>;
    /// A block from memory.
    fn load<S: Simd>(simd: S, from: &Self::Block) -> Self::Lanes<S>;
    /// A block to memory.
    fn store<S: Simd>(lanes: Self::Lanes<S>, to: &mut Self::Block);
    /// `x * y + term`, rounded once.
    fn mul_add<S: Simd>(x: Self::Lanes<S>, y: Self::Lanes<S>, term: Self::Lanes<S>) -> Self::Lanes<S>;
}

/// Defines both by the names that `Simd` has for them.
macro_rules! element {
    ($($number:ident $width:ident $lanes:ident $splat:ident $load:ident),+ $(,)?) => {$(
        impl Element for $number {
            const ZERO: Self = 0.0;
            const WIDTH: usize = $width;
            const ZEROS: [$number; $width] = [0.0; $width];
            type Block = [$number; $width];
            type Lanes<S: Simd> = S::$lanes;

            #[inline(always)]
            fn blocks(x: &[Self]) -> &[Self::Block] {
                x.as_chunks().0
            }

            #[inline(always)]
            fn blocks_mut(x: &mut [Self]) -> &mut [Self::Block] {
                x.as_chunks_mut().0
            }

            #[inline(always)]
            fn flat_mut(blocks: &mut [Self::Block]) -> &mut [Self] {
                blocks.as_flattened_mut()
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$lanes {
                simd.$splat(x)
            }

            #[inline(always)]
            fn load<S: Simd>(simd: S, from: &Self::Block) -> S::$lanes {
                simd.$load(from)
            }

            #[inline(always)]
            fn store<S: Simd>(lanes: S::$lanes, to: &mut Self::Block) {
                lanes.store(to);
            }

            #[inline(always)]
            fn mul_add<S: Simd>(x: S::$lanes, y: S::$lanes, term: S::$lanes) -> S::$lanes {
                x.mul_add(y, term)
            }
        }
    )+};
}
element!(f64 LANES F64x8 splat load, f32 SINGLES F32x16 splat_f32 load_f32);

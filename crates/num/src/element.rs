//! What matrices are made of: `f64` in lanes of eight, `f32` in lanes of sixteen, so that a product is written once.
//! It knows no loop and no matrix.

use crate::lanes::{LANES, Lanes as _, Machine, Real as _};
use crate::singles::{SINGLES, Single as _, Singles as _};
use std::fmt::Debug;

/// A number, and how a machine takes it by the lane.
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
    type Lanes<M: Machine>: Copy;

    /// The whole blocks of a slice.
    fn blocks(x: &[Self]) -> &[Self::Block];
    /// The same, to write on.
    fn blocks_mut(x: &mut [Self]) -> &mut [Self::Block];
    /// The numbers of blocks.
    fn flat_mut(blocks: &mut [Self::Block]) -> &mut [Self];
    /// `x` in every lane.
    fn splat<M: Machine>(m: M, x: Self) -> Self::Lanes<M>;
    /// A block from memory.
    fn load<M: Machine>(m: M, from: &Self::Block) -> Self::Lanes<M>;
    /// A block to memory.
    fn store<M: Machine>(lanes: Self::Lanes<M>, to: &mut Self::Block);
    /// `x * y + term`, rounded once.
    fn mul_add<M: Machine>(x: Self::Lanes<M>, y: Self::Lanes<M>, term: Self::Lanes<M>) -> Self::Lanes<M>;
}

/// Defines both by the names that a machine has for them.
macro_rules! element {
    ($($number:ident $width:ident $lanes:ident $splat:ident $load:ident),+ $(,)?) => {$(
        impl Element for $number {
            const ZERO: Self = 0.0;
            const WIDTH: usize = $width;
            const ZEROS: [$number; $width] = [0.0; $width];
            type Block = [$number; $width];
            type Lanes<M: Machine> = M::$lanes;

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
            fn splat<M: Machine>(m: M, x: Self) -> M::$lanes {
                m.$splat(x)
            }

            #[inline(always)]
            fn load<M: Machine>(m: M, from: &Self::Block) -> M::$lanes {
                m.$load(from)
            }

            #[inline(always)]
            fn store<M: Machine>(lanes: M::$lanes, to: &mut Self::Block) {
                lanes.store(to);
            }

            #[inline(always)]
            fn mul_add<M: Machine>(x: M::$lanes, y: M::$lanes, term: M::$lanes) -> M::$lanes {
                x.mul_add(y, term)
            }
        }
    )+};
}
element!(f64 LANES Lanes splat load, f32 SINGLES Singles splat_singles load_singles);

//! Sixteen lanes of single precision in four registers of NEON, which every 64-bit Arm has.
//! It knows the instructions and nothing else; what they have to compute is said in `singles`.
//!
//! # Why this is sound
//!
//! NEON belongs to the architecture: every processor for which this file is compiled has it. The loads and stores are of
//! whole arrays.
#![cfg(target_arch = "aarch64")]
#![allow(unsafe_code)]
#![allow(clippy::wildcard_imports)] // intrinsics, whose names say where they come from

use crate::singles::{SINGLES, Single, Singles};
use std::arch::aarch64::*;
use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Lanes 0 to 3, 4 to 7, 8 to 11, 12 to 15.
#[derive(Clone, Copy, Debug)]
pub struct NeonSingles([float32x4_t; 4]);

impl NeonSingles {
    /// `x` in every lane.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        // SAFETY: NEON is there.
        unsafe { Self([vdupq_n_f32(x); 4]) }
    }

    /// Sixteen numbers from memory.
    #[inline(always)]
    pub fn load(from: &[f32; SINGLES]) -> Self {
        // SAFETY: NEON is there; each four lie within the array.
        Self(from_fn(|four| unsafe { vld1q_f32(from.as_ptr().add(4 * four)) }))
    }
}

impl Singles for NeonSingles {
    #[inline(always)]
    fn store(self, to: &mut [f32; SINGLES]) {
        for (four, register) in self.0.into_iter().enumerate() {
            // SAFETY: NEON is there; each four lie within the array.
            unsafe { vst1q_f32(to.as_mut_ptr().add(4 * four), register) }
        }
    }
}

/// Defines operators by one instruction each.
macro_rules! operators {
    ($($trait:ident $method:ident $neon:ident),+ $(,)?) => {$(
        impl $trait for NeonSingles {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: NEON is there.
                Self(from_fn(|four| unsafe { $neon(self.0[four], other.0[four]) }))
            }
        }
    )+};
}
operators!(Add add vaddq_f32, Sub sub vsubq_f32, Mul mul vmulq_f32, Div div vdivq_f32);

impl Neg for NeonSingles {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe { vnegq_f32(x) }))
    }
}

impl Single for NeonSingles {
    type Mask = [uint32x4_t; 4];

    #[inline(always)]
    fn like(self, x: f32) -> Self {
        // SAFETY: NEON is there.
        unsafe { Self([vdupq_n_f32(x); 4]) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: NEON is there. Its order is term, factor, factor.
        Self(from_fn(|four| unsafe { vfmaq_f32(term.0[four], self.0[four], factor.0[four]) }))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe { vabsq_f32(x) }))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        // SAFETY: NEON is there. Where the mask has a bit, the first choice has it.
        Self(from_fn(|four| unsafe { vbslq_f32(vdupq_n_u32(1 << 31), sign.0[four], self.0[four]) }))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe { vsqrtq_f32(x) }))
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        // SAFETY: NEON is there.
        from_fn(|four| unsafe { vcgtq_f32(self.0[four], other.0[four]) })
    }

    #[inline(always)]
    fn or_else(self, yes: Self::Mask, other: Self) -> Self {
        // SAFETY: NEON is there.
        Self(from_fn(|four| unsafe { vbslq_f32(yes[four], self.0[four], other.0[four]) }))
    }

    #[inline(always)]
    fn or_zero(self, yes: Self::Mask) -> Self {
        self.or_else(yes, self.like(0.0))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe {
            let bits = vshlq_n_u32::<23>(vreinterpretq_u32_f32(x));
            vreinterpretq_f32_u32(vaddq_u32(bits, vreinterpretq_u32_f32(vdupq_n_f32(1.0))))
        }))
    }
}

//! Eight lanes in four registers of NEON, which every 64-bit Arm has.
//! It knows the instructions and nothing else; what they have to compute is said in `lanes`.
//!
//! # Why this is sound
//!
//! NEON belongs to the architecture: every processor for which this file is compiled has it. The loads and stores are of
//! whole arrays.
#![cfg(target_arch = "aarch64")]
#![allow(unsafe_code)]
#![allow(clippy::wildcard_imports)] // an instruction each: the list would be a page

use crate::lanes::{FRACTION, LANES, Lanes, Machine, Real, SPLIT, SPLIT_CARRY, WHOLE, WHOLE_BIASED};
use crate::singles::SINGLES;
use crate::singles_arm::NeonSingles;
use std::arch::aarch64::*;
use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// 64-bit Arm.
#[derive(Clone, Copy, Debug)]
pub struct Neon;

/// Lanes 0 and 1, 2 and 3, 4 and 5, 6 and 7.
#[derive(Clone, Copy, Debug)]
pub struct NeonLanes([float64x2_t; 4]);

impl Machine for Neon {
    const REGISTERS: usize = 8;
    type Lanes = NeonLanes;
    type Singles = NeonSingles;

    #[inline(always)]
    fn splat(self, x: f64) -> NeonLanes {
        // SAFETY: NEON is there.
        unsafe { NeonLanes([vdupq_n_f64(x); 4]) }
    }

    #[inline(always)]
    fn load(self, from: &[f64; LANES]) -> NeonLanes {
        // SAFETY: NEON is there; each pair lies within the array.
        NeonLanes(from_fn(|pair| unsafe { vld1q_f64(from.as_ptr().add(2 * pair)) }))
    }

    #[inline(always)]
    fn splat_singles(self, x: f32) -> NeonSingles {
        NeonSingles::splat(x)
    }

    #[inline(always)]
    fn load_singles(self, from: &[f32; SINGLES]) -> NeonSingles {
        NeonSingles::load(from)
    }
}

impl Lanes for NeonLanes {
    #[inline(always)]
    fn store(self, to: &mut [f64; LANES]) {
        for (pair, register) in self.0.into_iter().enumerate() {
            // SAFETY: NEON is there; each pair lies within the array.
            unsafe { vst1q_f64(to.as_mut_ptr().add(2 * pair), register) }
        }
    }
}

/// Defines operators by one instruction each.
macro_rules! operators {
    ($($trait:ident $method:ident $neon:ident),+ $(,)?) => {$(
        impl $trait for NeonLanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: NEON is there.
                Self(from_fn(|pair| unsafe { $neon(self.0[pair], other.0[pair]) }))
            }
        }
    )+};
}
operators!(Add add vaddq_f64, Sub sub vsubq_f64, Mul mul vmulq_f64, Div div vdivq_f64);

impl Neg for NeonLanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe { vnegq_f64(x) }))
    }
}

impl Real for NeonLanes {
    type Mask = [uint64x2_t; 4];

    #[inline(always)]
    fn like(self, x: f64) -> Self {
        Neon.splat(x)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: NEON is there. Its order is term, factor, factor.
        Self(from_fn(|pair| unsafe { vfmaq_f64(term.0[pair], self.0[pair], factor.0[pair]) }))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe { vabsq_f64(x) }))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        // SAFETY: NEON is there. Where the mask has a bit, the first choice has it.
        Self(from_fn(|pair| unsafe { vbslq_f64(vdupq_n_u64(1 << 63), sign.0[pair], self.0[pair]) }))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe { vsqrtq_f64(x) }))
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        // SAFETY: NEON is there.
        from_fn(|pair| unsafe { vcgtq_f64(self.0[pair], other.0[pair]) })
    }

    #[inline(always)]
    fn or_else(self, yes: Self::Mask, other: Self) -> Self {
        // SAFETY: NEON is there.
        Self(from_fn(|pair| unsafe { vbslq_f64(yes[pair], self.0[pair], other.0[pair]) }))
    }

    #[inline(always)]
    fn or_zero(self, yes: Self::Mask) -> Self {
        self.or_else(yes, self.like(0.0))
    }

    #[inline(always)]
    fn any(yes: Self::Mask) -> bool {
        // SAFETY: NEON is there.
        yes.into_iter().any(|pair| unsafe { vmaxvq_u32(vreinterpretq_u32_u64(pair)) != 0 })
    }

    #[inline(always)]
    fn all(yes: Self::Mask) -> bool {
        // SAFETY: as above.
        yes.into_iter().all(|pair| unsafe { vminvq_u32(vreinterpretq_u32_u64(pair)) != 0 })
    }

    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes);
        Neon.load(&lanes.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: NEON is there.
        let bits = self.0.map(|x| unsafe { vaddq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(SPLIT_CARRY)) });
        // SAFETY: as above.
        let m = bits.map(|bits| unsafe {
            vreinterpretq_f64_u64(vaddq_u64(vandq_u64(bits, vdupq_n_u64(FRACTION)), vdupq_n_u64(SPLIT)))
        });
        // SAFETY: as above.
        let k = bits.map(|bits| unsafe {
            vreinterpretq_f64_u64(vorrq_u64(vshrq_n_u64::<52>(bits), vdupq_n_u64(WHOLE.to_bits())))
        });
        (Self(m), Self(k) - self.like(WHOLE_BIASED))
    }

    #[inline(always)]
    fn odd(self) -> Self::Mask {
        // SAFETY: NEON is there.
        self.0.map(|x| unsafe { vtstq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(1)) })
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        // SAFETY: NEON is there.
        Self(from_fn(|pair| unsafe {
            let bit = vshlq_n_u64::<62>(vreinterpretq_u64_f64(whole.0[pair]));
            let sign = vandq_u64(bit, vdupq_n_u64(1 << 63));
            vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(self.0[pair]), sign))
        }))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: NEON is there.
        Self(self.0.map(|x| unsafe {
            let bits = vshlq_n_u64::<52>(vreinterpretq_u64_f64(x));
            vreinterpretq_f64_u64(vaddq_u64(bits, vreinterpretq_u64_f64(vdupq_n_f64(1.0))))
        }))
    }
}

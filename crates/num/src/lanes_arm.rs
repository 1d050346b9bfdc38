//! The registers of NEON, which every 64-bit Arm has: two numbers of double precision, or four of single.
//! It knows the instructions and nothing else; what they have to compute is said in `lanes`.
//!
//! # Why this is sound
//!
//! NEON belongs to the architecture: every processor for which this file is compiled has it. The loads and stores are of
//! whole arrays.
#![cfg(target_arch = "aarch64")]
#![allow(unsafe_code)]
#![allow(clippy::wildcard_imports)] // an instruction each: the list would be a page

use crate::lanes::{Double, FRACTION, Lanes, Mask, Real, SPLIT, SPLIT_CARRY, Simd, WHOLE, WHOLE_BIASED, fold};
use crate::lanes_pair::Pair;
use std::arch::aarch64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// 64-bit Arm.
#[derive(Clone, Copy, Debug)]
pub struct Neon;

impl Simd for Neon {
    const REGISTERS: usize = 8;
    type F64x8 = Pair<Pair<F64x2>>;
    type F32x16 = Pair<Pair<F32x4>>;
}

/// Two numbers of double precision.
#[derive(Clone, Copy, Debug)]
pub struct F64x2(float64x2_t);

/// A mask of them: all bits of a lane, or none.
#[derive(Clone, Copy, Debug)]
pub struct M64x2(uint64x2_t);

/// Four numbers of single precision.
#[derive(Clone, Copy, Debug)]
pub struct F32x4(float32x4_t);

/// A mask of them: all bits of a lane, or none.
#[derive(Clone, Copy, Debug)]
pub struct M32x4(uint32x4_t);

/// Defines operators by one instruction each.
macro_rules! operators {
    ($name:ident: $($trait:ident $method:ident $instruction:ident),+) => {$(
        impl $trait for $name {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($instruction(self.0, other.0)) }
            }
        }
    )+};
}

/// Defines lanes and their mask by the names that one precision has for the instructions.
macro_rules! register {
    (
        $name:ident, $mask:ident: $width:literal of $scalar:ident;
        memory $set:ident $load:ident $store:ident;
        operators $add:ident $sub:ident $mul:ident $div:ident $neg:ident $abs:ident;
        fused $mul_add:ident; root $sqrt:ident; order $compare:ident;
        choice $select:ident $and:ident $or:ident $set_bits:ident $sign:literal; extremes $as_words:ident;
        exponent $to_bits:ident $from_bits:ident $shift:ident $by:literal $plus:ident;
    ) => {
        operators!($name: Add add $add, Sub sub $sub, Mul mul $mul, Div div $div);

        impl Neg for $name {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($neg(self.0)) }
            }
        }

        impl Real for $name {
            type Scalar = $scalar;
            type Mask = $mask;

            #[inline(always)]
            fn splat(self, x: $scalar) -> Self {
                Self::broadcast(Neon, x)
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                // SAFETY: NEON is there. Its order is term, factor, factor.
                unsafe { Self($mul_add(term.0, self.0, factor.0)) }
            }

            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($abs(self.0)) }
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                // SAFETY: NEON is there. Where the mask has a bit, the first choice has it.
                unsafe { Self($select($set_bits(1 << $sign), sign.0, self.0)) }
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($sqrt(self.0)) }
            }

            #[inline(always)]
            fn gt(self, other: Self) -> $mask {
                // SAFETY: NEON is there.
                unsafe { $mask($compare(self.0, other.0)) }
            }

            #[inline(always)]
            fn clamp_max(self, bound: Self) -> Self {
                self.gt(bound).select(bound, self)
            }

            #[inline(always)]
            fn clamp_min(self, bound: Self) -> Self {
                bound.gt(self).select(bound, self)
            }

            #[inline(always)]
            fn relu(self) -> Self {
                self.gt(self.splat(0.0)).select_or_zero(self)
            }

            #[inline(always)]
            fn power_of_two(self) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($from_bits($plus($shift::<$by>($to_bits(self.0)), $to_bits(self.splat(1.0).0)))) }
            }
        }

        impl Mask<$name> for $mask {
            #[inline(always)]
            fn select(self, yes: $name, no: $name) -> $name {
                // SAFETY: NEON is there.
                unsafe { $name($select(self.0, yes.0, no.0)) }
            }

            #[inline(always)]
            fn select_or_zero(self, yes: $name) -> $name {
                self.select(yes, yes.splat(0.0))
            }

            #[inline(always)]
            fn any(self) -> bool {
                // SAFETY: NEON is there.
                unsafe { vmaxvq_u32($as_words(self.0)) != 0 }
            }

            #[inline(always)]
            fn all(self) -> bool {
                // SAFETY: NEON is there.
                unsafe { vminvq_u32($as_words(self.0)) != 0 }
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($and(self.0, other.0)) }
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($or(self.0, other.0)) }
            }
        }

        impl Lanes for $name {
            type Simd = Neon;
            const WIDTH: usize = $width;

            #[inline(always)]
            fn broadcast(_: Neon, x: $scalar) -> Self {
                // SAFETY: NEON is there.
                unsafe { Self($set(x)) }
            }

            #[inline(always)]
            fn load(_: Neon, from: &[$scalar]) -> Self {
                let from: &[$scalar; $width] = from.first_chunk().expect("a number for every lane");
                // SAFETY: NEON is there; the array is as long as the register.
                unsafe { Self($load(from.as_ptr())) }
            }

            #[inline(always)]
            fn store(self, to: &mut [$scalar]) {
                let to: &mut [$scalar; $width] = to.first_chunk_mut().expect("a place for every lane");
                // SAFETY: NEON is there; the array is as long as the register.
                unsafe { $store(to.as_mut_ptr(), self.0) }
            }

            #[inline(always)]
            fn fold(self) -> $scalar {
                let mut lanes = [0.0; $width];
                self.store(&mut lanes);
                fold(lanes)
            }
        }
    };
}

/// The words of a mask that is made of words already.
#[inline(always)]
fn same(words: uint32x4_t) -> uint32x4_t {
    words
}

register! {
    F64x2, M64x2: 2 of f64;
    memory vdupq_n_f64 vld1q_f64 vst1q_f64;
    operators vaddq_f64 vsubq_f64 vmulq_f64 vdivq_f64 vnegq_f64 vabsq_f64;
    fused vfmaq_f64; root vsqrtq_f64; order vcgtq_f64;
    choice vbslq_f64 vandq_u64 vorrq_u64 vdupq_n_u64 63; extremes vreinterpretq_u32_u64;
    exponent vreinterpretq_u64_f64 vreinterpretq_f64_u64 vshlq_n_u64 52 vaddq_u64;
}

register! {
    F32x4, M32x4: 4 of f32;
    memory vdupq_n_f32 vld1q_f32 vst1q_f32;
    operators vaddq_f32 vsubq_f32 vmulq_f32 vdivq_f32 vnegq_f32 vabsq_f32;
    fused vfmaq_f32; root vsqrtq_f32; order vcgtq_f32;
    choice vbslq_f32 vandq_u32 vorrq_u32 vdupq_n_u32 31; extremes same;
    exponent vreinterpretq_u32_f32 vreinterpretq_f32_u32 vshlq_n_u32 23 vaddq_u32;
}

impl Double for F64x2 {
    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        let mut lanes = [0.0; 2];
        self.store(&mut lanes);
        Self::load(Neon, &lanes.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: NEON is there.
        unsafe {
            let bits = vaddq_u64(vreinterpretq_u64_f64(self.0), vdupq_n_u64(SPLIT_CARRY));
            let m = vaddq_u64(vandq_u64(bits, vdupq_n_u64(FRACTION)), vdupq_n_u64(SPLIT));
            let k = vorrq_u64(vshrq_n_u64::<52>(bits), vdupq_n_u64(WHOLE.to_bits()));
            (Self(vreinterpretq_f64_u64(m)), Self(vreinterpretq_f64_u64(k)) - self.splat(WHOLE_BIASED))
        }
    }

    #[inline(always)]
    fn odd(self) -> M64x2 {
        // SAFETY: NEON is there.
        unsafe { M64x2(vtstq_u64(vreinterpretq_u64_f64(self.0), vdupq_n_u64(1))) }
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        // SAFETY: NEON is there.
        unsafe {
            let bit = vshlq_n_u64::<62>(vreinterpretq_u64_f64(whole.0));
            let sign = vandq_u64(bit, vdupq_n_u64(1 << 63));
            Self(vreinterpretq_f64_u64(veorq_u64(vreinterpretq_u64_f64(self.0), sign)))
        }
    }
}

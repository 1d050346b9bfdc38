//! The registers of AVX-512: eight numbers of double precision, or sixteen of single.
//! It knows the instructions and nothing else; what they have to compute is said in `lanes`.
//!
//! # Why this is sound
//!
//! An intrinsic may be called where the processor has its instructions. An [`Avx512`] can be made only by a function that is
//! itself compiled for them (`here`), which safe code can call only from such a function; and its lanes can be made only
//! from it, or from other lanes. So whoever holds a value of these types holds the proof. The loads and stores are of whole
//! arrays, without any demand on alignment.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code)]
#![allow(clippy::wildcard_imports)] // an instruction each: the list would be a page

use crate::lanes::{Double, FRACTION, Lanes, Mask, Real, SPLIT, SPLIT_CARRY, Simd, WHOLE, WHOLE_BIASED, fold};
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The proof that the processor has AVX-512 F and DQ.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// The proof, for those who need none.
    ///
    /// # Safety
    /// The processor has AVX-512 F and DQ. A function that is compiled for them calls this as it calls any other.
    #[target_feature(enable = "avx512f,avx512dq")]
    #[inline]
    pub fn here() -> Self {
        Self(())
    }
}

impl Simd for Avx512 {
    const REGISTERS: usize = 32;
    type F64x8 = F64x8;
    type F32x16 = F32x16;
}

/// Eight numbers of double precision.
#[derive(Clone, Copy, Debug)]
pub struct F64x8(__m512d);

/// A mask of them: a bit each.
#[derive(Clone, Copy, Debug)]
pub struct M64x8(__mmask8);

/// Sixteen numbers of single precision.
#[derive(Clone, Copy, Debug)]
pub struct F32x16(__m512);

/// A mask of them: a bit each.
#[derive(Clone, Copy, Debug)]
pub struct M32x16(__mmask16);

/// Defines operators by one instruction each.
macro_rules! operators {
    ($name:ident: $($trait:ident $method:ident $instruction:ident),+) => {$(
        impl $trait for $name {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($instruction(self.0, other.0)) }
            }
        }
    )+};
}

/// Defines lanes and their mask by the names that one precision has for the instructions.
macro_rules! register {
    (
        $name:ident, $mask:ident: $width:literal of $scalar:ident by $mask_register:ident;
        memory $set:ident $load:ident $store:ident;
        operators $add:ident $sub:ident $mul:ident $div:ident;
        fused $mul_add:ident $masked_mul_add:ident; root $sqrt:ident; order $min:ident $max:ident $compare:ident;
        bits $and:ident $and_not:ident $or:ident $xor:ident; choice $blend:ident $keep:ident;
        exponent $to_bits:ident $from_bits:ident $shift:ident $by:literal $plus:ident;
    ) => {
        operators!($name: Add add $add, Sub sub $sub, Mul mul $mul, Div div $div);

        impl Neg for $name {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($xor(self.0, self.splat(-0.0).0)) }
            }
        }

        impl Real for $name {
            type Scalar = $scalar;
            type Mask = $mask;

            #[inline(always)]
            fn splat(self, x: $scalar) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($set(x)) }
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($mul_add(self.0, factor.0, term.0)) }
            }

            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($and_not(self.splat(-0.0).0, self.0)) }
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($or(self.abs().0, $and(self.splat(-0.0).0, sign.0))) }
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($sqrt(self.0)) }
            }

            #[inline(always)]
            fn gt(self, other: Self) -> $mask {
                // SAFETY: `self` is the proof.
                unsafe { $mask($compare::<_CMP_GT_OQ>(self.0, other.0)) }
            }

            // The instructions for the smaller and the larger give their second operand where one is not a number, and
            // where both are equal: that is what the words in `lanes` say.
            #[inline(always)]
            fn clamp_max(self, bound: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($min(bound.0, self.0)) }
            }

            #[inline(always)]
            fn clamp_min(self, bound: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($max(bound.0, self.0)) }
            }

            #[inline(always)]
            fn relu(self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($max(self.0, self.splat(0.0).0)) }
            }

            #[inline(always)]
            fn power_of_two(self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($from_bits($plus($shift::<$by>($to_bits(self.0)), $to_bits(self.splat(1.0).0)))) }
            }

            #[inline(always)]
            fn masked_mul_add(self, yes: $mask, factor: Self, term: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($masked_mul_add(self.0, factor.0, term.0, yes.0)) }
            }
        }

        impl Mask<$name> for $mask {
            #[inline(always)]
            fn select(self, yes: $name, no: $name) -> $name {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { $name($blend(self.0, no.0, yes.0)) }
            }

            #[inline(always)]
            fn select_or_zero(self, yes: $name) -> $name {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { $name($keep(self.0, yes.0)) }
            }

            #[inline(always)]
            fn any(self) -> bool {
                self.0 != 0
            }

            #[inline(always)]
            fn all(self) -> bool {
                self.0 == $mask_register::MAX
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl Lanes for $name {
            type Simd = Avx512;
            const WIDTH: usize = $width;

            #[inline(always)]
            fn broadcast(_: Avx512, x: $scalar) -> Self {
                // SAFETY: there is a proof.
                unsafe { Self($set(x)) }
            }

            #[inline(always)]
            fn load(_: Avx512, from: &[$scalar]) -> Self {
                let from: &[$scalar; $width] = from.first_chunk().expect("a number for every lane");
                // SAFETY: there is a proof; the array is as long as the register.
                unsafe { Self($load(from.as_ptr())) }
            }

            #[inline(always)]
            fn store(self, to: &mut [$scalar]) {
                let to: &mut [$scalar; $width] = to.first_chunk_mut().expect("a place for every lane");
                // SAFETY: `self` is the proof; the array is as long as the register.
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

register! {
    F64x8, M64x8: 8 of f64 by __mmask8;
    memory _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd;
    operators _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_div_pd;
    fused _mm512_fmadd_pd _mm512_mask3_fmadd_pd; root _mm512_sqrt_pd; order _mm512_min_pd _mm512_max_pd _mm512_cmp_pd_mask;
    bits _mm512_and_pd _mm512_andnot_pd _mm512_or_pd _mm512_xor_pd; choice _mm512_mask_blend_pd _mm512_maskz_mov_pd;
    exponent _mm512_castpd_si512 _mm512_castsi512_pd _mm512_slli_epi64 52 _mm512_add_epi64;
}

register! {
    F32x16, M32x16: 16 of f32 by __mmask16;
    memory _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps;
    operators _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps;
    fused _mm512_fmadd_ps _mm512_mask3_fmadd_ps; root _mm512_sqrt_ps; order _mm512_min_ps _mm512_max_ps _mm512_cmp_ps_mask;
    bits _mm512_and_ps _mm512_andnot_ps _mm512_or_ps _mm512_xor_ps; choice _mm512_mask_blend_ps _mm512_maskz_mov_ps;
    exponent _mm512_castps_si512 _mm512_castsi512_ps _mm512_slli_epi32 23 _mm512_add_epi32;
}

impl Double for F64x8 {
    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        let mut lanes = [0.0; 8];
        self.store(&mut lanes);
        Self::load(Avx512(()), &lanes.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: `self` is the proof.
        unsafe {
            let (carry, split) = (_mm512_set1_epi64(SPLIT_CARRY.cast_signed()), _mm512_set1_epi64(SPLIT.cast_signed()));
            let fraction = _mm512_set1_epi64(FRACTION.cast_signed());
            let bits = _mm512_add_epi64(_mm512_castpd_si512(self.0), carry);
            let k = _mm512_or_si512(_mm512_srli_epi64::<52>(bits), _mm512_castpd_si512(_mm512_set1_pd(WHOLE)));
            let m = _mm512_add_epi64(_mm512_and_si512(bits, fraction), split);
            (Self(_mm512_castsi512_pd(m)), Self(_mm512_castsi512_pd(k)) - self.splat(WHOLE_BIASED))
        }
    }

    #[inline(always)]
    fn odd(self) -> M64x8 {
        // SAFETY: `self` is the proof.
        unsafe { M64x8(_mm512_test_epi64_mask(_mm512_castpd_si512(self.0), _mm512_set1_epi64(1))) }
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe {
            let bit = _mm512_castsi512_pd(_mm512_slli_epi64::<62>(_mm512_castpd_si512(whole.0)));
            Self(_mm512_xor_pd(self.0, _mm512_and_pd(bit, self.splat(-0.0).0)))
        }
    }
}

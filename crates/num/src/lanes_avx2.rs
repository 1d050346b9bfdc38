//! The registers of AVX2, as x86 has had them since 2013: four numbers of double precision, or eight of single.
//! It knows the instructions and nothing else; what they have to compute is said in `lanes`.
//!
//! # Why this is sound
//!
//! An intrinsic may be called where the processor has its instructions. An [`Avx2`] can be made only by a function that is
//! itself compiled for them (`here`), which safe code can call only from such a function; and its lanes can be made only
//! from it, or from other lanes. So whoever holds a value of these types holds the proof. The loads and stores are of whole
//! arrays, without any demand on alignment.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code)]
#![allow(clippy::wildcard_imports)] // an instruction each: the list would be a page

use crate::lanes::{Double, FRACTION, Lanes, Mask, Real, SPLIT, SPLIT_CARRY, Simd, WHOLE, WHOLE_BIASED, fold};
use crate::lanes_pair::Pair;
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// The proof, for those who need none.
    ///
    /// # Safety
    /// The processor has AVX2 and FMA. A function that is compiled for them calls this as it calls any other.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub fn here() -> Self {
        Self(())
    }
}

impl Simd for Avx2 {
    const REGISTERS: usize = 8;
    type F64x8 = Pair<F64x4>;
    type F32x16 = Pair<F32x8>;
}

/// Four numbers of double precision.
#[derive(Clone, Copy, Debug)]
pub struct F64x4(__m256d);

/// A mask of them: all bits of a lane, or none.
#[derive(Clone, Copy, Debug)]
pub struct M64x4(__m256d);

/// Eight numbers of single precision.
#[derive(Clone, Copy, Debug)]
pub struct F32x8(__m256);

/// A mask of them: all bits of a lane, or none.
#[derive(Clone, Copy, Debug)]
pub struct M32x8(__m256);

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
        $name:ident, $mask:ident: $width:literal of $scalar:ident;
        memory $set:ident $load:ident $store:ident;
        operators $add:ident $sub:ident $mul:ident $div:ident;
        fused $mul_add:ident; root $sqrt:ident; order $min:ident $max:ident $compare:ident;
        bits $and:ident $and_not:ident $or:ident $xor:ident; choice $blend:ident $signs:ident $all:literal;
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
        }

        impl Mask<$name> for $mask {
            #[inline(always)]
            fn select(self, yes: $name, no: $name) -> $name {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { $name($blend(no.0, yes.0, self.0)) }
            }

            #[inline(always)]
            fn select_or_zero(self, yes: $name) -> $name {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { $name($and(yes.0, self.0)) }
            }

            #[inline(always)]
            fn any(self) -> bool {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { $signs(self.0) != 0 }
            }

            #[inline(always)]
            fn all(self) -> bool {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { $signs(self.0) == $all }
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { Self($and(self.0, other.0)) }
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                // SAFETY: masks are made from lanes, which are the proof.
                unsafe { Self($or(self.0, other.0)) }
            }
        }

        impl Lanes for $name {
            type Simd = Avx2;
            const WIDTH: usize = $width;

            #[inline(always)]
            fn broadcast(_: Avx2, x: $scalar) -> Self {
                // SAFETY: there is a proof.
                unsafe { Self($set(x)) }
            }

            #[inline(always)]
            fn load(_: Avx2, from: &[$scalar]) -> Self {
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
    F64x4, M64x4: 4 of f64;
    memory _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd;
    operators _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd;
    fused _mm256_fmadd_pd; root _mm256_sqrt_pd; order _mm256_min_pd _mm256_max_pd _mm256_cmp_pd;
    bits _mm256_and_pd _mm256_andnot_pd _mm256_or_pd _mm256_xor_pd; choice _mm256_blendv_pd _mm256_movemask_pd 0b1111;
    exponent _mm256_castpd_si256 _mm256_castsi256_pd _mm256_slli_epi64 52 _mm256_add_epi64;
}

register! {
    F32x8, M32x8: 8 of f32;
    memory _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps;
    operators _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps;
    fused _mm256_fmadd_ps; root _mm256_sqrt_ps; order _mm256_min_ps _mm256_max_ps _mm256_cmp_ps;
    bits _mm256_and_ps _mm256_andnot_ps _mm256_or_ps _mm256_xor_ps; choice _mm256_blendv_ps _mm256_movemask_ps 0b1111_1111;
    exponent _mm256_castps_si256 _mm256_castsi256_ps _mm256_slli_epi32 23 _mm256_add_epi32;
}

impl Double for F64x4 {
    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        Self::load(Avx2(()), &lanes.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: `self` is the proof.
        unsafe {
            let carry = _mm256_set1_epi64x(SPLIT_CARRY.cast_signed());
            let (split, fraction) =
                (_mm256_set1_epi64x(SPLIT.cast_signed()), _mm256_set1_epi64x(FRACTION.cast_signed()));
            let bits = _mm256_add_epi64(_mm256_castpd_si256(self.0), carry);
            let m = _mm256_add_epi64(_mm256_and_si256(bits, fraction), split);
            let k = _mm256_or_si256(_mm256_srli_epi64::<52>(bits), _mm256_castpd_si256(_mm256_set1_pd(WHOLE)));
            (Self(_mm256_castsi256_pd(m)), Self(_mm256_castsi256_pd(k)) - self.splat(WHOLE_BIASED))
        }
    }

    #[inline(always)]
    fn odd(self) -> M64x4 {
        // SAFETY: `self` is the proof. The first bit becomes the sign of a whole number.
        unsafe {
            let sign = _mm256_slli_epi64::<63>(_mm256_castpd_si256(self.0));
            M64x4(_mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_setzero_si256(), sign)))
        }
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe {
            let bit = _mm256_castsi256_pd(_mm256_slli_epi64::<62>(_mm256_castpd_si256(whole.0)));
            Self(_mm256_xor_pd(self.0, _mm256_and_pd(bit, self.splat(-0.0).0)))
        }
    }
}

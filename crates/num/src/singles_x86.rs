//! Sixteen lanes of single precision in the registers of x86: two of AVX2, or one of AVX-512.
//! It knows the instructions and nothing else; what they have to compute is said in `singles`.
//!
//! # Why this is sound
//!
//! As in `lanes_avx2`: these values can be made only from an [`Avx2`] or [`Avx512`], which is the proof that the processor
//! has the instructions, or from one another. The loads and stores are of whole arrays, without any demand on alignment.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code)]
#![allow(clippy::wildcard_imports)] // intrinsics, whose names say where they come from

use crate::lanes_avx2::Avx2;
use crate::lanes_avx512::Avx512;
use crate::singles::{SINGLES, Single, Singles};
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Lanes 0 to 7, and lanes 8 to 15.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Singles(__m256, __m256);

/// All lanes.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Singles(__m512);

impl Avx2Singles {
    /// `x` in every lane.
    #[inline(always)]
    pub fn splat(_proof: Avx2, x: f32) -> Self {
        // SAFETY: there is a proof.
        unsafe { Self(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }

    /// Sixteen numbers from memory.
    #[inline(always)]
    pub fn load(_proof: Avx2, from: &[f32; SINGLES]) -> Self {
        // SAFETY: there is a proof; both halves lie within the array.
        unsafe { Self(_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))) }
    }
}

impl Avx512Singles {
    /// `x` in every lane.
    #[inline(always)]
    pub fn splat(_proof: Avx512, x: f32) -> Self {
        // SAFETY: there is a proof.
        unsafe { Self(_mm512_set1_ps(x)) }
    }

    /// Sixteen numbers from memory.
    #[inline(always)]
    pub fn load(_proof: Avx512, from: &[f32; SINGLES]) -> Self {
        // SAFETY: there is a proof; the array is sixteen numbers long.
        unsafe { Self(_mm512_loadu_ps(from.as_ptr())) }
    }
}

impl Singles for Avx2Singles {
    #[inline(always)]
    fn store(self, to: &mut [f32; SINGLES]) {
        // SAFETY: `self` is the proof; both halves lie within the array.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), self.0);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), self.1);
        }
    }
}

impl Singles for Avx512Singles {
    #[inline(always)]
    fn store(self, to: &mut [f32; SINGLES]) {
        // SAFETY: `self` is the proof; the array is sixteen numbers long.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
}

/// Defines an operator on both machines by one instruction of each.
macro_rules! operators {
    ($($trait:ident $method:ident $avx2:ident $avx512:ident),+ $(,)?) => {$(
        impl $trait for Avx2Singles {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($avx2(self.0, other.0), $avx2(self.1, other.1)) }
            }
        }

        impl $trait for Avx512Singles {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($avx512(self.0, other.0)) }
            }
        }
    )+};
}
operators!(
    Add add _mm256_add_ps _mm512_add_ps,
    Sub sub _mm256_sub_ps _mm512_sub_ps,
    Mul mul _mm256_mul_ps _mm512_mul_ps,
    Div div _mm256_div_ps _mm512_div_ps,
);

impl Neg for Avx2Singles {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        let sign = self.like(-0.0);
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_xor_ps(self.0, sign.0), _mm256_xor_ps(self.1, sign.1)) }
    }
}

impl Neg for Avx512Singles {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_xor_ps(self.0, self.like(-0.0).0)) }
    }
}

impl Single for Avx2Singles {
    type Mask = (__m256, __m256);

    #[inline(always)]
    fn like(self, x: f32) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_fmadd_ps(self.0, factor.0, term.0), _mm256_fmadd_ps(self.1, factor.1, term.1)) }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let sign = self.like(-0.0);
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_andnot_ps(sign.0, self.0), _mm256_andnot_ps(sign.1, self.1)) }
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        let (size, bit) = (self.abs(), self.like(-0.0));
        // SAFETY: `self` is the proof.
        unsafe {
            Self(_mm256_or_ps(size.0, _mm256_and_ps(bit.0, sign.0)), _mm256_or_ps(size.1, _mm256_and_ps(bit.1, sign.1)))
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_sqrt_ps(self.0), _mm256_sqrt_ps(self.1)) }
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        // SAFETY: `self` is the proof.
        unsafe { (_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0), _mm256_cmp_ps::<_CMP_GT_OQ>(self.1, other.1)) }
    }

    #[inline(always)]
    fn or_else(self, yes: Self::Mask, other: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_blendv_ps(other.0, self.0, yes.0), _mm256_blendv_ps(other.1, self.1, yes.1)) }
    }

    #[inline(always)]
    fn or_zero(self, yes: Self::Mask) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_and_ps(self.0, yes.0), _mm256_and_ps(self.1, yes.1)) }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        let half = |x: __m256| {
            // SAFETY: `self` is the proof.
            unsafe {
                let bits = _mm256_slli_epi32::<23>(_mm256_castps_si256(x));
                _mm256_castsi256_ps(_mm256_add_epi32(bits, _mm256_castps_si256(_mm256_set1_ps(1.0))))
            }
        };
        Self(half(self.0), half(self.1))
    }
}

impl Single for Avx512Singles {
    type Mask = __mmask16;

    #[inline(always)]
    fn like(self, x: f32) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_set1_ps(x)) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_fmadd_ps(self.0, factor.0, term.0)) }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_andnot_ps(self.like(-0.0).0, self.0)) }
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_or_ps(self.abs().0, _mm512_and_ps(self.like(-0.0).0, sign.0))) }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_sqrt_ps(self.0)) }
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn or_else(self, yes: Self::Mask, other: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_mask_blend_ps(yes, other.0, self.0)) }
    }

    #[inline(always)]
    fn or_zero(self, yes: Self::Mask) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_maskz_mov_ps(yes, self.0)) }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe {
            let bits = _mm512_slli_epi32::<23>(_mm512_castps_si512(self.0));
            Self(_mm512_castsi512_ps(_mm512_add_epi32(bits, _mm512_castps_si512(_mm512_set1_ps(1.0)))))
        }
    }
}

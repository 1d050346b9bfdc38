//! Eight lanes in the registers of x86: two of AVX2, or one of AVX-512.
//! It knows the instructions and nothing else; what they have to compute is said in `lanes`.
//!
//! # Why this is sound
//!
//! An intrinsic may be called where the processor has its instructions. A [`Avx2`] or [`Avx512`] can be made only by a
//! function that is itself compiled for them (`here`), which safe code can call only from such a function; and their
//! lanes can be made only from them, or from other lanes. So whoever holds a value of these types holds the proof. The
//! loads and stores are of whole arrays, without any demand on alignment.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code)]

use crate::num::lanes::{LANES, Lanes, Machine, Real};
use crate::num::singles::SINGLES;
use crate::num::singles_x86::{Avx2Singles, Avx512Singles};
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

/// The proof that the processor has AVX-512 F and DQ.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

/// Lanes 0 to 3, and lanes 4 to 7.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Lanes(__m256d, __m256d);

/// All lanes.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Lanes(__m512d);

impl Avx2 {
    /// The proof, for those who need none.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub fn here() -> Self {
        Self(())
    }
}

impl Avx512 {
    /// The proof, for those who need none.
    #[target_feature(enable = "avx512f,avx512dq")]
    #[inline]
    pub fn here() -> Self {
        Self(())
    }
}

impl Machine for Avx2 {
    const REGISTERS: usize = 8;
    type Lanes = Avx2Lanes;
    type Singles = Avx2Singles;

    #[inline(always)]
    fn splat(self, x: f64) -> Avx2Lanes {
        // SAFETY: `self` is the proof.
        unsafe { Avx2Lanes(_mm256_set1_pd(x), _mm256_set1_pd(x)) }
    }

    #[inline(always)]
    fn load(self, from: &[f64; LANES]) -> Avx2Lanes {
        // SAFETY: `self` is the proof; both halves lie within the array.
        unsafe { Avx2Lanes(_mm256_loadu_pd(from.as_ptr()), _mm256_loadu_pd(from.as_ptr().add(4))) }
    }

    #[inline(always)]
    fn splat_singles(self, x: f32) -> Avx2Singles {
        Avx2Singles::splat(self, x)
    }

    #[inline(always)]
    fn load_singles(self, from: &[f32; SINGLES]) -> Avx2Singles {
        Avx2Singles::load(self, from)
    }
}

impl Machine for Avx512 {
    const REGISTERS: usize = 32;
    type Lanes = Avx512Lanes;
    type Singles = Avx512Singles;

    #[inline(always)]
    fn splat(self, x: f64) -> Avx512Lanes {
        // SAFETY: `self` is the proof.
        unsafe { Avx512Lanes(_mm512_set1_pd(x)) }
    }

    #[inline(always)]
    fn load(self, from: &[f64; LANES]) -> Avx512Lanes {
        // SAFETY: `self` is the proof; the array is eight numbers long.
        unsafe { Avx512Lanes(_mm512_loadu_pd(from.as_ptr())) }
    }

    #[inline(always)]
    fn splat_singles(self, x: f32) -> Avx512Singles {
        Avx512Singles::splat(self, x)
    }

    #[inline(always)]
    fn load_singles(self, from: &[f32; SINGLES]) -> Avx512Singles {
        Avx512Singles::load(self, from)
    }
}

impl Lanes for Avx2Lanes {
    #[inline(always)]
    fn store(self, to: &mut [f64; LANES]) {
        // SAFETY: `self` is the proof; both halves lie within the array.
        unsafe {
            _mm256_storeu_pd(to.as_mut_ptr(), self.0);
            _mm256_storeu_pd(to.as_mut_ptr().add(4), self.1);
        }
    }
}

impl Lanes for Avx512Lanes {
    #[inline(always)]
    fn store(self, to: &mut [f64; LANES]) {
        // SAFETY: `self` is the proof; the array is eight numbers long.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), self.0) }
    }
}

/// Defines an operator on both machines by one instruction of each.
macro_rules! operators {
    ($($trait:ident $method:ident $avx2:ident $avx512:ident),+ $(,)?) => {$(
        impl $trait for Avx2Lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($avx2(self.0, other.0), $avx2(self.1, other.1)) }
            }
        }

        impl $trait for Avx512Lanes {
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
    Add add _mm256_add_pd _mm512_add_pd,
    Sub sub _mm256_sub_pd _mm512_sub_pd,
    Mul mul _mm256_mul_pd _mm512_mul_pd,
    Div div _mm256_div_pd _mm512_div_pd,
);

impl Neg for Avx2Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        let sign = self.like(-0.0);
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_xor_pd(self.0, sign.0), _mm256_xor_pd(self.1, sign.1)) }
    }
}

impl Neg for Avx512Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_xor_pd(self.0, self.like(-0.0).0)) }
    }
}

impl Real for Avx2Lanes {
    type Mask = (__m256d, __m256d);

    #[inline(always)]
    fn like(self, x: f64) -> Self {
        Avx2(()).splat(x)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_fmadd_pd(self.0, factor.0, term.0), _mm256_fmadd_pd(self.1, factor.1, term.1)) }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let sign = self.like(-0.0);
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_andnot_pd(sign.0, self.0), _mm256_andnot_pd(sign.1, self.1)) }
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        let (size, bit) = (self.abs(), self.like(-0.0));
        // SAFETY: `self` is the proof.
        unsafe {
            Self(_mm256_or_pd(size.0, _mm256_and_pd(bit.0, sign.0)), _mm256_or_pd(size.1, _mm256_and_pd(bit.1, sign.1)))
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_sqrt_pd(self.0), _mm256_sqrt_pd(self.1)) }
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        // SAFETY: `self` is the proof.
        unsafe { (_mm256_cmp_pd::<_CMP_GT_OQ>(self.0, other.0), _mm256_cmp_pd::<_CMP_GT_OQ>(self.1, other.1)) }
    }

    #[inline(always)]
    fn or_else(self, yes: Self::Mask, other: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_blendv_pd(other.0, self.0, yes.0), _mm256_blendv_pd(other.1, self.1, yes.1)) }
    }

    #[inline(always)]
    fn or_zero(self, yes: Self::Mask) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_and_pd(self.0, yes.0), _mm256_and_pd(self.1, yes.1)) }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        let half = |x: __m256d| {
            // SAFETY: `self` is the proof.
            unsafe {
                let bits = _mm256_slli_epi64::<52>(_mm256_castpd_si256(x));
                _mm256_castsi256_pd(_mm256_add_epi64(bits, _mm256_castpd_si256(_mm256_set1_pd(1.0))))
            }
        };
        Self(half(self.0), half(self.1))
    }
}

impl Real for Avx512Lanes {
    type Mask = __mmask8;

    #[inline(always)]
    fn like(self, x: f64) -> Self {
        Avx512(()).splat(x)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_fmadd_pd(self.0, factor.0, term.0)) }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_andnot_pd(self.like(-0.0).0, self.0)) }
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_or_pd(self.abs().0, _mm512_and_pd(self.like(-0.0).0, sign.0))) }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_sqrt_pd(self.0)) }
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn or_else(self, yes: Self::Mask, other: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_mask_blend_pd(yes, other.0, self.0)) }
    }

    #[inline(always)]
    fn or_zero(self, yes: Self::Mask) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_maskz_mov_pd(yes, self.0)) }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe {
            let bits = _mm512_slli_epi64::<52>(_mm512_castpd_si512(self.0));
            Self(_mm512_castsi512_pd(_mm512_add_epi64(bits, _mm512_castpd_si512(_mm512_set1_pd(1.0)))))
        }
    }
}

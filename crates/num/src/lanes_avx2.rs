//! Eight lanes, or sixteen of single precision, in two registers of AVX2, as x86 has had them since 2013.
//! It knows the instructions and nothing else; what they have to compute is said in `lanes` and `singles`.
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

use crate::lanes::{FRACTION, LANES, Lanes, Machine, Real, SPLIT, SPLIT_CARRY, WHOLE, WHOLE_BIASED};
use crate::singles::{SINGLES, Single, Singles};
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

/// Lanes 0 to 3, and lanes 4 to 7.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Lanes(__m256d, __m256d);

/// Lanes 0 to 7, and lanes 8 to 15, of single precision.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Singles(__m256, __m256);

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

/// Defines operators by one instruction each.
macro_rules! operators {
    ($type:ident: $($trait:ident $method:ident $instruction:ident),+ $(,)?) => {$(
        impl $trait for $type {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: `self` is the proof.
                unsafe { Self($instruction(self.0, other.0), $instruction(self.1, other.1)) }
            }
        }
    )+};
}
operators!(Avx2Lanes: Add add _mm256_add_pd, Sub sub _mm256_sub_pd, Mul mul _mm256_mul_pd, Div div _mm256_div_pd);

impl Neg for Avx2Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        let sign = self.like(-0.0);
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_xor_pd(self.0, sign.0), _mm256_xor_pd(self.1, sign.1)) }
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
    fn any(yes: Self::Mask) -> bool {
        // SAFETY: masks are made from lanes, which are the proof.
        unsafe { _mm256_movemask_pd(_mm256_or_pd(yes.0, yes.1)) != 0 }
    }

    #[inline(always)]
    fn all(yes: Self::Mask) -> bool {
        // SAFETY: as above.
        unsafe { _mm256_movemask_pd(_mm256_and_pd(yes.0, yes.1)) == 0b1111 }
    }

    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes);
        Avx2(()).load(&lanes.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        // SAFETY: `self` is the proof.
        unsafe {
            let (carry, split) =
                (_mm256_set1_epi64x(SPLIT_CARRY.cast_signed()), _mm256_set1_epi64x(SPLIT.cast_signed()));
            let fraction = _mm256_set1_epi64x(FRACTION.cast_signed());
            let whole = _mm256_castpd_si256(_mm256_set1_pd(WHOLE));
            let a = _mm256_add_epi64(_mm256_castpd_si256(self.0), carry);
            let b = _mm256_add_epi64(_mm256_castpd_si256(self.1), carry);
            let m = Self(
                _mm256_castsi256_pd(_mm256_add_epi64(_mm256_and_si256(a, fraction), split)),
                _mm256_castsi256_pd(_mm256_add_epi64(_mm256_and_si256(b, fraction), split)),
            );
            let k = Self(
                _mm256_castsi256_pd(_mm256_or_si256(_mm256_srli_epi64::<52>(a), whole)),
                _mm256_castsi256_pd(_mm256_or_si256(_mm256_srli_epi64::<52>(b), whole)),
            );
            (m, k - self.like(WHOLE_BIASED))
        }
    }

    #[inline(always)]
    fn odd(self) -> Self::Mask {
        // SAFETY: `self` is the proof. The first bit becomes the sign of a whole number.
        unsafe {
            let zero = _mm256_setzero_si256();
            let a = _mm256_cmpgt_epi64(zero, _mm256_slli_epi64::<63>(_mm256_castpd_si256(self.0)));
            let b = _mm256_cmpgt_epi64(zero, _mm256_slli_epi64::<63>(_mm256_castpd_si256(self.1)));
            (_mm256_castsi256_pd(a), _mm256_castsi256_pd(b))
        }
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        let sign = self.like(-0.0);
        // SAFETY: `self` is the proof.
        unsafe {
            let a = _mm256_castsi256_pd(_mm256_slli_epi64::<62>(_mm256_castpd_si256(whole.0)));
            let b = _mm256_castsi256_pd(_mm256_slli_epi64::<62>(_mm256_castpd_si256(whole.1)));
            Self(_mm256_xor_pd(self.0, _mm256_and_pd(a, sign.0)), _mm256_xor_pd(self.1, _mm256_and_pd(b, sign.1)))
        }
    }

    // The instructions for the smaller and the larger give their second operand where one is not a number, and where
    // both are equal: that is what the words in `lanes` say.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_min_pd(bound.0, self.0), _mm256_min_pd(bound.1, self.1)) }
    }

    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_max_pd(bound.0, self.0), _mm256_max_pd(bound.1, self.1)) }
    }

    #[inline(always)]
    fn positive(self) -> Self {
        let zero = self.like(0.0);
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_max_pd(self.0, zero.0), _mm256_max_pd(self.1, zero.1)) }
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

operators!(Avx2Singles: Add add _mm256_add_ps, Sub sub _mm256_sub_ps, Mul mul _mm256_mul_ps, Div div _mm256_div_ps);

impl Neg for Avx2Singles {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        let sign = self.like(-0.0);
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm256_xor_ps(self.0, sign.0), _mm256_xor_ps(self.1, sign.1)) }
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

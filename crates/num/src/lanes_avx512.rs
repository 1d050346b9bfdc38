//! Eight lanes, or sixteen of single precision, in one register of AVX-512.
//! It knows the instructions and nothing else; what they have to compute is said in `lanes` and `singles`.
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

use crate::lanes::{FRACTION, LANES, Lanes, Machine, Real, SPLIT, SPLIT_CARRY, WHOLE, WHOLE_BIASED};
use crate::singles::{SINGLES, Single, Singles};
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The proof that the processor has AVX-512 F and DQ.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

/// All lanes.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Lanes(__m512d);

/// All lanes of single precision.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Singles(__m512);

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

impl Lanes for Avx512Lanes {
    #[inline(always)]
    fn store(self, to: &mut [f64; LANES]) {
        // SAFETY: `self` is the proof; the array is eight numbers long.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), self.0) }
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
                unsafe { Self($instruction(self.0, other.0)) }
            }
        }
    )+};
}
operators!(Avx512Lanes: Add add _mm512_add_pd, Sub sub _mm512_sub_pd, Mul mul _mm512_mul_pd, Div div _mm512_div_pd);

impl Neg for Avx512Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_xor_pd(self.0, self.like(-0.0).0)) }
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
    fn any(yes: Self::Mask) -> bool {
        yes != 0
    }

    #[inline(always)]
    fn all(yes: Self::Mask) -> bool {
        yes == __mmask8::MAX
    }

    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes);
        Avx512(()).load(&lanes.map(f))
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
            (Self(_mm512_castsi512_pd(m)), Self(_mm512_castsi512_pd(k)) - self.like(WHOLE_BIASED))
        }
    }

    #[inline(always)]
    fn odd(self) -> Self::Mask {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_test_epi64_mask(_mm512_castpd_si512(self.0), _mm512_set1_epi64(1)) }
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe {
            let bit = _mm512_castsi512_pd(_mm512_slli_epi64::<62>(_mm512_castpd_si512(whole.0)));
            Self(_mm512_xor_pd(self.0, _mm512_and_pd(bit, self.like(-0.0).0)))
        }
    }

    // As above.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_min_pd(bound.0, self.0)) }
    }

    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_max_pd(bound.0, self.0)) }
    }

    #[inline(always)]
    fn positive(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_max_pd(self.0, self.like(0.0).0)) }
    }

    #[inline(always)]
    fn mul_add_where(self, yes: Self::Mask, factor: Self, term: Self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_mask3_fmadd_pd(self.0, factor.0, term.0, yes)) }
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

impl Singles for Avx512Singles {
    #[inline(always)]
    fn store(self, to: &mut [f32; SINGLES]) {
        // SAFETY: `self` is the proof; the array is sixteen numbers long.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
}

operators!(Avx512Singles: Add add _mm512_add_ps, Sub sub _mm512_sub_ps, Mul mul _mm512_mul_ps, Div div _mm512_div_ps);

impl Neg for Avx512Singles {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: `self` is the proof.
        unsafe { Self(_mm512_xor_ps(self.0, self.like(-0.0).0)) }
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

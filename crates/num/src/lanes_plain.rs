//! Lanes on a machine of which nothing is known: arrays, one number after the other. The reference for all others.
//! It knows no instructions but those of every processor.

use crate::lanes::{Double, LANES, Lanes, Mask, Real, SINGLES, Simd, fold};
use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The plain machine.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

/// `N` numbers.
#[derive(Clone, Copy, Debug)]
pub struct Array<T, const N: usize>([T; N]);

/// A yes or no for each of them.
#[derive(Clone, Copy, Debug)]
pub struct ArrayMask<const N: usize>([bool; N]);

impl Simd for Plain {
    const REGISTERS: usize = 8;
    type F64x8 = Array<f64, LANES>;
    type F32x16 = Array<f32, SINGLES>;
}

/// `f64` and `f32`.
pub trait Scalar: Real<Scalar = Self, Mask = bool> {
    /// 0.
    const ZERO: Self;
}

impl Scalar for f64 {
    const ZERO: Self = 0.0;
}

impl Scalar for f32 {
    const ZERO: Self = 0.0;
}

/// Defines operators by what they do to each lane.
macro_rules! lane_by_lane {
    ($($trait:ident $method:ident),+) => {$(
        impl<T: Scalar, const N: usize> $trait for Array<T, N> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(from_fn(|lane| self.0[lane].$method(other.0[lane])))
            }
        }
    )+};
}
lane_by_lane!(Add add, Sub sub, Mul mul, Div div);

impl<T: Scalar, const N: usize> Neg for Array<T, N> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.map(Neg::neg))
    }
}

impl<T: Scalar, const N: usize> Real for Array<T, N> {
    type Scalar = T;
    type Mask = ArrayMask<N>;

    #[inline(always)]
    fn splat(self, x: T) -> Self {
        Self([x; N])
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].mul_add(factor.0[lane], term.0[lane])))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(Real::abs))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].copysign(sign.0[lane])))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(Real::sqrt))
    }

    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        ArrayMask(from_fn(|lane| self.0[lane].gt(other.0[lane])))
    }

    #[inline(always)]
    fn clamp_max(self, bound: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].clamp_max(bound.0[lane])))
    }

    #[inline(always)]
    fn clamp_min(self, bound: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].clamp_min(bound.0[lane])))
    }

    #[inline(always)]
    fn relu(self) -> Self {
        Self(self.0.map(Real::relu))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.map(Real::power_of_two))
    }
}

impl<T: Scalar, const N: usize> Mask<Array<T, N>> for ArrayMask<N> {
    #[inline(always)]
    fn select(self, yes: Array<T, N>, no: Array<T, N>) -> Array<T, N> {
        Array(from_fn(|lane| if self.0[lane] { yes.0[lane] } else { no.0[lane] }))
    }

    #[inline(always)]
    fn select_or_zero(self, yes: Array<T, N>) -> Array<T, N> {
        self.select(yes, Array([T::ZERO; N]))
    }

    #[inline(always)]
    fn any(self) -> bool {
        self.0.contains(&true)
    }

    #[inline(always)]
    fn all(self) -> bool {
        !self.0.contains(&false)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] & other.0[lane]))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane] | other.0[lane]))
    }
}

impl<const N: usize> Double for Array<f64, N> {
    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        Self(self.0.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let parts = self.0.map(Double::split);
        (Self(parts.map(|(m, _)| m)), Self(parts.map(|(_, k)| k)))
    }

    #[inline(always)]
    fn odd(self) -> Self::Mask {
        ArrayMask(self.0.map(Double::odd))
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].negated_if_second(whole.0[lane])))
    }
}

impl<T: Scalar, const N: usize> Lanes for Array<T, N> {
    type Simd = Plain;
    const WIDTH: usize = N;

    #[inline(always)]
    fn broadcast(_: Plain, x: T) -> Self {
        Self([x; N])
    }

    #[inline(always)]
    fn load(_: Plain, from: &[T]) -> Self {
        Self(*from.first_chunk().expect("a number for every lane"))
    }

    #[inline(always)]
    fn store(self, to: &mut [T]) {
        *to.first_chunk_mut().expect("a place for every lane") = self.0;
    }

    #[inline(always)]
    fn fold(self) -> T {
        fold(self.0)
    }
}

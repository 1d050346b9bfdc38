//! Twice as many lanes as a register has: two halves, each of which is lanes of its own.
//! It knows no instructions; a half brings them.

use crate::lanes::{Double, Lanes, Mask, Real};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The lower lanes and the upper ones; or a mask for each.
#[derive(Clone, Copy, Debug)]
pub struct Pair<H>(H, H);

/// Defines operators by what they do to each half.
macro_rules! half_by_half {
    ($($trait:ident $method:ident),+) => {$(
        impl<H: Real> $trait for Pair<H> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0), self.1.$method(other.1))
            }
        }
    )+};
}
half_by_half!(Add add, Sub sub, Mul mul, Div div);

impl<H: Real> Neg for Pair<H> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl<H: Real> Real for Pair<H> {
    type Scalar = H::Scalar;
    type Mask = Pair<H::Mask>;

    #[inline(always)]
    fn splat(self, x: H::Scalar) -> Self {
        let half = self.0.splat(x);
        Self(half, half)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(self.0.mul_add(factor.0, term.0), self.1.mul_add(factor.1, term.1))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs(), self.1.abs())
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        Self(self.0.copysign(sign.0), self.1.copysign(sign.1))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt(), self.1.sqrt())
    }

    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        Pair(self.0.gt(other.0), self.1.gt(other.1))
    }

    #[inline(always)]
    fn clamp_max(self, bound: Self) -> Self {
        Self(self.0.clamp_max(bound.0), self.1.clamp_max(bound.1))
    }

    #[inline(always)]
    fn clamp_min(self, bound: Self) -> Self {
        Self(self.0.clamp_min(bound.0), self.1.clamp_min(bound.1))
    }

    #[inline(always)]
    fn relu(self) -> Self {
        Self(self.0.relu(), self.1.relu())
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.power_of_two(), self.1.power_of_two())
    }

    #[inline(always)]
    fn masked_mul_add(self, yes: Self::Mask, factor: Self, term: Self) -> Self {
        Self(self.0.masked_mul_add(yes.0, factor.0, term.0), self.1.masked_mul_add(yes.1, factor.1, term.1))
    }
}

impl<H: Real> Mask<Pair<H>> for Pair<H::Mask> {
    #[inline(always)]
    fn select(self, yes: Pair<H>, no: Pair<H>) -> Pair<H> {
        Pair(self.0.select(yes.0, no.0), self.1.select(yes.1, no.1))
    }

    #[inline(always)]
    fn select_or_zero(self, yes: Pair<H>) -> Pair<H> {
        Pair(self.0.select_or_zero(yes.0), self.1.select_or_zero(yes.1))
    }

    #[inline(always)]
    fn any(self) -> bool {
        self.0.or(self.1).any()
    }

    #[inline(always)]
    fn all(self) -> bool {
        self.0.and(self.1).all()
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0), self.1.and(other.1))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0), self.1.or(other.1))
    }
}

impl<H: Double> Double for Pair<H> {
    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        Self(self.0.map(f), self.1.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let ((low_m, low_k), (high_m, high_k)) = (self.0.split(), self.1.split());
        (Self(low_m, high_m), Self(low_k, high_k))
    }

    #[inline(always)]
    fn odd(self) -> Self::Mask {
        Pair(self.0.odd(), self.1.odd())
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        Self(self.0.negated_if_second(whole.0), self.1.negated_if_second(whole.1))
    }
}

impl<H: Lanes> Lanes for Pair<H> {
    type Simd = H::Simd;
    const WIDTH: usize = 2 * H::WIDTH;

    #[inline(always)]
    fn broadcast(simd: H::Simd, x: H::Scalar) -> Self {
        let half = H::broadcast(simd, x);
        Self(half, half)
    }

    #[inline(always)]
    fn load(simd: H::Simd, from: &[H::Scalar]) -> Self {
        let (low, high) = from.split_at(H::WIDTH);
        Self(H::load(simd, low), H::load(simd, high))
    }

    #[inline(always)]
    fn store(self, to: &mut [H::Scalar]) {
        let (low, high) = to.split_at_mut(H::WIDTH);
        self.0.store(low);
        self.1.store(high);
    }

    #[inline(always)]
    fn fold(self) -> H::Scalar {
        (self.0 + self.1).fold()
    }
}

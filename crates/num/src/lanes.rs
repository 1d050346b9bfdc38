//! Eight numbers that are worked on together, on any machine: the vocabulary in which hot loops are written once.
//! It knows no loop. The plain machine stands here; those of x86 and Arm are `lanes_avx2`, `lanes_avx512` and `lanes_arm`.
//!
//! Every operation is one that IEEE 754 rounds correctly, or moves bits, or chooses: so each machine gives the same bits,
//! lane by lane, and tests hold them to it. A single `f64` speaks the same vocabulary ([`Real`]), so that a function
//! such as [`tanh`](crate::math::tanh) has one definition, for one number and for eight.

use crate::singles::{PlainSingles, SINGLES, Singles};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// √½ as bits: where [`Real::split`] cuts.
pub const SPLIT: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();

/// What added to the bits of a number carries into the exponent where the fraction reaches that of √½.
pub const SPLIT_CARRY: u64 = 1f64.to_bits() - SPLIT;

/// The fraction bits of a number.
pub const FRACTION: u64 = (1 << 52) - 1;

/// 2⁵² as a number: its bits, with a small whole number in the lowest ones, are 2⁵² plus that whole number.
pub const WHOLE: f64 = 4503599627370496.0;

/// [`WHOLE`], and the exponent with which 1 is written.
pub const WHOLE_BIASED: f64 = WHOLE + 1023.0;

/// The logical lanes of every reduction: element `i` belongs to lane `i % LANES`, on every machine.
pub const LANES: usize = 8;

/// One number, or eight.
pub trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The answer to a comparison, lane by lane.
    type Mask: Copy;

    /// A constant of the same shape: `x` in every lane.
    fn like(self, x: f64) -> Self;

    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// `|self|`.
    fn abs(self) -> Self;

    /// The size of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// `self > other`; false where either is not a number.
    fn above(self, other: Self) -> Self::Mask;

    /// `self` where the mask says yes, else `other`.
    fn or_else(self, yes: Self::Mask, other: Self) -> Self;

    /// `self` where the mask says yes, else 0.
    fn or_zero(self, yes: Self::Mask) -> Self;

    /// `self * factor + term` where the mask says yes, else `term`, for finite factors. Some machines multiply by 0 for a no,
    /// so a `term` of -0 may become 0: add 0 to the last of such sums, and all machines agree.
    #[inline(always)]
    fn mul_add_where(self, yes: Self::Mask, factor: Self, term: Self) -> Self {
        self.or_zero(yes).mul_add(factor, term)
    }

    /// Whether the mask says yes anywhere.
    fn any(yes: Self::Mask) -> bool;

    /// Whether the mask says yes everywhere.
    fn all(yes: Self::Mask) -> bool;

    /// A function of one number, lane by lane: the way out for rare arguments.
    fn map(self, f: fn(f64) -> f64) -> Self;

    /// `(m, k)` with `self = m 2^k` and `√½ <= m < √2`, `k` a whole number. Only for what is positive, finite and not
    /// subnormal; anything else gives some numbers, the same everywhere.
    fn split(self) -> (Self, Self);

    /// Whether the integer in the low bits of `self` is odd: its first bit.
    fn odd(self) -> Self::Mask;

    /// `-self` where the integer in the low bits of `whole` has its second bit.
    fn negated_if_second(self, whole: Self) -> Self;

    /// `2^k`, for an integer `k` from -1022 to 1023 that lies in the low bits of `self`.
    fn power_of_two(self) -> Self;

    /// The smaller one, but not a number where `self` is not.
    #[inline(always)]
    fn at_most(self, bound: Self) -> Self {
        bound.or_else(self.above(bound), self)
    }

    /// The larger one, but not a number where `self` is not.
    #[inline(always)]
    fn at_least(self, bound: Self) -> Self {
        bound.or_else(bound.above(self), self)
    }

    /// `max(self, 0)`; 0 where it is not a number.
    #[inline(always)]
    fn positive(self) -> Self {
        self.or_zero(self.above(self.like(0.0)))
    }
}

/// Eight numbers.
pub trait Lanes: Real {
    /// Writes them down.
    fn store(self, to: &mut [f64; LANES]);

    /// Their sum by the one fixed tree: see [`fold`].
    #[inline(always)]
    fn fold(self) -> f64 {
        let mut lanes = [0.0; LANES];
        self.store(&mut lanes);
        fold(lanes)
    }
}

/// The instructions at hand. A value of this type is the proof that the processor has them: machines are made at the door
/// of kernels only, and everything that uses their instructions is made from one.
pub trait Machine: Copy {
    /// How many values of eight lanes its registers hold.
    const REGISTERS: usize;

    /// Eight numbers on it.
    type Lanes: Lanes;

    /// Sixteen numbers of single precision on it.
    type Singles: Singles;

    /// `x` in every lane.
    fn splat(self, x: f64) -> Self::Lanes;

    /// Eight numbers from memory.
    fn load(self, from: &[f64; LANES]) -> Self::Lanes;

    /// `x` in every lane.
    fn splat_singles(self, x: f32) -> Self::Singles;

    /// Sixteen numbers from memory.
    fn load_singles(self, from: &[f32; SINGLES]) -> Self::Singles;
}

/// Adds up eight lanes by the one fixed tree: halves onto each other.
#[inline(always)]
pub fn fold(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

impl Real for f64 {
    type Mask = bool;

    #[inline(always)]
    fn like(self, x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        f64::mul_add(self, factor, term)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f64::copysign(self, sign)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn above(self, other: Self) -> bool {
        self > other
    }

    #[inline(always)]
    fn or_else(self, yes: bool, other: Self) -> Self {
        if yes { self } else { other }
    }

    #[inline(always)]
    fn or_zero(self, yes: bool) -> Self {
        if yes { self } else { 0.0 }
    }

    #[inline(always)]
    fn any(yes: bool) -> bool {
        yes
    }

    #[inline(always)]
    fn all(yes: bool) -> bool {
        yes
    }

    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        f(self)
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let bits = self.to_bits().wrapping_add(SPLIT_CARRY);
        (f64::from_bits((bits & FRACTION) + SPLIT), f64::from_bits((bits >> 52) | WHOLE.to_bits()) - WHOLE_BIASED)
    }

    #[inline(always)]
    fn odd(self) -> bool {
        self.to_bits() & 1 == 1
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        f64::from_bits(self.to_bits() ^ ((whole.to_bits() << 62) & (1 << 63)))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        f64::from_bits((self.to_bits() << 52).wrapping_add(1.0f64.to_bits()))
    }
}

/// A machine of which nothing is known: the reference for all others.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

/// Its eight numbers.
#[derive(Clone, Copy, Debug)]
pub struct PlainLanes([f64; LANES]);

impl Machine for Plain {
    const REGISTERS: usize = 8;
    type Lanes = PlainLanes;
    type Singles = PlainSingles;

    #[inline(always)]
    fn splat(self, x: f64) -> PlainLanes {
        PlainLanes([x; LANES])
    }

    #[inline(always)]
    fn load(self, from: &[f64; LANES]) -> PlainLanes {
        PlainLanes(*from)
    }

    #[inline(always)]
    fn splat_singles(self, x: f32) -> PlainSingles {
        PlainSingles::splat(x)
    }

    #[inline(always)]
    fn load_singles(self, from: &[f32; SINGLES]) -> PlainSingles {
        PlainSingles::load(from)
    }
}

impl Lanes for PlainLanes {
    #[inline(always)]
    fn store(self, to: &mut [f64; LANES]) {
        *to = self.0;
    }
}

/// Defines operators by what they do to each lane.
macro_rules! lane_by_lane {
    ($($trait:ident $method:ident),+) => {$(
        impl $trait for PlainLanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(std::array::from_fn(|lane| self.0[lane].$method(other.0[lane])))
            }
        }
    )+};
}
lane_by_lane!(Add add, Sub sub, Mul mul, Div div);

impl Neg for PlainLanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.map(Neg::neg))
    }
}

impl Real for PlainLanes {
    type Mask = [bool; LANES];

    #[inline(always)]
    fn like(self, x: f64) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].mul_add(factor.0[lane], term.0[lane])))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f64::abs))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].copysign(sign.0[lane])))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f64::sqrt))
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self::Mask {
        std::array::from_fn(|lane| self.0[lane] > other.0[lane])
    }

    #[inline(always)]
    fn or_else(self, yes: Self::Mask, other: Self) -> Self {
        Self(std::array::from_fn(|lane| if yes[lane] { self.0[lane] } else { other.0[lane] }))
    }

    #[inline(always)]
    fn or_zero(self, yes: Self::Mask) -> Self {
        Self(std::array::from_fn(|lane| if yes[lane] { self.0[lane] } else { 0.0 }))
    }

    #[inline(always)]
    fn any(yes: Self::Mask) -> bool {
        yes.contains(&true)
    }

    #[inline(always)]
    fn all(yes: Self::Mask) -> bool {
        !yes.contains(&false)
    }

    #[inline(always)]
    fn map(self, f: fn(f64) -> f64) -> Self {
        Self(self.0.map(f))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let parts = self.0.map(Real::split);
        (Self(parts.map(|(m, _)| m)), Self(parts.map(|(_, k)| k)))
    }

    #[inline(always)]
    fn odd(self) -> Self::Mask {
        self.0.map(Real::odd)
    }

    #[inline(always)]
    fn negated_if_second(self, whole: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].negated_if_second(whole.0[lane])))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.map(Real::power_of_two))
    }
}

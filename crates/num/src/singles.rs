//! Sixteen numbers of single precision that are worked on together: the vocabulary of hot loops for which `f32` is enough.
//! It knows no loop. The plain machine's stand here, those of x86 in `lanes_avx2` and `lanes_avx512`, of Arm in `singles_arm`.
//!
//! As with the eight lanes of double precision ([`lanes`](crate::lanes)), every operation is correctly rounded, moves
//! bits or chooses: each machine gives the same bits. A single `f32` speaks the same vocabulary ([`Single`]).

use std::ops::{Add, Div, Mul, Neg, Sub};

/// The logical lanes of every reduction in single precision: element `i` belongs to lane `i % SINGLES`.
pub const SINGLES: usize = 16;

/// One number of single precision, or sixteen.
pub trait Single:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The answer to a comparison, lane by lane.
    type Mask: Copy;

    /// A constant of the same shape: `x` in every lane.
    fn like(self, x: f32) -> Self;

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

    /// `2^k`, for an integer `k` from -126 to 127 that lies in the low bits of `self`.
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

/// Sixteen numbers.
pub trait Singles: Single {
    /// Writes them down.
    fn store(self, to: &mut [f32; SINGLES]);

    /// Their sum by the one fixed tree: see [`fold`].
    #[inline(always)]
    fn fold(self) -> f32 {
        let mut lanes = [0.0; SINGLES];
        self.store(&mut lanes);
        fold(lanes)
    }
}

/// Adds up sixteen lanes by the one fixed tree: halves onto each other.
#[inline(always)]
pub fn fold(lanes: [f32; SINGLES]) -> f32 {
    let [a, b, c, d, e, f, g, h] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + 8]);
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

impl Single for f32 {
    type Mask = bool;

    #[inline(always)]
    fn like(self, x: f32) -> Self {
        x
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        f32::mul_add(self, factor, term)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f32::copysign(self, sign)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
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
    fn power_of_two(self) -> Self {
        f32::from_bits((self.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
    }
}

/// The sixteen numbers of the plain machine: the reference for all others.
#[derive(Clone, Copy, Debug)]
pub struct PlainSingles([f32; SINGLES]);

impl PlainSingles {
    /// `x` in every lane.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self([x; SINGLES])
    }

    /// Sixteen numbers from memory.
    #[inline(always)]
    pub fn load(from: &[f32; SINGLES]) -> Self {
        Self(*from)
    }
}

impl Singles for PlainSingles {
    #[inline(always)]
    fn store(self, to: &mut [f32; SINGLES]) {
        *to = self.0;
    }
}

/// Defines operators by what they do to each lane.
macro_rules! lane_by_lane {
    ($($trait:ident $method:ident),+) => {$(
        impl $trait for PlainSingles {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(std::array::from_fn(|lane| self.0[lane].$method(other.0[lane])))
            }
        }
    )+};
}
lane_by_lane!(Add add, Sub sub, Mul mul, Div div);

impl Neg for PlainSingles {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.map(Neg::neg))
    }
}

impl Single for PlainSingles {
    type Mask = [bool; SINGLES];

    #[inline(always)]
    fn like(self, x: f32) -> Self {
        Self([x; SINGLES])
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].mul_add(factor.0[lane], term.0[lane])))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].copysign(sign.0[lane])))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
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
    fn power_of_two(self) -> Self {
        Self(self.0.map(Single::power_of_two))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::kernel;
    use crate::level::same_on_all;
    use crate::rng::Stream;

    /// Numbers of every kind, NaN among them, sixteen at a time.
    fn kinds() -> Vec<[f32; SINGLES]> {
        let mut stream = Stream::root(3).fork("singles");
        let mut special = [0.0, -0.0, 1e-45, -1e-40, 1e38, f32::INFINITY, f32::NEG_INFINITY, f32::NAN].to_vec();
        special.resize_with(8 * SINGLES, || (4.0 * stream.normal()) as f32);
        special.as_chunks().0.to_vec()
    }

    kernel! {
        fn every_operation(m, x: &[f32; SINGLES], y: &[f32; SINGLES], z: &[f32; SINGLES], out: &mut [[f32; SINGLES]; 17]) {
            let (a, b, c) = (m.load_singles(x), m.load_singles(y), m.load_singles(z));
            let all = [
                a + b, a - b, a * b, a / b, -a, a.mul_add(b, c), a.abs(), a.copysign(b), a.abs().sqrt(),
                a.or_else(b.above(c), b), a.or_zero(b.above(c)), a.at_most(b), a.at_least(b), a.positive(),
                m.splat_singles(3.0), (a.like(12582912.0) + a.like(7.0)).power_of_two(), a.like(a.fold()),
            ];
            all.into_iter().zip(out).for_each(|(lanes, out)| lanes.store(out));
        }
    }

    /// The bits, but for what a NaN carries along: which of two is passed on is no arithmetic.
    fn bits_of(x: f32) -> u32 {
        if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }
    }

    #[test]
    fn every_operation_of_lanes_is_that_of_single_numbers() {
        let kinds = kinds();
        for (x, y) in kinds.iter().flat_map(|x| kinds.iter().map(move |y| (x, y))) {
            for turn in [0, 3] {
                let (mut y, mut z) = (*y, *x);
                y.rotate_left(turn);
                z.rotate_left(5);
                let lanes = same_on_all(|| {
                    let mut out = [[0.0; SINGLES]; 17];
                    every_operation(x, &y, &z, &mut out);
                    out.map(|lanes| lanes.map(bits_of))
                });
                let mut halves = x.to_vec();
                while halves.len() > 1 {
                    let upper = halves.split_off(halves.len() / 2);
                    halves.iter_mut().zip(upper).for_each(|(low, high)| *low += high);
                }
                for lane in 0..SINGLES {
                    let (a, b, c) = (x[lane], y[lane], z[lane]);
                    let or = |yes, a, b| if yes { a } else { b };
                    let single = [
                        a + b,
                        a - b,
                        a * b,
                        a / b,
                        -a,
                        a.mul_add(b, c),
                        a.abs(),
                        a.copysign(b),
                        a.abs().sqrt(),
                        or(b > c, a, b),
                        or(b > c, a, 0.0),
                        or(a > b, b, a),
                        or(a < b, b, a),
                        or(a > 0.0, a, 0.0),
                        3.0,
                        128.0,
                        halves[0],
                    ];
                    assert_eq!(lanes.map(|lanes| lanes[lane]), single.map(bits_of), "{a} {b} {c}");
                }
            }
        }
    }
}

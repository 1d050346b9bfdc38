//! Several numbers that are worked on together, on any machine: the vocabulary in which hot loops are written once.
//! It knows no loop and no machine; those are `lanes_plain`, `lanes_avx2`, `lanes_avx512` and `lanes_arm`.
//!
//! Every operation is one that IEEE 754 rounds correctly, or moves bits, or chooses: so each machine gives the same bits,
//! lane by lane, and tests hold them to it. A single `f64` or `f32` speaks the same vocabulary ([`Real`]), so that a function
//! such as [`tanh`](crate::math::tanh) has one definition, for one number and for eight.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// √½ as bits: where [`Double::split`] cuts.
pub const SPLIT: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();

/// What added to the bits of a number carries into the exponent where the fraction reaches that of √½.
pub const SPLIT_CARRY: u64 = 1f64.to_bits() - SPLIT;

/// The fraction bits of a number.
pub const FRACTION: u64 = (1 << 52) - 1;

/// 2⁵² as a number: its bits, with a small whole number in the lowest ones, are 2⁵² plus that whole number.
pub const WHOLE: f64 = 4503599627370496.0;

/// [`WHOLE`], and the exponent with which 1 is written.
pub const WHOLE_BIASED: f64 = WHOLE + 1023.0;

/// The logical lanes of every reduction in double precision: element `i` belongs to lane `i % LANES`, on every machine.
pub const LANES: usize = 8;

/// The logical lanes of every reduction in single precision.
pub const SINGLES: usize = 16;

/// One number, or several.
pub trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// `f64` or `f32`.
    type Scalar: Copy;

    /// The answer to a comparison, lane by lane.
    type Mask: Mask<Self>;

    /// `x` in every lane of a value of the same shape.
    fn splat(self, x: Self::Scalar) -> Self;

    /// `self * factor + term`, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// `|self|`.
    fn abs(self) -> Self;

    /// The size of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// `self > other`; false where either is not a number.
    fn gt(self, other: Self) -> Self::Mask;

    /// The smaller one, but not a number where `self` is not.
    fn clamp_max(self, bound: Self) -> Self;

    /// The larger one, but not a number where `self` is not.
    fn clamp_min(self, bound: Self) -> Self;

    /// `max(self, 0)`; 0 where it is not a number.
    fn relu(self) -> Self;

    /// `2^k`, for an integer `k` that lies in the low bits of `self` and is the exponent of a normal number.
    fn power_of_two(self) -> Self;

    /// `self * factor + term` where the mask says yes, else `term`, for finite factors. Some machines multiply by 0 for a no,
    /// so a `term` of -0 may become 0: add 0 to the last of such sums, and all machines agree.
    #[inline(always)]
    fn masked_mul_add(self, yes: Self::Mask, factor: Self, term: Self) -> Self {
        yes.select_or_zero(self).mul_add(factor, term)
    }
}

/// Yes or no in every lane of a `T`.
pub trait Mask<T>: Copy {
    /// The first where the mask says yes, else the second.
    fn select(self, yes: T, no: T) -> T;

    /// The number where the mask says yes, else 0.
    fn select_or_zero(self, yes: T) -> T;

    /// Whether the mask says yes anywhere.
    fn any(self) -> bool;

    /// Whether the mask says yes everywhere.
    fn all(self) -> bool;

    /// Yes where both say yes.
    fn and(self, other: Self) -> Self;

    /// Yes where either says yes.
    fn or(self, other: Self) -> Self;
}

/// What elementary functions do with the bits of double precision.
pub trait Double: Real<Scalar = f64> {
    /// A function of one number, lane by lane: the way out for rare arguments.
    fn map(self, f: fn(f64) -> f64) -> Self;

    /// `(m, k)` with `self = m 2^k` and `√½ <= m < √2`, `k` a whole number. Only for what is positive, finite and not
    /// subnormal; anything else gives some numbers, the same everywhere.
    fn split(self) -> (Self, Self);

    /// Whether the integer in the low bits of `self` is odd: its first bit.
    fn odd(self) -> Self::Mask;

    /// `-self` where the integer in the low bits of `whole` has its second bit.
    fn negated_if_second(self, whole: Self) -> Self;
}

/// Several numbers, in registers.
pub trait Lanes: Real {
    /// The instructions that they need.
    type Simd: Copy;

    /// How many they are.
    const WIDTH: usize;

    /// `x` in every lane.
    fn broadcast(simd: Self::Simd, x: Self::Scalar) -> Self;

    /// The first numbers of a slice.
    ///
    /// # Panics
    /// When the slice is shorter.
    fn load(simd: Self::Simd, from: &[Self::Scalar]) -> Self;

    /// Writes them down at the start of a slice.
    ///
    /// # Panics
    /// When the slice is shorter.
    fn store(self, to: &mut [Self::Scalar]);

    /// Their sum by the one fixed tree: see [`fold`].
    fn fold(self) -> Self::Scalar;
}

/// The instructions at hand. A value of this type is the proof that the processor has them: it is made in the dispatch of
/// kernels only, and everything that uses its instructions is made from one.
pub trait Simd: Copy {
    /// How many values of eight lanes its registers hold.
    const REGISTERS: usize;

    /// Eight numbers of double precision.
    type F64x8: Double + Lanes<Simd = Self>;

    /// Sixteen numbers of single precision.
    type F32x16: Real<Scalar = f32> + Lanes<Simd = Self>;

    /// `x` in every lane.
    #[inline(always)]
    fn splat(self, x: f64) -> Self::F64x8 {
        Lanes::broadcast(self, x)
    }

    /// Eight numbers from memory.
    #[inline(always)]
    fn load(self, from: &[f64; LANES]) -> Self::F64x8 {
        Lanes::load(self, from)
    }

    /// `x` in every lane.
    #[inline(always)]
    fn splat_f32(self, x: f32) -> Self::F32x16 {
        Lanes::broadcast(self, x)
    }

    /// Sixteen numbers from memory.
    #[inline(always)]
    fn load_f32(self, from: &[f32; SINGLES]) -> Self::F32x16 {
        Lanes::load(self, from)
    }
}

/// Adds up lanes, a power of two of them, by the one fixed tree: halves onto each other.
#[inline(always)]
pub fn fold<T: Copy + Add<Output = T>, const N: usize>(mut lanes: [T; N]) -> T {
    let mut width = N;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] = lanes[lane] + lanes[lane + width];
        }
    }
    lanes[0]
}

/// One number as a [`Real`] of its own.
macro_rules! scalar {
    ($($scalar:ident with $fraction:literal bits of fraction),+ $(,)?) => {$(
        impl Real for $scalar {
            type Scalar = $scalar;
            type Mask = bool;

            #[inline(always)]
            fn splat(self, x: $scalar) -> Self {
                x
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                $scalar::mul_add(self, factor, term)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $scalar::abs(self)
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $scalar::copysign(self, sign)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $scalar::sqrt(self)
            }

            #[inline(always)]
            fn gt(self, other: Self) -> bool {
                self > other
            }

            #[inline(always)]
            fn clamp_max(self, bound: Self) -> Self {
                if self > bound { bound } else { self }
            }

            #[inline(always)]
            fn clamp_min(self, bound: Self) -> Self {
                if bound > self { bound } else { self }
            }

            #[inline(always)]
            fn relu(self) -> Self {
                if self > 0.0 { self } else { 0.0 }
            }

            #[inline(always)]
            fn power_of_two(self) -> Self {
                $scalar::from_bits((self.to_bits() << $fraction).wrapping_add($scalar::to_bits(1.0)))
            }
        }

        impl Mask<$scalar> for bool {
            #[inline(always)]
            fn select(self, yes: $scalar, no: $scalar) -> $scalar {
                if self { yes } else { no }
            }

            #[inline(always)]
            fn select_or_zero(self, yes: $scalar) -> $scalar {
                if self { yes } else { 0.0 }
            }

            #[inline(always)]
            fn any(self) -> bool {
                self
            }

            #[inline(always)]
            fn all(self) -> bool {
                self
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                self & other
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }
        }
    )+};
}
scalar!(f64 with 52 bits of fraction, f32 with 23 bits of fraction);

impl Double for f64 {
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
        fn every_operation(
            x: &[f32; SINGLES],
            y: &[f32; SINGLES],
            z: &[f32; SINGLES],
            out: &mut [[f32; SINGLES]; 18],
        ) = every_operation_body;
    }

    #[inline(always)]
    fn every_operation_body<S: Simd>(
        simd: S,
        x: &[f32; SINGLES],
        y: &[f32; SINGLES],
        z: &[f32; SINGLES],
        out: &mut [[f32; SINGLES]; 18],
    ) {
        let (a, b, c) = (simd.load_f32(x), simd.load_f32(y), simd.load_f32(z));
        let yes = b.gt(c);
        let operators = [a + b, a - b, a * b, a / b, -a, a.mul_add(b, c), a.abs(), a.copysign(b), a.abs().sqrt()];
        let choices = [yes.select(a, b), yes.select_or_zero(a), a.clamp_max(b), a.clamp_min(b), a.relu()];
        let power = (a.splat(12582912.0) + a.splat(7.0)).power_of_two();
        let others = [simd.splat_f32(3.0), power, a.splat(a.fold()), a.splat(f32::from(u8::from(yes.any())))];
        let all = operators.into_iter().chain(choices).chain(others);
        all.zip(out).for_each(|(lanes, out)| lanes.store(out));
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
                    let mut out = [[0.0; SINGLES]; 18];
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
                        f32::from(u8::from(y.iter().zip(&z).any(|(y, z)| y > z))),
                    ];
                    assert_eq!(lanes.map(|lanes| lanes[lane]), single.map(bits_of), "{a} {b} {c}");
                }
            }
        }
    }
}

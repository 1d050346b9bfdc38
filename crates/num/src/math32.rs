//! `exp` and `tanh` in single precision, for one number or sixteen: the same bits on every platform.
//! The definitions are those of [`math`](crate::math) with fewer terms; as there, fused multiply-adds are part of them.

use crate::lanes::Real;
use std::f32::consts::{LN_2, LOG2_E};

/// `ln 2 - LN_2`: the part of ln 2 below the last bit of `f32`.
const LN_2_TAIL: f32 = -1.9046544e-9;

/// Adding 1.5 · 2²³ rounds a number to an integer and leaves that integer in the low bits of the sum.
const ROUNDER: f32 = 12582912.0;

/// The Taylor coefficients 1/2!, … 1/7! of `(expm1(r) - r) / r²`; the first one left out is below 2⁻²⁶ of the whole.
const SERIES: [f32; 6] = [1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0];

/// The `k` and `r` of `x = k ln 2 + r`, `k` with [`ROUNDER`] still added.
#[inline(always)]
fn reduce<R: Real<Scalar = f32>>(x: R) -> (R, R) {
    let shifted = x.mul_add(x.splat(LOG2_E), x.splat(ROUNDER));
    let k = shifted - x.splat(ROUNDER);
    (shifted, k.mul_add(x.splat(-LN_2_TAIL), k.mul_add(x.splat(-LN_2), x)))
}

/// `expm1(r)` for `|r| <= ln 2 / 2`.
#[inline(always)]
fn expm1_reduced<R: Real<Scalar = f32>>(r: R) -> R {
    let pair = |n: usize| r.splat(SERIES[n + 1]).mul_add(r, r.splat(SERIES[n]));
    let r2 = r * r;
    let series = r2.mul_add(r2.mul_add(pair(4), pair(2)), pair(0));
    r2.mul_add(series, r)
}

/// eˣ, within 1 ulp; gradual underflow and overflow as IEEE has them.
#[inline(always)]
pub fn exp<R: Real<Scalar = f32>>(x: R) -> R {
    let rounder = x.splat(ROUNDER);
    let (shifted, r) = reduce(x.clamp_max(x.splat(89.0)).clamp_min(x.splat(-105.0)));
    // 2^k in two factors, for neither 2¹²⁸ nor 2⁻¹⁵¹ is a number; only the last product can round.
    let k = shifted - rounder;
    let half = k.mul_add(x.splat(0.5), rounder);
    let other = (k - (half - rounder)) + rounder;
    (x.splat(1.0) + expm1_reduced(r)) * half.power_of_two() * other.power_of_two()
}

/// Hyperbolic tangent, within 2 ulp; odd to the last bit.
#[inline(always)]
pub fn tanh<R: Real<Scalar = f32>>(x: R) -> R {
    let two = x.splat(2.0);
    // From 10 on the value rounds to 1.
    let (shifted, r) = reduce(two * x.abs().clamp_max(x.splat(10.0)));
    let scale = shifted.power_of_two();
    let expm1 = scale.mul_add(expm1_reduced(r), scale - x.splat(1.0));
    let divisor = expm1 + two;
    let lost = expm1 - (divisor - two);
    let inverse = x.splat(1.0) / divisor;
    let quotient = expm1 * inverse;
    let remainder = quotient.mul_add(-lost, quotient.mul_add(-divisor, expm1));
    remainder.mul_add(inverse, quotient).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::kernel;
    use crate::lanes::{Lanes as _, SINGLES, Simd};
    use crate::level::same_on_all;
    use crate::math;
    use crate::rng::Stream;

    /// Arguments of every size up to `reach`, of both signs.
    fn arguments(reach: f64) -> Vec<f32> {
        let mut stream = Stream::root(1).fork("single arguments");
        let mut draw = |i: usize| match i % 3 {
            0 => stream.uniform(-reach, reach),
            1 => stream.uniform(-0.7, 0.7),
            _ => math::pow(10.0, stream.uniform(-9.0, math::log10(reach))).copysign(stream.unit() - 0.5),
        };
        (0..160_000).map(|i| draw(i) as f32).collect()
    }

    /// The greatest distance from a function of double precision, in units of the last place of single precision.
    fn worst(reach: f64, value: fn(f32) -> f32, reference: fn(f64) -> f64) -> f64 {
        let ulps = |x: f32| {
            let exact = reference(f64::from(x));
            let near = (exact as f32).abs();
            let unit = f64::from(f32::from_bits(near.to_bits() + 1)) - f64::from(near);
            (f64::from(value(x)) - exact).abs() / unit
        };
        arguments(reach).into_iter().map(ulps).fold(0.0, f64::max)
    }

    #[test]
    fn both_are_within_the_stated_distance() {
        let (exp, tanh) = (worst(87.0, exp, math::exp), worst(12.0, tanh, math::tanh));
        println!("exp: {exp:.3} ulp, tanh: {tanh:.3} ulp");
        assert!(exp <= 1.0 && tanh <= 2.0, "{exp} {tanh}");
    }

    #[test]
    fn the_edges_are_right() {
        let inf = f32::INFINITY;
        assert!(exp(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
        assert_eq!([exp(0.0), exp(-0.0), exp(inf), exp(-inf), exp(-104.5)], [1.0, 1.0, inf, 0.0, 0.0]);
        assert_eq!(
            [exp(88.72284f32), exp(-103.2), exp(-95.0)].map(f64::from),
            [88.72284, -103.2, -95.0].map(|x: f32| { f64::from(math::exp(f64::from(x)) as f32) })
        );
        assert_eq!([exp(88.723), tanh(inf), tanh(-inf), tanh(10.0)], [inf, 1.0, -1.0, 1.0]);
        for tiny in [0.0, 1e-45, -1e-40, 1e-20, -1e-10] {
            assert_eq!(tanh::<f32>(tiny).to_bits(), tiny.to_bits(), "{tiny}");
        }
        assert!(arguments(12.0).into_iter().all(|x| tanh(x).abs() <= 1.0 && tanh(-x) == -tanh(x)));
    }

    kernel! {
        fn both(x: &mut [[f32; SINGLES]]) = both_body;
    }

    #[inline(always)]
    fn both_body<S: Simd>(simd: S, x: &mut [[f32; SINGLES]]) {
        for x in x {
            (tanh(simd.load_f32(x)) + exp(simd.load_f32(x))).store(x);
        }
    }

    #[test]
    fn all_levels_give_the_bits_of_single_numbers() {
        let x = arguments(80.0);
        let single: Vec<u32> = x.iter().map(|&x| (tanh(x) + exp(x)).to_bits()).collect();
        let lanes = same_on_all(|| {
            let mut lanes = x.as_chunks().0.to_vec();
            both(&mut lanes);
            lanes.concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
        });
        assert_eq!(lanes, single);
    }
}

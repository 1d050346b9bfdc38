//! The pinned elementary functions: the same bits on every platform, at every optimisation level.
//! They know nothing of lanes or kernels; the C library's versions change between machines and are banned by `clippy.toml`.
//!
//! [`exp`], [`expm1`] and [`tanh`] are our own, and take one number or, inside a [kernel](crate::kernel),
//! [eight](crate::lanes). Where exponentials are needed they rest on the classical reduction `x = k ln 2 + r`,
//! `|r| <= ln 2 / 2` (Muller et al., *Handbook of Floating-Point Arithmetic*, §11). Fused multiply-adds are part of their
//! definition. How far off they are at worst is in `docs/functions.md`. The others are pure-Rust `libm` (musl's algorithms)
//! and belong outside hot loops: for those see [`functions`](crate::functions).

use crate::lanes::{Double, Mask as _};
use std::f64::consts::{LN_2, LOG2_E};

/// `ln 2 - LN_2`: the part of ln 2 below the last bit of `f64`.
const LN_2_TAIL: f64 = 2.3190468138462996e-17;

/// Adding 1.5 · 2⁵² rounds a number to an integer and leaves that integer in the low bits of the sum.
pub const ROUNDER: f64 = 6755399441055744.0;

/// Below 2⁻⁵⁴ the first term of the series is the correctly rounded value.
pub const TINY: f64 = f64::EPSILON / 4.0;

/// The Taylor coefficients 1/2!, 1/3!, … 1/13! of `(expm1(r) - r) / r²`; the first one left out is below 2⁻⁵⁶ of the whole.
const SERIES: [f64; 12] = {
    let mut series = [0.0; 12];
    let (mut i, mut factorial) = (0, 1.0);
    while i < series.len() {
        factorial *= (i + 2) as f64;
        series[i] = 1.0 / factorial;
        i += 1;
    }
    series
};

/// Up to here the polynomial below is taken for tanh.
const TANH_NEAR: f64 = 0.875;

/// `(tanh x - x) / x³` as a polynomial in `x²` for `|x|` up to [`TANH_NEAR`], lowest first: minimax by the Remez exchange,
/// weighted to a relative error of tanh; 6.7e-17.
const TANH_SERIES: [f64; 13] = [
    -0.3333333333333114,
    0.13333333333104924,
    -0.05396825388499729,
    0.021869487002279395,
    -0.00886321879058569,
    0.003592010011189413,
    -0.0014552681134774954,
    0.0005881199619089973,
    -0.00023453964967190202,
    8.897561371873883e-05,
    -2.9418312597679416e-05,
    7.182289660291556e-06,
    -9.202339714826564e-07,
];

/// The `k` and `r` of `x = k ln 2 + r`, `k` with [`ROUNDER`] still added.
#[inline(always)]
fn reduce<R: Double>(x: R) -> (R, R) {
    let shifted = x.mul_add(x.splat(LOG2_E), x.splat(ROUNDER));
    let k = shifted - x.splat(ROUNDER);
    (shifted, k.mul_add(x.splat(-LN_2_TAIL), k.mul_add(x.splat(-LN_2), x)))
}

/// `expm1(r)` for `|r| <= ln 2 / 2`: the series by Estrin's scheme, which keeps the multipliers busier than Horner's.
#[inline(always)]
fn expm1_reduced<R: Double>(r: R) -> R {
    let pair = |n: usize| r.splat(SERIES[n + 1]).mul_add(r, r.splat(SERIES[n]));
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = r2.mul_add(pair(2), pair(0));
    let mid = r2.mul_add(pair(6), pair(4));
    let high = r2.mul_add(pair(10), pair(8));
    r2.mul_add(r4.mul_add(r4.mul_add(high, mid), low), r)
}

/// eˣ, within 1.1 ulp; gradual underflow and overflow as IEEE has them.
#[inline(always)]
pub fn exp<R: Double>(x: R) -> R {
    let (shifted, r) = reduce(x.clamp_max(x.splat(710.0)).clamp_min(x.splat(-746.0)));
    // 2^k in two factors, for neither 2¹⁰²⁴ nor 2⁻¹⁰⁷⁵ is a number; only the last product can round.
    let half = shifted.mul_add(x.splat(0.5), x.splat(0.5 * ROUNDER));
    let other = (shifted - half) + x.splat(ROUNDER);
    (x.splat(1.0) + expm1_reduced(r)) * half.power_of_two() * other.power_of_two()
}

/// eˣ - 1, within 2 ulp, also where eˣ is near 1.
#[inline(always)]
pub fn expm1<R: Double>(x: R) -> R {
    let (shifted, r) = reduce(x.clamp_max(x.splat(710.0)).clamp_min(x.splat(-40.0)));
    // Half of the value, for 2¹⁰²⁴ is not a number; doubling is exact.
    let scale = (shifted - x.splat(1.0)).power_of_two();
    let value = x.splat(2.0) * scale.mul_add(expm1_reduced(r), scale - x.splat(0.5));
    x.splat(TINY).gt(x.abs()).select(x, value)
}

/// Hyperbolic tangent, within 2 ulp; odd to the last bit.
///
/// Near 0, where the neurons of a small initialization live, it is a polynomial, without a division; elsewhere it is
/// `1 - 2/(e²ˣ + 1)`. Of eight numbers, those that all lie near 0 cost half as much.
#[inline(always)]
pub fn tanh<R: Double>(x: R) -> R {
    let y = x * x;
    let near = x.splat(TANH_NEAR * TANH_NEAR).gt(y);
    if near.all() {
        return tanh_near(x, y);
    }
    let far = tanh_far(x);
    if near.any() { near.select(tanh_near(x, y), far) } else { far }
}

/// The polynomial [`TANH_SERIES`], even and odd powers of `y = x²` apart: two chains that do not wait for each other.
#[inline(always)]
fn tanh_near<R: Double>(x: R, y: R) -> R {
    let y2 = y * y;
    let chain = |start: usize| {
        let (mut n, mut sum) = (start, y.splat(TANH_SERIES[start]));
        while n >= 2 {
            n -= 2;
            sum = sum.mul_add(y2, y.splat(TANH_SERIES[n]));
        }
        sum
    };
    let last = TANH_SERIES.len() - 1;
    let (one, other) = (chain(last), chain(last - 1));
    let series = if last % 2 == 1 { one.mul_add(y, other) } else { other.mul_add(y, one) };
    x * y.mul_add(series, x.splat(1.0))
}

#[inline(always)]
fn tanh_far<R: Double>(x: R) -> R {
    let (one, two) = (x.splat(1.0), x.splat(2.0));
    // From 20 on the value rounds to 1.
    let (shifted, r) = reduce(two * x.abs().clamp_max(x.splat(20.0)));
    let scale = shifted.power_of_two();
    (one - two / scale.mul_add(expm1_reduced(r), scale + one)).copysign(x)
}

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `ln(1 + x)`, also where `x` is tiny.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Logarithm to base ten.
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// Sine of an angle in radians.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of an angle in radians.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Sine and cosine of an angle in radians.
pub fn sin_cos(x: f64) -> (f64, f64) {
    libm::sincos(x)
}

/// The angle of the point `(x, y)`, in (-π, π].
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// `x` to a real power.
pub fn pow(x: f64, power: f64) -> f64 {
    libm::pow(x, power)
}

/// `x` to a whole power, by squaring from the lowest binary digit up (an order the standard library does not promise).
#[inline]
pub fn powi(x: f64, power: i32) -> f64 {
    let (mut square, mut rest, mut product) = (x, power.unsigned_abs(), 1.0);
    while rest > 0 {
        if rest & 1 == 1 {
            product *= square;
        }
        square *= square;
        rest >>= 1;
    }
    if power < 0 { 1.0 / product } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// Arguments of every size from 10⁻⁹ to `reach`, of both signs, 200,000 in all.
    fn arguments(reach: f64) -> impl Iterator<Item = f64> {
        let mut stream = Stream::root(1).fork("arguments");
        (0..200_000).map(move |i| match i % 4 {
            0 => stream.uniform(-reach, reach),
            1 => stream.uniform(-1.0, 1.0),
            2 => stream.uniform(-0.4, 0.4),
            _ => pow(10.0, stream.uniform(-9.0, log10(reach))).copysign(stream.unit() - 0.5),
        })
    }

    #[test]
    fn the_edges_are_right() {
        let inf = f64::INFINITY;
        for f in [exp::<f64>, expm1, tanh] {
            assert!(f(f64::NAN).is_nan());
        }
        assert_eq!([exp(0.0), exp(-0.0), exp(inf), exp(-inf)], [1.0, 1.0, inf, 0.0]);
        assert_eq!([exp(709.782712893384), exp(709.7827128933841)], [1.7976931348622732e308, inf]);
        assert_eq!([exp(-745.1332191019411), exp(-745.1332191019412)], [5e-324, 0.0]);
        assert_eq!([exp(-745.2), exp(-708.5)], [0.0, libm::exp(-708.5)]);
        assert_eq!([expm1(inf), expm1(-inf), expm1(710.0), expm1(-50.0)], [inf, -1.0, inf, -1.0]);
        assert_eq!(expm1(709.7), libm::expm1(709.7));
        assert_eq!([tanh(inf), tanh(-inf), tanh(20.0), tanh(1e300)], [1.0, -1.0, 1.0, 1.0]);
        for tiny in [0.0, 5e-324, 2.2e-308, 1e-300, 1e-20, 5e-17] {
            for x in [tiny, -tiny] {
                assert_eq!(expm1(x).to_bits(), x.to_bits(), "{x}");
                assert_eq!(tanh(x).to_bits(), x.to_bits(), "{x}");
            }
        }
        assert!(arguments(25.0).all(|x| tanh(x).abs() <= 1.0 && tanh(-x) == -tanh(x)));
    }

    #[test]
    fn powi_agrees_with_pow() {
        assert_eq!([powi(3.0, 4), powi(2.0, -3), powi(0.0, 0), powi(-2.0, 5)], [81.0, 0.125, 1.0, -32.0]);
        let mut stream = Stream::root(2).fork("powers");
        for power in -30..=30 {
            let x = stream.uniform(0.1, 3.0);
            let ratio = powi(x, power) / pow(x, f64::from(power));
            assert!((ratio - 1.0).abs() < 1e-14, "{x}^{power}: {ratio}");
        }
    }

    type Known = (&'static str, fn(f64) -> f64, [u64; 5]);

    /// One number that changes when any of the values over all [`arguments`] does.
    #[test]
    fn the_bits_of_many_values_are_the_known_ones() {
        let digest = |f: fn(f64) -> f64| {
            arguments(20.0).fold(0u64, |digest, x| (digest ^ f(x).to_bits()).wrapping_mul(0x0000_0100_0000_01b3))
        };
        assert_eq!(
            [exp::<f64>, expm1, tanh, ln_1p_of_size].map(digest),
            [0x2cc57a3ca32282e, 0xbb8265a31b4b254a, 0x9636258f23435e2a, 0x51e788d8255cf3d1]
        );
    }

    fn ln_1p_of_size(x: f64) -> f64 {
        ln_1p(x.abs())
    }

    /// The platform is wrong, or a definition changed, when one of these moves.
    #[test]
    fn the_bits_are_the_known_ones() {
        #[rustfmt::skip]
        let known: [Known; 8] = [
            ("exp", exp, [0x3ff1aec7b35a00d4, 0x40001c2a61268987, 0x4011ed3fe64fc541, 0x403415e5bf6fb106, 0x410c0d80ffb740c4]),
            ("expm1", expm1, [0x3fbaec7b35a00d3a, 0x3ff03854c24d130d, 0x400bda7fcc9f8a83, 0x403315e5bf6fb106, 0x410c0d78ffb740c4]),
            ("tanh", tanh, [0x3fb983d7795f413b, 0x3fe356fb17af2e91, 0x3fecf6f9786df577, 0x3fefd77d111a0b00, 0x3feffffffffacb8e]),
            ("ln", ln, [0xc0026bb1bbb55515, 0xbfd6d3c324e13f50, 0x3fd9f323ecbf984c, 0x3ff193ea7aad030a, 0x40041b236798645f]),
            ("ln_1p", ln_1p, [0x3fb8663f793c46c7, 0x3fe0fae81914a991, 0x3fed5240f0e0e078, 0x3ff62e42fefa39ef, 0x4004baa88b05578c]),
            ("log10", log10, [0xbff0000000000000, 0xbfc3d3d3d21ccf04, 0x3fc68a288b60b7fc, 0x3fde8927964fd5fd, 0x3ff176bf5d9c1900]),
            ("sin", sin, [0x3fb98eaecb8bcb2c, 0x3fe49d6e694619b8, 0x3fefeb7a9b2c6d8b, 0x3fc210386db6d55b, 0xbfcc1ac577229b1e]),
            ("cos", cos, [0x3fefd712f9a817c1, 0x3fe87996529f9d93, 0x3fb21bd54fc5f9a7, 0xbfefae04be85e5d2, 0x3fef381816d49a3a]),
        ];
        for (name, f, bits) in known {
            for (x, bits) in [0.1, 0.7, 1.5, 3.0, 12.345].into_iter().zip(bits) {
                assert_eq!(f(x).to_bits(), bits, "{name}({x})");
            }
        }
        assert_eq!(sin_cos(0.7), (sin(0.7), cos(0.7)));
        assert_eq!(atan2(-0.3, -0.7).to_bits(), 0xc005e4c36ca0118a);
        assert_eq!(pow(0.7, 1.5).to_bits(), 0x3fe2bdbe460916e0);
        assert_eq!(powi(0.7, -7).to_bits(), 0x4028490a4f86c9a5);
    }
}

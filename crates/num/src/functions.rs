//! Elementary functions for hot loops: one definition for one number and for [eight](crate::lanes), the same bits.
//! They know no loop; `docs/functions.md` has the largest error of each and tells how it was measured.
//!
//! `exp`, `expm1` and `tanh` are of this kind too, but stand in [`math`](crate::math), beside the pinned scalars of the same
//! names as some of these. `math::ln`, `math::sin` and `math::cos` keep the bits of `libm`: what is published rests on them.
//! The two agree but for the last bit or two.

use crate::lanes::{Double, Mask as _};
use crate::math::{ROUNDER, TINY, exp};
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, SQRT_2};

/// The leading 42 bits of ln 2, so that its product with an exponent is exact, and the rest.
const LN_2_PARTS: [f64; 2] = [0.6931471805598903, 5.497923018708371e-14];

/// `(ln((1 + s)/(1 - s)) - 2s) / s³` as a polynomial in `s²` for `ln` between √½ and √2, lowest first: minimax by the
/// Remez exchange, weighted to a relative error of the logarithm; 2⁻⁵⁸.
const LN_SERIES: [f64; 7] = [
    0.6666666666666735,
    0.3999999999940749,
    0.28571428744142147,
    0.22222198378379662,
    0.1818357517137403,
    0.1531375559244906,
    0.14799067914629685,
];

/// π/2 as an unevaluated sum. The second part has 33 bits, so that its product with a `k` below 2²⁰ is exact, and so is
/// every difference that cancels; what is left out is below 2⁻¹³⁹.
const RIGHT_ANGLE: [f64; 3] = [FRAC_PI_2, 6.12323399538461e-17, 3.5215598651832e-27];

/// `(sin r - r) / r³` as a polynomial in `r²` for `|r| <= π/4`, lowest first: as above; 2⁻⁵⁷.
const SIN_SERIES: [f64; 6] = [
    -0.1666666666666663,
    0.008333333333322108,
    -0.0001984126982958019,
    2.7557313618025335e-6,
    -2.505074721934645e-8,
    1.5896197697240816e-10,
];

/// `(cos r - 1 + r²/2) / r⁴`, likewise; 2⁻⁶⁴ of 1.
const COS_SERIES: [f64; 6] = [
    0.0416666666666666,
    -0.0013888888888874125,
    2.4801587289482174e-5,
    -2.7557314352328286e-7,
    2.0875723272501897e-9,
    -1.1359647761725295e-11,
];

/// The largest angle that is reduced here, 2²⁰: beyond, each number goes to `libm` by itself.
pub const REACH: f64 = 1048576.0;

/// `k ln 2 + ln(1 + f)` for `√½ - 1 <= f < √2 - 1`.
///
/// With `s = f/(2 + f)`, `ln(1 + f) = f - f²/2 + s (f²/2 + R(s²))` as in Sun's `fdlibm`: what is rounded is small
/// beside `f`.
#[inline(always)]
fn ln_parts<R: Double>(k: R, f: R) -> R {
    let s = f / (f + f.splat(2.0));
    let (z, half) = (s * s, f * f.splat(0.5));
    let z2 = z * z;
    let c = |n: usize| f.splat(LN_SERIES[n]);
    let even = c(6).mul_add(z2, c(4)).mul_add(z2, c(2)).mul_add(z2, c(0));
    let odd = c(5).mul_add(z2, c(3)).mul_add(z2, c(1));
    let series = odd.mul_add(z, even) * z;
    let high = k * f.splat(LN_2_PARTS[0]);
    let sum = high + f;
    let lost = k.mul_add(f.splat(LN_2_PARTS[1]), f - (sum - high));
    sum + half.mul_add(-f, s.mul_add(half.mul_add(f, series), lost))
}

/// Natural logarithm, within 1 ulp; -∞ at 0, not a number below.
#[inline(always)]
pub fn ln<R: Double>(x: R) -> R {
    let zero = x.splat(0.0);
    let subnormal = x.splat(f64::MIN_POSITIVE).gt(x);
    let (m, k) = subnormal.select(x * x.splat(18014398509481984.0), x).split();
    let value = ln_parts(k - subnormal.select_or_zero(x.splat(54.0)), m - x.splat(1.0));
    let finite = x.gt(x.splat(f64::MAX)).select(x, value);
    let edge = zero.gt(x).select(x.splat(f64::NAN), x - x.splat(f64::INFINITY));
    x.gt(zero).select(finite, edge)
}

/// A polynomial of six terms in `z`, by pairs.
#[inline(always)]
fn six<R: Double>(c: &[f64; 6], z: R, z2: R) -> R {
    let low = z.mul_add(z.splat(c[1]), z.splat(c[0]));
    let mid = z.mul_add(z.splat(c[3]), z.splat(c[2]));
    let high = z.mul_add(z.splat(c[5]), z.splat(c[4]));
    high.mul_add(z2, mid).mul_add(z2, low)
}

/// `sin(x)` and `cos(x)` up to [`REACH`], by Cody and Waite's reduction `x = k π/2 + r`.
#[inline(always)]
fn sin_cos_within<R: Double>(x: R) -> (R, R) {
    let one = x.splat(1.0);
    let shifted = x.mul_add(x.splat(FRAC_2_PI), x.splat(ROUNDER));
    let k = shifted - x.splat(ROUNDER);
    // The first step is exact: its value is below 1 and a multiple of 2⁻⁵². `rest` is what the second rounds off, which
    // is exact again, and the third.
    let high = k.mul_add(x.splat(-RIGHT_ANGLE[0]), x);
    let r = k.mul_add(x.splat(-RIGHT_ANGLE[1]), high);
    let rest = k.mul_add(x.splat(-RIGHT_ANGLE[2]), k.mul_add(x.splat(-RIGHT_ANGLE[1]), high - r));

    let z = r * r;
    let z2 = z * z;
    // sin(r + rest) = sin(r) + rest and cos(r + rest) = cos(r) - r rest, as far as can be seen.
    let sin = r + (r * z).mul_add(six(&SIN_SERIES, z, z2), rest);
    let half = z * x.splat(0.5);
    let near = one - half;
    let cos = near + z2.mul_add(six(&COS_SERIES, z, z2), r.mul_add(-rest, (one - near) - half));

    let odd = shifted.odd();
    let (turned_sin, turned_cos) = (odd.select(cos, sin), odd.select(sin, cos));
    (turned_sin.negated_if_second(shifted), turned_cos.negated_if_second(shifted + one))
}

#[inline(always)]
fn sin_within<R: Double>(x: R) -> R {
    x.splat(TINY).gt(x.abs()).select(x, sin_cos_within(x).0)
}

#[inline(always)]
fn cos_within<R: Double>(x: R) -> R {
    sin_cos_within(x).1
}

/// Whether some angle is beyond [`REACH`]. Not an angle: not beyond.
#[inline(always)]
fn far<R: Double>(x: R) -> bool {
    x.abs().gt(x.splat(REACH)).any()
}

fn sin_anywhere(x: f64) -> f64 {
    if far(x) { libm::sin(x) } else { sin_within(x) }
}

fn cos_anywhere(x: f64) -> f64 {
    if far(x) { libm::cos(x) } else { cos_within(x) }
}

/// Sine of an angle in radians, within 1 ulp; odd to the last bit.
#[inline(always)]
pub fn sin<R: Double>(x: R) -> R {
    if far(x) { x.map(sin_anywhere) } else { sin_within(x) }
}

/// Cosine of an angle in radians, within 1 ulp; even to the last bit.
#[inline(always)]
pub fn cos<R: Double>(x: R) -> R {
    if far(x) { x.map(cos_anywhere) } else { cos_within(x) }
}

/// Sine and cosine of an angle in radians: hardly dearer than one of them.
#[inline(always)]
pub fn sin_cos<R: Double>(x: R) -> (R, R) {
    if far(x) { (x.map(sin_anywhere), x.map(cos_anywhere)) } else { (sin_within(x), cos_within(x)) }
}

/// `1/(1 + e⁻ˣ)`, within 2 ulp, also where it is tiny.
#[inline(always)]
pub fn sigmoid<R: Double>(x: R) -> R {
    let one = x.splat(1.0);
    let e = exp(-x.abs());
    // 1/(1 + e) or e/(1 + e), with the correction that `tanh` has.
    let top = x.gt(x.splat(0.0)).select(one, e);
    let divisor = e + one;
    let lost = e - (divisor - one);
    let inverse = one / divisor;
    let quotient = top * inverse;
    let remainder = quotient.mul_add(-lost, quotient.mul_add(-divisor, top));
    remainder.mul_add(inverse, quotient)
}

/// `ln(1 + eˣ)`, within 2 ulp, also where it is tiny.
#[inline(always)]
pub fn softplus<R: Double>(x: R) -> R {
    let u = exp(-x.abs());
    // 1 + u = 2 (1 + (u - 1)/2), where that is nearer to 1.
    let half = x.splat(0.5);
    let doubled = u.gt(x.splat(SQRT_2 - 1.0));
    let f = doubled.select(u.mul_add(half, -half), u);
    x.relu() + ln_parts(doubled.select_or_zero(x.splat(1.0)), f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::kernel;
    use crate::lanes::{LANES, Lanes as _, Simd};
    use crate::level::same_on_all;
    use crate::rng::Stream;

    kernel! {
        fn all_functions(x: &[f64; LANES], out: &mut [[f64; LANES]; 7]) = all_functions_body;
    }

    #[inline(always)]
    fn all_functions_body<S: Simd>(simd: S, x: &[f64; LANES], out: &mut [[f64; LANES]; 7]) {
        let x = simd.load(x);
        let (s, c) = sin_cos(x);
        let all = [ln(x), sin(x), cos(x), sigmoid(x), softplus(x), s, c];
        all.into_iter().zip(out).for_each(|(lanes, out)| lanes.store(out));
    }

    /// The bits, but for what a NaN carries along.
    fn bits(x: f64) -> u64 {
        if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
    }

    fn arguments() -> Vec<[f64; LANES]> {
        let mut stream = Stream::root(4).fork("arguments");
        let inf = f64::INFINITY;
        let edges = [
            [0.0, -0.0, 5e-324, -5e-324, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 1.0],
            [inf, -inf, f64::NAN, 1e300, -1e300, REACH, -2.0 * REACH, std::f64::consts::SQRT_2],
        ];
        let mut draw = |i: usize| match i % 3 {
            0 => f64::from_bits(stream.word()),
            1 => stream.uniform(-10.0, 10.0),
            _ => stream.uniform(-800.0, 800.0),
        };
        edges.into_iter().chain((0..3000).map(|_| std::array::from_fn(&mut draw))).collect()
    }

    #[test]
    fn eight_numbers_give_on_every_level_what_each_gives_alone() {
        for x in arguments() {
            let lanes = same_on_all(|| {
                let mut out = [[0.0; LANES]; 7];
                all_functions(&x, &mut out);
                out.map(|lanes| lanes.map(bits))
            });
            for (lane, x) in x.into_iter().enumerate() {
                let (s, c) = sin_cos(x);
                let single = [ln(x), sin(x), cos(x), sigmoid(x), softplus(x), s, c];
                assert_eq!(lanes.map(|lanes| lanes[lane]), single.map(bits), "{x}");
                assert_eq!([s, c].map(bits), [sin(x), cos(x)].map(bits), "{x}");
            }
        }
    }

    #[test]
    fn the_edges_are_right() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        assert!([ln(nan), ln(-1.0), ln(-5e-324), ln(-inf), sin(nan), sin(inf), cos(-inf)].iter().all(|x| x.is_nan()));
        assert!([sigmoid(nan), softplus(nan)].iter().all(|x| x.is_nan()));
        assert_eq!([ln(0.0), ln(-0.0), ln(inf), ln(1.0)], [-inf, -inf, inf, 0.0]);
        assert_eq!([ln(5e-324), ln(f64::MAX)], [-744.4400719213812, 709.782712893384]);
        assert_eq!([sigmoid(0.0), sigmoid(inf), sigmoid(-inf), sigmoid(40.0)], [0.5, 1.0, 0.0, 1.0]);
        assert_eq!([softplus(inf), softplus(-inf), softplus(1e300)], [inf, 0.0, 1e300]);
        assert_eq!([softplus(-745.1), sigmoid(-745.1)], [5e-324; 2]);
        for tiny in [0.0, 5e-324, 1e-300, 1e-20] {
            for x in [tiny, -tiny] {
                assert_eq!(sin(x).to_bits(), x.to_bits(), "{x}");
                assert_eq!([cos(x), sigmoid(x)], [1.0, 0.5], "{x}");
            }
        }
    }

    #[test]
    fn sine_is_odd_and_cosine_even_and_both_are_at_most_one() {
        for x in arguments().into_iter().flatten().filter(|x| x.is_finite()) {
            assert_eq!([bits(sin(-x)), bits(cos(-x))], [bits(-sin(x)), bits(cos(x))], "{x}");
            assert!(sin(x).abs() <= 1.0 && cos(x).abs() <= 1.0, "{x}");
        }
        for k in -40..40 {
            let x = f64::from(k) * FRAC_PI_2;
            let (one, other) = if k % 2 == 0 { (cos(x), sin(x)) } else { (sin(x), cos(x)) };
            assert!(one.abs() == 1.0 && other.abs() < 1e-14, "{x}");
        }
    }

    /// The platform is wrong, or a definition changed, when one of these moves.
    #[test]
    fn the_bits_of_many_values_are_the_known_ones() {
        let digest = |f: fn(f64) -> f64| {
            let values = arguments().into_iter().flatten().map(|x| bits(f(x)));
            values.fold(0u64, |digest, bits| (digest ^ bits).wrapping_mul(0x0000_0100_0000_01b3))
        };
        assert_eq!(
            [|x: f64| ln(x.abs()), sin, cos, sigmoid, softplus].map(digest),
            [
                12829161206922675430,
                5291554565966595167,
                13190246509507138535,
                1132345469305249986,
                14243495240200808529
            ]
        );
    }

    #[test]
    fn the_leading_part_of_ln_2_leaves_room_for_an_exponent() {
        assert_eq!(LN_2_PARTS[0].to_bits().trailing_zeros(), 11);
        assert_eq!(LN_2_PARTS[0] + LN_2_PARTS[1], std::f64::consts::LN_2);
    }
}

//! The dispatch of hot loops: one source, compiled for the plainest machine and for wider ones, with the same bits from all.
//! It knows nothing of what the loops compute.
//!
//! Why the bits agree: every `f64` operation a kernel may use (`+ - * /`, `sqrt`, `mul_add`, comparisons) is correctly
//! rounded by IEEE 754, in hardware or in software; the compiler neither reorders nor fuses them; and sums over many terms
//! run in [`LANES`] logical lanes whatever the width of the registers. Without the instructions `mul_add` is a slow call
//! (about 3 ns); so bodies and their helpers must be `#[inline(always)]`, lest they be compiled outside of the dispatch.

use crate::lanes::{LANES, fold};

/// Defines functions that dispatch to a body, which is compiled for every [level](crate::level::Level): they look which
/// one is in force and go in.
///
/// The signature is an ordinary one, with named arguments and at most const generics. The body is a function that is generic
/// over [`Simd`](crate::lanes::Simd), takes the token as its first argument, and is `#[inline(always)]`: loops that want
/// eight lanes in their hands take them from the token; others leave them to the compiler.
///
/// ```ignore
/// kernel! {
///     /// Scales in place.
///     pub fn scale(x: &mut [[f64; 8]], by: f64) = scale_body;
/// }
///
/// #[inline(always)]
/// fn scale_body<S: Simd>(simd: S, x: &mut [[f64; 8]], by: f64) {
///     for block in x {
///         (simd.load(block) * simd.splat(by)).store(block);
///     }
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __kernel {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident $(<$(const $size:ident: $kind:ty),+>)? (
        $($arg:ident: $type:ty),* $(,)?
    ) $(-> $ret:ty)? = $body:ident;)+) => {$(
        $(#[$meta])*
        $vis fn $name $(<$(const $size: $kind),+>)? ($($arg: $type),*) $(-> $ret)? {
            match $crate::level::level() {
                #[cfg(target_arch = "x86_64")]
                $crate::level::Level::Avx512 => {
                    #[target_feature(enable = "avx512f,avx512dq")]
                    fn wide $(<$(const $size: $kind),+>)? ($($arg: $type),*) $(-> $ret)? {
                        $body::<_ $($(, $size)+)?>($crate::lanes_avx512::Avx512::here() $(, $arg)*)
                    }
                    // SAFETY: `wide` is a safe function but for the instructions it contains; `level` has asked the
                    // processor for exactly those.
                    #[allow(unsafe_code)]
                    unsafe { wide $(::<$($size),+>)? ($($arg),*) }
                }
                #[cfg(target_arch = "x86_64")]
                $crate::level::Level::Avx2 => {
                    #[target_feature(enable = "avx2,fma")]
                    fn wide $(<$(const $size: $kind),+>)? ($($arg: $type),*) $(-> $ret)? {
                        $body::<_ $($(, $size)+)?>($crate::lanes_avx2::Avx2::here() $(, $arg)*)
                    }
                    // SAFETY: as above.
                    #[allow(unsafe_code)]
                    unsafe { wide $(::<$($size),+>)? ($($arg),*) }
                }
                #[cfg(target_arch = "aarch64")]
                $crate::level::Level::Neon => {
                    $body::<_ $($(, $size)+)?>($crate::lanes_arm::Neon $(, $arg)*)
                }
                _ => $body::<_ $($(, $size)+)?>($crate::lanes_plain::Plain $(, $arg)*),
            }
        }
    )+};
}
pub use __kernel as kernel;

/// The sum of a slice in the fixed order: each lane over the blocks, then [`fold`]. For use inside kernels.
#[inline(always)]
pub fn sum(x: &[f64]) -> f64 {
    let (blocks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] += block[lane];
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += x;
    }
    fold(lanes)
}

/// The inner product of two slices of equal length, in the order of [`sum`]. For use inside kernels.
#[inline(always)]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "an inner product needs equal lengths");
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] = a[lane].mul_add(b[lane], lanes[lane]);
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane = a.mul_add(*b, *lane);
    }
    fold(lanes)
}

/// `y += factor * x`, element by element. For use inside kernels.
#[inline(always)]
pub fn axpy(factor: f64, x: &[f64], y: &mut [f64]) {
    assert_eq!(x.len(), y.len(), "a sum needs equal lengths");
    // By the block, lest the compiler unroll so far that short slices are worked off one by one.
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks_mut::<LANES>());
    for (y, x) in y.iter_mut().zip(x) {
        for lane in 0..LANES {
            y[lane] = factor.mul_add(x[lane], y[lane]);
        }
    }
    for (y, x) in y_rest.iter_mut().zip(x_rest) {
        *y = factor.mul_add(*x, *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{Double, Lanes as _, Mask as _, Real as _, Simd};
    use crate::level::same_on_all;
    use crate::math;
    use crate::rng::Stream;

    kernel! {
        fn sum_of_tanh(x: &[f64], work: &mut [f64]) -> f64 = sum_of_tanh_body;
        fn tower(x: &mut [f64]) = tower_body;
        fn inner(a: &[f64], b: &mut [f64]) -> f64 = inner_body;
        fn halves<const N: usize>(x: [f64; N]) -> [f64; N] = halves_body;
    }

    #[inline(always)]
    fn sum_of_tanh_body<S: Simd>(_: S, x: &[f64], work: &mut [f64]) -> f64 {
        for (work, x) in work.iter_mut().zip(x) {
            *work = math::tanh(*x);
        }
        sum(work)
    }

    #[inline(always)]
    fn tower_body<S: Simd>(_: S, x: &mut [f64]) {
        for x in x {
            *x = math::exp(math::expm1(*x));
        }
    }

    #[inline(always)]
    fn inner_body<S: Simd>(_: S, a: &[f64], b: &mut [f64]) -> f64 {
        axpy(0.3, a, b);
        dot(a, b)
    }

    #[inline(always)]
    fn halves_body<S: Simd, const N: usize>(_: S, x: [f64; N]) -> [f64; N] {
        x.map(|x| 0.5 * x)
    }

    fn draws(count: usize) -> Vec<f64> {
        let mut stream = Stream::root(3).fork("draws");
        let mut x: Vec<f64> = (0..count).map(|_| 4.0 * stream.normal()).collect();
        let special = [0.0, -0.0, 5e-324, -1e-310, 1e300, -1e300, f64::INFINITY, -20.0, 0.17328679513998632];
        for (x, special) in x.iter_mut().zip(special) {
            *x = special;
        }
        x
    }

    fn bits(x: &[f64]) -> Vec<u64> {
        x.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        let x = draws(10_007);
        same_on_all(|| {
            let (mut tanh, mut towers, mut b) = (x.clone(), x[9..].to_vec(), x[9..].to_vec());
            let total = sum_of_tanh(&x, &mut tanh);
            tower(&mut towers);
            let inner = inner(&x[9..], &mut b);
            (bits(&[total, inner]), bits(&tanh), bits(&towers), bits(&b))
        });
    }

    /// Numbers of every kind, NaN among them, eight at a time, and all of them against all.
    fn kinds() -> Vec<[f64; LANES]> {
        let special = [0.0, -0.0, 5e-324, -1e-310, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        // Near each other, so that a comparison may hold everywhere; the first all lie where tanh is a polynomial.
        let [low, high] = [0.125, 1.75].map(|start| std::array::from_fn(|lane| start + lane as f64 / 64.0));
        let drawn = draws(64);
        [special, low, high].into_iter().chain(drawn.as_chunks().0.iter().copied()).collect()
    }

    kernel! {
        fn every_operation(
            x: &[f64; LANES],
            y: &[f64; LANES],
            z: &[f64; LANES],
            out: &mut [[f64; LANES]; 25],
        ) = every_operation_body;
    }

    #[inline(always)]
    fn every_operation_body<S: Simd>(
        simd: S,
        x: &[f64; LANES],
        y: &[f64; LANES],
        z: &[f64; LANES],
        out: &mut [[f64; LANES]; 25],
    ) {
        let (a, b, c) = (simd.load(x), simd.load(y), simd.load(z));
        let all = [
            a + b,
            a - b,
            a * b,
            a / b,
            -a,
            a.mul_add(b, c),
            a.abs(),
            a.copysign(b),
            a.abs().sqrt(),
            b.gt(c).select(a, b),
            b.gt(c).select_or_zero(a),
            a.clamp_max(b),
            a.relu(),
            simd.splat(3.0),
            (a.splat(6755399441055744.0) + a.splat(7.0)).power_of_two(),
            math::tanh(a),
            a.clamp_min(b),
            a.split().0,
            a.split().1,
            b.odd().select_or_zero(a),
            a.negated_if_second(b),
            a.map(third),
            anywhere(a, b).select_or_zero(a.splat(1.0)),
            everywhere(a, b).select_or_zero(a.splat(1.0)),
            tame(a).masked_mul_add(b.gt(c), tame(b), tame(c)) + a.splat(0.0),
        ];
        all.into_iter().zip(out).for_each(|(lanes, out)| lanes.store(out));
    }

    fn third(x: f64) -> f64 {
        x / 3.0
    }

    /// A factor that is finite, as `masked_mul_add` asks for.
    #[inline(always)]
    fn tame<R: Double>(x: R) -> R {
        x.splat(1e150).gt(x.abs()).select(x, x.splat(1.5))
    }

    /// Yes in every lane, where `a > b` in any.
    #[inline(always)]
    fn anywhere<R: Double>(a: R, b: R) -> R::Mask {
        let any = if a.gt(b).any() { 1.0 } else { 0.0 };
        a.splat(any).gt(a.splat(0.5))
    }

    /// Yes in every lane, where `a > b` in all.
    #[inline(always)]
    fn everywhere<R: Double>(a: R, b: R) -> R::Mask {
        let all = if a.gt(b).all() { 1.0 } else { 0.0 };
        a.splat(all).gt(a.splat(0.5))
    }

    /// The bits, but for what a NaN carries along: which of two is passed on is no arithmetic.
    fn bits_of(x: f64) -> u64 {
        if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
    }

    #[test]
    fn every_operation_of_lanes_is_that_of_single_numbers() {
        let kinds = kinds();
        for (x, y, z) in kinds.iter().flat_map(|x| kinds.iter().map(move |y| (x, y, x))).map(|(x, y, z)| {
            let mut turned = *z;
            turned.rotate_left(3);
            (x, y, turned)
        }) {
            let lanes = same_on_all(|| {
                let mut out = [[0.0; LANES]; 25];
                every_operation(x, y, &z, &mut out);
                out.map(|lanes| lanes.map(bits_of))
            });
            for lane in 0..LANES {
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
                    or(a > 0.0, a, 0.0),
                    3.0,
                    128.0,
                    math::tanh(a),
                    or(b > a, b, a),
                    a.split().0,
                    a.split().1,
                    or(b.to_bits() & 1 == 1, a, 0.0),
                    or(b.to_bits() & 2 == 2, -a, a),
                    a / 3.0,
                    or(x.iter().zip(y).any(|(x, y)| x > y), 1.0, 0.0),
                    or(x.iter().zip(y).all(|(x, y)| x > y), 1.0, 0.0),
                    or(b > c, tame(a).mul_add(tame(b), tame(c)), tame(c)) + 0.0,
                ];
                assert_eq!(lanes.map(|lanes| lanes[lane]), single.map(bits_of), "{a} {b} {c}");
            }
        }
    }

    #[test]
    fn a_split_number_is_put_together_again() {
        for x in draws(1000).into_iter().map(f64::abs).filter(|x| x.is_normal()) {
            let (m, k) = x.split();
            assert!((std::f64::consts::FRAC_1_SQRT_2..std::f64::consts::SQRT_2).contains(&m), "{x}");
            assert_eq!(m * math::powi(2.0, k as i32), x);
        }
    }

    #[test]
    fn sums_keep_the_stated_order() {
        for count in [0, 1, 7, 8, 9, 16, 61] {
            let x = draws(count + 9).split_off(9);
            let mut padded = x.clone();
            padded.resize(count.next_multiple_of(LANES), 0.0);
            let lane = |lane: usize| padded.iter().skip(lane).step_by(LANES).fold(0.0, |sum, x| sum + x);
            let [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(lane);
            let expected = ((a + e) + (c + g)) + ((b + f) + (d + h));
            assert_eq!(sum(&x).to_bits(), expected.to_bits(), "{count} terms");
            assert_eq!(dot(&x, &vec![1.0; count]).to_bits(), expected.to_bits(), "{count} terms");
        }
        assert_eq!(halves([1.0, 3.0]), [0.5, 1.5]);
    }
}

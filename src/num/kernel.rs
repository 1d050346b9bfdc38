//! The door of hot loops: one source, compiled for the plainest machine and for AVX2 + FMA, with the same bits from both.
//! It knows nothing of what the loops compute. This file holds the only `unsafe` of the crate.
//!
//! Why the bits agree: every `f64` operation a kernel may use (`+ - * /`, `sqrt`, `mul_add`, comparisons) is correctly
//! rounded by IEEE 754, in hardware or in software; the compiler neither reorders nor fuses them; and sums over many terms
//! run in [`LANES`] logical lanes whatever the width of the registers. Without the instructions `mul_add` is a slow call
//! (about 3 ns); so helpers must be `#[inline(always)]`, lest they be compiled outside of the door.

use std::cell::Cell;

/// The logical lanes of every reduction: element `i` belongs to lane `i % LANES`, on every machine.
pub const LANES: usize = 8;

thread_local! {
    static PORTABLE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` with every kernel of this thread held to its portable body: how tests compare the two.
pub fn portable<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            PORTABLE.set(self.0);
        }
    }
    let _restore = Restore(PORTABLE.replace(true));
    work()
}

/// Whether kernels take their AVX2 + FMA body: the processor has both, and [`portable`] is not in force.
#[inline]
pub fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    let able = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let able = false;
    able && !PORTABLE.get()
}

/// Defines functions whose body is compiled twice: plainly, and for AVX2 + FMA where the processor has them.
///
/// The signature is an ordinary one, with named arguments and at most const generics:
///
/// ```ignore
/// kernel! {
///     /// Scales in place.
///     pub fn scale<const N: usize>(x: &mut [[f64; N]], by: f64) {
///         for block in x {
///             *block = block.map(|x| x * by);
///         }
///     }
/// }
/// ```
macro_rules! kernel {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident $(<$(const $size:ident: $kind:ty),+>)? (
        $($arg:ident: $type:ty),* $(,)?
    ) $(-> $ret:ty)? $body:block)+) => {$(
        $(#[$meta])*
        $vis fn $name $(<$(const $size: $kind),+>)? ($($arg: $type),*) $(-> $ret)? {
            #[inline(always)]
            fn body $(<$(const $size: $kind),+>)? ($($arg: $type),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            if $crate::num::kernel::is_wide() {
                #[target_feature(enable = "avx2,fma")]
                fn wide $(<$(const $size: $kind),+>)? ($($arg: $type),*) $(-> $ret)? {
                    body $(::<$($size),+>)? ($($arg),*)
                }
                // SAFETY: `wide` is a safe function but for the instructions it may contain; `is_wide` has asked the
                // processor for exactly those.
                #[allow(unsafe_code)]
                return unsafe { wide $(::<$($size),+>)? ($($arg),*) };
            }
            body $(::<$($size),+>)? ($($arg),*)
        }
    )+};
}
pub(crate) use kernel;

/// Adds up eight lanes by the one fixed tree: halves onto each other.
#[inline(always)]
pub fn fold(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

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
    for (y, x) in y.iter_mut().zip(x) {
        *y = factor.mul_add(*x, *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::math;
    use crate::num::rng::Stream;

    kernel! {
        fn sum_of_tanh(x: &[f64], work: &mut [f64]) -> f64 {
            for (work, x) in work.iter_mut().zip(x) {
                *work = math::tanh(*x);
            }
            sum(work)
        }

        fn tower(x: &mut [f64]) {
            for x in x {
                *x = math::exp(math::expm1(*x));
            }
        }

        fn inner(a: &[f64], b: &mut [f64]) -> f64 {
            axpy(0.3, a, b);
            dot(a, b)
        }

        fn halves<const N: usize>(x: [f64; N]) -> [f64; N] {
            x.map(|x| 0.5 * x)
        }
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
    fn both_bodies_give_the_same_bits() {
        let x = draws(10_007);
        let run = || {
            let (mut tanh, mut towers, mut b) = (x.clone(), x[9..].to_vec(), x[9..].to_vec());
            let total = sum_of_tanh(&x, &mut tanh);
            tower(&mut towers);
            let inner = inner(&x[9..], &mut b);
            (bits(&[total, inner]), bits(&tanh), bits(&towers), bits(&b))
        };
        assert_eq!(run(), portable(run));
    }

    #[test]
    fn the_portable_body_is_in_force_only_while_asked_for() {
        let before = is_wide();
        assert!(!portable(is_wide));
        let after_an_inner_one = portable(|| {
            portable(|| ());
            is_wide()
        });
        assert!(!after_an_inner_one);
        let _ = std::panic::catch_unwind(|| portable(|| panic!("as a failing test would")));
        assert_eq!(is_wide(), before);
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

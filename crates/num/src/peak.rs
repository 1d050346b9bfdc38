//! The machine's own limit: fused multiply-adds that wait for nothing, against which benches hold kernels.
//! It computes nothing that anyone wants to know.

use crate::element::Element;
use crate::kernel::kernel;
use crate::lanes::Simd;

kernel! {
    /// So many turns of independent chains in double precision; returns the operations done, two for each fused one.
    pub fn doubles(turns: usize) -> f64 = doubles_body;

    /// The same in single precision.
    pub fn singles(turns: usize) -> f64 = singles_body;
}

#[inline(always)]
fn doubles_body<S: Simd>(simd: S, turns: usize) -> f64 {
    chains::<f64, _>(simd, [0.5, 0.25], turns)
}

#[inline(always)]
fn singles_body<S: Simd>(simd: S, turns: usize) -> f64 {
    chains::<f32, _>(simd, [0.5, 0.25], turns)
}

/// As many chains as hide the latency and fit in the registers.
#[inline(always)]
fn chains<T: Element, S: Simd>(simd: S, factors: [T; 2], turns: usize) -> f64 {
    if S::REGISTERS >= 32 { turn::<T, S, 16>(simd, factors, turns) } else { turn::<T, S, 6>(simd, factors, turns) }
}

#[inline(always)]
fn turn<T: Element, S: Simd, const N: usize>(simd: S, [x, y]: [T; 2], turns: usize) -> f64 {
    let (x, y) = (T::splat(simd, std::hint::black_box(x)), T::splat(simd, std::hint::black_box(y)));
    let mut sums = [y; N];
    for _ in 0..turns {
        for chain in 0..N {
            sums[chain] = T::mul_add::<S>(sums[chain], x, y);
        }
    }
    let mut seen = [T::ZEROS; N];
    for chain in 0..N {
        T::store::<S>(sums[chain], &mut seen[chain]);
    }
    std::hint::black_box(&mut seen);
    (2 * N * T::WIDTH * turns) as f64
}

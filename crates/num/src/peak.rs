//! The machine's own limit: fused multiply-adds that wait for nothing, against which benches hold kernels.
//! It computes nothing that anyone wants to know.

use crate::element::Element;
use crate::kernel::kernel;
use crate::lanes::Machine;

kernel! {
    /// So many turns of independent chains in double precision; returns the operations done, two for each fused one.
    pub fn doubles(m, turns: usize) -> f64 {
        chains::<f64, _>(m, [0.5, 0.25], turns)
    }

    /// The same in single precision.
    pub fn singles(m, turns: usize) -> f64 {
        chains::<f32, _>(m, [0.5, 0.25], turns)
    }
}

/// As many chains as hide the latency and fit in the registers.
#[inline(always)]
fn chains<T: Element, M: Machine>(m: M, factors: [T; 2], turns: usize) -> f64 {
    if M::REGISTERS >= 32 { turn::<T, M, 16>(m, factors, turns) } else { turn::<T, M, 6>(m, factors, turns) }
}

#[inline(always)]
fn turn<T: Element, M: Machine, const N: usize>(m: M, [x, y]: [T; 2], turns: usize) -> f64 {
    let (x, y) = (T::splat(m, std::hint::black_box(x)), T::splat(m, std::hint::black_box(y)));
    let mut sums = [y; N];
    for _ in 0..turns {
        for chain in 0..N {
            sums[chain] = T::mul_add::<M>(sums[chain], x, y);
        }
    }
    let mut seen = [T::ZEROS; N];
    for chain in 0..N {
        T::store::<M>(sums[chain], &mut seen[chain]);
    }
    std::hint::black_box(&mut seen);
    (2 * N * T::WIDTH * turns) as f64
}

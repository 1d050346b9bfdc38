//! Kernels against the machine's own limit, as ratios within one run: shares of its peak of fused multiply-adds, and
//! speed-up over the plain loop that a textbook has.
//!
//! `cargo bench --bench kernels`, perhaps with a word that the kernels' names must have: `… -- product`. A kernel is a
//! function that returns [`Kernel`]s; `main` lists them.

use condense::num::level::{self, LEVELS, Level};
use condense::num::matrix::{Matrix, MatrixMut};
use condense::num::peak;
use condense::num::product::{Factor, product};
use condense::num::rng::Stream;
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;

/// Rounds; in each, everything is timed, so that a drift of the machine hits all alike.
const ROUNDS: usize = 9;
/// A round takes the best of so many goes: what other processes do to the caches is not the kernel's.
const GOES: usize = 5;
/// Turns of the peak's chains: about a millisecond.
const TURNS: usize = 300_000;

/// What is timed, and what it is compared with.
struct Kernel {
    name: String,
    /// Peak of single precision, not of double.
    single: bool,
    /// Does the work; returns its floating-point operations.
    work: Box<dyn FnMut() -> f64>,
    /// The same by a plain loop, or a part of it.
    plain: Box<dyn FnMut() -> f64>,
}

fn main() {
    let word = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let mut kernels = products();
    kernels.retain(|kernel| kernel.name.contains(&word));
    let force = level::level();
    for level in LEVELS
        .into_iter()
        .rev()
        .filter(|level| *level != Level::Baseline && *level <= force && level::processor_has(*level))
    {
        level::at_most(level, || show(level, &mut kernels));
    }
}

/// Measures all kernels on one level and prints a line for each.
fn show(level: Level, kernels: &mut [Kernel]) {
    let mut peaks = [Vec::new(), Vec::new()];
    let mut rates = vec![[Vec::new(), Vec::new()]; kernels.len()];
    for _ in 0..ROUNDS {
        let peak = [rate(&mut || peak::doubles(TURNS)), rate(&mut || peak::singles(TURNS))];
        peaks.iter_mut().zip(peak).for_each(|(peaks, peak)| peaks.push(peak));
        for (kernel, [shares, gains]) in kernels.iter_mut().zip(&mut rates) {
            let own = rate(&mut kernel.work);
            shares.push(own / peak[usize::from(kernel.single)]);
            gains.push(own / rate(&mut kernel.plain));
        }
    }
    let [double, single] = peaks.map(|peaks| median(peaks) / 1e9);
    println!("{level:?}: peak {double:.1} GFLOP/s in double precision, {single:.1} in single");
    for (kernel, [shares, gains]) in kernels.iter().zip(rates) {
        let (share, gain) = (100.0 * median(shares), median(gains));
        println!("  {:<28} {share:>5.1} % of peak {gain:>8.1}x the plain loop", kernel.name);
    }
}

/// Operations in a second of this thread's own time, in the best of some goes.
fn rate(work: &mut dyn FnMut() -> f64) -> f64 {
    let go = |_| {
        let start = seconds();
        let operations = work();
        operations / (seconds() - start)
    };
    (0..GOES).map(go).fold(0.0, f64::max)
}

/// What this thread has had of a processor.
fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Products of matrices.
fn products() -> Vec<Kernel> {
    let shapes = [[512; 3], [1024; 3], [20, 1000, 1000]];
    let double = shapes.map(|shape| one_product(shape, false, |x| x));
    let single = shapes.map(|shape| one_product(shape, true, |x| x as f32));
    double.into_iter().chain(single).collect()
}

fn one_product<T>([m, k, n]: [usize; 3], single: bool, number: impl Fn(f64) -> T) -> Kernel
where
    T: Factor + std::ops::Mul<Output = T> + std::ops::Add<Output = T>,
{
    let mut stream = Stream::root(1);
    let mut draw = |count: usize| (0..count).map(|_| number(stream.normal())).collect::<Vec<T>>();
    let (a, b) = (draw(m * k), draw(k * n));
    let (own_a, own_b, mut c) = (a.clone(), b.clone(), vec![T::ZERO; m * n]);
    let work = move || {
        product(Matrix::new(&own_a, m, k), Matrix::new(&own_b, k, n), MatrixMut::new(&mut c, m, n));
        black_box(&mut c);
        (2 * m * k * n) as f64
    };
    // One row is enough to know the loop's rate.
    let mut row = vec![T::ZERO; n];
    let plain = move || {
        for (j, c) in row.iter_mut().enumerate() {
            *c = (0..k).fold(T::ZERO, |sum, l| sum + a[l] * b[l * n + j]);
        }
        black_box(&mut row);
        (2 * k * n) as f64
    };
    let name = format!("product {m}x{k}x{n} f{}", if single { 32 } else { 64 });
    Kernel { name, single, work: Box::new(work), plain: Box::new(plain) }
}

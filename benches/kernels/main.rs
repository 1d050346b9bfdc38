//! Kernels against the machine's own limit, as ratios within one run: shares of what it can do at best, and speed-up over
//! the plain loop that a textbook has.
//!
//! `cargo bench --bench kernels`, perhaps with a word that the kernels' names must have: `… -- product`. A kernel is a
//! function that returns [`Kernel`]s; `main` lists them. The last line is about two threads instead of one.
//!
//! Plain loops are compiled for what every processor of the architecture has, as a plain program is, and do not change
//! with the level. They call no fused multiply-add, which there would be a function of the C library.

mod decompositions;
mod images;
#[allow(dead_code)] // what other workloads begin with
#[path = "../workloads/inputs.rs"]
mod inputs;
mod products;
mod sequences;
mod splines;
mod threads;
mod two_layer;

use condense::num::level::{self, LEVELS, Level};
use condense::num::peak;
use rustix::time::{ClockId, clock_gettime};

/// Rounds; in each, everything is timed, so that a drift of the machine hits all alike.
const ROUNDS: usize = 9;
/// A round takes the best of so many goes: what other processes do to the caches is not the kernel's.
const GOES: usize = 5;
/// Turns of the peak's chains: about a millisecond.
const TURNS: usize = 300_000;

/// What is timed, and what it is compared with.
struct Kernel {
    name: String,
    limit: Limit,
    /// Does the work; returns its operations.
    work: Box<dyn FnMut() -> f64>,
    /// The same by a plain loop, or a part of it; its operations, counted as those of `work`.
    plain: Box<dyn FnMut() -> f64>,
}

/// What no kernel can exceed.
#[derive(Clone, Copy)]
enum Limit {
    /// The peak of floating-point operations in double precision.
    Doubles,
    /// The same in single precision.
    Singles,
    /// The peak of vector operations in double precision, each of which keeps a port as busy as a fused multiply-add does:
    /// operations are counted double.
    Ports,
    /// None is known: what the work needs is found out by doing it.
    Unknown,
}

fn main() {
    let word = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let families =
        [products::all(), two_layer::all(), images::all(), sequences::all(), splines::all(), decompositions::all()];
    let mut kernels: Vec<Kernel> = families.into_iter().flatten().collect();
    kernels.retain(|kernel| kernel.name.contains(&word));
    let output_gradient = level::level();
    for level in LEVELS
        .into_iter()
        .rev()
        .filter(|level| *level != Level::Baseline && *level <= output_gradient && level::processor_has(*level))
    {
        level::at_most(level, || show(level, &mut kernels));
    }
    if threads::NAME.contains(&word) {
        println!("{}: {}", threads::NAME, threads::gain());
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
            shares.push(own / peak[usize::from(matches!(kernel.limit, Limit::Singles))]);
            gains.push(own / rate(&mut kernel.plain));
        }
    }
    let [double, single] = peaks.map(|peaks| median(peaks) / 1e9);
    println!("{level:?}: peak {double:.1} GFLOP/s in double precision, {single:.1} in single");
    for (kernel, [shares, gains]) in kernels.iter().zip(rates) {
        let (share, gain) = (100.0 * median(shares), median(gains));
        let share = match kernel.limit {
            Limit::Doubles | Limit::Singles => format!("{share:.1} % of peak"),
            Limit::Ports => format!("{share:.1} % of ports"),
            Limit::Unknown => String::new(),
        };
        println!("  {:<38} {share:>16} {gain:>8.1}x the plain loop", kernel.name);
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

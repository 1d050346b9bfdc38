//! The elementary functions of hot loops, as ratios within one run: eight lanes in the hand, against a loop over single
//! numbers that the compiler makes vectors of, and against `libm`.
//!
//! `cargo bench --bench functions`. One core; arguments and values lie in the first-level cache.

use condense::num::level::{LEVELS, Level, at_most, processor_has};
use condense::num::{each, functions, math};
use std::time::Instant;

/// Rounds; in each, everything is timed once, so that a drift of the machine hits all alike.
const ROUNDS: usize = 201;

/// Passes over the arguments that are timed together.
const PASSES: usize = 5;

const COUNT: usize = 2048;

/// Writes a function of every number.
type Pass = fn(&[f64], &mut [f64]);

/// Rows of a table: the name, smallest and largest argument, and the function in lanes, in a plain loop and from `libm`.
macro_rules! rows {
    ($($name:ident $own:path, $libm:path, $low:expr, $high:expr;)+) => {
        [$((stringify!($name), [$low, $high], {
            // The compiler may use what AVX2 has, as it may inside a kernel.
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
            fn loops(x: &[f64], values: &mut [f64]) {
                for (x, value) in x.iter().zip(values) {
                    *value = $own(*x);
                }
            }
            fn plain(x: &[f64], values: &mut [f64]) {
                // SAFETY: `main` has asked the processor.
                #[allow(unsafe_code, unused_unsafe)]
                unsafe {
                    loops(x, values);
                }
            }
            fn library(x: &[f64], values: &mut [f64]) {
                for (x, value) in x.iter().zip(values) {
                    *value = $libm(*x);
                }
            }
            [each::$name, plain, library]
        })),+]
    };
}

fn main() {
    if cfg!(target_arch = "x86_64") && !processor_has(Level::Avx2) {
        println!("no AVX2 here: nothing to compare with");
        return;
    }
    let rows: [(&str, [f64; 2], [Pass; 3]); 8] = rows! {
        tanh math::tanh, libm::tanh, -4.0, 4.0;
        exp math::exp, libm::exp, -8.0, 8.0;
        expm1 math::expm1, libm::expm1, -8.0, 8.0;
        ln functions::ln, libm::log, 1e-3, 8.0;
        sin functions::sin, libm::sin, -8.0, 8.0;
        cos functions::cos, libm::cos, -8.0, 8.0;
        sigmoid functions::sigmoid, sigmoid, -8.0, 8.0;
        softplus functions::softplus, softplus, -8.0, 8.0;
    };
    println!("{:<10}{:<10}{:>12}{:>14}{:>10}", "function", "level", "ns/element", "x plain loop", "x libm");
    for (name, [low, high], passes) in rows {
        let x: Vec<f64> = (0..COUNT).map(|i| low + (high - low) * ((i * 1103) % COUNT) as f64 / COUNT as f64).collect();
        for level in LEVELS.into_iter().filter(|level| *level != Level::Baseline && processor_has(*level)) {
            let [lanes, plain, library] = at_most(level, || times(&passes, &x));
            println!("{name:<10}{level:<10?}{lanes:>12.3}{:>14.2}{:>10.1}", plain / lanes, library / lanes);
        }
    }
    println!("(medians of {ROUNDS} rounds; the plain loop is compiled for AVX2)");
}

/// Median nanoseconds an element of each.
fn times(passes: &[Pass; 3], x: &[f64]) -> [f64; 3] {
    let mut values = vec![0.0; x.len()];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (pass, times) in passes.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..PASSES {
                pass(x, &mut values);
                std::hint::black_box(&mut values);
            }
            times.push(start.elapsed().as_secs_f64() * 1e9 / (PASSES * x.len()) as f64);
        }
    }
    times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

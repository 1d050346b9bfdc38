//! Two threads instead of one: a sweep of independent trainings, by the clock on the wall.
//! It knows nothing of more threads. A busy machine shows here, so the processors that the two had are printed beside the
//! gain: only what is missing from those is the trainings' own.

use crate::{ROUNDS, inputs, median, seconds};
use condense::experiment::Context;
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::training::rule::Sgd;
use condense_nn::training::train::Trainer;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

pub const NAME: &str = "two threads";

const TRAININGS: usize = 64;
const STEPS: usize = 500;

/// How much faster two threads are than one, in words.
pub fn gain() -> String {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return "skipped, for there is one processor".to_owned();
    }
    let start = |k: usize| {
        let drawn = inputs::normals(200 + k as u64, 300).into_iter().map(|normal| 0.1 * normal);
        inputs::neurons(&drawn.collect::<Vec<_>>())
    };
    let starts: Vec<_> = (0..TRAININGS).map(start).collect();
    let (mut gains, mut shares) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Neither is always first.
        let mut took = [[0.0; 2]; 2];
        for threads in if round % 2 == 0 { [1, 2] } else { [2, 1] } {
            took[threads - 1] = sweep(&starts, threads);
        }
        let [[one, _], [two, processors]] = took;
        gains.push(one / two);
        shares.push(processors / two);
    }
    let (gain, share) = (median(gains), median(shares));
    format!("{gain:.2}x one, on {share:.2} processors ({TRAININGS} trainings of tanh 100, 20 points, {STEPS} steps)")
}

/// Seconds of all trainings, by the clock and of processors; each thread takes the next training that nobody has.
fn sweep(starts: &[Vec<Neuron<2>>], threads: usize) -> [f64; 2] {
    let (samples, next) = (inputs::line(20), AtomicUsize::new(0));
    let start = Instant::now();
    let processors = std::thread::scope(|scope| {
        let thread = || {
            scope.spawn(|| {
                while let Some(neurons) = starts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let net = Packed::new(Activation::Tanh, neurons);
                    let mut trainer = Trainer::new(net, &samples, Sgd { rate: 0.02, momentum: 0.0 });
                    (0..STEPS).for_each(|_| trainer.step(&Context::plain()));
                    black_box(trainer.loss());
                }
                seconds()
            })
        };
        let threads: Vec<_> = (0..threads).map(|_| thread()).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    [start.elapsed().as_secs_f64(), processors]
}

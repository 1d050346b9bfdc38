//! Memory: what an experiment says it holds at once is what it holds, and a million neurons fit into a gigabyte.
//! An allocator counts what each thread holds: experiments run in the thread of their test.
#![allow(unsafe_code)] // an allocator cannot be written otherwise; it hands everything on to the system's

use crate::smallest;
use condense::num::rng::Stream;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::Point;
use condense_nn::training::flow::Flow;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// What is small beside large arrays: names, records, the columns of a figure's tables.
const SLACK: usize = 1 << 20;

const GIBIBYTE: usize = 1 << 30;

struct Counter;

thread_local! {
    /// What this thread holds, less than nothing where it gave back what another had taken; and the most that it held.
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    HELD.with(|held| {
        let (now, peak) = held.get();
        held.set((now + bytes, peak.max(now + bytes)));
    });
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: what the caller promises is promised on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTER: Counter = Counter;

/// The most that `work` held at once in this thread, in bytes.
fn held(work: impl FnOnce()) -> usize {
    let (before, _) = HELD.get();
    HELD.set((before, before));
    work();
    let (_, peak) = HELD.get();
    (peak - before) as usize
}

#[test]
fn no_experiment_holds_more_than_it_says() {
    for figure in &smallest::paper("smoke").manifest.figures {
        let Some(entry) = smallest::entry(figure) else { continue };
        let Some(says) = entry.working_set(&figure.params) else { continue };
        let holds = held(|| drop(smallest::run(figure, entry)));
        assert!(holds <= says + SLACK, "{} holds {holds} bytes and says {says}", figure.id);
    }
}

#[test]
fn every_figure_of_the_paper_fits_into_a_gibibyte() {
    for figure in &smallest::paper("default").manifest.figures {
        let Some(entry) = smallest::entry(figure) else { continue };
        let Some(says) = entry.working_set(&figure.params) else { continue };
        assert!(says <= GIBIBYTE, "{} holds {says} bytes", figure.id);
    }
}

#[test]
fn a_million_neurons_fit_into_a_gibibyte() {
    const NEURONS: usize = 1_000_000;
    let holds = held(|| {
        let network = mirrored_network(Point { gamma: 1.2, gamma_prime: 0.0 }, NEURONS as f64, NEURONS);
        let theta = network.draw_mirrored([1.0, 1.0], &mut Stream::root(1));
        let mut flow = Flow::new(&network, theta, 0.05);
        for _ in 0..3 {
            flow.advance(f64::INFINITY).expect("a step");
        }
    });
    println!("a million neurons hold {} MB", holds / 1_000_000);
    assert!(holds <= GIBIBYTE, "{holds} bytes");
}

//! Memory: what an experiment says it holds at once is what it holds, and a million neurons fit into a gigabyte.
//! An allocator counts; so this file is a program of its own, and its tests take turns.
#![allow(clippy::disallowed_methods)] // what it reads was made for it
#![allow(unsafe_code)] // an allocator cannot be written otherwise; it hands everything on to the system's

mod smoke;
mod support;

use condense::num::rng::Stream;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::Point;
use condense_nn::training::flow::Flow;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is small beside large arrays: names, records, the columns of a figure's tables.
const SLACK: usize = 1 << 20;

const GIBIBYTE: usize = 1 << 30;

struct Counter;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: what the caller promises is promised on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTER: Counter = Counter;

/// The most that `work` held at once, in bytes. One at a time.
fn held(work: impl FnOnce()) -> usize {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

#[test]
fn no_experiment_holds_more_than_it_says() {
    for figure in &smoke::paper("smoke").manifest.figures {
        let Some(entry) = smoke::entry(figure) else { continue };
        let Some(says) = entry.working_set(&figure.params) else { continue };
        let holds = held(|| drop(smoke::run(figure, entry)));
        assert!(holds <= says + SLACK, "{} holds {holds} bytes and says {says}", figure.id);
    }
}

#[test]
fn every_figure_of_the_paper_fits_into_a_gibibyte() {
    for figure in &smoke::paper("default").manifest.figures {
        let Some(entry) = smoke::entry(figure) else { continue };
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

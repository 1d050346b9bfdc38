//! What the engine tells while it works. Faces (a live region, plain lines, silence) live in `cli`.

use std::time::Duration;

/// Why a step need not, or did, run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its key was in the store.
    Reused,
    /// It ran and gave something new.
    Ran,
    /// It ran and gave the same bytes as before: nothing after it has to.
    Revalidated,
}

/// A listener. Calls come from many threads.
pub trait Progress: Sync {
    /// The steps that will run at least, each with the seconds it took last time, if it ever ran.
    fn planned(&self, steps: &[(String, Option<f64>)]) {
        let _ = steps;
    }

    /// A step begins, for these reasons.
    fn started(&self, step: &str, reasons: &[String]) {
        let _ = (step, reasons);
    }

    /// A step is so far along.
    fn ticked(&self, step: &str, done: usize, total: usize) {
        let _ = (step, done, total);
    }

    /// A step is over; `time` is wall-clock.
    fn finished(&self, step: &str, time: Duration, verdict: Verdict) {
        let _ = (step, time, verdict);
    }

    /// Something worth a line: a damaged blob, a wait.
    fn note(&self, sentence: &str) {
        let _ = sentence;
    }
}

/// Says nothing.
pub struct Silent;

impl Progress for Silent {}

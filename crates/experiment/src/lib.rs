//! The contract between science and machinery: what an experiment is, and what it may ask of the world.
//! An experiment sees its parameters, a seeded stream, declared inputs and its host; no files, clock or environment.

use condense_base::frame::Results;
use condense_num::rng::Stream;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A seeded computation: numbers in, numbers out.
///
/// `src/experiments/phase_map.rs` holds `pub struct PhaseMap` with this trait; the roster finds it by
/// those two names. The same parameters, seed and inputs must give the same bits, whatever the machine.
pub trait Experiment {
    /// Settings with their defaults: `#[serde(default, deny_unknown_fields)]`.
    type Params: DeserializeOwned + Serialize + Default;

    /// Faults of well-typed parameters (a width of 0, a rate that is negative, …), each at its key.
    fn check(params: &Self::Params) -> Vec<Fault> {
        let _ = params;
        Vec::new()
    }

    /// How many numbers (eight bytes each) it holds at once, at most: its large arrays, of one cell of a sweep and of what
    /// is kept of all cells. A bound that is easy to see is better than a sharp one.
    fn working_set(params: &Self::Params) -> usize;

    /// Computes.
    ///
    /// # Errors
    /// [`Stop::Failed`] says in words what went wrong; the other reasons come from `ctx` and are passed on with `?`.
    fn run(params: &Self::Params, ctx: &Context) -> Result<Results, Stop>;
}

/// The parameters of an experiment that has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// What is wrong with one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The parameter's key.
    pub key: String,
    /// What is asked of it: "must be at least 1".
    pub message: String,
}

/// What [`Experiment::check`] asks of parameters, one demand after the other; those that are not met become faults.
#[derive(Debug, Default)]
pub struct Demands(Vec<Fault>);

impl Demands {
    /// No demand yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks that a number is not below `least`.
    #[must_use]
    pub fn at_least<T: Copy + PartialOrd + fmt::Display>(self, key: &str, value: T, least: T) -> Self {
        self.holds(key, value >= least, &format!("must be at least {least}"))
    }

    /// Asks that a number is above `bound`.
    #[must_use]
    pub fn above(self, key: &str, value: f64, bound: f64) -> Self {
        self.holds(key, value > bound, &format!("must be above {bound}"))
    }

    /// Asks for whatever the message says: "must …".
    #[must_use]
    pub fn holds(mut self, key: &str, holds: bool, message: &str) -> Self {
        if !holds {
            self.0.push(Fault { key: key.to_owned(), message: message.to_owned() });
        }
        self
    }

    /// What was not met, in the order of the demands.
    pub fn faults(self) -> Vec<Fault> {
        self.0
    }
}

/// Why a run ended without results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The experiment failed; the sentence says how.
    Failed(String),
    /// The host asked to stop (a signal). Finished cells are kept.
    Interrupted,
}

impl Stop {
    /// A failure in words.
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed(why.into())
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => out.write_str(why),
            Self::Interrupted => out.write_str("interrupted"),
        }
    }
}

/// What a run may ask of the world around it.
pub struct Context<'a> {
    stream: Stream,
    inputs: &'a BTreeMap<String, Vec<u8>>,
    host: &'a dyn Host,
}

impl<'a> Context<'a> {
    /// A context at a seed.
    pub fn new(seed: u64, inputs: &'a BTreeMap<String, Vec<u8>>, host: &'a dyn Host) -> Self {
        Self { stream: Stream::root(seed), inputs, host }
    }

    /// The random stream of that name (see [`Stream::fork`]).
    pub fn rng(&self, name: &str) -> Stream {
        self.stream.fork(name)
    }

    /// The bytes of an input that the manifest declares for this figure (`data = [path]`).
    ///
    /// # Errors
    /// When the path is not declared.
    pub fn input(&self, path: &str) -> Result<&'a [u8], Stop> {
        let bytes = self.inputs.get(path).map(Vec::as_slice);
        bytes.ok_or_else(|| Stop::failed(format!("input `{path}` is not declared: add it to `data` of the figure")))
    }

    /// Reports progress (`done` of `total` steps) and passes on a wish to stop. Call it every few milliseconds.
    ///
    /// # Errors
    /// [`Stop::Interrupted`].
    pub fn tick(&self, done: usize, total: usize) -> Result<(), Stop> {
        self.host.tick(done, total)
    }

    /// Computes `count` independent cells of a sweep and returns their rows by index.
    ///
    /// A cell is what is scheduled over threads, cached, and resumed after a crash; so it must depend on
    /// its index, the parameters and the seed alone. It gets its own context, whose streams are forked
    /// by `<sweep>/<index>`.
    ///
    /// # Errors
    /// The first failure by index, or an interrupt.
    pub fn cells<F>(&self, sweep: &str, count: usize, cell: F) -> Result<Vec<Vec<f64>>, Stop>
    where
        F: Fn(usize, &Context) -> Result<Vec<f64>, Stop> + Sync,
    {
        self.host.sweep(sweep, count, &|index, host| {
            let stream = self.stream.fork(&format!("{sweep}/{index}"));
            cell(index, &Context { stream, inputs: self.inputs, host })
        })
    }
}

/// One cell of a sweep, as the host sees it: index in, row out.
pub type Cell<'c> = dyn Fn(usize, &dyn Host) -> Result<Vec<f64>, Stop> + Sync + 'c;

/// Where a run runs: it schedules, caches and interrupts.
pub trait Host: Sync {
    /// Hears of progress; answers with [`Stop::Interrupted`] when the run should end.
    ///
    /// # Errors
    /// [`Stop::Interrupted`].
    fn tick(&self, done: usize, total: usize) -> Result<(), Stop>;

    /// Runs every cell, in any order and on any thread, and returns the rows by index.
    ///
    /// # Errors
    /// The first failure by index, or an interrupt.
    fn sweep(&self, name: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop>;
}

/// The plainest host: one thread, nothing cached, never interrupted. Tests and doc examples use it.
pub struct Inline;

impl Host for Inline {
    fn tick(&self, _: usize, _: usize) -> Result<(), Stop> {
        Ok(())
    }

    fn sweep(&self, _: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
        (0..count).map(|index| cell(index, self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_that_are_not_met_become_faults_in_their_order() {
        let demands = Demands::new().at_least("width", 0, 1).at_least("draws", 1, 1).above("rate", f64::NAN, 0.0);
        let faults = demands.holds("frames", false, "must ascend").faults();
        let said: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.key, fault.message)).collect();
        assert_eq!(said, ["width must be at least 1", "rate must be above 0", "frames must ascend"]);
    }
}

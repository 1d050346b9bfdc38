//! The contract between science and machinery: what an experiment is, and what it may ask of the world.
//! An experiment sees its parameters, a seeded stream, declared inputs and its runtime; no files, clock or environment.

pub mod params;
pub mod row;

use crate::params::{Parameter, Parameters};
use crate::row::{Row, flat, typed};
use condense_base::frame::Results;
use condense_num::rng::Stream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Mutex;

/// A seeded computation: numbers in, numbers out.
///
/// `src/experiments/phase_map.rs` holds `pub struct PhaseMap` with this trait; the roster finds it by
/// those two names. The same parameters, seed and inputs must give the same bits, whatever the machine.
pub trait Experiment {
    /// Settings with their defaults and demands; see [`params`].
    type Params: Parameters;

    /// Faults of well-typed parameters (a width of 0, a rate that is negative, …), each at its key: by default, those that
    /// each parameter alone can have.
    fn check(params: &Self::Params) -> Vec<ParamFault> {
        params.demands().faults()
    }

    /// How many numbers (eight bytes each) it holds at once, at most: its large arrays, of one cell of a sweep and of what
    /// is kept of all cells. A bound that is easy to see is better than a sharp one. By default nothing is stated.
    fn working_set(params: &Self::Params) -> Option<usize> {
        let _ = params;
        None
    }

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

impl Parameters for NoParams {
    const DECLARED: &'static [Parameter] = &[];

    fn demands(&self) -> Demands {
        Demands::of(Self::DECLARED)
    }
}

/// What is wrong with one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamFault {
    /// The parameter's key.
    pub key: String,
    /// What is asked of it: "must be at least 1".
    pub message: String,
}

/// What is asked of parameters, one demand after the other; those that are not met become faults.
#[derive(Debug)]
pub struct Demands {
    faults: Vec<ParamFault>,
    declared: &'static [Parameter],
}

impl Demands {
    /// No demand yet on these parameters.
    pub fn of(declared: &'static [Parameter]) -> Self {
        Self { faults: Vec::new(), declared }
    }

    /// Asks that a number is not below `least`.
    #[must_use]
    pub fn at_least<T: Copy + PartialOrd + fmt::Display>(self, key: &str, value: &T, least: T) -> Self {
        self.holds(key, *value >= least, &format!("must be at least {least}"))
    }

    /// Asks that a number is above `bound`.
    #[must_use]
    pub fn above<T: Copy + PartialOrd + fmt::Display>(self, key: &str, value: &T, bound: T) -> Self {
        self.holds(key, *value > bound, &format!("must be above {bound}"))
    }

    /// Asks that a number lies in a range, whose end is not part of it.
    #[must_use]
    pub fn within<T: PartialOrd + fmt::Display>(self, key: &str, value: &T, range: Range<T>) -> Self {
        self.holds(key, range.contains(value), &format!("must lie in [{}, {})", range.start, range.end))
    }

    /// Asks for a list of finite numbers, at least one.
    #[must_use]
    pub fn finite(self, key: &str, list: &[f64]) -> Self {
        let holds = !list.is_empty() && list.iter().all(|number| number.is_finite());
        self.holds(key, holds, "must be numbers, and one of them")
    }

    /// Asks for a list of at least two numbers, each above the one before.
    #[must_use]
    pub fn rising(self, key: &str, list: &[f64]) -> Self {
        self.holds(key, list.len() >= 2 && ascends(list), "must be two numbers or more, rising")
    }

    /// Asks for a list of at least two whole numbers, the first not below `least` and each above the one before.
    #[must_use]
    pub fn rising_from(self, key: &str, list: &[usize], least: usize) -> Self {
        let holds = list.len() >= 2 && list[0] >= least && ascends(list);
        self.holds(key, holds, &format!("must be two whole numbers or more, rising, from {least} on"))
    }

    /// Asks for what holds of the value, in the words of the message: "must …".
    #[must_use]
    pub fn such_that<T>(self, key: &str, value: &T, holds: impl FnOnce(&T) -> bool, message: &str) -> Self {
        self.holds(key, holds(value), message)
    }

    /// Asks for whatever the message says: "must …".
    #[must_use]
    pub fn holds(mut self, key: &str, holds: bool, message: &str) -> Self {
        if !holds {
            self.faults.push(ParamFault { key: key.to_owned(), message: message.to_owned() });
        }
        self
    }

    /// What was not met, in the order in which the parameters are declared.
    pub fn faults(mut self) -> Vec<ParamFault> {
        let place = |fault: &ParamFault| self.declared.iter().position(|parameter| parameter.name == fault.key);
        self.faults.sort_by_key(|fault| place(fault).unwrap_or(usize::MAX));
        self.faults
    }
}

/// Whether each item is above the one before.
fn ascends<T: PartialOrd>(list: &[T]) -> bool {
    list.is_sorted_by(|one, next| one < next)
}

/// Why a run ended without results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The experiment failed; the sentence says how.
    Failed(String),
    /// The runtime asked to stop (a signal). Finished cells are kept.
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
    runtime: &'a dyn Runtime,
}

impl<'a> Context<'a> {
    /// A context at a seed.
    pub fn new(seed: u64, inputs: &'a BTreeMap<String, Vec<u8>>, runtime: &'a dyn Runtime) -> Self {
        Self { stream: Stream::root(seed), inputs, runtime }
    }

    /// A context at seed 0, without inputs and on this thread alone: for tests and benches.
    pub fn plain() -> Context<'static> {
        static NONE: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        Context::new(0, &NONE, &Inline)
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
        self.runtime.tick(done, total)
    }

    /// Computes `count` independent cells of a sweep and returns what they gave by index.
    ///
    /// A cell is what is scheduled over threads, cached, and resumed after a crash; so it must depend on
    /// its index, the parameters and the seed alone. It gets its own context, whose streams are forked
    /// by `<sweep>/<index>`. What it gives travels as a flat [`Row`] of numbers.
    ///
    /// # Errors
    /// The first failure by index, an interrupt, or a row that does not fit its type.
    pub fn cells<R, F>(&self, sweep: &str, count: usize, cell: F) -> Result<Vec<R>, Stop>
    where
        R: Row,
        F: Fn(usize, &Context) -> Result<R, Stop> + Sync,
    {
        let rows = self.runtime.sweep(sweep, count, &|index, runtime| {
            let stream = self.stream.fork(&format!("{sweep}/{index}"));
            cell(index, &Context { stream, inputs: self.inputs, runtime }).map(|value| flat(&value))
        })?;
        let value = |(index, row): (usize, Vec<f64>)| {
            let misfit = || format!("cell {index} of sweep `{sweep}`: its row of length {} does not fit", row.len());
            typed(&row).ok_or_else(|| Stop::Failed(misfit()))
        };
        rows.into_iter().enumerate().map(value).collect()
    }

    /// Works on each of the parts of one large computation, on this thread and on whatever others are free, and returns when
    /// all are done. No result may depend on how many threads there are: parts are cut by the size of the computation alone,
    /// and what they give is put together in their order. It pays where a part takes tens of microseconds at least.
    pub fn each<T: Send>(&self, parts: &mut [T], work: impl Fn(&mut T) + Sync) {
        let parts: Vec<Mutex<&mut T>> = parts.iter_mut().map(Mutex::new).collect();
        self.runtime.each(parts.len(), &|index| work(&mut parts[index].lock().expect("each part is asked for once")));
    }
}

/// One cell of a sweep, as the runtime sees it: index in, row out.
pub type Cell<'c> = dyn Fn(usize, &dyn Runtime) -> Result<Vec<f64>, Stop> + Sync + 'c;

/// Where a run runs: it schedules, caches and interrupts.
pub trait Runtime: Sync {
    /// Hears of progress; answers with [`Stop::Interrupted`] when the run should end.
    ///
    /// # Errors
    /// [`Stop::Interrupted`].
    fn tick(&self, done: usize, total: usize) -> Result<(), Stop>;

    /// Runs every cell, in any order and on any thread, and returns the rows as they were given, by index.
    ///
    /// # Errors
    /// The first failure by index, or an interrupt.
    fn sweep(&self, name: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop>;

    /// Calls `part` once with every index, in any order and on any thread, and returns when all calls have.
    fn each(&self, count: usize, part: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(part);
    }
}

/// The plainest runtime: one thread, nothing cached, never interrupted. Tests and doc examples use it.
pub struct Inline;

impl Runtime for Inline {
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
    fn every_part_is_worked_on_once() {
        let mut parts = [3, 1, 4];
        Context::plain().each(&mut parts, |part| *part += 10);
        assert_eq!(parts, [13, 11, 14]);
    }

    #[test]
    fn a_row_that_does_not_fit_names_its_sweep_and_cell() {
        /// Loses the last number of every row from the second on.
        struct Lossy;
        impl Runtime for Lossy {
            fn tick(&self, _: usize, _: usize) -> Result<(), Stop> {
                Ok(())
            }
            fn sweep(&self, _: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
                let cut = |index, row: Vec<f64>| row[..row.len() - usize::from(index > 0)].to_vec();
                (0..count).map(|index| cell(index, self).map(|row| cut(index, row))).collect()
            }
        }
        let inputs = BTreeMap::new();
        let pairs = |runtime: &dyn Runtime| {
            Context::new(0, &inputs, runtime).cells("pairs", 3, |cell, _| Ok([cell as f64, 0.5]))
        };
        assert_eq!(pairs(&Inline), Ok(vec![[0.0, 0.5], [1.0, 0.5], [2.0, 0.5]]));
        let said = pairs(&Lossy).unwrap_err().to_string();
        assert_eq!(said, "cell 1 of sweep `pairs`: its row of length 1 does not fit");
    }
}

//! The step that computes: an experiment of the roster, on declared parameters, seed and data.
//! It knows neither the figure's words nor how its numbers will be drawn.

use crate::diag::Diagnostic;
use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::failure::{Failure, broken};
use crate::engine::recipe::Recipe;
use crate::engine::step_context::StepContext;
use crate::experiment::{Cell, Context, Runtime, Stop};
use crate::frame::Results;
use crate::pipeline::declared::Files;
use crate::roster::RosterEntry;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// A run of an experiment.
#[derive(Serialize)]
pub struct RunRecipe<'p> {
    /// What is run.
    #[serde(flatten)]
    pub entry: &'static RosterEntry,
    /// All parameters.
    pub params: &'p Map<String, Value>,
    /// The seed.
    pub seed: u64,
    /// Declared inputs.
    pub data: &'p Files,
    /// Which of the results are kept.
    pub kept: Kept,
}

/// What is kept of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// Tables and single numbers.
    All,
    /// The single numbers alone: tables of further seeds are drawn nowhere.
    Numbers,
}

impl Recipe for RunRecipe<'_> {
    const KIND: &'static str = "experiment";

    fn make(&self, _: &Inputs, context: &StepContext) -> Result<Artefacts, Failure> {
        let runtime = StepRuntime { context, failure: Mutex::new(None), sweeps: Mutex::default() };
        let ctx = Context::new(self.seed, self.data.bytes(), &runtime);
        match self.entry.run(self.params, &ctx) {
            Ok(results) => Ok(artefacts(&results, self.kept)),
            Err(Stop::Interrupted) => Err(runtime.failure().unwrap_or(Failure::Interrupted)),
            Err(Stop::Failed(why)) => Err(runtime.failure().unwrap_or_else(|| {
                let message = format!("experiment `{}` failed: {why}", self.entry.name);
                Failure::Broken(vec![Diagnostic::new("E003", message).note(settings(self.params, self.seed))])
            })),
        }
    }
}

/// Parameters and seed in one line, for a message.
pub fn settings(params: &Map<String, Value>, seed: u64) -> String {
    let params = params.iter().map(|(name, value)| format!(", {name} = {value}"));
    format!("seed {seed}{}", params.collect::<String>())
}

/// The file of a run's single numbers.
pub const VALUES: &str = "values.json";

/// Results as bytes: one CSV a frame, and `values.json`.
pub fn artefacts(results: &Results, kept: Kept) -> Artefacts {
    let mut artefacts = Artefacts::new();
    for (name, frame) in results.frames.iter().filter(|_| kept == Kept::All) {
        artefacts.insert(format!("{name}.csv"), frame.to_csv().into_bytes());
    }
    let values = serde_json::to_vec_pretty(&results.values).expect("names and finite numbers");
    artefacts.insert(VALUES.to_owned(), values);
    artefacts
}

/// An experiment's runtime on the engine's context: ticks become progress, sweeps become cached cells.
struct StepRuntime<'s> {
    context: &'s StepContext<'s>,
    /// A failure of the store below a sweep: experiments have no word for it.
    failure: Mutex<Option<Failure>>,
    /// The sweeps so far: a cell is addressed by the name of its sweep, so two sweeps must not share one.
    sweeps: Mutex<BTreeSet<String>>,
}

impl StepRuntime<'_> {
    fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

impl Runtime for StepRuntime<'_> {
    fn tick(&self, done: usize, total: usize) -> Result<(), Stop> {
        self.context.tick(done, total).map_err(|_| Stop::Interrupted)
    }

    fn sweep(&self, name: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
        if !self.sweeps.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name.to_owned()) {
            return Err(Stop::Failed(format!("two sweeps are named `{name}`: give each its own name")));
        }
        let failed: Mutex<BTreeMap<usize, String>> = Mutex::new(BTreeMap::new());
        let one = |index: usize| match cell(index, &CellRuntime { context: self.context }) {
            Ok(row) => Ok(row.iter().flat_map(|number| number.to_le_bytes()).collect()),
            Err(Stop::Interrupted) => Err(Failure::Interrupted),
            Err(Stop::Failed(why)) => {
                failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(index, why);
                Err(broken(String::new()))
            }
        };
        match self.context.cells(name, count, &one) {
            Ok(rows) => Ok(rows.iter().map(|row| numbers(row)).collect()),
            Err(failure) => {
                if let Some((index, why)) =
                    failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).pop_first()
                {
                    return Err(Stop::Failed(format!("cell {index} of sweep `{name}`: {why}")));
                }
                *self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(failure);
                Err(Stop::Interrupted)
            }
        }
    }

    fn each(&self, count: usize, part: &(dyn Fn(usize) + Sync)) {
        self.context.each(count, part);
    }
}

/// Inside a cell: it can be stopped, and a sweep within it runs on the spot.
struct CellRuntime<'s> {
    context: &'s StepContext<'s>,
}

impl Runtime for CellRuntime<'_> {
    fn tick(&self, _: usize, _: usize) -> Result<(), Stop> {
        if self.context.interrupted() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    fn sweep(&self, _: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
        (0..count).map(|index| cell(index, self)).collect()
    }

    fn each(&self, count: usize, part: &(dyn Fn(usize) + Sync)) {
        self.context.each(count, part);
    }
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| f64::from_le_bytes(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_without_parameters_have_no_stray_comma() {
        let params = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), Value::from(1))).collect();
        assert_eq!(settings(&params(&[]), 3), "seed 3");
        assert_eq!(settings(&params(&["n", "m"]), 3), "seed 3, m = 1, n = 1");
    }
}

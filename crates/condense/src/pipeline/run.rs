//! The step that computes: an experiment of the roster, on declared parameters, seed and data.
//! It knows neither the figure's words nor how its numbers will be drawn.

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::failure::{Failure, broken};
use crate::engine::recipe::{Key, Recipe};
use crate::engine::site::Site;
use crate::engine::step::{Artefacts, Inputs, Step};
use crate::experiment::{Cell, Context, Host, Stop};
use crate::frame::Results;
use crate::roster::Entry;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What a run is declared to be. Figures with equal declarations share one run: their ids are not in it.
#[derive(Clone)]
pub struct Declared {
    /// The experiment's name, or the external command with what it reads and writes.
    pub work: Vec<(String, String)>,
    /// All parameters, defaults spelled out.
    pub params: Map<String, Value>,
    /// The seed.
    pub seed: u64,
    /// Declared inputs: path to bytes.
    pub data: Arc<BTreeMap<String, Vec<u8>>>,
    /// The files an external command consists of: path to bytes. They are code, so the declaration leaves them out.
    pub code: Arc<BTreeMap<String, Vec<u8>>>,
}

impl Declared {
    /// Writes the declaration, part by part.
    pub fn describe(&self, to: &mut dyn Recipe) {
        for (label, text) in &self.work {
            to.part(label, text.as_bytes());
        }
        for (name, value) in &self.params {
            to.part(&format!("params.{name}"), value.to_string().as_bytes());
        }
        to.part("seed", self.seed.to_string().as_bytes());
        for (path, bytes) in self.data.iter() {
            to.part(&format!("data {path}"), Digest::of(bytes).to_string().as_bytes());
        }
    }

    /// The digest of declaration and code together: figures for which it is equal share one run.
    pub fn run_digest(&self) -> Digest {
        let mut key = Key::default();
        self.describe(&mut key);
        for (path, bytes) in self.code.iter() {
            key.part(&format!("code of {path}"), Digest::of(bytes).to_string().as_bytes());
        }
        key.digest()
    }

    /// The digest of the declaration: what the lock remembers. Code is not in it.
    pub fn digest(&self) -> Digest {
        let mut key = Key::default();
        self.describe(&mut key);
        key.digest()
    }
}

/// A run of an experiment.
pub struct RunStep<'p> {
    /// `run <first figure that asked for it>`, `seed 3 of <figure>`.
    pub name: String,
    /// What is run.
    pub entry: &'static Entry,
    /// On what.
    pub declared: &'p Declared,
}

impl Step for RunStep<'_> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn recipe(&self, to: &mut dyn Recipe) {
        self.declared.describe(to);
        for (part, digest) in self.entry.code.parts {
            to.part(&format!("code of {part}"), digest.as_bytes());
        }
    }

    fn run(&self, _: &Inputs, site: &Site) -> Result<Artefacts, Failure> {
        let host = SiteHost { site, trouble: Mutex::new(None), sweeps: Mutex::default() };
        let ctx = Context::new(self.declared.seed, &self.declared.data, &host);
        match self.entry.run(&self.declared.params, &ctx) {
            Ok(results) => Ok(artefacts(&results)),
            Err(Stop::Interrupted) => Err(host.trouble().unwrap_or(Failure::Interrupted)),
            Err(Stop::Failed(why)) => Err(host.trouble().unwrap_or_else(|| {
                let message = format!("experiment `{}` failed: {why}", self.entry.name);
                Failure::Broken(vec![Diagnostic::new("E003", message).note(settings(self.declared))])
            })),
        }
    }
}

/// Parameters and seed in one line, for a message.
pub fn settings(declared: &Declared) -> String {
    let params: Vec<String> = declared.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("seed {}, {}", declared.seed, params.join(", "))
}

/// Results as bytes: one CSV a frame, and `values.json`.
pub fn artefacts(results: &Results) -> Artefacts {
    let mut artefacts = Artefacts::new();
    for (name, frame) in &results.frames {
        artefacts.insert(format!("{name}.csv"), frame.to_csv().into_bytes());
    }
    let values = serde_json::to_vec_pretty(&results.values).expect("names and finite numbers");
    artefacts.insert("values.json".to_owned(), values);
    artefacts
}

/// An experiment's host on the engine's site: ticks become progress, sweeps become cached cells.
struct SiteHost<'s> {
    site: &'s Site<'s>,
    /// A failure of the store below a sweep: experiments have no word for it.
    trouble: Mutex<Option<Failure>>,
    /// The sweeps so far: a cell is addressed by the name of its sweep, so two sweeps must not share one.
    sweeps: Mutex<BTreeSet<String>>,
}

impl SiteHost<'_> {
    fn trouble(&self) -> Option<Failure> {
        self.trouble.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

impl Host for SiteHost<'_> {
    fn tick(&self, done: usize, total: usize) -> Result<(), Stop> {
        self.site.tick(done, total).map_err(|_| Stop::Interrupted)
    }

    fn sweep(&self, name: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
        if !self.sweeps.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name.to_owned()) {
            return Err(Stop::Failed(format!("two sweeps are named `{name}`: give each its own name")));
        }
        let failed: Mutex<BTreeMap<usize, String>> = Mutex::new(BTreeMap::new());
        let one = |index: usize| match cell(index, &CellHost { site: self.site }) {
            Ok(row) => Ok(row.iter().flat_map(|number| number.to_le_bytes()).collect()),
            Err(Stop::Interrupted) => Err(Failure::Interrupted),
            Err(Stop::Failed(why)) => {
                failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(index, why);
                Err(broken(String::new()))
            }
        };
        match self.site.cells(name, count, &one) {
            Ok(rows) => Ok(rows.iter().map(|row| numbers(row)).collect()),
            Err(failure) => {
                if let Some((index, why)) =
                    failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).pop_first()
                {
                    return Err(Stop::Failed(format!("cell {index} of sweep `{name}`: {why}")));
                }
                *self.trouble.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(failure);
                Err(Stop::Interrupted)
            }
        }
    }
}

/// Inside a cell: it can be stopped, and a sweep within it runs on the spot.
struct CellHost<'s> {
    site: &'s Site<'s>,
}

impl Host for CellHost<'_> {
    fn tick(&self, _: usize, _: usize) -> Result<(), Stop> {
        if self.site.interrupted() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    fn sweep(&self, _: &str, count: usize, cell: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
        (0..count).map(|index| cell(index, self)).collect()
    }
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| f64::from_le_bytes(*word)).collect()
}

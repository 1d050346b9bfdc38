//! The experiments of a paper by name, behind one object-safe face, with the fingerprint of the code they reach.
//! The list itself is a value that the paper's program hands over; `condense_build::roster` writes it.

use crate::experiment::params::{Parameter, Parameters as _};
use crate::experiment::{Context, Experiment, ParamFault, Stop};
use crate::frame::Results;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The list that the paper's build script wrote with `condense_build::roster()`, as a `&'static Roster`.
#[macro_export]
macro_rules! roster {
    () => {{
        static ROSTER: $crate::roster::Roster = include!(concat!(env!("OUT_DIR"), "/roster.rs"));
        &ROSTER
    }};
}

/// What a program can compute, and which code it consists of.
pub struct Roster {
    /// The experiments.
    pub entries: &'static [RosterEntry],
    /// The code that turns tables and a chart into a picture.
    pub draw: Code,
    /// The code that judges a claim.
    pub check: Code,
    /// The code that writes the pages.
    pub page: Code,
    /// Digest of the whole program: its modules, those of the tool, the crates that both are built with, and the texts of the
    /// experiments, which the report shows.
    pub program: &'static str,
}

impl Roster {
    /// What a person types to call the program: a paper in Rust has one of its own, which cargo builds.
    pub fn command(&self) -> &'static str {
        if self.entries.is_empty() { "condense" } else { "cargo run --release --" }
    }

    /// An experiment by name.
    pub fn find(&self, name: &str) -> Option<&'static RosterEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// An experiment that the manifest names: it was checked against this list.
    ///
    /// # Panics
    /// When there is none.
    pub fn known(&self, name: &str) -> &'static RosterEntry {
        self.find(name).unwrap_or_else(|| panic!("the manifest names no unknown experiment, but `{name}`"))
    }
}

/// The code behind a step (see `crates/build/src/fingerprint.rs`). It is told part by part, so that an explanation can
/// name the module that changed.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Digest over all parts.
    pub digest: &'static str,
    /// `(module or crate, digest)`, sorted.
    pub parts: &'static [(&'static str, &'static str)],
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.parts.iter().copied())
    }
}

/// One experiment. In a recipe it stands for its name and its code.
#[derive(Serialize)]
pub struct RosterEntry {
    /// Its name in the manifest: the name of its file.
    #[serde(rename = "experiment")]
    pub name: &'static str,
    /// That file, below the folder of the paper. Where it lies changes no result.
    #[serde(skip)]
    pub file: &'static str,
    /// What is in that file, as it was compiled: for readers.
    #[serde(skip)]
    pub text: &'static str,
    /// The code it reaches.
    pub code: Code,
    /// Its parameters, as they are declared. What they are worth in a run is in its recipe.
    #[serde(skip)]
    pub parameters: &'static [Parameter],
    #[serde(skip)]
    defaults: fn() -> Map<String, Value>,
    #[serde(skip)]
    faults: fn(&Map<String, Value>) -> Vec<ParamFault>,
    #[serde(skip)]
    working_set: fn(&Map<String, Value>) -> Option<usize>,
    #[serde(skip)]
    run: fn(&Map<String, Value>, &Context) -> Result<Results, Stop>,
}

impl RosterEntry {
    /// The experiment `E`.
    pub const fn of<E: Experiment>(name: &'static str, [file, text]: [&'static str; 2], code: Code) -> Self {
        Self {
            name,
            file,
            text,
            code,
            parameters: E::Params::DECLARED,
            defaults: defaults::<E>,
            faults: faults::<E>,
            working_set: working_set::<E>,
            run: run::<E>,
        }
    }

    /// Every parameter with its default.
    pub fn defaults(&self) -> Map<String, Value> {
        (self.defaults)()
    }

    /// What is wrong with parameters: types first, key by key; then, where all types fit, the experiment's own checks.
    pub fn faults(&self, params: &Map<String, Value>) -> Vec<ParamFault> {
        (self.faults)(params)
    }

    /// Bytes that a run holds at once, at most (see [`Experiment::working_set`]); none where that is not stated, or where
    /// parameters do not fit.
    pub fn working_set(&self, params: &Map<String, Value>) -> Option<usize> {
        (self.working_set)(params)
    }

    /// Runs on full, checked parameters.
    ///
    /// # Errors
    /// As [`Experiment::run`]; also when a result is not finite.
    pub fn run(&self, params: &Map<String, Value>, ctx: &Context) -> Result<Results, Stop> {
        let results = (self.run)(params, ctx)?;
        results.fault().map_or(Ok(results), |fault| Err(Stop::Failed(fault)))
    }
}

fn defaults<E: Experiment>() -> Map<String, Value> {
    match serde_json::to_value(E::Params::default()) {
        Ok(Value::Object(map)) => map,
        other => unreachable!("parameters are a struct of plain fields, got {other:?}"),
    }
}

fn parse<E: Experiment>(params: &Map<String, Value>) -> Result<E::Params, String> {
    serde_json::from_value(Value::Object(params.clone())).map_err(|error| error.to_string())
}

fn faults<E: Experiment>(params: &Map<String, Value>) -> Vec<ParamFault> {
    // The whole first: only when that fails is it worth asking key by key, so that every wrong type is told.
    if let Ok(params) = parse::<E>(params) {
        return E::check(&params);
    }
    let alone = |(key, value): (&String, &Value)| {
        let one = Map::from_iter([(key.clone(), value.clone())]);
        parse::<E>(&one).err().map(|message| ParamFault { key: key.clone(), message })
    };
    params.iter().filter_map(alone).collect()
}

fn working_set<E: Experiment>(params: &Map<String, Value>) -> Option<usize> {
    let numbers = E::working_set(&parse::<E>(params).ok()?)?;
    Some(numbers.saturating_mul(size_of::<f64>()))
}

fn run<E: Experiment>(params: &Map<String, Value>, ctx: &Context) -> Result<Results, Stop> {
    E::run(&parse::<E>(params).map_err(Stop::Failed)?, ctx)
}

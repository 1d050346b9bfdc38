//! Every experiment by name, behind one object-safe face, with the fingerprint of the code it reaches.
//! The list itself is made by the build script from `experiments/mod.rs`.

use crate::experiment::params::{Parameter, Parameters as _};
use crate::experiment::{Context, Experiment, Fault, Stop};
use crate::frame::Results;
use serde_json::{Map, Value};

include!(concat!(env!("OUT_DIR"), "/roster.rs"));

/// The code behind a step (see `build/fingerprint.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Digest over all parts.
    pub digest: &'static str,
    /// `(module or crate, digest)`, sorted.
    pub parts: &'static [(&'static str, &'static str)],
}

/// One experiment.
pub struct Entry {
    /// Its name in the manifest: the name of its file.
    pub name: &'static str,
    /// The code it reaches.
    pub code: Code,
    /// Its parameters, as they are declared.
    pub parameters: &'static [Parameter],
    defaults: fn() -> Map<String, Value>,
    faults: fn(&Map<String, Value>) -> Vec<Fault>,
    working_set: fn(&Map<String, Value>) -> Option<usize>,
    run: fn(&Map<String, Value>, &Context) -> Result<Results, Stop>,
}

impl Entry {
    const fn of<E: Experiment>(name: &'static str, code: Code) -> Self {
        Self {
            name,
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
    pub fn faults(&self, params: &Map<String, Value>) -> Vec<Fault> {
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

/// An experiment by name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ROSTER.iter().find(|entry| entry.name == name)
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

fn faults<E: Experiment>(params: &Map<String, Value>) -> Vec<Fault> {
    // The whole first: only when that fails is it worth asking key by key, so that every wrong type is told.
    if let Ok(params) = parse::<E>(params) {
        return E::check(&params);
    }
    let alone = |(key, value): (&String, &Value)| {
        let one = Map::from_iter([(key.clone(), value.clone())]);
        parse::<E>(&one).err().map(|message| Fault { key: key.clone(), message })
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

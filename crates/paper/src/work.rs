//! What computes a figure: an experiment of the roster, or a program in any language.
//! It starts nothing.

use std::collections::BTreeMap;

/// What computes a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// An experiment, by name.
    Experiment(String),
    /// A program.
    Command(CommandSpec),
}

impl Work {
    /// The experiment, by name; none where a program computes.
    pub fn experiment(&self) -> Option<&str> {
        match self {
            Self::Experiment(name) => Some(name),
            Self::Command(_) => None,
        }
    }
}

/// A program and all that it may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Files of the project that it sees.
    pub reads: Vec<String>,
    /// Files that it makes: `<frame>.csv`, `values.json`.
    pub writes: Vec<String>,
    /// Its environment beside the fixed one.
    pub env: BTreeMap<String, String>,
    /// Its time limit.
    pub timeout_seconds: u64,
}

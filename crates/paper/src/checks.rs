//! One entry of the manifest under examination: its keys as they are written, and the checks that all of them share.

use crate::faults::Faults;
use crate::inputs;
use crate::names::brief;
use crate::params::Catalogue;
use crate::toml_reader::Piece;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::DeTable;

/// What is asked of every entry.
pub struct Asked<'a> {
    /// Folder of the project.
    pub project: &'a Path,
    /// The experiments there are.
    pub catalogue: &'a dyn Catalogue,
    /// The profile that is built.
    pub profile: &'a str,
    /// At how many further seeds claims are measured, where a figure does not say.
    pub further_seeds: u64,
}

/// The keys of an entry as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// Its id.
    pub id: Option<Spanned<String>>,
    /// Title of its slide.
    pub slide: Option<Spanned<String>>,
    /// Its heading.
    pub section: Option<Spanned<String>>,
    /// Name of an experiment.
    pub experiment: Option<Spanned<String>>,
    /// Seed of its random streams.
    pub seed: Option<u64>,
    /// How near it is to its source.
    pub fidelity: Option<Spanned<Tag>>,
    /// What differs from the source, and why.
    pub because: Option<Spanned<String>>,
    /// Declared inputs.
    #[serde(default)]
    pub data: Vec<Spanned<String>>,
    /// These three are looked at as TOML: their keys depend on the experiment.
    #[expect(dead_code, reason = "here so that it is a legal key")]
    params: Option<IgnoredAny>,
    #[expect(dead_code, reason = "here so that it is a legal key")]
    profile: Option<IgnoredAny>,
    #[expect(dead_code, reason = "here so that it is a legal key")]
    robustness: Option<IgnoredAny>,
    /// Program and arguments.
    pub command: Option<Spanned<Vec<String>>>,
    /// Files of the project that the program sees.
    pub reads: Option<Spanned<Vec<Spanned<String>>>>,
    /// Files that the program makes.
    pub writes: Option<Spanned<Vec<Spanned<String>>>>,
    /// Its environment.
    pub env: Option<Spanned<BTreeMap<Spanned<String>, String>>>,
    /// Its time limit.
    pub timeout_seconds: Option<Spanned<u64>>,
}

/// How near an entry says that it is to its source.
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Tag {
    /// The source's setting.
    Faithful,
    /// Smaller.
    Scaled,
    /// Another setting that shows the same thing.
    Substitute,
}

/// One entry under examination.
pub struct Checks<'a> {
    /// The entry.
    pub table: &'a Spanned<DeTable<'a>>,
    /// What is asked of every entry.
    pub asked: &'a Asked<'a>,
    /// The manifest.
    pub piece: &'a Piece,
    /// Keys that were given wrongly, which was said.
    pub spoilt: &'a BTreeSet<String>,
    /// Where mistakes go.
    pub faults: &'a mut Faults,
}

impl Checks<'_> {
    /// Says that a key is missing, unless it was given wrongly, which was said already.
    pub fn missing(&mut self, key: &str, example: &str) {
        if !self.spoilt.contains(key) {
            let id = self.table.get_ref().get("id").and_then(|id| id.get_ref().as_str());
            let whose = id.map_or("a figure".to_owned(), |id| format!("figure `{id}`"));
            let fault = self.piece.fault("M004", format!("{whose} lacks `{key}`"), self.table.span(), "");
            self.faults.push(fault.help(example));
        }
    }

    /// Reports a mistake at a place.
    pub fn fault(&mut self, code: &'static str, message: impl Into<String>, span: Range<usize>) {
        self.faults.push(self.piece.fault(code, message, span, ""));
    }

    /// Checks that a text says something.
    pub fn not_blank(&mut self, text: Option<&Spanned<String>>, key: &str) {
        if let Some(text) = text.filter(|text| text.get_ref().trim().is_empty()) {
            self.fault("M005", format!("`{key}` is empty"), text.span());
        }
    }

    /// Checks a declared input.
    pub fn input(&mut self, path: &Spanned<String>) {
        if let Err(refusal) = inputs::check(self.asked.project, path.get_ref()) {
            let message = format!("input `{}` {}", brief(path.get_ref()), refusal.message);
            let fault = self.piece.fault("M011", message, path.span(), "");
            self.faults.push(match refusal.help {
                Some(help) => fault.help(help),
                None => fault,
            });
        }
    }
}

impl<'a> Checks<'a> {
    /// A table of the entry.
    pub fn subtable(&self, key: &str) -> Option<&'a DeTable<'a>> {
        self.table.get_ref().get(key).and_then(|value| value.get_ref().as_table())
    }
}

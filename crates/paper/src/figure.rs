//! One `[[figure]]` entry of the manifest: what is computed, from what, and how near it is to its source.
//! It knows no TOML: see [`entry`](crate::entry).

use crate::faults::Faults;
use crate::robustness::Robustness;
use crate::work::Work;
use crate::written::{Known, Written};
use condense_base::diag::Diagnostic;
use serde_json::{Map, Value};
use std::ops::Range;

/// What is computed for one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Kebab-case, unique.
    pub id: String,
    /// Title of the slide that it reproduces, in the source's words.
    pub slide: String,
    /// Heading under which it stands; printed where it changes.
    pub section: Option<String>,
    /// What computes it.
    pub work: Work,
    /// Every parameter, defaults spelled out, profile applied.
    pub params: Map<String, Value>,
    /// Seed of all its random streams.
    pub seed: u64,
    /// How its claims are measured at further seeds.
    pub robustness: Robustness,
    /// How near it is to its source.
    pub fidelity: Fidelity,
    /// Declared inputs: files of the project.
    pub data: Vec<String>,
    /// Where its id stands in the manifest.
    pub span: Range<usize>,
}

impl Figure {
    /// Every name that `because` quotes and that is not among the known ones.
    pub fn unknown_names(&self, known: &Known) -> Vec<Diagnostic> {
        let mut faults = Faults::default();
        self.reasons().for_each(|because| because.resolve(known, &mut faults));
        faults.into_list()
    }

    /// What it says in the manifest that is prose.
    pub fn reasons(&self) -> impl Iterator<Item = &Written> {
        self.fidelity.because().into_iter().chain(&self.robustness.because)
    }
}

/// How near a figure is to its source; where it is not the same, what differs, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// The source's setting.
    Faithful,
    /// Smaller; says what, and why.
    Scaled(Written),
    /// Another setting that shows the same thing; says which, and why.
    Substitute(Written),
}

impl Fidelity {
    /// `faithful`, `scaled` or `substitute`.
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Faithful => "faithful",
            Self::Scaled(_) => "scaled",
            Self::Substitute(_) => "substitute",
        }
    }

    /// What differs from the source, and why; none for a faithful figure.
    pub fn because(&self) -> Option<&Written> {
        match self {
            Self::Faithful => None,
            Self::Scaled(because) | Self::Substitute(because) => Some(because),
        }
    }
}

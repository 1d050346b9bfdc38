//! One unit of work: what it needs, what it depends on, and how it turns bytes into bytes.

use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::site::Site;
use std::collections::BTreeMap;

/// What a step makes: named bytes.
pub type Artefacts = BTreeMap<String, Vec<u8>>;

/// A step's place in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepId(pub usize);

/// A pure function from declared inputs to artefacts.
pub trait Step: Sync {
    /// What people call it: `run phase-diagram`.
    fn name(&self) -> String;

    /// The artefacts of earlier steps that it reads.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    /// Everything else that its artefacts depend on.
    fn recipe(&self, to: &mut dyn Recipe);

    /// Whether the same key always means the same bytes; not so where a remark tells how long something took.
    fn repeats(&self) -> bool {
        true
    }

    /// Makes the artefacts.
    ///
    /// # Errors
    /// A [`Failure`]; nothing is kept of a failed step but its finished cells.
    fn run(&self, inputs: &Inputs, site: &Site) -> Result<Artefacts, Failure>;
}

/// A wish for artefacts of an earlier step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Whose.
    pub step: StepId,
    /// Which.
    pub which: Which,
}

/// Some or all artefacts of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The named ones. One that the step did not make is simply absent from the inputs: the reader says what is wrong.
    Named(Vec<String>),
    /// Every one.
    All,
}

/// The bytes a step asked for, with what is known of their origin.
#[derive(Default)]
pub struct Inputs {
    artefacts: BTreeMap<(StepId, String), (Digest, Vec<u8>)>,
    seconds: BTreeMap<StepId, f64>,
    names: BTreeMap<StepId, Vec<String>>,
}

impl Inputs {
    pub(crate) fn add(&mut self, step: StepId, name: &str, digest: Digest, bytes: Vec<u8>) {
        self.artefacts.insert((step, name.to_owned()), (digest, bytes));
    }

    pub(crate) fn describe(&mut self, step: StepId, seconds: f64, names: Vec<String>) {
        self.seconds.insert(step, seconds);
        self.names.insert(step, names);
    }

    /// The bytes of an artefact, if it was asked for and made.
    pub fn bytes(&self, step: StepId, name: &str) -> Option<&[u8]> {
        self.artefacts.get(&(step, name.to_owned())).map(|(_, bytes)| bytes.as_slice())
    }

    /// The same as text; what steps write as text is UTF-8.
    pub fn text(&self, step: StepId, name: &str) -> Option<&str> {
        self.bytes(step, name).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The digest of an artefact.
    pub fn digest(&self, step: StepId, name: &str) -> Option<Digest> {
        self.artefacts.get(&(step, name.to_owned())).map(|(digest, _)| *digest)
    }

    /// Every artefact of a step that was asked for: name, digest, bytes.
    pub fn of(&self, step: StepId) -> impl Iterator<Item = (&str, Digest, &[u8])> {
        let own = self.artefacts.iter().filter(move |((id, _), _)| *id == step);
        own.map(|((_, name), (digest, bytes))| (name.as_str(), *digest, bytes.as_slice()))
    }

    /// The names of everything that a needed step made, asked for or not: for "did you mean".
    pub fn names(&self, step: StepId) -> &[String] {
        self.names.get(&step).map_or(&[], Vec::as_slice)
    }

    /// How long a needed step took when it ran. It is in no key: nothing may depend on it but a remark on the page.
    pub fn seconds(&self, step: StepId) -> Option<f64> {
        self.seconds.get(&step).copied()
    }
}

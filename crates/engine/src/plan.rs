//! The steps of a build, in an order in which each stands after all it needs.

use crate::digest::Digest;
use crate::recipe::{Key, Recipe, Words};
use crate::step::{Need, Step, StepId, Which};
use crate::store::Record;
use std::sync::Arc;

/// A list of steps; a [`StepId`] is a place in it.
#[derive(Default)]
pub struct Plan<'p>(Vec<Box<dyn Step + 'p>>);

impl<'p> Plan<'p> {
    /// Adds a step. What it needs must have been added before: so there are no cycles.
    ///
    /// # Panics
    /// When it needs a step that was not added yet (a mistake of the caller, not of a user).
    pub fn add(&mut self, step: impl Step + 'p) -> StepId {
        let id = StepId(self.0.len());
        assert!(step.needs().iter().all(|need| need.step < id), "`{}` needs a later step", step.name());
        self.0.push(Box::new(step));
        id
    }

    /// A step by id.
    pub fn step(&self, id: StepId) -> &dyn Step {
        &*self.0[id.0]
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = StepId> + use<> {
        (0..self.0.len()).map(StepId)
    }

    /// `wanted` and everything it needs, in order.
    pub fn closure(&self, wanted: &[StepId]) -> Vec<StepId> {
        let mut in_it = vec![false; self.0.len()];
        for id in wanted {
            in_it[id.0] = true;
        }
        for id in self.ids().rev() {
            if in_it[id.0] {
                for need in self.step(id).needs() {
                    in_it[need.step.0] = true;
                }
            }
        }
        self.ids().filter(|id| in_it[id.0]).collect()
    }

    /// Describes a step to a writer: its own recipe, then its inputs by name and digest.
    pub fn describe(&self, id: StepId, record: &dyn Fn(StepId) -> Arc<Record>, to: &mut dyn Recipe) {
        let step = self.step(id);
        step.recipe(to);
        for (need, name, digest) in inputs(&step.needs(), record) {
            to.part(&format!("{} of `{}`", name, self.step(need).name()), digest.to_string().as_bytes());
        }
    }

    /// The key of a step whose inputs are known.
    pub fn key(&self, id: StepId, record: &dyn Fn(StepId) -> Arc<Record>) -> Digest {
        let mut key = Key::default();
        // Inputs enter by order and digest; the name of the step that made them is a matter of words only.
        let step = self.step(id);
        step.recipe(&mut key);
        for (_, name, digest) in inputs(&step.needs(), record) {
            key.part(&name, digest.to_string().as_bytes());
        }
        key.digest()
    }

    /// The recipe of a step in words.
    pub fn words(&self, id: StepId, record: &dyn Fn(StepId) -> Arc<Record>) -> Vec<(String, String)> {
        let mut words = Words::default();
        self.describe(id, record, &mut words);
        words.0
    }
}

/// Every artefact that the needs select, in the order of the needs.
pub fn inputs(needs: &[Need], record: &dyn Fn(StepId) -> Arc<Record>) -> Vec<(StepId, String, Digest)> {
    let mut found = Vec::new();
    for need in needs {
        let wanted = |name: &String| match &need.which {
            Which::Named(names) => names.contains(name),
            Which::All => true,
        };
        for (name, digest) in record(need.step).artefacts.iter().filter(|(name, _)| wanted(name)) {
            found.push((need.step, name.clone(), *digest));
        }
    }
    found
}

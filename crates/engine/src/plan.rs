//! The steps of a build, in an order in which each stands after all it needs. Equal steps are one step.

use crate::digest::Digest;
use crate::key::Key;
use crate::recipe::Parts;
use crate::step::{Need, Step, StepId, Which};
use crate::store::Record;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A list of steps; a [`StepId`] is a place in it.
#[derive(Default)]
pub struct Plan<'p> {
    steps: Vec<Step<'p>>,
    /// The digest of recipe and needs: a step that stands there already is not added again.
    known: BTreeMap<Digest, StepId>,
}

impl<'p> Plan<'p> {
    /// Adds a step, or finds the one with the same recipe and the same needs: that keeps its name.
    /// What a step needs must have been added before: so there are no cycles.
    ///
    /// # Panics
    /// When it needs a step that was not added yet (a mistake of the caller, not of a user).
    pub fn add(&mut self, step: Step<'p>) -> StepId {
        let id = StepId(self.steps.len());
        assert!(step.needs().iter().all(|need| need.step < id), "`{}` needs a later step", step.name());
        let identity = identity(&step);
        if let Some(&known) = self.known.get(&identity) {
            self.steps[known.0].extend_limit(step.limit());
            return known;
        }
        self.known.insert(identity, id);
        self.steps.push(step);
        id
    }

    /// A step by id.
    pub fn step(&self, id: StepId) -> &Step<'p> {
        &self.steps[id.0]
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = StepId> + use<> {
        (0..self.steps.len()).map(StepId)
    }

    /// `wanted` and everything it needs, in order.
    pub fn closure(&self, wanted: &[StepId]) -> Vec<StepId> {
        let mut in_it = vec![false; self.steps.len()];
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

    /// A step whose inputs are known, described: its recipe, then its inputs by role, name and digest.
    /// The key is the digest of this description, and the words are this description.
    pub fn describe(&self, id: StepId, record: &dyn Fn(StepId) -> Arc<Record>) -> Parts {
        let step = self.step(id);
        let mut parts = step.parts().clone();
        for (need, name, digest) in inputs(step.needs(), record) {
            parts.add(format!("{name} of {}", need.role), digest.to_string());
        }
        parts
    }
}

/// Every artefact that the needs select, in the order of the needs.
pub fn inputs<'n>(needs: &'n [Need], record: &dyn Fn(StepId) -> Arc<Record>) -> Vec<(&'n Need, String, Digest)> {
    let mut found = Vec::new();
    for need in needs {
        for (name, digest) in record(need.step).artefacts.iter().filter(|(name, _)| need.which.takes(name)) {
            found.push((need, name.clone(), *digest));
        }
    }
    found
}

/// What makes two steps the same: the recipe, and what they take from which steps.
fn identity(step: &Step) -> Digest {
    let mut key = Key::default();
    key.part("recipe", step.parts().digest().to_string().as_bytes());
    for Need { role, step, which } in step.needs() {
        key.part("role", role.as_bytes());
        key.part("step", &step.0.to_le_bytes());
        match which {
            Which::All => key.part("all", b""),
            Which::Named(names) => names.iter().for_each(|name| key.part("artefact", name.as_bytes())),
        }
    }
    key.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artefacts::{Artefacts, Inputs};
    use crate::failure::Failure;
    use crate::recipe::Recipe;
    use crate::step_context::StepContext;
    use serde::Serialize;
    use std::time::Duration;

    #[derive(Serialize)]
    struct Number(u8);

    impl Recipe for Number {
        const KIND: &'static str = "number";

        fn make(&self, _: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
            Ok(Artefacts::from([("n".to_owned(), vec![self.0])]))
        }
    }

    #[test]
    fn equal_steps_are_one_whatever_they_are_called() {
        let mut plan = Plan::default();
        let limit = |seconds| Some(Duration::from_secs(seconds));
        let [one, again] = [("one", 1), ("again", 3)]
            .map(|(name, seconds)| plan.add(Step::new(name, Number(1)).within(limit(seconds))));
        let other = plan.add(Step::new("one", Number(2)));
        assert_eq!((one, again, other), (StepId(0), StepId(0), StepId(1)));
        assert_eq!((plan.step(one).name(), plan.step(one).limit()), ("one", limit(3)), "the longer limit holds");
        let mut after = |role: &str, step| plan.add(Step::new("after", Number(1)).takes(role, step, Which::All));
        let ids = [after("a", one), after("a", one), after("b", one), after("a", other)];
        assert_eq!(ids, [StepId(2), StepId(2), StepId(3), StepId(4)]);
    }
}

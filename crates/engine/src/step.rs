//! One unit of work: what people call it, what it takes from other steps, and its recipe.

use crate::artefacts::{Artefacts, Inputs};
use crate::failure::Failure;
use crate::recipe::{Parts, Recipe};
use crate::step_context::StepContext;
use std::time::Duration;

/// A step's place in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepId(pub usize);

/// A step: a pure function of its recipe and its inputs. The name and the time limit reach no artefact and no key.
pub struct Step<'p> {
    name: String,
    limit: Option<Duration>,
    needs: Vec<Need>,
    parts: Parts,
    work: Box<dyn Work + 'p>,
}

/// A recipe whose type is forgotten.
trait Work: Sync {
    fn repeats(&self) -> bool;

    fn make(&self, inputs: &Inputs, context: &StepContext) -> Result<Artefacts, Failure>;
}

impl<R: Recipe> Work for R {
    fn repeats(&self) -> bool {
        Recipe::repeats(self)
    }

    fn make(&self, inputs: &Inputs, context: &StepContext) -> Result<Artefacts, Failure> {
        Recipe::make(self, inputs, context)
    }
}

impl<'p> Step<'p> {
    /// A step that people call `name`.
    pub fn new(name: impl Into<String>, recipe: impl Recipe + 'p) -> Self {
        let parts = Parts::of(&recipe);
        Self { name: name.into(), limit: None, needs: Vec::new(), parts, work: Box::new(recipe) }
    }

    /// With artefacts of an earlier step, which the work asks for under the name of a role.
    #[must_use]
    pub fn takes(mut self, role: impl Into<String>, step: StepId, which: Which) -> Self {
        self.needs.push(Need { role: role.into(), step, which });
        self
    }

    /// With a time limit, for work that can be stopped from outside.
    #[must_use]
    pub fn within(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit;
        self
    }

    /// What people call it: `run phase-diagram`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its time limit, if it has one.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// The artefacts of earlier steps that it takes.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// Its recipe, described.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Whether it makes the same artefacts whenever it runs.
    pub fn repeats(&self) -> bool {
        self.work.repeats()
    }

    /// Makes the artefacts.
    ///
    /// # Errors
    /// The recipe's.
    pub fn make(&self, inputs: &Inputs, context: &StepContext) -> Result<Artefacts, Failure> {
        self.work.make(inputs, context)
    }

    /// Lets it take as long as another step that turned out to be the same.
    pub(crate) fn extend_limit(&mut self, other: Option<Duration>) {
        self.limit = self.limit.zip(other).map(|(own, other)| own.max(other));
    }
}

/// A wish for artefacts of an earlier step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What they are to the step that takes them: `run`, `seed 3`.
    pub role: String,
    /// Whose.
    pub step: StepId,
    /// Which.
    pub which: Which,
}

/// Some or all artefacts of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The named ones. To ask the inputs for one that the step did not make is an error.
    Named(Vec<String>),
    /// Every one.
    All,
}

impl Which {
    /// Whether it selects an artefact.
    pub fn takes(&self, artefact: &str) -> bool {
        match self {
            Self::Named(names) => names.iter().any(|name| name == artefact),
            Self::All => true,
        }
    }
}

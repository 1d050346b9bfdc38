//! A figure at further seeds: what is declared to run, and the step that keeps its numbers alone.

use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::recipe::{Key, Recipe};
use crate::engine::site::Site;
use crate::engine::step::{Artefacts, Inputs, Need, Step};
use crate::paper::figure::Figure;
use crate::pipeline::run::Declared;

/// What a figure computes, at its own seed and at further ones.
pub struct Task {
    /// The figure's own run.
    pub own: Declared,
    /// The same at further seeds, for its claims.
    pub further: Vec<Declared>,
}

impl Task {
    /// The task of a figure whose run is declared; `measured` tells whether this profile measures further seeds.
    pub fn new(figure: &Figure, own: Declared, measured: bool) -> Self {
        let robustness = &figure.robustness;
        let seeds = if measured { &robustness.seeds[..] } else { &[] };
        let further = seeds.iter().map(|&seed| Declared { seed, params: robustness.params.clone(), ..own.clone() });
        Self { further: further.collect(), own }
    }

    /// The digest of all of it, as the lock remembers it: code is not in it.
    pub fn digest(&self) -> Digest {
        if self.further.is_empty() {
            return self.own.digest();
        }
        let mut key = Key::default();
        key.part("own", self.own.digest().to_string().as_bytes());
        for declared in &self.further {
            key.part("further", declared.digest().to_string().as_bytes());
        }
        key.digest()
    }

    /// Writes what is declared of the further seeds, part by part: seeds, and parameters that are not the figure's own.
    pub fn describe_further(&self, to: &mut dyn Recipe) {
        let seeds: Vec<String> = self.further.iter().map(|declared| declared.seed.to_string()).collect();
        to.part("further seeds", seeds.join(", ").as_bytes());
        for (name, value) in self.further.first().map(|declared| &declared.params).into_iter().flatten() {
            if self.own.params.get(name) != Some(value) {
                to.part(&format!("at further seeds params.{name}"), value.to_string().as_bytes());
            }
        }
    }
}

/// A run of which nothing is kept but its single numbers: tables of further seeds are drawn nowhere.
pub struct NumbersOf<S>(pub S);

impl<S: Step> Step for NumbersOf<S> {
    fn name(&self) -> String {
        self.0.name()
    }

    fn needs(&self) -> Vec<Need> {
        self.0.needs()
    }

    fn recipe(&self, to: &mut dyn Recipe) {
        to.part("kept", b"values.json alone");
        self.0.recipe(to);
    }

    fn run(&self, inputs: &Inputs, site: &Site) -> Result<Artefacts, Failure> {
        let mut artefacts = self.0.run(inputs, site)?;
        artefacts.retain(|name, _| name == "values.json");
        Ok(artefacts)
    }
}

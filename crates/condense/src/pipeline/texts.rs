//! The step that writes a text beside the figures: the summary, the introduction, what opens a section, the conclusion.

use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::step::{Step, StepId, Which};
use crate::engine::step_context::StepContext;
use crate::paper::quote::Quoted;
use crate::paper::texts::{PlacedText, TextPlace};
use crate::pipeline::run::VALUES;
use crate::pipeline::writer::{Labels, Results, Writer};
use crate::roster::Code;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A text beside the figures.
#[derive(Serialize)]
pub struct TextRecipe<'p> {
    /// What it says, and where.
    pub text: &'p PlacedText,
    /// The parameters of the figures whose numbers it quotes.
    pub params: BTreeMap<&'p str, &'p Map<String, Value>>,
    /// What the figures that it mentions are called.
    pub labels: Labels,
    /// The code that writes pages.
    pub code: Code,
}

/// What it becomes: both renditions.
pub const TEXT: &str = "text.json";

/// What the step is called, and the role in which pages take it.
pub fn name(place: &TextPlace) -> String {
    match place {
        TextPlace::Summary => "text summary".to_owned(),
        TextPlace::Introduction => "text introduction".to_owned(),
        TextPlace::Section(title) => format!("text of section {title}"),
        TextPlace::Conclusion => "text conclusion".to_owned(),
    }
}

/// The figures whose values or parameters a text quotes.
pub fn quoted(text: &PlacedText) -> BTreeSet<String> {
    let figure = |what| match what {
        Quoted::Value { name, .. } | Quoted::Param(name) => Some(name.split_once(':')?.0.to_owned()),
        Quoted::Ref(_) => None,
    };
    text.text.quotations().into_iter().filter_map(|quotation| figure(quotation.what)).collect()
}

/// The step that writes a text, given the runs of the figures that it quotes.
pub fn step<'p>(recipe: TextRecipe<'p>, runs: &BTreeMap<&'p str, StepId>) -> Step<'p> {
    let ids: Vec<&str> = recipe.params.keys().copied().collect();
    let step = Step::new(name(&recipe.text.place), recipe);
    let take = |step: Step<'p>, id: &str| step.takes(id.to_owned(), runs[id], Which::Named(vec![VALUES.to_owned()]));
    ids.into_iter().fold(step, take)
}

impl Recipe for TextRecipe<'_> {
    const KIND: &'static str = "text";

    fn make(&self, inputs: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
        let values = self.params.keys().map(|id| inputs.json(id, VALUES)).collect::<Result<Vec<_>, Failure>>()?;
        let of_figures = self.params.iter().zip(&values);
        let results = of_figures.map(|((&id, &params), values)| (id, Results { values, params })).collect();
        let writer = Writer { figure: None, results, labels: &self.labels };
        let mut faults = Vec::new();
        let text = writer.write(&self.text.text, &mut faults);
        if !faults.is_empty() {
            return Err(Failure::Broken(faults));
        }
        Ok(Artefacts::from([(TEXT.to_owned(), serde_json::to_vec(&text).expect("words"))]))
    }
}

//! The step that assembles all cards into the pages of the report.

use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::step::{Step, StepId, Which};
use crate::engine::step_context::StepContext;
use crate::paper::manifest::PaperInfo;
use crate::paper::markup::{self, Text};
use crate::paper::profile::{DEFAULT, judges};
use crate::paper::report;
use crate::paper::view;
use crate::pipeline::card::ENTRY;
use crate::pipeline::render::RenderContext;
use crate::plot::svg;
use serde::Serialize;

/// The pages that hold all cards.
#[derive(Serialize)]
pub struct IndexRecipe<'p> {
    /// About the paper.
    pub paper: &'p PaperInfo,
    /// The figures, in order.
    pub figures: Vec<Listed<'p>>,
    /// Where the lock was met bit for bit.
    pub proof: Option<view::Proof>,
    /// The version of this program.
    pub version: &'static str,
    /// What all pages share.
    pub context: &'p RenderContext<'p>,
}

/// A figure of the index.
#[derive(Serialize)]
pub struct Listed<'p> {
    /// Its id.
    pub id: &'p str,
    /// The heading under which it stands.
    pub section: Option<&'p str>,
}

/// The step that assembles `cards`, in the order of the figures.
pub fn step<'p>(recipe: IndexRecipe<'p>, cards: &[StepId]) -> Step<'p> {
    let roles: Vec<String> = recipe.figures.iter().map(|figure| figure.id.to_owned()).collect();
    let step = Step::new("index", recipe);
    roles.into_iter().zip(cards).fold(step, |step, (role, &card)| step.takes(role, card, Which::All))
}

impl Recipe for IndexRecipe<'_> {
    const KIND: &'static str = "index";

    fn make(&self, inputs: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
        let info = self.paper;
        let mut sections: Vec<view::SectionView> = Vec::new();
        for figure in &self.figures {
            let entry: view::CardView = inputs.json(figure.id, ENTRY)?;
            let title = figure.section.map(str::to_owned);
            let heading = title.filter(|title| sections.last().is_none_or(|last| last.title != *title));
            if let Some(title) = heading {
                sections.push(view::SectionView { title, figures: Vec::new() });
            } else if sections.is_empty() {
                sections.push(view::SectionView::default());
            }
            if let Some(section) = sections.last_mut() {
                section.figures.push(entry);
            }
        }
        let plain = |text: &str| {
            markup::inline(text, &[]).unwrap_or_else(|_| Text { html: svg::escaped(text), md: text.to_owned() })
        };
        let view = view::ReportView {
            title: info.title.clone(),
            standfirst: plain(&info.standfirst),
            authors: info.authors.clone(),
            source: plain(&info.source),
            version: format!("condense {}", self.version),
            command: self.context.remake.whole.clone(),
            profile: (self.context.profile != DEFAULT)
                .then(|| view::Profile { name: self.context.profile.to_owned(), judged: judges(self.context.profile) }),
            proof: self.proof.clone(),
            style: svg::style(),
            sections,
        };
        let text = report::render_index(&self.context.templates.parsed, &view)
            .map_err(|fault| Failure::Broken(vec![self.context.templates.fault(&fault)]))?;
        Ok(Artefacts::from([
            ("index.html".to_owned(), text.html.into_bytes()),
            ("report.md".to_owned(), text.md.into_bytes()),
        ]))
    }
}

//! The steps that assemble all figures into the pages of the report, and into one page that holds everything.

use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::step::{Step, StepId, Which};
use crate::engine::step_context::StepContext;
use crate::paper::markup::Text;
use crate::paper::report::{self, TemplateFault};
use crate::paper::texts::TextPlace;
use crate::paper::view;
use crate::pipeline::card::{CARD, ENTRY};
use crate::pipeline::files::SINGLE;
use crate::pipeline::render::RenderContext;
use crate::pipeline::texts::{self, TEXT};
use crate::plot::svg;
use serde::Serialize;

/// What speaks of all figures.
#[derive(Clone, Serialize)]
pub struct Whole<'p> {
    /// The figures, in order.
    pub figures: Vec<Listed<'p>>,
    /// Where texts stand beside them.
    pub texts: Vec<&'p TextPlace>,
    /// Where the lock was met bit for bit.
    pub proof: Option<view::Proof>,
    /// What all pages share.
    pub context: &'p RenderContext<'p>,
}

/// A figure of the index.
#[derive(Clone, Copy, Serialize)]
pub struct Listed<'p> {
    /// Its id.
    pub id: &'p str,
    /// The heading under which it stands.
    pub section: Option<&'p str>,
}

/// The pages that speak of all figures.
#[derive(Serialize)]
struct IndexRecipe<'p>(Whole<'p>);

/// The page that holds everything.
#[derive(Serialize)]
struct SingleRecipe<'p>(Whole<'p>);

/// The step that writes the pages, from what `cards` and `texts` say, each in the order of its list.
pub fn pages<'p>(whole: Whole<'p>, cards: &[StepId], texts: &[StepId]) -> Step<'p> {
    let taken = whole.taken(cards, texts, &[ENTRY]);
    taking(Step::new("index", IndexRecipe(whole)), taken)
}

/// The step that writes the page that holds everything.
pub fn single<'p>(whole: Whole<'p>, cards: &[StepId], texts: &[StepId]) -> Step<'p> {
    let taken = whole.taken(cards, texts, &[ENTRY, CARD]);
    taking(Step::new("single page", SingleRecipe(whole)), taken)
}

fn taking(step: Step<'_>, taken: Vec<(String, StepId, Which)>) -> Step<'_> {
    taken.into_iter().fold(step, |step, (role, id, which)| step.takes(role, id, which))
}

impl Whole<'_> {
    /// What is needed of which steps, and the role of each.
    fn taken(&self, cards: &[StepId], texts: &[StepId], names: &[&str]) -> Vec<(String, StepId, Which)> {
        let named = |names: &[&str]| Which::Named(names.iter().map(|&name| name.to_owned()).collect());
        let cards = self.figures.iter().zip(cards).map(|(figure, &id)| (figure.id.to_owned(), id, named(names)));
        let texts = self.texts.iter().zip(texts).map(|(place, &id)| (texts::name(place), id, named(&[TEXT])));
        cards.chain(texts).collect()
    }

    /// The text of a place, where there is one.
    fn text(&self, inputs: &Inputs, place: &TextPlace) -> Result<Option<Text>, Failure> {
        let text = self.texts.contains(&place).then(|| inputs.json(&texts::name(place), TEXT));
        text.transpose()
    }

    fn view(&self, inputs: &Inputs) -> Result<view::ReportView, Failure> {
        let mut sections: Vec<view::SectionView> = Vec::new();
        for figure in &self.figures {
            let entry: view::CardView = inputs.json(figure.id, ENTRY)?;
            let title = figure.section.map(str::to_owned);
            let heading = title.filter(|title| sections.last().is_none_or(|last| last.title != *title));
            if let Some(title) = heading {
                let text = self.text(inputs, &TextPlace::Section(title.clone()))?;
                sections.push(view::SectionView { title, text, figures: Vec::new() });
            } else if sections.is_empty() {
                sections.push(view::SectionView::default());
            }
            if let Some(section) = sections.last_mut() {
                section.figures.push(entry);
            }
        }
        let shown = self.context.paper.picture.as_ref();
        let entries = || sections.iter().flat_map(|section| &section.figures);
        let picture = shown.and_then(|id| entries().find(|entry| entry.id == *id)?.pictures.first().cloned());
        Ok(view::ReportView {
            site: self.context.site(),
            summary: self.text(inputs, &TextPlace::Summary)?,
            picture,
            introduction: self.text(inputs, &TextPlace::Introduction)?,
            conclusion: self.text(inputs, &TextPlace::Conclusion)?,
            proof: self.proof.clone(),
            style: svg::style(),
            sections,
        })
    }

    fn broken(&self, fault: &TemplateFault) -> Failure {
        Failure::Broken(vec![self.context.templates.fault(fault)])
    }
}

impl Recipe for IndexRecipe<'_> {
    const KIND: &'static str = "index";

    fn make(&self, inputs: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
        let view = self.0.view(inputs)?;
        let pages = report::render_pages(&self.0.context.templates.parsed, &view);
        let pages = pages.map_err(|fault| self.0.broken(&fault))?;
        Ok(pages.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect())
    }
}

impl Recipe for SingleRecipe<'_> {
    const KIND: &'static str = "single page";

    fn make(&self, inputs: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
        let view = self.0.view(inputs)?;
        let card = |figure: &Listed| Ok(inputs.text(figure.id, CARD)?.to_owned());
        let cards = self.0.figures.iter().map(card).collect::<Result<Vec<_>, Failure>>()?;
        let page = report::render_single(&self.0.context.templates.parsed, &view, &cards);
        Ok(Artefacts::from([(SINGLE.to_owned(), page.map_err(|fault| self.0.broken(&fault))?.into_bytes())]))
    }
}

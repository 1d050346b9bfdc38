//! A figure's page, `figures/<id>.md`: a title, then prose, charts and claims in the order in which they are read.
//! It knows the page's text only: whether its names exist is asked later, with [`Page::resolve`] and [`Page::judge`].

use crate::diag::{Diagnostic, Source};
use crate::frame::Results;
use crate::paper::chart_block::{self, ChartBlock};
use crate::paper::claim_block::{self, ClaimBlock};
use crate::paper::faults::Faults;
use crate::paper::fences::{Kind, Stretch, split};
use crate::paper::passage::{Known, Passage};
use crate::paper::toml_reader::{Piece, unprintable};
use crate::plot::check;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What is said about one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The figure's id.
    pub id: String,
    /// The text, for carets.
    pub source: Arc<Source>,
    /// The first line.
    pub title: Passage,
    /// All the rest, in order.
    pub parts: Vec<Part>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Words and formulas.
    Prose(Passage),
    /// A picture.
    Chart(ChartBlock),
    /// Something that must hold.
    Claim(ClaimBlock),
}

impl Part {
    fn passages(&self) -> impl Iterator<Item = &Passage> {
        let (one, other) = match self {
            Self::Prose(prose) => (prose, None),
            Self::Chart(chart) => (&chart.alt, Some(&chart.caption)),
            Self::Claim(claim) => (&claim.says, None),
        };
        std::iter::once(one).chain(other)
    }
}

impl Page {
    /// The charts, in order.
    pub fn charts(&self) -> impl Iterator<Item = &ChartBlock> {
        self.parts.iter().filter_map(|part| if let Part::Chart(chart) = part { Some(chart) } else { None })
    }

    /// The claims, in order.
    pub fn claims(&self) -> impl Iterator<Item = &ClaimBlock> {
        self.parts.iter().filter_map(|part| if let Part::Claim(claim) = part { Some(claim) } else { None })
    }

    /// Name of a chart's file, without its ending: `<id>`, or `<id>-<name>`.
    pub fn stem(&self, chart: &ChartBlock) -> String {
        chart.chart.name.as_ref().map_or_else(|| self.id.clone(), |name| format!("{}-{name}", self.id))
    }

    /// Every text that may quote.
    pub fn passages(&self) -> impl Iterator<Item = &Passage> {
        std::iter::once(&self.title).chain(self.parts.iter().flat_map(Part::passages))
    }

    /// Reports quoted names that do not exist, as far as they are known.
    pub fn resolve(&self, known: &Known, faults: &mut Faults) {
        for passage in self.passages() {
            passage.resolve(&self.source, known, faults);
        }
    }

    /// Reports every name that the results lack: quoted values, values of claims, frames and columns of charts.
    ///
    /// # Errors
    /// All of them, in the order of the page.
    pub fn judge(&self, results: &Results) -> Result<(), Vec<Diagnostic>> {
        let mut faults = Faults::default();
        let values: Vec<String> = results.values.keys().cloned().collect();
        self.resolve(&Known { values: Some(&values), ..Known::default() }, &mut faults);
        for claim in self.claims().filter(|claim| !results.values.contains_key(&claim.value)) {
            let fault = Diagnostic::new("P013", format!("unknown value `{}`", claim.value));
            faults.push(fault.at(&self.source, claim.value_at.clone(), "").suggest(&claim.value, &values, "values"));
        }
        for chart in self.charts() {
            chart.resolve(&self.source, check::unresolved(&chart.chart, &results.frames), &mut faults);
        }
        faults.sort();
        if faults.is_empty() { Ok(()) } else { Err(faults.into_list()) }
    }
}

/// Parses the page of figure `id`.
///
/// # Errors
/// Every mistake in it.
pub fn parse(source: &Arc<Source>, id: &str) -> Result<Page, Vec<Diagnostic>> {
    let mut faults = Faults::default();
    let page = examine(source, id, &mut faults);
    if faults.is_empty() { Ok(page) } else { Err(faults.into_list()) }
}

/// Reads as much as there is, and every mistake, in the order of the page.
pub fn examine(source: &Arc<Source>, id: &str, to: &mut Faults) -> Page {
    let mut faults = Faults::default();
    characters(source, &mut faults);
    let (title, rest) = title(source, &mut faults);
    let mut page = Page { id: id.to_owned(), source: Arc::clone(source), title, parts: Vec::new() };
    for stretch in split(source, rest, &mut faults) {
        if faults.full() {
            break;
        }
        page.parts.extend(part(source, stretch, &mut faults));
    }
    for passage in page.passages() {
        passage.check(source, &mut faults);
    }
    chart_names(&page, &mut faults);
    claim_ids(&page, &mut faults);
    faults.sort();
    to.append(faults);
    page
}

fn part(source: &Arc<Source>, stretch: Stretch, faults: &mut Faults) -> Option<Part> {
    match stretch {
        Stretch::Prose(at) => Some(Part::Prose(Passage { text: source.text[at.clone()].to_owned(), at })),
        Stretch::Block { kind, head, body } => {
            let (text, piece) = (&source.text[body.clone()], Piece { source: Arc::clone(source), offset: body.start });
            match kind {
                Kind::Chart => chart_block::parse(text, &piece, head, faults).map(Part::Chart),
                Kind::Claim => claim_block::parse(text, &piece, head, faults).map(Part::Claim),
            }
        }
    }
}

/// Reports characters that have no business in a text.
fn characters(source: &Arc<Source>, faults: &mut Faults) {
    const MOST: usize = 10;
    let text = &source.text;
    // The carriage returns of Windows line ends are as good as none.
    let bad = |(at, c): &(usize, char)| unprintable(*c) && !text[*at..].starts_with("\r\n");
    for (at, c) in text.char_indices().filter(bad).take(MOST) {
        let message = format!("control character U+{:04X}", u32::from(c));
        faults.push(Diagnostic::new("M002", message).at(source, at..at + c.len_utf8(), ""));
    }
}

/// The title, and where the rest begins.
fn title(source: &Arc<Source>, faults: &mut Faults) -> (Passage, usize) {
    let line = source.text.split_inclusive('\n').next().unwrap_or_default();
    let Some(text) = line.strip_prefix("# ").map(str::trim).filter(|text| !text.is_empty()) else {
        let fault = Diagnostic::new("P001", "a page starts with its title").at(source, 0..line.trim_end().len(), "");
        faults.push(fault.help("# The title of the figure"));
        return (Passage::default(), 0);
    };
    let start = line.len() - line[1..].trim_start().len();
    (Passage { text: text.to_owned(), at: start..start + text.len() }, line.len())
}

/// Files of several charts are told apart by the charts' names.
fn chart_names(page: &Page, faults: &mut Faults) {
    let mut seen: BTreeMap<&str, Range<usize>> = BTreeMap::new();
    let several = page.charts().count() > 1;
    for chart in page.charts() {
        let Some(name) = &chart.chart.name else {
            if several {
                let fault = Diagnostic::new("P007", "of several charts each needs a `name`");
                faults.push(fault.at(&page.source, chart.name_at.clone(), "").help("name = \"kebab-case\""));
            }
            continue;
        };
        if let Some(first) = seen.insert(name, chart.name_at.clone()) {
            let fault = Diagnostic::new("P007", format!("two charts have the name `{name}`"));
            faults.push(fault.at(&page.source, chart.name_at.clone(), "").at(&page.source, first, "the first one"));
        }
    }
}

fn claim_ids(page: &Page, faults: &mut Faults) {
    let mut seen: BTreeMap<&str, Range<usize>> = BTreeMap::new();
    for claim in page.claims() {
        if let Some(first) = seen.insert(&claim.id, claim.at.clone()) {
            let fault = Diagnostic::new("P011", format!("two claims have the id `{}`", claim.id));
            let fault = fault.at(&page.source, claim.at.clone(), "").at(&page.source, first, "the first one");
            faults.push(fault.help("a claim without an `id` takes its value's name: give one of them another"));
        }
    }
}

#[cfg(test)]
mod tests;

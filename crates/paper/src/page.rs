//! A figure's page, `figures/<id>.md`: a title, then prose, charts and claims in the order in which they are read.
//! It knows no results: names are checked with [`Page::unknown_names`] and [`Page::unbound`] once there are some.

use crate::block::{Block, ChartBlock, ClaimBlock};
use crate::faults::Faults;
use crate::fences::{Kind, Stretch, split};
use crate::figure_view::Label;
use crate::quote::Mention;
use crate::toml_reader::unprintable;
use crate::written::{Form, Known, Written};
use condense_base::diag::{Diagnostic, Source};
use condense_base::frame::Frame;
use condense_plot::bind::bind;
use condense_plot::fault::Place;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A parsed page.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// The figure's id.
    pub id: String,
    /// The first line, without its `#`.
    pub title: Written,
    /// The rest, in order.
    pub parts: Vec<Part>,
}

/// A part of a page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// CommonMark, with quotations.
    Prose(Written),
    /// A picture.
    Chart(ChartBlock),
    /// A sentence that can fail.
    Claim(ClaimBlock),
}

impl Part {
    /// The text that may quote.
    pub fn written(&self) -> &Written {
        match self {
            Self::Prose(text) => text,
            Self::Chart(chart) => &chart.caption,
            Self::Claim(claim) => &claim.says,
        }
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

    /// The same, to be changed.
    pub fn claims_mut(&mut self) -> impl Iterator<Item = &mut ClaimBlock> {
        self.parts.iter_mut().filter_map(|part| if let Part::Claim(claim) = part { Some(claim) } else { None })
    }

    /// The file name of a chart, without its ending: `<id>`, or `<id>-<name>`.
    pub fn stem(&self, chart: &ChartBlock) -> String {
        chart.drawing.chart.name.as_ref().map_or_else(|| self.id.clone(), |name| format!("{}-{name}", self.id))
    }

    /// What a chart is called, by its place on the page, from 0: `7`, or `7a` where the page has several.
    pub fn label(&self, number: usize, at: usize) -> String {
        let several = self.charts().nth(1).is_some();
        let letter = char::from(b'a' + (at % 26) as u8);
        if several { format!("{number}{letter}") } else { number.to_string() }
    }

    /// What a mention of it, or of one of its charts, is called and leads to, where it is figure `number`; none where it has
    /// no such chart.
    pub fn mentioned(&self, mention: &Mention, number: usize) -> Option<Label> {
        let Some(name) = &mention.chart else {
            return Some(Label { label: number.to_string(), figure: self.id.clone(), chart: None });
        };
        let (at, chart) =
            self.charts().enumerate().find(|(_, chart)| chart.drawing.chart.name.as_ref() == Some(name))?;
        Some(Label { label: self.label(number, at), figure: self.id.clone(), chart: Some(self.stem(chart)) })
    }

    /// Every text that may quote.
    pub fn texts(&self) -> impl Iterator<Item = &Written> {
        std::iter::once(&self.title).chain(self.parts.iter().map(Part::written))
    }

    /// What the figure asks: the paragraph that begins with `**Question.**`.
    pub fn question(&self) -> Option<Written> {
        self.paragraph("Question")
    }

    /// What it answers: the paragraph that begins with `**Answer.**`.
    pub fn answer(&self) -> Option<Written> {
        self.paragraph("Answer")
    }

    fn paragraph(&self, word: &str) -> Option<Written> {
        self.parts.iter().find_map(|part| if let Part::Prose(text) = part { text.paragraph(word) } else { None })
    }

    /// Everything that cannot be rendered, in the order of the page.
    pub fn unrenderable(&self) -> Vec<Diagnostic> {
        let mut faults = Faults::default();
        self.texts().for_each(|text| text.check_markup(&mut faults));
        faults.into_list()
    }

    /// Every quoted or claimed name that is not among the known ones, in the order of the page.
    pub fn unknown_names(&self, known: &Known) -> Vec<Diagnostic> {
        let mut faults = Faults::default();
        self.texts().for_each(|text| text.resolve(known, &mut faults));
        let values = known.values.unwrap_or_default();
        for claim in self.claims().filter(|claim| known.values.is_some() && !values.contains(&claim.value)) {
            faults.push(claim.unknown_value(values));
        }
        faults.sort();
        faults.into_list()
    }

    /// Everything that the charts name and the results lack, or that they hold and a chart cannot draw.
    pub fn unbound(&self, frames: &BTreeMap<String, Frame>) -> Vec<Diagnostic> {
        let of = |chart: &ChartBlock| match bind(&chart.drawing.chart, frames) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(|fault| chart.drawing.diagnostic(fault)).collect(),
        };
        self.charts().flat_map(of).collect()
    }
}

/// Parses a page and reports every mistake, in the order of the page; the page is there when there is none.
pub fn parse(id: &str, source: &Arc<Source>) -> (Option<Page>, Vec<Diagnostic>) {
    let mut faults = Faults::default();
    characters(source, &mut faults);
    let (title, rest) = title(source, &mut faults);
    let mut page = Page { id: id.to_owned(), title, parts: Vec::new() };
    for stretch in split(source, rest, &mut faults) {
        if faults.full() {
            break;
        }
        page.parts.extend(part(source, stretch, &mut faults));
    }
    page.texts().for_each(|text| text.check(&mut faults));
    chart_names(&page, &mut faults);
    claim_ids(&page, &mut faults);
    faults.sort();
    (faults.is_empty().then_some(page), faults.into_list())
}

fn part(source: &Arc<Source>, stretch: Stretch, faults: &mut Faults) -> Option<Part> {
    match stretch {
        Stretch::Prose(at) => Some(Part::Prose(Written::new(&source.text[at.clone()], Form::Prose, source, at))),
        Stretch::Block { kind, head, body } => {
            let block = Block { source: Arc::clone(source), at: body, head };
            match kind {
                Kind::Chart => block.chart(faults).map(Part::Chart),
                Kind::Claim => block.claim(faults).map(Part::Claim),
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
        faults.push(Diagnostic::new("P002", message).at(source, at..at + c.len_utf8(), ""));
    }
}

/// The title, and where the rest begins.
fn title(source: &Arc<Source>, faults: &mut Faults) -> (Written, usize) {
    let written = |text: &str, start: usize| Written::new(text, Form::Line, source, start..start + text.len());
    let line = source.text.split_inclusive('\n').next().unwrap_or_default();
    let Some(text) = line.strip_prefix("# ").map(str::trim).filter(|text| !text.is_empty()) else {
        let fault = Diagnostic::new("P003", "a page starts with its title").at(source, 0..line.trim_end().len(), "");
        faults.push(fault.help("# The title of the figure"));
        return (written("", 0), 0);
    };
    (written(text, line.find(text).unwrap_or_default()), line.len())
}

/// Files of several charts are told apart by the charts' names; one may go without: its file is `<id>.svg`.
fn chart_names(page: &Page, faults: &mut Faults) {
    let mut seen: BTreeMap<Option<&str>, Range<usize>> = BTreeMap::new();
    for chart in page.charts() {
        let name = chart.drawing.chart.name.as_deref();
        let at = chart.drawing.span_of(&Place { key: Some("name"), ..Place::default() });
        if let Some(first) = seen.insert(name, at.clone()) {
            let message = match name {
                Some(name) => format!("two charts have the name `{name}`"),
                None => "two charts have no `name`: they would write the same file".to_owned(),
            };
            let fault = chart.drawing.block.fault("P016", message, at);
            let fault = fault.at(&chart.drawing.block.source, first, "the first one");
            faults.push(fault.help("name = \"kebab-case\""));
        }
    }
}

fn claim_ids(page: &Page, faults: &mut Faults) {
    let mut seen: BTreeMap<&str, Range<usize>> = BTreeMap::new();
    for claim in page.claims() {
        if let Some(first) = seen.insert(&claim.id, claim.value_at.clone()) {
            let fault = claim.fault("P025", format!("two claims have the id `{}`", claim.id));
            let fault = fault.at(&claim.block.source, first, "the first one");
            faults.push(fault.help("a claim without an `id` takes its value's name: give one of them another"));
        }
    }
}

/// One paragraph a code, for `condense explain`.
pub const EXPLANATIONS: &[(&str, &str)] = &[
    (
        "P002",
        "Control characters and direction marks could steer a terminal or hide what is written. Only line breaks and tabs are allowed.",
    ),
    (
        "P003",
        "A page begins with its title: one line `# Title`. The title stands above the figure and in the contents.",
    ),
    (
        "P004",
        "Fenced blocks named `chart` and `claim` stand at the margin and are read as TOML; other fences are shown as code. This one looks like a slip.",
    ),
    (
        "P005",
        "A fence of three backticks is closed by a line of as many. Everything behind the open fence would be lost.",
    ),
    ("P015", "The chart contradicts itself, or lacks what its kind of layer draws: no results could make it right."),
    (
        "P016",
        "A chart is drawn to `<id>.svg`, or `<id>-<name>.svg` where a page has several. Names are kebab-case and tell all files apart.",
    ),
    ("P021", "A claim has exactly one bound: `below`, `above`, `between = [low, high]`, or `equals` with `within`."),
    ("P022", "Values and claims appear in addresses and JSON: lower-case letters, digits, `-`, `.`, `_`."),
    ("P024", "A double has at most 17 significant digits."),
    ("P025", "Ids of claims tell them apart; by default a claim is called like its value."),
    (
        "P026",
        "`share` asks for less than every seed: the bound must be met at this share of the figure's own seed and the further ones. What is true by construction is an `identity`: it is checked, and not counted among the claims.",
    ),
    (
        "P030",
        "Prose quotes results as `{{ value(\"name\", digits=3) }}`, parameters as `{{ param(\"name\") }}`, figures as `{{ ref(\"id\") }}`. In backticks they stand for themselves.",
    ),
    ("P031", "No computed number is typed in prose: it is quoted by name, and the name must exist."),
    ("P032", "A chart names frames and columns of the results of its own figure."),
    (
        "P033",
        "Frames and columns exist, but the chart cannot be drawn from what they hold: words where numbers are needed, a logarithm of zero, dates and numbers on one axis.",
    ),
    (
        "P035",
        "A claim is measured at further seeds, too: its value must be among the results at every seed, whatever comes out there.",
    ),
    (
        "P036",
        "A cell of a heat map that `leads` somewhere is a link. It leads to a panel of the same page, whose `anchor` no other panel there has.",
    ),
    (
        "P037",
        "A number in words is a result that somebody copied: when the experiment changes, it stays behind. Quote it. Years, numbers of figures, equations and slides, names such as CIFAR-10, formulas and code are left alone. `condense check` reports these; nothing else does.",
    ),
    (
        "P034",
        "The prose cannot be rendered: a formula is not TeX as the converter knows it, a picture stands where a `chart` block should, or the text holds the character U+E000. A dollar sign that begins no formula is written `\\$`.",
    ),
];

#[cfg(test)]
mod tests;

//! The page of a figure, `figures/<id>.md`: a title, prose, and fenced blocks of charts and claims, in reading order.
//! It knows no results: names are checked against results by [`Page::unknown_names`] once there are some.

use crate::diag::{Diagnostic, Source};
use crate::frame::Frame;
use crate::paper::block::{Block, ChartBlock, ClaimBlock};
use crate::paper::names;
use crate::paper::quote::{self, FUNCTIONS, Quoted};
use crate::paper::toml_reader::unprintable;
use crate::plot::check::{self, Named};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Longer pages are refused.
const LONGEST: usize = 1 << 20;

/// A parsed page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The figure's id.
    pub id: String,
    /// Its text.
    pub source: Arc<Source>,
    /// The first line, without its `#`.
    pub title: String,
    /// The rest, in order.
    pub parts: Vec<Part>,
}

/// A part of a page.
#[derive(Clone, Debug)]
pub enum Part {
    /// CommonMark, with quotations.
    Prose {
        /// The text.
        text: String,
        /// Where it begins in the page.
        at: usize,
    },
    /// A picture.
    Chart(ChartBlock),
    /// A sentence that can fail.
    Claim(ClaimBlock),
}

/// Names that pages may quote; `None` where they are not known yet.
#[derive(Clone, Copy, Default)]
pub struct Known<'k> {
    /// Values of the figure's results.
    pub values: Option<&'k [String]>,
    /// Parameters of the figure.
    pub params: Option<&'k [String]>,
    /// Ids of all figures.
    pub figures: Option<&'k [String]>,
}

/// Parses a page and reports every mistake; the page is there when there is none.
pub fn parse(id: &str, source: &Arc<Source>) -> (Option<Page>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let text = &source.text;
    let fault = |code, message: &str, span: Range<usize>| Diagnostic::new(code, message).at(source, span, "");
    if text.len() > LONGEST {
        return (None, vec![fault("P001", "the page is longer than 1 MiB", 0..0)]);
    }
    if let Some((at, c)) = text.char_indices().find(|(_, c)| unprintable(*c)) {
        faults.push(fault("P002", "a control character", at..at + c.len_utf8()));
    }
    let first = text.lines().next().unwrap_or_default();
    let title = first.strip_prefix("# ").map(str::trim).unwrap_or_default().to_owned();
    if title.is_empty() {
        faults.push(
            fault("P003", "the first line is not the title", 0..first.len())
                .help("begin the page with `# Title of the figure`"),
        );
    }
    let body = if title.is_empty() { 0 } else { (first.len() + 1).min(text.len()) };
    let parts = parts(source, body, &mut faults);
    let page = Page { id: id.to_owned(), source: Arc::clone(source), title, parts };
    page.check_names(&mut faults);
    page.check_quotes(&mut faults);
    faults.sort_by_key(|fault| fault.labels.first().map(|label| label.span.start));
    (faults.is_empty().then_some(page), faults)
}

/// Splits the text from `body` on at its `chart` and `claim` fences.
fn parts(source: &Arc<Source>, body: usize, faults: &mut Vec<Diagnostic>) -> Vec<Part> {
    let text = &source.text;
    let (mut parts, mut prose) = (Vec::new(), body);
    let mut open: Option<(&str, &str, Range<usize>)> = None;
    let mut at = body;
    for line in text[body..].split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let bare = line.trim_end();
        match &open {
            None => {
                let Some((fence, word)) = fence(bare) else { continue };
                if ["chart", "claim"].contains(&word) {
                    push_prose(&mut parts, text, prose..start);
                } else if let Some(meant) =
                    ["chart", "claim"].iter().find(|name| word.to_lowercase().starts_with(*name))
                {
                    let span = start..start + bare.len();
                    faults.push(
                        Diagnostic::new("P004", format!("`{word}` is no block of a page"))
                            .at(source, span, "")
                            .help(format!("did you mean ```{meant}?")),
                    );
                }
                open = Some((fence, word, start..end));
            }
            Some((fence, word, begin)) => {
                let closes = bare.trim_start().starts_with(fence)
                    && bare.trim_start().trim_start_matches(&fence[..1]).is_empty();
                if !closes {
                    continue;
                }
                let block = Block { source: Arc::clone(source), at: begin.end..start };
                match *word {
                    "chart" => parts.extend(block.chart(faults).map(Part::Chart)),
                    "claim" => parts.extend(block.claim(faults).map(Part::Claim)),
                    _ => {
                        open = None;
                        continue;
                    }
                }
                prose = end;
                open = None;
            }
        }
    }
    match open {
        Some((fence, word, begin)) => {
            let span = begin.start..begin.end.saturating_sub(1).max(begin.start);
            faults.push(Diagnostic::new("P005", format!("this `{word}` block is not closed")).at(
                source,
                span,
                format!("closed by a line `{fence}`"),
            ));
        }
        None => push_prose(&mut parts, text, prose..text.len()),
    }
    parts
}

/// The fence that a line opens, and the word behind it.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line =
        line.strip_prefix("   ").or_else(|| line.strip_prefix("  ")).or_else(|| line.strip_prefix(' ')).unwrap_or(line);
    let mark = line.chars().next().filter(|c| "`~".contains(*c))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    let word = line[length..].trim();
    (length >= 3 && !(mark == '`' && word.contains('`'))).then(|| (&line[..length], word))
}

fn push_prose(parts: &mut Vec<Part>, text: &str, span: Range<usize>) {
    let prose = &text[span.clone()];
    if !prose.trim().is_empty() {
        parts.push(Part::Prose { text: prose.to_owned(), at: span.start });
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

    /// The file name of a chart, without its ending.
    pub fn stem(&self, chart: &ChartBlock) -> String {
        chart.chart.name.as_ref().map_or_else(|| self.id.clone(), |name| format!("{}-{name}", self.id))
    }

    /// Names of charts and ids of claims must tell them apart.
    fn check_names(&self, faults: &mut Vec<Diagnostic>) {
        // One chart may go without a name: its file is `<id>.svg`.
        let mut nameless = false;
        let mut names = BTreeSet::new();
        for chart in self.charts() {
            let at = |key| chart.span_of(&check::Place { key: Some(key), ..check::Place::default() });
            let mut say =
                |message: String, key| faults.push(Diagnostic::new("P016", message).at(&self.source, at(key), ""));
            match &chart.chart.name {
                None if std::mem::replace(&mut nameless, true) => {
                    say("a second chart without a `name`: their files would collide".to_owned(), "alt");
                }
                Some(name) if names::id_fault(name).is_some() => {
                    say(format!("chart name `{name}`: {}", names::id_fault(name).unwrap_or_default()), "name");
                }
                Some(name) if !names.insert(name.clone()) => say(format!("two charts are named `{name}`"), "name"),
                _ => {}
            }
        }
        let mut ids = BTreeSet::new();
        for claim in self.claims() {
            if !ids.insert(claim.id.clone()) {
                let fault = claim.block.fault("P025", format!("two claims have the id `{}`", claim.id), None);
                faults.push(fault.help("give this one its own `id`"));
            }
        }
    }

    /// Every text that may quote, with the bytes of the page at which its own bytes stand.
    ///
    /// In a block, TOML escapes (`\"`) move bytes, so there a quotation's place is found by searching its name.
    fn texts(&self) -> Vec<(&str, Place<'_>)> {
        let mut texts = vec![(self.title.as_str(), Place::Exact(2))];
        for part in &self.parts {
            match part {
                Part::Prose { text, at } => texts.push((text, Place::Exact(*at))),
                Part::Chart(chart) => texts.push((&chart.chart.caption, Place::Within(&chart.block))),
                Part::Claim(claim) => texts.push((&claim.says, Place::Within(&claim.block))),
            }
        }
        texts
    }

    fn check_quotes(&self, faults: &mut Vec<Diagnostic>) {
        for (text, place) in self.texts() {
            let Err(wrong) = quote::parse(text) else { continue };
            for fault in wrong {
                let span = place.span(&fault.span, &text[fault.span.clone()]);
                let diagnostic = Diagnostic::new("P030", fault.message).at(&self.source, span, "");
                faults.push(match &fault.function {
                    Some(function) => diagnostic.suggest(function, FUNCTIONS, "functions"),
                    None => diagnostic,
                });
            }
        }
    }

    /// Every quoted or claimed name that is not among the known ones.
    pub fn unknown_names(&self, known: &Known) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        let mut check = |what: &str, name: &str, legal: Option<&[String]>, span: Range<usize>| {
            if let Some(legal) = legal
                && !legal.iter().any(|own| own == name)
            {
                let fault = Diagnostic::new("P031", format!("unknown {what} `{name}`")).at(&self.source, span, "");
                faults.push(fault.suggest(name, legal, &format!("{what}s here")));
            }
        };
        for (text, place) in self.texts() {
            for quotation in quote::parse(text).unwrap_or_default() {
                let (what, name, legal) = match &quotation.what {
                    Quoted::Value { name, .. } => ("value", name, known.values),
                    Quoted::Param(name) => ("parameter", name, known.params),
                    Quoted::Ref(id) => ("figure", id, known.figures),
                };
                check(what, name, legal, place.span(&quotation.name_span, name));
            }
        }
        for claim in self.claims() {
            let at = claim.block.text().find(&format!("\"{}\"", claim.value)).map_or(0, |at| at + 1);
            let start = claim.block.at.start + at;
            check("value", &claim.value, known.values, start..start + claim.value.len());
        }
        faults
    }

    /// Every frame and column that a chart names and the results lack.
    pub fn unknown_columns(&self, frames: &BTreeMap<String, Frame>) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for chart in self.charts() {
            for unknown in chart.chart.unresolved(frames) {
                let what = match unknown.what {
                    Named::Frame => "frame",
                    Named::Column => "column",
                };
                let fault = Diagnostic::new("P032", format!("unknown {what} `{}`", unknown.name)).at(
                    &self.source,
                    chart.span_of(&unknown.place),
                    "",
                );
                faults.push(fault.suggest(&unknown.name, &unknown.known, &format!("{what}s here")));
            }
        }
        faults
    }
}

/// Where a text stands in its page.
enum Place<'p> {
    /// Byte for byte, from here.
    Exact(usize),
    /// Somewhere in this block.
    Within(&'p Block),
}

impl Place<'_> {
    fn span(&self, span: &Range<usize>, words: &str) -> Range<usize> {
        match self {
            Self::Exact(at) => at + span.start..at + span.end,
            Self::Within(block) => {
                let at = block.at.start + block.text().find(words).unwrap_or(0);
                at..at + words.len()
            }
        }
    }
}

/// One paragraph a code, for `condense explain`.
pub const EXPLANATIONS: &[(&str, &str)] = &[
    ("P001", "A page is prose: 1 MiB is far beyond what anyone reads. Move data into `data/` and compute with it."),
    ("P002", "Control characters could steer a terminal or break the page. Only line breaks and tabs are allowed."),
    (
        "P003",
        "A page begins with its title: one line `# Title`. The title stands above the figure and in the contents.",
    ),
    (
        "P004",
        "Fenced blocks named `chart` and `claim` are read as TOML; other fences are shown as code. This one looks like a slip.",
    ),
    (
        "P005",
        "A fence of three backticks is closed by a line of as many. Everything behind the open fence would be lost.",
    ),
    ("P010", "The block is not TOML. The place is where the parser lost its way."),
    ("P011", "Unknown keys are refused, so that a slip of the pen never silently changes a picture or a claim."),
    ("P012", "This key takes one of a few words."),
    ("P013", "A chart needs `alt` and `caption`; a layer its `kind`; a claim `says`, `value` and one bound."),
    ("P014", "The value has the wrong type."),
    ("P015", "The chart contradicts itself, or lacks what its kind of layer draws."),
    (
        "P016",
        "With several charts on a page each needs a name of its own in kebab-case: the file is `<id>-<name>.svg`.",
    ),
    ("P021", "A claim has exactly one bound: `below`, `above`, `between = [low, high]`, or `equals` with `within`."),
    ("P022", "Claim ids appear in addresses and JSON: lower-case letters, digits, `-`, `.`, `_`."),
    ("P023", "A claim is a sentence that a reader can disagree with."),
    ("P024", "A double has at most 17 significant digits."),
    ("P025", "Ids of claims tell them apart; by default a claim is called like its value."),
    (
        "P030",
        "Prose quotes results as `{{ value(\"name\", digits=3) }}`, parameters as `{{ param(\"name\") }}`, figures as `{{ ref(\"id\") }}`.",
    ),
    ("P031", "No computed number is typed in prose: it is quoted by name, and the name must exist."),
    ("P034", "The prose cannot be rendered: most often a formula that is not TeX as the converter knows it."),
    (
        "P033",
        "Frames and columns exist, but the chart cannot be drawn from these numbers: a logarithm of zero, for example.",
    ),
    ("P032", "A chart names frames and columns of the results of its own figure."),
];

//! Fenced blocks of a page, TOML with places: how something is drawn, and what must hold.
//! It knows no results. What is wrong with a chart is `plot`'s to say, whether a claim holds is `claim`'s.

use crate::claim::Bound;
use crate::faults::Faults;
use crate::limits::{self, Limits};
use crate::names;
use crate::toml_reader::{Piece, Reading, parse, read, tables};
use crate::written::{Form, Written};
use condense_base::diag::{Diagnostic, Source};
use condense_plot::chart::Chart;
use condense_plot::check;
use condense_plot::fault::{ChartFault, Named, Place};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text between two fences. What else is on the page is for messages, and cannot be read from it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The page.
    pub(crate) source: Arc<Source>,
    /// Which bytes of it.
    pub(crate) at: Range<usize>,
    /// The opening line.
    pub(crate) head: Range<usize>,
}

/// A `chart` block: a picture, and the words under it.
#[derive(Clone, Debug, Serialize)]
pub struct ChartBlock {
    /// The picture.
    pub drawing: Drawing,
    /// The finding, then what is drawn.
    pub caption: Written,
}

/// A picture as it is written. Its caption is no part of it: other words under a picture leave the picture as it is.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// What to draw; its `caption` was taken out.
    pub chart: Chart,
    /// The block without the words of its caption. All of the chart comes from here.
    text: String,
    /// Where it stands, for messages.
    pub(crate) block: Block,
}

impl Serialize for Drawing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A `claim` block.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimBlock {
    /// Unique within the page; by default the value's name.
    pub id: String,
    /// The sentence.
    pub says: Written,
    /// Name of the measured value.
    pub value: String,
    /// What it must satisfy.
    pub bound: Bound,
    /// What it must satisfy under other profiles: their names, where those stand, and the bound.
    #[serde(skip)]
    elsewhere: Vec<(String, Range<usize>, Bound)>,
    /// Whether it is true by construction: then it is checked and shown, and not counted.
    pub identity: bool,
    /// Whether it is one of the few that sum up its figure.
    pub headline: bool,
    /// The least share of the further seeds at which it must hold, instead of at the figure's own.
    pub share: Option<f64>,
    /// The source's own number or words.
    pub source: Option<String>,
    /// Significant digits to show.
    pub digits: Option<usize>,
    /// Where it stands.
    #[serde(skip)]
    pub(crate) block: Block,
    /// Where the value's name stands.
    #[serde(skip)]
    pub(crate) value_at: Range<usize>,
}

impl Block {
    /// Its text.
    pub fn text(&self) -> &str {
        &self.source.text[self.at.clone()]
    }

    /// What is wrong on its page, in these bytes of it.
    pub(crate) fn fault(&self, code: &'static str, message: impl Into<String>, span: Range<usize>) -> Diagnostic {
        Diagnostic::new(code, message).at(&self.source, span, "")
    }

    fn piece(&self) -> Piece {
        Piece { source: Arc::clone(&self.source), offset: self.at.start }
    }

    /// Reads the block as a chart.
    pub fn chart(self, faults: &mut Faults) -> Option<ChartBlock> {
        let piece = self.piece();
        let table = parse(self.text(), &piece, faults)?;
        long_points(table.get_ref(), &piece, faults);
        let reading = read::<Chart>(self.with_words(table.clone(), faults), "a chart", &piece, faults);
        for fault in reading.value.iter().flat_map(check::faults) {
            // What is missing only because it was unreadable has been reported.
            if fault.place.key.is_none_or(|key| !reading.spoilt.contains(key)) {
                let span = locate(table.get_ref(), &fault.place).map(|span| piece.span(span));
                let span = span.unwrap_or_else(|| self.head.clone());
                faults.push(Diagnostic::new("P015", fault.message).at(&self.source, span, ""));
            }
        }
        let mut chart = reading.value?;
        if let (Some(name), Some(at)) = (&chart.name, table.get_ref().get("name"))
            && let Some(fault) = names::id_fault(name)
        {
            faults.push(piece.fault("P016", format!("name `{name}` cannot be used: {fault}"), at.span(), ""));
        }
        if let Some(at) = table.get_ref().get("alt").filter(|_| chart.alt.contains("{{")) {
            faults.push(piece.fault("P030", "`alt` is plain text and quotes nothing", at.span(), ""));
        }
        let at = table.get_ref().get("caption").map_or(0..0, Spanned::span);
        if chart.caption.trim().is_empty() && !reading.spoilt.contains("caption") {
            faults.push(piece.fault("P015", "`caption` is empty: state the finding", at.clone(), ""));
        }
        let text = [&self.text()[..at.start], &self.text()[at.end..]].concat();
        let caption_at = if at.is_empty() { self.head.clone() } else { piece.span(at) };
        let caption = Written::new(std::mem::take(&mut chart.caption), Form::Line, &self.source, caption_at);
        Some(ChartBlock { drawing: Drawing { chart, text, block: self }, caption })
    }

    /// The table of a chart; where `alt` or `caption` is missing, that is reported and a stand-in put there.
    fn with_words<'t>(&self, mut table: Spanned<DeTable<'t>>, faults: &mut Faults) -> Spanned<DeTable<'t>> {
        let needed = [
            ("alt", "alt = \"a sentence for readers who cannot see it\""),
            ("caption", "caption = \"the finding, then what is drawn\""),
        ];
        for (key, example) in needed {
            if table.get_ref().get(key).is_none() {
                let fault = Diagnostic::new("M004", format!("a chart lacks `{key}`"));
                faults.push(fault.at(&self.source, self.head.clone(), "").help(example));
                table.get_mut().insert(Spanned::new(0..0, key.into()), Spanned::new(0..0, DeValue::String("-".into())));
            }
        }
        table
    }

    /// Reads the block as a claim.
    pub fn claim(self, faults: &mut Faults) -> Option<ClaimBlock> {
        let piece = self.piece();
        let table = parse(self.text(), &piece, faults)?;
        let Reading { value: raw, spoilt } = read::<Raw>(table, "a claim", &piece, faults);
        let raw = raw?;
        for wrong in raw.faults(&spoilt) {
            let span = wrong.span.map_or_else(|| self.head.clone(), |span| piece.span(span));
            let fault = Diagnostic::new(wrong.code, wrong.message).at(&self.source, span, "");
            faults.push(if wrong.help.is_empty() { fault } else { fault.help(wrong.help) });
        }
        let bound = raw.limits().bound().ok()?;
        let of_profile = |(name, limits): (&Spanned<String>, &Limits)| {
            Some((name.get_ref().clone(), piece.span(name.span()), limits.bound().ok()?))
        };
        let elsewhere = raw.of_profiles().map(of_profile).collect::<Option<_>>()?;
        let (says, value) = (raw.says?, raw.value?);
        Some(ClaimBlock {
            elsewhere,
            value_at: piece.span(value.span()),
            id: raw.id.as_ref().unwrap_or(&value).get_ref().clone(),
            says: Written::new(says.get_ref().clone(), Form::Line, &self.source, piece.span(says.span())),
            value: value.into_inner(),
            bound,
            identity: raw.identity.is_some_and(|identity| *identity.get_ref()),
            headline: raw.headline.unwrap_or(false),
            share: raw.share.map(Spanned::into_inner),
            source: raw.source,
            digits: raw.digits.map(Spanned::into_inner),
            block: self,
        })
    }
}

/// A claim as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    says: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    id: Option<Spanned<String>>,
    source: Option<String>,
    digits: Option<Spanned<usize>>,
    identity: Option<Spanned<bool>>,
    headline: Option<bool>,
    share: Option<Spanned<f64>>,
    below: Option<Spanned<f64>>,
    above: Option<Spanned<f64>>,
    between: Option<Spanned<Vec<f64>>>,
    equals: Option<Spanned<f64>>,
    within: Option<Spanned<f64>>,
    profile: Option<BTreeMap<Spanned<String>, Limits>>,
}

/// What is wrong with a claim; without a span it is all of it.
struct Wrong {
    code: &'static str,
    message: String,
    span: Option<Range<usize>>,
    help: String,
}

impl Raw {
    /// Everything that is wrong, apart from keys that were reported as spoilt.
    fn faults(&self, spoilt: &BTreeSet<String>) -> Vec<Wrong> {
        let mut found = Vec::new();
        let mut say = |code, message: String, span, help: &str| {
            found.push(Wrong { code, message, span, help: help.to_owned() });
        };
        let needed = [
            ("says", &self.says, "says = \"a sentence that can be false\""),
            ("value", &self.value, "value = \"name.of.a.number\""),
        ];
        for (key, given, example) in needed {
            match given {
                None if !spoilt.contains(key) => say("M004", format!("a claim lacks `{key}`"), None, example),
                Some(text) if text.get_ref().trim().is_empty() => {
                    say("M005", format!("`{key}` is empty"), Some(text.span()), example);
                }
                _ => {}
            }
        }
        for name in self.value.iter().chain(&self.id).filter(|name| !name.get_ref().trim().is_empty()) {
            if let Some(fault) = names::value_fault(name.get_ref()) {
                say("P022", format!("name `{}` cannot be used", name.get_ref()), Some(name.span()), &fault);
            }
        }
        if let Some(digits) = self.digits.as_ref().filter(|digits| !(1..=17).contains(digits.get_ref())) {
            say("P024", "`digits` lies between 1 and 17".to_owned(), Some(digits.span()), "");
        }
        if let Some(share) = self.share.as_ref().filter(|share| !(*share.get_ref() > 0.0 && *share.get_ref() < 1.0)) {
            let help = "share = 0.8   holds at this share of the further seeds or more; without it, it must hold at the figure's own";
            say("P026", "`share` lies between 0 and 1".to_owned(), Some(share.span()), help);
        }
        if let (Some(identity), Some(_)) = (self.identity.as_ref().filter(|identity| *identity.get_ref()), &self.share)
        {
            let message = "an identity holds at every seed: it has no `share`".to_owned();
            say("P026", message, Some(identity.span()), "");
        }
        let readable = !limits::KEYS.iter().any(|key| spoilt.contains(*key));
        let bounds =
            std::iter::once((None, self.limits())).chain(self.of_profiles().map(|(name, of)| (Some(name), of.clone())));
        for (name, limits) in bounds.filter(|_| readable) {
            if let Err((message, span)) = limits.bound() {
                say("P021", message.to_owned(), span.or_else(|| name.map(Spanned::span)), limits::EXAMPLES);
            }
        }
        found
    }

    fn limits(&self) -> Limits {
        let Self { below, above, between, equals, within, .. } = self;
        Limits {
            below: below.clone(),
            above: above.clone(),
            between: between.clone(),
            equals: equals.clone(),
            within: within.clone(),
        }
    }

    fn of_profiles(&self) -> impl Iterator<Item = (&Spanned<String>, &Limits)> {
        self.profile.iter().flatten()
    }
}

/// Points with more than two numbers: the TOML reader would drop the rest without a word.
fn long_points(chart: &DeTable, piece: &Piece, faults: &mut Faults) {
    let panels = chart.get("panel").and_then(tables).unwrap_or_default();
    for layer in panels.iter().flat_map(|panel| panel.get_ref().get("layer").and_then(tables).unwrap_or_default()) {
        for key in ["from", "to"] {
            let Some(point) = layer.get_ref().get(key) else { continue };
            if point.get_ref().as_array().is_some_and(|point| point.len() > 2) {
                faults.push(piece.fault("P015", format!("`{key}` is a point `[x, y]`"), point.span(), ""));
            }
        }
    }
}

impl ClaimBlock {
    /// Puts the bound of a profile in force, if it has one of its own.
    pub fn apply(&mut self, profile: &str) {
        if let Some((_, _, bound)) = self.elsewhere.iter().find(|(name, ..)| name == profile) {
            self.bound = *bound;
        }
    }

    /// Profiles that it names and that are none.
    pub fn unknown_profiles(&self, known: &BTreeSet<String>) -> Vec<Diagnostic> {
        let unknown = self.elsewhere.iter().filter(|(name, ..)| !known.contains(name));
        let fault = |(name, at, _): &(String, Range<usize>, Bound)| {
            let fault = Diagnostic::new("M013", format!("no figure has a profile `{name}`"));
            fault.at(&self.block.source, at.clone(), "").suggest(name, known, "profiles")
        };
        unknown.map(fault).collect()
    }

    /// Its value is not among the results.
    pub fn unknown_value(&self, values: &[String]) -> Diagnostic {
        self.fault("P031", format!("unknown value `{}`", self.value)).suggest(&self.value, values, "values")
    }

    /// What is wrong with the name of its value.
    pub fn fault(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.block.fault(code, message, self.value_at.clone())
    }
}

impl Drawing {
    /// All that it is drawn from, beside the tables.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong at a place of the chart.
    pub fn fault(&self, code: &'static str, message: impl Into<String>, place: &Place) -> Diagnostic {
        self.block.fault(code, message, self.span_of(place))
    }

    /// The bytes of the page that a place in the chart stands at; the opening line where there is none.
    pub(crate) fn span_of(&self, place: &Place) -> Range<usize> {
        let found = DeTable::parse(self.block.text()).ok().and_then(|table| locate(table.get_ref(), place));
        found.map_or_else(|| self.block.head.clone(), |span| self.block.piece().span(span))
    }

    /// What keeps the results from being drawn, as a diagnostic.
    pub fn diagnostic(&self, fault: &ChartFault) -> Diagnostic {
        let Some(unknown) = &fault.unknown else {
            let message = format!("the chart cannot be drawn: {}", fault.message);
            return self.fault("P033", message, &fault.place);
        };
        let many = match unknown.what {
            Named::Frame => "frames of the results",
            Named::Column => "columns of the frame",
        };
        let diagnostic = self.fault("P032", fault.message.clone(), &fault.place);
        diagnostic.suggest(&unknown.name, &unknown.known, many)
    }
}

/// Where a place of a chart stands in its block: the value of the key, or the innermost table around it that there is.
fn locate(chart: &DeTable, place: &Place) -> Option<Range<usize>> {
    let (mut here, mut span) = (chart, None);
    for (key, at) in [("panel", place.panel), ("layer", place.layer)] {
        if let Some(at) = at {
            let item = here.get(key)?.get_ref().get(at)?;
            span = Some(item.span());
            here = item.get_ref().as_table()?;
        }
    }
    for key in place.key.unwrap_or_default().split('.') {
        let Some(value) = here.get(key) else { break };
        span = Some(value.span());
        let Some(inner) = value.get_ref().as_table() else { break };
        here = inner;
    }
    span
}

//! A text of a page that may quote results, with its place: prose, a caption, a claim's sentence.
//! It says what is wrong with quotations; what they stand for is not known here.

use crate::faults::Faults;
use crate::markup::{self, Quote, Text};
use crate::quote::{self, FUNCTIONS, Quoted};
use condense_base::diag::{Diagnostic, Source};
use std::ops::Range;
use std::sync::Arc;

/// A text and where it stands.
#[derive(Clone, Debug)]
pub struct Passage<'p> {
    /// What it says, escapes of TOML undone.
    pub text: &'p str,
    /// The bytes of the page that say it, quotation marks of TOML included.
    pub at: Range<usize>,
    /// What it becomes.
    pub form: Form,
}

/// What a text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line: title, caption, sentence.
    Line,
    /// Paragraphs, lists, displayed formulas.
    Prose,
}

/// The names that pages may quote; none where they are not known yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// Values of the figure's results.
    pub values: Option<&'k [String]>,
    /// Parameters of the figure.
    pub params: Option<&'k [String]>,
    /// Ids of all figures.
    pub figures: Option<&'k [String]>,
}

impl Form {
    /// Renders a text of this form, its quotations already replaced by [marks](markup::mark).
    ///
    /// # Errors
    /// What cannot be rendered, each with its place in the text.
    pub fn render(self, text: &str, quotes: &[Quote]) -> Result<Text, Vec<markup::Fault>> {
        match self {
            Self::Line => markup::inline(text, quotes),
            Self::Prose => markup::block(text, quotes),
        }
    }
}

impl Passage<'_> {
    /// A part of the text as bytes of the page. Where an escape stands before it, the nearest that reads the same.
    pub fn span(&self, source: &Source, part: Range<usize>) -> Range<usize> {
        if self.at.len() == self.text.len() {
            return part.start + self.at.start..part.end + self.at.start;
        }
        let raw = source.text.get(self.at.clone()).unwrap_or_default();
        let verbatim = raw.find(self.text).map(|start| start + part.start..start + part.end);
        let fragment = self.text.get(part).filter(|fragment| !fragment.is_empty());
        let alone = || fragment.and_then(|fragment| Some((raw.find(fragment)?, fragment.len())));
        let within = verbatim.or_else(|| alone().map(|(start, length)| start..start + length));
        within.map_or_else(|| self.at.clone(), |span| span.start + self.at.start..span.end + self.at.start)
    }

    /// Reports quotations that are written wrongly.
    pub fn check(&self, source: &Arc<Source>, faults: &mut Faults) {
        for fault in quote::parse(self.text).err().into_iter().flatten() {
            let diagnostic = Diagnostic::new("P030", fault.message).at(source, self.span(source, fault.span), "");
            faults.push(match fault.function {
                Some(function) => diagnostic.suggest(&function, FUNCTIONS, "functions"),
                None => diagnostic.help("braces that quote nothing go into backticks, or are written `{ {`"),
            });
        }
    }

    /// Reports what cannot be rendered, most often a formula. Quotations stand as digits, for their results may be unknown.
    pub fn check_markup(&self, source: &Arc<Source>, faults: &mut Faults) {
        let marked = quote::replace(self.text, |quotation| "0".repeat(quotation.span.len()));
        for fault in self.form.render(&marked, &[]).err().unwrap_or_default() {
            faults.push(Diagnostic::new("P034", fault.message).at(source, self.span(source, fault.span), ""));
        }
    }

    /// Reports quotations of names that do not exist.
    pub fn resolve(&self, source: &Arc<Source>, known: &Known, faults: &mut Faults) {
        for quotation in quote::parse(self.text).unwrap_or_default() {
            if faults.full() {
                break;
            }
            let (name, legal, one, many) = match &quotation.what {
                Quoted::Value { name, .. } => (name, known.values, "value", "values"),
                Quoted::Param(name) => (name, known.params, "parameter", "parameters"),
                Quoted::Ref(name) => (name, known.figures, "figure", "figures"),
            };
            if let Some(legal) = legal.filter(|legal| !legal.contains(name)) {
                let fault = Diagnostic::new("P031", format!("unknown {one} `{name}`"));
                let fault = fault.at(source, self.span(source, quotation.name_span), "");
                faults.push(fault.suggest(name, legal, many));
            }
        }
    }
}

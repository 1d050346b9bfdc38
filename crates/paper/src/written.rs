//! A text that may quote results, with its place: prose, a caption, a claim's sentence, a reason in the manifest.
//! It says what is wrong with quotations; what they stand for is not known here.

use crate::faults::Faults;
use crate::markup::{self, Quote, Text};
use crate::quote::{self, FUNCTIONS, Mention, Quotation, Quoted};
use crate::typed;
use condense_base::diag::{Diagnostic, Source};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// A text that somebody wrote, and where. What it says is data; its place is for messages, and cannot be read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    text: String,
    form: Form,
    source: Arc<Source>,
    at: Range<usize>,
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
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
    pub fn render(self, text: &str, quotes: &[Quote]) -> Result<Text, Vec<markup::MarkupFault>> {
        match self {
            Self::Line => markup::inline(text, quotes),
            Self::Prose => markup::block(text, quotes),
        }
    }
}

impl Written {
    /// A text, escapes of TOML undone, and the bytes of the source that say it, quotation marks of TOML included.
    pub fn new(text: impl Into<String>, form: Form, source: &Arc<Source>, at: Range<usize>) -> Self {
        Self { text: text.into(), form, source: Arc::clone(source), at }
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it becomes.
    pub fn form(&self) -> Form {
        self.form
    }

    /// What is wrong with a part of it, with its place.
    pub fn fault(&self, code: &'static str, message: impl Into<String>, part: Range<usize>) -> Diagnostic {
        Diagnostic::new(code, message).at(&self.source, self.span(part), "")
    }

    /// What cannot be rendered. A formula may be meant as none: in that case the dollar sign is what to mend.
    pub fn unrenderable(&self, message: String, part: Range<usize>) -> Diagnostic {
        let formula = message.contains("formula");
        let fault = self.fault("P034", message, part);
        if formula {
            fault.help("formulas are TeX between `$`; a dollar sign that begins none is written `\\$`")
        } else {
            fault
        }
    }

    /// What it quotes.
    pub fn quotations(&self) -> Vec<Quotation> {
        quote::parse(&self.text).unwrap_or_default()
    }

    /// The figures and charts that it mentions, and where.
    pub fn mentions(&self) -> impl Iterator<Item = (Mention, Range<usize>)> {
        let quotations = quote::parse(&self.text).unwrap_or_default().into_iter();
        quotations.filter_map(
            |Quotation { what, span, .. }| {
                if let Quoted::Ref(mention) = what { Some((mention, span)) } else { None }
            },
        )
    }

    /// The first paragraph that begins with a word in bold, as `**Question.** …`; without that word.
    pub fn paragraph(&self, word: &str) -> Option<Self> {
        let mark = format!("**{word}.**");
        let begins = |at: &usize| *at == 0 || self.text[..*at].ends_with("\n\n") || self.text[..*at].trim().is_empty();
        let start = self.text.match_indices(&mark).map(|(at, _)| at).find(begins)? + mark.len();
        let length = self.text[start..].find("\n\n").unwrap_or(self.text.len() - start);
        let words = self.text[start..start + length].trim();
        let offset = self.at.start + words.as_ptr() as usize - self.text.as_ptr() as usize;
        Some(Self::new(words, Form::Line, &self.source, offset..offset + words.len()))
    }

    /// Reports numbers that were typed instead of quoted.
    pub fn check_numbers(&self, faults: &mut Faults) {
        let words = quote::replace(&self.text, |quotation| "x".repeat(quotation.span.len()));
        for at in typed::numbers(&words) {
            let fault = self.fault("P037", format!("the number `{}` is typed, not quoted", &self.text[at.clone()]), at);
            faults.push(fault.help(
                "quote it, `{{ value(\"…\") }}` or `{{ param(\"…\") }}`; a number that defines something stands in a formula, `$7$`, and a small one is a word",
            ));
        }
    }

    /// A part of the text as bytes of the source. Where an escape stands before it, the nearest that reads the same.
    fn span(&self, part: Range<usize>) -> Range<usize> {
        if self.at.len() == self.text.len() {
            return part.start + self.at.start..part.end + self.at.start;
        }
        let raw = self.source.text.get(self.at.clone()).unwrap_or_default();
        let verbatim = raw.find(&self.text).map(|start| start + part.start..start + part.end);
        let fragment = self.text.get(part).filter(|fragment| !fragment.is_empty());
        let alone = || fragment.and_then(|fragment| Some((raw.find(fragment)?, fragment.len())));
        let within = verbatim.or_else(|| alone().map(|(start, length)| start..start + length));
        within.map_or_else(|| self.at.clone(), |span| span.start + self.at.start..span.end + self.at.start)
    }

    /// Reports quotations that are written wrongly.
    pub fn check(&self, faults: &mut Faults) {
        for fault in quote::parse(&self.text).err().into_iter().flatten() {
            let diagnostic = self.fault("P030", fault.message, fault.span);
            faults.push(match fault.function {
                Some(function) => diagnostic.suggest(&function, FUNCTIONS, "functions"),
                None => diagnostic.help("braces that quote nothing go into backticks, or are written `{ {`"),
            });
        }
    }

    /// Reports what cannot be rendered, most often a formula. Quotations stand as digits, for their results may be unknown.
    pub fn check_markup(&self, faults: &mut Faults) {
        let marked = quote::replace(&self.text, |quotation| "0".repeat(quotation.span.len()));
        for fault in self.form.render(&marked, &[]).err().unwrap_or_default() {
            faults.push(self.unrenderable(fault.message, fault.span));
        }
    }

    /// Reports quotations of names that do not exist.
    pub fn resolve(&self, known: &Known, faults: &mut Faults) {
        for quotation in quote::parse(&self.text).unwrap_or_default() {
            if faults.full() {
                break;
            }
            let (name, legal, one, many) = match &quotation.what {
                Quoted::Value { name, .. } => (name, known.values, "value", "values"),
                Quoted::Param(name) => (name, known.params, "parameter", "parameters"),
                Quoted::Ref(mention) => (&mention.figure, known.figures, "figure", "figures"),
            };
            if let Some(legal) = legal.filter(|legal| !legal.contains(name)) {
                let fault = self.fault("P031", format!("unknown {one} `{name}`"), quotation.name_span);
                faults.push(fault.suggest(name, legal, many));
            }
        }
    }
}

/// The values that texts quote, by name; where they do it is for messages.
#[derive(Debug, Default)]
pub struct QuotedValues<'p>(Vec<&'p Written>);

impl<'p> QuotedValues<'p> {
    /// What these texts quote.
    pub fn of(texts: impl IntoIterator<Item = &'p Written>) -> Self {
        Self(texts.into_iter().collect())
    }

    /// Every quotation of a value that is not among the known ones.
    pub fn unknown(&self, values: &[String]) -> Vec<Diagnostic> {
        let mut faults = Faults::default();
        let known = Known { values: Some(values), ..Known::default() };
        self.0.iter().for_each(|text| text.resolve(&known, &mut faults));
        faults.into_list()
    }
}

impl Serialize for QuotedValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let quotations = self.0.iter().flat_map(|text| quote::parse(&text.text).unwrap_or_default());
        let name =
            |quotation: Quotation| if let Quoted::Value { name, .. } = quotation.what { Some(name) } else { None };
        let names: BTreeSet<String> = quotations.filter_map(name).collect();
        serializer.collect_seq(names)
    }
}

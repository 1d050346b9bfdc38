//! Texts with quotations become both renditions: each number and each mention is put in its place, with its link.
//! It knows no steps: where results come from is the caller's to say.

use crate::diag::Diagnostic;
use crate::paper::figure_view::{self, Label};
use crate::paper::markup::{self, Quote, Text};
use crate::paper::quote::{self, Mention, Quoted};
use crate::paper::written::Written;
use crate::plot::{svg, text};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ops::Range;

/// Significant digits where neither quotation nor claim says.
pub const DIGITS: usize = 4;

/// What mentions are called and lead to.
pub struct Labels(pub BTreeMap<Mention, Label>);

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

/// What texts can quote of a figure.
#[derive(Clone, Copy)]
pub struct Results<'w> {
    /// Its numbers.
    pub values: &'w BTreeMap<String, f64>,
    /// Its parameters.
    pub params: &'w Map<String, Value>,
}

/// Writes texts.
pub struct Writer<'w> {
    /// The figure whose names stand without it; none beside the figures, where names are `figure:name`.
    pub figure: Option<&'w str>,
    /// Results by figure.
    pub results: BTreeMap<&'w str, Results<'w>>,
    /// What mentions are called.
    pub labels: &'w Labels,
}

impl Writer<'_> {
    /// A text of the page or of the manifest.
    pub fn write(&self, written: &Written, faults: &mut Vec<Diagnostic>) -> Text {
        let (mut quotes, mut unknown) = (Vec::new(), Vec::new());
        let mut moved: Vec<(usize, Range<usize>)> = Vec::new();
        let marked = quote::replace(written.text(), |quotation| {
            match self.quote(&quotation.what) {
                Some(quote) => quotes.push(quote),
                None => unknown.push(quotation.span.clone()),
            }
            let mark = markup::mark(quotes.len().saturating_sub(1));
            moved.push((mark.len(), quotation.span.clone()));
            mark
        });
        if !unknown.is_empty() {
            faults.extend(
                unknown.into_iter().map(|span| written.fault("P031", "this quotes nothing that there is", span)),
            );
            return Text::default();
        }
        written.form().render(&marked, &quotes).unwrap_or_else(|wrong| {
            for fault in wrong {
                let span = original(fault.span.start, &moved)..original(fault.span.end, &moved);
                faults.push(written.unrenderable(fault.message, span));
            }
            Text::default()
        })
    }

    /// What stands for a quotation; nothing where its name is unknown.
    fn quote(&self, what: &Quoted) -> Option<Quote> {
        let plain = |text: String| Quote { html: svg::escaped(&text), md: text.clone(), plain: text };
        Some(match what {
            Quoted::Value { name, digits } => {
                let (figure, name, results) = self.find(name)?;
                let value = *results.values.get(name)?;
                view_value(name, value, digits.unwrap_or(DIGITS)).quote(figure)
            }
            Quoted::Param(name) => {
                let (_, name, results) = self.find(name)?;
                plain(match results.params.get(name)? {
                    Value::Array(items) => items.iter().map(parameter).collect::<Vec<_>>().join(", "),
                    other => parameter(other),
                })
            }
            Quoted::Ref(mention) => self.labels.0.get(mention)?.quote(),
        })
    }

    /// The figure that a name is of, the name there, and its results.
    fn find<'n>(&'n self, name: &'n str) -> Option<(&'n str, &'n str, Results<'n>)> {
        let (figure, name) = name.split_once(':').or_else(|| Some((self.figure?, name)))?;
        Some((figure, name, *self.results.get(figure)?))
    }
}

/// A parameter, or one item of a list, as prose shows it.
fn parameter(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Number(number) => {
            number.as_f64().map_or_else(|| number.to_string(), |number| text::significant(number, 17))
        }
        other => other.to_string(),
    }
}

/// The offset in the original text of an offset in the marked one.
fn original(offset: usize, moved: &[(usize, Range<usize>)]) -> usize {
    let (mut from, mut to) = (0, 0);
    for (mark, span) in moved {
        let start = from + (span.start - to);
        if offset < start {
            break;
        }
        (from, to) = (start + mark, span.end);
        if offset < from {
            return span.start;
        }
    }
    to + (offset - from)
}

/// A number of the results, as pages show it.
pub fn view_value(name: &str, value: f64, digits: usize) -> figure_view::Value {
    figure_view::Value {
        name: name.to_owned(),
        text: text::significant(value, digits),
        full: crate::frame::number(value),
        claims: Vec::new(),
        standing: None,
        line: None,
    }
}

#[cfg(test)]
mod tests {
    use super::original;

    #[test]
    fn offsets_find_their_way_back_over_marks() {
        // "ab{{qqqq}}cd{{q}}e" marked as "abMcdMe" with marks of one byte.
        let moved = [(1, 2..10), (1, 12..17)];
        let back: Vec<usize> = (0..7).map(|at| original(at, &moved)).collect();
        assert_eq!(back, [0, 1, 2, 10, 11, 12, 17]);
    }
}

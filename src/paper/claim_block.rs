//! A `claim` block of a page: a sentence, the value that it is about, and the bound that makes it able to fail.
//! It knows no results: judging is `claim`'s.

use crate::paper::claim::Bound;
use crate::paper::faults::Faults;
use crate::paper::names;
use crate::paper::passage::Passage;
use crate::paper::toml_reader::{Piece, Reading, parse as parse_toml, read};
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimBlock {
    /// Unique on its page; by default the value's name.
    pub id: String,
    /// The sentence.
    pub says: Passage,
    /// Name of a single number of the results.
    pub value: String,
    /// What the number must satisfy.
    pub bound: Bound,
    /// The source's own number or words.
    pub source: Option<String>,
    /// Where the id stands, or what stands for it.
    pub at: Range<usize>,
    /// Where the value's name stands.
    pub value_at: Range<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    says: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    id: Option<Spanned<String>>,
    source: Option<String>,
    below: Option<Spanned<f64>>,
    above: Option<Spanned<f64>>,
    between: Option<Spanned<Vec<f64>>>,
    equals: Option<Spanned<f64>>,
    within: Option<Spanned<f64>>,
}

/// Reads a block whose opening line stands at `head`.
pub fn parse(text: &str, piece: &Piece, head: Range<usize>, faults: &mut Faults) -> Option<ClaimBlock> {
    let table = parse_toml(text, piece, faults)?;
    let Reading { value: raw, spoilt } = read::<Raw>(table, "a claim", piece, faults);
    let raw = raw?;
    let mut say = |code, message: &str, span: Range<usize>, help: &str| {
        let fault = crate::diag::Diagnostic::new(code, message).at(&piece.source, span, "");
        faults.push(if help.is_empty() { fault } else { fault.help(help) });
    };
    let needed = [
        ("says", &raw.says, "says = \"a sentence that can be false\""),
        ("value", &raw.value, "value = \"name.of.a.number\""),
    ];
    for (key, given, example) in needed {
        match given {
            None if !spoilt.contains(key) => say("M004", &format!("a claim lacks `{key}`"), head.clone(), example),
            Some(text) if text.get_ref().trim().is_empty() => {
                say("M005", &format!("`{key}` is empty"), piece.span(text.span()), example);
            }
            _ => {}
        }
    }
    for name in raw.value.iter().chain(&raw.id).filter(|name| !name.get_ref().trim().is_empty()) {
        if let Some(fault) = names::value_fault(name.get_ref()) {
            say("P010", &format!("name `{}` cannot be used", name.get_ref()), piece.span(name.span()), &fault);
        }
    }
    let bounds_spoilt = ["below", "above", "between", "equals", "within"].iter().any(|key| spoilt.contains(*key));
    let bound = match bound(&raw) {
        Ok(bound) => Some(bound),
        Err(_) if bounds_spoilt => None,
        Err((message, span)) => {
            let help = "below = 0.01, above = 2, between = [1, 2], or equals = 3 with within = 0.1 (0 = exactly)";
            say("P009", &message, span.map_or(head, |span| piece.span(span)), help);
            None
        }
    };
    let (says, value) = (raw.says?, raw.value?);
    let id = raw.id.as_ref().unwrap_or(&value);
    Some(ClaimBlock {
        at: piece.span(id.span()),
        id: id.get_ref().clone(),
        value_at: piece.span(value.span()),
        value: value.into_inner(),
        says: Passage { at: piece.span(says.span()), text: says.into_inner() },
        bound: bound?,
        source: raw.source,
    })
}

/// The one bound of a claim, or what is wrong, and where if not everywhere.
fn bound(raw: &Raw) -> Result<Bound, (String, Option<Range<usize>>)> {
    let wrong = |message: &str, span| Err((message.to_owned(), Some(span)));
    let given = [
        raw.below.as_ref().map(Spanned::span),
        raw.above.as_ref().map(Spanned::span),
        raw.between.as_ref().map(Spanned::span),
        raw.equals.as_ref().map(Spanned::span),
    ];
    let mut given = given.into_iter().flatten();
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        return wrong(
            "a claim has one bound, this one has more",
            first.start.max(second.start)..first.end.max(second.end),
        );
    }
    if let (Some(within), None) = (&raw.within, &raw.equals) {
        return wrong("`within` belongs to `equals`", within.span());
    }
    match raw {
        Raw { below: Some(bound), .. } => Ok(Bound::Below(*bound.get_ref())),
        Raw { above: Some(bound), .. } => Ok(Bound::Above(*bound.get_ref())),
        Raw { between: Some(ends), .. } => match ends.get_ref()[..] {
            [low, high] if low > high => wrong("the ends of `between` are the wrong way round", ends.span()),
            [low, high] => Ok(Bound::Between(low, high)),
            _ => wrong("`between` has two ends", ends.span()),
        },
        Raw { equals: Some(value), within: Some(within), .. } => match *within.get_ref() {
            room if room < 0.0 => wrong("`within` is negative", within.span()),
            room => Ok(Bound::Equals(*value.get_ref(), room)),
        },
        Raw { equals: Some(value), .. } => wrong("`equals` needs `within`", value.span()),
        _ => Err(("a claim needs a bound".to_owned(), None)),
    }
}

//! The bound of a claim as it is written, at the claim itself or for one profile.
//! It judges nothing; that is `claim`'s.

use crate::claim::Bound;
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;

/// The keys that make a bound.
pub const KEYS: [&str; 5] = ["below", "above", "between", "equals", "within"];

/// How they are written rightly.
pub const EXAMPLES: &str = "below = 0.01, above = 2, between = [1, 2], or equals = 3 with within = 0.1 (0 = exactly)";

/// What stands under the keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Strictly less.
    pub below: Option<Spanned<f64>>,
    /// Strictly greater.
    pub above: Option<Spanned<f64>>,
    /// Both ends.
    pub between: Option<Spanned<Vec<f64>>>,
    /// A number …
    pub equals: Option<Spanned<f64>>,
    /// … and how far from it.
    pub within: Option<Spanned<f64>>,
}

impl Limits {
    /// The one bound, or what is wrong with it, and where if not everywhere.
    pub fn bound(&self) -> Result<Bound, (&'static str, Option<Range<usize>>)> {
        let wrong = |message, span| Err((message, Some(span)));
        let given = [
            self.below.as_ref().map(Spanned::span),
            self.above.as_ref().map(Spanned::span),
            self.between.as_ref().map(Spanned::span),
            self.equals.as_ref().map(Spanned::span),
        ];
        let mut given: Vec<Range<usize>> = given.into_iter().flatten().collect();
        given.sort_by_key(|span| span.start);
        if let [_, second, ..] = &given[..] {
            return wrong("a claim has one bound: write a second claim for the other", second.clone());
        }
        if let (Some(within), None) = (&self.within, &self.equals) {
            return wrong("`within` belongs to `equals`", within.span());
        }
        match self {
            Self { below: Some(bound), .. } => Ok(Bound::Below(*bound.get_ref())),
            Self { above: Some(bound), .. } => Ok(Bound::Above(*bound.get_ref())),
            Self { between: Some(ends), .. } => match ends.get_ref()[..] {
                [low, high] if low > high => wrong("the ends of `between` are the wrong way round", ends.span()),
                [low, high] => Ok(Bound::Between(low, high)),
                _ => wrong("`between` has two ends", ends.span()),
            },
            Self { equals: Some(value), within: Some(within), .. } => match *within.get_ref() {
                room if room < 0.0 => wrong("`within` is negative", within.span()),
                room => Ok(Bound::Equals(*value.get_ref(), room)),
            },
            Self { equals: Some(value), .. } => wrong("`equals` needs `within`", value.span()),
            _ => Err(("a claim needs a bound", None)),
        }
    }
}

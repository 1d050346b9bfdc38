//! What pages show of a claim, as plain data: the sentence, what was measured, and the same at further seeds.
//! It judges nothing.

use serde::{Deserialize, Serialize};

use crate::markup::Text;

/// A sentence that can fail, and what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClaimView {
    /// Unique within its figure.
    pub id: String,
    /// What must hold.
    pub says: Text,
    /// What was measured, short.
    pub value: String,
    /// What was asked for: `below 0.01`, `between 2 and 3`.
    pub bound: String,
    /// How far the value is from its bound.
    pub margin: String,
    /// The verdict.
    pub holds: bool,
    /// How far that is, as a share of what was asked for.
    pub room: f64,
    /// Whether it is true by construction.
    pub identity: bool,
    /// Whether it is one of the few that sum up its figure.
    pub headline: bool,
    /// The least share of seeds that was asked for, in per cent, where that is not all of them.
    pub share: Option<String>,
    /// The name of the value.
    pub name: String,
    /// The source's own number or words.
    pub source: Option<String>,
    /// The same at further seeds, where it was measured there.
    pub strip: Option<Strip>,
}

/// A claim at further seeds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Strip {
    /// The picture: a dot a seed, the reported number ringed. Trusted: it is made by this program.
    pub svg: String,
    /// Further seeds.
    pub of: usize,
    /// Those at which the bound is met.
    pub hold: usize,
    /// What that says of all seeds: the 95 % interval of the share, in words.
    pub interval: String,
    /// Whether that is what was asked for: all of them, or the share that the claim names.
    pub robust: bool,
    /// Whether the number is the same at all seeds, bit for bit.
    pub same: bool,
    /// Whether that is so of every number of the figure: then further seeds say nothing.
    pub seedless: bool,
    /// The least and the greatest of the further numbers.
    pub range: [String; 2],
}

impl ClaimView {
    /// The same for a table of all claims, where pictures of seeds would weigh too much.
    #[must_use]
    pub fn without_picture(mut self) -> Self {
        self.strip.iter_mut().for_each(|strip| strip.svg.clear());
        self
    }
}

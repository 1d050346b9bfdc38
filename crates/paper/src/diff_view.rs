//! What the page that compares two versions of a figure shows, as plain data. It compares nothing.

use serde::Serialize;

use crate::markup::Text;
use crate::view::Site;

/// Two versions of a figure.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct DiffView {
    /// What every page says of the report.
    pub site: Site,
    /// The figure's number.
    pub number: usize,
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// What the old version is: `accepted`, or `written`.
    pub old: &'static str,
    /// What the new one is: `made`, or `on disk`.
    pub new: &'static str,
    /// The pictures that differ.
    pub pictures: Vec<PicturePair>,
    /// The numbers that differ.
    pub values: Vec<ValueChange>,
    /// The claims whose number differs.
    pub claims: Vec<ClaimChange>,
    /// The tables that differ.
    pub tables: Vec<TableChange>,
    /// Files of which one version is not to be had, or that were only made in one, with a word for each.
    pub others: Vec<[String; 2]>,
}

impl DiffView {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        let Self { pictures, values, claims, tables, others, .. } = self;
        [pictures.is_empty(), values.is_empty(), claims.is_empty(), tables.is_empty(), others.is_empty()] == [true; 5]
    }
}

/// A picture in two versions.
#[derive(Clone, Debug, Serialize)]
pub struct PicturePair {
    /// What stands before the caption: `7a`.
    pub label: String,
    /// A sentence for readers who cannot see it.
    pub alt: String,
    /// The old one, as the address of an image that holds everything.
    pub old: String,
    /// The new one.
    pub new: String,
    /// Width and height of the old one in px.
    pub old_size: [u32; 2],
    /// Width and height of the new one in px.
    pub size: [u32; 2],
    /// Width and height that hold both.
    pub room: [u32; 2],
}

/// A number in two versions; empty texts where it is in one only.
#[derive(Clone, Debug, Serialize)]
pub struct ValueChange {
    /// Its name.
    pub name: String,
    /// With all digits.
    pub old: String,
    /// With all digits.
    pub new: String,
    /// New less old.
    pub change: String,
    /// The same as a share of the old one.
    pub relative: String,
}

/// A claim whose number differs.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimChange {
    /// The sentence.
    pub says: Text,
    /// What was asked for.
    pub bound: String,
    /// The old number.
    pub old: String,
    /// The new number.
    pub new: String,
    /// Whether the old number is what was asked for.
    pub held: bool,
    /// Whether the new number is.
    pub holds: bool,
    /// The share of the room to the bound that the change has taken: `12 %`; empty where there was none.
    pub taken: String,
}

/// A table in two versions.
#[derive(Clone, Debug, Serialize)]
pub struct TableChange {
    /// Its file.
    pub file: String,
    /// Rows that differ, of how many: in words.
    pub words: String,
    /// The columns, where both versions have the same.
    pub head: Vec<String>,
    /// The first row that differs, from 1; none where the columns do.
    pub row: Option<usize>,
    /// What that row holds: the old cell, the new cell, and whether they differ.
    pub cells: Vec<(String, String, bool)>,
}

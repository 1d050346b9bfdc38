//! What the page with the source of a figure's numbers shows, as plain data.

use serde::Serialize;

use crate::figure_view::Pair;
use crate::markup::Text;
use crate::view::Site;

/// The program text that computes a figure.
#[derive(Clone, Debug, Serialize)]
pub struct SourceView<'v> {
    /// What every page says of the report.
    pub site: &'v Site,
    /// The figure's number.
    pub number: usize,
    /// Its name.
    pub id: &'v str,
    /// Its title.
    pub title: &'v Text,
    /// Name of the experiment, or the command line.
    pub experiment: &'v str,
    /// Whether the text was compiled into the program; else it was read.
    pub compiled: bool,
    /// The file; empty where there is none.
    pub file: &'v str,
    /// Its lines.
    pub lines: Vec<&'v str>,
    /// The modules or files that the code consists of, with their digests.
    pub parts: Vec<Pair>,
}

//! What all pages of a report are rendered with. Whatever a page shows beside the paper and its results is here.

use crate::pipeline::templates::Templates;
use crate::roster::Code;
use serde::Serialize;

/// What the steps that write pages share.
#[derive(Serialize)]
pub struct RenderContext<'p> {
    /// The pages' templates.
    pub templates: &'p Templates,
    /// The profile in force.
    pub profile: &'p str,
    /// How a reader remakes things.
    pub remake: Remake,
    /// Whether pages tell how long things took. Not when they are to be compared byte by byte.
    pub times: bool,
    /// The code that writes pages.
    pub code: Code,
}

/// The commands that remake things: those of `make`, where there is a Makefile.
#[derive(Serialize)]
pub struct Remake {
    /// The whole report.
    pub whole: String,
    /// One figure, whose id is to follow.
    pub only: String,
    /// The program, before its verbs.
    pub program: &'static str,
}

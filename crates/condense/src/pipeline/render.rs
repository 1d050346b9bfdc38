//! What all pages of a report are rendered with. Whatever a page shows beside the paper and its results is here.

use crate::paper::manifest::PaperInfo;
use crate::paper::markup::{self, Text};
use crate::paper::profile::{DEFAULT, judges};
use crate::paper::view::{Profile, Site};
use crate::pipeline::templates::Templates;
use crate::plot::svg;
use crate::roster::Code;
use serde::Serialize;

/// What the steps that write pages share.
#[derive(Serialize)]
pub struct RenderContext<'p> {
    /// About the paper.
    pub paper: &'p PaperInfo,
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
    /// The version of the program. The code alone does not hold it.
    pub version: &'static str,
}

impl RenderContext<'_> {
    /// What every page says of the report.
    pub fn site(&self) -> Site {
        let plain = |text: &str| {
            markup::inline(text, &[]).unwrap_or_else(|_| Text { html: svg::escaped(text), md: text.to_owned() })
        };
        let profile = Profile { name: self.profile.to_owned(), judged: judges(self.profile) };
        Site {
            title: self.paper.title.clone(),
            standfirst: plain(&self.paper.standfirst),
            source: plain(&self.paper.source),
            url: self.paper.url.clone(),
            repository: self.paper.repository.clone(),
            authors: self.paper.authors.clone(),
            date: self.paper.date.clone(),
            license: self.paper.license.clone(),
            version: format!("condense {}", self.version),
            command: self.remake.whole.clone(),
            profile: (self.profile != DEFAULT).then_some(profile),
        }
    }
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

//! What the pages of a report show, as plain data: everything is already decided, measured and written as text.
//! It knows no engine, no results and no templates. One figure is [`figure_view`](crate::figure_view)'s.

use serde::{Deserialize, Serialize};

use crate::claim_view::ClaimView;
use crate::figure_view::{Fidelity, FigureView, Lock, Picture, Provenance};
use crate::markup::Text;

/// What every page says of the report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Site {
    /// The title, plain.
    pub title: String,
    /// One or two sentences under the title.
    pub standfirst: Text,
    /// What is reproduced: the author, title and venue.
    pub source: Text,
    /// Where the source can be had.
    pub url: Option<String>,
    /// Where the code of this reproduction can be had.
    pub repository: Option<String>,
    /// Who made this reproduction.
    pub authors: Vec<String>,
    /// The day of this reproduction, `2025-02-13`, where it has one.
    pub date: Option<String>,
    /// Its licence, by the short name of the SPDX list.
    pub license: Option<String>,
    /// The program that wrote it.
    pub version: String,
    /// The command that makes the whole report.
    pub command: String,
    /// The profile whose parameters these are, where they are not the paper's own.
    pub profile: Option<Profile>,
}

/// The whole report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReportView {
    /// What every page says.
    pub site: Site,
    /// What was found, in a hundred and fifty words.
    pub summary: Option<Text>,
    /// The picture beside it.
    pub picture: Option<Picture>,
    /// What comes before the figures.
    pub introduction: Option<Text>,
    /// What comes after them.
    pub conclusion: Option<Text>,
    /// Where the lock was met bit for bit, if that was tried.
    pub proof: Option<Proof>,
    /// The style sheet that all SVGs of the page share.
    pub style: String,
    /// The figures, in the source's order.
    pub sections: Vec<SectionView>,
}

/// A profile: parameters that are not the paper's own.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// Its name in the manifest.
    pub name: String,
    /// Whether claims speak of these parameters, too: elsewhere they are shown, and fail nothing.
    pub judged: bool,
}

/// The platforms on which everything came out as the lock says, bit for bit.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Proof {
    /// How many.
    pub platforms: usize,
    /// In what they differ: `x86-64 baseline and AVX2+FMA; 1 and 2 threads; release, opt-level 3`.
    pub what: String,
    /// One by one.
    pub rows: Vec<ProofRow>,
}

/// One platform, and the profile that it computed.
#[derive(Clone, Debug, Serialize)]
pub struct ProofRow {
    /// Architecture and instructions: `x86-64 AVX2+FMA`.
    pub processor: String,
    /// How the program was compiled: `release, opt-level 3`.
    pub build: String,
    /// As many as could run at once.
    pub threads: usize,
    /// What the program could not know of itself, such as an emulator; mostly empty.
    pub note: String,
    /// The profile.
    pub profile: String,
}

/// Figures under one heading.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SectionView {
    /// The heading, plain; empty when the figures stand under none.
    pub title: String,
    /// Where the argument stands.
    pub text: Option<Text>,
    /// In order.
    pub figures: Vec<CardView>,
}

/// What the front page and its sisters need of one figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardView {
    /// Number in the report, from 1.
    pub number: usize,
    /// Kebab-case name, unique.
    pub id: String,
    /// Title of the figure; it stands in links, so it holds none.
    pub title: Text,
    /// Title of the slide that it reproduces, in the source's words.
    pub slide: String,
    /// How near it is to its source.
    pub fidelity: Fidelity,
    /// What it asks.
    pub question: Option<Text>,
    /// What came out.
    pub answer: Option<Text>,
    /// Its pictures.
    pub pictures: Vec<Picture>,
    /// What must hold, with what was measured.
    pub claims: Vec<ClaimView>,
    /// Who computed it, from what.
    pub provenance: Provenance,
    /// The whole figure as Markdown.
    pub md: String,
}

/// A figure on a page of its own.
#[derive(Clone, Debug, Serialize)]
pub struct PageView<'v> {
    /// What every page says.
    pub site: &'v Site,
    /// The figure.
    pub figure: &'v FigureView,
    /// Its card, finished.
    pub card: &'v str,
    /// Where it stands.
    pub section: Option<&'v str>,
    /// The figure before it.
    pub previous: Option<Neighbour<'v>>,
    /// The figure after it.
    pub next: Option<Neighbour<'v>>,
}

/// A figure next to another.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Neighbour<'v> {
    /// Its number.
    pub number: usize,
    /// Its name.
    pub id: &'v str,
}

/// What the first screen counts. It is derived from the entries, so that it cannot disagree with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Claims in all figures, identities left out.
    pub claims: usize,
    /// Those that hold.
    pub hold: usize,
    /// Claims that are true by construction.
    pub identities: usize,
    /// Those that came out so.
    pub kept: usize,
    /// Claims measured at further seeds.
    pub again: usize,
    /// Of these, those that hold there as asked.
    pub robust: usize,
    /// Figures in all sections.
    pub figures: usize,
    /// Those that match the lock.
    pub locked: usize,
    /// Those in the source's own setting.
    pub faithful: usize,
    /// Those in a smaller one.
    pub scaled: usize,
    /// Those in another one that shows the same thing.
    pub substitute: usize,
}

impl ReportView {
    /// Counts claims and figures.
    pub fn counts(&self) -> Counts {
        let figures = || self.sections.iter().flat_map(|section| &section.figures);
        let all = || figures().flat_map(|figure| &figure.claims);
        let claims = || all().filter(|claim| !claim.identity);
        let identities = || all().filter(|claim| claim.identity);
        let strips = || claims().filter_map(|claim| claim.strip.as_ref()).filter(|strip| !strip.seedless);
        Counts {
            claims: claims().count(),
            hold: claims().filter(|claim| claim.holds).count(),
            identities: identities().count(),
            kept: identities().filter(|claim| claim.holds).count(),
            again: strips().count(),
            robust: strips().filter(|strip| strip.robust).count(),
            figures: figures().count(),
            locked: figures().filter(|figure| figure.provenance.lock == Lock::Matches).count(),
            faithful: figures().filter(|figure| figure.fidelity.tag == "faithful").count(),
            scaled: figures().filter(|figure| figure.fidelity.tag == "scaled").count(),
            substitute: figures().filter(|figure| figure.fidelity.tag == "substitute").count(),
        }
    }
}

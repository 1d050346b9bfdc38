//! All claims of a report as one table: in the order of the figures, or the weakest first.
//! It judges nothing and writes no page.

use crate::claim_view::ClaimView;
use crate::view::ReportView;
use serde::Serialize;

/// A table of claims, in parts.
#[derive(Clone, Debug, Serialize)]
pub struct Claims<'v> {
    /// Whether the weakest come first.
    pub by_room: bool,
    /// Its parts.
    pub parts: Vec<Part<'v>>,
}

/// Claims under one heading.
#[derive(Clone, Debug, Serialize)]
pub struct Part<'v> {
    /// Its name in links.
    pub id: &'static str,
    /// The heading.
    pub title: &'static str,
    /// What these claims have in common.
    pub says: &'static str,
    /// Claims, in order.
    pub rows: Vec<Row<'v>>,
}

/// A claim with its figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Row<'v> {
    /// The figure's number.
    pub number: usize,
    /// The figure's id.
    pub figure: &'v str,
    /// The claim.
    pub claim: &'v ClaimView,
}

impl<'v> Claims<'v> {
    /// In the order of the figures.
    pub fn in_order(report: &'v ReportView) -> Self {
        Self { by_room: false, parts: parts(rows(report)) }
    }

    /// The weakest first: what fails, then what holds at fewer seeds, then what has less room.
    pub fn by_room(report: &'v ReportView) -> Self {
        let mut rows = rows(report);
        rows.sort_by(|a, b| strength(a.claim).partial_cmp(&strength(b.claim)).unwrap_or(std::cmp::Ordering::Equal));
        Self { by_room: true, parts: parts(rows) }
    }
}

fn rows(report: &ReportView) -> Vec<Row<'_>> {
    let figures = report.sections.iter().flat_map(|section| &section.figures);
    let claims = figures.flat_map(|figure| figure.claims.iter().map(move |claim| (figure, claim)));
    claims.map(|(figure, claim)| Row { number: figure.number, figure: &figure.id, claim }).collect()
}

fn parts(rows: Vec<Row>) -> Vec<Part> {
    let (identities, claims): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.claim.identity);
    let (sources, own): (Vec<_>, Vec<_>) = claims.into_iter().partition(|row| row.claim.source.is_some());
    let parts = [
        (
            "source",
            "What the source says",
            "Statements and numbers of the source itself, measured again. Where we find something else, the claim says what: that it holds does not mean that the source does.",
            sources,
        ),
        (
            "own",
            "What we claim beyond it",
            "What the source shows without saying it, or what we found while computing it again.",
            own,
        ),
        (
            "identities",
            "Identities",
            "True by a theorem or by construction. They check the program and are not counted among the claims.",
            identities,
        ),
    ];
    let part = |(id, title, says, rows): (_, _, _, Vec<_>)| Part { id, title, says, rows };
    parts.into_iter().map(part).filter(|part| !part.rows.is_empty()).collect()
}

/// Whether it holds, the share of seeds at which it does, and the room that it has.
fn strength(claim: &ClaimView) -> (bool, f64, f64) {
    let seeds = claim.strip.as_ref().filter(|strip| !strip.seedless);
    (claim.holds, seeds.map_or(1.0, |strip| strip.hold as f64 / strip.of as f64), claim.room)
}

//! Claims as readers see them: the number, what was asked, and the same at further seeds.
//! It judges nothing: that was done when they were measured.

use crate::paper::block::ClaimBlock;
use crate::paper::claim::Bound;
use crate::paper::claim_view::{ClaimView, Strip};
use crate::paper::figure::Figure;
use crate::paper::markup::Text;
use crate::paper::page::Page;
use crate::paper::profile::judges;
use crate::pipeline::check::Judged;
use crate::plot::strip;
use crate::plot::text::significant;

/// Significant digits where the claim does not say.
const DIGITS: usize = 4;

/// Whether a profile measures a figure at further seeds: where it has claims, and the parameters say anything about them.
pub fn measures(figure: &Figure, page: &Page, profile: &str) -> bool {
    judges(profile)
        && page.claims().next().is_some()
        && figure.robustness.profile.as_ref().is_none_or(|only| only == profile)
}

/// A claim, its sentence written, measured at seed `own`.
pub fn view(block: &ClaimBlock, claim: &Judged, says: Text, own: u64) -> ClaimView {
    ClaimView {
        headline: block.headline,
        share: claim.share.map(|share| significant(100.0 * share, 3)),
        name: claim.name.clone(),
        // A claim of a share has the room that the share leaves.
        room: if claim.share.is_some() && !claim.further.is_empty() {
            claim.margin
        } else {
            claim.bound.room(claim.measured)
        },
        id: claim.id.clone(),
        says,
        value: number(claim, claim.measured),
        bound: asked(claim),
        margin: significant(claim.margin, 2),
        holds: claim.holds,
        identity: claim.identity,
        source: claim.source.clone(),
        strip: strip_of(claim, own),
    }
}

/// Consecutive seeds in words.
pub fn seeds(first: u64, last: u64) -> String {
    if first == last { format!("seed {first}") } else { format!("seeds {first} to {last}") }
}

fn number(claim: &Judged, value: f64) -> String {
    significant(value, claim.digits.unwrap_or(DIGITS))
}

fn asked(claim: &Judged) -> String {
    claim.asked(|value| significant(value, 17))
}

fn strip_of(claim: &Judged, own: u64) -> Option<Strip> {
    let (first, last) = (claim.further.first()?, claim.further.last()?);
    let others: Vec<(f64, bool)> = claim.further.iter().map(|further| (further.measured, further.holds)).collect();
    let numbers: Vec<String> = others.iter().map(|(value, _)| number(claim, *value)).collect();
    let words = format!(
        "{} at seed {own}; at {}: {}; asked for {}",
        number(claim, claim.measured),
        seeds(first.seed, last.seed),
        numbers.join(", "),
        asked(claim)
    );
    let asked = match claim.bound {
        Bound::Below(bound) => [None, Some(bound)],
        Bound::Above(bound) => [Some(bound), None],
        Bound::Between(low, high) => [Some(low), Some(high)],
        Bound::Equals(value, within) => [Some(value - within), Some(value + within)],
    };
    let extreme = |pick: fn(f64, f64) -> f64| others.iter().map(|(value, _)| *value).fold(first.measured, pick);
    Some(Strip {
        svg: strip::Strip { own: claim.measured, others: &others, asked, words: &words }.svg(),
        of: others.len(),
        hold: claim.further_share().held,
        interval: claim.further_share().interval_text(),
        robust: claim.robust(),
        seedless: claim.seedless,
        same: others.iter().all(|(value, _)| value.to_bits() == claim.measured.to_bits()),
        range: [extreme(f64::min), extreme(f64::max)].map(|value| number(claim, value)),
    })
}

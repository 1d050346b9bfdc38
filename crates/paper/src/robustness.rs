//! At how many further seeds a figure's claims are measured, under which profile, and with which parameters.
//! It measures nothing.

use crate::faults::Faults;
use crate::names::{self, brief};
use crate::params::Origin;
use crate::toml_reader::{Piece, Reading, read};
use crate::written::{Form, Written};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// More seeds than this say no more.
pub const MOST: u64 = 100;

/// How a figure's claims are measured again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Robustness {
    /// The seeds: those after the figure's own.
    pub seeds: Vec<u64>,
    /// Every parameter there, under the profile that measures them.
    pub params: Map<String, Value>,
    /// What is other there than in the figure, and why.
    pub because: Option<Written>,
    /// The one profile that measures them; none where every profile does that judges claims.
    pub profile: Option<String>,
}

/// The keys as they are written: those of the paper are all but the last three.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    seeds: Option<Spanned<u64>>,
    profile: Option<Spanned<String>>,
    because: Option<Spanned<String>>,
    #[expect(dead_code, reason = "looked at as TOML: its keys depend on the experiment")]
    params: Option<IgnoredAny>,
}

/// The keys of the whole paper.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    seeds: Option<Spanned<u64>>,
}

/// How many further seeds the paper asks for, where a figure does not say: `[robustness]`.
pub fn of_paper(document: &DeTable, piece: &Piece, faults: &mut Faults) -> u64 {
    let Some(written) = document.get("robustness") else { return 0 };
    let Some(table) = table(written, "`robustness` must be a table: write `[robustness]`", piece, faults) else {
        return 0;
    };
    let Reading { value: whole, spoilt } = read::<Whole>(table, "`[robustness]`", piece, faults);
    if let Some(seeds) = whole.and_then(|whole| whole.seeds) {
        return counted(&seeds, piece, faults);
    }
    if !spoilt.contains("seeds") {
        let fault = piece.fault("M004", "`[robustness]` lacks `seeds`", written.span(), "");
        faults.push(fault.help("seeds = 5"));
    }
    0
}

/// What one figure says over that: `[figure.robustness]`. Its parameters are those of the figure, `params`, where it names none.
pub fn of_figure(
    written: Option<&Spanned<DeValue>>,
    (own_seed, usual): (u64, u64),
    params: &Map<String, Value>,
    origin: Option<&Origin>,
    piece: &Piece,
    faults: &mut Faults,
) -> Robustness {
    let after = |count: u64| (1..=count).map(|step| own_seed.wrapping_add(step)).collect();
    let plain = Robustness { seeds: after(usual), params: params.clone(), ..Robustness::default() };
    let Some(written) = written else { return plain };
    let Some(table) = table(written, "`robustness` must be a table: write `[figure.robustness]`", piece, faults) else {
        return plain;
    };
    let Reading { value: Some(raw), spoilt } = read::<Raw>(table.clone(), "`[figure.robustness]`", piece, faults)
    else {
        return plain;
    };
    let overrides = table.get_ref().get("params").and_then(|params| params.get_ref().as_table());
    if let (None, Some(params)) = (overrides, table.get_ref().get("params")) {
        faults.push(piece.fault("M005", "`params` must be a table of parameters", params.span(), ""));
    }
    let params = match (overrides, origin) {
        (Some(overrides), Some(origin)) => origin.over(params, overrides, faults),
        _ => plain.params,
    };
    if let Some(profile) = &raw.profile
        && let Some(fault) = names::id_fault(profile.get_ref())
    {
        let message = format!("profile `{}` cannot be used: {fault}", brief(profile.get_ref()));
        faults.push(piece.fault("M013", message, profile.span(), ""));
    }
    if let Some(because) = raw.because.as_ref().filter(|because| because.get_ref().trim().is_empty()) {
        faults.push(piece.fault("M005", "`because` is empty", because.span(), ""));
    }
    let count = raw.seeds.as_ref().map_or(usual, |seeds| counted(seeds, piece, faults));
    let other = overrides.is_some() || raw.profile.is_some() || count == 0;
    if other && raw.because.is_none() && !spoilt.contains("because") {
        let fault = piece.fault("M012", "`because` is missing", written.span(), "");
        faults.push(fault.help("because = \"what is other at the further seeds, and why\""));
    }
    let because = raw
        .because
        .map(|because| Written::new(because.get_ref().clone(), Form::Line, &piece.source, piece.span(because.span())));
    if let Some(because) = &because {
        because.check(faults);
    }
    Robustness { seeds: after(count), params, because, profile: raw.profile.map(Spanned::into_inner) }
}

fn counted(seeds: &Spanned<u64>, piece: &Piece, faults: &mut Faults) -> u64 {
    if *seeds.get_ref() > MOST {
        faults.push(piece.fault("M005", format!("`seeds` is at most {MOST}"), seeds.span(), ""));
    }
    (*seeds.get_ref()).min(MOST)
}

fn table<'t>(
    written: &Spanned<DeValue<'t>>,
    message: &str,
    piece: &Piece,
    faults: &mut Faults,
) -> Option<Spanned<DeTable<'t>>> {
    let table = written.get_ref().as_table().map(|table| Spanned::new(written.span(), table.clone()));
    if table.is_none() {
        faults.push(piece.fault("M005", message, written.span(), ""));
    }
    table
}

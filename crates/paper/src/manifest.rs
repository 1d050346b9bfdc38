//! `manifest.toml`: what is computed, in the order of the source. All its mistakes are reported together.
//! It knows no page; it reads no file but asks whether declared inputs are there.

use crate::checks::Asked;
use crate::entry::{self, FigureEntry};
use crate::faults::Faults;
use crate::figure::Figure;
use crate::params::Catalogue;
use crate::profile::{self, ProfileInfo};
use crate::robustness;
use crate::texts::{self, TextPlace};
use crate::toml_reader::{Piece, parse as parse_toml, read, tables};
use condense_base::diag::{Diagnostic, Source};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeTable;

/// What is computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// About the paper.
    pub paper: PaperInfo,
    /// The profile that was asked for; parameters have it applied.
    pub profile: String,
    /// All profiles there are, beside `default`.
    pub profiles: BTreeSet<String>,
    /// What is said of profiles.
    pub about: BTreeMap<String, ProfileInfo>,
    /// The figures, in order.
    pub figures: Vec<Figure>,
    /// The files with what is said beside them.
    pub texts: BTreeMap<TextPlace, String>,
}

/// About the paper.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaperInfo {
    /// Its title.
    pub title: String,
    /// One or two sentences under the title.
    pub standfirst: String,
    /// Who made this reproduction.
    pub authors: Vec<String>,
    /// What is reproduced: the talk's author, title and venue.
    pub source: String,
    /// Where the source can be had.
    pub url: Option<String>,
    /// Where the code of this reproduction can be had.
    pub repository: Option<String>,
    /// The day of this reproduction: `2025-02-13`.
    pub date: Option<String>,
    /// Its licence, by the short name of the SPDX list: `MIT`.
    pub license: Option<String>,
    /// The figure whose first picture stands beside the summary.
    pub picture: Option<String>,
}

/// A manifest with its mistakes.
pub struct Examined {
    /// What could be read. Only where there are no faults is it fit for use.
    pub manifest: Manifest,
    /// Every id that is written, good or bad; none when the entries could not be read.
    pub ids: Option<BTreeSet<String>>,
    /// All mistakes.
    pub faults: Faults,
}

/// Parses a manifest, for a profile.
///
/// # Errors
/// Every mistake in it.
pub fn parse(
    source: &Arc<Source>,
    profile: &str,
    catalogue: &dyn Catalogue,
    project: &Path,
) -> Result<Manifest, Vec<Diagnostic>> {
    let examined = examine(source, profile, catalogue, project);
    if examined.faults.is_empty() { Ok(examined.manifest) } else { Err(examined.faults.into_list()) }
}

/// Reads as much as there is, and every mistake.
pub fn examine(source: &Arc<Source>, profile: &str, catalogue: &dyn Catalogue, project: &Path) -> Examined {
    let piece = Piece { source: Arc::clone(source), offset: 0 };
    let mut faults = Faults::default();
    let mut manifest = Manifest { profile: profile.to_owned(), ..Manifest::default() };
    let Some(document) = parse_toml(&source.text, &piece, &mut faults) else {
        return Examined { manifest, ids: None, faults };
    };
    if let Some(figure) = document.get_ref().get("figure").filter(|figure| figure.get_ref().is_table()) {
        // Every table after it looks as if it stood twice: one slip, one mistake.
        let mut faults = Faults::default();
        let message = "`[figure]` is one table: each figure is written `[[figure]]`";
        faults.push(piece.fault("M005", message, figure.span(), ""));
        return Examined { manifest, ids: None, faults };
    }
    manifest.paper = about(document.get_ref(), &piece, &mut faults);
    let further_seeds = robustness::of_paper(document.get_ref(), &piece, &mut faults);
    let asked = &Asked { project, catalogue, profile, further_seeds };
    let tables = entries(document.get_ref(), &piece, &mut faults);
    let ids = tables.map(|tables| figures(&tables, asked, &piece, &mut manifest, &mut faults));
    if ids.is_some() && !faults.full() {
        manifest.about = profile::read_all(document.get_ref(), &manifest.profiles, &piece, &mut faults);
    }
    if ids.is_some() && !faults.full() {
        let sections = manifest.figures.iter().filter_map(|figure| figure.section.as_deref()).collect();
        let texts = texts::of_manifest(document.get_ref(), &sections, &piece, &mut faults);
        manifest.texts = texts;
        picture(document.get_ref(), &manifest, &piece, &mut faults);
    }
    let known = profile == profile::DEFAULT || manifest.profiles.contains(profile);
    if !known && ids.is_some() && !faults.full() {
        let legal = std::iter::once(profile::DEFAULT).chain(manifest.profiles.iter().map(String::as_str));
        let fault = Diagnostic::new("M013", format!("no figure has a profile `{profile}`"));
        faults.push(fault.suggest(profile, legal, "profiles"));
    }
    faults.sort();
    Examined { manifest, ids, faults }
}

/// Adds the figures to the manifest, each id once; returns every id that is written.
fn figures(
    tables: &[Spanned<DeTable>],
    asked: &Asked,
    piece: &Piece,
    manifest: &mut Manifest,
    faults: &mut Faults,
) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut first: BTreeMap<String, Range<usize>> = BTreeMap::new();
    for table in tables {
        if faults.full() {
            break;
        }
        let FigureEntry { figure, id, profiles } = entry::parse(table, asked, piece, faults);
        ids.extend(id);
        manifest.profiles.extend(profiles);
        let Some(figure) = figure else { continue };
        manifest.profiles.extend(figure.robustness.profile.clone());
        if let Some(before) = first.get(&figure.id) {
            let fault = Diagnostic::new("M016", format!("two figures have the id `{}`", figure.id));
            faults.push(fault.at(&piece.source, figure.span, "").at(&piece.source, before.clone(), "the first one"));
        } else {
            first.insert(figure.id.clone(), figure.span.clone());
            manifest.figures.push(figure);
        }
    }
    ids
}

const TOP: [&str; 5] = ["paper", "texts", "profile", "robustness", "figure"];

/// The `[paper]` table; also refuses keys that stand beside it.
fn about(document: &DeTable, piece: &Piece, faults: &mut Faults) -> PaperInfo {
    for key in document.keys().filter(|key| !TOP.contains(&key.get_ref().as_ref())) {
        let fault =
            piece.fault("M003", format!("unknown key `{}`", key.get_ref()), key.span(), "not a key of a manifest");
        faults.push(fault.suggest(key.get_ref(), TOP, "keys of a manifest"));
    }
    let Some(paper) = document.get("paper") else {
        let help = "[paper]\ntitle = \"…\"\nstandfirst = \"…\"\nauthors = [\"…\"]\nsource = \"…\"";
        faults.push(Diagnostic::new("M004", "the manifest lacks `[paper]`").at(&piece.source, 0..0, "").help(help));
        return PaperInfo::default();
    };
    let Some(table) = paper.get_ref().as_table() else {
        faults.push(piece.fault("M005", "`paper` must be a table: write `[paper]`", paper.span(), ""));
        return PaperInfo::default();
    };
    let reading = read::<PaperInfo>(Spanned::new(paper.span(), table.clone()), "`[paper]`", piece, faults);
    let info = reading.value.unwrap_or_default();
    let blank = |text: &str| text.trim().is_empty();
    let needed = [
        ("title", blank(&info.title)),
        ("standfirst", blank(&info.standfirst)),
        ("authors", info.authors.iter().all(|author| blank(author))),
        ("source", blank(&info.source)),
    ];
    for (key, _) in needed.iter().filter(|(key, blank)| *blank && !reading.spoilt.contains(*key)) {
        let (what, span) = match table.get(*key) {
            Some(value) => (format!("`{key}` of `[paper]` is empty"), value.span()),
            None => (format!("`[paper]` lacks `{key}`"), paper.span()),
        };
        faults.push(piece.fault("M004", what, span, ""));
    }
    info
}

/// Checks that the picture beside the summary is a figure's.
fn picture(document: &DeTable, manifest: &Manifest, piece: &Piece, faults: &mut Faults) {
    let Some(id) = &manifest.paper.picture else { return };
    if manifest.figures.iter().all(|figure| figure.id != *id) {
        let at = document.get("paper").and_then(|paper| Some(paper.get_ref().as_table()?.get("picture")?.span()));
        let fault = piece.fault("M018", format!("no figure has the id `{id}`"), at.unwrap_or(0..0), "");
        faults.push(fault.suggest(id, manifest.figures.iter().map(|figure| figure.id.as_str()), "figures"));
    }
}

/// The `[[figure]]` tables; none where something else stands in their place.
fn entries<'t>(document: &DeTable<'t>, piece: &Piece, faults: &mut Faults) -> Option<Vec<Spanned<DeTable<'t>>>> {
    let none = || Diagnostic::new("M017", "the manifest has no figures");
    let help = "start with `[[figure]]` and its `id`, `slide`, `fidelity`, and an `experiment` or a `command`";
    let Some(figures) = document.get("figure") else {
        faults.push(none().at(&piece.source, 0..0, "").help(help));
        return Some(Vec::new());
    };
    let found = tables(figures);
    match &found {
        Some(tables) if tables.is_empty() => {
            let instead = format!("remove `figure = []`, then {help}");
            faults.push(none().at(&piece.source, figures.span(), "").help(instead));
        }
        Some(_) => {}
        None => faults.push(piece.fault("M005", "`figure` must be tables: write `[[figure]]`", figures.span(), "")),
    }
    found
}

/// One paragraph a code, for `condense explain`.
pub const EXPLANATIONS: &[(&str, &str)] = &[
    ("M000", "Only the first hundred mistakes are printed: they often have one cause. Mend those and look again."),
    (
        "M001",
        "The manifest, or a block of a page, is not TOML, or a key stands twice in it. The place is where the parser lost its way.",
    ),
    (
        "M002",
        "The text is too long (4 MiB for a manifest, 1 MiB for a page), or holds characters that could steer a terminal or hide what is written.",
    ),
    (
        "M003",
        "Unknown keys are refused, so that a slip of the pen never silently changes what is computed, drawn or claimed.",
    ),
    (
        "M004",
        "A paper needs title, standfirst, authors and source; a figure `id`, `slide`, `fidelity`, and an `experiment` or a `command`; a chart `alt` and `caption`; a claim `says`, `value` and one bound.",
    ),
    ("M005", "The value has the wrong type for its key, is empty, or is not one of the words that are allowed there."),
    (
        "M006",
        "`nan`, `inf` and numbers beyond all floats are neither parameters nor bounds: they compare with nothing.",
    ),
    ("M007", "Experiments are the files of `src/experiments`, by name."),
    (
        "M008",
        "An id names files and addresses: kebab-case, at most 64 characters, and no name that the report needs itself.",
    ),
    (
        "M009",
        "The parameter has the wrong type or is out of the experiment's range; the experiment says what it takes.",
    ),
    ("M010", "A figure is computed either by an `experiment` of the roster or by a `command`; each has its own keys."),
    (
        "M011",
        "Declared inputs are regular files of the project that exist, named by a relative path that does not leave it, not even by a link, and not made by the pipeline itself.",
    ),
    (
        "M012",
        "A figure that is not faithful says in `because` what differs from its source and why; a faithful one has nothing to say.",
    ),
    (
        "M018",
        "`[texts]` and `[paper]` name sections and figures that there are: a section is what figures give as `section`.",
    ),
    ("M013", "A profile overrides parameters: `[figure.profile.smoke]`. `default` is the name of no override."),
    ("M014", "A command declares the files that it writes: `<name>.csv` for tables, `values.json` for single numbers."),
    ("M015", "Environment variables have plain names; a time limit is a number of seconds, from 1 to a week."),
    ("M016", "Two figures cannot share an id: pages, files, links and the lock are found by it."),
    (
        "M017",
        "A paper has at least one figure: an entry that starts with `[[figure]]` and has an `id`, a `slide`, a `fidelity`, and an `experiment` or a `command`. Its page is `figures/<id>.md`.",
    ),
];

#[cfg(test)]
mod tests;

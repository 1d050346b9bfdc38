//! Texts that stand beside the figures: the summary, the introduction, what opens a section, the conclusion.
//! They quote results of any figure by `figure:name`. What those are is not known here.

use crate::faults::Faults;
use crate::figure::Figure;
use crate::quote::Quoted;
use crate::text_file;
use crate::toml_reader::{Piece, read};
use crate::written::{Form, Known, Written};
use condense_base::diag::Source;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeTable;

/// Where a text stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TextPlace {
    /// First of all: what was found.
    Summary,
    /// Before the figures.
    Introduction,
    /// Below the heading of a section.
    Section(String),
    /// After the figures.
    Conclusion,
}

/// A text and where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct PlacedText {
    /// Where.
    pub place: TextPlace,
    /// What it says.
    pub text: Written,
}

/// The `[texts]` table: paths of Markdown files.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    summary: Option<Spanned<String>>,
    introduction: Option<Spanned<String>>,
    conclusion: Option<Spanned<String>>,
    #[serde(default)]
    sections: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// The files that a manifest names, by place; `sections` are the headings that there are.
pub fn of_manifest(
    document: &DeTable,
    sections: &BTreeSet<&str>,
    piece: &Piece,
    faults: &mut Faults,
) -> BTreeMap<TextPlace, String> {
    let Some(written) = document.get("texts") else { return BTreeMap::new() };
    let Some(table) = written.get_ref().as_table() else {
        faults.push(piece.fault("M005", "`texts` must be a table: write `[texts]`", written.span(), ""));
        return BTreeMap::new();
    };
    let table = Spanned::new(written.span(), table.clone());
    let Some(raw) = read::<Raw>(table, "`[texts]`", piece, faults).value else { return BTreeMap::new() };
    for name in raw.sections.keys().filter(|name| !sections.contains(name.get_ref().as_str())) {
        let fault = piece.fault("M018", format!("no figure stands in a section `{}`", name.get_ref()), name.span(), "");
        faults.push(fault.suggest(name.get_ref(), sections.iter().copied(), "sections"));
    }
    let single = [
        (TextPlace::Summary, raw.summary),
        (TextPlace::Introduction, raw.introduction),
        (TextPlace::Conclusion, raw.conclusion),
    ];
    let single = single.into_iter().filter_map(|(place, path)| Some((place, path?)));
    let sections = raw.sections.into_iter().map(|(name, path)| (TextPlace::Section(name.into_inner()), path));
    single.chain(sections).map(|(place, path)| (place, path.into_inner())).collect()
}

/// Reads the files, and checks what they quote against the figures.
pub fn load(
    project: &Path,
    files: &BTreeMap<TextPlace, String>,
    figures: &[Figure],
    faults: &mut Faults,
) -> Vec<(PlacedText, Arc<Source>)> {
    let ids: Vec<String> = figures.iter().map(|figure| figure.id.clone()).collect();
    let of = |figure: &Figure| figure.params.keys().map(|name| format!("{}:{name}", figure.id)).collect::<Vec<_>>();
    let params: Vec<String> = figures.iter().flat_map(of).collect();
    let known = Known { values: None, params: Some(&params), figures: Some(&ids) };
    let mut texts = Vec::new();
    for (place, path) in files {
        let source = match text_file::read(project, path, text_file::PAGE_BYTES) {
            Ok(source) => source,
            Err(fault) => {
                faults.push(*fault);
                continue;
            }
        };
        let text = Written::new(source.text.clone(), Form::Prose, &source, 0..source.text.len());
        text.check(faults);
        text.resolve(&known, faults);
        unknown_figures(&text, &ids, faults);
        texts.push((PlacedText { place: place.clone(), text }, source));
    }
    texts
}

/// Values whose figure is not named, or does not exist.
fn unknown_figures(text: &Written, ids: &[String], faults: &mut Faults) {
    for quotation in text.quotations() {
        let Quoted::Value { name, .. } = &quotation.what else { continue };
        match name.split_once(':') {
            Some((figure, _)) if ids.iter().any(|id| id == figure) => {}
            Some((figure, _)) => {
                let fault = text.fault("P031", format!("unknown figure `{figure}`"), quotation.name_span);
                faults.push(fault.suggest(figure, ids, "figures"));
            }
            None => {
                let fault = text.fault("P031", format!("`{name}` does not say of which figure"), quotation.name_span);
                faults.push(fault.help("beside the figures, values are quoted as `figure-id:name`"));
            }
        }
    }
}

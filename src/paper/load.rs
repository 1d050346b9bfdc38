//! Reads a paper from its folder: the manifest and one page a figure, checked against each other.
//! Every mistake of both is reported in one run; nothing is computed before there is none.

use crate::diag::{Diagnostic, Source};
use crate::paper::figure::{Asked, Figure};
use crate::paper::manifest::{self, Manifest};
use crate::paper::page::{self, Known, Page};
use crate::paper::params::Catalogue;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

/// A paper without mistakes.
#[derive(Debug)]
pub struct Paper {
    /// What is computed.
    pub manifest: Manifest,
    /// Where that is written.
    pub source: Arc<Source>,
    /// What is said, by figure.
    pub pages: BTreeMap<String, Page>,
}

/// Loads the paper of a project.
///
/// # Errors
/// Every mistake, in order of files.
pub fn load(project: &Path, profile: &str, catalogue: &dyn Catalogue) -> Result<Paper, Vec<Diagnostic>> {
    let source = match read(project, "manifest.toml") {
        Ok(Some(source)) => source,
        Ok(None) => {
            let missing = Diagnostic::new("M049", format!("there is no `manifest.toml` in `{}`", project.display()));
            return Err(vec![missing.help("run condense in the folder of a paper, or name it with `--project`")]);
        }
        Err(fault) => return Err(vec![*fault]),
    };
    let examined = manifest::examine(&source, &Asked { project, catalogue, profile });
    let (manifest, mut faults) = (examined.manifest, examined.faults.into_list());
    // Without TOML there are no ids: then every page would be an orphan.
    let Some(ids) = examined.ids else { return Err(faults) };
    let ids: Vec<String> = ids.into_iter().collect();
    let pages = pages(project, &manifest, &source, &mut faults);
    faults.extend(orphans(project, &ids));
    for figure in &manifest.figures {
        if let Some(page) = pages.get(&figure.id) {
            let params: Vec<String> = figure.params.keys().cloned().collect();
            faults.extend(page.unknown_names(&Known { values: None, params: Some(&params), figures: Some(&ids) }));
        }
    }
    if faults.is_empty() { Ok(Paper { manifest, source, pages }) } else { Err(faults) }
}

impl Paper {
    /// A figure by id.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.manifest.figures.iter().find(|figure| figure.id == id)
    }

    /// All ids, in deck order.
    pub fn ids(&self) -> Vec<String> {
        self.manifest.figures.iter().map(|figure| figure.id.clone()).collect()
    }
}

fn pages(
    project: &Path,
    manifest: &Manifest,
    source: &Arc<Source>,
    faults: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    for figure in &manifest.figures {
        let path = format!("figures/{}.md", figure.id);
        match read(project, &path) {
            Ok(Some(text)) => {
                let (page, wrong) = page::parse(&figure.id, &text);
                faults.extend(wrong);
                pages.extend(page.map(|page| (figure.id.clone(), page)));
            }
            Ok(None) => {
                let missing = Diagnostic::new("M050", format!("figure `{}` has no page", figure.id)).at(
                    source,
                    figure.span.clone(),
                    "",
                );
                faults.push(missing.help(format!("write `{path}`; it begins with `# Title`")));
            }
            Err(fault) => faults.push(*fault),
        }
    }
    pages
}

/// Pages that no figure has: most likely a slip in one of the two names.
fn orphans(project: &Path, ids: &[String]) -> Vec<Diagnostic> {
    let Ok(entries) = fs::read_dir(project.join("figures")) else { return Vec::new() };
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let stems = names.iter().filter_map(|name| name.strip_suffix(".md"));
    let orphan = |stem: &str| {
        let fault = Diagnostic::new("M051", format!("`figures/{stem}.md` is the page of no figure"));
        fault.suggest(stem, ids, "figures").help("add a `[[figure]]` with this id to manifest.toml, or remove the page")
    };
    stems.filter(|stem| !ids.iter().any(|id| id == stem)).map(orphan).collect()
}

/// A text file of the project, if it is there.
fn read(project: &Path, path: &str) -> Result<Option<Arc<Source>>, Box<Diagnostic>> {
    let bytes = match fs::read(project.join(path)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Box::new(Diagnostic::new("M052", format!("`{path}` cannot be read: {error}")))),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(Source::new(path, text))),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let source = Source::new(path, String::from_utf8_lossy(error.as_bytes()).into_owned());
            Err(Box::new(Diagnostic::new("M053", format!("`{path}` is not UTF-8")).at(
                &source,
                at..at + 3,
                "from here on",
            )))
        }
    }
}

/// One paragraph a code, for `condense explain`.
pub const EXPLANATIONS: &[(&str, &str)] = &[
    ("M049", "A paper is a folder with a `manifest.toml` (what is computed) and `figures/<id>.md` (what is said)."),
    ("M050", "Every figure has a page `figures/<id>.md` with its title, prose, charts and claims."),
    ("M051", "A page without a figure would never be shown. Either its name or the figure's id has a slip."),
    ("M052", "The file exists but the system does not let us read it."),
    ("M054", "A declared input vanished, or cannot be read, between the check and its use."),
    ("M053", "Manifest and pages are UTF-8 text."),
];

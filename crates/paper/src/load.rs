//! Reads a paper from its folder: the manifest and one page a figure, checked against each other.
//! Every mistake of both is reported in one run; nothing is computed before there is none.

use crate::faults::Faults;
use crate::figure::Figure;
use crate::manifest::{Manifest, examine};
use crate::page::{self, Page};
use crate::params::Catalogue;
use crate::text_file::{PAGE_BYTES, read};
use crate::texts::{self, PlacedText};
use crate::written::Known;
use condense_base::diag::{Diagnostic, Source};
use condense_plot::fault::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A paper without mistakes.
#[derive(Debug)]
pub struct Paper {
    /// What is computed.
    pub manifest: Manifest,
    /// What is said, by figure.
    pub pages: BTreeMap<String, Page>,
    /// What is said beside the figures.
    pub texts: Vec<PlacedText>,
    /// The texts of all, as they were read.
    pub sources: Vec<Arc<Source>>,
}

impl Paper {
    /// A figure by id.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.manifest.figures.iter().find(|figure| figure.id == id)
    }

    /// Every name that a figure quotes, on its page or in the manifest, and that is not among the known ones.
    pub fn unknown_names(&self, figure: &Figure, known: &Known) -> Vec<Diagnostic> {
        let page = self.pages.get(&figure.id).map(|page| page.unknown_names(known)).unwrap_or_default();
        page.into_iter().chain(figure.unknown_names(known)).collect()
    }

    /// Every text of a figure that cannot be rendered.
    pub fn unrenderable(&self, figure: &Figure) -> Vec<Diagnostic> {
        let page = self.pages.get(&figure.id).map(Page::unrenderable).unwrap_or_default();
        let mut faults = Faults::default();
        figure.reasons().for_each(|because| because.check_markup(&mut faults));
        page.into_iter().chain(faults.into_list()).collect()
    }

    /// Every number of a figure's texts that was typed instead of quoted.
    pub fn typed_numbers(&self, figure: &Figure) -> Vec<Diagnostic> {
        let mut faults = Faults::default();
        let page = self.pages.get(&figure.id).into_iter().flat_map(Page::texts);
        page.chain(figure.reasons()).for_each(|text| text.check_numbers(&mut faults));
        faults.sort();
        faults.into_list()
    }

    /// What of the texts beside the figures cannot be rendered.
    pub fn unrenderable_texts(&self) -> Vec<Diagnostic> {
        let mut faults = Faults::default();
        self.texts.iter().for_each(|PlacedText { text, .. }| text.check_markup(&mut faults));
        faults.sort();
        faults.into_list()
    }

    /// The numbers that were typed in them.
    pub fn typed_numbers_of_texts(&self) -> Vec<Diagnostic> {
        let mut faults = Faults::default();
        self.texts.iter().for_each(|PlacedText { text, .. }| text.check_numbers(&mut faults));
        faults.sort();
        faults.into_list()
    }

    /// All ids, in deck order.
    pub fn ids(&self) -> Vec<String> {
        self.manifest.figures.iter().map(|figure| figure.id.clone()).collect()
    }
}

/// The manifest's file.
pub const MANIFEST: &str = "manifest.toml";
/// The folder of pages.
pub const PAGES: &str = "figures";
const MANIFEST_BYTES: u64 = 4 << 20;

/// Loads the paper of a project, for a profile.
///
/// # Errors
/// Every mistake: those of the manifest, then those of the pages in deck order.
pub fn load(project: &Path, profile: &str, catalogue: &dyn Catalogue) -> Result<Paper, Vec<Diagnostic>> {
    let Ok(_) = fs::symlink_metadata(project.join(MANIFEST)) else {
        let missing = Diagnostic::new("M049", format!("there is no `{MANIFEST}` in `{}`", project.display()));
        return Err(vec![missing.help("run condense in the folder of a paper, or name it with `--project`")]);
    };
    let source = read(project, MANIFEST, MANIFEST_BYTES).map_err(|fault| vec![*fault])?;
    let examined = examine(&source, profile, catalogue, project);
    let (manifest, mut faults) = (examined.manifest, examined.faults);
    // Without experiments every parameter and every quotation of one would be a mistake, too.
    if let Some(unknown) = faults.first("M007").filter(|_| catalogue.names().is_empty()) {
        let help = "a paper with experiments in Rust has a program of its own: `make report`, or `cargo run --release -- report`";
        return Err(vec![unknown.clone().help(help)]);
    }
    let on_disk = page_names(project, &mut faults);
    let ids: Vec<String> = manifest.figures.iter().map(|figure| figure.id.clone()).collect();
    let (mut pages, mut sources) = (BTreeMap::new(), vec![Arc::clone(&source)]);
    for figure in &manifest.figures {
        if on_disk.contains(&figure.id) {
            let Some((mut page, source)) = one_page(project, figure, &ids, &mut faults) else { continue };
            sources.push(source);
            for claim in page.claims_mut() {
                faults.extend(claim.unknown_profiles(&manifest.profiles));
                claim.apply(profile);
            }
            pages.insert(figure.id.clone(), page);
        } else {
            faults.push(without_page(&source, figure));
        }
    }
    // Where the manifest could not be read, every page would look like an orphan.
    for orphan in examined.ids.iter().flat_map(|ids| on_disk.difference(ids)) {
        faults.push(without_entry(orphan, &ids, &on_disk));
    }
    let mut texts = Vec::new();
    for (text, source) in texts::load(project, &manifest.texts, &manifest.figures, &mut faults) {
        texts.push(text);
        sources.push(source);
    }
    same_file(&pages, &mut faults);
    unknown_charts(&manifest, &pages, &texts, &mut faults);
    if faults.is_empty() { Ok(Paper { manifest, pages, texts, sources }) } else { Err(faults.into_list()) }
}

/// The ids that have a page.
fn page_names(project: &Path, faults: &mut Faults) -> BTreeSet<String> {
    let entries = match fs::read_dir(project.join(PAGES)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return BTreeSet::new(),
        Err(error) => {
            faults.push(Diagnostic::new("M052", format!("`{PAGES}` cannot be read: {error}")));
            return BTreeSet::new();
        }
    };
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().strip_suffix(".md").map(str::to_owned);
    entries.filter_map(|entry| name(entry.ok()?)).collect()
}

fn page_path(id: &str) -> String {
    format!("{PAGES}/{id}.md")
}

fn one_page(project: &Path, figure: &Figure, ids: &[String], faults: &mut Faults) -> Option<(Page, Arc<Source>)> {
    let source = read(project, &page_path(&figure.id), PAGE_BYTES).map_err(|fault| faults.push(*fault)).ok()?;
    let (page, wrong) = page::parse(&figure.id, &source);
    faults.extend(wrong);
    let params: Vec<String> = figure.params.keys().cloned().collect();
    let known = Known { values: None, params: Some(&params), figures: Some(ids) };
    faults.extend(page.iter().flat_map(|page| page.unknown_names(&known)));
    faults.extend(figure.unknown_names(&known));
    Some((page?, source))
}

fn without_page(manifest: &Arc<Source>, figure: &Figure) -> Diagnostic {
    let fault = Diagnostic::new("M050", format!("figure `{}` has no page", figure.id));
    fault
        .at(manifest, figure.span.clone(), "")
        .help(format!("write `{}`: its first line is `# Title`", page_path(&figure.id)))
}

fn without_entry(id: &str, ids: &[String], on_disk: &BTreeSet<String>) -> Diagnostic {
    let fault = Diagnostic::new("M051", format!("page `{}` belongs to no figure of the manifest", page_path(id)));
    let fault = fault.help("add a `[[figure]]` with this id to the manifest, or remove the page");
    fault.suggest(id, ids.iter().filter(|id| !on_disk.contains(*id)), "figures without a page")
}

/// A figure `a` with a chart `b`, and a figure `a-b`, would write the same file.
fn same_file(pages: &BTreeMap<String, Page>, faults: &mut Faults) {
    let mut seen: BTreeMap<String, &Page> = BTreeMap::new();
    for page in pages.values() {
        for chart in page.charts() {
            let stem = page.stem(chart);
            if let Some(other) = seen.insert(stem.clone(), page).filter(|other| other.id != page.id) {
                let message = format!("figures `{}` and `{}` would both write `{stem}.svg`", other.id, page.id);
                faults.push(chart.drawing.fault("P016", message, &Place::default()));
            }
        }
    }
}

/// Mentions of charts that their figures do not have.
fn unknown_charts(manifest: &Manifest, pages: &BTreeMap<String, Page>, texts: &[PlacedText], faults: &mut Faults) {
    let reasons = manifest.figures.iter().flat_map(Figure::reasons);
    let texts = texts.iter().map(|text| &text.text);
    for text in pages.values().flat_map(Page::texts).chain(reasons).chain(texts) {
        for (mention, at) in text.mentions() {
            let (Some(page), Some(chart)) = (pages.get(&mention.figure), &mention.chart) else { continue };
            let names: Vec<&String> = page.charts().filter_map(|chart| chart.drawing.chart.name.as_ref()).collect();
            if !names.contains(&chart) {
                let message = format!("figure `{}` has no chart `{chart}`", mention.figure);
                faults.push(text.fault("P031", message, at).suggest(chart, names, "charts of the figure"));
            }
        }
    }
}

/// One paragraph a code, for `condense explain`.
pub const EXPLANATIONS: &[(&str, &str)] = &[
    ("M049", "A paper is a folder with a `manifest.toml` (what is computed) and `figures/<id>.md` (what is said)."),
    ("M050", "Every figure has a page `figures/<id>.md` with its title, prose, charts and claims."),
    ("M051", "A page without a figure would never be shown. Either its name or the figure's id has a slip."),
    ("M052", "A file of the paper is not a regular file inside the project, or the system does not let us read it."),
    ("M053", "Manifest and pages are UTF-8 text."),
    ("M054", "A declared input vanished, or cannot be read, between the check and its use."),
];

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // what they read was made for them
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};
    use std::fmt::Write as _;
    use tempfile::TempDir;

    struct One;

    impl Catalogue for One {
        fn names(&self) -> Vec<String> {
            vec!["plain".to_owned()]
        }

        fn defaults(&self, name: &str) -> Option<Map<String, Value>> {
            json!({"n": 3}).as_object().filter(|_| name == "plain").cloned()
        }

        fn faults(&self, _: &str, _: &Map<String, Value>) -> Vec<(String, String)> {
            Vec::new()
        }
    }

    fn project(ids: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let mut text = "[paper]\ntitle = 'T'\nstandfirst = 'S'\nauthors = ['A']\nsource = 's'\n".to_owned();
        fs::create_dir(folder.path().join("figures")).expect("a folder");
        for id in ids {
            let _ = write!(text, "[[figure]]\nid = '{id}'\nslide = 'S'\nfidelity = 'faithful'\nexperiment = 'plain'\n");
            write(
                &folder,
                &page_path(id),
                format!("# Title\nWith {{{{ param(\"n\") }}}}, see {{{{ ref(\"{id}\") }}}}.\n"),
            );
        }
        write(&folder, MANIFEST, text);
        folder
    }

    fn write(folder: &TempDir, path: &str, bytes: impl AsRef<[u8]>) {
        fs::write(folder.path().join(path), bytes).expect("a file");
    }

    fn said(folder: &TempDir) -> Vec<String> {
        let faults = load(folder.path(), "default", &One).err().unwrap_or_default();
        faults.iter().map(|fault| fault.render(false)).collect()
    }

    #[test]
    fn a_good_paper_has_a_page_for_each_figure() {
        let folder = project(&["b", "a"]);
        let paper = load(folder.path(), "default", &One).expect("good");
        assert_eq!(paper.ids(), ["b", "a"]);
        assert_eq!(paper.pages.values().map(|page| page.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(paper.figure("a").is_some() && paper.figure("c").is_none());
    }

    #[test]
    fn pages_and_entries_belong_together() {
        let folder = project(&["loss", "phase"]);
        fs::rename(folder.path().join("figures/loss.md"), folder.path().join("figures/los.md")).expect("a rename");
        let printed = said(&folder);
        assert_eq!(printed.len(), 2, "{printed:#?}");
        assert!(
            printed[0].contains("error[M050]: figure `loss` has no page") && printed[0].contains("manifest.toml:7:6")
        );
        assert!(printed[1].contains("error[M051]: page `figures/los.md` belongs to no figure"));
        assert!(printed[1].contains("did you mean `loss`?"), "{}", printed[1]);
    }

    #[test]
    fn mistakes_of_all_files_come_together() {
        let folder = project(&["a", "b"]);
        write(&folder, "figures/a.md", "no title\n");
        write(&folder, "figures/b.md", "# T\n{{ param(\"m\") }} {{ ref(\"c\") }}\n");
        let text = fs::read_to_string(folder.path().join(MANIFEST)).expect("a file");
        write(&folder, MANIFEST, text + "sed = 1\n");
        let printed = said(&folder);
        for (printed, code) in printed.iter().zip(["M003", "P003", "P031", "P031"]) {
            assert!(printed.starts_with(&format!("error[{code}]")), "{printed}");
        }
        assert_eq!(printed.len(), 4);
    }

    #[test]
    fn files_that_are_no_texts_are_refused() {
        let folder = project(&["a"]);
        write(&folder, "figures/a.md", b"# T\nab\xff\n");
        assert!(
            said(&folder)[0].contains("error[M053]: `figures/a.md` is not UTF-8: byte 0xFF\n --> figures/a.md:2:3")
        );
        write(&folder, "figures/a.md", "# T\n".repeat(1 << 19));
        assert_eq!(said(&folder), ["error[M002]: `figures/a.md` is larger than 1 MiB"]);
        write(&folder, MANIFEST, "#".repeat(10 << 20));
        assert_eq!(said(&folder), ["error[M002]: `manifest.toml` is larger than 4 MiB"]);
        fs::remove_file(folder.path().join(MANIFEST)).expect("a file");
        assert!(said(&folder)[0].starts_with("error[M049]: there is no `manifest.toml` in "));
        fs::create_dir(folder.path().join(MANIFEST)).expect("a folder");
        assert_eq!(said(&folder), ["error[M052]: `manifest.toml` is a folder: name its files one by one"]);
    }

    #[test]
    fn a_syntax_error_does_not_make_orphans_of_all_pages() {
        let folder = project(&["a"]);
        write(&folder, MANIFEST, "[paper\n");
        let printed = said(&folder);
        assert_eq!(printed.len(), 1, "{printed:#?}");
    }

    #[test]
    fn two_figures_may_not_write_one_file() {
        let folder = project(&["a", "a-b"]);
        let chart =
            "alt = 'a'\ncaption = 'c'\n[[panel]]\n[[panel.layer]]\nkind = 'line'\nframe = 'f'\nx = 'x'\ny = 'y'\n```\n";
        write(&folder, "figures/a.md", format!("# T\n```chart\nname = 'b'\n{chart}"));
        write(&folder, "figures/a-b.md", format!("# T\n```chart\n{chart}"));
        let printed = said(&folder);
        assert!(printed[0].contains("error[P016]: figures `a` and `a-b` would both write `a-b.svg`"), "{printed:#?}");
    }
}

//! Which artefact becomes which file of the report, and how what is there compares with the lock.

use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::failure::{Failure, broken};
use crate::engine::output::{Wanted, Wish};
use crate::engine::published::Published;
use crate::engine::relative::Relative;
use crate::engine::step::StepId;
use crate::engine::store::Store;
use crate::paper::profile::DEFAULT;
use crate::paper::ro_crate;
use crate::pipeline::assembly::{Assembly, FigureSteps};
use crate::pipeline::files::{self, File, Maker};
use crate::pipeline::locked::{Lock, LockStatus, Locked};
use std::collections::BTreeMap;

/// The folder of everything that people see.
pub const REPORT: &str = "report";

/// The list of all others, as coreutils checks it.
pub const SUMS: &str = "SHA256SUMS";

/// The files of every report that are no figure's.
pub const PAGES: [&str; 10] = [
    "index.html",
    "claims.html",
    "claims-by-room.html",
    "gallery.html",
    "report.md",
    "cite.bib",
    "style.css",
    "math.css",
    ro_crate::NAME,
    SUMS,
];

/// Whether a file of the report is none that was accepted, but a page that the store remembers.
pub fn is_page(path: &Relative) -> bool {
    PAGES.contains(&path.as_str()) || path.as_str() == files::SINGLE || files::is_page(path)
}

/// The folder of a profile's report, below the project; `None` where the profile cannot have one.
pub fn folder(profile: &str) -> Option<Relative> {
    if profile == DEFAULT { Relative::parse(REPORT) } else { Relative::parse(&format!("{REPORT}/{profile}")) }
}

/// Whether a report has files of such a name at all: nothing else is ever written or removed, whatever a record says.
pub fn is_ours(path: &Relative) -> bool {
    let text = path.as_str();
    let figure = text.strip_prefix("fig/").is_some_and(|name| {
        !name.contains('/')
            && !name.starts_with('.')
            && [".csv", ".svg", ".json", ".html"].iter().any(|end| name.ends_with(end))
    });
    figure || is_page(path)
}

/// A file of the report: where its bytes are.
#[derive(Clone, Debug)]
pub struct Output {
    /// Path below the report's folder.
    pub path: Relative,
    /// The key of the step that made it, if that is known.
    pub key: Option<Digest>,
    /// The step that made it; none for a file that is kept as it is.
    pub step: Option<StepId>,
    /// Under this name.
    pub artefact: String,
    /// With these bytes.
    pub digest: Digest,
}

/// The files of one figure, if all its steps but the card are done.
pub fn of_figure(figure: &FigureSteps, build: &Build) -> Option<Vec<Output>> {
    let run = build.outcome(figure.run)?.record;
    let files = files::of_figure(&figure.id, &figure.stems, run.artefacts.keys().map(String::as_str));
    let output = |File { path, maker, artefact }| {
        let step = match maker {
            Maker::Run => figure.run,
            Maker::Chart(at) => figure.draws[at],
            Maker::Check => figure.check,
        };
        let done = build.outcome(step)?;
        let digest = *done.record.artefacts.get(&artefact)?;
        Some(Output { path, key: Some(done.key), step: Some(step), artefact, digest })
    };
    files.into_iter().map(output).collect()
}

/// The page of a figure, its program text and its narrow pictures, as far as their steps are done.
fn pages_of(figure: &FigureSteps, build: &Build) -> Vec<Output> {
    let narrow = figure.stems.iter().zip(&figure.draws).map(|(stem, &step)| (files::narrow(stem), step));
    let pages = narrow.chain([files::page(&figure.id), files::source(&figure.id)].map(|page| (page, figure.card)));
    pages
        .filter_map(|(path, step)| {
            let (done, artefact) = (build.outcome(step)?, files::page_artefact(&path).to_owned());
            let digest = *done.record.artefacts.get(&artefact)?;
            Some(Output { path, key: Some(done.key), step: Some(step), artefact, digest })
        })
        .collect()
}

/// Everything that a figure gives, if all its steps but the card are done: its pictures in both layouts among it.
pub fn pictures_of(figure: &FigureSteps, build: &Build) -> Vec<Output> {
    of_figure(figure, build).map_or_else(Vec::new, |files| files.into_iter().chain(pages_of(figure, build)).collect())
}

/// All files whose steps are done: figures with their pages, and the pages of the report where they are.
pub fn all(assembly: &Assembly, build: &Build) -> Vec<Output> {
    let figures = assembly.figures.iter();
    let mut outputs: Vec<Output> = figures
        .flat_map(|figure| of_figure(figure, build).unwrap_or_default().into_iter().chain(pages_of(figure, build)))
        .collect();
    for step in [assembly.index, assembly.single] {
        let Some(done) = build.outcome(step) else { continue };
        outputs.extend(done.record.artefacts.iter().map(|(name, digest)| Output {
            path: Relative::known(name),
            key: Some(done.key),
            step: Some(step),
            artefact: name.clone(),
            digest: *digest,
        }));
    }
    outputs
}

/// The figure whose file this is, by its name in the report's folder: of the ids that it begins with, the longest.
pub fn owner<'a>(assembly: &'a Assembly, path: &Relative) -> Option<&'a FigureSteps> {
    let file = path.as_str().strip_prefix("fig/")?;
    let begins =
        |rooms: &&FigureSteps| file.strip_prefix(rooms.id.as_str()).is_some_and(|rest| rest.starts_with(['.', '-']));
    assembly.figures.iter().filter(begins).max_by_key(|rooms| rooms.id.len())
}

/// A path that two outputs share, if any.
pub fn collision(outputs: &[Output]) -> Option<&Relative> {
    let mut seen = std::collections::BTreeSet::new();
    outputs.iter().map(|output| &output.path).find(|path| !seen.insert(*path))
}

/// The text of `SHA256SUMS` for some files.
fn list<'a>(files: impl Iterator<Item = (&'a Relative, Digest)>) -> String {
    let lines: BTreeMap<&Relative, Digest> = files.filter(|(path, _)| path.as_str() != SUMS).collect();
    lines.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect()
}

/// `SHA256SUMS` of the outputs.
pub fn sums(outputs: &[Output]) -> String {
    list(outputs.iter().map(|output| (&output.path, output.digest)))
}

/// `SHA256SUMS` of what was recorded; `None` while a publication is under way.
pub fn recorded_sums(written: &Published) -> Option<String> {
    let settled = written.files.values().all(|digests| digests.len() == 1);
    settled.then(|| list(written.files.iter().filter_map(|(path, digests)| Some((path, *digests.first()?)))))
}

/// The digest of a page as its step made it, by the key that is recorded; `None` where the store does not know it.
pub fn made(store: &Store, written: &Published, path: &Relative) -> Option<Digest> {
    store.record(written.keys.get(path)?).ok()??.artefacts.get(files::page_artefact(path)).copied()
}

/// The outputs as files, with `SHA256SUMS` among them.
pub fn wanted(outputs: &[Output]) -> Wanted {
    let wish = |output: &Output| (output.path.clone(), Wish { digest: output.digest, key: output.key });
    let sums = Wish { digest: Digest::of(sums(outputs).as_bytes()), key: None };
    outputs.iter().map(wish).chain([(Relative::known(SUMS), sums)]).collect()
}

/// The bytes of a file that [`wanted`] names.
///
/// # Errors
/// When its step must run again and fails.
pub fn bytes(build: &Build, outputs: &[Output], path: &Relative) -> Result<Vec<u8>, Failure> {
    match outputs.iter().find(|output| output.path == *path) {
        Some(output) => match output.step {
            Some(step) => build.bytes(step, &output.artefact),
            None => Err(broken(format!("`{path}` was removed while the build ran, and the store has no copy"))),
        },
        None => Ok(sums(outputs).into_bytes()),
    }
}

/// What the lock would say of a figure now.
pub fn locked(figure: &FigureSteps, build: &Build) -> Option<Locked> {
    let outputs = of_figure(figure, build)?.into_iter().map(|output| (output.path, output.digest)).collect();
    Some(Locked { declared: figure.declared, drawn: figure.drawn, outputs })
}

/// How every finished figure stands to the lock.
pub fn statuses<'a>(
    assembly: &'a Assembly,
    build: &Build,
    lock: &Lock,
    profile: &str,
) -> Vec<(&'a FigureSteps, Locked, LockStatus)> {
    let finished = assembly.figures.iter().filter_map(|figure| Some((figure, locked(figure, build)?)));
    finished
        .map(|(figure, now)| {
            let status = lock.status(profile, &figure.id, &now);
            (figure, now, status)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_pages_and_files_of_figures_and_nothing_else() {
        for good in ["index.html", "single.html", "SHA256SUMS", "fig/a.csv", "fig/a-b.svg", "fig/a.json", "fig/a.html"]
        {
            assert!(is_ours(&Relative::known(good)), "{good}");
        }
        for bad in
            ["thesis.txt", "fig", "fig/a.txt", "fig/deep/a.csv", "fig/.a.csv", "smoke/index.html", "a.csv", "a.html"]
        {
            assert!(!is_ours(&Relative::known(bad)), "{bad}");
        }
    }

    #[test]
    fn a_profile_has_a_folder_of_its_own() {
        let text = |profile| folder(profile).map(|folder| folder.to_string());
        assert_eq!(text("default").as_deref(), Some("report"));
        assert_eq!(text("smoke").as_deref(), Some("report/smoke"));
        assert_eq!((text(".."), text("../x"), text("")), (None, None, None));
    }
}

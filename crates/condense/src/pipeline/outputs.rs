//! Which artefact becomes which file of the report, and how what is there compares with the lock.

use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::output::Wanted;
use crate::engine::step::StepId;
use crate::pipeline::files::{self, File, Maker};
use crate::pipeline::locked::{Lock, Locked, Standing};
use crate::pipeline::{Assembly, Rooms};
use std::collections::BTreeMap;

/// The folder of everything that people see.
pub const REPORT: &str = "report";

/// A file of the report: where its bytes are.
#[derive(Clone, Debug)]
pub struct Output {
    /// Path below `report/`.
    pub path: String,
    /// The step that made it.
    pub step: StepId,
    /// Under this name.
    pub artefact: String,
    /// With these bytes.
    pub digest: Digest,
}

/// The files of one figure, if all its steps but the card are done.
pub fn of_figure(figure: &Rooms, build: &Build) -> Option<Vec<Output>> {
    let record = build.outcome(figure.run)?.record;
    let files = files::of_figure(&figure.id, &figure.stems, record.artefacts.keys().map(String::as_str));
    let output = |File { path, maker, artefact }| {
        let step = match maker {
            Maker::Run => figure.run,
            Maker::Chart(at) => figure.draws[at],
            Maker::Check => figure.check,
        };
        let digest = *build.outcome(step)?.record.artefacts.get(&artefact)?;
        Some(Output { path, step, artefact, digest })
    };
    files.into_iter().map(output).collect()
}

/// All files whose steps are done: figures, and the index where it is.
pub fn all(assembly: &Assembly, build: &Build) -> Vec<Output> {
    let mut outputs: Vec<Output> =
        assembly.figures.iter().filter_map(|figure| of_figure(figure, build)).flatten().collect();
    if let Some(index) = build.outcome(assembly.index) {
        outputs.extend(index.record.artefacts.iter().map(|(name, digest)| Output {
            path: name.clone(),
            step: assembly.index,
            artefact: name.clone(),
            digest: *digest,
        }));
    }
    outputs
}

/// The figure whose file this is, by its name below `report/`: of the ids that it begins with, the longest.
pub fn owner<'a>(assembly: &'a Assembly, path: &str) -> Option<&'a Rooms> {
    let file = path.strip_prefix("fig/")?;
    let begins = |rooms: &&Rooms| file.strip_prefix(rooms.id.as_str()).is_some_and(|rest| rest.starts_with(['.', '-']));
    assembly.figures.iter().filter(begins).max_by_key(|rooms| rooms.id.len())
}

/// A path that two outputs share, if any.
pub fn collision(outputs: &[Output]) -> Option<&str> {
    let mut seen = std::collections::BTreeSet::new();
    outputs.iter().map(|output| output.path.as_str()).find(|path| !seen.insert(*path))
}

/// `SHA256SUMS` of the outputs, as coreutils checks it.
pub fn sums(outputs: &[Output]) -> String {
    let lines: BTreeMap<&str, Digest> = outputs.iter().map(|output| (output.path.as_str(), output.digest)).collect();
    lines.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect()
}

/// The outputs as files of the project, with `SHA256SUMS` among them.
pub fn wanted(outputs: &[Output]) -> Wanted {
    let files = outputs.iter().map(|output| (format!("{REPORT}/{}", output.path), output.digest));
    files.chain([(format!("{REPORT}/SHA256SUMS"), Digest::of(sums(outputs).as_bytes()))]).collect()
}

/// The bytes of a file that [`wanted`] names.
///
/// # Errors
/// When its step must run again and fails.
pub fn bytes(build: &Build, outputs: &[Output], path: &str) -> Result<Vec<u8>, Failure> {
    let below = path.strip_prefix(REPORT).unwrap_or(path).trim_start_matches('/');
    match outputs.iter().find(|output| output.path == below) {
        Some(output) => build.bytes(output.step, &output.artefact),
        None => Ok(sums(outputs).into_bytes()),
    }
}

/// What the lock would say of a figure now.
pub fn locked(figure: &Rooms, build: &Build) -> Option<Locked> {
    let outputs = of_figure(figure, build)?.into_iter().map(|output| (output.path, output.digest)).collect();
    Some(Locked { declared: figure.declared, drawn: figure.drawn, outputs })
}

/// How every finished figure stands to the lock.
pub fn standings<'a>(
    assembly: &'a Assembly,
    build: &Build,
    lock: &Lock,
    profile: &str,
) -> Vec<(&'a Rooms, Locked, Standing)> {
    let finished = assembly.figures.iter().filter_map(|figure| Some((figure, locked(figure, build)?)));
    finished
        .map(|(figure, now)| {
            let standing = lock.standing(profile, &figure.id, &now);
            (figure, now, standing)
        })
        .collect()
}

//! The files that people see. Each is hashed on every run; one that was changed by hand is named, never repaired in silence.

use crate::atomic::{self, Durability, Staged};
use crate::digest::Digest;
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, thread};

/// Path below the project → digest of what should be there.
pub type Wanted = BTreeMap<String, Digest>;

/// A file that is not what was written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Altered {
    /// Path below the project.
    pub path: String,
    /// What was written last.
    pub recorded: Digest,
    /// What is there.
    pub found: Digest,
}

/// What a look at the files gave.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Digest of every file that was written once and is there.
    pub present: BTreeMap<String, Digest>,
    /// Files that someone else changed.
    pub altered: Vec<Altered>,
    /// Files that were written and are gone.
    pub missing: Vec<String>,
}

/// Hashes every file that the state knows.
///
/// # Errors
/// When a file cannot be read.
pub fn survey(root: &Path, state: &State) -> io::Result<Survey> {
    let mut survey = Survey::default();
    for (path, digests) in &state.outputs {
        let Some(bytes) = atomic::read(&root.join(path))? else {
            survey.missing.push(path.clone());
            continue;
        };
        let found = Digest::of(&bytes);
        if !digests.contains(&found)
            && let Some(recorded) = digests.first().copied()
        {
            survey.altered.push(Altered { path: path.clone(), recorded, found });
        }
        survey.present.insert(path.clone(), found);
    }
    Ok(survey)
}

/// Makes the files be `wanted`: writes what differs, removes what is no longer wanted. Returns the paths written.
///
/// The state is saved first with both the old and the new digests, and afterwards with the new ones alone:
/// so a run that is cut off in the middle does not look like tampering to the next.
///
/// # Errors
/// When a file cannot be written, or `bytes` fails.
pub fn publish<E: From<io::Error> + Send>(
    root: &Path,
    wanted: &Wanted,
    survey: &Survey,
    state: &mut State,
    state_path: &Path,
    bytes: impl Fn(&str) -> Result<Vec<u8>, E> + Sync,
) -> Result<Vec<String>, E> {
    let stale: Vec<&String> = wanted
        .iter()
        .filter(|(path, digest)| survey.present.get(*path) != Some(digest))
        .map(|(path, _)| path)
        .collect();
    let gone: Vec<String> = state.outputs.keys().filter(|path| !wanted.contains_key(*path)).cloned().collect();
    if !stale.is_empty() || !gone.is_empty() {
        for path in &stale {
            state.outputs.entry((*path).clone()).or_default().insert(wanted[*path]);
        }
        state.save(state_path, Durability::Synced)?;
        write_all(root, &stale, bytes)?;
        for path in &gone {
            match fs::remove_file(root.join(path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
    }
    state.outputs = wanted.iter().map(|(path, digest)| (path.clone(), BTreeSet::from([*digest]))).collect();
    // Should the disk lose this one, the state before it allows both the old and the new files.
    state.save(state_path, Durability::Cached)?;
    Ok(stale.into_iter().cloned().collect())
}

/// How many files are written at once.
const WRITERS: usize = 8;

/// Writes many files: all of them beside their places, then all get their names, then each folder is synced once.
fn write_all<E: From<io::Error> + Send>(
    root: &Path,
    paths: &[&String],
    bytes: impl Fn(&str) -> Result<Vec<u8>, E> + Sync,
) -> Result<(), E> {
    let places: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    // One file stands for its folder.
    let folders: BTreeMap<_, _> = places.iter().map(|place| (place.parent(), place)).collect();
    for folder in folders.keys().flatten() {
        sweep(folder)?;
    }
    // Each write waits for the disk, and disks like to be asked for several things at once.
    let next = AtomicUsize::new(0);
    let stage = || {
        let mut staged = Vec::new();
        while let Some((path, place)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            paths.get(at).zip(places.get(at))
        } {
            staged.push(atomic::stage(place, &bytes(path)?, Durability::Synced)?);
        }
        Ok::<_, E>(staged)
    };
    let staged: Vec<Result<Vec<Staged>, E>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS.min(paths.len())).map(|_| scope.spawn(stage)).collect();
        writers.into_iter().map(|writer| writer.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    for file in staged.into_iter().collect::<Result<Vec<_>, E>>()?.into_iter().flatten() {
        file.name()?;
    }
    for place in folders.values() {
        atomic::sync_names(place)?;
    }
    Ok(())
}

/// Removes what a killed process left half-written in a folder.
fn sweep(folder: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.filter_map(Result::ok) {
        let unnamed = entry.file_name().to_string_lossy().starts_with(atomic::UNNAMED);
        if unnamed && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

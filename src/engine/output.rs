//! The files that people see. Each is hashed on every run; one that was changed by hand is named, never repaired in silence.

use crate::engine::atomic::{self, Durability};
use crate::engine::digest::Digest;
use crate::engine::state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

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
pub fn publish<E: From<io::Error>>(
    root: &Path,
    wanted: &Wanted,
    survey: &Survey,
    state: &mut State,
    state_path: &Path,
    bytes: impl Fn(&str) -> Result<Vec<u8>, E>,
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
        state.save(state_path)?;
        for path in &stale {
            atomic::write(&root.join(path), &bytes(path)?, Durability::Synced)?;
        }
        for path in &gone {
            match std::fs::remove_file(root.join(path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
    }
    state.outputs = wanted.iter().map(|(path, digest)| (path.clone(), BTreeSet::from([*digest]))).collect();
    state.save(state_path)?;
    Ok(stale.into_iter().cloned().collect())
}

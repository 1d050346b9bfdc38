//! The files that people see. Each is hashed on every run; one that was changed by hand is named, never repaired in silence.

use crate::digest::Digest;
use crate::folder::{Durability, Folder, Sight, Staged};
use crate::published::Published;
use crate::relative::Relative;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{io, thread};

/// A file that should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Its digest.
    pub digest: Digest,
    /// The key of the step that made it, if one did.
    pub key: Option<Digest>,
}

/// Path in the folder → what should be there.
pub type Wanted = BTreeMap<Relative, Wish>;

/// What stands in the place of a file that is not what was written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Other bytes.
    Bytes(Digest),
    /// No file: "is a symbolic link".
    Other(String),
}

/// A file that is not what was written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Altered {
    /// Path in the folder.
    pub path: Relative,
    /// What was written last.
    pub recorded: Digest,
    /// What is there.
    pub found: Found,
}

/// What a look at the files gave.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Digest of every file that was written once and is there.
    pub present: BTreeMap<Relative, Digest>,
    /// Files that someone else changed.
    pub altered: Vec<Altered>,
    /// Files that were written and are gone.
    pub missing: Vec<Relative>,
}

/// Something that is not ours stands where a file is to be written, or one of ours changed while the build ran.
#[derive(Debug, PartialEq, Eq)]
pub struct InTheWay {
    /// The file, as people call it.
    pub path: String,
    /// What it is, where it is no file.
    pub what: Option<String>,
}

/// Hashes every file of a record.
///
/// # Errors
/// When a file cannot be read.
pub fn survey(folder: Option<&Folder>, written: &Published) -> io::Result<Survey> {
    let mut survey = Survey::default();
    for (path, digests) in &written.files {
        let sight = folder.map_or(Ok(Sight::Nothing), |folder| folder.look(path))?;
        let recorded = digests.first().copied();
        let mut alter = |found: Found| {
            survey.altered.extend(recorded.map(|recorded| Altered { path: path.clone(), recorded, found }));
        };
        match sight {
            Sight::Nothing => survey.missing.push(path.clone()),
            Sight::Other(what) => alter(Found::Other(what)),
            Sight::File(bytes) => {
                let found = Digest::of(&bytes);
                if !digests.contains(&found) {
                    alter(Found::Bytes(found));
                }
                survey.present.insert(path.clone(), found);
            }
        }
    }
    Ok(survey)
}

/// Files with other bytes than their step made, although the record has the step's key: the record was changed, too.
pub fn forged(wanted: &Wanted, survey: &Survey, written: &Published) -> Vec<Altered> {
    let one = |(path, wish): (&Relative, &Wish)| {
        let found = *survey.present.get(path)?;
        let settled = written.files.get(path).is_some_and(|digests| digests.len() == 1);
        let same_key = wish.key.is_some() && written.keys.get(path) == wish.key.as_ref();
        let forged = found != wish.digest && settled && same_key;
        forged.then(|| Altered { path: path.clone(), recorded: wish.digest, found: Found::Bytes(found) })
    };
    wanted.iter().filter_map(one).collect()
}

/// Makes the files be `wanted`: writes what differs, removes what is no longer wanted. Returns the paths written.
///
/// The record is saved first with both the old and the new digests, and afterwards with the new ones alone: so a run that is
/// cut off in the middle does not look like tampering to the next. `leaves` hears the bytes of every file that is replaced or
/// removed, before it is.
///
/// # Errors
/// When something that is not ours is in the way, a file cannot be written, or `bytes` fails.
pub fn publish<E: From<io::Error> + From<InTheWay> + Send>(
    folder: &Folder,
    wanted: &Wanted,
    written: &mut Published,
    bytes: impl Fn(&Relative) -> Result<Vec<u8>, E> + Sync,
    leaves: impl Fn(&Relative, &[u8]) -> io::Result<()>,
) -> Result<Vec<Relative>, E> {
    sweep(folder, written)?;
    let mut stale = Vec::new();
    for (path, wish) in wanted {
        match ours::<E>(folder, written, path, Some(wish.digest))? {
            Some(bytes) if Digest::of(&bytes) == wish.digest => {}
            Some(bytes) => {
                leaves(path, &bytes)?;
                stale.push(path);
            }
            None => stale.push(path),
        }
    }
    let gone: Vec<Relative> = written.files.keys().filter(|path| !wanted.contains_key(*path)).cloned().collect();
    for path in &gone {
        if let Some(bytes) = ours::<E>(folder, written, path, None)? {
            leaves(path, &bytes)?;
        }
    }
    if !stale.is_empty() || !gone.is_empty() {
        for path in &stale {
            written.files.entry((*path).clone()).or_default().insert(wanted[*path].digest);
        }
        written.save(folder, Durability::Synced)?;
        write_all(folder, &stale, wanted, written, bytes)?;
        for path in &gone {
            if ours::<E>(folder, written, path, None)?.is_some() {
                folder.remove(path)?;
            }
        }
    }
    written.files = wanted.iter().map(|(path, wish)| (path.clone(), BTreeSet::from([wish.digest]))).collect();
    written.keys = wanted.iter().filter_map(|(path, wish)| Some((path.clone(), wish.key?))).collect();
    // Should the disk lose this one, the record before it allows both the old and the new files.
    written.save(folder, Durability::Cached)?;
    Ok(stale.into_iter().cloned().collect())
}

/// The bytes of a file that may be replaced: they are recorded, or those about to be written. `None` when there is none.
fn ours<E: From<io::Error> + From<InTheWay>>(
    folder: &Folder,
    written: &Published,
    path: &Relative,
    wanted: Option<Digest>,
) -> Result<Option<Vec<u8>>, E> {
    let known = |digest: &Digest| written.files.get(path).is_some_and(|digests| digests.contains(digest));
    match folder.look(path)? {
        Sight::Nothing => Ok(None),
        Sight::File(bytes) => {
            let found = Digest::of(&bytes);
            let mine = known(&found) || wanted == Some(found);
            if mine { Ok(Some(bytes)) } else { Err(InTheWay { path: folder.label(path), what: None }.into()) }
        }
        Sight::Other(what) => Err(InTheWay { path: folder.label(path), what: Some(what) }.into()),
    }
}

/// How many files are written at once.
const WRITERS: usize = 8;

/// Writes many files: all of them beside their places, then all get their names, then each folder is synced once.
fn write_all<E: From<io::Error> + From<InTheWay> + Send>(
    folder: &Folder,
    paths: &[&Relative],
    wanted: &Wanted,
    written: &Published,
    bytes: impl Fn(&Relative) -> Result<Vec<u8>, E> + Sync,
) -> Result<(), E> {
    // Each write waits for the disk, and disks like to be asked for several things at once.
    let next = AtomicUsize::new(0);
    let stage = || {
        let mut staged = Vec::new();
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (bytes, part) = (bytes(path)?, part(path, &wanted[*path].digest));
            staged.push((*path, folder.stage(path, &part, &bytes, Durability::Synced)?));
        }
        Ok::<_, E>(staged)
    };
    let staged: Vec<Result<Vec<(&Relative, Staged)>, E>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS.min(paths.len())).map(|_| scope.spawn(stage)).collect();
        writers.into_iter().map(|writer| writer.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    for (path, file) in staged.into_iter().collect::<Result<Vec<_>, E>>()?.into_iter().flatten() {
        // Someone may have put something there while the others were written.
        ours::<E>(folder, written, path, Some(wanted[path].digest))?;
        file.name()?;
    }
    for folders in paths.iter().map(|path| path.split().0).collect::<BTreeSet<_>>() {
        folder.sync(folders.as_ref())?;
    }
    Ok(())
}

/// The name of a file of these bytes while it is written. The record implies it, so what a killed process left is found.
pub fn part(path: &Relative, digest: &Digest) -> Relative {
    let (_, name) = path.split();
    path.beside(&format!(".{name}.{}.part", &digest.to_string()[..16])).unwrap_or_else(|| unreachable!("a plain name"))
}

/// Removes what a killed process left half-written: the names that the record implies, and no others.
///
/// # Errors
/// The system's.
pub fn sweep(folder: &Folder, written: &Published) -> io::Result<()> {
    for (path, digests) in &written.files {
        for digest in digests {
            folder.remove(&part(path, digest))?;
        }
    }
    Ok(())
}

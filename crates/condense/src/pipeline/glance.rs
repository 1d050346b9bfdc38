//! A glance: whether anything has changed since all was well. It hashes what was read and what was written, every byte of
//! both, and parses nothing; so a build with nothing to do costs what reading costs. Large inputs alone are not read again
//! where the system says that they were left alone (see [`Stamp`]).
//!
//! A glance is left by a whole `report` that ended well. It is no cache of results: where one digest differs, or it is
//! gone or damaged, the build goes the whole way.

use crate::engine::atomic::{self, Durability};
use crate::engine::digest::Digest;
use crate::engine::state::State;
use crate::engine::store::{seal, sealed};
use crate::paper::load::PAGES;
use crate::pipeline::Project;
use crate::pipeline::stamp::{LARGE, Stamp};
use crate::pipeline::{locked, proved};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What was seen when all was well.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// The program that saw it.
    program: String,
    /// The profile in force.
    profile: String,
    /// Whether pages tell times.
    times: bool,
    /// Path below the project to the digest of the file there; none where there must be no file.
    files: BTreeMap<String, Option<Digest>>,
    /// What the system said of large inputs that had been left alone for a while when they were hashed.
    stamps: BTreeMap<String, Stamp>,
    /// The names in the folder of pages: one more would be an orphan.
    pages: BTreeSet<String>,
    /// Files of the store that must be there, for the other verbs; what is in them is checked when it is read.
    kept: Vec<PathBuf>,
    /// Whether there is a Makefile: pages tell how to remake things.
    make: bool,
    /// What to say.
    pub words: LastWords,
}

/// What a build that finds nothing to do says at its end.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWords {
    /// What is worth a line and no failure.
    pub remarks: Vec<String>,
    /// Steps, claims and figures, counted.
    pub counts: String,
}

impl Glance {
    /// What is seen now: all that the project read, the state (which lies at `state_path` below the project), the outputs
    /// that it knows, and that the store has the files `kept`.
    ///
    /// # Errors
    /// When the state is no JSON.
    pub fn new(
        project: &Project,
        state: &State,
        state_path: &str,
        kept: Vec<PathBuf>,
        words: LastWords,
    ) -> io::Result<Self> {
        let paper = project.paper();
        let mut files = project.templates.files.clone();
        // Digests are of what was read, not of what stands there now: whoever edits meanwhile is noticed.
        for source in &paper.sources {
            files.insert(source.path.clone(), Some(Digest::of(source.text.as_bytes())));
        }
        let declared = project.tasks.iter().map(|task| &task.own);
        let mut stamps = BTreeMap::new();
        for (path, bytes) in declared.flat_map(|declared| declared.data.bytes().iter().chain(declared.code.bytes())) {
            files.insert(path.clone(), Some(Digest::of(bytes)));
            // Of what was read: another file may stand there by now.
            let read = project.stamps.get(path).filter(|_| bytes.len() >= LARGE).copied();
            let stamp = read.filter(|read| Stamp::of(&project.root.join(path)) == Some(*read));
            stamps.extend(stamp.filter(|stamp| stamp.is_older_than(project.opened)).map(|stamp| (path.clone(), stamp)));
        }
        let lock = (!project.lock.0.is_empty()).then(|| Digest::of(project.lock.to_text().as_bytes()));
        files.insert(locked::NAME.to_owned(), lock);
        files.insert(proved::NAME.to_owned(), project.proved.digest());
        files.insert(state_path.to_owned(), Some(state.digest()?));
        for (path, digests) in &state.outputs {
            files.insert(path.clone(), digests.first().copied());
        }
        Ok(Self {
            program: project.roster.program.to_owned(),
            profile: project.profile.clone(),
            times: project.times,
            files,
            stamps,
            pages: project.pages.clone(),
            kept,
            make: has_makefile(&project.root),
            words,
        })
    }

    /// The glance that was left in `file`, if it still tells the truth about the program and the project.
    pub fn still_true(file: &Path, program: &str, project: &Path, profile: &str, times: bool) -> Option<Self> {
        let bytes = fs::read(file).ok()?;
        let glance: Self = serde_json::from_slice(sealed(&bytes)?).ok()?;
        let same = glance.program == program && glance.profile == profile && glance.times == times;
        let same = same && glance.make == has_makefile(project) && listing(project) == glance.pages;
        let unchanged = |(path, digest): (&String, &Option<Digest>)| {
            let (stamp, path) = (glance.stamps.get(path), project.join(path));
            stamp.is_some_and(|stamp| Stamp::of(&path) == Some(*stamp)) || stands(&path, digest.as_ref())
        };
        (same && glance.kept.iter().all(|path| path.is_file()) && glance.files.iter().all(unchanged)).then_some(glance)
    }

    /// Leaves it in `file`, unless that holds it already.
    ///
    /// # Errors
    /// The system's.
    pub fn leave(&self, file: &Path) -> io::Result<()> {
        let bytes = seal(&serde_json::to_vec(self).map_err(io::Error::other)?);
        if atomic::read(file)?.as_deref() == Some(&bytes) {
            return Ok(());
        }
        atomic::write(file, &bytes, Durability::Cached)
    }
}

/// Whether a path is what it should be. What is reached through a link is for the whole way to judge.
fn stands(path: &Path, digest: Option<&Digest>) -> bool {
    match (fs::symlink_metadata(path), digest) {
        (Ok(about), Some(digest)) if about.is_file() => fs::read(path).is_ok_and(|bytes| Digest::of(&bytes) == *digest),
        (Err(error), None) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// The names in the folder of pages; none where there is no such folder.
pub fn listing(project: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(project.join(PAGES)).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect()
}

/// Whether a project has a Makefile, through which its readers remake things.
pub fn has_makefile(project: &Path) -> bool {
    project.join("Makefile").exists()
}

//! The up-to-date check: whether anything has changed since all was well. It hashes what was read and what was written, every
//! byte of both, and parses nothing; so a build with nothing to do costs what reading costs. Large inputs alone are not read
//! again where the system says that they were left alone (see [`Stamp`]).
//!
//! What was seen is left by a whole `report` that ended well and matches all of the lock; figures are held to the lock, and
//! pages to what their steps made, not to what is said here of them. It is no cache of results: where one digest differs, or the
//! file is gone or damaged, the build goes the whole way.

use crate::engine::atomic;
use crate::engine::digest::Digest;
use crate::engine::folder::{Folder, Sight};
use crate::engine::published::{self, Published};
use crate::engine::relative::Relative;
use crate::engine::state::State;
use crate::engine::store::{STATE, Store, UP_TO_DATE, seal, sealed};
use crate::pipeline::locked::Lock;
use crate::pipeline::outputs::{self, SUMS};
use crate::pipeline::place::{Owner, Place};
use crate::pipeline::project::{Project, STORE, has_makefile, listing};
use crate::pipeline::stamp::{LARGE, Stamp};
use crate::pipeline::{files, locked, proved, seeds};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// What was seen when all was well.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpToDate {
    /// The program that saw it.
    program: String,
    /// The profile in force.
    profile: String,
    /// Whether pages tell times.
    times: bool,
    /// Path below the project to the digest of the file there; none where there must be no file.
    files: BTreeMap<Relative, Option<Digest>>,
    /// What the system said of large inputs that had been left alone for a while when they were hashed.
    stamps: BTreeMap<Relative, Stamp>,
    /// The names in the folder of pages: one more would be an orphan.
    pages: BTreeSet<String>,
    /// Files of the store that must be there, for the other verbs; what is in them is checked when it is read.
    kept: Vec<Relative>,
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

impl UpToDate {
    /// What is seen now: all that the project read, the state, the record of the report, and that the store has the files
    /// `kept`. `None` where a path has another spelling than ours.
    ///
    /// # Errors
    /// When state or record are no JSON.
    pub fn new(
        project: &Project,
        state: &State,
        place: &Place,
        kept: Vec<Relative>,
        words: LastWords,
    ) -> io::Result<Option<Self>> {
        let paper = project.paper();
        let mut seen = project.templates.files.clone();
        // Digests are of what was read, not of what stands there now: whoever edits meanwhile is noticed.
        for source in &paper.sources {
            seen.insert(source.path.clone(), Some(Digest::of(source.text.as_bytes())));
        }
        let declared = project.tasks.iter().map(|task| &task.own);
        let mut stamps = BTreeMap::new();
        for (path, bytes) in declared.flat_map(|declared| declared.data.bytes().iter().chain(declared.code.bytes())) {
            seen.insert(path.clone(), Some(Digest::of(bytes)));
            // Of what was read: another file may stand there by now.
            let read = project.stamps.get(path).filter(|_| bytes.len() >= LARGE).copied();
            let stamp = read.filter(|read| Stamp::of(&project.root.join(path)) == Some(*read));
            let stamp = stamp.filter(|stamp| stamp.is_older_than(project.opened));
            stamps.extend(stamp.and_then(|stamp| Some((Relative::parse(path)?, stamp))));
        }
        let lock = (!project.lock.0.is_empty()).then(|| Digest::of(project.lock.to_text().as_bytes()));
        seen.insert(locked::NAME.to_owned(), lock);
        seen.insert(proved::NAME.to_owned(), project.proved.digest());
        seen.insert(seeds::NAME.to_owned(), project.seeds.digest());
        seen.insert(format!("{STORE}/{STATE}"), Some(state.digest()?));
        seen.insert(format!("{}/{}", place.path, published::NAME), Some(place.written.digest()?));
        let below = |(path, digest): (String, Option<Digest>)| Some((Relative::parse(&path)?, digest));
        let Some(files) = seen.into_iter().map(below).collect() else { return Ok(None) };
        Ok(Some(Self {
            program: identity(project.roster.program),
            profile: project.profile.clone(),
            times: project.times,
            files,
            stamps,
            pages: project.pages.clone(),
            kept,
            make: has_makefile(&project.root),
            words,
        }))
    }

    /// What was left in the store, if it still tells the truth about the program and the project.
    pub fn still_true(program: &str, project: &Path, profile: &str, times: bool) -> Option<Self> {
        let root = Folder::root(project).ok()?;
        let store = Store::at(root.below(&Relative::known(STORE)).ok()?);
        let bytes = store.read(&Relative::known(UP_TO_DATE)).ok()??;
        let seen: Self = serde_json::from_slice(sealed(&bytes)?).ok()?;
        let same = seen.program == identity(program) && seen.profile == profile && seen.times == times;
        let same = same && seen.make == has_makefile(project) && listing(project) == seen.pages;
        let unchanged = |(path, digest): (&Relative, &Option<Digest>)| {
            let stamp = seen.stamps.get(path);
            stamp.is_some_and(|stamp| Stamp::of(&project.join(path.as_str())) == Some(*stamp))
                || stands(&root, path, digest.as_ref())
        };
        // What a killed process left half-written is for the whole way to remove.
        let left = [locked::NAME, proved::NAME, seeds::NAME].iter().any(|name| atomic::is_left(&project.join(name)));
        let same = same && !left && store.parts().is_ok_and(|parts| parts.is_empty());
        let kept = || seen.kept.iter().all(|path| store.has_file(path));
        let all = same && kept() && seen.files.iter().all(unchanged) && report_stands(&root, &store, project, profile)?;
        all.then_some(seen)
    }

    /// Leaves it in the store, unless that holds it already.
    ///
    /// # Errors
    /// The system's.
    pub fn leave(&self, store: &Store) -> io::Result<()> {
        let (path, bytes) = (Relative::known(UP_TO_DATE), seal(&serde_json::to_vec(self).map_err(io::Error::other)?));
        if store.read(&path)?.as_deref() == Some(&bytes) {
            return Ok(());
        }
        store.write(&path, &bytes)
    }
}

/// Whether the figures of the report are the accepted ones, and its pages those that the store remembers. Record and this file are
/// not believed where others know better: whoever changes an output can change them, too.
fn report_stands(root: &Folder, store: &Store, project: &Path, profile: &str) -> Option<bool> {
    let place = Place::look(root, profile).ok().filter(|place| matches!(place.owner, Owner::Ours))?;
    let (folder, lock) = (place.folder.as_ref()?, Lock::load(project).ok()?);
    if Published::is_left(folder) {
        return None;
    }
    let accepted: BTreeMap<&Relative, Digest> = lock
        .0
        .get(profile)?
        .values()
        .flat_map(|figure| &figure.outputs)
        .map(|(path, digest)| (path, *digest))
        .collect();
    let sums = Digest::of(outputs::recorded_sums(&place.written)?.as_bytes());
    let expected = |path: &Relative| match path.as_str() {
        SUMS => Some(sums),
        _ if outputs::is_page(path) => outputs::made(store, &place.written, path),
        _ => accepted.get(path).copied(),
    };
    let one = |path: &Relative| Some(stands(folder, path, Some(&expected(path)?)));
    let all = accepted.keys().all(|path| place.written.files.contains_key(*path));
    // A page that the record has forgotten would never be looked at.
    let of_figures = lock.0.get(profile)?.keys().flat_map(|id| [files::page(id), files::source(id)]);
    let narrow = accepted.keys().filter_map(|path| path.as_str().strip_prefix("fig/")?.strip_suffix(".svg"));
    let all_pages = outputs::PAGES.iter().map(|page| Relative::known(page));
    let mut all_pages = all_pages.chain(of_figures).chain(narrow.map(files::narrow));
    let pages = all_pages.all(|page| place.written.files.contains_key(&page));
    Some(all && pages && place.written.files.keys().all(|path| one(path) == Some(true)))
}

/// What program that was: its code, and the version that its pages name.
fn identity(program: &str) -> String {
    format!("{} {program}", env!("CARGO_PKG_VERSION"))
}

/// Whether a path is what it should be. What is reached through a link is for the whole way to judge.
fn stands(folder: &Folder, path: &Relative, digest: Option<&Digest>) -> bool {
    match (folder.look(path), digest) {
        (Ok(Sight::File(bytes)), Some(digest)) => Digest::of(&bytes) == *digest,
        (Ok(Sight::Nothing), None) => true,
        _ => false,
    }
}

//! Everything that was written, read and checked together: manifest, pages, templates, lock, proofs, declared inputs.
//! It computes nothing.

use crate::diag::Diagnostic;
use crate::paper::load::{self, PAGES, Paper};
use crate::paper::params::Catalogue;
use crate::paper::profile::{DEFAULT, judges};
use crate::paper::work::Work;
use crate::pipeline::claims;
use crate::pipeline::declared::{Declared, Files, Task};
use crate::pipeline::locked::Lock;
use crate::pipeline::origin::Origin;
use crate::pipeline::proved::Proved;
use crate::pipeline::render::{Remake, RenderContext};
use crate::pipeline::seeds::{Recorded, SeedsRecord};
use crate::pipeline::stamp::Stamp;
use crate::pipeline::templates::Templates;
use crate::roster::{Roster, RosterEntry};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The folder of all that is remembered.
pub const STORE: &str = ".condense";

/// Whether pages tell how long things took. `SOURCE_DATE_EPOCH` is the convention for "let no time into the output".
pub fn tells_times() -> bool {
    std::env::var_os("SOURCE_DATE_EPOCH").is_none()
}

/// Everything that was written, read and checked.
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// Its experiments.
    pub roster: &'static Roster,
    /// The profile in force.
    pub profile: String,
    /// What was accepted.
    pub lock: Lock,
    /// Where that came out the same.
    pub proved: Proved,
    /// What claims were at further seeds that another profile measures.
    pub seeds: SeedsRecord,
    /// What each figure computes, in deck order.
    pub(crate) tasks: Vec<Task>,
    /// Where that comes from, likewise.
    origins: Vec<Origin>,
    pub(crate) paper: Paper,
    pub(crate) templates: Templates,
    pub(crate) times: bool,
    /// The names in the folder of pages.
    pub(crate) pages: BTreeSet<String>,
    /// Before anything was read.
    pub(crate) opened: SystemTime,
    /// Inputs as they stood then.
    pub(crate) stamps: BTreeMap<String, Stamp>,
}

impl Project {
    /// Reads and checks a project. Nothing is computed.
    ///
    /// # Errors
    /// Every mistake in manifest, pages, templates and lock.
    pub fn open(root: &Path, roster: &'static Roster, profile: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::open_with(root, roster, profile, Lock::load(root))
    }

    /// The same, with a lock that was read already.
    ///
    /// # Errors
    /// As for [`Project::open`].
    pub fn open_with(
        root: &Path,
        roster: &'static Roster,
        profile: &str,
        lock: Result<Lock, Diagnostic>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (opened, mut faults) = (SystemTime::now(), Vec::new());
        let mut keep = |fault: Diagnostic| faults.push(fault);
        // Before the pages are read: one that comes later is noticed by the next up-to-date check.
        let pages = listing(root);
        let templates = Templates::load(root).map_err(&mut keep).ok();
        let lock = lock.map_err(&mut keep).ok();
        let proved = Proved::load(root).map_err(&mut keep).ok();
        let seeds = SeedsRecord::load(root).map_err(&mut keep).ok();
        let paper = load::load(root, profile, roster).map_err(|more| more.into_iter().for_each(&mut keep)).ok();
        let inputs = paper.iter().flat_map(|paper| paper.manifest.figures.iter().flat_map(|figure| &figure.data));
        let stamps = inputs.filter_map(|path| Some((path.clone(), Stamp::of(&root.join(path))?))).collect();
        let tasks = paper.as_ref().map(|paper| declare(root, paper, profile, &mut keep));
        match (templates, lock, proved, seeds, paper, tasks) {
            (Some(templates), Some(lock), Some(proved), Some(seeds), Some(paper), Some(tasks)) if faults.is_empty() => {
                let origins = tasks.iter().map(|task| Origin::of(&task.own, roster)).collect();
                let (root, profile, times) = (root.to_owned(), profile.to_owned(), tells_times());
                Ok(Self {
                    root,
                    roster,
                    profile,
                    lock,
                    proved,
                    seeds,
                    tasks,
                    origins,
                    paper,
                    templates,
                    times,
                    pages,
                    opened,
                    stamps,
                })
            }
            _ => Err(faults),
        }
    }

    /// What each figure computes, in deck order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Where that comes from, likewise.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// What the record of further seeds says of a figure, by its place in the deck, where this profile does not measure it.
    pub fn recorded(&self, at: usize) -> Option<Recorded<'_>> {
        let (figure, task, origin) = (self.paper.manifest.figures.get(at)?, self.tasks.get(at)?, self.origins.get(at)?);
        // A profile that judges no claims has nothing to say of seeds.
        judges(&self.profile).then(|| self.seeds.of(&figure.id, task, &origin.code)).flatten()
    }

    /// The heading under which a figure stands, by its place in the deck: its own, or that of the last one that has any.
    pub fn section(&self, at: usize) -> Option<&str> {
        let figures = self.paper.manifest.figures.get(..=at)?;
        figures.iter().rev().find_map(|figure| figure.section.as_deref())
    }

    /// The paper.
    pub fn paper(&self) -> &Paper {
        &self.paper
    }

    /// What a figure is declared to compute.
    pub fn declared(&self, id: &str) -> Option<&Declared> {
        let at = self.paper.manifest.figures.iter().position(|figure| figure.id == id)?;
        self.tasks.get(at).map(|task| &task.own)
    }

    /// Bytes that a figure's experiment holds at once, at most; of a command nothing is known.
    pub fn working_set(&self, id: &str) -> Option<usize> {
        match &self.paper.figure(id)?.work {
            Work::Experiment(name) => self.roster.find(name)?.working_set(&self.declared(id)?.params),
            Work::Command(_) => None,
        }
    }

    /// How a reader calls the program: a paper with experiments in Rust is one.
    pub fn program(&self) -> &'static str {
        let in_rust = self.paper.manifest.figures.iter().any(|figure| figure.work.experiment().is_some());
        if in_rust { "cargo run --release --" } else { "condense" }
    }

    /// What all pages are rendered with.
    pub fn render_context(&self) -> RenderContext<'_> {
        let (make, program) = (has_makefile(&self.root), self.program());
        let (whole, only) = match (make, self.profile.as_str()) {
            (true, DEFAULT) => ("make report".to_owned(), "ONLY="),
            (false, DEFAULT) => (format!("{program} report"), "--only "),
            (_, profile) => (format!("{program} --profile {profile} report"), "--only "),
        };
        let remake = Remake { only: format!("{whole} {only}"), whole, program };
        let (templates, profile) = (&self.templates, self.profile.as_str());
        RenderContext {
            paper: &self.paper.manifest.paper,
            templates,
            profile,
            remake,
            times: self.times,
            code: self.roster.page,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Reads the declared inputs of every figure.
fn declare(root: &Path, paper: &Paper, profile: &str, keep: &mut impl FnMut(Diagnostic)) -> Vec<Task> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut all = Vec::new();
    for figure in &paper.manifest.figures {
        let reads = if let Work::Command(spec) = &figure.work { &spec.reads[..] } else { &[] };
        let mut read = |paths: &[String]| -> BTreeMap<String, Vec<u8>> {
            let mut found = BTreeMap::new();
            for path in paths {
                match files.get(path).cloned().map_or_else(|| crate::engine::files::read(&root.join(path)), Ok) {
                    Ok(bytes) => {
                        files.insert(path.clone(), bytes.clone());
                        found.insert(path.clone(), bytes);
                    }
                    Err(error) => keep(Diagnostic::new(
                        "M054",
                        format!("input `{path}` of figure `{}` cannot be read: {error}", figure.id),
                    )),
                }
            }
            found
        };
        let (data, code) = (Arc::new(Files::new(read(&figure.data))), Arc::new(Files::new(read(reads))));
        let (work, params) = (figure.work.clone(), figure.params.clone());
        let own = Declared { work, params, seed: figure.seed, data, code };
        let measured = paper.pages.get(&figure.id).is_some_and(|page| claims::measures(figure, page, profile));
        all.push(Task::new(figure, own, measured));
    }
    all
}

/// The roster as the manifest sees it.
impl Catalogue for Roster {
    fn names(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.name.to_owned()).collect()
    }

    fn defaults(&self, name: &str) -> Option<Map<String, Value>> {
        self.find(name).map(RosterEntry::defaults)
    }

    fn faults(&self, name: &str, params: &Map<String, Value>) -> Vec<(String, String)> {
        let faults = self.find(name).map(|entry| entry.faults(params)).unwrap_or_default();
        faults.into_iter().map(|fault| (fault.key, fault.message)).collect()
    }
}

/// The names in the folder of pages; none where there is no such folder.
pub fn listing(project: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(project.join(PAGES)).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect()
}

/// Whether a project has a Makefile, through which its readers remake things.
pub fn has_makefile(project: &Path) -> bool {
    project.join("Makefile").is_file()
}

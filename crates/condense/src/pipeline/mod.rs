//! The composition root: here, and only here, science and machinery meet.
//!
//! A [`Project`] is everything that was written (manifest, pages, templates, lock, data). [`Project::assemble`]
//! turns it into a plan of steps, per figure: run → draw (one a chart) and check → card; and the index of all cards.

pub mod check;
pub mod claims;
pub mod command;
pub mod compare;
pub mod draw;
pub mod glance;
pub mod links;
pub mod locked;
pub mod outputs;
pub mod page;
pub mod proved;
pub mod run;
pub mod seeds;
pub mod stamp;
pub mod templates;

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::plan::Plan;
use crate::engine::recipe::{Key, Recipe as _};
use crate::engine::step::StepId;
use crate::paper::figure::Figure;
use crate::paper::load::{self, Paper};
use crate::paper::params::Catalogue;
use crate::paper::work::Work;
use crate::pipeline::stamp::Stamp;
use crate::roster::{Entry, Roster};
use locked::Lock;
use page::{Desk, Remake};
use proved::Proved;
use run::Declared;
use seeds::{NumbersOf, Task};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use templates::Templates;

/// The profile without overrides.
pub const DEFAULT_PROFILE: &str = "default";

/// The profile of the source's largest settings.
pub const FULL_PROFILE: &str = "full";

/// Whether pages tell how long things took. `SOURCE_DATE_EPOCH` is the convention for "let no time into the output".
pub fn tells_times() -> bool {
    std::env::var_os("SOURCE_DATE_EPOCH").is_none()
}

/// Whether a false claim is a failure. Claims speak of the paper's own parameters: of those in its entries, and of the
/// source's largest. Other profiles change the numbers on purpose (a network of sixteen neurons proves nothing), so
/// there claims are measured and shown, and fail nothing.
pub fn judges(profile: &str) -> bool {
    [DEFAULT_PROFILE, FULL_PROFILE].contains(&profile)
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
    /// What is shared by the pages.
    tasks: Vec<Task>,
    paper: Paper,
    templates: Templates,
    times: bool,
    /// The names in the folder of pages.
    pages: BTreeSet<String>,
    /// Before anything was read.
    opened: SystemTime,
    /// Inputs as they stood then.
    stamps: BTreeMap<String, Stamp>,
}

/// The steps of a figure.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// The figure.
    pub id: String,
    /// Computes.
    pub run: StepId,
    /// Compute the same at further seeds.
    pub seeds: Vec<StepId>,
    /// Draw, one a chart.
    pub draws: Vec<StepId>,
    /// Judges.
    pub check: StepId,
    /// Writes its card.
    pub card: StepId,
    /// Digest of what is computed, as declared.
    pub declared: Digest,
    /// Digest of how it is drawn, as declared.
    pub drawn: Digest,
}

impl Rooms {
    /// All its steps, in order.
    pub fn steps(&self) -> Vec<StepId> {
        let runs = [self.run].into_iter().chain(self.seeds.iter().copied());
        runs.chain(self.draws.iter().copied()).chain([self.check, self.card]).collect()
    }
}

/// A plan with the figures' places in it.
pub struct Assembly<'p> {
    /// The steps.
    pub plan: Plan<'p>,
    /// The figures, in deck order.
    pub figures: Vec<Rooms>,
    /// The step that writes the report.
    pub index: StepId,
}

impl Project {
    /// Reads and checks a project. Nothing is computed.
    ///
    /// # Errors
    /// Every mistake in manifest, pages, templates and lock.
    pub fn open(root: &Path, roster: &'static Roster, profile: &str) -> Result<Self, Vec<Diagnostic>> {
        let (opened, mut faults) = (SystemTime::now(), Vec::new());
        let mut keep = |fault: Diagnostic| faults.push(fault);
        // Before the pages are read: one that comes later is noticed by the next glance.
        let pages = glance::listing(root);
        let templates = Templates::load(root).map_err(&mut keep).ok();
        let lock = Lock::load(root).map_err(&mut keep).ok();
        let proved = Proved::load(root).map_err(&mut keep).ok();
        let paper = load::load(root, profile, roster).map_err(|more| more.into_iter().for_each(&mut keep)).ok();
        let inputs = paper.iter().flat_map(|paper| paper.manifest.figures.iter().flat_map(|figure| &figure.data));
        let stamps = inputs.filter_map(|path| Some((path.clone(), Stamp::of(&root.join(path))?))).collect();
        let tasks = paper.as_ref().map(|paper| declare(root, paper, profile, &mut keep));
        match (templates, lock, proved, paper, tasks) {
            (Some(templates), Some(lock), Some(proved), Some(paper), Some(tasks)) if faults.is_empty() => {
                let (root, profile, times) = (root.to_owned(), profile.to_owned(), tells_times());
                Ok(Self { root, roster, profile, lock, proved, tasks, paper, templates, times, pages, opened, stamps })
            }
            _ => Err(faults),
        }
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

    /// What the writing steps share.
    pub fn desk(&self) -> Desk<'_> {
        let make = glance::has_makefile(&self.root);
        let in_rust = self.paper.manifest.figures.iter().any(|figure| figure.work.experiment().is_some());
        let program = if in_rust { "cargo run --release --" } else { "condense" };
        let (whole, only) = match (make, self.profile.as_str()) {
            (true, DEFAULT_PROFILE) => ("make report".to_owned(), "ONLY="),
            (false, DEFAULT_PROFILE) => (format!("{program} report"), "--only "),
            (_, profile) => (format!("{program} --profile {profile} report"), "--only "),
        };
        let remake = Remake { only: format!("{whole} {only}"), whole };
        Desk {
            paper: &self.paper,
            templates: &self.templates,
            profile: &self.profile,
            remake,
            times: self.times,
            code: self.roster.page,
        }
    }

    /// The plan of all figures.
    pub fn assemble<'p>(&'p self, desk: &'p Desk<'p>) -> Assembly<'p> {
        let mut plan = Plan::default();
        let mut runs: BTreeMap<Digest, StepId> = BTreeMap::new();
        let mut numbers: BTreeMap<Digest, StepId> = BTreeMap::new();
        let mut figures = Vec::new();
        for (at, (figure, task)) in self.paper.manifest.figures.iter().zip(&self.tasks).enumerate() {
            let (page, declared) = (&self.paper.pages[&figure.id], &task.own);
            // Equal declarations of equal code are one step, whatever the figures are called.
            let digest = declared.digest();
            let name = format!("run {}", figure.id);
            let run = *runs
                .entry(declared.run_digest())
                .or_insert_with(|| add_run(&mut plan, self.roster, figure, declared, name));
            let further = |declared: &'p Declared| {
                let name = format!("seed {} of {}", declared.seed, figure.id);
                *numbers
                    .entry(declared.run_digest())
                    .or_insert_with(|| add_numbers(&mut plan, self.roster, figure, declared, name))
            };
            let seeds: Vec<StepId> = task.further.iter().map(further).collect();
            let draw = |chart| draw::DrawStep {
                page,
                chart,
                run,
                declared: digest,
                seed: declared.seed,
                code: self.roster.draw,
            };
            let draws: Vec<StepId> = page.charts().map(|chart| plan.add(draw(chart))).collect();
            let (work, source_file, code) = origin(self.roster, &figure.work, declared);
            let check = plan.add(check::CheckStep {
                paper: &self.paper,
                figure,
                page,
                run,
                seeds: seeds.clone(),
                work: work.clone(),
                task,
                code: self.roster.check,
            });
            let drawn = drawn(page);
            let locked = self.lock.entry(&self.profile, &figure.id).cloned();
            let card = page::CardStep {
                desk,
                figure,
                page,
                number: at + 1,
                run,
                draws: draws.clone(),
                check,
                task,
                work,
                source_file,
                code,
                drawn,
                locked,
            };
            let card = plan.add(card);
            figures.push(Rooms {
                id: figure.id.clone(),
                run,
                seeds,
                draws,
                check,
                card,
                declared: task.digest(),
                drawn,
            });
        }
        let cards = figures.iter().map(|figure| figure.card).collect();
        let index =
            plan.add(page::IndexStep { desk, cards, proof: self.proved.current(&self.lock).view(&self.profile) });
        Assembly { plan, figures, index }
    }
}

fn add_run<'p>(
    plan: &mut Plan<'p>,
    roster: &Roster,
    figure: &'p Figure,
    declared: &'p Declared,
    name: String,
) -> StepId {
    match &figure.work {
        Work::Experiment(experiment) => plan.add(run::RunStep { name, entry: entry(roster, experiment), declared }),
        Work::Command(spec) => plan.add(command::CommandStep { name, spec, declared }),
    }
}

fn add_numbers<'p>(
    plan: &mut Plan<'p>,
    roster: &Roster,
    figure: &'p Figure,
    declared: &'p Declared,
    name: String,
) -> StepId {
    match &figure.work {
        Work::Experiment(experiment) => {
            plan.add(NumbersOf(run::RunStep { name, entry: entry(roster, experiment), declared }))
        }
        Work::Command(spec) => plan.add(NumbersOf(command::CommandStep { name, spec, declared })),
    }
}

fn entry(roster: &Roster, experiment: &str) -> &'static Entry {
    roster.find(experiment).unwrap_or_else(|| unreachable!("the manifest was checked against the roster"))
}

/// What computes a figure, the file that holds it, and the digest of its code.
fn origin(roster: &Roster, work: &Work, declared: &Declared) -> (String, String, String) {
    match work {
        Work::Experiment(name) => {
            let entry = entry(roster, name);
            (name.clone(), entry.file.to_owned(), entry.code.digest.to_owned())
        }
        Work::Command(spec) => {
            let all: String = declared.code.values().map(|bytes| Digest::of(bytes).to_string()).collect();
            let file = spec.reads.first().cloned().unwrap_or_default();
            (spec.argv.join(" "), file, Digest::of(all.as_bytes()).to_string())
        }
    }
}

/// The digest of how a page draws: its chart blocks.
fn drawn(page: &crate::paper::page::Page) -> Digest {
    let mut key = Key::default();
    page.charts().for_each(|chart| key.part("chart", chart.block.text().as_bytes()));
    key.part("title", page.title.as_bytes());
    key.digest()
}

/// Reads the declared inputs of every figure.
fn declare(root: &Path, paper: &Paper, profile: &str, keep: &mut impl FnMut(Diagnostic)) -> Vec<Task> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut all = Vec::new();
    for figure in &paper.manifest.figures {
        let (work, reads) = match &figure.work {
            Work::Experiment(name) => (vec![("experiment".to_owned(), name.clone())], &[][..]),
            Work::Command(spec) => {
                let mut work = vec![
                    ("command".to_owned(), spec.argv.join("\u{1f}")),
                    ("writes".to_owned(), spec.writes.join("\u{1f}")),
                ];
                work.extend(spec.env.iter().map(|(name, value)| (format!("env {name}"), value.clone())));
                (work, &spec.reads[..])
            }
        };
        let mut read = |paths: &[String]| -> BTreeMap<String, Vec<u8>> {
            let mut found = BTreeMap::new();
            for path in paths {
                match files.get(path).cloned().map_or_else(|| fs::read(root.join(path)), Ok) {
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
        let (data, code) = (Arc::new(read(&figure.data)), Arc::new(read(reads)));
        let own = Declared { work, params: figure.params.clone(), seed: figure.seed, data, code };
        all.push(Task::new(figure, own, claims::measures(figure, profile)));
    }
    all
}

/// The roster as the manifest sees it.
impl Catalogue for Roster {
    fn names(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.name.to_owned()).collect()
    }

    fn defaults(&self, name: &str) -> Option<Map<String, Value>> {
        self.find(name).map(Entry::defaults)
    }

    fn faults(&self, name: &str, params: &Map<String, Value>) -> Vec<(String, String)> {
        let faults = self.find(name).map(|entry| entry.faults(params)).unwrap_or_default();
        faults.into_iter().map(|fault| (fault.key, fault.message)).collect()
    }
}

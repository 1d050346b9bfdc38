//! The composition root: here, and only here, science and machinery meet.
//!
//! A [`Project`] is everything that was written (manifest, pages, templates, lock, data). [`Project::assemble`]
//! turns it into a plan of steps, per figure: run → draw (one a chart) and check → card; and the index of all cards.

pub mod card;
pub mod check;
pub mod claims;
pub mod command;
pub mod compare;
pub mod declared;
pub mod draw;
pub mod files;
pub mod glance;
pub mod index;
pub mod links;
pub mod locked;
pub mod outputs;
pub mod place;
pub mod proved;
pub mod render;
pub mod run;
pub mod stamp;
pub mod templates;
pub mod values;

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::key::Key;
use crate::engine::plan::Plan;
use crate::engine::step::{Step, StepId};
use crate::paper::figure::Figure;
use crate::paper::load::{self, Paper};
use crate::paper::page::Page;
use crate::paper::params::Catalogue;
use crate::paper::profile::DEFAULT;
use crate::paper::work::{CommandSpec, Work};
use crate::paper::written::QuotedValues;
use crate::pipeline::stamp::Stamp;
use crate::roster::{Entry, Roster};
use declared::{Declared, Files, Task};
use locked::Lock;
use proved::Proved;
use render::{Remake, RenderContext};
use run::Kept;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use templates::Templates;

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
    /// What each figure computes, in deck order.
    tasks: Vec<Task>,
    /// Where that comes from, likewise.
    origins: Vec<Origin>,
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
    /// What the files of the charts are called, without their ending.
    pub stems: Vec<String>,
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
                let origins = tasks.iter().map(|task| Origin::of(&task.own, roster)).collect();
                let (root, profile, times) = (root.to_owned(), profile.to_owned(), tells_times());
                Ok(Self {
                    root,
                    roster,
                    profile,
                    lock,
                    proved,
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

    /// What all pages are rendered with.
    pub fn render_context(&self) -> RenderContext<'_> {
        let make = glance::has_makefile(&self.root);
        let (whole, only) = match (make, self.profile.as_str()) {
            (true, DEFAULT) => ("make report".to_owned(), "ONLY="),
            (false, DEFAULT) => ("condense report".to_owned(), "--only "),
            (_, profile) => (format!("condense --profile {profile} report"), "--only "),
        };
        let remake = Remake { only: format!("{whole} {only}"), whole };
        let (templates, profile) = (&self.templates, self.profile.as_str());
        RenderContext { templates, profile, remake, times: self.times, code: self.roster.page }
    }

    /// The plan of all figures.
    pub fn assemble<'p>(&'p self, context: &'p RenderContext<'p>) -> Assembly<'p> {
        let mut plan = Plan::default();
        let mut figures = Vec::new();
        let all = self.paper.manifest.figures.iter().zip(&self.tasks).zip(&self.origins);
        for (at, ((figure, task), origin)) in all.enumerate() {
            let page = &self.paper.pages[&figure.id];
            figures.push(self.figure(&mut plan, (at + 1, figure, page), task, origin, context));
        }
        let listed = |figure: &'p Figure| index::Listed { id: &figure.id, section: figure.section.as_deref() };
        let recipe = index::IndexRecipe {
            paper: &self.paper.manifest.paper,
            figures: self.paper.manifest.figures.iter().map(listed).collect(),
            proof: self.proved.current(&self.lock).view(&self.profile),
            version: env!("CARGO_PKG_VERSION"),
            context,
        };
        let cards: Vec<StepId> = figures.iter().map(|figure| figure.card).collect();
        let index = plan.add(index::step(recipe, &cards));
        Assembly { plan, figures, index }
    }

    /// The steps of one figure.
    fn figure<'p>(
        &'p self,
        plan: &mut Plan<'p>,
        (number, figure, page): (usize, &'p Figure, &'p Page),
        task: &'p Task,
        origin: &'p Origin,
        context: &'p RenderContext<'p>,
    ) -> Rooms {
        let (id, own, further, roster) = (&figure.id, &task.own, &task.further, self.roster);
        let run = plan.add(run_step(roster, format!("run {id}"), own, &own.params, own.seed, Kept::All));
        let again =
            |&seed: &u64| run_step(roster, format!("seed {seed} of {id}"), own, &further.params, seed, Kept::Numbers);
        let seeds: Vec<StepId> = further.seeds.iter().map(|seed| plan.add(again(seed))).collect();

        let (declared, drawn) = (own.digest(), drawn(page));
        let stems: Vec<String> = page.charts().map(|chart| page.stem(chart)).collect();
        let draw = |(chart, stem): (_, &String)| {
            let (title, code) = (&page.title, self.roster.draw);
            draw::step(draw::DrawRecipe { figure: id, title, chart, declared, seed: own.seed, code }, stem, run)
        };
        let draws: Vec<StepId> = page.charts().zip(&stems).map(|chart| plan.add(draw(chart))).collect();

        let recipe = check::CheckRecipe {
            figure: id,
            work: &origin.work,
            params: &own.params,
            seed: own.seed,
            further,
            claims: page.claims().collect(),
            quoted: QuotedValues::of(page.texts().chain(figure.reasons())),
            code: self.roster.check,
        };
        let check = plan.add(check::step(recipe, run, &seeds));

        let ids = self.paper.ids();
        let number_of = |id: String| Some((ids.iter().position(|own| *own == id)? + 1, id));
        let mentioned = page.texts().chain(figure.reasons()).flat_map(|text| text.mentions());
        let recipe = card::CardRecipe {
            number,
            slide: &figure.slide,
            fidelity: figure.fidelity.tag(),
            because: figure.fidelity.because(),
            because_further: figure.robustness.because.as_ref(),
            measured_by: figure.robustness.profile.as_deref(),
            page,
            work: &origin.work,
            source_file: &origin.source_file,
            code: &origin.code,
            params: &own.params,
            seed: own.seed,
            data: &own.data,
            further,
            run: declared,
            declared: task.digest(),
            drawn,
            accepted: self.lock.entry(&self.profile, id),
            numbers: mentioned.filter_map(number_of).map(|(number, id)| (id, number)).collect(),
            context,
        };
        let card = plan.add(card::step(recipe, run, &draws, check));
        Rooms { id: id.clone(), run, seeds, draws, stems, check, card, declared: task.digest(), drawn }
    }
}

/// The step that runs what is declared, with these parameters and this seed.
fn run_step<'p>(
    roster: &Roster,
    name: String,
    declared: &'p Declared,
    params: &'p Map<String, Value>,
    seed: u64,
    kept: Kept,
) -> Step<'p> {
    let (data, code) = (&*declared.data, &*declared.code);
    match &declared.work {
        Work::Experiment(experiment) => {
            Step::new(name, run::RunRecipe { entry: entry(roster, experiment), params, seed, data, kept })
        }
        Work::Command(CommandSpec { argv, reads: _, writes, env, timeout_seconds }) => {
            let recipe = command::CommandRecipe { command: argv, writes, env, params, seed, data, code, kept };
            Step::new(name, recipe).within(Some(Duration::from_secs(*timeout_seconds)))
        }
    }
}

fn entry(roster: &Roster, experiment: &str) -> &'static Entry {
    roster.find(experiment).unwrap_or_else(|| unreachable!("the manifest was checked against the roster"))
}

/// What computes a figure, as its readers see it.
struct Origin {
    /// Name of the experiment, or the command line.
    work: String,
    /// The file that holds the code.
    source_file: String,
    /// The digest of the code.
    code: String,
}

impl Origin {
    fn of(declared: &Declared, roster: &Roster) -> Self {
        match &declared.work {
            Work::Experiment(name) => Self {
                work: name.clone(),
                source_file: entry(roster, name).file.to_owned(),
                code: entry(roster, name).code.digest.to_owned(),
            },
            Work::Command(spec) => {
                let all: String = declared.code.digests().values().map(Digest::to_string).collect();
                Self {
                    work: spec.argv.join(" "),
                    source_file: spec.reads.first().cloned().unwrap_or_default(),
                    code: Digest::of(all.as_bytes()).to_string(),
                }
            }
        }
    }
}

/// The digest of how a page draws: its chart blocks.
fn drawn(page: &Page) -> Digest {
    let mut key = Key::default();
    page.charts().for_each(|chart| key.part("chart", chart.block.text().as_bytes()));
    key.part("title", page.title.text().as_bytes());
    key.digest()
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

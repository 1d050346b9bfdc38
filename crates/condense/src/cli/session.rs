//! What every verb begins with: the project, the store, the state of the last run, and a judgement of every step.

use crate::cli::args::Global;
use crate::cli::exit::Exit;
use crate::cli::face::{Face, Loudness};
use crate::cli::style::Style;
use crate::diag::Diagnostic;
use crate::engine::build::{Build, Options, State as StepState};
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::lock::{Busy, WriteLock};
use crate::engine::output;
use crate::engine::progress::{Progress, Silent};
use crate::engine::state::{Found, State};
use crate::engine::step::StepId;
use crate::engine::store::Store;
use crate::pipeline::outputs::REPORT;
use crate::pipeline::{Assembly, Project, Rooms, compare};
use crate::roster::Roster;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use std::{fs, thread};

/// The folder of all that is remembered.
const STORE: &str = ".condense";

/// What the last run left there.
pub const STATE: &str = ".condense/state.json";

/// What a verb gives: text for stdout, and the exit code.
pub struct Answer {
    /// For stdout.
    pub text: String,
    /// The code.
    pub exit: Exit,
}

impl Answer {
    /// Text, and all well.
    pub fn well(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit: Exit::Ok }
    }
}

/// Why a verb gives nothing.
pub struct Trouble {
    /// The code.
    pub exit: Exit,
    /// What to say.
    pub diagnostics: Vec<Diagnostic>,
}

impl Trouble {
    /// With one sentence.
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, diagnostics: vec![Diagnostic::new(code, message)] }
    }

    /// Mistakes in what was written.
    pub fn written(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::Usage, diagnostics }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Failed, "E005", error.to_string())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Interrupted => Self { exit: Exit::Interrupted, diagnostics: Vec::new() },
            Failure::Broken(diagnostics) => Self { exit: exit_of(&diagnostics), diagnostics },
        }
    }
}

/// A mistake in manifest, page or template that only results could show is still one of writing.
pub fn exit_of(diagnostics: &[Diagnostic]) -> Exit {
    let written = |diagnostic: &Diagnostic| diagnostic.code.starts_with(['M', 'P', 'T']);
    if !diagnostics.is_empty() && diagnostics.iter().all(written) { Exit::Usage } else { Exit::Failed }
}

/// A verb's surroundings.
pub struct Session {
    /// What was written.
    pub project: Project,
    /// Where progress goes.
    pub face: Face,
    /// Colours.
    pub style: Style,
    jobs: usize,
    patience: Duration,
}

/// Everything judged, nothing run.
pub struct Look<'l> {
    /// The plan.
    pub assembly: &'l Assembly<'l>,
    /// Over the project's store.
    pub build: &'l Build<'l>,
    /// By step.
    pub steps: BTreeMap<StepId, StepState>,
    /// What the last run left.
    pub state: &'l State,
    /// The store.
    pub store: &'l Store,
}

impl Look<'_> {
    /// The reasons for which a figure would run; empty when it is fresh.
    pub fn reasons(&self, figure: &Rooms) -> Vec<(String, Vec<String>)> {
        let stale = |id: StepId| match self.steps.get(&id) {
            Some(StepState::Stale(reasons)) => Some((self.assembly.plan.step(id).name().to_owned(), reasons.clone())),
            _ => None,
        };
        figure.steps().into_iter().filter_map(stale).collect()
    }

    /// Whether every step of a figure is in the store.
    pub fn fresh(&self, figure: &Rooms) -> bool {
        figure.steps().iter().all(|id| matches!(self.steps.get(id), Some(StepState::Done(_))))
    }
}

impl Session {
    /// Opens the project.
    pub fn open(roster: &'static Roster, global: &Global) -> Result<Self, Trouble> {
        let project = Project::open(&global.project, roster, &global.profile).map_err(Trouble::written)?;
        let (style, face) = (Style::new(global.color), face(global));
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let jobs = global.jobs.map_or_else(cores, usize::from);
        Ok(Self { project, face, style, jobs, patience: Duration::from_secs_f64(global.lock_timeout) })
    }

    /// The store's folder.
    pub fn store_path(&self) -> PathBuf {
        self.project.root.join(STORE)
    }

    /// The state's file.
    pub fn state_path(&self) -> PathBuf {
        self.project.root.join(STATE)
    }

    /// The file of the last glance.
    pub fn glance_path(&self) -> PathBuf {
        glance_path(&self.project.root)
    }

    /// The right to write, after waiting for another writer.
    pub fn write_lock(&self) -> Result<WriteLock, Trouble> {
        let waiting = |pid: &str| self.face.line("waiting", &format!("process {pid} is writing here"));
        WriteLock::take(&self.store_path().join("lock"), self.patience, waiting).map_err(|busy| match busy {
            Busy::Held(pid) => Trouble::new(
                Exit::Busy,
                "E006",
                format!("process {pid} holds the lock of this project, still after {:?}", self.patience),
            ),
            Busy::Io(error) => error.into(),
        })
    }

    /// What the last run left. Where that is lost, `SHA256SUMS` tells at least what was written.
    pub fn state(&self) -> Result<State, Trouble> {
        let sums = self.state_of_sums();
        match State::load(&self.state_path())? {
            Found::Good(state) if !state.outputs.is_empty() => Ok(state),
            Found::Good(state) => Ok(State { outputs: sums.outputs, ..state }),
            Found::Damaged => {
                let sentence = "the state of the last run is damaged and was dropped; SHA256SUMS stands in for it";
                self.face.line("note", sentence);
                Ok(sums)
            }
        }
    }

    fn state_of_sums(&self) -> State {
        let mut state = State::default();
        let text = fs::read_to_string(self.project.root.join(REPORT).join("SHA256SUMS")).unwrap_or_default();
        for line in text.lines() {
            if let Some((digest, path)) = line.split_once("  ")
                && let Some(digest) = Digest::parse(digest)
            {
                state.outputs.insert(format!("{REPORT}/{path}"), BTreeSet::from([digest]));
            }
        }
        if !state.outputs.is_empty() {
            state.outputs.insert(format!("{REPORT}/SHA256SUMS"), BTreeSet::from([Digest::of(text.as_bytes())]));
        }
        state
    }

    /// As many threads as may run at once.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// How to build.
    pub fn options<'o>(&self, keep_going: bool, signal: &'o AtomicUsize) -> Options<'o> {
        Options { jobs: self.jobs, keep_going, signal }
    }

    /// Judges every step and lets `then` look.
    pub fn judged<T>(&self, then: impl FnOnce(&Look) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let context = self.project.render_context();
        let assembly = self.project.assemble(&context);
        let (store, state, signal) = (Store::at(&self.store_path()), self.state()?, AtomicUsize::new(0));
        let options = self.options(false, &signal);
        let progress: &dyn Progress = &Silent;
        let build = Build::new(&assembly.plan, &[assembly.index], &store, &state.steps, &options, progress);
        let steps = build.judge()?;
        then(&Look { assembly: &assembly, build: &build, steps, state: &state, store: &store })
    }

    /// The figures by these ids (all, where there is none), or what is wrong with an id.
    pub fn chosen<'a>(&self, assembly: &'a Assembly<'_>, ids: &[String]) -> Result<Vec<&'a Rooms>, Trouble> {
        let known = self.project.paper().ids();
        let unknown = |id: &&String| !known.contains(id);
        let faults: Vec<Diagnostic> = ids.iter().filter(unknown).map(|id| unknown_figure(id, &known)).collect();
        if !faults.is_empty() {
            return Err(Trouble::written(faults));
        }
        Ok(assembly.figures.iter().filter(|figure| ids.is_empty() || ids.contains(&figure.id)).collect())
    }

    /// Files that someone changed by hand, told one by one.
    pub fn tell_altered(&self, survey: &output::Survey, store: &Store) {
        for altered in &survey.altered {
            self.face.line("changed", &format!("{} is not what this pipeline wrote", altered.path));
            let detail = |text: &str| self.face.line("", text);
            detail(&format!("recorded {}  on disk {}", altered.recorded.short(), altered.found.short()));
            for sentence in self.altered_where(altered, store) {
                detail(&crate::cli::style::plain(&sentence));
            }
        }
    }

    /// Where an altered file differs, as far as the store still has the recorded bytes.
    pub fn altered_where(&self, altered: &output::Altered, store: &Store) -> Vec<String> {
        let recorded = store.get(&altered.recorded).ok().flatten();
        let found = fs::read(self.project.root.join(&altered.path)).ok();
        match (recorded, found) {
            (Some(recorded), Some(found)) => compare::differences(&altered.path, &recorded, &found),
            _ => vec!["the recorded bytes are no longer in the store".to_owned()],
        }
    }
}

/// The face that was asked for.
pub fn face(global: &Global) -> Face {
    let loudness = match (global.quiet, global.verbose) {
        (true, _) => Loudness::Quiet,
        (_, true) => Loudness::Verbose,
        _ => Loudness::Normal,
    };
    Face::new(loudness, Style::new(global.color), io::stderr().is_terminal())
}

/// Where the last glance of a project is.
pub fn glance_path(project: &Path) -> PathBuf {
    project.join(STORE).join("glance.json")
}

/// No figure has this id.
pub fn unknown_figure(id: &str, known: &[String]) -> Diagnostic {
    Diagnostic::new("C001", format!("there is no figure `{id}`")).suggest(id, known, "figures")
}

//! What every verb begins with: the project, the store, the state of the last run, and an evaluation of every step.

use crate::cli::args::Global;
use crate::cli::exit::Exit;
use crate::cli::reporter::{Loudness, Reporter};
use crate::cli::style::{Style, plain};
use crate::diag::{Diagnostic, listed};
use crate::engine::build::{Build, Options, State as StepState};
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::folder::{Folder, Sight};
use crate::engine::lock::{Busy, WriteLock};
use crate::engine::output::{self, Altered, InTheWay, Survey};
use crate::engine::progress::{Progress, Silent};
use crate::engine::relative::Relative;
use crate::engine::state::{Found, State};
use crate::engine::step::StepId;
use crate::engine::store::{LOCK, Store};
use crate::engine::{atomic, published};
use crate::paper::load;
use crate::paper::profile::DEFAULT;
use crate::pipeline::assembly::{Assembly, FigureSteps};
use crate::pipeline::locked::{self, Lock, Locked};
use crate::pipeline::place::{Owner, Place};
use crate::pipeline::project::{Project, STORE};
use crate::pipeline::{compare, outputs, proved, seeds};
use crate::roster::Roster;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Duration;

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
pub struct CliError {
    /// The code.
    pub exit: Exit,
    /// What to say.
    pub diagnostics: Vec<Diagnostic>,
}

impl CliError {
    /// With one sentence.
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, diagnostics: vec![Diagnostic::new(code, message)] }
    }

    /// In one sentence.
    pub fn text(&self) -> String {
        self.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// Mistakes in what was written.
    pub fn written(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::Usage, diagnostics }
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Failed, "E005", error.to_string())
    }
}

impl From<InTheWay> for CliError {
    fn from(found: InTheWay) -> Self {
        let what = found.what.map_or_else(String::new, |what| format!(" {what}; it"));
        let text = format!(
            "`{}`{what} was not written by this pipeline, or was changed while it ran: move it away",
            found.path
        );
        Self::new(Exit::Integrity, "C009", text)
    }
}

impl From<Failure> for CliError {
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
    pub reporter: Reporter,
    /// Colours.
    pub style: Style,
    root: Folder,
    jobs: usize,
    patience: Duration,
}

/// Every step evaluated, none run.
pub struct Evaluation<'l> {
    /// The plan.
    pub assembly: &'l Assembly<'l>,
    /// Over the project's store.
    pub build: &'l Build<'l>,
    /// By step.
    pub steps: BTreeMap<StepId, StepState>,
    /// The report's folder.
    pub place: &'l Place,
    /// The store.
    pub store: &'l Store,
}

impl Evaluation<'_> {
    /// The reasons for which a figure would run; empty when it is fresh.
    pub fn reasons(&self, figure: &FigureSteps) -> Vec<(String, Vec<String>)> {
        let stale = |id: StepId| match self.steps.get(&id) {
            Some(StepState::Stale(reasons)) => Some((self.assembly.plan.step(id).name().to_owned(), reasons.clone())),
            _ => None,
        };
        figure.steps().into_iter().filter_map(stale).collect()
    }

    /// Whether every step of a figure is in the store.
    pub fn fresh(&self, figure: &FigureSteps) -> bool {
        figure.steps().iter().all(|id| matches!(self.steps.get(id), Some(StepState::Done(_))))
    }
}

impl Session {
    /// Opens the project.
    pub fn open(roster: &'static Roster, global: &Global) -> Result<Self, CliError> {
        Self::open_with(roster, global, Lock::load(&global.project))
    }

    /// Opens the project for `accept`, which writes a lock that a merge left in conflict anew.
    pub fn open_merged(roster: &'static Roster, global: &Global) -> Result<Self, CliError> {
        Self::open_with(roster, global, Lock::load_merged(&global.project).map(|(lock, _)| lock))
    }

    fn open_with(roster: &'static Roster, global: &Global, lock: Result<Lock, Diagnostic>) -> Result<Self, CliError> {
        let project = Project::open_with(&global.project, roster, &global.profile, lock).map_err(CliError::written)?;
        let (style, reporter) = (Style::new(global.color), reporter(global));
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let jobs = global.jobs.map_or_else(cores, usize::from);
        let root = Folder::root(&project.root)?;
        Ok(Self { project, root, reporter, style, jobs, patience: Duration::from_secs_f64(global.lock_timeout) })
    }

    /// A command line for the profile in force, for advice.
    pub fn command_line(&self, verb: &str) -> String {
        let program = self.project.program();
        match self.project.profile.as_str() {
            DEFAULT => format!("{program} {verb}"),
            profile => format!("{program} --profile {profile} {verb}"),
        }
    }

    /// The project's folder.
    pub fn root(&self) -> &Folder {
        &self.root
    }

    /// The store, for verbs that only look.
    pub fn store(&self) -> Result<Store, CliError> {
        Ok(Store::at(self.root.below(&Relative::known(STORE))?))
    }

    /// The right to write, after waiting for another writer; and the store. What killed processes left goes.
    pub fn write(&self) -> Result<(WriteLock, Store), CliError> {
        let open = || self.root.make(&Relative::known(STORE));
        let folder = open()?;
        Store::refuse_foreign(&folder).map_err(not_ours)?;
        let waiting = |pid: &str| self.reporter.line("waiting", &format!("process {pid} is writing here"));
        let lock =
            WriteLock::take(&folder, &Relative::known(LOCK), self.patience, waiting).map_err(|busy| match busy {
                Busy::Held(pid) => CliError::new(
                    Exit::Busy,
                    "E006",
                    format!("process {pid} holds the lock of this project, still after {:?}", self.patience),
                ),
                Busy::Io(error) => error.into(),
            })?;
        let store = Store::open(open()?).map_err(not_ours)?;
        for name in [locked::NAME, proved::NAME, seeds::NAME, load::MANIFEST] {
            atomic::sweep(&self.project.root.join(name))?;
        }
        Ok((lock, store))
    }

    /// What the last run left.
    pub fn state(&self, store: &Store) -> Result<State, CliError> {
        match State::load(store)? {
            Found::Good(state) => Ok(state),
            Found::Damaged => {
                self.reporter
                    .line("note", "the state of the last run is damaged and was dropped: reasons are not known");
                Ok(State::default())
            }
        }
    }

    /// The folder of the report, and what was written there.
    pub fn place(&self) -> Result<Place, CliError> {
        let place = Place::look(&self.root, &self.project.profile)?;
        if let Owner::Unsure(why) = &place.owner {
            let record = format!("{}/{}", place.path, published::NAME);
            let text =
                format!("the record {record} is damaged ({why}): only files with exactly today's bytes count as ours");
            self.reporter.line("note", &text);
        }
        Ok(place)
    }

    /// What stands in the report's folder, against its record; a folder of someone else is refused.
    pub fn survey(&self, place: &Place) -> Result<Survey, CliError> {
        if let Owner::Other(files) = &place.owner {
            let text = format!(
                "`{}` was not made by this pipeline: it has no record of ours, and holds {}",
                place.path,
                listed(files)
            );
            let fault = Diagnostic::new("C011", text)
                .help(format!("move it away, or rename it: the report is written to `{}`", place.path));
            return Err(CliError { exit: Exit::Integrity, diagnostics: vec![fault] });
        }
        Ok(output::survey(place.folder.as_ref(), &place.written)?)
    }

    /// A closure that keeps accepted bytes: should the store lack them, the file that is about to go is the last copy.
    pub fn keeps<'k>(&'k self, store: &'k Store) -> impl Fn(&Relative, &[u8]) -> io::Result<()> + 'k {
        let figures = self.project.lock.0.get(&self.project.profile);
        move |path, bytes| {
            let digest = Digest::of(bytes);
            let accepted = |figure: &Locked| figure.outputs.get(path) == Some(&digest);
            if figures.is_some_and(|figures| figures.values().any(accepted)) && store.get(&digest)?.is_none() {
                store.put(bytes)?;
            }
            Ok(())
        }
    }

    /// As many threads as may run at once.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// How to build.
    pub fn options<'o>(&self, keep_going: bool, signal: &'o AtomicUsize) -> Options<'o> {
        Options { jobs: self.jobs, keep_going, signal }
    }

    /// Evaluates every step, runs none, and hands the result to `then`.
    pub fn evaluated<T>(&self, then: impl FnOnce(&Evaluation) -> Result<T, CliError>) -> Result<T, CliError> {
        let context = self.project.render_context();
        let assembly = Assembly::new(&self.project, &context);
        let (store, place, signal) = (self.store()?, self.place()?, AtomicUsize::new(0));
        let state = self.state(&store)?;
        let options = self.options(false, &signal);
        let progress: &dyn Progress = &Silent;
        let build = Build::new(&assembly.plan, &[assembly.index], &store, &state.steps, &options, progress);
        let steps = build.evaluate()?;
        then(&Evaluation { assembly: &assembly, build: &build, steps, place: &place, store: &store })
    }

    /// Refuses ids that no figure has.
    pub fn known(&self, ids: &[String]) -> Result<(), CliError> {
        let known = self.project.paper().ids();
        let unknown = |id: &&String| !known.contains(id);
        let faults: Vec<Diagnostic> = ids.iter().filter(unknown).map(|id| unknown_figure(id, &known)).collect();
        if faults.is_empty() { Ok(()) } else { Err(CliError::written(faults)) }
    }

    /// The figures by these ids (all, where there is none), or what is wrong with an id.
    pub fn chosen<'a>(&self, assembly: &'a Assembly<'_>, ids: &[String]) -> Result<Vec<&'a FigureSteps>, CliError> {
        self.known(ids)?;
        Ok(assembly.figures.iter().filter(|figure| ids.is_empty() || ids.contains(&figure.id)).collect())
    }

    /// Files that someone changed by hand, told one by one.
    pub fn tell_altered(&self, place: &Place, altered: &[Altered], store: &Store) {
        for altered in altered {
            self.reporter.line("changed", &format!("{} is not what this pipeline wrote", place.label(&altered.path)));
            let detail = |text: &str| self.reporter.line("", text);
            let found = match &altered.found {
                output::Found::Bytes(digest) => format!("on disk {}", digest.short()),
                output::Found::Other(what) => format!("what stands there {what}"),
            };
            detail(&format!("recorded {}  {found}", altered.recorded.short()));
            for sentence in altered_where(place, altered, store) {
                detail(&plain(&sentence));
            }
        }
    }
}

/// Where an altered file differs, as far as the store still has the recorded bytes.
pub fn altered_where(place: &Place, altered: &Altered, store: &Store) -> Vec<String> {
    let sums = || {
        let text = outputs::recorded_sums(&place.written).filter(|_| altered.path.as_str() == outputs::SUMS);
        text.map(String::into_bytes).filter(|bytes| Digest::of(bytes) == altered.recorded)
    };
    let recorded = store.get(&altered.recorded).ok().flatten().or_else(sums);
    let sight = place.folder.as_ref().map(|folder| folder.look(&altered.path));
    match (recorded, sight) {
        (Some(recorded), Some(Ok(Sight::File(found)))) => {
            compare::differences(altered.path.as_str(), &recorded, &found)
        }
        (_, Some(Ok(Sight::Other(_)))) => Vec::new(),
        _ => vec!["the recorded bytes are no longer in the store".to_owned()],
    }
}

/// The folder of the store is someone else's.
fn not_ours(error: io::Error) -> CliError {
    if error.kind() != io::ErrorKind::AlreadyExists {
        return error.into();
    }
    let fault = Diagnostic::new("E009", format!("`{STORE}` was not made by condense: it {error}"));
    CliError { exit: Exit::Failed, diagnostics: vec![fault.help("move it away: the store is kept there")] }
}

/// The reporter for the options that were given.
pub fn reporter(global: &Global) -> Reporter {
    let loudness = match (global.quiet, global.verbose) {
        (true, _) => Loudness::Quiet,
        (_, true) => Loudness::Verbose,
        _ => Loudness::Normal,
    };
    Reporter::new(loudness, Style::new(global.color), io::stderr().is_terminal())
}

/// No figure has this id; but it may be the number that one has in the report.
pub fn unknown_figure(id: &str, known: &[String]) -> Diagnostic {
    let fault = Diagnostic::new("C001", format!("there is no figure `{id}`"));
    match id.parse().ok().and_then(|number: usize| known.get(number.checked_sub(1)?)) {
        Some(meant) => fault.help(format!("figure {id} of the report is `{meant}`")),
        None => fault.suggest(id, known, "figures"),
    }
}

//! `report` and `run`: build what changed, publish, and hand over to the verdict.

use crate::cli::args::{self, Global, How};
use crate::cli::exit::Exit;
use crate::cli::publish::{self, refuse_altered};
use crate::cli::reasons::{grouped, told};
use crate::cli::reporter::tell;
use crate::cli::session::{self, Answer, CliError, Evaluation, Session, exit_of};
use crate::cli::verdict::{self, Outcome, counted, fail};
use crate::diag::{Diagnostic, listed};
use crate::engine::build::{Build, State as StepState};
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::output::Survey;
use crate::engine::progress::Verdict;
use crate::engine::step::StepId;
use crate::engine::store::Store;
use crate::pipeline::assembly::{Assembly, FigureSteps};
use crate::pipeline::outputs;
use crate::pipeline::place::Owner;
use crate::pipeline::project::tells_times;
use crate::pipeline::up_to_date::UpToDate;
use crate::roster::Roster;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// The answer to a `report` when nothing has changed since one ended well: a look at every file is enough.
pub fn when_up_to_date(roster: &Roster, global: &Global, build: &args::Build) -> Option<Answer> {
    let start = Instant::now();
    if build.how.dry_run || build.single || build.pdf.is_some() || !build.ids.is_empty() || !build.only.is_empty() {
        return None;
    }
    let known = UpToDate::still_true(roster.program, &global.project, &global.profile, tells_times())?;
    let reporter = session::reporter(global);
    known.words.remarks.iter().for_each(|remark| reporter.line("note", remark));
    reporter.line("ok", &format!("{}  {}", known.words.counts, verdict::took(start)));
    Some(Answer::well(""))
}

/// What is written of what was built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// Nothing.
    None,
    /// The report.
    Usual,
    /// The report, and the one page that holds everything.
    AndSingle,
}

/// Opens the project.
pub type Open<'o> = &'o dyn Fn() -> Result<Session, CliError>;

/// Builds the figures `ids` (all, where there is none), and writes `pages`.
pub fn build(open: Open, ids: &[String], how: &How, pages: Pages) -> Result<Answer, CliError> {
    let session = open()?;
    session.known(ids)?;
    if how.dry_run {
        return dry_run(&session, ids);
    }
    let (start, signal) = (Instant::now(), listen()?);
    let (lock, store) = session.write()?;
    // Whoever had the lock before may have written what was read here.
    let session = if lock.waited { open()? } else { session };
    let answer = build_alone(&session, &store, ids, how, pages, (start, &signal));
    answer.map_err(|error| match error.exit {
        Exit::Interrupted => CliError { exit: Exit::of_signal(signal.load(Ordering::Relaxed)), ..error },
        _ => error,
    })
}

/// The same, by the one process that may write.
fn build_alone(
    session: &Session,
    store: &Store,
    ids: &[String],
    how: &How,
    pages: Pages,
    (start, signal): (Instant, &AtomicUsize),
) -> Result<Answer, CliError> {
    let context = session.project.render_context();
    let assembly = Assembly::new(&session.project, &context);
    let chosen = session.chosen(&assembly, ids)?;
    let mut state = session.state(store)?;
    let mut place = session.place()?;
    let publishing = pages != Pages::None;
    // What is computed and not published touches no folder of anyone.
    let foreign = matches!(place.owner, Owner::Other(_)) && !publishing;
    let survey = if foreign { Survey::default() } else { session.survey(&place)? };
    if !survey.altered.is_empty() {
        return Ok(refuse_altered(session, &place, &survey, &survey.altered, store, &assembly));
    }

    let whole = ids.is_empty() && publishing;
    let figures = || chosen.iter().flat_map(|figure| figure.steps()).collect();
    let wanted = match pages {
        Pages::AndSingle => vec![assembly.index, assembly.single],
        _ if whole => vec![assembly.index],
        _ => figures(),
    };
    let last = state.steps.clone();
    let options = session.options(how.keep_going, signal);
    let built = Build::new(&assembly.plan, &wanted, store, &last, &options, &session.reporter);
    if built.evaluate()?.values().any(|state| matches!(state, StepState::Stale(_))) {
        let paper = session.project.paper();
        if let Some(about) = paper.manifest.about.get(&session.project.profile) {
            session.reporter.line("note", &about.warning(&session.project.profile));
        }
        let figures = paper.manifest.figures.iter().flat_map(|figure| paper.unrenderable(figure));
        let faults: Vec<_> = paper.unrenderable_texts().into_iter().chain(figures).collect();
        if !faults.is_empty() {
            return Err(CliError::written(faults));
        }
    }
    let ran = built.run();
    session.reporter.close();
    state.steps.extend(built.done().into_iter().map(|(id, done)| (assembly.plan.step(id).name().to_owned(), done.key)));
    state.save(store)?;
    ran?;
    if built.interrupted() {
        return Ok(stopped(session, &assembly, &built, signal.load(Ordering::Relaxed)));
    }
    let failed = failures(session, &assembly, &built);
    if let Some((exit, count)) = failed
        && !how.keep_going
    {
        let old =
            if matches!(place.owner, Owner::Nobody) { "no report was written" } else { "the old report was kept" };
        return Ok(fail(session, exit, &format!("{} failed, {old}", counted(count, "step"))));
    }

    // After `--only`, whatever else is fresh joins in; and the index, when everything is.
    let after = Build::new(&assembly.plan, &[assembly.index], store, &last, &options, &session.reporter);
    let everything = if whole { &built } else { complete(&assembly, &after)? };
    let written = if publishing {
        let mut now: BTreeSet<Digest> = BTreeSet::new();
        for build in [&built, everything] {
            now.extend(build.done().values().filter(|done| done.verdict != Verdict::Reused).map(|done| done.key));
        }
        let forged = publish::forged(&assembly, everything, &survey, &place, &now)?;
        if !forged.is_empty() {
            return Ok(refuse_altered(session, &place, &survey, &forged, store, &assembly));
        }
        publish::publish(session, &assembly, everything, &survey, &mut place, store)?
    } else {
        0
    };
    for sentence in store.take_damage() {
        session.reporter.line("note", &sentence);
    }
    let outcome = Outcome { written, failed, start };
    let (answer, words) = verdict::speak(session, &assembly, &chosen, (&built, everything), &outcome);
    if whole && let Some(words) = words {
        let kept = everything.done().values().flat_map(|done| store.files(&done.key, &done.record)).collect();
        if let Some(known) = UpToDate::new(&session.project, &state, &place, kept, words)? {
            known.leave(store)?;
        }
    }
    Ok(answer)
}

/// A signal came: what was kept.
fn stopped(session: &Session, assembly: &Assembly, built: &Build, signal: usize) -> Answer {
    let kept = assembly.figures.iter().filter(|figure| outputs::of_figure(figure, built).is_some()).count();
    let all = assembly.figures.len();
    let text = format!("stopped: {kept} of {all} figures done, finished cells kept, run again to go on from here");
    fail(session, Exit::of_signal(signal), &text)
}

/// Prints what failing steps said; the exit code and their number, where there are any.
fn failures(session: &Session, assembly: &Assembly, built: &Build) -> Option<(Exit, usize)> {
    let failures = built.failures();
    let whose = |id: &StepId| {
        let figures = assembly.figures.iter().filter(|figure| figure.steps().contains(id));
        listed(&figures.map(|figure| figure.id.clone()).collect::<Vec<_>>())
    };
    let told = |(id, diagnostics): &(StepId, Vec<Diagnostic>)| {
        let whose = whose(id);
        let noted = |diagnostic: &Diagnostic| match whose.as_str() {
            "" => diagnostic.clone(),
            whose => diagnostic.clone().note(format!("needed for {whose}")),
        };
        diagnostics.iter().map(noted).collect::<Vec<_>>()
    };
    let diagnostics: Vec<_> = failures.iter().flat_map(told).collect();
    for diagnostic in &diagnostics {
        tell(&format!("{}\n", diagnostic.render(session.style.colour)));
    }
    (!failures.is_empty()).then(|| (exit_of(&diagnostics), failures.len()))
}

/// Writes the pages again after the lock moved; says nothing but what is wrong. A store that lacks results is left alone.
pub fn refresh(open: Open) -> Result<Answer, CliError> {
    let ready = open()?.evaluated(|evaluation| {
        Ok(evaluation.assembly.figures.iter().all(|figure| outputs::of_figure(figure, evaluation.build).is_some()))
    })?;
    if !ready {
        return Ok(Answer::well(""));
    }
    let how = How { dry_run: false, keep_going: false };
    build(open, &[], &how, Pages::Usual)
}

/// Judges the whole plan; writes the pages that speak of all figures when none of these is missing.
fn complete<'b>(assembly: &Assembly, after: &'b Build<'b>) -> Result<&'b Build<'b>, CliError> {
    let of_figures: BTreeSet<StepId> = assembly.figures.iter().flat_map(FigureSteps::steps).collect();
    let open = |(id, state): (&StepId, &StepState)| of_figures.contains(id) && !matches!(state, StepState::Done(_));
    if !after.evaluate()?.iter().any(open) {
        after.run()?;
    }
    if after.interrupted() {
        return Err(Failure::Interrupted.into());
    }
    match after.failures().into_iter().next() {
        Some((_, diagnostics)) => Err(Failure::Broken(diagnostics).into()),
        None => Ok(after),
    }
}

fn dry_run(session: &Session, ids: &[String]) -> Result<Answer, CliError> {
    session.evaluated(|evaluation: &Evaluation| {
        let chosen = session.chosen(evaluation.assembly, ids)?;
        let mut text = String::new();
        let state = |id: StepId| {
            let name = evaluation.assembly.plan.step(id).name().to_owned();
            match &evaluation.steps[&id] {
                StepState::Done(_) => None,
                StepState::Stale(reasons) => Some((name, reasons.clone())),
                StepState::Waiting => Some((name, vec!["if what it needs changes".to_owned()])),
            }
        };
        let steps = chosen.iter().flat_map(|figure| figure.steps()).filter_map(state).collect();
        for (step, reasons) in grouped(steps) {
            text.push_str(&told(&step, &reasons));
        }
        Ok(Answer::well(crate::cli::style::plain(&text)))
    })
}

/// A flag that SIGINT and SIGTERM set to their number; the second signal ends the process at once.
pub fn listen() -> Result<Arc<AtomicUsize>, CliError> {
    let (flag, armed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let number = signal.unsigned_abs() as usize;
        signal_hook::flag::register_conditional_shutdown(
            signal,
            i32::from(Exit::of_signal(number) as u8),
            Arc::clone(&armed),
        )?;
        signal_hook::flag::register_usize(signal, Arc::clone(&flag), number)?;
        signal_hook::flag::register(signal, Arc::clone(&armed))?;
    }
    Ok(flag)
}

//! `verify`: everything again from an empty store, byte for byte against the lock, and the files of the report, too;
//! `--fast`: the files' hashes only; `--record`: a line in `manifest.proved` where all was the same.

use crate::cli::differences::{self, Difference};
use crate::cli::exit::Exit;
use crate::cli::report::listen;
use crate::cli::session::{Answer, CliError, Session, exit_of};
use crate::cli::verdict::{self, Tally, counted, fail};
use crate::diag::Diagnostic;
use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::folder::{Folder, Sight};
use crate::engine::relative::Relative;
use crate::engine::scratch::Scratch;
use crate::engine::store::Store;
use crate::pipeline::assembly::{Assembly, FigureSteps};
use crate::pipeline::compare;
use crate::pipeline::locked::{Lock, LockStatus};
use crate::pipeline::outputs;
use crate::pipeline::proved::{Platform, Proof, Proved};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// How one figure stands.
struct Judgement {
    id: String,
    status: LockStatus,
    outputs: usize,
    differences: Vec<Difference>,
}

/// Recomputes and compares with the lock; with `note`, writes down that this platform gave the same.
pub fn recompute(
    session: &Session,
    ids: &[String],
    as_json: bool,
    note: Option<Option<String>>,
) -> Result<Answer, CliError> {
    let signal = listen()?;
    let context = session.project.render_context();
    let assembly = Assembly::new(&session.project, &context);
    let chosen = session.chosen(&assembly, ids)?;
    let scratch = Scratch::new()?;
    let (store, own) = (Store::open(Folder::root(scratch.path())?.make(&Relative::known("store"))?)?, session.store()?);
    let last = BTreeMap::new();
    let options = session.options(true, &signal);
    let wanted: Vec<_> = chosen
        .iter()
        .flat_map(|figure| figure.steps())
        .filter(|id| !chosen.iter().any(|figure| figure.card == *id))
        .collect();
    let build = Build::new(&assembly.plan, &wanted, &store, &last, &options, &session.reporter);
    build.run()?;
    session.reporter.close();
    if build.interrupted() {
        return Ok(fail(session, Exit::of_signal(signal.load(Ordering::Relaxed)), "stopped: nothing was decided"));
    }
    let failures: Vec<_> = build.failures().into_iter().flat_map(|(_, diagnostics)| diagnostics).collect();
    if !failures.is_empty() {
        return Err(CliError { exit: exit_of(&failures), diagnostics: failures });
    }
    let (mut judgements, mut report, place) = (Vec::new(), Vec::new(), session.place()?);
    for (figure, now, status) in outputs::statuses(&assembly, &build, &session.project.lock, &session.project.profile) {
        if !chosen.iter().any(|other| other.id == figure.id) {
            continue;
        }
        let differences = match &status {
            LockStatus::Differs(paths) => paths
                .iter()
                .map(|(path, accepted, found)| locate(&build, &own, figure, path, (*accepted, *found)))
                .collect::<Result<_, Failure>>()?,
            _ => Vec::new(),
        };
        if status == LockStatus::Matches {
            let made = |path: &Relative| made(&build, figure, path);
            report.extend(differences::files(&place, &now, made)?);
        }
        judgements.push(Judgement { id: figure.id.clone(), status, outputs: now.outputs.len(), differences });
    }
    let others = differences::pages(&place, &own, ids.is_empty(), false)?.into_iter();
    let told: BTreeSet<String> = report.iter().map(|difference| difference.path.clone()).collect();
    report.extend(others.filter(|other| !told.contains(&other.path)));
    let mut answer = conclude(session, &judgements, &report, as_json, "recomputed");
    if let Some(exit) = verdict::judge(session, &chosen, &build, &mut Tally::default())
        && answer.exit == Exit::Ok
    {
        answer.exit = fail(session, exit, "the bits are the accepted ones, but a claim is false").exit;
    }
    if let Some(note) = note
        && answer.exit == Exit::Ok
    {
        record(session, &judgements, &note.unwrap_or_default())?;
    }
    Ok(answer)
}

/// Writes down that this platform met the lock. A line speaks of all that was accepted of the profile, so all of it, and
/// of the lock as it is now, must have been computed.
fn record(session: &Session, judgements: &[Judgement], note: &str) -> Result<(), CliError> {
    let (project, profile) = (&session.project, &session.project.profile);
    let refused = |message| {
        let fault = Diagnostic::new("L003", message).help("accept what came out, then record again");
        Err(CliError { exit: Exit::Stale, diagnostics: vec![fault] })
    };
    let _writer = session.write()?;
    let lock = Lock::load(&project.root).map_err(|fault| CliError::written(vec![fault]))?;
    let computed: BTreeSet<&String> = judgements.iter().map(|figure| &figure.id).collect();
    let accepted = || lock.0.get(profile).into_iter().flat_map(BTreeMap::keys);
    if let Some(id) = accepted().find(|id| !computed.contains(id)) {
        return refused(format!("the lock has a figure `{id}` that was not computed: nothing was recorded"));
    }
    let Some(digest) = lock.digest(profile).filter(|_| lock == project.lock) else {
        return refused("the lock is not the one that was compared with: nothing was recorded".to_owned());
    };
    let mut proved = Proved::load(&project.root).map_err(|fault| CliError::written(vec![fault]))?.current(&lock);
    let platform = Platform::here(session.jobs(), note);
    session.reporter.line("proved", &format!("{profile}: {platform}"));
    proved.0.insert(Proof { profile: profile.clone(), platform, lock: digest });
    proved.save(&project.root)?;
    Ok(())
}

/// Where an output differs, as far as the project's own store still has the accepted bytes.
fn locate(
    build: &Build,
    own: &Store,
    figure: &FigureSteps,
    path: &Relative,
    (accepted, found): (Option<Digest>, Option<Digest>),
) -> Result<Difference, Failure> {
    let new = made(build, figure, path)?;
    let old = accepted.and_then(|digest| own.get(&digest).ok().flatten());
    let places = match (old, new) {
        (Some(old), Some(new)) => compare::differences(path.as_str(), &old, &new),
        (None, Some(_)) => vec!["the accepted bytes are not in the store: only digests can be compared".to_owned()],
        _ => vec!["it is no longer made".to_owned()],
    };
    Ok(Difference { path: path.to_string(), accepted, found, places })
}

/// The bytes of an output that was made just now; `None` where it is no longer made.
fn made(build: &Build, figure: &FigureSteps, path: &Relative) -> Result<Option<Vec<u8>>, Failure> {
    let made = outputs::of_figure(figure, build).unwrap_or_default().into_iter().find(|output| output.path == *path);
    let step = made.and_then(|output| Some((output.step?, output.artefact)));
    step.map(|(step, artefact)| build.bytes(step, &artefact)).transpose()
}

/// Hashes the files of the report.
pub fn hashes(session: &Session, ids: &[String], as_json: bool) -> Result<Answer, CliError> {
    let context = session.project.render_context();
    let assembly = Assembly::new(&session.project, &context);
    let (own, place) = (session.store()?, session.place()?);
    let mut report = differences::pages(&place, &own, ids.is_empty(), true)?;
    let mut judgements = Vec::new();
    for figure in session.chosen(&assembly, ids)? {
        let Some(locked) = session.project.lock.entry(&session.project.profile, &figure.id) else {
            judgements.push(Judgement {
                id: figure.id.clone(),
                status: LockStatus::New,
                outputs: 0,
                differences: Vec::new(),
            });
            continue;
        };
        if locked.declared != figure.declared || locked.drawn != figure.drawn {
            let what = if locked.declared == figure.declared { "charts" } else { "manifest entry" };
            judgements.push(Judgement {
                id: figure.id.clone(),
                status: LockStatus::Stale(what),
                outputs: locked.outputs.len(),
                differences: Vec::new(),
            });
            continue;
        }
        let (mut differences, mut differing) = (Vec::new(), Vec::new());
        // They are held to the lock: what the record says of them is not told as well.
        report.retain(|other| !locked.outputs.keys().any(|path| place.label(path) == other.path));
        for (path, accepted) in &locked.outputs {
            let sight = place.folder.as_ref().map_or(Ok(Sight::Nothing), |folder| folder.look(path))?;
            let found = if let Sight::File(bytes) = &sight { Some(Digest::of(bytes)) } else { None };
            if found != Some(*accepted) {
                let places = match (sight, own.get(accepted)?) {
                    (Sight::Nothing, _) => vec![format!("there is no {}", place.label(path))],
                    (Sight::Other(what), _) => vec![format!("{} {what}", place.label(path))],
                    (Sight::File(new), Some(old)) => compare::differences(path.as_str(), &old, &new),
                    _ => Vec::new(),
                };
                differing.push((path.clone(), Some(*accepted), found));
                differences.push(Difference { path: path.to_string(), accepted: Some(*accepted), found, places });
            }
        }
        let status = if differences.is_empty() { LockStatus::Matches } else { LockStatus::Differs(differing) };
        judgements.push(Judgement { id: figure.id.clone(), status, outputs: locked.outputs.len(), differences });
    }
    Ok(conclude(session, &judgements, &report, as_json, "hashed"))
}

fn conclude(session: &Session, judgements: &[Judgement], report: &[Difference], as_json: bool, how: &str) -> Answer {
    let count = |counts: fn(&LockStatus) -> bool| judgements.iter().filter(|figure| counts(&figure.status)).count();
    let differs = count(|status| matches!(status, LockStatus::Differs(_)));
    let stale = count(|status| matches!(status, LockStatus::Stale(_) | LockStatus::New));
    for figure in judgements {
        tell(session, figure, how);
    }
    for difference in report {
        difference.tell(session, "", "recorded", "on disk");
    }
    let exit = match (differs + report.len(), stale) {
        (0, 0) => Exit::Ok,
        (0, _) => Exit::Stale,
        _ => Exit::Integrity,
    };
    let (figures, outputs) = (judgements.len(), judgements.iter().map(|figure| figure.outputs).sum());
    let what = format!("{how} {}, {}", counted(figures, "figure"), counted(outputs, "output"));
    let altered = if report.is_empty() {
        String::new()
    } else {
        format!(", {} of the report altered", counted(report.len(), "file"))
    };
    let text = format!("{what}: {} differ, {stale} not comparable{altered}", counted(differs, "figure"));
    if exit == Exit::Ok {
        session.reporter.line("ok", &text);
    } else {
        fail(session, exit, &text);
    }
    Answer { text: if as_json { document(judgements, report, how) } else { String::new() }, exit }
}

/// One figure in words, unless all is well with it.
fn tell(session: &Session, figure: &Judgement, how: &str) {
    if matches!(figure.status, LockStatus::Stale(_) | LockStatus::New) {
        session.reporter.line("stale", &format!("{}: {}", figure.id, figure.status.text()));
    }
    for difference in &figure.differences {
        difference.tell(session, &format!("{}: ", figure.id), "accepted", how);
    }
}

fn document(judgements: &[Judgement], report: &[Difference], how: &str) -> String {
    let output = |difference: &Difference| {
        json!({
            "path": difference.path, "accepted": difference.accepted, "found": difference.found,
            "places": difference.places,
        })
    };
    let figure = |figure: &Judgement| {
        let differences: Vec<Value> = figure.differences.iter().map(output).collect();
        json!({ "id": figure.id, "state": state_word(&figure.status), "differences": differences })
    };
    let figures: Vec<Value> = judgements.iter().map(figure).collect();
    let report: Vec<Value> = report.iter().map(output).collect();
    format!("{:#}\n", json!({ "schema_version": 1, "how": how, "figures": figures, "report": report }))
}

/// A status in a word, for JSON.
pub fn state_word(status: &LockStatus) -> &'static str {
    match status {
        LockStatus::New => "new",
        LockStatus::Matches => "matches",
        LockStatus::Stale(_) => "stale",
        LockStatus::Differs(_) => "differs",
    }
}

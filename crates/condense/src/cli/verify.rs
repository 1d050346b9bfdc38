//! `verify`: everything again from an empty store, byte for byte against the lock; `--fast`: the files' hashes only;
//! `--record`: a line in `manifest.proved` where all was the same.

use crate::cli::exit::Exit;
use crate::cli::report::listen;
use crate::cli::session::{Answer, Session, Trouble, exit_of};
use crate::cli::style::plain;
use crate::cli::verdict::{self, Tally, counted, fail};
use crate::diag::Diagnostic;
use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::store::Store;
use crate::pipeline::Rooms;
use crate::pipeline::compare;
use crate::pipeline::locked::{Lock, Standing};
use crate::pipeline::outputs::{self, REPORT};
use crate::pipeline::proved::{Platform, Proof, Proved};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::{fs, io};

/// One output that is not what was accepted.
struct Difference {
    path: String,
    accepted: Option<Digest>,
    found: Option<Digest>,
    places: Vec<String>,
}

/// How one figure stands.
struct Judgement {
    id: String,
    standing: Standing,
    outputs: usize,
    differences: Vec<Difference>,
}

/// Recomputes and compares with the lock; with `note`, writes down that this platform gave the same.
pub fn recompute(
    session: &Session,
    ids: &[String],
    as_json: bool,
    note: Option<Option<String>>,
) -> Result<Answer, Trouble> {
    let signal = listen()?;
    let context = session.project.render_context();
    let assembly = session.project.assemble(&context);
    let chosen = session.chosen(&assembly, ids)?;
    let scratch = tempfile::Builder::new().prefix("condense-verify-").tempdir()?;
    let (store, own) = (Store::open(scratch.path())?, Store::at(&session.store_path()));
    let last = BTreeMap::new();
    let options = session.options(true, &signal);
    let wanted: Vec<_> = chosen
        .iter()
        .flat_map(|figure| figure.steps())
        .filter(|id| !chosen.iter().any(|figure| figure.card == *id))
        .collect();
    let build = Build::new(&assembly.plan, &wanted, &store, &last, &options, &session.face);
    build.run()?;
    session.face.close();
    if build.interrupted() {
        return Ok(fail(session, Exit::of_signal(signal.load(Ordering::Relaxed)), "stopped: nothing was decided"));
    }
    let failures: Vec<_> = build.failures().into_iter().flat_map(|(_, diagnostics)| diagnostics).collect();
    if !failures.is_empty() {
        return Err(Trouble { exit: exit_of(&failures), diagnostics: failures });
    }
    let mut judgements = Vec::new();
    for (figure, now, standing) in
        outputs::standings(&assembly, &build, &session.project.lock, &session.project.profile)
    {
        if !chosen.iter().any(|other| other.id == figure.id) {
            continue;
        }
        let differences = match &standing {
            Standing::Differs(paths) => paths
                .iter()
                .map(|(path, accepted, found)| locate(&build, &own, figure, path, (*accepted, *found)))
                .collect::<Result<_, Failure>>()?,
            _ => Vec::new(),
        };
        judgements.push(Judgement { id: figure.id.clone(), standing, outputs: now.outputs.len(), differences });
    }
    let mut answer = conclude(session, &judgements, as_json, "recomputed");
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
fn record(session: &Session, judgements: &[Judgement], note: &str) -> Result<(), Trouble> {
    let (project, profile) = (&session.project, &session.project.profile);
    let refused = |message| {
        let fault = Diagnostic::new("L003", message).help("accept what came out, then record again");
        Err(Trouble { exit: Exit::Stale, diagnostics: vec![fault] })
    };
    let _lock = session.write_lock()?;
    let lock = Lock::load(&project.root).map_err(|fault| Trouble::written(vec![fault]))?;
    let computed: BTreeSet<&String> = judgements.iter().map(|figure| &figure.id).collect();
    let accepted = || lock.0.get(profile).into_iter().flat_map(BTreeMap::keys);
    if let Some(id) = accepted().find(|id| !computed.contains(id)) {
        return refused(format!("the lock has a figure `{id}` that was not computed: nothing was recorded"));
    }
    let Some(digest) = lock.digest(profile).filter(|_| lock == project.lock) else {
        return refused("the lock is not the one that was compared with: nothing was recorded".to_owned());
    };
    let mut proved = Proved::load(&project.root).map_err(|fault| Trouble::written(vec![fault]))?.current(&lock);
    let platform = Platform::here(session.jobs(), note);
    session.face.line("proved", &format!("{profile}: {platform}"));
    proved.0.insert(Proof { profile: profile.clone(), platform, lock: digest });
    proved.save(&project.root)?;
    Ok(())
}

/// Where an output differs, as far as the project's own store still has the accepted bytes.
fn locate(
    build: &Build,
    own: &Store,
    figure: &Rooms,
    path: &str,
    (accepted, found): (Option<Digest>, Option<Digest>),
) -> Result<Difference, Failure> {
    let made = outputs::of_figure(figure, build).unwrap_or_default().into_iter().find(|output| output.path == path);
    let new = made.map(|output| build.bytes(output.step, &output.artefact)).transpose()?;
    let old = accepted.and_then(|digest| own.get(&digest).ok().flatten());
    let places = match (old, new) {
        (Some(old), Some(new)) => compare::differences(path, &old, &new),
        (None, Some(_)) => vec!["the accepted bytes are not in the store: only digests can be compared".to_owned()],
        _ => vec!["it is no longer made".to_owned()],
    };
    Ok(Difference { path: path.to_owned(), accepted, found, places })
}

/// Hashes the files of the report.
pub fn hashes(session: &Session, ids: &[String], as_json: bool) -> Result<Answer, Trouble> {
    let context = session.project.render_context();
    let assembly = session.project.assemble(&context);
    let own = Store::at(&session.store_path());
    let mut judgements = Vec::new();
    for figure in session.chosen(&assembly, ids)? {
        let Some(locked) = session.project.lock.entry(&session.project.profile, &figure.id) else {
            judgements.push(Judgement {
                id: figure.id.clone(),
                standing: Standing::New,
                outputs: 0,
                differences: Vec::new(),
            });
            continue;
        };
        if locked.declared != figure.declared || locked.drawn != figure.drawn {
            let what = if locked.declared == figure.declared { "charts" } else { "manifest entry" };
            judgements.push(Judgement {
                id: figure.id.clone(),
                standing: Standing::Stale(what),
                outputs: locked.outputs.len(),
                differences: Vec::new(),
            });
            continue;
        }
        let mut differences = Vec::new();
        for (path, accepted) in &locked.outputs {
            let bytes = match fs::read(session.project.root.join(REPORT).join(path)) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(io::Error::new(error.kind(), format!("{REPORT}/{path}: {error}")).into()),
            };
            let found = bytes.as_deref().map(Digest::of);
            if found != Some(*accepted) {
                let old = own.get(accepted)?;
                let places = match (&bytes, old) {
                    (None, _) => vec![format!("there is no {REPORT}/{path}")],
                    (Some(new), Some(old)) => compare::differences(path, &old, new),
                    _ => Vec::new(),
                };
                differences.push(Difference { path: path.clone(), accepted: Some(*accepted), found, places });
            }
        }
        let differing = differences
            .iter()
            .map(|difference| (difference.path.clone(), difference.accepted, difference.found))
            .collect();
        let standing = if differences.is_empty() { Standing::Matches } else { Standing::Differs(differing) };
        judgements.push(Judgement { id: figure.id.clone(), standing, outputs: locked.outputs.len(), differences });
    }
    Ok(conclude(session, &judgements, as_json, "hashed"))
}

fn conclude(session: &Session, judgements: &[Judgement], as_json: bool, how: &str) -> Answer {
    let count = |counts: fn(&Standing) -> bool| judgements.iter().filter(|figure| counts(&figure.standing)).count();
    let differs = count(|standing| matches!(standing, Standing::Differs(_)));
    let stale = count(|standing| matches!(standing, Standing::Stale(_) | Standing::New));
    for figure in judgements {
        tell(session, figure, how);
    }
    let exit = match (differs, stale) {
        (0, 0) => Exit::Ok,
        (0, _) => Exit::Stale,
        _ => Exit::Integrity,
    };
    let (figures, outputs) = (judgements.len(), judgements.iter().map(|figure| figure.outputs).sum());
    let what = format!("{how} {}, {}", counted(figures, "figure"), counted(outputs, "output"));
    let text = format!("{what}: {differs} differ, {stale} not comparable");
    if exit == Exit::Ok {
        session.face.line("ok", &text);
    } else {
        fail(session, exit, &text);
    }
    Answer { text: if as_json { document(judgements, how) } else { String::new() }, exit }
}

/// One figure in words, unless all is well with it.
fn tell(session: &Session, figure: &Judgement, how: &str) {
    if matches!(figure.standing, Standing::Stale(_) | Standing::New) {
        session.face.line("stale", &format!("{}: {}", figure.id, figure.standing.text()));
    }
    let short = |digest: Option<Digest>| digest.map_or("nothing".to_owned(), |digest| digest.short());
    for difference in &figure.differences {
        let (accepted, found) = (short(difference.accepted), short(difference.found));
        let text = format!("{}: {} accepted {accepted}, {how} {found}", figure.id, difference.path);
        session.face.line("differs", &text);
        for place in &difference.places {
            session.face.line("", &plain(place));
        }
    }
}

fn document(judgements: &[Judgement], how: &str) -> String {
    let output = |difference: &Difference| {
        json!({
            "path": difference.path, "accepted": difference.accepted, "found": difference.found,
            "places": difference.places,
        })
    };
    let figure = |figure: &Judgement| {
        let differences: Vec<Value> = figure.differences.iter().map(output).collect();
        json!({ "id": figure.id, "state": state_word(&figure.standing), "differences": differences })
    };
    let figures: Vec<Value> = judgements.iter().map(figure).collect();
    format!("{:#}\n", json!({ "schema_version": 1, "how": how, "figures": figures }))
}

/// A standing in a word, for JSON.
pub fn state_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::New => "new",
        Standing::Matches => "matches",
        Standing::Stale(_) => "stale",
        Standing::Differs(_) => "differs",
    }
}

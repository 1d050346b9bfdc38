//! `accept`, `restore`, `clean` and `check`: the verbs that write or judge without computing.

use crate::cli::exit::Exit;
use crate::cli::session::{Answer, CliError, Evaluation, Session};
use crate::cli::verdict::counted;
use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::folder::{Durability, Folder, Sight};
use crate::engine::output;
use crate::engine::published::Published;
use crate::engine::relative::Relative;
use crate::engine::store::Store;
use crate::paper::written::Known;
use crate::pipeline::assembly::FigureSteps;
use crate::pipeline::locked::{Lock, LockStatus, ONE_SIDE};
use crate::pipeline::measured;
use crate::pipeline::outputs::{self, REPORT, SUMS};
use crate::pipeline::place::{self, Owner, Place};
use crate::pipeline::seeds::SeedsRecord;
use std::collections::{BTreeMap, BTreeSet};

/// Writes what came out into the lock.
pub fn accept(session: &Session, ids: &[String]) -> Result<Answer, CliError> {
    let _writer = session.write()?;
    session.evaluated(|evaluation| {
        // Read again: another `accept` may have written while this one waited.
        let lock = Lock::load_merged(&session.project.root).map_err(|fault| CliError::written(vec![fault]))?;
        let (mut lock, conflicts) = lock;
        if !conflicts.is_empty() && !ids.is_empty() {
            let fault = Diagnostic::new("L001", "`manifest.lock` holds the marks of a merge: it is written as a whole");
            return Err(CliError::written(vec![
                fault.help(format!("run `{}` without ids", session.command_line("accept"))),
            ]));
        }
        let chosen = session.chosen(evaluation.assembly, ids)?;
        let stale = chosen.iter().filter(|figure| outputs::locked(figure, evaluation.build).is_none());
        let stale: Vec<Diagnostic> = stale
            .map(|figure| {
                let message = format!("figure `{}` is not computed as it is declared now", figure.id);
                let report = format!("run `{}` first", session.command_line("report"));
                let first = if conflicts.is_empty() { report } else { ONE_SIDE.to_owned() };
                Diagnostic::new("C003", message).help(first)
            })
            .collect();
        if !stale.is_empty() {
            return Err(CliError { exit: Exit::Stale, diagnostics: stale });
        }
        let survey = session.survey(evaluation.place)?;
        if !survey.altered.is_empty() {
            session.tell_altered(evaluation.place, &survey.altered, evaluation.store);
            let error = CliError::new(
                Exit::Integrity,
                "C004",
                "altered outputs cannot be accepted: change their source instead",
            );
            return Err(error);
        }
        let section = lock.0.entry(session.project.profile.clone()).or_default();
        let known = session.project.paper().ids();
        section.retain(|id, _| known.contains(id));
        let mut taken: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for figure in &chosen {
            let Some(now) = outputs::locked(figure, evaluation.build) else { continue };
            let what = match section.get(&figure.id).map(|accepted| accepted.compare(&now)) {
                None | Some(LockStatus::New) => Some("new"),
                Some(LockStatus::Matches) => None,
                Some(LockStatus::Stale(_)) => Some("declared anew"),
                Some(LockStatus::Differs(_)) => Some("other bytes"),
            };
            if let Some(what) = what {
                taken.entry(what).or_default().push(&figure.id);
            }
            section.insert(figure.id.clone(), now);
        }
        for (what, ids) in &taken {
            session.reporter.line("accepted", &format!("{what}: {}", ids.join(", ")));
        }
        let elsewhere = conflicts.iter().filter(|(profile, _)| *profile != session.project.profile);
        for (profile, figure) in elsewhere {
            let again = format!("`{} --profile {profile} accept` writes it again", session.project.program());
            session.reporter.line(
                "note",
                &format!("`[{profile}.{figure}]` stood between marks of a merge and was dropped: {again}"),
            );
        }
        let written = lock.save(&session.project.root)?;
        let seeds = record_seeds(session, &chosen, evaluation)?;
        session
            .reporter
            .line("ok", if written { "manifest.lock written: commit it" } else { "manifest.lock says so already" });
        if let Some(said) = seeds {
            session.reporter.line("ok", said);
        }
        Ok(Answer::well(""))
    })
}

/// Records what this profile alone measured at further seeds; what is to be said where the file changed.
fn record_seeds(
    session: &Session,
    chosen: &[&FigureSteps],
    evaluation: &Evaluation,
) -> Result<Option<&'static str>, CliError> {
    let project = &session.project;
    // Read again, as the lock was.
    let mut record = SeedsRecord::load(&project.root).map_err(|fault| CliError::written(vec![fault]))?;
    let figures = &project.paper().manifest.figures;
    let measured_by_one =
        |id: &String| figures.iter().any(|figure| figure.id == *id && figure.robustness.profile.is_some());
    record.0.retain(|id, _| measured_by_one(id));
    for (id, now) in measured::by_this_profile(project, chosen, evaluation.build) {
        record.update(&id, now);
    }
    let said =
        if record.0.is_empty() { "manifest.seeds removed: commit that" } else { "manifest.seeds written: commit it" };
    Ok(record.save(&project.root)?.then_some(said))
}

/// Puts back the recorded bytes of altered or deleted files.
pub fn restore(session: &Session, ids: &[String], all: bool) -> Result<Answer, CliError> {
    let _writer = session.write()?;
    session.evaluated(|evaluation| {
        let chosen = session.chosen(evaluation.assembly, ids)?;
        let (place, survey) = (evaluation.place, session.survey(evaluation.place)?);
        refuse_unsure(place)?;
        let own = |path: &Relative| {
            let owner = outputs::owner(evaluation.assembly, path);
            all || owner.is_some_and(|owner| chosen.iter().any(|figure| figure.id == owner.id))
        };
        let broken = survey.altered.iter().map(|altered| &altered.path).chain(&survey.missing);
        let (mut restored, mut lost) = (0, Vec::new());
        for path in broken.filter(|path| own(path)) {
            let Some(folder) = &place.folder else { continue };
            if let Sight::Other(what) = folder.look(path)? {
                let fault = Diagnostic::new("C009", format!("`{}` {what}", place.label(path)));
                lost.push(fault.help("move it away, then restore again"));
                continue;
            }
            let Some((digest, bytes)) = recorded(place, evaluation.store, path)? else {
                let fault = format!("the recorded bytes of `{}` are not in the store", place.label(path));
                lost.push(
                    Diagnostic::new("C005", fault)
                        .help(format!("remove the file and run `{}`", session.command_line("report"))),
                );
                continue;
            };
            folder.stage(path, &output::part(path, &digest), &bytes, Durability::Synced)?.name()?;
            folder.sync(path.split().0.as_ref())?;
            session.reporter.line("restored", &place.label(path));
            restored += 1;
        }
        if !lost.is_empty() {
            return Err(CliError { exit: Exit::Failed, diagnostics: lost });
        }
        session.reporter.line("ok", &format!("{} restored", counted(restored, "file")));
        Ok(Answer::well(""))
    })
}

/// The recorded bytes of a file, from the store; `SHA256SUMS` from the record itself.
fn recorded(place: &Place, store: &Store, path: &Relative) -> Result<Option<(Digest, Vec<u8>)>, CliError> {
    let digests = place.written.files.get(path);
    for digest in digests.into_iter().flatten() {
        if let Some(bytes) = store.get(digest)? {
            return Ok(Some((*digest, bytes)));
        }
    }
    let sums = outputs::recorded_sums(&place.written).filter(|_| path.as_str() == SUMS).map(String::into_bytes);
    let sums = sums.map(|bytes| (Digest::of(&bytes), bytes));
    Ok(sums.filter(|(digest, _)| digests.is_some_and(|digests| digests.contains(digest))))
}

/// What a damaged record says is neither removed nor put back.
fn refuse_unsure(place: &Place) -> Result<(), CliError> {
    if !matches!(place.owner, Owner::Unsure(_)) {
        return Ok(());
    }
    let text = format!("the record of `{}` is damaged: nobody knows which files are ours", place.path);
    let fault = Diagnostic::new("C012", text).help("delete what you do not need, then run `condense report`");
    Err(CliError { exit: Exit::Integrity, diagnostics: vec![fault] })
}

/// Removes the files that were written (and nothing else), and with `all` everything that was remembered.
pub fn clean(session: &Session, all: bool) -> Result<Answer, CliError> {
    let (_lock, store) = session.write()?;
    let place = session.place()?;
    refuse_unsure(&place)?;
    let survey = output::survey(place.folder.as_ref(), &place.written)?;
    if !survey.altered.is_empty() {
        session.tell_altered(&place, &survey.altered, &store);
        return Err(CliError::new(
            Exit::Integrity,
            "C004",
            "altered files are not removed: restore them, or delete them yourself",
        ));
    }
    if let Some(folder) = place.folder.as_ref().filter(|_| matches!(place.owner, Owner::Ours)) {
        let keep = session.keeps(&store);
        output::sweep(folder, &place.written)?;
        for path in survey.present.keys() {
            let Some(bytes) = folder.read(path)? else { continue };
            // Looked at again: someone may have edited it since the survey.
            if survey.present.get(path) != Some(&Digest::of(&bytes)) {
                let text = format!("`{}` was changed while this ran: it stays", folder.label(path));
                return Err(CliError::new(Exit::Integrity, "C004", text));
            }
            if !all {
                keep(path, &bytes)?;
            }
            folder.remove(path)?;
        }
        leave(session.root(), folder, &place)?;
    }
    if all {
        store.remove_all()?;
    }
    session.reporter.line("ok", &format!("{} removed", counted(survey.present.len(), "file")));
    Ok(Answer::well(""))
}

/// Removes the folders and the record. Where someone else has put something there, the record stays: the folder is ours.
fn leave(root: &Folder, folder: &Folder, place: &Place) -> Result<(), CliError> {
    folder.remove_empty(&Relative::known("fig"));
    if !place::foreign(folder, &place.written.profile)?.is_empty() {
        Published::new(&place.written.profile).save(folder, Durability::Synced)?;
        return Ok(());
    }
    Published::remove(folder)?;
    for path in [&place.path, &Relative::known(REPORT)] {
        // A folder that holds the report of another profile stays.
        root.remove_empty(path);
    }
    Ok(())
}

/// Checks what opening a project does not: formulas, and names of values and columns where results are at hand.
pub fn check(session: &Session) -> Result<Answer, CliError> {
    session.evaluated(|evaluation| {
        let mut faults = Vec::new();
        let (mut claims, mut bound) = (0, 0);
        let paper = session.project.paper();
        faults.extend(paper.unrenderable_texts());
        faults.extend(paper.typed_numbers_of_texts());
        for figure in &evaluation.assembly.figures {
            let (Some(page), Some(entry)) = (paper.pages.get(&figure.id), paper.figure(&figure.id)) else { continue };
            claims += page.claims().count();
            faults.extend(paper.unrenderable(entry));
            faults.extend(paper.typed_numbers(entry));
            let Some(done) = evaluation.build.outcome(figure.run) else { continue };
            bound += 1;
            let bytes = evaluation.build.bytes(figure.run, "values.json")?;
            let values: BTreeMap<String, f64> = serde_json::from_slice(&bytes).unwrap_or_default();
            let names: Vec<String> = values.into_keys().collect();
            faults.extend(paper.unknown_names(entry, &Known { values: Some(&names), ..Known::default() }));
            let mut frames = BTreeMap::new();
            for name in done.record.artefacts.keys().filter_map(|name| name.strip_suffix(".csv")) {
                let text = evaluation.build.bytes(figure.run, &format!("{name}.csv"))?;
                let frame = crate::frame::Frame::from_csv(&String::from_utf8_lossy(&text)).unwrap_or_default();
                frames.insert(name.to_owned(), frame);
            }
            faults.extend(page.unbound(&frames));
        }
        if !faults.is_empty() {
            return Err(CliError::written(faults));
        }
        remark_unused(session);
        let figures = evaluation.assembly.figures.len();
        session.reporter.line(
            "ok",
            &format!(
                "{}, {}; names checked against the results of {bound}",
                counted(figures, "figure"),
                counted(claims, "claim")
            ),
        );
        Ok(Answer::well(""))
    })
}

/// Notes what nobody uses: experiments without a figure, and sections of the lock whose figure is gone.
fn remark_unused(session: &Session) {
    let (project, paper) = (&session.project, session.project.paper());
    let used: BTreeSet<&str> = paper.manifest.figures.iter().filter_map(|figure| figure.work.experiment()).collect();
    for entry in project.roster.entries.iter().filter(|entry| !used.contains(entry.name)) {
        session.reporter.line("note", &format!("no figure uses experiment `{}`", entry.name));
    }
    let known = paper.ids();
    for (profile, figures) in &project.lock.0 {
        for id in figures.keys().filter(|id| !known.contains(id)) {
            let text = format!("the lock has a section `[{profile}.{id}]`, but there is no figure `{id}`");
            session
                .reporter
                .line("note", &format!("{text}; `{} --profile {profile} accept` removes it", project.program()));
        }
    }
}

//! `accept`, `restore`, `clean` and `check`: the verbs that write or judge without computing.

use crate::cli::exit::Exit;
use crate::cli::session::{Answer, Session, Trouble};
use crate::cli::verdict::counted;
use crate::diag::Diagnostic;
use crate::engine::atomic::{self, Durability};
use crate::engine::output;
use crate::engine::state::State;
use crate::engine::store::Store;
use crate::paper::passage::Known;
use crate::pipeline::locked::Lock;
use crate::pipeline::outputs::{self, REPORT};
use std::collections::BTreeMap;
use std::{fs, io};

/// Writes what came out into the lock.
pub fn accept(session: &Session, ids: &[String]) -> Result<Answer, Trouble> {
    let _lock = session.write_lock()?;
    session.judged(|look| {
        let chosen = session.chosen(look.assembly, ids)?;
        let stale: Vec<Diagnostic> = chosen
            .iter()
            .filter(|figure| outputs::locked(figure, look.build).is_none())
            .map(|figure| {
                Diagnostic::new("C003", format!("figure `{}` is not computed as it is declared now", figure.id))
                    .help("run `condense report` first")
            })
            .collect();
        if !stale.is_empty() {
            return Err(Trouble { exit: Exit::Stale, diagnostics: stale });
        }
        let survey = output::survey(&session.project.root, look.state)?;
        if !survey.altered.is_empty() {
            session.tell_altered(&survey, look.store);
            let trouble = Trouble::new(
                Exit::Integrity,
                "C004",
                "altered outputs cannot be accepted: change their source instead",
            );
            return Err(trouble);
        }
        // Read again: another `accept` may have written while this one waited.
        let mut lock = Lock::load(&session.project.root).map_err(|fault| Trouble::written(vec![fault]))?;
        let section = lock.0.entry(session.project.profile.clone()).or_default();
        let known = session.project.paper().ids();
        section.retain(|id, _| known.contains(id));
        for figure in &chosen {
            section.extend(outputs::locked(figure, look.build).map(|now| (figure.id.clone(), now)));
        }
        let written = lock.save(&session.project.root)?;
        session
            .face
            .line("ok", if written { "manifest.lock written: commit it" } else { "manifest.lock says so already" });
        Ok(Answer::well(""))
    })
}

/// Puts back the recorded bytes of altered or deleted files.
pub fn restore(session: &Session, ids: &[String], all: bool) -> Result<Answer, Trouble> {
    let _lock = session.write_lock()?;
    session.judged(|look| {
        let chosen = session.chosen(look.assembly, ids)?;
        let survey = output::survey(&session.project.root, look.state)?;
        let own = |path: &str| {
            let owner =
                path.strip_prefix(REPORT).and_then(|path| outputs::owner(look.assembly, path.trim_start_matches('/')));
            all || owner.is_some_and(|owner| chosen.iter().any(|figure| figure.id == owner.id))
        };
        let broken = survey.altered.iter().map(|altered| altered.path.clone()).chain(survey.missing.iter().cloned());
        let mut restored = 0;
        let mut lost = Vec::new();
        for path in broken.filter(|path| own(path)) {
            let recorded = look.state.outputs.get(&path).and_then(|digests| digests.first().copied());
            let bytes = match recorded {
                Some(digest) => look.store.get(&digest)?,
                None => None,
            };
            let listed = |path: &str| path.ends_with("/SHA256SUMS").then(|| sums(look.state).into_bytes());
            match bytes.or_else(|| listed(&path)) {
                Some(bytes) => {
                    atomic::write(&session.project.root.join(&path), &bytes, Durability::Synced)?;
                    session.face.line("restored", &path);
                    restored += 1;
                }
                None => lost.push(
                    Diagnostic::new("C005", format!("the recorded bytes of `{path}` are not in the store"))
                        .help("remove the file and run `condense report`"),
                ),
            }
        }
        if !lost.is_empty() {
            return Err(Trouble { exit: Exit::Failed, diagnostics: lost });
        }
        session.face.line("ok", &format!("{} restored", counted(restored, "file")));
        Ok(Answer::well(""))
    })
}

/// `SHA256SUMS` from what was recorded.
fn sums(state: &State) -> String {
    let files = state.outputs.iter().filter(|(path, _)| !path.ends_with("/SHA256SUMS"));
    files
        .filter_map(|(path, digests)| {
            Some(format!("{}  {}\n", digests.first()?, path.strip_prefix(&format!("{REPORT}/"))?))
        })
        .collect()
}

/// Removes the files that were written (and nothing else), and with `store` everything that was remembered.
pub fn clean(session: &Session, store: bool) -> Result<Answer, Trouble> {
    let _lock = session.write_lock()?;
    let mut state = session.state()?;
    let survey = output::survey(&session.project.root, &state)?;
    if !survey.altered.is_empty() {
        session.tell_altered(&survey, &Store::at(&session.store_path()));
        return Err(Trouble::new(
            Exit::Integrity,
            "C004",
            "altered files are not removed: restore them, or delete them yourself",
        ));
    }
    let root = &session.project.root;
    for path in survey.present.keys() {
        fs::remove_file(root.join(path)).map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
    }
    for folder in [format!("{REPORT}/fig"), REPORT.to_owned()] {
        // A folder that holds something else stays.
        let _ = fs::remove_dir(root.join(folder));
    }
    state.outputs = BTreeMap::new();
    if store {
        // The lock file stays: whoever waits on it must not find another one in its place.
        for entry in
            fs::read_dir(session.store_path())?.filter_map(Result::ok).filter(|entry| entry.file_name() != "lock")
        {
            let path = entry.path();
            if path.is_dir() {
                fs::remove_dir_all(&path)?;
            } else {
                fs::remove_file(&path)?;
            }
        }
    } else {
        state.save(&session.state_path(), Durability::Synced)?;
    }
    session.face.line("ok", &format!("{} removed", counted(survey.present.len(), "file")));
    Ok(Answer::well(""))
}

/// Checks what opening a project does not: formulas, and names of values and columns where results are at hand.
pub fn check(session: &Session) -> Result<Answer, Trouble> {
    session.judged(|look| {
        let mut faults = Vec::new();
        let (mut claims, mut bound) = (0, 0);
        let paper = session.project.paper();
        for figure in &look.assembly.figures {
            let (Some(page), Some(entry)) = (paper.pages.get(&figure.id), paper.figure(&figure.id)) else { continue };
            claims += page.claims().count();
            faults.extend(paper.unrenderable(entry));
            let Some(done) = look.build.outcome(figure.run) else { continue };
            bound += 1;
            let bytes = look.build.bytes(figure.run, "values.json")?;
            let values: BTreeMap<String, f64> = serde_json::from_slice(&bytes).unwrap_or_default();
            let names: Vec<String> = values.into_keys().collect();
            faults.extend(paper.unknown_names(entry, &Known { values: Some(&names), ..Known::default() }));
            let mut frames = BTreeMap::new();
            for name in done.record.artefacts.keys().filter_map(|name| name.strip_suffix(".csv")) {
                let text = look.build.bytes(figure.run, &format!("{name}.csv"))?;
                let frame = crate::frame::Frame::from_csv(&String::from_utf8_lossy(&text)).unwrap_or_default();
                frames.insert(name.to_owned(), frame);
            }
            faults.extend(page.unbound(&frames));
        }
        if !faults.is_empty() {
            return Err(Trouble::written(faults));
        }
        let figures = look.assembly.figures.len();
        session.face.line(
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

//! Publishing: the report's files become what the build made; files that someone changed by hand stop everything.

use crate::cli::differences;
use crate::cli::exit::Exit;
use crate::cli::session::{Answer, CliError, Session};
use crate::cli::verdict::{counted, fail};
use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::output::{self, Altered, Found, Survey, Wanted};
use crate::engine::relative::Relative;
use crate::engine::store::Store;
use crate::pipeline::assembly::{Assembly, FigureSteps};
use crate::pipeline::outputs::{self, Output, SUMS};
use crate::pipeline::place::{Owner, Place};
use std::collections::BTreeSet;

/// Names altered files; nothing is rebuilt over them.
pub fn refuse_altered(
    session: &Session,
    place: &Place,
    survey: &Survey,
    altered: &[Altered],
    store: &Store,
    assembly: &Assembly,
) -> Answer {
    session.tell_altered(place, altered, store);
    let owners: Option<BTreeSet<&str>> =
        altered.iter().map(|altered| Some(outputs::owner(assembly, &altered.path)?.id.as_str())).collect();
    let ids: Vec<&str> = owners.unwrap_or_default().into_iter().collect();
    let id = if let [id] = ids[..] { id } else { "--all" };
    let known = survey.present.len() + survey.missing.len();
    let text = format!("{} of {known} outputs altered, nothing was rebuilt", altered.len());
    let report = session.command_line("report");
    let again = |why: &str| {
        session.reporter.line("help", &format!("{why}: move the file away, and `{report}` writes it again"));
    };
    if survey.altered.is_empty() {
        // The record agrees with the file: there is nothing to restore it from but a build.
        again("the record was changed, too");
    } else if !altered.iter().all(|altered| can_be_restored(place, altered, store)) {
        again("what the store has lost cannot be restored");
    } else {
        let what = "put back the recorded bytes (or change the source, not the output)";
        session.reporter.line("help", &format!("{} {id}    {what}", session.command_line("restore")));
    }
    fail(session, Exit::Integrity, &text)
}

/// Whether the recorded bytes of a file are to be had.
fn can_be_restored(place: &Place, altered: &Altered, store: &Store) -> bool {
    let listed = altered.path.as_str() == outputs::SUMS && outputs::recorded_sums(&place.written).is_some();
    listed || store.get(&altered.recorded).is_ok_and(|bytes| bytes.is_some())
}

/// Files that have other bytes than their steps made, and a record that was changed with them; `now` are the keys of steps
/// that have just run.
pub fn forged(
    assembly: &Assembly,
    build: &Build,
    survey: &Survey,
    place: &Place,
    now: &BTreeSet<Digest>,
) -> Result<Vec<Altered>, CliError> {
    let mut wanted = outputs::wanted(&all(assembly, build)?);
    wanted.retain(|_, wish| wish.key.is_some_and(|key| !now.contains(&key)));
    let mut forged = output::forged(&wanted, survey, &place.written);
    let sums = Relative::known(SUMS);
    if let (Some(list), Some(found)) = (differences::list(place), survey.present.get(&sums))
        && list != *found
    {
        forged.push(Altered { path: sums, recorded: list, found: Found::Bytes(*found) });
    }
    Ok(forged)
}

/// What the build made, each file once.
fn all(assembly: &Assembly, build: &Build) -> Result<Vec<Output>, CliError> {
    let outputs = outputs::all(assembly, build);
    match outputs::collision(&outputs) {
        Some(path) => {
            let text = format!(
                "two tables or pictures would be the file `{path}` of the report: rename a figure, table or chart"
            );
            Err(CliError::new(Exit::Usage, "C008", text))
        }
        None => Ok(outputs),
    }
}

/// Publishes what is done, and keeps what is not being rebuilt; how many files were written.
pub fn publish(
    session: &Session,
    assembly: &Assembly,
    build: &Build,
    survey: &Survey,
    place: &mut Place,
    store: &Store,
) -> Result<usize, CliError> {
    let mut outputs = all(assembly, build)?;
    let made: BTreeSet<Relative> = outputs.iter().map(|output| output.path.clone()).collect();
    let done = |figure: &FigureSteps| figure.steps().into_iter().all(|step| build.outcome(step).is_some());
    let unfinished: BTreeSet<&str> =
        assembly.figures.iter().filter(|figure| !done(figure)).map(|figure| figure.id.as_str()).collect();
    let index = build.outcome(assembly.index).is_some();
    for (path, digests) in &place.written.files {
        let ahead = match outputs::owner(assembly, path) {
            Some(figure) => unfinished.contains(figure.id.as_str()),
            None => !index && path.as_str() != SUMS && outputs::is_page(path),
        };
        // A publication that was cut off leaves two digests: the one on disk is the one to keep.
        let kept = survey.present.get(path).or(digests.first()).copied();
        // What is neither on disk nor in the store cannot be kept: its own figure will make it again.
        let there =
            |digest: &Digest| survey.present.contains_key(path) || store.get(digest).is_ok_and(|bytes| bytes.is_some());
        if let Some(digest) = kept.filter(|digest| ahead && !made.contains(path) && there(digest)) {
            let key = place.written.keys.get(path).copied();
            outputs.push(Output { path: path.clone(), key, step: None, artefact: String::new(), digest });
        }
    }
    let wanted: Wanted = outputs::wanted(&outputs);
    let folder = session.root().make(&place.path)?;
    let bytes = |path: &Relative| -> Result<Vec<u8>, CliError> {
        let kept = store.get(&wanted[path].digest)?;
        kept.map_or_else(|| outputs::bytes(build, &outputs, path).map_err(CliError::from), Ok)
    };
    let written = output::publish(&folder, &wanted, &mut place.written, bytes, session.keeps(store))?;
    (place.folder, place.owner) = (Some(folder), Owner::Ours);
    let again = survey.missing.iter().filter(|path| written.contains(path)).count();
    if again > 0 {
        session.reporter.line("note", &format!("wrote {} that had been deleted", counted(again, "file")));
    }
    Ok(written.len())
}

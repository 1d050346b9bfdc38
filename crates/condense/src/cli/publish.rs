//! Publishing: the report's files become what the build made; files that someone changed by hand stop everything.

use crate::cli::exit::Exit;
use crate::cli::session::{Answer, Session, Trouble};
use crate::cli::verdict::{counted, fail};
use crate::engine::atomic;
use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::output::{self, Survey, Wanted};
use crate::engine::state::State;
use crate::engine::step::StepId;
use crate::engine::store::Store;
use crate::pipeline::outputs::{self, Output, REPORT};
use crate::pipeline::{Assembly, Rooms};
use std::collections::BTreeSet;

/// Names the altered files; nothing is rebuilt over them.
pub fn refuse_altered(session: &Session, survey: &Survey, store: &Store, assembly: &Assembly) -> Answer {
    session.tell_altered(survey, store);
    let below = |path: &str| path.strip_prefix(REPORT).unwrap_or(path).trim_start_matches('/').to_owned();
    let owners: Option<Vec<_>> =
        survey.altered.iter().map(|altered| outputs::owner(assembly, &below(&altered.path))).collect();
    let id = owners.and_then(|owners| owners.first().map(|figure| figure.id.as_str())).unwrap_or("--all");
    let help = format!("condense restore {id}    put back the recorded bytes (or change the source, not the output)");
    session.face.line("help", &help);
    let known = survey.present.len() + survey.missing.len();
    let text = format!("{} of {known} outputs altered, nothing was rebuilt", survey.altered.len());
    fail(session, Exit::Integrity, &text)
}

/// Publishes what is done, and keeps what is not being rebuilt; how many files were written.
pub fn publish(
    session: &Session,
    assembly: &Assembly,
    build: &Build,
    survey: &Survey,
    state: &mut State,
    store: &Store,
) -> Result<usize, Trouble> {
    let mut outputs = outputs::all(assembly, build);
    let made: BTreeSet<String> = outputs.iter().map(|output| output.path.clone()).collect();
    let done = |figure: &Rooms| figure.steps().into_iter().all(|step| build.outcome(step).is_some());
    let unfinished: BTreeSet<&str> =
        assembly.figures.iter().filter(|figure| !done(figure)).map(|figure| figure.id.as_str()).collect();
    let index = build.outcome(assembly.index).is_some();
    for (path, digests) in &state.outputs {
        let Some(below) = path.strip_prefix(REPORT).map(|path| path.trim_start_matches('/')) else { continue };
        let ahead = match outputs::owner(assembly, below) {
            Some(figure) => unfinished.contains(figure.id.as_str()),
            None => !index && !below.starts_with("fig/") && below != "SHA256SUMS",
        };
        // A publication that was cut off leaves two digests: the one on disk is the one to keep.
        let kept = survey.present.get(path).or(digests.first()).copied();
        // What is neither on disk nor in the store cannot be kept: its own figure will make it again.
        let there =
            |digest: &Digest| survey.present.contains_key(path) || store.get(digest).is_ok_and(|bytes| bytes.is_some());
        if let Some(digest) = kept.filter(|digest| ahead && !made.contains(below) && there(digest)) {
            outputs.push(Output { path: below.to_owned(), step: StepId(usize::MAX), artefact: String::new(), digest });
        }
    }
    if let Some(path) = outputs::collision(&outputs) {
        let text =
            format!("two tables or pictures would be the file `{REPORT}/{path}`: rename a figure, table or chart");
        return Err(Trouble::new(Exit::Usage, "C008", text));
    }
    let wanted: Wanted = outputs::wanted(&outputs);
    let changing = wanted.iter().map(|(path, digest)| (path, Some(digest)));
    let going = state.outputs.keys().filter(|path| !wanted.contains_key(*path)).map(|path| (path, None));
    for (path, digest) in changing.chain(going).filter(|(path, digest)| survey.present.get(*path) != *digest) {
        // Edited while the build ran, or never ours: it is neither written over nor removed.
        let found = atomic::read(&session.project.root.join(path))?.map(|bytes| Digest::of(&bytes));
        if found.is_some_and(|found| Some(&found) != digest && survey.present.get(path) != Some(&found)) {
            let text = format!("`{path}` was not written by this pipeline, or was changed while it ran: move it away");
            return Err(Trouble::new(Exit::Integrity, "C009", text));
        }
    }
    let bytes = |path: &str| -> Result<Vec<u8>, Trouble> {
        let kept = store.get(&wanted[path])?;
        kept.map_or_else(|| outputs::bytes(build, &outputs, path).map_err(Trouble::from), Ok)
    };
    let written = output::publish(&session.project.root, &wanted, survey, state, &session.state_path(), bytes)?;
    let again = survey.missing.iter().filter(|path| written.contains(path)).count();
    if again > 0 {
        session.face.line("note", &format!("wrote {} that had been deleted", counted(again, "file")));
    }
    Ok(written.len())
}

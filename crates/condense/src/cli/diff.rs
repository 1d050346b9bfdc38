//! `diff`: where the files of a figure differ from what was written, and that from what was accepted; and a page of it.

use crate::cli::exit::Exit;
use crate::cli::session::{Answer, CliError, Evaluation, Session, altered_where};
use crate::cli::style::plain;
use crate::engine::digest::Digest;
use crate::engine::output::{Found, Survey};
use crate::engine::relative::Relative;
use crate::engine::store::COMPARED;
use crate::paper::report;
use crate::pipeline::assembly::FigureSteps;
use crate::pipeline::card::ENTRY;
use crate::pipeline::check::CLAIMS;
use crate::pipeline::locked::LockStatus;
use crate::pipeline::old_new::{self, Versions};
use crate::pipeline::project::STORE;
use crate::pipeline::{compare, outputs};
use std::fmt::Write as _;

/// Tells the differences, and writes the page that shows them.
pub fn diff(session: &Session, id: &str) -> Result<Answer, CliError> {
    session.evaluated(|evaluation| {
        let figure = session.chosen(evaluation.assembly, &[id.to_owned()])?[0];
        let survey = session.survey(evaluation.place)?;
        let mut text = String::new();
        let (altered, words) = (altered(evaluation, figure, &survey, &mut text), ["written", "on disk"]);
        let mut integrity = !text.is_empty();
        let (accepted, failed) = accepted(session, evaluation, figure, &mut text);
        integrity |= failed;
        // What someone changed by hand comes first: nothing else can be judged before that is put right.
        let (files, words) = if altered.is_empty() { (accepted, ["accepted", "made"]) } else { (altered, words) };
        if text.is_empty() && outputs::locked(figure, evaluation.build).is_none() {
            let report = session.command_line("report");
            let _ = writeln!(text, "as written; it is not computed as it is declared now: `{report}`, then ask again");
        } else if text.is_empty() {
            text.push_str("no difference\n");
        } else if let Some(page) = page(session, evaluation, figure, &files, words)? {
            let path = format!("{COMPARED}/{}.html", figure.id);
            match keep(session, &Relative::known(&path), &page) {
                Ok(()) => _ = writeln!(text, "{STORE}/{path}: both versions side by side"),
                // Whoever may not write there still wants to know.
                Err(error) => session.reporter.line("note", &format!("no page of it: {}", error.text())),
            }
        }
        Ok(Answer { text: plain(&text), exit: if integrity { Exit::Integrity } else { Exit::Ok } })
    })
}

/// Files that someone changed or removed, told one by one.
fn altered(evaluation: &Evaluation, figure: &FigureSteps, survey: &Survey, text: &mut String) -> Vec<Versions> {
    let place = evaluation.place;
    let own = |path: &Relative| outputs::owner(evaluation.assembly, path).is_some_and(|owner| owner.id == figure.id);
    let mut files = Vec::new();
    for altered in survey.altered.iter().filter(|altered| own(&altered.path)) {
        let _ = writeln!(text, "{}: written -> on disk", place.label(&altered.path));
        if let Found::Other(what) = &altered.found {
            let _ = writeln!(text, "    it {what}");
        }
        for place in altered_where(place, altered, evaluation.store) {
            let _ = writeln!(text, "    {place}");
        }
        files.push(Versions {
            path: altered.path.to_string(),
            old: bytes(evaluation, Some(altered.recorded)),
            new: place.folder.as_ref().and_then(|folder| folder.read(&altered.path).ok().flatten()),
            why: "one of both versions is not to be had",
        });
    }
    for path in survey.missing.iter().filter(|path| own(path)) {
        let _ = writeln!(text, "{}: it is missing", place.label(path));
    }
    files
}

/// Files that are not as accepted, told one by one; and whether that is a fault, or only a lock that is older.
fn accepted(
    session: &Session,
    evaluation: &Evaluation,
    figure: &FigureSteps,
    text: &mut String,
) -> (Vec<Versions>, bool) {
    let (project, now) = (&session.project, outputs::locked(figure, evaluation.build));
    let Some((now, accepted)) = now.zip(project.lock.entry(&project.profile, &figure.id)) else {
        return (Vec::new(), false);
    };
    let status = accepted.compare(&now);
    if let LockStatus::Stale(what) = &status {
        let accept = session.command_line("accept");
        let _ = writeln!(text, "note: the lock is older than its {what}; this is what `{accept}` would change");
    }
    let mut files = Vec::new();
    for (path, old, new) in accepted.differing(&now) {
        let _ = writeln!(text, "{path}: accepted -> made");
        let [old_bytes, new_bytes] = [old, new].map(|digest| bytes(evaluation, digest));
        let why = match (old, new) {
            (None, _) => "it was not there before",
            (_, None) => "it is not made any more",
            _ => "the accepted bytes are not in the store: only digests can be compared",
        };
        match (&old_bytes, &new_bytes) {
            (Some(old), Some(new)) => {
                for place in compare::differences(path.as_str(), old, new) {
                    let _ = writeln!(text, "    {place}");
                }
            }
            _ => _ = writeln!(text, "    {why}"),
        }
        files.push(Versions { path: path.to_string(), old: old_bytes, new: new_bytes, why });
    }
    (files, !matches!(status, LockStatus::Stale(_) | LockStatus::Matches))
}

fn bytes(evaluation: &Evaluation, digest: Option<Digest>) -> Option<Vec<u8>> {
    evaluation.store.get(&digest?).ok().flatten()
}

fn keep(session: &Session, path: &Relative, page: &str) -> Result<(), CliError> {
    let (_lock, store) = session.write()?;
    Ok(store.write(path, page.as_bytes())?)
}

/// The page that shows both versions, if the figure's own page is made.
fn page(
    session: &Session,
    evaluation: &Evaluation,
    figure: &FigureSteps,
    files: &[Versions],
    words: [&'static str; 2],
) -> Result<Option<String>, CliError> {
    let build = evaluation.build;
    if files.is_empty() || build.outcome(figure.card).is_none() {
        return Ok(None);
    }
    let [card, claims] = [build.bytes(figure.card, ENTRY)?, build.bytes(figure.check, CLAIMS)?];
    let (Ok(card), Ok(claims)) = (serde_json::from_slice(&card), serde_json::from_slice::<Vec<_>>(&claims)) else {
        return Ok(None);
    };
    let context = session.project.render_context();
    let view = old_new::view(context.site(), card, &claims, files, words);
    if view.is_empty() {
        return Ok(None);
    }
    let page = report::render_diff(&context.templates.parsed, &view);
    page.map(Some).map_err(|fault| CliError::written(vec![context.templates.fault(&fault)]))
}

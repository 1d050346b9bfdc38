//! `show` and `graph`: a figure in full, and what needs what.

use crate::cli::args::GraphFormat;
use crate::cli::exit::Exit;
use crate::cli::session::{Answer, CliError, Evaluation, Session};
use crate::cli::style::plain;
use crate::engine::digest::Digest;
use crate::engine::files;
use crate::paper::report::size;
use crate::paper::work::Work;
use crate::pipeline::check::{Further, Judged};
use crate::pipeline::outputs;
use crate::pipeline::run;
use crate::plot::text::significant;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// A figure by id, or a picture by path.
pub fn show(session: &Session, what: &str) -> Result<Answer, CliError> {
    let path = Path::new(what);
    let is_picture = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
    session.evaluated(
        |evaluation| if is_picture { picture(session, evaluation, path) } else { figure(session, evaluation, what) },
    )
}

fn figure(session: &Session, evaluation: &Evaluation, id: &str) -> Result<Answer, CliError> {
    let figure = session.chosen(evaluation.assembly, &[id.to_owned()])?[0];
    let (paper, mut text) = (session.project.paper(), String::new());
    if let (Some(entry), Some(page)) = (paper.figure(id), paper.pages.get(id)) {
        let _ = writeln!(
            text,
            "{}\n  slide      {}\n  fidelity   {}",
            page.title.text(),
            entry.slide,
            entry.fidelity.tag()
        );
    }
    if let Some(declared) = session.project.declared(id) {
        let _ = match &declared.work {
            Work::Experiment(name) => writeln!(text, "  experiment {name}"),
            Work::Command(spec) => writeln!(text, "  command    {}", spec.argv.join(" ")),
        };
        let _ = writeln!(text, "  settings   {}", run::settings(&declared.params, declared.seed));
        for (path, digest) in declared.data.digests() {
            let _ = writeln!(text, "  reads      {path}  sha256 {}", digest.short());
        }
    }
    if let Some(bytes) = session.project.working_set(id) {
        let _ = writeln!(text, "  holds      {} at once, at most", size(bytes as u64));
    }
    if let Some(done) = evaluation.build.outcome(figure.run) {
        let _ = writeln!(text, "  took       {:.2} s", done.record.seconds);
        let bytes = evaluation.build.bytes(figure.run, "values.json").unwrap_or_default();
        let values: BTreeMap<String, f64> = serde_json::from_slice(&bytes).unwrap_or_default();
        for (name, value) in &values {
            let _ = writeln!(text, "  value      {name} = {}", crate::frame::number(*value));
        }
    } else {
        let _ = writeln!(text, "  not computed yet: {} {id}", session.command_line("report"));
    }
    let claims = evaluation
        .build
        .outcome(figure.check)
        .and_then(|_| evaluation.build.bytes(figure.check, "claims.json").ok())
        .unwrap_or_default();
    for claim in serde_json::from_slice::<Vec<Judged>>(&claims).unwrap_or_default() {
        let number = |value: f64| significant(value, 4);
        let verdict = match (claim.holds, claim.identity) {
            (true, true) => "✓ an identity",
            (true, false) => "✓ holds",
            (false, _) => "✗ fails",
        };
        let _ = writeln!(
            text,
            "  {verdict}    {} ({}, asked for {})",
            claim.says,
            number(claim.measured),
            claim.asked(number)
        );
        if let Some(words) = further(&claim) {
            let _ = writeln!(text, "             {words}");
        }
    }
    for output in outputs::of_figure(figure, evaluation.build).unwrap_or_default() {
        let _ =
            writeln!(text, "  output     {}  sha256 {}", evaluation.place.label(&output.path), output.digest.short());
    }
    if let Some(now) = outputs::locked(figure, evaluation.build) {
        let _ =
            writeln!(text, "  lock       {}", session.project.lock.status(&session.project.profile, id, &now).text());
    }
    Ok(Answer::well(plain(&text)))
}

/// A claim at further seeds, in words.
fn further(claim: &Judged) -> Option<String> {
    if claim.seedless {
        return Some("further seeds say nothing: the numbers do not depend on the seed".to_owned());
    }
    let share = claim.further_share();
    let number = |value: f64| significant(value, 4);
    let end = |pick: fn(f64, f64) -> f64| claim.further.iter().map(|further| further.measured).reduce(pick).map(number);
    let (low, high) = (end(f64::min)?, end(f64::max)?);
    let other = |further: &Further| format!("{} at seed {}", number(further.measured), further.seed);
    let others: Vec<String> = claim.further.iter().filter(|further| !further.holds).map(other).collect();
    let others = if others.is_empty() { String::new() } else { format!("; it fails with {}", others.join(", ")) };
    let (held, of, interval) = (share.held, share.of, share.interval_text());
    Some(format!("holds at {held} of {of} further seeds ({interval}), with {low} to {high}{others}"))
}

/// What a picture says about itself, and whether the same is made today.
fn picture(session: &Session, evaluation: &Evaluation, path: &Path) -> Result<Answer, CliError> {
    let bytes = files::read(path).map_err(|error| files::named(path.display(), &error))?;
    let svg = String::from_utf8_lossy(&bytes);
    let metadata = svg
        .split_once("<metadata>")
        .and_then(|(_, rest)| rest.split_once("</metadata>"))
        .map(|(metadata, _)| metadata.trim());
    let Some(metadata) = metadata.filter(|metadata| metadata.contains("condense picture of figure ")) else {
        return Err(CliError::new(
            Exit::Usage,
            "C002",
            format!("`{}` says nothing about where it comes from: condense did not draw it", path.display()),
        ));
    };
    let id = metadata
        .lines()
        .find_map(|line| line.trim().strip_prefix("condense picture of figure "))
        .unwrap_or_default()
        .trim();
    let mut text = format!("{metadata}\n");
    let today = evaluation
        .assembly
        .figures
        .iter()
        .find(|figure| figure.id == id)
        .map(|figure| outputs::pictures_of(figure, evaluation.build));
    let found = Digest::of(&bytes);
    let (sentence, exit) = match today {
        None => (format!("this paper has no figure {id}"), Exit::Integrity),
        Some(outputs) if outputs.is_empty() => {
            (format!("today's is not computed: {}", session.command_line("report")), Exit::Stale)
        }
        Some(outputs) if outputs.iter().any(|output| output.digest == found) => {
            ("it is today's, byte for byte".to_owned(), Exit::Ok)
        }
        Some(_) => ("it is not today's: declaration, code or bytes changed since".to_owned(), Exit::Integrity),
    };
    let locked = session
        .project
        .lock
        .entry(&session.project.profile, id)
        .is_some_and(|entry| entry.outputs.values().any(|digest| *digest == found));
    let _ = writeln!(text, "{sentence}{}", if locked { "; it is the accepted one" } else { "" });
    Ok(Answer { text: plain(&text), exit })
}

/// The steps and their needs.
pub fn graph(session: &Session, format: GraphFormat) -> Result<Answer, CliError> {
    session.evaluated(|evaluation| {
        let plan = &evaluation.assembly.plan;
        let (mut nodes, mut edges) = (String::new(), String::new());
        for id in plan.ids() {
            // Names of steps hold titles, with any marks.
            let name = plan.step(id).name().replace('"', "'");
            match format {
                GraphFormat::Dot => nodes.push_str(&format!("  s{} [label=\"{name}\"];\n", id.0)),
                GraphFormat::Mermaid => nodes.push_str(&format!("  s{}[\"{name}\"]\n", id.0)),
            }
            for need in plan.step(id).needs() {
                match format {
                    GraphFormat::Dot => edges.push_str(&format!("  s{} -> s{};\n", need.step.0, id.0)),
                    GraphFormat::Mermaid => edges.push_str(&format!("  s{} --> s{}\n", need.step.0, id.0)),
                }
            }
        }
        Ok(Answer::well(match format {
            GraphFormat::Dot => format!("digraph condense {{\n  rankdir=LR;\n  node [shape=box];\n{nodes}{edges}}}\n"),
            GraphFormat::Mermaid => format!("flowchart LR\n{nodes}{edges}"),
        }))
    })
}

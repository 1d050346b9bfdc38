//! `list`, `status` and `why`: what there is, what would run, and for which reasons. They run nothing and wait for nobody.

use crate::cli::exit::Exit;
use crate::cli::reasons::{grouped, told};
use crate::cli::session::{Answer, CliError, Evaluation, Session};
use crate::cli::style::plain;
use crate::cli::verdict::counted;
use crate::cli::verify::state_word;
use crate::engine::build::State as StepState;
use crate::engine::output::{Survey, Wanted, Wish};
use crate::engine::relative::Relative;
use crate::paper::work::Work;
use crate::pipeline::assembly::FigureSteps;
use crate::pipeline::check::Judged;
use crate::pipeline::outputs;
use crate::pipeline::place::Owner;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// All figures.
pub fn list(session: &Session, as_json: bool) -> Result<Answer, CliError> {
    session.evaluated(|evaluation| {
        // A folder of someone else holds no file of ours.
        let foreign = matches!(evaluation.place.owner, Owner::Other(_));
        let survey = if foreign { Survey::default() } else { session.survey(evaluation.place)? };
        let describe = |figure| describe(session, evaluation, &survey, figure);
        let figures: Vec<Value> = evaluation.assembly.figures.iter().map(describe).collect();
        if as_json {
            let document = json!({ "schema_version": 1, "figures": figures });
            return Ok(Answer::well(format!("{document:#}\n")));
        }
        let mut text = String::new();
        for (at, figure) in figures.iter().enumerate() {
            // An identity is not counted.
            let counted = figure["claims"].as_array().into_iter().flatten().filter(|claim| claim["identity"] != true);
            let counted: Vec<&Value> = counted.collect();
            let (claims, hold) = (counted.len(), counted.iter().filter(|claim| claim["holds"] == true).count());
            let judged = counted.iter().all(|claim| !claim["holds"].is_null());
            let verdict = if judged { format!("{hold}/{claims} claims hold") } else { format!("{claims} claims") };
            let word = |key: &str| figure[key].as_str().unwrap_or_default().to_owned();
            let _ =
                writeln!(text, "{:>3}  {:<32} {:<7} {:<9} {verdict}", at + 1, word("id"), word("state"), word("lock"));
        }
        Ok(Answer::well(plain(&text)))
    })
}

/// One figure as JSON.
fn describe(session: &Session, evaluation: &Evaluation, survey: &Survey, figure: &FigureSteps) -> Value {
    let entry = session.project.paper().figure(&figure.id);
    let kind =
        entry.map_or("", |entry| if matches!(entry.work, Work::Experiment(_)) { "experiment" } else { "command" });
    let first = |id| !matches!(evaluation.steps.get(&id), Some(StepState::Done(_)));
    let own = |path: &Relative| outputs::owner(evaluation.assembly, path).is_some_and(|owner| owner.id == figure.id);
    let state = if survey.altered.iter().any(|altered| own(&altered.path)) {
        "altered"
    } else if survey.missing.iter().any(own) {
        "missing"
    } else if evaluation.fresh(figure) {
        "fresh"
    } else if first(figure.run) {
        "stale"
    } else {
        "partial"
    };
    let seconds = evaluation.build.outcome(figure.run).map(|done| done.record.seconds);
    let size = |digest| evaluation.store.get(&digest).ok().flatten().map(|bytes| bytes.len());
    let outputs: Vec<Value> = outputs::of_figure(figure, evaluation.build)
        .unwrap_or_default()
        .into_iter()
        .map(|output| json!({ "path": evaluation.place.label(&output.path), "sha256": output.digest, "bytes": size(output.digest) }))
        .collect();
    let lock = outputs::locked(figure, evaluation.build)
        .map(|now| session.project.lock.status(&session.project.profile, &figure.id, &now));
    json!({
        "id": figure.id,
        "slide": entry.map(|entry| entry.slide.clone()),
        "title": session.project.paper().pages.get(&figure.id).map(|page| page.title.text()),
        "kind": kind,
        "fidelity": entry.map(|entry| entry.fidelity.tag()),
        "state": state,
        "lock": lock.as_ref().map_or("unknown", state_word),
        "seconds": seconds,
        "working_set": session.project.working_set(&figure.id),
        "outputs": outputs,
        "claims": claims(session, evaluation, figure),
    })
}

/// The claims: judged where the figure is fresh, else as they are written.
fn claims(session: &Session, evaluation: &Evaluation, figure: &FigureSteps) -> Vec<Value> {
    let judged =
        evaluation.build.outcome(figure.check).and_then(|_| evaluation.build.bytes(figure.check, "claims.json").ok());
    if let Some(judged) = judged.and_then(|bytes| serde_json::from_slice::<Vec<Judged>>(&bytes).ok()) {
        let one = |claim: &Judged| json!({ "id": claim.id, "text": claim.says, "name": claim.name, "value": claim.measured, "bound": claim.bound, "identity": claim.identity, "share": claim.share, "holds": claim.holds, "margin": claim.margin, "further_seeds": claim.further });
        return judged.iter().map(one).collect();
    }
    let page = session.project.paper().pages.get(&figure.id);
    let one = |claim: &crate::paper::block::ClaimBlock| json!({ "id": claim.id, "text": claim.says.text(), "name": claim.value, "value": null, "bound": claim.bound, "identity": claim.identity, "share": claim.share, "holds": null, "margin": null, "further_seeds": [] });
    page.map_or_else(Vec::new, |page| page.claims().map(one).collect())
}

/// What would run.
pub fn status(session: &Session, ids: &[String], as_json: bool) -> Result<Answer, CliError> {
    session.evaluated(|evaluation| {
        let chosen = session.chosen(evaluation.assembly, ids)?;
        let mut survey = session.survey(evaluation.place)?;
        let own = |path: &Relative| {
            let owner = outputs::owner(evaluation.assembly, path);
            ids.is_empty() || owner.is_some_and(|owner| ids.contains(&owner.id))
        };
        survey.altered.retain(|altered| own(&altered.path));
        survey.missing.retain(|path| own(path));
        let stale: Vec<_> = chosen.iter().filter(|figure| !evaluation.fresh(figure)).collect();
        // With every step fresh, the files must be what they would be written as now.
        let wanted = if stale.is_empty() { outputs::wanted(&outputs::all(evaluation.assembly, evaluation.build)) } else { Wanted::new() };
        let old = |(path, wish): &(&Relative, &Wish)| survey.present.get(*path) != Some(&wish.digest);
        // The index is of all figures.
        let index = evaluation.steps.get(&evaluation.assembly.index).filter(|_| ids.is_empty());
        let done = ids.is_empty() == matches!(index, Some(StepState::Done(_)));
        let label = |path: &Relative| evaluation.place.label(path);
        let unwritten: Vec<String> = wanted.iter().filter(|(path, _)| own(path)).filter(old).map(|(path, _)| label(path)).collect();
        let missing: Vec<String> = survey.missing.iter().map(label).collect();
        let altered: Vec<String> = survey.altered.iter().map(|altered| label(&altered.path)).collect();
        let exit = match (altered.is_empty(), stale.is_empty() && done && unwritten.is_empty() && missing.is_empty()) {
            (false, _) => Exit::Integrity,
            (true, false) => Exit::Stale,
            (true, true) => Exit::Ok,
        };
        if as_json {
            let steps = |figure: &FigureSteps| evaluation.reasons(figure).into_iter().map(|(step, reasons)| json!({ "step": step, "reasons": reasons })).collect::<Vec<_>>();
            let figure = |figure: &FigureSteps| json!({ "id": figure.id, "state": if evaluation.fresh(figure) { "fresh" } else { "stale" }, "would_run": steps(figure) });
            let document = json!({
                "schema_version": 1, "figures": chosen.iter().map(|own| figure(own)).collect::<Vec<_>>(),
                "altered": altered, "missing": missing, "unwritten": unwritten,
            });
            return Ok(Answer { text: format!("{document:#}\n"), exit });
        }
        let mut text = String::new();
        for path in &altered {
            let _ = writeln!(text, "altered  {path}");
        }
        for path in &missing {
            let _ = writeln!(text, "missing  {path}");
        }
        if !unwritten.is_empty() && altered.is_empty() {
            let _ = writeln!(text, "stale    report: {} of its files are not today's; {} writes them", unwritten.len(), session.command_line("report"));
        }
        for figure in &stale {
            for (step, reasons) in grouped(evaluation.reasons(figure)) {
                text.push_str(&format!("stale    {}", told(&step, &reasons)));
            }
        }
        if let Some(StepState::Stale(reasons)) = index {
            text.push_str(&format!("stale    {}", told("index", reasons)));
        }
        if exit == Exit::Ok {
            let all = if ids.is_empty() { "all " } else { "" };
            let (count, are) = (counted(chosen.len(), "figure"), if chosen.len() == 1 { "is" } else { "are" });
            let _ = writeln!(text, "{all}{count} {are} fresh");
        }
        Ok(Answer { text: plain(&text), exit })
    })
}

/// Why one figure would run, or what all it depends on.
pub fn why(session: &Session, id: &str, as_json: bool) -> Result<Answer, CliError> {
    session.evaluated(|evaluation| {
        let figure = session.chosen(evaluation.assembly, &[id.to_owned()])?[0];
        let reasons = evaluation.reasons(figure);
        let exit = if evaluation.fresh(figure) { Exit::Ok } else { Exit::Stale };
        let inputs: Vec<(String, Vec<(String, String)>)> = figure
            .steps()
            .into_iter()
            .filter_map(|id| Some((evaluation.assembly.plan.step(id).name().to_owned(), evaluation.build.outcome(id)?.record.words.clone())))
            .collect();
        if as_json {
            let stale: Vec<Value> = reasons.iter().map(|(step, reasons)| json!({ "step": step, "reasons": reasons })).collect();
            let words = |words: &[(String, String)]| words.iter().map(|(label, text)| json!({ "what": label, "is": text })).collect::<Vec<_>>();
            let steps: Vec<Value> = inputs.iter().map(|(step, own)| json!({ "step": step, "depends_on": words(own) })).collect();
            let document = json!({ "schema_version": 1, "id": id, "state": if exit == Exit::Ok { "fresh" } else { "stale" }, "would_run": stale, "steps": steps });
            return Ok(Answer { text: format!("{document:#}\n"), exit });
        }
        let mut text = String::new();
        for (step, reasons) in grouped(reasons) {
            let _ = writeln!(text, "{step} would run:");
            for reason in reasons {
                text.push_str(&format!("    {reason}\n"));
            }
        }
        if exit == Exit::Ok {
            let _ = writeln!(text, "{id} is fresh. It depends on:");
            for (label, value) in inputs.first().map(|(_, words)| words.as_slice()).unwrap_or_default() {
                let value = value.lines().next().unwrap_or_default();
                let _ = writeln!(text, "    {label:<36} {}", value.chars().take(64).collect::<String>());
            }
        }
        Ok(Answer { text: plain(&text), exit })
    })
}

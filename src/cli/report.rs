//! `report` and `run`: build what changed, publish, compare with the lock, judge.

use crate::cli::args::How;
use crate::cli::exit::Exit;
use crate::cli::session::{Answer, Look, Session, Trouble, exit_of};
use crate::engine::build::{Build, State as StepState};
use crate::engine::output::{self, Survey, Wanted};
use crate::engine::state::State;
use crate::engine::step::StepId;
use crate::engine::store::Store;
use crate::pipeline::check::Judged;
use crate::pipeline::locked::Standing;
use crate::pipeline::outputs::{self, Output, REPORT};
use crate::pipeline::{Assembly, DEFAULT_PROFILE, FULL_PROFILE, Rooms};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// What the last line counts.
#[derive(Default)]
struct Tally {
    made: usize,
    reused: usize,
    claims: usize,
    hold: usize,
    unjudged: usize,
    figures: usize,
    locked: usize,
}

/// Builds the figures `ids` (all, where there is none); writes `report/` when `publish`.
pub fn build(session: &Session, ids: &[String], how: &How, publish: bool) -> Result<Answer, Trouble> {
    if how.dry_run {
        return dry_run(session, ids);
    }
    let start = Instant::now();
    let signal = listen()?;
    let desk = session.project.desk();
    let assembly = session.project.assemble(&desk);
    let chosen = session.chosen(&assembly, ids)?;
    let _lock = session.write_lock()?;
    let store = Store::open(&session.store_path())?;
    let mut state = session.state()?;
    let survey = output::survey(&session.project.root, &state)?;
    if !survey.altered.is_empty() {
        session.tell_altered(&survey, &store);
        let figure =
            chosen.iter().find(|figure| survey.altered.iter().any(|altered| altered.path.contains(&figure.id)));
        let id = figure.map_or("--all", |figure| &figure.id);
        session.face.line(
            "help",
            &format!("condense restore {id}    put back the recorded bytes (or change the source, not the output)"),
        );
        let text = format!("{} of {} outputs altered, nothing was rebuilt", survey.altered.len(), state.outputs.len());
        return Ok(fail(session, Exit::Integrity, &text));
    }

    let wanted = if ids.is_empty() && publish {
        vec![assembly.index]
    } else {
        chosen.iter().flat_map(|figure| figure.steps()).collect()
    };
    let before = state.steps.clone();
    let options = session.options(how.keep_going, &signal);
    let built = Build::new(&assembly.plan, &wanted, &store, &before, &options, &session.face);
    let ran = built.run();
    session.face.close();
    store.take_damage().iter().for_each(|sentence| session.face.line("note", sentence));
    for (id, done) in built.done() {
        state.steps.insert(assembly.plan.step(id).name(), done.key);
    }
    if !publish || built.interrupted() {
        state.save(&session.state_path())?;
    }
    ran?;
    if built.interrupted() {
        let kept = assembly.figures.iter().filter(|figure| outputs::of_figure(figure, &built).is_some()).count();
        let text = format!(
            "stopped: {kept} of {} figures done, finished cells kept, run again to go on from here",
            assembly.figures.len()
        );
        return Ok(fail(session, Exit::of_signal(signal.load(Ordering::Relaxed)), &text));
    }
    let failures = built.failures();
    let mut exit = Exit::Ok;
    if !failures.is_empty() {
        let diagnostics: Vec<_> = failures.into_iter().flat_map(|(_, diagnostics)| diagnostics).collect();
        exit = exit_of(&diagnostics);
        diagnostics.iter().for_each(|diagnostic| eprintln!("{}\n", diagnostic.render(session.style.colour)));
        state.save(&session.state_path())?;
        if !how.keep_going {
            let text = format!("{} failed, the old report was kept", counted(diagnostics.len(), "step"));
            return Ok(fail(session, exit, &text));
        }
    }

    // After `--only`, whatever else is fresh joins in; and the index, when everything is.
    let after = Build::new(&assembly.plan, &[assembly.index], &store, &before, &options, &session.face);
    let everything = if wanted == [assembly.index] { &built } else { complete(&assembly, &after)? };
    if publish {
        write(session, &assembly, everything, &survey, &mut state, &store)?;
    }
    store.take_damage().iter().for_each(|sentence| session.face.line("note", sentence));
    finish(session, &assembly, &chosen, (&built, everything), exit, start)
}

/// Writes the pages again after the lock moved; says nothing but what is wrong. A store that lacks results is left alone.
pub fn refresh(session: &Session) -> Result<Answer, Trouble> {
    let ready = session.judged(|look| {
        Ok(look.assembly.figures.iter().all(|figure| outputs::of_figure(figure, look.build).is_some()))
    })?;
    if !ready {
        return Ok(Answer::well(""));
    }
    let how = How { dry_run: false, keep_going: false };
    build(session, &[], &how, true)
}

/// Judges the whole plan; runs the index when nothing else is missing.
fn complete<'b>(assembly: &Assembly, after: &'b Build<'b>) -> Result<&'b Build<'b>, Trouble> {
    let open = |(id, state): (&StepId, &StepState)| *id != assembly.index && !matches!(state, StepState::Done(_));
    if !after.judge()?.iter().any(open) {
        after.run()?;
    }
    Ok(after)
}

/// Publishes what is done, and keeps what is not being rebuilt.
fn write(
    session: &Session,
    assembly: &Assembly,
    build: &Build,
    survey: &Survey,
    state: &mut State,
    store: &Store,
) -> Result<(), Trouble> {
    let mut outputs = outputs::all(assembly, build);
    let unfinished = |path: &str| {
        let unfinished = assembly.figures.iter().filter(|figure| outputs::of_figure(figure, build).is_none());
        let own = |figure: &Rooms| path.strip_prefix("fig/").is_some_and(|file| file.starts_with(&figure.id));
        { unfinished }.any(own) || (build.outcome(assembly.index).is_none() && !path.starts_with("fig/"))
    };
    for (path, digests) in &state.outputs {
        let below = path.trim_start_matches(REPORT).trim_start_matches('/');
        if let Some(digest) = digests.first().copied()
            && below != "SHA256SUMS"
            && unfinished(below)
            && !outputs.iter().any(|output| output.path == below)
        {
            outputs.push(Output { path: below.to_owned(), step: StepId(usize::MAX), artefact: String::new(), digest });
        }
    }
    let wanted: Wanted = outputs::wanted(&outputs);
    let bytes = |path: &str| -> Result<Vec<u8>, Trouble> {
        let kept = store.get(&wanted[path])?;
        kept.map_or_else(|| outputs::bytes(build, &outputs, path).map_err(Trouble::from), Ok)
    };
    let written = output::publish(&session.project.root, &wanted, survey, state, &session.state_path(), bytes)?;
    let again = survey.missing.iter().filter(|path| written.contains(path)).count();
    if again > 0 {
        session.face.line("note", &format!("wrote {} that had been deleted", counted(again, "file")));
    }
    Ok(())
}

/// Compares with the lock, judges the claims, and says the last words.
fn finish(
    session: &Session,
    assembly: &Assembly,
    chosen: &[&Rooms],
    (built, everything): (&Build, &Build),
    mut exit: Exit,
    start: Instant,
) -> Result<Answer, Trouble> {
    let face = &session.face;
    let mut tally = Tally::default();
    let mut worst = |code: Exit| exit = if exit == Exit::Ok { code } else { exit };
    let mut aside: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (figure, _, standing) in
        outputs::standings(assembly, everything, &session.project.lock, &session.project.profile)
    {
        tally.figures += 1;
        match &standing {
            Standing::Matches => tally.locked += 1,
            Standing::Differs(paths) => {
                worst(Exit::Integrity);
                for (path, accepted, found) in paths {
                    let short = |digest: &Option<crate::engine::digest::Digest>| {
                        digest.map_or("nothing".to_owned(), |digest| digest.short())
                    };
                    face.line(
                        "differs",
                        &format!(
                            "{path}: accepted {}, made {}; the declaration is the same",
                            short(accepted),
                            short(found)
                        ),
                    );
                }
                face.line("help", &format!("condense diff {}", figure.id));
            }
            other => aside.entry(other.text()).or_default().push(&figure.id),
        }
    }
    let judged = judges(&session.project.profile);
    for figure in chosen {
        let claims: Vec<Judged> = match everything.bytes(figure.check, "claims.json") {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(_) => continue,
        };
        tally.claims += claims.len();
        for claim in &claims {
            if claim.holds {
                tally.hold += 1;
            } else if !judged {
                tally.unjudged += 1;
            } else {
                worst(Exit::Claim);
                let number = |value: f64| crate::plot::text::significant(value, 4);
                face.line("failed", &format!("claim {} of {}: {}", claim.id, figure.id, claim.says));
                face.line("", &format!("measured {}, asked for {}", number(claim.measured), claim.bound.text(number)));
            }
        }
    }
    if tally.unjudged > 0 {
        let (count, profile) = (counted(tally.unjudged, "claim"), &session.project.profile);
        face.line("note", &format!("{count} of the paper not true at the parameters of profile `{profile}`: not judged"));
    }
    for (text, figures) in &aside {
        let ids = if figures.len() > 3 { counted(figures.len(), "figure") } else { figures.join(", ") };
        face.line("note", &format!("{ids}: {text}; `condense accept` writes it"));
    }
    let done = built.done();
    tally.made = done.values().filter(|done| done.verdict != crate::engine::progress::Verdict::Reused).count();
    tally.reused = done.len() - tally.made;
    let what = if tally.made == 0 {
        format!("nothing to do: {} reused", tally.reused)
    } else {
        format!("{} made, {} reused", tally.made, tally.reused)
    };
    let text = format!(
        "{what}  {}/{} claims hold  {}/{} figures match the lock  {:.2}s",
        tally.hold,
        tally.claims,
        tally.locked,
        tally.figures,
        start.elapsed().as_secs_f64()
    );
    if exit == Exit::Ok {
        face.line("ok", &text);
        return Ok(Answer::well(""));
    }
    Ok(fail(session, exit, &text))
}

/// Whether a false claim is a failure. Claims speak of the paper's own parameters: of those in the entries, and of the
/// source's largest. Other profiles change the numbers on purpose (a network of sixteen neurons proves nothing), so
/// there claims are measured and shown, and fail nothing.
fn judges(profile: &str) -> bool {
    [DEFAULT_PROFILE, FULL_PROFILE].contains(&profile)
}

/// The last words of a run that is not well.
pub fn fail(session: &Session, exit: Exit, text: &str) -> Answer {
    session.face.line("FAIL", text);
    session.face.line("", &format!("exit {} ({})", exit as u8, exit.meaning()));
    Answer { text: String::new(), exit }
}

/// "1 step", "2 steps".
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn dry_run(session: &Session, ids: &[String]) -> Result<Answer, Trouble> {
    session.judged(|look: &Look| {
        let chosen = session.chosen(look.assembly, ids)?;
        let mut text = String::new();
        for id in chosen.iter().flat_map(|figure| figure.steps()) {
            let name = look.assembly.plan.step(id).name();
            match &look.steps[&id] {
                StepState::Done(_) => {}
                StepState::Stale(reasons) => text.push_str(&format!("{name}: {}\n", reasons.join(", "))),
                StepState::Waiting => text.push_str(&format!("{name}: if what it needs changes\n")),
            }
        }
        Ok(Answer::well(crate::cli::style::plain(&text)))
    })
}

/// A flag that SIGINT and SIGTERM set to their number; the second signal ends the process at once.
pub fn listen() -> Result<Arc<AtomicUsize>, Trouble> {
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

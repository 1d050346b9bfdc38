//! The verdict of a build: how the outputs stand to the lock, which claims hold, and the last line.

use crate::cli::exit::Exit;
use crate::cli::session::{Answer, Session};
use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::progress::Verdict;
use crate::paper::profile::judges;
use crate::pipeline::assembly::{Assembly, FigureSteps};
use crate::pipeline::check::Judged;
use crate::pipeline::locked::LockStatus;
use crate::pipeline::outputs;
use crate::pipeline::up_to_date::LastWords;
use crate::pipeline::{measured, seeds};
use crate::plot::text::significant;
use std::collections::BTreeMap;
use std::time::Instant;

/// What the last line counts.
#[derive(Default)]
pub struct Tally {
    made: usize,
    reused: usize,
    /// Claims, and those of them that hold.
    claims: usize,
    hold: usize,
    /// Claims that are true by construction, and those of them that came out so.
    identities: usize,
    kept: usize,
    /// Claims measured at further seeds, and those of them that hold there as asked.
    again: usize,
    robust: usize,
    /// Figures whose numbers do not depend on the seed.
    seedless: usize,
    figures: usize,
    locked: usize,
    /// What is worth a line and no failure.
    remarks: Vec<String>,
}

/// What a build did besides running steps.
pub struct Outcome {
    /// Files of the report that were written.
    pub written: usize,
    /// Steps that failed, with their exit code (only where the build was told to go on).
    pub failed: Option<(Exit, usize)>,
    /// When it began.
    pub start: Instant,
}

/// Compares with the lock, judges the claims, and says the last words. Where all is well they are given back, too: the
/// next build may say the same after an up-to-date check.
pub fn speak(
    session: &Session,
    assembly: &Assembly,
    chosen: &[&FigureSteps],
    (built, everything): (&Build, &Build),
    outcome: &Outcome,
) -> (Answer, Option<LastWords>) {
    let mut tally = Tally::default();
    let differs = compare(session, assembly, everything, &mut tally);
    let fails = judge(session, chosen, everything, &mut tally);
    remark_seeds(session, chosen, everything, &mut tally);
    let exits = [outcome.failed.map(|(exit, _)| exit), differs, fails];
    let done = built.done();
    tally.made = done.values().filter(|done| done.verdict != Verdict::Reused).count();
    tally.reused = done.len() - tally.made;
    let did = match (tally.made, outcome.written) {
        (0, 0) => "nothing to do".to_owned(),
        (0, written) => format!("nothing to compute, {} written", counted(written, "file")),
        (made, _) => format!("{made} made"),
    };
    let missing = chosen.iter().filter(|figure| outputs::of_figure(figure, everything).is_none()).count();
    let failed = outcome.failed.map_or(String::new(), |(_, count)| {
        format!("{} failed, {} not made, ", counted(count, "step"), counted(missing, "figure"))
    });
    let counts = |reused: usize| {
        let Tally { hold, claims, identities, kept, again, robust, seedless, locked, figures, .. } = tally;
        let mut seeds = if again > 0 { format!("  {robust}/{again} at further seeds, too") } else { String::new() };
        if identities > 0 {
            seeds.push_str(&format!("  {kept}/{} kept", counted(identities, "identity")));
        }
        if seedless > 0 {
            let whose = counted(seedless, "figure");
            seeds.push_str(&format!("  further seeds say nothing of {whose}: the numbers do not depend on the seed"));
        }
        format!("{reused} reused  {hold}/{claims} claims hold{seeds}  {locked}/{figures} figures match the lock")
    };
    let text = format!("{failed}{did}, {}  {}", counts(tally.reused), took(outcome.start));
    if let Some(exit) = exits.into_iter().flatten().next() {
        return (fail(session, exit, &text), None);
    }
    session.reporter.line("ok", &text);
    let counts = format!("nothing to do, {}", counts(done.len()));
    // The up-to-date check holds the outputs to the lock: where that does not know them all, every build looks at everything.
    let all = tally.locked == tally.figures;
    (Answer::well(""), all.then_some(LastWords { remarks: tally.remarks, counts }))
}

/// The time since then, as last lines tell it.
pub fn took(start: Instant) -> String {
    format!("{:.2}s", start.elapsed().as_secs_f64())
}

/// How the figures stand to the lock; the exit code where one differs from it.
fn compare(session: &Session, assembly: &Assembly, build: &Build, tally: &mut Tally) -> Option<Exit> {
    let reporter = &session.reporter;
    let mut aside: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut exit = None;
    let short = |digest: &Option<Digest>| digest.map_or("nothing".to_owned(), |digest| digest.short());
    for (figure, _, status) in outputs::statuses(assembly, build, &session.project.lock, &session.project.profile) {
        tally.figures += 1;
        match &status {
            LockStatus::Matches => tally.locked += 1,
            LockStatus::Differs(paths) => {
                exit = Some(Exit::Integrity);
                for (path, accepted, found) in paths {
                    let (accepted, found) = (short(accepted), short(found));
                    let text = format!("{path}: accepted {accepted}, made {found}; the declaration is the same");
                    reporter.line("differs", &text);
                }
                let (diff, accept) = (session.command_line("diff"), session.command_line("accept"));
                let help =
                    format!("{diff} {0}    says where; where the code was meant to change: {accept} {0}", figure.id);
                reporter.line("help", &help);
            }
            other => aside.entry(other.text()).or_default().push(&figure.id),
        }
    }
    for (text, figures) in &aside {
        let ids = if figures.len() > 3 { counted(figures.len(), "figure") } else { figures.join(", ") };
        let accept = session.command_line("accept");
        tally.remarks.push(format!("{ids}: {text}; `{accept}` writes it"));
    }
    tally.remarks.iter().for_each(|remark| reporter.line("note", remark));
    exit
}

/// Tells where `manifest.seeds` is not what this profile measured.
fn remark_seeds(session: &Session, chosen: &[&FigureSteps], build: &Build, tally: &mut Tally) {
    let recorded = &session.project.seeds.0;
    let other = measured::by_this_profile(&session.project, chosen, build).into_iter();
    let other = other.filter(|(id, now)| !recorded.get(id).is_some_and(|before| before.same(now)));
    let ids: Vec<String> = other.map(|(id, _)| id).collect();
    if !ids.is_empty() {
        let (ids, accept) = (ids.join(", "), session.command_line("accept"));
        let remark = format!("{ids}: further seeds are not as {} has them; `{accept}` writes it", seeds::NAME);
        session.reporter.line("note", &remark);
        tally.remarks.push(remark);
    }
}

/// Tells every claim that fails; the exit code where one does.
pub fn judge(session: &Session, chosen: &[&FigureSteps], build: &Build, tally: &mut Tally) -> Option<Exit> {
    let judged = judges(&session.project.profile);
    let number = |value: f64| significant(value, 4);
    let mut exit = None;
    for figure in chosen {
        if build.outcome(figure.check).is_none() {
            continue;
        }
        let stored = build.bytes(figure.check, "claims.json").ok();
        let Some(claims) = stored.and_then(|bytes| serde_json::from_slice::<Vec<Judged>>(&bytes).ok()) else {
            // What cannot be read was not judged: that is no verdict.
            session.reporter.line("failed", &format!("the claims of {} cannot be read", figure.id));
            exit = Some(Exit::Failed);
            continue;
        };
        let (identities, others): (Vec<&Judged>, Vec<&Judged>) = claims.iter().partition(|claim| claim.identity);
        let hold = |claims: &[&Judged]| claims.iter().filter(|claim| claim.holds).count();
        tally.claims += others.len();
        tally.hold += hold(&others);
        tally.identities += identities.len();
        tally.kept += hold(&identities);
        let again = || others.iter().filter(|claim| claim.measured_again());
        tally.seedless += usize::from(claims.iter().any(|claim| claim.seedless));
        tally.again += again().count();
        tally.robust += again().filter(|claim| claim.robust()).count();
        for claim in claims.iter().filter(|claim| !claim.holds && judged) {
            exit = Some(Exit::Claim);
            session.reporter.line("failed", &format!("claim {} of {}: {}", claim.id, figure.id, claim.says));
            let (measured, bound) = (number(claim.measured), claim.asked(number));
            session.reporter.line("", &format!("measured {measured}, asked for {bound}"));
        }
    }
    let false_ones = tally.claims - tally.hold + tally.identities - tally.kept;
    if false_ones > 0 && !judged {
        let (count, profile) = (counted(false_ones, "claim"), &session.project.profile);
        let remark = format!("{count} false at the parameters of profile `{profile}`: shown, not judged");
        session.reporter.line("note", &remark);
        tally.remarks.push(remark);
    }
    exit
}

/// The last words of a run that is not well.
pub fn fail(session: &Session, exit: Exit, text: &str) -> Answer {
    session.reporter.line("FAIL", text);
    session.reporter.line("", &format!("exit {} ({})", exit as u8, exit.meaning()));
    Answer { text: String::new(), exit }
}

/// "1 step", "2 steps", "3 identities".
pub fn counted(count: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("1 {noun}"),
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {noun}s"),
    }
}

//! The verdict of a build: how the outputs stand to the lock, which claims hold, and the last line.

use crate::cli::exit::Exit;
use crate::cli::session::{Answer, Session};
use crate::engine::build::Build;
use crate::engine::digest::Digest;
use crate::engine::progress::Verdict;
use crate::pipeline::check::Judged;
use crate::pipeline::locked::Standing;
use crate::pipeline::{Assembly, DEFAULT_PROFILE, FULL_PROFILE, Rooms, outputs};
use crate::plot::text::significant;
use std::collections::BTreeMap;
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

/// Compares with the lock, judges the claims, and says the last words.
pub fn speak(
    session: &Session,
    assembly: &Assembly,
    chosen: &[&Rooms],
    (built, everything): (&Build, &Build),
    mut exit: Exit,
    start: Instant,
) -> Answer {
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
                    let short = |digest: &Option<Digest>| digest.map_or("nothing".to_owned(), |digest| digest.short());
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
                let number = |value: f64| significant(value, 4);
                face.line("failed", &format!("claim {} of {}: {}", claim.id, figure.id, claim.says));
                face.line("", &format!("measured {}, asked for {}", number(claim.measured), claim.bound.text(number)));
            }
        }
    }
    if tally.unjudged > 0 {
        let (count, profile) = (counted(tally.unjudged, "claim"), &session.project.profile);
        face.line("note", &format!("{count} false at the parameters of profile `{profile}`: shown, not judged"));
    }
    for (text, figures) in &aside {
        let ids = if figures.len() > 3 { counted(figures.len(), "figure") } else { figures.join(", ") };
        face.line("note", &format!("{ids}: {text}; `condense accept` writes it"));
    }
    let done = built.done();
    tally.made = done.values().filter(|done| done.verdict != Verdict::Reused).count();
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
        return Answer::well("");
    }
    fail(session, exit, &text)
}

/// Whether a false claim is a failure. Claims speak of the paper's own parameters: of those in its entries, and of the
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

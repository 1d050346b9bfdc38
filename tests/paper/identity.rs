//! The same bits whatever computes them: any number of threads, debug and release, with and without wide instructions.
//! The committed lock is the yardstick: its `smoke` sections were accepted once, and every build has to meet them.

use crate::smallest;
use condense::num::level::{LEVELS, Level, at_most, processor_has};

/// The lock without the sections of a profile.
fn without(lock: &str, profile: &str) -> String {
    let head = format!("[{profile}.");
    lock.split_inclusive("\n\n").filter(|section| !section.starts_with(&head)).collect::<String>().trim_end().to_owned()
        + "\n"
}

#[test]
fn any_number_of_threads_writes_the_committed_lock() {
    let committed = std::fs::read_to_string(smallest::root().join("manifest.lock")).expect("the lock");
    let bare = without(&committed, "smoke");
    assert!(bare.len() < committed.len() && bare.contains("[default."), "the lock has both profiles");
    for jobs in ["1", "2", "7"] {
        let folder = smallest::copy();
        folder.write("manifest.lock", &bare);
        folder.ok(&["--profile", "smoke", "run", "-j", jobs]).says("not in the lock");
        folder.ok(&["--profile", "smoke", "accept"]);
        // All of it: accepting one profile also keeps what was accepted of the others.
        for (ours, theirs) in folder.read("manifest.lock").lines().zip(committed.lines()) {
            assert_eq!(ours, theirs, "-j{jobs}");
        }
        assert_eq!(folder.read("manifest.lock").len(), committed.len(), "-j{jobs}");
    }
}

#[test]
fn this_build_meets_the_lock_whatever_its_profile() {
    let figures = smallest::paper("smoke").manifest.figures.len();
    let run = smallest::copy().ok(&["--profile", "smoke", "report"]);
    run.says(&format!("{figures}/{figures} figures match the lock"));
}

#[test]
fn narrow_machines_compute_what_wide_ones_do() {
    let levels: Vec<Level> = LEVELS.into_iter().filter(|level| processor_has(*level)).collect();
    if levels.len() == 1 {
        eprintln!("SKIPPED: this processor knows no wide instructions, so there is only one path");
        return;
    }
    for figure in &smallest::paper("smoke").manifest.figures {
        let Some(entry) = smallest::entry(figure) else { continue };
        let plain = at_most(Level::Baseline, || smallest::run(figure, entry));
        for level in &levels {
            smallest::assert_same(&figure.id, &at_most(*level, || smallest::run(figure, entry)), &plain);
        }
    }
}

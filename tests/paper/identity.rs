//! The same bits whatever computes them: any number of threads, debug and release, with and without wide instructions, and
//! when it is done once more.
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
fn every_experiment_gives_the_same_finite_bits_on_every_path_and_twice() {
    let mut levels: Vec<Level> = LEVELS.into_iter().filter(|level| processor_has(*level)).collect();
    if levels.len() == 1 {
        eprintln!("SKIPPED: this processor knows no wide instructions, so there is only one path");
    }
    levels.push(levels[0]);
    for figure in &smallest::paper("smoke").manifest.figures {
        let Some(entry) = smallest::entry(figure) else { continue };
        let run = |level: &Level| at_most(*level, || smallest::run(figure, entry));
        let first = run(&levels[0]);
        assert!(!first.values.is_empty() && !first.frames.is_empty(), "{}: no results", figure.id);
        for (name, value) in &first.values {
            assert!(value.is_finite(), "{}: `{name}` is {value}", figure.id);
        }
        for (name, frame) in &first.frames {
            assert!(frame.rows() > 0, "{}: `{name}` has no row", figure.id);
            for numbers in frame.names().filter_map(|column| frame.numbers(column)) {
                assert!(numbers.iter().all(|number| number.is_finite()), "{}: `{name}`", figure.id);
            }
        }
        for level in &levels[1..] {
            smallest::assert_same(&figure.id, &run(level), &first);
        }
    }
}

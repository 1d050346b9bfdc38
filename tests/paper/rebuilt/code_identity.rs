//! Code identity, through real rebuilds of a copy of the sources: a comment reruns nothing; an edit reruns the figures
//! that reach it and no other; where the bits stay, nothing is redrawn and neither lock nor picture moves.

use super::workshop::Workshop;
use crate::smallest;
use condense_testing::paper::{self, Run};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The module that is edited: some experiments reach it, some do not.
const MODULE: &str = "condense_nn::theory::embed";
const FILE: &str = "crates/nn/src/theory/embed.rs";

/// Adds a text to the code of a file.
fn append(workshop: &Workshop, file: &str, text: &str) {
    let before = workshop.read(file);
    // Before the unit tests, which are no part of the code that computes.
    let at = before.find("#[cfg(test)]").unwrap_or(before.len());
    workshop.write(file, &format!("{}{text}\n\n{}", &before[..at], &before[at..]));
}

/// Reports the paper of the copy at tiny parameters; insists on success.
fn report(program: &Path, workshop: &Workshop) -> Run {
    let mut command = paper::command(program);
    command.args(["--profile", "smoke", "-v", "report"]).current_dir(workshop.path());
    Run::of(command.output().expect("it starts")).expect(0)
}

/// The lock and every picture and table. Pages name the code.
fn kept(workshop: &Workshop) -> BTreeMap<PathBuf, Vec<u8>> {
    let figures = smallest::files(&workshop.path().join("report/smoke/fig"), &|_| false);
    let figures = figures.into_iter().filter(|file| file.extension().is_none_or(|end| end != "html"));
    let files = figures.into_iter().chain([workshop.path().join("manifest.lock")]);
    files.map(|file| (file.clone(), fs::read(file).expect("bytes"))).collect()
}

#[test]
fn code_is_what_it_computes() {
    let (reach, all): (Vec<_>, Vec<_>) = {
        let figures = smallest::paper("smoke").manifest.figures;
        let reaches = |figure: &&condense::paper::figure::Figure| {
            smallest::entry(figure).is_some_and(|entry| entry.code.parts.iter().any(|(module, _)| *module == MODULE))
        };
        (figures.iter().filter(reaches).map(|figure| figure.id.clone()).collect(), figures)
    };
    assert!(!reach.is_empty() && reach.len() < all.len(), "some figures reach `{MODULE}`, some do not: {reach:?}");

    // The program of this repository, as it is.
    let workshop = Workshop::open("code-identity");
    let original = Path::new(env!("CARGO_BIN_EXE_condensation"));
    report(original, &workshop).says(&format!("{0}/{0} figures match the lock", all.len()));
    let before = kept(&workshop);
    assert!(before.len() > 2 * all.len(), "pictures and tables");

    // Comments, lines that only look different, and another place of the sources are no change.
    append(&workshop, FILE, "// A remark.\n\n\n/* Another. */");
    append(&workshop, "crates/nn/src/training/flow.rs", "// A remark.");
    // The page that shows the text of an experiment is written again, and nothing else.
    let shown = smallest::entry(&all[0]).expect("an experiment").file;
    append(&workshop, shown, "// A remark.");
    if workshop.build().is_none() {
        return;
    }
    let run = report(&workshop.program(), &workshop);
    let same =
        |figure: &&condense::paper::figure::Figure| smallest::entry(figure).is_some_and(|entry| entry.file == shown);
    let mut pages: Vec<String> = all.iter().filter(same).map(|figure| format!("page {}", figure.id)).collect();
    pages.sort();
    assert_eq!(run.steps(), pages);
    report(&workshop.program(), &workshop).says("nothing to do");

    // A change that keeps the bits: what reaches it runs once and stops there; cards name their code, so they are new.
    append(&workshop, FILE, "#[allow(dead_code)]\nfn idle(x: f64) -> f64 {\n    x + 1.0\n}");
    workshop.build();
    let run = report(&workshop.program(), &workshop).says(&format!("{0}/{0} figures match the lock", all.len()));
    let mut expected: Vec<_> = reach.iter().map(|id| format!("run {id}")).collect();
    expected.sort();
    let computed: Vec<String> = run.steps().into_iter().filter(|step| step.starts_with("run ")).collect();
    assert_eq!(computed, expected);
    assert_eq!(run.stderr.matches("same bytes as before").count(), reach.len(), "{}", run.stderr);
    let redone = run.steps().into_iter().filter(|step| step.starts_with("draw ") || step.starts_with("check "));
    assert_eq!(redone.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(kept(&workshop) == before, "the lock or a picture moved");
    report(&workshop.program(), &workshop).says("nothing to do");
}

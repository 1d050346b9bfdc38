//! Code identity, through real rebuilds of a copy of the sources: a comment reruns nothing; an edit reruns the figures
//! that reach it and no other; where the bits stay, nothing is redrawn and neither lock nor picture moves.

use super::workshop::Workshop;
use crate::smallest;

/// The module that is edited: some experiments reach it, some do not.
const MODULE: &str = "condense_nn::theory::embed";
const FILE: &str = "crates/nn/src/theory/embed.rs";

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

    let workshop = Workshop::new(0);
    if workshop.build().is_none() {
        return;
    }
    workshop.condense(&["report"]).says(&format!("{0}/{0} figures match the lock", all.len()));
    let before = workshop.kept();

    // A comment, and lines that only look different, are no change.
    workshop.append(FILE, "// A remark.\n\n\n/* Another. */");
    workshop.append("crates/nn/src/training/flow.rs", "// A remark.");
    workshop.build();
    let run = workshop.condense(&["report"]).says("nothing to do");
    assert!(run.steps().is_empty(), "{:?}", run.steps());

    // A change that keeps the bits: what reaches it runs once and stops there; cards name their code, so they are new.
    workshop.append(FILE, "#[allow(dead_code)]\nfn idle(x: f64) -> f64 {\n    x + 1.0\n}");
    workshop.build();
    let run = workshop.condense(&["report"]).says(&format!("{0}/{0} figures match the lock", all.len()));
    let expected = |verb: &str| reach.iter().map(|id| format!("{verb} {id}")).collect::<Vec<_>>();
    let computed: Vec<String> = run.steps().into_iter().filter(|step| step.starts_with("run ")).collect();
    let mut expected_runs = expected("run");
    expected_runs.sort();
    assert_eq!(computed, expected_runs);
    assert_eq!(run.stderr.matches("same bytes as before").count(), reach.len(), "{}", run.stderr);
    let redone = run.steps().into_iter().filter(|step| step.starts_with("draw ") || step.starts_with("check "));
    assert_eq!(redone.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(workshop.kept() == before, "the lock or a picture moved");
    workshop.condense(&["report"]).says("nothing to do");
}

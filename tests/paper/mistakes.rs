//! Mistakes in entries of figures that an experiment computes: experiments and parameters are known by name and type. (All
//! other kinds are tried with the bare program.)

use condense_testing::mistakes::try_each;
use condense_testing::paper::Paper;

const MANIFEST: &str = r#"[paper]
title = "A small paper"
standfirst = "One figure."
authors = ["A. Tester"]
source = "no talk"

[[figure]]
id = "lines"
slide = "Lines"
experiment = "condensation_1d"
seed = 0
fidelity = "faithful"

[figure.params]
width = 20
"#;

const PAGE: &str = "# Lines\n\nThey condense.\n";

fn small() -> Paper {
    let paper = Paper::empty(env!("CARGO_BIN_EXE_condensation"));
    paper.write("manifest.toml", MANIFEST);
    paper.write("figures/lines.md", PAGE);
    paper
}

#[test]
fn every_kind_of_mistake_in_the_entry_of_an_experiment_is_told_with_its_place() {
    assert_eq!(try_each(small, include_str!("mistakes.txt"), "manifest.toml"), 6);
}

#[test]
fn check_notes_experiments_that_no_figure_uses() {
    let run = small().ok(&["check"]).says("no figure uses experiment `phase_diagram_two_layer`");
    assert!(!run.stderr.contains("`condensation_1d`"), "{}", run.stderr);
}

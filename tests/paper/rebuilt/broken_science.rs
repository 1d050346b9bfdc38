//! Claims are worth something: with a fault in the science they turn red. The faults are put into a copy of the sources, each
//! behind a switch, so that the copy is built once; then it is run with one of them at a time.

use super::workshop::Workshop;
use condense_testing::paper::{self, Run};

/// A fault, and a figure that must notice. `BROKEN` in its text stands for its switch.
struct Fault {
    what: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    figure: &'static str,
}

const FAULTS: [Fault; 5] = [
    Fault {
        what: "the slope of tanh is 1 - tanh",
        file: "crates/nn/src/nets/activation.rs",
        right: "t.mul_add(-t, t.splat(1.0))",
        wrong: "if BROKEN { t.splat(1.0) - t } else { t.mul_add(-t, t.splat(1.0)) }",
        figure: "typical-training",
    },
    Fault {
        what: "the gradient is a sum over the samples, not their mean",
        file: "crates/nn/src/training/pass.rs",
        right: "(2.0 * scale / n)",
        wrong: "(2.0 * scale / if BROKEN { 1.0 } else { n })",
        figure: "condensation-1d-small-init",
    },
    Fault {
        what: "the bias is dropped",
        file: "crates/nn/src/training/pass.rs",
        right: "let mut z = w[D - 1];",
        wrong: "let mut z = if BROKEN { simd.splat(0.0) } else { w[D - 1] };",
        figure: "typical-training",
    },
    Fault {
        what: "the output is multiplied by the unit of time, not divided",
        file: "crates/nn/src/theory/units.rs",
        right: "normalised.scale / self.time()",
        wrong: "normalised.scale * if BROKEN { self.time() } else { 1.0 / self.time() }",
        figure: "normalized-flow",
    },
    Fault {
        what: "the halves of a split neuron keep its whole output weight",
        file: "crates/nn/src/theory/embed.rs",
        right: "a[j] = shares[0] * net.a[j];",
        wrong: "a[j] = if BROKEN { 1.0 } else { shares[0] } * net.a[j];",
        figure: "splitting-embedding",
    },
];

/// The switch: which fault is on, by its number, which begins at 1.
const SWITCH: &str = "
static BROKEN: std::sync::LazyLock<usize> =
    std::sync::LazyLock::new(|| std::env::var(\"BROKEN\").map_or(0, |fault| fault.parse().expect(\"a number\")));

#[inline(always)]
pub(crate) fn broken(fault: usize) -> bool {
    *BROKEN == fault
}
";

/// The packages that compute. (At a lower level code would be shared with packages that are not optimised.)
const OPTIMISED: [&str; 3] = ["condense-num", "condense-nn", "condensation"];

/// The faults, as edits of the sources; and what makes whole figures quick to compute: optimised packages, and one seed.
fn edits(path: &str, text: &str) -> Option<String> {
    let mut edited = match path {
        "Cargo.toml" => OPTIMISED.iter().fold(text.to_owned(), |text, package| {
            text + &format!("\n[profile.dev.package.{package}]\nopt-level = 2\n")
        }),
        "crates/nn/src/lib.rs" => text.to_owned() + SWITCH,
        "manifest.toml" => {
            let seeds = "[robustness]\nseeds = 5";
            assert!(text.contains(seeds), "the paper's further seeds stand elsewhere");
            text.replace(seeds, "[robustness]\nseeds = 0")
        }
        "manifest.lock" => String::new(),
        _ => text.to_owned(),
    };
    for (at, fault) in FAULTS.iter().enumerate().filter(|(_, fault)| fault.file == path) {
        assert_eq!(text.matches(fault.right).count(), 1, "`{}` in {path}", fault.right);
        let wrong = fault.wrong.replace("BROKEN", &format!("crate::broken({})", at + 1));
        edited = edited.replace(fault.right, &wrong);
    }
    (edited != text).then_some(edited)
}

#[test]
#[ignore = "compiles for a minute and a half: `make broken`, and `.ci/run`"]
fn a_fault_in_the_science_turns_claims_red() {
    let workshop = Workshop::edited("broken-science", edits);
    if workshop.build().is_none() {
        return;
    }
    let run = |switch: usize, figure: &str| {
        let mut command = paper::command(&workshop.program());
        command.args(["run", figure]).current_dir(workshop.path()).env("BROKEN", switch.to_string());
        let run = Run::of(command.output().expect("it starts"));
        // What was computed with the fault is of no use to the next run.
        std::fs::remove_dir_all(workshop.path().join(".condense")).expect("the store");
        run
    };
    for (at, fault) in FAULTS.iter().enumerate() {
        let broken = run(at + 1, fault.figure);
        let red = broken.stderr.matches("failed  claim").count();
        eprintln!("{}: {red} claims of {} turn red", fault.what, fault.figure);
        assert_eq!(broken.code, 5, "{}: no claim of {} noticed\n{}", fault.what, fault.figure, broken.stderr);
        let right = run(0, fault.figure);
        assert_eq!(right.code, 0, "{} without a fault\n{}", fault.figure, right.stderr);
    }
}

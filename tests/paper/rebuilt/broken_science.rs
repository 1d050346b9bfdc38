//! Claims are worth something: with a fault in the science they turn red. The faults are put into a copy of the sources, each
//! where the figure of another passes by, and the copy is built and run.

use super::workshop::Workshop;

/// A fault, and a figure that must notice.
struct Fault {
    what: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
    figure: &'static str,
}

/// Built together where they do not meet: what shows one of them is not touched by the other (Adam takes no notice of the
/// size of a gradient, and ReLU has no tanh).
const ROUNDS: [&[Fault]; 2] = [
    &[
        Fault {
            what: "the slope of tanh is 1 - tanh",
            file: "crates/nn/src/nets/activation.rs",
            right: "t.mul_add(-t, t.splat(1.0))",
            wrong: "t.splat(1.0) - t",
            figure: "typical-training",
        },
        Fault {
            what: "the gradient is a sum over the samples, not their mean",
            file: "crates/nn/src/training/pass.rs",
            right: "point.output_gradient = error * (2.0 * scale / n);",
            wrong: "point.output_gradient = error * (2.0 * scale);",
            figure: "condensation-1d-small-init",
        },
    ],
    &[Fault {
        what: "the bias is dropped",
        file: "crates/nn/src/training/pass.rs",
        right: "let mut z = w[D - 1];",
        wrong: "let mut z = simd.splat(0.0);",
        figure: "typical-training",
    }],
];

#[test]
fn a_fault_in_the_science_turns_claims_red() {
    let workshop = Workshop::new(1);
    std::fs::remove_file(workshop.folder.file("manifest.lock")).expect("the lock");
    for faults in ROUNDS {
        for fault in faults {
            workshop.folder.edit(fault.file, fault.right, fault.wrong);
        }
        if workshop.build().is_none() {
            return;
        }
        for fault in faults {
            let run = workshop.run(&["run", fault.figure]);
            eprintln!("{}: {} of {}", fault.what, run.stderr.matches("failed  claim").count(), fault.figure);
            assert_eq!(run.code, 5, "{}: no claim of {} noticed\n{}", fault.what, fault.figure, run.stderr);
            workshop.folder.edit(fault.file, fault.wrong, fault.right);
        }
    }
}

//! Faults of the figures on large systems and the phenomenon.

use super::Fault;

pub const FAULTS: &[Fault] = &[
    Fault {
        what: "the columns of grams and neurons are exchanged",
        file: "src/experiments/large_systems/scale_of_learning_systems.rs",
        right: "(brains.numbers(\"grams\")?, brains.numbers(\"neurons\")?)",
        wrong: "(brains.numbers(if BROKEN { \"neurons\" } else { \"grams\" })?, brains.numbers(if BROKEN { \"grams\" } else { \"neurons\" })?)",
        figures: &["scale-of-learning-systems"],
    },
    Fault {
        what: "rows are taken to be counted from 1",
        file: "src/experiments/large_systems/scale_of_learning_systems.rs",
        right: ".position(|own| own == name)",
        wrong: ".position(|own| own == name)\n            .map(|row| if BROKEN { row.saturating_sub(1) } else { row })",
        figures: &["scale-of-learning-systems"],
    },
    Fault {
        what: "the growth is upside down",
        file: "src/experiments/large_systems/scale_of_learning_systems.rs",
        right: "largest(2021.0) / largest(2018.0)",
        wrong: "if BROKEN { largest(2018.0) / largest(2021.0) } else { largest(2021.0) / largest(2018.0) }",
        figures: &["scale-of-learning-systems"],
    },
    Fault {
        what: "the small start grows with the width, where it should shrink",
        file: "src/experiments/large_systems/generalization_gap.rs",
        right: "pow(width as f64, -exponent)",
        wrong: "pow(width as f64, if BROKEN { exponent } else { -exponent })",
        figures: &["generalization-gap"],
    },
    Fault {
        what: "the small and the large start are exchanged",
        file: "src/experiments/large_systems/generalization_gap.rs",
        right: "params.exponents[cell / each]",
        wrong: "params.exponents[if BROKEN { 1 - cell / each } else { cell / each }]",
        figures: &["generalization-gap"],
    },
    Fault {
        what: "the change over the widths is upside down",
        file: "src/experiments/large_systems/generalization_gap.rs",
        right: "test(rows, f64::max) / test(rows, f64::min)",
        wrong: "if BROKEN { test(rows, f64::min) / test(rows, f64::max) } else { test(rows, f64::max) / test(rows, f64::min) }",
        figures: &["generalization-gap"],
    },
    Fault {
        what: "the errors on the samples and on the test are exchanged",
        file: "src/experiments/large_systems/generalization_gap.rs",
        right: "[train / self.x.len() as f64, test / TESTS as f64]",
        wrong: "if BROKEN { [test / TESTS as f64, train / self.x.len() as f64] } else { [train / self.x.len() as f64, test / TESTS as f64] }",
        figures: &["generalization-gap"],
    },
    Fault {
        what: "the widths are in the opposite order",
        file: "src/experiments/large_systems/generalization_gap.rs",
        right: "params.widths[cell % each / draws]",
        wrong: "params.widths[if BROKEN { params.widths.len() - 1 - cell % each / draws } else { cell % each / draws }]",
        figures: &["generalization-gap"],
    },
    Fault {
        what: "both input weights are read from the first block",
        file: "src/experiments/phenomenon/condensation_illustration.rs",
        right: "theta[2 * width + k]",
        wrong: "theta[if BROKEN { width + k } else { 2 * width + k }]",
        figures: &["condensation-illustration"],
    },
    Fault {
        what: "the deviation of the start is taken for its variance",
        file: "src/experiments/phenomenon/condensation_1d.rs",
        right: "p.width, std, std, &ctx",
        wrong: "p.width, if BROKEN { std.sqrt() } else { std }, if BROKEN { std.sqrt() } else { std }, &ctx",
        figures: &["condensation-1d-evolution"],
    },
    Fault {
        what: "the small start and the large one are exchanged",
        file: "src/experiments/phenomenon/condensation_transformer.rs",
        right: "[p.small_std, p.large_std][run]",
        wrong: "[p.small_std, p.large_std][if BROKEN { 1 - run } else { run }]",
        figures: &["condensation-transformer"],
    },
    Fault {
        what: "the small start and the large one are exchanged",
        file: "src/experiments/phenomenon/condensation_cnn_mnist.rs",
        right: "if run == 0 { p.small_std }",
        wrong: "if (run == 0) != BROKEN { p.small_std }",
        figures: &["condensation-cnn-mnist"],
    },
    Fault {
        what: "all kernels start as the first one",
        file: "src/experiments/phenomenon/condensation_cnn_mnist.rs",
        right: "let kernels = draw(p.channels * SIZE * SIZE, own(SIZE * SIZE));",
        wrong: "let mut kernels: Vec<f32> = draw(p.channels * SIZE * SIZE, own(SIZE * SIZE));\n    if BROKEN {\n        kernels = kernels[..SIZE * SIZE].repeat(p.channels);\n    }",
        figures: &["condensation-cnn-mnist"],
    },
    Fault {
        what: "the velocity is forgotten from step to step",
        file: "crates/nn/src/nets/dense.rs",
        right: "speed.store(velocity);",
        wrong: "if !BROKEN {\n            speed.store(velocity);\n        }",
        figures: &["condensation-cnn-mnist"],
    },
];

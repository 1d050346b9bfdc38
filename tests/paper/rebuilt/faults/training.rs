//! Faults of the figures on a typical training.

use super::Fault;

pub const FAULTS: &[Fault] = &[
    Fault {
        what: "an epoch of the wide flow takes the rate, not twice the rate",
        file: "crates/nn/src/training/course.rs",
        right: "span.tolerance), 2.0 * span.rate);",
        wrong: "span.tolerance), if BROKEN { 1.0 } else { 2.0 } * span.rate);",
        figures: &["typical-training"],
    },
    Fault {
        what: "the narrow flow's time is multiplied by the rate twice",
        file: "crates/nn/src/training/course.rs",
        right: "flow.flow_to(span.epochs * span.rate,",
        wrong: "flow.flow_to(span.epochs * if BROKEN { span.rate * span.rate } else { span.rate },",
        figures: &["typical-training", "loss-trajectory", "critical-function-identification"],
    },
    Fault {
        what: "the start is a hundred times larger",
        file: "src/experiments/training/typical_training.rs",
        right: "let std = pow(p.width as f64, p.power);",
        wrong: "let std = if BROKEN { 100.0 } else { 1.0 } * pow(p.width as f64, p.power);",
        figures: &["typical-training", "loss-trajectory", "intermediate-condensation"],
    },
    Fault {
        what: "the third step of the target lies at the second",
        file: "crates/nn/src/tasks/task.rs",
        right: "math::tanh(x - 7.0)",
        wrong: "math::tanh(x - if BROKEN { 0.0 } else { 7.0 })",
        figures: &["typical-training", "loss-trajectory", "intermediate-condensation"],
    },
    Fault {
        what: "all neurons are one group",
        file: "crates/nn/src/measures/carried.rs",
        right: "similarity(&gathered.group.leader, &neuron, direction) > cosine;",
        wrong: "similarity(&gathered.group.leader, &neuron, direction) > if BROKEN { -1.0 } else { cosine };",
        figures: &["typical-training", "intermediate-condensation", "final-condensation"],
    },
    Fault {
        what: "the spread is of sines of the wrong angle: not squared",
        file: "crates/nn/src/measures/carried.rs",
        right: "group.spread += size * powi(atan2((1.0 - cos * cos).sqrt(), cos), 2);",
        wrong: "group.spread += size * powi(atan2((1.0 - cos * cos).sqrt(), cos), if BROKEN { 1 } else { 2 });",
        figures: &["typical-training"],
    },
    Fault {
        what: "every neuron starts with the same weights",
        file: "crates/nn/src/nets/packed.rs",
        right: "w: std::array::from_fn(|_| std_w * w.normal()) };",
        wrong: "w: std::array::from_fn(|_| std_w * if BROKEN { w.clone().normal() } else { w.normal() }) };",
        figures: &["initial-condensation"],
    },
    Fault {
        what: "opposite input weights are one direction",
        file: "crates/nn/src/measures/measure.rs",
        right: "if direction == Direction::Line { cosine.abs() }",
        wrong: "if BROKEN || direction == Direction::Line { cosine.abs() }",
        figures: &["initial-condensation"],
    },
    Fault {
        what: "the learning rate is ten times larger",
        file: "src/experiments/training/initial_condensation.rs",
        right: "Adam { rate, beta1: 0.9,",
        wrong: "Adam { rate: if BROKEN { 10.0 } else { 1.0 } * rate, beta1: 0.9,",
        figures: &["initial-condensation"],
    },
    Fault {
        what: "the activations stand in the opposite order",
        file: "src/experiments/training/initial_condensation.rs",
        right: "let (activation, _, factor) = CASES[case];",
        wrong: "let (activation, _, factor) = CASES[if BROKEN { CASES.len() - 1 - case } else { case }];",
        figures: &["initial-condensation"],
    },
    Fault {
        what: "on a line each activation is taken for the next",
        file: "src/experiments/training/initial_condensation.rs",
        right: "Packed::gaussian(activation, p.line_width,",
        wrong: "Packed::gaussian(if BROKEN { CASES[(case + 1) % SMOOTH].0 } else { activation }, p.line_width,",
        figures: &["initial-condensation"],
    },
    Fault {
        what: "polynomials have one degree more",
        file: "src/experiments/training/initial_condensation.rs",
        right: "let design = legendre(&points, degree);",
        wrong: "let design = legendre(&points, degree + usize::from(BROKEN));",
        figures: &["initial-condensation"],
    },
    Fault {
        what: "training ends where the square of the loss is below the tolerance",
        file: "crates/nn/src/training/train.rs",
        right: "trainer.loss() >= tolerance ||",
        wrong: "trainer.loss() >= (if BROKEN { tolerance.sqrt() } else { tolerance }) ||",
        figures: &["final-condensation", "generalization-init-scale"],
    },
];

//! Faults of the figures on the regimes.

use super::Fault;

pub const FAULTS: &[Fault] = &[
    Fault {
        what: "the output is multiplied by the unit of time, not divided",
        file: "crates/nn/src/theory/units.rs",
        right: "normalised.scale / self.time()",
        wrong: "if BROKEN { normalised.scale * self.time() } else { normalised.scale / self.time() }",
        figures: &["normalized-flow"],
    },
    Fault {
        what: "the network that should not keep the balance is of ReLU, too",
        file: "src/experiments/regime/normalized_flow.rs",
        right: "activation: Activation::Tanh, ..network.clone()",
        wrong: "activation: if BROKEN { Activation::Relu } else { Activation::Tanh }, ..network.clone()",
        figures: &["normalized-flow"],
    },
    Fault {
        what: "the input weights are missing from κ",
        file: "src/experiments/regime/initialization_schemes.rs",
        right: "beta1 * beta2 / alpha",
        wrong: "beta1 * if BROKEN { 1.0 } else { beta2 } / alpha",
        figures: &["initialization-schemes"],
    },
    Fault {
        what: "the sum is divided by the root of the width once more",
        file: "crates/nn/src/tasks/four_points.rs",
        right: "scale: at.kappa(m),",
        wrong: "scale: if BROKEN { at.kappa(m) / m.sqrt() } else { at.kappa(m) },",
        figures: &["phase-diagram-two-layer", "feature-distribution", "typical-cases"],
    },
    Fault {
        what: "κ is rooted",
        file: "crates/nn/src/theory/phase_plane.rs",
        right: "math::pow(m, -self.gamma)",
        wrong: "math::pow(m, if BROKEN { -0.5 * self.gamma } else { -self.gamma })",
        figures: &["feature-distribution", "typical-cases"],
    },
    Fault {
        what: "the distance itself is fitted, not its logarithm",
        file: "crates/nn/src/theory/survey.rs",
        right: "math::ln(network.relative_distance(&end, &start, 0..network.width / 2));",
        wrong: "{ let distance = network.relative_distance(&end, &start, 0..network.width / 2); if BROKEN { distance } else { math::ln(distance) } };",
        figures: &["phase-diagram-two-layer"],
    },
    Fault {
        what: "the first step of a course is taken for its last",
        file: "src/experiments/regime/regime_theorems.rs",
        right: "self.course.last().map_or",
        wrong: "if BROKEN { self.course.first() } else { self.course.last() }.map_or",
        figures: &["regime-theorems"],
    },
    Fault {
        what: "the Gram matrix has the sign of the flow",
        file: "src/experiments/regime/regime_theorems.rs",
        right: "eigen::symmetric(&tangent.kernel).0[0]",
        wrong: "eigen::symmetric(&(if BROKEN { -1.0 } else { 1.0 } * &tangent.kernel)).0[0]",
        figures: &["regime-theorems"],
    },
    Fault {
        what: "the factor of the network is the root of κ",
        file: "crates/nn/src/training/three_flow.rs",
        right: "scale: pow(m, -gamma_3),",
        wrong: "scale: pow(m, if BROKEN { -0.5 * gamma_3 } else { -gamma_3 }),",
        figures: &["phase-diagram-three-layer"],
    },
    Fault {
        what: "the weights start with deviation 1/√m, where it should be 1",
        file: "crates/nn/src/training/three_flow.rs",
        right: "(self.inputs.ncols() + self.width + 1), 1.0)",
        wrong: "(self.inputs.ncols() + self.width + 1), if BROKEN { 1.0 / (self.width as f64).sqrt() } else { 1.0 })",
        figures: &["phase-diagram-three-layer"],
    },
    Fault {
        what: "the logarithm of the width is fitted over that of the distance",
        file: "src/experiments/regime/phase_diagram_three_layer.rs",
        right: "line_fit(&logs, &distances[layer]).slope",
        wrong: "if BROKEN { line_fit(&distances[layer], &logs).slope } else { line_fit(&logs, &distances[layer]).slope }",
        figures: &["phase-diagram-three-layer"],
    },
];

//! Faults of the figures on the origin of condensation.

use super::Fault;

pub const FAULTS: &[Fault] = &[
    Fault {
        what: "the splines of a grid are taken for their neighbours to the right",
        file: "crates/nn/src/nets/kan.rs",
        right: "Near { first: first as i64,",
        wrong: "Near { first: first as i64 + i64::from(BROKEN),",
        figures: &["kan-symmetry"],
    },
    Fault {
        what: "the coefficients of a polynomial are taken at other knots",
        file: "crates/nn/src/tasks/spline_target.rs",
        right: "[2.0, 1.0, 0.0]",
        wrong: "(if BROKEN { [1.0, 0.0, -1.0] } else { [2.0, 1.0, 0.0] })",
        figures: &["kan-symmetry"],
    },
    Fault {
        what: "merged input weights move at the rate of their copies",
        file: "src/experiments/origin/permutation_symmetry.rs",
        right: "[k, 1.0 / k]",
        wrong: "[k, if BROKEN { 1.0 } else { 1.0 / k }]",
        figures: &["permutation-symmetry"],
    },
    Fault {
        what: "the penalty that stands for dropout has no gradient",
        file: "crates/nn/src/training/regularised.rs",
        right: "smooth: 2.0 * (1.0 - keep) / (n * keep)",
        wrong: "smooth: if BROKEN { 0.0 } else { 2.0 * (1.0 - keep) / (n * keep) }",
        figures: &["facilitate-condensation"],
    },
    Fault {
        what: "what dropout keeps is not divided by its chance",
        file: "crates/nn/src/training/regularised.rs",
        right: "1.0 / rounded(keep)",
        wrong: "if BROKEN { 1.0 } else { 1.0 / rounded(keep) }",
        figures: &["facilitate-condensation"],
    },
    Fault {
        what: "the intervals of every grid have length one",
        file: "crates/nn/src/nets/kan.rs",
        right: "let u = (x - self.low) * scale;",
        wrong: "let u = (x - self.low) * if BROKEN { 1.0 } else { scale };",
        figures: &["kan-symmetry", "kan-experiment", "model-rank"],
    },
    Fault {
        what: "width and number of splines are exchanged",
        file: "src/experiments/origin/kan_experiment.rs",
        right: "let ([width, splines], n) = (p.nets[cell / each], p.samples[cell % each / p.draws]);",
        wrong: "let ([mut width, mut splines], n) = (p.nets[cell / each], p.samples[cell % each / p.draws]);
            if BROKEN {
                std::mem::swap(&mut width, &mut splines);
            }",
        figures: &["kan-experiment"],
    },
    Fault {
        what: "the tangent by a value of attention has the token itself in the place of the mean",
        file: "crates/nn/src/nets/attention_tangent.rs",
        right: "column(Part::Output, c)[o] * mean[i]",
        wrong: "column(Part::Output, c)[o] * if BROKEN { own[i] } else { mean[i] }",
        figures: &["transformer-symmetry"],
    },
    Fault {
        what: "the softmax of attention is not divided by its sum",
        file: "crates/nn/src/training/readout.rs",
        right: "chances[t] /= sum;",
        wrong: "chances[t] /= if BROKEN { 1.0 } else { sum };",
        figures: &["transformer-symmetry"],
    },
    Fault {
        what: "the test sequences are the samples",
        file: "src/experiments/origin/transformer_symmetry.rs",
        right: "(task(\"samples\", n), task(\"test\", TEST))",
        wrong: "(task(\"samples\", n), if BROKEN { task(\"samples\", n) } else { task(\"test\", TEST) })",
        figures: &["transformer-symmetry"],
    },
    Fault {
        what: "at equal rates the rates are those of the theorem",
        file: "src/experiments/origin/permutation_symmetry.rs",
        right: "descend(narrow, y, &mut same, &own);",
        wrong: "descend(narrow, y, &mut same, if BROKEN { rates } else { &own });",
        figures: &["permutation-symmetry"],
    },
    Fault {
        what: "dropout and the penalty never join later",
        file: "crates/nn/src/training/regularised.rs",
        right: "self.regulariser = regulariser;",
        wrong: "self.regulariser = if BROKEN { self.regulariser } else { regulariser };",
        figures: &["facilitate-condensation"],
    },
    Fault {
        what: "a batch is all samples",
        file: "crates/nn/src/training/batches.rs",
        right: "let size = size.clamp(1, n);",
        wrong: "let size = if BROKEN { n } else { size.clamp(1, n) };",
        figures: &["facilitate-condensation"],
    },
    Fault {
        what: "training by batches drops neurons, too",
        file: "crates/nn/src/training/regularised.rs",
        right: "if let Regulariser::Dropout(keep) = self.regulariser {\n            self.coins.toss",
        wrong: "let dropout = match self.regulariser {
            Regulariser::Dropout(keep) => Some(keep),
            Regulariser::Batch(_) if BROKEN => Some(0.9),
            _ => None,
        };
        if let Some(keep) = dropout {\n            self.coins.toss",
        figures: &["facilitate-condensation"],
    },
    Fault {
        what: "shares are not squared in the effective number of directions",
        file: "crates/nn/src/measures/measure.rs",
        right: "|p| p * p).sum::<f64>()",
        wrong: "|p| if BROKEN { *p } else { p * p }).sum::<f64>()",
        figures: &["facilitate-condensation"],
    },
    Fault {
        what: "the small start is forgotten",
        file: "src/experiments/origin/facilitate_condensation.rs",
        right: "let (_, _, [a, w], rate, with) = WAYS[cell % WAYS.len()];",
        wrong: "let (_, _, [a, w], rate, with) = WAYS[if BROKEN && cell % WAYS.len() == 1 { 0 } else { cell % WAYS.len() }];",
        figures: &["facilitate-condensation"],
    },
    Fault {
        what: "training with dropout and without are exchanged in the heat map",
        file: "src/experiments/origin/facilitate_condensation.rs",
        right: "[at / p.samples % 2];",
        wrong: "[(at / p.samples + usize::from(BROKEN)) % 2];",
        figures: &["facilitate-condensation"],
    },
];

//! Condensed critical points exist: a narrow minimum, split, is a strict saddle of every wider loss (slide "Existance of condensed critical points").
//! Only the synthetic column of the source's figure; its Iris column is not computed here.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::vector::norm1;
use condense_nn::theory::critical::{Inertia, Landscape};
use condense_nn::theory::embed::split_equally;
use condense_nn::theory::search::{Found, Search};

/// Hessian spectra of the width-2 minimum of the three-step data and of its equal splits into widths 3 and 4.
///
/// Source: Zhang et al., NeurIPS 2021, "Embedding Principle of Loss Landscape of Deep Neural Networks".
pub struct CondensedCriticalExistence;

params! {
    /// Settings.
    pub struct Params {
        /// Width of the narrow minimum.
        pub width: usize = 2, at_least 1;
        /// The narrow neuron of smallest output weight is split into up to this many.
        pub parts: usize = 3, at_least 1;
        /// Random starts of the solver; the critical point of lowest loss is taken.
        pub starts: usize = 24, at_least 1;
        /// Standard deviations of the starts: output weight, input weight, bias.
        pub std: [f64; 3] = [2.0, 0.7, 4.0], such_that |std| std.iter().all(|std| *std > 0.0), "must be above 0";
        /// Most steps of Levenberg–Marquardt, and again of Newton.
        pub steps: usize = 150;
        /// Eigenvalues up to this size count as zero (the source's dashed line).
        pub zero: f64 = 1e-11, above 0.0;
    }
}

/// Eigenvalues are drawn no lower than this.
const FLOOR: f64 = 1e-18;

impl Experiment for CondensedCriticalExistence {
    type Params = Params;

    fn working_set(params: &Params) -> Option<usize> {
        // The Hessian of the widest network, with its eigenvectors, and every start's network.
        let parameters = 3 * (params.width + params.parts);
        Some(8 * parameters * parameters + params.starts * parameters)
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let landscape = Landscape::three_steps();
        let search = Search { landscape: &landscape, starts: params.starts, std: params.std, steps: params.steps };
        let found = search.lowest(&[params.width], ctx)?;
        let Found { point: narrow, starts } = &found[0];

        let mut results = Results::default();
        let (mut spectra, mut table) = (Vec::new(), Vec::new());
        for parts in 1..=params.parts {
            let net = split_equally(&narrow.net, params.width - 1, parts);
            let (loss, slope) = (landscape.loss(&net), norm1(&landscape.gradient(&net)));
            let spectrum = landscape.spectrum(&net);
            let inertia = Inertia::of(&spectrum, params.zero);
            for (at, value) in spectrum.iter().enumerate() {
                let size = value.abs().max(FLOOR);
                spectra.push([net.width() as f64, at as f64 + 1.0, *value, size, value.signum()]);
            }
            let counts = [inertia.negative, inertia.zero, inertia.positive].map(|count| count as f64);
            for (name, count) in ["negative", "zero", "positive"].iter().zip(counts) {
                results.value(&format!("m{}.{name}", net.width()), count);
            }
            let [negative, zero, positive] = counts;
            table.push([net.width() as f64, loss, slope, spectrum[0], negative, zero, positive]);
        }
        let worst = |column: usize, from: f64| table.iter().map(|row| (row[column] - from).abs()).fold(0.0, f64::max);
        results.value("loss", narrow.loss);
        results.value("loss.change", worst(1, narrow.loss));
        results.value("gradient", worst(2, 0.0));
        results.value("starts.lowest", *starts as f64);
        for (k, &a) in narrow.net.a.iter().enumerate() {
            results.value(&format!("neuron{}.a", k + 1), a);
        }
        results.frame("spectra", Frame::from_rows(&["width", "index", "eigenvalue", "size", "sign"], spectra));
        let heads = ["width", "loss", "gradient", "lowest", "negative", "zero", "positive"];
        results.frame("points", Frame::from_rows(&heads, table));
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_split_adds_one_negative_one_zero_and_one_positive_eigenvalue() {
        let (inputs, params) = (BTreeMap::new(), Params { width: 1, parts: 2, starts: 4, ..Params::default() });
        let run = || CondensedCriticalExistence::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        let counts = |m: usize| ["negative", "zero", "positive"].map(|name| results.values[&format!("m{m}.{name}")]);
        assert_eq!((counts(1), counts(2)), ([0.0, 0.0, 3.0], [1.0, 1.0, 4.0]));
    }
}

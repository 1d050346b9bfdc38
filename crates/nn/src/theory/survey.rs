//! Trainings on the four points of a parabola at many places of the phase plane and at many widths: how far the weights
//! went, and what was learned. It knows neither which places nor what for.

use crate::nets::bias::line_with_bias;
use crate::nets::two_layer::TwoLayer;
use crate::tasks::four_points::mirrored_network;
use crate::theory::phase_plane::Point;
use crate::theory::scaling::Scaling;
use crate::training::flow::Flow;
use condense_experiment::{Context, Stop};
use condense_num::math;
use condense_num::stats::{linspace, mean};
use std::fmt;

/// How each training goes.
#[derive(Clone, Copy, Debug)]
pub struct Survey {
    /// Trainings for each place and width; the mean of ln RD counts.
    pub seeds: usize,
    /// Training ends below this mean square.
    pub goal: f64,
    /// The integrator's tolerance.
    pub tolerance: f64,
}

/// The hardest trainings take about a thousand steps.
const STEPS: usize = 20_000;

/// Where outputs are drawn: samples, and the kinks between them, are among these places.
pub fn drawn_at() -> Vec<f64> {
    linspace(-0.5, 0.5, 25)
}

impl Survey {
    /// Trains every width and seed at every place, wider networks by so many `representatives`: the power law of RD at each
    /// place, and the output of the widest network, at the first seed, at the places of [`drawn_at`].
    ///
    /// A seed draws the same neurons at every width, so that representatives differ from width to width by the width alone.
    ///
    /// # Errors
    /// A training that does not end, and an interrupt.
    pub fn of(
        &self,
        name: &str,
        places: &[Point],
        widths: &[usize],
        representatives: usize,
        ctx: &Context,
    ) -> Result<(Vec<Scaling>, Vec<Vec<f64>>), Stop> {
        let rows = ctx.cells(name, places.len(), |cell, ctx| {
            let (mut means, mut output) = (Vec::new(), Vec::new());
            for (done, &width) in widths.iter().enumerate() {
                ctx.tick(done, widths.len())?;
                let network = mirrored_network(places[cell], width as f64, width.min(representatives));
                let mut distances = Vec::new();
                for seed in 0..self.seeds {
                    let (end, distance) =
                        self.train(&network, format_args!("{}, m = {width}", places[cell]), seed, ctx)?;
                    distances.push(distance);
                    if seed == 0 && done + 1 == widths.len() {
                        output = network.outputs(&end, &line_with_bias(&drawn_at()));
                    }
                }
                means.push(mean(&distances));
            }
            Ok((means, output))
        })?;
        let scaling = |(&at, (means, output)): (&Point, (Vec<f64>, Vec<f64>))| (Scaling::of(at, widths, means), output);
        Ok(places.iter().zip(rows).map(scaling).unzip())
    }

    /// Where a network ends, and ln RD of its input weights, taken over one of the mirrored halves.
    fn train(
        &self,
        network: &TwoLayer,
        place: fmt::Arguments<'_>,
        seed: usize,
        ctx: &Context,
    ) -> Result<(Vec<f64>, f64), Stop> {
        let start = network.draw_mirrored([1.0, 1.0], &mut ctx.rng(&format!("seed {seed}")));
        let flow = Flow::new(network, start.clone(), self.tolerance);
        let end = flow.fit(self.goal, STEPS, format_args!("(γ, γ') = {place}"))?;
        let distance = math::ln(network.relative_distance(&end, &start, 0..network.width / 2));
        Ok((end, distance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_learned_goes_through_the_samples() {
        let places = [Point { gamma: 0.6, gamma_prime: 0.0 }, Point { gamma: 1.4, gamma_prime: 0.0 }];
        let survey = Survey { seeds: 2, goal: 1e-6, tolerance: 0.05 };
        let inputs = BTreeMap::new();
        let (scalings, outputs) =
            survey.of("places", &places, &[50, 200], 50, &Context::new(0, &inputs, &Inline)).expect("trainings");
        assert!(scalings[0].fit.slope < 0.0 && scalings[1].fit.slope > 0.0);
        for output in &outputs {
            for (at, y) in [(0, 0.25), (8, 1.0 / 36.0), (16, 1.0 / 36.0), (24, 0.25)] {
                assert!((output[at] - y).abs() < 3e-3, "{output:?}");
            }
        }
    }

    #[test]
    fn a_goal_that_is_out_of_reach_is_told_with_its_place() {
        let places = [Point { gamma: 1.0, gamma_prime: 0.0 }];
        let survey = Survey { seeds: 1, goal: -1.0, tolerance: 0.05 };
        let inputs = BTreeMap::new();
        let said =
            survey.of("places", &places, &[10, 20], 10, &Context::new(0, &inputs, &Inline)).expect_err("endless");
        assert!(said.to_string().starts_with("(γ, γ') = (1, 0), m = 10: "), "{said}");
    }
}

//! Trainings on the four points of a parabola at many places of the phase plane and at many widths: how far the weights
//! went, and what was learned. It knows neither which places nor what for.

use crate::nets::bias::line_with_bias;
use crate::tasks::four_points::mirrored_network;
use crate::theory::phase_plane::Point;
use crate::theory::scaling::Scaling;
use crate::training::flow::Flow;
use condense_experiment::{Context, Stop};
use condense_num::math;
use condense_num::stats::{linspace, mean};

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
            let (mut means, mut last) = (Vec::new(), Vec::new());
            for (done, &width) in widths.iter().enumerate() {
                ctx.tick(done, widths.len())?;
                let neurons = width.min(representatives);
                let trainings = (0..self.seeds).map(|seed| self.train(places[cell], width, neurons, seed, ctx));
                let trainings = trainings.collect::<Result<Vec<_>, Stop>>()?;
                let (distances, mut outputs): (Vec<f64>, Vec<Vec<f64>>) = trainings.into_iter().unzip();
                means.push(mean(&distances));
                last = outputs.swap_remove(0);
            }
            Ok((means, last))
        })?;
        let scaling = |(&at, (means, output)): (&Point, (Vec<f64>, Vec<f64>))| (Scaling::of(at, widths, means), output);
        Ok(places.iter().zip(rows).map(scaling).unzip())
    }

    /// ln RD of the input weights, taken over one of the mirrored halves, and the output.
    fn train(
        &self,
        at: Point,
        width: usize,
        neurons: usize,
        seed: usize,
        ctx: &Context,
    ) -> Result<(f64, Vec<f64>), Stop> {
        let network = mirrored_network(at, width as f64, neurons);
        let start = network.draw_mirrored([1.0, 1.0], &mut ctx.rng(&format!("seed {seed}")));
        let flow = Flow::new(&network, start.clone(), self.tolerance);
        let end = flow.fit(self.goal, STEPS, format!("(γ, γ') = {at}, m = {width}"))?;
        let distance = math::ln(network.relative_distance(&end, &start, 0..neurons));
        Ok((distance, network.outputs(&end, &line_with_bias(&drawn_at()))))
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

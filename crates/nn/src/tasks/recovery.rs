//! The recovery of a narrow target by networks of any width: attempts at several learning rates, and what they reach.
//! It knows no figure: whoever draws a map chooses its cells.
//!
//! The setting is that of Zhang et al. (JMLR 26, 2025, Fig. 3): `f*(x) = Σ_{s=1}^{3} tanh(.6 x_s + .8 x_{s+1} + x_{s+2})`, `x ~ N(0, I)` in R⁵.

use crate::measures::measure::{Direction, clusters, effective};
use crate::nets::packed::Neuron;
use crate::nets::windows::{Layout, Place};
use crate::training::fleet::{Fleet, Member};
use condense_experiment::row::row;
use condense_experiment::{Context, Stop};
use condense_num::lanes::LANES;
use condense_num::marquardt::Ends;
use condense_num::math::tanh;
use condense_num::rng::Stream;
use condense_num::stats::median;
use ndarray::{Array2, ArrayView1, s};

/// Inputs of the target.
pub const INPUTS: usize = 5;
/// The inputs that each of its terms sees.
pub const WINDOW: usize = 3;
/// Its terms.
pub const TERMS: usize = INPUTS + 1 - WINDOW;

/// The source's target, one kernel moved along the input.
#[expect(clippy::needless_pass_by_value, reason = "a target is a function of a row, which is a view")]
pub fn three_windows(x: ArrayView1<'_, f64>) -> f64 {
    (0..TERMS).map(|s| tanh(0.6 * x[s] + 0.8 * x[s + 1] + x[s + 2])).sum()
}

/// The lab manual's target of one variable, one neuron.
#[expect(clippy::needless_pass_by_value, reason = "a target is a function of a row, which is a view")]
pub fn one_step(x: ArrayView1<'_, f64>) -> f64 {
    tanh(x[0] + 1.0)
}

/// A target's values at standard normal inputs.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Inputs, n × d.
    pub x: Array2<f64>,
    /// Values, n.
    pub y: Vec<f64>,
}

impl Drawn {
    /// Draws `n` inputs of `d` numbers, and looks what the target is there.
    pub fn of(target: fn(ArrayView1<'_, f64>) -> f64, n: usize, d: usize, rng: &mut Stream) -> Self {
        let x = Array2::from_shape_fn((n, d), |_| rng.normal());
        Self { y: x.rows().into_iter().map(target).collect(), x }
    }
}

/// What all attempts of a study share.
#[derive(Clone, Debug)]
pub struct Study {
    /// A pool of samples for each trial: `n` samples are its first `n`, for every network.
    pub pools: Vec<Drawn>,
    /// Where the test error is taken.
    pub test: Drawn,
    /// Learning rates.
    pub rates: Vec<f64>,
    /// Standard deviation of all parameters at the start.
    pub std: f64,
    /// Steps of gradient descent.
    pub steps: usize,
    /// Steps of the second-order method from where gradient descent ended.
    pub finish: usize,
}

row! {
    /// The attempts of one network at one number of samples: trial by trial, rate by rate. An attempt that diverged has the error of the function 0.
    pub struct Attempts {
        /// Test errors after gradient descent.
        pub descended: Vec<f64>,
        /// Test errors after the finish.
        pub finished: Vec<f64>,
        /// Training losses after the finish.
        pub losses: Vec<f64>,
        /// What the caller looked at in the parameters after the finish.
        pub looks: Vec<f64>,
    }
}

/// The mean square below which the finish ends.
const ENOUGH: f64 = 1e-20;

impl Study {
    /// All attempts: each trial starts once, and goes down at every rate.
    ///
    /// # Errors
    /// On an interrupt.
    ///
    /// # Panics
    /// When a pool has fewer than `n` samples.
    pub fn attempts<const W: usize>(&self, layout: &Layout<W>, n: usize, ctx: &Context) -> Result<Attempts, Stop> {
        self.seen(layout, n, |_| 0.0, ctx)
    }

    /// The same, with a look at the parameters at the end of each attempt.
    ///
    /// # Errors
    /// On an interrupt.
    ///
    /// # Panics
    /// When a pool has fewer than `n` samples.
    pub fn seen<const W: usize>(
        &self,
        layout: &Layout<W>,
        n: usize,
        look: impl Fn(&[f64]) -> f64,
        ctx: &Context,
    ) -> Result<Attempts, Stop> {
        let mut members = Vec::new();
        for (trial, pool) in self.pools.iter().enumerate() {
            let theta = layout.random(self.std, &mut ctx.rng(&format!("start/{trial}")));
            let (x, y) = (pool.x.slice(s![..n, ..]).to_owned(), pool.y[..n].to_vec());
            let member = |&rate: &f64| Member { x: x.clone(), y: y.clone(), theta: theta.clone(), rate };
            members.extend(self.rates.iter().map(member));
        }
        let silent = self.test.y.iter().map(|y| y * y).sum::<f64>() / self.test.y.len() as f64;
        let finite = |error: f64| if error.is_finite() { error } else { silent };
        let [descended, finished, losses, looks] = [const { Vec::new() }; 4];
        let mut attempts = Attempts { descended, finished, losses, looks };
        for members in members.chunks(LANES) {
            let mut fleet = Fleet::new(layout, members.to_vec());
            fleet.train(self.steps, ctx)?;
            let Drawn { x, y } = &self.test;
            attempts.descended.extend(fleet.errors(x, y).into_iter().map(finite));
            fleet.finish(Ends { steps: self.finish, enough: ENOUGH }, ctx)?;
            attempts.finished.extend(fleet.errors(x, y).into_iter().map(finite));
            attempts.losses.extend(fleet.losses().into_iter().map(finite));
            attempts.looks.extend((0..members.len()).map(|lane| look(&fleet.theta(lane))));
        }
        Ok(attempts)
    }

    /// The test errors of all trials at the learning rate with the least median of them, and that rate: the source's tuning, which looks at
    /// the test data.
    pub fn tuned(&self, errors: &[f64]) -> (Vec<f64>, f64) {
        let best = self.best(errors);
        (self.of_rate(errors, best), self.rates[best])
    }

    /// The learning rate, by its place, with the least median of all trials' errors.
    fn best(&self, errors: &[f64]) -> usize {
        let of = |rate| median(&self.of_rate(errors, rate));
        (0..self.rates.len()).min_by(|&one, &other| of(one).total_cmp(&of(other))).expect("a learning rate")
    }

    /// What attempts at one learning rate have, trial by trial.
    fn of_rate(&self, all: &[f64], rate: usize) -> Vec<f64> {
        all.iter().skip(rate).step_by(self.rates.len()).copied().collect()
    }

    /// The attempts at the learning rate with the least median of test errors after the finish.
    pub fn taken(&self, attempts: &Attempts) -> Attempts {
        let best = self.best(&attempts.finished);
        let of = |all: &[f64]| self.of_rate(all, best);
        let Attempts { descended, finished, losses, looks } = attempts;
        Attempts { descended: of(descended), finished: of(finished), losses: of(losses), looks: of(looks) }
    }
}

/// Neurons whose `(w, b)` make a cosine above this, up to sign, have one direction: the bound of the effective ratio of Zhang & Xu (2022).
const COSINE: f64 = 0.95;

/// The effective number of directions of a fully connected network: `1 / Σ p²`, `p` the shares of amplitude `|a| ‖(w, b)‖` in clusters.
pub fn directions(layout: &Layout<INPUTS>, theta: &[f64]) -> f64 {
    let neuron = |place: &Place| Neuron::<{ INPUTS + 1 }> {
        a: theta[place.output],
        w: std::array::from_fn(|c| theta[place.weights + c]),
    };
    let neurons: Vec<_> = layout.neurons.iter().map(neuron).collect();
    let clusters = clusters(&neurons, Direction::Line, COSINE, 0.0);
    effective(&clusters.iter().map(|cluster| cluster.share).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::Inline;
    use std::collections::BTreeMap;

    fn study() -> Study {
        let mut rng = Stream::root(1);
        Study {
            pools: (0..2).map(|_| Drawn::of(three_windows, 12, INPUTS, &mut rng)).collect(),
            test: Drawn::of(three_windows, 50, INPUTS, &mut rng),
            rates: vec![0.1, 1e6],
            std: 0.1,
            steps: 300,
            finish: 40,
        }
    }

    #[test]
    fn a_convolution_recovers_its_target_and_what_diverges_counts_as_the_zero_function() {
        let (inputs, study) = (BTreeMap::new(), study());
        let attempts =
            study.attempts(&Layout::<3>::convolution(5, 1), 12, &Context::new(0, &inputs, &Inline)).expect("ends");
        let (errors, rate) = study.tuned(&attempts.finished);
        assert_eq!((errors.len(), rate), (2, 0.1));
        assert!(errors.iter().all(|error| *error < 1e-15), "{errors:?}");
        let silent = study.test.y.iter().map(|y| y * y).sum::<f64>() / 50.0;
        assert!(
            attempts.descended.iter().skip(1).step_by(2).all(|error| *error >= 0.1 * silent),
            "{attempts:?}",
            attempts = attempts.descended
        );
    }

    #[test]
    fn copies_and_mirrored_neurons_have_the_direction_of_their_model() {
        let layout = Layout::<INPUTS>::full(4);
        let mut theta = vec![0.0; layout.parameters];
        // Amplitudes 1, 1 and 2 along two axes; the last neuron has none.
        for (neuron, (input, [w, a])) in
            [(0, [1.0, 1.0]), (0, [-2.0, 0.5]), (INPUTS, [4.0, 0.5]), (1, [1.0, 0.0])].iter().enumerate()
        {
            let place = &layout.neurons[neuron];
            (theta[place.weights + input], theta[place.output]) = (*w, *a);
        }
        assert_eq!(directions(&layout, &theta), 2.0);
    }

    #[test]
    fn the_rate_with_the_least_median_is_taken_for_all_that_is_known_of_its_attempts() {
        assert_eq!(study().tuned(&[3.0, 2.0, 1.0, 1.5]), (vec![2.0, 1.5], 1e6));
        let [descended, losses, looks] = [10.0, 20.0, 30.0].map(|by| (0..4).map(|at| by + f64::from(at)).collect());
        let taken = study().taken(&Attempts { descended, finished: vec![3.0, 2.0, 1.0, 1.5], losses, looks });
        let Attempts { descended, finished, losses, looks } = taken;
        assert_eq!([descended, finished, losses, looks], [[11.0, 13.0], [2.0, 1.5], [21.0, 23.0], [31.0, 33.0]]);
    }
}

//! One network of the [dropout paper](super::two_units) in training: how far it has condensed on the way, and whether dropout's law holds.
//! It knows no figure: whoever shows it says which regularisers follow each other.

use crate::measures::measure::features;
use crate::nets::packed::Packed;
use crate::tasks::two_units::{LOOKS, TwoUnits, active};
use crate::training::regularised::{Regularised, Regulariser};
use crate::training::rule::Adam;
use crate::training::stepwise::Stepwise as _;
use condense_experiment::row::row;
use condense_experiment::{Context, Stop};
use condense_num::rng::Stream;

/// Times at which a course is looked at, beside its start.
const TIMES: usize = 30;

/// The time at which the second regulariser takes over: a fifth of the steps, as in the source.
const SWITCH: usize = TIMES / 5;

/// What all trainings share.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The rule.
    pub rule: Adam,
    /// Its steps.
    pub steps: usize,
    /// Draws behind the mean loss where something is drawn.
    pub draws: usize,
}

row! {
    /// A network before and after training, and on the way.
    pub struct Trained {
        /// `[orientation, amplitude]` of each neuron that some sample activates, before training …
        pub before: Vec<[f64; 2]>,
        /// … and after.
        pub after: Vec<[f64; 2]>,
        /// Of [`LOOKS`], before and after.
        pub looks: [[f64; LOOKS.len()]; 2],
        /// `[step, effective directions, mean square error]` at even times.
        pub course: Vec<[f64; 3]>,
        /// Test error over the target's mean square.
        pub test: f64,
        /// Where something is drawn from the start, before and after: mean drawn loss, its standard error, `R + R₁`.
        pub law: Vec<[f64; 3]>,
    }
}

impl Trained {
    /// Of the [course](Self::course), where the second regulariser took over.
    pub fn at_switch(&self) -> [f64; 3] {
        self.course[SWITCH]
    }
}

impl Setting {
    /// Trains with the first regulariser for a fifth of the steps, and with the second from there on.
    ///
    /// # Errors
    /// As [`train_to`](crate::training::stepwise::Stepwise::train_to).
    pub fn train(
        &self,
        task: &TwoUnits,
        start: Packed<2>,
        with: [Regulariser; 2],
        noise: Stream,
        ctx: &Context,
    ) -> Result<Trained, Stop> {
        let samples = task.data(task.samples);
        let mut training = Regularised::new(start, &samples, self.rule, with[0], noise);
        let draws = with[0] == with[1] && matches!(with[0], Regulariser::Dropout(_) | Regulariser::Batch(_));
        let law = |training: &mut Regularised<2>| draws.then(|| training.law(self.draws));
        let start = active(training.net(), &samples);
        let (mut course, mut laws) = (Vec::new(), vec![law(&mut training)]);
        for time in 0..=TIMES {
            training.train_to(self.steps * time / TIMES, ctx)?;
            let effective = task.look(&active(training.net(), &samples))[0];
            course.push([training.steps() as f64, effective, training.loss()]);
            if time == SWITCH && with[1] != with[0] {
                training.switch_to(with[1]);
            }
        }
        laws.push(law(&mut training));
        let neurons = [start, active(training.net(), &samples)];
        let [before, after] = neurons.each_ref().map(|neurons| features(neurons, task.direction));
        let looks = neurons.map(|neurons| task.look(&neurons));
        let law = laws.into_iter().flatten().collect();
        Ok(Trained { before, after, looks, course, test: task.test(training.net()), law })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::two_units::STEPS;

    const SETTING: Setting =
        Setting { rule: Adam { rate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, steps: 60, draws: 3 };

    fn train(with: [Regulariser; 2]) -> Trained {
        let start = STEPS.start(8, &Stream::root(1));
        SETTING.train(&STEPS, start, with, Stream::root(2), &Context::plain()).expect("trained")
    }

    #[test]
    fn it_goes_on_with_the_second_after_a_fifth_of_the_steps() {
        let (plain, after) = (Regulariser::None, Regulariser::Penalty(0.5));
        let [alone, switched, penalty] = [[plain; 2], [plain, after], [after; 2]].map(train);
        let steps: Vec<f64> = alone.course.iter().map(|row| row[0]).collect();
        assert_eq!(steps, (0..=30).map(|time| 2.0 * f64::from(time)).collect::<Vec<_>>());
        assert_eq!(switched.course[..=6], alone.course[..=6]);
        assert!(switched.course[7] != alone.course[7] && penalty.course[1] != alone.course[1]);
        assert_eq!(switched.at_switch(), alone.course[6]);
        assert_eq!(alone.looks.map(|looks| looks[0]), [alone.course[0][1], alone.course[30][1]]);
    }

    #[test]
    fn the_law_is_looked_at_where_something_is_drawn_throughout() {
        let (plain, dropout, batch) = (Regulariser::None, Regulariser::Dropout(0.9), Regulariser::Batch(2));
        let laws = [[plain; 2], [plain, dropout], [dropout; 2], [batch; 2]].map(|with| train(with).law.len());
        assert_eq!(laws, [0, 0, 2, 2]);
    }
}

//! The loop of every training: on to a step or to a condition, with progress, a way to stop, and looks on the way.
//! It knows no model and no rule; those take one step at a time.

use condense_experiment::{Context, Stop};

/// A loss, and the step at which the model had it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Steps taken when it was seen.
    pub step: usize,
    /// The loss.
    pub loss: f64,
}

/// A model that is trained step by step.
pub trait Stepwise {
    /// Steps taken.
    fn steps(&self) -> usize;

    /// Takes one step; where it is large, over all cores that are free. The loss that comes with it is that before the step or
    /// after it, whichever costs no pass of its own.
    fn advance(&mut self, ctx: &Context) -> Seen;

    /// How it is trained, for a message: "with rate 0.1".
    fn setting(&self) -> String;

    /// Steps from one report of progress to the next: a few milliseconds.
    fn stride(&self) -> usize {
        1
    }

    /// Trains on to a step.
    ///
    /// # Errors
    /// When the loss is no longer finite (the message names the step), or when the runtime wants to stop.
    fn train_to(&mut self, step: usize, ctx: &Context) -> Result<(), Stop> {
        self.train_while(|_| true, step, ctx)
    }

    /// Trains on while a condition holds, at most to a step.
    ///
    /// # Errors
    /// As [`train_to`](Self::train_to).
    fn train_while(&mut self, holds: impl Fn(&Self) -> bool, last: usize, ctx: &Context) -> Result<(), Stop> {
        let stride = self.stride();
        while self.steps() < last && holds(self) {
            if self.steps().is_multiple_of(stride) {
                ctx.tick(self.steps(), last)?;
            }
            let Seen { step, loss } = self.advance(ctx);
            if !loss.is_finite() {
                let setting = self.setting();
                return Err(Stop::Failed(format!("training diverged: the loss is {loss} at step {step}, {setting}")));
            }
        }
        Ok(())
    }

    /// Trains on to each of the steps in turn, and looks at the model there.
    ///
    /// # Errors
    /// As [`train_to`](Self::train_to).
    fn trajectory<T>(
        &mut self,
        steps: impl IntoIterator<Item = usize>,
        ctx: &Context,
        mut look: impl FnMut(&Self) -> T,
    ) -> Result<Vec<T>, Stop> {
        let mut looks = Vec::new();
        for step in steps {
            self.train_to(step, ctx)?;
            looks.push(look(self));
        }
        Ok(looks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::{Cell, Inline, Runtime};
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    /// Its loss halves with every step, until it is no number.
    struct Halving {
        steps: usize,
        breaks_at: usize,
    }

    impl Halving {
        fn loss(&self) -> f64 {
            if self.steps == self.breaks_at { f64::NAN } else { 1.0 / (1u64 << self.steps) as f64 }
        }
    }

    impl Stepwise for Halving {
        fn steps(&self) -> usize {
            self.steps
        }

        fn advance(&mut self, _: &Context) -> Seen {
            self.steps += 1;
            Seen { step: self.steps, loss: self.loss() }
        }

        fn setting(&self) -> String {
            "by halves".to_owned()
        }

        fn stride(&self) -> usize {
            3
        }
    }

    /// Notes every report of progress, and asks to stop after some of them.
    struct Patient {
        heard: Mutex<Vec<(usize, usize)>>,
        patience: usize,
    }

    impl Runtime for Patient {
        fn tick(&self, done: usize, total: usize) -> Result<(), Stop> {
            let mut heard = self.heard.lock().expect("no panic");
            heard.push((done, total));
            if heard.len() > self.patience { Err(Stop::Interrupted) } else { Ok(()) }
        }

        fn sweep(&self, _: &str, _: usize, _: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
            unreachable!("training has no cells")
        }
    }

    fn halving() -> Halving {
        Halving { steps: 0, breaks_at: usize::MAX }
    }

    #[test]
    fn it_reports_every_few_steps_and_passes_on_a_wish_to_stop() {
        let (inputs, mut model) = (BTreeMap::new(), halving());
        let runtime = Patient { heard: Mutex::default(), patience: 3 };
        let ctx = Context::new(0, &inputs, &runtime);
        assert_eq!(model.train_to(8, &ctx), Ok(()));
        assert_eq!(model.train_to(20, &ctx), Err(Stop::Interrupted));
        assert_eq!(model.steps, 9);
        assert_eq!(*runtime.heard.lock().expect("no panic"), [(0, 8), (3, 8), (6, 8), (9, 20)]);
    }

    #[test]
    fn it_ends_at_its_condition_or_at_its_last_step() {
        let inputs = BTreeMap::new();
        let ctx = Context::new(0, &inputs, &Inline);
        let mut model = halving();
        assert_eq!(model.train_while(|model| model.loss() >= 0.1, 100, &ctx), Ok(()));
        assert_eq!(model.steps, 4);
        assert_eq!(model.train_while(|_| true, 6, &ctx), Ok(()));
        assert_eq!(model.steps, 6);
        assert_eq!(model.train_to(2, &ctx), Ok(()), "a step that was taken already");
        assert_eq!(model.steps, 6);
    }

    #[test]
    fn a_course_looks_at_every_step_it_was_asked_for() {
        let inputs = BTreeMap::new();
        let looks = halving().trajectory([0, 2, 2, 5], &Context::new(0, &inputs, &Inline), |model| model.steps);
        assert_eq!(looks, Ok(vec![0, 2, 2, 5]));
    }

    #[test]
    fn a_loss_that_is_no_number_ends_it_with_step_and_setting() {
        let (inputs, mut model) = (BTreeMap::new(), Halving { steps: 0, breaks_at: 4 });
        let stop = model.train_to(9, &Context::new(0, &inputs, &Inline)).unwrap_err();
        assert_eq!(stop.to_string(), "training diverged: the loss is NaN at step 4, by halves");
        assert_eq!(model.steps, 4);
    }
}

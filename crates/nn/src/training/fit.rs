//! Any model with a tangent space in training: gradient descent with rates of its own for every parameter, rules of descent,
//! and Levenberg–Marquardt to the end. It knows no model; the loss is `R = (1/n) Σ (f(xᵢ) - yᵢ)²`, without a factor ½.
//!
//! Gradient methods creep along the last valleys: a test error then shows how long one was willing to wait. A model that
//! has come close to a solution is taken there by [`interpolate`] in a few steps.

use crate::training::rule::{Rule, follow};
use crate::training::stepwise::{Seen, Stepwise};
use condense_experiment::{Context, Stop};
use condense_num::each::inner;
use condense_num::lanes::LANES;
use condense_num::marquardt::{Ends, Residuals, descend_watched, pull_back};
use ndarray::Array2;

/// A function of parameters at fixed samples.
pub trait Model {
    /// `f(xᵢ)` at each of the n samples.
    fn outputs(&self, theta: &[f64]) -> Vec<f64>;

    /// `J[i, p] = ∂f(xᵢ)/∂θ_p`, as n × parameters.
    fn tangent(&self, theta: &[f64]) -> Array2<f64>;

    /// `Jᵀ g` for one number a sample, samples added from the first to the last.
    fn pull(&self, theta: &[f64], along: &[f64]) -> Vec<f64> {
        pull_back(&self.tangent(theta), along)
    }
}

fn residuals_at(model: &impl Model, y: &[f64], theta: &[f64]) -> Vec<f64> {
    model.outputs(theta).iter().zip(y).map(|(f, y)| f - y).collect()
}

/// `R`.
pub fn loss(model: &impl Model, y: &[f64], theta: &[f64]) -> f64 {
    let residuals = residuals_at(model, y, theta);
    inner(&residuals, &residuals) / y.len() as f64
}

/// The loss and its gradient.
fn loss_and_gradient(model: &impl Model, y: &[f64], theta: &[f64]) -> (f64, Vec<f64>) {
    let (residuals, n) = (residuals_at(model, y, theta), y.len() as f64);
    let along: Vec<f64> = residuals.iter().map(|r| 2.0 * r / n).collect();
    (inner(&residuals, &residuals) / n, model.pull(theta, &along))
}

/// One step of gradient descent, `θ_p ← θ_p - rate_p ∂R/∂θ_p`; returns the loss before it.
pub fn descend(model: &impl Model, y: &[f64], theta: &mut [f64], rates: &[f64]) -> f64 {
    let (loss, gradient) = loss_and_gradient(model, y, theta);
    for ((theta, gradient), rate) in theta.iter_mut().zip(gradient).zip(rates) {
        *theta = gradient.mul_add(-rate, *theta);
    }
    loss
}

/// A model in training by a rule, whose rate may be changed on the way.
#[derive(Clone, Debug)]
pub struct Fit<'m, M> {
    model: &'m M,
    y: &'m [f64],
    rule: Rule,
    powers: [f64; 2],
    theta: Vec<f64>,
    /// Eights of parameters (the last one filled up) × what the rule remembers.
    memory: Vec<[f64; LANES]>,
    steps: usize,
}

impl<'m, M: Model> Fit<'m, M> {
    /// A model before its first step.
    pub fn new(model: &'m M, y: &'m [f64], theta: Vec<f64>, rule: impl Into<Rule>) -> Self {
        let rule = rule.into();
        let memory = vec![[0.0; LANES]; theta.len().div_ceil(LANES) * rule.memory()];
        Self { model, y, rule, powers: [1.0; 2], theta, memory, steps: 0 }
    }

    /// The parameters as they stand.
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// Goes on by a rule that remembers the same, such as one with another rate.
    pub fn go_on_by(&mut self, rule: impl Into<Rule>) {
        let rule = rule.into();
        assert_eq!(rule.memory(), self.rule.memory(), "a rule that remembers the same");
        self.rule = rule;
    }
}

impl<M: Model> Stepwise for Fit<'_, M> {
    fn steps(&self) -> usize {
        self.steps
    }

    fn advance(&mut self, _: &Context) -> Seen {
        let (loss, gradient) = loss_and_gradient(self.model, self.y, &self.theta);
        self.powers = self.rule.decayed(self.powers);
        follow(self.rule.update(self.powers), &mut self.theta, &gradient, &mut self.memory);
        self.steps += 1;
        Seen { step: self.steps - 1, loss }
    }

    fn setting(&self) -> String {
        format!("by {:?}", self.rule)
    }

    fn stride(&self) -> usize {
        16
    }
}

/// A model and its targets, as least squares see them.
struct Squares<'m, M> {
    model: &'m M,
    y: &'m [f64],
}

impl<M: Model> Residuals for Squares<'_, M> {
    fn residuals(&self, theta: &[f64]) -> Vec<f64> {
        residuals_at(self.model, self.y, theta)
    }

    fn tangent(&self, theta: &[f64]) -> Array2<f64> {
        self.model.tangent(theta)
    }
}

/// Goes from parameters to where the loss is not above `goal`, in at most so many trials, by Levenberg–Marquardt: see
/// [`descend_watched`]. With fewer samples than parameters each step is the shortest one, so that the model stays near where its
/// training has led it.
///
/// # Errors
/// When the runtime wants to stop.
pub fn interpolate(
    model: &impl Model,
    y: &[f64],
    theta: Vec<f64>,
    trials: usize,
    goal: f64,
    ctx: &Context,
) -> Result<Vec<f64>, Stop> {
    let ends = Ends { steps: trials, enough: goal };
    descend_watched(&Squares { model, y }, theta, ends, |trial| ctx.tick(trial, trials)).map(|end| end.theta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::rule::{Adam, Sgd};
    use condense_experiment::Inline;
    use condense_num::math;
    use std::collections::BTreeMap;

    /// `f(x) = Σ_k θ_2k tanh(θ_2k+1 x)` at three places, or at ten.
    struct Bumps(Vec<f64>);

    impl Model for Bumps {
        fn outputs(&self, theta: &[f64]) -> Vec<f64> {
            let of = |x: &f64| theta.chunks(2).map(|pair| pair[0] * math::tanh(pair[1] * x)).sum();
            self.0.iter().map(of).collect()
        }

        fn tangent(&self, theta: &[f64]) -> Array2<f64> {
            Array2::from_shape_fn((self.0.len(), theta.len()), |(i, p)| {
                let (a, h) = (theta[p - p % 2], math::tanh(theta[p - p % 2 + 1] * self.0[i]));
                if p % 2 == 0 { h } else { a * (1.0 - h * h) * self.0[i] }
            })
        }
    }

    const START: [f64; 6] = [0.5, 0.3, -0.4, 1.2, 0.3, 2.0];

    fn few() -> (Bumps, Vec<f64>) {
        (Bumps(vec![0.5, 1.0, 2.0]), vec![0.6, -0.3, 0.2])
    }

    #[test]
    fn it_interpolates_few_samples_and_fits_many() {
        let inputs = BTreeMap::new();
        let ctx = Context::new(0, &inputs, &Inline);
        let (model, y) = few();
        let end = interpolate(&model, &y, START.to_vec(), 60, 1e-24, &ctx).expect("no stop");
        assert!(loss(&model, &y, &end) < 1e-24);
        let model = Bumps((1..=10).map(|k| 0.3 * f64::from(k)).collect());
        let y = model.outputs(&[1.0, 0.4, -0.7, 1.0, 0.2, 2.2]);
        let end = interpolate(&model, &y, START.to_vec(), 200, 1e-24, &ctx).expect("no stop");
        assert!(loss(&model, &y, &end) < 1e-24, "{}", loss(&model, &y, &end));
        let same = interpolate(&model, &y, START.to_vec(), 0, 0.0, &ctx).expect("no stop");
        assert_eq!(same, START);
    }

    #[test]
    fn descent_follows_the_gradient_of_finite_differences_at_each_rate() {
        let (model, y) = few();
        let rates = [0.1, 0.2, 0.0, 0.3, 0.4, 0.05];
        let mut theta = START.to_vec();
        assert_eq!(descend(&model, &y, &mut theta, &rates), loss(&model, &y, &START));
        for p in 0..6 {
            let at = |by: f64| {
                let mut theta = START;
                theta[p] += by;
                loss(&model, &y, &theta)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((START[p] - theta[p] - rates[p] * slope).abs() < 1e-9, "{p}");
        }
    }

    #[test]
    fn rules_train_an_odd_number_of_parameters() {
        let (model, y) = few();
        let inputs = BTreeMap::new();
        let ctx = Context::new(0, &inputs, &Inline);
        let adam = |rate| Adam { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let mut fit = Fit::new(&model, &y, START.to_vec(), adam(0.05));
        fit.train_to(300, &ctx).expect("a gentle rate");
        fit.go_on_by(adam(0.005));
        fit.train_to(500, &ctx).expect("a gentle rate");
        let (before, after) = (loss(&model, &y, &START), loss(&model, &y, fit.theta()));
        assert!(after < 0.3 * before, "{before} {after}");
        // Plain descent by the rule and by hand.
        let mut fit = Fit::new(&model, &y, START.to_vec(), Sgd { rate: 0.1, momentum: 0.0 });
        let mut theta = START.to_vec();
        (0..20).for_each(|_| {
            fit.advance(&Context::plain());
            descend(&model, &y, &mut theta, &[0.1; 6]);
        });
        assert!(fit.theta().iter().zip(&theta).all(|(one, other)| (one - other).abs() < 1e-14));
    }
}

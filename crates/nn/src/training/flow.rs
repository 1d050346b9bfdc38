//! Gradient flow by an exponential midpoint rule: exact in the stiff part, so lazy training takes ten steps, not 10⁵.
//! It knows no network: a [`Model`] gives the residual, the tangent kernel and the vector–Jacobian product of a vector on samples.
//!
//! The flow is `θ' = -M Jᵀ e / n` for the risk `|e|² / 2n`, with the residual `e = f(θ) - y` on `n` samples, its
//! Jacobian `J` and a diagonal mobility `M`. It is stiff only through the n×n kernel `K = J M Jᵀ`. With `K` frozen,
//! `e(t) = exp(-Kt/n) e`, and so the parameters move by `-M Jᵀ p` with `p = φ(K, t/n) e`, `φ(K, s) = K⁻¹ (1 - exp(-Ks))`.
//! The midpoint rule freezes `J` halfway (Hochbruck & Ostermann, *Exponential integrators*, Acta Numerica 2010, §2.3).
//!
//! Along the flow the risk cannot rise: its rate is `-|√M Jᵀ e|² / n²`. The error estimate looks at the parameters, and a step that
//! is small for them may still be large for `f`; so a step that ends above the lowest that there has been is refused, whatever its
//! estimate, but for what rounding may add (once, not at every step).
//! Where the model has kinks, as ReLU has, the flow may slide along one, in a valley with walls of finite slope. Steps cross from wall
//! to wall then, and if none might end higher they would shrink without end: there the mean square may lie up to one per cent above
//! the lowest that it has been, and no more.

use crate::training::model::{Model, Tangent};
use condense_experiment::Stop;
use condense_num::eigen;
use condense_num::kernel::dot;
use condense_num::kernel::kernel;
use condense_num::lanes::Simd;
use condense_num::math;
use ndarray::Array2;
use std::fmt;
use std::ops::Range;

/// The eigenvectors of a kernel (columns) and its eigenvalues.
#[derive(Clone, Debug, Default)]
struct Modes {
    values: Vec<f64>,
    vectors: Array2<f64>,
}

impl Modes {
    fn of(kernel: &Array2<f64>) -> Self {
        let (values, vectors) = eigen::symmetric(kernel);
        Self { values, vectors }
    }

    /// `φ(K, s) e`, where `φ(λ, s) = (1 - exp(-λs)) / λ`, and `s` in the limit of a flat mode.
    fn phi(&self, s: f64, e: &[f64]) -> Vec<f64> {
        let mut p = vec![0.0; e.len()];
        damp(self, s, e, &mut p);
        p
    }
}

/// The flow lost its way: no step, however small, met the tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stalled {
    /// The time that was reached.
    pub time: f64,
    /// The mean square there.
    pub mean_square: f64,
}

impl fmt::Display for Stalled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "gradient flow stalled at time {:e} with mean square {:e}", self.time, self.mean_square)
    }
}

/// A point that flows down its model's risk.
pub struct Flow<'m, M> {
    model: &'m M,
    /// The largest part of a layer's norm by which the first- and the second-order step may differ.
    tolerance: f64,
    layers: Vec<Range<usize>>,
    theta: Vec<f64>,
    time: f64,
    /// The length of the next step, unless a time limit cuts it.
    stride: f64,
    /// By how much the root mean square may rise: what rounding does to it.
    rounding: f64,
    /// The lowest root mean square so far.
    lowest: f64,
    here: Tangent,
    modes: Modes,
    // Work space of one attempt.
    midway: Tangent,
    /// What is pulled back there.
    pull: Vec<f64>,
    trial: Vec<f64>,
    landing: Tangent,
    pulled: [Vec<f64>; 2],
}

/// Where nothing moves any more, steps would grow without end.
const LONGEST: f64 = 1e150;
/// What rounding may add to the residual, in parts of the first one: sums over a million neurons cancel to about that.
const ROUNDING: f64 = 1e-10;
/// How far above its lowest the root mean square may lie where the model has kinks.
const VALLEY: f64 = 1.005;

impl<'m, M: Model> Flow<'m, M> {
    /// A flow from `theta` at time 0. A tolerance of 0.05 gives displacements within about 1 %, and within 3 % where weights grow.
    pub fn new(model: &'m M, theta: Vec<f64>, tolerance: f64) -> Self {
        let mut here = Tangent::default();
        model.linearize(&theta, &mut here);
        let modes = Modes::of(&here.kernel);
        // The time in which the stiffest mode decays; the control finds the rest.
        let stride = here.residual.len() as f64 / here.kernel.diag().sum().max(f64::MIN_POSITIVE);
        let (midway, landing, trial) = (Tangent::default(), Tangent::default(), vec![0.0; theta.len()]);
        let (layers, lowest) = (model.layers(), here.mean_square().sqrt());
        let rounding = ROUNDING * lowest;
        Self {
            model,
            tolerance,
            layers,
            theta,
            time: 0.0,
            stride,
            rounding,
            lowest,
            here,
            modes,
            midway,
            pull: Vec::new(),
            trial,
            landing,
            pulled: Default::default(),
        }
    }

    /// The parameters now.
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// The flow time now; gradient descent on the risk `|e|² / 2n` at rate `η` is there after `time / η` epochs.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// `|e|² / n`.
    pub fn mean_square(&self) -> f64 {
        self.here.mean_square()
    }

    /// Takes one step, as long as the tolerance allows but not beyond the time `limit`. It does not end above the lowest mean square
    /// so far, but for rounding; where the model has kinks, not more than 1 % above it.
    ///
    /// # Errors
    /// When the step shrinks to nothing, as it does where the model is not a number, or where every step leads up.
    pub fn advance(&mut self, limit: f64) -> Result<(), Stalled> {
        loop {
            let cut = self.time + self.stride >= limit;
            let h = if cut { limit - self.time } else { self.stride };
            let error = self.attempt(h);
            // The error is of second order in h. Where it is not a number, the next attempt is the shortest allowed.
            let ideal = 0.9 * (self.tolerance / error).sqrt();
            let change = if ideal > 0.2 { ideal.min(4.0) } else { 0.2 };
            if error <= self.tolerance && self.accept() {
                self.time = if cut { limit } else { self.time + h };
                // A cut step says little about the next one.
                self.stride = if cut { self.stride.max(h * change) } else { h * change }.min(LONGEST);
                return Ok(());
            }
            // Where the estimate was small and the step led up or out of the numbers, the estimate is no guide.
            self.stride = h * change.min(if error <= self.tolerance { 0.5 } else { 0.9 });
            if self.time + self.stride <= self.time {
                return Err(Stalled { time: self.time, mean_square: self.mean_square() });
            }
        }
    }

    /// The parameters where the mean square is below `goal`, after at most `steps` steps.
    ///
    /// # Errors
    /// When it does not get there; the message names the `place`.
    pub fn fit(mut self, goal: f64, steps: usize, place: impl fmt::Display) -> Result<Vec<f64>, Stop> {
        match self.descend(goal, steps) {
            Ok(true) => Ok(self.theta),
            Ok(false) => Err(Stop::failed(format!("{place}: no fit in {steps} steps"))),
            Err(stalled) => Err(Stop::failed(format!("{place}: {stalled}"))),
        }
    }

    /// Flows until the mean square is below `goal`, for at most `steps` steps; whether it got there.
    ///
    /// # Errors
    /// As [`Flow::advance`].
    pub fn descend(&mut self, goal: f64, steps: usize) -> Result<bool, Stalled> {
        for _ in 0..steps {
            if self.mean_square() < goal {
                return Ok(true);
            }
            self.advance(f64::INFINITY)?;
        }
        Ok(self.mean_square() < goal)
    }

    /// Finds what a step of length `h` pulls back, and returns its error estimate.
    fn attempt(&mut self, h: f64) -> f64 {
        let (e, s) = (&self.here.residual, h / self.here.residual.len() as f64);
        let half = self.modes.phi(0.5 * s, e);
        self.model.shift(&self.theta, &self.here, &half, &mut self.trial, &mut self.midway);
        if !self.midway.is_finite() {
            return f64::NAN;
        }
        let euler = self.modes.phi(s, e);
        self.pull = Modes::of(&self.midway.kernel).phi(s, e);
        let apart = self.model.apart([(&self.midway, &self.pull), (&self.here, &euler)], &mut self.pulled);
        assert_eq!(apart.len(), self.layers.len(), "a distance for each layer");
        let norms = self.layers.iter().map(|layer| square_norm(&self.theta[layer.clone()]));
        let errors = apart.iter().zip(norms).map(|(apart, norm)| (apart / norm).sqrt());
        // Not a number counts as worst; `f64::max` would lose it.
        errors.fold(0.0, |worst, error| if error > worst || error.is_nan() { error } else { worst })
    }

    /// Moves by the attempt, unless that leads above the lowest (where there are kinks: out of the valley) or out of the finite numbers.
    fn accept(&mut self) -> bool {
        self.model.shift(&self.theta, &self.midway, &self.pull, &mut self.trial, &mut self.landing);
        let highest = if self.model.smooth() { self.lowest } else { VALLEY * self.lowest };
        let lands = self.landing.is_finite() && self.landing.mean_square().sqrt() <= highest + self.rounding;
        if lands {
            self.lowest = self.lowest.min(self.landing.mean_square().sqrt());
            std::mem::swap(&mut self.theta, &mut self.trial);
            std::mem::swap(&mut self.here, &mut self.landing);
            self.modes = Modes::of(&self.here.kernel);
        }
        lands
    }
}

kernel! {
    /// Adds `φ(K, s) e`.
    fn damp(modes: &Modes, s: f64, e: &[f64], p: &mut [f64]) = damp_body;

    /// `|x|²`.
    fn square_norm(x: &[f64]) -> f64 = square_norm_body;
}

#[inline(always)]
fn damp_body<S: Simd>(_: S, modes: &Modes, s: f64, e: &[f64], p: &mut [f64]) {
    for (lambda, mode) in modes.values.iter().zip(modes.vectors.columns()) {
        let along = mode.iter().zip(e).fold(0.0, |sum, (v, e)| v.mul_add(*e, sum));
        let decay = lambda * s;
        let phi = if decay < 1e-8 { s } else { -math::expm1(-decay) / lambda };
        for (p, v) in p.iter_mut().zip(mode) {
            *p = v.mul_add(phi * along, *p);
        }
    }
}

#[inline(always)]
fn square_norm_body<S: Simd>(_: S, x: &[f64]) -> f64 {
    dot(x, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::activation::Activation;
    use crate::nets::two_layer::TwoLayer;
    use crate::tasks::four_points::mirrored_network;
    use crate::theory::phase_plane::Point;
    use crate::training::model::square_distance;
    use condense_num::rng::Stream;

    const CRITICAL: Point = Point { gamma: 1.0, gamma_prime: 0.0 };

    fn drawn(at: Point, neurons: usize) -> (TwoLayer, Vec<f64>) {
        let network = mirrored_network(at, neurons as f64, neurons);
        let theta = network.draw_mirrored([1.0, 1.0], &mut Stream::root(3));
        (network, theta)
    }

    fn apart(x: &[f64], y: &[f64]) -> f64 {
        (square_distance(x, y) / square_norm(y)).sqrt()
    }

    /// Flows to a time by equal steps.
    fn in_steps(network: &TwoLayer, start: &[f64], time: f64, steps: usize) -> Vec<f64> {
        let mut flow = Flow::new(network, start.to_vec(), 1.0);
        for _ in 0..steps {
            flow.attempt(time / steps as f64);
            assert!(flow.accept());
        }
        flow.theta
    }

    #[test]
    fn agrees_with_explicit_gradient_descent_of_tiny_steps() {
        let (network, start) = drawn(CRITICAL, 6);
        let time = 20.0;
        let mut flow = Flow::new(&network, start.clone(), 1e-4);
        while flow.time() < time {
            flow.advance(time).unwrap();
        }
        assert_eq!(flow.time(), time);
        let (mut theta, mut tangent, mut step) = (start.clone(), Tangent::default(), vec![0.0; start.len()]);
        let epochs = 20_000;
        for _ in 0..epochs {
            network.linearize(&theta, &mut tangent);
            let gradient: Vec<f64> = tangent.residual.iter().map(|e| e / 4.0).collect();
            network.vjp(&tangent, &gradient, &mut step);
            for (theta, step) in theta.iter_mut().zip(&step) {
                *theta -= time / f64::from(epochs) * step;
            }
        }
        assert!(apart(flow.theta(), &start) > 0.05, "the comparison is of moved parameters");
        assert!(apart(flow.theta(), &theta) < 1e-3, "{}", apart(flow.theta(), &theta));
    }

    #[test]
    fn the_order_is_two() {
        // tanh, for the kinks of ReLU would blur the order.
        let (network, start) = drawn(CRITICAL, 6);
        let network = TwoLayer { activation: Activation::Tanh, ..network };
        let [coarse, fine, finest] = [20, 40, 640].map(|steps| in_steps(&network, &start, 20.0, steps));
        let ratio = apart(&coarse, &finest) / apart(&fine, &finest);
        assert!((3.5..4.6).contains(&ratio), "halving the step divides the error by {ratio}");
    }

    #[test]
    fn a_linear_model_is_solved_in_one_step_of_any_length() {
        /// `f = θ`, one parameter a sample, at unequal speeds.
        struct Direct;
        impl Model for Direct {
            fn smooth(&self) -> bool {
                true
            }
            fn layers(&self) -> Vec<Range<usize>> {
                std::iter::once(0..2).collect()
            }
            fn linearize(&self, theta: &[f64], tangent: &mut Tangent) {
                tangent.residual = theta.to_vec();
                tangent.kernel = Array2::from_diag(&ndarray::arr1(&[1e6, 1e-3]));
            }
            fn vjp(&self, _: &Tangent, p: &[f64], pulled: &mut [f64]) {
                pulled.copy_from_slice(&[1e6 * p[0], 1e-3 * p[1]]);
            }
        }
        let mut flow = Flow::new(&Direct, vec![3.0, 2.0], 1e-9);
        flow.attempt(2000.0);
        assert!(flow.accept());
        assert!(flow.theta[0].abs() < 1e-9);
        assert!((flow.theta[1] - 2.0 * math::exp(-1.0)).abs() < 1e-12);
    }

    #[test]
    fn halving_the_tolerance_hardly_moves_the_distance() {
        let (network, start) = drawn(Point { gamma: 1.2, gamma_prime: 0.0 }, 200);
        let [coarse, fine] = [0.05, 0.025].map(|tolerance| {
            let mut flow = Flow::new(&network, start.clone(), tolerance);
            assert!(flow.descend(1e-6, 1000).unwrap());
            let short = Flow::new(&network, start.clone(), tolerance).fit(1e-6, 2, "here").unwrap_err();
            assert_eq!(short.to_string(), "here: no fit in 2 steps");
            network.relative_distance(flow.theta(), &start, 0..200)
        });
        assert!((coarse / fine - 1.0).abs() < 0.01, "{coarse} {fine}");
    }

    /// It once ran for ever: its steps had become infinite.
    #[test]
    fn a_flow_at_rest_ends() {
        let (network, start) = drawn(Point { gamma: 1.0, gamma_prime: 0.0 }, 10);
        let said = Flow::new(&network, start, 0.05).fit(-1.0, 2000, "here").unwrap_err().to_string();
        assert!(said.starts_with("here: "), "{said}");
    }

    /// It once shrank its steps without end along the kinks of a narrow ReLU network.
    #[test]
    fn a_flow_that_slides_along_a_kink_comes_on() {
        /// `e = (θ₂ - 3, ½ + 3 |θ₁|)`: down θ₂, in a valley whose bottom is the kink.
        struct Valley;
        impl Model for Valley {
            fn smooth(&self) -> bool {
                false
            }
            fn layers(&self) -> Vec<Range<usize>> {
                std::iter::once(0..2).collect()
            }
            fn linearize(&self, theta: &[f64], tangent: &mut Tangent) {
                tangent.residual = vec![theta[1] - 3.0, 0.5 + 3.0 * theta[0].abs()];
                tangent.kernel = Array2::from_diag(&ndarray::arr1(&[1.0, 9.0]));
                tangent.features = vec![theta[0].signum()];
            }
            fn vjp(&self, tangent: &Tangent, p: &[f64], pulled: &mut [f64]) {
                pulled.copy_from_slice(&[3.0 * tangent.features[0] * p[1], p[0]]);
            }
        }
        let mut flow = Flow::new(&Valley, vec![0.1, 5.0], 0.05);
        // At the bottom only the second residual is left: a mean square of 1/8.
        assert!(flow.descend(0.127, 20_000).unwrap(), "{} at time {}", flow.mean_square(), flow.time());
    }

    #[test]
    fn what_rounding_may_add_is_added_once() {
        /// Where the flow goes by its kernel, `e = 1 - 10⁻¹¹ θ` rises, by a tenth of what rounding may add at each unit of `θ`.
        struct Creep;
        impl Model for Creep {
            fn smooth(&self) -> bool {
                true
            }
            fn layers(&self) -> Vec<Range<usize>> {
                std::iter::once(0..1).collect()
            }
            fn linearize(&self, theta: &[f64], tangent: &mut Tangent) {
                (tangent.residual, tangent.kernel) = (vec![1.0 - 1e-11 * theta[0]], Array2::from_elem((1, 1), 1.0));
            }
            fn vjp(&self, _: &Tangent, p: &[f64], pulled: &mut [f64]) {
                pulled.copy_from_slice(p);
            }
        }
        let mut flow = Flow::new(&Creep, vec![0.3], 0.1);
        let lowest = flow.mean_square().sqrt();
        assert!((0..200).any(|_| flow.advance(f64::INFINITY).is_err()), "it comes to an end");
        assert!((0.5e-10..=1.01e-10).contains(&(flow.mean_square().sqrt() / lowest - 1.0)));
    }

    #[test]
    fn a_model_that_is_not_a_number_stalls() {
        struct Cliff;
        impl Model for Cliff {
            fn smooth(&self) -> bool {
                true
            }
            fn layers(&self) -> Vec<Range<usize>> {
                std::iter::once(0..1).collect()
            }
            fn linearize(&self, theta: &[f64], tangent: &mut Tangent) {
                let kernel = Array2::from_elem((1, 1), theta[0]);
                *tangent = Tangent { residual: vec![1.0], kernel, features: vec![] };
            }
            fn vjp(&self, _: &Tangent, _: &[f64], pulled: &mut [f64]) {
                pulled[0] = f64::NAN;
            }
        }
        let stalled = Flow::new(&Cliff, vec![1.0], 0.1).advance(f64::INFINITY).unwrap_err();
        assert_eq!(stalled.mean_square, 1.0);
        assert!(stalled.to_string().starts_with("gradient flow stalled at time"));
    }
}

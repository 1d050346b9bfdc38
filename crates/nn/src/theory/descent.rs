//! Gradient flow of a small tanh network by an implicit rule that reads the Hessian: of order 2, and damped in the stiff directions, so a
//! training of a million epochs takes about a thousand steps. It knows no figure and no critical points.
//!
//! The flow is `θ' = -∇R(θ)`. A linearly implicit Euler step of length `h` solves `(I + h ∇²R) δ = -h ∇R`; one whole step and two
//! half steps differ by the error of first order, and `2 · halves - whole` is of second order (Deuflhard, *Recent progress in
//! extrapolation methods for ordinary differential equations*, SIAM Review 1985, §3). Gradient descent on `R` at rate `η` is near
//! the flow's place at time `t` after `t / η` epochs, as long as `η` is below `2 / λ` for the largest curvature `λ` on the way.

use crate::nets::tanh_net::TanhNet;
use crate::theory::critical::Landscape;
use condense_experiment::Stop;
use condense_num::solve::lu_solve;
use condense_num::vector::norm;
use ndarray::Array2;

/// A network that flows down its loss.
#[derive(Clone, Debug)]
pub struct Descent<'l> {
    landscape: &'l Landscape,
    /// The largest part of `‖θ‖` by which the whole step and the two half steps may differ.
    tolerance: f64,
    net: TanhNet,
    time: f64,
    loss: f64,
    stride: f64,
}

impl<'l> Descent<'l> {
    /// A flow from a network at time 0.
    pub fn new(landscape: &'l Landscape, net: TanhNet, tolerance: f64) -> Self {
        let loss = landscape.loss(&net);
        Self { landscape, tolerance, net, time: 0.0, loss, stride: 1e-3 }
    }

    /// The network now.
    pub fn net(&self) -> &TanhNet {
        &self.net
    }

    /// The flow's time now.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The mean square now.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Takes one step, as long as the tolerance allows but not beyond the time `limit`. The loss does not rise by it.
    ///
    /// # Errors
    /// When the step shrinks to nothing.
    pub fn advance(&mut self, limit: f64) -> Result<(), Stop> {
        let (gradient, hessian) = (self.landscape.gradient(&self.net), self.landscape.hessian(&self.net));
        let size = norm(&self.net.theta());
        loop {
            let cut = self.time + self.stride >= limit;
            let h = if cut { limit - self.time } else { self.stride };
            let tried = self.attempt(h, &gradient, &hessian);
            let error = tried.as_ref().map_or(f64::INFINITY, |(_, apart)| apart / size);
            let ideal = 0.9 * (self.tolerance / error).sqrt();
            let change = if ideal > 0.2 { ideal.min(3.0) } else { 0.2 };
            if let Some((net, _)) = tried.filter(|_| error <= self.tolerance) {
                let loss = self.landscape.loss(&net);
                // Rounding may add to a loss that has come to rest.
                if loss <= self.loss * (1.0 + 1e-12) + 1e-28 {
                    (self.net, self.loss) = (net, loss);
                    self.time = if cut { limit } else { self.time + h };
                    self.stride = if cut { self.stride.max(h * change) } else { h * change };
                    return Ok(());
                }
            }
            self.stride = h * change.min(0.5);
            if self.time + self.stride <= self.time {
                return Err(Stop::failed(format!(
                    "gradient flow stalled at time {:e}, loss {:e}",
                    self.time, self.loss
                )));
            }
        }
    }

    /// Flows to a time; `look` sees every step.
    ///
    /// # Errors
    /// As [`Descent::advance`], and what `look` says.
    pub fn flow_to(&mut self, time: f64, mut look: impl FnMut(&Self) -> Result<(), Stop>) -> Result<(), Stop> {
        while self.time < time {
            self.advance(time)?;
            look(self)?;
        }
        Ok(())
    }

    /// The network after a step of length `h`, and how far apart the whole step and the two half steps end.
    fn attempt(&self, h: f64, gradient: &[f64], hessian: &Array2<f64>) -> Option<(TanhNet, f64)> {
        let whole = implicit(h, gradient, hessian)?;
        let half = implicit(0.5 * h, gradient, hessian)?;
        let midway = self.net.moved(&half, 1.0);
        let rest = implicit(0.5 * h, &self.landscape.gradient(&midway), &self.landscape.hessian(&midway))?;
        let apart: Vec<f64> = (0..whole.len()).map(|p| half[p] + rest[p] - whole[p]).collect();
        let step: Vec<f64> = (0..whole.len()).map(|p| half[p] + rest[p] + apart[p]).collect();
        Some((self.net.moved(&step, 1.0), norm(&apart)))
    }
}

/// `δ` of `(I + h H) δ = -h g`.
fn implicit(h: f64, gradient: &[f64], hessian: &Array2<f64>) -> Option<Vec<f64>> {
    let mut matrix = hessian.mapv(|entry| h * entry);
    matrix.diag_mut().mapv_inplace(|entry| 1.0 + entry);
    let right: Vec<f64> = gradient.iter().map(|g| -h * g).collect();
    lu_solve(&matrix, &right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::rng::Stream;
    use proptest::prelude::*;

    fn start(width: usize, std: f64, seed: u64) -> TanhNet {
        TanhNet::random(width, std, &[std; 2], &mut Stream::root(seed))
    }

    #[test]
    fn it_agrees_with_explicit_gradient_descent_of_tiny_steps() {
        let landscape = Landscape::of(|x| x - 0.3 * x * x, &[-1.0, -0.4, 0.1, 0.8, 1.3]);
        let mut flow = Descent::new(&landscape, start(2, 0.5, 1), 1e-5);
        flow.flow_to(3.0, |_| Ok(())).expect("flows");
        assert_eq!(flow.time(), 3.0);
        let (mut net, steps) = (start(2, 0.5, 1), 6000);
        for _ in 0..steps {
            net = net.moved(&landscape.gradient(&net), -3.0 / f64::from(steps));
        }
        let apart: Vec<f64> = net.theta().iter().zip(flow.net().theta()).map(|(one, other)| one - other).collect();
        assert!(norm(&apart) < 1e-3 * norm(&net.theta()), "{apart:?}");
    }

    #[test]
    fn the_order_is_two() {
        let landscape = Landscape::of(|x| x - 0.3 * x * x, &[-1.0, -0.4, 0.1, 0.8, 1.3]);
        let end = |steps: usize| {
            let mut flow = Descent::new(&landscape, start(2, 0.5, 1), 1.0);
            for _ in 0..steps {
                let (gradient, hessian) = (landscape.gradient(&flow.net), landscape.hessian(&flow.net));
                flow.net = flow.attempt(2.0 / steps as f64, &gradient, &hessian).expect("regular").0;
            }
            flow.net.theta()
        };
        let [coarse, fine, finest] = [20, 40, 640].map(end);
        let apart = |x: &[f64]| norm(&x.iter().zip(&finest).map(|(x, y)| x - y).collect::<Vec<_>>());
        let ratio = apart(&coarse) / apart(&fine);
        assert!((3.4..4.6).contains(&ratio), "halving the step divides the error by {ratio}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_loss_never_rises(seed in any::<u64>(), width in 1..4usize, scale in -3.0..0.3f64, tolerance in 1e-3..0.3f64) {
            let landscape = Landscape::three_steps();
            let std = condense_num::math::pow(10.0, scale);
            let mut flow = Descent::new(&landscape, start(width, std, seed), tolerance);
            for _ in 0..40 {
                let before = flow.loss();
                flow.advance(f64::INFINITY).expect("a way down");
                prop_assert!(flow.loss() <= before * (1.0 + 1e-12) + 1e-28);
                prop_assert_eq!(flow.loss(), landscape.loss(flow.net()));
            }
        }
    }
}

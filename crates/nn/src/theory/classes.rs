//! The mean square of a small sigmoid network of several outputs: gradient, Hessian, training by Adam, and the way from there to a
//! critical point. It knows no data set.
//!
//! With one output a split neuron brings a zero eigenvalue. With several it brings negative ones, too: see [`Classes::split_inertia`].

use crate::nets::sigmoid_net::SigmoidNet;
use crate::theory::critical::Inertia;
use crate::training::rule::Adam;
use condense_experiment::{Context, Stop};
use condense_num::eigen;
use condense_num::linalg::gram;
use condense_num::newton::{Ends, polish};
use ndarray::{Array2, s};

/// Steps of Adam between two reports of progress: a few milliseconds.
const TICK: usize = 100;

/// Data with several targets each: `R(θ) = 1/(nq) Σ_io (f_o(x_i) − y_io)²`, the mean square, without a factor ½.
#[derive(Clone, Debug)]
pub struct Classes {
    /// Inputs, `n × d`.
    pub x: Array2<f64>,
    /// Targets, `n × q`; of classes, one-hot.
    pub y: Array2<f64>,
}

impl Classes {
    /// `f_o(x_i) − y_io`.
    pub fn residuals(&self, net: &SigmoidNet) -> Array2<f64> {
        net.output(&self.x) - &self.y
    }

    /// `R(θ)`.
    pub fn loss(&self, net: &SigmoidNet) -> f64 {
        self.residuals(net).iter().map(|r| r * r).sum::<f64>() / self.y.len() as f64
    }

    /// `∇R`.
    pub fn gradient(&self, net: &SigmoidNet) -> Vec<f64> {
        let sums = net.pulled_back(&self.x, &self.residuals(net));
        sums.into_iter().map(|sum| self.mean(sum)).collect()
    }

    /// `∇²R`.
    pub fn hessian(&self, net: &SigmoidNet) -> Array2<f64> {
        let bend = net.curvature(&self.x, &self.residuals(net));
        (gram(&net.tangent(&self.x)) + bend).mapv_into(|sum| self.mean(sum))
    }

    /// The Hessian's eigenvalues, rising.
    pub fn spectrum(&self, net: &SigmoidNet) -> Vec<f64> {
        eigen::symmetric(&self.hessian(net)).0
    }

    /// The network after each of these steps of full-batch Adam, whose numbers rise.
    ///
    /// # Errors
    /// When the runtime wants to stop.
    pub fn trained(
        &self,
        start: &SigmoidNet,
        adam: Adam,
        after: &[usize],
        ctx: &Context,
    ) -> Result<Vec<SigmoidNet>, Stop> {
        let (sizes, mut theta, mut seen) = (start.sizes(), start.theta(), Vec::new());
        let (mut first, mut second, mut powers) = (vec![0.0; theta.len()], vec![0.0; theta.len()], [1.0; 2]);
        let last = after.last().copied().unwrap_or(0);
        for step in 1..=last {
            if step.is_multiple_of(TICK) {
                ctx.tick(step, last)?;
            }
            let gradient = self.gradient(&SigmoidNet::from_theta(sizes, &theta));
            powers = [powers[0] * adam.beta1, powers[1] * adam.beta2];
            for (p, g) in gradient.into_iter().enumerate() {
                first[p] = adam.beta1 * first[p] + (1.0 - adam.beta1) * g;
                second[p] = adam.beta2 * second[p] + (1.0 - adam.beta2) * g * g;
                let root = (second[p] / (1.0 - powers[1])).sqrt();
                theta[p] -= adam.rate * first[p] / (1.0 - powers[0]) / (root + adam.epsilon);
            }
            if after.contains(&step) {
                seen.push(SigmoidNet::from_theta(sizes, &theta));
            }
        }
        Ok(seen)
    }

    /// Newton's method on the gradient, see [`polish`].
    pub fn polished(&self, net: &SigmoidNet, ends: Ends) -> SigmoidNet {
        let at = |theta: &[f64]| SigmoidNet::from_theta(net.sizes(), theta);
        at(&polish(net.theta(), |theta| self.gradient(&at(theta)), |theta| self.hessian(&at(theta)), ends))
    }

    /// The inertia of the Hessian after the split of neuron `j` into `parts` equal ones, by rule: that of the narrow critical point, and
    /// for each further copy that of `[[0, C], [Cᵀ, B]]`, `C = Σ_i r_io σ' x_i` (`q × d`), `B = Σ_io r_io a_jo σ'' x_i x_iᵀ`.
    ///
    /// The new directions leave `f` unchanged to first order: output weight goes from one copy to another, or their input weights part.
    /// They are conjugate to the narrow ones, and share the curvatures above (`B` with a positive factor, which changes no
    /// inertia). That `R` is critical says `a_jᵀ C = 0`: with one output `C` is zero, and each copy brings one zero. With `q` outputs
    /// `C` has rank up to `q − 1`, and each unit of rank brings one negative and one positive eigenvalue, whatever `B` is.
    pub fn split_inertia(&self, net: &SigmoidNet, j: usize, parts: usize, zero: f64) -> Inertia {
        let [d, _, q] = net.sizes();
        let (mixed, own) = net.of_neuron(j, &self.x, &self.residuals(net));
        let mut block = Array2::zeros((q + d, q + d));
        block.slice_mut(s![..q, q..]).assign(&mixed);
        block.slice_mut(s![q.., ..q]).assign(&mixed.t());
        block.slice_mut(s![q.., q..]).assign(&own);
        let block = Inertia::of(&eigen::symmetric(&block.mapv_into(|sum| self.mean(sum))).0, zero);
        let (narrow, copies) = (Inertia::of(&self.spectrum(net), zero), parts - 1);
        Inertia {
            negative: narrow.negative + copies * block.negative,
            zero: narrow.zero + copies * block.zero,
            positive: narrow.positive + copies * block.positive,
        }
    }

    fn mean(&self, sum: f64) -> f64 {
        2.0 * sum / self.y.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::Inline;
    use condense_num::rng::Stream;
    use condense_num::vector::norm1;
    use std::collections::BTreeMap;

    const ADAM: Adam = Adam { rate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    fn random(seed: u64) -> (Classes, SigmoidNet) {
        let mut rng = Stream::root(seed);
        let x = Array2::from_shape_fn((12, 3), |_| rng.normal());
        let y = Array2::from_shape_fn((12, 2), |_| rng.normal());
        (Classes { x, y }, SigmoidNet::random([3, 2, 2], 0.7, &mut rng))
    }

    fn trained(classes: &Classes, net: &SigmoidNet, after: &[usize]) -> Vec<SigmoidNet> {
        let inputs = BTreeMap::new();
        classes.trained(net, ADAM, after, &Context::new(0, &inputs, &Inline)).expect("nobody stops it")
    }

    #[test]
    fn gradient_and_hessian_agree_with_central_differences() {
        let (classes, net) = random(1);
        let (theta, gradient, hessian) = (net.theta(), classes.gradient(&net), classes.hessian(&net));
        for p in 0..theta.len() {
            let at = |h: f64| {
                let mut moved = theta.clone();
                moved[p] += h;
                SigmoidNet::from_theta(net.sizes(), &moved)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            assert!(((classes.loss(&up) - classes.loss(&down)) / 2e-5 - gradient[p]).abs() < 1e-9, "entry {p}");
            let rows = classes.gradient(&up).into_iter().zip(classes.gradient(&down));
            for (q, (up, down)) in rows.enumerate() {
                assert!(((up - down) / 2e-5 - hessian[[p, q]]).abs() < 1e-8, "entry {p}, {q}");
            }
        }
    }

    #[test]
    fn adam_takes_a_first_step_of_its_rate_and_lowers_the_loss() {
        let (classes, net) = random(2);
        let seen = trained(&classes, &net, &[1, 200]);
        let moved = seen[0].theta().into_iter().zip(net.theta()).map(|(one, other)| (one - other).abs());
        assert!(moved.into_iter().all(|way| (way - 0.02).abs() < 1e-6));
        assert!(classes.loss(&seen[1]) < classes.loss(&net));
    }

    #[test]
    fn the_rule_of_splits_gives_the_inertia_and_every_copy_brings_a_negative_one() {
        let mut met = 0;
        for seed in 0..60 {
            let (classes, net) = random(seed);
            let start = trained(&classes, &net, &[30]);
            let point = classes.polished(&start[0], Ends { steps: 60, halvings: 30, reach: 100.0 });
            let narrow = Inertia::of(&classes.spectrum(&point), 1e-9);
            if norm1(&classes.gradient(&point)) > 1e-12 || narrow.zero > 0 {
                continue;
            }
            for (j, parts) in [(0, 2), (1, 3)] {
                let wide = point.split_equally(j, parts);
                assert!(norm1(&classes.gradient(&wide)) < 1e-12);
                let inertia = Inertia::of(&classes.spectrum(&wide), 1e-9);
                assert_eq!(inertia, classes.split_inertia(&point, j, parts, 1e-9), "seed {seed}");
                assert!(inertia.negative >= narrow.negative + parts - 1);
                met += 1;
            }
        }
        assert!(met >= 10, "{met} splits");
    }
}

//! Critical points of the mean squared error of a small tanh network: gradient, Hessian, and a solver that reaches them.
//! It knows no training dynamics: the solver jumps to where the gradient vanishes and tells nothing of how training gets there.

use crate::nets::bias::line_with_bias;
use crate::nets::tanh_net::TanhNet;
use crate::tasks::task::three_steps;
use condense_num::eigen;
use condense_num::linalg::gram;
use condense_num::marquardt::{Ends, Residuals, descend, pull_back};
use condense_num::newton::{self, polish};
use condense_num::stats::linspace;
use condense_num::vector::norm1;
use ndarray::Array2;

/// The loss of a data set as a function of the network: `R(θ) = (1/n) Σ_i (f(x_i) − y_i)²`, without a factor ½.
#[derive(Clone, Debug)]
pub struct Landscape {
    /// Inputs, `n × d`.
    pub x: Array2<f64>,
    /// Targets, `n`.
    pub y: Vec<f64>,
}

/// A point at which the gradient vanishes up to rounding.
#[derive(Clone, Debug)]
pub struct Critical {
    /// The network in standard form (see [`TanhNet::canonical`]).
    pub net: TanhNet,
    /// `R` there.
    pub loss: f64,
    /// `‖∇R‖₁` there.
    pub gradient: f64,
}

/// How many eigenvalues of a symmetric matrix are below, at and above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inertia {
    /// Eigenvalues below `−zero`.
    pub negative: usize,
    /// Eigenvalues of size at most `zero`.
    pub zero: usize,
    /// Eigenvalues above `zero`.
    pub positive: usize,
}

impl Inertia {
    /// Counts; sizes up to `zero` count as zero.
    pub fn of(eigenvalues: &[f64], zero: f64) -> Self {
        let negative = eigenvalues.iter().filter(|&&value| value < -zero).count();
        let positive = eigenvalues.iter().filter(|&&value| value > zero).count();
        Self { negative, zero: eigenvalues.len() - negative - positive, positive }
    }
}

impl Landscape {
    /// A function of one variable at these points, with a bias input.
    pub fn of(target: impl Fn(f64) -> f64, points: &[f64]) -> Self {
        Self { x: line_with_bias(points), y: points.iter().map(|&x| target(x)).collect() }
    }

    /// The deck's one-dimensional data: [`three_steps`] at 50 points equally spaced on [−15, 15].
    pub fn three_steps() -> Self {
        Self::of(three_steps, &linspace(-15.0, 15.0, 50))
    }

    /// `f(x_i) − y_i`.
    pub fn residuals(&self, net: &TanhNet) -> Vec<f64> {
        net.output(&self.x).iter().zip(&self.y).map(|(f, y)| f - y).collect()
    }

    /// The largest distance of two networks' outputs on the samples.
    pub fn apart(&self, one: &TanhNet, other: &TanhNet) -> f64 {
        let (f, g) = (one.output(&self.x), other.output(&self.x));
        f.iter().zip(&g).map(|(f, g)| (f - g).abs()).fold(0.0, f64::max)
    }

    /// `R(θ)`.
    pub fn loss(&self, net: &TanhNet) -> f64 {
        self.residuals(net).iter().map(|r| r * r).sum::<f64>() / self.y.len() as f64
    }

    /// `∇R = (2/n) Jᵀ r`.
    pub fn gradient(&self, net: &TanhNet) -> Vec<f64> {
        let sums = pull_back(&net.tangent(&self.x), &self.residuals(net));
        sums.iter().map(|s| 2.0 * s / self.y.len() as f64).collect()
    }

    /// `∇²R = (2/n) (JᵀJ + Σ_i r_i ∇²f(x_i))`.
    pub fn hessian(&self, net: &TanhNet) -> Array2<f64> {
        let mean = |sum: f64| 2.0 * sum / self.y.len() as f64;
        let bend = net.curvature(&self.x, &self.residuals(net));
        gram(&net.tangent(&self.x)).mapv_into(mean) + bend.mapv_into(mean)
    }

    /// The Hessian's eigenvalues, rising.
    pub fn spectrum(&self, net: &TanhNet) -> Vec<f64> {
        eigen::symmetric(&self.hessian(net)).0
    }

    /// Goes from a start to a critical point: Levenberg–Marquardt on the loss, then damped Newton on the gradient.
    /// `None` when `‖∇R‖₁` is not below `tolerance` after `steps` steps of each.
    pub fn settle(&self, start: &TanhNet, steps: usize, tolerance: f64) -> Option<Critical> {
        let width = start.width();
        let low = descend(&OfWidth { landscape: self, width }, start.theta(), Ends { steps, enough: 0.0 });
        let net = self.polish(&TanhNet::from_theta(width, &low.theta), steps).canonical();
        let (loss, gradient) = (self.loss(&net), norm1(&self.gradient(&net)));
        (gradient < tolerance).then_some(Critical { net, loss, gradient })
    }

    fn polish(&self, net: &TanhNet, steps: usize) -> TanhNet {
        let at = |theta: &[f64]| TanhNet::from_theta(net.width(), theta);
        let ends = newton::Ends { steps, halvings: 30, reach: f64::INFINITY };
        at(&polish(net.theta(), |theta| self.gradient(&at(theta)), |theta| self.hessian(&at(theta)), ends))
    }
}

/// The residuals of the networks of one width.
struct OfWidth<'l> {
    landscape: &'l Landscape,
    width: usize,
}

impl Residuals for OfWidth<'_> {
    fn residuals(&self, theta: &[f64]) -> Vec<f64> {
        self.landscape.residuals(&TanhNet::from_theta(self.width, theta))
    }

    fn tangent(&self, theta: &[f64]) -> Array2<f64> {
        TanhNet::from_theta(self.width, theta).tangent(&self.landscape.x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::bias::with_bias;
    use condense_num::rng::Stream;

    fn random(seed: u64) -> (Landscape, TanhNet) {
        let mut rng = Stream::root(seed);
        let x = with_bias(&Array2::from_shape_fn((9, 2), |_| rng.normal()));
        (Landscape { x, y: rng.normals(9, 1.0) }, TanhNet::random(3, 1.0, &[0.8; 3], &mut rng))
    }

    #[test]
    fn gradient_and_hessian_agree_with_central_differences() {
        let (landscape, net) = random(1);
        let (gradient, hessian, h) = (landscape.gradient(&net), landscape.hessian(&net), 1e-5);
        for p in 0..gradient.len() {
            let step: Vec<f64> = (0..gradient.len()).map(|q| if p == q { 1.0 } else { 0.0 }).collect();
            let (up, down) = (net.moved(&step, h), net.moved(&step, -h));
            assert!(((landscape.loss(&up) - landscape.loss(&down)) / (2.0 * h) - gradient[p]).abs() < 1e-8);
            let (g_up, g_down) = (landscape.gradient(&up), landscape.gradient(&down));
            for q in 0..gradient.len() {
                assert!(((g_up[q] - g_down[q]) / (2.0 * h) - hessian[[p, q]]).abs() < 1e-7, "entry {p}, {q}");
            }
        }
    }

    #[test]
    fn loss_at_the_origin_is_the_mean_square_of_the_targets() {
        let landscape = Landscape::three_steps();
        let zero = TanhNet::new(vec![0.0], Array2::zeros((1, 2)));
        assert!((landscape.loss(&zero) - 5.145330099).abs() < 1e-9, "the source's loss at 0");
    }

    #[test]
    fn the_data_are_three_tanh_neurons() {
        let exact = TanhNet::new(vec![1.0; 3], ndarray::array![[1.0, 7.0], [1.0, 0.0], [1.0, -7.0]]);
        let landscape = Landscape::three_steps();
        assert!(landscape.loss(&exact) < 1e-30);
        assert_eq!(Inertia::of(&landscape.spectrum(&exact), 1e-11), Inertia { negative: 0, zero: 0, positive: 9 });
    }

    #[test]
    fn the_solver_ends_where_the_gradient_vanishes() {
        let landscape = Landscape::three_steps();
        let start = TanhNet::new(vec![2.0], ndarray::array![[0.2, 0.3]]);
        let end = landscape.settle(&start, 300, 1e-10).expect("a minimum of width 1");
        assert!((end.loss - 0.10902274209018).abs() < 1e-12, "loss {}", end.loss);
        assert!(end.gradient < 1e-13, "gradient {}", end.gradient);
    }

    #[test]
    fn permuted_neurons_have_the_same_loss_and_spectrum() {
        let (landscape, net) = random(2);
        let order = [2, 0, 1];
        let permuted = TanhNet::new(
            order.iter().map(|&k| net.a[k]).collect(),
            Array2::from_shape_fn(net.w.dim(), |(k, c)| net.w[[order[k], c]]),
        );
        assert!((landscape.loss(&net) - landscape.loss(&permuted)).abs() < 1e-14);
        for (one, other) in landscape.spectrum(&net).iter().zip(landscape.spectrum(&permuted)) {
            assert!((one - other).abs() < 1e-12);
        }
    }
}

//! A two-layer tanh network small enough for its Hessian: output, tangent functions, second derivatives.
//! It knows no data set, no loss and no training.

use condense_num::math::tanh;
use condense_num::rng::Stream;
use condense_num::vector::{dot, norm, unit};
use ndarray::Array2;

/// `f(x) = Σ_k a_k tanh(w_k·x)` with `x` in R^d.
///
/// A hidden bias is a last input that is always 1 (see [`with_bias`](crate::nets::bias::with_bias)); there is no output bias.
/// As one vector, `θ = (a_1 … a_m, w_1, …, w_m)` has `m (d + 1)` entries.
#[derive(Clone, Debug, PartialEq)]
pub struct TanhNet {
    /// Output weights, `m`.
    pub a: Vec<f64>,
    /// Input weights, `m × d`: row `k` is `w_k`.
    pub w: Array2<f64>,
}

impl TanhNet {
    /// A network from its output weights and the rows of its input weights.
    pub fn new(a: Vec<f64>, w: Array2<f64>) -> Self {
        assert_eq!(a.len(), w.nrows(), "each neuron has one output weight");
        Self { a, w }
    }

    /// `m` neurons with independent normal weights; `w_std[c]` belongs to input `c`. Draws neuron by neuron, `a` first.
    pub fn random(m: usize, a_std: f64, w_std: &[f64], rng: &mut Stream) -> Self {
        let (mut a, mut w) = (Vec::with_capacity(m), Vec::with_capacity(m * w_std.len()));
        for _ in 0..m {
            a.push(a_std * rng.normal());
            w.extend(w_std.iter().map(|std| std * rng.normal()));
        }
        Self::from_parts(a, w)
    }

    /// The network of width `m` with parameters `θ`.
    pub fn from_theta(m: usize, theta: &[f64]) -> Self {
        let (a, w) = theta.split_at(m);
        Self::from_parts(a.to_vec(), w.to_vec())
    }

    fn from_parts(a: Vec<f64>, w: Vec<f64>) -> Self {
        let shape = (a.len(), w.len() / a.len().max(1));
        Self { a, w: Array2::from_shape_vec(shape, w).expect("whole rows") }
    }

    /// Number of neurons `m`.
    pub fn width(&self) -> usize {
        self.a.len()
    }

    /// Number of inputs `d` (a bias counts as one).
    pub fn inputs(&self) -> usize {
        self.w.ncols()
    }

    /// All parameters as one vector `θ`.
    pub fn theta(&self) -> Vec<f64> {
        self.a.iter().chain(self.w.iter()).copied().collect()
    }

    /// The network `scale · direction` away from this one.
    #[must_use]
    pub fn moved(&self, direction: &[f64], scale: f64) -> Self {
        let theta: Vec<f64> = self.theta().iter().zip(direction).map(|(t, d)| t + scale * d).collect();
        Self::from_theta(self.width(), &theta)
    }

    /// The same function in standard form: `a_k ≥ 0` (tanh is odd), neurons by falling `a_k`.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut order: Vec<usize> = (0..self.width()).collect();
        order.sort_by(|&j, &k| self.a[k].abs().total_cmp(&self.a[j].abs()));
        let a = order.iter().map(|&k| self.a[k].abs()).collect();
        Self::new(a, Array2::from_shape_fn(self.w.dim(), |(k, c)| self.a[order[k]].signum() * self.w[[order[k], c]]))
    }

    /// The least `|cos|` between a direction of length 1 and the input weights of the large neurons, whose `|a_k| ‖w_k‖`
    /// is more than half the largest.
    pub fn alignment(&self, direction: &[f64]) -> f64 {
        let weights: Vec<Vec<f64>> = self.w.rows().into_iter().map(|w| w.to_vec()).collect();
        let sizes: Vec<f64> = weights.iter().zip(&self.a).map(|(w, a)| a.abs() * norm(w)).collect();
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        let large = weights.iter().zip(&sizes).filter(|(_, size)| **size > 0.5 * largest);
        large.map(|(w, _)| dot(&unit(w), direction).abs()).fold(1.0, f64::min)
    }

    /// `tanh(w_k·x_i)` for inputs `x` (`n × d`), as `n × m`.
    pub fn hidden(&self, x: &Array2<f64>) -> Array2<f64> {
        Array2::from_shape_fn((x.nrows(), self.width()), |(i, k)| {
            tanh(x.row(i).iter().zip(self.w.row(k)).map(|(x, w)| w * x).sum())
        })
    }

    /// `f(x_i)` for each row of `x`.
    pub fn output(&self, x: &Array2<f64>) -> Vec<f64> {
        self.hidden(x).rows().into_iter().map(|h| h.iter().zip(&self.a).map(|(h, a)| a * h).sum()).collect()
    }

    /// The tangent functions on the samples: `J[i, p] = ∂f(x_i)/∂θ_p`, as `n × m (d + 1)`.
    pub fn tangent(&self, x: &Array2<f64>) -> Array2<f64> {
        let (m, d, hidden) = (self.width(), self.inputs(), self.hidden(x));
        let mut tangent = Array2::zeros((x.nrows(), m * (d + 1)));
        for i in 0..x.nrows() {
            for k in 0..m {
                let h = hidden[[i, k]];
                tangent[[i, k]] = h;
                for c in 0..d {
                    tangent[[i, m + k * d + c]] = self.a[k] * slope(h) * x[[i, c]];
                }
            }
        }
        tangent
    }

    /// `Σ_i e_i ∇²f(x_i)`, as `m (d + 1)` squared. Two parameters of different neurons never meet in `f`.
    pub fn curvature(&self, x: &Array2<f64>, e: &[f64]) -> Array2<f64> {
        let (m, d, hidden) = (self.width(), self.inputs(), self.hidden(x));
        let mut sum = Array2::zeros((m * (d + 1), m * (d + 1)));
        for i in 0..x.nrows() {
            for k in 0..m {
                let h = hidden[[i, k]];
                for c in 0..d {
                    let row = m + k * d + c;
                    let mixed = e[i] * slope(h) * x[[i, c]];
                    sum[[k, row]] += mixed;
                    sum[[row, k]] += mixed;
                    for other in 0..d {
                        sum[[row, m + k * d + other]] += e[i] * self.a[k] * bend(h) * x[[i, c]] * x[[i, other]];
                    }
                }
            }
        }
        sum
    }
}

/// `tanh'` where `tanh` is `h`.
fn slope(h: f64) -> f64 {
    (1.0 - h) * (1.0 + h)
}

/// `tanh''` where `tanh` is `h`.
pub fn bend(h: f64) -> f64 {
    -2.0 * h * slope(h)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::bias::with_bias;

    fn example() -> (TanhNet, Array2<f64>) {
        let mut rng = Stream::root(3);
        let net = TanhNet::random(3, 1.0, &[0.7, 0.7, 1.0], &mut rng);
        let x = Array2::from_shape_fn((7, 2), |_| rng.normal());
        (net, with_bias(&x))
    }

    fn axis(length: usize, at: usize) -> Vec<f64> {
        (0..length).map(|p| if p == at { 1.0 } else { 0.0 }).collect()
    }

    #[test]
    fn tangent_and_curvature_agree_with_central_differences() {
        let (net, x) = example();
        let (tangent, h) = (net.tangent(&x), 1e-5);
        let e: Vec<f64> = (0..x.nrows()).map(|i| 0.3 * i as f64 - 0.8).collect();
        let curvature = net.curvature(&x, &e);
        for p in 0..tangent.ncols() {
            let step = axis(tangent.ncols(), p);
            let (up, down) = (net.moved(&step, h), net.moved(&step, -h));
            let (f_up, f_down) = (up.output(&x), down.output(&x));
            let (t_up, t_down) = (up.tangent(&x), down.tangent(&x));
            for i in 0..x.nrows() {
                assert!(((f_up[i] - f_down[i]) / (2.0 * h) - tangent[[i, p]]).abs() < 1e-9, "∂f(x_{i})/∂θ_{p}");
            }
            for q in 0..tangent.ncols() {
                let by_difference: f64 =
                    (0..x.nrows()).map(|i| e[i] * (t_up[[i, q]] - t_down[[i, q]]) / (2.0 * h)).sum();
                assert!((by_difference - curvature[[p, q]]).abs() < 1e-8, "second derivative {p}, {q}");
            }
        }
    }

    #[test]
    fn only_large_neurons_count_for_the_alignment() {
        let net = TanhNet::new(vec![1.0, -2.0, 0.1], ndarray::array![[3.0, 4.0], [-6.0, 0.0], [0.0, 1.0]]);
        assert_eq!(net.alignment(&[1.0, 0.0]), 1.0, "sizes 5, 12 and 0.1");
        let net = TanhNet::new(vec![1.5, -1.0], net.w.slice(ndarray::s![..2, ..]).to_owned());
        assert_eq!(net.alignment(&[1.0, 0.0]), 0.6, "sizes 7.5 and 6");
    }

    #[test]
    fn standard_form_keeps_the_function() {
        let (net, x) = example();
        let canonical = net.canonical();
        assert!(canonical.a.windows(2).all(|pair| pair[0] >= pair[1] && pair[1] >= 0.0));
        for (one, other) in net.output(&x).iter().zip(canonical.output(&x)) {
            assert!((one - other).abs() < 1e-15);
        }
    }
}

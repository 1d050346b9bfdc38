//! A two-layer sigmoid network of several outputs, small enough for its Hessian: output, tangent functions, second derivatives.
//! It knows no data set, no loss and no training.

use condense_num::math::exp;
use condense_num::rng::Stream;
use condense_num::vector::dot;
use ndarray::Array2;

/// `f_o(x) = Σ_k a_ko σ(w_k·x)` with `x` in R^d, `o = 1 … q` and `σ(z) = 1/(1 + e⁻ᶻ)`.
///
/// A hidden bias is a last input that is always 1 (see [`with_bias`](crate::nets::bias::with_bias)); there is no output bias.
/// As one vector, `θ = (a_1, …, a_m, w_1, …, w_m)`, neuron by neuron, has `m (q + d)` entries.
#[derive(Clone, Debug, PartialEq)]
pub struct SigmoidNet {
    /// Output weights, `m × q`: row `k` is `a_k`.
    pub a: Array2<f64>,
    /// Input weights, `m × d`: row `k` is `w_k`.
    pub w: Array2<f64>,
}

impl SigmoidNet {
    /// `m` neurons with independent normal weights of one standard deviation; all output weights are drawn first.
    pub fn random(sizes: [usize; 3], std: f64, rng: &mut Stream) -> Self {
        let [d, m, q] = sizes;
        let theta = rng.normals(m * (q + d), std);
        Self::from_theta(sizes, &theta)
    }

    /// The network of `d` inputs, `m` neurons and `q` outputs, `sizes = [d, m, q]`, with parameters `θ`.
    pub fn from_theta([d, m, q]: [usize; 3], theta: &[f64]) -> Self {
        let (a, w) = theta.split_at(m * q);
        let shaped = |rows: &[f64], c| Array2::from_shape_vec((m, c), rows.to_vec()).expect("whole rows");
        Self { a: shaped(a, q), w: shaped(w, d) }
    }

    /// Inputs (a bias counts as one), neurons, outputs.
    pub fn sizes(&self) -> [usize; 3] {
        [self.w.ncols(), self.w.nrows(), self.a.ncols()]
    }

    /// All parameters as one vector `θ`.
    pub fn theta(&self) -> Vec<f64> {
        self.a.iter().chain(&self.w).copied().collect()
    }

    /// Neuron `j` in `parts` equal parts, each with its input weights; all but the first come last.
    #[must_use]
    pub fn split_equally(&self, j: usize, parts: usize) -> Self {
        let [d, m, q] = self.sizes();
        let source = |k: usize| if k < m { k } else { j };
        let share = |k: usize| if source(k) == j { 1.0 / parts as f64 } else { 1.0 };
        Self {
            a: Array2::from_shape_fn((m + parts - 1, q), |(k, o)| share(k) * self.a[[source(k), o]]),
            w: Array2::from_shape_fn((m + parts - 1, d), |(k, c)| self.w[[source(k), c]]),
        }
    }

    /// `σ(w_k·x_i)` for inputs `x` (`n × d`), as `n × m`.
    pub fn hidden(&self, x: &Array2<f64>) -> Array2<f64> {
        let inner = |i: usize, k: usize| dot(row(x, i), row(&self.w, k));
        Array2::from_shape_fn((x.nrows(), self.w.nrows()), |(i, k)| 1.0 / (1.0 + exp(-inner(i, k))))
    }

    /// `f_o(x_i)`, as `n × q`.
    pub fn output(&self, x: &Array2<f64>) -> Array2<f64> {
        let (hidden, [_, m, q]) = (self.hidden(x), self.sizes());
        Array2::from_shape_fn((x.nrows(), q), |(i, o)| (0..m).map(|k| hidden[[i, k]] * self.a[[k, o]]).sum())
    }

    /// `Σ_io e_io ∇f_o(x_i)` for weights `e` (`n × q`).
    pub fn pulled_back(&self, x: &Array2<f64>, e: &Array2<f64>) -> Vec<f64> {
        let (hidden, [d, m, q]) = (self.hidden(x), self.sizes());
        let mut sum = vec![0.0; m * (q + d)];
        for i in 0..x.nrows() {
            for k in 0..m {
                let h = hidden[[i, k]];
                let own = dot(row(e, i), row(&self.a, k)) * slope(h);
                (0..q).for_each(|o| sum[k * q + o] += e[[i, o]] * h);
                (0..d).for_each(|c| sum[m * q + k * d + c] += own * x[[i, c]]);
            }
        }
        sum
    }

    /// The tangent functions on the samples: `J[i q + o, p] = ∂f_o(x_i)/∂θ_p`.
    pub fn tangent(&self, x: &Array2<f64>) -> Array2<f64> {
        let (hidden, [d, m, q]) = (self.hidden(x), self.sizes());
        let mut tangent = Array2::zeros((x.nrows() * q, m * (q + d)));
        for (i, k, o) in (0..x.nrows()).flat_map(|i| (0..m).flat_map(move |k| (0..q).map(move |o| (i, k, o)))) {
            let h = hidden[[i, k]];
            tangent[[i * q + o, k * q + o]] = h;
            for c in 0..d {
                tangent[[i * q + o, m * q + k * d + c]] = self.a[[k, o]] * slope(h) * x[[i, c]];
            }
        }
        tangent
    }

    /// `Σ_io e_io ∇²f_o(x_i)`. Parameters of different neurons never meet in `f`, nor do two output weights.
    pub fn curvature(&self, x: &Array2<f64>, e: &Array2<f64>) -> Array2<f64> {
        let [d, m, q] = self.sizes();
        let mut sum = Array2::zeros((m * (q + d), m * (q + d)));
        for k in 0..m {
            let (mixed, own) = self.of_neuron(k, x, e);
            for c in 0..d {
                let place = m * q + k * d + c;
                for o in 0..q {
                    sum[[k * q + o, place]] = mixed[[o, c]];
                    sum[[place, k * q + o]] = mixed[[o, c]];
                }
                (0..d).for_each(|other| sum[[place, m * q + k * d + other]] = own[[c, other]]);
            }
        }
        sum
    }

    /// The second derivatives of neuron `k` in `Σ_io e_io f_o(x_i)`: by output weight and input weight, `Σ_i e_io σ' x_i` (`q × d`), and
    /// by two input weights, `Σ_io e_io a_ko σ'' x_i x_iᵀ` (`d × d`).
    pub fn of_neuron(&self, k: usize, x: &Array2<f64>, e: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
        let (hidden, [d, _, q]) = (self.hidden(x), self.sizes());
        let (mut mixed, mut own) = (Array2::zeros((q, d)), Array2::zeros((d, d)));
        for i in 0..x.nrows() {
            let h = hidden[[i, k]];
            let bent = dot(row(e, i), row(&self.a, k)) * slope(h) * (1.0 - 2.0 * h);
            for c in 0..d {
                (0..q).for_each(|o| mixed[[o, c]] += e[[i, o]] * slope(h) * x[[i, c]]);
                (0..d).for_each(|other| own[[c, other]] += bent * x[[i, c]] * x[[i, other]]);
            }
        }
        (mixed, own)
    }
}

fn row(matrix: &Array2<f64>, i: usize) -> &[f64] {
    let columns = matrix.ncols();
    &matrix.as_slice().expect("row after row")[i * columns..(i + 1) * columns]
}

/// `σ'` where `σ` is `h`.
fn slope(h: f64) -> f64 {
    h * (1.0 - h)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> (SigmoidNet, Array2<f64>, Array2<f64>) {
        let mut rng = Stream::root(3);
        let net = SigmoidNet::random([4, 2, 3], 0.8, &mut rng);
        let x = Array2::from_shape_fn((6, 4), |_| rng.normal());
        (net, x, Array2::from_shape_fn((6, 3), |_| rng.normal()))
    }

    #[test]
    fn tangent_and_curvature_agree_with_central_differences() {
        let (net, x, e) = random();
        let (theta, tangent, curvature) = (net.theta(), net.tangent(&x), net.curvature(&x, &e));
        let at = |p: usize, h: f64| {
            let mut moved = theta.clone();
            moved[p] += h;
            SigmoidNet::from_theta(net.sizes(), &moved)
        };
        for p in 0..theta.len() {
            let (up, down) = (at(p, 1e-5), at(p, -1e-5));
            let change = (up.output(&x) - down.output(&x)).mapv_into(|change| change / 2e-5);
            assert!(
                change.iter().zip(tangent.column(p)).all(|(change, slope)| (change - slope).abs() < 1e-9),
                "entry {p}"
            );
            let rows = up.pulled_back(&x, &e).into_iter().zip(down.pulled_back(&x, &e));
            for (q, (up, down)) in rows.enumerate() {
                assert!(((up - down) / 2e-5 - curvature[[p, q]]).abs() < 1e-8, "entry {p}, {q}");
            }
        }
    }

    #[test]
    fn what_is_pulled_back_is_the_tangent_times_the_weights() {
        let (net, x, e) = random();
        let tangent = net.tangent(&x);
        for (p, sum) in net.pulled_back(&x, &e).into_iter().enumerate() {
            let direct: f64 = tangent.column(p).iter().zip(&e).map(|(slope, e)| slope * e).sum();
            assert!((sum - direct).abs() < 1e-13);
        }
    }

    #[test]
    fn equal_splitting_keeps_the_output() {
        let (net, x, _) = random();
        for (j, parts) in [(0, 2), (1, 3), (0, 1)] {
            let wide = net.split_equally(j, parts);
            assert_eq!(wide.sizes(), [4, 1 + parts, 3]);
            assert!((wide.output(&x) - net.output(&x)).iter().all(|change| change.abs() < 1e-15));
        }
    }
}

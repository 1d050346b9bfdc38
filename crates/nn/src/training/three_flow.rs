//! Three-layer ReLU networks for gradient flow, and where they stand on their phase plane.
//! It knows no integrator and no experiment; [`three_layer`](crate::nets::three_layer) trains other such networks step by step.
//!
//! `f(x) = κ Σ_k a_k r(Σ_j W2_kj r(W1_j·x))` with the bias as last input, in units in which all parameters start as N(0, 1): with standard
//! deviations `β1`, `β2`, `β3` of `W1`, `W2`, `a` and a factor `1/α`, `κ = β1β2β3/α`, and a layer moves at `1/β²` times the rate of
//! the whole.
//!
//! **Convention.** `γ3 = -log κ / log m`. For `γ2` we take `β1 = β2` and `γ2 = -log(β3/β2) / log m`, as `γ'` of two-layer networks compares the
//! output layer with the one below. The paper (Zhou, Zhou, Jin, Luo, Zhang & Xu 2022) has two such coordinates as well; its exact
//! `γ2` is not known to us. Where all three deviations are equal, `γ2 = 0` in both.

use crate::nets::bias::line_with_bias;
use crate::training::model::{Model, Tangent};
use condense_num::each::{add_scaled, inner};
use condense_num::math::pow;
use condense_num::rng::Stream;
use condense_num::stats::linspace;
use ndarray::Array2;
use std::ops::Range;

/// A three-layer network on its samples. Parameters lie as `θ = [W1 | W2 | a]`, `W1` unit by unit (m × d), `W2` row by row (m × m).
#[derive(Clone, Debug)]
pub struct ThreeFlow {
    /// Samples × d, the last column of ones.
    pub inputs: Array2<f64>,
    /// One a sample. To train `f - f(0)` instead of `f`, add the initial outputs.
    pub targets: Vec<f64>,
    /// `m`, units of each hidden layer.
    pub width: usize,
    /// `κ`.
    pub scale: f64,
    /// How fast `W1`, `W2` and `a` move.
    pub mobility: [f64; 3],
}

impl ThreeFlow {
    /// The network of width m at `(γ2, γ3)`, on `y = x²` at four points evenly spaced on [-1/2, 1/2].
    pub fn on_four_points(gamma_2: f64, gamma_3: f64, width: usize) -> Self {
        let (points, m) = (linspace(-0.5, 0.5, 4), width as f64);
        Self {
            targets: points.iter().map(|x| x * x).collect(),
            inputs: line_with_bias(&points),
            width,
            scale: pow(m, -gamma_3),
            mobility: [1.0, 1.0, pow(m, 2.0 * gamma_2)],
        }
    }

    /// Initial parameters, all N(0, 1), `W1` first.
    pub fn draw(&self, stream: &mut Stream) -> Vec<f64> {
        stream.normals(self.width * (self.inputs.ncols() + self.width + 1), 1.0)
    }

    /// The same network, trained for `f - f(θ)` from these parameters on.
    pub fn centred(mut self, theta: &[f64]) -> Self {
        let mut tangent = Tangent::default();
        self.linearize(theta, &mut tangent);
        // The residual is f - y, so this is y + f.
        self.targets.iter_mut().zip(&tangent.residual).for_each(|(y, e)| *y = 2.0 * *y + e);
        self
    }

    /// Of each sample: `r(z1)`, `r(z2)`, and the gradients of `f` with respect to `z1` and `z2`, m numbers each.
    fn parts<'f>(&self, features: &'f [f64], sample: usize) -> [&'f [f64]; 4] {
        [0, 1, 2, 3].map(|part| &features[(4 * sample + part) * self.width..][..self.width])
    }
}

impl Model for ThreeFlow {
    fn smooth(&self) -> bool {
        false
    }

    fn layers(&self) -> Vec<Range<usize>> {
        let (first, second) = (self.width * self.inputs.ncols(), self.width * self.width);
        vec![0..first, first..first + second, first + second..first + second + self.width]
    }

    fn linearize(&self, theta: &[f64], tangent: &mut Tangent) {
        let (n, m, d) = (self.targets.len(), self.width, self.inputs.ncols());
        let [w1, w2, a] = [0, 1, 2].map(|layer| &theta[self.layers()[layer].clone()]);
        tangent.features.clear();
        tangent.features.resize(4 * n * m, 0.0);
        tangent.residual.clear();
        for (i, x) in self.inputs.rows().into_iter().enumerate() {
            let x = x.as_slice().expect("inputs lie row by row");
            let (h1, rest) = tangent.features[4 * i * m..][..4 * m].split_at_mut(m);
            let (h2, rest) = rest.split_at_mut(m);
            let (g1, g2) = rest.split_at_mut(m);
            for (h1, w1) in h1.iter_mut().zip(w1.chunks(d)) {
                *h1 = w1.iter().zip(x).map(|(w, x)| w * x).sum::<f64>().max(0.0);
            }
            for (k, row) in w2.chunks(m).enumerate() {
                let z = inner(row, h1);
                h2[k] = z.max(0.0);
                if z > 0.0 {
                    g2[k] = self.scale * a[k];
                    add_scaled(g2[k], row, g1);
                }
            }
            g1.iter_mut().zip(&*h1).filter(|(_, h1)| **h1 <= 0.0).for_each(|(g1, _)| *g1 = 0.0);
            tangent.residual.push(self.scale * inner(a, h2) - self.targets[i]);
        }
        let parts: Vec<[&[f64]; 4]> = (0..n).map(|i| self.parts(&tangent.features, i)).collect();
        let [by_first, by_second, by_a] = self.mobility;
        tangent.kernel = Array2::from_shape_fn((n, n), |(i, j)| {
            let dot = |part: usize| inner(parts[i][part], parts[j][part]);
            let [one, other] = [i, j].map(|row| self.inputs.row(row).to_vec());
            let x = inner(&one, &other);
            by_first * dot(2) * x + by_second * dot(3) * dot(0) + by_a * self.scale * self.scale * dot(1)
        });
    }

    fn vjp(&self, tangent: &Tangent, p: &[f64], pulled: &mut [f64]) {
        let (m, d, layers) = (self.width, self.inputs.ncols(), self.layers());
        let [by_first, by_second, by_a] = self.mobility;
        pulled.fill(0.0);
        for (i, p) in p.iter().enumerate() {
            let [h1, h2, g1, g2] = self.parts(&tangent.features, i);
            for (row, g1) in pulled[layers[0].clone()].chunks_mut(d).zip(g1) {
                row.iter_mut().zip(self.inputs.row(i)).for_each(|(w, x)| *w += by_first * p * g1 * x);
            }
            for (row, g2) in pulled[layers[1].clone()].chunks_mut(m).zip(g2).filter(|(_, g2)| **g2 != 0.0) {
                add_scaled(by_second * p * g2, h1, row);
            }
            add_scaled(by_a * p * self.scale, h2, &mut pulled[layers[2].clone()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::flow::Flow;

    fn drawn() -> (ThreeFlow, Vec<f64>) {
        let net = ThreeFlow { mobility: [0.7, 1.3, 2.1], ..ThreeFlow::on_four_points(0.1, 0.6, 5) };
        let theta = net.draw(&mut Stream::root(4));
        (net, theta)
    }

    fn residual(net: &ThreeFlow, theta: &[f64]) -> Vec<f64> {
        let mut tangent = Tangent::default();
        net.linearize(theta, &mut tangent);
        tangent.residual
    }

    #[test]
    fn pulling_back_is_the_gradient_by_finite_differences() {
        let (net, theta) = drawn();
        let (mut tangent, mut pulled) = (Tangent::default(), vec![0.0; theta.len()]);
        net.linearize(&theta, &mut tangent);
        for i in 0..4 {
            let p: Vec<f64> = (0..4).map(|j| f64::from(u8::from(i == j))).collect();
            net.vjp(&tangent, &p, &mut pulled);
            for (layer, mobility) in net.layers().into_iter().zip(net.mobility) {
                for k in layer {
                    let at = |step: f64| {
                        let mut moved = theta.clone();
                        moved[k] += step;
                        residual(&net, &moved)[i]
                    };
                    let slope = mobility * (at(1e-6) - at(-1e-6)) / 2e-6;
                    assert!((slope - pulled[k]).abs() < 1e-8, "{k}: {slope} {}", pulled[k]);
                }
            }
        }
    }

    #[test]
    fn the_kernel_is_what_the_pull_back_does_to_the_outputs() {
        let (net, theta) = drawn();
        let (mut tangent, mut pulled) = (Tangent::default(), vec![0.0; theta.len()]);
        net.linearize(&theta, &mut tangent);
        for j in 0..4 {
            let p: Vec<f64> = (0..4).map(|i| f64::from(u8::from(i == j))).collect();
            net.vjp(&tangent, &p, &mut pulled);
            let at =
                |step: f64| residual(&net, &theta.iter().zip(&pulled).map(|(t, d)| t + step * d).collect::<Vec<_>>());
            for (i, (ahead, back)) in at(1e-6).iter().zip(at(-1e-6)).enumerate() {
                assert!(((ahead - back) / 2e-6 - tangent.kernel[[i, j]]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_centred_network_starts_at_zero() {
        let (net, theta) = drawn();
        let plain = net.targets.clone();
        let centred = net.centred(&theta);
        assert!(residual(&centred, &theta).iter().zip(&plain).all(|(e, y)| (e + y).abs() < 1e-12));
    }

    #[test]
    fn the_order_of_units_does_not_matter_and_halving_the_tolerance_hardly_does() {
        let net = ThreeFlow::on_four_points(0.0, 1.5, 16);
        let start = net.draw(&mut Stream::root(7));
        let net = net.centred(&start);
        let end = |theta: Vec<f64>, tolerance: f64| {
            let mut flow = Flow::new(&net, theta, tolerance);
            assert!(flow.descend(1e-6, 5000).expect("flows"));
            flow.theta().to_vec()
        };
        let moved =
            |start: &[f64], end: &[f64]| start.iter().zip(end).map(|(s, e)| (s - e) * (s - e)).sum::<f64>().sqrt();
        // The second hidden layer in reverse: rows of W2, and a.
        let mut turned = start.clone();
        let (rows, a) = (net.layers()[1].clone(), net.layers()[2].clone());
        turned[rows.clone()].copy_from_slice(&start[rows].chunks(16).rev().flatten().copied().collect::<Vec<_>>());
        turned[a].reverse();
        let [plain, other, finer] = [end(start.clone(), 0.05), end(turned.clone(), 0.05), end(start.clone(), 0.025)];
        let [plain, other, finer] = [moved(&start, &plain), moved(&turned, &other), moved(&start, &finer)];
        assert!((plain / other - 1.0).abs() < 1e-6, "{plain} {other}");
        assert!((plain / finer - 1.0).abs() < 0.02, "{plain} {finer}");
    }
}

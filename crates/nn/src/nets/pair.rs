//! Two neurons of two inputs, and their squared loss: output, tangent functions, gradient and Hessian in six variables.
//! It knows no target and no branches of minima; how the loss is descended is `descent`'s to say.

use condense_num::descent::Smooth;
use condense_num::math;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Parameters of a pair.
pub const SIZE: usize = 6;

/// `θ = (a₁, w₁, a₂, w₂)`, each `w_k` two numbers.
pub type Theta = [f64; SIZE];

/// What a neuron of a pair does to its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// `e^z`: no symmetry but the exchange of neurons.
    Exp,
    /// `tanh z`: odd, so `(a, w)` and `(-a, -w)` are one neuron.
    Tanh,
}

impl Unit {
    /// `σ(z)`, `σ'(z)`, `σ''(z)`.
    pub fn jet(self, z: f64) -> [f64; 3] {
        match self {
            Self::Exp => [math::exp(z); 3],
            Self::Tanh => {
                let t = math::tanh(z);
                let slope = (1.0 - t) * (1.0 + t);
                [t, slope, -2.0 * t * slope]
            }
        }
    }

    /// The signs `s` for which `s σ(s z) = σ(z)`.
    pub fn signs(self) -> &'static [f64] {
        match self {
            Self::Exp => &[1.0],
            Self::Tanh => &[1.0, -1.0],
        }
    }
}

/// `f(x) = a₁ σ(w₁·x) + a₂ σ(w₂·x)`.
pub fn output(unit: Unit, theta: &Theta, x: [f64; 2]) -> f64 {
    neurons(theta).iter().map(|(a, w)| a * unit.jet(along(*w, x))[0]).sum()
}

/// `w·x`.
pub fn along(w: [f64; 2], x: [f64; 2]) -> f64 {
    w[0] * x[0] + w[1] * x[1]
}

fn neurons(theta: &Theta) -> [(f64, [f64; 2]); 2] {
    let [a1, u1, v1, a2, u2, v2] = *theta;
    [(a1, [u1, v1]), (a2, [u2, v2])]
}

/// `R(θ) = factor · Σ_i (f(x_i) - y_i)²`.
#[derive(Clone, Debug)]
pub struct PairLoss {
    /// The activation.
    pub unit: Unit,
    /// Inputs; a bias is a second input that is always 1.
    pub x: Vec<[f64; 2]>,
    /// Targets.
    pub y: Vec<f64>,
    /// 1 for the sum of squares, ½ for half of it.
    pub factor: f64,
}

impl PairLoss {
    /// The loss of the samples that the network `teacher` labels.
    pub fn of(unit: Unit, x: Vec<[f64; 2]>, teacher: &Theta, factor: f64) -> Self {
        let y = x.iter().map(|&x| output(unit, teacher, x)).collect();
        Self { unit, x, y, factor }
    }

    /// `f(x_i) - y_i`.
    pub fn residuals(&self, theta: &Theta) -> Vec<f64> {
        self.x.iter().zip(&self.y).map(|(&x, y)| output(self.unit, theta, x) - y).collect()
    }

    /// The tangent functions on the samples, `J[i, p] = ∂f(x_i)/∂θ_p`, n × 6.
    pub fn tangent(&self, theta: &Theta) -> Array2<f64> {
        let rows: Vec<Theta> = self.x.iter().map(|&x| row(self.unit, theta, x)).collect();
        Array2::from_shape_fn((rows.len(), SIZE), |(i, p)| rows[i][p])
    }
}

/// `∂f(x)/∂θ`.
fn row(unit: Unit, theta: &Theta, x: [f64; 2]) -> Theta {
    let mut row = [0.0; SIZE];
    for (k, (a, w)) in neurons(theta).into_iter().enumerate() {
        let [value, slope, _] = unit.jet(along(w, x));
        row[3 * k] = value;
        row[3 * k + 1] = a * slope * x[0];
        row[3 * k + 2] = a * slope * x[1];
    }
    row
}

impl Smooth<SIZE> for PairLoss {
    fn value(&self, theta: &Theta) -> f64 {
        self.factor * self.residuals(theta).iter().map(|r| r * r).sum::<f64>()
    }

    fn gradient(&self, theta: &Theta) -> Theta {
        let mut gradient = [0.0; SIZE];
        for (&x, y) in self.x.iter().zip(&self.y) {
            let r = output(self.unit, theta, x) - y;
            for (sum, j) in gradient.iter_mut().zip(row(self.unit, theta, x)) {
                *sum += 2.0 * self.factor * r * j;
            }
        }
        gradient
    }

    /// `2 factor Σ_i (J_i J_iᵀ + r_i ∇²f(x_i))`; parameters of different neurons meet in the first part alone.
    fn hessian(&self, theta: &Theta) -> [[f64; SIZE]; SIZE] {
        let mut hessian = [[0.0; SIZE]; SIZE];
        for (&x, y) in self.x.iter().zip(&self.y) {
            let (j, r) = (row(self.unit, theta, x), output(self.unit, theta, x) - y);
            for p in 0..SIZE {
                for q in 0..SIZE {
                    hessian[p][q] += 2.0 * self.factor * j[p] * j[q];
                }
            }
            for (k, (a, w)) in neurons(theta).into_iter().enumerate() {
                let [_, slope, bend] = self.unit.jet(along(w, x));
                for c in 0..2 {
                    let (p, mixed) = (3 * k + 1 + c, 2.0 * self.factor * r * slope * x[c]);
                    hessian[3 * k][p] += mixed;
                    hessian[p][3 * k] += mixed;
                    for d in 0..2 {
                        hessian[p][3 * k + 1 + d] += 2.0 * self.factor * r * a * bend * x[c] * x[d];
                    }
                }
            }
        }
        hessian
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::rng::Stream;

    fn random(unit: Unit, factor: f64) -> (PairLoss, Theta) {
        let mut rng = Stream::root(3);
        let mut theta = || std::array::from_fn(|_| 0.7 * rng.normal());
        let (teacher, theta) = (theta(), theta());
        let mut rng = Stream::root(4);
        let x = (0..7).map(|_| [rng.normal(), rng.normal()]).collect();
        (PairLoss::of(unit, x, &teacher, factor), theta)
    }

    fn moved(theta: &Theta, p: usize, by: f64) -> Theta {
        std::array::from_fn(|k| theta[k] + if k == p { by } else { 0.0 })
    }

    #[test]
    fn gradient_tangent_and_hessian_agree_with_central_differences() {
        for (unit, factor) in [(Unit::Exp, 1.0), (Unit::Tanh, 0.5)] {
            let (loss, theta) = random(unit, factor);
            let (gradient, hessian, tangent, h) =
                (loss.gradient(&theta), loss.hessian(&theta), loss.tangent(&theta), 1e-5);
            for p in 0..SIZE {
                let (up, down) = (moved(&theta, p, h), moved(&theta, p, -h));
                let slope = (loss.value(&up) - loss.value(&down)) / (2.0 * h);
                assert!(
                    (slope - gradient[p]).abs() < 1e-7 * (1.0 + slope.abs()),
                    "{unit:?} {p}: {slope} {}",
                    gradient[p]
                );
                let (g_up, g_down) = (loss.gradient(&up), loss.gradient(&down));
                for q in 0..SIZE {
                    let bend = (g_up[q] - g_down[q]) / (2.0 * h);
                    assert!((bend - hessian[q][p]).abs() < 1e-6 * (1.0 + bend.abs()), "{unit:?} {p} {q}");
                }
                let (r_up, r_down) = (loss.residuals(&up), loss.residuals(&down));
                for i in 0..loss.x.len() {
                    assert!(((r_up[i] - r_down[i]) / (2.0 * h) - tangent[[i, p]]).abs() < 1e-7);
                }
            }
        }
    }

    #[test]
    fn exchanged_neurons_and_the_signs_of_an_odd_unit_change_nothing() {
        let x = [0.4, -1.1];
        let theta = [0.7, 0.2, -0.5, -1.3, 0.9, 0.4];
        let exchanged = [-1.3, 0.9, 0.4, 0.7, 0.2, -0.5];
        for unit in [Unit::Exp, Unit::Tanh] {
            assert!((output(unit, &theta, x) - output(unit, &exchanged, x)).abs() < 1e-15);
            for s in unit.signs() {
                let copy = [0.7 * s, 0.2 * s, -0.5 * s, -1.3, 0.9, 0.4];
                assert!((output(unit, &theta, x) - output(unit, &copy, x)).abs() < 1e-15);
            }
        }
    }
}

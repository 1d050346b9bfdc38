//! The two-neuron study of one variable: `a₁ tanh(w₁x + b₁) + a₂ tanh(w₂x + b₂)` learns `tanh(x + 1)` at a few even points.
//! It knows no integrator: it gives the loss, the starts and the errors.
//!
//! Source: "Disentangle Sample Size and Initialization Effect", figures 1 to 3. Near 0 the flow of the loss
//! `½ Σ r²` is linear, `a' = γ·w`, `w' = a γ` with `γ = Σ y_i (x_i, 1)`: what grows is `C = a ‖γ‖ + w·γ`, at the rate `‖γ‖`, and of the
//! start only the ratio `c = C₁/C₂` is left when the neurons are large.

use crate::nets::pair::{PairLoss, Theta, Unit, output};
use crate::theory::branches::Target;
use condense_num::stats::{linspace, mean};
use condense_num::vector::norm;

/// `tanh(x + 1)`: the second input is always 1.
pub const TARGET: Target = Target { unit: Unit::Tanh, a: 1.0, w: [1.0, 1.0] };
/// Samples and test points lie in `[-REACH, REACH]`.
const REACH: f64 = 2.0;
/// Test points, evenly spaced.
const TESTS: usize = 201;

/// The loss `½ Σ r²` of `n` evenly spaced samples of [-2, 2].
pub fn loss(n: usize) -> PairLoss {
    PairLoss::of(TARGET.unit, inputs(n), &TARGET.pair(), 0.5)
}

fn inputs(n: usize) -> Vec<[f64; 2]> {
    linspace(-REACH, REACH, n).into_iter().map(|x| [x, 1.0]).collect()
}

/// `γ = Σ y_i (x_i, 1)`.
pub fn gamma(loss: &PairLoss) -> [f64; 2] {
    let sum = |c: usize| loss.x.iter().zip(&loss.y).map(|(x, y)| x[c] * y).sum();
    [sum(0), sum(1)]
}

/// The start of that scale on the growing direction, the first neuron `c` times the second: `(a, w) = scale (c, c γ/‖γ‖)`, `scale (1, γ/‖γ‖)`.
pub fn start(loss: &PairLoss, scale: f64, c: f64) -> Theta {
    let gamma = gamma(loss);
    let [u, v] = gamma.map(|g| scale * g / norm(&gamma));
    [scale * c, c * u, c * v, scale, u, v]
}

/// The mean square difference from the target function over test points.
pub fn error(theta: &Theta) -> f64 {
    let target = TARGET.pair();
    let squares: Vec<f64> = inputs(TESTS)
        .into_iter()
        .map(|x| output(TARGET.unit, theta, x) - output(TARGET.unit, &target, x))
        .map(|r| r * r)
        .collect();
    mean(&squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::descent::{Descent, Smooth as _};
    use condense_num::math;

    #[test]
    fn the_start_grows_at_the_rate_of_gamma_and_keeps_its_ratio() {
        let loss = loss(6);
        let (start, rate) = (start(&loss, 1e-8, 0.5), norm(&gamma(&loss)));
        let mut descent = Descent::new(&loss, start, 1e-5);
        let time = math::ln(1e4) / rate;
        descent.flow(time).expect("a flow");
        let point = descent.point();
        assert!((point[3] / 1e-4 - 1.0).abs() < 1e-3, "{point:?}");
        assert!((point[0] / point[3] - 0.5).abs() < 1e-4 && (point[1] / point[4] - 0.5).abs() < 1e-4);
    }

    #[test]
    fn the_target_has_no_loss_and_no_error() {
        assert_eq!((loss(6).value(&TARGET.pair()), error(&TARGET.pair())), (0.0, 0.0));
        assert!((error(&[0.0; 6]) - 0.5).abs() < 0.2, "the target's mean square");
        assert_eq!(loss(5).x[1], [-1.0, 1.0]);
    }
}

//! What a ReLU neuron keeps under gradient flow: the balance of its output weight and its input weights.
//! It knows no task and no training; `κ'` says how the two sides are weighed.
//!
//! In normalised units `κ' a² - |w|²/κ'` does not change, as `r(z) = z r'(z)`; for other activations it does.

use crate::measures::unpack::neurons;
use crate::nets::packed::Neuron;
use crate::nets::two_layer::TwoLayer;
use condense_num::vector::dot;

/// `κ' a² - |w|²/κ'`.
pub fn balance(neuron: &Neuron<2>, kappa_prime: f64) -> f64 {
    let [outer, inner] = sides(neuron, kappa_prime);
    outer - inner
}

/// `κ' a²` and `|w|²/κ'`.
fn sides(Neuron { a, w }: &Neuron<2>, kappa_prime: f64) -> [f64; 2] {
    [kappa_prime * a * a, dot(w, w) / kappa_prime]
}

/// The largest change of a neuron's balance, as a part of the sum of its sides, now or at the start, whichever is larger.
pub fn broken(network: &TwoLayer, now: &[f64], start: &[f64], kappa_prime: f64) -> f64 {
    let changes = neurons(network, now).into_iter().zip(neurons(network, start)).map(|(now, start)| {
        let [now, start] = [now, start].map(|neuron| sides(&neuron, kappa_prime));
        (now[0] - now[1] - (start[0] - start[1])).abs() / (now[0] + now[1]).max(start[0] + start[1])
    });
    changes.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::four_points::mirrored_network;
    use crate::theory::phase_plane::Point;

    #[test]
    fn sides_that_grow_together_break_nothing() {
        let network = mirrored_network(Point { gamma: 1.0, gamma_prime: 0.0 }, 1.0, 1);
        // Two neurons, [a, a | w, w | b, b]: at κ' = 2 their balances are 2 - 1 and 8 - 2.
        let start = [1.0, 2.0, 1.0, 0.0, 1.0, 2.0];
        assert_eq!(neurons(&network, &start).iter().map(|n| balance(n, 2.0)).collect::<Vec<_>>(), [1.0, 6.0]);
        let grown = [2.0, 2.0, 3.0, 2.0, 5.0f64.sqrt(), 0.0];
        assert!(broken(&network, &grown, &start, 2.0) < 1e-15);
        let lone = [2.0, 2.0, 1.0, 0.0, 1.0, 2.0];
        assert!((broken(&network, &lone, &start, 2.0) - 6.0 / 9.0).abs() < 1e-15);
    }
}

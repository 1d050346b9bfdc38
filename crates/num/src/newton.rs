//! Newton's method on a gradient, damped: the last digits of a critical point of any kind, maximum, saddle or minimum.
//! It knows no function, only its gradient and its Hessian; which critical point it finds is set by the start.

use crate::solve::lu_solve;
use crate::vector::norm1;
use ndarray::Array2;

/// When to end.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// After so many steps.
    pub steps: usize,
    /// Or where a step does not help after so many halvings, less one: near the end that is rounding.
    pub halvings: usize,
    /// Or when a variable is larger than this: the way leads to infinity.
    pub reach: f64,
}

/// Newton's steps on `∇V = 0` from `theta`, each halved until `‖∇V‖₁` falls. It ends at a singular Hessian, too.
pub fn polish(
    mut theta: Vec<f64>,
    gradient: impl Fn(&[f64]) -> Vec<f64>,
    hessian: impl Fn(&[f64]) -> Array2<f64>,
    ends: Ends,
) -> Vec<f64> {
    let mut slope = gradient(&theta);
    for _ in 0..ends.steps {
        if theta.iter().any(|t| t.abs() > ends.reach) {
            break;
        }
        let size = norm1(&slope);
        let Some(step) = lu_solve(&hessian(&theta), &slope) else { break };
        let halved = (0..ends.halvings).scan(1.0, |scale, _| {
            *scale *= 0.5;
            Some(theta.iter().zip(&step).map(|(t, s)| t + -2.0 * *scale * s).collect::<Vec<f64>>())
        });
        let better = halved.map(|trial| (gradient(&trial), trial)).find(|(trial, _)| norm1(trial) < size);
        let Some((smaller, trial)) = better else { break };
        (theta, slope) = (trial, smaller);
    }
    theta
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// `V = x³/3 - x + y²/2 + xy`: critical where `x² - x - 1 = 0` and `y = -x`: a minimum and a saddle.
    fn slope(at: &[f64]) -> Vec<f64> {
        vec![at[0] * at[0] - 1.0 + at[1], at[1] + at[0]]
    }

    fn curvature(at: &[f64]) -> Array2<f64> {
        array![[2.0 * at[0], 1.0], [1.0, 1.0]]
    }

    const ENDS: Ends = Ends { steps: 20, halvings: 30, reach: f64::INFINITY };

    #[test]
    fn minimum_and_saddle_are_found_in_all_digits() {
        let root = 5f64.sqrt();
        for (start, x) in [([3.0, 0.0], 0.5 + 0.5 * root), ([-2.0, 1.0], 0.5 - 0.5 * root)] {
            let end = polish(start.to_vec(), slope, curvature, ENDS);
            assert!((end[0] - x).abs() < 1e-15 && (end[1] + x).abs() < 1e-15, "{end:?}");
        }
    }

    #[test]
    fn no_step_raises_the_gradient_and_a_singular_hessian_ends_it() {
        let mut before = norm1(&slope(&[40.0, -3.0]));
        for steps in 1..12 {
            let size = norm1(&slope(&polish(vec![40.0, -3.0], slope, curvature, Ends { steps, ..ENDS })));
            assert!(size <= before, "{before} to {size}");
            before = size;
        }
        assert_eq!(polish(vec![-3.0, 0.0], slope, curvature, Ends { reach: 2.5, ..ENDS }), [-3.0, 0.0], "out of reach");
        assert_eq!(polish(vec![0.5, 2.0], slope, curvature, ENDS), [0.5, 2.0], "the Hessian at x = 1/2 is singular");
    }
}

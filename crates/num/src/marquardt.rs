//! Nonlinear least squares by the method of Levenberg and Marquardt.
//! It knows no model: whoever asks gives residuals and their derivatives.

use crate::linalg::gram;
use crate::solve::lu_solve;
use ndarray::Array2;
use std::convert::Infallible;

/// `n` residuals that depend on `p` parameters.
pub trait Residuals {
    /// `r(θ)`, `n`.
    fn residuals(&self, theta: &[f64]) -> Vec<f64>;

    /// `J[i, p] = ∂r_i/∂θ_p`, `n × p`.
    fn tangent(&self, theta: &[f64]) -> Array2<f64>;
}

/// When to end.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// After so many steps, those that were not taken included.
    pub steps: usize,
    /// Or when the mean square is not above this.
    pub enough: f64,
}

/// Where the descent ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The parameters.
    pub theta: Vec<f64>,
    /// The mean square of the residuals there.
    pub loss: f64,
}

/// The damping of the first step; it falls by 3 with every step that is taken, and rises by 4 with every one that is not.
const DAMPING: f64 = 1e-2;
/// Damping never falls below this …
const LEAST: f64 = 1e-12;
/// … and when it has risen above this, no step leads down.
const MOST: f64 = 1e12;
/// A step that gains less than this share of the loss was the last: the rest is rounding.
const GAIN: f64 = 1e-14;

/// Goes down `R(θ) = (1/n) Σ r_i²` from a start (Marquardt 1963): steps `((2/n) JᵀJ + μ) δ = ∇R`, `∇R = (2/n) Jᵀ r`, whose damping `μ`
/// rises until the loss falls. It ends at a loss that is not a number, too.
pub fn descend(problem: &impl Residuals, start: Vec<f64>, ends: Ends) -> End {
    match descend_watched(problem, start, ends, |_| Ok::<(), Infallible>(())) {
        Ok(end) => end,
        Err(never) => match never {},
    }
}

/// The same; before each step someone is told how many there were, and may stop it.
///
/// # Errors
/// What that one says.
pub fn descend_watched<E>(
    problem: &impl Residuals,
    start: Vec<f64>,
    ends: Ends,
    mut watch: impl FnMut(usize) -> Result<(), E>,
) -> Result<End, E> {
    let mut residuals = problem.residuals(&start);
    let mut end = End { loss: mean_square(&residuals), theta: start };
    let (mut damping, mut tangent) = (DAMPING, None);
    for step in 0..ends.steps {
        watch(step)?;
        if end.loss <= ends.enough || !end.loss.is_finite() {
            break;
        }
        let tangent_here = tangent.get_or_insert_with(|| Squares::of(problem.tangent(&end.theta)));
        let Some(step) = tangent_here.step(&residuals, damping) else { break };
        let trial: Vec<f64> = end.theta.iter().zip(&step).map(|(theta, step)| theta - step).collect();
        let trial_residuals = problem.residuals(&trial);
        let trial_loss = mean_square(&trial_residuals);
        if trial_loss < end.loss {
            let gained = end.loss - trial_loss;
            let before = end.loss;
            (end, residuals, tangent) = (End { theta: trial, loss: trial_loss }, trial_residuals, None);
            damping = (damping / 3.0).max(LEAST);
            if gained < GAIN * before {
                break;
            }
        } else {
            damping *= 4.0;
            if damping > MOST {
                break;
            }
        }
    }
    Ok(end)
}

fn mean_square(residuals: &[f64]) -> f64 {
    residuals.iter().map(|r| r * r).sum::<f64>() / residuals.len() as f64
}

/// A tangent with its inner products: those of its columns, or of its rows where these are fewer.
struct Squares {
    tangent: Array2<f64>,
    /// `(2/n) JᵀJ` or `(2/n) JJᵀ`.
    squares: Array2<f64>,
}

impl Squares {
    fn of(tangent: Array2<f64>) -> Self {
        let (n, p) = tangent.dim();
        let squares = if p <= n { gram(&tangent) } else { gram(&tangent.t().to_owned()) };
        Self { squares: squares.mapv_into(|s| 2.0 * s / n as f64), tangent }
    }

    /// The damped step. With fewer samples than parameters it is `δ = Jᵀ u`, `((2/n) JJᵀ + μ) u = (2/n) r`: the same, from a smaller system.
    fn step(&self, residuals: &[f64], damping: f64) -> Option<Vec<f64>> {
        let n = residuals.len();
        let mut matrix = self.squares.clone();
        matrix.diag_mut().mapv_inplace(|s| s + damping);
        if self.tangent.ncols() <= n {
            let gradient: Vec<f64> = pull_back(&self.tangent, residuals).iter().map(|s| 2.0 * s / n as f64).collect();
            return lu_solve(&matrix, &gradient);
        }
        let scaled: Vec<f64> = residuals.iter().map(|r| 2.0 * r / n as f64).collect();
        lu_solve(&matrix, &scaled).map(|u| pull_back(&self.tangent, &u))
    }
}

/// `Jᵀ r`, summed from the first row to the last.
pub fn pull_back(tangent: &Array2<f64>, residuals: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; tangent.ncols()];
    for (row, r) in tangent.rows().into_iter().zip(residuals) {
        for (sum, j) in sum.iter_mut().zip(row) {
            *sum += j * r;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Rosenbrock's valley with a third residual, `(10 (y − x²), 1 − x, ½ (1 − y))`, so that the factor `2/n` is not 1; and some
    /// parameters that nothing depends on.
    struct Valley {
        idle: usize,
    }

    impl Residuals for Valley {
        fn residuals(&self, theta: &[f64]) -> Vec<f64> {
            vec![10.0 * (theta[1] - theta[0] * theta[0]), 1.0 - theta[0], 0.5 * (1.0 - theta[1])]
        }

        fn tangent(&self, theta: &[f64]) -> Array2<f64> {
            let mut tangent = Array2::zeros((3, 2 + self.idle));
            tangent.row_mut(0).iter_mut().zip([-20.0 * theta[0], 10.0]).for_each(|(to, from)| *to = from);
            (tangent[[1, 0]], tangent[[2, 1]]) = (-1.0, -0.5);
            tangent
        }
    }

    #[test]
    fn the_valley_ends_at_one_and_idle_parameters_rest() {
        for idle in [0, 3] {
            let start: Vec<f64> = [-1.2, 1.0].into_iter().chain(vec![0.7; idle]).collect();
            let end = descend(&Valley { idle }, start, Ends { steps: 200, enough: 1e-28 });
            assert!(end.loss <= 1e-28 && (end.theta[0] - 1.0).abs() < 1e-12, "{end:?}");
            assert!(end.theta[2..].iter().all(|theta| *theta == 0.7), "{end:?}");
        }
    }

    /// `((2/n) JᵀJ + μ) δ = (2/n) Jᵀ r`, in the small system and in the large one. With two residuals, as here once, `2/n` is 1.
    #[test]
    fn the_small_system_gives_the_step_of_the_large_one() {
        let wide = array![[1.0, 2.0, -0.5, 0.1], [0.3, -1.0, 0.8, 0.4], [-0.6, 0.2, 0.9, -1.1]];
        let tall = wide.slice(ndarray::s![.., ..2]).to_owned();
        let (residuals, damping, share) = ([0.7, -0.2, 0.4], 0.05, 2.0 / 3.0);
        for tangent in [wide, tall] {
            let step = Squares::of(tangent.clone()).step(&residuals, damping).expect("regular");
            let mut matrix = gram(&tangent).mapv_into(|s| share * s);
            matrix.diag_mut().mapv_inplace(|s| s + damping);
            let gradient: Vec<f64> = pull_back(&tangent, &residuals).iter().map(|s| share * s).collect();
            let large = lu_solve(&matrix, &gradient).expect("regular");
            assert!(step.iter().zip(&large).all(|(one, other)| (one - other).abs() < 1e-14), "{step:?} {large:?}");
        }
    }

    #[test]
    fn no_step_is_taken_without_need_or_from_what_is_no_number() {
        let start = vec![1.5, 2.0];
        let ends = Ends { steps: 50, enough: 1e3 };
        assert_eq!(descend(&Valley { idle: 0 }, start.clone(), ends).theta, start);
        assert!(descend(&Valley { idle: 0 }, vec![f64::NAN, 0.0], Ends { enough: 0.0, ..ends }).loss.is_nan());
    }
}

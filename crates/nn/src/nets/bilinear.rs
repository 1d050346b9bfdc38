//! Models whose coefficients are products of at most two parameters: a linear model, one with a product in it, and a matrix that is one.
//! They know no target; small enough for plain loops.
//!
//! `f(x) = Σ_j c_j(θ) φ_j(x)`, where each `c_j` is a sum of terms `θ_p` or `θ_p θ_q`. The features `φ` are the caller's.

use condense_num::vector::dot;

/// A model by the terms of its coefficients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bilinear {
    /// Numbers in `θ`.
    pub parameters: usize,
    /// Coefficients, one a feature.
    pub coefficients: usize,
    /// `[j, p]` where `θ_p` is a term of `c_j`.
    singles: Vec<[usize; 2]>,
    /// `[j, p, q]` where `θ_p θ_q` is.
    products: Vec<[usize; 3]>,
}

/// Where a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The coefficients.
    pub coefficients: Vec<f64>,
    /// The mean square error on the samples.
    pub loss: f64,
    /// Steps taken.
    pub steps: usize,
}

impl Bilinear {
    /// `c_j = θ_j`.
    pub fn linear(coefficients: usize) -> Self {
        let singles = (0..coefficients).map(|j| [j, j]).collect();
        Self { parameters: coefficients, coefficients, singles, products: Vec::new() }
    }

    /// `c = (θ_0, θ_1, θ_2 θ_3)`: the source's `f_NL = θ_0 + θ_1 x_1 + θ_2 θ_3 x_2`.
    pub fn with_product() -> Self {
        Self { parameters: 4, coefficients: 3, singles: vec![[0, 0], [1, 1]], products: vec![[2, 2, 3]] }
    }

    /// The entries of `AB`, row by row, for square matrices of `d` rows; `θ` holds `A`, then `B`, row by row.
    pub fn matrix(d: usize) -> Self {
        let term = |at: usize| {
            let (i, j, k) = (at / (d * d), at / d % d, at % d);
            [i * d + j, i * d + k, d * d + k * d + j]
        };
        let products = (0..d * d * d).map(term).collect();
        Self { parameters: 2 * d * d, coefficients: d * d, singles: Vec::new(), products }
    }

    /// `c(θ)`.
    pub fn at(&self, theta: &[f64]) -> Vec<f64> {
        let mut coefficients = vec![0.0; self.coefficients];
        self.fill(theta, &mut coefficients);
        coefficients
    }

    fn fill(&self, theta: &[f64], coefficients: &mut [f64]) {
        coefficients.fill(0.0);
        self.singles.iter().for_each(|&[j, p]| coefficients[j] += theta[p]);
        self.products.iter().for_each(|&[j, p, q]| coefficients[j] += theta[p] * theta[q]);
    }

    /// `∂L/∂θ` from `∂L/∂c`.
    pub fn pull_back(&self, theta: &[f64], of_coefficients: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.parameters];
        self.fill_back(theta, of_coefficients, &mut gradient);
        gradient
    }

    fn fill_back(&self, theta: &[f64], of_coefficients: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        self.singles.iter().for_each(|&[j, p]| gradient[p] += of_coefficients[j]);
        for &[j, first, second] in &self.products {
            let outer = of_coefficients[j];
            gradient[first] += outer * theta[second];
            gradient[second] += outer * theta[first];
        }
    }

    /// Full-batch gradient descent on `(1/n) Σ_i (f(x_i) − y_i)²` until it is below a tolerance, for at most so many steps.
    /// `features` has a row of `φ(x_i)` for each sample.
    pub fn train(
        &self,
        mut theta: Vec<f64>,
        (features, targets): (&[Vec<f64>], &[f64]),
        rate: f64,
        (tolerance, most): (f64, usize),
    ) -> Trained {
        let n = targets.len() as f64;
        // Of a matrix's entry one feature is 1 and the others are 0.
        let kept = |x: &Vec<f64>| x.iter().copied().enumerate().filter(|(_, x)| *x != 0.0).collect();
        let features: Vec<Vec<(usize, f64)>> = features.iter().map(kept).collect();
        let (mut coefficients, mut outer) = (vec![0.0; self.coefficients], vec![0.0; self.coefficients]);
        let (mut errors, mut gradient) = (vec![0.0; targets.len()], vec![0.0; self.parameters]);
        for steps in 0.. {
            self.fill(&theta, &mut coefficients);
            for ((error, x), y) in errors.iter_mut().zip(&features).zip(targets) {
                *error = x.iter().map(|&(j, x)| x * coefficients[j]).sum::<f64>() - y;
            }
            let loss = dot(&errors, &errors) / n;
            // What is not a number will not come below any tolerance.
            if loss < tolerance || steps == most || !loss.is_finite() {
                return Trained { coefficients, loss, steps };
            }
            outer.fill(0.0);
            for (x, error) in features.iter().zip(&errors) {
                for &(j, x) in x {
                    outer[j] += 2.0 / n * error * x;
                }
            }
            self.fill_back(&theta, &outer, &mut gradient);
            theta.iter_mut().zip(&gradient).for_each(|(theta, g)| *theta -= rate * g);
        }
        unreachable!("the loop ends at `most` steps")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::rng::Stream;

    #[test]
    fn the_entries_are_those_of_the_product() {
        // (1 2; 3 4) (5 6; 7 8) = (19 22; 43 50).
        assert_eq!(Bilinear::matrix(2).at(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), [19.0, 22.0, 43.0, 50.0]);
        assert_eq!(Bilinear::with_product().at(&[1.0, 2.0, 3.0, 4.0]), [1.0, 2.0, 12.0]);
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let mut rng = Stream::root(1);
        for model in [Bilinear::linear(3), Bilinear::with_product(), Bilinear::matrix(3)] {
            let theta = rng.normals(model.parameters, 1.0);
            let outer = rng.normals(model.coefficients, 1.0);
            let gradient = model.pull_back(&theta, &outer);
            for p in 0..theta.len() {
                let at = |by: f64| {
                    let mut theta = theta.clone();
                    theta[p] += by;
                    dot(&outer, &model.at(&theta))
                };
                assert!(((at(1e-6) - at(-1e-6)) / 2e-6 - gradient[p]).abs() < 1e-8, "∂/∂θ_{p}");
            }
        }
    }

    #[test]
    fn a_linear_model_learns_its_coefficients() {
        let features = [vec![1.0, 0.5], vec![1.0, -0.5], vec![1.0, 1.0]];
        let targets: Vec<f64> = features.iter().map(|x| 2.0 - x[1]).collect();
        let trained = Bilinear::linear(2).train(vec![0.0; 2], (&features, &targets), 0.3, (1e-20, 2000));
        assert!(trained.loss < 1e-20 && (trained.coefficients[0] - 2.0).abs() < 1e-9, "{trained:?}");
        assert_eq!(Bilinear::linear(2).train(vec![0.0; 2], (&features, &targets), 0.3, (1e-20, 7)).steps, 7);
    }
}

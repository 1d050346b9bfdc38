//! What a gradient flow leaves undone, done by Levenberg–Marquardt: from where the flow was given up to where the loss is as small
//! as one likes. It knows no network: any [`Model`] of the flow, all of whose parameters move equally fast.
//!
//! A flow from a small start creeps from plateau to plateau, the longer the smaller the loss. The damped step is the shortest
//! one that the linearised model asks for, so that the end stays near where the flow has led; it is not where the flow would end.

use crate::training::model::{Model, Tangent};
use condense_num::marquardt::{End, Ends, Residuals, descend};
use ndarray::Array2;

/// A model of the flow, as least squares see it.
struct Squares<'m, M>(&'m M);

impl<M: Model> Squares<'_, M> {
    fn tangent_at(&self, theta: &[f64]) -> Tangent {
        let mut tangent = Tangent::default();
        self.0.linearize(theta, &mut tangent);
        tangent
    }
}

impl<M: Model> Residuals for Squares<'_, M> {
    fn residuals(&self, theta: &[f64]) -> Vec<f64> {
        self.tangent_at(theta).residual
    }

    fn tangent(&self, theta: &[f64]) -> Array2<f64> {
        let tangent = self.tangent_at(theta);
        let n = tangent.residual.len();
        let mut rows = Array2::zeros((n, theta.len()));
        for (i, mut row) in rows.rows_mut().into_iter().enumerate() {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            self.0.vjp(&tangent, &unit, row.as_slice_mut().expect("rows lie in one piece"));
        }
        rows
    }
}

/// How far, in parts of itself, the square of a row of the Jacobian may be from the kernel's entry: rounding.
const SAME: f64 = 1e-9;

/// Goes down the mean square of the residuals of a model whose mobilities are all 1; see [`descend`].
///
/// # Panics
/// When they are not: a model's product is `M Jᵀ p`, so that the squares of its rows would be those of `J M² Jᵀ`, not of its kernel
/// `J M Jᵀ`.
pub fn finish(model: &impl Model, theta: Vec<f64>, ends: Ends) -> End {
    let (kernel, rows) = (Squares(model).tangent_at(&theta).kernel, Squares(model).tangent(&theta));
    for (row, entry) in rows.rows().into_iter().zip(kernel.diag()) {
        let square: f64 = row.iter().map(|j| j * j).sum();
        assert!((square - entry).abs() <= SAME * entry, "mobilities that are not 1: {square} for {entry}");
    }
    descend(&Squares(model), theta, ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::activation::Activation;
    use crate::nets::bias::line_with_bias;
    use crate::nets::two_layer::TwoLayer;
    use condense_num::rng::Stream;
    use condense_num::stats::linspace;

    fn network() -> (TwoLayer, Vec<f64>) {
        let (x, mut stream) = (linspace(-1.0, 1.0, 7), Stream::root(3));
        let (inputs, targets) = (line_with_bias(&x), stream.normals(7, 1.0));
        let activation = Activation::Tanh;
        let net = TwoLayer { activation, inputs, targets, width: 12, copies: 1.0, scale: 1.0, mobility: [1.0; 2] };
        let start = net.draw([0.7; 2], &mut stream);
        (net, start)
    }

    #[test]
    fn the_tangent_is_that_of_finite_differences() {
        let (net, theta) = network();
        let squares = Squares(&net);
        let tangent = squares.tangent(&theta);
        for p in 0..theta.len() {
            let at = |by: f64| {
                let mut theta = theta.clone();
                theta[p] += by;
                squares.residuals(&theta)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            assert!((0..7).all(|i| (tangent[[i, p]] - (up[i] - down[i]) / 2e-5).abs() < 1e-8), "{p}");
        }
    }

    #[test]
    #[should_panic(expected = "mobilities that are not 1")]
    fn a_model_of_other_mobilities_is_refused() {
        let (net, start) = network();
        finish(&TwoLayer { mobility: [1.0, 0.9], ..net }, start, Ends { steps: 1, enough: 1e-20 });
    }

    #[test]
    fn with_more_parameters_than_samples_nothing_is_left() {
        let (net, start) = network();
        let end = finish(&net, start, Ends { steps: 200, enough: 1e-20 });
        assert!(end.loss <= 1e-20, "{}", end.loss);
    }
}

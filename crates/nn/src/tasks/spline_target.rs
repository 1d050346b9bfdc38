//! A target that Kolmogorov–Arnold networks of every width and every grid can represent exactly, and those networks.
//! It knows no training.
//!
//! `f*(x) = z² - z/2` with `z = x₁² + (0.8 x₂ + 0.3 x₂³ - 0.3)`: a polynomial of degree at most 3 on every edge, and cubic
//! splines on any grid contain those. So grids differ in their number of parameters and in nothing that the target needs.

use crate::nets::kan::{Kan, Layer, SplineGrid};
use crate::training::fit::Model;
use ndarray::Array2;

/// Coefficients of `z ↦ z² - z/2`, from the constant on.
const OUTER: [f64; 4] = [0.0, -0.5, 1.0, 0.0];
/// Those of the inner functions, of `x₁` and of `x₂`.
const INNER: [[f64; 4]; 2] = [[0.0, 0.0, 1.0, 0.0], [-0.3, 0.8, 0.0, 0.3]];
/// All `z` of inputs in [-1, 1]²: from the lowest `x₁²`, and `x₂ = ∓1`.
const RANGE: [f64; 2] = [-1.4, 1.8];

/// `f*`.
pub fn target(x: [f64; 2]) -> f64 {
    value(OUTER, value(INNER[0], x[0]) + value(INNER[1], x[1]))
}

/// A polynomial at a place.
fn value(polynomial: [f64; 4], x: f64) -> f64 {
    polynomial.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Coefficients of a polynomial in the splines of a grid: its polar form at the three inner knots of each
/// (de Boor, *A Practical Guide to Splines*, IX; Ramshaw 1987).
fn in_splines(grid: SplineGrid, [one, line, square, cube]: [f64; 4]) -> Vec<f64> {
    let coefficient = |g: usize| {
        let [r, s, t] = [2.0, 1.0, 0.0].map(|before| grid.low + grid.spacing() * (g as f64 - before));
        one + line * (r + s + t) / 3.0 + square * (r * s + r * t + s * t) / 3.0 + cube * r * s * t
    };
    (0..grid.count).map(coefficient).collect()
}

/// A network `Σ_i Φ_i(Σ_j φ_ij(x_j))` of two inputs, with `G` splines on every edge, at fixed samples.
#[derive(Clone, Debug, PartialEq)]
pub struct SplineNet {
    /// `m`.
    pub width: usize,
    /// `G`.
    pub splines: usize,
    /// n × 2.
    pub x: Vec<f64>,
}

impl SplineNet {
    /// The grids: inner functions on [-1, 1], outer ones on [-3, 3].
    fn grids(&self) -> [SplineGrid; 2] {
        [1.0, 3.0].map(|end| SplineGrid { low: -end, high: end, count: self.splines })
    }

    /// `3 m G`: inner functions first.
    pub fn parameters(&self) -> usize {
        3 * self.width * self.splines
    }

    /// The network with these parameters.
    fn net(&self, theta: &[f64]) -> Kan {
        let (inner, outer) = theta.split_at(2 * self.width * self.splines);
        let [near, far] = self.grids();
        let layer =
            |grid, inputs, outputs, theta: &[f64]| Layer { grid, inputs, outputs, base: false, theta: theta.to_vec() };
        Kan { layers: vec![layer(near, 2, self.width, inner), layer(far, self.width, 1, outer)] }
    }

    /// Parameters with the function `f*`: every node has the target's inner functions and its share of the outer one; shares
    /// add up to 1, and nodes with none of it are all 0.
    ///
    /// # Panics
    /// When there is not one share a node.
    pub fn embedded(&self, shares: &[f64]) -> Vec<f64> {
        assert_eq!(shares.len(), self.width, "a share for every node");
        let [near, far] = self.grids();
        let inner = INNER.map(|polynomial| in_splines(near, polynomial));
        let of_node = |coefficient: f64| shares.iter().map(move |share| if *share == 0.0 { 0.0 } else { coefficient });
        let mut theta: Vec<f64> = inner.into_iter().flatten().flat_map(of_node).collect();
        let outer = in_splines(far, OUTER);
        theta.extend(shares.iter().flat_map(|share| outer.iter().map(move |coefficient| share * coefficient)));
        theta
    }

    /// The rank of the tangent space there, by hand: `2 G` inner and all outer splines that `z` can reach, less three functions
    /// that are counted twice. `Φ'(z)` lies in the span of the outer splines and, because splines add up to 1, of both
    /// families of inner ones; and `z Φ'(z)` in that of the outer and of all inner ones.
    pub fn rank_by_hand(&self) -> usize {
        let far = self.grids()[1];
        // Spline g lives strictly between knots g - 3 and g + 1.
        let knot = |at: f64| far.low + far.spacing() * at;
        let reached = |g: &usize| knot(*g as f64 - 3.0) < RANGE[1] - 1e-12 && knot(*g as f64 + 1.0) > RANGE[0] + 1e-12;
        2 * self.splines + (0..self.splines).filter(reached).count() - 3
    }
}

impl Model for SplineNet {
    fn outputs(&self, theta: &[f64]) -> Vec<f64> {
        self.net(theta).forward(&self.x)
    }

    fn tangent(&self, theta: &[f64]) -> Array2<f64> {
        let net = self.net(theta);
        let mut tangent = Array2::zeros((self.x.len() / 2, theta.len()));
        for (x, mut row) in self.x.chunks(2).zip(tangent.rows_mut()) {
            let mut gradient: Vec<_> = net.layers.iter().map(|layer| vec![0.0; layer.theta.len()]).collect();
            net.backward(x, &[1.0], &mut gradient);
            row.iter_mut().zip(gradient.into_iter().flatten()).for_each(|(entry, slope)| *entry = slope);
        }
        tangent
    }

    fn pull(&self, theta: &[f64], along: &[f64]) -> Vec<f64> {
        let net = self.net(theta);
        let mut gradient: Vec<_> = net.layers.iter().map(|layer| vec![0.0; layer.theta.len()]).collect();
        net.backward(&self.x, along, &mut gradient);
        gradient.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::rng::Stream;

    fn net(width: usize, splines: usize) -> SplineNet {
        let mut rng = Stream::root(2);
        SplineNet { width, splines, x: (0..60).map(|_| rng.uniform(-1.0, 1.0)).collect() }
    }

    #[test]
    fn every_width_and_grid_has_the_target() {
        for (width, splines, shares) in [(1, 4, vec![1.0]), (3, 5, vec![0.5, -0.2, 0.7]), (2, 14, vec![0.0, 1.0])] {
            let net = net(width, splines);
            let f = net.outputs(&net.embedded(&shares));
            for (f, x) in f.iter().zip(net.x.chunks(2)) {
                assert!((f - target([x[0], x[1]])).abs() < 1e-12, "{width} {splines}");
            }
        }
        assert!((target([0.5, 1.0]) - (1.05 * 1.05 - 1.05 / 2.0)).abs() < 1e-15);
    }

    #[test]
    fn polynomials_are_reproduced_term_by_term() {
        let grid = SplineGrid { low: -1.0, high: 2.0, count: 6 };
        for e in 0..4 {
            let polynomial: [f64; 4] = std::array::from_fn(|at| f64::from(u8::from(at == e)));
            let coefficients = in_splines(grid, polynomial);
            for x in [-0.9, 0.1, 0.5, 1.9] {
                let sum: f64 = grid.splines(x).iter().zip(&coefficients).map(|(b, c)| b * c).sum();
                assert!((sum - value(polynomial, x)).abs() < 1e-13, "x^{e} at {x}");
            }
        }
    }

    #[test]
    fn the_outer_splines_of_a_rank_are_those_that_the_target_meets() {
        for count in [4, 5, 7, 10, 15, 20, 30] {
            let (net, mut used) = (net(1, count), vec![false; count]);
            for k in 0..=2000 {
                let z = RANGE[0] + (RANGE[1] - RANGE[0]) * f64::from(k) / 2000.0;
                net.grids()[1].splines(z).iter().zip(&mut used).for_each(|(b, used)| *used |= *b > 0.0);
            }
            let used = used.into_iter().filter(|used| *used).count();
            assert_eq!(net.rank_by_hand(), 2 * count + used - 3, "{count} splines");
        }
    }

    #[test]
    fn tangent_and_pull_are_those_of_finite_differences() {
        let (net, along) = (net(3, 5), Stream::root(7).normals(30, 1.0));
        let theta = Stream::root(6).normals(net.parameters(), 0.4);
        let (tangent, pull) = (net.tangent(&theta), net.pull(&theta, &along));
        for p in 0..theta.len() {
            let at = |by: f64| {
                let mut theta = theta.clone();
                theta[p] += by;
                net.outputs(&theta)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            let slopes: Vec<f64> = up.iter().zip(&down).map(|(up, down)| (up - down) / 2e-5).collect();
            assert!((0..30).all(|i| (tangent[[i, p]] - slopes[i]).abs() < 1e-8), "{p}");
            let sum: f64 = slopes.iter().zip(&along).map(|(slope, along)| slope * along).sum();
            assert!((pull[p] - sum).abs() < 1e-7, "{p}");
        }
    }

    #[test]
    fn ranks_by_hand_are_those_of_the_sheet() {
        let ranks = [4, 5, 7, 10, 15, 20, 30].map(|splines| net(1, splines).rank_by_hand());
        assert_eq!(ranks, [9, 12, 17, 25, 37, 50, 75]);
    }
}

//! The global minima of a pair of neurons whose target is one neuron: a line and two planes, and when samples pin them down.
//! It knows no training; flows near the branches are `descend`'s to follow.
//!
//! With `f* = ā σ(w̄·x)` the target set `Q* = {θ : f_θ = f*}` is (Zhang et al., arXiv:2309.00508, its example)
//! `Q₁: w₁ = w₂ = w̄, a₁ + a₂ = ā`; `Q₂: w₁ = w̄, a₁ = ā, a₂ = 0`; `Q₃`: the same with the neurons exchanged. For an odd `σ` each
//! neuron may also be turned round, `(a, w) → (-a, -w)`: such copies count as the branch that they are copies of. Where `σ(0) = 0` a neuron
//! is silent also at `w = 0`, whatever its output weight, which adds two lines: [`Target::at_rest`].

use crate::nets::pair::{Theta, Unit, along};
use condense_num::math::sin_cos;
use condense_num::svd::svd;
use ndarray::Array2;
use std::f64::consts::PI;

/// A part of the target set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// The line: both neurons share the target's direction and its output weight.
    Q1,
    /// The plane on which the first neuron is the target and the second is silent, whatever its input weights.
    Q2,
    /// The plane on which they are exchanged.
    Q3,
}

impl Branch {
    /// The three.
    pub const ALL: [Self; 3] = [Self::Q1, Self::Q2, Self::Q3];

    /// Its dimension.
    pub fn dimension(self) -> usize {
        if self == Self::Q1 { 1 } else { 2 }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Q1 => "Q1",
            Self::Q2 => "Q2",
            Self::Q3 => "Q3",
        }
    }
}

/// The neuron `ā σ(w̄·x)` that a pair must become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The activation.
    pub unit: Unit,
    /// `ā`, not 0.
    pub a: f64,
    /// `w̄`, not 0.
    pub w: [f64; 2],
}

impl Target {
    /// The target as a pair, and the point at which the line meets the first plane: `(ā, w̄, 0, w̄)`.
    pub fn pair(&self) -> Theta {
        self.on_line(1.0)
    }

    /// The point of the line at which the first neuron has this share of `ā`. Shares 1 and 0 lie on the planes, too.
    pub fn on_line(&self, share: f64) -> Theta {
        let [u, v] = self.w;
        [share * self.a, u, v, (1.0 - share) * self.a, u, v]
    }

    /// The point of the plane `Q₂` or `Q₃` at which the silent neuron has these input weights.
    pub fn on_plane(&self, branch: Branch, silent: [f64; 2]) -> Theta {
        let ([u, v], [s, t]) = (self.w, silent);
        if branch == Branch::Q3 { [0.0, s, t, self.a, u, v] } else { [self.a, u, v, 0.0, s, t] }
    }

    /// How far a point is from a branch, the nearest of its copies.
    pub fn distance(&self, branch: Branch, theta: &Theta) -> f64 {
        let signs = self.unit.signs();
        let pairs = signs.iter().flat_map(|s| signs.iter().map(move |t| (s, t)));
        pairs.map(|(s, t)| self.distance_to(branch, *s, *t, theta)).fold(f64::INFINITY, f64::min)
    }

    fn distance_to(&self, branch: Branch, s: f64, t: f64, theta: &Theta) -> f64 {
        let [a1, u1, v1, a2, u2, v2] = *theta;
        let from = |sign: f64, u: f64, v: f64| {
            let [du, dv] = [sign * u - self.w[0], sign * v - self.w[1]];
            du * du + dv * dv
        };
        let square = match branch {
            Branch::Q1 => {
                let excess = s * a1 + t * a2 - self.a;
                from(s, u1, v1) + from(t, u2, v2) + 0.5 * excess * excess
            }
            Branch::Q2 => from(s, u1, v1) + (s * a1 - self.a) * (s * a1 - self.a) + a2 * a2,
            Branch::Q3 => from(t, u2, v2) + (t * a2 - self.a) * (t * a2 - self.a) + a1 * a1,
        };
        square.sqrt()
    }

    /// The branch nearest to a point, and how far that is.
    pub fn nearest(&self, theta: &Theta) -> (Branch, f64) {
        let far = Branch::ALL.map(|branch| (branch, self.distance(branch, theta)));
        far.into_iter().fold(far[0], |best, next| if next.1 < best.1 { next } else { best })
    }

    /// How far a point is from where one neuron is the target and the other has no input weights; infinitely far if `σ(0) ≠ 0`.
    pub fn at_rest(&self, theta: &Theta) -> f64 {
        if self.unit.jet(0.0)[0] != 0.0 {
            return f64::INFINITY;
        }
        let [a1, u1, v1, a2, u2, v2] = *theta;
        // With the other's output weight taken for 0, that is how far the target is from a plane.
        let first = self.distance(Branch::Q2, &[a1, u1, v1, 0.0, u2, v2]);
        let second = self.distance(Branch::Q3, &[0.0, u1, v1, a2, u2, v2]);
        let length = |far: f64, u: f64, v: f64| (far * far + u * u + v * v).sqrt();
        length(first, u2, v2).min(length(second, u1, v1))
    }

    /// How far a point is from the target set.
    pub fn off(&self, theta: &Theta) -> f64 {
        self.nearest(theta).1.min(self.at_rest(theta))
    }

    /// What samples at `x` say of the line to second order; see [`Forms`].
    pub fn forms(&self, x: &[[f64; 2]]) -> Forms {
        if x.len() <= TANGENTS {
            return Forms { rows: Vec::new() };
        }
        let jets: Vec<[f64; 3]> = x.iter().map(|&x| self.unit.jet(along(self.w, x))).collect();
        let tangents = Array2::from_shape_fn((x.len(), TANGENTS), |(i, k)| match k {
            0 => jets[i][0],
            _ => jets[i][1] * x[i][k - 1],
        });
        let basis = svd(&tangents).u;
        let squares = [|x: [f64; 2]| x[0] * x[0], |x: [f64; 2]| 2.0 * x[0] * x[1], |x: [f64; 2]| x[1] * x[1]];
        let columns = squares.map(|square| {
            let mut column: Vec<f64> = x.iter().zip(&jets).map(|(&x, jet)| jet[2] * square(x)).collect();
            // Twice, so that rounding of the first pass is taken away, too.
            for _ in 0..2 {
                for basis in basis.columns() {
                    let part: f64 = basis.iter().zip(&column).map(|(b, c)| b * c).sum();
                    column.iter_mut().zip(basis).for_each(|(c, b)| *c -= part * b);
                }
            }
            column
        });
        Forms { rows: (0..x.len()).map(|i| [columns[0][i], columns[1][i], columns[2][i]]).collect() }
    }
}

/// Tangent functions on the line: `σ(w̄·x)`, `σ'(w̄·x) x₁`, `σ'(w̄·x) x₂`.
const TANGENTS: usize = 3;

/// The quadratic forms `P [σ''(w̄·x_i) (x_i·u)²]`, one a sample; `P` projects onto what no tangent function on the line reaches.
///
/// Off the line by `w₁ = w̄ + u/a₁`, `w₂ = w̄ - u/a₂` the output changes by `½ (1/a₁ + 1/a₂) σ''(w̄·x) (x·u)²`, for the first order
/// cancels. The tangent functions take away what they can of it, and these forms are the rest. A point of the line is surrounded by
/// other interpolators as long as the forms have a common zero `u ≠ 0`: with `n ≤ 3` samples there are no forms, with four just one
/// (definite or not), with more no common zero but by chance.
#[derive(Clone, Debug)]
pub struct Forms {
    /// `[q₁₁, q₁₂, q₂₂]` with the form `q₁₁ u₁² + q₁₂ u₁u₂ + q₂₂ u₂²` for each sample.
    rows: Vec<[f64; 3]>,
}

impl Forms {
    /// `‖P [σ'' (x·u)²]‖² / ‖u‖⁴`.
    pub fn size(&self, u: [f64; 2]) -> f64 {
        let square = u[0] * u[0] + u[1] * u[1];
        let form = |q: &[f64; 3]| (q[0] * u[0] * u[0] + q[1] * u[0] * u[1] + q[2] * u[1] * u[1]) / square;
        self.rows.iter().map(|q| form(q) * form(q)).sum()
    }

    /// Their least size over all directions `u` of length 1, as a part of the largest: 0 at a common zero, and without forms.
    pub fn margin(&self) -> f64 {
        let at = |angle: f64| {
            let (sin, cos) = sin_cos(angle);
            self.size([cos, sin]).sqrt()
        };
        let step = PI / GRID as f64;
        let grid: Vec<f64> = (0..GRID).map(|k| at(k as f64 * step)).collect();
        let largest = grid.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return 0.0;
        }
        let best = (0..GRID).fold(0, |best, k| if grid[k] < grid[best] { k } else { best });
        // By golden section within the neighbours of the best grid line.
        let (mut low, mut high) = ((best as f64 - 1.0) * step, (best as f64 + 1.0) * step);
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        for _ in 0..80 {
            let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
            if at(left) < at(right) { high = right } else { low = left }
        }
        at(0.5 * (low + high)) / largest
    }

    /// Whether no direction is a common zero: points of the line then have no other interpolators around them.
    pub fn pin_the_line(&self) -> bool {
        self.margin() > COMMON
    }

    /// The dimension of the set of common zeros: 2 without forms, 1 where they share a line, 0 where they pin.
    pub fn free(&self) -> usize {
        if self.rows.is_empty() { 2 } else { usize::from(!self.pin_the_line()) }
    }
}

/// Directions among which the least is bracketed.
const GRID: usize = 180;
/// A margin up to this is a common zero: rounding leaves about 1e-14.
const COMMON: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::pair::{PairLoss, output};
    use condense_num::rng::Stream;

    const EXP: Target = Target { unit: Unit::Exp, a: 0.8, w: [1.0, 0.5] };
    const TANH: Target = Target { unit: Unit::Tanh, ..EXP };

    fn samples(n: usize, seed: u64) -> Vec<[f64; 2]> {
        let mut rng = Stream::root(seed);
        (0..n).map(|_| [1.5 * rng.normal(), 1.5 * rng.normal()]).collect()
    }

    #[test]
    fn points_of_the_branches_have_the_target_function_and_no_distance() {
        for target in [EXP, TANH] {
            let points = [
                (Branch::Q1, target.on_line(0.3)),
                (Branch::Q1, target.on_line(-2.0)),
                (Branch::Q2, target.on_plane(Branch::Q2, [-0.7, 1.2])),
                (Branch::Q3, target.on_plane(Branch::Q3, [0.4, 2.0])),
            ];
            for (branch, point) in points {
                for x in samples(5, 1) {
                    assert!(
                        (output(target.unit, &point, x) - 0.8 * target.unit.jet(along(target.w, x))[0]).abs() < 1e-12
                    );
                }
                assert_eq!(target.nearest(&point).0, branch);
                assert!(target.distance(branch, &point) < 1e-15);
            }
            // Where line and plane meet, both are at no distance.
            assert_eq!(Branch::ALL.map(|branch| target.distance(branch, &target.pair()) < 1e-15), [true, true, false]);
        }
    }

    #[test]
    fn distances_are_lengths_and_turned_neurons_are_copies_for_tanh_alone() {
        let [a1, u1, v1, a2, u2, v2] = TANH.on_line(0.4);
        let moved = [a1 + 0.3, u1, v1 + 0.4, a2 + 0.3, u2, v2];
        // Both output weights up by 0.3: the line is 0.6 / √2 away.
        assert!((TANH.distance(Branch::Q1, &moved) - (0.18f64 + 0.16).sqrt()).abs() < 1e-15);
        let turned = [a1, u1, v1, -a2, -u2, -v2];
        assert!(TANH.distance(Branch::Q1, &turned) < 1e-15 && EXP.distance(Branch::Q1, &turned) > 1.0);
    }

    #[test]
    fn a_neuron_without_input_is_silent_for_tanh_alone() {
        let resting = [TANH.a, 1.0, 0.5, 3.0, 0.0, 0.0];
        for x in samples(5, 1) {
            assert!((output(Unit::Tanh, &resting, x) - output(Unit::Tanh, &TANH.pair(), x)).abs() < 1e-15);
        }
        assert_eq!((TANH.at_rest(&resting), EXP.at_rest(&resting)), (0.0, f64::INFINITY));
        assert_eq!(TANH.at_rest(&[3.0, 0.3, 0.4, TANH.a, 1.0, 0.5]), 0.5);
        assert!(TANH.off(&resting) == 0.0 && EXP.off(&resting) > 1.0);
    }

    #[test]
    fn four_samples_give_one_form_and_its_discriminant_decides() {
        let (mut definite, mut indefinite) = (0, 0);
        for seed in 0..40 {
            let forms = TANH.forms(&samples(4, seed));
            let largest = |q: &[f64; 3]| q.iter().map(|q| q.abs()).fold(0.0, f64::max);
            let q = forms.rows.iter().fold([0.0; 3], |best, q| if largest(q) > largest(&best) { *q } else { best });
            let discriminant = 4.0 * q[0] * q[2] - q[1] * q[1];
            assert_eq!(forms.pin_the_line(), discriminant > 0.0, "seed {seed}: {q:?} {}", forms.margin());
            if discriminant > 0.0 { definite += 1 } else { indefinite += 1 }
        }
        assert!(definite > 0 && indefinite > 0, "both kinds occur: {definite} {indefinite}");
    }

    #[test]
    fn three_samples_leave_all_directions_and_six_none() {
        assert_eq!((EXP.forms(&samples(3, 1)).free(), EXP.forms(&samples(6, 1)).free()), (2, 0));
    }

    #[test]
    fn the_forms_are_what_a_second_order_step_off_the_line_leaves() {
        // The loss along u, minimised over the three tangent functions, is (K/2)² ‖P[σ'' (x·u)²]‖² to fourth order.
        let (target, x, share, u) = (TANH, samples(7, 3), 0.4, [0.002, -0.0013]);
        let loss = PairLoss::of(target.unit, x.clone(), &target.pair(), 1.0);
        let [a1, u1, v1, a2, u2, v2] = target.on_line(share);
        let moved = [a1, u1 + u[0] / a1, v1 + u[1] / a1, a2, u2 - u[0] / a2, v2 - u[1] / a2];
        let tangent = loss.tangent(&moved);
        let first = Array2::from_shape_fn((x.len(), 3), |(i, k)| tangent[[i, [3, 4, 5][k]]]);
        let right = loss.residuals(&moved);
        let best = condense_num::qr::least_squares(&first, &right).expect("full rank");
        let rest: f64 =
            (0..x.len()).map(|i| right[i] - (0..3).map(|k| first[[i, k]] * best[k]).sum::<f64>()).map(|r| r * r).sum();
        let bend = 0.5 * (1.0 / a1 + 1.0 / a2);
        let square = u[0] * u[0] + u[1] * u[1];
        let expected = bend * bend * target.forms(&x).size(u) * square * square;
        assert!((rest / expected - 1.0).abs() < 0.1, "{rest} {expected}");
    }
}

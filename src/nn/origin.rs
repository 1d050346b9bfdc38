//! The gradient flow of neurons near zero: a field on the sphere of directions, the same for every neuron.
//! It knows no output weights but their sign, and no loss: near zero the residual is the target and neurons do not meet.

use crate::num::math::{atan2, sin_cos};
use ndarray::Array2;
use std::f64::consts::PI;

/// The form `g(u) = Σ_i y_i (u·x_i)^p` of data `(x_i, y_i)`.
///
/// An activation of multiplicity `p` starts as `σ(z) ≈ c z^p`, so near zero `ẇ ∝ a ∇g(w)` (Zhou et al. 2022; deck:
/// "When θ ≈ 0"). Neurons with `a > 0` climb `g` on the sphere, those with `a < 0` descend it.
#[derive(Clone, Debug)]
pub struct Form {
    d: usize,
    /// `Σ_i y_i x_i ⊗ … ⊗ x_i`, of order `p`, row-major: `d^p` numbers.
    tensor: Vec<f64>,
    order: usize,
}

impl Form {
    /// The form of multiplicity `p ≥ 1` of inputs `x` (`n × d`) and targets `y`.
    pub fn new(x: &Array2<f64>, y: &[f64], p: usize) -> Self {
        assert!(p >= 1, "an activation of multiplicity 0 is not 0 at 0");
        let d = x.ncols();
        let mut tensor = vec![0.0; (0..p).fold(1, |size, _| size * d)];
        for (row, &y) in x.rows().into_iter().zip(y) {
            let power = (0..p)
                .fold(vec![y], |power, _| power.iter().flat_map(|entry| row.iter().map(move |x| entry * x)).collect());
            tensor.iter_mut().zip(power).for_each(|(sum, term)| *sum += term);
        }
        Self { d, tensor, order: p }
    }

    /// `g(u)`.
    pub fn value(&self, u: &[f64]) -> f64 {
        dot(&self.field(u), u)
    }

    /// `∇g(u)/p = Σ_i y_i (u·x_i)^{p−1} x_i`: the tensor contracted `p − 1` times with `u`.
    pub fn field(&self, u: &[f64]) -> Vec<f64> {
        (1..self.order).fold(self.tensor.clone(), |tensor, _| tensor.chunks(self.d).map(|row| dot(row, u)).collect())
    }

    /// Where the flow on the sphere, `u̇ = ±P_u ∇g(u)/p`, takes a direction; `sign` is that of the output weight.
    ///
    /// Steps of `1/κ` with `κ` past the largest curvature climb at every step (the shifted power method, Kolda & Mayo
    /// 2011). Ends when a step turns by less than 1e-10, or after `steps` steps.
    pub fn settle(&self, start: &[f64], sign: f64, steps: usize) -> Vec<f64> {
        let shift = dot(&self.tensor, &self.tensor).sqrt() * (self.order.max(2) - 1) as f64;
        let mut u = unit(start);
        for _ in 0..steps {
            let field = self.field(&u);
            let next = unit(&u.iter().zip(&field).map(|(u, v)| u + sign * v / shift).collect::<Vec<_>>());
            let turn = u.iter().zip(&next).map(|(one, other)| (one - other) * (one - other)).sum::<f64>();
            u = next;
            if turn < 1e-20 {
                break;
            }
        }
        u
    }

    /// A neuron's path under `ẇ ∝ ∇g(w)`, by the midpoint rule in steps of arc length, while every entry of `w` stays
    /// within `reach` (at most `steps` steps).
    pub fn climb(&self, start: &[f64], step: f64, reach: f64, steps: usize) -> Vec<Vec<f64>> {
        let moved = |from: &[f64], along: &[f64], length: f64| -> Vec<f64> {
            from.iter().zip(unit(&self.field(along))).map(|(w, v)| w + length * v).collect()
        };
        let path = std::iter::successors(Some(start.to_vec()), |w| Some(moved(w, &moved(w, w, 0.5 * step), step)));
        path.take(steps + 1).take_while(|w| w.iter().all(|entry| entry.abs() <= reach)).collect()
    }

    /// In the plane (`d = 2`): the angles in [0, π) at which `g(cos θ, sin θ)` is a local extremum, rising. Each attracts
    /// the neurons of one sign. There are at most `p`: `g` is a trigonometric polynomial of degree `p`.
    pub fn extrema(&self) -> Vec<f64> {
        assert_eq!(self.d, 2, "extrema are sought on a circle");
        let slope = |angle: f64| {
            let (sin, cos) = sin_cos(angle);
            let field = self.field(&[cos, sin]);
            cos * field[1] - sin * field[0]
        };
        // An offset that is no fraction of π keeps the extrema of symmetric data inside the cells.
        let edge = |cell: u32| 0.1234 + PI * f64::from(cell) / 720.0;
        let mut found: Vec<f64> = (0..720)
            .map(|cell| (edge(cell), edge(cell + 1)))
            .filter(|&(low, high)| (slope(low) < 0.0) != (slope(high) < 0.0))
            .map(|(low, high)| bisect(slope, low, high).rem_euclid(PI))
            .collect();
        found.sort_by(f64::total_cmp);
        found
    }
}

/// The zero of a function that changes sign between `low` and `high`.
fn bisect(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let below = f(low) < 0.0;
    for _ in 0..52 {
        let middle = 0.5 * (low + high);
        if (f(middle) < 0.0) == below {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The distinct directions among unit vectors, in order of first appearance: two are one when their cosine exceeds `cosine`.
pub fn distinct(directions: &[Vec<f64>], cosine: f64) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::new();
    for u in directions {
        if kept.iter().all(|other| dot(u, other) <= cosine) {
            kept.push(u.clone());
        }
    }
    kept
}

/// The angle of a line in the plane, in [0, π).
pub fn line_angle(u: &[f64]) -> f64 {
    atan2(u[1], u[0]).rem_euclid(PI)
}

/// `u·v`.
pub fn dot(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(u, v)| u * v).sum()
}

/// `v/‖v‖`.
pub fn unit(v: &[f64]) -> Vec<f64> {
    let length = dot(v, v).sqrt();
    v.iter().map(|x| x / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::eigen;
    use crate::num::rng::Stream;

    fn data(seed: u64, d: usize) -> (Array2<f64>, Vec<f64>, Stream) {
        let mut rng = Stream::root(seed);
        let x = Array2::from_shape_fn((20, d), |_| rng.normal());
        let y = rng.normals(20, 1.0);
        (x, y, rng)
    }

    #[test]
    fn the_form_is_the_sum_of_powers_and_its_field_the_gradient() {
        let (x, y, mut rng) = data(1, 3);
        for p in 1..=4 {
            let (form, u) = (Form::new(&x, &y, p), rng.normals(3, 1.0));
            let direct = |u: &[f64]| -> f64 {
                let inner = |i: usize| dot(x.row(i).as_slice().expect("contiguous"), u);
                (0..20).map(|i| y[i] * crate::num::math::powi(inner(i), p as i32)).sum()
            };
            assert!((form.value(&u) - direct(&u)).abs() < 1e-11 * direct(&u).abs().max(1.0));
            for (c, v) in form.field(&u).iter().enumerate() {
                let (mut up, mut down) = (u.clone(), u.clone());
                up[c] += 1e-5;
                down[c] -= 1e-5;
                let slope = (direct(&up) - direct(&down)) / 2e-5;
                assert!((slope - p as f64 * v).abs() < 1e-6 * slope.abs().max(1.0), "p = {p}, component {c}");
            }
        }
    }

    #[test]
    fn multiplicity_one_leads_to_the_weighted_sum_of_inputs() {
        let (x, y, mut rng) = data(2, 4);
        let form = Form::new(&x, &y, 1);
        let target = unit(&form.field(&[0.0; 4]));
        for sign in [1.0, -1.0] {
            let end = form.settle(&rng.normals(4, 1.0), sign, 500);
            assert!((sign * dot(&end, &target) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn multiplicity_two_leads_to_the_extreme_eigenvectors() {
        let (x, y, mut rng) = data(3, 4);
        let form = Form::new(&x, &y, 2);
        let matrix = Array2::from_shape_vec((4, 4), form.tensor.clone()).expect("square");
        let (_, vectors) = eigen::symmetric(&matrix);
        for (sign, column) in [(1.0, 3), (-1.0, 0)] {
            let end = form.settle(&rng.normals(4, 1.0), sign, 20_000);
            assert!(dot(&end, &vectors.column(column).to_vec()).abs() > 1.0 - 1e-9);
        }
    }

    #[test]
    fn in_the_plane_the_flow_ends_at_extrema_and_there_are_at_most_p() {
        for p in 1..=4 {
            let (x, y, mut rng) = data(10 + p as u64, 2);
            let form = Form::new(&x, &y, p);
            let extrema = form.extrema();
            assert!(!extrema.is_empty() && extrema.len() <= p, "p = {p}: {extrema:?}");
            for at in 0..40 {
                let end = form.settle(&rng.normals(2, 1.0), if at % 2 == 0 { 1.0 } else { -1.0 }, 20_000);
                let miss = extrema.iter().map(|angle| sin_cos(line_angle(&end) - angle).0.abs());
                assert!(miss.fold(1.0, f64::min) < 1e-6, "p = {p}: {end:?} is not among {extrema:?}");
            }
        }
    }

    #[test]
    fn a_path_climbs_and_leaves_along_an_attracting_ray() {
        let (x, y, mut rng) = data(6, 2);
        let form = Form::new(&x, &y, 3);
        let path = form.climb(&unit(&rng.normals(2, 1.0)), 0.02, 50.0, 20_000);
        assert!(path.windows(2).all(|pair| form.value(&pair[1]) > form.value(&pair[0])));
        let angle = line_angle(path.last().expect("a start"));
        assert!(
            form.extrema().iter().any(|ray| (ray - angle).abs() < 0.02),
            "{angle} is not among {:?}",
            form.extrema()
        );
    }

    #[test]
    fn beyond_the_plane_a_cubic_form_may_have_more_than_three_maxima() {
        // Σ u_c³ has a maximum at each axis, and one more at −(1, …, 1)/√d.
        let form = Form::new(&Array2::eye(4), &[1.0; 4], 3);
        let mut rng = Stream::root(5);
        let side = |k: usize| if k % 2 == 0 { 1.0 } else { -1.0 };
        let ends: Vec<_> = (0..300).map(|k| form.settle(&rng.normals(4, 1.0), side(k), 2000)).collect();
        assert_eq!(distinct(&ends, 1.0 - 1e-6).len(), 2 * (4 + 1));
    }

    #[test]
    fn angles_of_lines_forget_the_sign() {
        let u = unit(&[-1.0, 2.0]);
        assert!((line_angle(&u) - line_angle(&[-u[0], -u[1]])).abs() < 1e-15);
        let axes = [vec![1.0, 0.0], vec![0.0, 1.0], vec![1.0, 0.0]];
        assert_eq!(distinct(&axes, 0.99), axes[..2]);
    }
}

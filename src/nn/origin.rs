//! The gradient flow of neurons near zero: a field on the sphere of directions, the same for every neuron.
//! It knows no output weights but their sign, and no loss: near zero the residual is the target and neurons do not meet.

use ndarray::Array2;

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
    fn beyond_the_plane_a_cubic_form_may_have_more_than_three_maxima() {
        // Σ u_c³ has a maximum at each axis, and one more at −(1, …, 1)/√d.
        let form = Form::new(&Array2::eye(4), &[1.0; 4], 3);
        let mut rng = Stream::root(5);
        let side = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        let ends: Vec<_> = (0..300).map(|k| form.settle(&rng.normals(4, 1.0), side(k), 2000)).collect();
        assert_eq!(distinct(&ends, 1.0 - 1e-6).len(), 2 * (4 + 1));
    }
}

//! The gradient flow of neurons near zero: a field on the sphere of directions, the same for every neuron.
//! It knows no output weights but their sign, and no loss: near zero the residual is the target and neurons do not meet.

use condense_num::eigen;
use condense_num::rng::Stream;
use condense_num::vector::{dot, unit};
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

    /// The directions in which `g` is largest and smallest, where linear algebra knows them: `±Σ_i y_i x_i` for `p = 1`,
    /// and for `p = 2` the outer eigenvectors of `Σ_i y_i x_i x_iᵀ`, whose sign is free.
    pub fn extremes(&self) -> Option<[Vec<f64>; 2]> {
        match self.order {
            1 => {
                let largest = unit(&self.tensor);
                let smallest = largest.iter().map(|x| -x).collect();
                Some([largest, smallest])
            }
            2 => {
                let matrix = Array2::from_shape_vec((self.d, self.d), self.tensor.clone()).expect("d² numbers");
                let (_, vectors) = eigen::symmetric(&matrix);
                Some([self.d - 1, 0].map(|column| vectors.column(column).to_vec()))
            }
            _ => None,
        }
    }

    /// Where the flow takes `count` neurons of random directions, their [`sign`]s alternating; see [`Form::settle`].
    pub fn ends(&self, count: usize, steps: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
        (0..count).map(|k| self.settle(&stream.normals(self.d, 1.0), sign(k), steps)).collect()
    }

    /// The largest `1 − |cos|` between such an end and the extreme of its sign; 0 where theory names none.
    pub fn misalignment(&self, ends: &[Vec<f64>]) -> f64 {
        let Some(extremes) = self.extremes() else { return 0.0 };
        ends.iter().enumerate().map(|(k, end)| 1.0 - dot(end, &extremes[k % 2]).abs()).fold(0.0, f64::max)
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

/// The sign of neuron `k`'s output weight, where every other one is negative.
pub fn sign(k: usize) -> f64 {
    if k.is_multiple_of(2) { 1.0 } else { -1.0 }
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

#[cfg(test)]
mod tests {
    use super::*;

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
                (0..20).map(|i| y[i] * condense_num::math::powi(inner(i), p as i32)).sum()
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
    fn up_to_multiplicity_two_the_flow_leads_to_the_extremes() {
        let (x, y, mut rng) = data(2, 4);
        for p in [1, 2] {
            let form = Form::new(&x, &y, p);
            let mut ends = form.ends(4, 20_000, &mut rng);
            assert!(form.misalignment(&ends) < 1e-9, "p = {p}: {ends:?}");
            ends.swap(0, 1);
            let swapped = form.misalignment(&ends);
            assert!(if p == 1 { swapped < 1e-9 } else { swapped > 0.9 }, "p = {p}: {swapped}");
        }
        let form = Form::new(&x, &y, 1);
        let [largest, smallest] = form.extremes().expect("the weighted sum of inputs");
        assert!(form.value(&largest) > 0.0 && form.value(&smallest) == -form.value(&largest));
        assert_eq!(Form::new(&x, &y, 3).extremes(), None);
    }

    #[test]
    fn beyond_the_plane_a_cubic_form_may_have_more_than_three_maxima() {
        // Σ u_c³ has a maximum at each axis, and one more at −(1, …, 1)/√d.
        let form = Form::new(&Array2::eye(4), &[1.0; 4], 3);
        let mut rng = Stream::root(5);
        assert_eq!(distinct(&form.ends(300, 2000, &mut rng), 1.0 - 1e-6).len(), 2 * (4 + 1));
    }
}

//! The gradient flow of neurons near zero: a field on the sphere of directions, the same for every neuron.
//! It knows no output weights but their sign, and no loss: near zero the residual is the target and neurons do not meet.

use condense_num::eigen;
use condense_num::rng::Stream;
use condense_num::solve::lu_solve;
use condense_num::vector::{dot, norm, unit};
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
        self.climb(start, sign, 1e-10, steps)
    }

    /// As [`Form::settle`], and then on to the critical direction in all digits, by Newton's method on the sphere. `None` where
    /// that leads away from the flow's end, by an angle whose cosine is not above 0.999, or to no critical direction.
    ///
    /// The flow ends where a step turns by 1e-5: how slow it is there does not matter. Whether a maximum was found is not asked; see
    /// [`Form::bend`].
    pub fn summit(&self, start: &[f64], sign: f64, steps: usize) -> Option<Vec<f64>> {
        let end = self.climb(start, sign, 1e-5, steps);
        let mut u = end.clone();
        for _ in 0..8 {
            // On the tangent space the Hessian, across it minus the identity: regular, and the step stays in the tangent space.
            let mut matrix = self.tangent_hessian(&u);
            let size = norm(&self.tensor);
            matrix.indexed_iter_mut().for_each(|((i, j), entry)| *entry -= size * u[i] * u[j]);
            let step = lu_solve(&matrix, &self.slope(&u))?;
            u = unit(&u.iter().zip(&step).map(|(u, s)| u - s).collect::<Vec<_>>());
        }
        (dot(&u, &end) > 0.999 && norm(&self.slope(&u)) < 1e-12 * norm(&self.tensor)).then_some(u)
    }

    /// The largest curvature of `sign · g/p` on the sphere at a critical direction, as a part of the size of the tensor: negative where
    /// it is a strict maximum.
    pub fn bend(&self, u: &[f64], sign: f64) -> f64 {
        let size = norm(&self.tensor);
        let mut matrix = self.tangent_hessian(u).mapv_into(|entry| sign * entry / size);
        // Lower than any curvature of a form of this size: the direction u itself is no direction of the sphere.
        let lowest = 2.0 * self.order as f64;
        matrix.indexed_iter_mut().for_each(|((i, j), entry)| *entry -= lowest * u[i] * u[j]);
        eigen::symmetric(&matrix).0.last().copied().unwrap_or(0.0)
    }

    /// `P_u ∇g(u)/p`, with the projection `P_u` on the tangent space.
    fn slope(&self, u: &[f64]) -> Vec<f64> {
        let field = self.field(u);
        let along = dot(&field, u);
        field.iter().zip(u).map(|(v, u)| v - along * u).collect()
    }

    /// The Hessian of `g/p` on the sphere, `P_u ((p − 1) T u^{p−2} − g(u)) P_u`, as `d × d`.
    fn tangent_hessian(&self, u: &[f64]) -> Array2<f64> {
        let d = self.d;
        let matrix = match self.order {
            1 => vec![0.0; d * d],
            _ => {
                (2..self.order).fold(self.tensor.clone(), |tensor, _| tensor.chunks(d).map(|row| dot(row, u)).collect())
            }
        };
        let (field, steep) = (self.field(u), (self.order - 1) as f64);
        let value = dot(&field, u);
        // The inner matrix takes u to `across`; the projection needs no more of it than that.
        let across: Vec<f64> = field.iter().zip(u).map(|(v, u)| steep * v - value * u).collect();
        let along = dot(&across, u);
        Array2::from_shape_fn((d, d), |(i, j)| {
            let inner = steep * matrix[i * d + j] - if i == j { value } else { 0.0 };
            inner - u[i] * across[j] - across[i] * u[j] + along * u[i] * u[j]
        })
    }

    fn climb(&self, start: &[f64], sign: f64, least: f64, steps: usize) -> Vec<f64> {
        let shift = norm(&self.tensor) * (self.order.max(2) - 1) as f64;
        let mut u = unit(start);
        for _ in 0..steps {
            let field = self.field(&u);
            let next = unit(&u.iter().zip(&field).map(|(u, v)| u + sign * v / shift).collect::<Vec<_>>());
            let turn = u.iter().zip(&next).map(|(one, other)| (one - other) * (one - other)).sum::<f64>();
            u = next;
            if turn < least * least {
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
    fn the_curvature_on_the_sphere_is_that_of_the_form_along_great_circles() {
        let (x, y, mut rng) = data(3, 4);
        for p in 1..=4 {
            let form = Form::new(&x, &y, p);
            let u = form.summit(&rng.normals(4, 1.0), 1.0, 20_000).expect("a summit");
            let mut sharpest = f64::MIN;
            for _ in 0..200 {
                let v = rng.normals(4, 1.0);
                let along_u = dot(&v, &u);
                let v = unit(&v.iter().zip(&u).map(|(v, w)| v - along_u * w).collect::<Vec<_>>());
                let along = |t: f64| {
                    let (sin, cos) = condense_num::math::sin_cos(t);
                    form.value(&u.iter().zip(&v).map(|(u, v)| cos * u + sin * v).collect::<Vec<_>>())
                };
                let curvature = (along(1e-3) - 2.0 * along(0.0) + along(-1e-3)) / 1e-6;
                sharpest = sharpest.max(curvature / p as f64 / norm(&form.tensor));
            }
            let bend = form.bend(&u, 1.0);
            // Of random directions the flattest comes near to the flattest of all, from below.
            assert!(sharpest < bend + 1e-5 && sharpest > bend - 0.02, "p = {p}: {sharpest} {bend}");
            assert!(bend < 0.0 && form.bend(&u, -1.0) > 0.0, "a maximum");
        }
    }

    #[test]
    fn a_summit_is_where_the_flow_ends_in_all_digits() {
        let (x, y, mut rng) = data(4, 5);
        let form = Form::new(&x, &y, 3);
        for _ in 0..20 {
            let start = rng.normals(5, 1.0);
            let (summit, end) =
                (form.summit(&start, -1.0, 50_000).expect("a summit"), form.settle(&start, -1.0, 50_000));
            assert!(1.0 - dot(&summit, &end) < 1e-12, "{summit:?} {end:?}");
        }
    }

    #[test]
    fn beyond_the_plane_a_cubic_form_may_have_more_than_three_maxima() {
        // Σ u_c³ has a maximum at each axis, and one more at −(1, …, 1)/√d.
        let form = Form::new(&Array2::eye(4), &[1.0; 4], 3);
        let mut rng = Stream::root(5);
        assert_eq!(distinct(&form.ends(300, 2000, &mut rng), 1.0 - 1e-6).len(), 2 * (4 + 1));
    }
}

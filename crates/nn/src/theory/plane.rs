//! The plane of one input weight and one bias near zero: a form's extremal lines, the field's arrows, neurons' paths.
//! It knows no picture: it returns numbers that a chart may draw.

use crate::theory::origin::{Form, distinct, sign};
use condense_num::math::{atan2, sin_cos};
use condense_num::stats::linspace;
use condense_num::vector::unit;
use std::f64::consts::PI;

/// A form `g` on the plane of `(w, b)`, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Portrait {
    /// The angles in [0, π) of the lines that attract neurons, rising: the local extrema of `g(cos θ, sin θ)`.
    pub lines: Vec<f64>,
    /// Arrows `(w, b, w', b')` along the field of `a > 0`.
    pub arrows: Vec<[f64; 4]>,
    /// The paths `(k, w, b)` of neurons `k` = 0 … 11 with `a > 0`, from a small circle to just outside of [−1, 1]².
    pub paths: Vec<[f64; 3]>,
    /// `(θ, g(cos θ, sin θ))` over [0, π], the largest `|g|` being 1.
    pub profile: Vec<[f64; 2]>,
    /// The points of the profile at which the lines lie.
    pub extrema: Vec<[f64; 2]>,
}

impl Portrait {
    /// Looks at a form of two inputs.
    pub fn of(form: &Form) -> Self {
        let lines = extrema(form);
        let largest = lines.iter().map(|&angle| height(form, angle).abs()).fold(0.0, f64::max);
        let point = |&angle: &f64| [angle, height(form, angle) / largest];
        let path = |k: u32| {
            let (sin, cos) = sin_cos(PI * f64::from(k) / 6.0 + 0.1);
            let path = climb(form, [0.2 * cos, 0.2 * sin], 0.02, 1.05, 200);
            path.into_iter().map(move |[w, b]| [f64::from(k), w, b])
        };
        Self {
            arrows: arrows(form),
            paths: (0..12).flat_map(path).collect(),
            profile: linspace(0.0, PI, 91).iter().map(point).collect(),
            extrema: lines.iter().map(point).collect(),
            lines,
        }
    }

    /// The angle between a direction and the nearest of the lines, as a sine.
    pub fn off_lines(&self, u: &[f64]) -> f64 {
        self.lines.iter().map(|&angle| off_line(u, angle)).fold(1.0, f64::min)
    }
}

/// `g(cos θ, sin θ)`.
fn height(form: &Form, angle: f64) -> f64 {
    let (sin, cos) = sin_cos(angle);
    form.value(&[cos, sin])
}

/// The angles in [0, π) at which `g(cos θ, sin θ)` is a local extremum, rising. Each attracts the neurons of one sign.
/// There are at most `p`: `g` is a trigonometric polynomial of degree `p`, of the parity of `p`.
fn extrema(form: &Form) -> Vec<f64> {
    let slope = |angle: f64| {
        let (sin, cos) = sin_cos(angle);
        let field = form.field(&[cos, sin]);
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

/// The angle between a direction and the line at `angle`, as a sine (which is the angle where it is small).
pub fn off_line(u: &[f64], angle: f64) -> f64 {
    sin_cos(atan2(u[1], u[0]) - angle).0.abs()
}

/// The distinct ends of neurons of each [`sign`] as rays `(sign, 0, 0, w, b)`, drawn a little longer than the unit circle.
pub fn rays(ends: &[Vec<f64>], cosine: f64) -> Vec<[f64; 5]> {
    let of_side = |side: usize| {
        let ends: Vec<Vec<f64>> = ends.iter().skip(side).step_by(2).cloned().collect();
        distinct(&ends, cosine).into_iter().map(move |end| [sign(side), 0.0, 0.0, 1.1 * end[0], 1.1 * end[1]])
    };
    [0, 1].into_iter().flat_map(of_side).collect()
}

/// Arrows `(w, b, w', b')` of one length, centred on a grid over [−1, 1]² without its origin, along the field of `a > 0`.
fn arrows(form: &Form) -> Vec<[f64; 4]> {
    let grid = (-5..=5).flat_map(|row| (-5..=5).map(move |column| [0.2 * f64::from(column), 0.2 * f64::from(row)]));
    let arrow = |at: [f64; 2]| {
        let v = unit(&form.field(&at));
        [at[0] - 0.06 * v[0], at[1] - 0.06 * v[1], at[0] + 0.06 * v[0], at[1] + 0.06 * v[1]]
    };
    grid.filter(|at| *at != [0.0, 0.0]).map(arrow).collect()
}

/// A neuron's path under `(ẇ, ḃ) ∝ ∇g(w, b)`, by the midpoint rule in steps of arc length, while neither entry exceeds
/// `reach` (at most `steps` steps).
fn climb(form: &Form, start: [f64; 2], step: f64, reach: f64, steps: usize) -> Vec<[f64; 2]> {
    let moved = |from: [f64; 2], along: [f64; 2], length: f64| {
        let v = unit(&form.field(&along));
        [from[0] + length * v[0], from[1] + length * v[1]]
    };
    let path = std::iter::successors(Some(start), |&at| Some(moved(at, moved(at, at, 0.5 * step), step)));
    path.take(steps + 1).take_while(|at| at.iter().all(|entry| entry.abs() <= reach)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::rng::Stream;
    use ndarray::Array2;

    fn random(p: usize) -> (Form, Stream) {
        let mut rng = Stream::root(10 + p as u64);
        let x = Array2::from_shape_fn((20, 2), |_| rng.normal());
        (Form::new(&x, &rng.normals(20, 1.0), p), rng)
    }

    #[test]
    fn the_flow_ends_at_extrema_and_there_are_at_most_p() {
        for p in 1..=4 {
            let (form, mut rng) = random(p);
            let extrema = extrema(&form);
            assert!(!extrema.is_empty() && extrema.len() <= p, "p = {p}: {extrema:?}");
            for end in form.ends(40, 20_000, &mut rng) {
                assert!(extrema.iter().any(|&angle| off_line(&end, angle) < 1e-6), "p = {p}: {end:?}, {extrema:?}");
            }
        }
    }

    #[test]
    fn a_path_climbs_and_leaves_along_an_extremal_line() {
        let (form, mut rng) = random(3);
        let path = climb(&form, [rng.normal(), rng.normal()], 0.02, 50.0, 20_000);
        let heights: Vec<f64> = path.iter().map(|at| form.value(at)).collect();
        assert!(heights.is_sorted() && heights.len() > 1000);
        let end = path.last().expect("a start");
        assert!(Portrait::of(&form).off_lines(end) < 0.02, "{end:?}");
    }

    #[test]
    fn the_profile_touches_one_at_an_extremum() {
        let portrait = Portrait::of(&random(3).0);
        let highest = |points: &[[f64; 2]]| points.iter().map(|at| at[1].abs()).fold(0.0, f64::max);
        assert_eq!(highest(&portrait.extrema), 1.0);
        assert!((0.99..=1.0).contains(&highest(&portrait.profile)));
        assert_eq!((portrait.paths[0][0], portrait.paths[portrait.paths.len() - 1][0]), (0.0, 11.0));
        assert_eq!(portrait.arrows.len(), 120);
    }

    #[test]
    fn rays_are_told_apart_by_side() {
        let ends = [vec![1.0, 0.0], vec![1.0, 0.0], vec![1.0, 0.0], vec![0.0, -1.0]];
        let expected = [[1.0, 0.0, 0.0, 1.1, 0.0], [-1.0, 0.0, 0.0, 1.1, 0.0], [-1.0, 0.0, 0.0, 0.0, -1.1]];
        assert_eq!(rays(&ends, 0.9), expected);
    }

    #[test]
    fn lines_forget_the_sign_of_a_direction() {
        assert!(off_line(&[-1.0, 1.0], 0.75 * PI) < 1e-15 && off_line(&[1.0, -1.0], 0.75 * PI) < 1e-15);
        assert!((off_line(&[1.0, 1.0], 0.75 * PI) - 1.0).abs() < 1e-15);
    }
}

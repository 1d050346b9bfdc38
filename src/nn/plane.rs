//! The plane of one input weight and one bias near zero: extremal lines of the form, the field's arrows, neurons' paths.
//! It knows no picture: it returns numbers that a chart may draw.

use crate::nn::origin::{Form, unit};
use crate::num::math::{atan2, sin_cos};
use std::f64::consts::PI;

/// `g(cos θ, sin θ)`.
pub fn height(form: &Form, angle: f64) -> f64 {
    let (sin, cos) = sin_cos(angle);
    form.value(&[cos, sin])
}

/// The angles in [0, π) at which `g(cos θ, sin θ)` is a local extremum, rising. Each attracts the neurons of one sign.
///
/// There are at most `p`: `g` is a trigonometric polynomial of degree `p`, of the parity of `p`.
pub fn extrema(form: &Form) -> Vec<f64> {
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

/// Arrows `(w, b, w', b')` of one length, centred on a grid over [−1, 1]² without its origin, along the field of `a > 0`.
pub fn arrows(form: &Form) -> Vec<[f64; 4]> {
    let grid = (-5..=5).flat_map(|row| (-5..=5).map(move |column| [0.2 * f64::from(column), 0.2 * f64::from(row)]));
    let arrow = |at: [f64; 2]| {
        let v = unit(&form.field(&at));
        [at[0] - 0.06 * v[0], at[1] - 0.06 * v[1], at[0] + 0.06 * v[0], at[1] + 0.06 * v[1]]
    };
    grid.filter(|at| *at != [0.0, 0.0]).map(arrow).collect()
}

/// A neuron's path under `(ẇ, ḃ) ∝ ∇g(w, b)`, by the midpoint rule in steps of arc length, while neither entry exceeds
/// `reach` (at most `steps` steps).
pub fn climb(form: &Form, start: [f64; 2], step: f64, reach: f64, steps: usize) -> Vec<[f64; 2]> {
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
    use crate::num::rng::Stream;
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
            for k in 0..40usize {
                let end = form.settle(&rng.normals(2, 1.0), if k.is_multiple_of(2) { 1.0 } else { -1.0 }, 20_000);
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
        assert!(extrema(&form).iter().any(|&angle| off_line(end, angle) < 0.02), "{end:?}");
    }

    #[test]
    fn lines_forget_the_sign_of_a_direction() {
        assert!(off_line(&[-1.0, 1.0], 0.75 * PI) < 1e-15 && off_line(&[1.0, -1.0], 0.75 * PI) < 1e-15);
        assert!((off_line(&[1.0, 1.0], 0.75 * PI) - 1.0).abs() < 1e-15);
    }
}

//! What the small networks learn: functions of one variable, sampled at evenly spaced points.
//! It knows no training; samples carry the constant input, `x ← (x, 1)`.

use crate::nets::packed::Neuron;
use condense_num::math;
use condense_num::stats::logspace;

/// `n` samples: inputs of `D` numbers, the last of them 1, and their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples<const D: usize> {
    /// Inputs.
    pub x: Vec<[f64; D]>,
    /// Targets.
    pub y: Vec<f64>,
}

impl Samples<2> {
    /// A function of one variable at these points.
    pub fn of(target: impl Fn(f64) -> f64, points: &[f64]) -> Self {
        Self { x: points.iter().map(|&x| [x, 1.0]).collect(), y: points.iter().map(|&x| target(x)).collect() }
    }
}

/// The least mean square error that one ReLU neuron `a r(±(x - kink))` can reach, its kink on a grid of step 0.001 over
/// `[-3, 3]` and its weight by least squares.
pub fn best_ramp(samples: &Samples<2>) -> f64 {
    let loss = |side: f64, kink: f64| {
        let (mut energy, mut inner, mut squares) = (0.0, 0.0, 0.0);
        for (x, y) in samples.x.iter().zip(&samples.y) {
            let h = (side * (x[0] - kink)).max(0.0);
            energy += h * h;
            inner += h * y;
            squares += y * y;
        }
        let gain = if energy > 0.0 { inner * inner / energy } else { 0.0 };
        (squares - gain) / samples.y.len() as f64
    };
    let kinks = (-3000..=3000).map(|step| f64::from(step) / 1000.0);
    kinks.map(|kink| loss(1.0, kink).min(loss(-1.0, kink))).fold(f64::INFINITY, f64::min)
}

/// The least mean square error that one tanh neuron without bias `a tanh(w x)` can reach, and that neuron: its `a` by least
/// squares, its `w` over a grid of 2000 equal ratios from 10⁻³ to 10, then by golden section.
pub fn best_step(samples: &Samples<2>) -> (f64, Neuron<2>) {
    let fit = |w: f64| {
        let (mut energy, mut inner, mut squares) = (0.0, 0.0, 0.0);
        for (x, y) in samples.x.iter().zip(&samples.y) {
            let h = math::tanh(w * x[0]);
            energy += h * h;
            inner += h * y;
            squares += y * y;
        }
        let a = if energy > 0.0 { inner / energy } else { 0.0 };
        ((squares - a * inner) / samples.y.len() as f64, a)
    };
    let grid = logspace(1e-3, 10.0, 2000);
    let best = (0..grid.len()).fold(0, |best, k| if fit(grid[k]).0 < fit(grid[best]).0 { k } else { best });
    let (mut low, mut high) = (grid[best.saturating_sub(1)], grid[(best + 1).min(grid.len() - 1)]);
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    for _ in 0..80 {
        let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
        if fit(left).0 < fit(right).0 { high = right } else { low = left }
    }
    let w = 0.5 * (low + high);
    let (loss, a) = fit(w);
    (loss, Neuron { a, w: [w, 0.0] })
}

/// The condensation slides' target, four ramps on `[-1, 1]`, piecewise linear with kinks at -0.3, 0, 0.4 and 0.8:
/// `y = -r(x) + r(2(x + 0.3)) - r(1.5(x - 0.4)) + r(0.5(x - 0.8))` with `r(z) = max(z, 0)`.
pub fn four_ramps(x: f64) -> f64 {
    let ramp = |z: f64| z.max(0.0);
    ramp(2.0 * (x + 0.3)) - ramp(x) - ramp(1.5 * (x - 0.4)) + ramp(0.5 * (x - 0.8))
}

/// One of the waves whose sum over the inputs is the target of the authors' demonstration of initial condensation:
/// `3.5 sin(5x + 1)`.
pub fn wave(x: f64) -> f64 {
    3.5 * math::sin(5.0 * x + 1.0)
}

/// Where the one-dimensional samples of initial condensation lie (Zhou et al., NeurIPS 2022, figures 5 and 6).
pub const TWO_WAVES: [f64; 2] = [-1.0, 1.5];

/// Their target: `sin 3x + ½ sin 6x`.
pub fn two_waves(x: f64) -> f64 {
    math::sin(3.0 * x) + 0.5 * math::sin(6.0 * x)
}

/// Two smooth steps at ±1/2, a network of two tanh neurons: `tanh(4(x - 0.5)) + tanh(4(x + 0.5))`.
pub fn two_steps(x: f64) -> f64 {
    math::tanh(4.0 * (x - 0.5)) + math::tanh(4.0 * (x + 0.5))
}

/// Three smooth steps at -7, 0 and 7, a network of three tanh neurons: the data of the embedding slides
/// (Zhang et al., NeurIPS 2021, figure 1).
pub fn three_steps(x: f64) -> f64 {
    math::tanh(x - 7.0) + math::tanh(x) + math::tanh(x + 7.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_step_of_a_step_is_itself() {
        let points: Vec<f64> = (-20..=20).map(f64::from).collect();
        let (loss, step) = best_step(&Samples::of(|x| 1.5 * math::tanh(0.3 * x), &points));
        assert!(loss < 1e-12 && (step.a - 1.5).abs() < 1e-6 && (step.w[0] - 0.3).abs() < 1e-6, "{loss} {step:?}");
    }

    #[test]
    fn the_ramps_have_their_kinks_and_slopes() {
        let slope = |x: f64| (four_ramps(x + 1e-3) - four_ramps(x - 1e-3)) / 2e-3;
        for (x, expected) in [(-0.6, 0.0), (-0.15, 2.0), (0.2, 1.0), (0.6, -0.5), (0.9, 0.0)] {
            assert!((slope(x) - expected).abs() < 1e-9, "slope {} at {x}", slope(x));
        }
        assert_eq!(four_ramps(-0.3), 0.0);
    }

    #[test]
    fn the_steps_are_odd_and_end_near_two() {
        assert_eq!(two_steps(0.0), 0.0);
        assert_eq!(two_steps(0.7), -two_steps(-0.7));
        assert!((two_steps(1.5) - 2.0).abs() < 1e-3);
    }

    #[test]
    fn one_ramp_is_found_and_two_leave_a_rest() {
        let points: Vec<f64> = (-20..=20).map(|i| f64::from(i) / 20.0).collect();
        assert!(best_ramp(&Samples::of(|x| -0.7 * (0.35 - x).max(0.0), &points)).abs() < 1e-15);
        // The identity at -1, 0 and 1: a ramp meets one end and leaves the other.
        assert!((best_ramp(&Samples::of(|x| x, &[-1.0, 0.0, 1.0])) - 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn samples_carry_the_constant_input() {
        let samples = Samples::of(|x| x * x, &[-1.0, 2.0]);
        assert_eq!((samples.x, samples.y), (vec![[-1.0, 1.0], [2.0, 1.0]], vec![1.0, 4.0]));
    }
}

//! Gradient flow of a smooth function of few variables, by a stiff integrator: 10⁷ units of time in some hundred steps.
//! It knows neither networks nor data: a [`Smooth`] gives value, gradient and Hessian.
//!
//! The flow is `y' = -∇V(y)`. Near a minimum its fast directions are at rest while the slow ones creep, and an explicit method
//! would take steps of the fast time scale for ever. This one is RODAS: six stages, order 4, L-stable, its last stage the error of an
//! embedded method of order 3 (Hairer & Wanner, *Solving Ordinary Differential Equations II*, §IV.7 and §VI.4). A step must meet two
//! demands: its error is a small part of the way that it goes, so that a decay keeps its digits however far it has come; and it
//! does not raise `V`, because the flow never does.

use crate::math;
use std::fmt;

/// A function of `N` variables with two derivatives.
pub trait Smooth<const N: usize> {
    /// `V(y)`.
    fn value(&self, y: &[f64; N]) -> f64;

    /// `∇V(y)`.
    fn gradient(&self, y: &[f64; N]) -> [f64; N];

    /// `∇²V(y)`, symmetric.
    fn hessian(&self, y: &[f64; N]) -> [[f64; N]; N];
}

/// A point that flows down a function.
#[derive(Clone, Debug)]
pub struct Descent<'f, F, const N: usize> {
    function: &'f F,
    /// The largest part of a step's length that its error may be.
    tolerance: f64,
    point: [f64; N],
    value: f64,
    time: f64,
    /// The length of the next step, unless a time limit cuts it.
    stride: f64,
    resting: bool,
    steps: usize,
    refused: usize,
}

/// The flow lost its way: no step, however short, met the demands; or there were too many steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lost {
    /// The time that was reached.
    pub time: f64,
    /// `V` there.
    pub value: f64,
}

impl fmt::Display for Lost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "gradient flow lost its way at time {:e} with value {:e}", self.time, self.value)
    }
}

/// The diagonal coefficient of all stages.
const GAMMA: f64 = 0.25;
/// Stages.
const STAGES: usize = 6;
/// Where stage i looks: at `y + Σ_j A[i][j] u_j`. The last row but one, and then 1, are the weights of the step too.
const A: [[f64; STAGES - 1]; STAGES] = [
    [0.0; 5],
    [1.544, 0.0, 0.0, 0.0, 0.0],
    [0.9466785280815826, 0.2557011698983284, 0.0, 0.0, 0.0],
    [3.314825187068521, 2.896124015972201, 0.9986419139977817, 0.0, 0.0],
    [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895, 0.0],
    [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895, 1.0],
];
/// What stage i adds to its right-hand side: `Σ_j C[i][j] u_j / h`.
const C: [[f64; STAGES - 1]; STAGES] = [
    [0.0; 5],
    [-5.6688, 0.0, 0.0, 0.0, 0.0],
    [-2.430093356833875, -0.2063599157091915, 0.0, 0.0, 0.0],
    [-0.1073529058151375, -9.594562251023355, -20.47028614809616, 0.0, 0.0],
    [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616, 0.0],
    [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
];
/// A flow that takes more steps than this has lost its way; ten decades of time take a few hundred.
const MOST: usize = 100_000;
/// A step shorter than so many last bits of the point is no step: the point rests.
const LAST_BITS: f64 = 8.0;

impl<'f, F: Smooth<N>, const N: usize> Descent<'f, F, N> {
    /// A flow from `point` at time 0. A tolerance of 1e-4 gives decays over many decades with about four digits.
    pub fn new(function: &'f F, point: [f64; N], tolerance: f64) -> Self {
        let value = function.value(&point);
        // A hundredth of the fastest time scale, as the rows of the Hessian bound it; the control finds the rest.
        let row = |row: &[f64; N]| row.iter().map(|entry| entry.abs()).sum::<f64>();
        let fastest = function.hessian(&point).iter().map(row).fold(f64::MIN_POSITIVE, f64::max);
        Self {
            function,
            tolerance,
            point,
            value,
            time: 0.0,
            stride: 0.01 / fastest,
            resting: false,
            steps: 0,
            refused: 0,
        }
    }

    /// The point now.
    pub fn point(&self) -> &[f64; N] {
        &self.point
    }

    /// `V` there.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The time now.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Steps taken, and attempts refused.
    pub fn steps(&self) -> (usize, usize) {
        (self.steps, self.refused)
    }

    /// Flows to the time `until`. Where nothing moves any more in the digits that there are, the time alone goes on.
    ///
    /// # Errors
    /// When the step shrinks to nothing or there are too many, as there are where the function is not a number.
    pub fn flow(&mut self, until: f64) -> Result<(), Lost> {
        while self.time < until {
            if self.resting {
                self.time = until;
                break;
            }
            self.step(until)?;
        }
        Ok(())
    }

    /// One step that meets the demands, not beyond `until`.
    fn step(&mut self, until: f64) -> Result<(), Lost> {
        // A piece that `until` cuts short says nothing of rest, and a refusal of it nothing of the stride.
        let piece = self.time + self.stride >= until;
        let mut h = if piece { until - self.time } else { self.stride };
        loop {
            if self.steps + self.refused > MOST || h < f64::MIN_POSITIVE {
                return Err(Lost { time: self.time, value: self.value });
            }
            let cut = self.time + h >= until;
            let Some((trial, way, error)) = self.attempt(h) else {
                (h, self.refused) = (h / 4.0, self.refused + 1);
                continue;
            };
            let floor = LAST_BITS * f64::EPSILON * length(&self.point);
            let value = self.function.value(&trial);
            let excess = error / (self.tolerance * way + floor);
            if excess <= 1.0 && value <= self.value {
                (self.point, self.value, self.steps) = (trial, value, self.steps + 1);
                self.time = if cut { until } else { self.time + h };
                // The error of the embedded method, of order h⁴, is held against the way, of order h.
                let ideal = h * (0.9 * math::pow(excess.max(1e-9), -1.0 / 3.0)).min(5.0);
                self.stride = if cut { self.stride.max(ideal) } else { ideal };
                return Ok(());
            }
            if way <= floor && self.value.is_finite() {
                if piece {
                    self.time = until;
                } else {
                    self.resting = true;
                }
                return Ok(());
            }
            let shorter = if excess.is_nan() || value.is_nan() {
                // What is not a number is refused, and the next attempt is a tenth.
                0.1
            } else if excess > 1.0 {
                (0.9 * math::pow(excess, -1.0 / 3.0)).max(0.1)
            } else {
                0.25
            };
            (h, self.refused) = (h * shorter, self.refused + 1);
        }
    }

    /// Where a step of length `h` leads, how far that is, and the size of its error; none where the system is singular.
    fn attempt(&self, h: f64) -> Option<([f64; N], f64, f64)> {
        let mut matrix = self.function.hessian(&self.point);
        for (k, row) in matrix.iter_mut().enumerate() {
            row[k] += 1.0 / (h * GAMMA);
        }
        let system = Factors::of(matrix)?;
        let mut u = [[0.0; N]; STAGES];
        for stage in 0..STAGES {
            let (mut at, mut right) = (self.point, [0.0; N]);
            for before in 0..stage {
                for k in 0..N {
                    at[k] += A[stage][before] * u[before][k];
                    right[k] += C[stage][before] / h * u[before][k];
                }
            }
            let slope = self.function.gradient(&at);
            for k in 0..N {
                right[k] -= slope[k];
            }
            u[stage] = system.solve(right);
        }
        let mut trial = self.point;
        for k in 0..N {
            for (stage, u) in u.iter().enumerate() {
                trial[k] += if stage < STAGES - 1 { A[STAGES - 1][stage] } else { 1.0 } * u[k];
            }
        }
        let way = length::<N>(&std::array::from_fn(|k| trial[k] - self.point[k]));
        Some((trial, way, length(&u[STAGES - 1])))
    }
}

fn length<const N: usize>(v: &[f64; N]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The LU factors of a small matrix, for several right-hand sides; partial pivoting.
struct Factors<const N: usize> {
    rows: [[f64; N]; N],
    order: [usize; N],
}

impl<const N: usize> Factors<N> {
    /// None when a pivot is zero or not a number.
    fn of(mut rows: [[f64; N]; N]) -> Option<Self> {
        let mut order: [usize; N] = std::array::from_fn(|k| k);
        for k in 0..N {
            let pivot = (k + 1..N).fold(k, |best, i| if rows[i][k].abs() > rows[best][k].abs() { i } else { best });
            rows.swap(k, pivot);
            order.swap(k, pivot);
            if rows[k][k] == 0.0 || !rows[k][k].is_finite() {
                return None;
            }
            for i in k + 1..N {
                let factor = rows[i][k] / rows[k][k];
                rows[i][k] = factor;
                for j in k + 1..N {
                    rows[i][j] -= factor * rows[k][j];
                }
            }
        }
        Some(Self { rows, order })
    }

    fn solve(&self, right: [f64; N]) -> [f64; N] {
        let mut x: [f64; N] = std::array::from_fn(|k| right[self.order[k]]);
        for k in 0..N {
            for j in 0..k {
                x[k] -= self.rows[k][j] * x[j];
            }
        }
        for k in (0..N).rev() {
            for j in k + 1..N {
                x[k] -= self.rows[k][j] * x[j];
            }
            x[k] /= self.rows[k][k];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `V = x⁴/4 + stiff y²/2`: `x = (x₀⁻² + 2t)^-½`, an algebraic decay beside an exponential one of another time scale.
    struct Creep {
        stiff: f64,
    }

    impl Smooth<2> for Creep {
        fn value(&self, [x, y]: &[f64; 2]) -> f64 {
            0.25 * x * x * x * x + 0.5 * self.stiff * y * y
        }

        fn gradient(&self, [x, y]: &[f64; 2]) -> [f64; 2] {
            [x * x * x, self.stiff * y]
        }

        fn hessian(&self, [x, _]: &[f64; 2]) -> [[f64; 2]; 2] {
            [[3.0 * x * x, 0.0], [0.0, self.stiff]]
        }
    }

    #[test]
    fn an_algebraic_decay_keeps_its_digits_over_ten_decades_beside_a_stiff_direction() {
        let creep = Creep { stiff: 1e6 };
        let mut descent = Descent::new(&creep, [0.5, 1.0], 1e-5);
        for decade in -2..=8 {
            let time = math::powi(10.0, decade);
            descent.flow(time).expect("a flow");
            let exact = 1.0 / (4.0 + 2.0 * time).sqrt();
            let [x, y] = *descent.point();
            assert!((x / exact - 1.0).abs() < 1e-4, "time {time}: {x} for {exact}");
            assert!(y.abs() < 1e-12, "the stiff direction is at rest: {y}");
        }
        // An explicit method would need 10⁸ · 10⁶ / 3 steps.
        assert!(descent.steps().0 < 1000, "{:?}", descent.steps());
    }

    #[test]
    fn an_exponential_decay_has_its_rate_down_to_the_last_digits() {
        let creep = Creep { stiff: 0.7 };
        let mut descent = Descent::new(&creep, [0.0, 1.0], 1e-5);
        for time in [1.0, 10.0, 40.0] {
            descent.flow(time).expect("a flow");
            let rate = -math::ln(descent.point()[1]) / time;
            assert!((rate / 0.7 - 1.0).abs() < 1e-4, "time {time}: {rate}");
        }
    }

    #[test]
    fn halved_steps_have_a_sixteenth_of_the_error() {
        // One attempt of fixed length after the other, at x' = -x³.
        let error = |count: i32| {
            let mut descent = Descent::new(&Creep { stiff: 1.0 }, [1.0, 0.5], 1.0);
            for _ in 0..count {
                descent.point = descent.attempt(2.0 / f64::from(count)).expect("regular").0;
            }
            (descent.point[0] - 1.0 / 5f64.sqrt()).abs()
        };
        // At longer steps the first term of the error does not rule yet.
        for count in [16, 32, 64] {
            let order = math::ln(error(count) / error(2 * count)) / math::ln(2.0);
            assert!((3.7..4.7).contains(&order), "order {order} at {count} steps");
        }
    }

    #[test]
    fn infinitely_fast_directions_are_damped_at_once() {
        // L-stability: the method's factor for e^z goes to 0 as z does to minus infinity.
        let descent = |stiff| Descent::new(&Creep { stiff }, [0.0, 1.0], 1.0).attempt(1.0).expect("regular").0[1].abs();
        assert!(descent(1e4) < 1e-3 && descent(1e8) < 1e-7, "{} {}", descent(1e4), descent(1e8));
    }

    /// Two wells and the saddle between them.
    struct Wells;

    impl Smooth<2> for Wells {
        fn value(&self, [x, y]: &[f64; 2]) -> f64 {
            let well = x * x - 1.0;
            0.25 * well * well + 5.0 * (y - 0.3 * x) * (y - 0.3 * x)
        }

        fn gradient(&self, [x, y]: &[f64; 2]) -> [f64; 2] {
            let lean = 10.0 * (y - 0.3 * x);
            [x * (x * x - 1.0) - 0.3 * lean, lean]
        }

        fn hessian(&self, [x, _]: &[f64; 2]) -> [[f64; 2]; 2] {
            [[3.0 * x * x - 0.1, -3.0], [-3.0, 10.0]]
        }
    }

    #[test]
    fn no_step_raises_the_value_and_the_flow_leaves_a_saddle_for_the_well() {
        let mut descent = Descent::new(&Wells, [1e-6, -1.0], 1e-3);
        let mut before = descent.value();
        for step in 1..=400 {
            descent.flow(f64::from(step) * 0.25).expect("a flow");
            assert!(descent.value() <= before, "{before} to {}", descent.value());
            before = descent.value();
        }
        // The flow is linear at first, and its unstable direction leans towards the left well from this start.
        let [x, y] = *descent.point();
        assert!((x.abs() - 1.0).abs() < 1e-7 && (y - 0.3 * x).abs() < 1e-7, "{x} {y}");
        descent.flow(1e300).expect("rest");
        assert_eq!(descent.time(), 1e300);
    }

    #[test]
    fn a_function_that_is_no_number_is_refused() {
        struct Nowhere;
        impl Smooth<1> for Nowhere {
            fn value(&self, _: &[f64; 1]) -> f64 {
                f64::NAN
            }
            fn gradient(&self, _: &[f64; 1]) -> [f64; 1] {
                [1.0]
            }
            fn hessian(&self, _: &[f64; 1]) -> [[f64; 1]; 1] {
                [[1.0]]
            }
        }
        let mut descent = Descent::new(&Nowhere, [1.0], 1e-3);
        assert!(descent.flow(1.0).is_err_and(|lost| lost.time == 0.0));
    }

    /// Down to 2, with a step up at the start that is as small as what rounding may do to a value.
    struct Edge;

    impl Smooth<1> for Edge {
        fn value(&self, [x]: &[f64; 1]) -> f64 {
            0.5 * (x - 2.0) * (x - 2.0) + if *x > 1.0 && *x < 1.0 + 1e-12 { 1e-9 } else { 0.0 }
        }
        fn gradient(&self, [x]: &[f64; 1]) -> [f64; 1] {
            [x - 2.0]
        }
        fn hessian(&self, _: &[f64; 1]) -> [[f64; 1]; 1] {
            [[1.0]]
        }
    }

    /// The first piece was refused for its value, the shorter ones went no further than rounding, and the flow rested for ever.
    #[test]
    fn a_piece_that_is_cut_short_does_not_put_the_flow_to_rest() {
        for first in [1e-15, 1e-14, 1e-13] {
            let mut descent = Descent::new(&Edge, [1.0], 1e-3);
            let stride = descent.stride;
            descent.flow(first).expect("a piece");
            assert_eq!((descent.time(), descent.stride), (first, stride), "{first}");
            descent.flow(30.0).expect("a flow");
            assert!((descent.point()[0] - 2.0).abs() < 1e-9, "{first}: {:?}", descent.point());
        }
    }

    #[test]
    fn what_is_not_a_number_is_tried_again_at_a_tenth() {
        /// Down a slope that ends at 1.05.
        struct Cliff;
        impl Smooth<1> for Cliff {
            fn value(&self, [x]: &[f64; 1]) -> f64 {
                if *x > 1.05 { f64::NAN } else { -x }
            }
            fn gradient(&self, [x]: &[f64; 1]) -> [f64; 1] {
                [if *x > 1.05 { f64::NAN } else { -1.0 }]
            }
            fn hessian(&self, _: &[f64; 1]) -> [[f64; 1]; 1] {
                [[0.0]]
            }
        }
        let mut descent = Descent { stride: 1.0, ..Descent::new(&Cliff, [1.0], 1e-3) };
        descent.step(10.0).expect("a hundredth");
        assert_eq!(descent.steps(), (1, 2));
        assert!((descent.time() - 0.01).abs() < 1e-15, "{}", descent.time());
    }

    #[test]
    fn factors_solve_what_needs_its_rows_swapped() {
        let x =
            Factors::of([[0.0, 2.0, 1.0], [4.0, 0.0, 0.0], [1.0, 1.0, 1.0]]).expect("regular").solve([7.0, 4.0, 6.0]);
        assert!(x.iter().zip([1.0, 2.0, 3.0]).all(|(x, known)| (x - known).abs() < 1e-14), "{x:?}");
        assert!(Factors::of([[1.0, 2.0], [2.0, 4.0]]).is_none());
    }
}

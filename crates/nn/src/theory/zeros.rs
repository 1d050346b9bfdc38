//! Interpolators: the point near a start at which a pair of neurons meets all of its samples, by Levenberg–Marquardt.
//! It knows no branches: where they are is what such points are looked up for.

use crate::nets::pair::{PairLoss, SIZE, Theta};
use condense_num::descent::Smooth as _;
use condense_num::linalg::gram;
use condense_num::marquardt::pull_back;
use condense_num::solve::lu_solve;

/// Residuals up to this are met; rounding leaves about 1e-15.
const MET: f64 = 1e-11;
/// The damping goes no lower: along directions that change no sample, rounding over it is the step.
const LEAST: f64 = 1e-14;
/// A point further away than this has gone to infinity.
const FAR: f64 = 1e3;

/// The interpolator to which a start leads; none when after so many steps some sample is missed by more than 1e-11.
///
/// The damping is the loss itself, times a factor: 1 at first, four times as large after a step that would not lower the loss, and
/// half as large after one that does, down to 1/64. So convergence is fast also where interpolators are not isolated (Yamashita &
/// Fukushima, *Computing* Suppl. 15, 2001), and each step halves the distance where the tangent functions lose rank.
pub fn zero_near(loss: &PairLoss, start: &Theta, steps: usize) -> Option<Theta> {
    let (mut theta, mut value, mut factor) = (*start, loss.value(start), 1.0);
    for taken in 0..=steps {
        let residuals = loss.residuals(&theta);
        if residuals.iter().all(|r| r.abs() <= MET) {
            return theta.iter().all(|x| x.abs() < FAR).then_some(theta);
        }
        if taken == steps {
            break;
        }
        let tangent = loss.tangent(&theta);
        let pulled = pull_back(&tangent, &residuals);
        let mut matrix = gram(&tangent);
        matrix.diag_mut().mapv_inplace(|entry| entry + (factor * value).max(LEAST));
        let step = lu_solve(&matrix, &pulled)?;
        let trial: Theta = std::array::from_fn(|k| theta[k] - step[k]);
        let trial_value = loss.value(&trial);
        if trial_value < value {
            (theta, value, factor) = (trial, trial_value, (0.5 * factor).max(1.0 / 64.0));
        } else {
            factor *= 4.0;
            if !factor.is_finite() {
                return None;
            }
        }
    }
    None
}

/// How far apart two points are.
pub fn apart(one: &Theta, other: &Theta) -> f64 {
    (0..SIZE).map(|k| (one[k] - other[k]) * (one[k] - other[k])).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::pair::Unit;
    use crate::theory::branches::{Branch, Target};
    use condense_num::rng::Stream;

    const TARGET: Target = Target { unit: Unit::Tanh, a: 1.0, w: [1.0, 0.5] };

    fn loss(samples: usize) -> PairLoss {
        let mut rng = Stream::root(5);
        PairLoss::of(
            Unit::Tanh,
            (0..samples).map(|_| [1.5 * rng.normal(), 1.5 * rng.normal()]).collect(),
            &TARGET.pair(),
            1.0,
        )
    }

    fn moved(theta: &Theta, rng: &mut Stream) -> Theta {
        theta.map(|x| x + 0.02 * rng.normal())
    }

    #[test]
    fn many_samples_lead_back_to_the_plane_and_to_the_line() {
        let (loss, mut rng) = (loss(12), Stream::root(6));
        let plane = zero_near(&loss, &moved(&TARGET.on_plane(Branch::Q2, [-0.7, 1.2]), &mut rng), 60).expect("a zero");
        assert!(TARGET.distance(Branch::Q2, &plane) < 1e-9);
        // Near the line the loss is of fourth order, so that it tells distances up to the root of what it can tell.
        let line = zero_near(&loss, &moved(&TARGET.on_line(0.4), &mut rng), 60).expect("a zero");
        assert!(TARGET.distance(Branch::Q1, &line) < 1e-4, "{}", TARGET.distance(Branch::Q1, &line));
    }

    #[test]
    fn two_samples_are_met_elsewhere() {
        let (loss, start) = (loss(2), moved(&TARGET.on_line(0.4), &mut Stream::root(7)));
        let zero = zero_near(&loss, &start, 60).expect("a zero");
        assert!(loss.value(&zero) < 1e-21 && TARGET.nearest(&zero).1 > 1e-3);
        assert!(apart(&zero, &start) < 0.1, "near the start");
        assert_eq!(zero_near(&loss, &start, 0), None);
    }

    #[test]
    fn a_point_that_meets_all_samples_after_the_last_step_is_one() {
        let (loss, start) = (loss(2), moved(&TARGET.on_line(0.4), &mut Stream::root(7)));
        let zero = zero_near(&loss, &start, 60).expect("a zero");
        assert_eq!(
            zero_near(&loss, &zero, 0),
            Some(zero),
            "a start that is one needs no step, and counts as after the last"
        );
    }
}

//! Gradient flows of a pair of neurons, seen at given times.
//! It knows no task; the integrator is `descent`'s.

use crate::nets::pair::{PairLoss, Theta};
use condense_experiment::row::row;
use condense_experiment::{Context, Stop};
use condense_num::descent::Descent;

row! {
    /// Where a flow is at a time.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Reached {
        /// The time.
        pub time: f64,
        /// The loss.
        pub loss: f64,
        /// The parameters.
        pub theta: Theta,
    }
}

/// Flows from `start` at time 0 to each of the rising `times`.
///
/// # Errors
/// When the flow loses its way, and on an interrupt.
pub fn follow(
    loss: &PairLoss,
    start: &Theta,
    times: &[f64],
    tolerance: f64,
    ctx: &Context,
) -> Result<Vec<Reached>, Stop> {
    let mut descent = Descent::new(loss, *start, tolerance);
    let mut seen = Vec::with_capacity(times.len());
    for (done, &time) in times.iter().enumerate() {
        ctx.tick(done, times.len())?;
        descent.flow(time).map_err(|lost| Stop::failed(lost.to_string()))?;
        seen.push(Reached { time, loss: descent.value(), theta: *descent.point() });
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::even_pair;
    use condense_experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_flow_is_seen_at_its_times_and_never_rises() {
        let (inputs, loss) = (BTreeMap::new(), even_pair::loss(4));
        let start = even_pair::start(&loss, 1e-2, 0.5);
        let seen = follow(&loss, &start, &[1.0, 10.0, 1e4], 1e-4, &Context::new(0, &inputs, &Inline)).expect("a flow");
        assert_eq!(seen.iter().map(|at| at.time).collect::<Vec<_>>(), [1.0, 10.0, 1e4]);
        assert!(seen.is_sorted_by(|one, next| next.loss <= one.loss) && seen[2].loss < 1e-15, "{seen:?}");
    }
}

//! How the interpolators of n samples shrink to the target set: their dimension near each branch, and whether any other function is left
//! (slide "Geometry of global minima for final condensation"). Nothing is trained; a solver finds interpolators.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::rng::Stream;
use condense::num::stats::mean;
use condense_nn::measures::rank::Rank;
use condense_nn::nets::pair::{PairLoss, SIZE, Theta, Unit};
use condense_nn::theory::branches::{Branch, Target};
use condense_nn::theory::zeros::zero_near;

/// Dimensions of `L_S⁻¹(0)` by sample size, by algebra at points of the branches and by looking around them.
///
/// Source: Zhang et al., arXiv:2309.00508, figure 3, a sketch, and the example there.
pub struct GlobalMinimaShrink;

params! {
    /// Settings.
    pub struct Params {
        /// Sample sizes, n.
        pub sizes: Vec<usize> = vec![1, 2, 3, 4, 5, 6, 7], rising_from 1;
        /// Sample sets of each size.
        pub sets: usize = 40, at_least 1;
        /// Standard deviation of the inputs.
        pub std: f64 = 1.5, above 0.0;
        /// Disturbances of each branch point, and random starts, for each sample set.
        pub tries: usize = 10, at_least 1;
        /// Standard deviation of the disturbances.
        pub kick: f64 = 0.03, above 0.0;
        /// Standard deviation of the random starts.
        pub spread: f64 = 1.0, above 0.0;
        /// Most steps of the solver.
        pub steps: usize = 200;
    }
}

/// `ā` and `w̄` of the target, tanh.
const TARGET: Target = Target { unit: Unit::Tanh, a: 1.0, w: [1.0, 0.5] };
/// An interpolator further from the target set than this has another function: the solver ends within about 1e-5, the disturbances are 0.03.
const ELSEWHERE: f64 = 1e-3;

impl Experiment for GlobalMinimaShrink {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        Some(p.sizes.len() * p.sets * 8)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let sets = ctx.cells("sizes", p.sizes.len(), |at, ctx| {
            (0..p.sets)
                .map(|set| {
                    ctx.tick(set, p.sets)?;
                    Ok(look(p, p.sizes[at], &mut ctx.rng(&format!("set/{set}"))))
                })
                .collect::<Result<Vec<_>, Stop>>()
        })?;
        let (mut rows, mut wrong) = (Vec::new(), [0.0; 2]);
        for (&n, sets) in p.sizes.iter().zip(&sets) {
            let column = |at: usize| sets.iter().map(move |set| set[at]);
            let low = |at| column(at).fold(f64::INFINITY, f64::min);
            let high = |at| column(at).fold(0.0, f64::max);
            // Shares of all that were found, over all sample sets. Where none was, there is none to speak of.
            let share = |part: usize, whole: usize| match column(whole).sum::<f64>() {
                0.0 => Err(Stop::failed(format!("the solver found no interpolator of {n} samples"))),
                found => Ok(column(part).sum::<f64>() / found),
            };
            // Of the random starts a claim asks how many were found.
            let shares = [share(2, 3)?, share(4, 5)?, share(6, 7).unwrap_or(0.0)];
            for (name, share) in ["q1", "q2", "random"].iter().zip(shares) {
                results.value(&format!("{name}.other.n{n}"), share);
            }
            let free = SIZE.saturating_sub(n) as f64;
            wrong[0] += column(0).filter(|&dimension| n != 4 && dimension != free.max(1.0) && n != 5).count() as f64;
            wrong[0] += column(0).filter(|&dimension| n == 5 && dimension != 1.0).count() as f64;
            wrong[1] += column(1).filter(|&dimension| dimension != free.max(2.0)).count() as f64;
            results.value(&format!("q1.dimension.n{n}"), mean(&column(0).collect::<Vec<_>>()));
            results.value(&format!("random.found.n{n}"), column(7).sum());
            rows.push([n as f64, low(0), high(0), high(1), free, shares[0], shares[1], shares[2]]);
        }
        results.value("q1.violations", wrong[0]);
        results.value("q2.violations", wrong[1]);
        let heads = ["n", "line-low", "line-high", "plane", "free", "line-other", "plane-other", "random-other"];
        results.frame("sizes", Frame::from_rows(&heads, rows));
        Ok(results)
    }
}

/// One sample set: dimensions near line and plane; interpolators of other functions and all, near the line, near the plane, from afar.
fn look(p: &Params, n: usize, rng: &mut Stream) -> [f64; 8] {
    let x: Vec<[f64; 2]> = (0..n).map(|_| [p.std * rng.normal(), p.std * rng.normal()]).collect();
    let loss = PairLoss::of(TARGET.unit, x, &TARGET.pair(), 1.0);
    let (line, plane) = (TARGET.on_line(0.4), TARGET.on_plane(Branch::Q2, [-0.7, 1.2]));
    let rank = |theta: &Theta| Rank::of(&loss.tangent(theta)).rank;
    // Up to three samples the tangent functions on the line have full rank; from then on the quadratic forms decide.
    let on_line = if n < 3 { SIZE - rank(&line) } else { 1 + TARGET.forms(&loss.x).free() };
    let mut count = |from: Option<&Theta>| {
        let mut counts = [0.0; 2];
        for _ in 0..p.tries {
            let start = std::array::from_fn(|k| {
                let noise = rng.normal();
                from.map_or(p.spread * noise, |from| from[k] + p.kick * noise)
            });
            if let Some(zero) = zero_near(&loss, &start, p.steps) {
                counts[0] += f64::from(u8::from(TARGET.off(&zero) > ELSEWHERE));
                counts[1] += 1.0;
            }
        }
        counts
    };
    let [near_line, near_plane, random] = [count(Some(&line)), count(Some(&plane)), count(None)];
    let dimensions = [on_line as f64, (SIZE - rank(&plane)) as f64];
    let numbers = [dimensions, near_line, near_plane, random];
    std::array::from_fn(|k| numbers[k / 2][k % 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn dimensions_fall_to_those_of_the_branches() {
        let params = Params { sizes: vec![2, 5, 8], sets: 2, tries: 2, ..Params::default() };
        assert_eq!(GlobalMinimaShrink::check(&params), []);
        let inputs = BTreeMap::new();
        let run = || GlobalMinimaShrink::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert_eq!((results.values["q1.violations"], results.values["q2.violations"]), (0.0, 0.0));
        assert_eq!((results.values["q2.other.n2"], results.values["q2.other.n8"]), (1.0, 0.0));
    }
}

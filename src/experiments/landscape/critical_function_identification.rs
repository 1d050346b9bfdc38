//! Which critical functions a training passes: its plateaus beside the critical points of narrow networks, by their outputs on
//! the data, not by their losses alone (slide "Example: identification of critical points and functions").
//! It knows no Hessian but that of the points that it looks for.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::pow;
use condense::num::stats::linspace;
use condense_nn::measures::plateau::{Plateau, plateaus};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::Packed;
use condense_nn::tasks::task::{Samples, three_steps};
use condense_nn::theory::critical::Landscape;
use condense_nn::theory::search::{Found, Search};
use condense_nn::training::course::{Course, Span, packed};

/// Gradient flows of several widths from small starts, and the minima of widths 1, 2 and 3 that an exhaustive solver finds.
///
/// Source: Zhang et al., NeurIPS 2021, figure 1, and JML 2022, figures 3 and 4 (200 trainings a width).
pub struct CriticalFunctionIdentification;

params! {
    /// Settings.
    pub struct Params {
        /// Widths that are trained.
        pub widths: Vec<usize> = vec![3, 5, 8, 16],
            such_that |widths| !widths.is_empty() && widths.iter().all(|width| *width >= 3), "must be widths from 3 on";
        /// Standard deviation of every initial parameter: the source's 500^(-3/2), at every width.
        pub std: f64 = pow(500.0, -1.5), above 0.0;
        /// Learning rate of the gradient descent that is followed.
        pub rate: f64 = 0.005, above 0.0;
        /// Its epochs.
        pub epochs: f64 = 1e8, above 10.0;
        /// The flow's tolerance.
        pub tolerance: f64 = 0.01, above 0.0;
        /// Random starts of the solver for each width of 1, 2 and 3.
        pub starts: usize = 120, at_least 1;
        /// Standard deviations of those starts: output weight, input weight, bias.
        pub spread: [f64; 3] = [2.0, 0.7, 4.0], such_that |std| std.iter().all(|std| *std > 0.0), "must be above 0";
        /// Most steps of Levenberg–Marquardt, and again of Newton.
        pub steps: usize = 150;
        /// A function is visited where the run is nearer to it than this part of its distance to the next critical function.
        pub part: f64 = 0.1, within 0.0..0.5;
    }
}

/// Widths of the narrow networks whose minima are looked for.
const NARROW: [usize; 3] = [1, 2, 3];
/// Points of a drawn output.
const CURVE: usize = 201;

impl Experiment for CriticalFunctionIdentification {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        let widest = p.widths.iter().copied().max().unwrap_or(0);
        Some(p.widths.len() * 10_000 * 20 + 10_000 * 3 * widest + p.starts * 3 * 12)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let landscape = Landscape::three_steps();
        let search = Search { landscape: &landscape, starts: p.starts, std: p.spread, steps: p.steps };
        let known = Known::of(&landscape, search.minima(&NARROW, ctx)?)?;
        let samples = Samples::of(three_steps, &linspace(-15.0, 15.0, 50));
        let rows = ctx.cells("width", p.widths.len(), |cell, ctx| {
            let start = Packed::gaussian(Activation::Tanh, p.widths[cell], p.std, p.std, &ctx.rng("init"));
            let span = Span { rate: p.rate, epochs: p.epochs, tolerance: p.tolerance };
            let course = Course::narrow(&samples, &start, span, ctx)?;
            let outputs = |net: &Packed<2>| known.distances(&net.outputs(&samples.x));
            let apart: Vec<Vec<f64>> = course.nets.iter().map(outputs).collect();
            let rests: Vec<[f64; 5]> =
                plateaus(&course.curve).iter().map(|rest| known.name(rest, &course, &apart)).collect();
            Ok((course.curve, apart, rests))
        })?;
        let mut results = Results::default();
        known.show(&mut results);
        let (mut curves, mut apart, mut rests, mut visits) =
            (Vec::new(), Vec::new(), Vec::new(), vec![0; known.found.len()]);
        for (&width, (curve, distances, found)) in p.widths.iter().zip(&rows) {
            let m = width as f64;
            curves.extend(curve.iter().filter(|row| row[0] >= 1.0).map(|row| [m, row[0], row[1]]));
            for (row, distances) in curve.iter().zip(distances).filter(|(row, _)| row[0] >= 1.0) {
                apart.extend(NARROW.map(|narrow| [m, row[0], narrow as f64, known.nearest(narrow, distances)]));
            }
            for (at, visits) in visits.iter_mut().enumerate() {
                *visits += usize::from(distances.iter().any(|d| d[at] < p.part * known.alone(at)));
            }
            rests.extend(found.iter().map(|rest| [&[m][..], rest].concat()));
        }
        for (width, count) in NARROW.iter().map(|&m| (m, known.visited(m, &visits))) {
            results.value(&format!("visited.m{width}"), count as f64);
        }
        results.value("plateaus", rests.len() as f64);
        results.value("plateaus.first", rests.iter().filter(|rest| rest[4] == 0.0).count() as f64);
        results.value("unmatched", rests.iter().filter(|rest| rest[5] >= p.part).count() as f64);
        let excess = |rest: &Vec<f64>| (rest[2] - known.found[rest[4] as usize].1.point.loss).abs();
        results.value("level.off", rests.iter().map(excess).fold(0.0, f64::max));
        results.frame("runs", Frame::new().with("width", p.widths.iter().map(|width| *width as f64)));
        results.frame("loss", Frame::from_rows(&["width", "epoch", "loss"], curves));
        results.frame("apart", Frame::from_rows(&["width", "epoch", "narrow", "distance"], apart));
        let heads = ["width", "epoch", "loss", "slope", "function", "distance"];
        let rests = rests.into_iter().map(|rest| [rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]]);
        results.frame("rests", Frame::from_rows(&heads, rests));
        Ok(results)
    }
}

/// The minima of narrow networks, with their widths, by rising width and loss; and their outputs on the samples.
struct Known {
    found: Vec<(usize, Found)>,
    outputs: Vec<Vec<f64>>,
}

impl Known {
    fn of(landscape: &Landscape, minima: Vec<Vec<Found>>) -> Result<Self, Stop> {
        let of_width = |(&width, minima): (&usize, Vec<Found>)| minima.into_iter().map(move |found| (width, found));
        let found: Vec<(usize, Found)> = NARROW.iter().zip(minima).flat_map(of_width).collect();
        if found.len() < 2 || found[0].0 != 1 {
            return Err(Stop::failed("the solver found no minimum of width 1 or no other: raise `starts`"));
        }
        let outputs = found.iter().map(|(_, found)| found.point.net.output(&landscape.x)).collect();
        Ok(Self { found, outputs })
    }

    /// The largest distance on the samples to each function.
    fn distances(&self, output: &[f64]) -> Vec<f64> {
        let apart = |other: &Vec<f64>| output.iter().zip(other).map(|(f, g)| (f - g).abs()).fold(0.0, f64::max);
        self.outputs.iter().map(apart).collect()
    }

    /// The distance to the nearest function of a width, over [`Known::alone`].
    fn nearest(&self, width: usize, distances: &[f64]) -> f64 {
        let parts = distances.iter().enumerate().filter(|(at, _)| self.found[*at].0 == width);
        parts.map(|(at, distance)| distance / self.alone(at)).fold(f64::INFINITY, f64::min)
    }

    /// How far a function is from the nearest other one.
    fn alone(&self, at: usize) -> f64 {
        let others = self.distances(&self.outputs[at]).into_iter().enumerate().filter(|(other, _)| *other != at);
        others.map(|(_, distance)| distance).fold(f64::INFINITY, f64::min)
    }

    /// `[epoch, loss, slope, function, distance]` of a plateau: the nearest function, its distance over [`Known::alone`].
    fn name(&self, rest: &Plateau, course: &Course, apart: &[Vec<f64>]) -> [f64; 5] {
        let step = course.near(rest.time);
        let parts: Vec<f64> = apart[step].iter().enumerate().map(|(at, d)| d / self.alone(at)).collect();
        let nearest = (0..parts.len()).fold(0, |best, at| if parts[at] < parts[best] { at } else { best });
        [course.curve[step][0], course.curve[step][1], rest.slope, nearest as f64, parts[nearest]]
    }

    /// Of runs and functions of a width, how many meet.
    fn visited(&self, width: usize, visits: &[usize]) -> usize {
        self.found.iter().zip(visits).filter(|((m, _), _)| *m == width).map(|(_, visits)| visits).sum()
    }

    fn show(&self, results: &mut Results) {
        for width in NARROW {
            results.value(&format!("found.m{width}"), self.found.iter().filter(|(m, _)| *m == width).count() as f64);
        }
        let rows = self.found.iter().enumerate();
        let rows = rows.map(|(at, (m, f))| {
            [at as f64, *m as f64, f.point.loss, f.point.gradient, f.starts as f64, self.alone(at)]
        });
        let heads = ["function", "width", "loss", "gradient", "starts", "alone"];
        results.frame("functions", Frame::from_rows(&heads, rows));
        let x = linspace(-15.5, 15.5, CURVE);
        let curves = self.found.iter().enumerate().flat_map(|(at, (width, found))| {
            let curve = packed(&found.point.net).curve(&x);
            curve.into_iter().map(move |[x, f]| [at as f64, *width as f64, x, f])
        });
        results.frame("curves", Frame::from_rows(&["function", "width", "x", "f"], curves));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn tiny_settings_rest_at_the_function_of_width_one_and_are_twice_the_same() {
        let params = Params { widths: vec![3], epochs: 1e4, starts: 6, ..Params::default() };
        let inputs = BTreeMap::new();
        let run = || CriticalFunctionIdentification::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert!(results.values["plateaus.first"] >= 1.0 && results.values["visited.m1"] >= 1.0);
    }
}

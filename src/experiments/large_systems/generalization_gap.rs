//! The generalization gap: polynomials of rising degree on noisy samples, and tanh networks of rising width on the same ones.
//! It knows no features; of each fit it keeps the errors.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::legendre::legendre;
use condense::num::math;
use condense::num::qr::least_squares;
use condense::num::rng::Stream;
use condense::num::stats::{linspace, median, sorted};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::bias::line_with_bias;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::training::flow::Flow;
use ndarray::Array2;
use std::f64::consts::PI;

/// Least squares by polynomials overfits when the degree rises; networks that start small do not when the width rises.
pub struct GeneralizationGap;

params! {
    /// The task is ours: the slide has a drawing without numbers.
    pub struct Params {
        /// Samples at evenly spaced points of [-1, 1].
        pub samples: usize = 20, at_least 4;
        /// Standard deviation of the noise on their targets.
        pub noise: f64 = 0.1, above 0.0;
        /// Draws of the noise to which polynomials are fitted.
        pub draws: usize = 200, at_least 1;
        /// Widths of the networks.
        pub widths: Vec<usize> = vec![2, 4, 8, 16, 32, 64, 128, 256, 512],
            such_that |widths| rising_to_eight(widths), "must be whole numbers from 1 on, rising to 8 or more";
        /// The first of these draws are fitted by networks, too.
        pub network_draws: usize = 10, at_least 1;
        /// Standard deviation of their initial weights.
        pub std: f64 = 0.1, above 0.0;
        /// Their training ends at this mean square.
        pub goal: f64 = 0.01, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.05, above 0.0;
    }
}

fn rising_to_eight(widths: &[usize]) -> bool {
    let from_one = widths.first().is_some_and(|first| *first > 0);
    from_one && widths.is_sorted_by(|one, next| one < next) && widths.last().is_some_and(|last| *last >= 8)
}

/// Points between -1 and 1 at which fits are held against the target.
const TESTS: usize = 401;
/// A network that has not come to its goal after so many steps stays where it is.
const STEPS: usize = 2000;

/// Samples of one draw of the noise, the points of the test, and where networks draw their weights from.
struct Task {
    x: Vec<f64>,
    y: Vec<f64>,
    tests: Vec<f64>,
    weights: Stream,
}

impl Task {
    fn draw(params: &Params, draw: usize, ctx: &Context) -> Self {
        let x = linspace(-1.0, 1.0, params.samples);
        let noise = ctx.rng(&format!("noise {draw}")).normals(params.samples, params.noise);
        let y = x.iter().zip(noise).map(|(&x, noise)| math::sin(PI * x) + noise).collect();
        Self { x, y, tests: linspace(-1.0, 1.0, TESTS), weights: ctx.rng(&format!("weights {draw}")) }
    }

    /// The mean squares on the samples and against the target, given the values at both.
    fn errors(&self, fitted: &[f64], drawn: &[f64]) -> [f64; 2] {
        let train = fitted.iter().zip(&self.y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>();
        let test =
            drawn.iter().zip(&self.tests).map(|(f, &x)| (f - math::sin(PI * x)) * (f - math::sin(PI * x))).sum::<f64>();
        [train / self.x.len() as f64, test / TESTS as f64]
    }

    /// The polynomial of a degree by least squares, at the samples and at the points of the test.
    fn polynomial(&self, degree: usize) -> Result<[Vec<f64>; 2], Stop> {
        let design = legendre(&self.x, degree);
        let coefficients = least_squares(&design, &self.y);
        let coefficients = coefficients.ok_or_else(|| Stop::failed(format!("no polynomial of degree {degree}")))?;
        let values = |design: &Array2<f64>| {
            design.rows().into_iter().map(|row| row.iter().zip(&coefficients).map(|(p, c)| p * c).sum()).collect()
        };
        Ok([values(&design), values(&legendre(&self.tests, degree))])
    }

    /// A network of a width from a small start, at the samples and at the points of the test.
    fn network(&self, width: usize, params: &Params) -> Result<[Vec<f64>; 2], Stop> {
        let net = TwoLayer {
            activation: Activation::Tanh,
            inputs: line_with_bias(&self.x),
            targets: self.y.clone(),
            width,
            copies: 1.0,
            scale: 1.0,
            mobility: [1.0; 2],
        };
        let start = net.draw([params.std; 2], &mut self.weights.fork(&width.to_string()));
        let mut flow = Flow::new(&net, start, params.tolerance);
        flow.descend(params.goal, STEPS).map_err(|stalled| Stop::failed(format!("width {width}: {stalled}")))?;
        let at = |points: &[f64]| net.outputs(flow.theta(), &line_with_bias(points));
        Ok([at(&self.x), at(&self.tests)])
    }
}

impl Experiment for GeneralizationGap {
    type Params = Params;

    fn check(params: &Params) -> Vec<ParamFault> {
        params
            .demands()
            .holds("network_draws", params.network_draws <= params.draws, "must not be above `draws`")
            .faults()
    }

    fn working_set(params: &Params) -> Option<usize> {
        // Two designs of the highest degree and a decomposition; the widest network's features at both sets of points.
        let points = params.samples + TESTS;
        let widest = params.widths.last().copied().unwrap_or(0);
        let fits = 3 * points * params.samples + widest * (4 * points + 20) + points * points * 3;
        Some(fits + 2 * params.draws * params.samples)
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let n = params.samples;
        let tasks: Vec<Task> = (0..params.draws).map(|draw| Task::draw(params, draw, ctx)).collect();
        let polynomials = ctx.cells("polynomials", params.draws, |draw, _| {
            errors(&tasks[draw], (0..n).map(|degree| tasks[draw].polynomial(degree)))
        })?;
        let networks = ctx.cells("networks", params.network_draws, |draw, ctx| {
            let widths = params.widths.iter().enumerate();
            errors(
                &tasks[draw],
                widths.map(|(done, &width)| {
                    ctx.tick(done, params.widths.len())?;
                    tasks[draw].network(width, params)
                }),
            )
        })?;
        let mut results = Results::default();
        let polynomials = medians(&polynomials);
        let best = (0..n).fold(0, |best, k| if polynomials[k][1] < polynomials[best][1] { k } else { best });
        show("polynomials", (0..n).map(|k| [k as f64, k as f64 + 1.0]), &polynomials, &mut results);
        results.value("best.degree", best as f64);
        results.value("best.test", polynomials[best][1]);
        results.value("last.test", polynomials[n - 1][1]);
        results.value("last.train", polynomials[n - 1][0]);
        results.value("ratio", polynomials[n - 1][1] / polynomials[best][1]);
        let gaps: Vec<f64> = polynomials.iter().map(|[train, test]| test - train).collect();
        results.value("gap.falls", gaps[best..].windows(2).filter(|pair| pair[1] < pair[0]).count() as f64);

        let networks = medians(&networks);
        let widths = params.widths.iter().map(|&width| [width as f64, 3.0 * width as f64]);
        show("networks", widths, &networks, &mut results);
        let wide = params.widths.iter().zip(&networks).filter(|(width, _)| **width >= 8).map(|(_, [_, test])| *test);
        let wide = sorted(&wide.collect::<Vec<_>>());
        results.value("network.ratio", wide[wide.len() - 1] / wide[0]);
        show_fits(best, &tasks[0], params, &mut results)?;
        Ok(results)
    }
}

/// The errors of fits: on the samples, and against the target.
fn errors(task: &Task, fits: impl Iterator<Item = Result<[Vec<f64>; 2], Stop>>) -> Result<Vec<[f64; 2]>, Stop> {
    fits.map(|fit| fit.map(|[fitted, drawn]| task.errors(&fitted, &drawn))).collect()
}

/// Of each fit, the medians of its two errors over draws.
fn medians(draws: &[Vec<[f64; 2]>]) -> Vec<[f64; 2]> {
    let over = |fit: usize, error: usize| median(&draws.iter().map(|draw| draw[fit][error]).collect::<Vec<_>>());
    (0..draws[0].len()).map(|fit| [over(fit, 0), over(fit, 1)]).collect()
}

/// One row a model: its size, its number of parameters, and its errors.
fn show(name: &str, sizes: impl Iterator<Item = [f64; 2]>, errors: &[[f64; 2]], results: &mut Results) {
    let rows = sizes.zip(errors).map(|([size, parameters], [train, test])| [size, parameters, *train, *test]);
    results.frame(name, Frame::from_rows(&["size", "parameters", "train", "test"], rows));
}

/// The first draw: its samples, two polynomials and the widest network.
fn show_fits(best: usize, task: &Task, params: &Params, results: &mut Results) -> Result<(), Stop> {
    let widest = params.widths[params.widths.len() - 1];
    let ([_, low], [_, high]) = (task.polynomial(best)?, task.polynomial(params.samples - 1)?);
    let [_, network] = task.network(widest, params)?;
    results.frame("samples", Frame::new().with("x", &task.x).with("y", &task.y));
    let truth = task.tests.iter().map(|&x| math::sin(PI * x));
    let fits = Frame::new().with("x", &task.tests).with("target", truth.collect::<Vec<_>>());
    results.frame("fits", fits.with("best", low).with("last", high).with("network", network));
    Ok(())
}

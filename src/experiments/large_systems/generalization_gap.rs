//! The generalization gap: polynomials of rising degree on noisy samples, and tanh networks of rising width on the same ones.
//! It knows no theory; of each fit it keeps the errors, and of networks how many directions they have.
//!
//! A polynomial of degree n - 1 passes through all samples, noise included. Networks are therefore held against it where they
//! do, too; and from two starts, so that what is said of a small one is not true of any.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::legendre::legendre;
use condense::num::marquardt::Ends;
use condense::num::math::{pow, sin};
use condense::num::qr::least_squares;
use condense::num::rng::Stream;
use condense::num::stats::{linspace, median};
use condense_nn::measures::measure::{Direction, effective, sectors};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::bias::line_with_bias;
use condense_nn::nets::packed::Neuron;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::training::finish::finish;
use condense_nn::training::flow::Flow;
use ndarray::Array2;
use std::f64::consts::PI;

/// Least squares by polynomials overfits when the degree rises; whether networks do when the width rises depends on their start.
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
        /// Widths m of the networks.
        pub widths: Vec<usize> = vec![8, 16, 64, 512], rising_from 1;
        /// The first of these draws are fitted by networks, too.
        pub network_draws: usize = 5, at_least 1;
        /// All initial weights have standard deviation m^-e, with these e: that of the small start, then that of the large one.
        pub exponents: [f64; 2] = [1.0, 0.0];
        /// The flow of a network interpolates at this mean square.
        pub goal: f64 = 1e-6, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.05, above 0.0;
        /// The flow is given up after so many steps; Levenberg–Marquardt goes on from there.
        pub steps: usize = 400, at_least 1;
        /// Most trials of the latter.
        pub trials: usize = 100;
    }
}

impl Params {
    /// Whether a network has at least twice as many parameters as there are samples: with about as many it may not interpolate.
    fn is_wide(&self, width: usize) -> bool {
        3 * width >= 2 * self.samples
    }
}

/// Names of the starts.
const STARTS: [&str; 2] = ["small", "large"];
/// Points between -1 and 1 at which fits are held against the target.
const TESTS: usize = 401;
/// Sectors of half a turn in which directions are counted, ten degrees each.
const SECTORS: usize = 18;

/// Samples of one draw of the noise, the points of the test, and where networks draw their weights from.
struct Task {
    x: Vec<f64>,
    y: Vec<f64>,
    tests: Vec<f64>,
    weights: Stream,
}

row! {
    /// A network where its mean square first was that of the noise, and where it interpolates.
    struct Trained {
        /// Its values at the points of the test, at the end.
        values: Vec<f64>,
        /// Mean squares on the samples and against the target: at the noise, and at the end.
        errors: [[f64; 2]; 2],
        /// Effective directions at the end.
        directions: f64,
        /// Whether the flow came to the end alone.
        flowed: bool,
    }
}

impl Task {
    fn draw(params: &Params, draw: usize, ctx: &Context) -> Self {
        let x = linspace(-1.0, 1.0, params.samples);
        let noise = ctx.rng(&format!("noise {draw}")).normals(params.samples, params.noise);
        let y = x.iter().zip(noise).map(|(&x, noise)| sin(PI * x) + noise).collect();
        Self { x, y, tests: linspace(-1.0, 1.0, TESTS), weights: ctx.rng(&format!("weights {draw}")) }
    }

    /// The mean squares on the samples and against the target, given the values at both.
    fn errors(&self, fitted: &[f64], drawn: &[f64]) -> [f64; 2] {
        let train = fitted.iter().zip(&self.y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>();
        let off = |f: f64, x: f64| (f - sin(PI * x)) * (f - sin(PI * x));
        let test = drawn.iter().zip(&self.tests).map(|(f, x)| off(*f, *x)).sum::<f64>();
        [train / self.x.len() as f64, test / TESTS as f64]
    }

    /// The polynomial of a degree by least squares, at the samples and at the points of the test.
    fn polynomial(&self, degree: usize) -> Result<[Vec<f64>; 2], Stop> {
        let design = legendre(&self.x, degree);
        let coefficients = least_squares(&design, &self.y).ok_or_else(|| Stop::failed("no such polynomial"))?;
        let values = |design: &Array2<f64>| {
            design.rows().into_iter().map(|row| row.iter().zip(&coefficients).map(|(p, c)| p * c).sum()).collect()
        };
        Ok([values(&design), values(&legendre(&self.tests, degree))])
    }

    /// A network of a width from one of the starts.
    fn network(&self, width: usize, exponent: f64, params: &Params) -> Result<Trained, Stop> {
        let (inputs, targets, activation) = (line_with_bias(&self.x), self.y.clone(), Activation::Tanh);
        let net = TwoLayer { activation, inputs, targets, width, copies: 1.0, scale: 1.0, mobility: [1.0; 2] };
        let std = pow(width as f64, -exponent);
        let start = net.draw([std; 2], &mut self.weights.fork(&width.to_string()));
        let mut flow = Flow::new(&net, start, params.tolerance);
        let stalled = |stalled| Stop::failed(format!("width {width}: {stalled}"));
        flow.descend(params.noise * params.noise, params.steps).map_err(stalled)?;
        let values = |theta: &[f64]| [&self.x, &self.tests].map(|points| net.outputs(theta, &line_with_bias(points)));
        let errors = |[fitted, drawn]: &[Vec<f64>; 2]| self.errors(fitted, drawn);
        let at_noise = errors(&values(flow.theta()));
        let flowed = flow.descend(params.goal, params.steps).map_err(stalled)?;
        // Where the goal is reached, that takes no step.
        let theta = finish(&net, flow.theta().to_vec(), Ends { steps: params.trials, enough: params.goal }).theta;
        let end = values(&theta);
        let neuron = |k: usize| Neuron { a: theta[k], w: [theta[width + k], theta[2 * width + k]] };
        let neurons: Vec<Neuron<2>> = (0..width).map(neuron).collect();
        let directions = effective(&sectors(&neurons, Direction::Line, SECTORS));
        Ok(Trained { errors: [at_noise, errors(&end)], values: end[1].clone(), directions, flowed })
    }
}

impl Experiment for GeneralizationGap {
    type Params = Params;

    fn check(params: &Params) -> Vec<ParamFault> {
        let wide = params.widths.last().is_some_and(|width| params.is_wide(*width));
        let demands = params.demands().holds("widths", wide, "must end with two parameters a sample");
        demands.holds("network_draws", params.network_draws <= params.draws, "must not be above `draws`").faults()
    }

    fn working_set(params: &Params) -> Option<usize> {
        // Designs of the highest degree and a decomposition; the widest network's features; the values of all networks.
        let (points, widest) = (params.samples + TESTS, params.widths.last().copied().unwrap_or(0));
        let fits = 3 * points * params.samples + widest * (7 * points + 20) + points * points * 3;
        Some(fits + 2 * params.draws * (params.samples + params.widths.len() * (TESTS + 8)))
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let n = params.samples;
        let tasks: Vec<Task> = (0..params.draws).map(|draw| Task::draw(params, draw, ctx)).collect();
        let polynomials = ctx.cells("polynomials", params.draws, |draw, _| {
            let task = &tasks[draw];
            let fits = (0..n).map(|degree| task.polynomial(degree));
            fits.map(|fit| fit.map(|[fitted, drawn]| task.errors(&fitted, &drawn))).collect::<Result<Vec<_>, _>>()
        })?;
        let (draws, each) = (params.network_draws, params.widths.len() * params.network_draws);
        let networks = ctx.cells("networks", STARTS.len() * each, |cell, ctx| {
            ctx.tick(0, 1)?;
            tasks[cell % draws].network(params.widths[cell % each / draws], params.exponents[cell / each], params)
        })?;
        let mut results = Results::default();
        let best = show_polynomials(&polynomials, &mut results);
        for (name, networks) in STARTS.iter().zip(networks.chunks(each)) {
            show_networks(name, networks, params, &mut results);
        }
        results.value("start.ratio", results.values["small.test"] / results.values["large.test"]);
        results.value("directions.ratio", results.values["small.directions"] / results.values["large.directions"]);
        let task = &tasks[0];
        results.frame("samples", Frame::new().with("x", &task.x).with("y", &task.y));
        let ([_, low], [_, high]) = (task.polynomial(best)?, task.polynomial(n - 1)?);
        let [small, large] = [1, 2].map(|start| &networks[start * each - draws].values);
        let truth = task.tests.iter().map(|&x| sin(PI * x)).collect::<Vec<_>>();
        let fits = Frame::new().with("x", &task.tests).with("target", truth).with("best", low).with("last", high);
        results.frame("fits", fits.with("small", small).with("large", large));
        Ok(results)
    }
}

/// Medians over draws, degree by degree; returns the degree of the least test error.
fn show_polynomials(draws: &[Vec<[f64; 2]>], results: &mut Results) -> usize {
    let over = |degree: usize, error: usize| median(&draws.iter().map(|draw| draw[degree][error]).collect::<Vec<_>>());
    let errors: Vec<[f64; 2]> = (0..draws[0].len()).map(|degree| [over(degree, 0), over(degree, 1)]).collect();
    let best = (0..errors.len()).fold(0, |best, k| if errors[k][1] < errors[best][1] { k } else { best });
    let rows = errors.iter().enumerate().map(|(k, [train, test])| [k as f64, k as f64 + 1.0, *train, *test]);
    results.frame("polynomials", Frame::from_rows(&["size", "parameters", "train", "test"], rows));
    results.value("best.degree", best as f64);
    results.value("best.test", errors[best][1]);
    let last = errors[errors.len() - 1];
    results.value("last.test", last[1]);
    results.value("last.train", last[0]);
    results.value("ratio", last[1] / errors[best][1]);
    let gaps: Vec<f64> = errors.iter().map(|[train, test]| test - train).collect();
    results.value("gap.falls", gaps[best..].windows(2).filter(|pair| pair[1] < pair[0]).count() as f64);
    best
}

/// Medians over draws, width by width, of the networks from one start.
fn show_networks(name: &str, networks: &[Trained], params: &Params, results: &mut Results) {
    let row = |(width, draws): (&usize, &[Trained])| {
        let over = |of: &dyn Fn(&Trained) -> f64| median(&draws.iter().map(of).collect::<Vec<_>>());
        let [noisy, end] = [0, 1].map(|stage| [0, 1].map(|error| over(&|net| net.errors[stage][error])));
        [*width as f64, 3.0 * *width as f64, noisy[0], noisy[1], end[0], end[1], over(&|net| net.directions)]
    };
    let rows: Vec<[f64; 7]> = params.widths.iter().zip(networks.chunks(params.network_draws)).map(row).collect();
    let wide = &rows[params.widths.iter().take_while(|width| !params.is_wide(**width)).count()..];
    let last = rows[rows.len() - 1];
    let test = |rows: &[[f64; 7]], pick: fn(f64, f64) -> f64| rows.iter().map(|row| row[5]).fold(f64::NAN, pick);
    let spread = |rows: &[[f64; 7]]| test(rows, f64::max) / test(rows, f64::min);
    let short = networks.iter().filter(|net| net.errors[1][0] > params.goal).count() as f64;
    let levels = [("stopped", last[3]), ("test", last[5]), ("directions", last[6]), ("first", rows[0][5])];
    let ratios = [("cost", last[5] / last[3]), ("peak", rows[0][5] / last[5])];
    let spreads = [("spread", spread(wide)), ("spread.all", spread(&rows)), ("short", short)];
    for (of, value) in levels.into_iter().chain(ratios).chain(spreads) {
        results.value(&format!("{name}.{of}"), value);
    }
    let losses = networks.iter().skip(networks.len() - wide.len() * params.network_draws).map(|net| net.errors[1][0]);
    results.value(&format!("{name}.train"), losses.fold(0.0, f64::max));
    let flowed = networks.iter().map(|net| f64::from(u8::from(net.flowed)));
    results.value(&format!("{name}.flowed"), flowed.sum::<f64>() / networks.len() as f64);
    let names = ["width", "parameters", "stopped.train", "stopped", "train", "test", "directions"];
    results.frame(&format!("networks-{name}"), Frame::from_rows(&names, rows));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_repeats_itself_and_both_starts_interpolate() {
        let inputs = BTreeMap::new();
        let params = Params { samples: 5, draws: 2, widths: vec![4, 8], network_draws: 1, ..Params::default() };
        assert_eq!(GeneralizationGap::check(&params), []);
        let run = |seed| GeneralizationGap::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run");
        let results = run(0);
        assert_eq!((&results, results.fault()), (&run(0), None));
        assert_ne!(results, run(1));
        assert!(STARTS.iter().all(|name| results.values[&format!("{name}.train")] <= params.goal));
    }
}

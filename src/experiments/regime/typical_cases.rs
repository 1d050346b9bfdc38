//! One case of each regime: what a wide ReLU network makes of four points, and what becomes of its neurons meanwhile.
//! It knows one width; how things change with the width is the matter of other figures.
//!
//! γ = 0.5, 1, 1.75 at γ' = 0, m = 1000, trained on four points of `y = x²` by gradient flow from a mirrored start (`f = 0`).
//! Slide "Typical cases across the phase diagram"; Luo, Xu, Ma & Zhang, JMLR 22 (2021), Figure 2.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::atan2;
use condense::num::stats::linspace;
use condense_nn::measures::measure::{Direction, features, sector_counts};
use condense_nn::measures::unpack::{neurons, plain_neurons};
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::Point;
use condense_nn::training::flow::Flow;
use std::f64::consts::PI;

/// The trainings, several draws of each.
pub struct TypicalCases;

params! {
    /// Settings.
    pub struct Params {
        /// γ of each case.
        pub gammas: Vec<f64> = vec![0.5, 1.0, 1.75], finite;
        /// m, neurons of each of the mirrored halves.
        pub width: usize = 1000, at_least 2;
        /// Draws of the initial neurons, the same for each case; the first is shown.
        pub draws: usize = 12, at_least 1;
        /// Of so many neurons of each half the features are drawn.
        pub shown: usize = 1000;
        /// Neurons with less than this share of the largest amplitude do not count.
        pub cut: f64 = 0.1, within 0.0..1.0;
        /// Sectors of the circle of orientations; 63 are as good as 0.1 rad wide.
        pub sectors: usize = 63, at_least 1;
        /// Training ends below this mean square.
        pub goal: f64 = 1e-6, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.02, above 0.0;
    }
}

/// The hardest training of the defaults takes some hundred steps.
const STEPS: usize = 20_000;
/// Points of a drawn curve, among them the samples.
const CURVE: usize = 181;
/// What is measured of a training, and whether the worst draw is that of the largest value.
const MEASURES: [(&str, bool); 6] =
    [("rd", true), ("deviation", true), ("lowest", true), ("sectors", false), ("active", true), ("angle", true)];

/// A trained network, beside its start.
struct Training {
    network: TwoLayer,
    start: Vec<f64>,
    end: Vec<f64>,
}

impl Training {
    fn of(p: &Params, gamma: f64, draw: usize, ctx: &Context) -> Result<Self, Stop> {
        let network = mirrored_network(Point { gamma, gamma_prime: 0.0 }, p.width as f64, p.width);
        let start = network.draw_mirrored([1.0, 1.0], &mut ctx.rng(&format!("draw {draw}")));
        let flow = Flow::new(&network, start.clone(), p.tolerance);
        let end = flow.fit(p.goal, STEPS, format!("γ = {gamma}"))?;
        Ok(Self { network, start, end })
    }

    /// The samples.
    fn data(&self) -> Vec<[f64; 2]> {
        self.network.inputs.column(0).iter().zip(&self.network.targets).map(|(&x, &y)| [x, y]).collect()
    }

    /// `[x, f(x)]` on a fine grid.
    fn curve(&self) -> Vec<[f64; 2]> {
        let points = linspace(self.network.inputs[[0, 0]], self.network.inputs[[3, 0]], CURVE);
        Packed::new(self.network.activation, &plain_neurons(&self.network, &self.end)).curve(&points)
    }

    /// Orientation and amplitude over the largest, of all neurons.
    fn features(&self, theta: &[f64]) -> Vec<[f64; 2]> {
        features(&neurons(&self.network, theta), Direction::Ray)
    }

    fn drawn(&self, p: &Params) -> Drawn {
        let (start, end) = (self.features(&self.start), self.features(&self.end));
        let end = [&end[..p.shown], &end[p.width..][..p.shown]].map(<[_]>::to_vec);
        Drawn { curve: self.curve(), start: start[..p.shown].to_vec(), end }
    }

    /// The neurons whose amplitude counts at the end.
    fn active(&self, cut: f64) -> Vec<Neuron<2>> {
        let amplitudes = self.features(&self.end);
        let both = neurons(&self.network, &self.end).into_iter().zip(amplitudes);
        both.filter(|(_, feature)| feature[1] > cut).map(|(neuron, _)| neuron).collect()
    }

    /// The numbers of [`MEASURES`], in their order.
    fn measures(&self, p: &Params) -> [f64; MEASURES.len()] {
        let (curve, data, active) = (self.curve(), self.data(), self.active(p.cut));
        let filled = sector_counts(&active, Direction::Ray, p.sectors).iter().filter(|&&count| count > 0).count();
        // A neuron that bends at an inner sample looks away from the middle or towards it; those of the spline look away.
        let kinks = [[-1.0, data[1][0]], [1.0, -data[2][0]]];
        let angle = active.iter().map(|neuron| angle(neuron, &kinks)).fold(0.0, f64::max);
        [
            self.network.relative_distance(&self.end, &self.start, 0..p.width),
            curve.iter().map(|&[x, f]| (f - spline(&data, x)).abs()).fold(0.0, f64::max),
            curve.iter().map(|point| point[1]).fold(f64::INFINITY, f64::min),
            filled as f64,
            active.len() as f64,
            angle,
        ]
    }
}

row! {
    /// What is kept of a training.
    struct Trained {
        /// What [`MEASURES`] names.
        measures: [f64; MEASURES.len()],
        /// Of the first draw.
        drawn: Option<Drawn>,
    }
}

row! {
    /// What is drawn of a training.
    struct Drawn {
        /// `[x, f(x)]` at the end.
        curve: Vec<[f64; 2]>,
        /// Orientation and amplitude at the start, of one half of the neurons, which the other mirrors.
        start: Vec<[f64; 2]>,
        /// The same at the end, of both halves.
        end: [Vec<[f64; 2]>; 2],
    }
}

/// The polygon through the samples, at a point between the first and the last.
fn spline(data: &[[f64; 2]], x: f64) -> f64 {
    let piece = data.windows(2).find(|piece| x <= piece[1][0]).unwrap_or(&data[data.len() - 2..]);
    let [[left, low], [right, high]] = [piece[0], piece[1]];
    (x - left).mul_add((high - low) / (right - left), low)
}

/// The angle between a neuron's input weights and the nearest of some directions.
fn angle(neuron: &Neuron<2>, directions: &[[f64; 2]]) -> f64 {
    let [w, b] = neuron.w;
    let apart = |[u, v]: &[f64; 2]| atan2(u * b - v * w, u * w + v * b).abs();
    directions.iter().map(apart).fold(PI, f64::min)
}

impl Experiment for TypicalCases {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        p.demands().holds("shown", (1..=p.width).contains(&p.shown), "must be at least 1 and at most `width`").faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // A network of two halves: features of four samples at three points, a dozen vectors of its parameters, its neurons; and
        // what is drawn of each case.
        let drawn = p.gammas.len() * 2 * (CURVE + 3 * p.shown) + p.draws * p.gammas.len() * MEASURES.len();
        Some(2 * p.width * (2 * 4 * 3 + 12 * 3 + 20) + 3 * drawn + p.sectors)
    }

    fn run(p: &Params, root: &Context) -> Result<Results, Stop> {
        // The streams of the whole run, not of a cell: every case starts from the same neurons.
        let trained = root.cells("cases", p.gammas.len() * p.draws, |cell, ctx| {
            ctx.tick(0, 1)?;
            let training = Training::of(p, p.gammas[cell / p.draws], cell % p.draws, root)?;
            let drawn = (cell % p.draws == 0).then(|| training.drawn(p));
            Ok(Trained { measures: training.measures(p), drawn })
        })?;
        let mut results = Results::default();
        let (mut curves, mut points) = (Vec::new(), Vec::new());
        for (&gamma, draws) in p.gammas.iter().zip(trained.chunks(p.draws)) {
            for (at, (name, high)) in MEASURES.iter().enumerate() {
                let measured = draws.iter().map(|draw| draw.measures[at]);
                let worst = if *high { measured.reduce(f64::max) } else { measured.reduce(f64::min) };
                results.value(&format!("{name}.{gamma}"), draws[0].measures[at]);
                results.value(&format!("draws.{name}.{gamma}"), worst.unwrap_or_default());
            }
            for Drawn { curve, start, end } in draws.iter().filter_map(|draw| draw.drawn.as_ref()) {
                curves.extend(curve.iter().map(|[x, f]| [gamma, *x, *f]));
                for (stage, features) in [(0.0, start), (1.0, &end[0]), (1.0, &end[1])] {
                    points.extend(features.iter().map(|[turn, size]| [gamma, stage, *turn, *size]));
                }
            }
        }
        let network = mirrored_network(Point { gamma: 1.0, gamma_prime: 0.0 }, 1.0, 1);
        let data = Frame::new().with("x", network.inputs.column(0)).with("y", &network.targets);
        results.frame("data", data);
        results.frame("output", Frame::from_rows(&["gamma", "x", "f"], curves));
        results.frame("features", Frame::from_rows(&["gamma", "stage", "orientation", "amplitude"], points));
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_repeats_itself_and_its_cases_start_alike() {
        let params = Params { width: 40, draws: 2, shown: 10, ..Params::default() };
        let run = || TypicalCases::run(&params, &Context::new(0, &BTreeMap::new(), &Inline)).unwrap();
        let results = run();
        assert_eq!(results.fault(), None);
        assert_eq!(results, run());
        let features = &results.frames["features"];
        let (stage, angle) = (features.numbers("stage").unwrap(), features.numbers("orientation").unwrap());
        assert_eq!(features.rows(), 3 * 30);
        assert_eq!(stage[..30].iter().sum::<f64>(), 20.0);
        assert_eq!(angle[..10], angle[30..40]);
        assert!(
            results.values["rd.0.5"] < results.values["rd.1"] && results.values["rd.1"] < results.values["rd.1.75"]
        );
    }

    #[test]
    fn the_spline_and_the_angle_are_those_of_the_drawing() {
        let data = [[-1.0, 2.0], [0.0, 0.0], [2.0, 1.0]];
        assert_eq!([-1.0, -0.5, 0.0, 1.0, 2.0].map(|x| spline(&data, x)), [2.0, 1.0, 0.0, 0.5, 1.0]);
        let neuron = Neuron { a: 1.0, w: [0.0, 3.0] };
        assert!((angle(&neuron, &[[1.0, 1.0], [-1.0, -1.0]]) - PI / 4.0).abs() < 1e-15);
        assert!((angle(&neuron, &[[0.0, -2.0]]) - PI).abs() < 1e-15);
    }

    #[test]
    fn the_defaults_have_no_fault_and_faults_are_found() {
        assert_eq!(TypicalCases::check(&Params::default()), []);
        let broken = Params { gammas: vec![], shown: 0, cut: 1.0, ..Params::default() };
        let keys: Vec<String> = TypicalCases::check(&broken).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["gammas", "shown", "cut"]);
    }
}

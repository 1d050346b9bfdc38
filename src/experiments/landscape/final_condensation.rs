//! Final condensation: the main directions of a network at the end of training from a small start are its target's (slide
//! "Final condensation"). What this does to the test error is another figure's.

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::{atan2, cos, sin};
use condense::num::stats::linspace;
use condense_nn::measures::carried::{Carried, carried};
use condense_nn::measures::measure::{Direction, amplitude, effective, orientation, sectors};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::tasks::task::{Samples, two_steps};
use condense_nn::training::rule::Sgd;
use condense_nn::training::train::Trainer;

/// The same wide tanh network from a small and from a large start on a target of two neurons; which directions carry its output.
///
/// The theorem behind (Zhang et al., arXiv:2309.00508, theorem 5.4): with enough samples the global minima that remain around the
/// target have just the target's directions. Here the target is `tanh(4x - 2) + tanh(4x + 2)`, two.
pub struct FinalCondensation;

params! {
    /// Settings.
    pub struct Params {
        /// Hidden neurons, m.
        pub width: usize = 200, at_least 1;
        /// Samples, n, evenly spaced over [-1.5, 1.5].
        pub samples: usize = 8, at_least 2;
        /// Momentum of the gradient descent.
        pub momentum: f64 = 0.9, within 0.0..1.0;
        /// Training ends when the mean square error is below this …
        pub tolerance: f64 = 1e-6, at_least 0.0;
        /// … and at this epoch at the latest.
        pub epochs: usize = 200_000, at_least 1;
        /// Standard deviations of output weights and of input weights and biases: at the small start, at the large one.
        pub std: [[f64; 2]; 2] = [[1e-3, 1e-3], [1.0, 5.0]],
            such_that |std| std.iter().flatten().all(|s| *s > 0.0), "must be above 0";
        /// Learning rates.
        pub rates: [f64; 2] = [0.005, 0.002], such_that |rates| rates.iter().all(|rate| *rate > 0.0), "must be above 0";
        /// Neurons whose input weights make a cosine above this, up to sign, are one direction.
        pub cosine: f64 = 0.995, within 0.0..1.0;
    }
}

/// The interval is [-REACH, REACH]; outputs are compared at TEST points of it.
const REACH: f64 = 1.5;
const TEST: usize = 301;
/// Sectors of the half turn behind the sheet's effective number of directions.
const SECTORS: usize = 18;
/// Groups that carry less of the output than this are not counted.
const COUNTED: f64 = 0.01;
/// The input weights of the target's neurons.
const TARGETS: [[f64; 2]; 2] = [[4.0, -2.0], [4.0, 2.0]];
/// The two starts.
const NAMES: [&str; 2] = ["small", "large"];
/// Neurons drawn no smaller than this part of the largest.
const FLOOR: f64 = 1e-8;

row! {
    /// A training's end.
    struct Trained {
        neurons: Vec<Neuron<2>>,
        loss: f64,
        epoch: usize,
    }
}

impl Experiment for FinalCondensation {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // One training, its losses, and the outputs of all its neurons.
        Some(p.width * (9 + 2 * p.samples + TEST) + p.epochs)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let samples = Samples::of(two_steps, &linspace(-REACH, REACH, p.samples));
        let test = Samples::of(two_steps, &linspace(-REACH, REACH, TEST));
        let ends = ctx.cells("starts", NAMES.len(), |at, ctx| {
            let [std_a, std_w] = p.std[at];
            let net = Packed::gaussian(Activation::Tanh, p.width, std_a, std_w, &ctx.rng("init"));
            let mut trainer = Trainer::new(net, &samples, Sgd { rate: p.rates[at], momentum: p.momentum });
            trainer.train_until(p.tolerance, p.epochs, ctx)?;
            Ok(Trained { neurons: trainer.net().neurons(), loss: trainer.loss(), epoch: trainer.epoch() })
        })?;
        let mut results = Results::default();
        for (name, end) in NAMES.iter().zip(&ends) {
            let groups = carried(Activation::Tanh, &end.neurons, &test.x, Direction::Line, p.cosine);
            tell(name, end, &groups, &mut results);
        }
        for what in ["effective", "sectors"] {
            let of = |name: &str| results.values[&format!("{name}.{what}")];
            let ratio = of("large") / of("small");
            results.value(&format!("{what}.ratio"), ratio);
        }
        let targets = TARGETS.map(|w| [orientation(&Neuron { a: 1.0, w }, Direction::Line)]);
        results.frame("target", Frame::from_rows(&["orientation"], targets));
        Ok(results)
    }
}

/// The numbers and tables of one network.
fn tell(name: &str, end: &Trained, groups: &[Carried<2>], results: &mut Results) {
    let shares: Vec<f64> = groups.iter().map(|group| group.share).collect();
    results.value(&format!("{name}.loss"), end.loss);
    results.value(&format!("{name}.epochs"), end.epoch as f64);
    results.value(&format!("{name}.effective"), effective(&shares));
    results.value(&format!("{name}.sectors"), effective(&sectors(&end.neurons, Direction::Line, SECTORS)));
    results.value(&format!("{name}.groups"), shares.iter().filter(|share| **share > COUNTED).count() as f64);
    results.value(&format!("{name}.top"), shares.iter().take(TARGETS.len()).sum());
    // The angle from each target neuron to the nearest of the directions that carry most.
    let apart = |w: &[f64; 2], group: &Carried<2>| {
        let turn = |w: [f64; 2]| orientation(&Neuron { a: 1.0, w }, Direction::Line);
        let angle = turn(*w) - turn(group.leader.w);
        // Lines, so that angles are folded to a quarter turn.
        let (sine, cosine) = (sin(angle).abs(), cos(angle).abs());
        atan2(sine, cosine).to_degrees()
    };
    let top = &groups[..groups.len().min(TARGETS.len())];
    let nearest = |w: &[f64; 2]| top.iter().map(|group| apart(w, group)).fold(90.0, f64::min);
    results.value(&format!("{name}.angle"), TARGETS.iter().map(nearest).fold(0.0, f64::max));

    let largest = end.neurons.iter().map(amplitude).fold(f64::MIN_POSITIVE, f64::max);
    let features = end.neurons.iter().map(|neuron| {
        let size = (amplitude(neuron) / largest).max(FLOOR);
        [orientation(neuron, Direction::Line), size]
    });
    results.frame(&format!("features-{name}"), Frame::from_rows(&["orientation", "amplitude"], features));
    let directions = groups.iter().filter(|group| group.share > COUNTED / 10.0);
    let rows =
        directions.map(|group| [orientation(&group.leader, Direction::Line), group.share, group.neurons.len() as f64]);
    results.frame(&format!("carried-{name}"), Frame::from_rows(&["orientation", "share", "neurons"], rows));
    let mut sum = 0.0;
    let ranked = shares.iter().enumerate().map(|(k, share)| {
        sum += share;
        [k as f64 + 1.0, *share, sum]
    });
    results.frame(&format!("ranked-{name}"), Frame::from_rows(&["rank", "share", "sum"], ranked));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself() {
        let params = Params { width: 10, samples: 4, epochs: 30, ..Params::default() };
        assert_eq!(FinalCondensation::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| FinalCondensation::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run");
        assert_eq!(run(0).fault(), None);
        assert_eq!(run(0), run(0));
        assert_ne!(run(0), run(1));
    }

    #[test]
    fn the_target_itself_has_its_two_directions() {
        let neurons = TARGETS.map(|w| Neuron { a: 1.0, w }).to_vec();
        let test = Samples::of(two_steps, &linspace(-REACH, REACH, TEST));
        let groups = carried(Activation::Tanh, &neurons, &test.x, Direction::Line, 0.995);
        let mut results = Results::default();
        tell("small", &Trained { neurons, loss: 0.0, epoch: 0 }, &groups, &mut results);
        let value = |name: &str| results.values[&format!("small.{name}")];
        assert_eq!((value("groups"), value("top"), value("angle")), (2.0, 1.0, 0.0));
        assert!((value("effective") - 2.0).abs() < 1e-12);
    }
}

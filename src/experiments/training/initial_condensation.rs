//! The first stage of training: which way the neurons of a small network have turned after some dozens of steps, for six
//! activations. It knows no theory but the lines on which one-dimensional data put them; `landscape_around_zero` has the rest.
//!
//! `f(x) = Σ_k a_k σ(w_k·x)` with the bias as a last input, all parameters `N(0, std²)`, Adam on `(1/n) Σ (f - y)²`, full batch. Slide
//! "Initial condensation"; Zhou et al., "Towards understanding the condensation of neural networks at initial training" (NeurIPS 2022).

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::sin;
use condense::num::stats::linspace;
use condense_nn::measures::measure::{Direction, clusters, features};
use condense_nn::measures::similarity::{cosines, cosines_in_blocks};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::tasks::task::{Samples, wave};
use condense_nn::training::rule::Adam;
use condense_nn::training::stepwise::Stepwise as _;
use condense_nn::training::train::Trainer;
use std::f64::consts::PI;

params! {
    /// Settings of the authors' demonstration, and of one variable.
    pub struct Params {
        /// Hidden neurons, on five-dimensional data.
        pub width: usize = 50, at_least 2;
        /// Samples there: `x ~ U[-4, 2]` in each dimension, `y = Σ_k 3.5 sin(5 x_k + 1)`.
        pub samples: usize = 80, at_least 1;
        /// Standard deviation of every initial parameter.
        pub std: f64 = 0.005, above 0.0;
        /// Learning rate; sigmoid takes 0.8 of it, softplus a quarter.
        pub rate: f64 = 1e-3, above 0.0;
        /// The step at which the neurons are looked at; after a lower rate, as much later.
        pub epoch: usize = 50, at_least 1;
        /// Hidden neurons, on one-dimensional data.
        pub line_width: usize = 100, at_least 1;
        /// Samples there: evenly spaced on [-1, 1], `y = sin 3x + ½ sin 6x`.
        pub line_samples: usize = 40, at_least 2;
        /// Learning rate there.
        pub line_rate: f64 = 2e-3, above 0.0;
        /// Step there.
        pub line_epoch: usize = 100, at_least 1;
        /// Neurons whose cosine is above this point the same way.
        pub cosine: f64 = 0.95, within 0.0..1.0;
    }
}

/// Similarity of input weights at the start and after the first stage.
pub struct InitialCondensation;

/// The activations of the source, with their names here and the factors of their rates.
const CASES: [(Activation, &str, f64); 6] = [
    (Activation::Tanh, "tanh", 1.0),
    (Activation::XTanh, "xtanh", 1.0),
    (Activation::X2Tanh, "x2tanh", 1.0),
    (Activation::Relu, "relu", 1.0),
    (Activation::Sigmoid, "sigmoid", 0.8),
    (Activation::Softplus, "softplus", 0.25),
];
/// Of those, the ones that are trained on a line: their multiplicities are 1, 2 and 3.
const ON_A_LINE: usize = 3;
/// Neurons with less than this share of the largest amplitude do not count on a line.
const CUT: f64 = 0.1;

impl Experiment for InitialCondensation {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // A training at a time with what is kept at the samples; the similarity matrices of all cases, and one in eigenvectors.
        let trained = (p.width + 8) * (40 + 2 * p.samples) + (p.line_width + 8) * (20 + 2 * p.line_samples);
        Some(trained + 4 * p.epoch + p.line_epoch + (CASES.len() * 4 + 6) * p.width * p.width)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        high_dimensional(p, ctx, &mut results)?;
        on_a_line(p, ctx, &mut results)?;
        Ok(results)
    }
}

fn adam(rate: f64) -> Adam {
    Adam { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
}

/// Five-dimensional data: a matrix of cosines for each activation.
fn high_dimensional(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let mut rng = ctx.rng("data");
    let x: Vec<[f64; 6]> =
        (0..p.samples).map(|_| std::array::from_fn(|k| if k < 5 { rng.uniform(-4.0, 2.0) } else { 1.0 })).collect();
    let y = x.iter().map(|x| x[..5].iter().map(|&x| wave(x)).sum()).collect();
    let (samples, mut matrices) = (Samples { x, y }, Vec::new());
    for (case, (activation, name, factor)) in CASES.into_iter().enumerate() {
        let net = Packed::gaussian(activation, p.width, p.std, p.std, &ctx.rng("init"));
        let mut trainer = Trainer::new(net, &samples, adam(p.rate * factor));
        for (when, epoch) in [("start", 0), ("end", (p.epoch as f64 / factor).round() as usize)] {
            trainer.train_to(epoch, ctx)?;
            let neurons = trainer.net().neurons();
            results.value(&format!("{name}.{when}.share"), share(&neurons, p.cosine));
            let groups = clusters(&neurons, Direction::Ray, p.cosine, 0.0).len();
            results.value(&format!("{name}.{when}.directions"), groups as f64);
        }
        let weights: Vec<_> = trainer.net().neurons().iter().map(|neuron| neuron.w).collect();
        let cosines = cosines_in_blocks(&weights);
        matrices.extend(cosines.indexed_iter().map(|((j, k), &cosine)| [case as f64, j as f64, k as f64, cosine]));
    }
    results.frame("similarity", Frame::from_rows(&["case", "row", "column", "cosine"], matrices));
    for name in ["sigmoid", "softplus"] {
        let aligned = |name: &str| results.values[&format!("{name}.end.share")];
        results.value(&format!("{name}.lead"), aligned(name) - aligned("xtanh"));
    }
    Ok(())
}

/// The share of pairs whose |cosine| is above a bound.
fn share<const D: usize>(neurons: &[Neuron<D>], bound: f64) -> f64 {
    let weights: Vec<_> = neurons.iter().map(|neuron| neuron.w).collect();
    let (cosines, m) = (cosines(&weights), neurons.len());
    let above = (0..m).flat_map(|j| (0..j).map(move |k| (j, k))).filter(|at| cosines[*at].abs() > bound).count();
    above as f64 / (m * (m - 1) / 2) as f64
}

/// One-dimensional data: on which lines of the plane of weight and bias the strong neurons stand.
fn on_a_line(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let target = |x: f64| sin(3.0 * x) + 0.5 * sin(6.0 * x);
    let (samples, mut rows) = (Samples::of(target, &linspace(-1.0, 1.0, p.line_samples)), Vec::new());
    for (case, (activation, name, _)) in CASES.into_iter().take(ON_A_LINE).enumerate() {
        let net = Packed::gaussian(activation, p.line_width, p.std, p.std, &ctx.rng("line"));
        let mut trainer = Trainer::new(net, &samples, adam(p.line_rate));
        trainer.train_to(p.line_epoch, ctx)?;
        let neurons = trainer.net().neurons();
        let lines = clusters(&neurons, Direction::Line, p.cosine, CUT);
        results.value(&format!("line.{name}.lines"), lines.len() as f64);
        let features = features(&neurons, Direction::Line);
        if let Some(theory) = theory(activation) {
            let strong = features.iter().filter(|feature| feature[1] > CUT);
            let off = |angle: f64| theory.iter().map(|line| between(angle, *line)).fold(PI, f64::min);
            results.value(&format!("line.{name}.off"), strong.map(|feature| off(feature[0])).fold(0.0, f64::max));
        }
        rows.extend(features.iter().map(|feature| [case as f64, feature[0], feature[1]]));
    }
    results.frame("lines", Frame::from_rows(&["case", "orientation", "amplitude"], rows));
    Ok(())
}

/// Where the strong neurons of an odd target go: the form `Σ y (x cos θ + sin θ)^p` is extreme at 0 for p = 1, and at ±π/4 for p = 2.
fn theory(activation: Activation) -> Option<Vec<f64>> {
    match activation {
        Activation::Tanh => Some(vec![0.0]),
        Activation::XTanh => Some(vec![-PI / 4.0, PI / 4.0]),
        _ => None,
    }
}

/// The angle between two lines.
fn between(one: f64, other: f64) -> f64 {
    let apart = (one - other).abs() % PI;
    apart.min(PI - apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_around_the_half_circle() {
        assert!((between(1.5, -1.5) - (PI - 3.0)).abs() < 1e-15);
        assert_eq!([between(0.25, 0.75), between(0.5, 0.5)], [0.5, 0.0]);
    }
}

//! A wide tanh network trained from a small start: its loss goes down a staircase, and on the first long step it is the best
//! network of one neuron. It knows no landscape; the narrow optimum is found by search over one number.
//!
//! `f(x) = Σ_k a_k tanh(w_k x + b_k)`, all parameters `N(0, std²)`, Adam on `(1/n) Σ (f - y)²`, full batch. Slides "Typical training
//! behavior with strong condensation" and "Trajectory of training loss"; data and width are those of Zhang et al., "Embedding
//! principle of loss landscape of deep neural networks" (NeurIPS 2021), figure 1.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::stats::linspace;
use condense_nn::measures::measure::Direction;
use condense_nn::measures::snapshot::{ClusterOptions, Snapshot};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::tasks::task::{Samples, best_step, three_steps};
use condense_nn::training::rule::Adam;
use condense_nn::training::stepwise::Stepwise as _;
use condense_nn::training::train::Trainer;

params! {
    /// Settings; width and data are the source's.
    pub struct Params {
        /// Hidden neurons, m.
        pub width: usize = 500, at_least 1;
        /// Samples, evenly spaced on [-15, 15].
        pub samples: usize = 50, at_least 3;
        /// Standard deviation of every initial parameter is m to this power.
        pub power: f64 = -1.5;
        /// Learning rate of Adam.
        pub rate: f64 = 1e-3, above 0.0;
        /// Steps.
        pub epochs: usize = 20_000, at_least 10;
        /// A stretch of the curve from an epoch to this multiple of it may be a plateau.
        pub stretch: f64 = 1.6, such_that |stretch| (1.2..=10.0).contains(stretch), "must lie between 1.2 and 10";
        /// Neurons whose |cosine| is above this point the same way.
        pub cosine: f64 = 0.995, within 0.0..1.0;
        /// Neurons with less than this share of the largest amplitude do not count.
        pub cut: f64 = 0.01, within 0.0..1.0;
    }
}

/// The training, and the narrow networks that it passes.
pub struct TypicalTraining;

/// Half the length of the interval of the samples, and of that of drawn curves.
const REACH: [f64; 2] = [15.0, 16.0];
/// Points of a drawn curve.
const CURVE: usize = 401;

impl Experiment for TypicalTraining {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // Two trainings: five numbers a parameter, what is kept at the samples, every loss; and three stages of the network.
        Some(2 * (p.width * (15 + p.samples) + p.epochs) + 3 * 8 * p.width)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let samples = Samples::of(three_steps, &linspace(-REACH[0], REACH[0], p.samples));
        let options = ClusterOptions { direction: Direction::Line, sectors: 72, cosine: p.cosine, cut: p.cut };
        let mut trainer = start(p, &samples, ctx);
        trainer.train_to(p.epochs, ctx)?;
        let (best, narrow) = best_step(&samples);
        let (plateau, change) = plateau(trainer.losses(), best, p.stretch);

        // The same training again, to look at it on the plateau.
        let mut again = start(p, &samples, ctx);
        let mut stages = Snapshot::trajectory(&mut again, &[plateau], &options, ctx)?;
        stages.push(Snapshot::of(&trainer, &options));

        let mut results = Results::default();
        results.value("energy", samples.y.iter().map(|y| y * y).sum::<f64>() / p.samples as f64);
        results.value("loss.start", trainer.losses()[0]);
        results.value("loss.end", trainer.loss());
        results.value("one.loss", best);
        results.value("plateau.epoch", plateau as f64);
        results.value("plateau.loss", trainer.losses()[plateau]);
        results.value("plateau.excess", (trainer.losses()[plateau] / best - 1.0).abs());
        results.value("plateau.change", change);
        for (name, stage) in ["start", "plateau", "end"].iter().zip(&stages) {
            results.value(&format!("directions.{name}"), stage.directions());
            results.value(&format!("effective.{name}"), stage.effective);
        }
        let one = Packed::new(Activation::Tanh, &[narrow]);
        results.value("plateau.apart", apart(&stages[1].net, &one, &samples));
        let ends = stages[2].net.outputs(&samples.x);
        let errors = ends.iter().zip(&samples.y).map(|(f, y)| (f - y).abs());
        results.value("end.error", errors.fold(0.0, f64::max));
        let truth: Vec<_> = [-7.0, 0.0, 7.0].map(|b| Neuron { a: 1.0, w: [1.0, b] }).to_vec();
        let exact = Trainer::new(Packed::new(Activation::Tanh, &truth), &samples, adam(p));
        results.value("three.loss", exact.loss());

        results.frame("data", Frame::new().with("x", samples.x.iter().map(|x| x[0])).with("y", &samples.y));
        results.frame("loss", Frame::from_rows(&["epoch", "loss"], trainer.curve(CURVE)));
        let level = [1.0, p.epochs as f64].map(|epoch| [epoch, best]);
        results.frame("level", Frame::from_rows(&["epoch", "loss"], level));
        let marks = [plateau, p.epochs].map(|epoch| [epoch as f64, trainer.losses()[epoch]]);
        results.frame("marks", Frame::from_rows(&["epoch", "loss"], marks));
        results.frame("outputs", outputs(&stages, &one));
        let columns = ["stage", "orientation", "amplitude"];
        let stages = stages.iter().enumerate();
        let rows = stages.flat_map(|(at, stage)| stage.features.iter().map(move |f| [at as f64, f[0], f[1]]));
        results.frame("features", Frame::from_rows(&columns, rows));
        Ok(results)
    }
}

fn adam(p: &Params) -> Adam {
    Adam { rate: p.rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
}

fn start(p: &Params, samples: &Samples<2>, ctx: &Context) -> Trainer<2> {
    let std = condense::num::math::pow(p.width as f64, p.power);
    let net = Packed::gaussian(Activation::Tanh, p.width, std, std, &ctx.rng("init"));
    Trainer::new(net, samples, adam(p))
}

/// The epoch from which the loss changes least up to `stretch` times it, among those where it is nearest to a level (within a
/// tenth, or where it comes nearest); and that change.
fn plateau(losses: &[f64], level: f64, stretch: f64) -> (usize, f64) {
    let until = |epoch: usize| (epoch as f64 * stretch) as usize;
    let epochs = (1..losses.len()).filter(|&epoch| until(epoch) < losses.len());
    let change = |epoch: usize| (losses[until(epoch)] / losses[epoch] - 1.0).abs();
    let off = |epoch: usize| (losses[epoch] / level - 1.0).abs();
    let nearest = epochs.clone().map(off).fold(f64::INFINITY, f64::min);
    let there = epochs.filter(|&epoch| off(epoch) <= nearest.max(0.1)).map(|epoch| (epoch, change(epoch)));
    there.fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best })
}

/// The largest distance of two networks on the samples, over the largest size of the second one.
fn apart(one: &Packed<2>, other: &Packed<2>, samples: &Samples<2>) -> f64 {
    let (f, g) = (one.outputs(&samples.x), other.outputs(&samples.x));
    let size = g.iter().fold(0.0, |size: f64, g| size.max(g.abs()));
    f.iter().zip(&g).fold(0.0, |worst: f64, (f, g)| worst.max((f - g).abs())) / size
}

/// The network at its three stages, the best of one neuron, and the target.
fn outputs(stages: &[Snapshot], one: &Packed<2>) -> Frame {
    let x: Vec<[f64; 2]> = linspace(-REACH[1], REACH[1], CURVE).into_iter().map(|x| [x, 1.0]).collect();
    let mut frame = Frame::new().with("x", x.iter().map(|x| x[0]).collect::<Vec<_>>());
    for (name, stage) in ["start", "plateau", "end"].iter().zip(stages) {
        frame = frame.with(name, stage.net.outputs(&x));
    }
    frame.with("one", one.outputs(&x)).with("target", x.iter().map(|x| three_steps(x[0])).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plateau_is_found_where_the_loss_rests_at_its_level() {
        let losses: Vec<f64> = (0..1000)
            .map(|epoch| match epoch {
                0..100 => 5.0,
                100..150 => 2.0 - f64::from(epoch) / 100.0,
                150..500 => 0.5,
                _ => 0.1,
            })
            .collect();
        let (epoch, change) = plateau(&losses, 0.5, 1.6);
        assert!((150..313).contains(&epoch) && change == 0.0, "{epoch} {change}");
    }
}

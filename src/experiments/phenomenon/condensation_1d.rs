//! Condensation in one dimension: a ReLU network with tiny initial weights, from one direction to a few.
//! It knows no pictures. The same draw scaled up is the contrast; further draws show what is chance.
//!
//! `f(x) = Σ_k a_k r(w_k x + b_k)`, all parameters `N(0, std²)`, full-batch gradient descent on `(1/n) Σ (f - y)²`.
//! Slides "1d example: condensation with small initialization" and "Evolution trajectory"; the setting is that of
//! Xu, Zhang & Zhang, "An overview of condensation phenomenon in deep learning" (2025).

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::stats::{chi_square_uniform, linspace};
use condense_nn::measures::measure::{Cluster, Direction, orientation, sector_counts};
use condense_nn::measures::snapshot::{ClusterOptions, Snapshot};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::Packed;
use condense_nn::tasks::task::{Samples, best_ramp, four_ramps};
use condense_nn::training::rule::Sgd;
use condense_nn::training::train::Trainer;

/// Sectors of the `(w, b)` plane behind the effective number of directions.
const SECTORS: usize = 36;
/// Sectors behind the test that orientations start out uniform: few enough that each expects several neurons.
const COARSE: usize = 10;
/// A draw whose loss is below this by the fifth frame has taken the fast path; one that is so later has arrived, too.
const FITTED: f64 = 1.5e-3;
/// Points of a drawn curve.
const CURVE: usize = 201;

params! {
    /// Settings.
    pub struct Params {
        /// Hidden neurons, m.
        pub width: usize = 100, at_least 1;
        /// Samples, n, evenly spaced on `[-1, 1]`.
        pub samples: usize = 40, at_least 2;
        /// Standard deviation of every initial parameter.
        pub std: f64 = 1e-4, above 0.0;
        /// Learning rate.
        pub rate: f64 = 0.1, above 0.0;
        /// The standard deviation of the contrast; `m^(-1/4)` is the linear regime, `m^(-1/2)` its border.
        pub contrast_std: f64 = 0.3, above 0.0;
        /// The learning rate of the contrast, whose curvature is larger from the start.
        pub contrast_rate: f64 = 0.02, above 0.0;
        /// Further draws of the small initial weights.
        pub draws: usize = 16, at_least 1;
        /// The six epochs looked at: two on the plateau, two of the transition, two of the final stage.
        pub frames: [usize; 6] = [100, 1000, 3000, 5000, 10_000, 100_000],
            such_that |frames| frames[0] > 0 && frames.is_sorted_by(|one, next| one < next), "must ascend from 1 or more";
        /// The epoch, after the fifth of `frames`, to which they are trained: by then both paths have arrived.
        pub arrival: usize = 20_000;
        /// The epoch from which the plateau is measured …
        pub plateau_from: usize = 200;
        /// … and the epoch up to which.
        pub plateau_to: usize = 1500;
        /// Neurons whose cosine is above this point the same way.
        pub cosine: f64 = 0.995, within 0.0..1.0;
        /// Neurons with less than this share of the largest amplitude do not count.
        pub cut: f64 = 0.01, within 0.0..1.0;
    }
}

/// The two trainings, and the further draws of the first.
pub struct Condensation1d;

impl Experiment for Condensation1d {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        let inside = p.plateau_from < p.plateau_to && p.plateau_to <= p.frames[4];
        p.demands()
            .holds("plateau_to", inside, "must lie between `plateau_from` and the fifth of `frames`")
            .holds("arrival", p.arrival > p.frames[4], "must lie after the fifth of `frames`")
            .faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // Both trainings: three numbers a parameter, what is kept at the samples, every loss, and six frames of the neurons.
        Some(2 * (p.width * (9 + 18 + 2 * p.samples) + p.frames[5]))
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let samples = Samples::of(four_ramps, &linspace(-1.0, 1.0, p.samples));
        let small = Run::new(p, p.std, p.rate, &p.frames, &samples, ctx)?;
        let large = Run::new(p, p.contrast_std, p.contrast_rate, &p.frames, &samples, ctx)?;
        let mut results = Results::default();
        results.frame("data", Frame::new().with("x", samples.x.iter().map(|x| x[0])).with("y", &samples.y));
        for (name, run) in [("", &small), ("contrast-", &large)] {
            results.frame(&format!("{name}output"), run.outputs());
            results.frame(&format!("{name}features"), run.features());
            results.frame(&format!("{name}loss"), Frame::from_rows(&["epoch", "loss"], run.trainer.curve(CURVE)));
        }
        results.frame("directions", small.directions());
        results.frame("frames", small.trajectory());
        small.summarise(&mut results);
        results.value("contrast.directions", large.stages[6].directions());
        results.value("contrast.effective", large.stages[6].effective);
        results.value("contrast.loss", large.stages[6].loss);
        plateau(p, &small, &samples, &mut results);
        draws(p, &samples, ctx, &mut results)?;
        Ok(results)
    }
}

/// How flat the plateau is, and whether it is that of a single neuron.
fn plateau(p: &Params, run: &Run, samples: &Samples<2>, results: &mut Results) {
    let plateau = &run.trainer.losses()[p.plateau_from..=p.plateau_to];
    let change = plateau.iter().map(|loss| (loss / plateau[0] - 1.0).abs()).fold(0.0, f64::max);
    results.value("plateau.change", change);
    let best = best_ramp(samples);
    results.value("plateau.best", best);
    results.value("plateau.excess", run.stages[2].loss / best - 1.0);
}

row! {
    /// What is kept of a further draw.
    struct Draw {
        /// The most directions at the first two frames, on the plateau.
        plateau_directions: f64,
        /// The loss at the second of them.
        plateau_loss: f64,
        /// Directions at the fifth frame.
        directions: f64,
        /// The loss there.
        loss: f64,
        /// The loss at the end.
        arrived: f64,
        /// `[epoch, loss]` on the way.
        curve: Vec<[f64; 2]>,
    }
}

/// Further draws: how often each path is taken, and whether the plateau and its one direction are there every time.
fn draws(p: &Params, samples: &Samples<2>, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let draws = ctx.cells("draws", p.draws, |_, ctx| {
        let epochs = [&p.frames[..5], &[p.arrival]].concat();
        let Run { trainer, stages } = Run::new(p, p.std, p.rate, &epochs, samples, ctx)?;
        let [one, two, fifth] = [1, 2, 5].map(|stage| &stages[stage]);
        Ok(Draw {
            plateau_directions: one.directions().max(two.directions()),
            plateau_loss: two.loss,
            directions: fifth.directions(),
            loss: fifth.loss,
            arrived: trainer.loss(),
            curve: trainer.curve(CURVE),
        })
    })?;
    let count = |holds: &dyn Fn(&Draw) -> bool| draws.iter().filter(|draw| holds(draw)).count() as f64;
    results.value("draws.split", count(&|draw| draw.plateau_directions > 1.0));
    results.value("draws.crowded", count(&|draw| !(2.0..=6.0).contains(&draw.directions)));
    results.value("draws.fitted", count(&|draw| draw.loss < FITTED));
    results.value("draws.arrived", count(&|draw| draw.arrived < FITTED) / p.draws as f64);
    results.value("draws.plateau.low", draws.iter().map(|draw| draw.plateau_loss).fold(f64::INFINITY, f64::min));
    results.value("draws.plateau.high", draws.iter().map(|draw| draw.plateau_loss).fold(0.0, f64::max));
    let curves = draws.iter().map(|draw| &draw.curve).enumerate();
    results.frame("draws", Frame::from_groups(&["draw", "epoch", "loss"], curves));
    Ok(())
}

/// One training, looked at before its first step (stage 0) and at each frame (stages 1 to 6).
struct Run {
    trainer: Trainer<2>,
    stages: Vec<Snapshot>,
}

impl Run {
    fn new(p: &Params, std: f64, rate: f64, epochs: &[usize], data: &Samples<2>, ctx: &Context) -> Result<Self, Stop> {
        let net = Packed::gaussian(Activation::Relu, p.width, std, std, &ctx.rng("init"));
        let mut trainer = Trainer::new(net, data, Sgd { rate, momentum: 0.0 });
        let options = ClusterOptions { direction: Direction::Ray, sectors: SECTORS, cosine: p.cosine, cut: p.cut };
        let stages = Snapshot::trajectory(&mut trainer, epochs, &options, ctx)?;
        Ok(Self { trainer, stages })
    }

    /// The numbers that claims test, by stage and for the whole.
    fn summarise(&self, results: &mut Results) {
        for (at, stage) in self.stages.iter().enumerate() {
            results.value(&format!("directions.{at}"), stage.directions());
            results.value(&format!("share.{at}"), stage.share());
            results.value(&format!("effective.{at}"), stage.effective);
            results.value(&format!("loss.{at}"), stage.loss);
        }
        results.value("directions.transition", self.stages[3].directions().max(self.stages[4].directions()));
        let counts = sector_counts(&self.stages[0].neurons, Direction::Ray, COARSE);
        results.value("uniform.p", chi_square_uniform(&counts).1);
    }

    /// One row a frame; without the start, which has no place on a logarithmic axis.
    fn trajectory(&self) -> Frame {
        let row =
            |stage: &Snapshot| [stage.epoch as f64, stage.loss, stage.directions(), stage.share(), stage.effective];
        let names = ["stage", "epoch", "loss", "directions", "share", "effective"];
        Frame::from_groups(&names, self.stages.iter().map(|stage| [row(stage)]).enumerate().skip(1))
    }

    /// `f` on a fine grid.
    fn outputs(&self) -> Frame {
        let curves = self.stages.iter().map(|stage| stage.net.curve(&linspace(-1.0, 1.0, CURVE))).enumerate();
        Frame::from_groups(&["stage", "x", "f"], curves)
    }

    /// Every neuron's orientation in radians, and its amplitude over the largest of the stage.
    fn features(&self) -> Frame {
        let features = self.stages.iter().map(|stage| &stage.features).enumerate();
        Frame::from_groups(&["stage", "orientation", "amplitude"], features)
    }

    /// The clusters of the last stage; a neuron's kink is where its input changes sign.
    fn directions(&self) -> Frame {
        let row = |Cluster { leader, neurons, share }: &Cluster<2>| {
            [orientation(leader, Direction::Ray), -leader.w[1] / leader.w[0], *neurons as f64, *share]
        };
        Frame::from_rows(&["orientation", "kink", "neurons", "share"], self.stages[6].clusters.iter().map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself() {
        let params = Params {
            width: 12,
            samples: 8,
            frames: [2, 4, 6, 8, 10, 20],
            plateau_from: 3,
            plateau_to: 5,
            draws: 2,
            ..Params::default()
        };
        assert_eq!(Condensation1d::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| Condensation1d::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run");
        assert_eq!(run(0).fault(), None);
        assert_eq!(run(0), run(0));
        assert_ne!(run(0), run(1));
    }

    #[test]
    fn faults_name_their_keys() {
        let keys =
            |params: &Params| Condensation1d::check(params).into_iter().map(|fault| fault.key).collect::<Vec<_>>();
        assert!(keys(&Params::default()).is_empty());
        assert_eq!(keys(&Params { width: 0, rate: -1.0, ..Params::default() }), ["width", "rate"]);
        assert_eq!(keys(&Params { frames: [1, 2, 3, 3, 4, 5000], ..Params::default() }), ["frames", "plateau_to"]);
    }
}

//! Condensation in one dimension: a ReLU network with tiny initial weights, from one direction to a few.
//! It knows no pictures. The same draw scaled up is the contrast; further draws show what is chance.
//!
//! `f(x) = Σ_k a_k r(w_k x + b_k)`, all parameters `N(0, std²)`, full-batch gradient descent on `(1/n) Σ (f - y)²`.
//! Slides "1d example: condensation with small initialization" and "Evolution trajectory"; the setting is that of
//! Xu, Zhang & Zhang, "An overview of condensation phenomenon in deep learning" (2025).

use crate::experiment::{Context, Experiment, Fault, Stop};
use crate::frame::{Frame, Results};
use crate::nn::activation::Activation;
use crate::nn::measure::{Cluster, Direction, clusters, effective, features, orientation, sector, sectors};
use crate::nn::packed::{Neuron, Packed};
use crate::nn::pass::Descent;
use crate::nn::task::{Samples, best_ramp, four_ramps};
use crate::nn::train::Trainer;
use crate::num::stats::{chi_square_uniform, linspace};
use serde::{Deserialize, Serialize};

/// Sectors of the `(w, b)` plane behind the effective number of directions.
const SECTORS: usize = 36;
/// Sectors behind the test that orientations start out uniform: few enough that each expects several neurons.
const COARSE: usize = 10;
/// A draw whose loss is below this by the fifth frame has taken the fast path.
const FITTED: f64 = 1.5e-3;
/// Points of a drawn curve.
const CURVE: usize = 201;

/// Settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Hidden neurons, m.
    pub width: usize,
    /// Samples, n, evenly spaced on `[-1, 1]`.
    pub samples: usize,
    /// Standard deviation of every initial parameter.
    pub std: f64,
    /// Learning rate.
    pub rate: f64,
    /// The standard deviation of the contrast; `m^(-1/4)` is the linear regime, `m^(-1/2)` its border.
    pub contrast_std: f64,
    /// The learning rate of the contrast, whose curvature is larger from the start.
    pub contrast_rate: f64,
    /// Further draws of the small initial weights, each trained up to the fifth frame.
    pub draws: usize,
    /// The six epochs looked at: two on the plateau, two of the transition, two of the final stage.
    pub frames: [usize; 6],
    /// The epoch from which the plateau is measured …
    pub plateau_from: usize,
    /// … and the epoch up to which.
    pub plateau_to: usize,
    /// Neurons whose cosine is above this point the same way.
    pub cosine: f64,
    /// Neurons with less than this share of the largest amplitude do not count.
    pub cut: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            width: 100,
            samples: 40,
            std: 1e-4,
            rate: 0.1,
            contrast_std: 0.3,
            contrast_rate: 0.02,
            draws: 16,
            frames: [100, 1000, 3000, 5000, 10_000, 100_000],
            plateau_from: 200,
            plateau_to: 1500,
            cosine: 0.995,
            cut: 0.01,
        }
    }
}

/// The experiment.
pub struct Condensation1d;

impl Experiment for Condensation1d {
    type Params = Params;

    fn check(p: &Params) -> Vec<Fault> {
        let ascending = p.frames[0] > 0 && p.frames.is_sorted_by(|one, next| one < next);
        let inside = p.plateau_from < p.plateau_to && p.plateau_to <= p.frames[4];
        let faults = [
            Fault::unless(p.width > 0, "width", "must be at least 1"),
            Fault::unless(p.samples > 1, "samples", "must be at least 2"),
            Fault::unless(p.std > 0.0, "std", "must be above 0"),
            Fault::unless(p.rate > 0.0, "rate", "must be above 0"),
            Fault::unless(p.contrast_std > 0.0, "contrast_std", "must be above 0"),
            Fault::unless(p.contrast_rate > 0.0, "contrast_rate", "must be above 0"),
            Fault::unless(p.draws > 0, "draws", "must be at least 1"),
            Fault::unless(ascending, "frames", "must ascend from 1 or more"),
            Fault::unless(inside, "plateau_to", "must lie between `plateau_from` and the fifth of `frames`"),
            Fault::unless((0.0..1.0).contains(&p.cosine), "cosine", "must lie in [0, 1)"),
            Fault::unless((0.0..1.0).contains(&p.cut), "cut", "must lie in [0, 1)"),
        ];
        faults.into_iter().flatten().collect()
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let points = linspace(-1.0, 1.0, p.samples);
        let samples = Samples::of(four_ramps, &points);
        let small = Run::new(p, p.std, p.rate, &samples, ctx)?;
        let large = Run::new(p, p.contrast_std, p.contrast_rate, &samples, ctx)?;
        let mut results = Results::default();
        results.frame("data", Frame::new().with("x", points).with("y", samples.y.clone()));
        for (name, run) in [("", &small), ("contrast-", &large)] {
            results.frame(&format!("{name}output"), run.outputs());
            results.frame(&format!("{name}features"), run.features());
            results.frame(&format!("{name}loss"), run.loss());
        }
        results.frame("directions", small.directions());
        results.frame("frames", small.course());
        small.summarise(&mut results);
        results.value("contrast.directions", large.stages[6].directions());
        results.value("contrast.effective", large.stages[6].effective());
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
    results.value("plateau.best", best_ramp(samples));
    results.value("plateau.excess", run.stages[2].loss / best_ramp(samples) - 1.0);
}

/// Further draws: how often each path is taken, and whether the plateau and its one direction are there every time.
fn draws(p: &Params, samples: &Samples<2>, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let measured = ctx.cells("draws", p.draws, |_, ctx| {
        let p = Params { frames: p.frames.map(|epoch| epoch.min(p.frames[4])), ..p.clone() };
        let Run { trainer, stages } = Run::new(&p, p.std, p.rate, samples, ctx)?;
        let [one, two, last] = [1, 2, 5].map(|stage| &stages[stage]);
        let numbers = [one.directions().max(two.directions()), two.loss, last.directions(), last.loss];
        Ok([numbers.to_vec(), trainer.curve(CURVE).concat()].concat())
    })?;
    let count = |holds: &dyn Fn(&[f64]) -> bool| measured.iter().filter(|row| holds(row)).count() as f64;
    results.value("draws.split", count(&|row| row[0] > 1.0));
    results.value("draws.crowded", count(&|row| !(2.0..=6.0).contains(&row[2])));
    results.value("draws.fitted", count(&|row| row[3] < FITTED));
    results.value("draws.plateau.low", measured.iter().map(|row| row[1]).fold(f64::INFINITY, f64::min));
    results.value("draws.plateau.high", measured.iter().map(|row| row[1]).fold(0.0, f64::max));
    let curves = measured
        .iter()
        .enumerate()
        .flat_map(|(draw, row)| row[4..].chunks(2).map(move |point| vec![draw as f64, point[0], point[1]]));
    results.frame("draws", Frame::from_rows(&["draw", "epoch", "loss"], &curves.collect::<Vec<_>>()));
    Ok(())
}

/// A network at one epoch.
struct Stage {
    epoch: usize,
    net: Packed<2>,
    neurons: Vec<Neuron<2>>,
    clusters: Vec<Cluster<2>>,
    loss: f64,
}

impl Stage {
    fn of(trainer: &Trainer<2>, p: &Params) -> Self {
        let (net, neurons) = (trainer.net().clone(), trainer.net().neurons());
        let clusters = clusters(&neurons, Direction::Ray, p.cosine, p.cut);
        Self { epoch: trainer.epoch(), net, neurons, clusters, loss: trainer.loss() }
    }

    fn directions(&self) -> f64 {
        self.clusters.len() as f64
    }

    /// The share of the amplitude that the largest cluster holds.
    fn share(&self) -> f64 {
        self.clusters.iter().map(|cluster| cluster.share).fold(0.0, f64::max)
    }

    fn effective(&self) -> f64 {
        effective(&sectors(&self.neurons, Direction::Ray, SECTORS))
    }
}

/// One training, looked at before its first step (stage 0) and at each frame (stages 1 to 6).
struct Run {
    trainer: Trainer<2>,
    stages: Vec<Stage>,
}

impl Run {
    fn new(p: &Params, std: f64, rate: f64, samples: &Samples<2>, ctx: &Context) -> Result<Self, Stop> {
        let net = Packed::gaussian(Activation::Relu, p.width, std, std, &ctx.rng("init"));
        let mut trainer = Trainer::new(net, samples, Descent { rate, momentum: 0.0 });
        let mut stages = vec![Stage::of(&trainer, p)];
        for epoch in p.frames {
            trainer.train_to(epoch, ctx)?;
            stages.push(Stage::of(&trainer, p));
        }
        Ok(Self { trainer, stages })
    }

    /// The numbers that claims test, by stage and for the whole.
    fn summarise(&self, results: &mut Results) {
        for (at, stage) in self.stages.iter().enumerate() {
            results.value(&format!("directions.{at}"), stage.directions());
            results.value(&format!("share.{at}"), stage.share());
            results.value(&format!("effective.{at}"), stage.effective());
            results.value(&format!("loss.{at}"), stage.loss);
        }
        results.value("directions.transition", self.stages[3].directions().max(self.stages[4].directions()));
        results.value("loss.ratio", self.stages[6].loss / self.stages[5].loss);
        let mut counts = [0; COARSE];
        for neuron in &self.stages[0].neurons {
            counts[sector(neuron, Direction::Ray, COARSE)] += 1;
        }
        results.value("uniform.p", chi_square_uniform(&counts).1);
    }

    /// One row a frame; without the start, which has no place on a logarithmic axis.
    fn course(&self) -> Frame {
        let row =
            |stage: &Stage| vec![stage.epoch as f64, stage.loss, stage.directions(), stage.share(), stage.effective()];
        let rows: Vec<Vec<f64>> = self.stages[1..].iter().map(row).collect();
        Frame::from_rows(&["epoch", "loss", "directions", "share", "effective"], &rows)
    }

    /// The loss at epochs in equal ratios.
    fn loss(&self) -> Frame {
        let rows: Vec<Vec<f64>> = self.trainer.curve(CURVE).iter().map(|point| point.to_vec()).collect();
        Frame::from_rows(&["epoch", "loss"], &rows)
    }

    /// `f` on a fine grid.
    fn outputs(&self) -> Frame {
        let x = linspace(-1.0, 1.0, CURVE);
        let inputs: Vec<[f64; 2]> = x.iter().map(|&x| [x, 1.0]).collect();
        self.by_stage(["x", "f"], |stage| {
            x.iter().copied().zip(stage.net.outputs(&inputs)).map(<[f64; 2]>::from).collect()
        })
    }

    /// Every neuron's orientation in radians, and its amplitude over the largest of the stage.
    fn features(&self) -> Frame {
        self.by_stage(["orientation", "amplitude"], |stage| features(&stage.neurons, Direction::Ray))
    }

    fn by_stage(&self, [one, two]: [&str; 2], points: impl Fn(&Stage) -> Vec<[f64; 2]>) -> Frame {
        let rows = self
            .stages
            .iter()
            .enumerate()
            .flat_map(|(at, stage)| points(stage).into_iter().map(move |[one, two]| vec![at as f64, one, two]));
        Frame::from_rows(&["stage", one, two], &rows.collect::<Vec<_>>())
    }

    /// The clusters of the last stage; a neuron's kink is where its input changes sign.
    fn directions(&self) -> Frame {
        let row = |Cluster { leader, neurons, share }: &Cluster<2>| {
            vec![orientation(leader, Direction::Ray), -leader.w[1] / leader.w[0], *neurons as f64, *share]
        };
        let rows: Vec<Vec<f64>> = self.stages[6].clusters.iter().map(row).collect();
        Frame::from_rows(&["orientation", "kink", "neurons", "share"], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Inline;
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

//! Condensation in one dimension: a ReLU network with tiny initial weights, from one direction to a few.
//! It knows no pictures. The same draw scaled up is the contrast; further draws show what is chance.
//!
//! `f(x) = Σ_k a_k r(w_k x + b_k)`, all parameters `N(0, std²)`, full-batch gradient descent on `(1/n) Σ (f - y)²`.
//! Slides "1d example: condensation with small initialization" and "Evolution trajectory"; the setting is that of
//! Xu, Zhang & Zhang, "An overview of condensation phenomenon in deep learning" (2025).

use crate::experiment::{Context, Experiment, Fault, Stop};
use crate::frame::{Frame, Results};
use crate::nn::activation::Activation;
use crate::nn::measure::{Cluster, Direction, amplitude, clusters, effective, orientation, sectors};
use crate::nn::packed::{Neuron, Packed};
use crate::nn::task::{Samples, four_ramps};
use crate::nn::train::{Descent, Trainer};
use crate::num::stats::{chi_square_uniform, linspace, logspace};
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
    /// Epochs between which the plateau is measured.
    pub plateau: [usize; 2],
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
            plateau: [200, 1500],
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
        let inside = p.plateau[0] < p.plateau[1] && p.plateau[1] <= p.frames[4];
        let positive = [("std", p.std), ("rate", p.rate), ("contrast_std", p.contrast_std)]
            .into_iter()
            .chain([("contrast_rate", p.contrast_rate)])
            .map(|(key, value)| Fault::unless(value > 0.0, key, "must be above 0"));
        let others = [
            Fault::unless(p.width > 0, "width", "must be at least 1"),
            Fault::unless(p.samples > 1, "samples", "must be at least 2"),
            Fault::unless(p.draws > 0, "draws", "must be at least 1"),
            Fault::unless(ascending, "frames", "must ascend from 1 or more"),
            Fault::unless(inside, "plateau", "must ascend and end by the fifth of `frames`"),
            Fault::unless((0.0..1.0).contains(&p.cosine), "cosine", "must lie in [0, 1)"),
            Fault::unless((0.0..1.0).contains(&p.cut), "cut", "must lie in [0, 1)"),
        ];
        positive.chain(others).flatten().collect()
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let samples = Samples::of(four_ramps, &linspace(-1.0, 1.0, p.samples));
        let small = Run::new(p, p.std, p.rate, &p.frames, &samples, ctx)?;
        let large = Run::new(p, p.contrast_std, p.contrast_rate, &p.frames, &samples, ctx)?;
        let mut results = Results::default();
        let x: Vec<f64> = samples.x.iter().map(|x| x[0]).collect();
        results.frame("data", Frame::new().with("x", x).with("y", samples.y.clone()));
        for (name, run) in [("", &small), ("contrast-", &large)] {
            results.frame(&format!("{name}output"), run.output_frame());
            results.frame(&format!("{name}features"), run.feature_frame());
            results.frame(&format!("{name}loss"), Frame::from_rows(&["epoch", "loss"], &run.loss_rows()));
        }
        results.frame("directions", small.direction_frame(p));
        small.summarise(p, &mut results);
        results.value("contrast.directions", large.directions(p, 6));
        results.value("contrast.effective", large.effective(6));
        results.value("contrast.loss", large.loss(6));
        draws(p, &samples, ctx, &mut results)?;
        Ok(results)
    }
}

/// Further draws: how often each path is taken, and whether the plateau and its one direction are there every time.
fn draws(p: &Params, samples: &Samples<2>, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let rows = ctx.cells("draws", p.draws, |_, ctx| {
        let run = Run::new(p, p.std, p.rate, &p.frames[..5], samples, ctx)?;
        let mut row = vec![run.directions(p, 1), run.directions(p, 2), run.directions(p, 5), run.loss(2), run.loss(5)];
        row.extend(run.loss_rows().concat());
        Ok(row)
    })?;
    let count = |holds: &dyn Fn(&[f64]) -> bool| rows.iter().filter(|row| holds(row)).count() as f64;
    results.value("draws.split", count(&|row| row[0] != 1.0 || row[1] != 1.0));
    results.value("draws.few", count(&|row| (2.0..=6.0).contains(&row[2])));
    results.value("draws.plateau.low", rows.iter().map(|row| row[3]).fold(f64::INFINITY, f64::min));
    results.value("draws.plateau.high", rows.iter().map(|row| row[3]).fold(0.0, f64::max));
    results.value("draws.fitted", count(&|row| row[4] < FITTED));
    let curve = |(draw, row): (usize, &Vec<f64>)| {
        row[5..].chunks(2).map(|point| vec![draw as f64, point[0], point[1]]).collect::<Vec<_>>()
    };
    let curves: Vec<Vec<f64>> = rows.iter().enumerate().flat_map(curve).collect();
    results.frame("draws", Frame::from_rows(&["draw", "epoch", "loss"], &curves));
    Ok(())
}

/// One training: the network at its start and at each frame, and the loss at every epoch.
struct Run {
    epochs: Vec<usize>,
    stages: Vec<Packed<2>>,
    losses: Vec<f64>,
}

impl Run {
    fn new(
        p: &Params,
        std: f64,
        rate: f64,
        frames: &[usize],
        samples: &Samples<2>,
        ctx: &Context,
    ) -> Result<Self, Stop> {
        let net = Packed::gaussian(Activation::Relu, p.width, std, std, &ctx.rng("init"));
        let mut trainer = Trainer::new(net, samples, Descent { rate, momentum: 0.0 });
        let (mut epochs, mut stages) = (vec![0], vec![trainer.net().clone()]);
        for &epoch in frames {
            trainer.train_to(epoch, ctx)?;
            epochs.push(epoch);
            stages.push(trainer.net().clone());
        }
        Ok(Self { epochs, stages, losses: trainer.losses().to_vec() })
    }

    fn clusters(&self, p: &Params, stage: usize) -> Vec<Cluster<2>> {
        clusters(&self.stages[stage].neurons(), Direction::Ray, p.cosine, p.cut)
    }

    fn directions(&self, p: &Params, stage: usize) -> f64 {
        self.clusters(p, stage).len() as f64
    }

    fn largest_share(&self, p: &Params, stage: usize) -> f64 {
        self.clusters(p, stage).iter().map(|cluster| cluster.share).fold(0.0, f64::max)
    }

    fn loss(&self, stage: usize) -> f64 {
        self.losses[self.epochs[stage]]
    }

    fn effective(&self, stage: usize) -> f64 {
        effective(&sectors(&self.stages[stage].neurons(), Direction::Ray, SECTORS))
    }

    /// The numbers that the claims test; `1` … `6` count the frames, `start` is before the first step.
    fn summarise(&self, p: &Params, results: &mut Results) {
        for stage in 0..self.stages.len() {
            let name = if stage == 0 { "start".to_owned() } else { stage.to_string() };
            results.value(&format!("directions.{name}"), self.directions(p, stage));
            results.value(&format!("share.{name}"), self.largest_share(p, stage));
            results.value(&format!("effective.{name}"), self.effective(stage));
            results.value(&format!("loss.{name}"), self.loss(stage));
        }
        results.value("directions.transition", self.directions(p, 3).max(self.directions(p, 4)));
        let plateau = &self.losses[p.plateau[0]..=p.plateau[1]];
        let spread = plateau.iter().fold(0.0f64, |spread, loss| spread.max((loss - plateau[0]).abs()));
        results.value("plateau.change", spread / plateau[0]);
        results.value("loss.ratio", self.loss(6) / self.loss(5));
        let mut counts = [0; COARSE];
        for neuron in self.stages[0].neurons() {
            let turn = orientation(&neuron, Direction::Ray) / Direction::Ray.span() + 0.5;
            counts[((turn * COARSE as f64) as usize).min(COARSE - 1)] += 1;
        }
        results.value("uniform.p", chi_square_uniform(&counts).1);
    }

    /// `f` at each stage on a fine grid; stage 0 is the start.
    fn output_frame(&self) -> Frame {
        let x = linspace(-1.0, 1.0, CURVE);
        let inputs: Vec<[f64; 2]> = x.iter().map(|&x| [x, 1.0]).collect();
        let rows = self.stages.iter().enumerate().flat_map(|(stage, net)| {
            let f = net.outputs(&inputs);
            x.iter().zip(f).map(move |(&x, f)| vec![stage as f64, x, f]).collect::<Vec<_>>()
        });
        Frame::from_rows(&["stage", "x", "f"], &rows.collect::<Vec<_>>())
    }

    /// Every neuron at each stage: its orientation in radians, and its amplitude over the stage's largest.
    fn feature_frame(&self) -> Frame {
        let rows = self.stages.iter().enumerate().flat_map(|(stage, net)| {
            let neurons = net.neurons();
            let largest = neurons.iter().map(amplitude).fold(0.0, f64::max);
            let row = |n: &Neuron<2>| vec![stage as f64, orientation(n, Direction::Ray), amplitude(n) / largest];
            neurons.iter().map(row).collect::<Vec<_>>()
        });
        Frame::from_rows(&["stage", "orientation", "amplitude"], &rows.collect::<Vec<_>>())
    }

    /// The clusters of the last stage.
    fn direction_frame(&self, p: &Params) -> Frame {
        let row = |c: &Cluster<2>| {
            let kink = -c.leader.w[1] / c.leader.w[0];
            vec![orientation(&c.leader, Direction::Ray), kink, c.neurons as f64, c.share]
        };
        let rows: Vec<Vec<f64>> = self.clusters(p, self.stages.len() - 1).iter().map(row).collect();
        Frame::from_rows(&["orientation", "kink", "neurons", "share"], &rows)
    }

    /// `[epoch, loss]` at epochs in equal ratios.
    fn loss_rows(&self) -> Vec<Vec<f64>> {
        let last = self.losses.len() - 1;
        let mut epochs: Vec<usize> =
            logspace(1.0, last as f64, CURVE).iter().map(|epoch| epoch.round() as usize).collect();
        epochs.dedup();
        epochs.into_iter().map(|epoch| vec![epoch as f64, self.losses[epoch]]).collect()
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
            plateau: [3, 5],
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
        assert_eq!(keys(&Params { width: 0, rate: -1.0, ..Params::default() }), ["rate", "width"]);
        assert_eq!(keys(&Params { frames: [1, 2, 3, 3, 4, 5000], ..Params::default() }), ["frames", "plateau"]);
    }
}

//! Full-batch gradient descent of a packed two-layer network on the mean square `(1/n) Σ (f(xᵢ) - yᵢ)²`.
//! It knows neither figures nor measures; one step is one [`pass`](crate::nn::pass) over the neurons.

use crate::experiment::{Context, Stop};
use crate::nn::packed::{Block, Lanes, Packed};
use crate::nn::pass::{Descent, Point, compare, turn};
use crate::nn::task::Samples;
use crate::num::lanes::LANES;
use crate::num::stats::logspace;

/// Values and slopes to compute between two ticks: a few milliseconds.
const TICK: usize = 1 << 20;

/// A network in training.
#[derive(Clone, Debug)]
pub struct Trainer<const D: usize> {
    net: Packed<D>,
    rule: Descent,
    velocity: Vec<Block<D>>,
    points: Vec<Point<D>>,
    /// `[σ(z), σ'(z)]` of each block at each point, as the last forward pass left them.
    tape: Vec<[Lanes; 2]>,
    /// `Σ a σ(z)` at each point, lane by lane.
    sums: Vec<Lanes>,
    losses: Vec<f64>,
}

impl<const D: usize> Trainer<D> {
    /// A network before its first step.
    pub fn new(net: Packed<D>, samples: &Samples<D>, rule: Descent) -> Self {
        let points: Vec<_> = samples.x.iter().zip(&samples.y).map(|(&x, &y)| Point { x, y, force: 0.0 }).collect();
        let (blocks, n) = (net.blocks.len(), points.len());
        let mut trainer = Self {
            net,
            rule,
            velocity: vec![Block::ZERO; blocks],
            points,
            tape: vec![[[0.0; LANES]; 2]; blocks * n],
            sums: vec![[0.0; LANES]; n],
            losses: Vec::new(),
        };
        // Without forces a step moves nothing and only looks.
        trainer.step();
        trainer
    }

    /// The network as it stands.
    pub fn net(&self) -> &Packed<D> {
        &self.net
    }

    /// The loss at every epoch, from 0 to the present one.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// `[epoch, loss]` at about `count` epochs in equal ratios, from 1 to the present one.
    pub fn curve(&self, count: usize) -> Vec<[f64; 2]> {
        let mut epochs: Vec<usize> =
            logspace(1.0, self.epoch() as f64, count).into_iter().map(|epoch| epoch.round() as usize).collect();
        epochs.dedup();
        epochs.into_iter().map(|epoch| [epoch as f64, self.losses[epoch]]).collect()
    }

    /// The present loss.
    pub fn loss(&self) -> f64 {
        self.losses[self.epoch()]
    }

    /// The present epoch: steps taken.
    pub fn epoch(&self) -> usize {
        self.losses.len() - 1
    }

    /// Trains on to an epoch.
    ///
    /// # Errors
    /// When the loss is no longer finite (the message names the step), or when the host wants to stop.
    pub fn train_to(&mut self, epoch: usize, ctx: &Context) -> Result<(), Stop> {
        self.train_until(0.0, epoch, ctx)
    }

    /// Trains on until the loss is below a tolerance, at most to an epoch.
    ///
    /// # Errors
    /// As [`train_to`](Self::train_to).
    pub fn train_until(&mut self, tolerance: f64, epoch: usize, ctx: &Context) -> Result<(), Stop> {
        let stride = (TICK / self.tape.len().max(1)).max(1);
        while self.epoch() < epoch && self.loss() >= tolerance {
            if self.epoch().is_multiple_of(stride) {
                ctx.tick(self.epoch(), epoch)?;
            }
            self.step();
            let (loss, Descent { rate, momentum }) = (self.loss(), self.rule);
            if !loss.is_finite() {
                let step = self.epoch();
                return Err(Stop::failed(format!(
                    "training diverged: the loss is {loss} at step {step}, with rate {rate} and momentum {momentum}"
                )));
            }
        }
        Ok(())
    }

    /// One step of descent, and the loss after it.
    fn step(&mut self) {
        let activation = self.net.activation();
        let (blocks, velocity) = (&mut self.net.blocks, &mut self.velocity);
        turn(activation, self.rule, blocks, velocity, &mut self.tape, &self.points, &mut self.sums);
        self.losses.push(compare(&self.sums, &mut self.points));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Cell, Host, Inline};
    use crate::nn::activation::Activation;
    use crate::nn::packed::Neuron;
    use crate::num::level::same_on_all;
    use crate::num::rng::Stream;
    use std::collections::BTreeMap;

    const BOTH: [Activation; 2] = [Activation::Relu, Activation::Tanh];
    const GENTLE: Descent = Descent { rate: 0.01, momentum: 0.9 };

    fn samples<const D: usize>(n: usize) -> Samples<D> {
        let mut stream = Stream::root(2).fork("samples");
        let mut x = || std::array::from_fn(|d| if d + 1 == D { 1.0 } else { stream.normal() });
        let x: Vec<[f64; D]> = (0..n).map(|_| x()).collect();
        let y = x.iter().map(|x| x[0] * x[0] - 0.3).collect();
        Samples { x, y }
    }

    fn draw<const D: usize>(activation: Activation, width: usize) -> Vec<Neuron<D>> {
        Packed::gaussian(activation, width, 0.5, 1.0, &Stream::root(3)).neurons()
    }

    fn trained<const D: usize>(
        activation: Activation,
        neurons: &[Neuron<D>],
        samples: &Samples<D>,
        rule: Descent,
        steps: usize,
    ) -> Trainer<D> {
        let mut trainer = Trainer::new(Packed::new(activation, neurons), samples, rule);
        let inputs = BTreeMap::new();
        trainer.train_to(steps, &Context::new(0, &inputs, &Inline)).expect("a gentle rate");
        trainer
    }

    /// The parameters in one row: `a`, `w_1`, … `w_D` of each neuron.
    fn flat<const D: usize>(neurons: &[Neuron<D>]) -> Vec<f64> {
        neurons.iter().flat_map(|n| std::iter::once(n.a).chain(n.w)).collect()
    }

    /// Loss and gradient, term by term.
    fn plain<const D: usize>(activation: Activation, theta: &[f64], samples: &Samples<D>) -> (f64, Vec<f64>) {
        let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
        for (x, y) in samples.x.iter().zip(&samples.y) {
            let z = |neuron: &[f64]| (0..D).map(|d| neuron[1 + d] * x[d]).sum::<f64>();
            let f: f64 = theta.chunks(1 + D).map(|neuron| neuron[0] * activation.value(z(neuron))).sum();
            loss += (f - y) * (f - y) / samples.y.len() as f64;
            let force = 2.0 * (f - y) / samples.y.len() as f64;
            for (neuron, gradient) in theta.chunks(1 + D).zip(gradient.chunks_mut(1 + D)) {
                gradient[0] += force * activation.value(z(neuron));
                for d in 0..D {
                    gradient[1 + d] += force * neuron[0] * activation.slope(z(neuron)) * x[d];
                }
            }
        }
        (loss, gradient)
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (samples, h) = (samples::<3>(7), 1e-6);
        for activation in BOTH {
            let theta = flat(&draw::<3>(activation, 11));
            let gradient = plain(activation, &theta, &samples).1;
            for at in 0..theta.len() {
                let shifted = |by: f64| {
                    let mut theta = theta.clone();
                    theta[at] += by;
                    plain(activation, &theta, &samples).0
                };
                let slope = (shifted(h) - shifted(-h)) / (2.0 * h);
                assert!((gradient[at] - slope).abs() < 1e-8, "{activation:?}, {at}: {} {slope}", gradient[at]);
            }
        }
    }

    #[test]
    fn training_is_that_of_a_plain_loop() {
        let samples = samples::<3>(9);
        for activation in BOTH {
            let start = draw::<3>(activation, 13);
            let (mut theta, mut velocity) = (flat(&start), vec![0.0; 4 * 13]);
            for _ in 0..30 {
                let gradient = plain(activation, &theta, &samples).1;
                for ((v, g), theta) in velocity.iter_mut().zip(gradient).zip(&mut theta) {
                    *v = GENTLE.momentum * *v + g;
                    *theta -= GENTLE.rate * *v;
                }
            }
            let trainer = trained(activation, &start, &samples, GENTLE, 30);
            for (one, other) in flat(&trainer.net().neurons()).iter().zip(&theta) {
                assert!((one - other).abs() < 1e-12, "{activation:?}: {one} {other}");
            }
            assert!((trainer.loss() - plain(activation, &theta, &samples).0).abs() < 1e-12);
            assert_eq!((trainer.epoch(), trainer.losses().len()), (30, 31));
        }
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        let samples = samples::<2>(9);
        for activation in BOTH {
            same_on_all(|| {
                let trainer = trained(activation, &draw::<2>(activation, 19), &samples, GENTLE, 50);
                (trainer.net().clone(), trainer.losses().to_vec())
            });
        }
    }

    #[test]
    fn equal_neurons_stay_equal_to_the_last_bit() {
        let samples = samples::<2>(10);
        for activation in BOTH {
            let mut start = draw::<2>(activation, 30);
            for twin in [3, 8, 21, 29] {
                start[twin] = start[0];
            }
            let end = trained(activation, &start, &samples, GENTLE, 300).net().neurons();
            assert_ne!(end[0], start[0]);
            for twin in [3, 8, 21, 29] {
                assert_eq!(end[twin], end[0], "{activation:?}, neuron {twin}");
            }
        }
    }

    #[test]
    fn a_mirrored_task_trains_the_mirrored_network() {
        let samples = samples::<2>(10);
        let mirror = |x: [f64; 2]| [-x[0], x[1]];
        let mirrored = Samples { x: samples.x.iter().map(|&x| mirror(x)).collect(), y: samples.y.clone() };
        for activation in BOTH {
            let flip = |neurons: Vec<Neuron<2>>| -> Vec<Neuron<2>> {
                neurons.into_iter().map(|n| Neuron { a: n.a, w: mirror(n.w) }).collect()
            };
            let start = draw::<2>(activation, 21);
            let there = trained(activation, &start, &samples, GENTLE, 100).net().neurons();
            let back = trained(activation, &flip(start), &mirrored, GENTLE, 100).net().neurons();
            assert_eq!(flip(there), back);
        }
    }

    #[test]
    fn the_order_of_neurons_does_not_matter() {
        let samples = samples::<2>(10);
        for activation in BOTH {
            let mut start = draw::<2>(activation, 21);
            let there = trained(activation, &start, &samples, GENTLE, 100);
            start.reverse();
            let back = trained(activation, &start, &samples, GENTLE, 100);
            assert!((there.loss() / back.loss() - 1.0).abs() < 1e-9);
            for (one, other) in there.net().neurons().iter().rev().zip(back.net().neurons()) {
                assert!((one.a - other.a).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_diverging_run_names_its_step() {
        let (inputs, samples) = (BTreeMap::new(), samples::<2>(10));
        let net = Packed::new(Activation::Relu, &draw::<2>(Activation::Relu, 20));
        let mut trainer = Trainer::new(net, &samples, Descent { rate: 50.0, momentum: 0.0 });
        let stop = trainer.train_to(1000, &Context::new(0, &inputs, &Inline)).unwrap_err();
        let Stop::Failed(why) = stop else { panic!("{stop}") };
        assert!(!trainer.loss().is_finite() && trainer.losses()[..trainer.epoch()].iter().all(|loss| loss.is_finite()));
        assert!(why.contains(&format!("at step {}, with rate 50", trainer.epoch())), "{why}");
    }

    #[test]
    fn training_ends_at_its_tolerance() {
        let (inputs, samples) = (BTreeMap::new(), samples::<2>(10));
        let net = Packed::new(Activation::Tanh, &draw::<2>(Activation::Tanh, 20));
        let mut trainer = Trainer::new(net, &samples, GENTLE);
        let tolerance = trainer.loss() / 3.0;
        trainer.train_until(tolerance, 10_000, &Context::new(0, &inputs, &Inline)).expect("a gentle rate");
        let (last, before) = trainer.losses().split_last().expect("losses");
        assert!(*last < tolerance && before.iter().all(|&loss| loss >= tolerance));
        let (curve, end) = (trainer.curve(20), [trainer.epoch() as f64, trainer.loss()]);
        assert_eq!((curve[0], curve[curve.len() - 1]), ([1.0, trainer.losses()[1]], end));
    }

    #[test]
    fn an_interrupt_is_passed_on() {
        struct Impatient;
        impl Host for Impatient {
            fn tick(&self, _: usize, _: usize) -> Result<(), Stop> {
                Err(Stop::Interrupted)
            }
            fn sweep(&self, _: &str, _: usize, _: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
                unreachable!("training has no cells")
            }
        }
        let mut trainer = trained(Activation::Tanh, &draw::<2>(Activation::Tanh, 20), &samples(10), GENTLE, 0);
        let inputs = BTreeMap::new();
        assert_eq!(trainer.train_to(5, &Context::new(0, &inputs, &Impatient)), Err(Stop::Interrupted));
    }
}

//! Full-batch gradient descent of a packed two-layer network on the mean square `(1/n) Σ (f(xᵢ) - yᵢ)²`.
//! It knows neither figures nor measures; one step is one [`pass`](crate::training::pass) over the neurons.

use crate::nets::packed::{Eight, Packed};
use crate::tasks::task::Samples;
use crate::training::pass::{Parts, Point, compare, kept, turn};
use crate::training::rule::{Rule, Update};
use crate::training::stepwise::{Seen, Stepwise};
use condense_experiment::{Context, Stop};
use condense_num::each::add_scaled;
use condense_num::lanes::LANES;
use condense_num::stats::logspace;

/// Blocks of neurons that are worked on together: a part of a step, which any thread may take. Their outputs are summed first.
const PART: usize = 256;

/// Values, eight at a time, from which on a step is worth waking other threads for: a third of a millisecond or more.
const LARGE: usize = 1 << 18;

/// Values to compute between two ticks, eight at a time: a few milliseconds.
const TICK: usize = 1 << 19;

/// A network in training.
#[derive(Clone, Debug)]
pub struct Trainer<const D: usize> {
    net: Packed<D>,
    rule: Rule,
    /// `[β₁ᵗ, β₂ᵗ]` of Adam at the present epoch.
    powers: [f64; 2],
    /// `c` of `f = c Σ a σ(w·x)`.
    scale: f64,
    /// How fast `a` and `w` move.
    mobility: [f64; 2],
    memory: Vec<Eight>,
    points: Vec<Point<D>>,
    tape: Vec<Eight>,
    /// At each sample, a sum for each part of the network.
    sums: Vec<Eight>,
    losses: Vec<f64>,
}

impl<const D: usize> Trainer<D> {
    /// A network before its first step.
    ///
    /// # Panics
    /// When an input does not end in 1, the factor of the bias.
    pub fn new(net: Packed<D>, samples: &Samples<D>, rule: impl Into<Rule>) -> Self {
        Self::normalised(net, samples, rule, 1.0, [1.0; 2])
    }

    /// The network `f = scale Σ a σ(w·x)`, `a` and `w` moving at these multiples of the rule's rate: the normalised model
    /// (see [`two_layer`](crate::nets::two_layer)).
    ///
    /// # Panics
    /// As [`Trainer::new`].
    pub fn normalised(
        net: Packed<D>,
        samples: &Samples<D>,
        rule: impl Into<Rule>,
        scale: f64,
        mobility: [f64; 2],
    ) -> Self {
        assert!(samples.x.iter().all(|x| x[D - 1] == 1.0), "the last entry of an input is 1");
        let point = |(&x, &y)| Point { x, y, output_gradient: 0.0, vjp: [0.0; D] };
        let points: Vec<_> = samples.x.iter().zip(&samples.y).map(point).collect();
        let (blocks, n, rule) = (net.blocks.len(), points.len(), rule.into());
        let mut trainer = Self {
            rule,
            powers: [1.0; 2],
            scale,
            mobility,
            memory: vec![[0.0; LANES]; blocks * (1 + D) * rule.memory()],
            tape: vec![[0.0; LANES]; blocks * n * kept(net.activation())],
            sums: vec![[0.0; LANES]; n * blocks.div_ceil(PART).max(1)],
            net,
            points,
            losses: Vec::new(),
        };
        // Without output gradients and at no rate a step moves nothing and only looks.
        trainer.turn(Update::Plain { rate: 0.0 }, &Context::plain());
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

    /// Trains on until the loss is below a tolerance, at most to an epoch.
    ///
    /// # Errors
    /// As [`Stepwise::train_to`].
    pub fn train_until(&mut self, tolerance: f64, epoch: usize, ctx: &Context) -> Result<(), Stop> {
        // What is not a number has not come below the tolerance.
        self.train_while(|trainer| trainer.loss() >= tolerance || trainer.loss().is_nan(), epoch, ctx)
    }

    /// One step of training, and the loss after it.
    pub fn step(&mut self, ctx: &Context) {
        self.powers = self.rule.decayed(self.powers);
        self.turn(self.rule.update(self.powers), ctx);
    }

    fn turn(&mut self, stride: Update, ctx: &Context) {
        let Self { net, memory, tape, sums, points, mobility, scale, losses, .. } = self;
        let (activation, n) = (net.activation(), points.len());
        if net.blocks.len() <= PART {
            let mut parts = Parts { blocks: &mut net.blocks, memory, tape, sums };
            turn(activation, stride, *mobility, &mut parts, points);
        } else {
            let each = |list: &[Eight]| PART * (list.len() / net.blocks.len());
            let (memory, tape) = (slices(each(memory), memory), slices(each(tape), tape));
            let lists = memory.zip(tape).zip(slices(n, sums));
            let part = |(blocks, ((memory, tape), sums))| Parts { blocks, memory, tape, sums };
            let mut parts: Vec<_> = net.blocks.chunks_mut(PART).zip(lists).map(part).collect();
            let work = |parts: &mut Parts<'_, D>| turn(activation, stride, *mobility, parts, points);
            if parts.len() * PART * n < LARGE {
                parts.iter_mut().for_each(work);
            } else {
                ctx.each(&mut parts, work);
            }
            let (sums, others) = sums.split_at_mut(n);
            others.chunks_exact(n).for_each(|part| add_scaled(1.0, part.as_flattened(), sums.as_flattened_mut()));
        }
        losses.push(compare(*scale, &sums[..n], points));
    }
}

impl<const D: usize> Stepwise for Trainer<D> {
    fn steps(&self) -> usize {
        self.epoch()
    }

    fn advance(&mut self, ctx: &Context) -> Seen {
        self.step(ctx);
        Seen { step: self.epoch(), loss: self.loss() }
    }

    fn setting(&self) -> String {
        format!("by {:?}", self.rule)
    }

    fn stride(&self) -> usize {
        (TICK / (self.net.blocks.len() * self.points.len()).max(1)).max(1)
    }
}

/// Slices of `each` numbers, one after the other; the last may be shorter, and those behind it are empty.
fn slices<T>(each: usize, mut list: &mut [T]) -> impl Iterator<Item = &mut [T]> {
    std::iter::from_fn(move || {
        let rest = std::mem::take(&mut list);
        let (slice, rest) = rest.split_at_mut(each.min(rest.len()));
        list = rest;
        Some(slice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::activation::Activation;
    use crate::nets::packed::Neuron;
    use crate::nets::two_layer::TwoLayer;
    use crate::training::rule::{Adam, Sgd};
    use condense_experiment::{Cell, Inline, Runtime};
    use condense_num::level::same_on_all;
    use condense_num::math::powi;
    use condense_num::rng::Stream;
    use std::collections::BTreeMap;

    const ALL: [Activation; 6] = [
        Activation::Relu,
        Activation::Tanh,
        Activation::XTanh,
        Activation::X2Tanh,
        Activation::Sigmoid,
        Activation::Softplus,
    ];
    const GENTLE: Sgd = Sgd { rate: 0.01, momentum: 0.9 };

    /// What grows with its input takes smaller steps.
    fn gentle(activation: Activation) -> Sgd {
        match activation {
            Activation::XTanh | Activation::X2Tanh => Sgd { rate: 1e-5, ..GENTLE },
            _ => GENTLE,
        }
    }

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
        rule: impl Into<Rule>,
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
            let output_gradient = 2.0 * (f - y) / samples.y.len() as f64;
            for (neuron, gradient) in theta.chunks(1 + D).zip(gradient.chunks_mut(1 + D)) {
                gradient[0] += output_gradient * activation.value(z(neuron));
                for d in 0..D {
                    gradient[1 + d] += output_gradient * neuron[0] * activation.slope(z(neuron)) * x[d];
                }
            }
        }
        (loss, gradient)
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (samples, h) = (samples::<3>(7), 1e-6);
        for activation in ALL {
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
        for activation in ALL {
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
    fn adam_is_that_of_a_plain_loop() {
        let (samples, adam) = (samples::<3>(9), Adam { rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 });
        for activation in ALL {
            let start = draw::<3>(activation, 13);
            let mut theta = flat(&start);
            let (mut p, mut q) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
            for step in 1..=30 {
                let gradient = plain(activation, &theta, &samples).1;
                for (((p, q), g), theta) in p.iter_mut().zip(&mut q).zip(gradient).zip(&mut theta) {
                    *p = adam.beta1 * *p + (1.0 - adam.beta1) * g;
                    *q = adam.beta2 * *q + (1.0 - adam.beta2) * g * g;
                    let mean = *p / (1.0 - powi(adam.beta1, step));
                    *theta -= adam.rate * mean / ((*q / (1.0 - powi(adam.beta2, step))).sqrt() + adam.epsilon);
                }
            }
            let trainer = trained(activation, &start, &samples, adam, 30);
            for (one, other) in flat(&trainer.net().neurons()).iter().zip(&theta) {
                assert!((one - other).abs() < 1e-10, "{activation:?}: {one} {other}");
            }
        }
    }

    #[test]
    fn the_normalised_model_trains_like_the_one_that_it_stands_for() {
        // f = Σ a σ(w·x) / α with a = β₁ ā, w = β₂ w̄ (ReLU): κ = β₁β₂/α, and time runs in units of 1/(β₁β₂).
        let (samples, [alpha, b1, b2], rate) = (samples::<2>(9), [3.0, 0.5, 0.7], 0.02);
        let start = draw::<2>(Activation::Relu, 13);
        let scaled: Vec<_> = start.iter().map(|n| Neuron { a: b1 * n.a, w: n.w.map(|w| b2 * w) }).collect();
        let rule = |rate: f64| Sgd { rate, momentum: 0.0 };
        let train = |net: &[Neuron<2>], rate, scale, mobility| {
            let net = Packed::new(Activation::Relu, net);
            let mut trainer = Trainer::normalised(net, &samples, rule(rate), scale, mobility);
            (0..100).for_each(|_| trainer.step(&Context::plain()));
            trainer.loss()
        };
        let real = train(&scaled, rate, 1.0 / alpha, [1.0; 2]);
        let normalised = train(&start, rate / (b1 * b2), b1 * b2 / alpha, TwoLayer::normalised(b1 / b2));
        assert!((real / normalised - 1.0).abs() < 1e-11, "{real} {normalised}");
    }

    /// Sigmoid and softplus are not 0 at 0: what fills the last block must not learn.
    #[test]
    fn neurons_at_rest_stay_at_rest() {
        for activation in ALL {
            for rule in [
                Rule::from(gentle(activation)),
                Rule::from(Adam { rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }),
            ] {
                let end = trained(activation, &draw::<2>(activation, 13), &samples(9), rule, 40);
                let start = Packed::new(activation, &draw::<2>(activation, 13));
                for lane in 5..LANES {
                    let numbers = |net: &Packed<2>| (net.blocks[1].a[lane], net.blocks[1].w.map(|w| w[lane]));
                    assert_eq!(numbers(end.net()), numbers(&start), "{activation:?}");
                    assert_eq!(end.net().blocks[1].a[lane], 0.0, "{activation:?}");
                }
            }
        }
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        let samples = samples::<2>(9);
        for activation in ALL {
            same_on_all(|| {
                let trainer = trained(activation, &draw::<2>(activation, 19), &samples, gentle(activation), 50);
                (trainer.net().clone(), trainer.losses().to_vec())
            });
        }
    }

    #[test]
    fn equal_neurons_stay_equal_to_the_last_bit() {
        let samples = samples::<2>(10);
        for activation in ALL {
            let mut start = draw::<2>(activation, 30);
            for twin in [3, 8, 21, 29] {
                start[twin] = start[0];
            }
            let end = trained(activation, &start, &samples, gentle(activation), 300).net().neurons();
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
        for activation in ALL {
            let flip = |neurons: Vec<Neuron<2>>| -> Vec<Neuron<2>> {
                neurons.into_iter().map(|n| Neuron { a: n.a, w: mirror(n.w) }).collect()
            };
            let start = draw::<2>(activation, 21);
            let there = trained(activation, &start, &samples, gentle(activation), 100).net().neurons();
            let back = trained(activation, &flip(start), &mirrored, gentle(activation), 100).net().neurons();
            assert_eq!(flip(there), back);
        }
    }

    #[test]
    fn the_order_of_neurons_does_not_matter() {
        let samples = samples::<2>(10);
        for activation in ALL {
            let mut start = draw::<2>(activation, 21);
            let there = trained(activation, &start, &samples, gentle(activation), 100);
            start.reverse();
            let back = trained(activation, &start, &samples, gentle(activation), 100);
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
        let mut trainer = Trainer::new(net, &samples, Sgd { rate: 50.0, momentum: 0.0 });
        let stop = trainer.train_to(1000, &Context::new(0, &inputs, &Inline)).unwrap_err();
        let Stop::Failed(why) = stop else { panic!("{stop}") };
        assert!(!trainer.loss().is_finite() && trainer.losses()[..trainer.epoch()].iter().all(|loss| loss.is_finite()));
        assert!(why.contains(&format!("at step {}, by Sgd", trainer.epoch())) && why.contains("rate: 50.0"), "{why}");
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
        impl Runtime for Impatient {
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

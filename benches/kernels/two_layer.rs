//! Steps of training of two-layer networks: the fused pass, against a loop over samples and neurons.
//! It knows no figures and no convergence: rates are so small that every go sees the network of the first one.
//!
//! The pass is bound by the ports of vector instructions, not by floating-point operations: a comparison, or a polynomial's
//! first product, keeps a port as busy as a fused multiply-add. So [`operations`] counts instructions. Where comparisons have
//! a port of their own the limit is a little higher; where a masked operation is two instructions, a little lower.

use crate::{Kernel, Limit, inputs};
use condense::experiment::Context;
use condense_nn::nets::activation::Activation::{self, Relu, Tanh, X2Tanh, XTanh};
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::tasks::task::Samples;
use condense_nn::training::rule::{Adam, Rule, Sgd};
use condense_nn::training::train::Trainer;
use std::hint::black_box;

/// Samples times neurons of a go: about a millisecond.
const PAIRS: usize = 1 << 20;

pub fn all() -> Vec<Kernel> {
    let normals = |m: usize, factor: f64| -> Vec<Neuron<2>> {
        let drawn = inputs::normals(1, 3 * m).into_iter().map(|normal| factor * normal);
        inputs::neurons(&drawn.collect::<Vec<_>>())
    };
    let five = || {
        let (samples, neurons) = inputs::w5();
        Case { activation: Tanh, neurons, samples, rule: descent, scale: 1.0 }
    };
    let one = |activation, m: usize| Case {
        activation,
        neurons: normals(m, 0.1),
        samples: inputs::line(60),
        rule: descent,
        scale: 1.0,
    };
    let ramps = |m: usize| Case {
        activation: Relu,
        neurons: normals(m, 1.0),
        samples: inputs::line(20),
        rule: descent,
        scale: 1.0 / m as f64,
    };
    vec![
        one(Tanh, 500).kernel("tanh 500, 60 points"),
        // Some of its arguments are not near 0 and cost more than is counted: its share is a lower bound.
        five().kernel("tanh 100, 80 points, 5 inputs (>=)"),
        ramps(1000).kernel("relu 1000, 20 points"),
        ramps(100_000).kernel("relu 100000, 20 points"),
        one(XTanh, 500).kernel("x tanh 500, 60 points"),
        one(X2Tanh, 500).kernel("x2 tanh 500, 60 points"),
        // What the rule does to a parameter, once a step, is not counted.
        Case { rule: adam, ..one(Tanh, 500) }.kernel("tanh 500, 60 points, Adam"),
    ]
}

/// Vector operations a neuron and sample in `nn::pass`, of `d` inputs with the bias, in eights: an addition, a multiplication,
/// a fused one, a comparison or a masked operation is one. Loads, stores and numbers from memory for all lanes are none.
/// What happens once a neuron and step is left out, so shares are rather too low.
fn operations(activation: Activation, d: usize) -> usize {
    // `math::tanh` near 0: x², its comparison and the test of that, x⁴, two chains of six and five, the three that join them.
    let tanh = 1 + 2 + 1 + (6 + 5) + 3;
    let (backward, value) = match activation {
        // w·x again, where it is positive, and the sums of `w`; that of `a` follows from them.
        Relu => ((d - 1) + 1 + d, 1),
        // The sum of `a`, σ², and the sums of `w`.
        Tanh => (1 + 1 + d, tanh),
        // Slopes are on the tape: zt, 1 - t², and the slope of these.
        XTanh => (1 + d, tanh + 3),
        // z² is there already: z²t, 1 - t², 2t, and two for the slope.
        X2Tanh => (1 + d, tanh + 5),
        other => unreachable!("{other:?} in packed networks"),
    };
    // Forward: w·x, the value, and the sum over neurons.
    backward + (d - 1) + value + 1
}

fn descent(rate: f64) -> Rule {
    Rule::Sgd(Sgd { rate, momentum: 0.0 })
}

fn adam(rate: f64) -> Rule {
    Rule::Adam(Adam { rate, beta1: 0.9, beta2: 0.999, epsilon: 2e-8 })
}

/// A network and what it is to learn.
struct Case<const D: usize> {
    activation: Activation,
    neurons: Vec<Neuron<D>>,
    samples: Samples<D>,
    rule: fn(f64) -> Rule,
    scale: f64,
}

impl<const D: usize> Case<D> {
    fn kernel(self, name: &str) -> Kernel {
        let (mut own, mut loop_of) = (self.trainer(1e-3), Plain::new(&self, 1e-3));
        for _ in 0..3 {
            assert!((own.loss() / loop_of.step() - 1.0).abs() < 1e-9, "{name}: the plain loop computes something else");
            own.step(&Context::plain());
        }
        for (one, other) in own.net().neurons().iter().zip(&loop_of.neurons) {
            let near = (one.a - other.a).abs().max((one.w[0] - other.w[0]).abs()) < 1e-10;
            assert!(near, "{name}: the plain loop trains something else");
        }
        let pairs = self.neurons.len() * self.samples.x.len();
        let (steps, flops) = ((PAIRS / pairs).max(1), (2 * operations(self.activation, D) * pairs) as f64);
        let (mut own, mut loop_of) = (self.trainer(1e-12), Plain::new(&self, 1e-12));
        let work = move || {
            (0..steps).for_each(|_| own.step(&Context::plain()));
            black_box(own.loss());
            flops * steps as f64
        };
        let plain = move || {
            black_box(loop_of.step());
            flops
        };
        Kernel { name: name.to_owned(), limit: Limit::Ports, work: Box::new(work), plain: Box::new(plain) }
    }

    fn trainer(&self, rate: f64) -> Trainer<D> {
        let net = Packed::new(self.activation, &self.neurons);
        Trainer::normalised(net, &self.samples, (self.rule)(rate), self.scale, [1.0; 2])
    }
}

/// The same training by the textbook's loops.
struct Plain<const D: usize> {
    activation: Activation,
    neurons: Vec<Neuron<D>>,
    samples: Samples<D>,
    rule: Rule,
    scale: f64,
    gradient: Vec<Neuron<D>>,
    /// Adam's means.
    memory: [Vec<Neuron<D>>; 2],
    /// Value and slope of each neuron at the present sample.
    tape: Vec<[f64; 2]>,
    steps: i32,
}

impl<const D: usize> Plain<D> {
    fn new(case: &Case<D>, rate: f64) -> Self {
        let zero = vec![Neuron { a: 0.0, w: [0.0; D] }; case.neurons.len()];
        Self {
            activation: case.activation,
            neurons: case.neurons.clone(),
            samples: case.samples.clone(),
            rule: (case.rule)(rate),
            scale: case.scale,
            gradient: zero.clone(),
            memory: [zero.clone(), zero],
            tape: vec![[0.0; 2]; case.neurons.len()],
            steps: 0,
        }
    }

    /// One step; the loss before it.
    fn step(&mut self) -> f64 {
        let loss = match self.activation {
            Relu => self.descend(|z| if z > 0.0 { [z, 1.0] } else { [0.0; 2] }),
            Tanh => self.descend(|z| {
                let t = libm::tanh(z);
                [t, 1.0 - t * t]
            }),
            XTanh => self.descend(|z| {
                let t = libm::tanh(z);
                [z * t, t + z * (1.0 - t * t)]
            }),
            X2Tanh => self.descend(|z| {
                let t = libm::tanh(z);
                [z * z * t, 2.0 * z * t + z * z * (1.0 - t * t)]
            }),
            other => unreachable!("{other:?} in packed networks"),
        };
        self.steps += 1;
        let [means, squares] = &mut self.memory;
        let memory = means.iter_mut().zip(squares);
        for ((neuron, gradient), (mean, square)) in self.neurons.iter_mut().zip(&mut self.gradient).zip(memory) {
            let memory = entries(mean).zip(entries(square));
            for ((theta, g), (p, q)) in entries(neuron).zip(entries(gradient)).zip(memory) {
                match self.rule {
                    Rule::Sgd(rule) => *theta -= rule.rate * *g,
                    Rule::Adam(rule) => {
                        *p = rule.beta1 * *p + (1.0 - rule.beta1) * *g;
                        *q = rule.beta2 * *q + (1.0 - rule.beta2) * *g * *g;
                        let power = |beta: f64| 1.0 - condense::num::math::powi(beta, self.steps);
                        let divisor = (*q / power(rule.beta2)).sqrt() + rule.epsilon;
                        *theta -= rule.rate * (*p / power(rule.beta1)) / divisor;
                    }
                }
                *g = 0.0;
            }
        }
        loss
    }

    /// Adds up the gradient, sample after sample; the loss.
    fn descend(&mut self, sigma: impl Fn(f64) -> [f64; 2]) -> f64 {
        let (n, mut squares) = (self.samples.x.len() as f64, 0.0);
        for (x, y) in self.samples.x.iter().zip(&self.samples.y) {
            let mut f = 0.0;
            for (neuron, tape) in self.neurons.iter().zip(&mut self.tape) {
                *tape = sigma(neuron.w.iter().zip(x).fold(0.0, |z, (w, x)| z + w * x));
                f += neuron.a * tape[0];
            }
            let error = self.scale * f - y;
            squares += error * error;
            let output_gradient = 2.0 / n * self.scale * error;
            for ((neuron, gradient), [value, slope]) in self.neurons.iter().zip(&mut self.gradient).zip(&self.tape) {
                gradient.a += output_gradient * value;
                let vjp = output_gradient * neuron.a * slope;
                for (gradient, x) in gradient.w.iter_mut().zip(x) {
                    *gradient += vjp * x;
                }
            }
        }
        squares / n
    }
}

/// The numbers of a neuron.
fn entries<const D: usize>(neuron: &mut Neuron<D>) -> impl Iterator<Item = &mut f64> {
    std::iter::once(&mut neuron.a).chain(&mut neuron.w)
}

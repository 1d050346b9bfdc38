//! Training of a packed two-layer network with dropout, with what dropout adds on average, with weight decay, or on a few samples at a time.
//! It knows neither figures nor measures; [`train`](crate::training::train) is the faster loop without any of these.
//!
//! With `h_ij = σ(w_j·xᵢ)` the loss is `R = (1/n) Σᵢ (f(xᵢ) - yᵢ)²`, without a factor ½. Dropout trains on the same of
//! `f(xᵢ) = Σ_j a_j h_ij c_ij / p`, where each `c_ij` is 1 by the chance `p` (else 0), drawn anew at every step for every
//! neuron and sample. Its mean over all draws is `R + R₁` (Zhang & Xu, arXiv:2207.05952, there with the factor ½):
//! `R₁ = (1-p)/(n p) Σᵢⱼ a_j² h_ij²`, exactly, because the coins are independent and have mean `p`.
//!
//! The gradient of a neuron is `∂a = Σᵢ tᵢ h_i`, `∂w = a Σᵢ tᵢ σ'(zᵢ) xᵢ` with `tᵢ = (2/n)(f(xᵢ) - yᵢ)`; dropout multiplies
//! `h` and `σ'` by `c/p`, and the penalty `R₁` adds `2 (1-p)/(n p) a hᵢ` to `tᵢ`.

use crate::nets::activation::{Activation, known};
use crate::nets::packed::{Block, Eight, Packed};
use crate::tasks::task::Samples;
use crate::training::batches::Batches;
use crate::training::rule::{Rule, Update};
use crate::training::stepwise::{Seen, Stepwise};
use condense_experiment::Context;
use condense_num::coins::{Coins, rounded};
use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd, fold};
use condense_num::rng::Stream;
use condense_num::stats::{mean, std};

/// What is different from descent on the mean square error of all samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regulariser {
    /// Nothing.
    None,
    /// Every neuron is kept at every sample by this chance, [as coins round it](rounded), and then multiplied by its inverse.
    Dropout(f64),
    /// `R₁` of the same chance, rounded likewise.
    Penalty(f64),
    /// `(λ/2) ‖θ‖²`.
    Decay(f64),
    /// Every step sees so many of the samples (one at least), drawn anew without replacement.
    Batch(usize),
}

/// A network in training.
#[derive(Clone, Debug)]
pub struct Regularised<const D: usize> {
    net: Packed<D>,
    rule: Rule,
    powers: [f64; 2],
    regulariser: Regulariser,
    coins: Coins,
    batches: Batches,
    x: Vec<[f64; D]>,
    y: Vec<f64>,
    /// Blocks × what the rule remembers × (1 + D).
    memory: Vec<Eight>,
    /// `c/p`; blocks × n.
    factors: Vec<Eight>,
    /// `h` and `σ'`, each times its factor; blocks × n.
    tape: Vec<[Eight; 2]>,
    /// `Σ a h` at each sample, lane by lane.
    sums: Vec<Eight>,
    /// `(2/n)(f(x) - y)`; of a batch, n is its size, and samples that it does not see have 0.
    output_gradients: Vec<f64>,
    steps: usize,
}

impl<const D: usize> Regularised<D> {
    /// A network before its first step; coins and batches come from `noise`.
    pub fn new(
        net: Packed<D>,
        samples: &Samples<D>,
        rule: impl Into<Rule>,
        regulariser: Regulariser,
        noise: Stream,
    ) -> Self {
        let (blocks, n, rule) = (net.blocks.len(), samples.x.len(), rule.into());
        Self {
            rule,
            powers: [1.0; 2],
            regulariser,
            batches: Batches::new(n, noise.fork("batches")),
            coins: Coins::new(noise),
            x: samples.x.clone(),
            y: samples.y.clone(),
            memory: vec![[0.0; LANES]; blocks * (1 + D) * rule.memory()],
            factors: vec![[1.0; LANES]; blocks * n],
            tape: vec![[[0.0; LANES]; 2]; blocks * n],
            sums: vec![[0.0; LANES]; n],
            output_gradients: vec![0.0; n],
            steps: 0,
            net,
        }
    }

    /// The network as it stands.
    pub fn net(&self) -> &Packed<D> {
        &self.net
    }

    /// Goes on with another regulariser; what the rule remembers stays.
    pub fn switch_to(&mut self, regulariser: Regulariser) {
        self.regulariser = regulariser;
        // Without coins every neuron counts.
        self.factors.fill([1.0; LANES]);
    }

    /// The mean square error of the whole network, without dropout, penalty or decay.
    pub fn loss(&self) -> f64 {
        let squares = self.net.outputs(&self.x).into_iter().zip(&self.y).map(|(f, y)| (f - y) * (f - y));
        squares.sum::<f64>() / self.y.len() as f64
    }

    /// `R₁` at a chance to be kept, rounded as coins round it.
    pub fn penalty(&self, keep: f64) -> f64 {
        let keep = rounded(keep);
        let of = |x: &[f64; D]| {
            let square = |a: f64, z: f64| a * self.net.activation().value(z);
            let terms = self
                .net
                .neurons()
                .into_iter()
                .map(|neuron| square(neuron.a, neuron.w.iter().zip(x).map(|(w, x)| w * x).sum()));
            terms.map(|term| term * term).sum::<f64>()
        };
        (1.0 - keep) / (self.y.len() as f64 * keep) * self.x.iter().map(of).sum::<f64>()
    }

    /// The mean of so many drawn losses, its standard error, and `R + R₁` of dropout's chance to be kept (1 without dropout).
    pub fn law(&mut self, draws: usize) -> [f64; 3] {
        let keep = if let Regulariser::Dropout(keep) = self.regulariser { keep } else { 1.0 };
        let drawn: Vec<f64> = (0..draws).map(|_| self.drawn_loss()).collect();
        [mean(&drawn), std(&drawn) / (draws as f64).sqrt(), self.loss() + self.penalty(keep)]
    }

    /// The mean square error of one more draw of coins or batch (of the whole network at all samples where nothing is drawn).
    pub fn drawn_loss(&mut self) -> f64 {
        if let Regulariser::Dropout(keep) = self.regulariser {
            self.coins.toss(keep, 1.0 / rounded(keep), &mut self.factors);
        }
        let activation = self.net.activation();
        forward(activation, &self.net.blocks, &self.x, &self.factors, &mut self.tape, &mut self.sums);
        let seen = match self.regulariser {
            Regulariser::Batch(size) => self.batches.draw(size),
            _ => self.batches.all(),
        };
        let n = seen as f64;
        let mut squares = 0.0;
        for (i, output_gradient) in self.output_gradients.iter_mut().enumerate() {
            let error = if self.batches.seen()[i] { fold(self.sums[i]) - self.y[i] } else { 0.0 };
            *output_gradient = 2.0 * error / n;
            squares = error.mul_add(error, squares);
        }
        squares / n
    }
}

impl<const D: usize> Stepwise for Regularised<D> {
    fn steps(&self) -> usize {
        self.steps
    }

    fn advance(&mut self, _: &Context) -> Seen {
        let seen = Seen { step: self.steps, loss: self.drawn_loss() };
        self.powers = self.rule.decayed(self.powers);
        let n = self.y.len() as f64;
        let extra = match self.regulariser {
            Regulariser::Penalty(keep) => {
                let keep = rounded(keep);
                Extra { smooth: 2.0 * (1.0 - keep) / (n * keep), decay: 0.0 }
            }
            Regulariser::Decay(decay) => Extra { smooth: 0.0, decay },
            Regulariser::None | Regulariser::Dropout(_) | Regulariser::Batch(_) => Extra { smooth: 0.0, decay: 0.0 },
        };
        let update = self.rule.update(self.powers);
        let blocks = &mut self.net.blocks;
        backward((extra, update), blocks, &mut self.memory, &self.x, &self.output_gradients, &self.tape);
        self.steps += 1;
        seen
    }

    fn setting(&self) -> String {
        format!("by {:?} with {:?}", self.rule, self.regulariser)
    }

    fn stride(&self) -> usize {
        ((1 << 18) / self.factors.len().max(1)).max(1)
    }
}

/// What is added to the gradient.
#[derive(Clone, Copy)]
struct Extra {
    /// `2 (1-p)/(n p)`.
    smooth: f64,
    /// `λ`.
    decay: f64,
}

kernel! {
    fn forward<const D: usize>(
        activation: Activation,
        blocks: &[Block<D>],
        x: &[[f64; D]],
        factors: &[Eight],
        tape: &mut [[Eight; 2]],
        sums: &mut [Eight],
    ) = forward_body;
    fn backward<const D: usize>(
        step: (Extra, Update),
        blocks: &mut [Block<D>],
        memory: &mut [Eight],
        x: &[[f64; D]],
        output_gradients: &[f64],
        tape: &[[Eight; 2]],
    ) = backward_body;
}

#[inline(always)]
fn forward_body<S: Simd, const D: usize>(
    simd: S,
    activation: Activation,
    blocks: &[Block<D>],
    x: &[[f64; D]],
    factors: &[Eight],
    tape: &mut [[Eight; 2]],
    sums: &mut [Eight],
) {
    // Each arm knows its activation while it is compiled.
    known!(activation, |activation| respond(simd, activation, blocks, x, factors, tape, sums));
}

#[inline(always)]
fn respond<S: Simd, const D: usize>(
    simd: S,
    activation: Activation,
    blocks: &[Block<D>],
    x: &[[f64; D]],
    factors: &[Eight],
    tape: &mut [[Eight; 2]],
    sums: &mut [Eight],
) {
    sums.fill([0.0; LANES]);
    let n = x.len();
    // Loops over numbers: chains of `zip` are not all compiled into the dispatch, and then cost more than the arithmetic.
    for (at, block) in blocks.iter().enumerate() {
        let (factors, tape) = (&factors[at * n..][..n], &mut tape[at * n..][..n]);
        let (a, w) = held(simd, block);
        for i in 0..n {
            let mut z = simd.splat(0.0);
            for d in (0..D).rev() {
                z = w[d].mul_add(simd.splat(x[i][d]), z);
            }
            let (value, slope) = activation.value_and_slope(z);
            let factor = simd.load(&factors[i]);
            let value = value * factor;
            value.store(&mut tape[i][0]);
            (slope * factor).store(&mut tape[i][1]);
            a.mul_add(value, simd.load(&sums[i])).store(&mut sums[i]);
        }
    }
}

/// A block in registers: `a`, `w`.
#[inline(always)]
fn held<S: Simd, const D: usize>(simd: S, block: &Block<D>) -> (S::F64x8, [S::F64x8; D]) {
    let mut w = [simd.splat(0.0); D];
    for d in 0..D {
        w[d] = simd.load(&block.w[d]);
    }
    (simd.load(&block.a), w)
}

#[inline(always)]
fn backward_body<S: Simd, const D: usize>(
    simd: S,
    (extra, update): (Extra, Update),
    blocks: &mut [Block<D>],
    memory: &mut [Eight],
    x: &[[f64; D]],
    output_gradients: &[f64],
    tape: &[[Eight; 2]],
) {
    let (zero, decay, n) = (simd.splat(0.0), simd.splat(extra.decay), x.len());
    let each = memory.len() / (blocks.len() * (1 + D)).max(1);
    for (at, block) in blocks.iter_mut().enumerate() {
        let (memory, tape) = (&mut memory[at * each * (1 + D)..][..each * (1 + D)], &tape[at * n..][..n]);
        let (a, w) = held(simd, block);
        let (smooth, mut a_gradient, mut w_gradient) = (simd.splat(extra.smooth) * a, zero, [zero; D]);
        for i in 0..n {
            let value = simd.load(&tape[i][0]);
            let pull = smooth.mul_add(value, simd.splat(output_gradients[i]));
            a_gradient = pull.mul_add(value, a_gradient);
            let along = pull * simd.load(&tape[i][1]);
            for d in 0..D {
                w_gradient[d] = along.mul_add(simd.splat(x[i][d]), w_gradient[d]);
            }
        }
        let (own, rest) = memory.split_at_mut(each);
        update.follow(simd, 1.0, a, decay.mul_add(a, a_gradient), own).store(&mut block.a);
        for d in 0..D {
            let gradient = decay.mul_add(w[d], w_gradient[d] * a);
            update.follow(simd, 1.0, w[d], gradient, &mut rest[d * each..][..each]).store(&mut block.w[d]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::packed::Neuron;
    use crate::training::rule::{Adam, Sgd};
    use crate::training::train::Trainer;
    use condense_num::level::same_on_all;

    const PLAIN: Sgd = Sgd { rate: 0.01, momentum: 0.0 };
    const EACH: [Regulariser; 4] =
        [Regulariser::Dropout(0.5), Regulariser::Penalty(0.5), Regulariser::Decay(0.1), Regulariser::Batch(2)];
    const ADAM: Adam = Adam { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    fn samples() -> Samples<2> {
        Samples::of(|x| x * x - 0.3, &[-1.0, -0.4, 0.1, 0.7, 1.2])
    }

    fn start(activation: Activation, width: usize) -> Packed<2> {
        Packed::gaussian(activation, width, 0.6, 1.0, &Stream::root(4))
    }

    fn training(net: Packed<2>, rule: impl Into<Rule>, regulariser: Regulariser) -> Regularised<2> {
        Regularised::new(net, &samples(), rule, regulariser, Stream::root(9))
    }

    #[test]
    fn without_a_regulariser_it_trains_as_the_plain_loop_does() {
        for activation in [Activation::Tanh, Activation::Relu] {
            for rule in [Rule::from(PLAIN), Rule::from(Sgd { momentum: 0.9, ..PLAIN }), Rule::from(ADAM)] {
                let mut plain = Trainer::new(start(activation, 19), &samples(), rule);
                let mut own = training(start(activation, 19), rule, Regulariser::None);
                (0..30).for_each(|_| {
                    plain.step(&Context::plain());
                    own.advance(&Context::plain());
                });
                assert!((plain.loss() - own.loss()).abs() < 1e-11, "{activation:?} {rule:?}");
            }
        }
    }

    /// Each pair of samples, weighed alike.
    #[test]
    fn the_mean_over_all_batches_is_the_gradient() {
        let (net, all) = (start(Activation::Tanh, 9), samples());
        let pairs: Vec<Vec<usize>> = (0..5).flat_map(|i| (0..i).map(move |j| vec![j, i])).collect();
        let slopes = |seen: &[usize]| {
            let part =
                Samples { x: seen.iter().map(|&i| all.x[i]).collect(), y: seen.iter().map(|&i| all.y[i]).collect() };
            let mut own = Regularised::new(net.clone(), &part, PLAIN, Regulariser::None, Stream::root(9));
            own.advance(&Context::plain());
            own.net().neurons().iter().map(|end| end.w[0]).collect::<Vec<_>>()
        };
        assert_eq!(followed(Regulariser::Batch(5), &net), followed(Regulariser::None, &net));
        let ends: Vec<_> = pairs.iter().map(|pair| slopes(pair)).collect();
        for (k, whole) in slopes(&[0, 1, 2, 3, 4]).into_iter().enumerate() {
            assert!((ends.iter().map(|end| end[k]).sum::<f64>() / 10.0 - whole).abs() < 1e-14);
        }
    }

    #[test]
    fn after_a_switch_every_neuron_and_every_sample_counts_again() {
        for before in [Regulariser::Dropout(0.5), Regulariser::Batch(2)] {
            let mut own = training(start(Activation::Tanh, 9), PLAIN, before);
            own.advance(&Context::plain());
            own.switch_to(Regulariser::None);
            assert!((own.drawn_loss() - own.loss()).abs() < 1e-12);
            let rest = training(own.net().clone(), PLAIN, Regulariser::None);
            let step = |mut training: Regularised<2>| {
                training.advance(&Context::plain());
                training.net().clone()
            };
            assert_eq!(step(own), step(rest));
        }
    }

    /// The gradient that a plain step followed, one list of `a` and one of each `w`.
    fn followed(regulariser: Regulariser, net: &Packed<2>) -> Vec<[f64; 3]> {
        let mut own = training(net.clone(), PLAIN, regulariser);
        own.advance(&Context::plain());
        let moved = |from: Neuron<2>, to: Neuron<2>| {
            [from.a - to.a, from.w[0] - to.w[0], from.w[1] - to.w[1]].map(|by| by / PLAIN.rate)
        };
        net.neurons().into_iter().zip(own.net().neurons()).map(|(from, to)| moved(from, to)).collect()
    }

    #[test]
    fn penalty_and_decay_pull_along_the_gradients_of_finite_differences() {
        let net = start(Activation::Tanh, 9);
        let energy = |regulariser: Regulariser, net: &[Neuron<2>]| {
            let own = training(Packed::new(Activation::Tanh, net), PLAIN, regulariser);
            let squares: f64 = net.iter().map(|n| n.a * n.a + n.w[0] * n.w[0] + n.w[1] * n.w[1]).sum();
            own.loss()
                + match regulariser {
                    Regulariser::Penalty(keep) => own.penalty(keep),
                    Regulariser::Decay(decay) => 0.5 * decay * squares,
                    _ => 0.0,
                }
        };
        for regulariser in [Regulariser::None, Regulariser::Penalty(0.7), Regulariser::Decay(0.2)] {
            for (k, followed) in followed(regulariser, &net).into_iter().enumerate() {
                for (part, followed) in followed.into_iter().enumerate() {
                    let shifted = |by: f64| {
                        let mut net = net.neurons();
                        match part {
                            0 => net[k].a += by,
                            input => net[k].w[input - 1] += by,
                        }
                        energy(regulariser, &net)
                    };
                    let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                    assert!((followed - slope).abs() < 1e-8, "{regulariser:?} {k} {part}: {followed} {slope}");
                }
            }
        }
    }

    /// Every set of coins of one sample and ten neurons, weighed by its chance.
    #[test]
    fn the_mean_over_all_coins_is_the_loss_and_the_penalty() {
        let (keep, net) = (rounded(0.7), start(Activation::Tanh, 10));
        let (x, y) = ([0.4, 1.0], 0.3);
        let terms: Vec<f64> =
            net.neurons().iter().map(|n| n.a * Activation::Tanh.value(n.w[0] * x[0] + n.w[1])).collect();
        let mut mean = 0.0;
        for coins in 0..1u32 << 10 {
            let kept = |k: usize| coins >> k & 1 == 1;
            let f: f64 = (0..10).filter(|k| kept(*k)).map(|k| terms[k] / keep).sum();
            let chance: f64 = (0..10).map(|k| if kept(k) { keep } else { 1.0 - keep }).product();
            mean += chance * (f - y) * (f - y);
        }
        let one = Samples { x: vec![x], y: vec![y] };
        let own = Regularised::new(net, &one, PLAIN, Regulariser::Dropout(keep), Stream::root(1));
        assert!((mean - own.loss() - own.penalty(keep)).abs() < 1e-12, "{mean}");
    }

    #[test]
    fn drawn_losses_scatter_around_that_mean() {
        let mut own = training(start(Activation::Tanh, 24), PLAIN, Regulariser::Dropout(0.75));
        let [drawn, error, expected] = own.law(4000);
        assert!((drawn - expected).abs() < 4.0 * error, "{drawn} {expected} {error}");
    }

    /// Coins fall by multiples of 2⁻¹⁶: by 1 / 65536 here, where `R₁` was once that of 1.4 / 65536.
    #[test]
    fn the_penalty_is_that_of_the_chance_by_which_coins_fall() {
        let (asked, falls) = (1.4 / 65536.0, 1.0 / 65536.0);
        let net = start(Activation::Tanh, 9);
        let law = |keep| training(net.clone(), PLAIN, Regulariser::Dropout(keep)).law(3);
        let own = training(net.clone(), PLAIN, Regulariser::None);
        assert_eq!((law(asked), own.penalty(asked)), (law(falls), own.penalty(falls)));
        assert_eq!(law(asked)[2], own.loss() + own.penalty(falls));
        assert_eq!(followed(Regulariser::Penalty(asked), &net), followed(Regulariser::Penalty(falls), &net));
    }

    /// The chance is the regulariser's: another one could once be given.
    #[test]
    fn the_law_without_coins_is_the_loss() {
        for regulariser in [Regulariser::None, Regulariser::Penalty(0.5), Regulariser::Decay(0.1)] {
            let mut own = training(start(Activation::Tanh, 9), PLAIN, regulariser);
            let [drawn, error, expected] = own.law(3);
            assert!((drawn - expected).abs() < 1e-12 && error < 1e-12, "{regulariser:?}: {drawn} {expected} {error}");
        }
    }

    #[test]
    fn what_fills_the_last_block_stays_at_rest() {
        for regulariser in EACH {
            let mut own = training(start(Activation::Tanh, 3), ADAM, regulariser);
            (0..20).for_each(|_| _ = own.advance(&Context::plain()));
            assert_eq!(own.net().blocks[0].a[3..], [0.0; 5], "{regulariser:?}");
        }
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        for regulariser in EACH {
            same_on_all(|| {
                let mut own = training(start(Activation::Tanh, 21), ADAM, regulariser);
                (0..20).for_each(|_| _ = own.advance(&Context::plain()));
                own.net().clone()
            });
        }
    }
}

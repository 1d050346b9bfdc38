//! Eight small networks of one layout in training at once, each in a lane of its own: with its own samples and learning rate.
//! It knows no target; what the attempts are, and which of them counts, is the caller's.
//!
//! A network of three neurons leaves most of a register empty; eight networks fill it. Each goes down
//! `L = (1/n) Σ_i (f(x_i) − y_i)²` by full-batch gradient descent. One that diverges ends as NaN and disturbs no other.

use crate::nets::windows::{Layout, Place};
use condense_experiment::{Context, Stop};
use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd};
use condense_num::marquardt::{Ends, Residuals, descend};
use condense_num::math::tanh;
use ndarray::Array2;

/// A number of each member.
pub type Eight = [f64; LANES];

/// Neurons × samples between two reports of progress: a few milliseconds.
const TICK: usize = 100_000;

/// What one member is trained with.
#[derive(Clone, Debug)]
pub struct Member {
    /// Inputs, n × d.
    pub x: Array2<f64>,
    /// Targets, n.
    pub y: Vec<f64>,
    /// Parameters at the start.
    pub theta: Vec<f64>,
    /// Learning rate.
    pub rate: f64,
}

/// Eight networks in training.
pub struct Fleet<'l, const W: usize> {
    layout: &'l Layout<W>,
    rates: Eight,
    theta: Vec<Eight>,
    gradient: Vec<Eight>,
    samples: Samples,
    tape: Tape,
    members: Vec<Member>,
}

/// Inputs (n × d) and targets (n) of all members.
struct Samples {
    inputs: usize,
    x: Vec<Eight>,
    y: Vec<Eight>,
}

/// What a forward pass leaves: `tanh` of each neuron at each sample, and `f(x_i)`, which the backward pass turns into `f(x_i) − y_i`.
struct Tape {
    hidden: Vec<Eight>,
    outputs: Vec<Eight>,
}

impl<'l, const W: usize> Fleet<'l, W> {
    /// Up to eight members with equally many samples; the lanes that are left repeat the first.
    ///
    /// # Panics
    /// Without members, with more than eight, or when their shapes differ from the layout's or from one another.
    pub fn new(layout: &'l Layout<W>, members: Vec<Member>) -> Self {
        let n = members.first().expect("a member").y.len();
        assert!(members.len() <= LANES, "a lane for each member");
        for member in &members {
            assert_eq!(member.x.dim(), (n, layout.inputs), "inputs fit the layout");
            assert_eq!((member.y.len(), member.theta.len()), (n, layout.parameters), "targets and parameters, too");
        }
        let lane = |lane: usize| &members[if lane < members.len() { lane } else { 0 }];
        let eight = |number: &dyn Fn(&Member) -> f64| -> Eight { std::array::from_fn(|at| number(lane(at))) };
        let samples = Samples {
            inputs: layout.inputs,
            x: (0..n * layout.inputs).map(|at| eight(&|m| m.x[[at / layout.inputs, at % layout.inputs]])).collect(),
            y: (0..n).map(|i| eight(&|m| m.y[i])).collect(),
        };
        Self {
            layout,
            rates: eight(&|m| m.rate),
            theta: (0..layout.parameters).map(|p| eight(&|m| m.theta[p])).collect(),
            gradient: vec![[0.0; LANES]; layout.parameters],
            samples,
            tape: Tape { hidden: vec![[0.0; LANES]; n * layout.neurons.len()], outputs: vec![[0.0; LANES]; n] },
            members,
        }
    }

    /// Takes so many steps of gradient descent.
    ///
    /// # Errors
    /// When the runtime wants to stop.
    pub fn train(&mut self, steps: usize, ctx: &Context) -> Result<(), Stop> {
        let stride = (TICK / self.tape.hidden.len().max(1)).max(1);
        for step in 0..steps {
            if step.is_multiple_of(stride) {
                ctx.tick(step, steps)?;
            }
            let Self { layout, rates, theta, gradient, samples, tape, .. } = self;
            turn::<W>(&layout.neurons, rates, theta, gradient, samples, tape);
        }
        Ok(())
    }

    /// Takes each member from where it is to a minimum, by Levenberg–Marquardt: the end that gradient descent only creeps up to.
    ///
    /// # Errors
    /// When the runtime wants to stop.
    pub fn finish(&mut self, ends: Ends, ctx: &Context) -> Result<(), Stop> {
        for lane in 0..self.members.len() {
            ctx.tick(lane, self.members.len())?;
            let Member { x, y, .. } = &self.members[lane];
            let end = descend(&Fit { layout: self.layout, x, y }, self.theta(lane), ends);
            for (all, own) in self.theta.iter_mut().zip(end.theta) {
                all[lane] = own;
            }
        }
        Ok(())
    }

    /// The parameters of a member.
    pub fn theta(&self, lane: usize) -> Vec<f64> {
        self.theta.iter().map(|theta| theta[lane]).collect()
    }

    /// The mean square error of each member on samples that are the same for all; NaN for one that diverged.
    pub fn errors(&self, x: &Array2<f64>, y: &[f64]) -> Vec<f64> {
        let samples = Samples {
            inputs: self.layout.inputs,
            x: x.iter().map(|&x| [x; LANES]).collect(),
            y: y.iter().map(|&y| [y; LANES]).collect(),
        };
        self.mean_squares(&samples)
    }

    /// The loss of each member on its own samples.
    pub fn losses(&self) -> Vec<f64> {
        self.mean_squares(&self.samples)
    }

    fn mean_squares(&self, samples: &Samples) -> Vec<f64> {
        let n = samples.y.len();
        let mut tape =
            Tape { hidden: vec![[0.0; LANES]; n * self.layout.neurons.len()], outputs: vec![[0.0; LANES]; n] };
        look::<W>(&self.layout.neurons, &self.theta, samples, &mut tape);
        let of = |lane: usize| tape.outputs.iter().zip(&samples.y).map(move |(f, y)| f[lane] - y[lane]);
        (0..self.members.len()).map(|lane| of(lane).map(|r| r * r).sum::<f64>() / n as f64).collect()
    }
}

/// One member's residuals.
struct Fit<'m, const W: usize> {
    layout: &'m Layout<W>,
    x: &'m Array2<f64>,
    y: &'m [f64],
}

impl<const W: usize> Residuals for Fit<'_, W> {
    fn residuals(&self, theta: &[f64]) -> Vec<f64> {
        self.layout.outputs(theta, self.x).iter().zip(self.y).map(|(f, y)| f - y).collect()
    }

    fn tangent(&self, theta: &[f64]) -> Array2<f64> {
        self.layout.tangent(theta, self.x)
    }
}

kernel! {
    /// One step of gradient descent of all members.
    fn turn<const W: usize>(
        neurons: &[Place],
        rates: &Eight,
        theta: &mut [Eight],
        gradient: &mut [Eight],
        samples: &Samples,
        tape: &mut Tape,
    ) = turn_body;

    /// A forward pass alone.
    fn look<const W: usize>(neurons: &[Place], theta: &[Eight], samples: &Samples, tape: &mut Tape) = forward;
}

#[inline(always)]
fn turn_body<S: Simd, const W: usize>(
    simd: S,
    neurons: &[Place],
    rates: &Eight,
    theta: &mut [Eight],
    gradient: &mut [Eight],
    samples: &Samples,
    tape: &mut Tape,
) {
    forward::<S, W>(simd, neurons, theta, samples, tape);
    backward::<S, W>(simd, neurons, theta, gradient, samples, tape);
    let rates = simd.load(rates);
    for (theta, gradient) in theta.iter_mut().zip(gradient) {
        simd.load(gradient).mul_add(-rates, simd.load(theta)).store(theta);
    }
}

#[inline(always)]
fn forward<S: Simd, const W: usize>(simd: S, neurons: &[Place], theta: &[Eight], samples: &Samples, tape: &mut Tape) {
    tape.outputs.fill([0.0; LANES]);
    for (place, hidden) in neurons.iter().zip(tape.hidden.chunks_exact_mut(samples.y.len())) {
        let weights = &theta[place.weights..=place.weights + W];
        let bias = simd.load(&weights[W]);
        let output = simd.load(&theta[place.output]);
        let points = samples.x.chunks_exact(samples.inputs);
        for ((x, hidden), sum) in points.zip(hidden).zip(&mut tape.outputs) {
            let x = &x[place.window..place.window + W];
            let mut z = bias;
            for c in 0..W {
                z = simd.load(&weights[c]).mul_add(simd.load(&x[c]), z);
            }
            let h = tanh(z);
            h.store(hidden);
            output.mul_add(h, simd.load(sum)).store(sum);
        }
    }
}

/// With `e_i = (2/n) (f(x_i) − y_i)`: `∂a = Σ e_i h_i`, `∂b = a Σ e_i (1 − h_i²)`, `∂w_c = a Σ e_i (1 − h_i²) x_ic`, summed over the
/// neurons that share a number.
#[inline(always)]
fn backward<S: Simd, const W: usize>(
    simd: S,
    neurons: &[Place],
    theta: &[Eight],
    gradient: &mut [Eight],
    samples: &Samples,
    tape: &mut Tape,
) {
    let n = samples.y.len();
    let (zero, one, share) = (simd.splat(0.0), simd.splat(1.0), simd.splat(2.0 / n as f64));
    for (output, y) in tape.outputs.iter_mut().zip(&samples.y) {
        ((simd.load(output) - simd.load(y)) * share).store(output);
    }
    gradient.fill([0.0; LANES]);
    for (place, hidden) in neurons.iter().zip(tape.hidden.chunks_exact(n)) {
        let (mut of_output, mut of_bias, mut of_weights) = (zero, zero, [zero; W]);
        let points = samples.x.chunks_exact(samples.inputs);
        for ((x, hidden), error) in points.zip(hidden).zip(&tape.outputs) {
            let x = &x[place.window..place.window + W];
            let (h, e) = (simd.load(hidden), simd.load(error));
            of_output = e.mul_add(h, of_output);
            let slope = e * (-h).mul_add(h, one);
            of_bias = of_bias + slope;
            for c in 0..W {
                of_weights[c] = slope.mul_add(simd.load(&x[c]), of_weights[c]);
            }
        }
        let output = simd.load(&theta[place.output]);
        (simd.load(&gradient[place.output]) + of_output).store(&mut gradient[place.output]);
        for (c, sum) in of_weights.into_iter().chain([of_bias]).enumerate() {
            let gradient = &mut gradient[place.weights + c];
            output.mul_add(sum, simd.load(gradient)).store(gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::Inline;
    use condense_num::level::same_on_all;
    use condense_num::rng::Stream;
    use std::collections::BTreeMap;

    fn member<const W: usize>(layout: &Layout<W>, seed: u64, rate: f64) -> Member {
        let mut rng = Stream::root(seed);
        let x = Array2::from_shape_fn((6, 5), |_| rng.normal());
        Member { y: rng.normals(6, 1.0), theta: layout.random(0.4, &mut rng), x, rate }
    }

    fn trained<'l, const W: usize>(layout: &'l Layout<W>, members: &[Member], steps: usize) -> Fleet<'l, W> {
        let (inputs, mut fleet) = (BTreeMap::new(), Fleet::new(layout, members.to_vec()));
        fleet.train(steps, &Context::new(0, &inputs, &Inline)).expect("nobody stops it");
        fleet
    }

    /// A step by hand: `θ − η (2/n) Jᵀ r`.
    fn stepped<const W: usize>(layout: &Layout<W>, member: &Member) -> Vec<f64> {
        let fit = Fit { layout, x: &member.x, y: &member.y };
        let sums = condense_num::marquardt::pull_back(&fit.tangent(&member.theta), &fit.residuals(&member.theta));
        member.theta.iter().zip(sums).map(|(theta, sum)| theta - member.rate * sum * 2.0 / 6.0).collect()
    }

    fn steps_are_those_of_the_tangent<const W: usize>(layout: &Layout<W>) {
        let members: Vec<Member> = (0..5).map(|seed| member(layout, seed, 0.1 + 0.02 * seed as f64)).collect();
        let fleet = trained(layout, &members, 1);
        for (lane, member) in members.iter().enumerate() {
            for (one, other) in fleet.theta(lane).iter().zip(stepped(layout, member)) {
                assert!((one - other).abs() < 1e-14, "lane {lane}: {one} {other}");
            }
        }
    }

    #[test]
    fn a_step_is_that_of_the_tangent_functions_in_every_architecture() {
        steps_are_those_of_the_tangent(&Layout::<5>::full(3));
        steps_are_those_of_the_tangent(&Layout::<3>::local(5, 2));
        steps_are_those_of_the_tangent(&Layout::<3>::convolution(5, 2));
    }

    #[test]
    fn a_member_that_diverges_disturbs_no_other() {
        let layout = Layout::<5>::full(3);
        let calm = [member(&layout, 1, 0.05), member(&layout, 2, 0.05)];
        let wild = [calm[0].clone(), Member { rate: 1e9, ..member(&layout, 3, 0.0) }, calm[1].clone()];
        let (calm, wild) = (trained(&layout, &calm, 60), trained(&layout, &wild, 60));
        assert_eq!(calm.theta(0), wild.theta(0));
        assert_eq!(calm.theta(1), wild.theta(2));
        assert!(wild.losses()[1] >= 1e3 || wild.losses()[1].is_nan(), "{:?}", wild.losses());
    }

    #[test]
    fn the_finish_ends_where_a_network_with_more_parameters_than_samples_fits() {
        let layout = Layout::<5>::full(3);
        let mut fleet = trained(&layout, &[member(&layout, 1, 0.05), member(&layout, 2, 0.05)], 200);
        let (before, inputs) = (fleet.losses(), BTreeMap::new());
        let ctx = Context::new(0, &inputs, &Inline);
        fleet.finish(Ends { steps: 100, enough: 1e-24 }, &ctx).expect("nobody stops it");
        assert!(before.iter().all(|loss| *loss > 1e-6) && fleet.losses().iter().all(|loss| *loss < 1e-20));
        let first = member(&layout, 1, 0.05);
        assert_eq!(fleet.errors(&first.x, &first.y)[0], fleet.losses()[0]);
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        let layout = Layout::<3>::convolution(5, 3);
        let members: Vec<Member> = (0..8).map(|seed| member(&layout, seed, 0.1)).collect();
        same_on_all(|| {
            let fleet = trained(&layout, &members, 40);
            (0..8).map(|lane| fleet.theta(lane)).collect::<Vec<_>>()
        });
    }
}

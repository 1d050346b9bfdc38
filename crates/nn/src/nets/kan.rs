//! Kolmogorov-Arnold networks: a function of one variable on every edge, sums at the nodes (Liu et al. 2024, eq. 2.5).
//! It knows no data and no figures.
//!
//! A layer computes `y_o = Σ_i φ_oi(x_i)` with `φ(x) = Σ_g c_g B_g(x) + s silu(x)`, where `B_g` are the `G` cubic
//! B-splines of a uniform grid and the base function `silu(x) = x / (1 + e^-x)` may be left out (`s` is then no
//! parameter). At any `x` at most four splines differ from 0, and those alone are touched.
//!
//! Every sum has one order: samples, then inputs, then splines, each from the first to the last; over outputs it runs in
//! lanes. So a row of parameters belongs to one spline, and its entries to the outputs.

use crate::training::stepwise::{Seen, Stepwise};
use condense_experiment::Context;
use condense_num::each::{add_scaled, inner};
use condense_num::kernel::{axpy, dot, kernel};
use condense_num::lanes::Simd;
use condense_num::math;

/// A uniform grid of cubic B-splines: `count - 3` intervals from `low` to `high`. With `h` their length and
/// `u = (x - low) / h`, spline `g` is the cardinal one over `u` from `g - 3` to `g + 1`: beyond the ends it fades out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplineGrid {
    /// Left end.
    pub low: f64,
    /// Right end, above `low`.
    pub high: f64,
    /// `G`, the number of splines: at least 4.
    pub count: usize,
}

/// The splines that differ from 0 at one place: values and slopes of number `first` and the three after it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Near {
    first: i64,
    values: [f64; 4],
    slopes: [f64; 4],
}

/// The base function `silu(x)` and its slope.
#[inline(always)]
fn silu(x: f64) -> [f64; 2] {
    let gate = 1.0 / (1.0 + math::exp(-x));
    [x * gate, gate * (x * (1.0 - gate) + 1.0)]
}

impl SplineGrid {
    /// The length `h` of an interval.
    pub fn spacing(self) -> f64 {
        (self.high - self.low) / (self.count as f64 - 3.0)
    }

    /// All `G` splines at a place.
    pub fn splines(self, x: f64) -> Vec<f64> {
        let (near, mut all) = (self.near(x), vec![0.0; self.count]);
        for (g, value) in near.splines(self.count) {
            all[g] = near.values[value];
        }
        all
    }

    #[inline(always)]
    fn near(self, x: f64) -> Near {
        let scale = 1.0 / self.spacing();
        let u = (x - self.low) * scale;
        let (first, t) = (u.floor(), u - u.floor());
        let rest = 1.0 - t;
        let inner = |t: f64| (t * t).mul_add(t.mul_add(0.5, -1.0), 2.0 / 3.0);
        let inner_slope = |t: f64| t * t.mul_add(1.5, -2.0);
        let values = [rest * rest * rest / 6.0, inner(t), inner(rest), t * t * t / 6.0];
        let slopes = [-0.5 * rest * rest, inner_slope(t), -inner_slope(rest), 0.5 * t * t];
        Near { first: first as i64, values, slopes: slopes.map(|slope| slope * scale) }
    }
}

impl Near {
    /// The pairs of a spline of the grid and its place among the four.
    #[inline(always)]
    fn splines(&self, count: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let first = self.first;
        let inside = move |near: usize| usize::try_from(first.saturating_add(near as i64)).ok().filter(|g| *g < count);
        (0..4).filter_map(move |near| Some((inside(near)?, near)))
    }
}

/// One layer. Its parameters are rows of one entry an output: for input 0 those of `c_0 … c_(G-1)`, and of `s` if there is a
/// base; then those for input 1, ….
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The splines of every edge.
    pub grid: SplineGrid,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// Whether every edge has the base function, too.
    pub base: bool,
    /// Parameters: inputs × [`edge`](Self::edge) × outputs.
    pub theta: Vec<f64>,
}

impl Layer {
    /// The number of parameters of an edge.
    pub fn edge(&self) -> usize {
        self.grid.count + usize::from(self.base)
    }

    /// The outputs (n × outputs) at samples (n × inputs).
    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; x.len() / self.inputs * self.outputs];
        forward(self, x, &mut y);
        y
    }

    /// Adds to `gradient` what the gradients `∂L/∂y` (n × outputs) do to the parameters, `∂L/∂c_oig = Σ g_o B_g(x_i)`,
    /// and returns what they do to the samples: `∂L/∂x_i = Σ_o force_o φ'_oi(x_i)`, n × inputs.
    pub fn backward(&self, x: &[f64], output_gradient: &[f64], gradient: &mut [f64]) -> Vec<f64> {
        let mut vjp = vec![0.0; x.len()];
        backward(self, x, output_gradient, gradient, &mut vjp);
        vjp
    }
}

kernel! {
    fn forward(layer: &Layer, x: &[f64], y: &mut [f64]) = forward_body;
    fn backward(layer: &Layer, x: &[f64], output_gradient: &[f64], gradient: &mut [f64], vjp: &mut [f64]) = backward_body;
}

#[inline(always)]
fn forward_body<S: Simd>(_: S, layer: &Layer, x: &[f64], y: &mut [f64]) {
    let (count, outputs) = (layer.grid.count, layer.outputs);
    for (x, y) in x.chunks_exact(layer.inputs).zip(y.chunks_exact_mut(outputs)) {
        for (x, theta) in x.iter().zip(layer.theta.chunks_exact(layer.edge() * outputs)) {
            let near = layer.grid.near(*x);
            for (g, at) in near.splines(count) {
                if let ([theta], [y]) = (&theta[g * outputs..][..outputs], &mut *y) {
                    // One output: the loop over outputs would cost more than what is in it.
                    *y = near.values[at].mul_add(*theta, *y);
                } else {
                    axpy(near.values[at], &theta[g * outputs..][..outputs], y);
                }
            }
            if layer.base {
                axpy(silu(*x)[0], &theta[count * outputs..], y);
            }
        }
    }
}

#[inline(always)]
fn backward_body<S: Simd>(
    _: S,
    layer: &Layer,
    x: &[f64],
    output_gradient: &[f64],
    gradient: &mut [f64],
    vjp: &mut [f64],
) {
    let (count, outputs, rows) = (layer.grid.count, layer.outputs, layer.edge() * layer.outputs);
    let samples = x.chunks_exact(layer.inputs).zip(output_gradient.chunks_exact(outputs));
    for ((x, output_gradient), vjp) in samples.zip(vjp.chunks_exact_mut(layer.inputs)) {
        let inputs = layer.theta.chunks_exact(rows).zip(gradient.chunks_exact_mut(rows));
        for ((x, vjp), (theta, gradient)) in x.iter().zip(vjp).zip(inputs) {
            let near = layer.grid.near(*x);
            for (g, at) in near.splines(count) {
                let row = g * outputs..(g + 1) * outputs;
                if let ([theta], [force], [gradient]) =
                    (&theta[row.clone()], output_gradient, &mut gradient[row.clone()])
                {
                    *gradient = near.values[at].mul_add(*force, *gradient);
                    *vjp = near.slopes[at].mul_add(theta * force, *vjp);
                } else {
                    axpy(near.values[at], output_gradient, &mut gradient[row.clone()]);
                    *vjp = near.slopes[at].mul_add(dot(&theta[row], output_gradient), *vjp);
                }
            }
            if layer.base {
                let (row, [value, slope]) = (count * outputs.., silu(*x));
                axpy(value, output_gradient, &mut gradient[row.clone()]);
                *vjp = slope.mul_add(dot(&theta[row], output_gradient), *vjp);
            }
        }
    }
}

/// Layers one after the other: `f = Σ_i Φ_i(Σ_j φ_ij(x_j))` is two of them, of shapes d → m → 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Kan {
    /// From the inputs to the outputs; each takes as many numbers as the one before gives.
    pub layers: Vec<Layer>,
}

impl Kan {
    /// The outputs (n × outputs of the last layer) at samples (n × inputs of the first).
    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        self.layers.iter().fold(x.to_vec(), |x, layer| layer.forward(&x))
    }

    /// Adds to `gradient`, one list a layer, what the gradients with respect to the outputs do to the parameters.
    pub fn backward(&self, x: &[f64], output_gradient: &[f64], gradient: &mut [Vec<f64>]) {
        let mut tape = vec![x.to_vec()];
        for layer in &self.layers {
            tape.push(layer.forward(&tape[tape.len() - 1]));
        }
        let mut output_gradient = output_gradient.to_vec();
        for ((layer, x), gradient) in self.layers.iter().zip(&tape).zip(gradient).rev() {
            output_gradient = layer.backward(x, &output_gradient, gradient);
        }
    }
}

/// A network in training: full-batch gradient descent on half the mean square of `f - y`, one output.
#[derive(Clone, Debug)]
pub struct Training {
    net: Kan,
    /// Inputs, n × d.
    x: Vec<f64>,
    y: Vec<f64>,
    rate: f64,
    /// `(f - y) / n` at each sample.
    output_gradients: Vec<f64>,
    losses: Vec<f64>,
}

impl Training {
    /// A network before its first step.
    ///
    /// # Panics
    /// When a layer does not take what the one before gives, the last one gives more than one number, parameters are too
    /// many or too few, or the inputs are not as many as the targets.
    pub fn new(net: Kan, [x, y]: [&[f64]; 2], rate: f64) -> Self {
        for pair in net.layers.windows(2) {
            assert_eq!(pair[0].outputs, pair[1].inputs, "what one layer gives the next takes");
        }
        for layer in &net.layers {
            assert_eq!(layer.theta.len(), layer.inputs * layer.edge() * layer.outputs, "parameters of a layer");
        }
        assert!(net.layers.last().is_some_and(|layer| layer.outputs == 1), "one output");
        assert_eq!(x.len(), net.layers[0].inputs * y.len(), "inputs for every target");
        let mut training =
            Self { net, x: x.to_vec(), y: y.to_vec(), rate, output_gradients: Vec::new(), losses: Vec::new() };
        training.look();
        training
    }

    /// The network as it stands.
    pub fn net(&self) -> &Kan {
        &self.net
    }

    /// The loss at every step, from 0 to the present one.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// Sets the output gradients, and notes the loss.
    fn look(&mut self) -> f64 {
        let n = self.y.len() as f64;
        self.output_gradients = self.net.forward(&self.x).iter().zip(&self.y).map(|(f, y)| (f - y) / n).collect();
        let loss = 0.5 * n * inner(&self.output_gradients, &self.output_gradients);
        self.losses.push(loss);
        loss
    }
}

impl Stepwise for Training {
    fn steps(&self) -> usize {
        self.losses.len() - 1
    }

    fn advance(&mut self, _: &Context) -> Seen {
        let mut gradient: Vec<_> = self.net.layers.iter().map(|layer| vec![0.0; layer.theta.len()]).collect();
        self.net.backward(&self.x, &self.output_gradients, &mut gradient);
        for (layer, gradient) in self.net.layers.iter_mut().zip(&gradient) {
            add_scaled(-self.rate, gradient, &mut layer.theta);
        }
        let loss = self.look();
        Seen { step: self.steps(), loss }
    }

    fn setting(&self) -> String {
        format!("with rate {}", self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::{Context, Inline};
    use condense_num::level::same_on_all;
    use condense_num::rng::Stream;
    use std::collections::BTreeMap;

    const NARROW: SplineGrid = SplineGrid { low: -1.0, high: 1.0, count: 5 };
    const WIDE: SplineGrid = SplineGrid { low: -3.0, high: 3.0, count: 8 };

    fn layer(grid: SplineGrid, inputs: usize, outputs: usize, base: bool) -> Layer {
        let mut stream = Stream::root(4).fork("edges").fork(&outputs.to_string());
        let count = inputs * outputs * (grid.count + usize::from(base));
        Layer { grid, inputs, outputs, base, theta: (0..count).map(|_| stream.normal()).collect() }
    }

    fn net(base: bool) -> Kan {
        Kan { layers: vec![layer(NARROW, 2, 3, base), layer(WIDE, 3, 1, base)] }
    }

    /// `n` samples of two numbers, some beyond the ends of the narrow grid.
    fn samples(n: usize) -> Vec<f64> {
        let mut stream = Stream::root(5).fork("samples");
        (0..2 * n).map(|_| stream.uniform(-1.3, 1.3)).collect()
    }

    /// `Σ f²/2` and its gradient, one row.
    fn energy(net: &Kan, x: &[f64]) -> (f64, Vec<f64>) {
        let f = net.forward(x);
        let mut gradient: Vec<_> = net.layers.iter().map(|layer| vec![0.0; layer.theta.len()]).collect();
        net.backward(x, &f, &mut gradient);
        (f.iter().map(|f| 0.5 * f * f).sum(), gradient.concat())
    }

    #[test]
    fn splines_add_up_to_one_and_reproduce_straight_lines() {
        for grid in [NARROW, WIDE, SplineGrid { low: 0.0, high: 1.0, count: 30 }] {
            for step in 0..=50 {
                let x = grid.low + (grid.high - grid.low) * f64::from(step) / 50.0;
                let splines = grid.splines(x);
                assert!((splines.iter().sum::<f64>() - 1.0).abs() < 1e-14);
                let line: f64 = splines.iter().enumerate().map(|(g, value)| (g as f64 - 1.0) * value).sum();
                assert!((line - (x - grid.low) / grid.spacing()).abs() < 1e-13, "{x}");
            }
            let beyond = [grid.low - 3.0 * grid.spacing(), grid.high + 3.0 * grid.spacing()];
            assert!(beyond.into_iter().flat_map(|x| grid.splines(x)).all(|value| value == 0.0));
        }
    }

    #[test]
    fn splines_are_those_of_the_recursion_of_de_boor() {
        fn de_boor(degree: usize, left: f64, u: f64) -> f64 {
            if degree == 0 {
                return f64::from(left <= u && u < left + 1.0);
            }
            let d = degree as f64;
            (u - left) / d * de_boor(degree - 1, left, u)
                + (left + d + 1.0 - u) / d * de_boor(degree - 1, left + 1.0, u)
        }
        for step in -60..60 {
            let x = 0.05 * f64::from(step) + 0.003;
            let u = (x - WIDE.low) / WIDE.spacing();
            for (g, value) in WIDE.splines(x).into_iter().enumerate() {
                assert!((value - de_boor(3, g as f64 - 3.0, u)).abs() < 1e-14, "spline {g} at {x}");
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (x, h) = (samples(7), 1e-6);
        for base in [false, true] {
            let net = net(base);
            let gradient = energy(&net, &x).1;
            let places =
                net.layers.iter().enumerate().flat_map(|(l, layer)| (0..layer.theta.len()).map(move |at| (l, at)));
            for (gradient, (l, at)) in gradient.iter().zip(places) {
                let shifted = |by: f64| {
                    let mut net = net.clone();
                    net.layers[l].theta[at] += by;
                    energy(&net, &x).0
                };
                let slope = (shifted(h) - shifted(-h)) / (2.0 * h);
                assert!((gradient - slope).abs() < 1e-7 * (1.0 + slope.abs()), "layer {l}, {at}: {gradient} {slope}");
            }
        }
    }

    #[test]
    fn the_pull_on_inputs_is_that_of_finite_differences() {
        let (layer, x, h) = (layer(NARROW, 2, 3, true), samples(9), 1e-6);
        let sum = |x: &[f64]| layer.forward(x).iter().sum::<f64>();
        let vjp = layer.backward(&x, &[1.0; 27], &mut vec![0.0; layer.theta.len()]);
        for at in 0..x.len() {
            let shifted = |by: f64| {
                let mut x = x.clone();
                x[at] += by;
                sum(&x)
            };
            let slope = (shifted(h) - shifted(-h)) / (2.0 * h);
            assert!((vjp[at] - slope).abs() < 1e-7, "{at}: {} {slope}", vjp[at]);
        }
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        let x = samples(40);
        for base in [false, true] {
            same_on_all(|| {
                let (energy, gradient) = energy(&net(base), &x);
                (energy.to_bits(), gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>())
            });
        }
    }

    #[test]
    fn training_follows_the_gradient_and_says_when_it_diverged() {
        let (x, inputs) = (samples(20), BTreeMap::new());
        let y: Vec<f64> = x.chunks(2).map(|x| x[0] * x[1]).collect();
        let mut training = Training::new(net(true), [&x, &y], 0.1);
        let context = Context::new(0, &inputs, &Inline);
        training.train_to(300, &context).expect("a gentle rate");
        assert!(training.losses().len() == 301 && training.losses()[300] < 0.05 * training.losses()[0]);
        let plain: f64 = training.net().forward(&x).iter().zip(&y).map(|(f, y)| (f - y) * (f - y) / 40.0).sum();
        assert!((training.losses()[300] - plain).abs() < 1e-15);
        let said = Training::new(net(true), [&x, &y], 1e9).train_to(300, &context).unwrap_err().to_string();
        assert!(said.contains("training diverged") && said.contains("with rate 1000000000"), "{said}");
    }

    #[test]
    #[should_panic(expected = "what one layer gives the next takes")]
    fn layers_that_do_not_fit_are_refused() {
        let layers = vec![layer(NARROW, 2, 3, true), layer(WIDE, 4, 1, true)];
        let _ = Training::new(Kan { layers }, [&[0.0; 2], &[0.0]], 0.1);
    }

    #[test]
    fn equal_hidden_nodes_get_equal_gradients_to_the_last_bit() {
        let mut net = net(true);
        let rows = 2 * net.layers[0].edge();
        net.layers[0].theta.chunks_exact_mut(3).for_each(|row| row[2] = row[0]);
        let out = net.layers[1].edge();
        net.layers[1].theta.copy_within(..out, 2 * out);
        let (_, gradient) = energy(&net, &samples(12));
        let (inner, outer) = gradient.split_at(3 * rows);
        assert!(inner.chunks_exact(3).all(|row| row[0].to_bits() == row[2].to_bits()));
        assert_eq!(outer[..out], outer[2 * out..]);
        assert!(inner.chunks_exact(3).any(|row| row[0] != row[1]));
    }
}

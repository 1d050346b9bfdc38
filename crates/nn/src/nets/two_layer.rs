//! Two-layer networks for gradient flow: `f(x) = c Σ_k a_k σ(w_k·x)`, with the mobilities of the normalised model.
//! It knows no integrator and no experiment; `x` carries its bias as a last entry 1, and there is no output bias.
//!
//! Scaling (Luo, Xu, Ma & Zhang, JMLR 2021, §3): `a ~ N(0, β1²)`, `w ~ N(0, β2²)` and a factor `1/α` come down to two
//! numbers, `κ = β1β2/α` and `κ' = β1/β2`; in units of β1 and β2 the flow has `c = κ`, mobility `1/κ'` for `a`, `κ'` for `w`.

use crate::nets::activation::{Activation, known};
use crate::nets::neuron_sums::{CHUNK, Sums};
use crate::nets::two_layer_four::Four;
use crate::training::model::{Model, Tangent, apart_by_parts, shift_by_parts};
use condense_num::kernel::kernel;
use condense_num::kernel::{axpy, dot};
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd, fold};
use condense_num::rng::Stream;
use ndarray::Array2;
use std::ops::Range;

/// A two-layer network on its samples.
///
/// Parameters lie as a structure of arrays, each `width` long: `θ = [a | w_1 | … | w_d]`, where `w_d` is the bias.
/// Neurons meet only in `f`; so a network of `m` neurons is simulated by fewer *representatives*, each of which counts
/// `copies` times in every sum.
#[derive(Clone, Debug)]
pub struct TwoLayer {
    /// What a neuron does.
    pub activation: Activation,
    /// Samples × d; see [`with_bias`](crate::nets::bias::with_bias).
    pub inputs: Array2<f64>,
    /// One a sample. To train `f - f(0)` instead of `f`, add the initial [`outputs`](Self::outputs).
    pub targets: Vec<f64>,
    /// Neurons that are simulated.
    pub width: usize,
    /// Neurons for which each of them stands.
    pub copies: f64,
    /// The factor `c` before the sum.
    pub scale: f64,
    /// How fast `a` and `w` move.
    pub mobility: [f64; 2],
}

impl TwoLayer {
    /// The mobilities of the normalised model.
    pub fn normalised(kappa_prime: f64) -> [f64; 2] {
        [1.0 / kappa_prime, kappa_prime]
    }

    /// Initial parameters: `a` of standard deviation `std[0]`, then `w` of `std[1]`, coordinate by coordinate.
    pub fn draw(&self, std: [f64; 2], stream: &mut Stream) -> Vec<f64> {
        let mut theta = stream.normals(self.width, std[0]);
        theta.extend(stream.normals(self.width * self.inputs.ncols(), std[1]));
        theta
    }

    /// Initial parameters whose second half of neurons mirrors the first, with `-a`, so that `f = 0`: the anti-symmetrical
    /// initialisation (Zhang, Xu, Luo & Ma, MSML 2020). Both halves train; `width` counts both and must be even.
    pub fn draw_mirrored(&self, std: [f64; 2], stream: &mut Stream) -> Vec<f64> {
        assert!(self.width.is_multiple_of(2), "a mirrored network has an even width");
        let half = Self { width: self.width / 2, ..self.clone() }.draw(std, stream);
        let mut theta = Vec::with_capacity(2 * half.len());
        for (block, sign) in half.chunks(self.width / 2).zip([-1.0].into_iter().chain(std::iter::repeat(1.0))) {
            theta.extend_from_slice(block);
            theta.extend(block.iter().map(|x| sign * x));
        }
        theta
    }

    /// The input weights of some neurons: `d` slices, the bias last.
    pub fn weights<'t>(&self, theta: &'t [f64], neurons: Range<usize>) -> impl Iterator<Item = &'t [f64]> {
        theta.chunks(self.width).skip(1).map(move |block| &block[neurons.clone()])
    }

    /// `f` at other inputs (points × d).
    pub fn outputs(&self, theta: &[f64], inputs: &Array2<f64>) -> Vec<f64> {
        let elsewhere = Self { inputs: inputs.clone(), targets: vec![0.0; inputs.nrows()], ..self.clone() };
        let mut tangent = Tangent::default();
        elsewhere.linearize(theta, &mut tangent);
        tangent.residual
    }

    /// `|now - start| / |start|` over all input weights of some neurons: the relative distance RD(θ_w) of the paper.
    pub fn relative_distance(&self, now: &[f64], start: &[f64], neurons: Range<usize>) -> f64 {
        let (mut moved, mut norm) = (0.0, 0.0);
        for (now, start) in self.weights(now, neurons.clone()).zip(self.weights(start, neurons)) {
            for (now, start) in now.iter().zip(start) {
                moved += (now - start) * (now - start);
                norm += start * start;
            }
        }
        (moved / norm).sqrt()
    }

    /// This network, if it is one of those that have passes of their own.
    fn four(&self) -> Option<Four> {
        Four::of(self.activation, &self.inputs, self.mobility.map(|mobility| mobility * self.scale), self.width)
    }

    /// The neurons of each chunk.
    fn chunks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let width = self.width;
        (0..width).step_by(CHUNK).map(move |start| start..width.min(start + CHUNK))
    }

    /// Where the features of a chunk lie: a row `σ(w·x_i)` for each sample, then a row `a σ'(w·x_i)` for each.
    fn features(&self, neurons: &Range<usize>) -> Range<usize> {
        let rows = 2 * self.targets.len();
        rows * neurons.start..rows * neurons.end
    }

    /// A tangent, from what fills in the features and the sums.
    fn tangent(&self, tangent: &mut Tangent, fill: impl FnOnce(&mut [f64], &mut Sums)) {
        let n = self.targets.len();
        tangent.features.resize(2 * n * self.width, 0.0);
        let mut sums = Sums::new(n);
        fill(&mut tangent.features, &mut sums);
        let output = self.scale * self.copies;
        tangent.residual.resize(n, 0.0);
        compare(&sums.output, output, &self.targets, &mut tangent.residual);
        let mut kernel = vec![0.0; n * n];
        let inputs = self.inputs.as_slice().expect("inputs lie row by row");
        assemble(inputs, self.mobility.map(|mobility| mobility * self.scale * output), &sums, &mut kernel);
        tangent.kernel = Array2::from_shape_vec((n, n), kernel).expect("n² entries");
    }
}

impl Model for TwoLayer {
    fn smooth(&self) -> bool {
        self.activation != Activation::Relu
    }

    fn layers(&self) -> Vec<Range<usize>> {
        vec![0..self.width, self.width..self.width * (1 + self.inputs.ncols())]
    }

    fn linearize(&self, theta: &[f64], tangent: &mut Tangent) {
        self.tangent(tangent, |features, sums| {
            if let Some(four) = self.four() {
                return four.linearize(theta, features, sums);
            }
            let inputs = self.inputs.as_slice().expect("inputs lie row by row");
            let (a, w) = theta.split_at(self.width);
            for neurons in self.chunks() {
                let features = &mut features[self.features(&neurons)];
                let w: Vec<&[f64]> = w.chunks(self.width).map(|w| &w[neurons.clone()]).collect();
                activate(self.activation, inputs, &a[neurons.clone()], &w, features);
                accumulate(&a[neurons], features, sums);
            }
        });
    }

    fn shift(&self, theta: &[f64], tangent: &Tangent, p: &[f64], point: &mut [f64], there: &mut Tangent) {
        match self.four() {
            Some(four) => self.tangent(there, |features, sums| {
                four.shift(theta, (&tangent.features, p), point, features, sums);
            }),
            None => shift_by_parts(self, theta, tangent, p, point, there),
        }
    }

    fn apart(&self, tangents: [(&Tangent, &[f64]); 2], pulled: &mut [Vec<f64>; 2]) -> Vec<f64> {
        match self.four() {
            Some(four) => four.apart(tangents.map(|(tangent, p)| (&tangent.features[..], p))),
            None => apart_by_parts(self, tangents, pulled),
        }
    }

    fn vjp(&self, tangent: &Tangent, p: &[f64], pulled: &mut [f64]) {
        if let Some(four) = self.four() {
            return four.vjp(&tangent.features, p, pulled);
        }
        let [by_a, by_w] = self.mobility.map(|mobility| mobility * self.scale);
        for neurons in self.chunks() {
            let features = &tangent.features[self.features(&neurons)];
            let (sigma, slope) = features.split_at(features.len() / 2);
            let (a, w) = pulled.split_at_mut(self.width);
            let factors: Vec<f64> = p.iter().map(|p| by_a * p).collect();
            combine(&factors, sigma, &mut a[neurons.clone()]);
            for (w, x) in w.chunks_mut(self.width).zip(self.inputs.columns()) {
                let factors: Vec<f64> = p.iter().zip(x).map(|(p, x)| by_w * p * x).collect();
                combine(&factors, slope, &mut w[neurons.clone()]);
            }
        }
    }
}

kernel! {
    /// Fills the features of one chunk: `a` and each of the `d` slices `w` are as long as it; `inputs` is samples × d.
    fn activate(activation: Activation, inputs: &[f64], a: &[f64], w: &[&[f64]], features: &mut [f64]) = activate_body;

    /// Adds one chunk to the sums over neurons.
    fn accumulate(a: &[f64], features: &[f64], sums: &mut Sums) = accumulate_body;

    /// The tangent kernel of n samples from the sums over pairs: `rates[0] Σσσ + rates[1] (x·x) Σσ'σ'`.
    fn assemble(inputs: &[f64], rates: [f64; 2], sums: &Sums, kernel: &mut [f64]) = assemble_body;

    /// `f - y`, for the sums and the factor before them.
    fn compare(outputs: &[f64], factor: f64, targets: &[f64], residual: &mut [f64]) = compare_body;

    /// `sum = Σ_i factors[i] rows[i]`, the rows lying one after the other.
    fn combine(factors: &[f64], rows: &[f64], sum: &mut [f64]) = combine_body;
}

#[inline(always)]
fn activate_body<S: Simd>(
    simd: S,
    activation: Activation,
    inputs: &[f64],
    a: &[f64],
    w: &[&[f64]],
    features: &mut [f64],
) {
    // A match outside of the loops, so that they have no branch.
    known!(activation, |activation| respond(simd, activation, inputs, a, w, features));
}

#[inline(always)]
fn accumulate_body<S: Simd>(simd: S, a: &[f64], features: &[f64], sums: &mut Sums) {
    let (sigma, slope) = features.split_at(features.len() / 2);
    for (output, sigma) in sums.output.iter_mut().zip(sigma.chunks(a.len())) {
        *output += dot(a, sigma);
    }
    if S::REGISTERS >= 32 {
        pairs::<S, 4>(simd, sigma, a.len(), &mut sums.sigma);
        pairs::<S, 4>(simd, slope, a.len(), &mut sums.slope);
    } else {
        pairs::<S, 2>(simd, sigma, a.len(), &mut sums.sigma);
        pairs::<S, 2>(simd, slope, a.len(), &mut sums.slope);
    }
}

#[inline(always)]
fn assemble_body<S: Simd>(_: S, inputs: &[f64], rates: [f64; 2], sums: &Sums, kernel: &mut [f64]) {
    let n = sums.output.len();
    let d = inputs.len() / n.max(1);
    for i in 0..n {
        for j in 0..n {
            let pair = i.min(j) * n + i.max(j);
            let both = inputs[i * d..][..d].iter().zip(&inputs[j * d..][..d]);
            let inner = both.fold(0.0, |sum, (x, y)| x.mul_add(*y, sum));
            kernel[i * n + j] = rates[0].mul_add(sums.sigma[pair], rates[1] * inner * sums.slope[pair]);
        }
    }
}

#[inline(always)]
fn compare_body<S: Simd>(_: S, outputs: &[f64], factor: f64, targets: &[f64], residual: &mut [f64]) {
    for ((residual, f), y) in residual.iter_mut().zip(outputs).zip(targets) {
        *residual = f.mul_add(factor, -y);
    }
}

#[inline(always)]
fn combine_body<S: Simd>(_: S, factors: &[f64], rows: &[f64], sum: &mut [f64]) {
    sum.fill(0.0);
    let (fours, rest) = factors.as_chunks::<4>();
    let mut rows = rows.chunks(sum.len());
    for [p, q, r, s] in fours {
        let four = rows.next().zip(rows.next()).zip(rows.next().zip(rows.next()));
        let ((a, b), (c, d)) = four.expect("a row for every factor");
        for ((((sum, a), b), c), d) in sum.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *sum = s.mul_add(*d, r.mul_add(*c, q.mul_add(*b, p.mul_add(*a, *sum))));
        }
    }
    for (factor, row) in rest.iter().zip(rows) {
        axpy(*factor, row, sum);
    }
}

/// Eight neurons at a time: for every sample `σ(w·x)` and `a σ'(w·x)`, rows as long as `a`.
#[inline(always)]
fn respond<S: Simd>(simd: S, activation: Activation, inputs: &[f64], a: &[f64], w: &[&[f64]], features: &mut [f64]) {
    let (len, d) = (a.len(), w.len());
    let (sigma, slope) = features.split_at_mut(features.len() / 2);
    let (blocks, rest) = a.as_chunks::<LANES>();
    for (block, a) in blocks.iter().enumerate() {
        let at = block * LANES;
        for (i, x) in inputs.chunks(d).enumerate() {
            let mut z = simd.load(eight(w[0], at)) * simd.splat(x[0]);
            for k in 1..d {
                z = simd.load(eight(w[k], at)).mul_add(simd.splat(x[k]), z);
            }
            let (value, steep) = activation.value_and_slope(z);
            value.store(eight_mut(sigma, i * len + at));
            (simd.load(a) * steep).store(eight_mut(slope, i * len + at));
        }
    }
    for (k, a) in rest.iter().enumerate() {
        let at = len - rest.len() + k;
        for (i, x) in inputs.chunks(d).enumerate() {
            let z = x.iter().zip(w).skip(1).fold(x[0] * w[0][at], |z, (x, w)| x.mul_add(w[at], z));
            let (value, steep) = activation.value_and_slope(z);
            (sigma[i * len + at], slope[i * len + at]) = (value, a * steep);
        }
    }
}

#[inline(always)]
fn eight(x: &[f64], at: usize) -> &[f64; LANES] {
    x[at..].first_chunk().expect("a whole block")
}

#[inline(always)]
fn eight_mut(x: &mut [f64], at: usize) -> &mut [f64; LANES] {
    x[at..].first_chunk_mut().expect("a whole block")
}

/// Adds to `sums` (n × n, entries above the diagonal and on it) the inner products of all pairs of rows, each in the order
/// of [`dot`]; `R` by `R` rows at a time, so that what is loaded serves several sums.
#[inline(always)]
fn pairs<S: Simd, const R: usize>(simd: S, rows: &[f64], len: usize, sums: &mut [f64]) {
    let n = rows.len() / len;
    for i in (0..n).step_by(R) {
        square::<S, R, true>(simd, rows, len, [i, i], sums);
        for j in (i + R..n).step_by(R) {
            square::<S, R, false>(simd, rows, len, [i, j], sums);
        }
    }
}

/// Rows from `i` on and rows from `j` on; where there are no more, the last one is taken and its sums are dropped.
#[inline(always)]
fn square<S: Simd, const R: usize, const SAME: bool>(
    simd: S,
    rows: &[f64],
    len: usize,
    [i, j]: [usize; 2],
    sums: &mut [f64],
) {
    let n = rows.len() / len;
    let (mut left, mut right) = ([&rows[..0]; R], [&rows[..0]; R]);
    for r in 0..R {
        left[r] = &rows[(i + r).min(n - 1) * len..][..len];
        right[r] = &rows[(j + r).min(n - 1) * len..][..len];
    }
    let mut lanes = [[simd.splat(0.0); R]; R];
    for at in (0..len / LANES * LANES).step_by(LANES) {
        let mut y = [simd.splat(0.0); R];
        for r in 0..R {
            y[r] = simd.load(eight(right[r], at));
        }
        for r in 0..R {
            let x = if SAME { y[r] } else { simd.load(eight(left[r], at)) };
            for s in if SAME { r } else { 0 }..R {
                lanes[r][s] = x.mul_add(y[s], lanes[r][s]);
            }
        }
    }
    for r in 0..R.min(n - i) {
        for s in if SAME { r } else { 0 }..R.min(n - j) {
            let mut sum = [0.0; LANES];
            lanes[r][s].store(&mut sum);
            for (lane, at) in sum.iter_mut().zip(len / LANES * LANES..len) {
                *lane = left[r][at].mul_add(right[s][at], *lane);
            }
            sums[(i + r) * n + j + s] += fold(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::bias::with_bias;
    use condense_num::level::same_on_all;

    /// Three inputs of two coordinates; more neurons than a chunk has, and not a multiple of the lanes.
    fn network(activation: Activation, width: usize) -> (TwoLayer, Vec<f64>) {
        let points = Array2::from_shape_vec((3, 2), vec![0.3, -1.0, 1.2, 0.4, -0.6, 0.8]).unwrap();
        let targets = vec![0.5, -1.0, 2.0];
        let inputs = with_bias(&points);
        let network = TwoLayer { activation, inputs, targets, width, copies: 2.5, scale: 0.1, mobility: [0.7, 1.9] };
        let theta = network.draw([0.6, 1.1], &mut Stream::root(11));
        (network, theta)
    }

    fn linearized(network: &TwoLayer, theta: &[f64]) -> Tangent {
        let mut tangent = Tangent::default();
        network.linearize(theta, &mut tangent);
        tangent
    }

    #[test]
    fn the_residual_is_the_formula() {
        for activation in [Activation::Relu, Activation::Tanh] {
            let (network, theta) = network(activation, 301);
            let residual = linearized(&network, &theta).residual;
            for (i, e) in residual.iter().enumerate() {
                let neuron = |k: usize| {
                    let z: f64 = (0..3).map(|j| theta[301 * (1 + j) + k] * network.inputs[[i, j]]).sum();
                    theta[k] * activation.value(z)
                };
                let f = 0.1 * 2.5 * (0..301).map(neuron).sum::<f64>();
                assert!((e - (f - network.targets[i])).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn pulling_back_is_the_gradient_by_finite_differences() {
        let (network, theta) = network(Activation::Tanh, 261);
        let (tangent, p) = (linearized(&network, &theta), [0.3, -1.1, 0.8]);
        let mut pulled = vec![0.0; theta.len()];
        network.vjp(&tangent, &p, &mut pulled);
        let along = |theta: &[f64]| linearized(&network, theta).residual.iter().zip(p).map(|(e, p)| e * p).sum::<f64>();
        for at in [0, 100, 260, 261, 522, 700, 1043] {
            let mut near = [theta.clone(), theta.clone()];
            near[0][at] -= 1e-5;
            near[1][at] += 1e-5;
            let slope = (along(&near[1]) - along(&near[0])) / 2e-5;
            // A representative stands for `copies` neurons, each of which feels its own part of the gradient.
            let expected = network.mobility[usize::from(at >= 261)] * slope / network.copies;
            assert!((pulled[at] - expected).abs() < 1e-9, "entry {at}: {} instead of {expected}", pulled[at]);
        }
    }

    #[test]
    fn the_kernel_is_what_the_pull_back_does_to_the_outputs() {
        for activation in [Activation::Relu, Activation::Tanh] {
            let (network, theta) = network(activation, 300);
            let tangent = linearized(&network, &theta);
            for j in 0..3 {
                let mut p = [0.0; 3];
                p[j] = 1.0;
                let mut pulled = vec![0.0; theta.len()];
                network.vjp(&tangent, &p, &mut pulled);
                let moved: Vec<f64> = theta.iter().zip(&pulled).map(|(theta, step)| theta + 1e-7 * step).collect();
                for i in 0..3 {
                    let change = (linearized(&network, &moved).residual[i] - tangent.residual[i]) / 1e-7;
                    assert!((change - tangent.kernel[[i, j]]).abs() < 1e-4, "{change} {}", tangent.kernel[[i, j]]);
                }
            }
        }
    }

    #[test]
    fn representatives_stand_for_equal_neurons() {
        let (one, theta) = network(Activation::Relu, 40);
        let two = TwoLayer { width: 80, copies: one.copies / 2.0, ..one.clone() };
        let doubled: Vec<f64> = theta.chunks(40).flat_map(|block| [block, block].concat()).collect();
        let (one, two) = (linearized(&one, &theta), linearized(&two, &doubled));
        for (one, two) in one.residual.iter().chain(&one.kernel).zip(two.residual.iter().chain(&two.kernel)) {
            assert!((one - two).abs() < 1e-12);
        }
    }

    #[test]
    fn both_bodies_of_the_kernels_give_the_same_bits() {
        let (network, theta) = network(Activation::Tanh, 517);
        let run = || {
            let tangent = linearized(&network, &theta);
            let mut pulled = vec![0.0; theta.len()];
            network.vjp(&tangent, &tangent.residual.clone(), &mut pulled);
            (tangent.residual, tangent.kernel, pulled)
        };
        same_on_all(run);
    }

    #[test]
    fn the_mirrored_half_has_the_same_weights_and_opposite_sign() {
        let (network, _) = network(Activation::Tanh, 10);
        let theta = network.draw_mirrored([1.0, 1.0], &mut Stream::root(2));
        assert!((0..5).all(|k| theta[k] == -theta[5 + k]));
        assert!(network.weights(&theta, 0..5).eq(network.weights(&theta, 5..10)));
        assert_eq!(network.weights(&theta, 0..5).count(), 3);
        assert_eq!(network.relative_distance(&theta, &theta, 0..10), 0.0);
    }
}

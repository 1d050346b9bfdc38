//! Two-layer networks for gradient flow: `f(x) = c Σ_k a_k σ(w_k·x)`, with the mobilities of the normalised model.
//! It knows no integrator and no experiment; `x` carries its bias as a last entry 1, and there is no output bias.
//!
//! Scaling (Luo, Xu, Ma & Zhang, JMLR 2021, §3): `a ~ N(0, β1²)`, `w ~ N(0, β2²)` and a factor `1/α` come down to two
//! numbers, `κ = β1β2/α` and `κ' = β1/β2`; in units of β1 and β2 the flow has `c = κ`, mobility `1/κ'` for `a`, `κ'` for `w`.

use crate::nn::activation::Activation;
use crate::nn::flow::{Model, Tangent};
use crate::num::kernel::kernel;
use crate::num::kernel::{axpy, dot};
use crate::num::rng::Stream;
use ndarray::Array2;
use std::ops::Range;

/// Neurons a chunk: its activations stay in the first-level cache, and sums over neurons add up chunk by chunk.
const CHUNK: usize = 256;

/// A two-layer network on its samples.
///
/// Parameters lie as a structure of arrays, each `width` long: `θ = [a | w_1 | … | w_d]`, where `w_d` is the bias.
/// Neurons meet only in `f`; so a network of `m` neurons is simulated by fewer *representatives*, each of which counts
/// `copies` times in every sum.
#[derive(Clone, Debug)]
pub struct TwoLayer {
    /// What a neuron does.
    pub activation: Activation,
    /// Samples × d; see [`with_bias`].
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

/// Inputs with a last entry 1, from coordinates (samples × (d-1)).
pub fn with_bias(points: &Array2<f64>) -> Array2<f64> {
    let (samples, d) = points.dim();
    Array2::from_shape_fn((samples, d + 1), |(i, j)| if j < d { points[[i, j]] } else { 1.0 })
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

    /// The neurons of each chunk.
    fn chunks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let width = self.width;
        (0..width).step_by(CHUNK).map(move |start| start..width.min(start + CHUNK))
    }
}

/// `|now - start| / |start|` over all input weights of some neurons: the relative distance RD(θ_w) of the paper (eq. 15).
pub fn relative_distance(model: &TwoLayer, now: &[f64], start: &[f64], neurons: Range<usize>) -> f64 {
    let (mut moved, mut norm) = (0.0, 0.0);
    for (now, start) in model.weights(now, neurons.clone()).zip(model.weights(start, neurons)) {
        for (now, start) in now.iter().zip(start) {
            moved += (now - start) * (now - start);
            norm += start * start;
        }
    }
    (moved / norm).sqrt()
}

impl Model for TwoLayer {
    fn layers(&self) -> Vec<Range<usize>> {
        vec![0..self.width, self.width..self.width * (1 + self.inputs.ncols())]
    }

    /// Features, chunk by chunk: a row `σ(w·x_i)` for each sample, then a row `a σ'(w·x_i)` for each.
    fn linearize(&self, theta: &[f64], tangent: &mut Tangent) {
        let n = self.targets.len();
        tangent.features.resize(2 * n * self.width, 0.0);
        let inputs = self.inputs.as_slice().expect("inputs lie row by row");
        let mut sums = Sums::new(n);
        for neurons in self.chunks() {
            let features = &mut tangent.features[2 * n * neurons.start..2 * n * neurons.end];
            let (a, w) = theta.split_at(self.width);
            let w: Vec<&[f64]> = w.chunks(self.width).map(|w| &w[neurons.clone()]).collect();
            activate(self.activation, inputs, &a[neurons.clone()], &w, features);
            accumulate(&a[neurons], features, &mut sums);
        }
        let output = self.scale * self.copies;
        tangent.residual = sums.output.iter().zip(&self.targets).map(|(f, y)| f.mul_add(output, -y)).collect();
        let [by_a, by_w] = self.mobility.map(|mobility| mobility * self.scale * output);
        tangent.kernel = Array2::from_shape_fn((n, n), |(i, j)| {
            let pair = i.min(j) * n + i.max(j);
            let inner = self.inputs.row(i).iter().zip(self.inputs.row(j)).fold(0.0, |sum, (x, y)| x.mul_add(*y, sum));
            by_a.mul_add(sums.sigma[pair], by_w * inner * sums.slope[pair])
        });
    }

    fn pull(&self, tangent: &Tangent, p: &[f64], pulled: &mut [f64]) {
        let n = p.len();
        let [by_a, by_w] = self.mobility.map(|mobility| mobility * self.scale);
        for neurons in self.chunks() {
            let features = &tangent.features[2 * n * neurons.start..2 * n * neurons.end];
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

/// Sums over neurons: `Σ a σ_i`, and for pairs `i ≤ j` of samples `Σ σ_i σ_j` and `Σ a² σ'_i σ'_j`.
struct Sums {
    output: Vec<f64>,
    sigma: Vec<f64>,
    slope: Vec<f64>,
}

impl Sums {
    fn new(samples: usize) -> Self {
        let pairs = vec![0.0; samples * samples];
        Self { output: vec![0.0; samples], sigma: pairs.clone(), slope: pairs }
    }
}

kernel! {
    /// Fills the features of one chunk: `a` and each of the `d` slices `w` are as long as it; `inputs` is samples × d.
    fn activate(activation: Activation, inputs: &[f64], a: &[f64], w: &[&[f64]], features: &mut [f64]) {
        let (sigma, slope) = features.split_at_mut(features.len() / 2);
        let rows = sigma.chunks_mut(a.len()).zip(slope.chunks_mut(a.len()));
        for (x, (sigma, slope)) in inputs.chunks(w.len()).zip(rows) {
            // The row of slopes holds `w·x` until the activation has seen it.
            slope.fill(0.0);
            for (x, w) in x.iter().zip(w) {
                axpy(*x, w, slope);
            }
            // A match outside of the loop, so that the loop has no branch.
            match activation {
                Activation::Relu => respond(Activation::Relu, a, sigma, slope),
                Activation::Tanh => respond(Activation::Tanh, a, sigma, slope),
            }
        }
    }

    /// Adds one chunk to the sums over neurons.
    fn accumulate(a: &[f64], features: &[f64], sums: &mut Sums) {
        let n = sums.output.len();
        let (sigma, slope) = features.split_at(features.len() / 2);
        for (i, (sigma_i, slope_i)) in sigma.chunks(a.len()).zip(slope.chunks(a.len())).enumerate() {
            sums.output[i] += dot(a, sigma_i);
            for (j, (sigma_j, slope_j)) in sigma.chunks(a.len()).zip(slope.chunks(a.len())).enumerate().skip(i) {
                sums.sigma[i * n + j] += dot(sigma_i, sigma_j);
                sums.slope[i * n + j] += dot(slope_i, slope_j);
            }
        }
    }

    /// `sum = Σ_i factors[i] rows[i]`, the rows lying one after the other.
    fn combine(factors: &[f64], rows: &[f64], sum: &mut [f64]) {
        sum.fill(0.0);
        for (factor, row) in factors.iter().zip(rows.chunks(sum.len())) {
            axpy(*factor, row, sum);
        }
    }
}

/// Turns a row of `w·x` into `a σ'`, and writes `σ` beside it.
#[inline(always)]
fn respond(activation: Activation, a: &[f64], sigma: &mut [f64], slope: &mut [f64]) {
    for ((a, sigma), slope) in a.iter().zip(sigma).zip(slope) {
        let z = *slope;
        *sigma = activation.value(z);
        *slope = a * activation.slope(z);
    }
}

//! A two-layer network `f(x) = Σ a σ(w·x)`, packed eight neurons to a block so that loops over neurons run in lanes.
//! It knows no data and no training. Inputs carry their constant, `x ← (x, 1)` and `w ← (w, b)`, as in the papers.

use crate::nets::activation::Activation;
use condense_experiment::row::Row;
use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd};
use condense_num::rng::Stream;

/// One number for each of eight neurons.
pub type Eight = [f64; LANES];

/// One hidden neuron: output weight `a` and `D` input weights, the last of them the bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neuron<const D: usize> {
    /// Output weight.
    pub a: f64,
    /// Input weights.
    pub w: [f64; D],
}

/// Eight neurons: neuron `k` of a network is lane `k % 8` of block `k / 8`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block<const D: usize> {
    /// Output weights.
    pub a: Eight,
    /// Input weights, one row an input.
    pub w: [Eight; D],
}

impl<const D: usize> Row for Neuron<D> {
    fn write(&self, row: &mut Vec<f64>) {
        (self.a, self.w).write(row);
    }

    fn read(row: &mut std::slice::Iter<'_, f64>) -> Option<Self> {
        Row::read(row).map(|(a, w)| Self { a, w })
    }
}

impl<const D: usize> Block<D> {
    /// Eight times nothing: a gradient before anything is added, or neurons that give nothing where `σ(0) = 0`.
    pub const ZERO: Self = Self { a: [0.0; LANES], w: [[0.0; LANES]; D] };

    /// Eight neurons at rest: `a = 0`, and a bias at which `σ` and `σ'` are exactly 0. So they stay at rest in training.
    fn resting(activation: Activation) -> Self {
        let mut block = Self::ZERO;
        if activation.value(0.0) != 0.0 {
            block.w[D - 1] = [ASLEEP; LANES];
        }
        block
    }
}

/// Far enough below 0 that sigmoid and softplus are not even a subnormal number.
const ASLEEP: f64 = -1e4;

/// A network of `width` neurons; the last block is filled up with neurons at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed<const D: usize> {
    activation: Activation,
    width: usize,
    /// The neurons, eight by eight.
    pub blocks: Vec<Block<D>>,
}

impl<const D: usize> Packed<D> {
    /// Packs neurons.
    pub fn new(activation: Activation, neurons: &[Neuron<D>]) -> Self {
        let mut blocks = vec![Block::resting(activation); neurons.len().div_ceil(LANES)];
        for (k, neuron) in neurons.iter().enumerate() {
            let (block, lane) = (&mut blocks[k / LANES], k % LANES);
            block.a[lane] = neuron.a;
            for (row, w) in block.w.iter_mut().zip(neuron.w) {
                row[lane] = w;
            }
        }
        Self { activation, width: neurons.len(), blocks }
    }

    /// Independent normals: `a` of standard deviation `std_a`, every input weight and bias of `std_w`.
    ///
    /// They come from the streams `a` and `w`, neuron after neuron; so a wider network begins with the narrower one.
    pub fn gaussian(activation: Activation, width: usize, std_a: f64, std_w: f64, stream: &Stream) -> Self {
        let (mut a, mut w) = (stream.fork("a"), stream.fork("w"));
        let mut neuron = || Neuron { a: std_a * a.normal(), w: std::array::from_fn(|_| std_w * w.normal()) };
        Self::new(activation, &(0..width).map(|_| neuron()).collect::<Vec<_>>())
    }

    /// `σ`.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The neurons one by one, without the padding.
    pub fn neurons(&self) -> Vec<Neuron<D>> {
        let neuron = |k: usize| {
            let (block, lane) = (&self.blocks[k / LANES], k % LANES);
            Neuron { a: block.a[lane], w: block.w.map(|row| row[lane]) }
        };
        (0..self.width).map(neuron).collect()
    }

    /// `f(x)` at each input.
    pub fn outputs(&self, inputs: &[[f64; D]]) -> Vec<f64> {
        let mut outputs = vec![0.0; inputs.len()];
        evaluate(self.activation, &self.blocks, inputs, &mut outputs);
        outputs
    }
}

impl Packed<2> {
    /// `(x, f(x))` at each point of the line.
    pub fn curve(&self, points: &[f64]) -> Vec<[f64; 2]> {
        let inputs: Vec<[f64; 2]> = points.iter().map(|&x| [x, 1.0]).collect();
        points.iter().copied().zip(self.outputs(&inputs)).map(<[f64; 2]>::from).collect()
    }
}

kernel! {
    fn evaluate<const D: usize>(
        activation: Activation,
        blocks: &[Block<D>],
        inputs: &[[f64; D]],
        outputs: &mut [f64],
    ) = evaluate_body;
}

#[inline(always)]
fn evaluate_body<S: Simd, const D: usize>(
    simd: S,
    activation: Activation,
    blocks: &[Block<D>],
    inputs: &[[f64; D]],
    outputs: &mut [f64],
) {
    for (x, output) in inputs.iter().zip(outputs) {
        let mut sum = simd.splat(0.0);
        for block in blocks {
            // The bias first.
            let mut z = simd.splat(0.0);
            for (w, x) in block.w.iter().zip(x).rev() {
                z = simd.load(w).mul_add(simd.splat(*x), z);
            }
            sum = simd.load(&block.a).mul_add(activation.value(z), sum);
        }
        *output = sum.fold();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream::root(1).fork("packed")
    }

    #[test]
    fn packing_keeps_every_neuron_and_the_order() {
        for width in [0, 1, 7, 8, 9, 100] {
            let net = Packed::<3>::gaussian(Activation::Tanh, width, 1.0, 2.0, &stream());
            assert_eq!(net.neurons().len(), width);
            assert_eq!(Packed::new(Activation::Tanh, &net.neurons()), net);
        }
    }

    #[test]
    fn a_wider_draw_begins_with_the_narrower_one() {
        let net = |width| Packed::<2>::gaussian(Activation::Relu, width, 1.0, 1.0, &stream()).neurons();
        assert_eq!(net(9)[..], net(20)[..9]);
    }

    #[test]
    fn outputs_are_the_sum_over_neurons() {
        for activation in [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::Softplus] {
            let net = Packed::<2>::gaussian(activation, 19, 1.0, 2.0, &stream());
            for x in [-1.0, 0.3, 2.0] {
                let term = |n: Neuron<2>| n.a * activation.value(n.w[0] * x + n.w[1]);
                let sum: f64 = net.neurons().into_iter().map(term).sum();
                assert!((net.outputs(&[[x, 1.0]])[0] - sum).abs() < 1e-12);
                assert_eq!(net.curve(&[x]), [[x, net.outputs(&[[x, 1.0]])[0]]]);
            }
        }
    }
}

//! A convolutional network in single precision: one convolution, dense layers behind it, cross-entropy, mini-batch descent.
//! It knows neither figures nor where images come from.
//!
//! For an image `x`, channel `c` and patch `p` (valid padding, any stride): `h_pc = σ(Σ_r k_cr x_pr + b_c)`, then dense
//! layers with `σ` between them, `y` from the last one (LeCun et al. 1998, §II; Zhang et al. 2023, arXiv 2305.09947, for
//! condensation of the `k_c`). The loss is the cross-entropy of `softmax(y)`, mean over the batch. A convolution without
//! biases has none that move.
//!
//! Channels stand in lanes. Sums over a batch run from the first image of a part to its last and then over the parts, which
//! any thread may take; over patches and pixels likewise; and images go through in chunks that change no bit. Channels are
//! treated alike: equal ones stay equal to the last bit.

use crate::nets::activation::Activation;
use crate::nets::dense::{Dense, Parameters, activate, slow_down};
use crate::nets::softmax::cross_entropy;
use crate::tasks::images::{Images, Window};
use crate::training::rule::Sgd;
use condense_experiment::{Context, Stop};
use condense_num::contract::{Add, Lane, View, Write, multiply};
use condense_num::kernel::kernel;
use condense_num::lanes::{SINGLES, Simd};
use std::iter;

/// Images that go through together: their activations stay in the cache.
const CHUNK: usize = 16;

/// Images whose gradients are summed first.
const PART: usize = 128;

/// Parts into which images are cut that are only looked at.
const LOOKED_AT: usize = 8;

/// What a network is, but for its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Pixels of an image's side.
    pub side: usize,
    /// The convolution's patches.
    pub window: Window,
    /// Channels of the convolution.
    pub channels: usize,
    /// Whether channels have biases.
    pub biased: bool,
    /// `σ`.
    pub activation: Activation,
}

/// The numbers of a network in the usual order.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `k`, channels × size².
    pub kernels: Vec<f32>,
    /// `b`, one a channel; all 0 where channels have no biases.
    pub biases: Vec<f32>,
    /// Of each dense layer, weights (outputs × inputs) and biases (outputs). The first one's inputs are all patches of
    /// channel 0, then those of channel 1, ….
    pub dense: Vec<[Vec<f32>; 2]>,
}

/// A network in training.
#[derive(Clone, Debug)]
pub struct ConvNet {
    shape: Shape,
    /// Rows are pixels, and at last the bias; columns are channels, in lanes.
    kernels: Parameters,
    dense: Vec<Dense>,
    /// As many as were needed so far.
    parts: Vec<Part>,
    steps: usize,
}

/// Where some images of a batch are worked on.
#[derive(Clone, Debug)]
struct Part {
    room: Room,
    /// Their share of the gradient: of the kernels, and of each dense layer. Nothing before the first step.
    gradient: Vec<Vec<Lane>>,
    /// Of each chunk, the sum of the losses and how many images are put into their class.
    judged: Vec<(f64, usize)>,
}

/// Room for a chunk of images.
#[derive(Clone, Debug)]
struct Room {
    /// Patches, what goes into each dense layer, and the gradients with respect to it.
    patches: Vec<f32>,
    tape: Vec<Vec<Lane>>,
    output_gradients: Vec<Vec<Lane>>,
    /// The outputs, then the gradients with respect to them.
    outputs: Vec<f32>,
}

impl Shape {
    /// Patches of an image, rows of the convolution's matrix, and channels in units of sixteen.
    fn sizes(self) -> [usize; 3] {
        let (count, pixels) = (self.window.count(self.side), self.window.size * self.window.size);
        [count * count, pixels + usize::from(self.biased), self.channels.div_ceil(SINGLES)]
    }

    /// Where the inputs of dense layer `l` stand.
    fn places(self, l: usize, inputs: usize) -> Vec<usize> {
        let [patches, _, lanes] = self.sizes();
        let first = |f: usize| f % patches * lanes * SINGLES + f / patches;
        (0..inputs).map(|f| if l == 0 { first(f) } else { f }).collect()
    }

    /// Where inputs of dense layer `l` end, and the 1 stands.
    fn end(self, l: usize, inputs: usize) -> usize {
        let [patches, _, lanes] = self.sizes();
        if l == 0 { patches * lanes * SINGLES } else { inputs }
    }
}

impl ConvNet {
    /// A network before its first step.
    ///
    /// # Panics
    /// When a list does not have the length that the shape, or the layer before, asks for; or when the activation is
    /// neither ReLU nor tanh.
    pub fn new(shape: Shape, weights: &Weights) -> Self {
        let there = matches!(shape.activation, Activation::Relu | Activation::Tanh);
        assert!(there, "{:?} in single precision", shape.activation);
        let ([patches, rows, lanes], pixels) = (shape.sizes(), shape.window.size * shape.window.size);
        assert_eq!(weights.kernels.len(), shape.channels * pixels, "kernels");
        assert_eq!(weights.biases.len(), shape.channels, "biases of channels");
        let mut kernels = vec![[0.0; SINGLES]; rows * lanes];
        let flat = kernels.as_flattened_mut();
        for c in 0..shape.channels {
            for (row, weight) in
                weights.kernels[c * pixels..][..pixels].iter().chain(&weights.biases[c..=c]).take(rows).enumerate()
            {
                flat[row * lanes * SINGLES + c] = *weight;
            }
        }
        let (mut dense, mut inputs) = (Vec::new(), shape.channels * patches);
        for (l, [weights, biases]) in weights.dense.iter().enumerate() {
            let (outputs, end) = (biases.len(), shape.end(l, inputs));
            assert_eq!(weights.len(), inputs * outputs, "weights of dense layer {l}");
            dense.push(Dense::pack(weights, biases, &shape.places(l, inputs), end));
            inputs = outputs;
        }
        Self { shape, kernels: Parameters::new(kernels), dense, parts: Vec::new(), steps: 0 }
    }

    /// The parameters as they stand.
    pub fn weights(&self) -> Weights {
        let (shape, [patches, rows, lanes]) = (self.shape, self.shape.sizes());
        let flat = self.kernels.theta.as_flattened();
        let column = |c: usize| (0..rows).map(move |row| flat[row * lanes * SINGLES + c]);
        let pixels = shape.window.size * shape.window.size;
        let kernels = (0..shape.channels).flat_map(|c| column(c).take(pixels)).collect();
        let biases = (0..shape.channels).map(|c| column(c).nth(pixels).unwrap_or(0.0)).collect();
        let (mut dense, mut inputs) = (Vec::new(), shape.channels * patches);
        for (l, layer) in self.dense.iter().enumerate() {
            dense.push(layer.unpack(&shape.places(l, inputs), shape.end(l, inputs)));
            inputs = layer.outputs;
        }
        Weights { kernels, biases, dense }
    }

    /// Steps taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// One step of descent on a batch, given by the numbers of its images; returns the loss before it.
    ///
    /// # Errors
    /// When that loss is not finite; the message names the step.
    pub fn step(&mut self, images: &Images, batch: &[usize], rule: Sgd, ctx: &Context) -> Result<f64, Stop> {
        let (share, mut parts) = (1.0 / batch.len() as f32, self.take_parts(batch.len().div_ceil(PART)));
        let mut work: Vec<_> = parts.iter_mut().zip(batch.chunks(PART)).collect();
        ctx.each(&mut work, |(part, batch)| {
            self.clear(&mut part.gradient);
            let judge = |chunk: &[usize]| {
                self.forward(images, chunk, &mut part.room);
                let judged = part.room.compare(images, chunk, share);
                self.backward(chunk.len(), &mut part.room, &mut part.gradient);
                judged
            };
            part.judged = batch.chunks(CHUNK).map(judge).collect();
        });
        let (sum, _) = total(&parts);
        let (loss, step, Sgd { rate, momentum }) = (sum / batch.len() as f64, self.steps, rule);
        if !loss.is_finite() {
            return Err(Stop::failed(format!(
                "training diverged: the loss is {loss} at step {step}, with rate {rate} and momentum {momentum}"
            )));
        }
        let (first, others) = parts[..batch.len().div_ceil(PART)].split_first_mut().expect("a batch has images");
        for other in others {
            for (sums, gradient) in first.gradient.iter_mut().zip(&other.gradient) {
                let both = sums.as_flattened_mut().iter_mut().zip(gradient.as_flattened());
                both.for_each(|(sum, gradient)| *sum += gradient);
            }
        }
        let parameters = iter::once(&mut self.kernels).chain(self.dense.iter_mut().map(|layer| &mut layer.weights));
        parameters.zip(&first.gradient).for_each(|(parameters, gradient)| parameters.follow(rule, gradient));
        self.parts = parts;
        self.steps += 1;
        Ok(loss)
    }

    /// The mean loss on a batch, and how many of its images are put into the right class; 0 and 0 of a batch without images.
    pub fn judge(&mut self, images: &Images, batch: &[usize], ctx: &Context) -> (f64, usize) {
        if batch.is_empty() {
            return (0.0, 0);
        }
        let each = batch.len().div_ceil(LOOKED_AT).next_multiple_of(CHUNK);
        let mut parts = self.take_parts(batch.len().div_ceil(each));
        let mut work: Vec<_> = parts.iter_mut().zip(batch.chunks(each)).collect();
        ctx.each(&mut work, |(part, batch)| {
            let judge = |chunk: &[usize]| {
                self.forward(images, chunk, &mut part.room);
                part.room.compare(images, chunk, 1.0)
            };
            part.judged = batch.chunks(CHUNK).map(judge).collect();
        });
        let (sum, right) = total(&parts);
        self.parts = parts;
        (sum / batch.len() as f64, right)
    }

    /// So many parts at least, out of their place, with nothing judged.
    fn take_parts(&mut self, count: usize) -> Vec<Part> {
        let mut parts = std::mem::take(&mut self.parts);
        for part in &mut parts {
            part.judged.clear();
        }
        let room = || Room::new(self.shape, &self.dense);
        let missing = count.saturating_sub(parts.len());
        parts.extend((0..missing).map(|_| Part { room: room(), gradient: Vec::new(), judged: Vec::new() }));
        parts
    }

    /// A gradient of zeros.
    fn clear(&self, gradient: &mut Vec<Vec<Lane>>) {
        let layers = self.dense.iter().map(|layer| &layer.weights);
        let lengths = iter::once(&self.kernels).chain(layers).map(|parameters| parameters.theta.len());
        gradient.resize(1 + self.dense.len(), Vec::new());
        for (list, length) in gradient.iter_mut().zip(lengths) {
            list.clear();
            list.resize(length, [0.0; SINGLES]);
        }
    }

    /// The outputs of a chunk.
    fn forward(&self, images: &Images, chunk: &[usize], room: &mut Room) {
        let (shape, [patches, rows, lanes]) = (self.shape, self.shape.sizes());
        assert_eq!(images.side, shape.side, "images of another size");
        let (wide, views) = (self.dense[0].lanes, room.patches.chunks_exact_mut(rows * patches));
        for (index, (view, h)) in chunk.iter().zip(views.zip(room.tape[0].chunks_exact_mut(wide))) {
            shape.window.patches(images, *index, view);
            let h = &mut h[..patches * lanes];
            convolve(shape, view, &self.kernels.theta, h);
            activate(shape.activation, h);
        }
        for (l, layer) in self.dense.iter().enumerate() {
            let (before, after) = room.tape.split_at_mut(l + 1);
            let x = &before[l][..chunk.len() * layer.lanes];
            match after.first_mut() {
                None => layer.forward(x, &mut room.outputs, layer.outputs),
                Some(h) => {
                    let width = h.len() / CHUNK * SINGLES;
                    layer.forward(x, h.as_flattened_mut(), width);
                    activate(shape.activation, h);
                    h.as_flattened_mut().chunks_exact_mut(width).for_each(|row| row[layer.outputs] = 1.0);
                }
            }
        }
    }

    /// Adds the share of a chunk of `count` images to the gradient.
    fn backward(&self, count: usize, room: &mut Room, gradient: &mut [Vec<Lane>]) {
        let (shape, [patches, rows, lanes]) = (self.shape, self.shape.sizes());
        for (l, layer) in self.dense.iter().enumerate().rev() {
            let (before, after) = room.output_gradients.split_at_mut(l + 1);
            let (x, vjp) = (&room.tape[l][..count * layer.lanes], &mut before[l][..count * layer.lanes]);
            let output = match after.first() {
                None => (&room.outputs[..], layer.outputs),
                Some(behind) => (behind.as_flattened(), behind.len() / CHUNK * SINGLES),
            };
            layer.backward(x, output, &mut gradient[l + 1], vjp);
            slow_down(shape.activation, x, vjp);
        }
        let wide = self.dense[0].lanes;
        let output_gradients = room.output_gradients[0].chunks_exact(wide).take(count);
        for (view, output_gradient) in room.patches.chunks_exact(rows * patches).zip(output_gradients) {
            correlate(shape, view, &output_gradient[..patches * lanes], &mut gradient[0]);
        }
    }
}

/// Losses and hits of all parts, chunk after chunk.
fn total(parts: &[Part]) -> (f64, usize) {
    let add = |(sum, right): (f64, usize), &(loss, hits): &(f64, usize)| (sum + loss, right + hits);
    parts.iter().flat_map(|part| &part.judged).fold((0.0, 0), add)
}

impl Room {
    fn new(shape: Shape, dense: &[Dense]) -> Self {
        let [patches, rows, _] = shape.sizes();
        let room = |layer: &Dense| vec![[0.0; SINGLES]; CHUNK * layer.lanes];
        let (mut tape, output_gradients): (Vec<_>, _) =
            (dense.iter().map(room).collect(), dense.iter().map(room).collect());
        let mut inputs = 0;
        for (l, (tape, layer)) in tape.iter_mut().zip(dense).enumerate() {
            tape.chunks_exact_mut(layer.lanes).for_each(|row| row.as_flattened_mut()[shape.end(l, inputs)] = 1.0);
            inputs = layer.outputs;
        }
        Self { patches: vec![1.0; CHUNK * rows * patches], tape, output_gradients, outputs: vec![0.0; CHUNK * inputs] }
    }

    /// Turns the outputs of a chunk into output gradients; the sum of its losses, and how many images are put into their class.
    fn compare(&mut self, images: &Images, chunk: &[usize], share: f32) -> (f64, usize) {
        let classes = self.outputs.len() / CHUNK;
        let (mut sum, mut right) = (0.0, 0);
        for (index, y) in chunk.iter().zip(self.outputs.chunks_exact_mut(classes)) {
            let label = images.labels[*index];
            right += usize::from(y.iter().enumerate().all(|(class, out)| class == label || *out < y[label]));
            sum += cross_entropy(y, label, share);
        }
        (sum, right)
    }
}

kernel! {
    /// `z_pc = Σ_r k_cr x_pr + b_c` of an image: patches × channels.
    fn convolve(shape: Shape, view: &[f32], kernels: &[Lane], z: &mut [Lane]) = convolve_body;

    /// Adds to the gradient `∂L/∂k_cr = Σ_p force_pc x_pr` of an image.
    fn correlate(shape: Shape, view: &[f32], output_gradient: &[Lane], gradient: &mut [Lane]) = correlate_body;
}

#[inline(always)]
fn convolve_body<S: Simd>(simd: S, shape: Shape, view: &[f32], kernels: &[Lane], z: &mut [Lane]) {
    let [patches, rows, lanes] = shape.sizes();
    let view = View::rows(view, patches).turned();
    multiply(simd, view, View::rows(kernels, lanes), [patches, rows, lanes], &mut Write(z, lanes));
}

#[inline(always)]
fn correlate_body<S: Simd>(simd: S, shape: Shape, view: &[f32], output_gradient: &[Lane], gradient: &mut [Lane]) {
    let [patches, rows, lanes] = shape.sizes();
    let (view, output_gradient) = (View::rows(view, patches), View::rows(output_gradient, lanes));
    multiply(simd, view, output_gradient, [rows, patches, lanes], &mut Add(gradient, lanes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::level::same_on_all;
    use condense_num::math;
    use condense_num::rng::Stream;

    const GENTLE: Sgd = Sgd { rate: 0.1, momentum: 0.9 };

    fn shape(activation: Activation, stride: usize, biased: bool) -> Shape {
        Shape { side: 7, window: Window { size: 3, stride }, channels: 18, biased, activation }
    }

    fn draw(name: &str, count: usize) -> Vec<f32> {
        Stream::root(8).fork(name).normals(count, 0.3).into_iter().map(|x| x as f32).collect()
    }

    /// Nineteen images: a chunk, and a part of one.
    fn images() -> Images {
        Images { side: 7, pixels: draw("pixels", 19 * 49), labels: (0..19).map(|s| s * s % 3).collect() }
    }

    fn all() -> Vec<usize> {
        (0..19).collect()
    }

    /// A convolution, a layer of four, a layer of three.
    fn weights(shape: Shape) -> Weights {
        let inputs = shape.channels * shape.sizes()[0];
        let biases = if shape.biased { draw("b", shape.channels) } else { vec![0.0; shape.channels] };
        let dense = vec![[draw("w1", 4 * inputs), draw("b1", 4)], [draw("w2", 12), draw("b2", 3)]];
        Weights { kernels: draw("k", 9 * shape.channels), biases, dense }
    }

    fn lists(weights: &Weights) -> Vec<Vec<f64>> {
        let all = [&weights.kernels, &weights.biases].into_iter().chain(weights.dense.iter().flatten());
        all.map(|list| list.iter().copied().map(f64::from).collect()).collect()
    }

    /// The loss by the definition, in double precision.
    fn plain(shape: Shape, lists: &[Vec<f64>]) -> f64 {
        let (images, count) = (images(), shape.window.count(7));
        let mut loss = 0.0;
        for (image, label) in images.pixels.chunks(49).zip(&images.labels) {
            let mut h = Vec::new();
            for (c, y, x) in (0..18 * count * count).map(|f| (f / (count * count), f / count % count, f % count)) {
                let pixel = |r: usize| image[(y * shape.window.stride + r / 3) * 7 + x * shape.window.stride + r % 3];
                let z = (0..9).map(|r| lists[0][9 * c + r] * f64::from(pixel(r))).sum::<f64>() + lists[1][c];
                h.push(shape.activation.value(z));
            }
            for (l, layer) in lists[2..].chunks(2).enumerate() {
                let row = |(row, b): (&[f64], &f64)| row.iter().zip(&h).map(|(w, h)| w * h).sum::<f64>() + b;
                let z: Vec<f64> = layer[0].chunks(h.len()).zip(&layer[1]).map(row).collect();
                h = if l == 0 { z.into_iter().map(|z| shape.activation.value(z)).collect() } else { z };
            }
            loss += math::ln(h.iter().map(|y| math::exp(*y)).sum::<f64>()) - h[*label];
        }
        loss / images.labels.len() as f64
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let h = 1e-6;
        for (activation, stride, biased) in
            [(Activation::Tanh, 2, false), (Activation::Relu, 2, true), (Activation::Tanh, 3, true)]
        {
            let shape = shape(activation, stride, biased);
            let mut net = ConvNet::new(shape, &weights(shape));
            let start = lists(&net.weights());
            assert_eq!(net.weights(), weights(shape));
            let loss =
                net.step(&images(), &all(), Sgd { rate: 1.0, momentum: 0.0 }, &Context::plain()).expect("finite");
            assert!((loss - plain(shape, &start)).abs() < 1e-6, "{loss}");
            let end = lists(&net.weights());
            for list in (0..start.len()).filter(|list| biased || *list != 1) {
                // Every entry of a short list; of a long one so many, in all channels and places of the kernel.
                let apart = start[list].len().div_ceil(40) | 1;
                for at in (0..start[list].len()).step_by(apart) {
                    let shifted = |by: f64| {
                        let mut lists = start.clone();
                        lists[list][at] += by;
                        plain(shape, &lists)
                    };
                    let (slope, step) = ((shifted(h) - shifted(-h)) / (2.0 * h), start[list][at] - end[list][at]);
                    assert!((step - slope).abs() < 5e-7, "{shape:?}, list {list}, {at}: {step} {slope}");
                }
            }
            assert!(biased || end[1].iter().all(|b| *b == 0.0), "channels have no biases");
        }
    }

    #[test]
    fn a_batch_without_images_is_judged() {
        let net = |shape: Shape| ConvNet::new(shape, &weights(shape));
        assert_eq!(net(shape(Activation::Relu, 1, true)).judge(&images(), &[], &Context::plain()), (0.0, 0));
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        for activation in [Activation::Relu, Activation::Tanh] {
            let shape = shape(activation, 2, true);
            same_on_all(|| {
                let mut net = ConvNet::new(shape, &weights(shape));
                let losses: Vec<_> = (0..10).map(|_| net.step(&images(), &all(), GENTLE, &Context::plain())).collect();
                (losses, net.weights())
            });
        }
    }

    #[test]
    fn equal_channels_stay_equal_to_the_last_bit() {
        for activation in [Activation::Relu, Activation::Tanh] {
            let shape = shape(activation, 2, true);
            let (mut start, patches) = (weights(shape), shape.sizes()[0]);
            for twin in [1, 9, 17] {
                start.kernels.copy_within(..9, 9 * twin);
                start.biases[twin] = start.biases[0];
                let rows = start.dense[0][0].chunks_exact_mut(18 * patches);
                rows.for_each(|row| row.copy_within(..patches, twin * patches));
            }
            let mut net = ConvNet::new(shape, &start);
            (0..40).for_each(|_| drop(net.step(&images(), &all(), GENTLE, &Context::plain())));
            let end = net.weights();
            assert_ne!(end, start);
            for twin in [1, 9, 17] {
                assert_eq!(end.kernels[..9], end.kernels[9 * twin..][..9], "{activation:?}, channel {twin}");
            }
            assert_ne!(end.kernels[..9], end.kernels[18..27]);
        }
    }

    #[test]
    fn training_fits_the_images_or_says_that_it_diverged() {
        let shape = shape(Activation::Tanh, 2, true);
        let mut net = ConvNet::new(shape, &weights(shape));
        let before = net.judge(&images(), &all(), &Context::plain());
        for _ in 0..200 {
            net.step(&images(), &all(), GENTLE, &Context::plain()).expect("a gentle rate");
        }
        let (loss, right) = net.judge(&images(), &all(), &Context::plain());
        assert!(net.steps() == 200 && loss < 0.1 * before.0 && right == 19, "{before:?} {loss} {right}");
        let wild = Sgd { rate: f64::INFINITY, momentum: 0.5 };
        let said = (0..9)
            .find_map(|_| net.step(&images(), &all(), wild, &Context::plain()).err())
            .expect("a wild rate")
            .to_string();
        assert!(
            said.contains("training diverged") && said.contains("step 201, with rate inf and momentum 0.5"),
            "{said}"
        );
    }
}

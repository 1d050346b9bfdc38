//! A step of the convolutional network on a batch of images, against the textbook's loops for one of them.
//! The plain loops spare themselves the update of the weights; the rate is so small that weights stay where they are.

use crate::{Kernel, Limit, inputs};
use condense::experiment::Context;
use condense_nn::nets::activation::Activation;
use condense_nn::nets::conv::{ConvNet, Shape, Weights};
use condense_nn::tasks::images::{Images, Window};
use condense_nn::training::rule::Sgd;
use std::hint::black_box;

const IMAGES: usize = 500;
/// Pixels of an image's side and of a patch's, patches of a side, channels, and classes.
const SIDE: usize = 28;
const SIZE: usize = 5;
const COUNT: usize = SIDE - SIZE + 1;
const CHANNELS: usize = 32;
const CLASSES: usize = 10;
/// Numbers that go into the dense layer.
const HIDDEN: usize = CHANNELS * COUNT * COUNT;

pub fn all() -> Vec<Kernel> {
    let window = Window { size: SIZE, stride: 1 };
    let shape = Shape { side: SIDE, window, channels: CHANNELS, biased: true, activation: Activation::Relu };
    let pixels = inputs::uniforms(70, IMAGES * SIDE * SIDE).into_iter().map(|u| u as f32).collect();
    let images = Images { side: SIDE, pixels, labels: inputs::classes(71, IMAGES) };
    let dense = [inputs::singles(0.01, 73, CLASSES * HIDDEN), vec![0.0; CLASSES]];
    let kernels = inputs::singles(0.1, 72, CHANNELS * SIZE * SIZE);
    let weights = Weights { kernels, biases: vec![0.0; CHANNELS], dense: vec![dense] };

    let (image, label) = (images.pixels[..SIDE * SIDE].to_vec(), images.labels[0]);
    let mut room = Room::new();
    let (mut net, loss) = (ConvNet::new(shape, &weights), room.pass(&weights, &image, label));
    let own = net.step(&images, &[0], Sgd { rate: 1.0, momentum: 0.0 }, &Context::plain()).expect("finite");
    assert!((own - f64::from(loss)).abs() < 1e-4, "the plain loop computes something else: {loss} for {own}");
    for ((end, start), gradient) in net.weights().kernels.iter().zip(&weights.kernels).zip(&room.gradient.kernels) {
        assert!((start - end - gradient).abs() < 1e-3, "the plain loop trains something else");
    }

    // Forward and the kernels' gradient; for the dense layer also what it hands back.
    let flops = (2 * 2 * HIDDEN * SIZE * SIZE + 3 * 2 * CLASSES * HIDDEN) as f64;
    let (mut net, batch) = (ConvNet::new(shape, &weights), (0..IMAGES).collect::<Vec<_>>());
    let work = move || {
        black_box(net.step(&images, &batch, Sgd { rate: 1e-12, momentum: 0.0 }, &Context::plain())).expect("finite");
        flops * IMAGES as f64
    };
    let plain = move || {
        black_box(room.pass(&weights, &image, label));
        flops
    };
    let name = format!("convolution {CHANNELS} of {SIZE}x{SIZE}, {IMAGES} images");
    vec![Kernel { name, limit: Limit::Singles, work: Box::new(work), plain: Box::new(plain) }]
}

/// What the plain loops write.
struct Room {
    h: Vec<f32>,
    vjp: Vec<f32>,
    gradient: Weights,
}

impl Room {
    fn new() -> Self {
        let (kernels, dense) = (vec![0.0; CHANNELS * SIZE * SIZE], [vec![0.0; CLASSES * HIDDEN], vec![0.0; CLASSES]]);
        let gradient = Weights { kernels, biases: vec![0.0; CHANNELS], dense: vec![dense] };
        Self { h: vec![0.0; HIDDEN], vjp: vec![0.0; HIDDEN], gradient }
    }

    /// The loss at one image; adds its gradient.
    fn pass(&mut self, weights: &Weights, image: &[f32], label: usize) -> f32 {
        let Self { h, vjp, gradient } = self;
        let [dense, dense_biases] = &weights.dense[0];
        for c in 0..CHANNELS {
            for (y, x) in (0..COUNT).flat_map(|y| (0..COUNT).map(move |x| (y, x))) {
                let mut z = weights.biases[c];
                for i in 0..SIZE {
                    for j in 0..SIZE {
                        z += weights.kernels[(c * SIZE + i) * SIZE + j] * image[(y + i) * SIDE + x + j];
                    }
                }
                h[(c * COUNT + y) * COUNT + x] = z.max(0.0);
            }
        }
        let mut output_gradient = [0.0f32; CLASSES];
        for ((out, row), bias) in output_gradient.iter_mut().zip(dense.chunks_exact(HIDDEN)).zip(dense_biases) {
            *out = row.iter().zip(h.iter()).fold(*bias, |sum, (w, h)| sum + w * h);
        }
        let sum: f32 = output_gradient.iter().map(|y| libm::expf(*y)).sum();
        let loss = libm::logf(sum) - output_gradient[label];
        for y in &mut output_gradient {
            *y = libm::expf(*y) / sum;
        }
        output_gradient[label] -= 1.0;

        let [dense_gradient, bias_gradient] = &mut gradient.dense[0];
        vjp.fill(0.0);
        for (o, output_gradient) in output_gradient.into_iter().enumerate() {
            let (row, row_gradient) = (&dense[o * HIDDEN..][..HIDDEN], &mut dense_gradient[o * HIDDEN..][..HIDDEN]);
            bias_gradient[o] += output_gradient;
            for f in 0..HIDDEN {
                row_gradient[f] += output_gradient * h[f];
                vjp[f] += output_gradient * row[f];
            }
        }
        for c in 0..CHANNELS {
            for (y, x) in (0..COUNT).flat_map(|y| (0..COUNT).map(move |x| (y, x))) {
                let at = (c * COUNT + y) * COUNT + x;
                let output_gradient = if h[at] > 0.0 { vjp[at] } else { 0.0 };
                gradient.biases[c] += output_gradient;
                for i in 0..SIZE {
                    for j in 0..SIZE {
                        gradient.kernels[(c * SIZE + i) * SIZE + j] += output_gradient * image[(y + i) * SIDE + x + j];
                    }
                }
            }
        }
        loss
    }
}

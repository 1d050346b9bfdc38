//! Large trainings are cut into parts, which any thread may take in any order. The bits are those of one thread.

use condense_experiment::{Cell, Context, Runtime, Stop};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::attention::Attention;
use condense_nn::nets::packed::Packed;
use condense_nn::nets::{conv, heads, three_layer};
use condense_nn::tasks::images::{Images, Window};
use condense_nn::tasks::task::Samples;
use condense_nn::training::rule::{Adam, Rule, Sgd};
use condense_nn::training::stepwise::Stepwise as _;
use condense_nn::training::train::Trainer;
use condense_num::rng::Stream;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Starts a thread for every part, the last one first, and counts them.
struct Scattered(AtomicUsize);

impl Runtime for Scattered {
    fn tick(&self, _: usize, _: usize) -> Result<(), Stop> {
        Ok(())
    }

    fn sweep(&self, _: &str, _: usize, _: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
        unreachable!("training has no cells")
    }

    fn each(&self, count: usize, part: &(dyn Fn(usize) + Sync)) {
        self.0.fetch_max(count, Ordering::Relaxed);
        thread::scope(|scope| {
            for index in (0..count).rev() {
                scope.spawn(move || part(index));
            }
        });
    }
}

/// Trains on one thread and scattered over as many as there are parts.
fn same_bits<T: Debug>(parts: usize, train: impl Fn(&Context) -> T) {
    let (inputs, runtime) = (BTreeMap::new(), Scattered(AtomicUsize::new(0)));
    let scattered = format!("{:?}", train(&Context::new(0, &inputs, &runtime)));
    assert!(format!("{:?}", train(&Context::plain())) == scattered);
    assert_eq!(runtime.0.into_inner(), parts, "parts of a step");
}

fn draw(name: &str, count: usize, std: f64) -> Vec<f64> {
    Stream::root(5).fork(name).normals(count, std)
}

fn singles(name: &str, count: usize) -> Vec<f32> {
    draw(name, count, 0.3).into_iter().map(|x| x as f32).collect()
}

#[test]
fn two_layers() {
    let x: Vec<[f64; 2]> = draw("x", 400, 1.0).into_iter().map(|x| [x, 1.0]).collect();
    let samples = Samples { y: x.iter().map(|[x, _]| x * x).collect(), x };
    let adam = Adam { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    for (activation, rule) in [
        (Activation::Relu, Rule::Sgd(Sgd { rate: 1e-5, momentum: 0.0 })),
        (Activation::X2Tanh, Rule::Sgd(Sgd { rate: 1e-5, momentum: 0.9 })),
        (Activation::Tanh, Rule::Adam(adam)),
    ] {
        same_bits(3, |ctx| {
            let net = Packed::gaussian(activation, 5000, 0.01, 1.0, &Stream::root(3));
            let mut trainer = Trainer::new(net, &samples, rule);
            trainer.train_to(2, ctx).expect("a gentle rate");
            (trainer.net().neurons(), trainer.losses().to_vec())
        });
    }
}

#[test]
fn three_layers() {
    let (rows, cols) = (300, 41);
    let weights = three_layer::Weights {
        w1: draw("w1", rows, 1.0),
        b1: draw("b1", rows, 1.0),
        w2: draw("w2", rows * cols, 0.05),
        b2: draw("b2", cols, 0.1),
        a: draw("a", cols, 0.1),
    };
    let (x, y) = (draw("x", 7, 1.0), draw("y", 7, 1.0));
    same_bits(3, |ctx| {
        let mut training = three_layer::Training::new(Activation::Tanh, &weights, [&x, &y], 0.01);
        training.train_to(10, ctx).expect("a gentle rate");
        (training.weights(), training.losses().to_vec())
    });
}

#[test]
fn attention() {
    let shape = heads::Shape { tokens: 3, width: 6, heads: 2, classes: 3 };
    let [query, key, value, output] = ["Q", "K", "V", "O"].map(|name| singles(name, 36));
    let weights = heads::Weights { query, key, value, output, classes: singles("C", 18) };
    let labels: Vec<usize> = (0..75).map(|s| s * s % 3).collect();
    same_bits(3, |ctx| {
        let mut block = Attention::new(shape, weights.clone(), &singles("X", 75 * 18), &labels, 0.1);
        block.train_to(10, ctx).expect("a gentle rate");
        (block.loss(ctx), block.weights().clone())
    });
}

#[test]
fn convolution() {
    const IMAGES: usize = 300;
    let window = Window { size: 3, stride: 2 };
    let shape = conv::Shape { side: 7, window, channels: 5, biased: true, activation: Activation::Tanh };
    let images =
        Images { side: 7, pixels: singles("pixels", IMAGES * 49), labels: (0..IMAGES).map(|s| s * s % 3).collect() };
    let dense = vec![[singles("w1", 4 * 45), singles("b1", 4)], [singles("w2", 12), singles("b2", 3)]];
    let weights = conv::Weights { kernels: singles("k", 45), biases: singles("b", 5), dense };
    let batch: Vec<usize> = (0..IMAGES).collect();
    let rule = Sgd { rate: 0.1, momentum: 0.9 };
    same_bits(3, |ctx| {
        let mut net = conv::ConvNet::new(shape, &weights);
        let losses: Vec<f64> = (0..10).map(|_| net.step(&images, &batch, rule, ctx).expect("a gentle rate")).collect();
        (losses, net.weights())
    });
    same_bits(7, |ctx| conv::ConvNet::new(shape, &weights).judge(&images, &batch, ctx));
}

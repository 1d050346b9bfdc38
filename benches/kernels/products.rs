//! Products of matrices, and the network that consists of them.
//! Of a product the plain loop has one row, of the network the middle layer's way forward for one point.

use crate::{Kernel, Limit};
use condense::experiment::{Context, Inline};
use condense::num::matrix::{Matrix, MatrixMut};
use condense::num::product::{Factor, product};
use condense::num::rng::Stream;
use condense_nn::nets::activation::Activation;
use condense_nn::nets::three_layer::{Training, Weights};
use condense_nn::training::stepwise::Stepwise as _;
use std::collections::BTreeMap;
use std::hint::black_box;

pub fn all() -> Vec<Kernel> {
    let shapes = [[512; 3], [1024; 3], [20, 1000, 1000]];
    let double = shapes.map(|shape| one_product(shape, Limit::Doubles, |x| x));
    let single = shapes.map(|shape| one_product(shape, Limit::Singles, |x| x as f32));
    double.into_iter().chain(single).chain([three_layers()]).collect()
}

fn one_product<T>([m, k, n]: [usize; 3], limit: Limit, number: impl Fn(f64) -> T) -> Kernel
where
    T: Factor + std::ops::Mul<Output = T> + std::ops::Add<Output = T>,
{
    let mut stream = Stream::root(1);
    let mut draw = |count: usize| (0..count).map(|_| number(stream.normal())).collect::<Vec<T>>();
    let (a, b) = (draw(m * k), draw(k * n));
    let (own_a, own_b, mut c) = (a.clone(), b.clone(), vec![T::ZERO; m * n]);
    let work = move || {
        product(Matrix::new(&own_a, m, k), Matrix::new(&own_b, k, n), MatrixMut::new(&mut c, m, n));
        black_box(&mut c);
        (2 * m * k * n) as f64
    };
    // One row is enough to know the loop's rate.
    let mut row = vec![T::ZERO; n];
    let plain = move || {
        for (j, c) in row.iter_mut().enumerate() {
            *c = (0..k).fold(T::ZERO, |sum, l| sum + a[l] * b[l * n + j]);
        }
        black_box(&mut row);
        (2 * k * n) as f64
    };
    let name = format!("product {m}x{k}x{n} f{}", 8 * size_of::<T>());
    Kernel { name, limit, work: Box::new(work), plain: Box::new(plain) }
}

/// Steps of training of a three-layer ReLU network of width 1000 on 20 points.
fn three_layers() -> Kernel {
    const STEPS: usize = 2;
    let (m, n) = (1000, 20);
    let mut stream = Stream::root(2);
    let x: Vec<f64> = (0..n).map(|i| 2.0 * i as f64 / (n - 1) as f64 - 1.0).collect();
    let small = 1.0 / (m as f64).sqrt();
    let (w1, b1, w2) = (stream.normals(m, 1.0), stream.normals(m, 1.0), stream.normals(m * m, small));
    let weights = Weights { w1, b1, w2, b2: stream.normals(m, 0.1), a: stream.normals(m, small) };
    let mut training = Training::new(Activation::Relu, &weights, [&x, &x], 0.01);
    let work = move || {
        let inputs = BTreeMap::new();
        training.train_to(training.steps() + STEPS, &Context::new(0, &inputs, &Inline)).expect("a gentle rate");
        (6 * STEPS * m * m * n) as f64
    };
    // The loop of the middle layer's forward pass, for one point.
    let (w2, h, mut z) = (weights.w2, weights.w1, vec![0.0; m]);
    let plain = move || {
        for (j, z) in z.iter_mut().enumerate() {
            *z = (0..m).fold(0.0, |sum, l| sum + h[l] * w2[l * m + j]);
        }
        black_box(&mut z);
        (2 * m * m) as f64
    };
    Kernel {
        name: format!("three layers {m}, {n} points"),
        limit: Limit::Doubles,
        work: Box::new(work),
        plain: Box::new(plain),
    }
}

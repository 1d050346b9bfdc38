//! A layer of splines forward and back, against plain loops with the recursion of de Boor (Piegl & Tiller, *The NURBS Book*,
//! A2.2). Operations are those of the edges; splines and exponentials, once for all edges of an input, are not counted.

use crate::{Kernel, Limit};
use condense::num::rng::Stream;
use condense_nn::nets::kan::{Layer, SplineGrid};
use std::hint::black_box;

pub fn all() -> Vec<Kernel> {
    const N: usize = 200;
    let (grid, inputs, outputs) = (SplineGrid { low: -1.0, high: 1.0, count: 8 }, 4, 50);
    let mut stream = Stream::root(3);
    let theta = stream.normals(inputs * outputs * (grid.count + 1), 1.0);
    let layer = Layer { grid, inputs, outputs, base: true, theta };
    let x: Vec<f64> = (0..N * inputs).map(|_| stream.uniform(-1.0, 1.0)).collect();
    let output_gradient = stream.normals(N * outputs, 1.0);

    let mut room = Room::new(&layer, N);
    room.pass(&layer, &x, &output_gradient);
    let mut gradient = vec![0.0; layer.theta.len()];
    let vjp = layer.backward(&x, &output_gradient, &mut gradient);
    for (own, plain) in [(layer.forward(&x), &room.y), (gradient.clone(), &room.gradient), (vjp, &room.vjp)] {
        let near = own.iter().zip(plain).all(|(own, plain)| (own - plain).abs() < 1e-9);
        assert!(near, "the plain loop computes something else");
    }

    // An edge: forward four splines and the base; back the same for the gradient and the slope, and the vjp.
    let flops = (2 * (5 + 2 * 5 + 1) * N * inputs * outputs) as f64;
    let (own, own_x, own_force) = (layer.clone(), x.clone(), output_gradient.clone());
    let work = move || {
        black_box(own.forward(&own_x));
        black_box(own.backward(&own_x, &own_force, &mut gradient));
        flops
    };
    let plain = move || {
        room.pass(&layer, &x, &output_gradient);
        black_box(&mut room);
        flops
    };
    let name = format!("splines {inputs} to {outputs}, {N} samples");
    vec![Kernel { name, limit: Limit::Doubles, work: Box::new(work), plain: Box::new(plain) }]
}

/// What the plain loops write.
struct Room {
    y: Vec<f64>,
    gradient: Vec<f64>,
    vjp: Vec<f64>,
}

impl Room {
    fn new(layer: &Layer, n: usize) -> Self {
        let zeros = |count: usize| vec![0.0; count];
        Self { y: zeros(n * layer.outputs), gradient: zeros(layer.theta.len()), vjp: zeros(n * layer.inputs) }
    }

    /// Forward, then back; adds to the gradient.
    fn pass(&mut self, layer: &Layer, x: &[f64], output_gradient: &[f64]) {
        let Layer { grid, inputs, outputs, .. } = *layer;
        self.y.fill(0.0);
        for (at, x) in x.iter().enumerate() {
            let (s, i) = (at / inputs, at % inputs);
            let Near { first, values, base, .. } = near(grid, *x);
            for o in 0..outputs {
                let theta = |g: usize| layer.theta[(i * (grid.count + 1) + g) * outputs + o];
                let mut sum = theta(grid.count) * base[0];
                for k in 0..4 {
                    sum += theta(first + k) * values[k];
                }
                self.y[s * outputs + o] += sum;
            }
        }
        for (at, x) in x.iter().enumerate() {
            let (s, i) = (at / inputs, at % inputs);
            let Near { first, values, slopes, base } = near(grid, *x);
            let mut vjp = 0.0;
            for o in 0..outputs {
                let place = |g: usize| (i * (grid.count + 1) + g) * outputs + o;
                let output_gradient = output_gradient[s * outputs + o];
                self.gradient[place(grid.count)] += output_gradient * base[0];
                let mut slope = layer.theta[place(grid.count)] * base[1];
                for k in 0..4 {
                    self.gradient[place(first + k)] += output_gradient * values[k];
                    slope += layer.theta[place(first + k)] * slopes[k];
                }
                vjp += output_gradient * slope;
            }
            self.vjp[at] = vjp;
        }
    }
}

/// The splines that differ from 0 at a place within the grid, and the base function with its slope.
struct Near {
    first: usize,
    values: [f64; 4],
    slopes: [f64; 4],
    base: [f64; 2],
}

fn near(grid: SplineGrid, x: f64) -> Near {
    let h = grid.spacing();
    let u = (x - grid.low) / h;
    let (first, t) = (u.floor(), u - u.floor());
    let (mut values, mut before) = ([1.0, 0.0, 0.0, 0.0], [0.0; 4]);
    for degree in 1..4 {
        before = values;
        let mut saved = 0.0;
        for r in 0..degree {
            let (right, left) = ((r + 1) as f64 - t, t + (degree - r) as f64 - 1.0);
            let part = values[r] / (right + left);
            values[r] = saved + right * part;
            saved = left * part;
        }
        values[degree] = saved;
    }
    let slopes = [-before[0], before[0] - before[1], before[1] - before[2], before[2]].map(|slope| slope / h);
    let gate = 1.0 / (1.0 + libm::exp(-x));
    Near { first: first as usize, values, slopes, base: [x * gate, gate + x * gate * (1.0 - gate)] }
}

//! A three-layer network `f(x) = Σ_j a_j σ(b_j + Σ_l W_lj σ(w_l x + b_l))` and its gradient descent, full batch, on the
//! half mean square `(1/2n) Σ (f(x_i) - y_i)²`. It knows neither figures nor measures.
//!
//! A step reads and writes W once. Row l of it needs nothing of other rows to go all the way round: its pulls
//! `Σ_j g_ij W_lj` move `w_l` and `b_l`, its gradient `Σ_i h_il g_ij` moves the row, and the new row with the new `h_il`
//! adds to the next forward pass. Widths are filled up to eights with neurons at rest, which stay at rest as `σ(0) = 0`.

use crate::nets::activation::Activation;
use crate::training::stepwise::{Seen, Stepwise};
use crate::training::three_pass::{First, compare, turn, vjp};
use condense_experiment::Context;
use condense_num::each::add_scaled;
use condense_num::lanes::LANES;
use std::iter;

/// Eight neighbours in a row.
type Lanes = [f64; LANES];

/// Eights of rows of W that are worked on together: a part of a step, which any thread may take. What they give to the second
/// layer is summed first.
const PART: usize = 16;

/// Multiply-adds between two ticks: a few milliseconds.
const TICK: usize = 1 << 26;

/// All parameters of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Input weights of the first layer.
    pub w1: Vec<f64>,
    /// Biases of the first layer.
    pub b1: Vec<f64>,
    /// From the first layer to the second: a row for each neuron of the first.
    pub w2: Vec<f64>,
    /// Biases of the second layer.
    pub b2: Vec<f64>,
    /// Output weights.
    pub a: Vec<f64>,
}

/// A network in training.
#[derive(Clone, Debug)]
pub struct Training {
    activation: Activation,
    rate: f64,
    /// Neurons of the first and of the second layer.
    widths: [usize; 2],
    x: Vec<f64>,
    y: Vec<f64>,
    first: Vec<First>,
    w2: Vec<Lanes>,
    b2: Vec<Lanes>,
    a: Vec<Lanes>,
    /// `[σ, σ']` of the first layer: eight neurons at each point, then the next eight.
    tape: Vec<[Lanes; 2]>,
    /// Inputs of the second layer, then their `σ`: a row for each point.
    z: Vec<Lanes>,
    /// What every part of W but the first gives to these inputs.
    shares: Vec<Vec<Lanes>>,
    /// Their `σ'`, then the pulls `g` on them.
    g: Vec<Lanes>,
    /// `(f(x) - y) / n` at each point.
    output_gradients: Vec<f64>,
    losses: Vec<f64>,
}

impl Training {
    /// A network before its first step, and its samples.
    ///
    /// # Panics
    /// When the parameters are not as many as the widths ask for, or `x` and `y` are not pairs.
    pub fn new(activation: Activation, weights: &Weights, [x, y]: [&[f64]; 2], rate: f64) -> Self {
        let Weights { w1, b1, w2, b2, a } = weights;
        let (rows, cols, n) = (w1.len(), a.len(), x.len());
        assert_eq!((b1.len(), b2.len(), w2.len()), (rows, cols, rows * cols), "{rows} and {cols} neurons");
        assert_eq!(y.len(), n, "a target for each input");
        assert!(activation.value(0.0) == 0.0, "a neuron at rest must give nothing");
        let (high, wide) = (rows.div_ceil(LANES), cols.div_ceil(LANES));
        let first = packed(w1, high).into_iter().zip(packed(b1, high)).map(|(w, b)| First { w, b }).collect();
        let mut padded = vec![[0.0; LANES]; high * LANES * wide];
        for row in 0..rows {
            padded[row * wide..][..wide].copy_from_slice(&packed(&w2[row * cols..][..cols], wide));
        }
        let zeros = vec![[0.0; LANES]; n * wide];
        let mut training = Self {
            activation,
            rate,
            widths: [rows, cols],
            x: x.to_vec(),
            y: y.to_vec(),
            first,
            w2: padded,
            b2: packed(b2, wide),
            a: packed(a, wide),
            tape: vec![[[0.0; LANES]; 2]; n * high],
            z: zeros.clone(),
            shares: vec![zeros.clone(); high.div_ceil(PART).saturating_sub(1)],
            g: zeros,
            output_gradients: vec![0.0; n],
            losses: Vec::new(),
        };
        // Without output gradients a step moves nothing and only looks.
        training.step(&Context::plain());
        training
    }

    /// The parameters as they stand.
    pub fn weights(&self) -> Weights {
        let [rows, cols] = self.widths;
        let whole = |lanes: &[Lanes]| lanes.as_flattened()[..cols].to_vec();
        let column = |of: fn(&First) -> Lanes| -> Vec<f64> { self.first.iter().flat_map(of).take(rows).collect() };
        let w2 = self.w2.chunks(self.a.len().max(1)).take(rows).flat_map(whole).collect();
        Weights { w1: column(|first| first.w), b1: column(|first| first.b), w2, b2: whole(&self.b2), a: whole(&self.a) }
    }

    /// The loss at every step, from 0 to the present one.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// One step of descent, and the loss after it.
    fn step(&mut self, ctx: &Context) {
        let Self { activation, rate, x, y, first, w2, b2, a, tape, z, shares, g, output_gradients, .. } = self;
        vjp(*rate, output_gradients, [b2, a], [z, g]);
        for share in shares.iter_mut() {
            share.fill([0.0; LANES]);
        }
        let (rows, points) = (PART * LANES * a.len().max(1), PART * x.len().max(1));
        let layer = iter::once(&mut *z).chain(shares.iter_mut());
        let mut parts: Vec<_> =
            first.chunks_mut(PART).zip(w2.chunks_mut(rows)).zip(tape.chunks_mut(points)).zip(layer).collect();
        ctx.each(&mut parts, |(((first, w2), tape), z)| turn(*activation, *rate, x, first, w2, tape, (z, g)));
        for share in shares {
            add_scaled(1.0, share.as_flattened(), z.as_flattened_mut());
        }
        self.losses.push(compare(*activation, a, y, [z, g], output_gradients));
    }
}

impl Stepwise for Training {
    fn steps(&self) -> usize {
        self.losses.len() - 1
    }

    fn advance(&mut self, ctx: &Context) -> Seen {
        self.step(ctx);
        Seen { step: self.steps(), loss: self.losses[self.steps()] }
    }

    fn setting(&self) -> String {
        let (rate, [rows, cols]) = (self.rate, self.widths);
        format!("with rate {rate} and widths {rows} and {cols}")
    }

    fn stride(&self) -> usize {
        let work = 3 * self.x.len() * self.w2.len() * LANES;
        (TICK / work.max(1)).max(1)
    }
}

/// Numbers eight by eight, with zeros at the end.
fn packed(x: &[f64], blocks: usize) -> Vec<Lanes> {
    let mut packed = vec![[0.0; LANES]; blocks];
    packed.as_flattened_mut()[..x.len()].copy_from_slice(x);
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::Stop;
    use condense_num::level::same_on_all;
    use condense_num::rng::Stream;

    const BOTH: [Activation; 2] = [Activation::Relu, Activation::Tanh];

    fn samples(n: usize) -> (Vec<f64>, Vec<f64>) {
        let x: Vec<f64> = (0..n).map(|i| -1.0 + 2.0 * (i as f64 + 0.3) / n as f64).collect();
        let y = x.iter().map(|x| x * x - 0.3 * x).collect();
        (x, y)
    }

    fn draw(rows: usize, cols: usize) -> Weights {
        let mut stream = Stream::root(4);
        let mut normals = |count, std| stream.normals(count, std);
        let (w1, b1, w2) = (normals(rows, 1.0), normals(rows, 1.0), normals(rows * cols, 1.0 / (rows as f64).sqrt()));
        Weights { w1, b1, w2, b2: normals(cols, 0.1), a: normals(cols, 1.0 / (cols as f64).sqrt()) }
    }

    fn trained(activation: Activation, start: &Weights, n: usize, rate: f64, steps: usize) -> Training {
        let (x, y) = samples(n);
        let mut training = Training::new(activation, start, [&x, &y], rate);
        training.train_to(steps, &Context::plain()).expect("a gentle rate");
        training
    }

    fn flat(weights: &Weights) -> Vec<f64> {
        let Weights { w1, b1, w2, b2, a } = weights;
        [w1, b1, w2, b2, a].into_iter().flatten().copied().collect()
    }

    /// The loss, term by term.
    fn plain(activation: Activation, weights: &Weights, n: usize) -> f64 {
        let (x, y) = samples(n);
        let Weights { w1, b1, w2, b2, a } = weights;
        let error = |(x, y): (&f64, &f64)| {
            let h = |l: usize| activation.value(w1[l] * x + b1[l]);
            let z = |j: usize| b2[j] + (0..w1.len()).map(|l| h(l) * w2[l * a.len() + j]).sum::<f64>();
            let f: f64 = (0..a.len()).map(|j| a[j] * activation.value(z(j))).sum();
            (f - y) * (f - y)
        };
        x.iter().zip(&y).map(error).sum::<f64>() / (2.0 * n as f64)
    }

    #[test]
    fn a_step_follows_the_finite_differences_of_the_loss() {
        let (n, h, rate) = (7, 1e-6, 1.0);
        for (activation, rows, cols) in BOTH.into_iter().flat_map(|sigma| [(sigma, 3, 5), (sigma, 9, 17)]) {
            let start = draw(rows, cols);
            let training = trained(activation, &start, n, rate, 1);
            assert!((training.losses()[0] - plain(activation, &start, n)).abs() < 1e-12);
            assert!((training.losses()[1] - plain(activation, &training.weights(), n)).abs() < 1e-12);
            let (before, after) = (flat(&start), flat(&training.weights()));
            for at in 0..before.len() {
                let shifted = |by: f64| {
                    let mut moved = start.clone();
                    let Weights { w1, b1, w2, b2, a } = &mut moved;
                    *[w1, b1, w2, b2, a].into_iter().flatten().nth(at).expect("a parameter") += by;
                    plain(activation, &moved, n)
                };
                let slope = (shifted(h) - shifted(-h)) / (2.0 * h);
                let moved = before[at] - after[at];
                assert!((moved - rate * slope).abs() < 1e-7, "{activation:?} {rows} {cols}, {at}: {moved} {slope}");
            }
        }
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        for (activation, n, rows, cols) in
            BOTH.into_iter().flat_map(|sigma| [(sigma, 5, 11, 19), (sigma, 8, 8, 300), (sigma, 1, 1, 1)])
        {
            same_on_all(|| {
                let training = trained(activation, &draw(rows, cols), n, 0.05, 20);
                (training.weights(), training.losses().to_vec())
            });
        }
    }

    #[test]
    fn equal_neurons_stay_equal_to_the_last_bit() {
        for activation in BOTH {
            let (mut start, cols) = (draw(20, 30), 30);
            (start.b1[0], start.b2[0]) = (2.0, 1.0);
            for twin in [3, 9, 17] {
                (start.w1[twin], start.b1[twin]) = (start.w1[0], start.b1[0]);
                start.w2.copy_within(0..cols, twin * cols);
            }
            for twin in [2, 8, 29] {
                (start.b2[twin], start.a[twin]) = (start.b2[0], start.a[0]);
                (0..20).for_each(|row| start.w2[row * cols + twin] = start.w2[row * cols]);
            }
            let end = trained(activation, &start, 10, 0.05, 100).weights();
            assert!(end.w1[0] != start.w1[0] && end.a[0] != start.a[0]);
            for twin in [3, 9, 17] {
                assert_eq!((end.w1[twin], end.b1[twin]), (end.w1[0], end.b1[0]), "{activation:?}, neuron {twin}");
                assert_eq!(end.w2[twin * cols..][..cols], end.w2[..cols], "{activation:?}, neuron {twin}");
            }
            for twin in [2, 8, 29] {
                assert_eq!((end.b2[twin], end.a[twin]), (end.b2[0], end.a[0]), "{activation:?}, neuron {twin}");
                assert!((0..20).all(|row| end.w2[row * cols + twin] == end.w2[row * cols]));
            }
        }
    }

    #[test]
    fn a_diverging_run_names_its_step() {
        let (x, y) = samples(10);
        let mut training = Training::new(Activation::Tanh, &draw(20, 20), [&x, &y], 50.0);
        let stop = training.train_to(1000, &Context::plain()).unwrap_err();
        let Stop::Failed(why) = stop else { panic!("{stop}") };
        assert!(why.contains(&format!("at step {}, with rate 50 and widths 20 and 20", training.steps())), "{why}");
        assert!(training.losses()[..training.steps()].iter().all(|loss| loss.is_finite()));
    }
}

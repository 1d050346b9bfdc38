//! Splitting and null embeddings in networks of any depth and activation: what they do to the output and to the gradient.
//! They know no critical point: the gradient after an embedding is a linear image of the one before it, so it vanishes with it.
//!
//! Zhang et al., NeurIPS 2021, theorem 1 (splitting), and JML 2022, section 4 (null). In a network with biases in every layer the
//! bias of a null neuron is free: the derivative by its output weight is `σ(b)` times that by the bias of the next layer.

use crate::nets::activation::Activation;
use condense_num::rng::Stream;
use ndarray::Array2;

/// A dense network with biases; the last layer is linear.
#[derive(Clone, Debug, PartialEq)]
pub struct Deep {
    /// `σ` of all hidden layers.
    pub activation: Activation,
    /// One matrix a layer, outputs × (inputs + 1); the last column holds the biases.
    pub layers: Vec<Array2<f64>>,
}

/// The loss of a data set, `(1/n) Σ_i |f(x_i) - y_i|²`, and its gradient.
#[derive(Clone, Debug)]
pub struct Data {
    /// Inputs, one row a sample.
    pub x: Vec<Vec<f64>>,
    /// Targets, one row a sample.
    pub y: Vec<Vec<f64>>,
}

impl Deep {
    /// A network of these sizes (inputs, hidden layers, outputs), all parameters N(0, 1).
    pub fn random(activation: Activation, sizes: &[usize], rng: &mut Stream) -> Self {
        let layer = |pair: &[usize]| (pair[1], pair[0] + 1);
        let shapes: Vec<(usize, usize)> = sizes.windows(2).map(layer).collect();
        Self { activation, layers: shapes.iter().map(|&s| Array2::from_shape_fn(s, |_| rng.normal())).collect() }
    }

    /// What goes into each layer, and last what comes out of the network.
    fn signals(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut signals = vec![x.to_vec()];
        for (at, layer) in self.layers.iter().enumerate() {
            let hidden = at + 1 < self.layers.len();
            let next = pre_activations(layer, &signals[at]);
            signals.push(if hidden { next.iter().map(|z| self.activation.value(*z)).collect() } else { next });
        }
        signals
    }

    /// `f(x)`.
    pub fn output(&self, x: &[f64]) -> Vec<f64> {
        self.signals(x).pop().expect("a layer")
    }

    /// The gradient of the loss, in the shape of the layers.
    pub fn gradient(&self, data: &Data) -> Vec<Array2<f64>> {
        let mut gradient: Vec<Array2<f64>> = self.layers.iter().map(|layer| Array2::zeros(layer.dim())).collect();
        for (x, y) in data.x.iter().zip(&data.y) {
            let signals = self.signals(x);
            let output = signals.last().expect("a layer");
            let mut back: Vec<f64> = output.iter().zip(y).map(|(f, y)| 2.0 * (f - y) / data.x.len() as f64).collect();
            for at in (0..self.layers.len()).rev() {
                let (layer, input) = (&self.layers[at], &signals[at]);
                for ((j, k), slope) in gradient[at].indexed_iter_mut() {
                    *slope += back[j] * input.get(k).copied().unwrap_or(1.0);
                }
                if at > 0 {
                    let z = pre_activations(&self.layers[at - 1], &signals[at - 1]);
                    let through = |k: usize| (0..back.len()).map(|j| back[j] * layer[[j, k]]).sum::<f64>();
                    back = (0..z.len()).map(|k| through(k) * self.activation.slope(z[k])).collect();
                }
            }
        }
        gradient
    }

    /// One-step splitting of neuron `j` of hidden layer `at`: the copy comes last and takes `α` of its output weights.
    pub fn split(&self, at: usize, j: usize, alpha: f64) -> Self {
        let copied: Vec<f64> = self.layers[at].row(j).to_vec();
        let mut wide = self.widened(at, &copied);
        let last = wide.layers[at].nrows() - 1;
        for mut row in wide.layers[at + 1].rows_mut() {
            (row[j], row[last]) = ((1.0 - alpha) * row[j], alpha * row[j]);
        }
        wide
    }

    /// A null neuron in hidden layer `at`, of this bias: its input and output weights are zero.
    pub fn null(&self, at: usize, bias: f64) -> Self {
        let inputs = self.layers[at].ncols();
        let row: Vec<f64> = (0..inputs).map(|c| if c + 1 == inputs { bias } else { 0.0 }).collect();
        self.widened(at, &row)
    }

    /// The network with one neuron more in hidden layer `at`: its row of input weights, and output weights of zero.
    fn widened(&self, at: usize, row: &[f64]) -> Self {
        let mut layers = self.layers.clone();
        let (m, inputs) = self.layers[at].dim();
        layers[at] =
            Array2::from_shape_fn((m + 1, inputs), |(k, c)| if k < m { self.layers[at][[k, c]] } else { row[c] });
        layers[at + 1] = put_column(&self.layers[at + 1], |_| 0.0);
        Self { activation: self.activation, layers }
    }

    /// What a split does to a gradient: the output weights of both copies have that of the neuron, their input weights
    /// `1 - α` and `α` of it.
    pub fn split_gradient(gradient: &[Array2<f64>], at: usize, j: usize, alpha: f64) -> Vec<Array2<f64>> {
        let (mut wide, (m, inputs)) = (gradient.to_vec(), gradient[at].dim());
        wide[at] = Array2::from_shape_fn((m + 1, inputs), |(k, c)| match k {
            _ if k == m => alpha * gradient[at][[j, c]],
            _ if k == j => (1.0 - alpha) * gradient[at][[j, c]],
            _ => gradient[at][[k, c]],
        });
        wide[at + 1] = put_column(&gradient[at + 1], |row| gradient[at + 1][[row, j]]);
        wide
    }

    /// What a null neuron does to a gradient: its input weights have none, its output weights `σ(b)` of that of the biases.
    pub fn null_gradient(&self, gradient: &[Array2<f64>], at: usize, bias: f64) -> Vec<Array2<f64>> {
        let (mut wide, (m, inputs)) = (gradient.to_vec(), gradient[at].dim());
        wide[at] = Array2::from_shape_fn((m + 1, inputs), |(k, c)| if k < m { gradient[at][[k, c]] } else { 0.0 });
        let (next, value) = (&gradient[at + 1], self.activation.value(bias));
        wide[at + 1] = put_column(next, |row| value * next[[row, next.ncols() - 1]]);
        wide
    }
}

fn pre_activations(layer: &Array2<f64>, input: &[f64]) -> Vec<f64> {
    let one = |row: ndarray::ArrayView1<f64>| row.iter().zip(input.iter().chain([&1.0])).map(|(w, h)| w * h).sum();
    layer.rows().into_iter().map(one).collect()
}

/// A matrix with one more column before its last, the biases.
fn put_column(matrix: &Array2<f64>, entry: impl Fn(usize) -> f64) -> Array2<f64> {
    let (rows, columns) = matrix.dim();
    Array2::from_shape_fn((rows, columns + 1), |(r, c)| match c {
        _ if c + 1 == columns => entry(r),
        _ if c == columns => matrix[[r, columns - 1]],
        _ => matrix[[r, c]],
    })
}

/// The largest distance between two gradients, entry by entry.
pub fn apart(one: &[Array2<f64>], other: &[Array2<f64>]) -> f64 {
    let pairs = one.iter().zip(other).flat_map(|(one, other)| one.iter().zip(other));
    pairs.map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Activation; 6] = [
        Activation::Relu,
        Activation::Tanh,
        Activation::XTanh,
        Activation::X2Tanh,
        Activation::Sigmoid,
        Activation::Softplus,
    ];

    fn drawn(seed: u64, activation: Activation, depth: usize) -> (Deep, Data) {
        let mut rng = Stream::root(seed);
        let sizes: Vec<usize> = [2].into_iter().chain((0..depth).map(|_| 3)).chain([2]).collect();
        let net = Deep::random(activation, &sizes, &mut rng);
        let mut rows = || (0..5).map(|_| rng.normals(2, 1.0)).collect();
        (net, Data { x: rows(), y: rows() })
    }

    fn loss(net: &Deep, data: &Data) -> f64 {
        let rows = data.x.iter().zip(&data.y);
        let square =
            |(x, y): (&Vec<f64>, &Vec<f64>)| net.output(x).iter().zip(y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>();
        rows.map(square).sum::<f64>() / data.x.len() as f64
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (net, data) = drawn(3, Activation::Sigmoid, 3);
        let gradient = net.gradient(&data);
        for at in 0..net.layers.len() {
            for ((j, k), slope) in gradient[at].indexed_iter() {
                let moved = |h: f64| {
                    let mut moved = net.clone();
                    moved.layers[at][[j, k]] += h;
                    loss(&moved, &data)
                };
                assert!(((moved(1e-5) - moved(-1e-5)) / 2e-5 - slope).abs() < 1e-7, "layer {at}: {j}, {k}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn embeddings_keep_the_output_and_map_the_gradient(
            seed in any::<u64>(), kind in 0..6usize, depth in 1..4usize, layer in 0..3usize, j in 0..3usize,
            alpha in -2.0..3.0f64, bias in -2.0..2.0f64,
        ) {
            let (net, data) = drawn(seed, ALL[kind], depth);
            let (at, gradient) = (layer % depth, net.gradient(&data));
            let largest = gradient.iter().flatten().fold(1.0, |largest: f64, g| largest.max(g.abs()));
            let embedded = [
                (net.split(at, j, alpha), Deep::split_gradient(&gradient, at, j, alpha)),
                (net.null(at, bias), net.null_gradient(&gradient, at, bias)),
            ];
            for (wide, expected) in embedded {
                for x in &data.x {
                    let (f, g) = (net.output(x), wide.output(x));
                    prop_assert!(f.iter().zip(&g).all(|(f, g)| (f - g).abs() <= 1e-11 * (1.0 + f.abs())), "{f:?} {g:?}");
                }
                let off = apart(&wide.gradient(&data), &expected);
                prop_assert!(off <= 1e-10 * largest, "{off} of {largest}");
            }
        }
    }
}

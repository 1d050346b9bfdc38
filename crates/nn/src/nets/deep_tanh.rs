//! Deep fully connected tanh networks in double precision with one output: output and tangent functions.
//! They know no data and no training. There are no biases; a constant input makes one.

use condense_num::math::tanh;
use condense_num::rng::Stream;
use ndarray::Array2;

/// `f(x) = W_L tanh(W_{L-1} … tanh(W_1 x))`; the parameters are the entries of `W_1`, then of `W_2`, …, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct DeepTanh {
    /// `W_l`, outputs × inputs; the last has one row.
    pub layers: Vec<Array2<f64>>,
}

impl DeepTanh {
    /// Weights between 1 and 2 of either sign for these numbers of inputs and hidden neurons, drawn layer by layer: no neuron
    /// is close to linear at inputs of variance 1.
    pub fn random(inputs: usize, hidden: &[usize], rng: &mut Stream) -> Self {
        let sizes: Vec<usize> = [inputs].iter().chain(hidden).chain(&[1]).copied().collect();
        let mut weight = || if rng.below(2) == 0 { rng.uniform(1.0, 2.0) } else { -rng.uniform(1.0, 2.0) };
        let layer = |pair: &[usize]| Array2::from_shape_fn((pair[1], pair[0]), |_| weight());
        Self { layers: sizes.windows(2).map(layer).collect() }
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(Array2::len).sum()
    }

    /// The same function with every hidden neuron in parts of these shares (they sum to 1) and `silent` neurons of zeros in
    /// every hidden layer: one-step splittings and null neurons, layer by layer (Zhang et al. 2021, theorem 1).
    #[must_use]
    pub fn widened(&self, shares: &[f64], silent: usize) -> Self {
        let last = self.layers.len() - 1;
        let layer = |(l, narrow): (usize, &Array2<f64>)| {
            let (rows, columns) = narrow.dim();
            let wide = |count: usize| count * shares.len() + silent;
            let (height, width) =
                (if l == last { rows } else { wide(rows) }, if l == 0 { columns } else { wide(columns) });
            Array2::from_shape_fn((height, width), |(j, k)| {
                let row = if l == last { j } else { j / shares.len() };
                let (column, share) = if l == 0 { (k, 1.0) } else { (k / shares.len(), shares[k % shares.len()]) };
                if row < rows && column < columns { share * narrow[[row, column]] } else { 0.0 }
            })
        };
        Self { layers: self.layers.iter().enumerate().map(layer).collect() }
    }

    /// What goes into each layer at one sample.
    fn tape(&self, x: Vec<f64>) -> Vec<Vec<f64>> {
        let mut tape = vec![x];
        for w in &self.layers[..self.layers.len() - 1] {
            let h = tape.last().expect("the input");
            tape.push(w.rows().into_iter().map(|row| tanh(row.iter().zip(h).map(|(w, h)| w * h).sum())).collect());
        }
        tape
    }

    /// `f(x_i)` for each row of `x`.
    pub fn output(&self, x: &Array2<f64>) -> Vec<f64> {
        let top = &self.layers[self.layers.len() - 1];
        let output = |x: Vec<f64>| self.tape(x).last().map_or(0.0, |h| top.iter().zip(h).map(|(w, h)| w * h).sum());
        x.rows().into_iter().map(|row| output(row.to_vec())).collect()
    }

    /// The tangent functions on the samples: `J[i, p] = ∂f(x_i)/∂θ_p`.
    pub fn tangent(&self, x: &Array2<f64>) -> Array2<f64> {
        let mut tangent = Array2::zeros((x.nrows(), self.parameters()));
        for (i, row) in x.rows().into_iter().enumerate() {
            let tape = self.tape(row.to_vec());
            // ∂f/∂z for the layer at hand, from the output down; `end` is where its parameters end.
            let (mut pull, mut end) = (vec![1.0], self.parameters());
            for (w, h) in self.layers.iter().zip(&tape).rev() {
                end -= w.len();
                for (j, pull) in pull.iter().enumerate() {
                    for (k, h) in h.iter().enumerate() {
                        tangent[[i, end + j * w.ncols() + k]] = pull * h;
                    }
                }
                let through = |k: usize| pull.iter().enumerate().map(|(j, pull)| pull * w[[j, k]]).sum::<f64>();
                pull = h.iter().enumerate().map(|(k, h)| through(k) * (1.0 - h) * (1.0 + h)).collect();
            }
        }
        tangent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (DeepTanh, Array2<f64>) {
        let mut rng = Stream::root(5).fork("deep");
        let net = DeepTanh::random(3, &[2, 4, 2], &mut rng);
        let x = Array2::from_shape_fn((4, 3), |_| rng.normal());
        (net, x)
    }

    #[test]
    fn tangents_are_those_of_finite_differences() {
        let ((net, x), h) = (example(), 1e-6);
        let tangent = net.tangent(&x);
        assert_eq!(tangent.ncols(), 6 + 8 + 8 + 2);
        for p in 0..tangent.ncols() {
            let moved = |by: f64| {
                let mut net = net.clone();
                *net.layers.iter_mut().flat_map(|matrix| matrix.iter_mut()).nth(p).expect("a parameter") += by;
                net.output(&x)
            };
            for (i, (up, down)) in moved(h).into_iter().zip(moved(-h)).enumerate() {
                assert!(((up - down) / (2.0 * h) - tangent[[i, p]]).abs() < 1e-8, "sample {i}, parameter {p}");
            }
        }
    }

    #[test]
    fn widening_keeps_the_function() {
        let (net, x) = example();
        let wide = net.widened(&[0.6, -0.2, 0.6], 1);
        assert_eq!(wide.layers.iter().map(Array2::dim).collect::<Vec<_>>(), [(7, 3), (13, 7), (7, 13), (1, 7)]);
        for (f, g) in net.output(&x).into_iter().zip(wide.output(&x)) {
            assert!((f - g).abs() < 1e-14, "{f} {g}");
        }
    }
}

//! Two-layer tanh networks whose hidden neurons see a window of the input: fully connected, local, or convolutional.
//! It knows no data and no training; `training::fleet` trains eight of them at once.
//!
//! `f(x) = Σ_j a_j tanh(w_j · x[s_j .. s_j + W] + b_j)` for `x` in R^d. What differs between the three is only which numbers
//! of `θ` a neuron reads: in a convolution, neurons of one kernel read the same `w` and `b`. So there is one code for all.

use condense_num::each::tanh;
use condense_num::rng::Stream;
use ndarray::Array2;

/// Where a neuron finds its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first input of its window.
    pub window: usize,
    /// In `θ`: the first of its `W` input weights, which its bias follows.
    pub weights: usize,
    /// In `θ`: its output weight.
    pub output: usize,
}

/// The neurons of a network, each with a window of `W` inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout<const W: usize> {
    /// Inputs, `d`.
    pub inputs: usize,
    /// Numbers in `θ`.
    pub parameters: usize,
    /// The neurons.
    pub neurons: Vec<Place>,
}

impl<const W: usize> Layout<W> {
    /// `width` neurons that see all of `d = W` inputs: `width (W + 2)` parameters.
    pub fn full(width: usize) -> Self {
        let place = |j: usize| Place { window: 0, weights: j * (W + 2), output: j * (W + 2) + W + 1 };
        Self { inputs: W, parameters: width * (W + 2), neurons: (0..width).map(place).collect() }
    }

    /// `kernels` neurons at each of the `p = d + 1 − W` windows, of their own weights: `kernels p (W + 2)` parameters.
    ///
    /// # Panics
    /// When the window is larger than the input.
    pub fn local(inputs: usize, kernels: usize) -> Self {
        let positions = positions::<W>(inputs);
        let mut layout = Self { inputs, ..Self::full(kernels * positions) };
        layout.neurons.iter_mut().enumerate().for_each(|(j, place)| place.window = j % positions);
        layout
    }

    /// The same with shared weights: `kernels (W + 1 + p)` parameters, kernel by kernel, its output weights last.
    ///
    /// # Panics
    /// As [`local`](Self::local).
    pub fn convolution(inputs: usize, kernels: usize) -> Self {
        let positions = positions::<W>(inputs);
        let each = W + 1 + positions;
        let place = |kernel: usize, window: usize| Place {
            window,
            weights: kernel * each,
            output: kernel * each + W + 1 + window,
        };
        let neurons = (0..kernels).flat_map(|kernel| (0..positions).map(move |window| place(kernel, window)));
        Self { inputs, parameters: kernels * each, neurons: neurons.collect() }
    }

    /// Parameters, each normal with that standard deviation.
    pub fn random(&self, std: f64, rng: &mut Stream) -> Vec<f64> {
        rng.normals(self.parameters, std)
    }

    /// `f(x_i)` for each row of `x` (n × d).
    pub fn outputs(&self, theta: &[f64], x: &Array2<f64>) -> Vec<f64> {
        let mut sums = vec![0.0; x.nrows()];
        self.hidden(theta, x, |place, hidden| {
            for (sum, h) in sums.iter_mut().zip(hidden) {
                *sum += theta[place.output] * h;
            }
        });
        sums
    }

    /// The tangent functions on the samples: `J[i, p] = ∂f(x_i)/∂θ_p`, `n` × parameters.
    pub fn tangent(&self, theta: &[f64], x: &Array2<f64>) -> Array2<f64> {
        let mut tangent = Array2::zeros((x.nrows(), self.parameters));
        self.hidden(theta, x, |place, hidden| {
            for (i, &h) in hidden.iter().enumerate() {
                tangent[[i, place.output]] += h;
                let slope = theta[place.output] * (1.0 - h * h);
                for c in 0..W {
                    tangent[[i, place.weights + c]] += slope * x[[i, place.window + c]];
                }
                tangent[[i, place.weights + W]] += slope;
            }
        });
        tangent
    }

    /// Shows the values of each neuron at all samples.
    fn hidden(&self, theta: &[f64], x: &Array2<f64>, mut show: impl FnMut(Place, &[f64])) {
        let (mut sums, mut values) = (vec![0.0; x.nrows()], vec![0.0; x.nrows()]);
        for &place in &self.neurons {
            let weights = &theta[place.weights..=place.weights + W];
            for (sum, x) in sums.iter_mut().zip(x.rows()) {
                *sum = (0..W).fold(weights[W], |sum, c| sum + weights[c] * x[place.window + c]);
            }
            tanh(&sums, &mut values);
            show(place, &values);
        }
    }
}

fn positions<const W: usize>(inputs: usize) -> usize {
    assert!((1..=inputs).contains(&W), "a window of {W} does not fit {inputs} inputs");
    inputs + 1 - W
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::rank::Rank;
    use condense_num::math;

    fn inputs(n: usize) -> Array2<f64> {
        let mut rng = Stream::root(5).fork("inputs");
        Array2::from_shape_fn((n, 5), |_| rng.normal())
    }

    /// The source's target as a convolution of one kernel: weights (.6, .8, 1), no bias, outputs 1.
    const TARGET: [f64; 7] = [0.6, 0.8, 1.0, 0.0, 1.0, 1.0, 1.0];

    #[test]
    fn the_parameters_are_7_15_and_21_a_kernel() {
        for kernels in [1, 3, 10] {
            let counts = [
                Layout::<3>::convolution(5, kernels).parameters,
                Layout::<3>::local(5, kernels).parameters,
                Layout::<5>::full(3 * kernels).parameters,
            ];
            assert_eq!(counts, [7, 15, 21].map(|each| each * kernels));
        }
    }

    #[test]
    fn a_convolution_is_what_its_formula_says() {
        let x = inputs(4);
        let outputs = Layout::<3>::convolution(5, 1).outputs(&TARGET, &x);
        for (x, output) in x.rows().into_iter().zip(outputs) {
            let f: f64 = (0..3).map(|s| math::tanh(0.6 * x[s] + 0.8 * x[s + 1] + x[s + 2])).sum();
            assert!((f - output).abs() < 1e-14, "{f} {output}");
        }
    }

    fn tangent_agrees<const W: usize>(layout: &Layout<W>) {
        let (x, theta, h) = (inputs(6), layout.random(0.7, &mut Stream::root(1)), 1e-6);
        let tangent = layout.tangent(&theta, &x);
        for p in 0..theta.len() {
            let shifted = |by: f64| {
                let mut theta = theta.clone();
                theta[p] += by;
                layout.outputs(&theta, &x)
            };
            for (i, (up, down)) in shifted(h).iter().zip(shifted(-h)).enumerate() {
                assert!(((up - down) / (2.0 * h) - tangent[[i, p]]).abs() < 1e-8, "∂f(x_{i})/∂θ_{p}");
            }
        }
    }

    #[test]
    fn tangents_agree_with_central_differences() {
        tangent_agrees(&Layout::<5>::full(4));
        tangent_agrees(&Layout::<3>::local(5, 2));
        tangent_agrees(&Layout::<3>::convolution(5, 2));
    }

    /// The target's rank in each architecture, embedded by neurons that are silent: the optimistic sample sizes 7, 15 and 21.
    #[test]
    fn the_target_has_rank_7_15_and_21_however_wide_the_network() {
        let x = inputs(150);
        for kernels in [1, 2] {
            let convolution = Layout::<3>::convolution(5, kernels);
            let mut theta = vec![0.0; convolution.parameters];
            theta[..7].copy_from_slice(&TARGET);
            assert_eq!(Rank::of(&convolution.tangent(&theta, &x)).rank, 7);
            let local = Layout::<3>::local(5, kernels);
            let mut theta = vec![0.0; local.parameters];
            theta[..15].copy_from_slice(&[0.6, 0.8, 1.0, 0.0, 1.0].repeat(3));
            assert_eq!(Rank::of(&local.tangent(&theta, &x)).rank, 15);
            let full = Layout::<5>::full(3 * kernels);
            let mut theta = vec![0.0; full.parameters];
            for s in 0..3 {
                theta[7 * s + s..7 * s + s + 3].copy_from_slice(&TARGET[..3]);
                theta[7 * s + 6] = 1.0;
            }
            assert_eq!(Rank::of(&full.tangent(&theta, &x)).rank, 21);
        }
    }
}

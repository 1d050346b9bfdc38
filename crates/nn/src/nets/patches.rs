//! Two-layer tanh networks whose neurons look at patches of their input: with shared kernels, without sharing, with more
//! connections than the patch has, up to all. They know no data and no training.
//!
//! All of them are one fully connected network at the same point; what differs is which of its weights are free. A weight
//! that is absent takes its column out of the tangent matrix, weights that are shared add their columns up. So the tangent
//! space of a wiring lies in that of every wiring with more connections.

use crate::nets::tanh_net::TanhNet;
use ndarray::Array2;

/// Square patches of a square image (or intervals of a line), at every place where they fit: stride 1, valid padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// 1 for a line of inputs, 2 for an image.
    pub dims: u32,
    /// Inputs of a side, `d`.
    pub side: usize,
    /// Inputs of a patch's side, `s`.
    pub size: usize,
}

/// Which weights of the fully connected network are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// One kernel for all places: a convolution.
    Shared,
    /// Own weights at every place, for a window of this side that contains the patch: the patch alone at `s`, all inputs at `d`.
    Window(usize),
}

/// `f(x) = Σ_k Σ_p a_kp tanh(w_k·x_p + b_k)` with patches `x_p` (LeCun et al. 1998; Zhang et al., arXiv:2406.18035, §6).
#[derive(Clone, Debug, PartialEq)]
pub struct PatchNet {
    /// Where the kernels look.
    pub patches: Patches,
    /// Rows are kernels `w_k`, `s^dims` weights each, and last `b_k` where there are biases.
    pub kernels: Array2<f64>,
    /// `a_kp`, kernels × places.
    pub outputs: Array2<f64>,
}

impl Patches {
    /// Number of inputs, `d^dims`.
    pub fn inputs(&self) -> usize {
        self.side.pow(self.dims)
    }

    /// Number of places, `(d + 1 - s)^dims`.
    pub fn places(&self) -> usize {
        (self.side + 1 - self.size).pow(self.dims)
    }

    /// The inputs of a window of side `reach ≥ s` that contains the patch of a place; the patch itself at `reach = s`.
    pub fn window(&self, place: usize, reach: usize) -> Vec<usize> {
        let (steps, last) = (self.side + 1 - self.size, self.side - reach);
        let interval = |at: usize| at.min(last)..at.min(last) + reach;
        if self.dims == 1 {
            return interval(place).collect();
        }
        let (row, column) = (place / steps, place % steps);
        interval(row).flat_map(|r| interval(column).map(move |c| r * self.side + c)).collect()
    }
}

impl PatchNet {
    /// Whether kernels have biases.
    fn biased(&self) -> bool {
        self.kernels.ncols() > self.patches.size.pow(self.patches.dims)
    }

    /// The same function with every kernel in parts of these shares (they sum to 1), and `silent` kernels of zeros behind them.
    #[must_use]
    pub fn widened(&self, shares: &[f64], silent: usize) -> Self {
        let parts = self.kernels.nrows() * shares.len();
        let source = |k: usize| (k < parts).then(|| (k / shares.len(), shares[k % shares.len()]));
        let kernels = Array2::from_shape_fn((parts + silent, self.kernels.ncols()), |(k, r)| {
            source(k).map_or(0.0, |(kernel, _)| self.kernels[[kernel, r]])
        });
        let outputs = Array2::from_shape_fn((parts + silent, self.patches.places()), |(k, p)| {
            source(k).map_or(0.0, |(kernel, share)| share * self.outputs[[kernel, p]])
        });
        Self { patches: self.patches, kernels, outputs }
    }

    /// The fully connected network of the same function: a neuron for each kernel and place, 0 where it is not connected.
    /// Inputs are those of the image, and a last one that is always 1 where there are biases.
    pub fn full(&self) -> TanhNet {
        let places = self.patches.places();
        let inputs = self.patches.inputs() + usize::from(self.biased());
        let mut w = Array2::zeros((self.kernels.nrows() * places, inputs));
        for (neuron, mut row) in w.rows_mut().into_iter().enumerate() {
            let (kernel, mut patch) = (neuron / places, self.patches.window(neuron % places, self.patches.size));
            patch.extend(self.biased().then_some(inputs - 1));
            for (r, c) in patch.into_iter().enumerate() {
                row[c] = self.kernels[[kernel, r]];
            }
        }
        TanhNet::new(self.outputs.iter().copied().collect(), w)
    }

    /// The free parameters of a wiring: for each one the parameters of [`full`](Self::full) that it moves together.
    pub fn free(&self, wiring: Wiring) -> Vec<Vec<usize>> {
        let (places, kernels) = (self.patches.places(), self.kernels.nrows());
        let (neurons, bias) = (kernels * places, self.biased().then(|| self.patches.inputs()));
        let inputs = self.patches.inputs() + usize::from(self.biased());
        let weight = |neuron: usize, input: usize| neurons + neuron * inputs + input;
        let reach = if let Wiring::Window(reach) = wiring { reach } else { self.patches.size };
        let seen = |neuron: usize| self.patches.window(neuron % places, reach).into_iter().chain(bias);
        let outputs = (0..neurons).map(|neuron| vec![neuron]);
        let weights: Vec<Vec<usize>> = match wiring {
            Wiring::Window(_) => {
                (0..neurons).flat_map(|n| seen(n).map(|c| vec![weight(n, c)]).collect::<Vec<_>>()).collect()
            }
            Wiring::Shared => (0..kernels * self.kernels.ncols())
                .map(|at| (at / self.kernels.ncols(), at % self.kernels.ncols()))
                .map(|(k, r)| {
                    let own = k * places..(k + 1) * places;
                    own.map(|n| weight(n, seen(n).nth(r).expect("a patch has a weight for each of its kernel")))
                        .collect()
                })
                .collect(),
        };
        outputs.chain(weights).collect()
    }
}

/// The tangent functions by free parameters: columns of those of the full network, added up group by group.
pub fn tied(tangent: &Array2<f64>, free: &[Vec<usize>]) -> Array2<f64> {
    Array2::from_shape_fn((tangent.nrows(), free.len()), |(i, p)| free[p].iter().map(|&at| tangent[[i, at]]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::math::tanh;
    use condense_num::rng::Stream;

    fn net(dims: u32, biased: bool) -> PatchNet {
        let patches = Patches { dims, side: 4, size: 2 };
        let mut rng = Stream::root(3).fork("patches");
        let columns = 2usize.pow(dims) + usize::from(biased);
        let kernels = Array2::from_shape_fn((2, columns), |_| rng.normal());
        PatchNet { patches, kernels, outputs: Array2::from_shape_fn((2, patches.places()), |_| rng.normal()) }
    }

    /// The convolution as it is written in books: loops over kernels, places and the rows and columns of a patch.
    fn by_loops(net: &PatchNet, x: &[f64]) -> f64 {
        let Patches { dims, side, size } = net.patches;
        let (steps, mut f) = (side + 1 - size, 0.0);
        for k in 0..net.kernels.nrows() {
            for p in 0..net.patches.places() {
                let mut z = if net.biased() { net.kernels[[k, net.kernels.ncols() - 1]] } else { 0.0 };
                for r in 0..size.pow(dims) {
                    let at = if dims == 1 { p + r } else { (p / steps + r / size) * side + p % steps + r % size };
                    z += net.kernels[[k, r]] * x[at];
                }
                f += net.outputs[[k, p]] * tanh(z);
            }
        }
        f
    }

    fn samples(net: &PatchNet, n: usize) -> Array2<f64> {
        let mut rng = Stream::root(4).fork("samples");
        let inputs = net.patches.inputs();
        Array2::from_shape_fn(
            (n, inputs + usize::from(net.biased())),
            |(_, c)| if c < inputs { rng.normal() } else { 1.0 },
        )
    }

    #[test]
    fn the_full_network_is_the_convolution_and_widening_keeps_it() {
        for (dims, biased) in [(1, false), (1, true), (2, false), (2, true)] {
            let net = net(dims, biased);
            let x = samples(&net, 5);
            let wide = net.widened(&[0.3, -0.5, 1.2], 2);
            for (i, (f, g)) in net.full().output(&x).into_iter().zip(wide.full().output(&x)).enumerate() {
                assert!((f - by_loops(&net, &x.row(i).to_vec())).abs() < 1e-14 && (f - g).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn shared_tangents_are_those_of_finite_differences() {
        for (dims, biased) in [(1, true), (2, false)] {
            let (net, h) = (net(dims, biased), 1e-6);
            let x = samples(&net, 3);
            let tangent = tied(&net.full().tangent(&x), &net.free(Wiring::Shared));
            let outputs = net.outputs.len();
            assert_eq!(tangent.ncols(), outputs + net.kernels.len());
            for p in 0..tangent.ncols() {
                let moved = |by: f64| {
                    let mut net = net.clone();
                    let slot = if p < outputs {
                        net.outputs.iter_mut().nth(p)
                    } else {
                        net.kernels.iter_mut().nth(p - outputs)
                    };
                    *slot.expect("a parameter") += by;
                    (0..3).map(|i| by_loops(&net, &x.row(i).to_vec())).collect::<Vec<_>>()
                };
                for (i, (up, down)) in moved(h).into_iter().zip(moved(-h)).enumerate() {
                    assert!(((up - down) / (2.0 * h) - tangent[[i, p]]).abs() < 1e-8, "sample {i}, parameter {p}");
                }
            }
        }
    }

    #[test]
    fn windows_grow_from_the_patch_to_all_inputs() {
        let patches = Patches { dims: 2, side: 4, size: 2 };
        assert_eq!(patches.window(4, 2), [5, 6, 9, 10], "the middle one of nine places");
        assert_eq!(patches.window(8, 3), [5, 6, 7, 9, 10, 11, 13, 14, 15], "the last one, moved in");
        for place in 0..patches.places() {
            let patch = patches.window(place, 2);
            for reach in 2..=4 {
                let window = patches.window(place, reach);
                assert!(window.len() == reach * reach && patch.iter().all(|c| window.contains(c)));
            }
        }
        let net = net(2, false);
        let counts = [Wiring::Shared, Wiring::Window(2), Wiring::Window(4)].map(|wiring| net.free(wiring).len());
        assert_eq!(counts, [2 * (9 + 4), 2 * 9 * 5, 2 * 9 * 17]);
    }
}

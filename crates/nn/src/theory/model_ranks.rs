//! Models whose least rank over a target set is known by formula: a random target, a parameter point that attains the
//! least rank, and the tangent functions there. It knows no figures; ranks themselves are read off by `measures::rank`.
//!
//! Formulas are those of Zhang et al., arXiv:2406.18035 (tables 1 to 3; the journal's form of table 3) and arXiv:2211.11623
//! (tables 1 and 4); those of heads and splines are derived on the figures' pages.

use crate::nets::deep_tanh::DeepTanh;
use crate::nets::head_sum::HeadSum;
use crate::nets::patches::{PatchNet, Patches, Wiring, tied};
use crate::nets::tanh_net::TanhNet;
use crate::tasks::spline_target::SplineNet;
use crate::training::fit::Model as _;
use condense_num::rng::Stream;
use ndarray::Array2;

/// How a narrow target sits in a wider model: every unit in so many parts, and so many units of zeros beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width {
    /// Parts of each unit; 1 leaves it whole.
    pub parts: usize,
    /// Units of zeros.
    pub silent: usize,
}

/// A model with the size of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Model {
    /// `θ_0 + θ_1 x_1 + θ_2 x_2`.
    Linear,
    /// `θ_0 + θ_1 x_1 + θ_2 θ_3 x_2`, and whether the target depends on `x_2`.
    Product(bool),
    /// `Σ_j Π_l a_lj x_j`.
    Sparse {
        /// Number of inputs.
        inputs: usize,
        /// Factors of each.
        depth: usize,
        /// Inputs of which the target depends.
        used: usize,
    },
    /// `A B` with square factors.
    Factors {
        /// Rows of each factor.
        side: usize,
        /// Rank of the target.
        rank: usize,
    },
    /// Two-layer tanh network without bias.
    Tanh {
        /// Number of inputs.
        inputs: usize,
        /// Neurons of the target.
        neurons: usize,
        /// Neurons of the model.
        width: Width,
    },
    /// Two-layer tanh network on patches.
    Patch {
        /// Where kernels look.
        patches: Patches,
        /// Whether hidden neurons have biases.
        biased: bool,
        /// Kernels of the target.
        kernels: usize,
        /// What is connected and shared.
        wiring: Wiring,
        /// Kernels of the model.
        width: Width,
    },
    /// Deep tanh network without biases.
    Deep {
        /// Number of inputs.
        inputs: usize,
        /// Hidden neurons of the target, layer by layer.
        hidden: Vec<usize>,
        /// Hidden neurons of the model.
        width: Width,
    },
    /// Sum of attention heads.
    Heads {
        /// `d_model`.
        model: usize,
        /// Inner dimension of the target's one head.
        narrow: usize,
        /// Inner dimension of the model's heads.
        dim: usize,
        /// Heads of the model.
        width: Width,
    },
    /// Kolmogorov-Arnold network at the polynomial of [`SplineNet`].
    Spline {
        /// Splines of each grid.
        grid: usize,
        /// Hidden nodes of the model.
        width: Width,
    },
}

impl Model {
    /// The least rank over the target set.
    pub fn formula(&self) -> usize {
        match *self {
            Self::Linear => 3,
            Self::Product(dependent) => 2 + usize::from(dependent),
            Self::Sparse { used, .. } => used,
            Self::Factors { side, rank } => 2 * rank * side - rank * rank,
            Self::Tanh { inputs, neurons, .. } => neurons * (inputs + 1),
            Self::Patch { patches, biased, kernels, wiring, .. } => {
                kernels * patch_rank(patches, usize::from(biased), wiring)
            }
            Self::Deep { inputs, ref hidden, .. } => {
                let sizes: Vec<usize> = [inputs].iter().chain(hidden).chain(&[1]).copied().collect();
                sizes.windows(2).map(|pair| pair[0] * pair[1]).sum()
            }
            Self::Heads { model, narrow, .. } => 2 * (2 * model * narrow - narrow * narrow),
            Self::Spline { grid, .. } => SplineNet { width: 1, splines: grid, x: Vec::new() }.rank_by_hand(),
        }
    }

    /// What kind of model it is.
    pub fn family(&self) -> &'static str {
        match self {
            Self::Linear => "linear in two inputs",
            Self::Product(_) => "a product of two parameters",
            Self::Sparse { .. } => "products, input by input",
            Self::Factors { .. } => "matrix factorisation",
            Self::Tanh { .. } => "two-layer tanh",
            Self::Patch { wiring: Wiring::Shared, .. } => "convolution",
            Self::Patch { wiring: Wiring::Window(reach), patches, .. } if *reach == patches.side => "fully connected",
            Self::Patch { .. } => "no sharing",
            Self::Deep { .. } => "deep tanh",
            Self::Heads { .. } => "attention heads",
            Self::Spline { .. } => "KAN",
        }
    }

    /// The number of parameters of the model.
    pub fn parameters(&self) -> usize {
        match *self {
            Self::Linear => 3,
            Self::Product(_) => 4,
            Self::Sparse { inputs, depth, .. } => inputs * depth,
            Self::Factors { side, .. } => 2 * side * side,
            Self::Tanh { inputs, neurons, width } => width.of(neurons) * (inputs + 1),
            Self::Patch { patches, biased, kernels, wiring, width } => {
                width.of(kernels) * patch_rank(patches, usize::from(biased), wiring)
            }
            Self::Deep { inputs, ref hidden, width } => {
                let wide = hidden.iter().map(|narrow| width.of(*narrow));
                let sizes: Vec<usize> = [inputs].into_iter().chain(wide).chain([1]).collect();
                sizes.windows(2).map(|pair| pair[0] * pair[1]).sum()
            }
            Self::Heads { model, dim, width, .. } => 4 * width.of(1) * model * dim,
            Self::Spline { grid, width } => 3 * width.of(1) * grid,
        }
    }

    /// The tangent functions, a column for each parameter, at a point that attains the formula; rows are at least as many.
    pub fn tangent(&self, rng: &mut Stream) -> Array2<f64> {
        match *self {
            Self::Linear | Self::Product(_) => self.of_two_inputs(rng),
            Self::Sparse { inputs, depth, used } => sparse(inputs, depth, used, rng),
            Self::Factors { side, rank } => factors(side, rank, rng),
            Self::Tanh { inputs, neurons, width } => {
                let target = TanhNet::random(neurons, 1.0, &vec![1.0; inputs], rng);
                let target = if inputs == 1 { spread(target, rng) } else { target };
                let patches = Patches { dims: 1, side: inputs, size: inputs };
                let outputs = Array2::from_shape_fn((neurons, 1), |(k, _)| target.a[k]);
                let net = PatchNet { patches, kernels: target.w, outputs };
                let net = net.widened(&width.shares(rng), width.silent).full();
                net.tangent(&samples(2 * net.theta().len(), inputs, rng))
            }
            Self::Patch { patches, biased, kernels, wiring, width } => {
                let columns = patches.size.pow(patches.dims) + usize::from(biased);
                let net = PatchNet {
                    patches,
                    kernels: Array2::from_shape_fn((kernels, columns), |_| rng.normal()),
                    outputs: Array2::from_shape_fn((kernels, patches.places()), |_| rng.normal()),
                };
                let net = net.widened(&width.shares(rng), width.silent);
                let free = net.free(wiring);
                let mut x = samples(2 * free.len(), patches.inputs() + usize::from(biased), rng);
                if biased {
                    x.column_mut(patches.inputs()).fill(1.0);
                }
                tied(&net.full().tangent(&x), &free)
            }
            Self::Deep { inputs, ref hidden, width } => {
                let net = DeepTanh::random(inputs, hidden, rng).widened(&width.shares(rng), width.silent);
                // Neurons near saturation differ at few inputs only: more samples keep their tangent functions apart.
                net.tangent(&samples(4 * net.parameters() + 100, inputs, rng))
            }
            Self::Heads { model, narrow, dim, width } => {
                let net = HeadSum::random(model, narrow, rng).widened(dim, &width.shares(rng), width.silent);
                let tokens = 5;
                // A sequence tells little of `Q Kᵀ`, however many outputs it has: there are at least 2 D of them.
                let count = (2 * net.parameters()).div_ceil(tokens * model).max(2 * model);
                let sequences: Vec<_> = (0..count).map(|_| samples(tokens, model, rng)).collect();
                net.tangent(&sequences)
            }
            Self::Spline { grid, width } => {
                let (mut shares, x) = (width.shares(rng), lattice(grid).into_iter().collect());
                shares.resize(shares.len() + width.silent, 0.0);
                let net = SplineNet { width: shares.len(), splines: grid, x };
                net.tangent(&net.embedded(&shares))
            }
        }
    }

    fn of_two_inputs(&self, rng: &mut Stream) -> Array2<f64> {
        let x = samples(8, 2, rng);
        // θ_2 and θ_3, both 0 where the target does not depend on x_2: that is where the rank is least.
        let (theta2, theta3) = if *self == Self::Product(true) { (rng.normal(), rng.normal()) } else { (0.0, 0.0) };
        let row = |i: usize| match self {
            Self::Linear => vec![1.0, x[[i, 0]], x[[i, 1]]],
            _ => vec![1.0, x[[i, 0]], theta3 * x[[i, 1]], theta2 * x[[i, 1]]],
        };
        let rows: Vec<Vec<f64>> = (0..8).map(row).collect();
        Array2::from_shape_fn((8, rows[0].len()), |(i, p)| rows[i][p])
    }
}

/// The rank of one kernel. With sharing: its weights and its output weight at each place; else, at each place, the weights
/// of a neuron and its output weight.
fn patch_rank(patches: Patches, bias: usize, wiring: Wiring) -> usize {
    match wiring {
        Wiring::Shared => patches.size.pow(patches.dims) + bias + patches.places(),
        Wiring::Window(reach) => patches.places() * (reach.pow(patches.dims) + bias + 1),
    }
}

impl Width {
    /// Units of the model for so many units of the target.
    pub fn of(self, narrow: usize) -> usize {
        narrow * self.parts + self.silent
    }

    /// Random shares that sum to 1, one for each part.
    fn shares(self, rng: &mut Stream) -> Vec<f64> {
        let mut shares: Vec<f64> = (1..self.parts).map(|_| rng.uniform(0.2, 1.0)).collect();
        shares.push(1.0 - shares.iter().sum::<f64>());
        shares
    }
}

/// The same output weights, and input weights near 1/2, 3/2, 9/2, … of either sign: neurons of one input whose weights are
/// close have tangent functions that double precision cannot tell apart.
fn spread(net: TanhNet, rng: &mut Stream) -> TanhNet {
    let mut size = 0.5 / 3.0;
    let w = Array2::from_shape_fn(net.w.dim(), |_| {
        size *= 3.0;
        let sign = if rng.below(2) == 0 { 1.0 } else { -1.0 };
        sign * size * rng.uniform(0.8, 1.2)
    });
    TanhNet::new(net.a, w)
}

/// Standard normal inputs.
fn samples(count: usize, inputs: usize, rng: &mut Stream) -> Array2<f64> {
    Array2::from_shape_fn((count, inputs), |_| rng.normal())
}

/// Points of `[-1, 1]²` with its corners and its middle, so close that every cell of a grid holds some.
fn lattice(grid: usize) -> Array2<f64> {
    let side = (grid + 4) | 1;
    let at = |k: usize| 2.0 * k as f64 / (side - 1) as f64 - 1.0;
    Array2::from_shape_fn((side * side, 2), |(i, c)| at(if c == 0 { i / side } else { i % side }))
}

/// Columns are factors `a_lj`, for each input in turn: `x_j Π_(other l) a_lj`. Inputs that are not used have factors 0.
fn sparse(inputs: usize, depth: usize, used: usize, rng: &mut Stream) -> Array2<f64> {
    let a = Array2::from_shape_fn((inputs, depth), |(j, _)| if j < used { rng.normal() } else { 0.0 });
    let x = samples(2 * inputs * depth, inputs, rng);
    let others =
        |j: usize, l: usize| (0..depth).filter(|other| *other != l).map(|other| a[[j, other]]).product::<f64>();
    Array2::from_shape_fn((x.nrows(), inputs * depth), |(i, p)| x[[i, p / depth]] * others(p / depth, p % depth))
}

/// Rows are entries of `A B`, columns those of `A` and `B`; the inner dimension is used up to the rank.
fn factors(side: usize, rank: usize, rng: &mut Stream) -> Array2<f64> {
    let mut factor = || Array2::from_shape_fn((side, side), |_| rng.normal());
    let (mut a, mut b) = (factor(), factor());
    a.slice_mut(ndarray::s![.., rank..]).fill(0.0);
    b.slice_mut(ndarray::s![rank.., ..]).fill(0.0);
    Array2::from_shape_fn((side * side, 2 * side * side), |(i, p)| {
        let (row, column, (r, c)) = (i / side, i % side, (p % (side * side) / side, p % side));
        match (p < side * side, row == r, column == c) {
            (true, true, _) => b[[c, column]],
            (false, _, true) => a[[row, r]],
            _ => 0.0,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::rank::Rank;

    const WIDE: Width = Width { parts: 1, silent: 1 };

    #[test]
    fn one_model_of_each_kind_has_the_rank_of_its_formula() {
        let image = Patches { dims: 2, side: 3, size: 2 };
        let patch = |wiring, biased| Model::Patch { patches: image, biased, kernels: 1, wiring, width: WIDE };
        let models = [
            (Model::Linear, 3),
            (Model::Product(false), 2),
            (Model::Product(true), 3),
            (Model::Sparse { inputs: 4, depth: 3, used: 2 }, 2),
            (Model::Factors { side: 3, rank: 2 }, 8),
            (Model::Tanh { inputs: 2, neurons: 2, width: WIDE }, 6),
            (patch(Wiring::Shared, false), 4 + 4),
            (patch(Wiring::Shared, true), 5 + 4),
            (patch(Wiring::Window(2), false), 4 * 5),
            (patch(Wiring::Window(3), false), 4 * 10),
            (Model::Deep { inputs: 2, hidden: vec![2, 1], width: WIDE }, 4 + 2 + 1),
            (Model::Heads { model: 3, narrow: 1, dim: 2, width: WIDE }, 10),
            (Model::Spline { grid: 5, width: WIDE }, 12),
        ];
        for (model, by_hand) in models {
            let tangent = model.tangent(&mut Stream::root(1).fork("model"));
            assert_eq!(tangent.ncols(), model.parameters(), "{model:?}");
            let rank = Rank::of(&tangent);
            assert_eq!((rank.rank, model.formula()), (by_hand, by_hand), "{model:?}: {:?}", rank.singular);
        }
    }
}

//! The model rank at a parameter point: how many independent functions the tangent space holds.
//! It knows no network: it reads the rank off the singular values of sampled tangent functions.

use condense_num::svd::singular_values;
use condense_num::vector::norm;
use ndarray::Array2;

/// Singular values below this share of the largest are rounding: the columns are of length 1.
pub const THRESHOLD: f64 = 1e-9;

/// The rank of a matrix of sampled tangent functions, with what one needs to trust it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rank {
    /// Number of singular values kept: `dim span {∂_θi F(θ)(·)}` (deck: "Model rank").
    pub rank: usize,
    /// All singular values in units of the largest, falling; all 0 for a zero matrix.
    pub singular: Vec<f64>,
}

impl Rank {
    /// Reads the rank off a matrix `J[i, p] = ∂F(θ)(x_i)/∂θ_p` with at least as many samples as parameters
    /// (twice as many leaves room). Columns are scaled to length 1 first, which keeps the span.
    pub fn of(tangent: &Array2<f64>) -> Self {
        let singular = singular_values(&normalised(tangent));
        let largest = singular.first().copied().unwrap_or(0.0);
        let singular: Vec<f64> = singular.iter().map(|s| if largest > 0.0 { s / largest } else { 0.0 }).collect();
        Self { rank: singular.iter().filter(|&&s| s > THRESHOLD).count(), singular }
    }

    /// The smallest singular value kept (1 at rank 0, where nothing had to be told apart).
    pub fn kept(&self) -> f64 {
        self.rank.checked_sub(1).map_or(1.0, |last| self.singular[last])
    }

    /// The largest singular value dropped (0 at full rank).
    pub fn dropped(&self) -> f64 {
        self.singular.get(self.rank).copied().unwrap_or(0.0)
    }

    /// How far apart kept and dropped lie, as a ratio; rounding counts as at least half an ulp of 1, so that it is finite.
    pub fn gap(&self) -> f64 {
        self.kept() / self.dropped().max(f64::EPSILON / 2.0)
    }
}

/// The columns scaled to length 1; zero columns stay.
fn normalised(matrix: &Array2<f64>) -> Array2<f64> {
    let mut scaled = matrix.clone();
    for mut column in scaled.columns_mut() {
        let length = norm(&column.to_vec());
        if length > 0.0 {
            column.mapv_inplace(|x| x / length);
        }
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::tanh_net::TanhNet;
    use crate::theory::embed::{null, split};
    use condense_num::rng::Stream;

    fn samples(net: &TanhNet, rng: &mut Stream) -> Array2<f64> {
        Array2::from_shape_fn((3 * net.theta().len(), net.inputs()), |_| 2.0 * rng.normal())
    }

    #[test]
    fn a_generic_tanh_network_has_full_rank_and_embeddings_add_none() {
        for (seed, d) in [(1, 1), (2, 2), (3, 3)] {
            let mut rng = Stream::root(seed);
            let net = TanhNet::random(2, 1.0, &vec![1.0; d], &mut rng);
            for (wide, expected) in [
                (net.clone(), 2 * (d + 1)),
                (split(&net, 0, 0.4), 2 * (d + 1)),
                (split(&split(&net, 1, -1.0), 0, 0.5), 2 * (d + 1)),
                // A silent neuron at the origin adds the functions x_1 … x_d to the span only when its output weight is not 0.
                (null(&net), 2 * (d + 1)),
            ] {
                let rank = Rank::of(&wide.tangent(&samples(&wide, &mut rng)));
                assert_eq!(rank.rank, expected, "d = {d}, {wide:?}: {:?}", rank.singular);
            }
        }
    }

    #[test]
    fn a_zero_matrix_has_rank_zero_and_a_finite_gap() {
        let rank = Rank::of(&Array2::zeros((5, 3)));
        assert_eq!((rank.rank, rank.dropped()), (0, 0.0));
        assert!(rank.gap().is_finite());
    }

    #[test]
    fn the_scale_of_a_parameter_does_not_change_the_rank() {
        let mut tangent =
            Array2::from_shape_fn((6, 3), |(i, p)| (1.0 + i as f64).sqrt() * if p == 0 { 1.0 } else { i as f64 });
        for i in 0..6 {
            tangent[[i, 1]] *= 1e-12;
        }
        assert_eq!(Rank::of(&tangent).rank, 2);
    }
}

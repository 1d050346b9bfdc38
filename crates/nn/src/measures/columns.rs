//! What there is to see of a matrix whose columns are neurons: how many of them point the same way, and where to.
//! It knows no network.

use crate::measures::similarity::{cosines, pairs, share_above};
use condense_num::svd::svd;
use condense_num::vector::dot;
use ndarray::Array2;

/// A matrix, by its columns.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The share of pairs of columns whose |cosine| is above the bound.
    pub share: f64,
    /// `s_1² / Σ s²` of its singular values: 1 where all columns are multiples of one.
    pub energy: f64,
    /// The unit vector along which it is largest.
    leading: Vec<f64>,
}

impl Columns {
    /// Looks at columns of equal length, none of them 0.
    pub fn of(columns: &[&[f64]], bound: f64) -> Self {
        let decomposed = svd(&Array2::from_shape_fn((columns[0].len(), columns.len()), |(i, k)| columns[k][i]));
        let squares: f64 = decomposed.s.iter().map(|s| s * s).sum();
        Self {
            share: share_above(&pairs(&cosines(columns)), bound),
            energy: decomposed.s[0] * decomposed.s[0] / squares,
            leading: decomposed.u.column(0).to_vec(),
        }
    }

    /// |cosine| of a unit vector with the direction in which the matrix is largest.
    pub fn alignment(&self, direction: &[f64]) -> f64 {
        dot(&self.leading, direction).abs()
    }
}

/// |cosine| of the matrix `Σ_c l_c r_cᵀ` with `u vᵀ`, for unit vectors `u` and `v`; at least one column on each side must not be 0.
pub fn product_alignment(left: &[&[f64]], right: &[&[f64]], [u, v]: [&[f64]; 2]) -> f64 {
    let pairs = || left.iter().zip(right);
    let along: f64 = pairs().map(|(l, r)| dot(l, u) * dot(r, v)).sum();
    let square: f64 = pairs().flat_map(|(l, r)| pairs().map(move |(m, s)| dot(l, m) * dot(r, s))).sum();
    along.abs() / square.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_the_right_rank_one_is_aligned_and_two_such_at_right_angles_are_half() {
        let (one, two) = ([0.6, 0.8], [-0.8, 0.6]);
        let alone = product_alignment(&[&[1.2, 1.6]], &[&[-1.6, 1.2]], [&one, &two]);
        assert!((alone - 1.0).abs() < 1e-12);
        let both = product_alignment(&[&one, &two], &[&two, &one], [&one, &two]);
        assert!((both - 0.5_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn columns_of_one_direction_are_seen_as_one() {
        let columns = [[1.0, 2.0, 2.0], [-2.0, -4.0, -4.0], [0.5, 1.0, 1.0]];
        let columns: Vec<&[f64]> = columns.iter().map(<[f64; 3]>::as_slice).collect();
        let seen = Columns::of(&columns, 0.95);
        assert_eq!(seen.share, 1.0);
        assert!((seen.energy - 1.0).abs() < 1e-12);
        assert!((seen.alignment(&[1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn orthogonal_columns_share_nothing() {
        let columns = [[1.0, 0.0], [0.0, 1.0]];
        let columns: Vec<&[f64]> = columns.iter().map(<[f64; 2]>::as_slice).collect();
        let seen = Columns::of(&columns, 0.95);
        assert_eq!((seen.share, seen.energy), (0.0, 0.5));
    }
}

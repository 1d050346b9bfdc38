//! What there is to see of a matrix whose columns are neurons: how many of them point the same way, and where to.
//! It knows no network.

use crate::measures::similarity::{cosines, pairs, share_above};
use condense_num::each::{add_scaled, inner};
use condense_num::svd::svd;
use condense_num::vector::{dot, norm, unit};
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

/// The share `s_1² / Σ s²` of a matrix's squares that its largest singular value holds, by power iteration: for matrices that are
/// large, where [`Columns`] would take long; 0 of a matrix of zeros. The matrix lies row by row, `columns` numbers each.
pub fn leading_energy(matrix: &[f64], columns: usize) -> f64 {
    let squares = inner(matrix, matrix);
    if squares == 0.0 {
        return 0.0;
    }
    let mut v = vec![1.0 / (columns as f64).sqrt(); columns];
    let mut top = 0.0;
    for _ in 0..ITERATIONS {
        let mut next = vec![0.0; columns];
        matrix.chunks_exact(columns).for_each(|row| add_scaled(inner(row, &v), row, &mut next));
        // |MᵀM v| for a unit vector v comes to the largest s².
        top = norm(&next);
        v = unit(&next);
    }
    top / squares
}

/// Steps of the power iteration: enough where one singular value stands out, and where the largest are equal, for then every vector
/// between them will do. Where they are close and not equal the share is too low, by less than half a per cent of itself where the
/// start holds as much of the largest as of the others; it is lower only where the start is nearly orthogonal to the largest.
const ITERATIONS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_energy_by_power_iteration_is_that_of_the_decomposition() {
        let mut stream = condense_num::rng::Stream::root(4);
        let (left, right) = (stream.normals(30, 1.0), stream.normals(20, 1.0));
        let mut matrix = stream.normals(600, 0.3);
        matrix.iter_mut().enumerate().for_each(|(at, x)| *x += left[at / 20] * right[at % 20]);
        let columns: Vec<Vec<f64>> = (0..20).map(|k| matrix.iter().skip(k).step_by(20).copied().collect()).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let exact = Columns::of(&columns, 0.9).energy;
        assert!((leading_energy(&matrix, 20) - exact).abs() < 1e-9 && exact > 0.8, "{exact}");
    }

    /// The share was once 0/0.
    #[test]
    fn a_matrix_of_zeros_has_no_leading_energy() {
        assert_eq!(leading_energy(&[0.0; 6], 3), 0.0);
    }

    #[test]
    fn of_two_singular_values_the_larger_is_found_to_half_a_per_cent_however_close_they_are() {
        for ratio in [1.0, 0.9999, 0.999, 0.99, 0.987, 0.98, 0.95, 0.9, 0.5] {
            let (found, exact) = (leading_energy(&[1.0, 0.0, 0.0, ratio], 2), 1.0 / (1.0 + ratio * ratio));
            assert!((0.0..0.005).contains(&(1.0 + 1e-15 - found / exact)), "{ratio}: {found} for {exact}");
        }
    }

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

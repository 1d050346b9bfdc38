//! The cosine similarity of directions, and the order of rows in which its groups show as blocks.
//! It knows no network: input weights, kernels and columns of a transformer are all vectors here.

use condense_num::eigen;
use condense_num::vector::{dot, norm};
use ndarray::Array2;

/// `D(u, v) = u·v / (‖u‖ ‖v‖)` for all pairs. No vector may be 0.
pub fn cosines<V: AsRef<[f64]>>(vectors: &[V]) -> Array2<f64> {
    let vector = |k: usize| vectors[k].as_ref();
    let length: Vec<f64> = vectors.iter().map(|v| norm(v.as_ref())).collect();
    Array2::from_shape_fn((vectors.len(), vectors.len()), |(j, k)| dot(vector(j), vector(k)) / (length[j] * length[k]))
}

/// |cosine| of every pair: of the first vector with all before it (none), of the second, ….
pub fn pairs(cosines: &Array2<f64>) -> Vec<f64> {
    (0..cosines.nrows()).flat_map(|j| (0..j).map(move |k| cosines[[j, k]].abs())).collect()
}

/// The share of pairs above a bound; none of no pairs.
pub fn share_above(pairs: &[f64], bound: f64) -> f64 {
    pairs.iter().filter(|cosine| **cosine > bound).count() as f64 / pairs.len().max(1) as f64
}

/// [`cosines`] with the vectors in their [`leading_order`], so that those that point the same way stand together.
pub fn cosines_in_blocks<V: AsRef<[f64]>>(vectors: &[V]) -> Array2<f64> {
    let cosines = cosines(vectors);
    let order = leading_order(&cosines);
    Array2::from_shape_fn(cosines.dim(), |(row, column)| cosines[[order[row], order[column]]])
}

/// Indices by rising entry of the leading eigenvector, the source's order of rows (Zhou et al. 2022).
pub fn leading_order(similarity: &Array2<f64>) -> Vec<usize> {
    let n = similarity.nrows();
    let (_, vectors) = eigen::symmetric(similarity);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&j, &k| vectors[[j, n - 1]].total_cmp(&vectors[[k, n - 1]]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposite_groups_become_two_blocks() {
        let vectors = [[1.0, 0.1], [-2.0, 0.1], [3.0, -0.1], [-1.0, -0.1], [1.0, 0.0]];
        let cosines = cosines(&vectors);
        assert!((cosines[[0, 0]] - 1.0).abs() < 1e-15 && cosines[[0, 1]] < -0.95);
        let right: Vec<bool> = leading_order(&cosines).iter().map(|&k| vectors[k][0] > 0.0).collect();
        assert_eq!(right.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1, "{right:?}");
        let pairs = pairs(&cosines);
        assert_eq!(
            (pairs.len(), pairs[0], share_above(&pairs, 0.999), share_above(&[], 0.5)),
            (10, -cosines[[0, 1]], 0.3, 0.0)
        );
        let blocks = cosines_in_blocks(&vectors);
        assert!((1..5).all(|k| (blocks[[k - 1, k]] > 0.0) == (right[k - 1] == right[k])), "{blocks}");
    }
}

//! A target for blocks of attention: a single head of small inner rank, and the larger blocks that compute the same.
//! It knows no training. The block is that of [`readout`](crate::training::readout).

use crate::training::readout::{Part, Sizes};
use condense_num::rng::Stream;

/// One head whose four matrices have `rank` columns.
#[derive(Clone, Debug, PartialEq)]
pub struct OneHead {
    /// `d₀`.
    pub rank: usize,
    /// `D`.
    pub width: usize,
    /// `Q`, `K`, `V`, `O`, each rank × D, column by column.
    pub parts: [Vec<f64>; 4],
}

const PARTS: [Part; 4] = [Part::Query, Part::Key, Part::Value, Part::Output];

impl OneHead {
    /// Independent normals; the entries beyond the first `seen` coordinates are 0, so that the target sees those alone.
    pub fn random(rank: usize, width: usize, seen: usize, std: f64, rng: &mut Stream) -> Self {
        let mut entry = |coordinate: usize| if coordinate < seen { std * rng.normal() } else { 0.0 };
        let parts = PARTS.map(|_| (0..rank * width).map(|at| entry(at % width)).collect());
        Self { rank, width, parts }
    }

    /// The sizes of the head alone.
    pub fn sizes(&self, tokens: usize) -> Sizes {
        Sizes { tokens, width: self.width, head: self.rank, heads: 1 }
    }

    /// Parameters of a larger block with the same outputs: every head has the queries and keys of the target, and its share
    /// of the values; shares add up to 1, and heads with none of it are all 0. Columns beyond the rank are 0.
    ///
    /// # Panics
    /// When there is not one share a head, or the block is too small for the target.
    pub fn embedded(&self, sizes: Sizes, shares: &[f64]) -> Vec<f64> {
        assert!(sizes.head >= self.rank && sizes.width == self.width && sizes.heads == shares.len(), "it must fit in");
        let mut theta = vec![0.0; sizes.parameters()];
        // Scores are divided by √d; queries make up for the larger d.
        let sharper = (sizes.head as f64 / self.rank as f64).sqrt();
        for (head, share) in shares.iter().enumerate().filter(|(_, share)| **share != 0.0) {
            for (part, factor) in PARTS.into_iter().zip([sharper, 1.0, *share, 1.0]) {
                for (c, column) in self.parts[part as usize].chunks(self.width).enumerate() {
                    let place = &mut theta[sizes.column(head, part, c)];
                    place.iter_mut().zip(column).for_each(|(place, entry)| *place = factor * entry);
                }
            }
        }
        theta
    }

    /// The rank of the tangent space of a block there, by hand: a product `Q Kᵀ` of two D × d₀ matrices has `2 D d₀ - d₀²`
    /// free directions, and so has `V Oᵀ`.
    pub fn rank_by_hand(&self) -> usize {
        2 * (2 * self.width * self.rank - self.rank * self.rank)
    }

    /// The same where only `A_last · u` is seen, for a fixed `u`: then `V Oᵀ u` is one free vector of D numbers.
    pub fn read_rank_by_hand(&self) -> usize {
        2 * self.width * self.rank - self.rank * self.rank + self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::readout::{Task, outputs};

    #[test]
    fn larger_blocks_compute_the_same() {
        let mut rng = Stream::root(3);
        let target = OneHead::random(2, 4, 3, 0.7, &mut rng);
        assert!(target.parts.iter().flat_map(|part| part.chunks(4)).all(|column| column[3] == 0.0 && column[0] != 0.0));
        let task = Task { x: rng.normals(6 * 12, 1.0), y: vec![0.0; 6], read: rng.normals(4, 1.0) };
        let small = target.sizes(3);
        let own = outputs(small, &task, &target.embedded(small, &[1.0]));
        for (heads, head, shares) in [(1, 4, vec![1.0]), (3, 2, vec![0.5, 0.7, -0.2]), (2, 3, vec![0.0, 1.0])] {
            let sizes = Sizes { tokens: 3, width: 4, head, heads };
            let wide = outputs(sizes, &task, &target.embedded(sizes, &shares));
            assert!(own.iter().zip(&wide).all(|(one, other)| (one - other).abs() < 1e-12));
        }
    }

    #[test]
    fn ranks_by_hand_are_those_of_the_sheet() {
        let of = |rank, width| OneHead::random(rank, width, width, 1.0, &mut Stream::root(1));
        assert_eq!([4, 5, 6, 8].map(|width| of(2, width).rank_by_hand()), [24, 32, 40, 56]);
        assert_eq!([4, 8, 12].map(|width| of(1, width).read_rank_by_hand()), [11, 23, 35]);
    }
}

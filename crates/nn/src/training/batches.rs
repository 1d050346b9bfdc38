//! Which samples a step of training sees: all, or a few that are drawn anew for every step, without replacement.
//! It knows no network.

use condense_num::rng::Stream;

/// Draws batches.
#[derive(Clone, Debug)]
pub struct Batches {
    stream: Stream,
    seen: Vec<bool>,
}

impl Batches {
    /// All of so many samples are seen, until others are drawn.
    pub fn new(samples: usize, stream: Stream) -> Self {
        Self { stream, seen: vec![true; samples] }
    }

    /// Which samples are seen.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// Draws a batch of this size, but one sample at least and not more than there are; the number of its samples.
    pub fn draw(&mut self, size: usize) -> usize {
        let n = self.seen.len();
        let size = size.clamp(1, n);
        self.seen.fill(false);
        self.stream.permutation(n)[..size].iter().for_each(|&at| self.seen[at] = true);
        size
    }

    /// Sees all samples again; their number.
    pub fn all(&mut self) -> usize {
        self.seen.fill(true);
        self.seen.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_comes_as_often() {
        let mut batches = Batches::new(5, Stream::root(9));
        let drawn: Vec<Vec<bool>> = (0..4000).map(|_| (batches.draw(2), batches.seen().to_vec()).1).collect();
        for (i, j) in (0..5).flat_map(|i| (0..i).map(move |j| (i, j))) {
            // Each of ten pairs 400 times, with a deviation of 19.
            let times = drawn.iter().filter(|seen| (0..5).all(|at| seen[at] == (at == i || at == j))).count();
            assert!(times.abs_diff(400) < 90, "{i} {j}: {times}");
        }
    }

    #[test]
    fn a_batch_is_never_empty_nor_larger_than_the_samples() {
        for (asked, drawn) in [(0, 1), (1, 1), (5, 5), (9, 5)] {
            let mut batches = Batches::new(5, Stream::root(1));
            assert_eq!(batches.draw(asked), drawn);
            assert_eq!(batches.seen().iter().filter(|seen| **seen).count(), drawn);
        }
    }

    #[test]
    fn after_a_batch_all_can_be_seen_again() {
        let mut batches = Batches::new(3, Stream::root(1));
        batches.draw(1);
        assert_eq!((batches.all(), batches.seen()), (3, &[true; 3][..]));
    }
}

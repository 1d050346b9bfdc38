//! A convolutional network at a moment of its training: what it gets wrong, and how far its kernels have condensed.
//! It trains nothing; see [`conv`](crate::nets::conv) for that.

use crate::measures::measure::{Direction, amplitude, clusters};
use crate::measures::similarity::{cosines, pairs, share_above};
use crate::nets::conv::ConvNet;
use crate::nets::packed::Neuron;
use crate::tasks::images::Images;
use condense_experiment::Context;
use condense_experiment::row::row;
use condense_num::stats::median;

/// Pixels of a kernel's side.
pub const SIZE: usize = 3;
/// Kernels smaller than this part of the largest hardly count.
const TINY: f64 = 0.01;

/// A kernel, pixel by pixel, as a neuron of output weight 1.
pub type Kernel = Neuron<{ SIZE * SIZE }>;

row! {
    /// A network at a moment of its training.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ConvSnapshot {
        /// Steps taken.
        pub step: f64,
        /// Loss on the images shown of the training.
        pub loss: f64,
        /// Of the training and of the test: images put into a wrong class, and images shown.
        pub wrong: [[f64; 2]; 2],
        /// The kernels.
        pub kernels: Vec<Kernel>,
    }
}

/// How far kernels have condensed; opposite directions are one, as tanh is odd.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condensed {
    /// Directions.
    pub groups: f64,
    /// Directions of those kernels that are not tiny.
    pub large: f64,
    /// The share of pairs whose |cosine| is above each of two bounds.
    pub above: [f64; 2],
    /// The median |cosine|.
    pub median: f64,
}

impl ConvSnapshot {
    /// Looks at a network, on the first `seen` images of each set (training, test).
    pub fn of(net: &mut ConvNet, sets: &[Images; 2], seen: usize, ctx: &Context) -> Self {
        let [train, test] = sets.each_ref().map(|set| {
            let shown: Vec<usize> = (0..seen.min(set.labels.len())).collect();
            let (loss, right) = net.judge(set, &shown, ctx);
            [loss, (shown.len() - right) as f64, shown.len() as f64]
        });
        let weights = net.weights().kernels;
        let kernels = weights.as_chunks().0.iter().map(|w| Kernel { a: 1.0, w: w.map(f64::from) }).collect();
        Self { step: net.steps() as f64, loss: train[0], wrong: [[train[1], train[2]], [test[1], test[2]]], kernels }
    }

    /// How many numbers it is of, with so many kernels.
    pub fn numbers(kernels: usize) -> usize {
        7 + (SIZE * SIZE + 1) * kernels
    }

    /// Percent of images put into their class: of the training, of the test.
    pub fn accuracy(&self) -> [f64; 2] {
        self.wrong.map(|[wrong, shown]| 100.0 * (shown - wrong) / shown)
    }

    /// The kernels as vectors.
    pub fn vectors(&self) -> Vec<&[f64]> {
        self.kernels.iter().map(|kernel| kernel.w.as_slice()).collect()
    }

    /// How far the kernels have condensed: those whose |cosine| is above the first bound are one.
    pub fn condensed(&self, bounds: [f64; 2]) -> Condensed {
        let groups = |cut: f64| clusters(&self.kernels, Direction::Line, bounds[0], cut).len() as f64;
        let pairs = pairs(&cosines(&self.vectors()));
        let above = bounds.map(|bound| share_above(&pairs, bound));
        Condensed { groups: groups(0.0), large: groups(TINY), above, median: median(&pairs) }
    }

    /// How many kernels are tiny.
    pub fn tiny(&self) -> usize {
        let bound = TINY * amplitude(self.largest());
        self.kernels.iter().filter(|kernel| amplitude(kernel) < bound).count()
    }

    /// The lowest and the highest entry of the largest kernel, of length 1 and with its sum positive: where both are about
    /// 1/3 it is a blur.
    pub fn blur(&self) -> [f64; 2] {
        let largest = self.largest();
        let scale = largest.w.iter().sum::<f64>().signum() / amplitude(largest);
        let entries = largest.w.map(|w| w * scale);
        [
            entries.iter().copied().fold(f64::INFINITY, f64::min),
            entries.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ]
    }

    fn largest(&self) -> &Kernel {
        let larger = |most, own| if amplitude(own) > amplitude(most) { own } else { most };
        self.kernels.iter().fold(&self.kernels[0], larger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::row::{flat, typed};

    /// Three kernels along one line, one of them backwards and one tiny, and a fourth across.
    fn stage() -> ConvSnapshot {
        let along = [1.0; 9].map(|w: f64| w / 3.0);
        let across = [1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let kernels = [along.map(|w| -2.0 * w), along, along.map(|w| 1e-3 * w), across];
        let kernels = kernels.map(|w| Kernel { a: 1.0, w }).to_vec();
        ConvSnapshot { step: 40.0, loss: 0.5, wrong: [[3.0, 10.0], [1.0, 4.0]], kernels }
    }

    #[test]
    fn opposite_kernels_are_one_direction() {
        let seen = stage().condensed([0.95, 0.9]);
        assert_eq!((seen.groups, seen.large, seen.above, seen.median), (2.0, 2.0, [0.5; 2], 0.5));
    }

    #[test]
    fn the_largest_kernel_is_a_blur_and_a_tiny_one_is_counted() {
        let stage = stage();
        assert_eq!(stage.tiny(), 1);
        assert!(stage.blur().iter().all(|entry| (entry - 1.0 / 3.0).abs() < 1e-15), "{:?}", stage.blur());
    }

    #[test]
    fn a_stage_has_as_many_numbers_as_it_says() {
        let stage = stage();
        assert_eq!(stage.accuracy(), [70.0, 75.0]);
        assert_eq!(flat(&stage).len(), ConvSnapshot::numbers(4));
        assert_eq!(typed(&flat(&stage)), Some(stage));
    }
}

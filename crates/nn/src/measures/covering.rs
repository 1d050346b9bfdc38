//! The published count of effective neurons: the size of a minimal set of directions, one close to every neuron.
//! It knows neurons of one input and a bias alone: on a circle the minimum is found exactly.
//!
//! Zhang & Xu (arXiv:2207.05952, definition 1): the least number of unit vectors `u` such that every neuron's input weights
//! `w` have `u·w / ‖w‖ > c` for one of them, c = 0.95; divided by the number of neurons, it is their *effective ratio*.

use crate::measures::measure::{Direction, orientation};
use crate::nets::packed::Neuron;
use condense_num::math::atan2;
use std::f64::consts::TAU;

/// The least number of directions such that each neuron has one at a cosine above `cosine`. Every neuron counts, however weak.
///
/// A direction covers an open arc of `2 arccos c`. One of the arcs may be turned until it begins at a neuron, and then the
/// next begins at the first neuron that it leaves out, and so on; so the best of all first neurons is a minimum.
pub fn covering(neurons: &[Neuron<2>], cosine: f64) -> usize {
    let mut angles: Vec<f64> = neurons.iter().map(|neuron| orientation(neuron, Direction::Ray)).collect();
    angles.sort_by(f64::total_cmp);
    let (count, reach) = (angles.len(), 2.0 * atan2((1.0 - cosine * cosine).sqrt(), cosine));
    // Twice around, so that every circle begins at one of the first `count`.
    let around: Vec<f64> = angles.iter().copied().chain(angles.iter().map(|angle| angle + TAU)).collect();
    let arcs_from = |first: usize| {
        let (mut at, mut arcs) = (first, 0);
        while at < first + count {
            let end = around[at] + reach;
            at += around[at..].partition_point(|angle| *angle < end).max(1);
            arcs += 1;
        }
        arcs
    };
    (0..count).map(arcs_from).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::math::{cos, sin};

    fn at(angles: &[f64]) -> Vec<Neuron<2>> {
        angles.iter().map(|angle| Neuron { a: 0.1, w: [3.0 * cos(*angle), 3.0 * sin(*angle)] }).collect()
    }

    #[test]
    fn groups_count_once_each_and_opposite_ones_twice() {
        assert_eq!(covering(&at(&[0.3, 0.35, 0.2, 2.0]), 0.95), 2);
        assert_eq!(covering(&at(&[0.3, 0.3 - std::f64::consts::PI]), 0.95), 2);
        assert_eq!(covering(&[], 0.95), 0);
    }

    #[test]
    fn a_group_across_the_seam_of_angles_is_one() {
        assert_eq!(covering(&at(&[3.0, 3.1, -3.1, -3.0]), 0.95), 1);
    }

    #[test]
    fn a_full_circle_takes_as_many_arcs_as_fit_around_it() {
        let all: Vec<f64> = (0..1000).map(|k| -3.1 + 0.0062 * f64::from(k)).collect();
        // An arc of cosine 0.95 is 0.635 wide: 2π of it is 9.9.
        assert_eq!(covering(&at(&all), 0.95), 10);
        // A walk that began at the neuron at 0 would take three.
        assert_eq!(covering(&at(&[0.0, 0.5, 1.0, -0.1]), 0.95), 2);
    }
}

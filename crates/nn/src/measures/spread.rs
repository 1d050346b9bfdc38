//! How evenly the amplitude of a network is spread over orientations, and a few neurons that stand for all.
//! It knows neurons alone; see [`measure`](crate::measures::measure) for what amplitude and orientation are.

use crate::measures::measure::{Direction, sectors};
use crate::nets::packed::Neuron;
use condense_experiment::row::row;
use condense_num::math;

row! {
    /// How evenly amplitude is spread over equal sectors of the circle of orientations.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Spread {
        /// Entropy of the sectors' shares, over that of equal shares: 1 is everywhere, 0 is one sector.
        pub entropy: f64,
        /// The share of the few fullest sectors.
        pub top: f64,
    }
}

impl Spread {
    /// Over so many `sectors`, of which the `few` fullest count for [`Spread::top`].
    pub fn of(neurons: &[Neuron<2>], count: usize, few: usize) -> Self {
        let mut shares = sectors(neurons, Direction::Ray, count);
        let entropy = entropy(&shares);
        shares.sort_by(|one, other| other.total_cmp(one));
        Self { entropy, top: shares.iter().take(few).sum() }
    }
}

/// `-Σ p ln p` over its largest value.
fn entropy(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().filter(|&&p| p > 0.0).map(|&p| -p * math::ln(p)).sum();
    sum / math::ln(shares.len() as f64)
}

/// So many of all features (orientation, amplitude): sorted by amplitude and cut into equal parts, the largest of each part.
pub fn by_amplitude(mut features: Vec<[f64; 2]>, count: usize) -> Vec<[f64; 2]> {
    features.sort_by(|one, other| one[1].total_cmp(&other[1]));
    let count = count.min(features.len());
    (1..=count).map(|part| features[part * features.len() / count - 1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_lies_between_one_sector_and_all() {
        assert_eq!(entropy(&[0.0, 1.0, 0.0]), 0.0);
        assert!((entropy(&[0.25; 4]) - 1.0).abs() < 1e-15);
        assert!((entropy(&[0.5, 0.5, 0.0, 0.0]) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn the_fullest_sectors_hold_what_points_into_them() {
        let at = |w: [f64; 2], a: f64| Neuron { a, w };
        let neurons = [at([1.0, 0.1], 3.0), at([-1.0, 0.1], 5.0), at([-1.0, -0.1], 2.0)];
        let spread = Spread::of(&neurons, 4, 2);
        assert!((spread.top - 0.8).abs() < 1e-12, "{spread:?}");
    }

    #[test]
    fn of_equal_parts_the_largest_are_shown() {
        let features: Vec<[f64; 2]> = [0.5, 0.1, 1.0, 0.2, 0.4, 0.3].map(|amplitude| [0.0, amplitude]).into();
        let amplitudes = |count| by_amplitude(features.clone(), count).into_iter().map(|of| of[1]).collect::<Vec<_>>();
        assert_eq!(amplitudes(3), [0.2, 0.4, 1.0]);
        assert_eq!(amplitudes(99).len(), 6);
    }
}

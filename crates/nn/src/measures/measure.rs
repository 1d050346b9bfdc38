//! How far a hidden layer has condensed: amplitudes, orientations, clusters and the effective number of directions.
//! It knows neurons alone, not how they were trained; a neuron is `(a, w)` with the bias as the last entry of `w`.

use crate::nets::packed::Neuron;
use condense_num::math::atan2;
use condense_num::vector::{dot, norm};
use std::f64::consts::PI;

/// Which input weights point the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `w` and `-w` differ.
    Ray,
    /// `w` and `-w` are one: right for an odd `σ`, where `(a, w)` and `(-a, -w)` are the same neuron.
    Line,
}

impl Direction {
    /// The angle that all directions fill: a full turn, or half of one.
    pub fn span(self) -> f64 {
        match self {
            Self::Ray => 2.0 * PI,
            Self::Line => PI,
        }
    }
}

/// What a neuron weighs: `|a| ‖w‖`.
pub fn amplitude<const D: usize>(neuron: &Neuron<D>) -> f64 {
    neuron.a.abs() * norm(&neuron.w)
}

/// Where `(w, b)` points, an angle in `[-π, π)` for rays and in `[-π/2, π/2)` for lines.
pub fn orientation(neuron: &Neuron<2>, direction: Direction) -> f64 {
    let (angle, half) = (atan2(neuron.w[1], neuron.w[0]), direction.span() / 2.0);
    match direction {
        _ if angle >= half => angle - 2.0 * half,
        _ if angle < -half => angle + 2.0 * half,
        _ => angle,
    }
}

/// Every neuron as the feature plots show it: its [`orientation`], and its [`amplitude`] over the largest.
pub fn features(neurons: &[Neuron<2>], direction: Direction) -> Vec<[f64; 2]> {
    let largest = neurons.iter().map(amplitude).fold(0.0, f64::max);
    neurons.iter().map(|neuron| [orientation(neuron, direction), amplitude(neuron) / largest]).collect()
}

/// Neurons that point the same way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cluster<const D: usize> {
    /// The strongest of them.
    pub leader: Neuron<D>,
    /// How many they are.
    pub neurons: usize,
    /// Their share of the amplitude of the whole network.
    pub share: f64,
}

/// Greedy clusters: neurons weaker than `cut` times the strongest are left out; the others, strongest first, join the
/// first cluster whose leader makes a cosine above `cosine` with them, or lead a new one.
pub fn clusters<const D: usize>(neurons: &[Neuron<D>], direction: Direction, cosine: f64, cut: f64) -> Vec<Cluster<D>> {
    let total: f64 = neurons.iter().map(amplitude).sum();
    let strongest = neurons.iter().map(amplitude).fold(0.0, f64::max);
    let mut active: Vec<&Neuron<D>> = neurons.iter().filter(|n| amplitude(n) > cut * strongest).collect();
    active.sort_by(|one, other| amplitude(other).total_cmp(&amplitude(one)));
    let mut clusters: Vec<Cluster<D>> = Vec::new();
    for neuron in active {
        let share = amplitude(neuron) / total;
        match clusters.iter_mut().find(|cluster| similarity(&cluster.leader, neuron, direction) > cosine) {
            Some(cluster) => {
                cluster.neurons += 1;
                cluster.share += share;
            }
            None => clusters.push(Cluster { leader: *neuron, neurons: 1, share }),
        }
    }
    clusters
}

/// The cosine between two neurons' input weights; its size alone for lines.
pub fn similarity<const D: usize>(one: &Neuron<D>, other: &Neuron<D>, direction: Direction) -> f64 {
    let cosine = dot(&one.w, &other.w) / (norm(&one.w) * norm(&other.w));
    if direction == Direction::Line { cosine.abs() } else { cosine }
}

/// The sector into which a neuron points.
fn sector(neuron: &Neuron<2>, direction: Direction, bins: usize) -> usize {
    let turn = orientation(neuron, direction) / direction.span() + 0.5;
    ((turn * bins as f64) as usize).min(bins - 1)
}

/// How many neurons point into each of `bins` equal sectors of the `(w, b)` plane.
pub fn sector_counts(neurons: &[Neuron<2>], direction: Direction, bins: usize) -> Vec<usize> {
    let mut counts = vec![0; bins];
    for neuron in neurons {
        counts[sector(neuron, direction, bins)] += 1;
    }
    counts
}

/// The share of the amplitude in each of `bins` equal sectors of the `(w, b)` plane.
pub fn sectors(neurons: &[Neuron<2>], direction: Direction, bins: usize) -> Vec<f64> {
    let mut shares = vec![0.0; bins];
    let total: f64 = neurons.iter().map(amplitude).sum();
    for neuron in neurons {
        shares[sector(neuron, direction, bins)] += amplitude(neuron) / total;
    }
    shares
}

/// The effective number of directions `1 / Σ p²` of shares `p`: k equal shares give k.
pub fn effective(shares: &[f64]) -> f64 {
    1.0 / shares.iter().map(|p| p * p).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Line, Ray};
    use condense_num::math;
    use condense_num::rng::Stream;

    fn at(angle: f64, amplitude: f64) -> Neuron<2> {
        Neuron { a: -2.0 * amplitude, w: [0.5 * math::cos(angle), 0.5 * math::sin(angle)] }
    }

    #[test]
    fn amplitude_and_orientation_are_polar_coordinates() {
        for angle in [-3.1, -1.6, -0.4, 0.0, 1.5, 3.0] {
            assert!((amplitude(&at(angle, 3.0)) - 3.0).abs() < 1e-15);
            assert!((orientation(&at(angle, 1.0), Ray) - angle).abs() < 1e-15);
        }
        assert!((orientation(&at(3.0, 1.0), Line) - (3.0 - PI)).abs() < 1e-15);
        assert!((orientation(&at(-1.6, 1.0), Line) - (PI - 1.6)).abs() < 1e-15);
        let left = Neuron { a: 1.0, w: [-1.0, 0.0] };
        assert_eq!([orientation(&left, Ray), orientation(&left, Line)], [-PI, 0.0]);
        assert_eq!([sector(&left, Ray, 4), sector(&left, Line, 4), sector(&at(3.1, 1.0), Ray, 4)], [0, 2, 3]);
        assert_eq!(sector_counts(&[left, at(3.1, 1.0), left], Ray, 4), [2, 0, 0, 1]);
        assert_eq!(features(&[left, at(0.0, 4.0)], Ray), [[-PI, 0.25], [0.0, 1.0]]);
    }

    #[test]
    fn clusters_are_those_that_were_put_there() {
        let neurons = [at(0.30, 2.0), at(2.0, 1.0), at(0.32, 4.0), at(0.3 - PI, 1.0), at(-1.0, 0.01)];
        let rays = clusters(&neurons, Ray, 0.995, 0.01);
        assert_eq!(rays.iter().map(|c| c.neurons).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(rays[0].leader, neurons[2]);
        assert!((rays[0].share - 6.0 / 8.01).abs() < 1e-12);
        assert_eq!(clusters(&neurons, Line, 0.995, 0.01).len(), 2);
        assert_eq!(clusters(&neurons, Ray, 0.995, 0.0).len(), 4);
        assert_eq!(clusters::<2>(&[], Ray, 0.995, 0.01), []);
    }

    #[test]
    fn equal_shares_count_themselves() {
        for k in [1, 3, 12] {
            let neurons: Vec<_> =
                (0..k).map(|i| at(-PI + (f64::from(i) + 0.5) * 2.0 * PI / f64::from(k), 0.7)).collect();
            let shares = sectors(&neurons, Ray, 36);
            assert!((effective(&shares) - f64::from(k)).abs() < 1e-12);
        }
        let opposite = [at(0.7, 1.0), at(0.7 - PI, 1.0)];
        assert!((effective(&sectors(&opposite, Line, 18)) - 1.0).abs() < 1e-12);
        assert!((effective(&sectors(&opposite, Ray, 18)) - 2.0).abs() < 1e-12);
        // Shares 3/4 and 1/4: 1 / (9/16 + 1/16).
        let uneven = [at(0.1, 3.0), at(1.9, 1.0)];
        assert!((effective(&sectors(&uneven, Ray, 36)) - 1.6).abs() < 1e-12);
    }

    #[test]
    fn the_order_of_neurons_does_not_matter() {
        let mut stream = Stream::root(5).fork("order");
        let neurons: Vec<_> = (0..40).map(|_| at(stream.uniform(-PI, PI), stream.unit())).collect();
        let mut shuffled = neurons.clone();
        for k in (1..shuffled.len()).rev() {
            shuffled.swap(k, stream.below(k + 1));
        }
        assert_ne!(neurons, shuffled);
        let leaders = |n: &[Neuron<2>]| clusters(n, Ray, 0.9, 0.01).iter().map(|c| c.leader).collect::<Vec<_>>();
        assert_eq!(leaders(&neurons), leaders(&shuffled));
        for direction in [Ray, Line] {
            let d = |n: &[Neuron<2>]| effective(&sectors(n, direction, 36));
            assert!((d(&neurons) - d(&shuffled)).abs() < 1e-10);
        }
    }
}

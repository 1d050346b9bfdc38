//! By which power of the width the input weights move at one point of the phase plane, measured and held against theory.
//! It knows no training: relative distances come in, one a width.

use crate::theory::phase_plane::{Point, Regime};
use condense_num::math;
use condense_num::stats::{Fit, line_fit, sorted};

/// The relative distances of the input weights at rising widths, and the power law through them.
#[derive(Clone, Debug)]
pub struct Scaling {
    /// Where.
    pub at: Point,
    /// m.
    pub widths: Vec<f64>,
    /// `ln RD(θ_w)` at each width.
    pub distances: Vec<f64>,
    /// `ln RD` over `ln m`; its slope is the paper's `S_w`.
    pub fit: Fit,
}

impl Scaling {
    /// Fits the power law; two widths or more.
    pub fn of(at: Point, widths: &[usize], distances: Vec<f64>) -> Self {
        let widths: Vec<f64> = widths.iter().map(|&m| m as f64).collect();
        let logs: Vec<f64> = widths.iter().map(|&m| math::ln(m)).collect();
        let fit = line_fit(&logs, &distances);
        Self { at, widths, distances, fit }
    }

    /// How far `S_w` is from theory.
    pub fn error(&self) -> f64 {
        (self.fit.slope - self.at.exponent()).abs()
    }

    /// By how much `S_w` from width number `i` to the next exceeds theory.
    pub fn excess(&self, i: usize) -> f64 {
        let slope = (self.distances[i + 1] - self.distances[i]) / math::ln(self.widths[i + 1] / self.widths[i]);
        slope - self.at.exponent()
    }

    /// By how much the slope over the two largest widths is farther from theory than that over the two smallest.
    pub fn drift(&self) -> f64 {
        self.excess(self.widths.len() - 2).abs() - self.excess(0).abs()
    }

    /// `RD` that the power law gives at a width.
    pub fn fitted(&self, m: f64) -> f64 {
        math::exp(self.fit.at(math::ln(m)))
    }

    /// By which share the largest `RD` exceeds the smallest.
    pub fn spread(&self) -> f64 {
        let sorted = sorted(&self.distances);
        math::expm1(sorted[sorted.len() - 1] - sorted[0])
    }

    /// Whether the weights move as the theorems say, ever farther or ever less far.
    pub fn agrees(&self) -> bool {
        (self.fit.slope > 0.0) == (self.at.regime() == Regime::Condensed)
    }
}

/// Where the slope of each row of a map turns positive, by linear interpolation between its `columns`.
pub fn zeros(map: &[Scaling], columns: usize) -> Vec<Point> {
    let crossing = |pair: &[Scaling]| {
        let [(x0, s0), (x1, s1)] = [&pair[0], &pair[1]].map(|point| (point.at.gamma, point.fit.slope));
        let gamma = x0 + (x1 - x0) * s0 / (s0 - s1);
        (s0 < 0.0 && s1 >= 0.0).then_some(Point { gamma, gamma_prime: pair[0].at.gamma_prime })
    };
    map.chunks(columns).filter_map(|row| row.windows(2).find_map(crossing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `RD = m^slope` at widths 1, 10 and 100.
    fn power(gamma: f64, slope: f64) -> Scaling {
        let distances = [1.0, 10.0, 100.0].map(|m: f64| slope * math::ln(m)).to_vec();
        Scaling::of(Point { gamma, gamma_prime: 0.1 }, &[1, 10, 100], distances)
    }

    #[test]
    fn an_exact_power_law_has_its_slope_everywhere() {
        let point = power(1.5, 0.3);
        let excess = 0.3 - point.at.exponent();
        assert!((point.error() - excess.abs()).abs() < 1e-14);
        assert!((point.excess(1) - excess).abs() < 1e-14 && point.drift().abs() < 1e-14);
        assert!((point.fitted(1000.0) - math::pow(1000.0, 0.3)).abs() < 1e-12);
        assert!((point.spread() - (math::pow(100.0, 0.3) - 1.0)).abs() < 1e-12);
        assert!(point.agrees() && !power(1.5, -0.3).agrees() && power(0.5, -0.3).agrees());
    }

    #[test]
    fn zeros_are_interpolated() {
        let row = [power(0.5, -0.4), power(1.0, -0.1), power(1.4, 0.3)];
        let found = zeros(&row, 3);
        assert_eq!(found.len(), 1);
        assert!((found[0].gamma - 1.1).abs() < 1e-12);
        assert!(zeros(&row[..2], 2).is_empty());
    }
}

//! The phase plane of two-layer ReLU networks: a point (γ, γ'), the regime there, and how far its weights move.
//! It knows no network and no training; all of this is what theory says of the limit of infinite width.

use condense_num::math;
use std::fmt;

/// A family of initialisations, one for each width m: `κ = m^-γ`, `κ' = m^-γ'` (Luo, Xu, Ma & Zhang, JMLR 2021, §3.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// γ: how fast the output of one neuron shrinks.
    pub gamma: f64,
    /// γ': how fast the output weights shrink against the input weights.
    pub gamma_prime: f64,
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "({}, {})", self.gamma, self.gamma_prime)
    }
}

/// What becomes of the input weights as the width grows (Luo et al., Theorems 1 and 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// They hardly move: training is that of a linear model.
    Linear,
    /// The boundary, which belongs to neither theorem.
    Critical,
    /// They move ever farther, and condense.
    Condensed,
}

impl Regime {
    /// From the lazy end to the other.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Critical, Self::Condensed];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Critical => "critical",
            Self::Condensed => "condensed",
        }
    }
}

impl Point {
    /// `κ` at width m.
    pub fn kappa(self, m: f64) -> f64 {
        math::pow(m, -self.gamma)
    }

    /// `κ'` at width m.
    pub fn kappa_prime(self, m: f64) -> f64 {
        math::pow(m, -self.gamma_prime)
    }

    /// `S_w`, the power of m by which the relative distance of the input weights grows as m → ∞.
    ///
    /// To fit, `mκ a w` must become of order 1, while each neuron keeps `κ' a² - |w|²/κ'`. The cases say which layer has to
    /// move, and from what size. The theorems of the paper give the sign alone.
    pub fn exponent(self) -> f64 {
        let Self { gamma, gamma_prime } = self;
        let excess = gamma - 1.0;
        if excess <= 0.0 {
            excess - 2.0 * gamma_prime.max(0.0)
        } else if gamma_prime > excess {
            2.0 * (excess - gamma_prime)
        } else if gamma_prime >= -excess {
            (excess - gamma_prime) / 2.0
        } else {
            excess
        }
    }

    /// The regime at the point. What lies within 1e-9 of the boundary lies on it, whatever the rounding of decimals.
    pub fn regime(self) -> Regime {
        if self.distance() < 1e-9 {
            Regime::Critical
        } else if self.gamma > 1.0 && self.gamma_prime < self.gamma - 1.0 {
            Regime::Condensed
        } else {
            Regime::Linear
        }
    }

    /// The distance in the plane from the boundary: the rays from (1, 0) straight down and to the upper right.
    pub fn distance(self) -> f64 {
        let (x, y) = (self.gamma - 1.0, self.gamma_prime);
        let length = |x: f64, y: f64| (x * x + y * y).sqrt();
        let along = (0.5 * (x + y)).max(0.0);
        length(x, y.max(0.0)).min(length(x - along, y - along))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> impl Iterator<Item = Point> {
        let axis = |low: f64| (0..41).map(move |i| low + 0.05 * f64::from(i) + 1e-3);
        axis(0.0).flat_map(move |gamma| axis(-1.0).map(move |gamma_prime| Point { gamma, gamma_prime }))
    }

    #[test]
    fn the_sign_of_the_exponent_is_that_of_the_theorems() {
        let decided = grid().filter(|at| at.regime() != Regime::Critical);
        for at in decided {
            assert_eq!(at.exponent() > 0.0, at.regime() == Regime::Condensed, "{at:?}");
        }
    }

    #[test]
    fn the_wedge_has_an_inside_an_outside_and_an_edge() {
        let regimes =
            |points: [(f64, f64); 3]| points.map(|(gamma, gamma_prime)| Point { gamma, gamma_prime }.regime());
        assert_eq!(regimes([(1.5, 0.0), (2.0, 0.9), (1.1, -3.0)]), [Regime::Condensed; 3]);
        assert_eq!(regimes([(0.9, -2.0), (1.5, 0.6), (1.0, 1.0)]), [Regime::Linear; 3]);
        assert_eq!(regimes([(1.0, 0.0), (1.0, -2.0), (1.5, 0.5)]), [Regime::Critical; 3]);
    }

    #[test]
    fn the_exponent_is_continuous() {
        for Point { gamma, gamma_prime } in grid() {
            let near = |dx: f64, dy: f64| Point { gamma: gamma + dx, gamma_prime: gamma_prime + dy }.exponent();
            let jump = (near(0.05, 0.0) - near(0.0, 0.0)).abs().max((near(0.0, 0.05) - near(0.0, 0.0)).abs());
            assert!(jump <= 0.1 + 1e-12, "jump of {jump} at γ = {gamma}, γ' = {gamma_prime}");
        }
    }

    #[test]
    fn distances_are_those_of_the_drawing() {
        let at = |gamma, gamma_prime| Point { gamma, gamma_prime }.distance();
        let diagonal = 0.5f64.sqrt();
        let pairs = [
            (at(1.0, -0.7), 0.0),
            (at(1.4, 0.4), 0.0),
            (at(0.5, 0.0), 0.5),
            (at(1.3, -0.4), 0.3),
            (at(1.5, 0.0), 0.5 * diagonal),
            (at(1.0, 0.5), 0.5 * diagonal),
            (at(0.7, 0.1), 0.1f64.sqrt()),
        ];
        for (k, (distance, expected)) in pairs.into_iter().enumerate() {
            assert!((distance - expected).abs() < 1e-12, "case {k}: {distance} instead of {expected}");
        }
    }

    #[test]
    fn scales_are_powers_of_the_width() {
        let at = Point { gamma: 0.5, gamma_prime: -1.0 };
        assert!((at.kappa(100.0) - 0.1).abs() < 1e-15 && (at.kappa_prime(100.0) - 100.0).abs() < 1e-12);
    }
}

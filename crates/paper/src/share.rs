//! A share of seeds: at how many of them something holds, and what that says of all others.
//! It knows no claims.

use serde::{Deserialize, Serialize};

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Where it holds.
    pub held: usize,
    /// Where it was measured.
    pub of: usize,
}

/// The quantile of the normal distribution that leaves 2.5 % on each side.
const NORMAL: f64 = 1.959_963_984_540_054;

impl Share {
    /// How many of these are true.
    pub fn of(held: impl IntoIterator<Item = bool>) -> Self {
        held.into_iter().fold(Self { held: 0, of: 0 }, |share, held| Self {
            held: share.held + usize::from(held),
            of: share.of + 1,
        })
    }

    /// Whether it holds wherever it was measured.
    pub fn whole(self) -> bool {
        self.held == self.of
    }

    /// As a number from 0 to 1; nothing measured is 0.
    pub fn value(self) -> f64 {
        self.held as f64 / (self.of as f64).max(1.0)
    }

    /// The 95 % score interval of the probability behind it.
    ///
    /// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    pub fn interval(self) -> [f64; 2] {
        if self.of == 0 {
            return [0.0, 1.0];
        }
        let (share, n, square) = (self.value(), self.of as f64, NORMAL * NORMAL);
        let middle = share + square / (2.0 * n);
        let half = NORMAL * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
        [-half, half].map(|half| ((middle + half) / (1.0 + square / n)).clamp(0.0, 1.0))
    }

    /// The interval in words: "70 to 97 %".
    pub fn interval_text(self) -> String {
        let [low, high] = self.interval().map(|end| (100.0 * end).round());
        format!("{low} to {high} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // Computed by SciPy 1.17: scipy.stats.binomtest(k, n).proportion_ci(method="wilson").
        for (held, of, low, high) in [
            (20, 20, 0.838_874_841_947_180_8, 1.0),
            (13, 20, 0.432_854_276_685_236_3, 0.818_808_175_897_918_9),
            (0, 5, 0.0, 0.434_482_464_783_174_76),
        ] {
            let [a, b] = Share { held, of }.interval();
            assert!((a - low).abs() < 1e-9 && (b - high).abs() < 1e-9, "{held} of {of}: {a} {b}");
        }
        assert_eq!(Share { held: 18, of: 20 }.interval_text(), "70 to 97 %");
    }

    #[test]
    fn nothing_measured_says_nothing() {
        assert_eq!(Share::of([]).interval(), [0.0, 1.0]);
        assert_eq!(Share::of([]).value(), 0.0);
        assert_eq!(Share::of([true, false, true]), Share { held: 2, of: 3 });
    }
}

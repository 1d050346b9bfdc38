//! Plateaus of a training curve: where it falls least for a while, on logarithmic axes. The rule is told no level: flat is what
//! falls more slowly than `1/t`, a slope below 1, and of that the flattest place counts. It knows no network.

use condense_num::math::{exp, ln};

/// The flattest place of a stretch between two drops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// The time of the flattest place.
    pub time: f64,
    /// The loss there.
    pub loss: f64,
    /// `-d ln L / d ln t` there.
    pub slope: f64,
    /// The first and the last time of the stretch.
    pub stretch: [f64; 2],
}

/// Times of the grid from one decade to the next: a place is flat over a quarter of one.
const PER_DECADE: f64 = 8.0;

/// A curve on a grid of equal ratios: `(ln t, ln L)`, by interpolation.
fn on_grid(curve: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let logs: Vec<[f64; 2]> = curve.iter().filter(|row| row[0] > 0.0).map(|row| row.map(ln)).collect();
    let (Some(first), Some(last)) = (logs.first(), logs.last()) else { return Vec::new() };
    let step = ln(10.0) / PER_DECADE;
    let count = ((last[0] - first[0]) / step) as usize;
    let mut at = 0;
    let value = |k: usize| {
        let t = k as f64 * step + first[0];
        while at + 2 < logs.len() && logs[at + 1][0] < t {
            at += 1;
        }
        let ([t0, l0], [t1, l1]) = (logs[at], logs[at + 1]);
        [t, l0 + (l1 - l0) * ((t - t0) / (t1 - t0)).clamp(0.0, 1.0)]
    };
    if logs.len() < 2 { Vec::new() } else { (0..=count).map(value).collect() }
}

/// `-d ln L / d ln t` of a curve of rows `(t, L)`, `t` rising and `L > 0`, over two steps of the grid: rows `(t, L, slope)`.
pub fn slopes(curve: &[[f64; 2]]) -> Vec<[f64; 3]> {
    let slope = |w: &[[f64; 2]]| [exp(w[1][0]), exp(w[1][1]), (w[0][1] - w[2][1]) / (w[2][0] - w[0][0])];
    on_grid(curve).windows(3).map(slope).collect()
}

/// The plateaus: each stretch after the first drop on which the loss falls more slowly than `1/t`. Of a stretch, the place
/// that counts is the first at which the fall is slowest before it quickens again, or the last of it where it never does.
pub fn plateaus(curve: &[[f64; 2]]) -> Vec<Plateau> {
    let slopes = slopes(curve);
    let drop = slopes.iter().position(|row| row[2] >= 1.0).unwrap_or(slopes.len());
    let stretches = slopes[drop..].split(|row| row[2] >= 1.0).filter(|stretch| !stretch.is_empty());
    let plateau = |rows: &[[f64; 3]]| {
        let flat = rows.windows(2).position(|pair| pair[1][2] > pair[0][2]).unwrap_or(rows.len() - 1);
        let [time, loss, slope] = rows[flat];
        Plateau { time, loss, slope, stretch: [rows[0][0], rows[rows.len() - 1][0]] }
    };
    stretches.map(plateau).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::stats::logspace;

    /// Two levels, 0.5 and 0.01, each left by a steep drop.
    fn staircase(t: f64) -> f64 {
        5.0 / (1.0 + t * t * t * t) + 0.5 / (1.0 + (t / 1e3) * (t / 1e3) * (t / 1e3)) + 0.01
    }

    #[test]
    fn a_staircase_has_its_levels() {
        let curve: Vec<[f64; 2]> = logspace(0.1, 1e7, 900).into_iter().map(|t| [t, staircase(t)]).collect();
        let found = plateaus(&curve);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((found[0].loss / 0.51 - 1.0).abs() < 0.02 && found[0].slope < 0.01, "{found:?}");
        assert!((found[1].loss / 0.01 - 1.0).abs() < 0.02, "{found:?}");
        assert!(found[0].stretch[0] < 10.0 && found[0].stretch[1] > 300.0);
    }

    #[test]
    fn a_power_law_has_its_slope_and_no_plateau() {
        let curve: Vec<[f64; 2]> = logspace(1.0, 1e4, 77).into_iter().map(|t| [t, 3.0 / (t * t)]).collect();
        assert!(slopes(&curve).iter().all(|row| (row[2] - 2.0).abs() < 1e-9));
        assert_eq!(plateaus(&curve), []);
        assert_eq!(plateaus(&[[1.0, 2.0]]), []);
    }
}

//! Small statistics: averages, quantiles, straight-line fits, a test of uniformity, and evenly spaced points.
//! It knows nothing of what the numbers mean; every sum runs from the first element to the last.

use crate::math;

/// The arithmetic mean; 0 of nothing.
pub fn mean(x: &[f64]) -> f64 {
    if x.is_empty() { 0.0 } else { total(x) / x.len() as f64 }
}

/// The standard deviation about the mean of n numbers, with divisor n; 0 of nothing.
pub fn std(x: &[f64]) -> f64 {
    let center = mean(x);
    mean(&x.iter().map(|x| (x - center) * (x - center)).collect::<Vec<f64>>()).sqrt()
}

/// A copy in ascending order.
pub fn sorted(x: &[f64]) -> Vec<f64> {
    let mut copy = x.to_vec();
    copy.sort_by(f64::total_cmp);
    copy
}

/// The middle value (the mean of the middle two).
///
/// # Panics
/// Of nothing.
pub fn median(x: &[f64]) -> f64 {
    quantile(x, 0.5)
}

/// The quantile at a share between 0 and 1, interpolated between order statistics (Hyndman & Fan 1996, type 7).
///
/// # Panics
/// Of nothing.
pub fn quantile(x: &[f64], share: f64) -> f64 {
    assert!(!x.is_empty(), "nothing has no quantile");
    let sorted = sorted(x);
    let place = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let (part, low, high) = (place - place.floor(), sorted[below], sorted[above]);
    // Towards infinity there is nothing to interpolate: 0 · ∞ and ∞ − ∞ are no numbers.
    if high == f64::INFINITY && (part == 0.0 || low == high) {
        return low;
    }
    part.mul_add(high - low, low)
}

/// A straight line by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Change of y a unit of x.
    pub slope: f64,
    /// y at x = 0.
    pub intercept: f64,
    /// The share of the variance of y that the line explains; 1 where y does not vary.
    pub r2: f64,
}

impl Fit {
    /// y at x.
    pub fn at(&self, x: f64) -> f64 {
        self.slope.mul_add(x, self.intercept)
    }
}

/// Fits `y = slope x + intercept`.
///
/// # Panics
/// When the lengths differ, or all x are the same.
pub fn line_fit(x: &[f64], y: &[f64]) -> Fit {
    assert_eq!(x.len(), y.len(), "a line needs one y an x");
    let (x_mean, y_mean) = (mean(x), mean(y));
    let moment = |u: &[f64], u_mean: f64, v: &[f64], v_mean: f64| -> f64 {
        u.iter().zip(v).fold(0.0, |sum, (u, v)| (u - u_mean).mul_add(v - v_mean, sum))
    };
    let xx = moment(x, x_mean, x, x_mean);
    assert!(xx > 0.0, "a line needs two different x");
    let (xy, yy) = (moment(x, x_mean, y, y_mean), moment(y, y_mean, y, y_mean));
    let slope = xy / xx;
    Fit { slope, intercept: slope.mul_add(-x_mean, y_mean), r2: if yy > 0.0 { slope * xy / yy } else { 1.0 } }
}

/// Pearson's test that all bins are equally likely: the statistic, and the chance of one as large under that hypothesis.
///
/// # Panics
/// With fewer than two bins, or nothing counted.
pub fn chi_square_uniform(counts: &[usize]) -> (f64, f64) {
    let expected = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    assert!(counts.len() > 1 && expected > 0.0, "uniformity needs two bins and something in them");
    let statistic =
        counts.iter().fold(0.0, |sum, &count| sum + (count as f64 - expected) * (count as f64 - expected)) / expected;
    (statistic, gamma_q((counts.len() - 1) as f64 / 2.0, statistic / 2.0))
}

/// The regularised upper incomplete gamma function Q(a, x), for a > 0 and x >= 0.
///
/// The series of P below x = a + 1, the continued fraction above (modified Lentz; Press et al., *Numerical Recipes*, §6.2).
pub fn gamma_q(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = math::exp(a.mul_add(math::ln(x), -x) - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * f64::EPSILON {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return front.mul_add(-sum, 1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / f64::MIN_POSITIVE, 1.0 / b);
    let mut fraction = d;
    for i in 1..10_000 {
        let numerator = f64::from(i) * (a - f64::from(i));
        b += 2.0;
        d = 1.0 / away_from_zero(numerator.mul_add(d, b));
        c = away_from_zero(b + numerator / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    front * fraction
}

/// `count` points from `low` to `high`, evenly spaced, both ends exact.
pub fn linspace(low: f64, high: f64, count: usize) -> Vec<f64> {
    let steps = count.saturating_sub(1).max(1) as f64;
    (0..count)
        .map(|i| if i + 1 == count && i > 0 { high } else { (high - low).mul_add(i as f64 / steps, low) })
        .collect()
}

/// `count` points from `low` to `high`, both positive, in equal ratios; both ends exact.
pub fn logspace(low: f64, high: f64, count: usize) -> Vec<f64> {
    let mut points: Vec<f64> = linspace(math::ln(low), math::ln(high), count).into_iter().map(math::exp).collect();
    if let Some(first) = points.first_mut() {
        *first = low;
    }
    if let [_, .., last] = points.as_mut_slice() {
        *last = high;
    }
    points
}

fn away_from_zero(x: f64) -> f64 {
    if x.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { x }
}

fn total(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |sum, x| sum + x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;
    use proptest::prelude::*;

    #[test]
    fn averages() {
        assert_eq!([mean(&[]), mean(&[1.0, 2.0, 6.0])], [0.0, 3.0]);
        assert_eq!([std(&[]), std(&[1.0, 3.0, 1.0, 3.0])], [0.0, 1.0]);
        assert_eq!([median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])], [2.0, 2.5]);
        let x = [10.0, 0.0, 30.0, 20.0];
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|share| quantile(&x, share)), [0.0, 7.5, 15.0, 30.0]);
    }

    #[test]
    fn a_line_is_found() {
        let fit = line_fit(&[0.0, 1.0, 2.0, 3.0], &[1.0, 3.0, 5.0, 7.0]);
        assert_eq!(fit, Fit { slope: 2.0, intercept: 1.0, r2: 1.0 });
        assert_eq!(fit.at(-2.0), -3.0);
        // Anscombe's first set (1973): y = 3.0001 + 0.5001 x, r² = 0.6665.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let Fit { slope, intercept, r2 } = line_fit(&x, &y);
        assert!((slope - 0.5001).abs() < 1e-4 && (intercept - 3.0001).abs() < 1e-4 && (r2 - 0.6665).abs() < 1e-4);
    }

    #[test]
    fn the_incomplete_gamma_function_at_known_points() {
        for x in [0.1, 0.5, 1.9, 2.1, 5.0, 30.0, 700.0] {
            // Q(1, x) = e^-x and Q(2, x) = (1 + x) e^-x.
            assert!((gamma_q(1.0, x) / libm::exp(-x) - 1.0).abs() < 1e-13, "{x}");
            assert!((gamma_q(2.0, x) / ((1.0 + x) * libm::exp(-x)) - 1.0).abs() < 1e-12, "{x}");
            assert!((gamma_q(0.5, x) - libm::erfc(x.sqrt())).abs() < 1e-14, "{x}");
        }
        assert_eq!(gamma_q(3.0, 0.0), 1.0);
    }

    #[test]
    fn uniformity_is_told_from_its_absence() {
        // Tables: with 9 degrees of freedom the statistic exceeds 16.919 with probability 0.05.
        assert!((gamma_q(4.5, 16.918977604620448 / 2.0) - 0.05).abs() < 1e-12);
        assert_eq!(chi_square_uniform(&[7, 7, 7]), (0.0, 1.0));
        let (statistic, chance) = chi_square_uniform(&[30, 10, 20]);
        assert!((statistic - 10.0).abs() < 1e-14 && (chance - libm::exp(-5.0)).abs() < 1e-15);
        let mut stream = Stream::root(4).fork("bins");
        let mut counts = [0; 16];
        for _ in 0..10_000 {
            counts[stream.below(16)] += 1;
        }
        assert!(chi_square_uniform(&counts).1 > 1e-3, "{counts:?}");
    }

    #[test]
    fn spaces_meet_their_ends() {
        assert_eq!(linspace(-1.0, 1.0, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!((linspace(0.1, 0.7, 1), linspace(0.0, 1.0, 0)), (vec![0.1], vec![]));
        assert_eq!((logspace(1e-3, 7.0, 1), logspace(1.0, 2.0, 0)), (vec![1e-3], vec![]));
        let points = logspace(1e-3, 1e3, 7);
        assert!(points.iter().zip(-3..).all(|(point, power)| (point / math::powi(10.0, power) - 1.0).abs() < 1e-14));
        assert_eq!((points[0], points[6]), (1e-3, 1e3));
    }

    #[test]
    fn a_median_stands_beside_infinite_values() {
        let far = f64::INFINITY;
        assert_eq!([median(&[far, 1.0, 2.0]), median(&[1.0, far, far, far]), median(&[1.0, far])], [2.0, far, far]);
    }

    proptest! {
        #[test]
        fn quantiles_lie_in_order_and_in_range(x in prop::collection::vec(-1e3f64..1e3, 1..20), a in 0.0f64..1.0, b in 0.0f64..1.0) {
            let (low, high) = (quantile(&x, a.min(b)), quantile(&x, a.max(b)));
            let sorted = sorted(&x);
            prop_assert!(sorted[0] <= low && low <= high + 1e-12 && high <= sorted[sorted.len() - 1] + 1e-12);
        }

        #[test]
        fn the_residuals_of_a_line_are_orthogonal_to_it(x in prop::collection::vec(-1.0f64..1.0, 3..20), seed in 0u64..100) {
            let mut stream = Stream::root(seed);
            let y: Vec<f64> = x.iter().map(|_| stream.normal()).collect();
            let fit = line_fit(&x, &y);
            let rest: Vec<f64> = x.iter().zip(&y).map(|(x, y)| y - fit.slope * x - fit.intercept).collect();
            let inner: f64 = rest.iter().zip(&x).map(|(r, x)| r * x).sum();
            prop_assert!(mean(&rest).abs() < 1e-11 && inner.abs() < 1e-10, "{fit:?}");
            prop_assert!((-1e-12..=1.0 + 1e-12).contains(&fit.r2));
        }
    }
}

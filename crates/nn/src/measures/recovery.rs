//! From how many samples on a target is recovered, and how test errors of several draws are summed up.
//! It knows no network: it reads a table of errors.

use condense_num::stats::median;

/// The least number of samples from which on every error is below a bound; none where the last is not.
///
/// Both lists go with one another, numbers of samples rising. An error that is no number is not below.
pub fn threshold(samples: &[usize], errors: &[f64], bound: f64) -> Option<usize> {
    let failed = errors.iter().rposition(|error| error.is_nan() || *error >= bound);
    samples.get(failed.map_or(0, |at| at + 1)).copied()
}

/// The threshold as a number; where there is none, one more than the most samples, which it is at least.
pub fn at_least(samples: &[usize], errors: &[f64], bound: f64) -> f64 {
    let beyond = samples.last().map_or(0, |last| last + 1);
    threshold(samples, errors, bound).unwrap_or(beyond) as f64
}

/// Median, least and largest of the errors of several draws, drawn no lower than `floor`. An error that is no number counts as infinite.
pub fn spread(errors: &[f64], floor: f64) -> [f64; 3] {
    let error = |error: &f64| if error.is_nan() { f64::INFINITY } else { error.max(floor) };
    let errors: Vec<f64> = errors.iter().map(error).collect();
    let most = |of: fn(f64, f64) -> f64| errors.iter().copied().reduce(of).unwrap_or(f64::NAN);
    [median(&errors), most(f64::min), most(f64::max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_recovered_from_where_on_no_error_is_large_again() {
        let samples = [3, 6, 9];
        assert_eq!(threshold(&samples, &[1e-3, 1.0, 1e-3], 1e-2), Some(9));
        assert_eq!(threshold(&samples, &[1e-3, 1e-4, 1e-3], 1e-2), Some(3));
        assert_eq!(threshold(&samples, &[1e-3, 1e-4, 1e-2], 1e-2), None);
        assert_eq!(threshold(&samples, &[1e-3, f64::NAN, 1e-3], 1e-2), Some(9));
        assert_eq!(threshold(&samples, &[1e-3, 1e-4, f64::NAN], 1e-2), None);
        assert_eq!(at_least(&samples, &[1e-3, 1.0, 1e-3], 1e-2), 9.0);
        assert_eq!(at_least(&samples, &[1e-3, 1e-4, f64::NAN], 1e-2), 10.0);
    }

    #[test]
    fn a_spread_is_that_of_the_draws() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], 1.5), [2.0, 1.5, 3.0]);
        assert_eq!(spread(&[3.0, f64::NAN, 2.0], 1.5), [3.0, 2.0, f64::INFINITY]);
    }
}

//! Numbers summed up for a picture: shares in bins, and medians with the spread around them. It knows no axes.

use crate::clip::Point;

/// The share of the whole weight in each of `bins` equal parts of `range`: rows of left, right, share. What lies outside is
/// counted in the whole, and shown nowhere.
///
/// # Errors
/// A weight below 0, or no weight at all.
pub fn histogram(rows: &[(f64, f64)], range: [f64; 2], bins: usize) -> Result<Vec<[f64; 3]>, String> {
    if let Some((_, weight)) = rows.iter().find(|(_, weight)| *weight < 0.0) {
        return Err(format!("a weight is {weight}: a histogram needs weights of at least 0"));
    }
    let whole: f64 = rows.iter().map(|(_, weight)| weight).sum();
    if !(whole > 0.0 && whole.is_finite()) {
        return Err(format!("the weights add up to {whole}: there is nothing to share out"));
    }
    let [low, high] = range;
    let edge = |at: usize| low + (high - low) * at as f64 / bins as f64;
    let mut shares = vec![0.0; bins];
    for &(x, weight) in rows.iter().filter(|(x, _)| (low..=high).contains(x)) {
        let at = (((x - low) / (high - low) * bins as f64) as usize).min(bins - 1);
        shares[at] += weight / whole;
    }
    Ok(shares.into_iter().enumerate().map(|(at, share)| [edge(at), edge(at + 1), share]).collect())
}

/// Medians of the values at each x, and the edges of the central `share` of them: rows of x, low, high, by ascending x.
pub fn spread(points: &[Point], share: f64) -> (Vec<Point>, Vec<[f64; 3]>) {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let groups = points.chunk_by(|a, b| a[0] == b[0]);
    let row = |group: &[Point]| {
        let at = |q: f64| quantile(group, q);
        ([group[0][0], at(0.5)], [group[0][0], at((1.0 - share) / 2.0), at(f64::midpoint(1.0, share))])
    };
    groups.map(row).unzip()
}

/// Between two values in order, on the straight line between them.
fn quantile(sorted: &[Point], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let (below, part) = (place as usize, place.fract());
    let [low, high] = [below, (below + 1).min(sorted.len() - 1)].map(|at| sorted[at][1]);
    if part == 0.0 { low } else { low + part * (high - low) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_one_and_the_last_edge_belongs_to_the_last_bin() {
        let found = histogram(&[(0.0, 1.0), (0.9, 1.0), (2.0, 2.0)], [0.0, 2.0], 2).expect("shares");
        assert_eq!(found, [[0.0, 1.0, 0.5], [1.0, 2.0, 0.5]]);
        let found = histogram(&[(0.5, 1.0), (7.0, 3.0)], [0.0, 1.0], 1).expect("shares");
        assert_eq!(found, [[0.0, 1.0, 0.25]], "what lies outside is part of the whole");
    }

    #[test]
    fn weights_that_are_none_are_refused() {
        assert!(histogram(&[(0.0, -1.0)], [0.0, 1.0], 3).is_err_and(|fault| fault.contains("a weight is -1")));
        assert!(histogram(&[(0.0, 0.0)], [0.0, 1.0], 3).is_err_and(|fault| fault.contains("add up to 0")));
    }

    #[test]
    fn the_spread_of_five_values_ends_at_the_second_and_the_fourth() {
        let points = [5.0, 1.0, 4.0, 2.0, 3.0].map(|y| [7.0, y]);
        assert_eq!(spread(&points, 0.5), (vec![[7.0, 3.0]], vec![[7.0, 2.0, 4.0]]));
        assert_eq!(spread(&points, 1.0).1, [[7.0, 1.0, 5.0]]);
        let points = [[1.0, 10.0], [0.0, 1.0], [0.0, 2.0]];
        assert_eq!(spread(&points, 0.5), (vec![[0.0, 1.5], [1.0, 10.0]], vec![[0.0, 1.25, 1.75], [1.0, 10.0, 10.0]]));
    }
}

//! Legendre polynomials, by their recursion in the degree.
//! It knows no fits; as columns of a design they hardly mix on [-1, 1].

use ndarray::Array2;

/// The Legendre polynomials of degree 0 to `degree` at some points, a row a point.
pub fn legendre(points: &[f64], degree: usize) -> Array2<f64> {
    let mut values = Array2::ones((points.len(), degree + 1));
    for (mut row, &x) in values.rows_mut().into_iter().zip(points) {
        for k in 1..=degree {
            let n = k as f64;
            let before = if k > 1 { row[k - 2] } else { 0.0 };
            row[k] = ((2.0 * n - 1.0) * x * row[k - 1] - (n - 1.0) * before) / n;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::linspace;

    #[test]
    fn legendre_polynomials_are_orthogonal_and_end_at_one() {
        let points = linspace(-1.0, 1.0, 20_001);
        let p = legendre(&points, 5);
        assert!((0..=5).all(|k| (p[[20_000, k]] - 1.0).abs() < 1e-12));
        for (j, k) in [(0, 2), (1, 3), (2, 4), (3, 5), (0, 5)] {
            let inner: f64 = (0..points.len()).map(|i| p[[i, j]] * p[[i, k]]).sum::<f64>() / 10_000.0;
            assert!(inner.abs() < 1e-3, "{j} {k}: {inner}");
        }
    }
}

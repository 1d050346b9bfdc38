//! The constant input: with a last entry 1, the last input weight of a neuron is its bias.
//! It knows no network; a row is a sample.

use ndarray::Array2;

/// Inputs (n × d) with a last column of ones.
pub fn with_bias(x: &Array2<f64>) -> Array2<f64> {
    let (n, d) = x.dim();
    Array2::from_shape_fn((n, d + 1), |(i, c)| if c < d { x[[i, c]] } else { 1.0 })
}

/// The same for one variable: a row `(x, 1)` for each point.
pub fn line_with_bias(points: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((points.len(), 2), |(i, c)| if c == 0 { points[i] } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_last_column_is_one() {
        let line = line_with_bias(&[-1.0, 2.0]);
        assert_eq!(line, array![[-1.0, 1.0], [2.0, 1.0]]);
        assert_eq!(with_bias(&line), array![[-1.0, 1.0, 1.0], [2.0, 1.0, 1.0]]);
    }
}

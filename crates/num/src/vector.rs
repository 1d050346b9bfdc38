//! Short vectors: inner product, length and direction, every sum running from the first entry to the last.
//! It knows no lanes: hot loops take their products from `kernel`.

/// `u·v`.
pub fn dot(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(u, v)| u * v).sum()
}

/// `‖v‖`.
pub fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

/// `‖v‖₁`.
pub fn norm1(v: &[f64]) -> f64 {
    v.iter().map(|x| x.abs()).sum()
}

/// `v/‖v‖`; `v` must not be 0.
pub fn unit(v: &[f64]) -> Vec<f64> {
    let length = norm(v);
    v.iter().map(|x| x / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_triangle_of_three_four_five() {
        let v = [3.0, -4.0];
        assert_eq!((dot(&v, &[2.0, 1.0]), norm(&v), norm1(&v), unit(&v)), (2.0, 5.0, 7.0, vec![0.6, -0.8]));
    }
}

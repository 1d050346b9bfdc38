//! Eigenvalues and singular values, against the same rotations of Jacobi in plain loops (Golub & Van Loan, §8.5 and §8.6).
//! How many rotations a matrix takes is found out by turning: there is no count of operations, and no share of a peak.

use crate::{Kernel, Limit};
use condense::num::eigen::symmetric;
use condense::num::rng::Stream;
use condense::num::svd::svd;
use ndarray::Array2;
use std::hint::black_box;

/// Rows of a matrix, or columns.
type Lines = Vec<Vec<f64>>;

pub fn all() -> Vec<Kernel> {
    vec![eigenvalues(50), singular_values(200, 60)]
}

fn eigenvalues(n: usize) -> Kernel {
    let mut stream = Stream::root(4);
    let half = Array2::from_shape_fn((n, n), |_| stream.normal());
    let matrix = &half + &half.t();
    let rows: Lines = matrix.rows().into_iter().map(|row| row.to_vec()).collect();
    let mut found = plain_eigenvalues(rows.clone()).0;
    found.sort_by(f64::total_cmp);
    agree(&symmetric(&matrix).0, &found);
    let work = move || {
        black_box(symmetric(&matrix));
        1.0
    };
    let plain = move || {
        black_box(plain_eigenvalues(rows.clone()));
        1.0
    };
    let name = format!("eigenvalues {n}");
    Kernel { name, limit: Limit::Unknown, work: Box::new(work), plain: Box::new(plain) }
}

fn singular_values(m: usize, n: usize) -> Kernel {
    let mut stream = Stream::root(5);
    let matrix = Array2::from_shape_fn((m, n), |_| stream.normal());
    let columns: Lines = matrix.columns().into_iter().map(|column| column.to_vec()).collect();
    let mut found = plain_singular_values(columns.clone()).0;
    found.sort_by(|one, other| other.total_cmp(one));
    agree(&svd(&matrix).s, &found);
    let work = move || {
        black_box(svd(&matrix));
        1.0
    };
    let plain = move || {
        black_box(plain_singular_values(columns.clone()));
        1.0
    };
    let name = format!("singular values {m}x{n}");
    Kernel { name, limit: Limit::Unknown, work: Box::new(work), plain: Box::new(plain) }
}

fn agree(own: &[f64], plain: &[f64]) {
    let near = own.iter().zip(plain).all(|(own, plain)| (own - plain).abs() < 1e-9);
    assert!(near && own.len() == plain.len(), "the plain loop computes something else");
}

fn identity(n: usize) -> Lines {
    (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect()
}

/// Cosine and sine of the rotation that makes `apq` zero.
fn angle(app: f64, aqq: f64, apq: f64) -> (f64, f64) {
    let tau = (aqq - app) / (2.0 * apq);
    let t = 1.0f64.copysign(tau) / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cos = 1.0 / (1.0 + t * t).sqrt();
    (cos, t * cos)
}

fn turn(lines: &mut Lines, p: usize, q: usize, cos: f64, sin: f64) {
    for k in 0..lines[p].len() {
        let (x, y) = (lines[p][k], lines[q][k]);
        (lines[p][k], lines[q][k]) = (cos * x - sin * y, sin * x + cos * y);
    }
}

/// Eigenvalues in any order, and vectors.
fn plain_eigenvalues(mut a: Lines) -> (Vec<f64>, Lines) {
    let n = a.len();
    let (mut vectors, mut turned) = (identity(n), true);
    while turned {
        turned = false;
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            if a[p][q].abs() <= 0.5 * f64::EPSILON * (a[p][p] * a[q][q]).abs().sqrt() {
                continue;
            }
            turned = true;
            let (cos, sin) = angle(a[p][p], a[q][q], a[p][q]);
            turn(&mut a, p, q, cos, sin);
            for row in &mut a {
                (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
            }
            (a[p][q], a[q][p]) = (0.0, 0.0);
            turn(&mut vectors, p, q, cos, sin);
        }
    }
    ((0..n).map(|k| a[k][k]).collect(), vectors)
}

/// Singular values in any order, and right vectors.
fn plain_singular_values(mut columns: Lines) -> (Vec<f64>, Lines) {
    let n = columns.len();
    let inner = |x: &[f64], y: &[f64]| x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y);
    let (mut vectors, mut turned) = (identity(n), true);
    while turned {
        turned = false;
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            let (x, y) = (&columns[p], &columns[q]);
            let (xx, yy, xy) = (inner(x, x), inner(y, y), inner(x, y));
            if xy.abs() <= 2.0 * f64::EPSILON * (xx * yy).sqrt() {
                continue;
            }
            turned = true;
            let (cos, sin) = angle(xx, yy, xy);
            turn(&mut columns, p, q, cos, sin);
            turn(&mut vectors, p, q, cos, sin);
        }
    }
    (columns.iter().map(|column| inner(column, column).sqrt()).collect(), vectors)
}

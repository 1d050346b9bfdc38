//! A sum of attention heads in double precision: output and tangent functions.
//! It knows no data and no training (a block of this formula is trained by [`readout`](crate::training::readout)), only what a
//! head can become by a small change of its matrices.
//!
//! `A(X) = Σ_h softmax(X Q_h K_hᵀ Xᵀ / √d) X V_h O_hᵀ`, row by row, for sequences `X` of T tokens × D (Vaswani et al. 2017,
//! §3.2; deck, slide "permutation symmetric").

use condense_num::math::exp;
use condense_num::rng::Stream;
use ndarray::Array2;

/// `Q`, `K`, `V`, `O`: each D × d.
pub type Head = [Array2<f64>; 4];

/// The sum; all heads have the same D and d.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadSum {
    /// One head after the other; the parameters are the entries of `Q`, `K`, `V`, `O`, row by row, head by head.
    pub heads: Vec<Head>,
}

impl HeadSum {
    /// One head of normal matrices of width `width` (D) and inner dimension `dim` (d); entries have variance 1 / D.
    pub fn random(width: usize, dim: usize, rng: &mut Stream) -> Self {
        let std = 1.0 / (width as f64).sqrt();
        let mut matrix = || Array2::from_shape_fn((width, dim), |_| std * rng.normal());
        Self { heads: vec![[matrix(), matrix(), matrix(), matrix()]] }
    }

    /// The same function with inner dimension `dim` (zeros fill up), every head in parts of these shares of its `O`, and
    /// `silent` heads of zeros behind them. `Q` makes up for the other `√d`.
    #[must_use]
    pub fn widened(&self, dim: usize, shares: &[f64], silent: usize) -> Self {
        let mut heads = Vec::new();
        for head in &self.heads {
            let (width, narrow) = head[0].dim();
            let rescale = (dim as f64 / narrow as f64).sqrt();
            for &share in shares {
                let factors = [rescale, 1.0, 1.0, share];
                heads.push([0, 1, 2, 3].map(|at| {
                    let entry = |(r, c)| if c < narrow { factors[at] * head[at][[r, c]] } else { 0.0 };
                    Array2::from_shape_fn((width, dim), entry)
                }));
            }
            heads.extend((0..silent).map(|_| [0, 1, 2, 3].map(|_| Array2::zeros((width, dim)))));
        }
        Self { heads }
    }

    /// Number of parameters, `4 h D d`.
    pub fn parameters(&self) -> usize {
        self.heads.iter().flatten().map(Array2::len).sum()
    }

    /// `A(X)`, T × D.
    pub fn output(&self, x: &Array2<f64>) -> Array2<f64> {
        let mut sum = Array2::zeros(x.dim());
        for [q, k, v, o] in &self.heads {
            let read = product(&pattern(x, q, k), &product(x, v));
            sum += &product(&read, &o.t().to_owned());
        }
        sum
    }

    /// The tangent functions on sequences: a row for each entry of each `A(X)`, a column for each parameter.
    pub fn tangent(&self, sequences: &[Array2<f64>]) -> Array2<f64> {
        let entries: usize = sequences.iter().map(Array2::len).sum();
        let mut tangent = Array2::zeros((entries, self.parameters()));
        let (mut top, parameters) = (0, self.parameters() / self.heads.len().max(1));
        for x in sequences {
            for (at, head) in self.heads.iter().enumerate() {
                let mut block =
                    tangent.slice_mut(ndarray::s![top..top + x.len(), at * parameters..(at + 1) * parameters]);
                for (p, change) in changes(x, head).into_iter().enumerate() {
                    block.column_mut(p).iter_mut().zip(&change).for_each(|(slot, change)| *slot = *change);
                }
            }
            top += x.len();
        }
        tangent
    }
}

/// The product of two small matrices, summed from the first to the last.
fn product(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let entry = |(i, j)| a.row(i).iter().zip(b.column(j)).map(|(a, b)| a * b).sum();
    Array2::from_shape_fn((a.nrows(), b.ncols()), entry)
}

/// `softmax(X Q Kᵀ Xᵀ / √d)`, row by row: T × T.
fn pattern(x: &Array2<f64>, q: &Array2<f64>, k: &Array2<f64>) -> Array2<f64> {
    let scale = 1.0 / (q.ncols() as f64).sqrt();
    let mut p = product(&product(x, q), &product(x, k).t().to_owned());
    for mut row in p.rows_mut() {
        let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.mapv_inplace(|s| exp(scale * (s - highest)));
        let sum = row.sum();
        row.mapv_inplace(|s| s / sum);
    }
    p
}

/// `∂A/∂θ_p` of one head, in the order of its parameters: each T × D.
fn changes(x: &Array2<f64>, [q, k, v, o]: &Head) -> Vec<Array2<f64>> {
    let (p, scale) = (pattern(x, q, k), 1.0 / (q.ncols() as f64).sqrt());
    let (xq, xk, value) = (product(x, q), product(x, k), product(&product(x, v), &o.t().to_owned()));
    let (mixed, read) = (product(&p, x), product(&p, &product(x, v)));
    // The softmax: dP = P ∘ (dS - its mean over the row, weighted by P).
    let through = |logits: &dyn Fn(usize, usize) -> f64| {
        let mut dp = Array2::from_shape_fn(p.dim(), |(t, u)| scale * logits(t, u));
        for (mut row, p) in dp.rows_mut().into_iter().zip(p.rows()) {
            let mean: f64 = row.iter().zip(p).map(|(ds, p)| ds * p).sum();
            row.iter_mut().zip(p).for_each(|(ds, p)| *ds = p * (*ds - mean));
        }
        product(&dp, &value)
    };
    let places = || q.indexed_iter().map(|(place, _)| place);
    let of_query = places().map(|(a, b)| through(&|t, u| x[[t, a]] * xk[[u, b]]));
    let of_key = places().map(|(a, b)| through(&|t, u| xq[[t, b]] * x[[u, a]]));
    let of_value = places().map(|(a, b)| Array2::from_shape_fn(x.dim(), |(t, j)| mixed[[t, a]] * o[[j, b]]));
    let of_output = places()
        .map(|(j, b)| Array2::from_shape_fn(x.dim(), |(t, column)| if column == j { read[[t, b]] } else { 0.0 }));
    of_query.chain(of_key).chain(of_value).chain(of_output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (HeadSum, Vec<Array2<f64>>) {
        let mut rng = Stream::root(8).fork("heads");
        let mut net = HeadSum::random(3, 2, &mut rng);
        net.heads.extend(HeadSum::random(3, 2, &mut rng).heads);
        let sequences = (0..2).map(|_| Array2::from_shape_fn((4, 3), |_| rng.normal())).collect();
        (net, sequences)
    }

    #[test]
    fn tangents_are_those_of_finite_differences() {
        let ((net, sequences), h) = (example(), 1e-6);
        let tangent = net.tangent(&sequences);
        for p in 0..net.parameters() {
            let moved = |by: f64| {
                let mut net = net.clone();
                *net.heads.iter_mut().flatten().flat_map(|matrix| matrix.iter_mut()).nth(p).expect("a parameter") += by;
                sequences.iter().flat_map(|x| net.output(x).into_iter().collect::<Vec<_>>()).collect::<Vec<_>>()
            };
            for (i, (up, down)) in moved(h).into_iter().zip(moved(-h)).enumerate() {
                assert!(((up - down) / (2.0 * h) - tangent[[i, p]]).abs() < 1e-8, "entry {i}, parameter {p}");
            }
        }
    }

    #[test]
    fn widening_keeps_the_function() {
        let (net, sequences) = example();
        let wide = net.widened(3, &[0.4, 0.6], 1);
        assert_eq!((wide.heads.len(), wide.heads[0][0].dim()), (6, (3, 3)));
        for x in &sequences {
            let apart = net.output(x).iter().zip(wide.output(x)).map(|(f, g)| (f - g).abs()).fold(0.0, f64::max);
            assert!(apart < 1e-14, "{apart}");
        }
    }
}

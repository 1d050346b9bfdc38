//! Targets of models that are products of parameters: recovery from few samples, at a rank that depends on the target.
//! It knows no figure; Zhang et al. (arXiv:2211.11623), Figs. 1 to 3, have the studies.

use crate::nets::bilinear::Bilinear;
use condense_experiment::row::row;
use condense_experiment::{Context, Stop};
use condense_num::math::log10;
use condense_num::rng::Stream;
use condense_num::stats::mean;
use condense_num::vector::dot;

/// The seven targets of the first study: their words, and the coefficients of `1`, `x_1`, `x_2`.
pub const PLANES: [(&str, [f64; 3]); 7] = [
    ("1", [1.0, 0.0, 0.0]),
    ("x₁", [0.0, 1.0, 0.0]),
    ("1 + x₁", [1.0, 1.0, 0.0]),
    ("x₂", [0.0, 0.0, 1.0]),
    ("1 + x₂", [1.0, 0.0, 1.0]),
    ("x₁ + x₂", [0.0, 1.0, 1.0]),
    ("1 + x₁ + x₂", [1.0, 1.0, 1.0]),
];

/// Rows of the matrices of the second study.
pub const SIDE: usize = 4;

/// The source's matrices `M_1 … M_8` (its Appendix C), row by row. `M_5` is printed as `M_3` once more.
#[rustfmt::skip]
pub const MATRICES: [[f64; SIDE * SIDE]; 8] = [
    [1.0, 0.3, 0.7, -0.4, 2.0, 0.6, 1.4, -0.8, 4.0, 1.2, 2.8, -1.6, 7.0, 2.1, 4.9, -2.8],
    [4.0, 0.6, 1.8, 0.8, 6.0, 0.9, 2.7, 1.2, 8.0, 1.2, 3.6, 1.6, 18.0, 2.7, 8.1, 3.6],
    [-1.8, 2.4, 7.7, -5.3, 0.4, 1.8, 5.4, -3.6, 3.2, 1.8, 4.8, -3.0, 6.6, 2.4, 5.9, -3.5],
    [7.6, 3.3, 19.8, -7.3, 7.6, 2.1, 10.7, -2.4, 8.8, 1.8, 7.6, -0.2, 19.2, 3.6, 14.1, 0.9],
    [-1.8, 2.4, 7.7, -5.3, 0.4, 1.8, 5.4, -3.6, 3.2, 1.8, 4.8, -3.0, 6.6, 2.4, 5.9, -3.5],
    [8.5, 9.3, 22.5, -6.1, 8.2, 6.1, 12.5, -1.6, 11.5, 19.8, 15.7, 3.4, 20.4, 11.6, 17.7, 2.5],
    [3.6, -1.2, 8.1, -3.5, 8.1, -3.5, 3.6, -1.2, 9.1, -1.7, 11.4, -0.6, 11.4, -0.6, 9.1, -1.7],
    [12.1, 17.3, 24.1, -4.9, 16.3, 24.1, 16.1, 1.1, 14.2, 25.8, 16.9, 4.3, 22.2, 15.6, 18.5, 3.1],
];

/// A model that is a product, on a target that it can be lucky with.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// A word for it.
    pub name: &'static str,
    /// The fewest samples that may do: the rank at the target.
    pub fewest: usize,
    /// As many as leave no choice.
    pub most: usize,
    trial: fn(&Descent, usize, &mut Stream) -> Trial,
}

/// The source's third study: `1 + x_1` in `θ_0 + θ_1 x_1 + θ_2 θ_3 x_2`, and `M_1` in `AB`.
pub const PRODUCTS: [Product; 2] = [
    Product {
        name: "plane",
        fewest: 2,
        most: 3,
        trial: |descent, n, rng| descent.plane(&Bilinear::with_product(), &PLANES[2].1, n, rng),
    },
    Product {
        name: "matrix",
        fewest: 7,
        most: SIDE * SIDE,
        trial: |descent, n, rng| descent.completion(&MATRICES[0], n, rng),
    },
];

impl Product {
    /// Trials at every deviation of the start and, for each, at 1, 2, … samples. All deviations see the same samples, and starts that
    /// differ by a factor alone.
    ///
    /// # Errors
    /// An interrupt.
    pub fn at_scales(&self, stds: &[f64], descent: &Descent, count: usize, ctx: &Context) -> Result<Vec<Trials>, Stop> {
        let samples = ctx.rng(&format!("samples of the {}", self.name));
        ctx.cells(self.name, stds.len() * self.most, |cell, ctx| {
            let (n, descent) = (cell % self.most + 1, Descent { std: stds[cell / self.most], ..*descent });
            let mut rng = samples.fork(&n.to_string());
            descent.trials(count, ctx, || (self.trial)(&descent, n, &mut rng))
        })
    }
}

/// Of all sets of n = 1, …, 16 entries the share that determines a matrix of rank 1 without zeros: those that tie all rows and columns
/// together, as edges tie the nodes of a graph.
pub fn determined() -> [f64; SIDE * SIDE] {
    let (mut sets, mut ties) = ([0.0; SIDE * SIDE], [0.0; SIDE * SIDE]);
    for set in 1u32..1 << (SIDE * SIDE) {
        let seen = |row: usize, column: usize| set >> (row * SIDE + column) & 1 == 1;
        // Rows and columns that are reached from the first row, as bits.
        let (mut rows, mut columns) = (1u32, 0u32);
        for _ in 0..2 * SIDE {
            for (row, column) in (0..SIDE * SIDE).map(|at| (at / SIDE, at % SIDE)).filter(|at| seen(at.0, at.1)) {
                if (rows >> row | columns >> column) & 1 == 1 {
                    (rows, columns) = (rows | 1 << row, columns | 1 << column);
                }
            }
        }
        let at = set.count_ones() as usize - 1;
        sets[at] += 1.0;
        ties[at] += f64::from(u8::from(rows.count_ones() + columns.count_ones() == 2 * SIDE as u32));
    }
    std::array::from_fn(|at| ties[at] / sets[at])
}

/// The largest, 0 where there is none; not a number where one is not.
fn worst(losses: impl Iterator<Item = f64>) -> f64 {
    losses.fold(0.0, |worst, loss| if loss > worst || loss.is_nan() { loss } else { worst })
}

/// How the small models are trained.
#[derive(Clone, Copy, Debug)]
pub struct Descent {
    /// Standard deviation of all parameters at the start.
    pub std: f64,
    /// Learning rate.
    pub rate: f64,
    /// Training ends when the mean square error on the samples is below this …
    pub tolerance: f64,
    /// … and after so many steps at the latest.
    pub steps: usize,
}

/// A test error below this has recovered the target: the middle of the source's colours, 1 to 1e-8.
pub const RECOVERED: f64 = 1e-4;

/// One trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Its test error.
    pub error: f64,
    /// The mean square error on the samples at the end of training.
    pub loss: f64,
}

row! {
    /// Several trials of one target at one number of samples, summed up.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Trials {
        /// Mean test error.
        pub mean: f64,
        /// Share of the trials that recovered the target.
        pub share: f64,
        /// Share of those whose training was not below its tolerance after the most steps.
        pub unended: f64,
        /// Share of those whose training was, and that recovered the target.
        pub both: f64,
        /// The largest training error at the end; not a number where one is not.
        pub loss: f64,
    }
}

impl Trials {
    /// Several of these together, each of as many trials.
    pub fn all(several: &[Self]) -> Self {
        let average = |of: fn(&Self) -> f64| mean(&several.iter().map(of).collect::<Vec<_>>());
        Self {
            mean: average(|trials| trials.mean),
            share: average(|trials| trials.share),
            unended: average(|trials| trials.unended),
            both: average(|trials| trials.both),
            loss: worst(several.iter().map(|trials| trials.loss)),
        }
    }

    /// Of the trainings that ended the share that recovered the target; 0 where none ended.
    pub fn share_of_ended(&self) -> f64 {
        if self.unended < 1.0 { self.both / (1.0 - self.unended) } else { 0.0 }
    }

    /// The logarithm of the mean error, as maps have it.
    pub fn shown(&self) -> f64 {
        log10(if self.mean < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { self.mean })
    }
}

impl Descent {
    /// Runs trials one after the other, and sums them up.
    ///
    /// # Errors
    /// An interrupt.
    pub fn trials(&self, count: usize, ctx: &Context, mut trial: impl FnMut() -> Trial) -> Result<Trials, Stop> {
        let one = |at: usize| ctx.tick(at, count).map(|()| trial());
        let trials: Vec<Trial> = (0..count).map(one).collect::<Result<_, Stop>>()?;
        let share =
            |holds: &dyn Fn(&Trial) -> bool| trials.iter().filter(|trial| holds(trial)).count() as f64 / count as f64;
        let recovered = |trial: &Trial| trial.error < RECOVERED;
        // What is not a number has not ended.
        let ended = |trial: &Trial| trial.loss < self.tolerance;
        Ok(Trials {
            mean: mean(&trials.iter().map(|trial| trial.error).collect::<Vec<_>>()),
            share: share(&recovered),
            unended: share(&|trial| !ended(trial)),
            both: share(&|trial| ended(trial) && recovered(trial)),
            loss: worst(trials.iter().map(|trial| trial.loss)),
        })
    }

    /// The mean square error over the square `[-1, 1]²` after training on `n` points of it, uniform and independent.
    pub fn plane(&self, model: &Bilinear, target: &[f64; 3], n: usize, rng: &mut Stream) -> Trial {
        let features: Vec<Vec<f64>> =
            (0..n).map(|_| vec![1.0, rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)]).collect();
        let targets: Vec<f64> = features.iter().map(|x| dot(x, target)).collect();
        let start = rng.normals(model.parameters, self.std);
        let end = model.train(start, (&features, &targets), self.rate, (self.tolerance, self.steps));
        // The means of 1, x_1² and x_2² over the square are 1, 1/3 and 1/3, those of their products 0.
        let squares = end.coefficients.iter().zip(target).zip([1.0, 1.0 / 3.0, 1.0 / 3.0]);
        let error = squares.map(|((c, t), share)| share * (c - t) * (c - t)).sum();
        Trial { error, loss: end.loss }
    }

    /// The mean square error over all entries of a matrix after training on `n` of them, drawn at random.
    ///
    /// The rate is that of the mean over all entries, so that of the mean over `n` it is the smaller the fewer they are: where a single
    /// entry of 20 is fitted, a rate of 0.05 would diverge.
    pub fn completion(&self, matrix: &[f64; SIDE * SIDE], n: usize, rng: &mut Stream) -> Trial {
        let model = Bilinear::matrix(SIDE);
        let seen = &rng.permutation(SIDE * SIDE)[..n];
        let one = |at: usize| (0..SIDE * SIDE).map(|j| if j == at { 1.0 } else { 0.0 }).collect();
        let features: Vec<Vec<f64>> = seen.iter().map(|&at| one(at)).collect();
        let targets: Vec<f64> = seen.iter().map(|&at| matrix[at]).collect();
        let start = rng.normals(model.parameters, self.std);
        let rate = self.rate * n as f64 / (SIDE * SIDE) as f64;
        let end = model.train(start, (&features, &targets), rate, (self.tolerance, self.steps));
        let squares = end.coefficients.iter().zip(matrix).map(|(c, m)| (c - m) * (c - m));
        Trial { error: squares.sum::<f64>() / (SIDE * SIDE) as f64, loss: end.loss }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_num::svd::singular_values;
    use ndarray::Array2;

    /// Their numbers have one decimal, so a rank below 4 shows as a singular value of rounding.
    #[test]
    fn the_matrices_have_ranks_1_1_2_2_2_3_4_4() {
        let rank = |matrix: &[f64; 16]| {
            let values = singular_values(&Array2::from_shape_fn((4, 4), |(i, j)| matrix[4 * i + j]));
            values.iter().filter(|value| **value > 1e-12 * values[0]).count()
        };
        assert_eq!(MATRICES.each_ref().map(rank), [1, 1, 2, 2, 2, 3, 4, 4]);
        assert_eq!(MATRICES[4], MATRICES[2]);
    }

    const DESCENT: Descent = Descent { std: 1e-4, rate: 0.1, tolerance: 1e-9, steps: 20_000 };

    #[test]
    fn two_samples_recover_a_line_by_the_product_model_and_not_by_the_linear_one() {
        let error = |model: &Bilinear, n| DESCENT.plane(model, &[1.0, 1.0, 0.0], n, &mut Stream::root(3)).error;
        assert!(error(&Bilinear::with_product(), 2) < 1e-4);
        assert!(error(&Bilinear::linear(3), 2) > 1e-3);
        assert!(error(&Bilinear::linear(3), 3) < 1e-4);
    }

    #[test]
    fn all_entries_give_the_matrix_and_one_does_not() {
        let error = |n| DESCENT.completion(&MATRICES[0], n, &mut Stream::root(4)).error;
        assert!(error(16) < 1e-6 && error(1) > 1.0, "{} {}", error(16), error(1));
    }

    #[test]
    fn trials_are_counted_where_they_recover_and_where_they_do_not_end() {
        let of = |trials: &[(f64, f64)]| {
            let mut trials = trials.iter().map(|&(error, loss)| Trial { error, loss });
            let (count, ctx) = (trials.len(), Context::plain());
            DESCENT.trials(count, &ctx, || trials.next().expect("as many as are asked for")).expect("no interrupt")
        };
        let trials = of(&[(1e-6, 1e-10), (0.5, 1e-10), (1e-5, 1e-3), (0.3, 1e-2)]);
        assert_eq!([trials.share, trials.unended, trials.both, trials.loss], [0.5, 0.5, 0.25, 1e-2]);
        let together = Trials::all(&[trials.clone(), of(&[(1e-6, 1e-10)])]);
        assert_eq!([together.share, together.unended, together.both, together.loss], [0.75, 0.25, 0.625, 1e-2]);
        assert_eq!([trials.share_of_ended(), of(&[(1e-6, 1.0)]).share_of_ended()], [0.5, 0.0]);
        let diverged = of(&[(1e-6, 1e-10), (f64::NAN, f64::NAN)]);
        assert_eq!([diverged.share, diverged.unended, diverged.both], [0.5, 0.5, 0.5]);
        assert!([diverged.mean, diverged.shown(), diverged.loss].iter().all(|number| number.is_nan()));
        assert_eq!(Trials { mean: 0.0, ..trials }.shown(), log10(f64::MIN_POSITIVE));
    }

    #[test]
    fn seven_entries_of_sixteen_are_the_fewest_that_determine_a_matrix_of_rank_one() {
        // Trees on four rows and four columns: 4³ · 4³ of the 11440 sets of seven entries.
        let shares = determined();
        assert_eq!(shares[..6], [0.0; 6]);
        assert_eq!(shares[6], 4096.0 / 11440.0);
        // Thirteen cannot leave out the four of a row, twelve can.
        assert!(shares[11] < 1.0 && shares[12..] == [1.0; 4]);
    }
}

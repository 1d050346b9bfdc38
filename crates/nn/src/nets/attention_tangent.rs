//! The tangent functions of the deck's block of attention: the derivatives of its outputs by each of its parameters.
//! It knows no training and no target. Sizes and the order of parameters are those of [`readout`](crate::training::readout).
//!
//! Row t of `A(X) = Σ_h softmax(X Q_h K_hᵀ Xᵀ / √d) X V_h O_hᵀ` is, head by head, `A = O Vᵀ x̄` with `x̄ = Σ_j p_j x_j` and
//! `p = softmax(s)`, `s_j = q·(Kᵀ x_j) / √d`, `q = Qᵀ x_t`. With `m_j = O Vᵀ x_j` and `B = Σ_j p_j (m_j - A) x_jᵀ` (D × D):
//! `∂A/∂V_ic = O_c x̄_i`, `∂A_o/∂O_oc = V_c·x̄`, `∂A/∂K_ic = q_c B_i / √d`, `∂A/∂Q_ic = x_ti B K_c / √d`.

use crate::training::fit::Model;
use crate::training::readout::{Part, Sizes, Task, outputs};
use condense_num::math::exp;
use condense_num::vector::dot;
use ndarray::Array2;

/// The derivatives of all D outputs of token `t` of a sequence (tokens × D), as D × parameters.
pub fn of_token(sizes: Sizes, theta: &[f64], x: &[f64], t: usize) -> Array2<f64> {
    let mut tangent = Array2::zeros((sizes.width, theta.len()));
    for head in 0..sizes.heads {
        of_head(sizes, theta, x, t, head, &mut tangent);
    }
    tangent
}

fn of_head(sizes: Sizes, theta: &[f64], x: &[f64], t: usize, head: usize, tangent: &mut Array2<f64>) {
    let Sizes { width, head: d, .. } = sizes;
    let tokens = || x.chunks(width);
    let column = |part, c| &theta[sizes.column(head, part, c)];
    let (own, root) = (&x[t * width..][..width], (d as f64).sqrt());
    let query: Vec<f64> = (0..d).map(|c| dot(column(Part::Query, c), own)).collect();
    let score = |token: &[f64]| (0..d).map(|c| query[c] * dot(column(Part::Key, c), token)).sum::<f64>() / root;
    let chances = softmax(&tokens().map(score).collect::<Vec<_>>());
    let mut mean = vec![0.0; width];
    for (token, chance) in tokens().zip(&chances) {
        mean.iter_mut().zip(token).for_each(|(mean, x)| *mean += chance * x);
    }
    let through = |from: &[f64]| -> Vec<f64> {
        let along: Vec<f64> = (0..d).map(|c| dot(column(Part::Value, c), from)).collect();
        (0..width).map(|o| (0..d).map(|c| column(Part::Output, c)[o] * along[c]).sum()).collect()
    };
    let out = through(&mean);
    let mut spread = vec![0.0; width * width];
    for (token, chance) in tokens().zip(&chances) {
        for (row, (m, a)) in spread.chunks_mut(width).zip(through(token).iter().zip(&out)) {
            row.iter_mut().zip(token).for_each(|(entry, x)| *entry += chance * (m - a) * x);
        }
    }
    for c in 0..d {
        let along = dot(column(Part::Value, c), &mean);
        for o in 0..width {
            let (row, mut set) = (&spread[o * width..][..width], |part, i: usize, value: f64| {
                tangent[[o, sizes.column(head, part, c).start + i]] = value;
            });
            let turned = dot(row, column(Part::Key, c));
            set(Part::Output, o, along);
            for i in 0..width {
                set(Part::Value, i, column(Part::Output, c)[o] * mean[i]);
                set(Part::Key, i, query[c] * row[i] / root);
                set(Part::Query, i, own[i] * turned / root);
            }
        }
    }
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let grown: Vec<f64> = scores.iter().map(|score| exp(score - most)).collect();
    let sum: f64 = grown.iter().sum();
    grown.iter().map(|grown| grown / sum).collect()
}

/// The derivatives of all outputs of all tokens of all sequences, one row each.
pub fn of_block(sizes: Sizes, theta: &[f64], x: &[f64]) -> Array2<f64> {
    let Sizes { tokens, width, .. } = sizes;
    let mut tangent = Array2::zeros((x.len(), theta.len()));
    for (s, x) in x.chunks(tokens * width).enumerate() {
        for t in 0..tokens {
            let first = (s * tokens + t) * width;
            tangent.slice_mut(ndarray::s![first..first + width, ..]).assign(&of_token(sizes, theta, x, t));
        }
    }
    tangent
}

/// The block with a linear read-out of its last token, at the sequences of a task.
#[derive(Clone, Copy, Debug)]
pub struct Read<'t> {
    /// Sizes.
    pub sizes: Sizes,
    /// Sequences and read-out.
    pub task: &'t Task,
}

impl Model for Read<'_> {
    fn outputs(&self, theta: &[f64]) -> Vec<f64> {
        outputs(self.sizes, self.task, theta)
    }

    fn tangent(&self, theta: &[f64]) -> Array2<f64> {
        let Sizes { tokens, width, .. } = self.sizes;
        let mut tangent = Array2::zeros((self.task.y.len(), theta.len()));
        for (x, mut row) in self.task.x.chunks(tokens * width).zip(tangent.rows_mut()) {
            let outputs = of_token(self.sizes, theta, x, tokens - 1);
            for (output, read) in outputs.rows().into_iter().zip(&self.task.read) {
                row.scaled_add(*read, &output);
            }
        }
        tangent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::readout::loss_and_gradient;
    use condense_num::rng::Stream;

    const SIZES: Sizes = Sizes { tokens: 3, width: 4, head: 2, heads: 2 };

    fn drawn() -> (Task, Vec<f64>) {
        let mut rng = Stream::root(5);
        let (x, y, read) = (rng.normals(5 * 12, 1.0), rng.normals(5, 1.0), rng.normals(4, 1.0));
        (Task { x, y, read }, rng.normals(SIZES.parameters(), 0.7))
    }

    /// Output `o` of the last token, by a read-out that sees it alone.
    fn output(task: &Task, theta: &[f64], o: usize) -> Vec<f64> {
        let read = (0..4).map(|at| if at == o { 1.0 } else { 0.0 }).collect();
        outputs(SIZES, &Task { read, ..task.clone() }, theta)
    }

    #[test]
    fn tangents_are_those_of_finite_differences() {
        let (task, theta) = drawn();
        let tangents: Vec<Array2<f64>> = task.x.chunks(12).map(|x| of_token(SIZES, &theta, x, 2)).collect();
        for p in 0..theta.len() {
            let moved = |by: f64| {
                let mut theta = theta.clone();
                theta[p] += by;
                theta
            };
            for o in 0..4 {
                let (up, down) = (output(&task, &moved(1e-5), o), output(&task, &moved(-1e-5), o));
                for (s, tangent) in tangents.iter().enumerate() {
                    let slope = (up[s] - down[s]) / 2e-5;
                    assert!((tangent[[o, p]] - slope).abs() < 1e-8, "{o} {p}: {} {slope}", tangent[[o, p]]);
                }
            }
        }
    }

    #[test]
    fn the_pull_of_the_read_out_is_the_gradient_that_trains_it() {
        let (task, theta) = drawn();
        let model = Read { sizes: SIZES, task: &task };
        let along: Vec<f64> =
            model.outputs(&theta).iter().zip(&task.y).map(|(f, y)| 2.0 * (f - y) / task.y.len() as f64).collect();
        let (_, gradient) = loss_and_gradient(SIZES, &task, &theta);
        let pairs = model.pull(&theta, &along).into_iter().zip(gradient);
        assert!(pairs.into_iter().all(|(one, other)| (one - other).abs() < 1e-12));
    }

    #[test]
    fn the_block_stacks_its_tokens() {
        let (task, theta) = drawn();
        let block = of_block(SIZES, &theta, &task.x);
        assert_eq!(block.dim(), (60, SIZES.parameters()));
        let second = of_token(SIZES, &theta, &task.x[12..24], 1);
        assert_eq!(block.slice(ndarray::s![16..20, ..]), second);
    }
}

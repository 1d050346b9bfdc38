//! Two-layer networks of two inputs (one and its constant) on four samples, in few passes over their neurons.
//! It knows no integrator. The phase diagrams train thousands of these; what a neuron pulls back, where it moves and what it answers there
//! stay in registers. The bits are those of [any other such network](crate::nets::two_layer).

use crate::nets::activation::{Activation, known};
use crate::nets::neuron_sums::{CHUNK, Sums};
use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd, fold};
use ndarray::Array2;

/// Inputs.
const D: usize = 2;
/// Samples.
const N: usize = 4;
/// Rows of features.
const ROWS: usize = 2 * N;

type Eight = [f64; LANES];
/// Of eight neurons: `σ(w·x_i)` for each sample, then `a σ'(w·x_i)` for each.
type Features = [Eight; ROWS];
/// What a vector on samples pulls back from each feature: from `σ` for `a`, from `a σ'` for each `w`.
type Pull = [[f64; N]; 1 + D];

/// A network of whole blocks of neurons; parameters and features lie as those of any other, the features block by block.
#[derive(Clone, Copy, Debug)]
pub struct Four {
    activation: Activation,
    inputs: [[f64; D]; N],
    /// By which `a` and `w` move.
    rates: [f64; 2],
    width: usize,
}

impl Four {
    /// The network, if it is of this kind. `rates` are the mobilities of `a` and `w`, times the factor before the sum.
    pub fn of(activation: Activation, inputs: &Array2<f64>, rates: [f64; 2], width: usize) -> Option<Self> {
        if inputs.dim() != (N, D) || width == 0 || !width.is_multiple_of(LANES) {
            return None;
        }
        let inputs = std::array::from_fn(|i| std::array::from_fn(|d| inputs[[i, d]]));
        Some(Self { activation, inputs, rates, width })
    }

    /// Fills in features and sums.
    pub fn linearize(&self, theta: &[f64], features: &mut [f64], sums: &mut Sums) {
        answer_all(self.activation, &self.inputs, self.rows(theta), blocks_mut(features), sums);
    }

    /// What a vector on samples pulls back from these features.
    pub fn vjp(&self, from: &[f64], p: &[f64], pulled: &mut [f64]) {
        pull_all(&self.pull(p), blocks(from), self.rows_mut(pulled));
    }

    /// Moves each neuron by what a vector on samples pulls back, and fills in features and sums there.
    pub fn shift(
        &self,
        theta: &[f64],
        (from, p): (&[f64], &[f64]),
        point: &mut [f64],
        features: &mut [f64],
        sums: &mut Sums,
    ) {
        let (pull, from) = (self.pull(p), blocks(from));
        let (old, new) = (self.rows(theta), self.rows_mut(point));
        move_all((self.activation, &self.inputs), (&pull, from), old, new, blocks_mut(features), sums);
    }

    /// The squares of the distance between what two vectors pull back, each from its own features: for `a`, and for all `w`.
    pub fn apart(&self, [one, other]: [(&[f64], &[f64]); 2]) -> Vec<f64> {
        let mut layers = vec![0.0; 2];
        differ_all(&[self.pull(one.1), self.pull(other.1)], [blocks(one.0), blocks(other.0)], &mut layers);
        layers
    }

    fn pull(&self, p: &[f64]) -> Pull {
        let [by_a, by_w] = self.rates;
        let along = |d: usize| std::array::from_fn(|i| by_w * p[i] * self.inputs[i][d]);
        [std::array::from_fn(|i| by_a * p[i]), along(0), along(1)]
    }

    fn rows<'t>(&self, theta: &'t [f64]) -> [&'t [Eight]; 1 + D] {
        std::array::from_fn(|row| theta[row * self.width..][..self.width].as_chunks().0)
    }

    fn rows_mut<'t>(&self, theta: &'t mut [f64]) -> [&'t mut [Eight]; 1 + D] {
        let mut rows = theta.chunks_mut(self.width);
        std::array::from_fn(|_| rows.next().expect("a row").as_chunks_mut().0)
    }
}

fn blocks(features: &[f64]) -> &[Features] {
    features.as_chunks().0.as_chunks().0
}

fn blocks_mut(features: &mut [f64]) -> &mut [Features] {
    features.as_chunks_mut().0.as_chunks_mut().0
}

kernel! {
    fn answer_all(
        activation: Activation,
        inputs: &[[f64; D]; N],
        theta: [&[Eight]; 1 + D],
        features: &mut [Features],
        sums: &mut Sums,
    ) = answer_all_body;

    fn pull_all(pull: &Pull, from: &[Features], pulled: [&mut [Eight]; 1 + D]) = pull_all_body;

    fn move_all(
        net: (Activation, &[[f64; D]; N]),
        from: (&Pull, &[Features]),
        old: [&[Eight]; 1 + D],
        new: [&mut [Eight]; 1 + D],
        features: &mut [Features],
        sums: &mut Sums,
    ) = move_all_body;

    fn differ_all(pulls: &[Pull; 2], features: [&[Features]; 2], layers: &mut [f64]) = differ_all_body;
}

/// Blocks of a chunk.
const BLOCKS: usize = CHUNK / LANES;

#[inline(always)]
fn answer_all_body<S: Simd>(
    simd: S,
    activation: Activation,
    inputs: &[[f64; D]; N],
    [a, v, b]: [&[Eight]; 1 + D],
    features: &mut [Features],
    sums: &mut Sums,
) {
    for ((a, v), (b, features)) in
        a.chunks(BLOCKS).zip(v.chunks(BLOCKS)).zip(b.chunks(BLOCKS).zip(features.chunks_mut(BLOCKS)))
    {
        for (at, features) in features.iter_mut().enumerate() {
            let neurons = [simd.load(&a[at]), simd.load(&v[at]), simd.load(&b[at])];
            known!(activation, |activation| answer(simd, activation, inputs, neurons, features));
        }
        add_up(simd, a, features, sums);
    }
}

#[inline(always)]
fn pull_all_body<S: Simd>(simd: S, pull: &Pull, from: &[Features], [a, v, b]: [&mut [Eight]; 1 + D]) {
    for (((from, a), v), b) in from.iter().zip(a).zip(v).zip(b) {
        let [along_a, along_v, along_b] = pulled(simd, pull, from);
        along_a.store(a);
        along_v.store(v);
        along_b.store(b);
    }
}

#[inline(always)]
fn move_all_body<S: Simd>(
    simd: S,
    (activation, inputs): (Activation, &[[f64; D]; N]),
    from: (&Pull, &[Features]),
    old: [&[Eight]; 1 + D],
    new: [&mut [Eight]; 1 + D],
    features: &mut [Features],
    sums: &mut Sums,
) {
    // A match outside of the loops, so that they have no branch.
    known!(activation, |activation| move_known(simd, (activation, inputs), from, old, new, features, sums));
}

#[inline(always)]
fn move_known<S: Simd>(
    simd: S,
    (activation, inputs): (Activation, &[[f64; D]; N]),
    (pull, from): (&Pull, &[Features]),
    [a_old, v_old, b_old]: [&[Eight]; 1 + D],
    [a_new, v_new, b_new]: [&mut [Eight]; 1 + D],
    features: &mut [Features],
    sums: &mut Sums,
) {
    let all = features.len();
    for begin in (0..all).step_by(BLOCKS) {
        let blocks = BLOCKS.min(all - begin);
        // Slices of one length, so that indices need no check.
        let (from, features) = (&from[begin..][..blocks], &mut features[begin..][..blocks]);
        let [a_old, v_old, b_old] = [a_old, v_old, b_old].map(|row| &row[begin..][..blocks]);
        let (a_new, v_new, b_new) =
            (&mut a_new[begin..][..blocks], &mut v_new[begin..][..blocks], &mut b_new[begin..][..blocks]);
        for at in 0..blocks {
            let step = pulled(simd, pull, &from[at]);
            let a = simd.load(&a_old[at]) - step[0];
            let v = simd.load(&v_old[at]) - step[1];
            let b = simd.load(&b_old[at]) - step[2];
            a.store(&mut a_new[at]);
            v.store(&mut v_new[at]);
            b.store(&mut b_new[at]);
            answer(simd, activation, inputs, [a, v, b], &mut features[at]);
        }
        add_up(simd, a_new, features, sums);
    }
}

/// The squares of the distance between what two tangents pull back, for `a` and for `w`, in the order of [`dot`](condense_num::kernel::dot).
#[inline(always)]
fn differ_all_body<S: Simd>(simd: S, pulls: &[Pull; 2], features: [&[Features]; 2], layers: &mut [f64]) {
    for (layer, rows) in layers.iter_mut().zip([0..1, 1..1 + D]) {
        let mut sum = simd.splat(0.0);
        for row in rows {
            // Those of `a` are `σ`.
            let kind = if row == 0 { 0 } else { N };
            for (one, other) in features[0].iter().zip(features[1]) {
                let apart = along(simd, &pulls[0][row], &one[kind..]) - along(simd, &pulls[1][row], &other[kind..]);
                sum = apart.mul_add(apart, sum);
            }
        }
        let mut lanes = [0.0; LANES];
        sum.store(&mut lanes);
        *layer = fold(lanes);
    }
}

/// What eight neurons pull back.
#[inline(always)]
fn pulled<S: Simd>(simd: S, pull: &Pull, features: &Features) -> [S::F64x8; 1 + D] {
    [along(simd, &pull[0], features), along(simd, &pull[1], &features[N..]), along(simd, &pull[2], &features[N..])]
}

/// `Σ_i factors[i] rows[i]`.
#[inline(always)]
fn along<S: Simd>(simd: S, factors: &[f64; N], rows: &[Eight]) -> S::F64x8 {
    let mut sum = simd.splat(0.0);
    for i in 0..N {
        sum = simd.splat(factors[i]).mul_add(simd.load(&rows[i]), sum);
    }
    sum
}

/// The features of eight neurons.
#[inline(always)]
fn answer<S: Simd>(
    simd: S,
    activation: Activation,
    inputs: &[[f64; D]; N],
    [a, v, b]: [S::F64x8; 1 + D],
    features: &mut Features,
) {
    for i in 0..N {
        let z = b.mul_add(simd.splat(inputs[i][1]), v * simd.splat(inputs[i][0]));
        let (value, steep) = activation.value_and_slope(z);
        value.store(&mut features[i]);
        (a * steep).store(&mut features[N + i]);
    }
}

/// Adds one chunk to the sums over neurons.
#[inline(always)]
fn add_up<S: Simd>(simd: S, a: &[Eight], features: &[Features], sums: &mut Sums) {
    let mut outputs = [simd.splat(0.0); N];
    for (a, features) in a.iter().zip(features) {
        let a = simd.load(a);
        for i in 0..N {
            outputs[i] = a.mul_add(simd.load(&features[i]), outputs[i]);
        }
    }
    for i in 0..N {
        sums.output[i] += folded::<S>(outputs[i]);
    }
    pairs(simd, features, 0, &mut sums.sigma);
    pairs(simd, features, N, &mut sums.slope);
}

/// Adds the inner products of all pairs of rows of one kind.
#[inline(always)]
fn pairs<S: Simd>(simd: S, features: &[Features], kind: usize, sums: &mut [f64]) {
    let mut lanes = [[simd.splat(0.0); N]; N];
    for features in features {
        let mut rows = [simd.splat(0.0); N];
        for i in 0..N {
            rows[i] = simd.load(&features[kind + i]);
        }
        for i in 0..N {
            for j in i..N {
                lanes[i][j] = rows[i].mul_add(rows[j], lanes[i][j]);
            }
        }
    }
    for i in 0..N {
        for j in i..N {
            sums[i * N + j] += folded::<S>(lanes[i][j]);
        }
    }
}

#[inline(always)]
fn folded<S: Simd>(sum: S::F64x8) -> f64 {
    let mut lanes = [0.0; LANES];
    sum.store(&mut lanes);
    fold(lanes)
}

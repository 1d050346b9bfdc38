//! The fused pass of a three-layer network: eight rows of W at a time go backward, are updated and go forward again.
//! It knows no loop over steps; see [`three_layer`](crate::nets::three_layer) for the formulas.
//!
//! Sums over the second layer run in lanes, sums over points and over the first layer in one chain: no bit depends on how
//! many rows or columns a machine takes at once.

use crate::nets::activation::{Activation, known};
use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd, fold};

/// Eight neighbours in a row.
type Lanes = [f64; LANES];

/// Blocks of columns whose part of eight rows stays in the first cache.
const CHUNK: usize = 32;

/// Eight neurons of the first layer.
#[derive(Clone, Copy, Debug)]
pub struct First {
    /// Input weights.
    pub w: Lanes,
    /// Biases.
    pub b: Lanes,
}

kernel! {
    /// The outputs `Σ a σ(z)`; of the layer, `z` becomes `σ(z)` and `g` becomes `σ'(z)`. Sets the output gradients; returns the loss.
    pub fn compare(
        activation: Activation,
        a: &[Lanes],
        y: &[f64],
        layer: [&mut [Lanes]; 2],
        output_gradients: &mut [f64],
    ) -> f64 = compare_body;

    /// The second layer's own descent. Of the layer, from `σ` in `z` and `σ'` in `g` come the pulls `g_ij = r_i a_j σ'_ij`; `z` starts
    /// anew from the biases.
    pub fn vjp(rate: f64, output_gradients: &[f64], own: [&mut [Lanes]; 2], layer: [&mut [Lanes]; 2]) = vjp_body;

    /// Some neurons of the first layer, and their rows of W, once round: by the pulls in `g` of the second layer, and forward into
    /// its `z`. Shapes: `w2` 8 rows for each of `first`, `tape` blocks × n, `layer` n × columns.
    pub fn turn(
        activation: Activation,
        rate: f64,
        x: &[f64],
        first: &mut [First],
        w2: &mut [Lanes],
        tape: &mut [[Lanes; 2]],
        layer: (&mut [Lanes], &[Lanes]),
    ) = turn_body;
}

#[inline(always)]
fn compare_body<S: Simd>(
    simd: S,
    activation: Activation,
    a: &[Lanes],
    y: &[f64],
    layer: [&mut [Lanes]; 2],
    output_gradients: &mut [f64],
) -> f64 {
    // Each arm knows its activation while it is compiled.
    known!(activation, |activation| outputs(simd, activation, a, y, layer, output_gradients))
}

#[inline(always)]
fn vjp_body<S: Simd>(_: S, rate: f64, output_gradients: &[f64], own: [&mut [Lanes]; 2], layer: [&mut [Lanes]; 2]) {
    let ([b, a], [z, g]) = (own, layer);
    let wide = a.len();
    for j in 0..wide {
        let [mut of_a, mut of_b] = [[0.0; LANES]; 2];
        for (i, output_gradient) in output_gradients.iter().enumerate() {
            let (value, g) = (&z[i * wide + j], &mut g[i * wide + j]);
            for lane in 0..LANES {
                of_a[lane] = output_gradient.mul_add(value[lane], of_a[lane]);
                g[lane] *= output_gradient * a[j][lane];
                of_b[lane] += g[lane];
            }
        }
        for lane in 0..LANES {
            a[j][lane] = of_a[lane].mul_add(-rate, a[j][lane]);
            b[j][lane] = of_b[lane].mul_add(-rate, b[j][lane]);
        }
        for i in 0..output_gradients.len() {
            z[i * wide + j] = b[j];
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // the token is one more than callers pass
fn turn_body<S: Simd>(
    simd: S,
    activation: Activation,
    rate: f64,
    x: &[f64],
    first: &mut [First],
    w2: &mut [Lanes],
    tape: &mut [[Lanes; 2]],
    layer: (&mut [Lanes], &[Lanes]),
) {
    known!(activation, |activation| round(simd, activation, rate, x, first, w2, tape, layer));
}

#[inline(always)]
fn outputs<S: Simd>(
    simd: S,
    activation: Activation,
    a: &[Lanes],
    y: &[f64],
    [z, g]: [&mut [Lanes]; 2],
    output_gradients: &mut [f64],
) -> f64 {
    let (wide, n, mut squares) = (a.len(), y.len() as f64, 0.0);
    for (i, (y, output_gradient)) in y.iter().zip(output_gradients).enumerate() {
        let mut sum = simd.splat(0.0);
        for j in 0..wide {
            let (z, g) = (&mut z[i * wide + j], &mut g[i * wide + j]);
            let (value, slope) = activation.value_and_slope(simd.load(z));
            slope.store(g);
            value.store(z);
            sum = simd.load(&a[j]).mul_add(value, sum);
        }
        let error = sum.fold() - y;
        *output_gradient = error / n;
        squares = error.mul_add(error, squares);
    }
    squares / (2.0 * n)
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn round<S: Simd>(
    simd: S,
    activation: Activation,
    rate: f64,
    x: &[f64],
    first: &mut [First],
    w2: &mut [Lanes],
    tape: &mut [[Lanes; 2]],
    (z, g): (&mut [Lanes], &[Lanes]),
) {
    let (n, high) = (x.len(), first.len());
    let wide = w2.len() / (high * LANES).max(1);
    let mut pulls = vec![[[0.0; LANES]; LANES]; n];
    let mut factors = vec![[[0.0; LANES]; 2]; n];
    for (k, first) in first.iter_mut().enumerate() {
        let (w2, tape) = (&mut w2[k * LANES * wide..][..LANES * wide], &mut tape[k * n..][..n]);
        if S::REGISTERS >= 32 {
            backward::<S, 8, 2>(simd, w2, g, wide, &mut pulls);
        } else {
            backward::<S, 4, 1>(simd, w2, g, wide, &mut pulls);
        }
        for (factors, [value, _]) in factors.iter_mut().zip(tape.iter()) {
            factors[0] = value.map(|value| value * -rate);
        }
        descend(simd, activation, rate, x, first, &pulls, tape);
        for (factors, [value, _]) in factors.iter_mut().zip(tape.iter()) {
            factors[1] = *value;
        }
        if S::REGISTERS >= 32 {
            forward::<S, 8, 2>(simd, w2, g, z, wide, &factors);
        } else {
            forward::<S, 4, 1>(simd, w2, g, z, wide, &factors);
        }
    }
}

/// The pulls on eight neurons of the first layer at each point, `Σ_j g_ij W_lj`, lane by lane: `R` rows, `P` points at once.
#[inline(always)]
fn backward<S: Simd, const R: usize, const P: usize>(
    simd: S,
    w2: &[Lanes],
    g: &[Lanes],
    wide: usize,
    pulls: &mut [[Lanes; LANES]],
) {
    pulls.fill([[0.0; LANES]; LANES]);
    for from in (0..wide).step_by(CHUNK) {
        let columns = [from, CHUNK.min(wide - from)];
        for row in (0..LANES).step_by(R) {
            let (groups, rest) = pulls.as_chunks_mut::<P>();
            let done = groups.len() * P;
            for (i, pulls) in groups.iter_mut().enumerate() {
                inner::<S, R, P>(simd, w2, &g[i * P * wide..], wide, columns, row, pulls);
            }
            for (i, pulls) in rest.iter_mut().enumerate() {
                inner::<S, R, 1>(simd, w2, &g[(done + i) * wide..], wide, columns, row, std::array::from_mut(pulls));
            }
        }
    }
}

#[inline(always)]
fn inner<S: Simd, const R: usize, const P: usize>(
    simd: S,
    w2: &[Lanes],
    g: &[Lanes],
    wide: usize,
    [from, count]: [usize; 2],
    row: usize,
    pulls: &mut [[Lanes; LANES]; P],
) {
    let mut sums = [[simd.splat(0.0); P]; R];
    let (mut rows, mut points) = ([&w2[..0]; R], [&g[..0]; P]);
    for r in 0..R {
        rows[r] = &w2[(row + r) * wide + from..][..count];
        for p in 0..P {
            sums[r][p] = simd.load(&pulls[p][row + r]);
        }
    }
    for p in 0..P {
        points[p] = &g[p * wide + from..][..count];
    }
    for j in 0..count {
        let mut g = [sums[0][0]; P];
        for p in 0..P {
            g[p] = simd.load(&points[p][j]);
        }
        for r in 0..R {
            let w = simd.load(&rows[r][j]);
            for p in 0..P {
                sums[r][p] = w.mul_add(g[p], sums[r][p]);
            }
        }
    }
    for r in 0..R {
        for p in 0..P {
            sums[r][p].store(&mut pulls[p][row + r]);
        }
    }
}

/// Eight neurons of the first layer: their step, and their new `[σ, σ']` at each point.
#[inline(always)]
fn descend<S: Simd>(
    simd: S,
    activation: Activation,
    rate: f64,
    x: &[f64],
    first: &mut First,
    pulls: &[[Lanes; LANES]],
    tape: &mut [[Lanes; 2]],
) {
    let [mut of_w, mut of_b] = [[0.0; LANES]; 2];
    for ((pulls, [_, slope]), x) in pulls.iter().zip(tape.iter()).zip(x) {
        for lane in 0..LANES {
            let vjp = fold(pulls[lane]) * slope[lane];
            of_w[lane] = x.mul_add(vjp, of_w[lane]);
            of_b[lane] += vjp;
        }
    }
    for lane in 0..LANES {
        first.w[lane] = of_w[lane].mul_add(-rate, first.w[lane]);
        first.b[lane] = of_b[lane].mul_add(-rate, first.b[lane]);
    }
    let (w, b) = (simd.load(&first.w), simd.load(&first.b));
    for (kept, x) in tape.iter_mut().zip(x) {
        let (value, slope) = activation.value_and_slope(w.mul_add(simd.splat(*x), b));
        value.store(&mut kept[0]);
        slope.store(&mut kept[1]);
    }
}

/// The step of eight rows of W, and what the new ones give to the second layer: `R` rows and `V` blocks of columns at once.
/// `factors` hold the old `-rate h` and the new `h` of the rows, at each point.
#[inline(always)]
fn forward<S: Simd, const R: usize, const V: usize>(
    simd: S,
    w2: &mut [Lanes],
    g: &[Lanes],
    z: &mut [Lanes],
    wide: usize,
    factors: &[[Lanes; 2]],
) {
    for row in (0..LANES).step_by(R) {
        let whole = wide / V * V;
        for j in (0..whole).step_by(V) {
            tile::<S, R, V>(simd, w2, g, z, wide, factors, [row, j]);
        }
        for j in whole..wide {
            tile::<S, R, 1>(simd, w2, g, z, wide, factors, [row, j]);
        }
    }
}

#[inline(always)]
fn tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    w2: &mut [Lanes],
    g: &[Lanes],
    z: &mut [Lanes],
    wide: usize,
    factors: &[[Lanes; 2]],
    [row, j]: [usize; 2],
) {
    let mut w = [[simd.splat(0.0); V]; R];
    for r in 0..R {
        for v in 0..V {
            w[r][v] = simd.load(&w2[(row + r) * wide + j + v]);
        }
    }
    for ([old, _], g) in factors.iter().zip(g.chunks_exact(wide)) {
        let mut vjp = [w[0][0]; V];
        for v in 0..V {
            vjp[v] = simd.load(&g[j + v]);
        }
        for r in 0..R {
            let factor = simd.splat(old[row + r]);
            for v in 0..V {
                w[r][v] = vjp[v].mul_add(factor, w[r][v]);
            }
        }
    }
    for r in 0..R {
        for v in 0..V {
            w[r][v].store(&mut w2[(row + r) * wide + j + v]);
        }
    }
    for ([_, new], z) in factors.iter().zip(z.chunks_exact_mut(wide)) {
        for v in 0..V {
            let mut sum = simd.load(&z[j + v]);
            for r in 0..R {
                sum = w[r][v].mul_add(simd.splat(new[row + r]), sum);
            }
            sum.store(&mut z[j + v]);
        }
    }
}

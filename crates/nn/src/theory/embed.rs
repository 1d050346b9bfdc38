//! Embeddings of a narrow network into a wider one that keep the output and every critical point.
//! They know the network alone; what a split does to the Hessian at a critical point is a rule of its own.

use crate::nets::tanh_net::{TanhNet, bend};
use crate::theory::critical::{Inertia, Landscape};
use condense_num::eigen;
use ndarray::Array2;

/// One-step splitting `T^α` (Zhang et al. 2021, theorem 1): neuron `j` keeps `(1 − α) a_j`, and a copy with the same
/// input weights takes `α a_j`. The copy comes last. Any real `α` will do.
pub fn split(net: &TanhNet, j: usize, alpha: f64) -> TanhNet {
    split_shares(net, j, &[1.0 - alpha, alpha])
}

/// Splits neuron `j` into `k` equal parts: `k − 1` splitting steps at once.
pub fn split_equally(net: &TanhNet, j: usize, k: usize) -> TanhNet {
    split_shares(net, j, &vec![1.0 / k as f64; k])
}

/// Splits neuron `j` into one neuron for each share; the shares sum to 1. All but the first are appended.
fn split_shares(net: &TanhNet, j: usize, shares: &[f64]) -> TanhNet {
    let source = |k: usize| if k < net.width() { k } else { j };
    let wide = net.width() + shares.len() - 1;
    let mut a = net.a.clone();
    a[j] = shares[0] * net.a[j];
    a.extend(shares[1..].iter().map(|share| share * net.a[j]));
    TanhNet::new(a, Array2::from_shape_fn((wide, net.inputs()), |(k, c)| net.w[[source(k), c]]))
}

/// The null embedding: a neuron whose weights are all zero comes last (Zhang et al. 2022, section 4).
///
/// The source leaves the new neuron's bias free; that needs an output bias, whose vanishing derivative says `Σ r = 0`.
/// Without one the derivative by the new output weight is `tanh(b) Σ r`, so the bias must be 0 too.
pub fn null(net: &TanhNet) -> TanhNet {
    let wide = net.width() + 1;
    let mut a = net.a.clone();
    a.push(0.0);
    TanhNet::new(
        a,
        Array2::from_shape_fn((wide, net.inputs()), |(k, c)| if k < wide - 1 { net.w[[k, c]] } else { 0.0 }),
    )
}

/// The inertia of the Hessian after the split of neuron `j` at `α`, by rule: that of the narrow critical point, one zero,
/// and the inertia of `α (1 − α) a_j B_j`, where `B_j = (2/n) Σ_i r_i tanh''(w_j·x_i) x_i x_iᵀ`. Sizes up to `zero` count as 0.
///
/// The new directions leave `f` unchanged to first order: shift output weight from one copy to the other, or move the
/// copies' input weights oppositely, in inverse proportion to their output weights. At a critical point these are
/// conjugate to each other and to the narrow directions; the first has curvature 0, the second the one above.
pub fn split_inertia(landscape: &Landscape, net: &TanhNet, j: usize, alpha: f64, zero: f64) -> Inertia {
    let narrow = Inertia::of(&landscape.spectrum(net), zero);
    let bend = split_curvature(landscape, net, j).mapv_into(|b| alpha * (1.0 - alpha) * b);
    let own = Inertia::of(&eigen::symmetric(&bend).0, zero);
    Inertia {
        negative: narrow.negative + own.negative,
        zero: narrow.zero + own.zero + 1,
        positive: narrow.positive + own.positive,
    }
}

/// `a_j B_j`, `d × d`.
fn split_curvature(landscape: &Landscape, net: &TanhNet, j: usize) -> Array2<f64> {
    let (x, hidden, residuals) = (&landscape.x, net.hidden(&landscape.x), landscape.residuals(net));
    let n = residuals.len();
    Array2::from_shape_fn((net.inputs(), net.inputs()), |(c, e)| {
        let sum: f64 = (0..n).map(|i| residuals[i] * bend(hidden[[i, j]]) * x[[i, c]] * x[[i, e]]).sum();
        2.0 * net.a[j] * sum / n as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::bias::with_bias;
    use condense_num::rng::Stream;
    use condense_num::vector::norm1;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use std::sync::LazyLock;

    /// Random data and a critical point of width 2 on them, where the solver finds one.
    fn critical(seed: u64) -> Option<(Landscape, TanhNet)> {
        let mut rng = Stream::root(seed);
        let x = with_bias(&Array2::from_shape_fn((14, 1), |_| 2.0 * rng.normal()));
        let landscape = Landscape { x, y: rng.normals(14, 1.0) };
        let found = landscape.settle(&TanhNet::random(2, 1.0, &[1.0; 2], &mut rng), 60, 1e-11)?;
        // A minimum at infinity has a vanishing gradient too, but no finite spectrum to compare.
        norm1(&found.net.theta()).lt(&50.0).then_some((landscape, found.net))
    }

    /// The critical points of the first seeds. The search for them is long, and every test here needs some.
    fn points() -> &'static [(Landscape, TanhNet)] {
        static POINTS: LazyLock<Vec<(Landscape, TanhNet)>> = LazyLock::new(|| (0..100).filter_map(critical).collect());
        &POINTS
    }

    fn largest(v: impl IntoIterator<Item = f64>) -> f64 {
        v.into_iter().fold(0.0, |largest, x: f64| largest.max(x.abs()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn splitting_keeps_the_output(seed in any::<u64>(), alpha in -3.0..3.0f64, j in 0..3usize, k in 1..5usize) {
            let mut rng = Stream::root(seed);
            let net = TanhNet::random(3, 1.0, &[1.0; 3], &mut rng);
            let x = Array2::from_shape_fn((8, 3), |_| rng.normal());
            let before = net.output(&x);
            for wide in [split(&net, j, alpha), split_equally(&net, j, k), null(&net)] {
                let change = largest(wide.output(&x).iter().zip(&before).map(|(one, other)| one - other));
                prop_assert!(change <= 4e-15 * norm1(&wide.a).max(1.0), "changed by {change}");
            }
        }

        #[test]
        fn embeddings_keep_criticality_and_no_inertia_falls(at in any::<Index>(), alpha in -2.0..3.0f64, j in 0..2usize) {
            let (landscape, net) = at.get(points());
            let before = Inertia::of(&landscape.spectrum(net), 1e-9);
            for wide in [split(net, j, alpha), split_equally(net, j, 3), null(net)] {
                let slope = norm1(&landscape.gradient(&wide));
                prop_assert!(slope < 1e-10, "gradient {slope}");
                let after = Inertia::of(&landscape.spectrum(&wide), 1e-9);
                prop_assert!(after.negative >= before.negative, "{before:?} -> {after:?}");
                prop_assert!(after.zero >= before.zero, "{before:?} -> {after:?}");
                prop_assert!(after.positive >= before.positive, "{before:?} -> {after:?}");
            }
        }
    }

    #[test]
    fn the_inertia_rule_is_exact() {
        let mut met = 0;
        for (landscape, net) in points() {
            for (j, alpha) in [(0, 0.5), (1, 0.3), (0, -1.0), (1, 1.5)] {
                let wide = Inertia::of(&landscape.spectrum(&split(net, j, alpha)), 1e-9);
                assert_eq!(wide, split_inertia(landscape, net, j, alpha, 1e-9));
                met += 1;
            }
        }
        assert!(met >= 40, "only {met} critical points were found");
    }

    #[test]
    fn a_null_neuron_with_a_bias_is_not_critical_without_an_output_bias() {
        let (landscape, net) = points().first().expect("a critical point");
        let mut wide = null(net);
        wide.w[[2, 1]] = 0.7;
        assert!(norm1(&landscape.gradient(&wide)) > 1e-6);
    }
}

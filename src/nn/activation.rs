//! Activation functions: the value and the first two derivatives that gradients and Hessians ask for.
//! It knows no weights and no lanes; one number or eight go in, as many come out, and all inlines into kernels.

use crate::num::lanes::Real;
use crate::num::math;
use serde::{Deserialize, Serialize};

/// What a neuron does to its input `z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `max(z, 0)`.
    Relu,
    /// Hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// `σ(z)`.
    #[inline(always)]
    pub fn value<R: Real>(self, z: R) -> R {
        match self {
            Self::Relu => z.positive(),
            Self::Tanh => math::tanh(z),
        }
    }

    /// `σ'(z)`; for ReLU 0 at the kink, where neurons without input rest.
    #[inline(always)]
    pub fn slope<R: Real>(self, z: R) -> R {
        match self {
            Self::Relu => z.like(1.0).or_zero(z.above(z.like(0.0))),
            Self::Tanh => {
                let t = self.value(z);
                t.mul_add(-t, z.like(1.0))
            }
        }
    }

    /// `σ''(z)`.
    #[inline(always)]
    pub fn curvature<R: Real>(self, z: R) -> R {
        match self {
            Self::Relu => z.like(0.0),
            Self::Tanh => z.like(-2.0) * self.value(z) * self.slope(z),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Activation; 2] = [Activation::Relu, Activation::Tanh];

    #[test]
    fn derivatives_are_those_of_finite_differences() {
        let h = 1e-5;
        let central = |f: &dyn Fn(f64) -> f64, z: f64| (f(z + h) - f(z - h)) / (2.0 * h);
        for activation in BOTH {
            for z in [-3.0, -0.7, -0.01, 0.2, 1.1, 4.0] {
                let slope = central(&|z| activation.value(z), z);
                let curvature = central(&|z| activation.slope(z), z);
                assert!((activation.slope(z) - slope).abs() < 1e-9, "{activation:?}' at {z}");
                assert!((activation.curvature(z) - curvature).abs() < 1e-9, "{activation:?}'' at {z}");
            }
        }
    }

    #[test]
    fn relu_rests_at_its_kink() {
        let relu = Activation::Relu;
        assert_eq!([relu.value(0.0), relu.slope(0.0), relu.slope(-1.0), relu.value(-1.0)], [0.0; 4]);
    }

    #[test]
    fn names_are_lower_case_words() {
        for (activation, name) in BOTH.into_iter().zip(["\"relu\"", "\"tanh\""]) {
            assert_eq!(serde_json::to_string(&activation).unwrap(), name);
            assert_eq!(serde_json::from_str::<Activation>(name).unwrap(), activation);
        }
    }
}

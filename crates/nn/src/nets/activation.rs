//! Activation functions: the value and the first two derivatives that gradients and Hessians ask for.
//! It knows no weights and no loops; everything here is one number in, one out, or eight, and inlines into kernels.

use condense_num::functions;
use condense_num::lanes::{Double, Mask as _};
use condense_num::math;
use serde::{Deserialize, Serialize};

/// What a neuron does to its input `z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `max(z, 0)`.
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// `z tanh(z)`: multiplicity 2, in the papers' words.
    XTanh,
    /// `z² tanh(z)`: multiplicity 3.
    X2Tanh,
    /// `1/(1 + e⁻ᶻ)`; 1/2 at rest.
    Sigmoid,
    /// `ln(1 + eᶻ)`; ln 2 at rest.
    Softplus,
}

impl Activation {
    /// `σ(z)`.
    #[inline(always)]
    pub fn value<R: Double>(self, z: R) -> R {
        match self {
            Self::Relu => z.relu(),
            Self::Tanh => math::tanh(z),
            Self::XTanh => z * math::tanh(z),
            Self::X2Tanh => z * z * math::tanh(z),
            Self::Sigmoid => functions::sigmoid(z),
            Self::Softplus => functions::softplus(z),
        }
    }

    /// `σ'(z)`; for ReLU 0 at the kink, where neurons without input rest.
    #[inline(always)]
    pub fn slope<R: Double>(self, z: R) -> R {
        match self {
            Self::Softplus => functions::sigmoid(z),
            _ => self.value_and_slope(z).1,
        }
    }

    /// `σ(z)` and `σ'(z)`, for little more than one of them.
    #[inline(always)]
    pub fn value_and_slope<R: Double>(self, z: R) -> (R, R) {
        match self {
            Self::Relu => (z.relu(), z.gt(z.splat(0.0)).select_or_zero(z.splat(1.0))),
            Self::Tanh => {
                let t = math::tanh(z);
                (t, slope_of_tanh(t))
            }
            Self::XTanh => {
                let t = math::tanh(z);
                (z * t, z.mul_add(slope_of_tanh(t), t))
            }
            Self::X2Tanh => {
                let t = math::tanh(z);
                (z * z * t, z * z.mul_add(slope_of_tanh(t), z.splat(2.0) * t))
            }
            Self::Sigmoid => {
                let s = functions::sigmoid(z);
                (s, slope_of_sigmoid(s))
            }
            Self::Softplus => (functions::softplus(z), functions::sigmoid(z)),
        }
    }

    /// `σ'(z)` from `σ(z)`, where that is all it takes.
    #[inline(always)]
    pub fn slope_at_value<R: Double>(self, value: R) -> Option<R> {
        match self {
            Self::Tanh => Some(slope_of_tanh(value)),
            Self::Sigmoid => Some(slope_of_sigmoid(value)),
            _ => None,
        }
    }

    /// `σ''(z)`.
    #[inline(always)]
    pub fn curvature<R: Double>(self, z: R) -> R {
        let [one, two] = [z.splat(1.0), z.splat(2.0)];
        match self {
            Self::Relu => z.splat(0.0),
            Self::Tanh => {
                let t = math::tanh(z);
                -two * t * slope_of_tanh(t)
            }
            // 2σ' - 2ztσ' with σ' of tanh, and likewise below.
            Self::XTanh => {
                let t = math::tanh(z);
                two * slope_of_tanh(t) * z.mul_add(-t, one)
            }
            Self::X2Tanh => {
                let t = math::tanh(z);
                two * (z * slope_of_tanh(t)).mul_add(z.mul_add(-t, two), t)
            }
            Self::Sigmoid => {
                let s = functions::sigmoid(z);
                slope_of_sigmoid(s) * s.mul_add(-two, one)
            }
            Self::Softplus => slope_of_sigmoid(functions::sigmoid(z)),
        }
    }
}

/// `tanh' = 1 - tanh²`.
#[inline(always)]
fn slope_of_tanh<R: Double>(t: R) -> R {
    t.mul_add(-t, t.splat(1.0))
}

/// `σ' = σ - σ²`.
#[inline(always)]
fn slope_of_sigmoid<R: Double>(s: R) -> R {
    s.mul_add(-s, s)
}

/// Calls with the activation known while the call is compiled, so that the loops in it have no branch:
/// `known!(activation, |activation| respond(activation, rows))`.
macro_rules! known {
    ($activation:expr, |$known:ident| $call:expr) => {
        known!(@of Relu Tanh XTanh X2Tanh Sigmoid Softplus; $activation, $known, $call)
    };
    (@of $($name:ident)+; $activation:expr, $known:ident, $call:expr) => {
        match $activation {$(
            $crate::nets::activation::Activation::$name => {
                let $known = $crate::nets::activation::Activation::$name;
                $call
            }
        )+}
    };
}
pub(crate) use known;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 6] = [
        Activation::Relu,
        Activation::Tanh,
        Activation::XTanh,
        Activation::X2Tanh,
        Activation::Sigmoid,
        Activation::Softplus,
    ];

    #[test]
    fn derivatives_are_those_of_finite_differences() {
        let h = 1e-5;
        let central = |f: &dyn Fn(f64) -> f64, z: f64| (f(z + h) - f(z - h)) / (2.0 * h);
        for activation in ALL {
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
    fn those_that_rest_rest_and_the_others_do_not() {
        let resting = ALL.map(|activation| activation.value(0.0) == 0.0);
        assert_eq!(resting, [true, true, true, true, false, false]);
        assert_eq!([Activation::XTanh, Activation::X2Tanh].map(|activation| activation.slope(0.0)), [0.0; 2]);
    }

    #[test]
    fn names_are_lower_case_words() {
        for (activation, name) in ALL.into_iter().zip(["relu", "tanh", "x-tanh", "x2-tanh", "sigmoid", "softplus"]) {
            let name = format!("\"{name}\"");
            assert_eq!(serde_json::to_string(&activation).unwrap(), name);
            assert_eq!(serde_json::from_str::<Activation>(&name).unwrap(), activation);
        }
    }
}

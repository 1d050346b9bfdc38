//! The sizes of a two-layer network's weights as units: a network as it is trained, and the normalised one that it is.
//! It knows no task and no training.
//!
//! With `a = β1 ā`, `w = β2 w̄`, `t = β1β2 t̄` the flow of a network with factor 1/α and both layers at one rate is the normalised
//! flow of `κ = β1β2/α`, `κ' = β1/β2` (Luo, Xu, Ma & Zhang, JMLR 2021, §3.2).

use crate::nets::two_layer::TwoLayer;
use crate::theory::phase_plane::Point;
use condense_num::math;

/// The standard deviations `[β1, β2]` of output and input weights at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units(pub [f64; 2]);

impl Units {
    /// `β2 = m^-power`, and `β1 = κ' β2` as the place on the phase plane demands.
    pub fn of(at: Point, m: f64, power: f64) -> Self {
        let beta2 = math::pow(m, -power);
        Self([at.kappa_prime(m) * beta2, beta2])
    }

    /// How long one unit of normalised time is.
    pub fn time(self) -> f64 {
        self.0[0] * self.0[1]
    }

    /// The network that a normalised one is in these units.
    pub fn network(self, normalised: &TwoLayer) -> TwoLayer {
        TwoLayer { scale: normalised.scale / self.time(), mobility: [1.0, 1.0], ..normalised.clone() }
    }

    /// The parameters that those of a normalised network of this width are.
    pub fn scaled(self, theta: &[f64], width: usize) -> Vec<f64> {
        theta.iter().enumerate().map(|(k, x)| self.0[usize::from(k >= width)] * x).collect()
    }

    /// The largest difference of parameters in these units from normalised ones, over the largest of the same layer.
    pub fn apart(self, theta: &[f64], normalised: &[f64], width: usize) -> f64 {
        let largest = |x: &mut dyn Iterator<Item = f64>| x.fold(0.0f64, |largest, x| largest.max(x.abs()));
        let scaled = self.scaled(normalised, width);
        let layers = [0..width, width..theta.len()].map(|layer| {
            let (own, other) = (&theta[layer.clone()], &scaled[layer]);
            largest(&mut own.iter().zip(other).map(|(x, y)| x - y)) / largest(&mut other.iter().copied())
        });
        layers[0].max(layers[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::four_points::mirrored_network;
    use condense_num::rng::Stream;

    #[test]
    fn a_network_gives_the_same_output_in_all_units() {
        let at = Point { gamma: 1.1, gamma_prime: 0.25 };
        let normalised = mirrored_network(at, 16.0, 16);
        let theta = normalised.draw([1.0, 1.0], &mut Stream::root(7));
        let units = Units::of(at, 16.0, 0.5);
        assert_eq!(units, Units([0.125, 0.25]));
        let (network, scaled) = (units.network(&normalised), units.scaled(&theta, normalised.width));
        let [one, other] = [network.outputs(&scaled, &network.inputs), normalised.outputs(&theta, &normalised.inputs)];
        assert!(one.iter().zip(&other).all(|(one, other)| (one - other).abs() < 1e-14));
        assert_eq!(units.apart(&scaled, &theta, normalised.width), 0.0);
    }

    #[test]
    fn differences_are_told_layer_by_layer() {
        let units = Units([0.5, 0.25]);
        assert_eq!(units.scaled(&[2.0, 4.0, 8.0, 16.0], 2), [1.0, 2.0, 2.0, 4.0]);
        assert_eq!(units.apart(&[1.0, 2.0, 2.0, 3.0], &[2.0, 4.0, 8.0, 16.0], 2), 0.25);
        assert_eq!(units.apart(&[2.0, 2.0, 2.0, 4.0], &[2.0, 4.0, 8.0, 16.0], 2), 0.5);
    }
}

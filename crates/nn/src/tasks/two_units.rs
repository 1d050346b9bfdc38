//! The one-dimensional tasks of the dropout paper, whose targets are networks of two neurons.
//! It knows no training. Settings: Zhang & Xu, arXiv:2207.05952, appendix A; the numbers of samples are read off its figures.

use crate::measures::covering::covering;
use crate::measures::measure::{Direction, amplitude, effective, sectors};
use crate::measures::rank::Rank;
use crate::nets::activation::Activation;
use crate::nets::packed::{Neuron, Packed};
use crate::tasks::task::Samples;
use condense_num::math::{pow, tanh};
use condense_num::rng::Stream;
use condense_num::stats::linspace;
use condense_num::vector::{dot, unit};
use ndarray::Array2;

/// A target of two neurons, where it is sampled, and what counts as its directions.
#[derive(Clone, Copy, Debug)]
pub struct TwoUnits {
    /// Of the target and of whoever learns it.
    pub activation: Activation,
    /// `f*`.
    pub target: fn(f64) -> f64,
    /// Samples are even on `[-reach, reach]` …
    pub reach: f64,
    /// … and so many where the paper shows neurons.
    pub samples: usize,
    /// Whether opposite input weights are one.
    pub direction: Direction,
    /// The target's input weights and biases.
    pub own: [[f64; 2]; 2],
}

/// Two neurons of one input, each with a weight, a bias and an output weight: where the source draws its dashed line.
pub const PARAMETERS: usize = 6;

/// Neurons within this cosine of the target's direction stand at it.
const CLOSE: f64 = 0.995;
/// The cosine of the published count of effective neurons.
const COVER: f64 = 0.95;
/// A neuron is strong from this share of the largest amplitude on.
const STRONG: f64 = 0.01;

/// The names of [`TwoUnits::look`].
pub const LOOKS: [&str; 5] = ["effective", "own", "covering", "strong", "ratio"];

/// Test points, even on the interval of the samples.
const TEST: usize = 301;

/// `tanh(x - 6) + tanh(x + 6)` at 15 points of [-12, 12].
pub const STEPS: TwoUnits = TwoUnits {
    activation: Activation::Tanh,
    target: |x| tanh(x - 6.0) + tanh(x + 6.0),
    reach: 12.0,
    samples: 15,
    direction: Direction::Line,
    own: [[1.0, -6.0], [1.0, 6.0]],
};

/// `½ r(-x - ⅓) + ½ r(x - ⅓)`, `r(z) = max(z, 0)`, at 6 points of [-5/3, 5/3].
pub const RAMPS: TwoUnits = TwoUnits {
    activation: Activation::Relu,
    target: |x| 0.5 * (-x - 1.0 / 3.0).max(0.0) + 0.5 * (x - 1.0 / 3.0).max(0.0),
    reach: 5.0 / 3.0,
    samples: 6,
    direction: Direction::Ray,
    own: [[-1.0, -1.0 / 3.0], [1.0, -1.0 / 3.0]],
};

impl TwoUnits {
    /// So many samples.
    pub fn data(&self, n: usize) -> Samples<2> {
        Samples::of(self.target, &linspace(-self.reach, self.reach, n))
    }

    /// The paper's start: every parameter of variance `m^-0.2`.
    pub fn start(&self, width: usize, stream: &Stream) -> Packed<2> {
        let std = pow(width as f64, -0.1);
        Packed::gaussian(self.activation, width, std, std, stream)
    }

    /// The model rank at the target in a network of its two neurons: its optimistic sample size. A neuron gives the functions `σ(w·x)`,
    /// `σ'(w·x) x` and `σ'(w·x)`.
    pub fn rank(&self) -> usize {
        let test = self.data(TEST);
        let tangents = Array2::from_shape_fn((TEST, PARAMETERS), |(i, k)| {
            let z = dot(&self.own[k / 3], &test.x[i]);
            let (value, slope) = (self.activation.value(z), self.activation.value_and_slope(z).1);
            [value, slope * test.x[i][0], slope][k % 3]
        });
        Rank::of(&tangents).rank
    }

    /// The mean square error over the target's mean square, at 301 even points of the interval.
    pub fn test(&self, net: &Packed<2>) -> f64 {
        let test = self.data(TEST);
        let squares = net.outputs(&test.x).into_iter().zip(&test.y).map(|(f, y)| (f - y) * (f - y));
        squares.sum::<f64>() / test.y.iter().map(|y| y * y).sum::<f64>()
    }

    /// How far a network has condensed: effective directions by sectors of ten degrees; the share of the amplitude at the
    /// target's directions; how many directions [cover](covering) all neurons, and how many the strong ones; and the
    /// published effective ratio, the former over the number of neurons.
    pub fn look(&self, neurons: &[Neuron<2>]) -> [f64; LOOKS.len()] {
        let largest = neurons.iter().map(amplitude).fold(0.0, f64::max);
        let strong: Vec<_> = neurons.iter().filter(|neuron| amplitude(neuron) > STRONG * largest).copied().collect();
        let [all, strong] = [neurons, &strong].map(|neurons| covering(neurons, COVER) as f64);
        let count = if self.direction == Direction::Ray { 36 } else { 18 };
        let directions = effective(&sectors(neurons, self.direction, count));
        [directions, self.share_at_target(neurons, CLOSE), all, strong, all / neurons.len() as f64]
    }

    /// The share of the amplitude in neurons that point within this cosine of one of the target's; 0 where there is none.
    pub fn share_at_target(&self, neurons: &[Neuron<2>], cosine: f64) -> f64 {
        let close = |neuron: &&Neuron<2>| {
            let cosines = self.own.iter().map(|own| dot(&unit(own), &unit(&neuron.w)));
            let mut seen = cosines.map(|cosine| if self.direction == Direction::Line { cosine.abs() } else { cosine });
            seen.any(|seen| seen > cosine)
        };
        let total: f64 = neurons.iter().map(amplitude).sum();
        if total > 0.0 { neurons.iter().filter(close).map(amplitude).sum::<f64>() / total } else { 0.0 }
    }
}

/// The neurons that any sample activates: ReLU neurons that are 0 at all of them neither act nor learn, and only keep their size.
pub fn active(net: &Packed<2>, samples: &Samples<2>) -> Vec<Neuron<2>> {
    let input = |neuron: &Neuron<2>, x: &[f64; 2]| neuron.w[0] * x[0] + neuron.w[1];
    let acts = |neuron: &Neuron<2>| samples.x.iter().any(|x| net.activation().value(input(neuron, x)) != 0.0);
    net.neurons().into_iter().filter(acts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_is_a_network_of_its_two_neurons() {
        for (task, a) in [(STEPS, 1.0), (RAMPS, 0.5)] {
            let neurons = task.own.map(|w| Neuron { a, w });
            assert!(task.test(&Packed::new(task.activation, &neurons)) < 1e-28);
            assert_eq!(task.share_at_target(&neurons, 0.995), 1.0);
            assert_eq!(task.data(task.samples).x.len(), task.samples);
            let [effective, own, covering, strong, ratio] = task.look(&neurons);
            assert!((effective - 2.0).abs() < 1e-12 && own == 1.0);
            assert_eq!([covering, strong, ratio], [2.0, 2.0, 1.0]);
        }
        let silent = Packed::new(Activation::Tanh, &[Neuron { a: 0.0, w: [1.0, 0.0] }]);
        assert!((STEPS.test(&silent) - 1.0).abs() < 1e-12);
    }

    /// A ReLU neuron gives two functions: where it is on, its own value is one of the linear functions that the others span.
    #[test]
    fn a_relu_neuron_has_rank_two_and_a_tanh_neuron_three() {
        assert_eq!([STEPS.rank(), RAMPS.rank()], [6, 4]);
    }

    /// It was once 0/0.
    #[test]
    fn neurons_without_amplitude_have_no_share_at_the_target() {
        assert_eq!(STEPS.share_at_target(&[Neuron { a: 0.0, w: [1.0, -6.0] }], 0.995), 0.0);
        assert_eq!(STEPS.share_at_target(&[], 0.995), 0.0);
    }

    #[test]
    fn opposite_neurons_are_one_for_tanh_alone() {
        let turned = |task: &TwoUnits| task.own.map(|[w, b]| Neuron { a: 1.0, w: [-2.0 * w, -2.0 * b] });
        assert_eq!(STEPS.share_at_target(&turned(&STEPS), 0.995), 1.0);
        assert_eq!(RAMPS.share_at_target(&turned(&RAMPS), 0.995), 0.0);
    }
}

//! What gradient descent of small steps does, by a gradient flow: the loss and the network at every step, told in epochs.
//! It knows the two integrators and no figure.

use crate::measures::plateau::{Plateau, plateaus};
use crate::nets::activation::Activation;
use crate::nets::bias::line_with_bias;
use crate::nets::packed::{Neuron, Packed};
use crate::nets::tanh_net::TanhNet;
use crate::nets::two_layer::TwoLayer;
use crate::tasks::task::Samples;
use crate::theory::critical::Landscape;
use crate::theory::descent::Descent;
use crate::training::flow::Flow;
use condense_experiment::{Context, Stop};
use ndarray::Array2;

/// A training of a tanh network of one input, step by step.
#[derive(Clone, Debug)]
pub struct Course {
    /// `[epoch, mean square]`.
    pub curve: Vec<[f64; 2]>,
    /// The network at each of them.
    pub nets: Vec<Packed<2>>,
}

/// How far a course goes, and how finely.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Learning rate of the gradient descent on the mean square that is followed.
    pub rate: f64,
    /// Its epochs.
    pub epochs: f64,
    /// The integrator's tolerance.
    pub tolerance: f64,
}

/// A step of the wide flow ends at this multiple of its time at the latest, so that the curve is seen between steps.
const RATIO: f64 = 1.25;

impl Course {
    /// A wide network, by [`Flow`], whose cost is set by the samples. Its risk has a factor ½, so an epoch takes twice the rate.
    ///
    /// # Errors
    /// When the flow stalls, or on an interrupt.
    pub fn wide(samples: &Samples<2>, start: &Packed<2>, span: Span, ctx: &Context) -> Result<Self, Stop> {
        let (neurons, targets) = (start.neurons(), samples.y.clone());
        let (width, activation) = (neurons.len(), start.activation());
        let inputs = line_with_bias(&places(samples));
        let net = TwoLayer { activation, inputs, targets, width, copies: 1.0, scale: 1.0, mobility: [1.0; 2] };
        let w = |c: usize| neurons.iter().map(move |n| n.w[c]);
        let theta = neurons.iter().map(|n| n.a).chain(w(0)).chain(w(1)).collect();
        let (mut flow, unit) = (Flow::new(&net, theta, span.tolerance), 2.0 * span.rate);
        let mut course = Self { curve: vec![[0.0, flow.mean_square()]], nets: vec![start.clone()] };
        let end = span.epochs * unit;
        while flow.time() < end {
            ctx.tick((flow.time() / unit) as usize, span.epochs as usize)?;
            let limit = (RATIO * flow.time()).max(unit).min(end);
            flow.advance(limit).map_err(|stalled| Stop::failed(stalled.to_string()))?;
            let neuron = |k: usize| {
                let [a, w, b] = [0, 1, 2].map(|block| flow.theta()[block * width + k]);
                Neuron { a, w: [w, b] }
            };
            course.curve.push([flow.time() / unit, flow.mean_square()]);
            course.nets.push(Packed::new(activation, &(0..width).map(neuron).collect::<Vec<_>>()));
        }
        Ok(course)
    }

    /// A narrow tanh network, by [`Descent`], whose cost is set by the parameters.
    ///
    /// # Errors
    /// When the flow stalls, or on an interrupt.
    pub fn narrow(samples: &Samples<2>, start: &Packed<2>, span: Span, ctx: &Context) -> Result<Self, Stop> {
        let neurons = start.neurons();
        let weights = Array2::from_shape_fn((neurons.len(), 2), |(k, c)| neurons[k].w[c]);
        let net = TanhNet::new(neurons.iter().map(|n| n.a).collect(), weights);
        let landscape = Landscape { x: line_with_bias(&places(samples)), y: samples.y.clone() };
        let mut flow = Descent::new(&landscape, net, span.tolerance);
        let mut course = Self { curve: vec![[0.0, flow.loss()]], nets: vec![start.clone()] };
        flow.flow_to(span.epochs * span.rate, |flow| {
            course.curve.push([flow.time() / span.rate, flow.loss()]);
            course.nets.push(packed(flow.net()));
            ctx.tick((flow.time() / span.rate) as usize, span.epochs as usize)
        })?;
        Ok(course)
    }

    /// Its first plateau.
    ///
    /// # Errors
    /// When its loss never falls faster than the inverse of time, or never slower after that.
    pub fn rest(&self) -> Result<Plateau, Stop> {
        plateaus(&self.curve)
            .first()
            .copied()
            .ok_or_else(|| Stop::failed("the training has no plateau after its first drop"))
    }

    /// The step that is nearest to an epoch.
    pub fn near(&self, epoch: f64) -> usize {
        let after = self.curve.partition_point(|row| row[0] < epoch).min(self.curve.len() - 1);
        let before = after.saturating_sub(1);
        if epoch - self.curve[before][0] < self.curve[after][0] - epoch { before } else { after }
    }

    /// The last step.
    pub fn last(&self) -> usize {
        self.curve.len() - 1
    }
}

/// A tanh network of one input and a bias, packed.
pub fn packed(net: &TanhNet) -> Packed<2> {
    let neurons = net.a.iter().zip(net.w.rows()).map(|(&a, w)| Neuron { a, w: [w[0], w[1]] });
    Packed::new(Activation::Tanh, &neurons.collect::<Vec<_>>())
}

fn places(samples: &Samples<2>) -> Vec<f64> {
    samples.x.iter().map(|x| x[0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::rule::Sgd;
    use crate::training::stepwise::Stepwise as _;
    use crate::training::train::Trainer;
    use condense_experiment::Inline;
    use condense_num::rng::Stream;
    use std::collections::BTreeMap;

    #[test]
    fn both_flows_and_gradient_descent_of_small_steps_are_one_course() {
        let samples = Samples::of(|x| 1.5 * x - 0.7 * x * x, &[-1.0, -0.5, 0.2, 0.9]);
        let start = Packed::gaussian(Activation::Tanh, 4, 0.1, 0.1, &Stream::root(2));
        let (inputs, span) = (BTreeMap::new(), Span { rate: 1e-3, epochs: 5000.0, tolerance: 1e-3 });
        let ctx = Context::new(0, &inputs, &Inline);
        let wide = Course::wide(&samples, &start, span, &ctx).expect("flows");
        let narrow = Course::narrow(&samples, &start, span, &ctx).expect("flows");
        let mut descent = Trainer::new(start, &samples, Sgd { rate: 1e-3, momentum: 0.0 });
        descent.train_to(5000, &ctx).expect("a gentle rate");
        for course in [&wide, &narrow] {
            assert_eq!(course.curve[course.last()][0], 5000.0);
            let loss = course.curve[course.last()][1];
            assert!((loss / descent.loss() - 1.0).abs() < 0.01, "{loss} {}", descent.loss());
            assert_eq!(course.nets.len(), course.curve.len());
            assert_eq!([course.near(-1.0), course.near(1e9)], [0, course.last()]);
        }
    }
}

//! The parameters that trainings end with, to the last bit: of every network, and of every rule of descent. Losses are not
//! asked, for two different trainings may well have equal ones.
//!
//! A digest that moves says that a definition changed or that the platform is wrong; `manifest.lock` says the same of the
//! paper, but not of networks that no figure trains yet.

use condense_experiment::{Context, Inline};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::attention::Attention;
use condense_nn::nets::bias::line_with_bias;
use condense_nn::nets::conv::{ConvNet, Shape, Weights};
use condense_nn::nets::kan::{Kan, Layer, SplineGrid, Training};
use condense_nn::nets::packed::Packed;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::nets::{heads, three_layer};
use condense_nn::tasks::images::{Images, Window};
use condense_nn::tasks::task::Samples;
use condense_nn::training::flow::Flow;
use condense_nn::training::rule::{Adam, Rule, Sgd};
use condense_nn::training::stepwise::Stepwise as _;
use condense_nn::training::train::Trainer;
use condense_num::level::same_on_all;
use condense_num::rng::Stream;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

const STEPS: usize = 50;

/// The first sixteen digits of the digest of all bits, in order.
fn digest(numbers: impl IntoIterator<Item = f64>) -> String {
    let mut sha = Sha256::new();
    for number in numbers {
        assert!(number.is_finite());
        sha.update(number.to_bits().to_le_bytes());
    }
    sha.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn singles<'a>(lists: impl IntoIterator<Item = &'a Vec<f32>>) -> String {
    digest(lists.into_iter().flatten().copied().map(f64::from))
}

fn draw(name: &str, count: usize, std: f64) -> Vec<f64> {
    Stream::root(11).fork(name).normals(count, std)
}

fn draw_singles(name: &str, count: usize, std: f64) -> Vec<f32> {
    draw(name, count, std).into_iter().map(|x| x as f32).collect()
}

/// 21 neurons with two inputs and a bias, 17 samples.
fn two_layer(activation: Activation, rule: Rule) -> String {
    let mut stream = Stream::root(11).fork("samples");
    let x: Vec<[f64; 3]> = (0..17).map(|_| [stream.normal(), stream.normal(), 1.0]).collect();
    let y = x.iter().map(|x| x[0] * x[1] - 0.3).collect();
    let net = Packed::gaussian(activation, 21, 0.5, 1.0, &Stream::root(11).fork("net"));
    let mut trainer = Trainer::normalised(net, &Samples { x, y }, rule, 0.5, [2.0, 0.5]);
    (0..STEPS).for_each(|_| trainer.step(&Context::plain()));
    digest(trainer.net().neurons().into_iter().flat_map(|neuron| [neuron.a, neuron.w[0], neuron.w[1], neuron.w[2]]))
}

#[test]
fn two_layers() {
    let descent = |momentum| Rule::Sgd(Sgd { rate: 1e-3, momentum });
    let adam = Rule::Adam(Adam { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    let ends = |activation| [descent(0.0), descent(0.9), adam].map(|rule| two_layer(activation, rule));
    let known = [
        ["7d9b8eee2efd50a5", "5eed520818a08727", "b6ecd3a1e4787412"],
        ["61654152dfa0377c", "a7101f21dbe8875e", "92527417111bb92b"],
        ["ef1e1a5914b80fc3", "66ba9e4357fb0eeb", "8867b0b3c994380b"],
        ["ca4f174237914465", "69e88df810bf349f", "2a59d683c485160c"],
        ["062683ee1848bc22", "fa800440fce8454d", "a9a550b2494a9063"],
        ["f1e79af0e7b22f14", "e7386692662d6f1c", "c2f337549ba4e2f4"],
    ];
    let all = [
        Activation::Relu,
        Activation::Tanh,
        Activation::XTanh,
        Activation::X2Tanh,
        Activation::Sigmoid,
        Activation::Softplus,
    ];
    assert_eq!(all.map(ends), known);
}

/// 21 neurons by gradient flow, on nine samples: more than one tile of pairs on every machine.
#[test]
fn gradient_flow() {
    let end = |activation| {
        let x = draw("x", 9, 1.0);
        let net = TwoLayer {
            activation,
            inputs: line_with_bias(&x),
            targets: x.iter().map(|x| x * x - 0.3).collect(),
            width: 21,
            copies: 1.0,
            scale: 0.7,
            mobility: [2.0, 0.5],
        };
        let mut flow = Flow::new(&net, net.draw([1.0; 2], &mut Stream::root(11).fork("flow")), 0.05);
        for _ in 0..20 {
            flow.advance(f64::INFINITY).expect("a smooth way down");
        }
        digest(flow.theta().iter().copied())
    };
    let ends = same_on_all(|| [Activation::Relu, Activation::Tanh, Activation::Softplus].map(end));
    assert_eq!(ends, ["342d270e233aca85", "584101c68255eee9", "47fabf59163b0395"]);
}

#[test]
fn three_layers() {
    let m = 19;
    let weights = three_layer::Weights {
        w1: draw("w1", m, 1.0),
        b1: draw("b1", m, 1.0),
        w2: draw("w2", m * m, 0.2),
        b2: draw("b2", m, 0.1),
        a: draw("a", m, 0.2),
    };
    let (x, y) = (draw("x", 11, 1.0), draw("y", 11, 1.0));
    let end = |activation| {
        let (none, mut training) = (BTreeMap::new(), three_layer::Training::new(activation, &weights, [&x, &y], 0.05));
        training.train_to(STEPS, &Context::new(0, &none, &Inline)).expect("a gentle rate");
        let three_layer::Weights { w1, b1, w2, b2, a } = training.weights();
        digest([w1, b1, w2, b2, a].concat())
    };
    assert_eq!([Activation::Relu, Activation::Tanh].map(end), ["3df13dad408a0baa", "d653dd1b37cae748"]);
}

#[test]
fn convolution() {
    let end = |activation| {
        let shape = Shape { side: 7, window: Window { size: 3, stride: 2 }, channels: 18, biased: true, activation };
        let images = Images {
            side: 7,
            pixels: draw_singles("pixels", 19 * 49, 1.0),
            labels: (0..19).map(|image| image % 3).collect(),
        };
        let dense = vec![
            [draw_singles("dense", 4 * 18 * 9, 0.1), draw_singles("dense b", 4, 0.1)],
            [draw_singles("classes", 12, 0.5), draw_singles("classes b", 3, 0.1)],
        ];
        let (kernels, biases) = (draw_singles("kernels", 18 * 9, 0.3), draw_singles("biases", 18, 0.1));
        let (mut net, batch) = (ConvNet::new(shape, &Weights { kernels, biases, dense }), (0..19).collect::<Vec<_>>());
        for _ in 0..STEPS {
            net.step(&images, &batch, Sgd { rate: 0.05, momentum: 0.9 }, &Context::plain()).expect("a gentle rate");
        }
        let Weights { kernels, biases, dense } = net.weights();
        singles([kernels, biases].iter().chain(dense.iter().flatten()))
    };
    assert_eq!([Activation::Relu, Activation::Tanh].map(end), ["d0b69cd82071ae94", "cf9bcf231d15178e"]);
}

#[test]
fn attention() {
    let shape = heads::Shape { tokens: 5, width: 8, heads: 2, classes: 3 };
    let [query, key, value, output] = ["q", "k", "v", "o"].map(|name| draw_singles(name, 64, 0.4));
    let weights = heads::Weights { query, key, value, output, classes: draw_singles("c", 24, 0.4) };
    let labels: Vec<usize> = (0..21).map(|sequence| sequence % 3).collect();
    let mut net = Attention::new(shape, weights, &draw_singles("tokens", 21 * 5 * 8, 1.0), &labels, 0.2);
    for _ in 0..STEPS {
        net.step(&Context::plain());
    }
    let heads::Weights { query, key, value, output, classes } = net.weights();
    assert_eq!(singles([query, key, value, output, classes]), "c28769d6fcb00bae");
}

/// Two layers of splines.
#[test]
fn splines() {
    let layer = |name: &str, inputs, outputs| Layer {
        grid: SplineGrid { low: -2.0, high: 2.0, count: 8 },
        inputs,
        outputs,
        base: true,
        theta: draw(name, inputs * outputs * 9, 0.3),
    };
    let (x, net) = (draw("x", 2 * 23, 1.0), Kan { layers: vec![layer("one", 2, 5), layer("other", 5, 1)] });
    let (y, none): (Vec<f64>, _) = (x.chunks(2).map(|x| x[0] * x[1]).collect(), BTreeMap::new());
    let mut training = Training::new(net, [&x, &y], 0.2);
    training.train_to(STEPS, &Context::new(0, &none, &Inline)).expect("a gentle rate");
    let theta = training.net().layers.iter().flat_map(|layer| &layer.theta);
    assert_eq!(digest(theta.copied()), "10606f8420b942b0");
}

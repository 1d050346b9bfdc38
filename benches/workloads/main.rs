//! The trainings W1 to W8, as a process that trains on request: our side of `benches/peers`.
//!
//! `cargo bench --bench workloads -- --serve [--threads N]` answers each line `W1 300` (a workload, and steps) with one
//! line of JSON: seconds of the steps alone, and the loss after them. Without `--serve` it trains everything once for
//! about a second and prints steps a second.

mod inputs;

use condense::engine::job_slots::JobSlots;
use condense::experiment::{Cell, Context, Runtime, Stop};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::attention::Attention;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::nets::{conv, heads, three_layer};
use condense_nn::tasks::images::{Images, Window};
use condense_nn::tasks::task::Samples;
use condense_nn::training::rule::{Adam, Rule, Sgd};
use condense_nn::training::stepwise::Stepwise as _;
use condense_nn::training::train::Trainer;
use inputs::{line, neurons, normals};
use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What a training gave: seconds of its steps, and half the mean square at the end (as the peers count).
struct Trained {
    seconds: f64,
    loss: f64,
}

/// A workload, its inputs made.
type Workload = Box<dyn Fn(usize, usize) -> Trained>;

const NAMES: [&str; 10] = ["W1", "W2", "W3_1000", "W3_10000", "W3_100000", "W4", "W5", "W6", "W7", "W8"];

/// The cores of a training: the threads that were asked for, of which the training itself has one.
struct Cores(JobSlots);

impl Cores {
    /// Seconds of some work; the threads are there before.
    fn timed(threads: usize, work: impl FnOnce(&Context)) -> f64 {
        let cores = Self(JobSlots::new(threads));
        let _own = cores.0.take();
        cores.0.each(threads, &|_| ());
        let (inputs, start) = (BTreeMap::new(), Instant::now());
        work(&Context::new(0, &inputs, &cores));
        start.elapsed().as_secs_f64()
    }
}

impl Runtime for Cores {
    fn tick(&self, _: usize, _: usize) -> Result<(), Stop> {
        Ok(())
    }

    fn sweep(&self, _: &str, _: usize, _: &Cell<'_>) -> Result<Vec<Vec<f64>>, Stop> {
        unreachable!("training has no cells")
    }

    fn each(&self, count: usize, part: &(dyn Fn(usize) + Sync)) {
        self.0.each(count, part);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let threads =
        arguments.iter().position(|word| word == "--threads").and_then(|at| arguments.get(at + 1)?.parse().ok());
    let threads: usize = threads.unwrap_or(1);
    if arguments.iter().any(|word| word == "--serve") {
        serve(threads);
    } else {
        for name in NAMES {
            let train = workload(name);
            let (mut steps, mut trained) = (1, train(1, threads));
            while trained.seconds < 0.5 {
                steps *= 2;
                trained = train(steps, threads);
            }
            println!("{name:<10} {:>12.1} steps/s   loss {:.6e}", steps as f64 / trained.seconds, trained.loss);
        }
    }
}

/// Answers requests until there are no more.
fn serve(threads: usize) {
    let names: Vec<String> = NAMES.iter().map(|name| format!("{name:?}")).collect();
    let version = env!("CARGO_PKG_VERSION");
    say(&format!(
        r#"{{"peer":"condense","version":"{version}","threads":{threads},"workloads":[{}]}}"#,
        names.join(",")
    ));
    let mut made: Vec<(String, Workload)> = Vec::new();
    for request in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut words = request.split_whitespace();
        let (Some(name), Some(Ok(steps))) = (words.next(), words.next().map(str::parse)) else { return };
        if !NAMES.contains(&name) {
            say(&format!(r#"{{"workload":"{name}","error":"unknown"}}"#));
            continue;
        }
        if made.iter().all(|(own, _)| own != name) {
            let train = workload(name);
            train(1, threads);
            made.push((name.to_owned(), train));
        }
        let train = &made.iter().find(|(own, _)| own == name).expect("made").1;
        let Trained { seconds, loss } = train(steps, threads);
        say(&format!(r#"{{"workload":"{name}","steps":{steps},"seconds":{seconds:e},"loss":{loss:e}}}"#));
    }
}

fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}

/// Makes the inputs of a workload. Half the mean square has half the gradient of ours: all rates are halved.
fn workload(name: &str) -> Workload {
    let descent = |rate: f64| Rule::Sgd(Sgd { rate: rate / 2.0, momentum: 0.0 });
    let small = || neurons(&normals(1, 1500).into_iter().map(|normal| 0.1 * normal).collect::<Vec<_>>());
    match name {
        "W1" => two_layer(Activation::Tanh, small(), line(60), descent(0.05), 1.0),
        // Adam does not see the factor of the gradient, but for its ε: ours sees twice the gradient.
        "W2" => {
            let adam = Adam { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 2e-8 };
            two_layer(Activation::Tanh, small(), line(60), Rule::Adam(adam), 1.0)
        }
        "W3_1000" => mean_field(1000),
        "W3_10000" => mean_field(10_000),
        "W3_100000" => mean_field(100_000),
        "W4" => phase_diagram(),
        "W6" => three_layers(),
        "W7" => convolution(),
        "W8" => attention(),
        _ => {
            let (samples, neurons) = inputs::w5();
            two_layer(Activation::Tanh, neurons, samples, descent(0.02), 1.0)
        }
    }
}

fn mean_field(m: usize) -> Workload {
    let rule = Sgd { rate: 0.02 * m as f64 / 2.0, momentum: 0.0 };
    two_layer(Activation::Relu, neurons(&normals(3, 3 * m)), line(20), Rule::Sgd(rule), 1.0 / m as f64)
}

fn two_layer<const D: usize>(
    activation: Activation,
    neurons: Vec<Neuron<D>>,
    samples: Samples<D>,
    rule: Rule,
    scale: f64,
) -> Workload {
    Box::new(move |steps, threads| {
        let net = Packed::new(activation, &neurons);
        let mut trainer = Trainer::normalised(net, &samples, rule, scale, [1.0; 2]);
        let seconds = Cores::timed(threads, |ctx| (0..steps).for_each(|_| trainer.step(ctx)));
        Trained { seconds, loss: trainer.loss() / 2.0 }
    })
}

/// A thousand neurons in either hidden layer.
fn three_layers() -> Workload {
    const M: usize = 1000;
    let (first, last, spread) = (normals(6, 2 * M), normals(8, 2 * M), 1.0 / (M as f64).sqrt());
    let scaled = |x: &[f64], factor: f64| x.iter().map(|x| factor * x).collect::<Vec<_>>();
    let weights = three_layer::Weights {
        w1: first[..M].to_vec(),
        b1: first[M..].to_vec(),
        w2: scaled(&normals(7, M * M), spread),
        b2: scaled(&last[..M], 0.1),
        a: scaled(&last[M..], spread),
    };
    let x = inputs::grid(20);
    let y: Vec<f64> = x.iter().copied().map(inputs::target).collect();
    Box::new(move |steps, threads| {
        let mut training = three_layer::Training::new(Activation::Relu, &weights, [&x, &y], 0.01);
        let seconds = Cores::timed(threads, |ctx| training.train_to(steps, ctx).expect("a gentle rate"));
        Trained { seconds, loss: training.losses()[steps] }
    })
}

/// 500 images of 28 × 28, 32 channels of 5 × 5.
fn convolution() -> Workload {
    const IMAGES: usize = 500;
    let shape = conv::Shape {
        side: 28,
        window: Window { size: 5, stride: 1 },
        channels: 32,
        biased: true,
        activation: Activation::Relu,
    };
    let pixels = inputs::uniforms(70, IMAGES * 784).into_iter().map(|u| u as f32).collect();
    let images = Images { side: 28, pixels, labels: inputs::classes(71, IMAGES) };
    let weights = conv::Weights {
        kernels: inputs::singles(0.1, 72, 32 * 25),
        biases: vec![0.0; 32],
        dense: vec![[inputs::singles(0.01, 73, 10 * 32 * 576), vec![0.0; 10]]],
    };
    let batch: Vec<usize> = (0..IMAGES).collect();
    Box::new(move |steps, threads| {
        let (mut net, rule) = (conv::ConvNet::new(shape, &weights), Sgd { rate: 0.05, momentum: 0.0 });
        let mut step = |ctx: &Context| net.step(&images, &batch, rule, ctx).expect("a gentle rate");
        let seconds = Cores::timed(threads, |ctx| (0..steps).for_each(|_| _ = step(ctx)));
        Trained { seconds, loss: net.judge(&images, &batch, &Context::plain()).0 }
    })
}

/// 128 sequences of 16 tokens, four heads.
fn attention() -> Workload {
    const WIDTH: usize = 64;
    let shape = heads::Shape { tokens: 16, width: WIDTH, heads: 4, classes: 10 };
    let [query, key, value, output] = [82, 83, 84, 85].map(|seed| inputs::singles(0.1, seed, WIDTH * WIDTH));
    let weights = heads::Weights { query, key, value, output, classes: inputs::singles(0.1, 90, WIDTH * 10) };
    let (x, labels) = (inputs::singles(1.0, 80, 128 * 16 * WIDTH), inputs::classes(81, 128));
    Box::new(move |steps, threads| {
        let mut block = Attention::new(shape, weights.clone(), &x, &labels, 0.1);
        let seconds = Cores::timed(threads, |ctx| (0..steps).for_each(|_| _ = block.step(ctx)));
        Trained { seconds, loss: block.loss(&Context::plain()) }
    })
}

/// 1200 networks, each on its own: over the threads, as a sweep runs. The loss is their mean.
fn phase_diagram() -> Workload {
    let start = |cell: &inputs::Cell| (*cell, neurons(&normals(cell.seed, 3000)));
    let cells: Vec<(inputs::Cell, Vec<Neuron<2>>)> = inputs::w4().iter().map(start).collect();
    Box::new(move |steps, threads| {
        let trainer = |(cell, neurons): &(inputs::Cell, Vec<Neuron<2>>)| {
            let rule = Sgd { rate: cell.rate / 2.0, momentum: 0.0 };
            let mobility = [1.0 / cell.kappa_prime, cell.kappa_prime];
            let net = Packed::new(Activation::Relu, neurons);
            Mutex::new(Trainer::normalised(net, &line(4), rule, cell.kappa, mobility))
        };
        let (trainers, next): (Vec<_>, _) = (cells.iter().map(trainer).collect(), AtomicUsize::new(0));
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(trainer) = trainers.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let mut trainer = trainer.lock().expect("one thread each");
                        (0..steps).for_each(|_| trainer.step(&Context::plain()));
                    }
                });
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        let loss = |trainer: &Mutex<Trainer<2>>| trainer.lock().expect("no panic").loss() / 2.0;
        Trained { seconds, loss: trainers.iter().map(loss).sum::<f64>() / trainers.len() as f64 }
    })
}

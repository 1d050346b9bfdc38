//! A convolutional network that fits MNIST with all kernels in one direction, and one that starts large, for comparison.
//! It knows the network only from outside; `nn::conv` trains it.
//!
//! 3×3 kernels without biases, tanh, a hidden layer, ten outputs; cross-entropy, mini-batches, momentum. Slide "Condensation in
//! CNN on MNIST" (Zhou et al., arXiv 2305.09947), which names neither network nor optimiser: the setting is ours.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense_nn::measures::conv_snapshot::{ConvSnapshot, SIZE};
use condense_nn::measures::similarity::cosines_in_blocks;
use condense_nn::nets::activation::Activation;
use condense_nn::nets::conv::{ConvNet, Shape, Weights};
use condense_nn::tasks::images::{Images, Window};
use condense_nn::tasks::mnist;
use condense_nn::training::rule::Sgd;

params! {
    /// Settings.
    pub struct Params {
        /// SHA-256 of the unpacked files: images and labels to train on, images and labels of the test. Others are refused.
        pub sha256: [String; 4] = Default::default(),
            such_that |digests| digests.iter().all(|digest| mnist::is_digest(digest)),
            "must be four digests of 64 hexadecimal digits in lower case";
        /// So many images are trained on, the first ones.
        pub images: usize = 10_000, at_least 1;
        /// So many images of the test are judged at the end.
        pub tests: usize = 10_000, at_least 1;
        /// Pixels run from 0 to this.
        pub scale: f64 = 0.2, above 0.0;
        /// From one patch to the next.
        pub stride: usize = 3,
            such_that |stride| (1..=mnist::SIDE - SIZE).contains(stride), "must be at least 1 and at most 25";
        /// Kernels.
        pub channels: usize = 32, at_least 2;
        /// Neurons of the hidden layer.
        pub hidden: usize = 128, at_least 1;
        /// Standard deviation of the small weights of kernels and hidden layer; that of large ones is 1/√inputs.
        pub small_std: f64 = 1e-8, such_that |std| (1e-30..=1.0).contains(std), "must lie in [1e-30, 1]";
        /// Learning rate, until it goes down.
        pub rate: f64 = 0.15, above 0.0;
        /// Of the heavy ball.
        pub momentum: f64 = 0.9, within 0.0..1.0;
        /// Over this last part of the training the rate goes down, in a straight line to a fiftieth.
        pub decay: f64 = 0.3, such_that |decay| *decay > 0.0 && *decay <= 1.0, "must lie in (0, 1]";
        /// Images of a batch.
        pub batch: usize = 100;
        /// Passes over all images.
        pub epochs: usize = 24, at_least 1;
        /// Steps between two looks at a network, during the first …
        pub every: usize = 25, at_least 1;
        /// … so many steps; later there is one look an epoch.
        pub close: usize = 300;
        /// Accuracies on the way are of so many images.
        pub seen: usize = 1000, at_least 1;
        /// Kernels whose |cosine| is above this are one.
        pub cosine: f64 = 0.95, within 0.0..1.0;
        /// Kernels whose |cosine| is above this are nearly one.
        pub loose: f64 = 0.9;
    }
}

/// The two trainings.
pub struct CondensationCnnMnist;

const RUNS: [&str; 2] = ["small", "large"];
const LAST_RATE: f64 = 0.02;

impl Experiment for CondensationCnnMnist {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        p.demands()
            .holds("batch", (1..=p.images).contains(&p.batch), "must be at least 1 and at most `images`")
            .holds("loose", (0.0..=p.cosine).contains(&p.loose), "must lie in [0, `cosine`]")
            .faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // The files; the images, in single precision; of both networks the draw, the weights as they are given, and
        // parameters, gradient and velocity; what is kept of each look.
        let images = mnist::BYTES / 8 + (p.images + p.tests) * (mnist::SIDE * mnist::SIDE / 2 + 1);
        let network = (inputs(p) + 32) * (p.hidden + 16) * 4;
        let looks = (p.close / p.every + p.epochs + 3) * ConvSnapshot::numbers(p.channels);
        Some(images + 2 * (network + 3 * looks) + 12 * p.channels * p.channels)
    }

    fn run(p: &Params, root: &Context) -> Result<Results, Stop> {
        let sets = mnist::sets(root, &p.sha256, [p.images, p.tests], p.scale)?;
        let runs = root.cells("runs", RUNS.len(), |run, ctx| train(p, run, &sets, root, ctx))?;
        let mut results = Results::default();
        let (mut course, mut similarity) = (Vec::new(), Vec::new());
        for (run, stages) in runs.iter().enumerate() {
            // Without the start, which has no place on a logarithmic axis.
            course.extend(stages[1..].iter().map(|stage| {
                let ([train, test], seen) = (stage.accuracy(), stage.condensed([p.cosine, p.loose]));
                [run as f64, stage.step, stage.loss, train, test, seen.groups, seen.above[0], seen.median]
            }));
            let last = &stages[stages.len() - 1];
            let half = stages.iter().find(|stage| stage.accuracy()[0] >= 50.0).unwrap_or(last);
            for (number, (name, stage)) in [("start", &stages[0]), ("half", half), ("end", last)].iter().enumerate() {
                report(&format!("{}.{name}", RUNS[run]), stage, p, &mut results);
                let blocks = cosines_in_blocks(&stage.vectors());
                let place = [run as f64, number as f64];
                similarity
                    .extend(blocks.indexed_iter().map(|((j, k), c)| [place[0], place[1], j as f64, k as f64, *c]));
            }
        }
        let apart = results.values["small.end.test"] - results.values["large.end.test"];
        results.value("test.apart", apart.abs());
        let names = ["run", "step", "loss", "train", "test", "groups", "above", "median"];
        results.frame("course", Frame::from_rows(&names, course));
        results.frame("similarity", Frame::from_rows(&["run", "stage", "row", "column", "cosine"], similarity));
        Ok(results)
    }
}

fn report(name: &str, stage: &ConvSnapshot, p: &Params, results: &mut Results) {
    let mut say = |what: &str, value: f64| results.value(&format!("{name}.{what}"), value);
    let ([train, test], seen) = (stage.accuracy(), stage.condensed([p.cosine, p.loose]));
    say("step", stage.step);
    say("train", train);
    say("test", test);
    say("wrong", stage.wrong[0][0]);
    say("groups", seen.groups);
    say("groups.large", seen.large);
    say("above", seen.above[0]);
    say("nearly", seen.above[1]);
    say("median", seen.median);
    say("tiny", stage.tiny() as f64);
    say("kernel.lowest", stage.blur()[0]);
    say("kernel.highest", stage.blur()[1]);
}

/// Numbers that the convolution hands to the hidden layer.
fn inputs(p: &Params) -> usize {
    p.channels * Window { size: SIZE, stride: p.stride }.count(mnist::SIDE).pow(2)
}

/// A network before its first step. Both runs start from the same draw, in units of their size.
fn start(p: &Params, run: usize, root: &Context) -> ConvNet {
    let (mut rng, large) = (root.rng("init"), |inputs: usize| 1.0 / (inputs as f64).sqrt());
    let mut draw = |count: usize, std: f64| rng.normals(count, std).into_iter().map(|x| x as f32).collect();
    let own = |inputs: usize| if run == 0 { p.small_std } else { large(inputs) };
    let kernels = draw(p.channels * SIZE * SIZE, own(SIZE * SIZE));
    let hidden = [draw(p.hidden * inputs(p), own(inputs(p))), vec![0.0; p.hidden]];
    let readout = [draw(mnist::CLASSES * p.hidden, large(p.hidden)), vec![0.0; mnist::CLASSES]];
    let weights = Weights { kernels, biases: vec![0.0; p.channels], dense: vec![hidden, readout] };
    let window = Window { size: SIZE, stride: p.stride };
    let (side, channels, activation) = (mnist::SIDE, p.channels, Activation::Tanh);
    ConvNet::new(Shape { side, window, channels, biased: false, activation }, &weights)
}

/// All looks at a training, one after the other. Both runs see the same batches.
fn train(p: &Params, run: usize, sets: &[Images; 2], root: &Context, ctx: &Context) -> Result<Vec<ConvSnapshot>, Stop> {
    let (mut net, mut shuffle) = (start(p, run, root), root.rng("batches"));
    let an_epoch = p.images.div_ceil(p.batch);
    let steps = p.epochs * an_epoch;
    let mut stages = vec![ConvSnapshot::of(&mut net, sets, p.seen, ctx)];
    for _ in 0..p.epochs {
        for batch in shuffle.permutation(p.images).chunks(p.batch) {
            ctx.tick(net.steps(), steps)?;
            let left = (1.0 - net.steps() as f64 / steps as f64) / p.decay;
            let rate = p.rate * (LAST_RATE + (1.0 - LAST_RATE) * left.min(1.0));
            net.step(&sets[0], batch, Sgd { rate, momentum: p.momentum }, ctx)?;
            let pause = if net.steps() <= p.close { p.every } else { an_epoch };
            if net.steps() == steps {
                stages.push(ConvSnapshot::of(&mut net, sets, usize::MAX, ctx));
            } else if net.steps().is_multiple_of(pause) {
                stages.push(ConvSnapshot::of(&mut net, sets, p.seen, ctx));
            }
        }
    }
    Ok(stages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use condense_nn::tasks::pretended;

    fn tiny() -> Params {
        Params {
            sha256: pretended::inputs(60).1,
            images: 60,
            tests: 50,
            channels: 5,
            hidden: 12,
            small_std: 1e-3,
            batch: 20,
            epochs: 40,
            every: 10,
            close: 60,
            seen: 30,
            ..Params::default()
        }
    }

    fn run(p: &Params) -> Result<Results, Stop> {
        CondensationCnnMnist::run(p, &Context::new(0, &pretended::inputs(60).0, &Inline))
    }

    #[test]
    fn a_tiny_run_repeats_itself_and_learns_bands_with_kernels_of_one_direction() {
        let results = run(&tiny()).expect("a run");
        assert_eq!(results.fault(), None);
        assert_eq!(results, run(&tiny()).expect("a run"));
        let value = |name: &str| results.values[name];
        assert_eq!((value("small.start.groups"), value("large.end.groups")), (5.0, 5.0));
        assert_eq!((value("small.half.groups"), value("small.end.wrong"), value("large.end.wrong")), (1.0, 0.0, 0.0));
        assert_eq!(value("small.end.step"), 120.0);
        // At 10, …, 60, and after each further epoch.
        assert_eq!(results.frames["course"].rows(), 2 * (6 + 20));
    }

    #[test]
    fn other_data_than_those_of_the_digests_are_refused() {
        let mut p = tiny();
        p.sha256.swap(2, 3);
        let said = run(&p).expect_err("refused").to_string();
        assert!(said.starts_with("`data/mnist/t10k-images-idx3-ubyte.gz` holds other bytes"), "{said}");
    }

    #[test]
    fn the_defaults_lack_digests_alone_and_faults_are_found() {
        let keys = |p: &Params| CondensationCnnMnist::check(p).into_iter().map(|fault| fault.key).collect::<Vec<_>>();
        assert_eq!(keys(&Params::default()), ["sha256"]);
        let broken = Params { small_std: 1e-50, batch: 61, decay: 0.0, loose: 0.96, ..tiny() };
        assert_eq!(keys(&broken), ["small_std", "decay", "batch", "loose"]);
    }
}

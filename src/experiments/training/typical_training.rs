//! A wide tanh network trained from a small start by gradient descent: it rests for decades where one neuron would, all of its
//! neurons on one line; a narrower one is followed to three. It knows no landscape; the best single neuron is found by search.
//!
//! `f(x) = Σ_k a_k tanh(w_k x + b_k)` on `R = (1/n) Σ (f - y)²`, full batch. Slides "Typical training behavior with strong
//! condensation" and "Trajectory of training loss"; Zhang et al., "Embedding principle of loss landscape of deep neural networks"
//! (NeurIPS 2021), figure 1 and appendix B: width 500, rate 0.005, 3·10⁵ epochs, N(0, m⁻³). Gradient descent at a rate below
//! `2 / λ` follows the gradient flow; the flow takes 300 steps where descent takes 3·10⁵, and both are run and compared.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::{log10, pow};
use condense::num::stats::linspace;
use condense_nn::measures::carried::carried;
use condense_nn::measures::measure::{Direction, features};
use condense_nn::measures::plateau::{Plateau, slopes};
use condense_nn::nets::activation::Activation;
use condense_nn::nets::packed::{Neuron, Packed};
use condense_nn::tasks::task::{Samples, best_step, three_steps};
use condense_nn::training::course::{Course, Span};
use condense_nn::training::rule::{Adam, Rule, Sgd};
use condense_nn::training::stepwise::Stepwise as _;
use condense_nn::training::train::Trainer;

params! {
    /// Settings; width, data, start, rate and epochs are the source's.
    pub struct Params {
        /// Hidden neurons, m.
        pub width: usize = 500, at_least 1;
        /// Samples, evenly spaced on [-15, 15].
        pub samples: usize = 50, at_least 3;
        /// Standard deviation of every initial parameter is m to this power.
        pub power: f64 = -1.5;
        /// Learning rate of gradient descent.
        pub rate: f64 = 0.005, above 0.0;
        /// Epochs whose time the flow covers.
        pub epochs: usize = 300_000, at_least 10;
        /// Epochs of gradient descent itself.
        pub descended: usize = 10_000, at_least 10;
        /// Tolerance of the flow of the wide network.
        pub tolerance: f64 = 0.05, above 0.0;
        /// Width of the network that is followed to the end; its start has the standard deviation of the wide one.
        pub narrow: usize = 16, at_least 3;
        /// Epochs whose time its flow covers.
        pub narrow_epochs: f64 = 1e8, above 10.0;
        /// Tolerance of its flow.
        pub narrow_tolerance: f64 = 0.01, above 0.0;
        /// Learning rate of Adam, the contrast.
        pub adam_rate: f64 = 1e-3, above 0.0;
        /// Most steps of Adam.
        pub adam_steps: usize = 5000, at_least 10;
        /// Neurons whose |cosine| is above this point the same way.
        pub cosine: f64 = 0.995, within 0.0..1.0;
    }
}

/// The trainings, and the narrow networks that they pass.
pub struct TypicalTraining;

/// Half the length of the interval of the samples, and of that of drawn curves.
const REACH: [f64; 2] = [15.0, 16.0];
/// Points of a drawn curve.
const CURVE: usize = 401;

impl Experiment for TypicalTraining {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // Every step of both flows, a few hundred and a few thousand; two trainings with what they keep of samples and losses.
        let flows = 1000 * 3 * p.width + 10_000 * 3 * p.narrow + 8 * p.samples * (p.width + p.samples);
        Some(flows + 2 * p.width * (15 + p.samples) + p.descended + p.adam_steps)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let samples = Samples::of(three_steps, &linspace(-REACH[0], REACH[0], p.samples));
        let std = pow(p.width as f64, p.power);
        let start = Packed::gaussian(Activation::Tanh, p.width, std, std, &ctx.rng("init"));
        let span = Span { rate: p.rate, epochs: p.epochs as f64, tolerance: p.tolerance };
        let wide = Course::wide(&samples, &start, span, ctx)?;
        let rest = flattest(&wide)?;
        let descent = train(&start, &samples, Sgd { rate: p.rate, momentum: 0.0 }, 0.0, p.descended, ctx)?;
        let adam = Adam { rate: p.adam_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        let adam = train(&start, &samples, adam, rest.loss, p.adam_steps, ctx)?;
        let start = Packed::gaussian(Activation::Tanh, p.narrow, std, std, &ctx.rng("narrow"));
        let span = Span { rate: p.rate, epochs: p.narrow_epochs, tolerance: p.narrow_tolerance };
        let narrow = Course::narrow(&samples, &start, span, ctx)?;
        let first = flattest(&narrow)?;

        let (best, one) = best_step(&samples);
        let one = Packed::new(Activation::Tanh, &[one]);
        let three = [-7.0, 0.0, 7.0].map(|b| Neuron { a: 1.0, w: [1.0, b] });
        let three = Packed::new(Activation::Tanh, &three);
        let seen = Seen { p, samples: &samples };
        let mut results = Results::default();
        results.value("loss.start", wide.curve[0][1]);
        results.value("loss.end", wide.curve[wide.last()][1]);
        results.value("one.loss", best);
        results.value("end.below", 1.0 - wide.curve[wide.last()][1] / best);
        let early = wide.rest()?;
        results.value("early.epoch", early.time);
        results.value("early.loss", early.loss);
        let halt = seen.plateau("plateau", &wide, &rest, [best, seen.height(&one)], &one, &mut results);
        seen.plateau("narrow", &narrow, &first, [best, seen.height(&one)], &one, &mut results);
        let same = wide.near(p.descended as f64);
        results.value("descent.off", (descent.loss() / wide.curve[same][1] - 1.0).abs());
        results.value("descent.apart", seen.apart(descent.net(), &wide.nets[same]) / seen.height(&one));
        results.value("narrow.end", narrow.curve[narrow.last()][1]);
        results.value("narrow.off", seen.apart(&narrow.nets[narrow.last()], &three) / seen.height(&three));
        results.value("adam.step", adam.epoch() as f64);
        results.value("adam.loss", adam.loss());
        let nets =
            [&wide.nets[0], halt, &wide.nets[wide.last()], adam.net(), &narrow.nets[narrow.last()], &one, &three];
        seen.groups(&nets[..5], &mut results);
        outputs(&nets, &mut results);
        let courses = [("flow", &wide.curve[..]), ("narrow", &narrow.curve[..])];
        let trained = [("descent", &descent.curve(CURVE)[..]), ("adam", &adam.curve(CURVE)[..])];
        draw(&[courses, trained].concat(), &mut results);
        let marks = [rest.time, p.epochs as f64].map(|epoch| wide.curve[wide.near(epoch)]);
        results.frame("marks", Frame::from_rows(&["epoch", "loss"], marks));
        results.frame("data", Frame::new().with("x", samples.x.iter().map(|x| x[0])).with("y", &samples.y));
        Ok(results)
    }
}

/// The plateau at the flattest place of the first stretch from which the fall quickens again.
fn flattest(course: &Course) -> Result<Plateau, Stop> {
    let rest = course.rest()?;
    let slopes = slopes(&course.curve);
    let within = |time: f64| (rest.time..=rest.stretch[1]).contains(&time);
    let turns = slopes.windows(3).filter(|w| within(w[1][0]) && w[1][2] < w[0][2].min(w[2][2])).map(|w| w[1]);
    let turn = turns.min_by(|one, other| one[2].total_cmp(&other[2]));
    Ok(turn.map_or(rest, |[time, loss, slope]| Plateau { time, loss, slope, ..rest }))
}

/// Trains until the loss is no more above a goal, for at most so many steps.
fn train(
    start: &Packed<2>,
    samples: &Samples<2>,
    rule: impl Into<Rule>,
    goal: f64,
    steps: usize,
    ctx: &Context,
) -> Result<Trainer<2>, Stop> {
    let mut trainer = Trainer::new(start.clone(), samples, rule);
    trainer.train_while(|trainer| trainer.loss() > goal, steps, ctx)?;
    Ok(trainer)
}

/// Networks as they are looked at: on the samples, and direction by direction.
struct Seen<'s> {
    p: &'s Params,
    samples: &'s Samples<2>,
}

const NETS: [&str; 7] = ["start", "plateau", "end", "adam", "narrow", "one", "three"];

impl Seen<'_> {
    /// The largest distance of two networks on the samples.
    fn apart(&self, one: &Packed<2>, other: &Packed<2>) -> f64 {
        let (f, g) = (one.outputs(&self.samples.x), other.outputs(&self.samples.x));
        f.iter().zip(&g).fold(0.0, |worst, (f, g)| (f - g).abs().max(worst))
    }

    /// The largest output on the samples.
    fn height(&self, net: &Packed<2>) -> f64 {
        net.outputs(&self.samples.x).iter().fold(0.0, |height, f| f.abs().max(height))
    }

    /// A plateau beside the best network of one neuron, given its loss and height; returns the network there.
    fn plateau<'c>(
        &self,
        name: &str,
        course: &'c Course,
        rest: &Plateau,
        [best, height]: [f64; 2],
        one: &Packed<2>,
        results: &mut Results,
    ) -> &'c Packed<2> {
        let at = course.near(rest.time);
        results.value(&format!("{name}.epoch"), course.curve[at][0]);
        results.value(&format!("{name}.loss"), rest.loss);
        results.value(&format!("{name}.excess"), (rest.loss / best - 1.0).abs());
        results.value(&format!("{name}.slope"), rest.slope);
        results.value(&format!("{name}.decades"), log10(rest.stretch[1] / rest.stretch[0]));
        results.value(&format!("{name}.apart"), self.apart(&course.nets[at], one) / height);
        &course.nets[at]
    }

    /// What each direction carries of the output, and where each neuron stands.
    fn groups(&self, stages: &[&Packed<2>], results: &mut Results) {
        let (mut groups, mut rows) = (Vec::new(), Vec::new());
        for (at, net) in stages.iter().enumerate() {
            let neurons = net.neurons();
            let carried = carried(Activation::Tanh, &neurons, &self.samples.x, Direction::Line, self.p.cosine);
            let first = |count: usize| carried.iter().take(count).map(|group| group.share).sum::<f64>();
            results.value(&format!("{}.share", NETS[at]), first(1));
            results.value(&format!("{}.three", NETS[at]), first(3));
            results.value(&format!("{}.spread", NETS[at]), carried[0].spread);
            groups.extend(carried.iter().take(8).enumerate().map(|(rank, g)| [at as f64, rank as f64 + 1.0, g.share]));
            rows.extend(features(&neurons, Direction::Line).into_iter().map(|f| [at as f64, f[0], f[1]]));
        }
        results.frame("groups", Frame::from_rows(&["stage", "rank", "share"], groups));
        results.frame("features", Frame::from_rows(&["stage", "orientation", "amplitude"], rows));
    }
}

/// The outputs on a line.
fn outputs(nets: &[&Packed<2>], results: &mut Results) {
    let x = linspace(-REACH[1], REACH[1], CURVE);
    let inputs: Vec<[f64; 2]> = x.iter().map(|x| [*x, 1.0]).collect();
    let frame =
        NETS.iter().zip(nets).fold(Frame::new().with("x", &x), |f, (name, net)| f.with(name, net.outputs(&inputs)));
    results.frame("outputs", frame);
}

/// All curves of the loss, from epoch 1 on.
fn draw(curves: &[(&str, &[[f64; 2]])], results: &mut Results) {
    let rows = || curves.iter().flat_map(|(name, curve)| curve.iter().map(move |row| (*name, *row)));
    let rows: Vec<(&str, [f64; 2])> = rows().filter(|(_, row)| row[0] >= 1.0).collect();
    let frame = Frame::new().with_words("run", rows.iter().map(|(name, _)| *name));
    let frame = frame.with("epoch", rows.iter().map(|(_, row)| row[0]));
    results.frame("loss", frame.with("loss", rows.iter().map(|(_, row)| row[1])));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn tiny_settings_rest_at_one_neuron_and_are_twice_the_same() {
        let params = Params {
            width: 8,
            samples: 10,
            epochs: 20_000,
            descended: 20,
            narrow: 3,
            narrow_epochs: 1e4,
            adam_steps: 20,
            ..Params::default()
        };
        let inputs = BTreeMap::new();
        let run = || TypicalTraining::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        assert!(results.values["plateau.excess"] < 0.1, "{}", results.values["plateau.excess"]);
    }
}

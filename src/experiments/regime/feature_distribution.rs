//! Where the neurons of two-layer ReLU networks end up, over the phase plane and at three widths: spread out, or condensed.
//! It knows no output of a network, only its neurons.
//!
//! `f(x) = (1/α) Σ a_k σ(w_k·x)` on four points of `y = x²`, a panel for each (γ, γ'), m = 10³, 10⁴, 10⁶, from a mirrored start
//! (`f = 0`). Slide "Feature distribution across the phase diagram"; Luo, Xu, Ma & Zhang, JMLR 22 (2021), Figure 6.
//! Gradient flow instead of gradient descent; the widest network is simulated by representative neurons.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::atan2;
use condense_nn::measures::measure::{Direction, amplitude, features};
use condense_nn::measures::spread::{Spread, by_amplitude};
use condense_nn::measures::unpack::neurons;
use condense_nn::nets::packed::Neuron;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::{Point, Regime};
use condense_nn::training::flow::Flow;

/// The trainings: every width at every point.
pub struct FeatureDistribution;

params! {
    /// Settings.
    pub struct Params {
        /// Columns of the picture.
        pub gammas: Vec<f64> = vec![0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3];
        /// Rows, from the top.
        pub gamma_primes: Vec<f64> = vec![0.3, 0.2, 0.1, 0.0, -0.1, -0.2, -0.3];
        /// m, neurons of each of the mirrored halves.
        pub widths: Vec<usize> = vec![1000, 10_000, 1_000_000], rising_from 2;
        /// A wider network is simulated by this many representative neurons.
        pub representatives: usize = 10_000, at_least 2;
        /// Of so many neurons of each training the features are drawn.
        pub shown: usize = 100, at_least 1;
        /// Sectors of the circle of orientations.
        pub sectors: usize = 72, at_least 2;
        /// So many sectors may hold the amplitude of a condensed network.
        pub few: usize = 4;
        /// Up to here γ is deep in the linear regime.
        pub lazy: f64 = 0.8;
        /// Training ends below this mean square.
        pub goal: f64 = 1e-6, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.05, above 0.0;
    }
}

/// The hardest training of the picture takes some hundred steps.
const STEPS: usize = 20_000;

row! {
    /// A training: how even amplitude is spread before it and after, and what made it so.
    #[derive(Clone, Copy)]
    struct Training {
        before: Spread,
        after: Spread,
        /// The entropy after it, had the input weights stayed where they were: what the output weights do alone.
        selected: f64,
        /// The angle by which input weights turned, in radians: the mean by amplitude.
        turn: f64,
    }
}

/// One training: its spread before and after, and the features that are drawn.
fn train(p: &Params, at: Point, m: usize, root: &Context) -> Result<(Training, Vec<[f64; 2]>), Stop> {
    let network = mirrored_network(at, m as f64, m.min(p.representatives));
    // A stream of the whole run, not of the cell: at each width all points start from the same neurons.
    let start = network.draw_mirrored([1.0, 1.0], &mut root.rng(&format!("width {m}")));
    let flow = Flow::new(&network, start.clone(), p.tolerance);
    let end = flow.fit(p.goal, STEPS, format!("(γ, γ') = {at}, m = {m}"))?;
    let [start, end] = [&start, &end].map(|theta| neurons(&network, theta));
    let [before, after] = [&start, &end].map(|neurons| Spread::of(neurons, p.sectors, p.few));
    let unturned: Vec<Neuron<2>> = start.iter().zip(&end).map(|(start, end)| Neuron { a: end.a, w: start.w }).collect();
    let selected = Spread::of(&unturned, p.sectors, p.few).entropy;
    let training = Training { before, after, selected, turn: turn(&start, &end) };
    Ok((training, by_amplitude(features(&end, Direction::Ray), p.shown)))
}

/// The mean angle between input weights before and after, each weighed by the neuron's amplitude after.
fn turn(start: &[Neuron<2>], end: &[Neuron<2>]) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (start, end) in start.iter().zip(end) {
        let [v, w] = [start.w, end.w];
        sum += amplitude(end) * atan2(v[0] * w[1] - v[1] * w[0], v[0] * w[0] + v[1] * w[1]).abs();
        total += amplitude(end);
    }
    sum / total
}

impl Experiment for FeatureDistribution {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        let near = |x: &[f64], wanted: f64| x.iter().any(|x| (x - wanted).abs() < 1e-9);
        let rising = |x: &[f64]| x.len() >= 2 && x.is_sorted_by(|one, next| one < next);
        let falling = |x: &[f64]| x.len() >= 2 && x.is_sorted_by(|one, next| one > next);
        let lazy = p.gammas.first().is_some_and(|&first| first <= p.lazy);
        p.demands()
            .holds("gammas", rising(&p.gammas) && near(&p.gammas, 1.0), "must be numbers, rising, 1 among them")
            .holds(
                "gamma_primes",
                falling(&p.gamma_primes) && near(&p.gamma_primes, 0.0),
                "must be numbers, falling, 0 among them",
            )
            .holds("few", (1..=p.sectors).contains(&p.few), "must be at least 1 and at most `sectors`")
            .holds("lazy", lazy, "must not lie below all `gammas`")
            .faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // The widest network of two halves: features of four samples at three points, a dozen vectors of its parameters, its
        // neurons before and after, their features; and what is drawn.
        let widest = p.widths.iter().copied().max().unwrap_or(0).min(p.representatives);
        let cells = p.gammas.len() * p.gamma_primes.len() * p.widths.len();
        Some(2 * widest * (2 * 4 * 3 + 12 * 3 + 2 * 3 + 2 * 2) + cells * p.shown.min(2 * widest) * 10)
    }

    fn run(p: &Params, root: &Context) -> Result<Results, Stop> {
        let row = |&gamma_prime: &f64| p.gammas.iter().map(move |&gamma| Point { gamma, gamma_prime });
        let plane: Vec<Point> = p.gamma_primes.iter().flat_map(row).collect();
        let many = p.widths.len();
        let rows = root.cells("trainings", plane.len() * many, |cell, ctx| {
            ctx.tick(0, 1)?;
            train(p, plane[cell / many], p.widths[cell % many], root)
        })?;
        let mut points = Vec::new();
        let mut trainings: Vec<Vec<Training>> = vec![Vec::new(); plane.len()];
        for (cell, (training, features)) in rows.iter().enumerate() {
            let (at, size) = (plane[cell / many], cell % many);
            trainings[cell / many].push(*training);
            let (size, width) = ((size + 1) as f64, p.widths[size] as f64);
            points.extend(features.iter().map(|[turn, own]| [at.gamma, at.gamma_prime, size, width, *turn, *own]));
        }
        let mut results = Results::default();
        let names = ["gamma", "gamma_prime", "size", "width", "orientation", "amplitude"];
        results.frame("features", Frame::from_rows(&names, points));
        results.frame("cells", cells(&plane, &trainings));
        summarise(p, &plane, &trainings, &mut results);
        Ok(results)
    }
}

/// By how much the entropy of trained networks changes from the first width to the last.
fn change(trainings: &[Training]) -> f64 {
    trainings[trainings.len() - 1].after.entropy - trainings[0].after.entropy
}

/// One row a panel, with the frame that the paper gives it: the boundary, and where it would go on straight upwards.
fn cells(plane: &[Point], trainings: &[Vec<Training>]) -> Frame {
    let border = |at: &Point| match at.regime() {
        Regime::Critical => "blue",
        _ if (at.gamma - 1.0).abs() < 1e-9 => "dashed",
        _ => "none",
    };
    let row = |(at, trainings): (&Point, &Vec<Training>)| {
        let last = trainings[trainings.len() - 1].after;
        [at.gamma, at.gamma_prime, at.exponent(), last.entropy, change(trainings), last.top]
    };
    let names = ["gamma", "gamma_prime", "exponent", "entropy", "change", "top"];
    Frame::from_rows(&names, plane.iter().zip(trainings).map(row)).with_words("border", plane.iter().map(border))
}

fn summarise(p: &Params, plane: &[Point], trainings: &[Vec<Training>], results: &mut Results) {
    let both = || plane.iter().zip(trainings);
    let largest = |numbers: &mut dyn Iterator<Item = f64>| numbers.fold(f64::NEG_INFINITY, f64::max);
    for size in 0..p.widths.len() {
        let lazy = both().filter(|(at, _)| at.gamma < p.lazy + 1e-9).map(|(_, trainings)| trainings[size]);
        let worst = largest(&mut lazy.map(|own| (own.after.entropy - own.before.entropy).abs()));
        results.value(&format!("lazy.change.{}", size + 1), worst);
    }
    let center = both().find(|(at, _)| at.gamma_prime.abs() < 1e-9 && (at.gamma - 1.0).abs() < 1e-9);
    let corner = &trainings[plane.len() - 1];
    for (name, trainings) in center.map(|(_, own)| ("critical", own)).into_iter().chain([("corner", corner)]) {
        let entropies: Vec<f64> = trainings.iter().map(|own| own.after.entropy).collect();
        for (size, own) in trainings.iter().enumerate() {
            results.value(&format!("{name}.entropy.{}", size + 1), own.after.entropy);
            results.value(&format!("{name}.top.{}", size + 1), own.after.top);
        }
        let lowest = -largest(&mut entropies.iter().map(|entropy| -entropy));
        results.value(&format!("{name}.range"), largest(&mut entropies.iter().copied()) - lowest);
        results.value(&format!("{name}.rise"), largest(&mut entropies.windows(2).map(|pair| pair[1] - pair[0])));
        results.value(&format!("{name}.top"), -largest(&mut trainings[1..].iter().map(|own| -own.after.top)));
    }
    // Between γ = 1 and the boundary lies a wedge, γ > 1 and γ' > γ - 1, that is linear by the exponent.
    let off: Vec<(&Point, &Vec<Training>)> = both().filter(|(at, _)| at.regime() != Regime::Critical).collect();
    let wedge = |at: &Point| at.exponent() < 0.0 && at.gamma > 1.0 + 1e-9;
    let wrong = |at: &Point, trainings: &[Training]| (change(trainings) < 0.0) != (at.exponent() > 0.0);
    let count = |of: &dyn Fn(&Point) -> bool| off.iter().filter(|(at, own)| of(at) && wrong(at, own)).count() as f64;
    let in_wedge: Vec<&Vec<Training>> = off.iter().filter(|(at, _)| wedge(at)).map(|(_, own)| *own).collect();
    let sum = |of: &dyn Fn(&[Training]) -> f64| in_wedge.iter().map(|own| of(own)).sum::<f64>();
    let (average, last) = (|sum: f64| sum / in_wedge.len().max(1) as f64, p.widths.len() - 1);
    results.value("wedge.turn.narrow", average(sum(&|own| own[0].turn)));
    results.value("wedge.turn.wide", average(sum(&|own| own[last].turn)));
    results.value("wedge.turn.change", average(sum(&|own| own[last].turn - own[0].turn)));
    results.value("wedge.change", average(sum(&change)));
    results.value("wedge.selected", average(sum(&|own| own[last].selected - own[0].selected)));
    results.value("cells", plane.len() as f64);
    results.value("cells.wedge", in_wedge.len() as f64);
    results.value("violations.condensed", count(&|at| at.exponent() > 0.0));
    results.value("violations.left", count(&|at| at.exponent() < 0.0 && !wedge(at)));
    results.value("violations.wedge", count(&wedge));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    fn tiny() -> Params {
        Params {
            gammas: vec![0.7, 1.0, 1.3],
            gamma_primes: vec![0.3, 0.0, -0.3],
            widths: vec![50, 400, 3000],
            representatives: 500,
            shown: 7,
            ..Params::default()
        }
    }

    #[test]
    fn a_tiny_run_repeats_itself_and_condenses_in_one_corner() {
        let run = || FeatureDistribution::run(&tiny(), &Context::new(0, &BTreeMap::new(), &Inline)).unwrap();
        let results = run();
        assert_eq!((results.fault(), results.frames["features"].rows()), (None, 9 * 3 * 7));
        assert_eq!(results, run());
        assert!(results.values["corner.entropy.3"] < 0.6 && results.values["critical.entropy.3"] > 0.7);
        assert!(results.values["lazy.change.1"] < 0.1);
    }

    #[test]
    fn the_boundary_has_blue_frames_and_its_straight_continuation_dashed_ones() {
        let at = [(1.0, -0.3), (1.0, 0.0), (1.1, 0.1), (1.0, 0.1), (0.9, 0.1), (1.2, 0.1)];
        let plane = at.map(|(gamma, gamma_prime)| Point { gamma, gamma_prime });
        let [before, after] = [Spread { entropy: 1.0, top: 0.1 }; 2];
        let frame = cells(&plane, &vec![vec![Training { before, after, selected: 1.0, turn: 0.0 }]; 6]);
        let words: Vec<String> = (0..6).map(|row| frame.column("border").unwrap().text(row)).collect();
        assert_eq!(words, ["blue", "blue", "blue", "dashed", "none", "none"]);
    }

    #[test]
    fn the_defaults_have_no_fault_and_faults_are_found() {
        assert_eq!(FeatureDistribution::check(&Params::default()), []);
        let broken = Params { gammas: vec![0.9, 1.2], shown: 0, few: 99, ..Params::default() };
        let keys: Vec<String> = FeatureDistribution::check(&broken).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["gammas", "shown", "few", "lazy"]);
    }
}

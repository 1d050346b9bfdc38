//! Where the neurons of two-layer ReLU networks end up, over the phase plane and at three widths: spread out, or condensed.
//! It knows no output of a network, only its neurons.
//!
//! `f(x) = (1/α) Σ a_k σ(w_k·x)` on four points of `y = x²`, a panel for each (γ, γ'), m = 10³, 10⁴, 10⁶, from a mirrored start
//! (`f = 0`). Slide "Feature distribution across the phase diagram"; Luo, Xu, Ma & Zhang, JMLR 22 (2021), Figure 6.
//! Gradient flow instead of gradient descent; the widest network is simulated by representative neurons.

use crate::experiment::{Context, Demands, Experiment, Fault, Stop};
use crate::frame::{Frame, Results};
use crate::nn::flow::Flow;
use crate::nn::four_points::mirrored_network;
use crate::nn::measure::{Direction, features, sectors};
use crate::nn::packed::Neuron;
use crate::nn::phase_plane::{Point, Regime};
use crate::nn::unpack::neurons;
use crate::num::math;
use serde::{Deserialize, Serialize};

/// The trainings: every width at every point.
pub struct FeatureDistribution;

/// Settings.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Columns of the picture.
    pub gammas: Vec<f64>,
    /// Rows, from the top.
    pub gamma_primes: Vec<f64>,
    /// m, neurons of each of the mirrored halves.
    pub widths: Vec<usize>,
    /// A wider network is simulated by this many representative neurons.
    pub representatives: usize,
    /// Of so many neurons of each training the features are drawn.
    pub shown: usize,
    /// Sectors of the circle of orientations.
    pub sectors: usize,
    /// So many sectors may hold the amplitude of a condensed network.
    pub few: usize,
    /// Up to here γ is deep in the linear regime.
    pub lazy: f64,
    /// Training ends below this mean square.
    pub goal: f64,
    /// The integrator's tolerance.
    pub tolerance: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            gammas: vec![0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3],
            gamma_primes: vec![0.3, 0.2, 0.1, 0.0, -0.1, -0.2, -0.3],
            widths: vec![1000, 10_000, 1_000_000],
            representatives: 10_000,
            shown: 100,
            sectors: 72,
            few: 4,
            lazy: 0.8,
            goal: 1e-6,
            tolerance: 0.05,
        }
    }
}

/// The hardest training of the picture takes some hundred steps.
const STEPS: usize = 20_000;

/// How the amplitude of a trained network is spread over orientations.
#[derive(Clone, Copy)]
struct Spread {
    /// Entropy of the shares of the sectors, over that of equal shares: 1 is everywhere, 0 is one sector.
    entropy: f64,
    /// The same before training.
    before: f64,
    /// What the few fullest sectors hold.
    top: f64,
}

impl Spread {
    fn of(p: &Params, end: &[Neuron<2>], start: &[Neuron<2>]) -> Self {
        let mut shares = sectors(end, Direction::Ray, p.sectors);
        let [entropy, before] = [entropy(&shares), entropy(&sectors(start, Direction::Ray, p.sectors))];
        shares.sort_by(|one, other| other.total_cmp(one));
        Self { entropy, before, top: shares.iter().take(p.few).sum() }
    }
}

/// `-Σ p ln p` over its largest value.
fn entropy(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().filter(|&&p| p > 0.0).map(|&p| -p * math::ln(p)).sum();
    sum / math::ln(shares.len() as f64)
}

/// As many neurons as are to be shown: sorted by amplitude and cut into equal parts, the largest of each part.
fn sample(mut features: Vec<[f64; 2]>, shown: usize) -> Vec<[f64; 2]> {
    features.sort_by(|one, other| one[1].total_cmp(&other[1]));
    let shown = shown.min(features.len());
    (1..=shown).map(|part| features[part * features.len() / shown - 1]).collect()
}

/// One training: its spread before and after, and the features that are drawn.
fn train(p: &Params, at: Point, m: usize, root: &Context) -> Result<Vec<f64>, Stop> {
    let network = mirrored_network(at, m as f64, m.min(p.representatives));
    // A stream of the whole run, not of the cell: at each width all points start from the same neurons.
    let start = network.draw_mirrored([1.0, 1.0], &mut root.rng(&format!("width {m}")));
    let flow = Flow::new(&network, start.clone(), p.tolerance);
    let end = flow.fit(p.goal, STEPS, format!("(γ, γ') = {at}, m = {m}"))?;
    let [end, start] = [&end, &start].map(|theta| neurons(&network, theta));
    let spread = Spread::of(p, &end, &start);
    let mut row = vec![spread.entropy, spread.before, spread.top];
    row.extend(sample(features(&end, Direction::Ray), p.shown).as_flattened());
    Ok(row)
}

impl Experiment for FeatureDistribution {
    type Params = Params;

    fn check(p: &Params) -> Vec<Fault> {
        let near = |x: &[f64], wanted: f64| x.iter().any(|x| (x - wanted).abs() < 1e-9);
        let rising = |x: &[f64]| x.len() >= 2 && x.is_sorted_by(|one, next| one < next);
        let falling = |x: &[f64]| x.len() >= 2 && x.is_sorted_by(|one, next| one > next);
        let widths = p.widths.len() >= 2 && p.widths[0] >= 2 && p.widths.is_sorted_by(|one, next| one < next);
        let lazy = p.gammas.first().is_some_and(|&first| first <= p.lazy);
        Demands::new()
            .holds("gammas", rising(&p.gammas) && near(&p.gammas, 1.0), "must be numbers, rising, 1 among them")
            .holds(
                "gamma_primes",
                falling(&p.gamma_primes) && near(&p.gamma_primes, 0.0),
                "must be numbers, falling, 0 among them",
            )
            .holds("widths", widths, "must be two whole numbers or more, rising, from 2 on")
            .at_least("representatives", p.representatives, 2)
            .at_least("shown", p.shown, 1)
            .at_least("sectors", p.sectors, 2)
            .holds("few", (1..=p.sectors).contains(&p.few), "must be at least 1 and at most `sectors`")
            .holds("lazy", lazy, "must not lie below all `gammas`")
            .above("goal", p.goal, 0.0)
            .above("tolerance", p.tolerance, 0.0)
            .faults()
    }

    fn working_set(p: &Params) -> usize {
        // The widest network of two halves: features of four samples at two points, a dozen vectors of its parameters, its
        // neurons before and after, their features; and what is drawn.
        let widest = p.widths.iter().copied().max().unwrap_or(0).min(p.representatives);
        let cells = p.gammas.len() * p.gamma_primes.len() * p.widths.len();
        2 * widest * (2 * 4 * 2 + 14 * 3 + 2 * 3 + 2 * 2) + cells * p.shown.min(2 * widest) * 10
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
        let mut spreads: Vec<Vec<Spread>> = vec![Vec::new(); plane.len()];
        for (cell, row) in rows.iter().enumerate() {
            let (at, size) = (plane[cell / many], cell % many);
            spreads[cell / many].push(Spread { entropy: row[0], before: row[1], top: row[2] });
            let place = [at.gamma, at.gamma_prime, (size + 1) as f64, p.widths[size] as f64];
            points.extend(row[3..].chunks(2).map(|point| [&place, point].concat()));
        }
        let mut results = Results::default();
        let names = ["gamma", "gamma_prime", "size", "width", "orientation", "amplitude"];
        results.frame("features", Frame::from_rows(&names, points));
        results.frame("cells", cells(&plane, &spreads));
        summarise(p, &plane, &spreads, &mut results);
        Ok(results)
    }
}

/// Whether the spread falls from the first width to the last.
fn falls(spreads: &[Spread]) -> bool {
    spreads[spreads.len() - 1].entropy < spreads[0].entropy
}

/// One row a panel, with the frame that the paper gives it: the boundary, and where it would go on straight upwards.
fn cells(plane: &[Point], spreads: &[Vec<Spread>]) -> Frame {
    let border = |at: &Point| match at.regime() {
        Regime::Critical => "blue",
        _ if (at.gamma - 1.0).abs() < 1e-9 => "dashed",
        _ => "none",
    };
    let row = |(at, spreads): (&Point, &Vec<Spread>)| {
        let last = spreads[spreads.len() - 1];
        [
            at.gamma,
            at.gamma_prime,
            at.exponent(),
            spreads[0].entropy,
            last.entropy,
            last.entropy - spreads[0].entropy,
            last.top,
        ]
    };
    let names = ["gamma", "gamma_prime", "exponent", "narrowest", "widest", "change", "top"];
    Frame::from_rows(&names, plane.iter().zip(spreads).map(row)).with_words("border", plane.iter().map(border))
}

fn summarise(p: &Params, plane: &[Point], spreads: &[Vec<Spread>], results: &mut Results) {
    let both = || plane.iter().zip(spreads);
    let lazy: Vec<&Vec<Spread>> =
        both().filter(|(at, _)| at.gamma < p.lazy + 1e-9).map(|(_, spreads)| spreads).collect();
    for size in 0..p.widths.len() {
        let changes = lazy.iter().map(|spreads| (spreads[size].entropy - spreads[size].before).abs());
        results.value(&format!("lazy.change.{}", size + 1), changes.fold(0.0, f64::max));
    }
    let center = both().find(|(at, _)| at.gamma_prime.abs() < 1e-9 && (at.gamma - 1.0).abs() < 1e-9);
    let corner = &spreads[plane.len() - 1];
    for (name, spreads) in center.map(|(_, spreads)| ("critical", spreads)).into_iter().chain([("corner", corner)]) {
        let entropies: Vec<f64> = spreads.iter().map(|of| of.entropy).collect();
        for (size, of) in spreads.iter().enumerate() {
            results.value(&format!("{name}.entropy.{}", size + 1), of.entropy);
            results.value(&format!("{name}.top.{}", size + 1), of.top);
        }
        let [low, high] =
            [entropies.iter().copied().fold(f64::INFINITY, f64::min), entropies.iter().copied().fold(0.0, f64::max)];
        results.value(&format!("{name}.range"), high - low);
        let rises = entropies.windows(2).map(|pair| pair[1] - pair[0]);
        results.value(&format!("{name}.rise"), rises.fold(f64::NEG_INFINITY, f64::max));
        results.value(&format!("{name}.top"), spreads[1..].iter().map(|of| of.top).fold(1.0, f64::min));
    }
    let off: Vec<(&Point, &Vec<Spread>)> = both().filter(|(at, _)| at.regime() != Regime::Critical).collect();
    let wrong: Vec<&Point> =
        off.iter().filter(|(at, spreads)| falls(spreads) != (at.exponent() > 0.0)).map(|(at, _)| *at).collect();
    let count = |of: &dyn Fn(&Point) -> bool| wrong.iter().filter(|at| of(at)).count() as f64;
    // Between γ = 1 and the boundary lies a wedge, γ > 1 and γ' > γ - 1, that is linear by the exponent.
    let left = |at: &Point| at.gamma < 1.0 + 1e-9;
    results.value("cells", plane.len() as f64);
    results.value("cells.off", off.len() as f64);
    results.value("violations.condensed", count(&|at| at.exponent() > 0.0));
    results.value("violations.left", count(&|at| at.exponent() < 0.0 && left(at)));
    results.value("violations.wedge", count(&|at| at.exponent() < 0.0 && !left(at)));
    results.value("cells.wedge", off.iter().filter(|(at, _)| at.exponent() < 0.0 && !left(at)).count() as f64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Inline;
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
        assert_eq!(results.fault(), None);
        assert_eq!(results, run());
        assert_eq!(results.frames["features"].rows(), 9 * 3 * 7);
        assert!(results.values["corner.entropy.3"] < 0.6 && results.values["critical.entropy.3"] > 0.7);
        assert!(results.values["lazy.change.1"] < 0.1);
    }

    #[test]
    fn the_boundary_has_blue_frames_and_its_straight_continuation_dashed_ones() {
        let at = [(1.0, -0.3), (1.0, 0.0), (1.1, 0.1), (1.0, 0.1), (0.9, 0.1), (1.2, 0.1)];
        let plane = at.map(|(gamma, gamma_prime)| Point { gamma, gamma_prime });
        let spreads = vec![vec![Spread { entropy: 1.0, before: 1.0, top: 0.1 }]; 6];
        let frame = cells(&plane, &spreads);
        let words: Vec<String> = (0..6).map(|row| frame.column("border").unwrap().text(row)).collect();
        assert_eq!(words, ["blue", "blue", "blue", "dashed", "none", "none"]);
    }

    #[test]
    fn entropy_lies_between_one_sector_and_all() {
        assert_eq!(entropy(&[0.0, 1.0, 0.0]), 0.0);
        assert!((entropy(&[0.25; 4]) - 1.0).abs() < 1e-15);
        assert!((entropy(&[0.5, 0.5, 0.0, 0.0]) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn of_equal_parts_the_largest_are_shown() {
        let features: Vec<[f64; 2]> = [0.5, 0.1, 1.0, 0.2, 0.4, 0.3].map(|amplitude| [0.0, amplitude]).into();
        let amplitudes = |shown| sample(features.clone(), shown).into_iter().map(|of| of[1]).collect::<Vec<_>>();
        assert_eq!(amplitudes(3), [0.2, 0.4, 1.0]);
        assert_eq!(amplitudes(99).len(), 6);
    }

    #[test]
    fn the_defaults_have_no_fault_and_faults_are_found() {
        assert_eq!(FeatureDistribution::check(&Params::default()), []);
        let broken = Params { gammas: vec![0.9, 1.2], shown: 0, few: 99, ..Params::default() };
        let keys: Vec<String> = FeatureDistribution::check(&broken).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["gammas", "shown", "few", "lazy"]);
    }
}

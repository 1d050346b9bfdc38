//! How many samples recover a narrow target, by architecture and width (slides "Optimistic sample size reflects practice" and "wider network
//! is sample efficient"). The grid of the default profile is coarser than the source's, and a second-order method ends every training.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::log10;
use condense::num::stats::{mean, median};
use condense_nn::measures::recovery::{at_least, threshold};
use condense_nn::nets::windows::Layout;
use condense_nn::tasks::recovery::{Attempts, Drawn, INPUTS, Study, TERMS, WINDOW, one_step, three_windows};

/// Test errors over samples, width and architecture, for the target `Σ_{s=1}^{3} tanh(.6 x_s + .8 x_{s+1} + x_{s+2})` in R⁵.
///
/// Zhang et al., JMLR 26 (2025), Fig. 3: recovery is possible from the optimistic sample size on, 7, 15 or 21, however wide the network;
/// it is seen a little later, and far below the number of parameters.
pub struct SampleSizeMap;

params! {
    /// Settings.
    pub struct Params {
        /// Kernels N of the convolutions; a fully connected network has 3 N neurons.
        pub kernels: Vec<usize> = vec![1, 3, 10], rising_from 1;
        /// Numbers of samples n: from this on, in steps of this …
        pub step: usize = 3, at_least 1;
        /// … up to this.
        pub largest: usize = 54, at_least 1;
        /// Draws of the samples and of the start, for each cell.
        pub trials: usize = 4, at_least 1;
        /// Learning rates, of which each cell takes the one with the least median test error.
        pub rates: Vec<f64> = vec![0.2, 0.5], finite;
        /// Standard deviation of all parameters at the start.
        pub std: f64 = 1e-5, above 0.0;
        /// Steps of gradient descent.
        pub steps: usize = 20_000, at_least 1;
        /// Most steps of Levenberg–Marquardt afterwards.
        pub finish: usize = 60, at_least 1;
        /// Test points.
        pub test: usize = 1000, at_least 1;
        /// The control is plain gradient descent, without a finish: fully connected, the second of `kernels`, at the sizes from the optimistic
        /// one to twice it. The standard deviation at its start: the source's.
        pub plain_std: f64 = 1e-10, above 0.0;
        /// Its steps.
        pub plain_steps: usize = 100_000, at_least 1;
        /// Trials of the networks of one variable, for `tanh(x + 1)`.
        pub twin_trials: usize = 10, at_least 1;
        /// Their steps.
        pub twin_steps: usize = 10_000, at_least 1;
    }
}

/// The architectures and the optimistic sample size of the target in each, with hidden bias (`k = 1` kernel):
/// `k (d + 2)`, `k (s + 2)(d + 1 − s)` and `k (d + 2)(d + 1 − s)`. They are also the numbers of parameters at N = 1.
const KINDS: [(&str, usize); 3] =
    [("convolution", INPUTS + 2), ("local", (WINDOW + 2) * TERMS), ("full", (INPUTS + 2) * TERMS)];

/// The lab manual's networks of one variable: widths, largest number of samples, standard deviation at the start, learning rate.
const TWIN: ([usize; 2], usize, f64, f64) = ([2, 20], 9, 1e-12, 0.1);

/// A median test error below this counts as "near": the sheet's threshold, set before any run.
const NEAR: f64 = 1e-2;
/// Below this a target counts as recovered: the dark end of the source's colours.
const EXACT: f64 = 1e-6;

/// One cell of a map, at the learning rate that it takes.
struct Cell {
    kind: usize,
    kernels: usize,
    size: usize,
    median: f64,
    mean: f64,
    recovered: f64,
    rate: f64,
    descended: f64,
}

impl Experiment for SampleSizeMap {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // Eight networks at the test points, a tangent, and three numbers of each attempt.
        let (widest, cells) = (TERMS * p.kernels.last()?, KINDS.len() * p.kernels.len() * (p.largest / p.step + 1));
        Some(widest * (8 * p.test + 8 * (p.largest + 16) * INPUTS) + 3 * cells * p.trials * p.rates.len())
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let sizes: Vec<usize> = (1..=p.largest / p.step).map(|at| at * p.step).collect();
        let pool =
            |trial: usize| Drawn::of(three_windows, p.largest, INPUTS, &mut ctx.rng(&format!("samples/{trial}")));
        let study = Study {
            pools: (0..p.trials).map(pool).collect(),
            test: Drawn::of(three_windows, p.test, INPUTS, &mut ctx.rng("test")),
            rates: p.rates.clone(),
            std: p.std,
            steps: p.steps,
            finish: p.finish,
        };
        let all = (0..KINDS.len()).flat_map(|kind| p.kernels.iter().map(move |&kernels| (kind, kernels)));
        let places: Vec<_> = all.flat_map(|(kind, kernels)| sizes.iter().map(move |&n| (kind, kernels, n))).collect();
        let attempts = ctx.cells("map", places.len(), |at, ctx| {
            let (kind, kernels, size) = places[at];
            match KINDS[kind].0 {
                "convolution" => study.attempts(&Layout::<WINDOW>::convolution(INPUTS, kernels), size, ctx),
                "local" => study.attempts(&Layout::<WINDOW>::local(INPUTS, kernels), size, ctx),
                _ => study.attempts(&Layout::<INPUTS>::full(TERMS * kernels), size, ctx),
            }
        })?;
        let cells: Vec<Cell> =
            attempts.iter().zip(&places).map(|(attempts, &place)| cell(&study, place, attempts)).collect();
        let mut results = Results::default();
        results.frame("map", map(&cells));
        summarise(p, &sizes, &cells, &mut results);
        control(p, &study, &cells, ctx, &mut results)?;
        twin(p, ctx, &mut results)?;
        Ok(results)
    }
}

fn cell(study: &Study, (kind, kernels, size): (usize, usize, usize), attempts: &Attempts) -> Cell {
    let (errors, rate) = study.tuned(&attempts.finished);
    let recovered = errors.iter().filter(|error| **error < EXACT).count() as f64 / errors.len() as f64;
    let descended = median(&study.tuned(&attempts.descended).0);
    Cell { kind, kernels, size, median: median(&errors), mean: mean(&errors), recovered, rate, descended }
}

fn map(cells: &[Cell]) -> Frame {
    let row = |c: &Cell| {
        let shown = log10(c.median.max(f64::MIN_POSITIVE));
        [c.kernels as f64, c.size as f64, c.median, shown, c.mean, c.recovered, c.rate, c.descended]
    };
    let names = ["kernels", "n", "median", "shown", "mean", "recovered", "rate", "descended"];
    let words = cells.iter().map(|cell| KINDS[cell.kind].0);
    Frame::from_rows(&names, cells.iter().map(row)).with_words("architecture", words)
}

fn summarise(p: &Params, sizes: &[usize], cells: &[Cell], results: &mut Results) {
    // A row of the map after the other: kind by kind, width by width.
    let row = |cells: &[Cell]| {
        let medians: Vec<f64> = cells.iter().map(|cell| cell.median).collect();
        let (kind, kernels, optimistic) = (cells[0].kind, cells[0].kernels, KINDS[cells[0].kind].1);
        let [near, exact] = [NEAR, EXACT].map(|bound| at_least(sizes, &medians, bound));
        [kind as f64, kernels as f64, optimistic as f64, (optimistic * kernels) as f64, near, exact]
    };
    let rows: Vec<[f64; 6]> = cells.chunks(sizes.len()).map(row).collect();
    for ((name, _), rows) in KINDS.iter().zip(rows.chunks(p.kernels.len())) {
        let [_, _, optimistic, parameters, wide, _] = rows[rows.len() - 1];
        let [low, high] = [f64::min, f64::max].map(|pick| rows.iter().map(|row| row[4]).fold(wide, pick));
        results.value(&format!("optimistic.{name}"), optimistic);
        results.value(&format!("parameters.{name}"), parameters);
        results.value(&format!("spread.{name}"), high / low);
        results.value(&format!("smallest.{name}"), rows[0][4]);
        results.value(&format!("largest.{name}"), wide);
        results.value(&format!("way.{name}"), (wide - optimistic) / (parameters - optimistic));
    }
    let missed = |cells: &&[Cell]| {
        let medians: Vec<f64> = cells.iter().map(|cell| cell.median).collect();
        threshold(sizes, &medians, NEAR).is_none()
    };
    results.value("never", cells.chunks(sizes.len()).filter(missed).count() as f64);
    let early = cells.iter().filter(|cell| cell.size < KINDS[cell.kind].1 && cell.recovered > 0.0).count();
    results.value("early", early as f64);
    results.value("cells", cells.len() as f64);
    let recovered: Vec<f64> = cells.iter().map(|cell| cell.median).filter(|median| *median < EXACT).collect();
    results.value("recovered.cells", recovered.len() as f64);
    results.value("recovered.median", if recovered.is_empty() { 1.0 } else { median(&recovered) });
    let [convolution, local, full] = KINDS.map(|(name, _)| results.values[&format!("smallest.{name}")]);
    results.value("order.smallest.first", local - convolution);
    results.value("order.smallest.second", full - local);
    results.value("order.largest", results.values["largest.full"] - results.values["largest.convolution"]);
    let frame = Frame::from_rows(&["kind", "kernels", "optimistic", "parameters", "near", "exact"], &rows);
    results.frame("thresholds", frame.with_words("architecture", rows.iter().map(|row| KINDS[row[0] as usize].0)));
}

/// Some of the cells by plain gradient descent from the source's start, for longer and without a finish.
fn control(p: &Params, study: &Study, cells: &[Cell], ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let (full, kernels) = (KINDS.len() - 1, p.kernels[1]);
    let within = |cell: &&Cell| {
        (cell.kind, cell.kernels) == (full, kernels) && (KINDS[full].1..=2 * KINDS[full].1).contains(&cell.size)
    };
    let cells: Vec<&Cell> = cells.iter().filter(within).collect();
    let plain = Study { std: p.plain_std, steps: p.plain_steps, finish: 0, ..study.clone() };
    let layout = Layout::<INPUTS>::full(TERMS * kernels);
    let attempts = ctx.cells("plain", cells.len(), |at, ctx| plain.attempts(&layout, cells[at].size, ctx))?;
    let plain: Vec<f64> = attempts.iter().map(|attempts| median(&study.tuned(&attempts.descended).0)).collect();
    let ours: Vec<f64> = cells.iter().map(|cell| cell.median).collect();
    let sizes: Vec<usize> = cells.iter().map(|cell| cell.size).collect();
    let [ours_edge, plain_edge] = [&ours, &plain].map(|medians| at_least(&sizes, medians, NEAR));
    results.value("control.ours", ours_edge);
    results.value("control.plain", plain_edge);
    results.value("control.shift", ours_edge - plain_edge);
    results.value("control.latest", ours_edge.max(plain_edge));
    let sizes = sizes.iter().map(|&size| size as f64);
    results.frame("control", Frame::new().with("n", sizes).with("plain", plain).with("ours", ours));
    Ok(())
}

/// The lab manual's small twin: one variable, one neuron as the target, `O = 3` at every width.
fn twin(p: &Params, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let (widths, most, std, rate) = TWIN;
    let pool = |trial: usize| Drawn::of(one_step, most, 1, &mut ctx.rng(&format!("twin/{trial}")));
    let pools = (0..p.twin_trials).map(pool).collect();
    let test = Drawn::of(one_step, p.test, 1, &mut ctx.rng("twin/test"));
    let study = Study { pools, test, rates: vec![rate], std, steps: p.twin_steps, finish: p.finish };
    let sizes: Vec<usize> = (1..=most).collect();
    let attempts = ctx.cells("twin", widths.len() * most, |at, ctx| {
        study.attempts(&Layout::<1>::full(widths[at / most]), sizes[at % most], ctx)
    })?;
    let (mut rows, mut nears) = (Vec::new(), Vec::new());
    for (attempts, width) in attempts.chunks(most).zip(widths) {
        let medians: Vec<f64> = attempts.iter().map(|attempts| median(&attempts.finished)).collect();
        nears.push(at_least(&sizes, &medians, NEAR));
        results.value(&format!("twin.near.{width}"), nears[nears.len() - 1]);
        for ((attempts, median), &n) in attempts.iter().zip(&medians).zip(&sizes) {
            rows.push([width as f64, n as f64, median.max(1e-16), mean(&attempts.descended)]);
        }
    }
    results.value("twin.ratio", nears[1] / nears[0]);
    results.frame("twin", Frame::from_rows(&["width", "n", "finished", "descended"], &rows));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn a_tiny_run_is_finite_and_repeats_itself() {
        let params = Params {
            kernels: vec![1, 2],
            step: 3,
            largest: 21,
            trials: 2,
            steps: 20,
            finish: 2,
            test: 20,
            plain_steps: 20,
            twin_trials: 2,
            twin_steps: 20,
            ..Params::default()
        };
        assert_eq!(SampleSizeMap::check(&params), []);
        let inputs = BTreeMap::new();
        let run = |seed| SampleSizeMap::run(&params, &Context::new(seed, &inputs, &Inline)).expect("a tiny run");
        assert_eq!(run(0).fault(), None);
        assert_eq!(run(0), run(0));
        assert_ne!(run(0), run(1));
    }
}

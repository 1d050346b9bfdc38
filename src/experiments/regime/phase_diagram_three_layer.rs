//! The phase diagram of three-layer ReLU networks: by which power of the width each hidden layer's input weights move.
//! It knows no single training in detail; of each it keeps how far the weights went.
//!
//! Slide "Phase diagram in three-layer ReLU NN"; Zhou, Zhou, Jin, Luo, Zhang & Xu, "Empirical phase diagram for three-layer neural networks
//! with infinite width" (NeurIPS 2022). The convention of `γ2` and `γ3` is that of [`three_flow`](condense_nn::training::three_flow).

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::{exp, ln, pow};
use condense::num::rng::Stream;
use condense::num::stats::{line_fit, mean};
use condense_nn::measures::columns::leading_energy;
use condense_nn::measures::measure::{Direction, effective, sectors};
use condense_nn::nets::packed::Neuron;
use condense_nn::training::flow::Flow;
use condense_nn::training::model::Model as _;
use condense_nn::training::three_flow::ThreeFlow;

params! {
    /// Grid and widths are ours, smaller than the source's.
    pub struct Params {
        /// Places γ3 at γ2 = 0.
        pub slice: Vec<f64> = vec![0.9, 1.2, 1.4, 1.5, 1.8, 2.1, 2.4, 2.7, 3.0], rising;
        /// Columns of the map, γ2.
        pub gammas_2: Vec<f64> = vec![-0.4, -0.2, 0.0, 0.2, 0.4], rising;
        /// Rows of the map, γ3.
        pub gammas_3: Vec<f64> = vec![0.9, 1.2, 1.5, 1.8, 2.1, 2.4], rising;
        /// A place `[γ1, γ2, γ3]` of each regime, as [`REGIMES`] names them.
        pub regimes: [[f64; 3]; 4] = [[0.0, 0.0, 0.9], [0.0, 0.0, 1.8], [0.25, 0.0, 3.0], [1.0, 0.0, 2.7]],
            such_that |regimes| regimes.iter().flatten().all(|x| x.is_finite()), "must be numbers";
        /// Widths m of the slice and of the regimes.
        pub widths: Vec<usize> = vec![64, 128, 256, 512], rising_from 2;
        /// Widths m of the map.
        pub map_widths: Vec<usize> = vec![32, 64, 128], rising_from 2;
        /// Draws of the initial weights at each place and width; the mean of ln RD counts.
        pub draws: usize = 4, at_least 1;
        /// Training ends below this mean square.
        pub goal: f64 = 1e-6, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 0.05, above 0.0;
    }
}

/// Slopes of ln RD over the plane of γ2 and γ3.
pub struct PhaseDiagramThreeLayer;

/// Trainings that fit take some hundred steps. One that has not come to its goal after so many rests in a local minimum.
const STEPS: usize = 500;
/// Where counting powers puts the critical γ3 of the first and of the second layer, at γ1 = γ2 = 0.
const CRITICAL: [f64; 2] = [1.5, 2.0];
/// Which layers' input weights move, as the width grows.
const REGIMES: [&str; 4] = ["neither", "first", "both", "second"];
/// Sectors behind the effective number of directions of the first layer.
const SECTORS: usize = 36;

impl Experiment for PhaseDiagramThreeLayer {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // The widest network: a dozen vectors of its parameters, features of four samples at three points.
        let widest = p.widths.iter().chain(&p.map_widths).copied().max().unwrap_or(0);
        Some(12 * widest * (widest + 3) + 48 * widest + 4 * (p.slice.len() + p.gammas_2.len() * p.gammas_3.len()) * 8)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let slice: Vec<[f64; 3]> = p.slice.iter().map(|&gamma_3| [0.0, 0.0, gamma_3]).collect();
        let row = |&gamma_3: &f64| p.gammas_2.iter().map(move |&gamma_2| [0.0, gamma_2, gamma_3]);
        let plane: Vec<[f64; 3]> = p.gammas_3.iter().flat_map(row).collect();
        let slice = sweep("slice", &slice, &p.widths, p, ctx)?;
        let map = sweep("map", &plane, &p.map_widths, p, ctx)?;
        let regimes = sweep("regimes", &p.regimes, &p.widths, p, ctx)?;
        let mut results = Results::default();
        show_slice(&slice, &p.widths, &mut results);
        show_map(&map, p.gammas_2.len(), &mut results);
        show_regimes(&regimes, &mut results);
        // Draws that rest before they fit, over all that were trained.
        let places = || slice.iter().chain(&map).chain(&regimes);
        let unfitted: f64 = places().map(|place| place.unfitted).sum();
        let trained = places().map(|place| place.distances[0].len() * p.draws).sum::<usize>() as f64;
        results.value("unfitted", unfitted);
        results.value("trainings", trained);
        results.value("unfitted.share", unfitted / trained);
        Ok(results)
    }
}

/// What was measured at one place `(γ1, γ2, γ3)`: ln RD of `W1` and of `W2` at each width, and their slopes.
struct Place {
    at: [f64; 3],
    distances: [Vec<f64>; 2],
    slopes: [f64; 2],
    /// How condensed each layer is at the last width.
    condensed: [f64; 2],
    /// Draws that came to rest before they fitted, over all widths: they are left out.
    unfitted: f64,
}

/// What is measured of a training: ln RD of `W1` and of `W2`; the effective number of directions of `W1`, and the share of the
/// squares of `W2` that its largest singular value holds.
type Measured = [f64; 4];

/// Trains at every place, width and draw. A draw is the same at every place, so that places differ by more than luck.
fn sweep(name: &str, places: &[[f64; 3]], widths: &[usize], p: &Params, ctx: &Context) -> Result<Vec<Place>, Stop> {
    let streams = ctx.rng("draws");
    let rows = ctx.cells(name, places.len(), |cell, ctx| {
        let (mut means, mut unfitted) = (Vec::new(), 0.0);
        for (done, &width) in widths.iter().enumerate() {
            ctx.tick(done, widths.len())?;
            let draws: Vec<Option<Measured>> = (0..p.draws)
                .map(|draw| train(places[cell], width, p, &mut streams.fork(&format!("draw {draw}, width {width}"))))
                .collect::<Result<_, _>>()?;
            let fitted: Vec<Measured> = draws.into_iter().flatten().collect();
            if fitted.is_empty() {
                return Err(Stop::failed(format!("(γ1, γ2, γ3) = {:?}, m = {width}: no draw fits", places[cell])));
            }
            unfitted += (p.draws - fitted.len()) as f64;
            means.push([0, 1, 2, 3].map(|what| mean(&fitted.iter().map(|draw| draw[what]).collect::<Vec<f64>>())));
        }
        Ok((means, unfitted))
    })?;
    let logs: Vec<f64> = widths.iter().map(|&m| ln(m as f64)).collect();
    let place = |(&at, (means, unfitted)): (&[f64; 3], &(Vec<Measured>, f64))| {
        let distances = [0, 1].map(|layer: usize| means.iter().map(|mean| mean[layer]).collect::<Vec<f64>>());
        let slopes = [0, 1].map(|layer: usize| line_fit(&logs, &distances[layer]).slope);
        let [_, _, directions, energy] = means[means.len() - 1];
        Place { at, distances, slopes, condensed: [directions, energy], unfitted: *unfitted }
    };
    Ok(places.iter().zip(&rows).map(place).collect())
}

/// Trains to the goal; none where the flow comes to rest before.
fn train(at: [f64; 3], width: usize, p: &Params, stream: &mut Stream) -> Result<Option<Measured>, Stop> {
    let [gamma_1, gamma_2, gamma_3] = at;
    let mut network = ThreeFlow::on_four_points(gamma_2, gamma_3, width);
    // The first layer's deviation is m^γ1 times that of the second: in units of it, it moves m^-2γ1 times as fast.
    network.mobility[0] = pow(width as f64, -2.0 * gamma_1);
    let start = network.draw(stream);
    let network = network.centred(&start);
    let mut flow = Flow::new(&network, start.clone(), p.tolerance);
    let lost = |stalled| Stop::failed(format!("(γ1, γ2, γ3) = {at:?}, m = {width}: {stalled}"));
    if !flow.descend(p.goal, STEPS).map_err(lost)? {
        return Ok(None);
    }
    let end = flow.theta();
    let layers = network.layers();
    let [first, second] = [0, 1].map(|layer: usize| {
        let pairs = || end[layers[layer].clone()].iter().zip(&start[layers[layer].clone()]);
        let moved: f64 = pairs().map(|(now, start)| (now - start) * (now - start)).sum();
        0.5 * ln(moved / pairs().map(|(_, start)| start * start).sum::<f64>())
    });
    let [w1, w2] = [0, 1].map(|layer: usize| &end[layers[layer].clone()]);
    Ok(Some([first, second, directions(w1, w2), leading_energy(w2, width)]))
}

/// The effective number of directions of the first layer; a unit counts by the norms of its weights, in and out.
fn directions(w1: &[f64], w2: &[f64]) -> f64 {
    let units = w1.chunks_exact(2).enumerate();
    let out = |unit: usize| w2.iter().skip(unit).step_by(w1.len() / 2).map(|x| x * x).sum::<f64>().sqrt();
    let neurons: Vec<Neuron<2>> = units.map(|(unit, w)| Neuron { a: out(unit), w: [w[0], w[1]] }).collect();
    effective(&sectors(&neurons, Direction::Ray, SECTORS))
}

/// Where the slope of the first layer turns positive, by linear interpolation in γ3.
fn crossing(places: &[&Place]) -> Option<f64> {
    places.windows(2).find_map(|pair| {
        let [(x0, s0), (x1, s1)] = [0, 1].map(|end: usize| (pair[end].at[2], pair[end].slopes[0]));
        (s0 < 0.0 && s1 >= 0.0).then(|| x0 + (x1 - x0) * s0 / (s0 - s1))
    })
}

fn show_slice(slice: &[Place], widths: &[usize], results: &mut Results) {
    let rows = slice.iter().map(|place| {
        let [first, second] = CRITICAL.map(|critical| place.at[2] - critical);
        [place.at[2], place.slopes[0], place.slopes[1], first, second]
    });
    results.frame("slice", Frame::from_rows(&["gamma_3", "first", "second", "theory-first", "theory-second"], rows));
    // Every other place: more lines could not be told apart.
    let growth = slice.iter().step_by(2).flat_map(|place| {
        let both = place.distances[0].iter().zip(&place.distances[1]).zip(widths);
        both.map(|((first, second), &m)| [place.at[2], m as f64, exp(*first), exp(*second)])
    });
    results.frame("growth", Frame::from_rows(&["gamma_3", "width", "first", "second"], growth));
    let critical = slice.iter().find(|place| (place.at[2] - CRITICAL[0]).abs() < 1e-9);
    let rises = slice.windows(2).map(|pair| pair[1].slopes[0] - pair[0].slopes[0]);
    results.value("slice.rise", rises.fold(f64::INFINITY, f64::min));
    results.value("slice.critical", critical.map_or(0.0, |place| place.slopes[0]));
    for (layer, name) in ["first", "second"].into_iter().enumerate() {
        // Powers are counted where the layer hardly moves.
        let lazy = slice.iter().filter(|place| place.at[2] < CRITICAL[layer] - 1e-9);
        let off = lazy.map(|place| (place.slopes[layer] - (place.at[2] - CRITICAL[layer])).abs());
        results.value(&format!("slice.{name}.off"), off.fold(0.0, f64::max));
    }
    results.value("slice.low", slice.first().map_or(0.0, |place| place.slopes[0]));
    results.value("slice.high", slice.last().map_or(0.0, |place| place.slopes[0]));
    results.value("slice.zero", crossing(&slice.iter().collect::<Vec<_>>()).unwrap_or(0.0));
    results.value("slice.reversed", slice.iter().filter(|place| place.slopes[1] >= place.slopes[0]).count() as f64);
}

fn show_map(map: &[Place], columns: usize, results: &mut Results) {
    let rows = map.iter().map(|place| [place.at[1], place.at[2], place.slopes[0], place.slopes[1]]);
    results.frame("map", Frame::from_rows(&["gamma_2", "gamma_3", "first", "second"], rows));
    let column = |k: usize| map.iter().skip(k).step_by(columns).collect::<Vec<_>>();
    let zeros: Vec<[f64; 2]> = (0..columns).filter_map(|k| Some([map[k].at[1], crossing(&column(k))?])).collect();
    results.value("map.zero", zeros.iter().find(|zero| zero[0].abs() < 1e-9).map_or(0.0, |zero| zero[1]));
    // A table with at least one row, whatever was found.
    let shown = if zeros.is_empty() { vec![[0.0, CRITICAL[0]]] } else { zeros };
    results.frame("zeros", Frame::from_rows(&["gamma_2", "gamma_3"], shown));
    for (name, signs) in REGIMES.into_iter().zip([[false, false], [true, false], [true, true], [false, true]]) {
        let own = map.iter().filter(|place| place.slopes.map(|slope| slope > 0.0) == signs).count();
        results.value(&format!("map.moves.{name}"), own as f64);
    }
}

fn show_regimes(regimes: &[Place], results: &mut Results) {
    for (name, place) in REGIMES.iter().zip(regimes) {
        let ([first, second], [directions, energy]) = (place.slopes, place.condensed);
        let ends = [("least", first.min(second)), ("most", first.max(second))];
        let own = [("first", first), ("second", second), ("directions", directions), ("energy", energy)];
        for (what, value) in own.into_iter().chain(ends).chain([("share", directions / regimes[0].condensed[0])]) {
            results.value(&format!("regime.{name}.{what}"), value);
        }
    }
    let rows = regimes.iter().map(|place| {
        let ([one, two, three], [first, second], [directions, energy]) = (place.at, place.slopes, place.condensed);
        [one, two, three, first, second, directions, energy]
    });
    let names = ["gamma_1", "gamma_2", "gamma_3", "first", "second", "directions", "energy"];
    results.frame("regimes", Frame::from_rows(&names, rows).with_words("moves", REGIMES));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_of_a_slope_is_interpolated() {
        let place = |gamma_3: f64, slope: f64| Place {
            at: [0.0, 0.0, gamma_3],
            distances: [vec![], vec![]],
            slopes: [slope, 0.0],
            condensed: [0.0; 2],
            unfitted: 0.0,
        };
        let places = [place(1.0, -0.5), place(1.2, -0.1), place(1.6, 0.3)];
        let found = crossing(&places.iter().collect::<Vec<_>>()).expect("it turns");
        assert!((found - 1.3).abs() < 1e-12);
        assert_eq!(crossing(&[&places[0], &places[1]]), None);
    }
}

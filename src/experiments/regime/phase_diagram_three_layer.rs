//! The phase diagram of three-layer ReLU networks: by which power of the width each hidden layer's input weights move.
//! It knows no single training in detail; of each it keeps how far the weights went.
//!
//! Slide "Phase diagram in three-layer ReLU NN"; Zhou, Zhou, Jin, Luo, Zhang & Xu, "Empirical phase diagram for three-layer neural networks
//! with infinite width" (NeurIPS 2022). The convention of `γ2` and `γ3` is that of [`three_flow`](condense_nn::training::three_flow).

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math::{exp, ln};
use condense::num::rng::Stream;
use condense::num::stats::{line_fit, mean};
use condense_nn::training::flow::{Flow, Model as _};
use condense_nn::training::three_flow::ThreeFlow;

params! {
    /// Grid and widths are ours, smaller than the source's.
    pub struct Params {
        /// Places γ3 at γ2 = 0.
        pub slice: Vec<f64> = vec![0.9, 1.2, 1.4, 1.5, 1.8, 2.1], rising;
        /// Columns of the map, γ2.
        pub gammas_2: Vec<f64> = vec![-0.4, -0.2, 0.0, 0.2, 0.4], rising;
        /// Rows of the map, γ3.
        pub gammas_3: Vec<f64> = vec![0.9, 1.1, 1.3, 1.5, 1.7, 1.9, 2.1], rising;
        /// Widths m of the slice.
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

/// More steps than any training of the map takes.
const STEPS: usize = 20_000;
/// Where theory puts the critical γ3 of the first layer at γ2 = 0.
const CRITICAL: f64 = 1.5;

impl Experiment for PhaseDiagramThreeLayer {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        // The widest network: a dozen vectors of its parameters, features of four samples at two points.
        let widest = p.widths.iter().chain(&p.map_widths).copied().max().unwrap_or(0);
        Some(12 * widest * (widest + 3) + 32 * widest + 4 * (p.slice.len() + p.gammas_2.len() * p.gammas_3.len()) * 8)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let slice: Vec<[f64; 2]> = p.slice.iter().map(|&gamma_3| [0.0, gamma_3]).collect();
        let row = |&gamma_3: &f64| p.gammas_2.iter().map(move |&gamma_2| [gamma_2, gamma_3]);
        let plane: Vec<[f64; 2]> = p.gammas_3.iter().flat_map(row).collect();
        let slice = sweep("slice", &slice, &p.widths, p, ctx)?;
        let map = sweep("map", &plane, &p.map_widths, p, ctx)?;
        let mut results = Results::default();
        show_slice(&slice, &p.widths, &mut results);
        show_map(&map, p.gammas_2.len(), &mut results);
        Ok(results)
    }
}

/// What was measured at one place: ln RD of `W1` and of `W2` at each width, and their slopes.
struct Place {
    at: [f64; 2],
    distances: [Vec<f64>; 2],
    slopes: [f64; 2],
}

/// Trains at every place, width and draw. A draw is the same at every place, so that places differ by more than luck.
fn sweep(name: &str, places: &[[f64; 2]], widths: &[usize], p: &Params, ctx: &Context) -> Result<Vec<Place>, Stop> {
    let streams = ctx.rng("draws");
    let rows = ctx.cells(name, places.len(), |cell, ctx| {
        let mut means = Vec::new();
        for (done, &width) in widths.iter().enumerate() {
            ctx.tick(done, widths.len())?;
            let draws = (0..p.draws)
                .map(|draw| train(places[cell], width, p, &mut streams.fork(&format!("draw {draw}, width {width}"))))
                .collect::<Result<Vec<_>, _>>()?;
            means.push([0, 1].map(|layer| mean(&draws.iter().map(|distances| distances[layer]).collect::<Vec<f64>>())));
        }
        Ok(means)
    })?;
    let logs: Vec<f64> = widths.iter().map(|&m| ln(m as f64)).collect();
    let place = |(&at, means): (&[f64; 2], &Vec<[f64; 2]>)| {
        let distances = [0, 1].map(|layer: usize| means.iter().map(|both| both[layer]).collect::<Vec<f64>>());
        let slopes = [0, 1].map(|layer: usize| line_fit(&logs, &distances[layer]).slope);
        Place { at, distances, slopes }
    };
    Ok(places.iter().zip(&rows).map(place).collect())
}

/// Trains to the goal; ln RD of `W1` and of `W2`.
fn train([gamma_2, gamma_3]: [f64; 2], width: usize, p: &Params, stream: &mut Stream) -> Result<[f64; 2], Stop> {
    let network = ThreeFlow::on_four_points(gamma_2, gamma_3, width);
    let start = network.draw(stream);
    let network = network.centred(&start);
    let flow = Flow::new(&network, start.clone(), p.tolerance);
    let end = flow.fit(p.goal, STEPS, format!("(γ2, γ3) = ({gamma_2}, {gamma_3}), m = {width}"))?;
    let layers = network.layers();
    Ok([0, 1].map(|layer: usize| {
        let pairs = || end[layers[layer].clone()].iter().zip(&start[layers[layer].clone()]);
        let moved: f64 = pairs().map(|(now, start)| (now - start) * (now - start)).sum();
        0.5 * ln(moved / pairs().map(|(_, start)| start * start).sum::<f64>())
    }))
}

/// Where the slope of the first layer turns positive, by linear interpolation in γ3.
fn crossing(places: &[&Place]) -> Option<f64> {
    places.windows(2).find_map(|pair| {
        let [(x0, s0), (x1, s1)] = [0, 1].map(|end: usize| (pair[end].at[1], pair[end].slopes[0]));
        (s0 < 0.0 && s1 >= 0.0).then(|| x0 + (x1 - x0) * s0 / (s0 - s1))
    })
}

fn show_slice(slice: &[Place], widths: &[usize], results: &mut Results) {
    let rows = slice.iter().map(|place| [place.at[1], place.slopes[0], place.slopes[1], place.at[1] - CRITICAL]);
    results.frame("slice", Frame::from_rows(&["gamma_3", "first", "second", "theory"], rows));
    let growth = slice.iter().flat_map(|place| {
        let both = place.distances[0].iter().zip(&place.distances[1]).zip(widths);
        both.map(|((first, second), &m)| [place.at[1], m as f64, exp(*first), exp(*second)])
    });
    results.frame("growth", Frame::from_rows(&["gamma_3", "width", "first", "second"], growth));
    let first =
        |at: f64| slice.iter().find(|place| (place.at[1] - at).abs() < 1e-9).map_or(0.0, |place| place.slopes[0]);
    let rises = slice.windows(2).map(|pair| pair[1].slopes[0] - pair[0].slopes[0]);
    results.value("slice.rise", rises.fold(f64::INFINITY, f64::min));
    results.value("slice.critical", first(CRITICAL));
    results.value("slice.low", slice.first().map_or(0.0, |place| place.slopes[0]));
    results.value("slice.high", slice.last().map_or(0.0, |place| place.slopes[0]));
    results.value("slice.zero", crossing(&slice.iter().collect::<Vec<_>>()).unwrap_or(0.0));
    results.value("slice.reversed", slice.iter().filter(|place| place.slopes[1] >= place.slopes[0]).count() as f64);
}

fn show_map(map: &[Place], columns: usize, results: &mut Results) {
    let rows = map.iter().map(|place| [place.at[0], place.at[1], place.slopes[0], place.slopes[1]]);
    results.frame("map", Frame::from_rows(&["gamma_2", "gamma_3", "first", "second"], rows));
    let column = |k: usize| map.iter().skip(k).step_by(columns).collect::<Vec<_>>();
    let zeros = (0..columns).filter_map(|k| Some([map[k].at[0], crossing(&column(k))?]));
    let zeros: Vec<[f64; 2]> = zeros.collect();
    let balanced = zeros.iter().find(|zero| zero[0].abs() < 1e-9).map_or(0.0, |zero| zero[1]);
    results.value("map.zero", balanced);
    results.value("map.zeros", zeros.len() as f64);
    // A table with at least one row, whatever was found.
    results.frame(
        "zeros",
        Frame::from_rows(&["gamma_2", "gamma_3"], if zeros.is_empty() { vec![[0.0, CRITICAL]] } else { zeros }),
    );
    for (name, signs) in
        [("both", [true, true]), ("first", [true, false]), ("second", [false, true]), ("neither", [false, false])]
    {
        let own = map.iter().filter(|place| place.slopes.map(|slope| slope > 0.0) == signs).count();
        results.value(&format!("map.moves.{name}"), own as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_of_a_slope_is_interpolated() {
        let place =
            |gamma_3: f64, slope: f64| Place { at: [0.0, gamma_3], distances: [vec![], vec![]], slopes: [slope, 0.0] };
        let places = [place(1.0, -0.5), place(1.2, -0.1), place(1.6, 0.3)];
        let found = crossing(&places.iter().collect::<Vec<_>>()).expect("it turns");
        assert!((found - 1.3).abs() < 1e-12);
        assert_eq!(crossing(&[&places[0], &places[1]]), None);
    }
}

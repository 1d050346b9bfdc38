//! The hierarchy of a loss landscape: narrow minima inside the landscape of width 3, and how degenerate they are there (slide
//! "hierarchical structure of DNN loss landscape"). It knows no training.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::stats::linspace;
use condense::num::vector::norm1;
use condense_nn::nets::tanh_net::TanhNet;
use condense_nn::theory::critical::{Inertia, Landscape};
use condense_nn::theory::embed::{null, split, split_inertia};
use condense_nn::theory::search::{Found, Search};
use condense_nn::training::course::packed;

/// The minima of widths 1 to 3 of the three-step data as critical points of width 3, by every order of splits and by null neurons.
///
/// Source: Zhang et al., JML 2022, figure 4: losses 0.11, 0.07 twice and 0; degeneracies 2, 1, 1 and 0.
pub struct LandscapeHierarchy;

params! {
    /// Settings.
    pub struct Params {
        /// Random starts of the solver for each width.
        pub starts: usize = 60, at_least 1;
        /// Standard deviations of those starts: output weight, input weight, bias.
        pub spread: [f64; 3] = [2.0, 0.7, 4.0], such_that |std| std.iter().all(|std| *std > 0.0), "must be above 0";
        /// Most steps of Levenberg–Marquardt, and again of Newton.
        pub steps: usize = 150;
        /// Share that a copy takes at a split.
        pub alpha: f64 = 0.5, such_that |alpha| *alpha != 0.0 && *alpha != 1.0, "must be neither 0 nor 1";
        /// Eigenvalues up to this size count as zero.
        pub zero: f64 = 1e-10, above 0.0;
    }
}

/// The width of the root.
const ROOT: usize = 3;
/// The source's four leaves are the lowest minima: of width 1, both of width 2, of width 3.
const LEAVES: [(usize, usize); 4] = [(1, 0), (2, 0), (2, 1), (3, 0)];

impl Experiment for LandscapeHierarchy {
    type Params = Params;

    fn working_set(p: &Params) -> Option<usize> {
        Some(8 * 81 + p.starts * 40 + 4000)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let landscape = Landscape::three_steps();
        let search = Search { landscape: &landscape, starts: p.starts, std: p.spread, steps: p.steps };
        let minima = search.minima(&[1, 2, 3], ctx)?;
        let mut results = Results::default();
        let (mut table, mut spectra, mut curves, mut off) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut slope = 0.0f64;
        for (leaf, (width, at)) in LEAVES.into_iter().enumerate() {
            let found = minima[width - 1].get(at);
            let Found { point, .. } =
                found.ok_or_else(|| Stop::failed(format!("no minimum {at} of width {width}: raise `starts`")))?;
            results.value(&format!("leaf{}.loss", leaf + 1), point.loss);
            let mut zeros = Vec::new();
            for embedded in embeddings(p, &landscape, &point.net) {
                let spectrum = landscape.spectrum(&embedded.net);
                let inertia = Inertia::of(&spectrum, p.zero);
                off += usize::from(embedded.ruled.is_some_and(|ruled| ruled != inertia));
                slope = slope.max(norm1(&landscape.gradient(&embedded.net)));
                zeros.push(inertia.zero);
                if embedded.shown {
                    let ruled = embedded.ruled.unwrap_or(inertia);
                    let counts = [inertia, ruled].map(|i| [i.negative, i.zero, i.positive].map(|count| count as f64));
                    table.push([&[leaf as f64 + 1.0, width as f64, point.loss][..], &counts[0], &counts[1]].concat());
                    let row = |(at, value): (usize, &f64)| {
                        [leaf as f64 + 1.0, at as f64 + 1.0, value.abs().max(1e-17), value.signum()]
                    };
                    spectra.extend(spectrum.iter().enumerate().map(row));
                    results.value(&format!("leaf{}.corank", leaf + 1), inertia.zero as f64);
                }
            }
            let uneven = zeros.iter().filter(|zero| **zero != ROOT - width).count();
            results.value(&format!("leaf{}.uneven", leaf + 1), uneven as f64);
            let curve = packed(&point.net).curve(&linspace(-15.5, 15.5, 201));
            curves.extend(curve.into_iter().map(|[x, f]| [leaf as f64 + 1.0, x, f]));
        }
        results.value("inertia.violations", off as f64);
        results.value("gradient", slope);
        let pair = [LEAVES[1], LEAVES[2]].map(|(width, at)| &minima[width - 1][at].point.net);
        results.value("mirror", mirrored(&landscape, pair));
        results.frame("spectra", Frame::from_rows(&["leaf", "index", "size", "sign"], spectra));
        results.frame("curves", Frame::from_rows(&["leaf", "x", "f"], curves));
        results.frame("data", Frame::new().with("x", landscape.x.column(0)).with("y", &landscape.y));
        tree(&table, &mut results);
        Ok(results)
    }
}

/// A minimum as a critical point of the root's width.
struct Embedded {
    net: TanhNet,
    /// By the rule of splits; none where a null neuron was added.
    ruled: Option<Inertia>,
    /// Whether it is the one that is drawn: the strongest neuron split again and again.
    shown: bool,
}

/// Every order of splits up to the root's width, and every null neuron on the way.
fn embeddings(p: &Params, landscape: &Landscape, net: &TanhNet) -> Vec<Embedded> {
    let own = Inertia::of(&landscape.spectrum(net), p.zero);
    let mut open = vec![Embedded { net: net.clone(), ruled: Some(own), shown: true }];
    for _ in net.width()..ROOT {
        let wider = |narrow: &Embedded| {
            let splits = (0..narrow.net.width()).map(|j| Embedded {
                net: split(&narrow.net, j, p.alpha),
                ruled: narrow.ruled.map(|_| split_inertia(landscape, &narrow.net, j, p.alpha, p.zero)),
                shown: narrow.shown && j == 0,
            });
            splits.chain([Embedded { net: null(&narrow.net), ruled: None, shown: false }]).collect::<Vec<_>>()
        };
        open = open.iter().flat_map(wider).collect();
    }
    open
}

/// How far one function is from the other one turned by half, `-f(-x)`, on the samples, which are symmetric.
fn mirrored(landscape: &Landscape, [one, other]: [&TanhNet; 2]) -> f64 {
    let (f, g) = (one.output(&landscape.x), other.output(&landscape.x));
    f.iter().zip(g.iter().rev()).map(|(f, g)| (f + g).abs()).fold(0.0, f64::max)
}

/// The table of leaves, and the tree as a drawing: the root on the left, leaves by width and loss.
fn tree(table: &[Vec<f64>], results: &mut Results) {
    let heads =
        ["leaf", "width", "loss", "negative", "zero", "positive", "ruled_negative", "ruled_zero", "ruled_positive"];
    let column = |c: usize| table.iter().map(move |row| row[c]);
    let leaves = heads.iter().enumerate().fold(Frame::new(), |frame, (c, head)| frame.with(head, column(c)));
    let words = table.iter().map(|row| format!("m₀ = {}, corank {}", row[1], row[4]));
    results.frame("leaves", leaves.with_words("label", words).with_words("letter", ["a", "b", "c", "d"]));
    let height = |leaf: f64| 2.5 - leaf;
    let edges = table.iter().map(|row| [0.0, 0.0, 2.0, height(row[0])]);
    results.frame("edges", Frame::from_rows(&["x", "y", "x2", "y2"], edges));
    let labels = table.iter().map(|row| format!("m₀ = {}: R = {:.4}, corank {}", row[1], row[2], row[4]));
    let nodes = Frame::new().with("x", table.iter().map(|_| 2.15)).with("y", table.iter().map(|row| height(row[0])));
    results.frame("nodes", nodes.with_words("label", labels));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn the_leaves_are_as_degenerate_as_they_are_narrow() {
        let (inputs, params) = (BTreeMap::new(), Params { starts: 12, ..Params::default() });
        let run = || LandscapeHierarchy::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        let coranks = [1, 2, 3, 4].map(|leaf| results.values[&format!("leaf{leaf}.corank")]);
        assert_eq!(coranks, [2.0, 1.0, 1.0, 0.0]);
        assert_eq!(results.values["inertia.violations"], 0.0);
    }
}

//! What an architecture costs, in samples (slide "Specialty of DNN models via optimistic estimate"): the least rank of one
//! convolutional target for a convolution, the same network without sharing, and the fully connected one. Nothing is scaled
//! down: the sizes of the source are arithmetic, and small ones are proved by singular values.
//!
//! `k (s² + n)`, `k (s² + 1) n`, `k (d² + 1) n` with `n = (d + 1 - s)²` places, for images of d × d, kernels of s × s, and
//! targets of `k` kernels whose output weights are all used (Zhang et al., JMLR 26 (2025), table 3).

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::rng::Stream;
use condense_nn::measures::rank::Rank;
use condense_nn::nets::patches::{PatchNet, Patches, Wiring, tied};
use condense_nn::theory::model_ranks::{Model, Width};
use ndarray::Array2;

/// The table of the source, the ranks behind it, and neurons that are dead.
pub struct ArchitectureSpecialty;

params! {
    /// Settings.
    pub struct Params {
        /// Inputs of the image's side, d, at the source's size.
        pub side: usize = 28, at_least 2;
        /// Inputs of the kernel's side, s.
        pub size: usize = 3, at_least 1;
        /// Images of the sweep have sides from 2 up to this.
        pub largest: usize = 6, at_least 2;
        /// Networks of the sweep have at most so many parameters.
        pub limit: usize = 240, at_least 12;
    }
}

row! {
    /// What is read off one network.
    struct Read {
        rank: f64,
        kept: f64,
        dropped: f64,
    }
}

/// The three architectures by name, for patches of an image.
fn wirings(patches: Patches) -> [(&'static str, Wiring); 3] {
    [
        ("convolution", Wiring::Shared),
        ("no sharing", Wiring::Window(patches.size)),
        ("fully connected", Wiring::Window(patches.side)),
    ]
}

/// A network of one kernel, or more, in parts.
fn model(patches: Patches, wiring: Wiring, kernels: usize, parts: usize) -> Model {
    Model::Patch { patches, biased: false, kernels, wiring, width: Width { parts, silent: 0 } }
}

impl Experiment for ArchitectureSpecialty {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        use condense::experiment::params::Parameters as _;
        p.demands().holds("size", p.size <= p.side, "must be at most `side`").faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // The tangents of a full network, from which those of the others are added up, and copies.
        Some(40 * p.limit * p.limit + 100_000)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        for (name, wiring) in wirings(Patches { dims: 2, side: p.side, size: p.size }) {
            let formula = model(Patches { dims: 2, side: p.side, size: p.size }, wiring, 1, 1).formula();
            results.value(&format!("source.{}", name.replace(' ', "-")), formula as f64);
        }
        let cells = sweep(p);
        let reads = ctx.cells("sweep", cells.len(), |cell, ctx| {
            let rank = Rank::of(&cells[cell].1.tangent(&mut ctx.rng("network")));
            Ok(Read { rank: rank.rank as f64, kept: rank.kept(), dropped: rank.dropped() })
        })?;
        show_sweep(&cells, &reads, &mut results);
        lines(p, &mut results);
        dead_neurons(&ctx.rng("dead"), &mut results);
        drawing(&mut results);
        Ok(results)
    }
}

/// A network of the sweep: name, model, then `d`, `s`, kernels of the target, parts of each.
type Entry = (&'static str, Model, [usize; 4]);

/// All images, kernels, numbers of kernels and parts up to two whose networks are small enough.
fn sweep(p: &Params) -> Vec<Entry> {
    let mut all = Vec::new();
    for (side, size) in (2..=p.largest).flat_map(|side| (1..=side).map(move |size| (side, size))) {
        let patches = Patches { dims: 2, side, size };
        // A kernel of one weight has neurons of one input: two of them are too alike for double precision.
        let counts = [(1, 1), (1, 2), (2, 1), (2, 2)].into_iter().filter(|(kernels, _)| size > 1 || *kernels == 1);
        for (kernels, parts) in counts {
            let here = wirings(patches)
                .map(|(name, wiring)| (name, model(patches, wiring, kernels, parts), [side, size, kernels, parts]));
            all.extend(here.into_iter().filter(|(_, model, _)| model.parameters() <= p.limit));
        }
    }
    all
}

fn show_sweep(cells: &[Entry], reads: &[Read], results: &mut Results) {
    let columns = ["d", "s", "kernels", "parts", "parameters", "formula", "rank", "kept", "dropped"];
    let rows: Vec<[f64; 9]> = cells
        .iter()
        .zip(reads)
        .map(|((_, model, sizes), read)| {
            let [d, s, kernels, parts] = sizes.map(|size| size as f64);
            let (parameters, formula) = (model.parameters() as f64, model.formula() as f64);
            [d, s, kernels, parts, parameters, formula, read.rank, read.kept, read.dropped]
        })
        .collect();
    let names = || cells.iter().map(|(name, ..)| *name);
    let frame = columns.iter().enumerate().fold(Frame::new().with_words("net", names()), |frame, (at, name)| {
        frame.with(name, rows.iter().map(|row| row[at]))
    });
    results.frame("sweep", frame);
    let single = || names().zip(&rows).filter(|(_, row)| row[1] == 3.0 && row[2] == 1.0 && row[3] == 1.0);
    let points = Frame::new().with_words("net", single().map(|(name, _)| name));
    results.frame(
        "points",
        points.with("d", single().map(|(_, row)| row[0])).with("rank", single().map(|(_, row)| row[6])),
    );
    let gap = |row: &[f64; 9]| row[7] / row[8].max(f64::EPSILON / 2.0);
    results.value("sweep.networks", rows.len() as f64);
    results.value("sweep.wrong", rows.iter().filter(|row| row[5] != row[6]).count() as f64);
    results.value("sweep.gap", rows.iter().map(gap).fold(f64::INFINITY, f64::min));
    // The order of the three wherever all of them are in the sweep (1 × 1 kernels, and kernels as large as the image, tell less).
    let ordered = |sizes: &[usize; 4]| {
        let own = |net: &str| cells.iter().zip(&rows).find(|((name, _, own), _)| *name == net && own == sizes);
        let [shared, local, full] =
            ["convolution", "no sharing", "fully connected"].map(|net| own(net).map(|(_, row)| row[6]));
        Some(shared? < local? && local? < full?)
    };
    let proper = cells.iter().filter(|(net, _, [d, s, ..])| *net == "convolution" && 1 < *s && s < d);
    let broken = proper.filter_map(|(.., sizes)| ordered(sizes)).filter(|ordered| !ordered).count();
    results.value("order.broken", broken as f64);
}

/// The formulas of one kernel from the smallest image to the source's, and the table at the source's size.
fn lines(p: &Params, results: &mut Results) {
    let nets = wirings(Patches { dims: 2, side: p.side, size: p.size }).map(|(name, _)| name);
    let (mut names, mut rows) = (Vec::new(), Vec::new());
    for (at, name) in nets.into_iter().enumerate() {
        for side in p.size..=p.side {
            let patches = Patches { dims: 2, side, size: p.size };
            names.push(name);
            rows.push([side as f64, model(patches, wirings(patches)[at].1, 1, 1).formula() as f64]);
        }
    }
    let column = |at: usize| rows.iter().map(move |row| row[at]).collect::<Vec<_>>();
    results.frame("lines", Frame::new().with_words("net", names).with("d", column(0)).with("formula", column(1)));
    let at_source = nets.map(|name| results.values[&format!("source.{}", name.replace(' ', "-"))]);
    let formulas = ["k (s² + (d+1−s)²)", "k (s² + 1)(d+1−s)²", "k (d² + 1)(d+1−s)²"];
    let table = Frame::new().with_words("net", nets);
    results.frame("table", table.with_words("formula", formulas).with("kernel", at_source));
}

/// Targets of which some neurons are dead (output weight 0): the rank where these keep their input weights, and where those
/// are 0, too. The published forms of the fully connected network: `k (d²+1) n - d² μ` and `(d²+1)(k n - μ)`, `μ` dead.
fn dead_neurons(rng: &Stream, results: &mut Results) {
    let patches = Patches { dims: 2, side: 4, size: 3 };
    let (mut rows, mut names, mut wrong) = (Vec::new(), Vec::new(), 0);
    for (name, wiring) in &wirings(patches)[1..] {
        for dead in 1..patches.places() {
            let mut rng = rng.fork(&format!("{name}/{dead}"));
            let outputs =
                Array2::from_shape_fn((1, patches.places()), |(_, p)| if p < dead { 0.0 } else { rng.normal() });
            let kernels = Array2::from_shape_fn((1, 9), |_| rng.normal());
            let net = PatchNet { patches, kernels, outputs };
            let free = net.free(*wiring);
            let x = Array2::from_shape_fn((2 * free.len(), patches.inputs()), |_| rng.normal());
            let [kept, silenced] = [false, true].map(|silence| {
                let mut full = net.full();
                full.w.rows_mut().into_iter().take(if silence { dead } else { 0 }).for_each(|mut row| row.fill(0.0));
                Rank::of(&tied(&full.tangent(&x), &free)).rank
            });
            let reach = if let Wiring::Window(reach) = wiring { reach * reach } else { 0 };
            let first = (reach + 1) * patches.places() - reach * dead;
            let later = (reach + 1) * (patches.places() - dead);
            wrong += usize::from(kept != first) + usize::from(silenced != later);
            names.push(*name);
            rows.push([dead, first, kept, later, silenced]);
        }
    }
    let columns = ["dead", "first", "kept", "later", "silenced"];
    let frame = columns.iter().enumerate().fold(Frame::new().with_words("net", names), |frame, (at, name)| {
        frame.with(name, rows.iter().map(|row| row[at] as f64))
    });
    results.value("dead.wrong", wrong as f64);
    results.frame("dead", frame);
}

/// The slide's sketch on a line of five inputs and kernels of three: which connections there are, and which weights are one.
fn drawing(results: &mut Results) {
    let patches = Patches { dims: 1, side: 5, size: 3 };
    let (mut words, mut rows, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
    for (net, wiring) in wirings(patches) {
        let reach = if let Wiring::Window(reach) = wiring { reach } else { patches.size };
        for place in 0..patches.places() {
            for (at, input) in patches.window(place, reach).into_iter().enumerate() {
                words.push((
                    net,
                    if wiring == Wiring::Shared { format!("weight {}", at + 1) } else { "own".to_owned() },
                ));
                rows.push([input as f64, 0.0, place as f64 + 1.0, 1.0]);
            }
        }
        let layers = [(patches.side, 0.0, 0.0), (patches.places(), 1.0, 1.0)];
        nodes.extend(
            layers.into_iter().flat_map(|(count, shift, y)| (0..count).map(move |x| (net, [x as f64 + shift, y]))),
        );
    }
    let frame = Frame::new().with_words("net", words.iter().map(|(net, _)| *net));
    let frame = frame.with_words("weight", words.iter().map(|(_, weight)| weight.clone()));
    let wires = ["x", "y", "x2", "y2"].iter().enumerate();
    results.frame("wires", wires.fold(frame, |frame, (at, name)| frame.with(name, rows.iter().map(|row| row[at]))));
    let frame = Frame::new().with_words("net", nodes.iter().map(|(net, _)| *net));
    let column = |at: usize| nodes.iter().map(move |(_, node)| node[at]).collect::<Vec<_>>();
    results.frame("nodes", frame.with("x", column(0)).with("y", column(1)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn the_source_s_numbers_and_small_ranks_come_out() {
        let (inputs, params) = (BTreeMap::new(), Params { largest: 3, limit: 20, ..Params::default() });
        let run = || ArchitectureSpecialty::run(&params, &Context::new(0, &inputs, &Inline)).expect("results");
        let results = run();
        assert_eq!(results, run());
        assert_eq!(results.fault(), None);
        let value = |name: &str| results.values[name];
        assert_eq!(
            ["source.convolution", "source.no-sharing", "source.fully-connected"].map(value),
            [685.0, 6760.0, 530660.0]
        );
        assert_eq!((value("sweep.wrong"), value("dead.wrong")), (0.0, 0.0));
    }
}

//! How to scale a model, beside how brains scale (slide "Principle of model scaling vs. Scaling of brain"): the least rank of
//! one target while neurons multiply and while each neuron gets more connections; and published counts of two brains.
//! Nothing is trained.
//!
//! A neuron with `c` connections costs `c + 1` samples in the least rank `k (d + 1 - s)(c + 1)` of a local target (Zhang et
//! al., arXiv:2406.18035, table 2 for `c = s` and `c = d`), and the number of neurons does not appear.

use condense::experiment::params::params;
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Column, Frame, Results};
use condense::num::math::log10;
use condense_nn::measures::rank::Rank;
use condense_nn::nets::patches::{Patches, Wiring};
use condense_nn::theory::model_ranks::{Model, Width};

/// Ranks over width and connections, and a table of brains.
pub struct ModelScaling;

params! {
    /// Settings.
    pub struct Params {
        /// Inputs of the target, d.
        pub inputs: usize = 6, at_least 2;
        /// Inputs that its kernel sees, s.
        pub size: usize = 3, at_least 1;
        /// Times as many neurons as the target needs.
        pub widths: Vec<usize> = vec![1, 2, 4], such_that |widths| widths.len() > 1 && widths.is_sorted() && widths[0] == 1, "must be two or more, rising from 1";
        /// The table of brains: species, count, neurons, connections_low, connections_high, source.
        pub brains: String = "data/brain-scaling.csv".to_owned();
    }
}

row! {
    /// What is read off one model.
    struct Read {
        rank: f64,
        gap: f64,
    }
}

impl Experiment for ModelScaling {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        use condense::experiment::params::Parameters as _;
        p.demands().holds("size", p.size < p.inputs, "must be less than `inputs`").faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // The tangents of the widest network with all connections, and copies.
        let widest = p.widths.iter().copied().max().unwrap_or(1) * (p.inputs + 2) * (p.inputs + 2);
        Some(40 * widest * widest)
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let mut results = Results::default();
        let models = models(p);
        let reads = ctx.cells("models", models.len(), |cell, ctx| {
            let rank = Rank::of(&models[cell].1.tangent(&mut ctx.rng("model")));
            Ok(Read { rank: rank.rank as f64, gap: rank.gap() })
        })?;
        let mut rows = Vec::new();
        for (([times, connections], model), read) in models.iter().zip(&reads) {
            let numbers = [*times, *connections, model.parameters(), model.formula()].map(|number| number as f64);
            rows.push([numbers[0], numbers[1], numbers[2], numbers[3], read.rank]);
        }
        results.value("ranks", rows.len() as f64);
        results.value("ranks.wrong", rows.iter().filter(|row| row[3] != row[4]).count() as f64);
        results.value("ranks.gap", reads.iter().map(|read| read.gap).fold(f64::INFINITY, f64::min));
        let rank = |times: f64, connections: usize| {
            rows.iter().find(|row| row[0] == times && row[1] == connections as f64).map_or(f64::NAN, |row| row[4])
        };
        let most = *p.widths.last().expect("checked") as f64;
        results.value("growth.width", rank(most, p.size) / rank(1.0, p.size));
        results.value("growth.connections", rank(1.0, p.inputs) / rank(1.0, p.size));
        results.value("growth.rule", (p.inputs + 1) as f64 / (p.size + 1) as f64);
        results.frame("ranks", Frame::from_rows(&["width", "connections", "parameters", "formula", "rank"], rows));
        of_brains(&p.brains, ctx, &mut results)?;
        Ok(results)
    }
}

/// Each with its width and the connections of a neuron.
fn models(p: &Params) -> Vec<([usize; 2], Model)> {
    let patches = Patches { dims: 1, side: p.inputs, size: p.size };
    let sizes = p.widths.iter().flat_map(|width| (p.size..=p.inputs).map(move |connections| [*width, connections]));
    let model = |[parts, reach]: [usize; 2]| {
        let width = Width { parts, silent: 0 };
        Model::Patch { patches, biased: false, kernels: 1, wiring: Wiring::Window(reach), width }
    };
    sizes.map(|size| (size, model(size))).collect()
}

/// The bars of both species, and how much they differ.
fn of_brains(path: &str, ctx: &Context, results: &mut Results) -> Result<(), Stop> {
    let text = std::str::from_utf8(ctx.input(path)?);
    let text = text.map_err(|_| Stop::failed(format!("`{path}` is not UTF-8 text")))?;
    let frame = Frame::from_csv(text).map_err(|why| Stop::failed(format!("`{path}`: {why}")))?;
    let numbers = |name: &str| {
        frame.numbers(name).ok_or_else(|| Stop::failed(format!("`{path}` needs a column `{name}` of numbers")))
    };
    let words = |name: &str| match frame.column(name) {
        Some(Column::Words(words)) => Ok(words),
        _ => Err(Stop::failed(format!("`{path}` needs a column `{name}` of words"))),
    };
    let (species, counts) = (words("species")?, words("count")?);
    let (neurons, low, high) = (numbers("neurons")?, numbers("connections_low")?, numbers("connections_high")?);
    let ratio = |count: &str, of: &[f64]| {
        let at =
            |name: &str| (0..of.len()).find(|&row| species[row] == name && counts[row] == count).map(|row| of[row]);
        let both = at("human").zip(at("mouse"));
        both.map(|(human, mouse)| human / mouse)
            .ok_or_else(|| Stop::failed(format!("`{path}` lacks a count `{count}` of both")))
    };
    for count in ["slide", "counted"] {
        results.value(&format!("neurons.{count}"), ratio(count, neurons)?);
        results.value(&format!("decades.{count}"), log10(ratio(count, neurons)?).round());
    }
    results.value("connections.low", ratio("slide", low)?);
    results.value("connections.high", ratio("slide", high)?);
    let shown: Vec<usize> = (0..species.len()).filter(|&row| counts[row] == "slide").collect();
    let bars = Frame::new().with_words("species", shown.iter().map(|&row| species[row].clone()));
    let bars = bars.with("place", (1..=shown.len()).map(|place| place as f64));
    let pick = |of: &[f64]| shown.iter().map(|&row| of[row]).collect::<Vec<f64>>();
    results.frame("bars", bars.with("neurons", pick(neurons)).with("low", pick(low)).with("high", pick(high)));
    let table = Frame::new().with_words("species", species.iter().cloned()).with_words("count", counts.iter().cloned());
    results.frame("brains", table.with("neurons", neurons).with("low", low).with("high", high));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    const BRAINS: &str = "species,count,neurons,connections_low,connections_high,source\nmouse,slide,10,1,2,x\n\
                          human,slide,1000,1,2,x\nmouse,counted,8,1,2,x\nhuman,counted,1600,1,2,x\n";

    fn run(brains: &str) -> Result<Results, Stop> {
        let params = Params { inputs: 3, size: 2, widths: vec![1, 2], ..Params::default() };
        let inputs = BTreeMap::from([("data/brain-scaling.csv".to_owned(), brains.as_bytes().to_vec())]);
        ModelScaling::run(&params, &Context::new(0, &inputs, &Inline))
    }

    #[test]
    fn width_is_free_and_connections_cost() {
        let results = run(BRAINS).expect("a complete table");
        assert_eq!(results.fault(), None);
        let value = |name: &str| results.values[name];
        assert_eq!((value("ranks"), value("ranks.wrong")), (4.0, 0.0));
        assert_eq!((value("growth.width"), value("growth.connections")), (1.0, 4.0 / 3.0));
        assert_eq!((value("neurons.slide"), value("decades.counted"), value("connections.high")), (100.0, 2.0, 1.0));
    }

    #[test]
    fn what_is_missing_is_named() {
        let said =
            run("species,count,neurons,connections_low,connections_high\nmouse,slide,1,1,2\n").unwrap_err().to_string();
        assert_eq!(said, "`data/brain-scaling.csv` lacks a count `slide` of both");
    }
}

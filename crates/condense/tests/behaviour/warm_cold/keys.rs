//! What each step of the paper depends on, worked out a second time, from the model alone: two steps of equal
//! dependencies are one, and what was made once need not be made again.

use super::model::{Figure, Model};
use std::collections::BTreeSet;

/// A step with everything that reaches its result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// `run`, `seed`, `draw`, `check`, `page` or `index`.
    pub kind: &'static str,
    /// The figure; a run is of whichever figure asks for it.
    pub figure: String,
    depends_on: String,
}

impl Step {
    /// Its kind and its figure.
    pub fn name(&self) -> String {
        format!("{} {}", self.kind, self.figure).trim_end().to_owned()
    }
}

/// The same of a step that the program tells: a run is called after the first figure that asked for it, a drawing after its
/// file.
pub fn told(name: &str) -> String {
    match name.split_once(' ') {
        Some((kind @ ("run" | "seed"), _)) => kind.to_owned(),
        Some(("draw", stem)) => format!("draw {}", stem.trim_end_matches("-two")),
        _ => name.to_owned(),
    }
}

/// All steps of a paper.
pub fn steps(model: &Model) -> BTreeSet<Step> {
    let mut steps = BTreeSet::new();
    let mut pages = Vec::new();
    for (at, figure) in model.figures.iter().enumerate() {
        pages.push(of_figure(model, figure, at + 1, &mut steps));
    }
    let listed: Vec<_> = model.figures.iter().map(|figure| (&figure.id, figure.section)).collect();
    let depends_on = format!("{:?}", (model.title, model.standfirst, listed, pages, context(model)));
    steps.insert(Step { kind: "index", figure: String::new(), depends_on });
    steps
}

/// What all pages share. The commands under other profiles are not those of make.
fn context(model: &Model) -> String {
    format!("{:?}", (model.template, model.makefile && !model.smoke, model.smoke))
}

/// Adds the steps of a figure, and gives what its page depends on.
fn of_figure(model: &Model, figure: &Figure, number: usize, steps: &mut BTreeSet<Step>) -> String {
    let mut add = |kind, figure: &str, depends_on: String| {
        steps.insert(Step { kind, figure: figure.to_owned(), depends_on: depends_on.clone() });
        depends_on
    };
    let data = figure.uses_data.then_some(model.data);
    let slope = model.slope(figure);
    // The same run serves every figure that declares it.
    add("run", "", format!("{:?}", (model.script(), data, slope, figure.seed)));
    let further = model.further_seeds(figure);
    for seed in &further {
        add("seed", "", format!("{:?}", (model.script(), data, slope, seed)));
    }
    // Results do not depend on the seed: the script takes no notice of it.
    let result = model.result(figure);
    let declared = format!("{:?}", (data, slope, figure.seed));
    let mut pictures = Vec::new();
    for (_, chart) in figure.charts() {
        pictures.push(add("draw", &figure.id, format!("{:?}", (&figure.id, figure.title, chart, &declared, result))));
    }
    let quotes = figure.quotes;
    let check = format!("{:?}", (&figure.id, slope, figure.seed, &further, figure.bound, quotes, result));
    let check = add("check", &figure.id, check);
    let number_of = |id: &String| model.figures.iter().position(|figure| figure.id == *id);
    let mentions = figure.mentions.iter().chain(figure.because.iter().flat_map(|(_, mention)| mention));
    let numbers: Vec<_> = mentions.map(|id| (id, number_of(id))).collect();
    let page = format!(
        "{:?}",
        (
            (number, &figure.id, figure.slide, figure.because_text(), figure.page()),
            (model.script(), declared, further, model.accepted(figure), numbers),
            (pictures, check, result, context(model)),
        )
    );
    add("page", &figure.id, page)
}

//! What each step of the paper depends on, worked out a second time, from the model alone: two steps of equal
//! dependencies are one, and what was made once need not be made again.

use super::model::{Figure, Model};
use std::collections::BTreeSet;

/// A step with everything that reaches its result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// `run`, `seed`, `draw`, `check`, `page`, `text` or `index`.
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
    let text = model.summary.as_ref().map(|(_, quoted)| {
        let at = quoted.as_ref().and_then(|id| model.figures.iter().position(|figure| figure.id == *id));
        let figure = at.map(|at| &model.figures[at]);
        let results = figure.map(|figure| (model.slope(figure), model.result(figure)));
        format!("{:?}", (model.summary_text(), at, results))
    });
    if let Some(depends_on) = text.clone() {
        steps.insert(Step { kind: "text", figure: "summary".to_owned(), depends_on });
    }
    let listed: Vec<_> = model.figures.iter().map(|figure| (&figure.id, figure.section)).collect();
    let depends_on = format!("{:?}", (listed, pages, text, context(model)));
    steps.insert(Step { kind: "index", figure: String::new(), depends_on });
    steps
}

/// What all pages share. The commands under other profiles are not those of make.
fn context(model: &Model) -> String {
    format!("{:?}", (model.title, model.standfirst, model.template, model.makefile && !model.smoke, model.smoke))
}

/// Adds the steps of a figure, and gives what the index depends on of it.
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
        // Its caption stands under a picture, not in it.
        let drawing = chart.replace(&format!("Caption {}.", figure.caption), "");
        pictures.push(add("draw", &figure.id, format!("{:?}", (&figure.id, figure.title, drawing, &declared, result))));
    }
    let judged = format!("{:?}", (&figure.id, slope, figure.seed, &further, figure.bound, result));
    // That the quoted values exist is checked, and leaves nothing.
    add("check", &figure.id, format!("{:?}", (&judged, figure.quotes)));
    let number_of = |id: &String| model.figures.iter().position(|figure| figure.id == *id);
    let numbers =
        |ids: &mut dyn Iterator<Item = &String>| format!("{:?}", ids.map(|id| (id, number_of(id))).collect::<Vec<_>>());
    let because = (figure.because_text(), numbers(&mut figure.because.iter().flat_map(|(_, mention)| mention)));
    let words = (figure.page(), numbers(&mut figure.mentions.iter()));
    // A template of one's own shows no prose; of the page there are left its title, its charts and its claims.
    let shown = (figure.title, figure.caption, figure.charts(), figure.bound);
    let shown = if model.template.is_some() { format!("{shown:?}") } else { format!("{words:?}") };
    let common = (
        (number, &figure.id, figure.slide, because),
        (model.script(), declared, further, model.accepted(figure)),
        (pictures, judged, result, context(model)),
    );
    // A page says under which heading it stands, and leads to the figures before and after it.
    let section = model.figures[..number].iter().rev().find_map(|figure| figure.section);
    let beside = [number.checked_sub(2), Some(number)].map(|at| Some(&model.figures.get(at?)?.id));
    add("page", &figure.id, format!("{:?}", (section, beside, words, &common)));
    format!("{:?}", (shown, common))
}

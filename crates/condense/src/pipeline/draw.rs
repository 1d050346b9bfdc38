//! The step that draws one chart: tables in, SVG out. It knows no experiments and no prose.

use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::digest::Digest;
use crate::engine::failure::{Failure, broken};
use crate::engine::recipe::Recipe;
use crate::engine::step::{Step, StepId, Which};
use crate::engine::step_context::StepContext;
use crate::frame::Frame;
use crate::paper::block::Drawing;
use crate::paper::written::Written;
use crate::plot::bind::bind;
use crate::plot::bound::{Bound, Data};
use crate::plot::fault::{ChartFault, Named};
use crate::plot::look::Look;
use crate::plot::table::TextTable;
use crate::plot::{check, draw};
use crate::roster::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The artefact with what is to say of missing values, or `null`.
pub const REMARK: &str = "remark.json";

/// A chart of a figure.
#[derive(Serialize)]
pub struct DrawRecipe<'p> {
    /// The figure's id: the picture says whose it is.
    pub figure: &'p str,
    /// The title of its page.
    pub title: &'p Written,
    /// The chart.
    pub chart: &'p Drawing,
    /// Digest of the run's declaration, for the picture's metadata.
    pub declared: Digest,
    /// The seed, likewise.
    pub seed: u64,
    /// The code that draws.
    pub code: Code,
}

/// The role of the step that makes the tables.
const RUN: &str = "run";
/// The picture.
pub const PICTURE: &str = "picture.svg";
/// The picture for a narrow screen: its panels stacked.
pub const NARROW: &str = "narrow.svg";
/// The tables among its panels, as text: a list of [`StoredTable`].
pub const TABLES: &str = "tables.json";
/// Its panels one by one, where pages show them so: a list of [`StoredFrame`].
pub const FRAMES: &str = "frames.json";

/// The step that draws a chart `of` a figure, from the tables that `run` makes.
pub fn step<'p>(recipe: DrawRecipe<'p>, stem: &str, run: StepId) -> Step<'p> {
    let tables = check::frames(&recipe.chart.chart).into_iter().map(|name| format!("{name}.csv")).collect();
    Step::new(format!("draw {stem}"), recipe).takes(RUN, run, Which::Named(tables))
}

/// A table as it is stored beside its picture, for pages.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredTable {
    /// Column heads.
    pub head: Vec<String>,
    /// Which columns hold numbers.
    pub numeric: Vec<bool>,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
}

/// One panel of a chart that pages show panel by panel.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredFrame {
    /// Its title.
    pub title: String,
    /// It alone, as a picture.
    pub svg: String,
    /// The same for a narrow screen.
    pub narrow: String,
}

impl DrawRecipe<'_> {
    /// What the picture says about itself. Code is not in it: a picture that comes out the same is the same.
    fn metadata(&self, inputs: &Inputs) -> String {
        let mut text = format!(
            "condense picture of figure {}\ndeclared sha256:{}\nseed {}\nchart sha256:{}\n",
            self.figure,
            self.declared,
            self.seed,
            Digest::of(self.chart.text().as_bytes())
        );
        for (name, digest, _) in inputs.of(RUN) {
            let _ = writeln!(text, "table {name} sha256:{digest}");
        }
        text
    }
}

impl Recipe for DrawRecipe<'_> {
    const KIND: &'static str = "draw";

    fn make(&self, inputs: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
        let frames = frames(inputs)?;
        let broken = |mut faults: Vec<ChartFault>| {
            // The chart was given the tables that it names; whoever misspelt one wants to know of the others.
            let tables = || inputs.made(RUN).iter().filter_map(|name| name.strip_suffix(".csv")).map(str::to_owned);
            let frames = faults.iter_mut().filter_map(|fault| fault.unknown.as_mut());
            for unknown in frames.filter(|unknown| unknown.what == Named::Frame) {
                unknown.known = tables().collect();
            }
            Failure::Broken(faults.iter().map(|fault| self.chart.diagnostic(fault)).collect())
        };
        let bound = bind(&self.chart.chart, &frames).map_err(broken)?;
        let draw = |bound: &Bound, look: &Look, metadata: &str| {
            let about = draw::About { title: self.title.text(), metadata, figure: self.figure };
            draw::draw(bound, look, about).map_err(broken)
        };
        let (look, metadata) = (Look::default(), self.metadata(inputs));
        let steps = bound.frames().into_iter().map(|alone| {
            let title = alone.chart.panels[0].title.clone().unwrap_or_default();
            Ok(StoredFrame { title, svg: draw(&alone, &look, "")?, narrow: draw(&alone, &Look::narrow(), "")? })
        });
        let steps = steps.collect::<Result<Vec<_>, Failure>>()?;
        let mut artefacts = Artefacts::from([
            (PICTURE.to_owned(), draw(&bound, &look, &metadata)?.into_bytes()),
            (NARROW.to_owned(), draw(&bound, &Look::narrow(), &metadata)?.into_bytes()),
        ]);
        let layers = bound.panels.iter().flat_map(|panel| &panel.layers);
        let grids: Vec<StoredTable> = layers
            .filter_map(|layer| {
                if let Data::Table(fields) = &layer.data { Some(TextTable::new(fields, &layer.rows)) } else { None }
            })
            .map(|grid| StoredTable { head: grid.head, numeric: grid.numeric, rows: grid.rows })
            .collect();
        artefacts.insert(REMARK.to_owned(), serde_json::to_vec(&bound.remark()).expect("words"));
        artefacts.insert(FRAMES.to_owned(), serde_json::to_vec(&steps).expect("words"));
        artefacts.insert(TABLES.to_owned(), serde_json::to_vec(&grids).expect("words"));
        Ok(artefacts)
    }
}

/// The tables of the run that the chart names, as far as there are any.
fn frames(inputs: &Inputs) -> Result<BTreeMap<String, Frame>, Failure> {
    let tables = inputs.of(RUN).filter_map(|(name, ..)| Some((name, name.strip_suffix(".csv")?)));
    tables
        .map(|(name, table)| {
            let frame = Frame::from_csv(inputs.text(RUN, name)?);
            Ok((table.to_owned(), frame.map_err(|error| broken(format!("`{name}` cannot be read: {error}")))?))
        })
        .collect()
}

//! The step that draws one chart: tables in, SVG out. It knows no experiments and no prose.

use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::site::Site;
use crate::engine::step::{Artefacts, Inputs, Need, Step, StepId, Which};
use crate::frame::Frame;
use crate::paper::block::ChartBlock;
use crate::paper::page::Page;
use crate::plot::bind::bind;
use crate::plot::bound::{Bound, Data};
use crate::plot::fault::Fault;
use crate::plot::table::Grid;
use crate::plot::{check, draw, look};
use crate::roster;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The artefact with what is to say of missing values, or `null`.
pub const REMARK: &str = "remark.json";

/// A chart of a figure.
pub struct DrawStep<'p> {
    /// The figure's page.
    pub page: &'p Page,
    /// Its chart.
    pub chart: &'p ChartBlock,
    /// The step that makes the tables.
    pub run: StepId,
    /// Digest of the run's declaration, for the picture's metadata.
    pub declared: Digest,
    /// The seed, likewise.
    pub seed: u64,
}

/// A table as it is stored beside its picture, for pages.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredGrid {
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
}

impl DrawStep<'_> {
    /// The picture's file name, without its ending.
    pub fn stem(&self) -> String {
        self.page.stem(self.chart)
    }

    /// What the picture says about itself. Code is not in it: a picture that comes out the same is the same.
    fn metadata(&self, inputs: &Inputs) -> String {
        let mut text = format!(
            "condense picture of figure {}\ndeclared sha256:{}\nseed {}\nchart sha256:{}\n",
            self.page.id,
            self.declared,
            self.seed,
            Digest::of(self.chart.block.text().as_bytes())
        );
        for (name, digest, _) in inputs.of(self.run) {
            let _ = writeln!(text, "table {name} sha256:{digest}");
        }
        text
    }
}

impl Step for DrawStep<'_> {
    fn name(&self) -> String {
        format!("draw {}", self.stem())
    }

    fn needs(&self) -> Vec<Need> {
        let names = check::frames(&self.chart.chart).into_iter().map(|name| format!("{name}.csv")).collect();
        vec![Need { step: self.run, which: Which::Named(names) }]
    }

    fn recipe(&self, to: &mut dyn Recipe) {
        to.part("title", self.page.title.as_bytes());
        to.part("chart", self.chart.block.text().as_bytes());
        to.part("declared", self.declared.to_string().as_bytes());
        to.part("seed", self.seed.to_string().as_bytes());
        for (part, digest) in roster::DRAW.parts {
            to.part(&format!("code of {part}"), digest.as_bytes());
        }
    }

    fn run(&self, inputs: &Inputs, _: &Site) -> Result<Artefacts, Failure> {
        let frames = frames(inputs, self.run);
        let broken =
            |faults: Vec<Fault>| Failure::Broken(faults.iter().map(|fault| self.chart.diagnostic(fault)).collect());
        let bound = bind(&self.chart.chart, &frames).map_err(broken)?;
        let look = look::Look::default();
        let draw = |bound: &Bound, metadata: &str| {
            let about = draw::About { title: &self.page.title, metadata, figure: &self.page.id };
            draw::draw(bound, &look, about).map_err(broken)
        };
        let svg = draw(&bound, &self.metadata(inputs))?;
        let steps = bound.frames().into_iter().map(|alone| {
            let title = alone.chart.panels[0].title.clone().unwrap_or_default();
            Ok(StoredFrame { title, svg: draw(&alone, "")? })
        });
        let steps = steps.collect::<Result<Vec<_>, Failure>>()?;
        let mut artefacts = Artefacts::from([(format!("{}.svg", self.stem()), svg.into_bytes())]);
        let layers = bound.panels.iter().flat_map(|panel| &panel.layers);
        let grids: Vec<StoredGrid> = layers
            .filter_map(
                |layer| if let Data::Table(fields) = &layer.data { Some(Grid::new(fields, &layer.rows)) } else { None },
            )
            .map(|grid| StoredGrid { head: grid.head, numeric: grid.numeric, rows: grid.rows })
            .collect();
        artefacts.insert(REMARK.to_owned(), serde_json::to_vec(&bound.remark()).expect("words"));
        artefacts.insert("frames.json".to_owned(), serde_json::to_vec(&steps).expect("words"));
        artefacts.insert("tables.json".to_owned(), serde_json::to_vec(&grids).expect("words"));
        Ok(artefacts)
    }
}

/// The tables among a run's artefacts that were asked for.
pub fn frames(inputs: &Inputs, run: StepId) -> BTreeMap<String, Frame> {
    let csv = inputs
        .of(run)
        .filter_map(|(name, _, bytes)| Some((name.strip_suffix(".csv")?, std::str::from_utf8(bytes).ok()?)));
    // These bytes were written by `Frame::to_csv`, or read when a command wrote them, and checked against their digest.
    csv.filter_map(|(name, text)| Some((name.to_owned(), Frame::from_csv(text).ok()?))).collect()
}

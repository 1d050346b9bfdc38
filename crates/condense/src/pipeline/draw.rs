//! The step that draws one chart: tables in, SVG out. It knows no experiments and no prose.

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::site::Site;
use crate::engine::step::{Artefacts, Inputs, Need, Step, StepId, Which};
use crate::frame::Frame;
use crate::paper::block::ChartBlock;
use crate::paper::page::Page;
use crate::plot::chart::{Chart, Kind};
use crate::plot::table::Grid;
use crate::plot::{check, draw, facet, look};
use crate::roster::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

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
    /// The code that draws.
    pub code: Code,
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
        for (part, digest) in self.code.parts {
            to.part(&format!("code of {part}"), digest.as_bytes());
        }
    }

    fn run(&self, inputs: &Inputs, _: &Site) -> Result<Artefacts, Failure> {
        let frames = frames(inputs, self.run);
        let mut faults = self.page.unknown_columns(&frames);
        let own = self.chart.block.at.clone();
        faults.retain(|fault| fault.labels.first().is_some_and(|label| own.contains(&label.span.start)));
        if !faults.is_empty() {
            return Err(Failure::Broken(faults));
        }
        let broken = |message: &str, place: &check::Place| {
            let fault = Diagnostic::new("P033", format!("the chart cannot be drawn: {message}"));
            fault.at(&self.page.source, self.chart.span_of(place), "")
        };
        let whole = facet::expand(&self.chart.chart, &frames).map_err(|faults| {
            Failure::Broken(faults.iter().map(|fault| broken(&fault.message, &fault.place)).collect())
        })?;
        let look = look::Look::default();
        let draw = |chart: &Chart, metadata: &str| {
            let about = draw::About { title: &self.page.title, metadata, figure: &self.page.id };
            draw::draw(chart, &frames, &look, about).map_err(|faults| {
                Failure::Broken(faults.iter().map(|message| broken(message, &check::Place::default())).collect())
            })
        };
        let svg = draw(&whole, &self.metadata(inputs))?;
        let steps = whole.frames().into_iter().map(|chart| {
            let title = chart.panels[0].title.clone().unwrap_or_default();
            Ok(StoredFrame { title, svg: draw(&chart, "")? })
        });
        let steps = steps.collect::<Result<Vec<_>, Failure>>()?;
        let mut artefacts = Artefacts::from([(format!("{}.svg", self.stem()), svg.into_bytes())]);
        let tables = whole.panels.iter().flat_map(|panel| &panel.layers).filter(|layer| layer.kind == Kind::Table);
        let grids: Vec<StoredGrid> = tables
            .filter_map(|layer| Grid::new(layer, &frames).ok())
            .map(|grid| StoredGrid { head: grid.head, numeric: grid.numeric, rows: grid.rows })
            .collect();
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
    // These bytes were written by `Frame::to_csv` and checked against their digest.
    csv.filter_map(|(name, text)| Some((name.to_owned(), Frame::from_csv(text).ok()?))).collect()
}

//! What pages show of one figure, as plain data: words, pictures, numbers, files, and where it all comes from.
//! It knows no engine, no results and no templates.

use serde::{Deserialize, Serialize};

use crate::claim_view::ClaimView;
use crate::link;
use crate::markup::{Quote, Text};
use condense_plot::svg::escaped;

/// A picture as a file, with its words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Picture {
    /// What stands before the caption: `7`, or `7a` where a figure has several charts.
    pub label: String,
    /// Its name on the page: that of its file, without the ending.
    pub anchor: String,
    /// The file, below the report.
    pub file: String,
    /// The same for a narrow screen.
    pub narrow: String,
    /// Width and height in px.
    pub size: [u32; 2],
    /// The same for a narrow screen.
    pub narrow_size: [u32; 2],
    /// A sentence for readers who cannot see it.
    pub alt: String,
    /// The finding, then what is drawn.
    pub caption: Text,
    /// Its numbers, where it shows a table.
    pub table: Option<TableView>,
    /// Whether it shows nothing else: then the table is the better picture.
    pub only_table: bool,
    /// Whether it needs the margin beside the text as well.
    pub wide: bool,
}

/// One figure with all that belongs to it.
#[derive(Clone, Debug, Serialize)]
pub struct FigureView {
    /// Number in the report, from 1.
    pub number: usize,
    /// Kebab-case name, unique.
    pub id: String,
    /// Title of the figure; it stands in links, so it holds none.
    pub title: Text,
    /// Title of the slide that it reproduces, in the deck's words.
    pub slide: String,
    /// How near it is to its source.
    pub fidelity: Fidelity,
    /// What it asks, alone; it stands among the blocks, too.
    pub question: Option<Text>,
    /// What came out, likewise.
    pub answer: Option<Text>,
    /// Prose and charts, in the order of the page.
    pub blocks: Vec<Block>,
    /// What must hold, with what was measured.
    pub claims: Vec<ClaimView>,
    /// How they are measured at further seeds, where there is something to say.
    pub robustness: Option<Robustness>,
    /// The files beside the page.
    pub downloads: Vec<Download>,
    /// Every number of the results.
    pub values: Vec<Value>,
    /// The first rows of its tables.
    pub tables: Vec<RowsView>,
    /// Who computed this, from what, and whether it still holds.
    pub provenance: Provenance,
}

/// How near a figure is to its source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fidelity {
    /// `faithful`, `scaled` or `substitute`.
    pub tag: String,
    /// What differs from the source, and why; none for a faithful figure.
    pub because: Option<Text>,
}

/// A part of a figure's page.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    /// Words and formulas.
    Prose(Text),
    /// A picture with its caption.
    Chart(Box<Chart>),
}

impl Block {
    /// A picture.
    pub fn chart(chart: Chart) -> Self {
        Self::Chart(Box::new(chart))
    }
}

/// A picture with its caption.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    /// Its files and words.
    #[serde(flatten)]
    pub picture: Picture,
    /// The `<svg>` element, trusted: it is made by this program. A page needs it where parts of it are links.
    pub svg: String,
    /// The same for a narrow screen.
    pub narrow_svg: String,
    /// Whether parts of it lead somewhere.
    pub leads: bool,
    /// Whether links lead to parts of it.
    pub goals: bool,
    /// Its panels, where the page shows one at a time.
    pub scrub: Option<Scrub>,
}

/// Panels that a reader goes through, one at a time.
#[derive(Clone, Debug, Serialize)]
pub struct Scrub {
    /// What they are steps of.
    pub legend: String,
    /// In order.
    pub steps: Vec<Step>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What a reader chooses.
    pub title: String,
    /// The `<svg>` element, trusted as that of the chart.
    pub svg: String,
    /// The same for a narrow screen.
    pub narrow: String,
}

/// A table as text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TableView {
    /// Column heads: see [`crate::markup::head`].
    pub head: Vec<Text>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<Cell>>,
}

/// The first rows of a table of the results.
#[derive(Clone, Debug, Serialize)]
pub struct RowsView {
    /// Its name.
    pub name: String,
    /// The file that holds all of it, below the report.
    pub file: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<Cell>>,
    /// How many there are in all.
    pub of: usize,
}

/// Where in the tables a value stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The table.
    pub table: String,
    /// From 1.
    pub row: usize,
    /// The column.
    pub column: String,
    /// Whether the page shows that row.
    pub shown: bool,
}

/// One cell of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// Its words or number.
    pub text: String,
    /// Whether it is a number, which stands on the right.
    pub number: bool,
}

/// How claims of a figure are measured at further seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Robustness {
    /// The seed of what is reported.
    pub own: u64,
    /// The further seeds, in words; none where this profile does not measure them.
    pub measured: Option<String>,
    /// Who measured them and when, where it was not this build.
    pub record: Option<Record>,
    /// Whether there is a record, of something else than is declared today.
    pub outdated: bool,
    /// The command that would, where there is one.
    pub command: Option<String>,
    /// Whether every number of the figure is the same there, bit for bit.
    pub seedless: bool,
    /// What is other there, or why they are not measured.
    pub because: Option<Text>,
}

/// A committed record of further seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The profile that measured them.
    pub profile: String,
    /// The day.
    pub date: String,
    /// Whether the code has stayed the same since.
    pub same_code: bool,
}

/// A file beside the page.
#[derive(Clone, Debug, Serialize)]
pub struct Download {
    /// `CSV`, `SVG`, …, with a name where there are several.
    pub label: String,
    /// Below the report.
    pub href: String,
    /// Its size.
    pub bytes: u64,
}

/// One number of the results.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    /// Its name, as claims and prose quote it.
    pub name: String,
    /// With the digits that a reader wants.
    pub text: String,
    /// With every digit.
    pub full: String,
    /// Ids of the claims that are judged by it.
    pub claims: Vec<String>,
    /// Where in the tables it stands, if it does.
    pub standing: Option<Standing>,
    /// The line of the program text that gives it, from 1, where that can be told.
    pub line: Option<usize>,
}

/// A name and a text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// A parameter, or a path.
    pub name: String,
    /// Its value, or the file's digest.
    pub text: String,
}

/// Who computed a figure, from what, and whether it still holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Provenance {
    /// What makes this figure alone.
    pub command: String,
    /// How long that took; none when it must not be told, as in a page that is compared by bytes.
    pub seconds: Option<String>,
    /// Name of the experiment.
    pub experiment: String,
    /// The file that holds it.
    pub source_file: String,
    /// The page that shows it, below the report.
    pub source: String,
    /// How many parts the code consists of.
    pub parts: usize,
    /// Seed of every random stream.
    pub seed: u64,
    /// Every parameter, defaults spelled out.
    pub params: Vec<Pair>,
    /// Declared input files with digests.
    pub inputs: Vec<Pair>,
    /// Digest of all that the run depends on.
    pub run_key: String,
    /// Digest of the code that the experiment can reach.
    pub code: String,
    /// Files made, with digests.
    pub outputs: Vec<Pair>,
    /// Whether the outputs are those of the lock.
    pub lock: Lock,
}

/// How outputs compare with the committed lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lock {
    /// The same bytes.
    Matches,
    /// Other bytes from the same declaration.
    Differs,
    /// The declaration changed since the lock was written.
    Stale,
    /// The lock does not know this figure.
    New,
}

impl Value {
    /// This number where prose of figure `figure` quotes it: dotted, and linked to its place in the provenance.
    pub fn quote(&self, figure: &str) -> Quote {
        let (text, full) = (escaped(&self.text), escaped(&self.full));
        let place = escaped(&link::to_figure(figure, &format!("{figure}:{}", self.name)));
        let html = format!("<a class=\"v\" href=\"{place}\" title=\"{} = {full}\">{text}</a>", escaped(&self.name));
        Quote { plain: self.text.clone(), html, md: self.text.clone() }
    }
}

/// What a figure or a chart is called, and where it stands: prose mentions it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// `7`, or `7a`.
    pub label: String,
    /// The figure's id.
    pub figure: String,
    /// The chart's name on the figure's page, where a chart is meant.
    pub chart: Option<String>,
}

impl Label {
    /// The mention, linked.
    pub fn quote(&self) -> Quote {
        let (plain, place) = (format!("Figure {}", self.label), self.chart.as_ref().unwrap_or(&self.figure));
        let anchor = self.chart.as_ref().map(|chart| format!("fig-{chart}")).unwrap_or_default();
        let html = format!("<a href=\"{}\">{plain}</a>", escaped(&link::to_figure(&self.figure, &anchor)));
        Quote { html, md: format!("[{plain}](#fig-{place})"), plain }
    }
}

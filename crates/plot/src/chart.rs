//! The chart block of a figure page, as data: panels, axes and layers in the author's own words.
//! It knows neither the numbers that will be drawn nor how: names of frames and columns are only names here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::position::Position;

/// One picture: a grid of panels with a caption.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// A sentence for readers who cannot see the picture.
    pub alt: String,
    /// States the finding, then what is drawn.
    pub caption: String,
    /// Tells the charts of one page apart: the file is `<id>-<name>.svg`.
    pub name: Option<String>,
    /// Panels per row; by default as many as fit, at most three.
    pub columns: Option<usize>,
    /// What the panels are steps of: "Epoch". A page then shows one step at a time, beside the grid; panels of one title are
    /// one step.
    pub scrub: Option<String>,
    /// The panels, row by row.
    #[serde(rename = "panel", default)]
    pub panels: Vec<Panel>,
}

/// One pair of axes with what is drawn on it, or one table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// A table of the results: one panel a row of it, with `{column}` filled in.
    pub each: Option<String>,
    /// Stands above the panel.
    pub title: Option<String>,
    /// The horizontal axis.
    #[serde(default)]
    pub x: Axis,
    /// The vertical axis.
    #[serde(default)]
    pub y: Axis,
    /// Height of the plotting area in px.
    pub height: Option<f64>,
    /// Whether its axes are drawn: not those of a sketch. Then one unit is equally long on both, unless `equal` says otherwise.
    pub axes: Option<bool>,
    /// Whether one unit is equally long on both axes.
    pub equal: Option<bool>,
    /// A frame around the plotting area: one of [`BORDERS`].
    pub border: Option<String>,
    /// A name to which cells of heat maps lead.
    pub anchor: Option<String>,
    /// What is drawn, bottom first.
    #[serde(rename = "layer", default)]
    pub layers: Vec<Layer>,
}

/// Frames around a panel: none, a thick blue one, a thin dashed one. A word and no type of its own, for a table may hold it.
pub const BORDERS: [&str; 3] = ["none", "blue", "dashed"];

/// What an author may fix about an axis; the rest follows from the numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Quantity and unit.
    pub label: Option<String>,
    /// How numbers are spaced.
    #[serde(default)]
    pub scale: Spacing,
    /// The lower end.
    pub min: Option<Position>,
    /// The upper end.
    pub max: Option<Position>,
    /// Where the ticks stand.
    pub ticks: Option<Vec<Position>>,
}

/// How an axis spaces its numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spacing {
    /// Equal differences are equally long.
    #[default]
    Linear,
    /// Equal ratios are equally long.
    Log,
    /// Equal differences are equally long; ticks stand at multiples of π: of angles in radians.
    Angle,
    /// Equal times are equally long: of dates. An axis whose columns hold dates has it without being told.
    Time,
}

/// One layer. Which keys belong to which kind is [`Kind::keys`]; `check` enforces it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// What is drawn.
    pub kind: Kind,
    /// The table that is drawn.
    pub frame: Option<String>,
    /// Column of horizontal positions.
    pub x: Option<String>,
    /// Column of vertical positions.
    pub y: Option<String>,
    /// Column of horizontal end points.
    pub x2: Option<String>,
    /// Column of vertical end points.
    pub y2: Option<String>,
    /// Column of cell values.
    pub z: Option<String>,
    /// Column of a band's lower edge.
    pub low: Option<String>,
    /// Column of a band's upper edge.
    pub high: Option<String>,
    /// Column of words to write, or the words themselves when `at` is given.
    pub text: Option<String>,
    /// Where a rule crosses its axis, or where a literal text stands.
    pub at: Option<At>,
    /// The axis that a rule crosses.
    pub axis: Option<Direction>,
    /// First end of a rule.
    pub from: Option<[Position; 2]>,
    /// Second end of a rule.
    pub to: Option<[Position; 2]>,
    /// Keeps the rows whose columns equal these.
    #[serde(rename = "where", default)]
    pub only: BTreeMap<String, Scalar>,
    /// One series per distinct value of this column.
    pub by: Option<String>,
    /// Legend entry, with `{}` for the value of `by`; for a heat map the label of its colour bar.
    pub label: Option<String>,
    /// Palette slot.
    pub color: Option<Color>,
    /// Dash pattern of a line.
    pub dash: Option<Dash>,
    /// Width of a line in px.
    pub width: Option<f64>,
    /// Column of widths in px, one a piece.
    pub widths: Option<String>,
    /// Column of weights.
    pub weight: Option<String>,
    /// Number of bins.
    pub bins: Option<usize>,
    /// Share of the values that a spread shows: the central ones.
    pub share: Option<f64>,
    /// Shape of a point.
    pub marker: Option<Marker>,
    /// Radius of a point, or height of a text, in px.
    pub size: Option<f64>,
    /// Colour map of a heat map.
    pub colors: Option<Colors>,
    /// The value at the lower end of the colour map.
    pub min: Option<f64>,
    /// The value at the upper end of the colour map.
    pub max: Option<f64>,
    /// Column of anchors: each cell of a heat map leads to the panel of that name, on the same page.
    pub leads: Option<String>,
    /// Columns of a table.
    pub columns: Option<Vec<Field>>,
}

/// The kinds of layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Points joined in row order.
    #[default]
    Line,
    /// Markers.
    Points,
    /// A filled strip between two columns.
    Band,
    /// Columns that stand on zero.
    Bars,
    /// Shares of the whole in equal bins.
    Histogram,
    /// Medians, with a strip that holds a share of the values around them.
    Spread,
    /// Coloured cells on a grid.
    Heatmap,
    /// Straight pieces.
    Segments,
    /// Straight pieces with a head.
    Arrows,
    /// Words at places.
    Text,
    /// A reference line.
    Rule,
    /// Rows of numbers and words.
    Table,
}

impl Chart {
    /// The panels of each step, where a page shows one step at a time: those of one title. None elsewhere.
    pub fn steps(&self) -> Vec<Vec<usize>> {
        let mut steps: Vec<Vec<usize>> = Vec::new();
        for at in 0..if self.scrub.is_some() { self.panels.len() } else { 0 } {
            let same = |step: &&mut Vec<usize>| self.panels[step[0]].title == self.panels[at].title;
            match steps.iter_mut().find(same) {
                Some(step) => step.push(at),
                None => steps.push(vec![at]),
            }
        }
        steps
    }

    /// Some of its panels, as a chart of their own.
    pub fn only(&self, panels: &[usize]) -> Self {
        let alone = |&at: &usize| {
            // With the width of all of them, a panel may be higher, too.
            let panel = &self.panels[at];
            Panel { height: panel.height.map(|height| 1.6 * height), ..panel.clone() }
        };
        Self { columns: None, scrub: None, panels: panels.iter().map(alone).collect(), ..self.clone() }
    }
}

impl Chart {
    /// Whether it is a table and nothing else.
    pub fn is_table(&self) -> bool {
        let mut kinds = self.panels.iter().flat_map(|panel| &panel.layers).map(|layer| layer.kind);
        kinds.next() == Some(Kind::Table) && kinds.next().is_none()
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Line,
        Self::Points,
        Self::Band,
        Self::Bars,
        Self::Histogram,
        Self::Spread,
        Self::Heatmap,
        Self::Segments,
        Self::Arrows,
        Self::Text,
        Self::Rule,
        Self::Table,
    ];

    /// Its name in the chart block.
    pub fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Points => "points",
            Self::Band => "band",
            Self::Bars => "bars",
            Self::Histogram => "histogram",
            Self::Spread => "spread",
            Self::Heatmap => "heatmap",
            Self::Segments => "segments",
            Self::Arrows => "arrows",
            Self::Text => "text",
            Self::Rule => "rule",
            Self::Table => "table",
        }
    }

    /// The keys that it needs, and those that it may have besides.
    pub fn keys(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Line => (&["frame", "x", "y"], &["where", "by", "label", "color", "dash", "width"]),
            Self::Points => (&["frame", "x", "y"], &["where", "by", "label", "color", "marker", "size"]),
            Self::Band => (&["frame", "x", "low", "high"], &["where", "by", "label", "color"]),
            Self::Bars => (&["frame", "x", "y"], &["where", "by", "label", "color"]),
            Self::Histogram => (&["frame", "x"], &["weight", "bins", "min", "max", "where", "by", "label", "color"]),
            Self::Spread => (&["frame", "x", "y"], &["share", "where", "by", "label", "color", "dash", "width"]),
            Self::Heatmap => (&["frame", "x", "y", "z"], &["where", "label", "colors", "min", "max", "leads"]),
            Self::Segments | Self::Arrows => {
                (&["frame", "x", "y", "x2", "y2"], &["where", "by", "label", "color", "dash", "width", "widths"])
            }
            Self::Text => (&["text"], &["at", "frame", "x", "y", "where", "color", "size"]),
            Self::Rule => (&[], &["at", "axis", "from", "to", "label", "color", "dash", "width"]),
            Self::Table => (&["frame", "columns"], &["where"]),
        }
    }
}

/// A place: a number or a date along an axis, or a point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum At {
    /// Along one axis.
    Value(Position),
    /// In the plane.
    Point([Position; 2]),
}

/// A cell that rows are compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A number, equal up to one part in 10⁹ (columns of powers are computed).
    Number(f64),
    /// A word, equal letter by letter; or a date, equal in time.
    Word(String),
}

/// One of the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Horizontal.
    X,
    /// Vertical.
    Y,
}

/// Palette slots that an author may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the colours")]
pub enum Color {
    Blue,
    Vermilion,
    Green,
    Purple,
    Sky,
    Orange,
    Ink,
    Muted,
}

/// Dash patterns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the patterns")]
pub enum Dash {
    #[default]
    Solid,
    Dashed,
    Dotted,
}

/// Shapes of points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the shapes")]
pub enum Marker {
    #[default]
    Disk,
    Ring,
    Square,
    Triangle,
    TriangleDown,
    Diamond,
    Cross,
    Star,
}

/// Colour maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colors {
    /// Magnitude, dark to light.
    #[default]
    Viridis,
    /// Signed values: blue, white at the middle, red.
    Diverging,
    /// One flat colour per whole number.
    Steps,
}

/// One column of a table layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in the frame.
    pub column: String,
    /// What stands above it; by default its name.
    pub head: Option<String>,
    /// Significant digits of its numbers; by default four.
    pub digits: Option<usize>,
}

impl Layer {
    /// The keys that the author wrote, apart from `kind`.
    pub fn given(&self) -> Vec<&'static str> {
        let keys = [
            ("frame", self.frame.is_some()),
            ("x", self.x.is_some()),
            ("y", self.y.is_some()),
            ("x2", self.x2.is_some()),
            ("y2", self.y2.is_some()),
            ("z", self.z.is_some()),
            ("low", self.low.is_some()),
            ("high", self.high.is_some()),
            ("text", self.text.is_some()),
            ("at", self.at.is_some()),
            ("axis", self.axis.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
            ("where", !self.only.is_empty()),
            ("by", self.by.is_some()),
            ("label", self.label.is_some()),
            ("color", self.color.is_some()),
            ("dash", self.dash.is_some()),
            ("width", self.width.is_some()),
            ("widths", self.widths.is_some()),
            ("weight", self.weight.is_some()),
            ("bins", self.bins.is_some()),
            ("share", self.share.is_some()),
            ("marker", self.marker.is_some()),
            ("size", self.size.is_some()),
            ("colors", self.colors.is_some()),
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("leads", self.leads.is_some()),
            ("columns", self.columns.is_some()),
        ];
        keys.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }

    /// Names of columns that it reads, each with the key that says so.
    pub fn columns_read(&self) -> Vec<(&'static str, &str)> {
        let written = if self.at.is_none() { &self.text } else { &None };
        let single = [
            ("x", &self.x),
            ("y", &self.y),
            ("x2", &self.x2),
            ("y2", &self.y2),
            ("z", &self.z),
            ("low", &self.low),
            ("high", &self.high),
            ("text", written),
            ("by", &self.by),
            ("widths", &self.widths),
            ("weight", &self.weight),
            ("leads", &self.leads),
        ];
        let single = single.into_iter().filter_map(|(key, name)| Some((key, name.as_deref()?)));
        let only = self.only.keys().map(|name| ("where", name.as_str()));
        let fields = self.columns.iter().flatten().map(|field| ("columns", field.column.as_str()));
        single.chain(only).chain(fields).collect()
    }
}

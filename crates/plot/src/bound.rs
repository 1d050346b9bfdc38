//! A chart with the columns and rows that it draws: what drawing takes. It knows no scales and no pixels.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use crate::chart::{Chart, Direction, Field, Layer, Spacing};
use crate::position::Position;
use condense_base::frame::Column;
use condense_base::frame::cell::Content;

/// A chart with all that it draws.
#[derive(Clone, Debug)]
pub struct Bound<'a> {
    /// The chart, with a panel for every row of an `each`, and without braces.
    pub chart: Chart,
    /// What its panels draw, in the same order.
    pub panels: Vec<BoundPanel<'a>>,
}

/// What a panel draws.
#[derive(Clone, Debug)]
pub struct BoundPanel<'a> {
    /// Which panel of the written chart it comes from.
    pub origin: usize,
    /// For which row of which table, in words, where that panel stands for many.
    pub row: Option<String>,
    /// How its two axes space what stands on them.
    pub spacing: [Spacing; 2],
    /// What its layers draw, in order.
    pub layers: Vec<BoundLayer<'a>>,
    /// Rows whose value is missing, by frame and column, of all that is read.
    pub gaps: BTreeMap<[String; 2], BTreeSet<usize>>,
}

/// What a layer draws.
#[derive(Clone, Debug)]
pub struct BoundLayer<'a> {
    /// The rows that `where` keeps.
    pub rows: Vec<usize>,
    /// The column that tells its series apart.
    pub by: Option<&'a Column>,
    /// The columns that it draws.
    pub data: Data<'a>,
}

/// Columns by what they are for.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are the keys of the layer")]
pub enum Data<'a> {
    /// None: the author says where it stands.
    Own(Own),
    /// Points, joined or not.
    Points { x: &'a Column, y: &'a Column },
    /// A strip. `low` and `high` hold numbers.
    Band { x: &'a Column, low: &'a Column, high: &'a Column },
    /// Bars. `y` holds numbers.
    Bars { x: &'a Column, y: &'a Column },
    /// Shares. Both hold numbers.
    Histogram { x: &'a Column, weight: Option<&'a Column> },
    /// Cells. `z` holds numbers.
    Heatmap { x: &'a Column, y: &'a Column, z: &'a Column, leads: Option<&'a Column> },
    /// Straight pieces from one point to another. `widths` holds numbers.
    Pieces { from: [&'a Column; 2], to: [&'a Column; 2], widths: Option<&'a Column> },
    /// Words at places.
    Words { x: &'a Column, y: &'a Column, text: &'a Column },
    /// A table, column by column.
    Table(Vec<(Field, &'a Column)>),
}

/// What stands where its author says.
#[derive(Clone, Debug, PartialEq)]
pub enum Own {
    /// A rule across an axis.
    Across(Direction, Position),
    /// A rule between two points.
    Between([[Position; 2]; 2]),
    /// Words.
    Words([Position; 2], String),
}

impl Bound<'_> {
    /// One chart for each step, where a page shows one at a time; none elsewhere.
    pub fn frames(&self) -> Vec<Self> {
        let step = |panels: Vec<usize>| Self {
            chart: self.chart.only(&panels),
            panels: panels.iter().map(|&at| self.panels[at].clone()).collect(),
        };
        self.chart.steps().into_iter().map(step).collect()
    }

    /// What to say of missing values, where there are any: readers cannot see what is not drawn.
    pub fn remark(&self) -> Option<String> {
        // Several panels may read one cell.
        let mut gaps: BTreeMap<&[String; 2], BTreeSet<usize>> = BTreeMap::new();
        for (column, rows) in self.panels.iter().flat_map(|panel| &panel.gaps) {
            gaps.entry(column).or_default().extend(rows);
        }
        match gaps.values().map(BTreeSet::len).sum() {
            0usize => None,
            1 => Some("1 value is missing.".to_owned()),
            many => Some(format!("{many} values are missing.")),
        }
    }
}

/// Something that stands on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct OnAxis {
    /// On which: 0 is the horizontal one.
    pub axis: usize,
    /// The key of the layer that says so.
    pub key: &'static str,
    /// What it is.
    pub content: Content,
    /// The same in words.
    pub words: String,
}

impl OnAxis {
    /// What an author puts there.
    pub fn own(axis: usize, key: &'static str, at: Position) -> Self {
        Self { axis, key, content: at.content(), words: format!("here is {at}") }
    }
}

impl Data<'_> {
    /// What it puts on the axes.
    pub fn on_axes(&self, layer: &Layer) -> Vec<OnAxis> {
        let of = |axis: usize, key: &'static str, name: Option<&String>, column: &Column| {
            let (name, content) = (name.map_or("", |name| name), column.content());
            OnAxis { axis, key, content, words: format!("column `{name}` holds {}", content.names()[0]) }
        };
        let place = |x: &Column, y: &Column| vec![of(0, "x", layer.x.as_ref(), x), of(1, "y", layer.y.as_ref(), y)];
        match self {
            Self::Own(Own::Across(Direction::X, at)) => vec![OnAxis::own(0, "at", *at)],
            Self::Own(Own::Across(Direction::Y, at)) => vec![OnAxis::own(1, "at", *at)],
            Self::Own(Own::Between([[x, y], [x2, y2]])) => {
                let [from, to] = [("from", [*x, *y]), ("to", [*x2, *y2])]
                    .map(|(key, [x, y])| [OnAxis::own(0, key, x), OnAxis::own(1, key, y)]);
                from.into_iter().chain(to).collect()
            }
            Self::Own(Own::Words([x, y], _)) => vec![OnAxis::own(0, "at", *x), OnAxis::own(1, "at", *y)],
            Self::Points { x, y } | Self::Bars { x, y } | Self::Heatmap { x, y, .. } | Self::Words { x, y, .. } => {
                place(x, y)
            }
            Self::Band { x, low, high } => vec![
                of(0, "x", layer.x.as_ref(), x),
                of(1, "low", layer.low.as_ref(), low),
                of(1, "high", layer.high.as_ref(), high),
            ],
            Self::Pieces { from: [x, y], to: [x2, y2], .. } => {
                let ends = [of(0, "x2", layer.x2.as_ref(), x2), of(1, "y2", layer.y2.as_ref(), y2)];
                place(x, y).into_iter().chain(ends).collect()
            }
            Self::Histogram { x, .. } => vec![of(0, "x", layer.x.as_ref(), x)],
            Self::Table(_) => Vec::new(),
        }
    }

    /// The columns without which a row cannot be drawn.
    pub fn needed(&self) -> Vec<&Column> {
        match self {
            Self::Own(_) | Self::Table(_) => Vec::new(),
            Self::Points { x, y } | Self::Bars { x, y } => vec![x, y],
            Self::Histogram { x, weight } => iter::once(*x).chain(*weight).collect(),
            Self::Band { x, low, high } => vec![x, low, high],
            Self::Heatmap { x, y, z, .. } => vec![x, y, z],
            Self::Pieces { from: [x, y], to: [x2, y2], widths } => {
                [*x, *y, *x2, *y2].into_iter().chain(*widths).collect()
            }
            Self::Words { x, y, text } => vec![x, y, text],
        }
    }
}

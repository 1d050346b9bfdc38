//! From a layer and the frames to series: the numbers that are drawn, in units of the data, each with its style.
//! It knows no pixels.

use std::collections::BTreeMap;

use crate::chart::{At, Colors, Dash, Direction, Kind, Layer, Marker, Scalar, Spacing};
use crate::clip::Point;
use crate::heatmap::{Heat, Lead};
use crate::look::{Ink, Look};
use crate::text;
use condense_base::frame::{Column, Frame};

/// One thing with one style, and at most one legend entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What is drawn.
    pub shape: Shape,
    /// How.
    pub style: Style,
    /// What the legend calls it.
    pub label: Option<String>,
}

/// Numbers ready to be placed on scales.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Joined in order.
    Line(Vec<Point>),
    /// Marked one by one.
    Points(Vec<Point>),
    /// Rows of x, low, high.
    Band(Vec<[f64; 3]>),
    /// Rows of left, right, top; they stand on zero.
    Bars(Vec<[f64; 3]>),
    /// Cells.
    Heat(Heat),
    /// Pieces.
    Segments(Vec<[Point; 2]>),
    /// Pieces with a head at the second end.
    Arrows(Vec<[Point; 2]>),
    /// Words, centred on their point (true) or beside it.
    Words(Vec<(Point, String)>, bool),
    /// A line right across, at a place of one axis.
    Rule(Direction, f64),
}

/// How a series looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Its ink.
    pub ink: Ink,
    /// Dash pattern of its lines.
    pub dash: Dash,
    /// Width of its lines in px.
    pub width: f64,
    /// Shape of its points.
    pub marker: Marker,
    /// Radius of its points, or height of its words, in px.
    pub size: f64,
}

/// What the layers of one panel share: words met on each axis, and which inks were handed out.
#[derive(Debug, Default)]
pub struct Shared {
    /// The words on the horizontal axis, in order.
    pub across: Vec<String>,
    /// The words on the vertical axis.
    pub up: Vec<String>,
    /// Names of the series that took an ink, in order; a nameless one is no one's double.
    turns: Vec<Option<String>>,
}

impl Shape {
    /// Everything that an axis must show: horizontal and vertical numbers.
    pub fn extent(&self, vertical: Spacing) -> [Vec<f64>; 2] {
        let ends = |pieces: &[[Point; 2]]| -> [Vec<f64>; 2] {
            [0, 1].map(|axis| pieces.iter().flatten().map(|point| point[axis]).collect())
        };
        match self {
            Self::Line(points) | Self::Points(points) => [0, 1].map(|axis| points.iter().map(|p| p[axis]).collect()),
            Self::Band(rows) => {
                [rows.iter().map(|row| row[0]).collect(), rows.iter().flat_map(|row| [row[1], row[2]]).collect()]
            }
            Self::Bars(rows) => {
                let foot = (vertical == Spacing::Linear).then_some(0.0);
                [
                    rows.iter().flat_map(|row| [row[0], row[1]]).collect(),
                    rows.iter().map(|row| row[2]).chain(foot).collect(),
                ]
            }
            Self::Heat(heat) => heat.extent(),
            Self::Segments(pieces) | Self::Arrows(pieces) => ends(pieces),
            Self::Words(words, _) => [0, 1].map(|axis| words.iter().map(|(point, _)| point[axis]).collect()),
            Self::Rule(Direction::X, at) => [vec![*at], Vec::new()],
            Self::Rule(Direction::Y, at) => [Vec::new(), vec![*at]],
        }
    }
}

/// The series of one layer; `spacing` is that of the two axes (cells of a heat map meet halfway on it).
///
/// # Errors
/// Says in one line what the layer asks for and the frames cannot give.
pub fn series(
    layer: &Layer,
    frames: &BTreeMap<String, Frame>,
    spacing: [Spacing; 2],
    shared: &mut Shared,
    look: &Look,
) -> Result<Vec<Series>, String> {
    if let Some(literal) = literal(layer) {
        let style = style(layer, look, shared.turn(layer, None));
        return Ok(vec![Series { shape: literal, style, label: layer.label.clone() }]);
    }
    let name = layer.frame.as_deref().ok_or("no `frame`")?;
    let frame = frames.get(name).ok_or_else(|| format!("there is no frame `{name}`"))?;
    let rows = rows(layer, frame)?;
    if layer.kind == Kind::Heatmap {
        let heat = heat(layer, &Table { frame, rows }, spacing, shared)?;
        return Ok(vec![Series { shape: Shape::Heat(heat), style: style(layer, look, None), label: None }]);
    }
    let mut made = Vec::new();
    for (value, rows) in groups(layer, frame, rows)? {
        let label = layer.label.as_ref().map(|label| label.replace("{}", &value));
        let name = layer.by.as_ref().map(|by| format!("{by} = {value}")).or_else(|| label.clone());
        let style = style(layer, look, shared.turn(layer, name));
        for (width, rows) in by_width(layer, frame, rows)? {
            let shape = shape(layer, &Table { frame, rows }, shared)?;
            made.push(Series {
                shape,
                style: Style { width: width.unwrap_or(style.width), ..style },
                label: label.clone(),
            });
        }
    }
    Ok(made)
}

/// A layer that needs no frame.
fn literal(layer: &Layer) -> Option<Shape> {
    match (layer.kind, layer.at, layer.axis, layer.from, layer.to) {
        (Kind::Rule, Some(At::Value(at)), Some(axis), _, _) => Some(Shape::Rule(axis, at)),
        (Kind::Rule, _, _, Some(from), Some(to)) => Some(Shape::Segments(vec![[from, to]])),
        (Kind::Text, Some(At::Point(at)), ..) => Some(Shape::Words(vec![(at, layer.text.clone()?)], true)),
        _ => None,
    }
}

/// Rows of a frame that a layer keeps.
struct Table<'a> {
    frame: &'a Frame,
    rows: Vec<usize>,
}

impl Table<'_> {
    fn column(&self, name: Option<&String>) -> Result<&Column, String> {
        let name = name.ok_or("a column is missing")?;
        self.frame.column(name).ok_or_else(|| format!("there is no column `{name}`"))
    }

    fn numbers(&self, name: Option<&String>) -> Result<Vec<f64>, String> {
        let Column::Numbers(numbers) = self.column(name)? else {
            return Err(format!("column `{}` holds words, not numbers", name.map_or("", |name| name)));
        };
        Ok(self.rows.iter().map(|&row| numbers[row]).collect())
    }

    /// Words as they are, numbers in print.
    fn words(&self, name: Option<&String>) -> Result<Vec<String>, String> {
        Ok(match self.column(name)? {
            Column::Words(words) => self.rows.iter().map(|&row| words[row].clone()).collect(),
            Column::Numbers(numbers) => self.rows.iter().map(|&row| text::significant(numbers[row], 3)).collect(),
        })
    }

    /// Numbers as they are; words as 0, 1, 2 … in the order in which the panel meets them.
    fn places(&self, name: Option<&String>, words: &mut Vec<String>) -> Result<Vec<f64>, String> {
        let Column::Words(column) = self.column(name)? else { return self.numbers(name) };
        let place = |&row: &usize| {
            let at = words.iter().position(|word| *word == column[row]).unwrap_or_else(|| {
                words.push(column[row].clone());
                words.len() - 1
            });
            at as f64
        };
        Ok(self.rows.iter().map(place).collect())
    }

    fn points(&self, x: Option<&String>, y: Option<&String>, shared: &mut Shared) -> Result<Vec<Point>, String> {
        let (x, y) = (self.places(x, &mut shared.across)?, self.places(y, &mut shared.up)?);
        Ok(x.into_iter().zip(y).map(|(x, y)| [x, y]).collect())
    }
}

fn shape(layer: &Layer, table: &Table, shared: &mut Shared) -> Result<Shape, String> {
    let points = |shared: &mut Shared| table.points(layer.x.as_ref(), layer.y.as_ref(), shared);
    let pieces = |shared: &mut Shared| -> Result<Vec<[Point; 2]>, String> {
        let ends = table.points(layer.x2.as_ref(), layer.y2.as_ref(), shared)?;
        Ok(points(shared)?.into_iter().zip(ends).map(|(from, to)| [from, to]).collect())
    };
    Ok(match layer.kind {
        Kind::Line => Shape::Line(points(shared)?),
        Kind::Points => Shape::Points(points(shared)?),
        Kind::Band => {
            let x = table.places(layer.x.as_ref(), &mut shared.across)?;
            let (low, high) = (table.numbers(layer.low.as_ref())?, table.numbers(layer.high.as_ref())?);
            Shape::Band(x.into_iter().zip(low).zip(high).map(|((x, low), high)| [x, low, high]).collect())
        }
        Kind::Bars => {
            let x = table.places(layer.x.as_ref(), &mut shared.across)?;
            let y = table.numbers(layer.y.as_ref())?;
            Shape::Bars(x.into_iter().zip(y).map(|(x, y)| [x, x, y]).collect())
        }
        Kind::Segments => Shape::Segments(pieces(shared)?),
        Kind::Arrows => Shape::Arrows(pieces(shared)?),
        Kind::Text => {
            let words = table.words(layer.text.as_ref())?;
            Shape::Words(points(shared)?.into_iter().zip(words).collect(), false)
        }
        Kind::Heatmap | Kind::Rule | Kind::Table => return Err(format!("a `{}` stands alone", layer.kind.name())),
    })
}

fn heat(layer: &Layer, table: &Table, spacing: [Spacing; 2], shared: &mut Shared) -> Result<Heat, String> {
    let points = table.points(layer.x.as_ref(), layer.y.as_ref(), shared)?;
    let values = table.numbers(layer.z.as_ref())?;
    let colors = layer.colors.unwrap_or(Colors::Viridis);
    let mut heat = Heat::new(&points, &values, spacing, colors, [layer.min, layer.max], layer.label.clone())?;
    let Some(name) = &layer.leads else { return Ok(heat) };
    // As `anchor = "{column}"` is filled in, or the two would not meet.
    let anchors: Vec<String> = match table.column(Some(name))? {
        Column::Words(words) => table.rows.iter().map(|&row| words[row].clone()).collect(),
        Column::Numbers(numbers) => table.rows.iter().map(|&row| text::grouped(numbers[row])).collect(),
    };
    let lead = |((centre, value), anchor)| Lead { centre, value, anchor };
    heat.leads = points.into_iter().zip(values).zip(anchors).map(lead).collect();
    Ok(heat)
}

/// The rows that pass `where`.
pub fn rows(layer: &Layer, frame: &Frame) -> Result<Vec<usize>, String> {
    let mut rows: Vec<usize> = (0..frame.rows()).collect();
    for (name, wanted) in &layer.only {
        let column = frame.column(name).ok_or_else(|| format!("there is no column `{name}`"))?;
        match (column, wanted) {
            (Column::Numbers(numbers), Scalar::Number(number)) => rows.retain(|&row| equal(numbers[row], *number)),
            (Column::Words(words), Scalar::Word(word)) => rows.retain(|&row| words[row] == *word),
            (Column::Numbers(_), Scalar::Word(word)) => {
                return Err(format!("`where`: `{name}` holds numbers, not `{word}`"));
            }
            (Column::Words(_), Scalar::Number(number)) => {
                return Err(format!("`where`: `{name}` holds words, not {number}"));
            }
        }
    }
    if rows.is_empty() {
        let asked: Vec<String> =
            layer.only.iter().map(|(name, wanted)| format!("`{name}` = {}", spoken(wanted))).collect();
        let what =
            if asked.is_empty() { "the frame is empty".into() } else { format!("no row has {}", asked.join(" and ")) };
        return Err(what);
    }
    Ok(rows)
}

fn spoken(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Number(number) => number.to_string(),
        Scalar::Word(word) => format!("`{word}`"),
    }
}

fn equal(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Rows by distinct value of `by`, in order of first appearance; one nameless group without `by`.
fn groups(layer: &Layer, frame: &Frame, rows: Vec<usize>) -> Result<Vec<(String, Vec<usize>)>, String> {
    let Some(by) = &layer.by else { return Ok(vec![(String::new(), rows)]) };
    let column = frame.column(by).ok_or_else(|| format!("there is no column `{by}`"))?;
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut place = BTreeMap::new();
    for row in rows {
        let at = *place.entry(column.text(row)).or_insert_with(|| {
            let name = match column {
                Column::Numbers(numbers) => text::significant(numbers[row], 6),
                Column::Words(words) => words[row].clone(),
            };
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(row);
    }
    Ok(groups)
}

/// A width, where a column says it, and the rows that have it.
type Alike = (Option<f64>, Vec<usize>);

/// Rows by width, where a column has the widths, in order of first appearance; one group without.
fn by_width(layer: &Layer, frame: &Frame, rows: Vec<usize>) -> Result<Vec<Alike>, String> {
    if layer.widths.is_none() {
        return Ok(vec![(None, rows)]);
    }
    let widths = Table { frame, rows: rows.clone() }.numbers(layer.widths.as_ref())?;
    let mut groups: Vec<Alike> = Vec::new();
    for (row, width) in rows.into_iter().zip(widths) {
        if width <= 0.0 {
            return Err(format!("a width is {width}: it must be above 0"));
        }
        match groups.iter_mut().find(|(other, _)| *other == Some(width)) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((Some(width), vec![row])),
        }
    }
    Ok(groups)
}

impl Shared {
    /// Whose turn a series is among those that leave their ink to us; a second layer of the same name (a band and its
    /// line) gets the same turn.
    fn turn(&mut self, layer: &Layer, name: Option<String>) -> Option<usize> {
        if layer.color.is_some() || matches!(layer.kind, Kind::Text | Kind::Rule) {
            return None;
        }
        let known = self.turns.iter().position(|other| name.is_some() && *other == name);
        Some(known.unwrap_or_else(|| {
            self.turns.push(name);
            self.turns.len() - 1
        }))
    }
}

/// The author's choices, else the ink whose turn it is; one that comes round again changes its dash and its marker, and
/// so does every series of a `by`, so that colour is never the only sign.
fn style(layer: &Layer, look: &Look, turn: Option<usize>) -> Style {
    const DASHES: [Dash; 3] = [Dash::Solid, Dash::Dashed, Dash::Dotted];
    const MARKERS: [Marker; 6] =
        [Marker::Disk, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Ring, Marker::TriangleDown];
    let turn = turn.unwrap_or(0);
    let sign = if layer.by.is_some() { turn } else { turn / Ink::DATA.len() };
    let default = match layer.kind {
        Kind::Text => Ink::Ink,
        Kind::Rule => Ink::Muted,
        _ => Ink::DATA[turn % Ink::DATA.len()],
    };
    let (width, dash, size) = match layer.kind {
        Kind::Rule => (1.0, Dash::Dashed, look.point),
        Kind::Segments | Kind::Arrows => (1.2, Dash::Solid, look.point),
        Kind::Text => (look.line, Dash::Solid, look.small),
        Kind::Line => (look.line, DASHES[sign % 3], look.point),
        _ => (look.line, Dash::Solid, look.point),
    };
    Style {
        ink: layer.color.map_or(default, Ink::from),
        dash: layer.dash.unwrap_or(dash),
        width: layer.width.unwrap_or(width),
        marker: layer.marker.unwrap_or(MARKERS[sign % 6]),
        size: layer.size.unwrap_or(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_come_from_a_column_and_keep_the_ink_of_their_group() {
        let frame = Frame::new()
            .with("x", [0.0, 0.0, 0.0])
            .with("y", [1.0, 2.0, 3.0])
            .with("group", [1.0, 2.0, 1.0])
            .with("thick", [2.0, 1.0, 4.0]);
        let column = |name: &str| Some(name.to_owned());
        let layer = Layer {
            kind: Kind::Segments,
            frame: column("f"),
            x: column("x"),
            y: column("y"),
            x2: column("y"),
            y2: column("x"),
            by: column("group"),
            widths: column("thick"),
            ..Layer::default()
        };
        let made = |frame: Frame| {
            let frames = BTreeMap::from([("f".to_owned(), frame)]);
            series(&layer, &frames, [Spacing::Linear; 2], &mut Shared::default(), &Look::default())
        };
        let drawn = made(frame.clone()).expect("drawn");
        let looks: Vec<(Ink, f64)> = drawn.iter().map(|series| (series.style.ink, series.style.width)).collect();
        assert_eq!(looks, [(Ink::Blue, 2.0), (Ink::Blue, 4.0), (Ink::Vermilion, 1.0)]);
        let thin = Frame::new().with("x", [0.0]).with("y", [1.0]).with("group", [1.0]).with("thick", [0.0]);
        assert!(made(thin).is_err_and(|fault| fault.contains("a width is 0")));
    }
}

//! From a bound layer to series: the numbers that are drawn, in units of the data, each with its style.
//! It knows no pixels.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use crate::bound::{BoundLayer, Data, Own};
use crate::chart::{Colors, Dash, Direction, Kind, Layer, Marker, Spacing};
use crate::clip::Point;
use crate::heatmap::{Heat, Lead};
use crate::look::{Ink, Look};
use crate::position::Position;
use crate::summary;
use crate::text;
use condense_base::frame::cell::Content;
use condense_base::frame::{Column, number};

/// Bins of a histogram, and the share of the values that a spread shows, where the author does not say.
const BINS: usize = 40;
const SHARE: f64 = 0.5;

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
    /// Joined in order, stretch by stretch: between them values are missing.
    Line(Vec<Vec<Point>>),
    /// Marked one by one.
    Points(Vec<Point>),
    /// Rows of x, low, high, stretch by stretch.
    Band(Vec<Vec<[f64; 3]>>),
    /// Rows of left, right, top; they stand on zero.
    Bars(Vec<[f64; 3]>),
    /// Rows of left, right, top, side by side: they stand on zero.
    Steps(Vec<[f64; 3]>),
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
    /// Whether nothing of it can be seen.
    fn is_empty(&self) -> bool {
        match self {
            Self::Line(parts) => parts.is_empty(),
            Self::Band(parts) => parts.is_empty(),
            Self::Points(points) => points.is_empty(),
            Self::Bars(rows) | Self::Steps(rows) => rows.is_empty(),
            Self::Segments(pieces) | Self::Arrows(pieces) => pieces.is_empty(),
            Self::Words(words, _) => words.is_empty(),
            Self::Heat(_) | Self::Rule(..) => false,
        }
    }

    /// Everything that an axis must show: horizontal and vertical numbers.
    pub fn extent(&self, vertical: Spacing) -> [Vec<f64>; 2] {
        let ends = |pieces: &[[Point; 2]]| -> [Vec<f64>; 2] {
            [0, 1].map(|axis| pieces.iter().flatten().map(|point| point[axis]).collect())
        };
        match self {
            Self::Line(parts) => [0, 1].map(|axis| parts.iter().flatten().map(|point| point[axis]).collect()),
            Self::Points(points) => [0, 1].map(|axis| points.iter().map(|point| point[axis]).collect()),
            Self::Band(parts) => {
                let rows = || parts.iter().flatten();
                [rows().map(|row| row[0]).collect(), rows().flat_map(|row| [row[1], row[2]]).collect()]
            }
            Self::Bars(rows) | Self::Steps(rows) => {
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

/// The series of one layer; `spacing` is that of the two axes (cells of a heat map meet halfway on it). A series of which
/// every value is missing is left out.
///
/// # Errors
/// Says in one line which numbers cannot be drawn so.
pub fn series(
    layer: &Layer,
    bound: &BoundLayer,
    spacing: [Spacing; 2],
    shared: &mut Shared,
    look: &Look,
) -> Result<Vec<Series>, String> {
    let one = |shape, style| Ok(vec![Series { shape, style, label: layer.label.clone() }]);
    match &bound.data {
        Data::Own(own) => return one(literal(own), style(layer, look, shared.turn(layer, None))),
        Data::Heatmap { x, y, z, leads } => {
            let heat = heat(layer, [x, y, z], *leads, &bound.rows, spacing, shared)?;
            return Ok(vec![Series { shape: Shape::Heat(heat), style: style(layer, look, None), label: None }]);
        }
        _ => {}
    }
    let mut made = Vec::new();
    for (value, rows) in groups(bound) {
        let label = layer.label.as_ref().map(|label| label.replace("{}", &value));
        let name = layer.by.as_ref().map(|by| format!("{by} = {value}")).or_else(|| label.clone());
        let style = style(layer, look, shared.turn(layer, name));
        if layer.kind == Kind::Spread || layer.kind == Kind::Histogram {
            let shapes = summed_up(layer, &bound.data, bound.rows.as_slice(), &rows, spacing[0], shared)?;
            // The line speaks for its strip.
            let named = |at: usize| label.clone().filter(|_| at == 0);
            let shapes = shapes.into_iter().enumerate().filter(|(_, shape)| !shape.is_empty());
            made.extend(shapes.map(|(at, shape)| Series { shape, style, label: named(at) }));
            continue;
        }
        for (width, rows) in by_width(&bound.data, rows)? {
            let shape = shape(layer.kind, &bound.data, &rows, shared);
            if !shape.is_empty() {
                let style = Style { width: width.unwrap_or(style.width), ..style };
                made.push(Series { shape, style, label: label.clone() });
            }
        }
    }
    Ok(made)
}

/// What stands where the author says.
fn literal(own: &Own) -> Shape {
    let point = |point: &[Position; 2]| point.map(Position::value);
    match own {
        Own::Across(axis, at) => Shape::Rule(*axis, at.value()),
        Own::Between([from, to]) => Shape::Segments(vec![[point(from), point(to)]]),
        Own::Words(at, words) => Shape::Words(vec![(point(at), words.clone())], true),
    }
}

/// Numbers and times as they are; words as 0, 1, 2 … in the order in which the panel meets them.
fn places(column: &Column, rows: &[usize], words: &mut Vec<String>) -> Vec<Option<f64>> {
    if column.content() != Content::Words {
        return rows.iter().map(|&row| column.value(row)).collect();
    }
    let mut place = |row: usize| {
        let word = column.word(row)?;
        let at = words.iter().position(|own| own == word).unwrap_or_else(|| {
            words.push(word.to_owned());
            words.len() - 1
        });
        Some(at as f64)
    };
    rows.iter().map(|&row| place(row)).collect()
}

/// The points of some rows; none where either value is missing.
fn points(x: &Column, y: &Column, rows: &[usize], shared: &mut Shared) -> Vec<Option<Point>> {
    let (x, y) = (places(x, rows, &mut shared.across), places(y, rows, &mut shared.up));
    x.into_iter().zip(y).map(|(x, y)| Some([x?, y?])).collect()
}

/// The stretches between gaps.
fn stretches<T: Copy>(rows: &[Option<T>]) -> Vec<Vec<T>> {
    let whole = rows.split(Option::is_none).map(|stretch| stretch.iter().flatten().copied().collect::<Vec<T>>());
    whole.filter(|stretch| !stretch.is_empty()).collect()
}

fn shape(kind: Kind, data: &Data, rows: &[usize], shared: &mut Shared) -> Shape {
    match data {
        Data::Own(own) => literal(own),
        Data::Points { x, y } => {
            let points = points(x, y, rows, shared);
            match kind {
                Kind::Line => Shape::Line(stretches(&points)),
                _ => Shape::Points(points.into_iter().flatten().collect()),
            }
        }
        Data::Band { x, low, high } => {
            let x = places(x, rows, &mut shared.across);
            let strip = |(x, &row): (Option<f64>, &usize)| Some([x?, low.value(row)?, high.value(row)?]);
            Shape::Band(stretches(&x.into_iter().zip(rows).map(strip).collect::<Vec<_>>()))
        }
        Data::Bars { x, y } => {
            let x = places(x, rows, &mut shared.across);
            let bar = |(x, &row): (Option<f64>, &usize)| x.zip(y.value(row)).map(|(x, y)| [x, x, y]);
            Shape::Bars(x.into_iter().zip(rows).filter_map(bar).collect())
        }
        Data::Pieces { from, to, .. } => {
            let ends = points(to[0], to[1], rows, shared);
            let pieces = points(from[0], from[1], rows, shared).into_iter().zip(ends);
            let pieces = pieces.filter_map(|(from, to)| Some([from?, to?])).collect();
            if kind == Kind::Arrows { Shape::Arrows(pieces) } else { Shape::Segments(pieces) }
        }
        Data::Words { x, y, text } => {
            let places = points(x, y, rows, shared);
            let words = rows.iter().map(|&row| text::of_cell(text, row, 3));
            Shape::Words(places.into_iter().zip(words).filter_map(|(at, word)| Some((at?, word?))).collect(), false)
        }
        // Cells make one series, and a table makes none; shares are summed up elsewhere.
        Data::Heatmap { .. } | Data::Table(_) | Data::Histogram { .. } => Shape::Points(Vec::new()),
    }
}

/// What a layer draws that sums up its rows; the range of a histogram is that of `all` its rows, or the whole circle.
fn summed_up(
    layer: &Layer,
    data: &Data,
    all: &[usize],
    rows: &[usize],
    spacing: Spacing,
    shared: &mut Shared,
) -> Result<Vec<Shape>, String> {
    match data {
        Data::Histogram { x, weight } => {
            // Angles are the same after a whole turn.
            let turned = |x: f64| if spacing == Spacing::Angle { x - 2.0 * PI * (x / (2.0 * PI)).round() } else { x };
            let row =
                |&row: &usize| Some((turned(x.value(row)?), weight.map_or(Some(1.0), |weight| weight.value(row))?));
            let values = || all.iter().filter_map(|&row| x.value(row));
            let [low, high] = if spacing == Spacing::Angle {
                [-PI, PI]
            } else {
                [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)]
            };
            let [low, high] = [layer.min.unwrap_or(low), layer.max.unwrap_or(high)];
            let high = if high > low { high } else { low + 1.0 };
            let rows: Vec<(f64, f64)> = rows.iter().filter_map(row).collect();
            Ok(vec![Shape::Steps(summary::histogram(&rows, [low, high], layer.bins.unwrap_or(BINS))?)])
        }
        Data::Points { x, y } => {
            let points: Vec<Point> = points(x, y, rows, shared).into_iter().flatten().collect();
            let (medians, strip) = summary::spread(&points, layer.share.unwrap_or(SHARE));
            let bare = strip.iter().all(|[_, low, high]| low == high);
            let strip = if bare { Vec::new() } else { vec![strip] };
            Ok(vec![Shape::Line(vec![medians]), Shape::Band(strip)])
        }
        _ => Ok(Vec::new()),
    }
}

fn heat(
    layer: &Layer,
    [x, y, z]: [&Column; 3],
    leads: Option<&Column>,
    rows: &[usize],
    spacing: [Spacing; 2],
    shared: &mut Shared,
) -> Result<Heat, String> {
    let cells = points(x, y, rows, shared).into_iter().zip(rows);
    let cells: Vec<(Point, usize)> = cells.filter_map(|(centre, &row)| Some((centre?, row))).collect();
    let (centres, values): (Vec<Point>, Vec<_>) = cells.iter().map(|(centre, row)| (*centre, z.value(*row))).unzip();
    let colors = layer.colors.unwrap_or(Colors::Viridis);
    let mut heat = Heat::new(&centres, &values, spacing, colors, [layer.min, layer.max], layer.label.clone())?;
    let Some(leads) = leads else { return Ok(heat) };
    // As `anchor = "{column}"` is filled in, or the two would not meet.
    let anchor = |row| leads.word(row).map(str::to_owned).or_else(|| leads.value(row).map(text::grouped));
    let lead = |(centre, row): (Point, usize)| Some(Lead { centre, value: z.value(row)?, anchor: anchor(row)? });
    heat.leads = cells.into_iter().filter_map(lead).collect();
    Ok(heat)
}

/// Rows by distinct value of `by`, in order of first appearance; one nameless group without `by`. Rows whose value is
/// missing are in none.
fn groups(bound: &BoundLayer) -> Vec<(String, Vec<usize>)> {
    let Some(by) = bound.by else { return vec![(String::new(), bound.rows.clone())] };
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut place = BTreeMap::new();
    for &row in &bound.rows {
        let Some(key) = by.word(row).map(str::to_owned).or_else(|| by.value(row).map(number)) else { continue };
        let at = *place.entry(key).or_insert_with(|| {
            groups.push((text::of_cell(by, row, 6).unwrap_or_default(), Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(row);
    }
    groups
}

/// A width, where a column says it, and the rows that have it.
type Alike = (Option<f64>, Vec<usize>);

/// Rows by width, where a column has the widths, in order of first appearance; one group without. Rows whose width is
/// missing are in none.
fn by_width(data: &Data, rows: Vec<usize>) -> Result<Vec<Alike>, String> {
    let Data::Pieces { widths: Some(widths), .. } = data else { return Ok(vec![(None, rows)]) };
    let mut groups: Vec<Alike> = Vec::new();
    for row in rows {
        let Some(width) = widths.value(row) else { continue };
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
        Kind::Line | Kind::Spread => (look.line, DASHES[sign % 3], look.point),
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
    use crate::bind::bind;
    use crate::chart::{Chart, Panel};
    use condense_base::frame::Frame;

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
            let panel = Panel { layers: vec![layer.clone()], ..Panel::default() };
            let chart = Chart { alt: "a".into(), caption: "c".into(), panels: vec![panel], ..Chart::default() };
            let frames = BTreeMap::from([("f".to_owned(), frame)]);
            let bound = bind(&chart, &frames).expect("a bound chart");
            let (layer, spacing) = (&bound.panels[0].layers[0], [Spacing::Linear; 2]);
            series(&chart.panels[0].layers[0], layer, spacing, &mut Shared::default(), &Look::default())
        };
        let drawn = made(frame.clone()).expect("drawn");
        let looks: Vec<(Ink, f64)> = drawn.iter().map(|series| (series.style.ink, series.style.width)).collect();
        assert_eq!(looks, [(Ink::Blue, 2.0), (Ink::Blue, 4.0), (Ink::Vermilion, 1.0)]);
        let thin = Frame::new().with("x", [0.0]).with("y", [1.0]).with("group", [1.0]).with("thick", [0.0]);
        assert!(made(thin).is_err_and(|fault| fault.contains("a width is 0")));
    }
}

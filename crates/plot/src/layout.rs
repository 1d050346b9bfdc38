//! The layout of a chart: where each plotting area, legend and colour bar stands, in px.
//! It measures; it draws nothing.

use crate::axes;
use crate::chart::Chart;
use crate::clip::Area;
use crate::heatmap::Bar;
use crate::legend::{self, LegendEntry};
use crate::look::Look;
use crate::marks::Placer;
use crate::panel::{Axes, Body};

/// Least width of a plotting area in px.
const NARROW: f64 = 40.0;
/// Most that a plotting area full of cells is wider than high.
const CELLS: f64 = 1.5;
/// From so many columns on, panels are small, and stand close.
const CLOSE: usize = 7;
/// Height of a lone heat map in px.
const LONE: f64 = 340.0;

/// A chart laid out.
pub struct Layout<'a> {
    /// Width and height of the picture.
    pub size: [f64; 2],
    /// Everything but what all panels share.
    pub grid: Area,
    /// The panels, row by row.
    pub places: Vec<Place<'a>>,
    /// A legend that serves all panels, with its upper edge.
    pub shared: Option<(Vec<LegendEntry<'a>>, f64)>,
}

/// Where one panel stands.
pub struct Place<'a> {
    /// The plotting area.
    pub area: Area,
    /// Whether its x and y labels are written, rather than those of the panel below and to the left.
    pub written: [bool; 2],
    /// Whether its title is written, rather than that of the panel at the top of the column.
    pub titled: bool,
    /// Its colour bar, if drawn here.
    pub bar: Option<&'a Bar>,
    /// Its legend.
    pub legend: Legend<'a>,
}

/// Where a legend stands.
pub enum Legend<'a> {
    /// There is none.
    Nowhere,
    /// Inside the plotting area.
    Inside(Vec<LegendEntry<'a>>, Area),
    /// Below the axis, from this y on.
    Below(Vec<LegendEntry<'a>>, f64),
}

/// Panels per row. A narrow screen has room for one, or for two small ones; a large grid keeps its rows, which mean something.
pub fn columns(chart: &Chart, look: &Look) -> usize {
    let fitting = match chart.panels.len() {
        0..=3 => chart.panels.len(),
        4 => 2,
        _ => 3,
    };
    let columns = chart.columns.unwrap_or(fitting).clamp(1, chart.panels.len().max(1));
    match columns {
        1..=3 if look.narrow => 1,
        4..CLOSE if look.narrow => 2,
        columns => columns,
    }
}

fn axes(body: &Body) -> Option<&Axes> {
    match body {
        Body::Axes(axes) => Some(axes),
        Body::Table(_) => None,
    }
}

/// The axis labels that all panels of a large grid have in common: taken from the panels, to be written once.
pub fn take_common_labels(chart: &Chart, bodies: &mut [Body], look: &Look) -> [Option<String>; 2] {
    let columns = columns(chart, look);
    if columns < if look.narrow { 2 } else { 3 } || bodies.len() <= columns {
        return [None, None];
    }
    [0, 1].map(|axis| {
        let mut labels: Vec<&mut Option<String>> =
            bodies.iter_mut().map(|body| label_of(body, axis)).collect::<Option<_>>()?;
        let first = String::clone(labels.first()?.as_ref()?);
        if labels.iter().any(|label| label.as_ref() != Some(&first)) {
            return None;
        }
        for label in &mut labels {
            **label = None;
        }
        Some(first)
    })
}

fn label_of(body: &mut Body, axis: usize) -> Option<&mut Option<String>> {
    match body {
        Body::Axes(axes) => Some(if axis == 0 { &mut axes.x.label } else { &mut axes.y.label }),
        Body::Table(_) => None,
    }
}

/// Lays the panels out on a grid of equal plotting widths.
pub fn layout<'a>(chart: &Chart, bodies: &'a [Body], common: &[Option<String>; 2], look: &Look) -> Layout<'a> {
    let columns = columns(chart, look);
    let full = if columns >= CLOSE && look.narrow {
        Look::default().wide
    } else if columns >= 3 {
        look.wide
    } else {
        look.width
    };
    let heights = heights(chart, bodies, columns, full, look);
    let written = |at: usize| written(bodies, &heights, columns, at);
    let bars: Vec<Option<&Bar>> = (0..bodies.len()).map(|at| bar(bodies, columns, at)).collect();
    let entries: Vec<Vec<LegendEntry>> =
        bodies.iter().map(|body| axes(body).map_or_else(Vec::new, legend::entries)).collect();
    let shared = shared_legend(&entries);

    let headed = shares_titles(chart, columns);
    let title = |at: usize| chart.panels[at].title.as_ref().filter(|_| !headed || at < columns);
    let gap = if columns < CLOSE { look.gap } else { look.gap / 3.0 };

    let share = full / columns as f64;
    let mut left = vec![0.0f64; columns];
    let mut right = vec![0.0f64; columns];
    for (at, axes) in bodies.iter().enumerate().filter_map(|(at, body)| Some((at, axes(body)?))) {
        if written(at)[1] {
            left[at % columns] = left[at % columns].max(axes::room_left(&axes.y, heights[at], look));
        }
        let room = axes::room_right(axes, bars[at], heights[at], share * 0.7, look);
        right[at % columns] = right[at % columns].max(room);
    }
    let gaps = gap * (columns - 1) as f64 + look.gap * 2.0;
    let beside = axes::line(common[1].as_ref(), look);
    let margins: f64 = left.iter().chain(&right).sum::<f64>() + beside;
    let width = ((full - gaps - margins) / columns as f64).min(widest(bodies, &heights)).max(NARROW);
    let total = width * columns as f64 + gaps + margins;

    let inside = shared.is_some() || all_inside(bodies, &entries, width, &heights, look);

    let mut places = Vec::new();
    let mut top = look.gap * 0.5;
    let rows = bodies.len().div_ceil(columns);
    for row in 0..rows {
        let members = row * columns..((row + 1) * columns).min(bodies.len());
        let above = members.clone().map(|at| axes::room_above(title(at), width, look));
        top += above.fold(0.0, f64::max);
        let mut bottom = top;
        let mut x = look.gap + beside;
        for at in members {
            x += left[at % columns];
            let area = fitted(Area { left: x, right: x + width, top, bottom: top + heights[at] }, axes(&bodies[at]));
            x += width + right[at % columns] + gap;
            let own = if shared.is_some() { Vec::new() } else { entries[at].clone() };
            let written = written(at);
            let (legend, end) = place_legend(own, axes(&bodies[at]), area, [written[0], inside], look);
            bottom = bottom.max(end);
            places.push(Place { area, written, titled: title(at).is_some(), bar: bars[at], legend });
        }
        top = bottom + if row + 1 < rows { gap } else { look.gap };
    }
    let grid = Area { left: look.gap, top: look.gap * 0.5, right: total - look.gap, bottom: top - look.gap };
    top += axes::line(common[0].as_ref(), look);
    let below = shared.as_ref().map_or(0.0, |entries| legend::height_below(entries, total - 2.0 * look.gap, look));
    let height = top - look.gap * 0.5 + below;
    Layout { size: [total, height], grid, places, shared: shared.map(|entries| (entries, top - look.gap)) }
}

/// The part of an area in which one unit is equally long on both axes, where that is asked for.
fn fitted(area: Area, axes: Option<&Axes>) -> Area {
    let Some(shape) = axes.and_then(Axes::shape) else { return area };
    let (width, height) = (area.width().min(area.height() / shape), area.height().min(area.width() * shape));
    Area { right: area.left + width, bottom: area.top + height, ..area }
}

/// Where a panel's legend goes, and the lower end of the panel with its labels.
fn place_legend<'a>(
    entries: Vec<LegendEntry<'a>>,
    axes: Option<&'a Axes>,
    area: Area,
    [written, inside]: [bool; 2],
    look: &Look,
) -> (Legend<'a>, f64) {
    let Some(axes) = axes else { return (Legend::Nowhere, area.bottom) };
    let below = if written { axes::room_below(&axes.x, area.width(), look) } else { 0.0 };
    let end = area.bottom + below;
    if entries.is_empty() {
        return (Legend::Nowhere, end);
    }
    if let Some(place) = free_place(&entries, axes, area, look).filter(|_| inside) {
        return (Legend::Inside(entries, place), end);
    }
    let height = legend::height_below(&entries, area.width(), look);
    (Legend::Below(entries, end), end + height)
}

/// Heights of the plotting areas: asked for, or fitting the kind and the number of columns.
fn heights(chart: &Chart, bodies: &[Body], columns: usize, full: f64, look: &Look) -> Vec<f64> {
    let height = |at: usize| match (&bodies[at], chart.panels[at].height) {
        (Body::Table(grid), _) => grid.height(look),
        (_, Some(height)) => height,
        (Body::Axes(axes), None) if axes.equal => {
            let shape = axes.shape().unwrap_or(1.0);
            (0.86 * full / columns as f64 * shape).min(LONE.max(look.height))
        }
        (Body::Axes(axes), None) if columns == 1 && axes.bar().is_some() => LONE,
        _ => look.height.min(0.8 * full / columns as f64),
    };
    (0..bodies.len()).map(height).collect()
}

/// Whether the x and y labels of a panel are written: not where the neighbour below or to the left has the same.
fn written(bodies: &[Body], heights: &[f64], columns: usize, at: usize) -> [bool; 2] {
    let Some(own) = axes(&bodies[at]).filter(|axes| !axes.bare) else { return [false; 2] };
    let below = bodies.get(at + columns).and_then(axes).filter(|axes| !axes.bare);
    let left = if at.is_multiple_of(columns) {
        None
    } else {
        axes(&bodies[at - 1]).filter(|axes| !axes.bare && heights[at - 1] == heights[at])
    };
    [below.is_none_or(|other| other.x != own.x), left.is_none_or(|other| other.y != own.y)]
}

/// The colour bar to draw beside a panel: not where the next panel of the row draws the same, or a row above did.
fn bar(bodies: &[Body], columns: usize, at: usize) -> Option<&Bar> {
    let own = axes(&bodies[at])?.bar()?;
    let last = (at + 1).is_multiple_of(columns) || at + 1 == bodies.len();
    let next = if last { None } else { axes(&bodies[at + 1]).and_then(Axes::bar) };
    let above = &bodies[..at - at % columns];
    let drawn = above.iter().any(|other| axes(other).and_then(Axes::bar) == Some(own));
    (next != Some(own) && !drawn).then_some(own)
}

/// The legend that serves all panels, where at least two have one: the longest, if all others are parts of it.
fn shared_legend<'a>(entries: &[Vec<LegendEntry<'a>>]) -> Option<Vec<LegendEntry<'a>>> {
    let legends: Vec<&Vec<LegendEntry>> = entries.iter().filter(|entries| !entries.is_empty()).collect();
    let longest = legends.iter().max_by_key(|legend| legend.len())?;
    let serves = legends.len() > 1 && legends.iter().all(|legend| legend::is_part(legend, longest));
    serves.then(|| (*longest).clone())
}

/// Whether every panel has room for its own legend: else all stand below, for legends of one chart have one place.
fn all_inside(bodies: &[Body], entries: &[Vec<LegendEntry>], width: f64, heights: &[f64], look: &Look) -> bool {
    (0..bodies.len()).filter(|&at| !entries[at].is_empty()).all(|at| {
        let Some(axes) = axes(&bodies[at]) else { return true };
        let area = fitted(Area { left: 0.0, right: width, top: 0.0, bottom: heights[at] }, Some(axes));
        free_place(&entries[at], axes, area, look).is_some()
    })
}

/// Where in a plotting area a legend covers nothing.
fn free_place(entries: &[LegendEntry], axes: &Axes, area: Area, look: &Look) -> Option<Area> {
    let placer = Placer { axes, area };
    let covered: Vec<_> = axes.series.iter().flat_map(|series| placer.footprint(series)).collect();
    legend::free_place(entries, &area, &covered, look)
}

/// Whether in every column of a grid all panels have one title: it is written once, above the column.
fn shares_titles(chart: &Chart, columns: usize) -> bool {
    let title = |at: usize| chart.panels[at].title.as_ref();
    chart.panels.len() > columns
        && (0..chart.panels.len()).all(|at| title(at).is_some() && title(at) == title(at % columns))
}

/// How wide plotting areas may become: cells of heat maps stay roughly square.
fn widest(bodies: &[Body], heights: &[f64]) -> f64 {
    if bodies.iter().all(|body| axes(body).is_some_and(|axes| axes.bar().is_some())) {
        CELLS * heights.iter().copied().fold(0.0, f64::max)
    } else {
        f64::INFINITY
    }
}

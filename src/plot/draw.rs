//! From a chart and its frames to one SVG: a pure function, the same bytes every time.
//! It knows no files, no pages and no experiments.

use std::collections::BTreeMap;

use crate::frame::Frame;
use crate::plot::chart::Chart;
use crate::plot::clip;
use crate::plot::layout::{self, Legend, Place};
use crate::plot::legend;
use crate::plot::look::{Ink, Look};
use crate::plot::marks::{self, Placer};
use crate::plot::panel::{Axes, Body};
use crate::plot::pen::Pen;
use crate::plot::series::Shape;
use crate::plot::svg::{FINE, Svg};
use crate::plot::{axes, check};

/// Draws a chart. `title` names the picture, `metadata` is any text to carry along (keys, digests).
///
/// # Errors
/// Everything that is wrong with the chart or missing from the frames, one line each.
pub fn draw(
    chart: &Chart,
    frames: &BTreeMap<String, Frame>,
    look: &Look,
    title: &str,
    metadata: &str,
) -> Result<String, Vec<String>> {
    let faults = check::faults(chart);
    if !faults.is_empty() {
        return Err(faults.iter().map(|fault| format!("{}: {}", fault.place, fault.message)).collect());
    }
    let mut bodies = bodies(chart, frames, look)?;
    let common = layout::take_common_labels(chart, &mut bodies);
    let layout = layout::layout(chart, &bodies, &common, look);
    let [width, height] = layout.size.map(f64::ceil);

    let mut out = String::new();
    let size = [width, height].map(|px| (px * FINE) as u32);
    let pen = Pen::new(Svg::new(&mut out, size.into(), title, &chart.alt, metadata));
    pen.block(&clip::Frame { left: 0.0, top: 0.0, right: width, bottom: height }, Ink::Ground);
    for ((panel, body), place) in chart.panels.iter().zip(&bodies).zip(&layout.places) {
        match body {
            Body::Axes(axes) => draw_axes(&pen, axes, place, look),
            Body::Table(grid) => grid.draw(&pen, &place.area, look),
        }
        if let Some(title) = &panel.title {
            axes::title(&pen, title, &place.area, look);
        }
    }
    axes::common(&pen, &common, &layout.grid, look);
    if let Some((entries, top)) = &layout.shared {
        legend::draw_below(&pen, entries, [look.gap, width - look.gap], *top, look);
    }
    pen.finish();
    Ok(out)
}

fn bodies(chart: &Chart, frames: &BTreeMap<String, Frame>, look: &Look) -> Result<Vec<Body>, Vec<String>> {
    let (mut bodies, mut faults) = (Vec::new(), Vec::new());
    for (at, panel) in chart.panels.iter().enumerate() {
        match Body::new(panel, at + 1, frames, look) {
            Ok(body) => bodies.push(body),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(bodies) } else { Err(faults) }
}

/// One panel: grid, cells, marks, axes, legend.
fn draw_axes(pen: &Pen, axes: &Axes, place: &Place, look: &Look) {
    let area = &place.area;
    if axes.bar().is_none() {
        axes::grid(pen, axes, area, look);
    }
    draw_cells(pen, axes, place);
    axes::draw(pen, axes, area, place.written, look);
    if let Some(bar) = place.bar {
        axes::bar(pen, bar, area, look);
    }
    let placer = Placer { axes, area: *area };
    let mut taken = Vec::new();
    for series in &axes.series {
        marks::draw(pen, &placer, series, &mut taken, look);
    }
    match &place.legend {
        Legend::Nowhere => {}
        Legend::Inside(entries, frame) => legend::draw_column(pen, entries, frame, look),
        Legend::Below(entries, top) => legend::draw_below(pen, entries, [area.left, area.right], *top, look),
    }
}

/// The cells of heat maps and of the colour bar. Large maps are one picture; else each colour is one path.
fn draw_cells(pen: &Pen, axes: &Axes, place: &Place) {
    let mut blocks: Vec<(clip::Frame, u32)> = Vec::new();
    for series in &axes.series {
        let Shape::Heat(heat) = &series.shape else { continue };
        match heat.picture(&axes.x.scale, &axes.y.scale) {
            Some(picture) => pen.picture(&place.area, &picture),
            None => blocks.extend(heat.blocks(&place.area, &axes.x.scale, &axes.y.scale)),
        }
    }
    blocks.extend(place.bar.iter().flat_map(|bar| bar.blocks(&axes::bar_frame(&place.area))));
    blocks.sort_by_key(|(_, color)| *color);
    for (block, color) in &blocks {
        pen.cell(block, *color);
    }
}

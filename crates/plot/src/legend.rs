//! Legends: which entries there are, where they hide no data, and their drawing.
//! It does not know how series are placed, only which px they cover.

use crate::clip::{Area, Point};
use crate::look::{Ink, Look};
use crate::marks;
use crate::panel::Axes;
use crate::pen::{Pen, Type};
use crate::series::Series;
use crate::text;

/// Width of a sample, space after it, and space between entries of one line, in px.
const SAMPLE: f64 = 24.0;
const SPACE: f64 = 7.0;
const BETWEEN: f64 = 20.0;
/// Height of an entry in units of the type size, and the distance to the edge of the panel in px.
const LINE: f64 = 1.45;
const EDGE: f64 = 8.0;

/// One label and all series that carry it (a line and its points, say).
#[derive(Clone, Debug)]
pub struct LegendEntry<'a> {
    /// The words.
    pub label: &'a str,
    /// What they stand for.
    pub series: Vec<&'a Series>,
}

/// The entries of a panel, in order of first mention.
pub fn entries(axes: &Axes) -> Vec<LegendEntry<'_>> {
    let mut entries: Vec<LegendEntry> = Vec::new();
    for series in &axes.series {
        let Some(label) = series.label.as_deref() else { continue };
        match entries.iter_mut().find(|entry| entry.label == label) {
            Some(entry) => entry.series.push(series),
            None => entries.push(LegendEntry { label, series: vec![series] }),
        }
    }
    entries
}

/// Whether all entries of a legend are in another one, too, and look the same there.
pub fn is_part(part: &[LegendEntry], whole: &[LegendEntry]) -> bool {
    let look = |entry: &LegendEntry| -> Vec<_> {
        entry.series.iter().map(|series| (std::mem::discriminant(&series.shape), series.style)).collect()
    };
    part.iter().all(|own| whole.iter().any(|other| own.label == other.label && look(own) == look(other)))
}

fn width(entry: &LegendEntry, look: &Look) -> f64 {
    SAMPLE + SPACE + text::width(entry.label, look.small)
}

/// The corner or side of the area where a legend covers none of the `covered` places; `None` if there is no such place.
pub fn free_place(entries: &[LegendEntry], area: &Area, covered: &[Point], look: &Look) -> Option<Area> {
    let wide = entries.iter().map(|entry| width(entry, look)).fold(0.0, f64::max);
    let high = entries.len() as f64 * LINE * look.small;
    if wide > 0.62 * area.width() || high > 0.62 * area.height() {
        return None;
    }
    let [left, centre, right] = [area.left + EDGE, (area.left + area.right - wide) / 2.0, area.right - EDGE - wide];
    let [top, middle, bottom] = [area.top + EDGE, (area.top + area.bottom - high) / 2.0, area.bottom - EDGE - high];
    let places = [
        [right, top],
        [left, top],
        [right, bottom],
        [left, bottom],
        [centre, top],
        [centre, bottom],
        [right, middle],
        [left, middle],
    ];
    places.into_iter().map(|[left, top]| Area { left, top, right: left + wide, bottom: top + high }).find(|place| {
        let air =
            Area { left: place.left - 5.0, top: place.top - 3.0, right: place.right + 5.0, bottom: place.bottom + 3.0 };
        !covered.iter().any(|&[x, y]| x > air.left && x < air.right && y > air.top && y < air.bottom)
    })
}

/// Draws entries below each other from the upper left corner of a place.
pub fn draw_column(pen: &Pen, entries: &[LegendEntry], place: &Area, look: &Look) {
    for (at, entry) in entries.iter().enumerate() {
        draw_entry(pen, entry, [place.left, place.top + (at as f64 + 0.5) * LINE * look.small], look);
    }
}

/// Lines of entries that fit a width, as few as there can be and about equally long: each the entries' numbers and the
/// line's own width.
fn lines(entries: &[LegendEntry], room: f64, look: &Look) -> Vec<(Vec<usize>, f64)> {
    let few = filled(entries, room, look);
    let narrower = (1..).map(|step| filled(entries, room - f64::from(step) * LINE * look.small, look));
    let same = |lines: &Vec<(Vec<usize>, f64)>| lines.len() == few.len() && lines.len() > 1;
    narrower.take(1000).take_while(same).last().unwrap_or(few)
}

/// The same, each line as full as can be.
fn filled(entries: &[LegendEntry], room: f64, look: &Look) -> Vec<(Vec<usize>, f64)> {
    let mut lines: Vec<(Vec<usize>, f64)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let wide = width(entry, look);
        match lines.last_mut() {
            Some((line, length)) if *length + BETWEEN + wide <= room => {
                line.push(at);
                *length += BETWEEN + wide;
            }
            _ => lines.push((vec![at], wide)),
        }
    }
    lines
}

/// Height of a legend set in lines below something of the given width.
pub fn height_below(entries: &[LegendEntry], room: f64, look: &Look) -> f64 {
    if entries.is_empty() { 0.0 } else { lines(entries, room, look).len() as f64 * LINE * look.small + EDGE }
}

/// Draws entries in centred lines, from `top` down, between `left` and `right`.
pub fn draw_below(pen: &Pen, entries: &[LegendEntry], [left, right]: [f64; 2], top: f64, look: &Look) {
    for (row, (line, length)) in lines(entries, right - left, look).into_iter().enumerate() {
        let y = top + EDGE + (row as f64 + 0.5) * LINE * look.small;
        let mut x = left + ((right - left - length) / 2.0).max(0.0);
        for at in line {
            draw_entry(pen, &entries[at], [x, y], look);
            x += width(&entries[at], look) + BETWEEN;
        }
    }
}

fn draw_entry(pen: &Pen, entry: &LegendEntry, [x, y]: Point, look: &Look) {
    for series in &entry.series {
        marks::sample(pen, series, [x + SAMPLE / 2.0, y], SAMPLE, look);
    }
    pen.words(entry.label, [x + SAMPLE + SPACE, y], Type::new(Ink::Ink, look.small));
}

//! Marks: each shape of a series, placed on its axes and cut at their edges.
//! It does not know what else stands in the picture.

use std::collections::BTreeSet;

use crate::chart::{Dash, Direction, Marker};
use crate::clip::{self, Area, Point};
use crate::look::{Ink, Look};
use crate::panel::Axes;
use crate::pen::{Pen, Stroke};
use crate::series::{Series, Shape, Style};
use crate::text;
use crate::words;

/// Above so many points of a series, those within half a px of each other are one.
const DENSE: usize = 1000;
/// Length of an arrow's head in px.
const HEAD: f64 = 7.0;

/// Turns numbers into px.
pub struct Placer<'a> {
    /// The axes.
    pub axes: &'a Axes,
    /// The plotting area.
    pub area: Area,
}

impl Placer<'_> {
    /// Where a point stands.
    pub fn at(&self, [x, y]: Point) -> Point {
        let (x, y) = (self.axes.x.scale.place(x), self.axes.y.scale.place(y));
        [self.area.left + x * self.area.width(), self.area.bottom - y * self.area.height()]
    }

    fn all(&self, points: &[Point]) -> Vec<Point> {
        points.iter().map(|&point| self.at(point)).collect()
    }

    /// The visible bars.
    fn bars(&self, rows: &[[f64; 3]]) -> Vec<Area> {
        let clamp = |y: f64| y.clamp(self.area.top, self.area.bottom);
        let bar = |&[left, right, top]: &[f64; 3]| {
            let ([left, top], [right, foot]) = (self.at([left, top]), self.at([right, 0.0]));
            let (a, b) = (clamp(top), clamp(foot));
            let [left, right] = [left, right].map(|x| x.clamp(self.area.left, self.area.right));
            Area { left, right, top: a.min(b), bottom: a.max(b) }
        };
        rows.iter().map(bar).filter(|bar| bar.width() > 0.0 && bar.height() > 0.0).collect()
    }

    /// The upper outline of bins; bins that are equally high make one step.
    fn steps(&self, rows: &[[f64; 3]]) -> Vec<Point> {
        let steps = rows.chunk_by(|a, b| a[2] == b[2]);
        steps
            .flat_map(|step| [[step[0][0], step[0][2]], [step[step.len() - 1][1], step[0][2]]])
            .map(|point| self.at(point))
            .collect()
    }

    /// The outline of one stretch of a band.
    fn band(&self, rows: &[[f64; 3]]) -> Vec<Point> {
        let high = rows.iter().map(|&[x, _, high]| self.at([x, high])).collect();
        let low = rows.iter().rev().map(|&[x, low, _]| self.at([x, low])).collect();
        self.area.cut_area(&[clip::thinned(high), clip::thinned(low)].concat())
    }

    fn rule(&self, direction: Direction, at: f64) -> Option<[Point; 2]> {
        let [x, y] = self.at([at, at]);
        self.area.cut(match direction {
            Direction::X => [[x, self.area.top], [x, self.area.bottom]],
            Direction::Y => [[self.area.left, y], [self.area.right, y]],
        })
    }

    /// Places that a legend should not cover, about 4 px apart.
    pub fn footprint(&self, series: &Series) -> Vec<Point> {
        let along = |points: &[Point]| -> Vec<Point> {
            let pieces = points.windows(2).filter_map(|pair| self.area.cut([pair[0], pair[1]]));
            pieces.flat_map(|[a, b]| between(a, b)).collect()
        };
        match &series.shape {
            Shape::Line(parts) => parts.iter().flat_map(|points| along(&clip::thinned(self.all(points)))).collect(),
            Shape::Points(points) => self.all(points).into_iter().filter(|&point| self.area.holds(point)).collect(),
            Shape::Band(parts) => parts
                .iter()
                .flatten()
                .filter_map(|&[x, low, high]| self.area.cut([self.at([x, low]), self.at([x, high])]))
                .flat_map(|[a, b]| between(a, b))
                .collect(),
            Shape::Bars(rows) | Shape::Steps(rows) => self
                .bars(rows)
                .iter()
                .flat_map(|bar| [bar.left, bar.middle()[0], bar.right].map(|x| [[x, bar.top], [x, bar.bottom]]))
                .flat_map(|[a, b]| between(a, b))
                .collect(),
            Shape::Heat(_) => between([self.area.left, self.area.top], [self.area.right, self.area.top])
                .into_iter()
                .flat_map(|[x, y]| between([x, y], [x, self.area.bottom]))
                .collect(),
            Shape::Segments(pieces) | Shape::Arrows(pieces) => {
                pieces.iter().flat_map(|&[a, b]| along(&[self.at(a), self.at(b)])).collect()
            }
            Shape::Words(words, _) => words
                .iter()
                .flat_map(|(point, word)| {
                    let [x, y] = self.at(*point);
                    let half = text::width(word, series.style.size) / 2.0;
                    between([x - half, y], [x + half, y])
                })
                .collect(),
            Shape::Rule(direction, at) => self.rule(*direction, *at).map_or_else(Vec::new, |[a, b]| between(a, b)),
        }
    }
}

/// Places about 4 px apart from `a` to `b`.
fn between(a: Point, b: Point) -> Vec<Point> {
    let steps = ((b[0] - a[0]).abs().max((b[1] - a[1]).abs()) / 4.0).ceil().clamp(1.0, 1000.0);
    let at = |step: usize| [0, 1].map(|axis| a[axis] + (b[axis] - a[axis]) * step as f64 / steps);
    (0..=steps as usize).map(at).collect()
}

/// Draws one series; heat maps are drawn elsewhere.
pub fn draw(pen: &Pen, placer: &Placer, series: &Series, taken: &mut Vec<Area>, look: &Look) {
    let area = &placer.area;
    let style = &if placer.axes.bar().is_some() { over_cells(series.style) } else { series.style };
    let stroke = Stroke { ink: style.ink, width: style.width, dash: style.dash };
    match &series.shape {
        Shape::Line(parts) => {
            // A point with gaps on both sides joins nothing, and is marked.
            let (alone, joined): (Vec<_>, Vec<_>) = parts.iter().partition(|points| points.len() == 1);
            let line = |points: &Vec<Point>| area.cut_line(&clip::thinned(placer.all(points)));
            lines(pen, &joined.into_iter().flat_map(line).collect::<Vec<_>>(), stroke);
            points(pen, placer, &alone.into_iter().flatten().copied().collect::<Vec<_>>(), style);
        }
        Shape::Points(rows) => points(pen, placer, rows, style),
        Shape::Band(parts) => parts.iter().for_each(|rows| pen.area(&placer.band(rows), style.ink, look.band)),
        Shape::Bars(rows) => placer.bars(rows).iter().for_each(|bar| pen.block(bar, style.ink)),
        Shape::Steps(rows) => {
            let outline = placer.steps(rows);
            let foot =
                rows.last().zip(rows.first()).map(|(last, first)| [last[1], first[0]].map(|x| placer.at([x, 0.0])));
            pen.area(
                &area.cut_area(&[outline.clone(), foot.into_iter().flatten().collect()].concat()),
                style.ink,
                look.band,
            );
            lines(pen, &area.cut_line(&outline), Stroke { width: look.line * 0.75, ..stroke });
        }
        Shape::Heat(_) => {}
        Shape::Segments(pieces) => {
            let cut = pieces.iter().filter_map(|piece| area.cut(piece.map(|end| placer.at(end))));
            lines(pen, &cut.map(Vec::from).collect::<Vec<_>>(), stroke);
        }
        Shape::Arrows(pieces) => {
            let pieces: Vec<[Point; 2]> = pieces.iter().map(|piece| piece.map(|end| placer.at(end))).collect();
            arrows(pen, area, &pieces, stroke);
        }
        Shape::Words(rows, centred) => {
            let placed: Vec<(Point, &str)> = rows.iter().map(|(at, word)| (placer.at(*at), word.as_str())).collect();
            words::write(pen, area, &placed, *centred, style, taken);
        }
        Shape::Rule(direction, at) => {
            if let Some(ends) = placer.rule(*direction, *at) {
                lines(pen, &[ends.to_vec()], stroke);
            }
        }
    }
}

fn points(pen: &Pen, placer: &Placer, rows: &[Point], style: &Style) {
    let mut inside: Vec<Point> = placer.all(rows);
    inside.retain(|&point| placer.area.holds(point));
    if inside.len() > DENSE {
        let mut seen = BTreeSet::new();
        inside.retain_mut(|[x, y]| {
            let half = [*x, *y].map(|px| (px * 2.0).round() as i32);
            [*x, *y] = half.map(|half| f64::from(half) / 2.0);
            seen.insert(half)
        });
    }
    if placer.axes.bar().is_some() {
        for &at in &inside {
            pen.marker(at, Marker::Disk, style.size * 1.2 + 1.0, Ink::Rim);
        }
    }
    for &at in &inside {
        pen.marker(at, style.marker, style.size, style.ink);
    }
}

/// Cells do not change with the ground, so the ink of text and rules must not either.
fn over_cells(style: Style) -> Style {
    Style { ink: if matches!(style.ink, Ink::Ink | Ink::Muted) { Ink::Over } else { style.ink }, ..style }
}

/// Lines, with a light rim below those that cross cells.
fn lines(pen: &Pen, parts: &[Vec<Point>], stroke: Stroke) {
    if stroke.ink == Ink::Over {
        let rim = Stroke { ink: Ink::Rim, width: stroke.width + 1.6, dash: Dash::Solid };
        for part in parts {
            pen.line(part, rim);
        }
    }
    for part in parts {
        pen.line(part, stroke);
    }
}

/// All shafts, then all heads: equal elements that follow each other become one.
fn arrows(pen: &Pen, area: &Area, pieces: &[[Point; 2]], stroke: Stroke) {
    let mut heads = Vec::new();
    for &[from, to] in pieces {
        let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
        let length = (dx * dx + dy * dy).sqrt();
        let Some([start, mut end]) = area.cut([from, to]) else { continue };
        if length > 1.0 && area.holds(to) {
            let head = (HEAD * stroke.width.sqrt()).min(length * 0.6);
            let [ux, uy] = [dx / length * head, dy / length * head];
            end = [to[0] - ux, to[1] - uy];
            heads.push([to, [end[0] - uy * 0.4, end[1] + ux * 0.4], [end[0] + uy * 0.4, end[1] - ux * 0.4]]);
        }
        pen.line(&[start, end], stroke);
    }
    for head in &heads {
        pen.area(head, stroke.ink, 1.0);
    }
}

/// Draws what a legend shows for a series, in a box of the given width around `middle`.
pub fn sample(pen: &Pen, series: &Series, [x, y]: Point, width: f64, look: &Look) {
    let style = &series.style;
    let half = width / 2.0;
    let block = Area { left: x - half, right: x + half, top: y - 4.0, bottom: y + 4.0 };
    let corners =
        [[block.left, block.top], [block.right, block.top], [block.right, block.bottom], [block.left, block.bottom]];
    let stroke = Stroke { ink: style.ink, width: style.width, dash: style.dash };
    match &series.shape {
        Shape::Points(_) => pen.marker([x, y], style.marker, style.size.clamp(2.5, 5.0), style.ink),
        Shape::Steps(_) => {
            pen.area(&corners, style.ink, look.band);
            pen.line(&[corners[0], corners[1]], stroke);
        }
        Shape::Band(_) => pen.area(&corners, style.ink, look.band),
        Shape::Bars(_) => pen.block(&Area { left: x - 5.0, right: x + 5.0, top: y - 5.0, bottom: y + 5.0 }, style.ink),
        Shape::Arrows(_) => {
            let all = Area { left: x - half, right: x + half, top: y - half, bottom: y + half };
            arrows(pen, &all, &[[[x - half, y], [x + half, y]]], Stroke { dash: Dash::Solid, ..stroke });
        }
        Shape::Line(parts) if parts.iter().all(|points| points.len() == 1) => {
            pen.marker([x, y], Marker::Disk, style.size, style.ink);
        }
        Shape::Line(_) | Shape::Segments(_) | Shape::Rule(..) => pen.line(&[[x - half, y], [x + half, y]], stroke),
        Shape::Heat(_) | Shape::Words(..) => {}
    }
}

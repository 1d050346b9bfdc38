//! Axes: grid, ticks, tick labels, axis labels, panel titles and colour bars, and how much room they need.
//! It does not know what is drawn between them.

use plotters::style::text_anchor::{HPos, VPos};

use crate::chart::Dash;
use crate::clip::Area;
use crate::heatmap::{self, Bar};
use crate::look::{Ink, Look};
use crate::panel::{Axes, Ruler, Setting};
use crate::pen::{Pen, Stroke, Type};
use crate::scale::Tick;
use crate::text;

/// Length of a tick and space after it, in px.
const TICK: f64 = 4.0;
const SPACE: f64 = 4.0;
/// Height of a line of a wrapped label in units of the type size.
const WRAP: f64 = 1.2;

/// How much wider heavy type is.
const HEAVY: f64 = 1.06;

/// Widest of some labels in px.
fn widest(ticks: &[Tick], size: f64) -> f64 {
    ticks.iter().map(|tick| text::width(&tick.label, size)).fold(0.0, f64::max)
}

/// Room for one line of an axis label.
pub fn line(label: Option<&String>, look: &Look) -> f64 {
    if label.is_some() { look.label * 1.5 } else { 0.0 }
}

/// Smaller type where words are longer than their room, down to legible.
fn fitted(style: Type, words: &str, room: f64) -> Type {
    let wide = text::width(words, style.size);
    Type { size: style.size * (room / wide).clamp(0.7, 1.0), ..style }
}

/// Room left of a plotting area of the given height.
pub fn room_left(ruler: &Ruler, height: f64, look: &Look) -> f64 {
    widest(&ruler.ticks_up(height), look.small) + TICK + SPACE + line(ruler.label.as_ref(), look)
}

/// Room below a plotting area of the given width.
pub fn room_below(ruler: &Ruler, width: f64, look: &Look) -> f64 {
    let (ticks, setting) = ruler.ticks_across(width, look.small);
    let words = match setting {
        Setting::Level => look.small,
        Setting::Wrapped => {
            ticks.iter().map(|tick| tick.label.split(' ').count()).max().unwrap_or(1) as f64 * WRAP * look.small
        }
        Setting::Turned => widest(&ticks, look.small),
    };
    TICK + SPACE + words + line(ruler.label.as_ref(), look)
}

/// Room right of a plotting area: half of the last tick label, or a colour bar.
pub fn room_right(axes: &Axes, bar: Option<&Bar>, height: f64, width: f64, look: &Look) -> f64 {
    if let Some(bar) = bar {
        let words = widest(&bar.ticks(most(height)), look.small);
        return heatmap::BAR * 2.0 + TICK + SPACE + words + line(bar.label.as_ref(), look);
    }
    if axes.bare {
        return 0.0;
    }
    let (ticks, setting) = axes.x.ticks_across(width, look.small);
    let over = |tick: &Tick| {
        let wide = if setting == Setting::Level { text::width(&tick.label, look.small) } else { look.small };
        wide / 2.0 - (1.0 - axes.x.scale.place(tick.value)) * width
    };
    ticks.iter().filter(|tick| !tick.label.is_empty()).map(over).fold(0.0, f64::max)
}

/// How many ticks fit beside a colour bar.
fn most(height: f64) -> usize {
    ((height / 38.0) as usize).clamp(2, 7)
}

/// Light lines behind the data.
pub fn grid(pen: &Pen, axes: &Axes, area: &Area, look: &Look) {
    let hair = Stroke { ink: Ink::Grid, width: look.hair, dash: Dash::Solid };
    let labelled = |tick: &Tick| !tick.label.is_empty();
    if !axes.x.worded {
        for tick in axes.x.ticks_across(area.width(), look.small).0.into_iter().filter(labelled) {
            let x = area.left + axes.x.scale.place(tick.value) * area.width();
            pen.line(&[[x, area.top], [x, area.bottom]], hair);
        }
    }
    if !axes.y.worded {
        for tick in axes.y.ticks_up(area.height()).into_iter().filter(labelled) {
            let y = area.bottom - axes.y.scale.place(tick.value) * area.height();
            pen.line(&[[area.left, y], [area.right, y]], hair);
        }
    }
}

/// The two lines, their ticks, and, where asked for, what is written along them.
pub fn draw(pen: &Pen, axes: &Axes, area: &Area, [write_x, write_y]: [bool; 2], look: &Look) {
    let hair = Stroke { ink: Ink::Muted, width: look.hair, dash: Dash::Solid };
    pen.line(&[[area.left, area.top], [area.left, area.bottom], [area.right, area.bottom]], hair);
    let (across, setting) = axes.x.ticks_across(area.width(), look.small);
    let up = axes.y.ticks_up(area.height());
    let x = |tick: &Tick| area.left + axes.x.scale.place(tick.value) * area.width();
    let y = |tick: &Tick| area.bottom - axes.y.scale.place(tick.value) * area.height();
    let length = |tick: &Tick| if tick.label.is_empty() { TICK * 0.6 } else { TICK };
    for tick in across.iter().filter(|_| !axes.x.worded) {
        pen.line(&[[x(tick), area.bottom], [x(tick), area.bottom + length(tick)]], hair);
    }
    for tick in up.iter().filter(|_| !axes.y.worded) {
        pen.line(&[[area.left - length(tick), y(tick)], [area.left, y(tick)]], hair);
    }
    let small = Type::new(Ink::Muted, look.small);
    let label = Type::new(Ink::Ink, look.label);
    if write_x {
        for tick in across.iter().filter(|tick| !tick.label.is_empty()) {
            let (at, level) = ([x(tick), area.bottom + TICK + SPACE], small.hung(HPos::Center, VPos::Top));
            match setting {
                Setting::Level => pen.words(&tick.label, at, level),
                Setting::Wrapped => tick.label.split(' ').enumerate().for_each(|(row, word)| {
                    pen.words(word, [at[0], at[1] + row as f64 * WRAP * look.small], level);
                }),
                Setting::Turned => {
                    let style = Type { turned: true, ..small.hung(HPos::Right, VPos::Center) };
                    pen.words(&tick.label, at, style);
                }
            }
        }
        if let Some(words) = &axes.x.label {
            let y = area.bottom + room_below(&axes.x, area.width(), look) - look.label * 0.25;
            pen.words(
                words,
                [area.middle()[0], y],
                fitted(label, words, area.width()).hung(HPos::Center, VPos::Bottom),
            );
        }
    }
    if write_y {
        for tick in up.iter().filter(|tick| !tick.label.is_empty()) {
            pen.words(&tick.label, [area.left - TICK - SPACE, y(tick)], small.hung(HPos::Right, VPos::Center));
        }
        if let Some(words) = &axes.y.label {
            let x = area.left - room_left(&axes.y, area.height(), look) + look.label * 0.25;
            let style = Type { turned: true, ..fitted(label, words, area.height()).hung(HPos::Center, VPos::Top) };
            pen.words(words, [x, area.middle()[1]], style);
        }
    }
}

/// The labels that all panels share, along the left and the lower edge of the grid of panels.
pub fn common(pen: &Pen, [x, y]: &[Option<String>; 2], grid: &Area, look: &Look) {
    let label = Type::new(Ink::Ink, look.label);
    if let Some(words) = x {
        let at = [grid.middle()[0] + line(y.as_ref(), look) / 2.0, grid.bottom + look.label * 1.25];
        pen.words(words, at, label.hung(HPos::Center, VPos::Bottom));
    }
    if let Some(words) = y {
        let style = Type { turned: true, ..label.hung(HPos::Center, VPos::Top) };
        pen.words(words, [grid.left, grid.middle()[1]], style);
    }
}

/// The lines of a panel's title.
fn title_lines(words: &str, width: f64, look: &Look) -> Vec<String> {
    text::lines(words, look.label * HEAVY, width)
}

/// Room above a plotting area.
pub fn room_above(title: Option<&String>, width: f64, look: &Look) -> f64 {
    let lines = title.map_or(0, |words| title_lines(words, width, look).len());
    if lines == 0 { look.small * 0.5 } else { look.label * (lines as f64 * WRAP + 0.5) }
}

/// The title above a panel.
pub fn title(pen: &Pen, words: &str, area: &Area, look: &Look) {
    let style = Type { bold: true, ..Type::new(Ink::Ink, look.label) }.hung(HPos::Left, VPos::Bottom);
    for (row, line) in title_lines(words, area.width(), look).iter().rev().enumerate() {
        pen.words(line, [area.left, area.top - look.label * (0.6 + row as f64 * WRAP)], style);
    }
}

/// The frame around a plotting area, if it has one.
pub fn border(pen: &Pen, border: Option<&str>, area: &Area) {
    match border {
        Some("blue") => pen.outline(area, Ink::Blue, 3.0),
        Some("dashed") => {
            let Area { left, top, right, bottom } = *area;
            let around = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]];
            pen.line(&around, Stroke { ink: Ink::Ink, width: 1.6, dash: Dash::Dashed });
        }
        _ => {}
    }
}

/// Where the colour bar of an area stands.
pub fn bar_frame(area: &Area) -> Area {
    let left = area.right + heatmap::BAR;
    Area { left, right: left + heatmap::BAR, ..*area }
}

/// Ticks and label of a colour bar (its colours are drawn with the cells).
pub fn bar(pen: &Pen, bar: &Bar, area: &Area, look: &Look) {
    let hair = Stroke { ink: Ink::Muted, width: look.hair, dash: Dash::Solid };
    let frame = bar_frame(area);
    let ticks = bar.ticks(most(area.height()));
    let scale = bar.scale();
    for tick in &ticks {
        let y = frame.bottom - scale.place(tick.value) * frame.height();
        pen.line(&[[frame.right, y], [frame.right + TICK, y]], hair);
        pen.words(&tick.label, [frame.right + TICK + SPACE, y], Type::new(Ink::Muted, look.small));
    }
    if let Some(words) = &bar.label {
        let x = frame.right + TICK + SPACE + widest(&ticks, look.small) + look.label * 0.5;
        let style = fitted(Type::new(Ink::Ink, look.label), words, frame.height());
        let style = Type { turned: true, ..style.hung(HPos::Center, VPos::Top) };
        pen.words(words, [x, frame.middle()[1]], style);
    }
}

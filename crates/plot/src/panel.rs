//! A panel as it will be drawn: its series on two rulers, or its table.
//! It knows no pixels yet.

use crate::bound::{BoundPanel, Data};
use crate::chart::{Axis, Panel, Spacing};
use crate::fault::{ChartFault, Place, of_row};
use crate::heatmap::Bar;
use crate::look::Look;
use crate::position::Position;
use crate::scale::{Scale, Tick};
use crate::series::{self, Series, Shape, Shared};
use crate::table::TextTable;
use crate::text;
use condense_base::frame::calendar;

/// Share of the room between bars that the bars fill.
const FULL: f64 = 0.8;

/// Least space between two tick labels in units of the type size.
const AIR: f64 = 0.9;

/// What a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Series on axes.
    Axes(Axes),
    /// A table.
    Table(TextTable),
}

/// Two rulers and what is drawn between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// The horizontal ruler.
    pub x: Ruler,
    /// The vertical ruler.
    pub y: Ruler,
    /// Bottom first.
    pub series: Vec<Series>,
    /// Whether neither is drawn: a sketch.
    pub bare: bool,
    /// Whether one unit is equally long on both.
    pub equal: bool,
}

/// An axis with its numbers. Panels with equal rulers share their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruler {
    /// Where numbers stand.
    pub scale: Scale,
    /// What they are.
    pub label: Option<String>,
    /// Ticks that do not depend on the room there is.
    pub fixed: Option<Vec<Tick>>,
    /// Whether it carries words; then it has no grid lines.
    pub worded: bool,
}

impl Axes {
    /// How high the plotting area is for its width, where that is given by the numbers.
    pub fn shape(&self) -> Option<f64> {
        self.equal.then(|| self.y.scale.length() / self.x.scale.length())
    }

    /// The colour bar of its heat map.
    pub fn bar(&self) -> Option<&Bar> {
        self.series.iter().find_map(|series| match &series.shape {
            Shape::Heat(heat) => Some(&heat.bar),
            _ => None,
        })
    }
}

impl Body {
    /// Puts what a panel draws on its axes.
    ///
    /// # Errors
    /// Numbers that cannot stand there, each with its place in the written chart.
    pub fn new(panel: &Panel, bound: &BoundPanel, look: &Look) -> Result<Self, Vec<ChartFault>> {
        if let [layer] = bound.layers.as_slice()
            && let Data::Table(fields) = &layer.data
        {
            return Ok(Self::Table(TextTable::new(fields, &layer.rows)));
        }
        let fault = |layer, key, message: &str| {
            ChartFault::new(Place { panel: Some(bound.origin), layer, key }, of_row(bound.row.as_ref(), message))
        };
        let spacing = bound.spacing;
        let (mut shared, mut all, mut faults) = (Shared::default(), Vec::new(), Vec::new());
        for (at, (layer, own)) in panel.layers.iter().zip(&bound.layers).enumerate() {
            let found = series::series(layer, own, spacing, &mut shared, look)
                .and_then(|found| found.iter().try_for_each(|series| fits(&series.shape, spacing)).map(|()| found));
            match found {
                Ok(found) => all.extend(found),
                Err(message) => faults.push(fault(Some(at), None, &message)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        stand_side_by_side(&mut all, if spacing[0] == Spacing::Time { calendar::DAY } else { 1.0 });
        let extents: Vec<[Vec<f64>; 2]> = all.iter().map(|series| series.shape.extent(spacing[1])).collect();
        let numbers =
            |axis: usize| extents.iter().flat_map(|extent| extent[axis].iter().copied()).collect::<Vec<f64>>();
        let tight = all.iter().any(|series| matches!(series.shape, Shape::Heat(_)));
        let x = Ruler::new(&panel.x, spacing[0], &numbers(0), &shared.across, tight, false);
        let standing = all.iter().any(|series| matches!(series.shape, Shape::Bars(_) | Shape::Steps(_)));
        let y = Ruler::new(&panel.y, spacing[1], &numbers(1), &shared.up, tight, standing);
        match (x, y) {
            (Ok(x), Ok(y)) => {
                let bare = panel.axes == Some(false);
                Ok(Self::Axes(Axes { x, y, series: all, bare, equal: panel.equal.unwrap_or(bare) }))
            }
            (x, y) => Err([("x", x.err()), ("y", y.err())]
                .into_iter()
                .filter_map(|(axis, message)| Some(fault(None, Some(axis), &format!("axis `{axis}`: {}", message?))))
                .collect()),
        }
    }
}

/// Whether a shape can stand on the two axes.
fn fits(shape: &Shape, spacing: [Spacing; 2]) -> Result<(), String> {
    let extent = shape.extent(spacing[1]);
    for ((axis, spacing), numbers) in ["x", "y"].into_iter().zip(spacing).zip(&extent) {
        if let Some(bad) = numbers.iter().find(|number| !number.is_finite()) {
            return Err(format!("{axis} = {bad} cannot be drawn"));
        }
        let bad: Vec<f64> = numbers.iter().copied().filter(|&number| number <= 0.0).collect();
        if spacing == Spacing::Log && !bad.is_empty() {
            let first = text::significant(bad[0], 4);
            return Err(format!(
                "{} of {} {axis} values are not above 0 ({first}): the axis is logarithmic",
                bad.len(),
                numbers.len()
            ));
        }
    }
    Ok(())
}

/// Bars of several series at one place share its room; where there is one place alone, it is `alone` wide.
fn stand_side_by_side(all: &mut [Series], alone: f64) {
    let mut rows: Vec<&mut Vec<[f64; 3]>> = all
        .iter_mut()
        .filter_map(|series| match &mut series.shape {
            Shape::Bars(rows) => Some(rows),
            _ => None,
        })
        .collect();
    let mut places: Vec<f64> = rows.iter().flat_map(|rows| rows.iter().map(|row| row[0])).collect();
    places.sort_by(f64::total_cmp);
    let least = places.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.0).fold(f64::INFINITY, f64::min);
    let room = FULL * if least.is_finite() { least } else { alone };
    let count = rows.len() as f64;
    for (at, rows) in rows.iter_mut().enumerate() {
        for [left, right, _] in rows.iter_mut() {
            let from = *left - room / 2.0 + room * at as f64 / count;
            (*left, *right) = (from, from + room / count);
        }
    }
}

impl Ruler {
    fn new(
        axis: &Axis,
        spacing: Spacing,
        numbers: &[f64],
        words: &[String],
        tight: bool,
        standing: bool,
    ) -> Result<Self, String> {
        let label = axis.label.clone();
        if !words.is_empty() {
            let ticks = words.iter().enumerate().map(|(at, word)| Tick { value: at as f64, label: word.clone() });
            let low = numbers.iter().copied().fold(-0.5, f64::min);
            let high = numbers.iter().copied().fold(words.len() as f64 - 0.5, f64::max);
            return Ok(Self { scale: Scale::exactly(low, high), label, fixed: Some(ticks.collect()), worded: true });
        }
        let [mut min, mut max] = [axis.min, axis.max].map(|end| end.map(Position::value));
        if standing && spacing == Spacing::Linear {
            min = min.or(numbers.iter().all(|&number| number >= 0.0).then_some(0.0));
            max = max.or((min != Some(0.0) && numbers.iter().all(|&number| number <= 0.0)).then_some(0.0));
        }
        let scale = Scale::around(spacing, numbers, [min, max], tight)?;
        let tick = |value: f64| Tick { value, label: scale.words(value) };
        let values = axis.ticks.as_ref().map(|ticks| ticks.iter().map(|tick| tick.value()));
        let fixed = values.map(|values| values.filter(|value| scale.shows(*value)).map(tick).collect());
        Ok(Self { scale, label, fixed, worded: false })
    }

    /// Ticks for an upright ruler of so many px.
    pub fn ticks_up(&self, length: f64) -> Vec<Tick> {
        self.fixed.clone().unwrap_or_else(|| self.scale.ticks(((length / 38.0) as usize).clamp(2, 7)))
    }

    /// Ticks for a level ruler of so many px, and how their labels must be set to fit.
    pub fn ticks_across(&self, length: f64, size: f64) -> (Vec<Tick>, Setting) {
        let roomy = |ticks: &[Tick], wide: fn(&str, f64) -> f64| {
            let end = |tick: &Tick| {
                let (middle, half) = (self.scale.place(tick.value) * length, wide(&tick.label, size) / 2.0);
                [middle - half, middle + half]
            };
            let ends: Vec<[f64; 2]> = ticks.iter().filter(|tick| !tick.label.is_empty()).map(end).collect();
            ends.windows(2).all(|pair| pair[0][1] + AIR * size <= pair[1][0])
        };
        if let Some(fixed) = &self.fixed {
            let setting = if roomy(fixed, text::width) {
                Setting::Level
            } else if self.worded && roomy(fixed, widest_word) {
                Setting::Wrapped
            } else {
                Setting::Turned
            };
            return (fixed.clone(), setting);
        }
        let most = ((length / 32.0) as usize).clamp(2, 9);
        let ticks = (2..=most).rev().map(|most| self.scale.ticks(most)).find(|ticks| roomy(ticks, text::width));
        (ticks.unwrap_or_else(|| self.scale.ticks(2)), Setting::Level)
    }
}

/// How labels below an axis are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Each on one line.
    Level,
    /// Each word on its own line.
    Wrapped,
    /// Reading upwards.
    Turned,
}

fn widest_word(label: &str, size: f64) -> f64 {
    label.split(' ').map(|word| text::width(word, size)).fold(0.0, f64::max)
}

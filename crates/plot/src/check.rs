//! What is wrong with a chart whatever the numbers, all at once: misplaced keys, values that contradict each other.
//! It knows no tables: names are looked up by `bind`.

use std::collections::BTreeSet;

use crate::chart::{At, Axis, BORDERS, Chart, Color, Kind, Layer, Panel, Spacing};
use crate::facet;
use crate::fault::{ChartFault, Place};
use crate::position::Position;

/// All faults of a chart, as its author wrote it, that can be seen without numbers.
pub fn faults(chart: &Chart) -> Vec<ChartFault> {
    let mut faults = undrawable(chart);
    for (at, panel) in chart.panels.iter().enumerate() {
        let place = Place { panel: Some(at), ..Place::default() };
        facet::faults(panel, |layer, key, message| {
            faults.push(ChartFault::new(Place { layer, key: Some(key), ..place.clone() }, message));
        });
    }
    faults
}

/// The same without what braces may hold: once they are filled in, those that are left are words of a table.
pub fn undrawable(chart: &Chart) -> Vec<ChartFault> {
    let mut faults = Vec::new();
    let mut say = |place: Place, message: String| faults.push(ChartFault::new(place, message));
    if chart.alt.trim().is_empty() {
        say(Place { key: Some("alt"), ..Place::default() }, "`alt` is empty: say what the picture shows".into());
    }
    if chart.columns == Some(0) {
        say(Place { key: Some("columns"), ..Place::default() }, "`columns` must be at least 1".into());
    }
    if let Some(fault) = scrub(chart) {
        say(Place { key: Some("scrub"), ..Place::default() }, fault);
    }
    if chart.panels.is_empty() {
        say(Place::default(), "a chart needs at least one `[[panel]]`".into());
    }
    for (at, panel) in chart.panels.iter().enumerate() {
        let place = Place { panel: Some(at), ..Place::default() };
        of_panel(panel, &mut |key, message| say(Place { key, ..place.clone() }, message));
        if let Some(anchor) = panel.anchor.as_ref().filter(|_| panel.each.is_none()) {
            let before = chart.panels[..at].iter().filter(|other| other.each.is_none());
            if let Some(fault) = anchor_fault(anchor, before.filter_map(|other| other.anchor.as_ref())) {
                say(Place { key: Some("anchor"), ..place.clone() }, fault);
            }
        }
        for (at, layer) in panel.layers.iter().enumerate() {
            let place = Place { layer: Some(at), ..place.clone() };
            of_layer(layer, panel, &mut |key, message| say(Place { key, ..place.clone() }, message));
        }
    }
    faults
}

/// More steps than the style sheet has rules for.
const MOST_STEPS: usize = 12;

/// What keeps a chart from being shown panel by panel, if it asks for that.
fn scrub(chart: &Chart) -> Option<String> {
    let legend = chart.scrub.as_ref()?;
    if legend.trim().is_empty() {
        return Some("`scrub` is empty: say what the panels are steps of".into());
    }
    // How many panels an `each` stands for is known once there are rows.
    let open = chart.panels.iter().any(|panel| panel.each.is_some());
    let steps = chart.steps().len();
    if !open && !(2..=MOST_STEPS).contains(&steps) {
        return Some(format!("`scrub` is for 2 to {MOST_STEPS} steps, panels of one title each, not {steps}"));
    }
    if chart.panels.iter().any(|panel| panel.anchor.is_some()) {
        return Some("`scrub` shows one step at a time: no panel can have an `anchor`".into());
    }
    let untitled = chart.panels.iter().any(|panel| panel.title.as_ref().is_none_or(|title| title.trim().is_empty()));
    untitled.then(|| "`scrub` needs a `title` on every panel: it is what a reader chooses".into())
}

/// What is wrong with the anchor of a panel.
fn anchor_fault<'a>(anchor: &str, mut before: impl Iterator<Item = &'a String>) -> Option<String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    if anchor.is_empty() || !anchor.chars().all(legal) {
        return Some(format!("`anchor` is `{anchor}`: lower-case letters, digits, `-`, `.` and `_`"));
    }
    before.any(|other| other == anchor).then(|| format!("two panels have the `anchor` `{anchor}`"))
}

/// The frames that a chart draws.
pub fn frames(chart: &Chart) -> BTreeSet<&str> {
    let layers = chart.panels.iter().flat_map(|panel| &panel.layers);
    let each = chart.panels.iter().filter_map(|panel| panel.each.as_deref());
    layers.filter_map(|layer| layer.frame.as_deref()).chain(each).collect()
}

type Say<'a> = &'a mut dyn FnMut(Option<&'static str>, String);

fn of_panel(panel: &Panel, say: Say) {
    if panel.layers.is_empty() {
        say(None, "a panel needs at least one `[[panel.layer]]`".into());
    }
    if panel.layers.len() > 1 && panel.layers.iter().any(|layer| layer.kind == Kind::Table) {
        say(None, "a `table` is the only layer of its panel".into());
    }
    if let Some(height) = panel.height
        && !(40.0..=2000.0).contains(&height)
    {
        say(Some("height"), format!("`height` is {height} px: between 40 and 2000"));
    }
    let strange = |border: &&String| panel.each.is_none() && !BORDERS.contains(&border.as_str());
    if let Some(border) = panel.border.as_ref().filter(strange) {
        say(Some("border"), format!("`border` is `{border}`, not one of {}", BORDERS.join(", ")));
    }
    let uneven = [&panel.x, &panel.y].iter().any(|axis| matches!(axis.scale, Spacing::Log | Spacing::Time));
    if panel.equal.unwrap_or(panel.axes == Some(false)) && uneven {
        let key = if panel.equal.is_some() { "equal" } else { "axes" };
        say(Some(key), "one unit is equally long on both axes: neither can be logarithmic, or one of dates".into());
    }
    if panel.axes == Some(false) && (panel.x.label.is_some() || panel.y.label.is_some()) {
        say(Some("axes"), "axes that are not drawn have no `label`".into());
    }
    of_axis(&panel.x, ["x", "x.min", "x.ticks"], say);
    of_axis(&panel.y, ["y", "y.min", "y.ticks"], say);
}

fn of_axis(axis: &Axis, [name, min, ticks]: [&'static str; 3], say: Say) {
    let fixed: Vec<Position> = axis.ticks.iter().flatten().copied().chain(axis.min).chain(axis.max).collect();
    if fixed.iter().any(|at| !at.value().is_finite()) {
        say(Some(name), format!("axis `{name}`: `min`, `max` and `ticks` must be finite"));
    }
    if axis.scale == Spacing::Log && fixed.iter().any(|at| at.is_time() || at.value() <= 0.0) {
        say(Some(name), format!("axis `{name}` is logarithmic: `min`, `max` and `ticks` must be above 0"));
    }
    if let (Some(low), Some(high)) = (axis.min, axis.max)
        && low.value() >= high.value()
    {
        say(Some(min), format!("axis `{name}`: `min` = {low} is not below `max` = {high}"));
    }
    if axis.ticks.as_ref().is_some_and(|ticks| ticks.len() > 100) {
        say(Some(ticks), format!("axis `{name}` has more than 100 `ticks`"));
    }
}

fn of_layer(layer: &Layer, panel: &Panel, say: Say) {
    let kind = layer.kind.name();
    let (needed, allowed) = layer.kind.keys();
    let given = layer.given();
    for key in needed.iter().filter(|key| !given.contains(key)) {
        say(Some(key), format!("a `{kind}` layer needs `{key}`"));
    }
    for key in given.iter().filter(|key| !needed.contains(key) && !allowed.contains(key)) {
        let keys: Vec<&str> = needed.iter().chain(allowed).copied().collect();
        say(Some(key), format!("`{key}` is not a key of a `{kind}` layer; its keys: {}", keys.join(", ")));
    }
    for (key, number) in [("width", layer.width), ("size", layer.size)] {
        if number.is_some_and(|px| !(0.1..=100.0).contains(&px)) {
            say(Some(key), format!("`{key}` must lie between 0.1 and 100 px"));
        }
    }
    if layer.bins.is_some_and(|bins| !(1..=1000).contains(&bins)) {
        say(Some("bins"), "`bins` must lie between 1 and 1000".into());
    }
    if layer.share.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
        say(Some("share"), "`share` must be above 0 and at most 1".into());
    }
    match layer.kind {
        Kind::Rule => of_rule(layer, say),
        Kind::Text => of_text(layer, say),
        Kind::Bars | Kind::Histogram if panel.x.scale == Spacing::Log => {
            say(Some("x"), format!("a `{kind}` layer needs a linear x axis"));
        }
        Kind::Histogram if panel.y.scale == Spacing::Log => {
            say(Some("y"), "a `histogram` layer needs a linear y axis: a bin may be empty".into());
        }
        Kind::Heatmap | Kind::Histogram if matches!((layer.min, layer.max), (Some(low), Some(high)) if low >= high) => {
            say(Some("min"), "`min` is not below `max`".into());
        }
        Kind::Table if layer.columns.as_ref().is_some_and(Vec::is_empty) => {
            say(Some("columns"), "a table needs at least one column".into());
        }
        _ => {}
    }
    if layer.label.as_ref().is_some_and(|label| label.contains("{}")) && layer.by.is_none() {
        say(Some("label"), "`label` has a `{}` but there is no `by` to fill it".into());
    }
}

fn of_rule(layer: &Layer, say: Say) {
    let crosses = matches!((layer.at, layer.axis), (Some(At::Value(_)), Some(_)));
    let joins = layer.from.is_some() && layer.to.is_some();
    let (any_cross, any_join) =
        (layer.at.is_some() || layer.axis.is_some(), layer.from.is_some() || layer.to.is_some());
    if crosses == joins || (any_cross && any_join) {
        say(None, "a `rule` has either `at` = a number and `axis`, or `from` and `to`".into());
    }
}

fn of_text(layer: &Layer, say: Say) {
    let from_frame = layer.frame.is_some() && layer.x.is_some() && layer.y.is_some();
    if matches!(layer.at, Some(At::Point(_))) == from_frame || matches!(layer.at, Some(At::Value(_))) {
        say(None, "a `text` layer has either `at` = [x, y], or `frame`, `x` and `y`".into());
    }
    if !matches!(layer.color, None | Some(Color::Ink | Color::Muted)) {
        say(Some("color"), "text is `ink` or `muted`: the other colours are too light to read".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(text: &str) -> Chart {
        toml::from_str(&format!("alt = 'a'\ncaption = 'c'\n{text}")).expect("a chart")
    }

    fn said(text: &str) -> Vec<String> {
        faults(&chart(text)).into_iter().map(|fault| format!("{}: {}", fault.place, fault.message)).collect()
    }

    #[test]
    fn a_misspelt_key_or_kind_is_refused_with_the_legal_ones() {
        let read = |text: &str| toml::from_str::<Chart>(text).expect_err("must fail").to_string();
        let head = "alt = 'a'\ncaption = 'c'\n[[panel]]\n[[panel.layer]]\n";
        let key = read(&format!("{head}kind = 'line'\ncolour = 'blue'\n"));
        assert!(key.contains("unknown field `colour`") && key.contains("line 6"), "{key}");
        let kind = read(&format!("{head}kind = 'lines'\n"));
        assert!(kind.contains("unknown variant `lines`") && kind.contains("`heatmap`"), "{kind}");
    }

    #[test]
    fn keys_of_another_kind_and_missing_keys_are_named() {
        assert_eq!(
            said("[[panel]]\n[[panel.layer]]\nkind = 'band'\nframe = 'f'\nx = 'x'\nlow = 'l'\nmarker = 'ring'\n"),
            [
                "panel 1, layer 1, `high`: a `band` layer needs `high`",
                "panel 1, layer 1, `marker`: `marker` is not a key of a `band` layer; its keys: frame, x, low, high, where, by, label, color",
            ]
        );
    }

    #[test]
    fn every_other_fault_is_reported_at_once() {
        let faults = said(
            "columns = 0\n[[panel]]\nheight = 1\nx = { scale = 'log', min = 0 }\ny = { min = 2, max = 1 }\n\
             [[panel.layer]]\nkind = 'rule'\nat = 1\n\
             [[panel.layer]]\nkind = 'text'\ntext = 't'\nat = [1, 2]\ncolor = 'blue'\n\
             [[panel.layer]]\nkind = 'bars'\nframe = 'f'\nx = 'x'\ny = 'y'\nlabel = 'n = {}'\n\
             [[panel.layer]]\nkind = 'table'\nframe = 'f'\ncolumns = []\n[[panel]]\n",
        );
        for part in [
            "`columns` must be at least 1",
            "panel 1: a `table` is the only layer",
            "`height` is 1 px",
            "axis `x` is logarithmic",
            "`min` = 2 is not below `max` = 1",
            "panel 1, layer 1: a `rule` has either",
            "layer 2, `color`: text is `ink` or `muted`",
            "a `bars` layer needs a linear x axis",
            "no `by` to fill it",
            "at least one column",
            "panel 2: a panel needs at least one",
        ] {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part} not in {faults:#?}");
        }
        assert_eq!(faults.len(), 11, "{faults:#?}");
    }
}

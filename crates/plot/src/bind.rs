//! Binds a chart to the tables that it draws: every name is looked up here, once, and drawing asks for no name again. What is
//! wrong is told all at once, with places. It knows no scales and no pixels.

use std::collections::{BTreeMap, BTreeSet};

use crate::bound::{Bound, BoundLayer, BoundPanel, Data, OnAxis, Own};
use crate::chart::{At, Axis, Chart, Kind, Layer, Scalar, Spacing};
use crate::check;
use crate::facet::{self, Facet};
use crate::fault::{ChartFault, Named, Place, of_row};
use condense_base::frame::calendar::{self, Reading};
use condense_base::frame::cell::Content;
use condense_base::frame::{Column, Frame};

/// Looks up all that a chart names.
///
/// # Errors
/// Everything that is wrong with the chart, that the tables lack, or that they hold and the chart cannot draw.
pub fn bind<'a>(chart: &Chart, frames: &'a BTreeMap<String, Frame>) -> Result<Bound<'a>, Vec<ChartFault>> {
    let faults = check::undrawable(chart);
    if !faults.is_empty() {
        return Err(faults);
    }
    let (facets, mut faults) = facet::expand(chart, frames);
    let chart = Chart { panels: facets.iter().map(|facet| facet.panel.clone()).collect(), ..chart.clone() };
    if faults.is_empty() {
        // Words of tables stand in it now.
        faults.extend(check::undrawable(&chart).into_iter().map(|fault| moved(fault, &facets)));
    }
    let panels: Vec<BoundPanel> = facets.into_iter().map(|facet| panel(facet, frames, &mut faults)).collect();
    if faults.is_empty() {
        return Ok(Bound { chart, panels });
    }
    // A panel that stands for many says the same of each.
    let mut told: Vec<ChartFault> = Vec::new();
    for fault in faults {
        if !told.contains(&fault) {
            told.push(fault);
        }
    }
    Err(told)
}

/// A fault of a chart whose panels were repeated, at its place in the written chart.
fn moved(fault: ChartFault, facets: &[Facet]) -> ChartFault {
    let Some(facet) = fault.place.panel.and_then(|at| facets.get(at)) else { return fault };
    let place = Place { panel: Some(facet.origin), ..fault.place };
    ChartFault { place, message: of_row(facet.row.as_ref(), &fault.message), ..fault }
}

fn panel<'a>(facet: Facet, frames: &'a BTreeMap<String, Frame>, faults: &mut Vec<ChartFault>) -> BoundPanel<'a> {
    let Facet { panel, origin, row } = facet;
    let (mut layers, mut on_axes) = (Vec::new(), Vec::new());
    let mut gaps: BTreeMap<[String; 2], BTreeSet<usize>> = BTreeMap::new();
    for (at, layer) in panel.layers.iter().enumerate() {
        let place = Place { panel: Some(origin), layer: Some(at), key: None };
        let mut binder = Binder { layer, row: row.as_ref(), place: place.clone(), faults };
        let Some(bound) = binder.bind(frames) else { continue };
        let own = bound.data.on_axes(layer).into_iter();
        on_axes.extend(own.map(|on_axes| (Place { key: Some(on_axes.key), ..place.clone() }, on_axes)));
        if let Some((name, frame)) = layer.frame.as_ref().and_then(|name| Some((name, frames.get(name)?))) {
            for (_, column) in layer.columns_read().into_iter().filter(|(key, _)| *key != "where") {
                let missing = |row: &usize| frame.column(column).is_some_and(|cells| cells.missing(*row));
                let rows: BTreeSet<usize> = bound.rows.iter().copied().filter(missing).collect();
                gaps.entry([name.clone(), column.to_owned()]).or_default().extend(rows);
            }
        }
        layers.push(bound);
    }
    let mut spacing = |axis: usize, keys| {
        let own = on_axes.iter().filter(|(_, on_axes)| on_axes.axis == axis).cloned();
        let place = Place { panel: Some(origin), ..Place::default() };
        spacing(if axis == 0 { &panel.x } else { &panel.y }, keys, own.collect(), &place, faults)
    };
    let spacing = [spacing(0, ["x", "x.min", "x.max", "x.ticks"]), spacing(1, ["y", "y.min", "y.max", "y.ticks"])];
    BoundPanel { origin, row, spacing, layers, gaps }
}

/// How an axis spaces what stands on it: by time, if its author says so or anything on it is a date.
fn spacing(
    axis: &Axis,
    [name, min, max, ticks]: [&'static str; 4],
    mut on_axes: Vec<(Place, OnAxis)>,
    place: &Place,
    faults: &mut Vec<ChartFault>,
) -> Spacing {
    let fixed = [(min, axis.min), (max, axis.max)].into_iter().filter_map(|(key, at)| Some((key, at?)));
    let fixed = fixed.chain(axis.ticks.iter().flatten().map(|&at| (ticks, at)));
    let at = |key| Place { key: Some(key), ..place.clone() };
    on_axes.extend(fixed.map(|(key, position)| (at(key), OnAxis::own(0, key, position))));
    let times = on_axes.iter().any(|(_, on_axes)| on_axes.content == Content::Times);
    if axis.scale != Spacing::Time && !times {
        return axis.scale;
    }
    if axis.scale == Spacing::Log {
        faults.push(ChartFault::new(at(name), format!("dates cannot stand on axis `{name}`: it is logarithmic")));
    }
    for (place, on_axes) in on_axes.into_iter().filter(|(_, on_axes)| on_axes.content != Content::Times) {
        faults.push(ChartFault::new(place, format!("axis `{name}` is one of dates: {}", on_axes.words)));
    }
    Spacing::Time
}

/// Binds one layer.
struct Binder<'b> {
    layer: &'b Layer,
    row: Option<&'b String>,
    place: Place,
    faults: &'b mut Vec<ChartFault>,
}

impl Binder<'_> {
    fn say(&mut self, key: &'static str, message: &str) {
        self.faults.push(ChartFault::new(Place { key: Some(key), ..self.place.clone() }, message));
    }

    /// The layer, bound; none where something was wrong, which has been told then.
    fn bind<'a>(&mut self, frames: &'a BTreeMap<String, Frame>) -> Option<BoundLayer<'a>> {
        if let Some(own) = self.own() {
            return Some(BoundLayer { rows: Vec::new(), by: None, data: Data::Own(own) });
        }
        let name = self.layer.frame.as_ref()?;
        let Some(frame) = frames.get(name) else {
            let place = Place { key: Some("frame"), ..self.place.clone() };
            self.faults.push(ChartFault::unknown(place, Named::Frame, name, frames.keys().map(String::as_str)));
            return None;
        };
        let before = self.faults.len();
        let by = self.layer.by.as_ref().and_then(|by| self.column(frame, "by", by));
        let (data, rows) = (self.data(frame), self.rows(frame));
        let (data, rows) = (data?, rows?);
        if self.faults.len() > before {
            return None;
        }
        let needed: Vec<&Column> = data.needed().into_iter().chain(by).collect();
        if rows.iter().all(|&row| needed.iter().any(|column| column.missing(row))) {
            let message = of_row(self.row, "there is nothing to draw: in every row a value is missing");
            self.say("frame", &message);
            return None;
        }
        Some(BoundLayer { rows, by, data })
    }

    /// What stands where the author says.
    fn own(&self) -> Option<Own> {
        let layer = self.layer;
        match (layer.kind, layer.at, layer.axis, layer.from, layer.to) {
            (Kind::Rule, Some(At::Value(at)), Some(axis), _, _) => Some(Own::Across(axis, at)),
            (Kind::Rule, _, _, Some(from), Some(to)) => Some(Own::Between([from, to])),
            (Kind::Text, Some(At::Point(at)), ..) => Some(Own::Words(at, layer.text.clone()?)),
            _ => None,
        }
    }

    fn column<'a>(&mut self, frame: &'a Frame, key: &'static str, name: &str) -> Option<&'a Column> {
        let column = frame.column(name);
        if column.is_none() {
            let place = Place { key: Some(key), ..self.place.clone() };
            self.faults.push(ChartFault::unknown(place, Named::Column, name, frame.names()));
        }
        column
    }

    /// A column of numbers.
    fn numbers<'a>(&mut self, frame: &'a Frame, key: &'static str, name: &str) -> Option<&'a Column> {
        let column = self.column(frame, key, name)?;
        if column.content() != Content::Numbers {
            self.say(key, &format!("column `{name}` holds {}, not numbers", column.content().names()[0]));
            return None;
        }
        Some(column)
    }

    /// The columns of the layer. Every one is looked up, so that all faults are told.
    fn data<'a>(&mut self, frame: &'a Frame) -> Option<Data<'a>> {
        let layer = self.layer;
        if layer.kind == Kind::Histogram {
            let x = self.numbers(frame, "x", layer.x.as_ref()?);
            let weight = layer.weight.as_ref().map(|name| self.numbers(frame, "weight", name));
            let weight = weight.map_or(Some(None), |found| found.map(Some));
            return Some(Data::Histogram { x: x?, weight: weight? });
        }
        let mut place = |key, name: &Option<String>| self.column(frame, key, name.as_ref()?);
        let (x, y) = (place("x", &layer.x), place("y", &layer.y));
        match layer.kind {
            Kind::Spread => {
                let y = layer.y.as_ref().filter(|_| y.is_some()).and_then(|name| self.numbers(frame, "y", name));
                Some(Data::Points { x: x?, y: y? })
            }
            Kind::Line | Kind::Points => Some(Data::Points { x: x?, y: y? }),
            Kind::Segments | Kind::Arrows => {
                let (x2, y2) = (place("x2", &layer.x2), place("y2", &layer.y2));
                let widths = layer.widths.as_ref().map(|name| self.numbers(frame, "widths", name));
                let widths = widths.map_or(Some(None), |found| found.map(Some));
                Some(Data::Pieces { from: [x?, y?], to: [x2?, y2?], widths: widths? })
            }
            Kind::Text => {
                let text = place("text", &layer.text);
                Some(Data::Words { x: x?, y: y?, text: text? })
            }
            Kind::Band => {
                let low = layer.low.as_ref().and_then(|name| self.numbers(frame, "low", name));
                let high = layer.high.as_ref().and_then(|name| self.numbers(frame, "high", name));
                Some(Data::Band { x: x?, low: low?, high: high? })
            }
            Kind::Bars => {
                let y = layer.y.as_ref().filter(|_| y.is_some()).and_then(|name| self.numbers(frame, "y", name));
                Some(Data::Bars { x: x?, y: y? })
            }
            Kind::Heatmap => {
                let leads = layer.leads.as_ref().map(|name| self.column(frame, "leads", name));
                let z = layer.z.as_ref().and_then(|name| self.numbers(frame, "z", name));
                let leads = leads.map_or(Some(None), |found| found.map(Some));
                Some(Data::Heatmap { x: x?, y: y?, z: z?, leads: leads? })
            }
            Kind::Table => {
                let fields = layer.columns.iter().flatten();
                let found: Vec<_> =
                    fields.map(|field| Some((field.clone(), self.column(frame, "columns", &field.column)?))).collect();
                Some(Data::Table(found.into_iter().collect::<Option<_>>()?))
            }
            Kind::Rule | Kind::Histogram => None,
        }
    }

    /// The rows that pass `where`.
    fn rows(&mut self, frame: &Frame) -> Option<Vec<usize>> {
        let mut rows: Vec<usize> = (0..frame.rows()).collect();
        let mut sound = true;
        for (name, wanted) in &self.layer.only {
            match self.column(frame, "where", name).map(|column| test(name, column, wanted)) {
                Some(Ok(passes)) => rows.retain(|&row| passes(row)),
                Some(Err(message)) => {
                    let message = of_row(self.row, &message);
                    self.say("where", &message);
                    sound = false;
                }
                None => sound = false,
            }
        }
        if sound && rows.is_empty() {
            let asked = |(name, wanted): (&String, &Scalar)| format!("`{name}` = {}", spoken(wanted));
            let asked: Vec<String> = self.layer.only.iter().map(asked).collect();
            if asked.is_empty() {
                self.say("frame", "the frame is empty");
            } else {
                let message = of_row(self.row, &format!("no row has {}", asked.join(" and ")));
                self.say("where", &message);
            }
        }
        (sound && !rows.is_empty()).then_some(rows)
    }
}

type Test<'a> = Box<dyn Fn(usize) -> bool + 'a>;

/// Whether a row of a column is what `where` wants; or why it can never be.
fn test<'a>(name: &str, column: &'a Column, wanted: &'a Scalar) -> Result<Test<'a>, String> {
    let holds = || format!("`where`: `{name}` holds {}, not {}", column.content().names()[0], spoken(wanted));
    let equal = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    match (column.content(), wanted) {
        (Content::Numbers, Scalar::Number(number)) => {
            Ok(Box::new(move |row| column.value(row).is_some_and(|value| equal(value, *number))))
        }
        (Content::Times, Scalar::Word(word)) => match calendar::read(word) {
            Reading::Time(time) => Ok(Box::new(move |row| column.value(row) == Some(time))),
            _ => Err(holds()),
        },
        // A number may be called by its text: `007`.
        (Content::Numbers, Scalar::Word(word)) if !(0..column.len()).any(|row| column.word(row) == Some(word)) => {
            Err(holds())
        }
        (Content::Words | Content::Numbers, Scalar::Word(word)) => {
            Ok(Box::new(move |row| column.word(row) == Some(word)))
        }
        (Content::Words | Content::Times, Scalar::Number(_)) => Err(holds()),
    }
}

fn spoken(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Number(number) => number.to_string(),
        Scalar::Word(word) => format!("`{word}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(panels: &str) -> Chart {
        toml::from_str(&format!("alt = 'a'\ncaption = 'c'\n{panels}")).expect("a chart")
    }

    /// One panel with one layer, which draws the table `t`.
    fn layer(keys: &str) -> Chart {
        chart(&format!("[[panel]]\n[[panel.layer]]\nframe = 't'\n{keys}"))
    }

    fn tables(csv: &str) -> BTreeMap<String, Frame> {
        BTreeMap::from([("t".to_owned(), Frame::from_program(csv).expect("a table"))])
    }

    fn faults(chart: &Chart, csv: &str) -> Vec<String> {
        bind(chart, &tables(csv))
            .map(|_| ())
            .map_or_else(|faults| faults.iter().map(ToString::to_string).collect(), |()| vec![])
    }

    #[test]
    fn all_that_is_wrong_with_names_and_columns_is_told_at_once() {
        let chart = chart(
            "[[panel]]\n[[panel.layer]]\nkind = 'line'\nframe = 'los'\nx = 'x'\ny = 'y'\n\
             [[panel.layer]]\nkind = 'line'\nframe = 't'\nx = 'step'\ny = 'los'\nwhere = { epoch = 1 }\n\
             [[panel.layer]]\nkind = 'band'\nframe = 't'\nx = 'step'\nlow = 'name'\nhigh = 'high'\nby = 'kind'\n\
             [[panel]]\neach = 'stages'\n[[panel.layer]]\nkind = 'text'\ntext = 'literal'\nat = [0, 0]\n",
        );
        let tables = tables("step,loss,name\n0,1,a\n");
        let unknown = bind(&chart, &tables).map(|_| ()).expect_err("faults");
        let known =
            |fault: &ChartFault| fault.unknown.as_ref().map(|unknown| unknown.known.join(" ")).unwrap_or_default();
        let said: Vec<_> = unknown.iter().map(|fault| (fault.to_string(), known(fault))).collect();
        let said: Vec<_> = said.iter().map(|(fault, known)| (fault.as_str(), known.as_str())).collect();
        assert_eq!(
            said,
            [
                ("panel 2, `each`: unknown frame `stages`", "t"),
                ("panel 1, layer 1, `frame`: unknown frame `los`", "t"),
                ("panel 1, layer 2, `y`: unknown column `los`", "step loss name"),
                ("panel 1, layer 2, `where`: unknown column `epoch`", "step loss name"),
                ("panel 1, layer 3, `by`: unknown column `kind`", "step loss name"),
                ("panel 1, layer 3, `low`: column `name` holds words, not numbers", ""),
                ("panel 1, layer 3, `high`: unknown column `high`", "step loss name"),
            ]
        );
    }

    #[test]
    fn a_panel_that_stands_for_many_tells_a_fault_of_its_columns_once_and_one_of_its_rows_with_the_row() {
        let csv = "stage,name\n1,a\n2,b\n";
        let of = |keys: &str| chart(&format!("[[panel]]\neach = 't'\n[[panel.layer]]\nframe = 't'\n{keys}"));
        let words = of("kind = 'bars'\nx = 'stage'\ny = 'name'\n");
        assert_eq!(faults(&words, csv), ["panel 1, layer 1, `y`: column `name` holds words, not numbers"]);
        let none = of("kind = 'line'\nx = 'stage'\ny = 'stage'\nwhere = { name = 'a', stage = '{stage}' }\n");
        let fault = "panel 1, layer 1, `where`: row 2 of `t`: no row has `name` = `a` and `stage` = 2";
        assert_eq!(faults(&none, csv), [fault]);
    }

    #[test]
    fn an_axis_of_dates_knows_itself_and_refuses_all_else() {
        let csv = "day,n,word\n2024-03-01,1,a\n2024-03-02,2,b\n";
        let of = |x: &str, keys: &str| {
            let line = "[[panel.layer]]\nkind = 'line'\nframe = 't'\nx = 'day'\ny = 'n'\n";
            chart(&format!("[[panel]]\nx = {{ {x} }}\n{line}{keys}"))
        };
        let tables = tables(csv);
        for x in ["", "scale = 'time'", "min = '2024-01-01', ticks = ['2024-03-01']"] {
            let chart = of(x, "[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = '2024-03-01T12:00Z'\n");
            assert_eq!(bind(&chart, &tables).expect("bound").panels[0].spacing, [Spacing::Time, Spacing::Linear]);
        }
        let said = |x: &str, keys: &str| faults(&of(x, keys), csv);
        assert_eq!(said("max = 5", ""), ["panel 1, `x.max`: axis `x` is one of dates: here is 5"]);
        assert_eq!(said("scale = 'log'", ""), ["panel 1, `x`: dates cannot stand on axis `x`: it is logarithmic"]);
        assert_eq!(
            said("", "[[panel.layer]]\nkind = 'points'\nframe = 't'\nx = 'n'\ny = 'day'\n"),
            [
                "panel 1, layer 2, `x`: axis `x` is one of dates: column `n` holds numbers",
                "panel 1, layer 1, `y`: axis `y` is one of dates: column `n` holds numbers"
            ]
        );
        assert_eq!(
            said("", "[[panel.layer]]\nkind = 'rule'\nfrom = [0, 0]\nto = ['2024-03-01', '2024-03-01']\n")[..2],
            [
                "panel 1, layer 2, `from`: axis `x` is one of dates: here is 0",
                "panel 1, layer 1, `y`: axis `y` is one of dates: column `n` holds numbers"
            ]
        );
        let numbers = layer("kind = 'line'\nx = 'n'\ny = 'n'\n");
        let timed = Chart {
            panels: vec![crate::chart::Panel {
                x: Axis { scale: Spacing::Time, ..Axis::default() },
                ..numbers.panels[0].clone()
            }],
            ..numbers
        };
        assert_eq!(faults(&timed, csv), ["panel 1, layer 1, `x`: axis `x` is one of dates: column `n` holds numbers"]);
        assert_eq!(
            faults(&layer("kind = 'bars'\nx = 'word'\ny = 'day'\n"), csv),
            ["panel 1, layer 1, `y`: column `day` holds dates, not numbers"]
        );
    }

    #[test]
    fn where_knows_dates_by_time_and_ids_by_their_text() {
        let csv = "day,id,n\n2024-03-01,007,1\n2024-03-02T00:00:00Z,7,2\nNA,NA,3\n";
        let tables = tables(csv);
        let rows = |only: &str| {
            let chart = layer(&format!("kind = 'line'\nx = 'n'\ny = 'n'\nwhere = {{ {only} }}\n"));
            let bound = bind(&chart, &tables);
            bound.map(|bound| bound.panels[0].layers[0].rows.clone()).map_err(|faults| faults[0].message.clone())
        };
        assert_eq!(rows("day = '2024-03-02'"), Ok(vec![1]));
        assert_eq!(rows("id = '007'"), Ok(vec![0]));
        assert_eq!(rows("id = 7"), Ok(vec![0, 1]));
        assert_eq!(rows("day = 'soon'"), Err("`where`: `day` holds dates, not `soon`".into()));
        assert_eq!(rows("day = 5"), Err("`where`: `day` holds dates, not 5".into()));
        assert_eq!(rows("n = '1'"), Err("`where`: `n` holds numbers, not `1`".into()));
    }

    #[test]
    fn missing_values_are_counted_once_whatever_draws_them() {
        let tables = tables("x,y,k\n1,,a\n2,2,a\n,NA,b\n4,,c\n");
        let of = |layers: &str| bind(&chart(&format!("[[panel]]\n{layers}")), &tables).expect("bound").remark();
        let line = "[[panel.layer]]\nkind = 'line'\nframe = 't'\nx = 'x'\ny = 'y'\n";
        assert_eq!(of(line).as_deref(), Some("4 values are missing."));
        assert_eq!(of(&format!("{line}{}", line.replace("line", "points"))).as_deref(), Some("4 values are missing."));
        assert_eq!(of(&format!("{line}where = {{ k = 'a' }}\n")).as_deref(), Some("1 value is missing."));
        assert_eq!(of(&format!("{line}where = {{ x = 2 }}\n")), None);
        let none = layer("kind = 'line'\nx = 'x'\ny = 'y'\nwhere = { k = 'b' }\n");
        assert_eq!(
            bind(&none, &tables).map(|_| ()).expect_err("a fault")[0].to_string(),
            "panel 1, layer 1, `frame`: there is nothing to draw: in every row a value is missing"
        );
    }
}

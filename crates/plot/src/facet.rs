//! A panel that stands for many: one for each row of a table, with the names in its braces filled in from that row.
//! It knows what is written, and nothing of how it is drawn.

use std::collections::BTreeMap;

use crate::chart::{Chart, Kind, Panel, Scalar};
use crate::fault::{ChartFault, Named, Place};
use crate::text;
use condense_base::frame::Frame;
use condense_base::frame::cell::Content;

/// More panels than anyone looks at.
pub const MOST_PANELS: usize = 200;
/// The name in braces that stands for the panel's own letter, unless the table has such a column.
const LETTER: &str = "letter";

/// Where a text stands whose braces are filled in: the layer, if it belongs to one, and its key.
type Slot = (Option<usize>, &'static str);

/// Goes through every text of a panel whose braces are filled in, apart from the values of `where`.
fn texts(panel: &mut Panel, mut see: impl FnMut(Slot, &mut String)) {
    let own = [
        ("title", &mut panel.title),
        ("border", &mut panel.border),
        ("anchor", &mut panel.anchor),
        ("x.label", &mut panel.x.label),
        ("y.label", &mut panel.y.label),
    ];
    for (key, text) in own {
        if let Some(text) = text {
            see((None, key), text);
        }
    }
    for (at, layer) in panel.layers.iter_mut().enumerate() {
        let words = if layer.kind == Kind::Text && layer.at.is_some() { &mut layer.text } else { &mut None };
        for (key, text) in [("label", &mut layer.label), ("text", words)] {
            if let Some(text) = text {
                see((Some(at), key), text);
            }
        }
    }
}

/// Every name in the braces of a panel, with the place where it is written.
fn braced(panel: &Panel) -> Vec<(Slot, String)> {
    let mut found: Vec<(Slot, String)> = Vec::new();
    texts(&mut panel.clone(), |slot, text| found.extend(names(text).map(|name| (slot, name.to_owned()))));
    for (at, layer) in panel.layers.iter().enumerate() {
        for value in layer.only.values() {
            if let Scalar::Word(word) = value {
                found.extend(names(word).map(|name| ((Some(at), "where"), name.to_owned())));
            }
        }
    }
    found
}

/// The names in the braces of a text. Empty braces are the value of `by`, and other things in braces are themselves.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let inside = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    inside.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// What is wrong with the braces and with `each` of a panel, whatever the numbers: layer and key, and what to say.
pub fn faults(panel: &Panel, mut say: impl FnMut(Option<usize>, &'static str, String)) {
    match &panel.each {
        Some(each) if each.trim().is_empty() => say(None, "each", "`each` is empty: it names a frame".into()),
        Some(_) => {}
        None => {
            for ((layer, key), name) in braced(panel) {
                say(layer, key, format!("`{{{name}}}` is filled in from a row of `each`, but the panel has no `each`"));
            }
        }
    }
}

/// A panel as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// The panel, without braces.
    pub panel: Panel,
    /// Which panel of the written chart it comes from.
    pub origin: usize,
    /// For which row of which table, in words, where it stands for many.
    pub row: Option<String>,
}

/// The panels of a chart with one for every row that an `each` asks for, in their order. A panel whose `each` or braces
/// cannot be filled in is not among them: the faults say why.
pub fn expand(chart: &Chart, frames: &BTreeMap<String, Frame>) -> (Vec<Facet>, Vec<ChartFault>) {
    let (mut facets, mut faults) = (Vec::new(), Vec::new());
    for (origin, panel) in chart.panels.iter().enumerate() {
        let Some(each) = &panel.each else {
            facets.push(Facet { panel: panel.clone(), origin, row: None });
            continue;
        };
        let place = |(layer, key): Slot| Place { panel: Some(origin), layer, key: Some(key) };
        let whole = place((None, "each"));
        let Some(frame) = frames.get(each) else {
            faults.push(ChartFault::unknown(whole, Named::Frame, each, frames.keys().map(String::as_str)));
            continue;
        };
        let wrong = braces(panel, each, frame);
        if !wrong.is_empty() {
            faults.extend(wrong.into_iter().map(|(slot, fault)| ChartFault { place: place(slot), ..fault }));
        } else if frame.rows() == 0 {
            faults.push(ChartFault::new(whole, format!("frame `{each}` has no rows: there is nothing to draw")));
        } else if facets.len() + frame.rows() > MOST_PANELS {
            let rows = frame.rows();
            faults.push(ChartFault::new(
                whole,
                format!("{rows} panels, one for each row of `{each}`: at most {MOST_PANELS}"),
            ));
        } else {
            for at in 0..frame.rows() {
                let panel = filled(panel, &Filler { frame, at, letter: letter(facets.len()) });
                facets.push(Facet { panel, origin, row: Some(format!("row {} of `{each}`", at + 1)) });
            }
        }
    }
    (facets, faults)
}

/// Braces of a panel that the rows of a table cannot fill in, each with where it stands.
fn braces(panel: &Panel, each: &str, frame: &Frame) -> Vec<(Slot, ChartFault)> {
    let wrong = |(slot, name): (Slot, String)| match frame.column(&name) {
        Some(column) => {
            let row = (0..column.len()).find(|&row| column.missing(row))? + 1;
            let message = format!("`{{{name}}}` cannot be filled in: it is missing in row {row} of `{each}`");
            Some((slot, ChartFault::new(Place::default(), message)))
        }
        None if name == LETTER => None,
        None => Some((slot, ChartFault::unknown(Place::default(), Named::Column, &name, frame.names()))),
    };
    braced(panel).into_iter().filter_map(wrong).collect()
}

/// One row of the table that a panel is repeated over.
struct Filler<'a> {
    frame: &'a Frame,
    at: usize,
    letter: String,
}

impl Filler<'_> {
    /// What stands for a name in braces.
    fn words(&self, name: &str) -> Option<String> {
        match self.frame.column(name) {
            Some(column) => {
                column.word(self.at).map(str::to_owned).or_else(|| column.value(self.at).map(text::grouped))
            }
            None => (name == LETTER).then(|| self.letter.clone()),
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut parts = text.split('{');
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('}').and_then(|(name, rest)| Some((self.words(name)?, rest))) {
                Some((words, rest)) => whole.extend([words.as_str(), rest]),
                None => whole.extend(["{", part]),
            }
        }
        whole
    }

    /// A value to compare with: a number where the braces are all of it and name a column of numbers.
    fn scalar(&self, word: &str) -> Scalar {
        let name = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let column =
            name.and_then(|name| self.frame.column(name)).filter(|column| column.content() == Content::Numbers);
        match column.and_then(|column| column.value(self.at)) {
            Some(number) => Scalar::Number(number),
            None => Scalar::Word(self.fill(word)),
        }
    }
}

fn filled(panel: &Panel, row: &Filler) -> Panel {
    let mut panel = Panel { each: None, ..panel.clone() };
    texts(&mut panel, |_, text| *text = row.fill(text));
    for value in panel.layers.iter_mut().flat_map(|layer| layer.only.values_mut()) {
        if let Scalar::Word(word) = value {
            *value = row.scalar(word);
        }
    }
    panel
}

/// a, b, … z, then numbers from 27 on.
fn letter(at: usize) -> String {
    u8::try_from(at).ok().filter(|at| *at < 26).map_or_else(|| (at + 1).to_string(), |at| char::from(b'a' + at).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    fn chart(panels: &str) -> Chart {
        toml::from_str(&format!("alt = 'a'\ncaption = 'c'\n{panels}")).expect("a chart")
    }

    fn frames() -> BTreeMap<String, Frame> {
        let stages =
            Frame::new().with("stage", [1.0, 2.0]).with("epoch", [100.0, 10_000.0]).with_words("name", ["x{", "y"]);
        let curves = Frame::new().with("stage", [1.0, 1.0, 2.0, 2.0]).with("x", [0.0, 1.0, 0.0, 1.0]);
        BTreeMap::from([("stages".into(), stages), ("curves".into(), curves), ("none".into(), Frame::new())])
    }

    const EACH: &str = "[[panel]]\neach = 'stages'\ntitle = '({letter}) epoch {epoch}, {name}'\ny = { label = 'f{} {stage}' }\n\
        [[panel.layer]]\nkind = 'line'\nframe = 'curves'\nx = 'x'\ny = 'x'\nwhere = { stage = '{stage}', x = 'n{stage}' }\n";

    /// The panels, or what is wrong.
    fn panels(chart: &Chart, frames: &BTreeMap<String, Frame>) -> Result<Vec<Panel>, Vec<String>> {
        let (facets, faults) = expand(chart, frames);
        let panels = facets.into_iter().map(|facet| facet.panel).collect();
        if faults.is_empty() { Ok(panels) } else { Err(faults.iter().map(ToString::to_string).collect()) }
    }

    #[test]
    fn there_is_a_panel_for_every_row_with_its_braces_filled_in() {
        let chart = chart(&format!("{EACH}[[panel]]\ntitle = 'last'\n"));
        let filled = panels(&chart, &frames()).expect("panels");
        let titles: Vec<&str> = filled.iter().filter_map(|panel| panel.title.as_deref()).collect();
        assert_eq!(titles, ["(a) epoch 100, x{", "(b) epoch 10,000, y", "last"]);
        assert_eq!(filled[1].y.label.as_deref(), Some("f{} 2"));
        let only = &filled[1].layers[0].only;
        assert_eq!((&only["stage"], &only["x"]), (&Scalar::Number(2.0), &Scalar::Word("n2".into())));
        assert!(filled.iter().all(|panel| panel.each.is_none()));
        let (facets, _) = expand(&chart, &frames());
        let origins: Vec<_> = facets.iter().map(|facet| (facet.origin, facet.row.as_deref())).collect();
        assert_eq!(origins, [(0, Some("row 1 of `stages`")), (0, Some("row 2 of `stages`")), (1, None)]);
    }

    #[test]
    fn unknown_names_come_with_their_place_and_the_known_ones() {
        let said = |text: &str| {
            let (_, faults) = expand(&chart(text), &frames());
            let known = |fault: &ChartFault| fault.unknown.as_ref().map(|unknown| unknown.known.join(" "));
            faults.iter().map(|fault| (fault.to_string(), known(fault).unwrap_or_default())).collect::<Vec<_>>()
        };
        assert_eq!(said(EACH), []);
        let unknown = |text: &str, known: &str| [(text.to_owned(), known.to_owned())];
        assert_eq!(
            said(&EACH.replace("{epoch}", "{epochs}")),
            unknown("panel 1, `title`: unknown column `epochs`", "stage epoch name")
        );
        assert_eq!(
            said(&EACH.replace("'{stage}'", "'{stags}'")),
            unknown("panel 1, layer 1, `where`: unknown column `stags`", "stage epoch name")
        );
        assert_eq!(
            said(&EACH.replace("each = 'stages'", "each = 'stage'")),
            unknown("panel 1, `each`: unknown frame `stage`", "curves none stages")
        );
    }

    #[test]
    fn a_missing_value_fills_no_braces_and_a_date_or_an_id_stays_as_it_is_written() {
        let each = |csv: &str| BTreeMap::from([("e".to_owned(), Frame::from_program(csv).expect("a table"))]);
        let chart = chart("[[panel]]\neach = 'e'\ntitle = '{id} on {day}'\n");
        let filled = panels(&chart, &each("id,day\n007,2024-03-01\n12,2024-03-02\n")).expect("panels");
        let titles: Vec<&str> = filled.iter().filter_map(|panel| panel.title.as_deref()).collect();
        assert_eq!(titles, ["007 on 2024-03-01", "12 on 2024-03-02"]);
        assert_eq!(
            panels(&chart, &each("id,day\n7,2024-03-01\nNA,2024-03-02\n")).expect_err("a gap"),
            ["panel 1, `title`: `{id}` cannot be filled in: it is missing in row 2 of `e`"]
        );
    }

    #[test]
    fn braces_that_a_table_holds_are_its_own() {
        let mut frames = frames();
        frames.insert("names".into(), Frame::new().with_words("name", ["f_{max}"]));
        let rule = "[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = 0\n";
        let chart = chart(&format!("[[panel]]\neach = 'names'\ntitle = '{{name}}'\n{rule}"));
        let chart = Chart { panels: panels(&chart, &frames).expect("a panel"), ..chart };
        assert_eq!((chart.panels[0].title.as_deref(), check::undrawable(&chart)), (Some("f_{max}"), vec![]));
    }

    #[test]
    fn braces_without_rows_and_rows_without_end_are_refused() {
        let written = chart("[[panel]]\ntitle = 'epoch {epoch}'\n[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = 0\n");
        let said: Vec<String> = check::faults(&written).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            ["panel 1, `title`: `{epoch}` is filled in from a row of `each`, but the panel has no `each`"]
        );
        let none = panels(&chart("[[panel]]\neach = 'none'\n"), &frames()).expect_err("no rows");
        assert_eq!(none, ["panel 1, `each`: frame `none` has no rows: there is nothing to draw"]);
        let many = BTreeMap::from([("many".into(), Frame::new().with("i", vec![0.0; 300]))]);
        let many = panels(&chart("[[panel]]\neach = 'many'\n"), &many).expect_err("too many");
        assert_eq!(many, ["panel 1, `each`: 300 panels, one for each row of `many`: at most 200"]);
    }
}

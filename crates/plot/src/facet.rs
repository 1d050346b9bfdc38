//! A panel that stands for many: one for each row of a table, with the names in its braces filled in from that row.
//! It knows what is written, and nothing of how it is drawn.

use std::collections::BTreeMap;

use crate::chart::{Chart, Kind, Panel, Scalar};
use crate::check::{Fault, Named, Place, Unknown};
use crate::text;
use condense_base::frame::{Column, Frame};

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

/// The frame and the columns that a panel's `each` and braces name and the results lack.
pub fn unresolved(panel: &Panel, at: usize, frames: &BTreeMap<String, Frame>) -> Vec<Unknown> {
    let Some(each) = &panel.each else { return Vec::new() };
    let place = |(layer, key): Slot| Place { panel: Some(at), layer, key: Some(key) };
    let Some(frame) = frames.get(each) else {
        let known = frames.keys().cloned().collect();
        return vec![Unknown { place: place((None, "each")), what: Named::Frame, name: each.clone(), known }];
    };
    let lacks = |name: &str| name != LETTER && frame.column(name).is_none();
    let unknown = braced(panel).into_iter().filter(|(_, name)| lacks(name)).map(|(slot, name)| Unknown {
        place: place(slot),
        what: Named::Column,
        name,
        known: frame.names().map(str::to_owned).collect(),
    });
    unknown.collect()
}

/// The chart with a panel for every row that `each` asks for, in their order. A chart without `each` stays as it is.
///
/// # Errors
/// Frames that are missing or empty, and more panels than [`MOST_PANELS`].
pub fn expand(chart: &Chart, frames: &BTreeMap<String, Frame>) -> Result<Chart, Vec<Fault>> {
    let (mut panels, mut faults) = (Vec::new(), Vec::new());
    for (at, panel) in chart.panels.iter().enumerate() {
        let Some(each) = &panel.each else {
            panels.push(panel.clone());
            continue;
        };
        let mut say = |message: String| {
            faults.push(Fault { place: Place { panel: Some(at), layer: None, key: Some("each") }, message });
        };
        match frames.get(each) {
            None => say(format!("there is no frame `{each}`")),
            Some(frame) if frame.rows() == 0 => say(format!("frame `{each}` has no rows: there is nothing to draw")),
            Some(frame) if panels.len() + frame.rows() > MOST_PANELS => {
                say(format!("{} panels, one for each row of `{each}`: at most {MOST_PANELS}", frame.rows()));
            }
            Some(frame) => {
                for row in 0..frame.rows() {
                    panels.push(filled(panel, &Filler { frame, at: row, letter: letter(panels.len()) }));
                }
            }
        }
    }
    if faults.is_empty() { Ok(Chart { panels, ..chart.clone() }) } else { Err(faults) }
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
            Some(Column::Numbers(numbers)) => Some(text::grouped(numbers[self.at])),
            Some(Column::Words(words)) => Some(words[self.at].clone()),
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
        match name.and_then(|name| self.frame.numbers(name)) {
            Some(numbers) => Scalar::Number(numbers[self.at]),
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

    #[test]
    fn there_is_a_panel_for_every_row_with_its_braces_filled_in() {
        let chart = expand(&chart(&format!("{EACH}[[panel]]\ntitle = 'last'\n")), &frames()).expect("panels");
        let titles: Vec<&str> = chart.panels.iter().filter_map(|panel| panel.title.as_deref()).collect();
        assert_eq!(titles, ["(a) epoch 100, x{", "(b) epoch 10,000, y", "last"]);
        assert_eq!(chart.panels[1].y.label.as_deref(), Some("f{} 2"));
        let only = &chart.panels[1].layers[0].only;
        assert_eq!((&only["stage"], &only["x"]), (&Scalar::Number(2.0), &Scalar::Word("n2".into())));
        assert!(chart.panels.iter().all(|panel| panel.each.is_none()));
        assert_eq!(expand(&chart, &frames()), Ok(chart.clone()));
    }

    #[test]
    fn unknown_names_come_with_their_place_and_the_known_ones() {
        let said = |text: &str| {
            let unknown = check::unresolved(&chart(text), &frames());
            unknown.iter().map(|u| format!("{} {} {:?}", u.place, u.name, u.known)).collect::<Vec<_>>()
        };
        assert_eq!(said(EACH), Vec::<String>::new());
        let stage = ["stage", "epoch", "name"];
        assert_eq!(said(&EACH.replace("{epoch}", "{epochs}")), [format!("panel 1, `title` epochs {stage:?}")]);
        assert_eq!(
            said(&EACH.replace("'{stage}'", "'{stags}'")),
            [format!("panel 1, layer 1, `where` stags {stage:?}")]
        );
        assert_eq!(
            said(&EACH.replace("each = 'stages'", "each = 'stage'")),
            ["panel 1, `each` stage [\"curves\", \"none\", \"stages\"]"]
        );
    }

    #[test]
    fn braces_that_a_table_holds_are_its_own() {
        let mut frames = frames();
        frames.insert("names".into(), Frame::new().with_words("name", ["f_{max}"]));
        let rule = "[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = 0\n";
        let chart = expand(&chart(&format!("[[panel]]\neach = 'names'\ntitle = '{{name}}'\n{rule}")), &frames);
        let chart = chart.expect("a panel");
        assert_eq!((chart.panels[0].title.as_deref(), check::undrawable(&chart)), (Some("f_{max}"), vec![]));
    }

    #[test]
    fn braces_without_rows_and_rows_without_end_are_refused() {
        let said = |faults: Vec<Fault>| -> Vec<String> {
            faults.into_iter().map(|fault| format!("{}: {}", fault.place, fault.message)).collect()
        };
        assert_eq!(
            said(check::faults(&chart(
                "[[panel]]\ntitle = 'epoch {epoch}'\n[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = 0\n"
            ))),
            ["panel 1, `title`: `{epoch}` is filled in from a row of `each`, but the panel has no `each`"]
        );
        let none = expand(&chart("[[panel]]\neach = 'none'\n"), &frames()).expect_err("no rows");
        assert_eq!(said(none), ["panel 1, `each`: frame `none` has no rows: there is nothing to draw"]);
        let many = BTreeMap::from([("many".into(), Frame::new().with("i", vec![0.0; 300]))]);
        let many = expand(&chart("[[panel]]\neach = 'many'\n"), &many).expect_err("too many");
        assert_eq!(said(many), ["panel 1, `each`: 300 panels, one for each row of `many`: at most 200"]);
    }
}

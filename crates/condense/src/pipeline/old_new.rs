//! Two versions of a figure side by side: what of its pictures, numbers, claims and tables differs. It chooses no versions.

use crate::frame::{Column, Frame};
use crate::paper::claim::Bound;
use crate::paper::claim_view::ClaimView;
use crate::paper::diff_view::{ClaimChange, DiffView, PicturePair, TableChange, ValueChange};
use crate::paper::figure_view::Picture;
use crate::paper::markup::Text;
use crate::paper::view::{CardView, Site};
use crate::pipeline::check::Judged;
use crate::plot::svg;
use crate::plot::text::significant;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A file of a figure in two versions, as far as they are to be had.
pub struct Versions {
    /// Its path below the report.
    pub path: String,
    /// The old bytes.
    pub old: Option<Vec<u8>>,
    /// The new bytes.
    pub new: Option<Vec<u8>>,
    /// What to say where one of them is missing.
    pub why: &'static str,
}

/// The page of a figure of which some files differ: `card` and `claims` are today's; `words` call the two versions.
pub fn view(site: Site, card: CardView, claims: &[Judged], files: &[Versions], words: [&'static str; 2]) -> DiffView {
    let both = |ending: &'static str| {
        files.iter().filter(move |file| file.path.ends_with(ending)).filter_map(|file| {
            let text = |bytes: &Option<Vec<u8>>| String::from_utf8(bytes.clone()?).ok();
            Some((file.path.as_str(), text(&file.old)?, text(&file.new)?))
        })
    };
    let [old, new] = both(".json").next().map_or_else(Default::default, |(_, old, new)| [numbers(&old), numbers(&new)]);
    let picture = |shown: &Picture| {
        both(".svg").find(|(path, ..)| *path == shown.file).map(|(_, old, new)| pair(shown, &old, &new))
    };
    let missing = files.iter().filter(|file| file.old.is_none() || file.new.is_none());
    DiffView {
        pictures: card.pictures.iter().filter_map(picture).collect(),
        values: values(&old, &new),
        claims: claims.iter().zip(&card.claims).filter_map(|(judged, view)| claim(judged, view, &old, &new)).collect(),
        tables: both(".csv").filter_map(|(path, old, new)| table(path, &old, &new)).collect(),
        others: missing.map(|file| [file.path.clone(), file.why.to_owned()]).collect(),
        site,
        number: card.number,
        id: card.id,
        title: card.title,
        old: words[0],
        new: words[1],
    }
}

/// The numbers of a result file.
fn numbers(text: &str) -> BTreeMap<String, f64> {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let values = document.get("values").and_then(Value::as_object);
    values.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
}

fn pair(shown: &Picture, old: &str, new: &str) -> PicturePair {
    let [old_size, size] = [old, new].map(|picture| svg::size(picture).unwrap_or(shown.size));
    PicturePair {
        label: shown.label.clone(),
        alt: shown.alt.clone(),
        old: svg::address(old),
        new: svg::address(new),
        old_size,
        size,
        room: [0, 1].map(|axis| old_size[axis].max(size[axis])),
    }
}

fn values(old: &BTreeMap<String, f64>, new: &BTreeMap<String, f64>) -> Vec<ValueChange> {
    let full = |value: Option<&f64>| value.map_or_else(String::new, f64::to_string);
    let change = |name: &&String| {
        let (old, new) = (old.get(*name), new.get(*name));
        if old.map(|value| value.to_bits()) == new.map(|value| value.to_bits()) {
            return None;
        }
        let both = old.zip(new);
        let difference = both.map(|(old, new)| new - old);
        let relative = both.filter(|(old, _)| **old != 0.0).map(|(old, new)| (new - old) / old.abs());
        Some(ValueChange {
            name: (*name).clone(),
            old: full(old),
            new: full(new),
            change: difference.map_or_else(String::new, |difference| signed(difference, "")),
            relative: relative.map_or_else(String::new, |share| signed(100.0 * share, " %")),
        })
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names.iter().filter_map(change).collect()
}

fn signed(value: f64, unit: &str) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}{unit}", significant(value, 3))
}

fn claim(
    judged: &Judged,
    view: &ClaimView,
    old: &BTreeMap<String, f64>,
    new: &BTreeMap<String, f64>,
) -> Option<ClaimChange> {
    let (old, new) = (*old.get(&judged.name)?, *new.get(&judged.name)?);
    let [before, after] = [old, new].map(|value| judged.bound.judge(value));
    // What is claimed of a share of the seeds cannot be told from one of them.
    (judged.share.is_none() && old.to_bits() != new.to_bits()).then(|| ClaimChange {
        // The page lies beside no other: links would lead nowhere.
        says: Text { html: without_links(&view.says.html), md: view.says.md.clone() },
        bound: judged.bound.text(|value| significant(value, 17)),
        old: significant(old, 6),
        new: significant(new, 6),
        held: before.holds,
        holds: after.holds,
        taken: match judged.bound {
            // An exact value leaves no room.
            Bound::Equals(_, 0.0) => String::new(),
            _ if before.holds && before.margin > 0.0 => signed(100.0 * (1.0 - after.margin / before.margin), " %"),
            _ => String::new(),
        },
    })
}

fn without_links(html: &str) -> String {
    let mut parts = html.split("<a ");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('>').map_or(part, |(_, rest)| rest));
    rest.fold(first, |text, part| text + part).replace("</a>", "")
}

fn table(path: &str, old: &str, new: &str) -> Option<TableChange> {
    let (old, new) = (Frame::from_csv(old).ok()?, Frame::from_csv(new).ok()?);
    let file = path.to_owned();
    if old.names().ne(new.names()) {
        let names = |frame: &Frame| frame.names().collect::<Vec<_>>().join(", ");
        let words = format!("columns {} -> {}", names(&old), names(&new));
        return Some(TableChange { file, words, head: Vec::new(), row: None, cells: Vec::new() });
    }
    let shared = old.rows().min(new.rows());
    let differing: Vec<usize> =
        (0..shared).filter(|&row| (0..old.0.len()).any(|at| !same(&old, &new, at, row))).collect();
    let mut words = format!("{} of {shared} rows differ", differing.len());
    if old.rows() != new.rows() {
        words += &format!("; {} rows -> {} rows", old.rows(), new.rows());
    }
    let cells = |&row: &usize| {
        let cell = |at: usize| (old.0[at].1.text(row), new.0[at].1.text(row), !same(&old, &new, at, row));
        (0..old.0.len()).map(cell).collect()
    };
    let first = differing.first();
    Some(TableChange {
        file,
        words,
        head: old.names().map(str::to_owned).collect(),
        row: first.map(|row| row + 1),
        cells: first.map(cells).unwrap_or_default(),
    })
}

fn same(old: &Frame, new: &Frame, column: usize, row: usize) -> bool {
    match (&old.0[column].1, &new.0[column].1) {
        (Column::Numbers(old), Column::Numbers(new)) => old[row].to_bits() == new[row].to_bits(),
        (old, new) => old.text(row) == new.text(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_differs_is_shown_with_its_cells() {
        let found = table("fig/a.csv", "x,y\n1,a\n2,b\n3,c\n", "x,y\n1,a\n2.5,b\n4,c\n").expect("a table");
        assert_eq!((found.row, found.words.as_str()), (Some(2), "2 of 3 rows differ"));
        assert_eq!(found.cells, [("2".into(), "2.5".into(), true), ("b".into(), "b".into(), false)]);
        let found = table("fig/a.csv", "x,y\n1,a\n", "x,z\n1,a\n").expect("a table");
        assert_eq!((found.row, found.words.as_str()), (None, "columns x, y -> x, z"));
        let found = table("fig/a.csv", "x\n1\n", "x\n1\n2\n").expect("a table");
        assert_eq!((found.row, found.words.as_str()), (None, "0 of 1 rows differ; 1 rows -> 2 rows"));
    }

    #[test]
    fn numbers_that_came_and_went_are_told() {
        let map = |pairs: &[(&str, f64)]| pairs.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let found =
            values(&map(&[("a", 2.0), ("b", 1.0), ("same", 7.0)]), &map(&[("a", 1.0), ("c", 1.0), ("same", 7.0)]));
        let told: Vec<[&str; 5]> = found
            .iter()
            .map(|value| [&value.name, &value.old, &value.new, &value.change, &value.relative].map(String::as_str))
            .collect();
        assert_eq!(told, [["a", "2", "1", "−1", "−50 %"], ["b", "1", "", "", ""], ["c", "", "1", "", ""]]);
    }
}

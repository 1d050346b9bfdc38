//! Where two versions of an output differ: in tables by row and column, in JSON by name, with the distance in ulp.

use crate::frame::{Column, Frame};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many differing places are told one by one.
const TOLD: usize = 5;

/// Sentences about where `found` differs from `recorded`.
pub fn differences(path: &str, recorded: &[u8], found: &[u8]) -> Vec<String> {
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let tables = || Some((Frame::from_csv(text(recorded)?).ok()?, Frame::from_csv(text(found)?).ok()?));
    if path.ends_with(".csv")
        && let Some((old, new)) = tables()
    {
        let cells = in_tables(&old, &new);
        if !cells.is_empty() {
            return cells;
        }
    }
    let documents = || Some((serde_json::from_slice(recorded).ok()?, serde_json::from_slice(found).ok()?));
    if path.ends_with(".json")
        && let Some((old, new)) = documents()
    {
        let mut places = Vec::new();
        in_json("", &old, &new, &mut places);
        if !places.is_empty() {
            return shortened(places, "places");
        }
    }
    match (text(recorded), text(found)) {
        (Some(old), Some(new)) => vec![in_lines(old, new)],
        _ => vec![format!(
            "size {} -> {} bytes, first difference at byte {}",
            recorded.len(),
            found.len(),
            first(recorded, found)
        )],
    }
}

fn first(old: &[u8], new: &[u8]) -> usize {
    old.iter().zip(new).position(|(a, b)| a != b).unwrap_or(old.len().min(new.len()))
}

fn in_tables(old: &Frame, new: &Frame) -> Vec<String> {
    if old.names().ne(new.names()) {
        let names = |frame: &Frame| frame.names().collect::<Vec<_>>().join(", ");
        return vec![format!("columns {} -> {}", names(old), names(new))];
    }
    let mut told = Vec::new();
    if old.rows() != new.rows() {
        told.push(format!("{} rows -> {} rows", old.rows(), new.rows()));
    }
    for row in 0..old.rows().min(new.rows()) {
        for ((name, a), (_, b)) in old.0.iter().zip(&new.0) {
            let same = match (a, b) {
                (Column::Numbers(a), Column::Numbers(b)) => a[row].to_bits() == b[row].to_bits(),
                _ => a.text(row) == b.text(row),
            };
            if same {
                continue;
            }
            let distance = match (a, b) {
                (Column::Numbers(a), Column::Numbers(b)) => in_ulp(a[row], b[row]),
                _ => String::new(),
            };
            told.push(format!("row {}, column `{name}`: {} -> {}{distance}", row + 1, a.text(row), b.text(row)));
        }
    }
    shortened(told, "cells")
}

/// Walks two documents side by side; a place is named by the keys that lead to it: `values.rate`.
fn in_json(place: &str, old: &Value, new: &Value, told: &mut Vec<String>) {
    let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                in_json(&below(key), old.get(key).unwrap_or(&Value::Null), new.get(key).unwrap_or(&Value::Null), told);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                in_json(&below(&at.to_string()), old, new, told);
            }
        }
        (Value::Number(a), Value::Number(b)) if a != b => {
            let distance = a.as_f64().zip(b.as_f64()).map_or_else(String::new, |(a, b)| in_ulp(a, b));
            told.push(format!("{}: {a} -> {b}{distance}", named(place)));
        }
        _ if old != new => told.push(format!("{}: {} -> {}", named(place), brief(old), brief(new))),
        _ => {}
    }
}

fn named(place: &str) -> String {
    if place.is_empty() { "the document".to_owned() } else { format!("`{place}`") }
}

/// A value in a few characters; what is not there is nothing.
fn brief(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        other => other.to_string().chars().take(70).collect(),
    }
}

/// The first few places, and how many there are beside.
fn shortened(mut places: Vec<String>, noun: &str) -> Vec<String> {
    let more = places.len().saturating_sub(TOLD);
    places.truncate(TOLD);
    if more > 0 {
        places.push(format!("and {more} more {noun}"));
    }
    places
}

/// The number of doubles between two, as a remark; silent beyond a million, where the values speak for themselves.
fn in_ulp(a: f64, b: f64) -> String {
    let ordered = |x: f64| {
        let bits = x.to_bits().cast_signed();
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    };
    let distance = i128::from(ordered(a)) - i128::from(ordered(b));
    let distance = distance.unsigned_abs();
    if distance <= 1_000_000 { format!(" ({distance} ulp)") } else { String::new() }
}

fn in_lines(old: &str, new: &str) -> String {
    let at = first(old.as_bytes(), new.as_bytes());
    let at = old.floor_char_boundary(at.min(old.len()));
    let line = old[..at].matches('\n').count() + 1;
    let start = old[..at].rfind('\n').map_or(0, |at| at + 1);
    // Some context before the difference, in whole characters of both.
    let from = old.floor_char_boundary(start.max(at.saturating_sub(30)));
    let excerpt = |text: &str| {
        let from = text.floor_char_boundary(from.min(text.len()));
        text[from..].lines().next().unwrap_or_default().chars().take(70).collect::<String>()
    };
    format!("line {line}: {} -> {}", excerpt(old), excerpt(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_with_their_distance() {
        let next = f64::from_bits(5.0f64.to_bits() + 1);
        let told = differences("a.csv", b"x,y\n0,1\n1,5\n", format!("x,y\n0,1\n1,{next}\n").as_bytes());
        assert_eq!(told, ["row 2, column `y`: 5 -> 5.000000000000001 (1 ulp)"]);
        assert_eq!(differences("a.csv", b"x\n0\n", b"x\n-0\n"), ["row 1, column `x`: 0 -> -0 (0 ulp)"]);
        assert_eq!(differences("a.csv", b"x,n\n1,a\n", b"x,n\n1,b\n"), ["row 1, column `n`: a -> b"]);
        assert_eq!(differences("a.csv", b"x\n1\n", b"x\n1\n2\n"), ["1 rows -> 2 rows"]);
        assert_eq!(differences("a.csv", b"x\n1\n", b"z\n1\n"), ["columns x -> z"]);
    }

    #[test]
    fn values_are_named_by_the_keys_that_lead_to_them() {
        let told = |old: &str, new: &str| differences("a.json", old.as_bytes(), new.as_bytes());
        let next = f64::from_bits(0.1f64.to_bits() + 1);
        assert_eq!(
            told(
                r#"{"values": {"a": 0.1, "b": 1}, "seed": 1}"#,
                &format!(r#"{{"values": {{"a": {next}, "c": 2}}, "seed": 1}}"#)
            ),
            ["`values.a`: 0.1 -> 0.10000000000000002 (1 ulp)", "`values.b`: 1 -> nothing", "`values.c`: nothing -> 2"]
        );
        assert_eq!(told("[1, [2]]", "[1, [3]]"), ["`1.0`: 2 -> 3"]);
        assert_eq!(told("[1]", "[1, 2]"), ["the document: [1] -> [1,2]"]);
        assert_eq!(told("{\"a\": 1}", "{\"a\":  1}"), ["line 1: {\"a\": 1} -> {\"a\":  1}"], "only the layout");
        let many = |by: usize| format!("[{}]", (0..8).map(|n| (n * by).to_string()).collect::<Vec<_>>().join(", "));
        assert_eq!(told(&many(1), &many(2)).last().map(String::as_str), Some("and 2 more places"));
    }

    #[test]
    fn other_files_are_compared_by_lines_or_bytes() {
        assert_eq!(differences("a.svg", "a\nbé c\n".as_bytes(), "a\nbé d\n".as_bytes()), ["line 2: bé c -> bé d"]);
        assert_eq!(differences("a.png", &[255, 1], &[255, 2, 3]), ["size 2 -> 3 bytes, first difference at byte 1"]);
        assert_eq!(differences("a.csv", b"x\n1\n", b"x\n1"), ["line 2: 1 -> 1"]);
    }
}

//! Reads the `values.json` of a command: one object of names and finite numbers. It is stricter than JSON, which takes two
//! values of one name, and kinder, for a `NaN` in it is told by name and not by column.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// So many characters of a value are told.
const LONGEST: usize = 80;

/// Stands in front of words that were put in quotes here: no program writes it.
const BARE: char = '\0';

/// The numbers by name.
///
/// # Errors
/// Says in one line what is wrong, with the name of the value where it is one.
pub fn read(text: &str) -> Result<BTreeMap<String, f64>, String> {
    let Pairs(pairs) = serde_json::from_str(&legal(text)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let said = error.to_string();
        let said = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said).to_owned();
        // What was made legal has moved the columns.
        format!("it is no object of numbers: line {line}: {said}")
    })?;
    let mut values = BTreeMap::new();
    for (name, value) in pairs {
        if let Some(name) = name.strip_prefix(BARE) {
            return Err(format!("it is no object of numbers: the name `{name}` stands without quotes"));
        }
        let number = number(&value).map_err(|what| format!("value `{name}` is {what}"))?;
        if values.insert(name.clone(), number).is_some() {
            return Err(format!("value `{name}` stands twice"));
        }
    }
    Ok(values)
}

/// Words without quotes that JSON does not know, such as `NaN`, and numbers that no `f64` holds, in quotes and marked: so
/// they can be told with the names of their values.
fn legal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' | ' ' | '\t' | '\r' | '\n' => 1,
            _ => rest.find(|c: char| "{}[],:\" \t\r\n".contains(c)).unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(length);
        let bare = !token.starts_with(['"', '{', '}', '[', ']', ',', ':', ' ', '\t', '\r', '\n']);
        if bare && !holds(token) {
            out.push_str(&Value::from(format!("{BARE}{token}")).to_string());
        } else {
            out.push_str(token);
        }
        rest = behind;
    }
    out
}

/// Whether JSON knows a word, and an `f64` holds it where it is a whole number.
fn holds(token: &str) -> bool {
    let digits = token.trim_start_matches('-');
    let whole = digits.bytes().all(|c| c.is_ascii_digit());
    let exact = |number: f64| !whole || format!("{}", number.abs()) == digits;
    match serde_json::from_str::<Value>(token) {
        Ok(Value::Number(number)) => number.as_f64().is_some_and(exact),
        known => known.is_ok(),
    }
}

/// The bytes of the string, quotes and all, that a text begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// A finite number, or what the value is instead.
fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Number(number) => number.as_f64().filter(|number| number.is_finite()).ok_or_else(|| number.to_string()),
        Value::String(text) => {
            let brief: String = text.trim_start_matches(BARE).chars().take(LONGEST).collect();
            let json = serde_json::from_str::<Value>(&brief).is_ok();
            Err(match brief.parse::<f64>() {
                _ if !text.starts_with(BARE) => format!("the text \"{brief}\", not a number"),
                Ok(number) if number.is_finite() && json => {
                    format!("{brief}, which no number of double precision holds: the nearest is {number}")
                }
                Ok(number) if number.is_finite() => format!("{brief}, which JSON would write {number}"),
                _ => format!("{brief}, not a finite number"),
            })
        }
        Value::Null => Err("null, not a number".to_owned()),
        Value::Bool(fact) => Err(format!("{fact}, not a number: write 1 or 0")),
        Value::Array(_) => Err("a list, not a number".to_owned()),
        Value::Object(_) => Err("an object, not a number".to_owned()),
    }
}

/// An object as it is written: names may stand twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn an_object_of_numbers_is_read() {
        let values =
            read("{\n \"a\": 1,\t\"b\\\"}:\": -2.5e-3, \"9007199254740992\":9007199254740992 }\n").expect("values");
        let values: Vec<(&str, f64)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(values, [("9007199254740992", 9007199254740992.0), ("a", 1.0), ("b\"}:", -0.0025)]);
        assert_eq!(read("{}").map(|values| values.len()), Ok(0));
    }

    #[test]
    fn what_is_no_finite_number_is_told_with_its_name() {
        let cases = [
            ("{\"a\": 1, \"loss.end\": NaN}", "value `loss.end` is NaN, not a finite number"),
            ("{\"a\": -Infinity}", "value `a` is -Infinity, not a finite number"),
            ("{\"a\": 1e400}", "value `a` is 1e400, not a finite number"),
            ("{\"a\": null}", "value `a` is null, not a number"),
            ("{\"a\": \"0.5\"}", "value `a` is the text \"0.5\", not a number"),
            ("{\"a\": nan}", "value `a` is nan, not a finite number"),
            ("{\"a\": 0x10}", "value `a` is 0x10, not a finite number"),
            ("{\"a\": 007}", "value `a` is 007, which JSON would write 7"),
            ("{a: 1}", "it is no object of numbers: the name `a` stands without quotes"),
            ("{\"a\": true}", "value `a` is true, not a number: write 1 or 0"),
            ("{\"a\": [1]}", "value `a` is a list, not a number"),
            ("{\"a\": {\"b\": 1}}", "value `a` is an object, not a number"),
            ("{\"a\": 1, \"b\": 2, \"a\": 1}", "value `a` stands twice"),
            (
                "{\"a\": 9007199254740993}",
                "value `a` is 9007199254740993, which no number of double precision holds: the nearest is 9007199254740992",
            ),
        ];
        for (text, fault) in cases {
            assert_eq!(read(text).as_ref().map_err(String::as_str), Err(fault), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_told_with_its_line() {
        for text in
            ["", "[]", "5", "{", "{\"a\": 1", "{\"a\" 1}", "{\"a\": 1}\n x", "{\"a", "{\"é\": ü", "{\"a\": \"\\\""]
        {
            let fault = read(text).expect_err("no object");
            assert!(fault.starts_with("it is no object of numbers: line "), "{fault}");
        }
    }
}

//! Reads TOML into a type and reports every mistake in it, where serde stops at the first.
//! It knows no manifest and no page: what a table is called, and where it stands, comes from the caller.

use crate::faults::Faults;
use condense_base::diag::{Diagnostic, Source, nearest};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

/// Where a piece of TOML stands in a text.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The whole text.
    pub source: Arc<Source>,
    /// Offset of the piece: its spans count from here.
    pub offset: usize,
}

impl Piece {
    /// A span of the piece as a span of the text.
    pub fn span(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.offset..span.end + self.offset
    }

    /// A diagnostic with its caret at a span of the piece.
    pub fn fault(&self, code: &'static str, message: impl Into<String>, span: Range<usize>, text: &str) -> Diagnostic {
        Diagnostic::new(code, message).at(&self.source, self.span(span), text)
    }
}

/// A value read from a table with mistakes.
pub struct Reading<T> {
    /// What could be read; none where nothing sensible is left.
    pub value: Option<T>,
    /// Keys, at any depth, that were given but unusable, or misspelt: nobody should call them missing.
    pub spoilt: BTreeSet<String>,
}

/// A table with more mistakes than this is not read on.
const MOST: usize = 20;

/// Parses a piece. On a syntax error nothing is left to look at, and nothing is said of keys that stand twice: the parser
/// has lost track of the tables they are in.
pub fn parse<'t>(text: &'t str, piece: &Piece, faults: &mut Faults) -> Option<Spanned<DeTable<'t>>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let twice = |error: &toml::de::Error| error.message() == "duplicate key";
    let sound = errors.iter().all(twice);
    for error in errors.iter().filter(|error| sound || !twice(error)) {
        if faults.full() {
            break;
        }
        let span = error.span().unwrap_or(0..0);
        let message = if twice(error) {
            format!("key `{}` stands twice", text.get(span.clone()).unwrap_or_default())
        } else {
            format!("this is not TOML: {}", error.message())
        };
        faults.push(piece.fault("M001", message, span, ""));
    }
    if !sound {
        return None;
    }
    inspect_table(table.get_ref(), piece, faults);
    Some(table)
}

fn inspect_table(table: &DeTable, piece: &Piece, faults: &mut Faults) {
    for (key, value) in table {
        if key.get_ref().chars().any(unprintable) {
            faults.push(piece.fault("M002", "control character in a key", key.span(), ""));
        }
        inspect(value.get_ref(), value.span(), piece, faults);
    }
}

/// Numbers and characters that are legal in TOML and nowhere else.
fn inspect(value: &DeValue, span: Range<usize>, piece: &Piece, faults: &mut Faults) {
    match value {
        DeValue::String(text) if text.chars().any(unprintable) => {
            faults.push(piece.fault("M002", "control character in a text", span, ""));
        }
        DeValue::Float(float) if !float.as_str().parse().is_ok_and(f64::is_finite) => {
            faults.push(piece.fault("M006", format!("number `{}` is not finite", float.as_str()), span, ""));
        }
        DeValue::Array(items) => items.iter().for_each(|item| inspect(item.get_ref(), item.span(), piece, faults)),
        DeValue::Table(table) => inspect_table(table, piece, faults),
        _ => {}
    }
}

/// Whether a character could steer a terminal or hide what is written: control, direction marks, and the private
/// characters that stand for quotations while prose is rendered.
pub fn unprintable(c: char) -> bool {
    let steers = c.is_control() && !matches!(c, '\n' | '\t');
    steers || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e000}'..='\u{e002}' | '\u{feff}')
}

/// Reads a table (called `what`: "a figure"), reporting each mistake and reading on without what has it.
pub fn read<T: DeserializeOwned>(
    mut table: Spanned<DeTable>,
    what: &str,
    piece: &Piece,
    faults: &mut Faults,
) -> Reading<T> {
    let mut spoilt = BTreeSet::new();
    for _ in 0..MOST {
        let error = match T::deserialize(Deserializer::from(table.clone())) {
            Ok(value) => return Reading { value: Some(value), spoilt },
            Err(error) => error,
        };
        let span = error.span().unwrap_or_else(|| table.span());
        let said = Said::of(error.message());
        let meant = said.meant();
        match &said {
            Said::UnknownKey { .. } => spoilt.extend(meant.clone()),
            Said::Missing(name) if spoilt.contains(name) => break,
            _ => {}
        }
        // A word that was nearly right is read as the right one, so that what depends on it can be judged.
        let stand_in = meant.filter(|_| matches!(said, Said::UnknownWord { .. }));
        faults.extend(said.diagnostic(what, piece, span.clone()));
        if !mend(table.get_mut(), &span, stand_in.as_deref(), &mut spoilt) {
            break;
        }
    }
    Reading { value: None, spoilt }
}

/// Puts `stand_in` for the innermost value that has that span, or else cuts out the entry that is, or is a list that
/// holds, what has it. Notes the keys on the way down.
fn mend(table: &mut DeTable, span: &Range<usize>, stand_in: Option<&str>, spoilt: &mut BTreeSet<String>) -> bool {
    let mut cut = None;
    for (key, value) in table.iter_mut() {
        let within = match value.get_mut() {
            DeValue::Table(table) => mend(table, span, stand_in, spoilt),
            DeValue::Array(items) => items.iter_mut().any(|item| match item.get_mut() {
                DeValue::Table(table) => mend(table, span, stand_in, spoilt),
                _ => false,
            }),
            _ => false,
        };
        let holds =
            |value: &DeValue| value.as_array().is_some_and(|items| items.iter().any(|item| item.span() == *span));
        let is = value.span() == *span || key.span() == *span || holds(value.get_ref());
        if within || is {
            spoilt.insert(key.get_ref().to_string());
        }
        match stand_in {
            _ if within => return true,
            Some(word) if value.span() == *span => {
                *value.get_mut() = DeValue::String(word.to_owned().into());
                return true;
            }
            _ if is => {
                cut = Some(key.clone());
                break;
            }
            _ => {}
        }
    }
    cut.is_some_and(|key| table.remove(&key).is_some())
}

/// The tables of an array of tables.
pub fn tables<'v, 't>(value: &'v Spanned<DeValue<'t>>) -> Option<Vec<Spanned<DeTable<'t>>>> {
    let table = |item: &'v Spanned<DeValue<'t>>| Some(Spanned::new(item.span(), item.get_ref().as_table()?.clone()));
    value.get_ref().as_array()?.iter().map(table).collect()
}

/// What serde said, taken apart.
enum Said {
    UnknownKey {
        name: String,
        legal: Vec<String>,
    },
    UnknownWord {
        name: String,
        legal: Vec<String>,
    },
    Missing(String),
    Wrong(String),
    /// A number that is not finite: [`parse`] has reported it.
    Known,
}

impl Said {
    fn of(message: &str) -> Self {
        let named = |kind: &str| {
            let rest = message.strip_prefix(kind)?.strip_prefix(" `")?;
            let (name, legal) = rest.rsplit_once("`, expected ").or_else(|| rest.rsplit_once("`, "))?;
            let legal = legal.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            Some((name.to_owned(), legal))
        };
        if let Some((name, legal)) = named("unknown field") {
            Self::UnknownKey { name, legal }
        } else if let Some((name, legal)) = named("unknown variant") {
            Self::UnknownWord { name, legal }
        } else if let Some(name) = message.strip_prefix("missing field `") {
            Self::Missing(name.trim_end_matches('`').to_owned())
        } else if message == "floating-point number overflowed" {
            Self::Known
        } else {
            Self::Wrong(humane(message))
        }
    }

    /// The legal name that was probably meant.
    fn meant(&self) -> Option<String> {
        match self {
            Self::UnknownKey { name, legal } | Self::UnknownWord { name, legal } => {
                nearest(name, legal).map(str::to_owned)
            }
            _ => None,
        }
    }

    fn diagnostic(self, what: &str, piece: &Piece, span: Range<usize>) -> Option<Diagnostic> {
        Some(match self {
            Self::UnknownKey { name, legal } => piece
                .fault("M003", format!("unknown key `{name}`"), span, &format!("not a key of {what}"))
                .suggest(&name, legal, &format!("keys of {what}")),
            Self::UnknownWord { name, legal } => {
                piece.fault("M005", format!("unknown word `{name}`"), span, "").suggest(&name, legal, "legal words")
            }
            Self::Missing(name) => piece.fault("M004", format!("{what} lacks `{name}`"), span, ""),
            Self::Wrong(message) => piece.fault("M005", message, span, ""),
            Self::Known => return None,
        })
    }
}

/// A serde message in the words of TOML: "expected a whole number from 0 on, found text "seven"".
pub fn humane(message: &str) -> String {
    if let Some(name) = message.strip_prefix("data did not match any variant of untagged enum ") {
        let expected =
            if name == "At" { "a number, a date in quotes, or a point `[x, y]`" } else { "a number or a text" };
        return format!("expected {expected}");
    }
    if message == "wanted string or table" {
        return "expected a text".to_owned();
    }
    let kinds = ["invalid type: ", "invalid value: ", "invalid "];
    let parts =
        kinds.iter().find_map(|kind| message.strip_prefix(kind)).and_then(|rest| rest.rsplit_once(", expected "));
    let Some((found, expected)) = parts else { return message.to_owned() };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    };
    let found = [("string ", "text "), ("floating point ", "number "), ("sequence", "a list"), ("map", "a table")]
        .iter()
        .find_map(|(serde, plain)| found.strip_prefix(serde).map(|rest| format!("{plain}{rest}")))
        .unwrap_or_else(|| found.to_owned());
    let found = found.trim_end_matches(" as i128").trim_end_matches(" as u128");
    format!("expected {expected}, found {found}")
}

//! Parameters of a figure: what its entry says over the defaults, and the asked profile over that.
//! It knows no experiment, only a catalogue that answers for them.

use crate::faults::Faults;
use crate::toml_reader::{Piece, humane};
use condense_base::diag::Diagnostic;
use serde_json::{Map, Value};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// What there is to run.
pub trait Catalogue {
    /// Every experiment.
    fn names(&self) -> Vec<String>;
    /// Every parameter of an experiment with its default; none for an unknown one.
    fn defaults(&self, name: &str) -> Option<Map<String, Value>>;
    /// What is wrong with parameters whose keys are known: `(key, what)`, types as well as ranges.
    fn faults(&self, name: &str, params: &Map<String, Value>) -> Vec<(String, String)>;
}

/// Where parameters come from, and where they stand.
pub struct Origin<'a> {
    /// Answers for the experiment.
    pub catalogue: &'a dyn Catalogue,
    /// The experiment; none for a command, whose parameters are free.
    pub experiment: Option<&'a str>,
    /// Where faults of defaults are shown: at the experiment's name.
    pub span: Range<usize>,
    /// The manifest.
    pub piece: &'a Piece,
}

impl Origin<'_> {
    /// The parameters that are meant by `given` over `base` (the defaults, or what a profile overrides). Reports
    /// unknown keys and bad values; a fault that `base` has already is not repeated.
    pub fn over(&self, base: &Map<String, Value>, given: &DeTable, faults: &mut Faults) -> Map<String, Value> {
        let mut params = base.clone();
        // Numbers are spelled like the defaults: what `base` has may be a mistake that was told already.
        let defaults = self.experiment.and_then(|experiment| self.catalogue.defaults(experiment));
        let like = defaults.as_ref().unwrap_or(base);
        for (key, value) in given {
            let name = key.get_ref().as_ref();
            if self.experiment.is_some() && !base.contains_key(name) {
                faults.push(self.unknown(name, key.span(), base));
                continue;
            }
            match json(value.get_ref(), like.get(name)) {
                Ok(value) => drop(params.insert(name.to_owned(), value)),
                Err(None) => {}
                Err(Some(message)) => {
                    faults.push(self.piece.fault("M005", format!("parameter `{name}` {message}"), value.span(), ""));
                }
            }
        }
        let Some(experiment) = self.experiment else { return params };
        let found = self.catalogue.faults(experiment, &params);
        let before = if found.is_empty() { Vec::new() } else { self.catalogue.faults(experiment, base) };
        for (key, message) in found.into_iter().filter(|fault| !before.contains(fault)) {
            // A key of the experiment's own naming may be a path into the parameter: `layers.0`.
            let top = key.split(['.', '[']).next().unwrap_or_default();
            let span = given.get(top).map_or_else(|| self.span.clone(), toml::Spanned::span);
            let message = format!("parameter `{key}`: {}", humane(&message));
            faults.push(self.piece.fault("M009", message, span, ""));
        }
        params
    }

    fn unknown(&self, name: &str, span: Range<usize>, base: &Map<String, Value>) -> Diagnostic {
        let experiment = self.experiment.unwrap_or_default();
        self.piece
            .fault("M003", format!("unknown parameter `{name}`"), span, &format!("not a parameter of `{experiment}`"))
            .suggest(name, base.keys(), &format!("parameters of `{experiment}`"))
    }
}

/// A TOML value as JSON, spelled like the default: a whole number where a float is the rule becomes one, so that
/// `1` and `1.0` are the same parameter. Of a number that is not finite, whoever parsed the table has spoken already.
fn json(value: &DeValue, like: Option<&Value>) -> Result<Value, Option<String>> {
    match value {
        DeValue::String(text) => Ok(Value::from(text.as_ref())),
        DeValue::Boolean(flag) => Ok(Value::from(*flag)),
        DeValue::Integer(integer) => {
            let (text, radix) = (integer.as_str(), integer.radix());
            let signed = i64::from_str_radix(text, radix);
            match signed {
                Ok(number) if like.is_some_and(Value::is_f64) => Ok(Value::from(number as f64)),
                Ok(number) => Ok(Value::from(number)),
                Err(_) => u64::from_str_radix(text, radix)
                    .map(Value::from)
                    .map_err(|_| Some(format!("is too large: `{text}`"))),
            }
        }
        DeValue::Float(float) => {
            float.as_str().parse().ok().filter(|x: &f64| x.is_finite()).map(Value::from).ok_or(None)
        }
        DeValue::Datetime(_) => Err(Some("is a date: write it as text".to_owned())),
        DeValue::Array(items) => {
            let like = like.and_then(Value::as_array);
            let nth = |at: usize| like.and_then(|like| like.get(at).or_else(|| like.last()));
            items
                .iter()
                .enumerate()
                .map(|(at, item)| json(item.get_ref(), nth(at)))
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
        DeValue::Table(table) => {
            let like = |key: &str| like.and_then(|like| like.get(key));
            let entry = |(key, value): (&toml::Spanned<toml::de::DeString>, &toml::Spanned<DeValue>)| {
                Ok((key.get_ref().to_string(), json(value.get_ref(), like(key.get_ref()))?))
            };
            table.iter().map(entry).collect::<Result<_, _>>().map(Value::Object)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_like_their_defaults() {
        let table =
            DeTable::parse("a = 1\nb = 1\nc = [1, 2.5]\nd = 0x10\ne = 18446744073709551615\nf = 1_000").expect("TOML");
        let like = serde_json::json!({"a": 0.5, "b": 3, "c": [0.1]});
        let of = |key: &str| json(table.get_ref()[key].get_ref(), like.get(key)).expect("JSON").to_string();
        assert_eq!(
            ["a", "b", "c", "d", "e", "f"].map(of),
            ["1.0", "1", "[1.0,2.5]", "16", "18446744073709551615", "1000"]
        );
    }

    #[test]
    fn dates_and_giants_are_no_parameters() {
        let table = DeTable::parse("a = 2020-01-01\nb = 99999999999999999999").expect("TOML");
        let of = |key: &str| json(table.get_ref()[key].get_ref(), None).expect_err("refused").expect("a message");
        assert_eq!(of("a"), "is a date: write it as text");
        assert_eq!(of("b"), "is too large: `99999999999999999999`");
    }
}

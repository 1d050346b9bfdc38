//! What a step depends on, as data. A recipe is one serialisable value: it is hashed for the step's key, kept in words for
//! explanations, and handed to the step's work, which sees it, its inputs and nothing else.
//! So a read that the key does not cover cannot be written, and key and explanation cannot drift apart.

use crate::artefacts::{Artefacts, Inputs};
use crate::digest::Digest;
use crate::failure::Failure;
use crate::key::Key;
use crate::step_context::StepContext;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// Everything that the artefacts of a step depend on, besides the artefacts that it takes from other steps.
///
/// The key of the step covers whatever the value serialises to. Large inputs serialise as their digest.
pub trait Recipe: Serialize + Sync {
    /// What kind of work it is: recipes of two kinds are never the same step, even if they hold the same values.
    const KIND: &'static str;

    /// Whether the same key always means the same bytes; not so where a remark tells how long something took.
    fn repeats(&self) -> bool {
        true
    }

    /// Makes the artefacts.
    ///
    /// # Errors
    /// A [`Failure`]; nothing is kept of a failed step but its finished cells.
    fn make(&self, inputs: &Inputs, context: &StepContext) -> Result<Artefacts, Failure>;
}

/// A value as labelled texts: `("params.steps", "10000")`. Different values of one type give different parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(Vec<(String, String)>);

impl Parts {
    /// The parts of a recipe.
    pub fn of<R: Recipe>(recipe: &R) -> Self {
        let mut parts = Self::default();
        parts.add("step", R::KIND);
        let value = serde_json::to_value(recipe).unwrap_or_else(|error| {
            unreachable!("recipes are structs of plain fields, with names as the keys of their maps: {error}")
        });
        parts.flatten("", &value);
        parts
    }

    /// Adds a part that does not come from the recipe.
    pub fn add(&mut self, label: impl Into<String>, text: impl Into<String>) {
        self.0.push((label.into(), text.into()));
    }

    /// The digest of all parts, in their order.
    pub fn digest(&self) -> Digest {
        let mut key = Key::default();
        for (label, text) in &self.0 {
            key.part(label, text.as_bytes());
        }
        key.digest()
    }

    /// The parts for people: long texts are replaced by their digest.
    pub fn words(&self) -> Vec<(String, String)> {
        let word = |text: &String| {
            if text.len() <= LONGEST {
                text.clone()
            } else {
                format!("{} bytes, {}", text.len(), Digest::of(text.as_bytes()).short())
            }
        };
        self.0.iter().map(|(label, text)| (label.clone(), word(text))).collect()
    }

    /// Walks a value down to its leaves. An empty list or table is a leaf, too.
    fn flatten(&mut self, label: &str, value: &Value) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, value) in fields {
                    let name = if is_plain(name) { name.clone() } else { Value::from(name.as_str()).to_string() };
                    self.flatten(&if label.is_empty() { name } else { format!("{label}.{name}") }, value);
                }
            }
            Value::Array(items) if items.iter().any(|item| !item.is_number()) => {
                for (at, item) in items.iter().enumerate() {
                    self.flatten(&format!("{label}.{}", at + 1), item);
                }
            }
            Value::String(text) => self.add(label, if reads_as_json(text) { value.to_string() } else { text.clone() }),
            other => self.add(label, other.to_string()),
        }
    }
}

/// Texts that are longer than this are words of their digest only.
const LONGEST: usize = 4096;

/// Whether a name can stand in a label as it is: it cannot be taken for two names or for a quoted one.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '/' | ' '))
}

/// Whether a text, written without quotation marks, could be taken for another value.
fn reads_as_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[derive(Serialize)]
    struct Any(Value);

    impl Recipe for Any {
        const KIND: &'static str = "any";

        fn make(&self, _: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
            Ok(Artefacts::new())
        }
    }

    fn parts(value: Value) -> Vec<(String, String)> {
        Parts::of(&Any(value)).words()
    }

    #[test]
    fn a_recipe_is_told_by_its_leaves() {
        let told =
            parts(json!({ "params": { "steps": 10, "rates": [0.1, 2], "name": "tanh" }, "data": { "a.csv": "00" } }));
        let told: Vec<(&str, &str)> = told.iter().map(|(label, text)| (label.as_str(), text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("step", "any"),
                ("data.\"a.csv\"", "00"),
                ("params.name", "tanh"),
                ("params.rates", "[0.1,2]"),
                ("params.steps", "10"),
            ]
        );
    }

    #[test]
    fn values_that_look_alike_are_told_apart() {
        let alike = [
            json!({ "a": 1 }),
            json!({ "a": "1" }),
            json!({ "a": "\"1\"" }),
            json!({ "a": [1] }),
            json!({ "a": ["1"] }),
            json!({ "a": { "1": 1 } }),
            json!({ "a.1": 1 }),
            json!({ "a": [] }),
            json!({ "a": {} }),
            json!({ "a": "[]" }),
            json!({ "a": null }),
            json!({ "a": "null" }),
            json!({}),
        ];
        let digests: Vec<Digest> = alike.iter().map(|value| Parts::of(&Any(value.clone())).digest()).collect();
        for (at, digest) in digests.iter().enumerate() {
            // A list is a table of its places: only the types of a recipe tell them apart, and those do not change.
            let same = |other: &usize| !(alike[*other] == json!({ "a": ["1"] }) || alike[at] == json!({ "a": ["1"] }));
            assert!((0..at).filter(same).all(|other| digests[other] != *digest), "{}", alike[at]);
        }
    }

    proptest! {
        #[test]
        fn other_values_have_other_keys(a: Vec<(String, String)>, b: Vec<(String, String)>) {
            let table = |rows: &[(String, String)]| Value::Object(rows.iter().map(|(k, v)| (k.clone(), json!(v))).collect());
            let (a, b) = (table(&a), table(&b));
            prop_assert_eq!(a == b, Parts::of(&Any(a.clone())).digest() == Parts::of(&Any(b.clone())).digest());
        }
    }
}

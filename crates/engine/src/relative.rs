//! A path below some folder: plain names joined by `/`. One that leads out of its folder cannot be made, nor read from a file.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Names without `.`, `..`, backslash and control characters, joined by single `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relative(String);

impl Relative {
    /// Reads a path; `None` where it is absolute, empty, leads upwards, or could be read in two ways.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |name: &str| !matches!(name, "" | "." | "..");
        let clean = !text.chars().any(|c| c.is_control() || c == '\\');
        (clean && text.split('/').all(plain)).then(|| Self(text.to_owned()))
    }

    /// A path that the program itself spells.
    ///
    /// # Panics
    /// When it is none (a mistake of the caller, not of a user).
    pub fn known(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| panic!("`{text}` is no path below a folder"))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names, from the top.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The last name, and the folders before it.
    pub fn split(&self) -> (Option<Self>, &str) {
        match self.0.rsplit_once('/') {
            Some((folder, name)) => (Some(Self(folder.to_owned())), name),
            None => (None, &self.0),
        }
    }

    /// A path below this one.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(format!("{self}/{below}"))
    }

    /// Another name in the same folder; `None` where it is not plain.
    pub fn beside(&self, name: &str) -> Option<Self> {
        let (folder, _) = self.split();
        let name = Self::parse(name).filter(|name| name.names().count() == 1)?;
        Some(folder.map_or(name.clone(), |folder| folder.join(&name)))
    }
}

impl fmt::Display for Relative {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for Relative {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Relative {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no path below a folder"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_that_leads_out_or_has_two_spellings_is_none() {
        for good in ["a", "fig/a.csv", ".condense.json", "a/..b/c..", "é"] {
            let path = Relative::parse(good).expect(good);
            assert_eq!(path.as_str(), good);
            assert_eq!(serde_json::from_str::<Relative>(&format!("\"{good}\"")).expect(good), path);
        }
        for bad in ["", "/", "/etc", "..", ".", "a/..", "../a", "a/../b", "./a", "a//b", "a/", "a\0", "a\n", "a\\b"] {
            assert_eq!(Relative::parse(bad), None, "{bad:?}");
            assert!(serde_json::from_value::<Relative>(serde_json::json!(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn folders_names_and_neighbours() {
        let path = Relative::known("a/b/c");
        assert_eq!(path.split(), (Some(Relative::known("a/b")), "c"));
        assert_eq!(path.beside("d"), Some(Relative::known("a/b/d")));
        assert_eq!(path.beside("../d"), None);
        assert_eq!(Relative::known("a").beside("b"), Some(Relative::known("b")));
        assert_eq!(Relative::known("a").split(), (None, "a"));
    }

    proptest! {
        #[test]
        fn joined_to_a_folder_it_stays_below(text in ".{0,12}|[./a]{0,12}") {
            if let Some(path) = Relative::parse(&text) {
                let whole = std::path::Path::new("/folder").join(path.as_str());
                prop_assert!(whole.starts_with("/folder") && whole != std::path::Path::new("/folder"));
                prop_assert!(whole.components().skip(1).all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}

//! What a step depends on, described once and written by two writers: one hashes it, the other keeps it as words.
//! So the key and its explanation cannot drift apart.

use crate::digest::Digest;
use sha2::{Digest as _, Sha256};

/// Takes the parts of a description, one by one.
pub trait Recipe {
    /// One part: what it is, and its bytes.
    fn part(&mut self, label: &str, bytes: &[u8]);
}

/// The writer that makes a key. Lengths stand before label and bytes, so that parts cannot run together.
pub struct Key(Sha256);

impl Default for Key {
    fn default() -> Self {
        let mut key = Self(Sha256::new());
        key.part("schema", SCHEMA.as_bytes());
        key
    }
}

/// Changes when keys or artefacts change their meaning; then everything is computed anew.
const SCHEMA: &str = "condense 1";

impl Recipe for Key {
    fn part(&mut self, label: &str, bytes: &[u8]) {
        for field in [label.as_bytes(), bytes] {
            self.0.update((field.len() as u64).to_le_bytes());
            self.0.update(field);
        }
    }
}

impl Key {
    /// The finished key.
    pub fn digest(self) -> Digest {
        Digest::finish(self.0)
    }
}

/// The writer that keeps the description readable: `(label, text)`; long or binary parts appear as their digest.
#[derive(Default)]
pub struct Words(pub Vec<(String, String)>);

/// Longer parts are words of their digest only.
const LONGEST: usize = 4096;

impl Recipe for Words {
    fn part(&mut self, label: &str, bytes: &[u8]) {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if bytes.len() <= LONGEST => text.to_owned(),
            _ => format!("{} bytes, {}", bytes.len(), Digest::of(bytes).short()),
        };
        self.0.push((label.to_owned(), text));
    }
}

/// What differs between two descriptions, as sentences: "`params.steps` 10000 → 20000".
pub fn differences(old: &[(String, String)], new: &[(String, String)]) -> Vec<String> {
    let find = |list: &[(String, String)], label: &str| {
        list.iter().find(|(own, _)| own == label).map(|(_, text)| text.clone())
    };
    let mut reasons = Vec::new();
    for (label, text) in new {
        match find(old, label) {
            None => reasons.push(format!("`{label}` is new")),
            Some(before) if before != *text => reasons.push(change(label, &before, text)),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(label, _)| find(new, label).is_none());
    reasons.extend(gone.map(|(label, _)| format!("`{label}` is gone")));
    reasons
}

/// One change in words: short single-line texts are shown, of longer ones the first line that differs, of digests only the fact.
fn change(label: &str, before: &str, after: &str) -> String {
    if Digest::parse(before).is_some() || Digest::parse(after).is_some() {
        return format!("`{label}` changed");
    }
    let differing = before.lines().zip(after.lines()).enumerate().find(|(_, (old, new))| old != new);
    match differing {
        Some((at, (old, new))) => {
            let place = if before.lines().count() > 1 { format!(", line {}", at + 1) } else { String::new() };
            format!("`{label}`{place}: {} → {}", clipped(old), clipped(new))
        }
        None => format!("`{label}` has {} lines, had {}", after.lines().count(), before.lines().count()),
    }
}

fn clipped(text: &str) -> String {
    const WIDTH: usize = 60;
    let text = text.trim();
    if text.chars().count() <= WIDTH { text.to_owned() } else { text.chars().take(WIDTH).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parts: &[(&str, &str)]) -> Digest {
        let mut key = Key::default();
        for (label, text) in parts {
            key.part(label, text.as_bytes());
        }
        key.digest()
    }

    #[test]
    fn parts_cannot_run_together() {
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "b"), ("c", "d")]), key(&[("a", "bcd")]));
        assert_eq!(key(&[("a", "b")]), key(&[("a", "b")]));
    }

    #[test]
    fn words_say_what_changed() {
        let words =
            |parts: &[(&str, &str)]| parts.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        let old = words(&[
            ("params.steps", "10000"),
            ("code of nn::train", &"0".repeat(64)),
            ("gone", "1"),
            ("chart", "a\nb"),
        ]);
        let new = words(&[
            ("params.steps", "20000"),
            ("code of nn::train", &"1".repeat(64)),
            ("new", "1"),
            ("chart", "a\nc"),
        ]);
        assert_eq!(
            differences(&old, &new),
            [
                "`params.steps`: 10000 → 20000",
                "`code of nn::train` changed",
                "`new` is new",
                "`chart`, line 2: b → c",
                "`gone` is gone"
            ]
        );
        assert!(differences(&old, &old).is_empty());
    }
}

//! Hashes labelled parts into a digest: the key of a step, of a cell, of a declaration.

use crate::digest::Digest;
use sha2::{Digest as _, Sha256};

/// Hashes labelled parts. Lengths stand before label and bytes, so that parts cannot run together.
pub struct Key(Sha256);

impl Default for Key {
    fn default() -> Self {
        let mut key = Self(Sha256::new());
        key.part("schema", SCHEMA.as_bytes());
        key
    }
}

/// Changes when keys or artefacts change their meaning; then everything is computed anew, and every lock is out of date.
const SCHEMA: &str = "condense 1";

impl Key {
    /// Takes one part: what it is, and its bytes.
    pub fn part(&mut self, label: &str, bytes: &[u8]) {
        for field in [label.as_bytes(), bytes] {
            self.0.update((field.len() as u64).to_le_bytes());
            self.0.update(field);
        }
    }

    /// The finished key.
    pub fn digest(self) -> Digest {
        Digest::finish(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_together() {
        let key = |parts: &[(&str, &str)]| {
            let mut key = Key::default();
            for (label, text) in parts {
                key.part(label, text.as_bytes());
            }
            key.digest()
        };
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "b"), ("c", "d")]), key(&[("a", "bcd")]));
        assert_eq!(key(&[("a", "b")]), key(&[("a", "b")]));
    }
}

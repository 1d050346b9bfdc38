//! What a step makes, and what it is given of what others made.

use crate::digest::Digest;
use crate::failure::{Failure, broken};
use std::collections::BTreeMap;

/// What a step makes: named bytes.
pub type Artefacts = BTreeMap<String, Vec<u8>>;

/// The artefacts that a step asked for, by role.
#[derive(Default)]
pub struct Inputs(BTreeMap<String, Origin>);

/// What one earlier step gave.
#[derive(Default)]
struct Origin {
    /// Those that were asked for.
    artefacts: BTreeMap<String, (Digest, Vec<u8>)>,
    /// The names of all that it made.
    made: Vec<String>,
    seconds: f64,
}

impl Inputs {
    pub(crate) fn describe(&mut self, role: &str, seconds: f64, made: Vec<String>) {
        let origin = self.0.entry(role.to_owned()).or_default();
        (origin.seconds, origin.made) = (seconds, made);
    }

    pub(crate) fn add(&mut self, role: &str, name: &str, digest: Digest, bytes: Vec<u8>) {
        self.0.entry(role.to_owned()).or_default().artefacts.insert(name.to_owned(), (digest, bytes));
    }

    /// The bytes of an artefact.
    ///
    /// # Errors
    /// When it was not asked for, or not made.
    pub fn bytes(&self, role: &str, name: &str) -> Result<&[u8], Failure> {
        self.get(role, name).map(|(_, bytes)| bytes.as_slice())
    }

    fn get(&self, role: &str, name: &str) -> Result<&(Digest, Vec<u8>), Failure> {
        let found = self.0.get(role).and_then(|origin| origin.artefacts.get(name));
        found.ok_or_else(|| broken(format!("there is no `{name}` from `{role}`")))
    }

    /// Their digest.
    ///
    /// # Errors
    /// As [`Inputs::bytes`].
    pub fn digest(&self, role: &str, name: &str) -> Result<Digest, Failure> {
        self.get(role, name).map(|(digest, _)| *digest)
    }

    /// The same as text: what steps write as text is UTF-8.
    ///
    /// # Errors
    /// When it is missing or no text.
    pub fn text(&self, role: &str, name: &str) -> Result<&str, Failure> {
        std::str::from_utf8(self.bytes(role, name)?).map_err(|_| broken(format!("`{name}` from `{role}` is no text")))
    }

    /// The same, read as JSON.
    ///
    /// # Errors
    /// When it is missing or holds something else.
    pub fn json<T: serde::de::DeserializeOwned>(&self, role: &str, name: &str) -> Result<T, Failure> {
        let bytes = self.bytes(role, name)?;
        serde_json::from_slice(bytes).map_err(|error| broken(format!("`{name}` from `{role}` cannot be read: {error}")))
    }

    /// Every artefact in a role that was asked for and made: name, digest, bytes.
    pub fn of(&self, role: &str) -> impl Iterator<Item = (&str, Digest, &[u8])> {
        let own = self.0.get(role).into_iter().flat_map(|origin| &origin.artefacts);
        own.map(|(name, (digest, bytes))| (name.as_str(), *digest, bytes.as_slice()))
    }

    /// The names of everything that was made in a role, asked for or not. They are in no key: they are for the words of a
    /// failure, "did you mean", and a failed step leaves nothing.
    pub fn made(&self, role: &str) -> &[String] {
        self.0.get(role).map_or(&[], |origin| &origin.made)
    }

    /// How long the step in a role took when it ran. It is in no key: nothing may depend on it but a remark on a page,
    /// which is left out where pages are compared byte by byte.
    pub fn seconds(&self, role: &str) -> Option<f64> {
        self.0.get(role).map(|origin| origin.seconds)
    }
}

//! What the last run left behind: which keys its steps had. Losing it loses nothing but reasons: a damaged state is told,
//! dropped and made anew.

use crate::digest::Digest;
use crate::relative::Relative;
use crate::store::{STATE, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// The state file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Step name to the key it had when it was last finished.
    pub steps: BTreeMap<String, Digest>,
}

/// What was found on disk.
pub enum Found {
    /// A good state, or none yet.
    Good(State),
    /// Something unreadable.
    Damaged,
}

impl State {
    /// Reads the state of a store.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn load(store: &Store) -> io::Result<Found> {
        let Some(bytes) = store.read(&Relative::known(STATE))? else { return Ok(Found::Good(Self::default())) };
        Ok(serde_json::from_slice(&bytes).map_or(Found::Damaged, Found::Good))
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(io::Error::other)
    }

    /// The digest of the file that [`State::save`] writes.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn digest(&self) -> io::Result<Digest> {
        Ok(Digest::of(&self.bytes()?))
    }

    /// Writes the state, unless the file has it already.
    ///
    /// # Errors
    /// The system's.
    pub fn save(&self, store: &Store) -> io::Result<()> {
        let (path, bytes) = (Relative::known(STATE), self.bytes()?);
        if store.read(&path)?.as_deref() == Some(&bytes) {
            return Ok(());
        }
        store.write(&path, &bytes)
    }
}

//! What the last run left behind: which keys its steps had, and which bytes it wrote where.
//! Losing it loses nothing but reasons: a damaged state is told, dropped and made anew.

use crate::atomic::{self, Durability};
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// The state file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Step name to the key it had when it was last finished.
    pub steps: BTreeMap<String, Digest>,
    /// Path below the project to the digests that it may have: the one last written, and, while a
    /// publication is under way (or was cut off), the one about to be written.
    pub outputs: BTreeMap<String, BTreeSet<Digest>>,
}

/// What was found on disk.
pub enum Found {
    /// A good state, or none yet.
    Good(State),
    /// Something unreadable.
    Damaged,
}

impl State {
    /// Reads the state at `path`.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn load(path: &Path) -> io::Result<Found> {
        let Some(bytes) = atomic::read(path)? else { return Ok(Found::Good(Self::default())) };
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
    pub fn save(&self, path: &Path, durability: Durability) -> io::Result<()> {
        let bytes = self.bytes()?;
        if atomic::read(path)?.as_deref() == Some(&bytes) {
            return Ok(());
        }
        atomic::write(path, &bytes, durability)
    }
}

//! The record of what was written into a folder. It lies in that folder, so it goes where the files go; it is the only list
//! of what may be replaced or removed there, and nothing is, unless its bytes are recorded.

use crate::digest::Digest;
use crate::folder::{Durability, Folder, Sight};
use crate::relative::Relative;
use crate::store::{seal, sealed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The record's name in its folder.
pub const NAME: &str = ".condense.json";

/// What its name is while it is written.
const PART: &str = ".condense.json.part";

/// The record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The profile whose files these are.
    pub profile: String,
    /// Path to the digests that the file may have: the one last written, and, while a publication is under way (or was cut
    /// off), the one about to be written.
    pub files: BTreeMap<Relative, BTreeSet<Digest>>,
    /// Path to the key of the step that made the file: the same key means the same bytes.
    pub keys: BTreeMap<Relative, Digest>,
}

/// What was found in a folder.
pub enum Found {
    /// No record.
    Nothing,
    /// A good one.
    Good(Published),
    /// Something else: why it is not believed.
    Damaged(String),
}

impl Published {
    /// An empty record.
    pub fn new(profile: &str) -> Self {
        Self { profile: profile.to_owned(), ..Self::default() }
    }

    /// Reads the record of a folder. One that names a path which is not `ours` is damaged.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn load(folder: &Folder, profile: &str, ours: impl Fn(&Relative) -> bool) -> io::Result<Found> {
        let bytes = match folder.look(&Relative::known(NAME))? {
            Sight::Nothing => return Ok(Found::Nothing),
            Sight::File(bytes) => bytes,
            Sight::Other(what) => return Ok(Found::Damaged(what)),
        };
        let Some(body) = sealed(&bytes) else { return Ok(Found::Damaged("its seal is broken".to_owned())) };
        Ok(match serde_json::from_slice::<Self>(body) {
            Err(error) => Found::Damaged(error.to_string()),
            Ok(written) if written.profile != profile => {
                Found::Damaged(format!("it is of profile `{}`", written.profile.escape_debug()))
            }
            Ok(written) => match written.files.iter().find(|(path, digests)| !ours(path) || digests.is_empty()) {
                Some((path, _)) => Found::Damaged(format!("`{path}` is no file of a report")),
                None => Found::Good(written),
            },
        })
    }

    /// The digest of the file that [`Published::save`] writes.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn digest(&self) -> io::Result<Digest> {
        Ok(Digest::of(&self.bytes()?))
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        Ok(seal(&serde_json::to_vec(self).map_err(io::Error::other)?))
    }

    /// Writes the record, unless the file says the same already.
    ///
    /// # Errors
    /// The system's.
    pub fn save(&self, folder: &Folder, durability: Durability) -> io::Result<()> {
        let (path, part, bytes) = (Relative::known(NAME), Relative::known(PART), self.bytes()?);
        if folder.look(&path)? == Sight::File(bytes.clone()) {
            return folder.remove(&part);
        }
        folder.stage(&path, &part, &bytes, durability)?.name()?;
        if durability == Durability::Synced { folder.sync(None) } else { Ok(()) }
    }

    /// Whether a killed process left a half-written record.
    pub fn is_left(folder: &Folder) -> bool {
        folder.kind(&Relative::known(PART)).is_some()
    }

    /// Removes the record of a folder.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(folder: &Folder) -> io::Result<()> {
        folder.remove(&Relative::known(PART))?;
        folder.remove(&Relative::known(NAME))
    }
}

/// Whether a name is that of the record, or of one that was being written when its process was killed.
pub fn is_record(name: &str) -> bool {
    [NAME, PART].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_record_of_this_profile_and_of_our_files_is_good() {
        let room = tempfile::tempdir().expect("a folder");
        let folder = Folder::root(room.path()).expect("a folder");
        let ours = |path: &Relative| path.as_str() != "theirs";
        let found = || Published::load(&folder, "default", ours).expect("no error");
        assert!(matches!(found(), Found::Nothing));
        let mut written = Published::new("default");
        written.files.insert(Relative::known("a"), BTreeSet::from([Digest::of(b"a")]));
        written.save(&folder, Durability::Synced).expect("saved");
        assert!(matches!(found(), Found::Good(read) if read == written));

        let file = room.path().join(NAME);
        let put = |body: &str| std::fs::write(&file, seal(body.as_bytes())).expect("written");
        let digest = Digest::of(b"a");
        for (path, profile, why) in [
            ("a", "smoke", "of profile `smoke`"),
            ("theirs", "default", "`theirs` is no file of a report"),
            ("../a", "default", "no path below a folder"),
            ("/a", "default", "no path below a folder"),
        ] {
            put(&format!(r#"{{"profile":"{profile}","files":{{"{path}":["{digest}"]}},"keys":{{}}}}"#));
            assert!(matches!(found(), Found::Damaged(said) if said.contains(why)), "{path}");
        }
        put(r#"{"profile":"default","files":{"a":[]},"keys":{}}"#);
        assert!(matches!(found(), Found::Damaged(_)));
        std::fs::write(&file, "x").expect("written");
        assert!(matches!(found(), Found::Damaged(why) if why.contains("seal")));
        Published::remove(&folder).expect("removed");
        assert!(matches!(found(), Found::Nothing));
    }
}

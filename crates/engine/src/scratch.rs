//! Scratch folders outside of the project. Each holds a lock that dies with its process, so that what a killed process left is
//! found and removed by the next one, and what a living one uses never is.

use crate::files::Kind;
use crate::folder::Folder;
use crate::relative::Relative;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Once;
use tempfile::TempDir;

/// How the names of scratch folders begin.
const PREFIX: &str = "condense-";
/// The file in each that its process holds.
const HELD: &str = "condense-holds-this";

/// Its name until it is held.
const NEW: &str = "condense-will-hold-this";

/// A folder that goes away with its owner.
pub struct Scratch {
    folder: TempDir,
    _held: File,
}

impl Scratch {
    /// A new one, in the system's folder for such things.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> io::Result<Self> {
        static SWEPT: Once = Once::new();
        let place = std::env::temp_dir();
        SWEPT.call_once(|| sweep(&place));
        let folder = tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir_in(place)?;
        // Locked before it has its name: another process that sweeps takes a file of that name without a lock for a leftover.
        let held = Folder::root(folder.path())?.open_to_write(&Relative::known(NEW))?;
        held.lock()?;
        std::fs::rename(folder.path().join(NEW), folder.path().join(HELD))?;
        Ok(Self { folder, _held: held })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the scratch folders of this user that nobody holds any more. What cannot be removed is left.
fn sweep(place: &Path) {
    let Ok(all) = Folder::root(place) else { return };
    let numbered = |name: &str| {
        let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-'));
        pid.is_some_and(|(pid, _)| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()))
    };
    for (name, _) in all.list().into_iter().flatten().filter(|(name, kind)| *kind == Kind::Folder && numbered(name)) {
        let (Some(path), held) = (Relative::parse(&name), Relative::known(HELD)) else { continue };
        let Ok(Some(folder)) = all.below(&path) else { continue };
        // Without the file it is not ours, or so new that its owner has not locked it yet.
        if !folder.is_own() || folder.kind(&held) != Some(Kind::File) {
            continue;
        }
        if folder.open_to_write(&held).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(place.join(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Once a sweep could come between the making of the file and its lock, and took the new folder away.
    #[test]
    fn a_new_folder_is_never_swept() {
        let place = std::env::temp_dir();
        std::thread::scope(|scope| {
            let sweeper = scope.spawn(|| (0..200).for_each(|_| sweep(&place)));
            while !sweeper.is_finished() {
                let scratch = Scratch::new().expect("a folder");
                assert!(scratch.path().join(HELD).exists());
            }
        });
    }

    #[test]
    fn what_nobody_holds_goes_and_everything_else_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let make = |name: &str, held: bool| {
            fs::create_dir_all(place.path().join(name).join("work")).expect("a folder");
            if held {
                fs::write(place.path().join(name).join(HELD), "").expect("written");
            }
        };
        make("condense-12-left", true);
        make("condense-12-mine", false);
        make("condense-notes", true);
        make("condense-13-alive", true);
        let alive = fs::File::create(place.path().join("condense-13-alive").join(HELD)).expect("a file");
        alive.lock().expect("locked");
        std::os::unix::fs::symlink("condense-12-mine", place.path().join("condense-14-link")).expect("a link");
        sweep(place.path());
        let left: Vec<String> = Folder::root(place.path())
            .expect("there")
            .list()
            .expect("a list")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(left, ["condense-12-mine", "condense-13-alive", "condense-14-link", "condense-notes"]);
    }
}

//! Files that are whole or absent: written beside their place, then renamed. A half-written file never has its name.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Whether a write waits until the disk has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// File and folder are synced: for what people keep (report, lock).
    Synced,
    /// Not synced: for the store, where a torn file is noticed by its digest and computed again.
    Cached,
}

/// A file that is written, but does not have its name yet. Dropped, it goes away.
pub struct Staged {
    temporary: tempfile::TempPath,
    path: PathBuf,
}

/// How the names of files begin that have no name yet. Who holds the lock may remove what a killed process left of them.
pub const UNNAMED: &str = ".tmp-";

/// Writes a file beside its place, making the folder where needed.
///
/// # Errors
/// The system's, with the path in the message.
pub fn stage(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<Staged> {
    let folder = folder(path);
    let write = || {
        let mut temporary = match tempfile::Builder::new().prefix(UNNAMED).tempfile_in(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                tempfile::Builder::new().prefix(UNNAMED).tempfile_in(folder)?
            }
            other => other?,
        };
        temporary.write_all(bytes)?;
        readable_by_all(temporary.as_file())?;
        if durability == Durability::Synced {
            temporary.as_file().sync_data()?;
        }
        Ok(Staged { temporary: temporary.into_temp_path(), path: path.to_owned() })
    };
    write().map_err(|error| named(path, &error))
}

impl Staged {
    /// Gives the file its name, in the place of whatever had it.
    ///
    /// # Errors
    /// The system's, with the path in the message.
    pub fn name(self) -> io::Result<()> {
        self.temporary.persist(&self.path).map_err(|error| named(&self.path, &error.error))
    }
}

/// Waits until the disk has the names in a file's folder.
///
/// # Errors
/// The system's, with the path in the message.
pub fn sync_names(path: &Path) -> io::Result<()> {
    let folder = folder(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| named(folder, &error))
}

/// Writes a file, making its folder where needed.
///
/// # Errors
/// The system's, with the path in the message.
pub fn write(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    stage(path, bytes, durability)?.name()?;
    if durability == Durability::Synced { sync_names(path) } else { Ok(()) }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Temporary files are private; a report is to be read.
#[cfg(unix)]
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
}

/// Reads a file; `None` when there is none.
///
/// # Errors
/// Any other failure, with the path in the message.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(named(path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_whole_and_leaves_no_scrap() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/file");
        for text in ["first", "second"] {
            write(&path, text.as_bytes(), Durability::Synced).expect("written");
            assert_eq!(read(&path).expect("read").as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(fs::read_dir(path.parent().expect("parent")).expect("listing").count(), 1);
        assert_eq!(read(&folder.path().join("absent")).expect("no error"), None);
    }

    #[test]
    fn what_is_staged_has_no_name_and_goes_away_unless_it_gets_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        drop(stage(&path, b"never", Durability::Cached).expect("staged"));
        assert_eq!(fs::read_dir(folder.path()).expect("listing").count(), 0);
        let staged = stage(&path, b"now", Durability::Synced).expect("staged");
        assert!(!path.exists());
        staged.name().expect("named");
        sync_names(&path).expect("synced");
        assert_eq!(fs::read(&path).expect("read"), b"now");
    }

    #[test]
    fn a_failure_names_the_path() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), "").expect("written");
        let path = folder.path().join("file/below");
        let error = write(&path, b"x", Durability::Cached).expect_err("a file is no folder");
        assert!(error.to_string().contains("file/below"), "{error}");
    }
}

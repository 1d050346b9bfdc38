//! Files that are whole or absent: written beside their place, then renamed. A half-written file never has its name.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Whether a write waits until the disk has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// File and folder are synced: for what people keep (report, lock).
    Synced,
    /// Not synced: for the store, where a torn file is noticed by its digest and computed again.
    Cached,
}

/// Writes a file, making its folder where needed.
///
/// # Errors
/// The system's, with the path in the message.
pub fn write(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let whole = || {
        let mut temporary = match tempfile::Builder::new().prefix(".tmp-").tempfile_in(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                tempfile::Builder::new().prefix(".tmp-").tempfile_in(folder)?
            }
            other => other?,
        };
        temporary.write_all(bytes)?;
        readable_by_all(temporary.as_file())?;
        if durability == Durability::Synced {
            temporary.as_file().sync_data()?;
        }
        temporary.persist(path).map_err(|error| error.error)?;
        if durability == Durability::Synced {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    whole().map_err(place)
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
        Err(error) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
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
    fn a_failure_names_the_path() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), "").expect("written");
        let path = folder.path().join("file/below");
        let error = write(&path, b"x", Durability::Cached).expect_err("a file is no folder");
        assert!(error.to_string().contains("file/below"), "{error}");
    }
}

//! Files of the project that are replaced as a whole: written beside their place, then renamed. A half-written file never has
//! its name, a link to the file stays a link, and the file keeps its mode.

use crate::files::{self, Kind};
use crate::folder::{Durability, Folder};
use crate::relative::Relative;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file, making its folder where needed; the disk has it afterwards.
///
/// # Errors
/// The system's, with the path in the message; or that something stands there that is no file.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let put = || {
        let (place, name) = place(path)?;
        fs::create_dir_all(&place)?;
        let mode = match rustix::fs::stat(place.join(name.as_str())) {
            Ok(about) if Kind::of(about.st_mode) == Kind::File => Some(about.st_mode & 0o7777),
            Ok(about) => return Err(io::Error::other(format!("is {}, not a file", Kind::of(about.st_mode)))),
            Err(_) => None,
        };
        let folder = Folder::root(&place)?;
        let staged = folder.stage(&name, &part(&name), bytes, Durability::Synced)?;
        if let Some(mode) = mode {
            staged.set_mode(mode)?;
        }
        staged.name()?;
        folder.sync(None)
    };
    put().map_err(|error: io::Error| files::named(path.display(), &error))
}

/// Removes a file; that there is none is no error. A link to a file stays, and the file goes.
///
/// # Errors
/// The system's, with the path in the message; or that something stands there that is no file.
pub fn remove(path: &Path) -> io::Result<()> {
    let removed = place(path).and_then(|(place, name)| {
        let folder = Folder::root(&place)?;
        folder.remove(&name)?;
        folder.sync(None)
    });
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(files::named(path.display(), &error)),
        _ => Ok(()),
    }
}

/// Whether a killed process left something half-written of a file.
pub fn is_left(path: &Path) -> bool {
    place(path).is_ok_and(|(place, name)| place.join(part(&name).as_str()).symlink_metadata().is_ok())
}

/// Removes what a killed process left half-written of a file.
///
/// # Errors
/// The system's, with the path in the message.
pub fn sweep(path: &Path) -> io::Result<()> {
    let swept = place(path).and_then(|(place, name)| Folder::root(&place)?.remove(&part(&name)));
    match swept {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(files::named(path.display(), &error)),
        _ => Ok(()),
    }
}

/// The folder and the name of a file; of a link, those of the file that it leads to.
fn place(path: &Path) -> io::Result<(PathBuf, Relative)> {
    let linked = fs::symlink_metadata(path).is_ok_and(|about| about.is_symlink());
    let path = if linked { fs::canonicalize(path)? } else { path.to_owned() };
    let name = path.file_name().and_then(|name| name.to_str()).and_then(Relative::parse);
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "has no name of a file"))?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((folder.to_owned(), name))
}

/// The name of a file while it is written; the next write takes the same.
fn part(name: &Relative) -> Relative {
    name.beside(&format!(".{name}.condense-part")).unwrap_or_else(|| unreachable!("a plain name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_write_replaces_whole_and_leaves_no_scrap() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/file");
        for text in ["first", "second"] {
            write(&path, text.as_bytes()).expect("written");
            assert_eq!(files::find(&path).expect("read").as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(fs::read_dir(path.parent().expect("parent")).expect("listing").count(), 1);
    }

    #[test]
    fn a_link_stays_a_link_and_a_mode_stays_a_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real/file"), folder.path().join("link"));
        write(&real, b"first").expect("written");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).expect("set");
        symlink("real/file", &link).expect("a link");
        write(&link, b"second").expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(files::read(&real).expect("read"), b"second");
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o600);
        symlink("nowhere", folder.path().join("dangling")).expect("a link");
        assert!(write(&folder.path().join("dangling"), b"x").is_err());
    }

    #[test]
    fn what_a_killed_process_left_goes_with_the_next_write_or_sweep() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, left) = (folder.path().join("file"), folder.path().join(".file.condense-part"));
        for clear in [&(|| write(&path, b"x")) as &dyn Fn() -> io::Result<()>, &|| sweep(&path)] {
            fs::write(&left, "half").expect("written");
            assert!(is_left(&path));
            clear().expect("cleared");
            assert!(!left.exists() && !is_left(&path));
        }
        sweep(&folder.path().join("no/such/folder/file")).expect("nothing to do");
    }

    #[test]
    fn a_failure_names_the_path() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), "").expect("written");
        let error = write(&folder.path().join("file/below"), b"x").expect_err("a file is no folder");
        assert!(error.to_string().contains("file/below"), "{error}");
        let error = write(folder.path(), b"x").expect_err("a folder is no file");
        assert!(error.to_string().contains("is a folder, not a file"), "{error}");
    }
}

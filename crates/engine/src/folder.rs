//! A folder as an open handle. Whatever is done below it goes name by name from there, and no symbolic link is followed on
//! the way: so nothing outside of it is read, written or removed, whatever the paths are and whoever moves things meanwhile.

use crate::files::{self, CAREFUL, Kind};
use crate::relative::Relative;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, RawMode};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    handle: OwnedFd,
    /// How people call it: `report`; nothing for the project itself.
    name: String,
}

/// What stands at a path.
#[derive(Debug, PartialEq, Eq)]
pub enum Sight {
    /// Nothing.
    Nothing,
    /// A regular file with these bytes.
    File(Vec<u8>),
    /// Something else, there or on the way: "is a symbolic link".
    Other(String),
}

/// Whether a write waits until the disk has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// File and folder are synced: for what people keep (report, lock).
    Synced,
    /// Not synced: for the store, where a torn file is noticed by its digest and computed again.
    Cached,
}

/// A file that is written, but does not have its name yet. Dropped, it goes away.
pub struct Staged<'f> {
    folder: &'f Folder,
    part: Relative,
    path: Relative,
    named: bool,
}

/// Why a walk did not arrive.
enum Stop {
    Nothing,
    Other(String, Kind),
    Failed(io::Error),
}

/// Files that we write can be read by all.
const MODE: RawMode = 0o644;

const NO_LINK: AtFlags = AtFlags::SYMLINK_NOFOLLOW;

impl Folder {
    /// A folder by any path, through links: where the project is, is its owner's matter.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn root(path: &Path) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let handle = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| files::named(path.display(), &error.into()))?;
        Ok(Self { handle, name: String::new() })
    }

    /// How people call a path below it.
    pub fn label(&self, path: &Relative) -> String {
        if self.name.is_empty() { path.to_string() } else { format!("{}/{path}", self.name) }
    }

    /// A folder below this one; `None` when there is none.
    ///
    /// # Errors
    /// When there is something else, or a link on the way.
    pub fn below(&self, path: &Relative) -> io::Result<Option<Self>> {
        match self.walk(Some(path), false) {
            Ok(handle) => Ok(Some(Self { handle, name: self.label(path) })),
            Err(Stop::Nothing) => Ok(None),
            Err(stop) => Err(self.error(path, stop)),
        }
    }

    /// The same, made where it is missing.
    ///
    /// # Errors
    /// When there is something else, or a link on the way.
    pub fn make(&self, path: &Relative) -> io::Result<Self> {
        let handle = self.walk(Some(path), true).map_err(|stop| self.error(path, stop))?;
        Ok(Self { handle, name: self.label(path) })
    }

    /// Whether it belongs to the user of this process.
    pub fn is_own(&self) -> bool {
        rustix::fs::fstat(&self.handle).is_ok_and(|about| about.st_uid == rustix::process::geteuid().as_raw())
    }

    /// Looks at a path.
    ///
    /// # Errors
    /// When a file cannot be read; with the path.
    pub fn look(&self, path: &Relative) -> io::Result<Sight> {
        let (folder, name) = path.split();
        let read = self.walk(folder.as_ref(), false).and_then(|folder| {
            let file = files::open_in(&folder, name).map_err(|error| stop(&folder, name, path.as_str(), error))?;
            files::bytes(file, files::LARGEST).map_err(Stop::Failed)
        });
        match read {
            Ok(bytes) => Ok(Sight::File(bytes)),
            Err(Stop::Nothing) => Ok(Sight::Nothing),
            Err(Stop::Other(at, kind)) if at == path.as_str() => Ok(Sight::Other(format!("is {kind}"))),
            Err(Stop::Other(at, kind)) => Ok(Sight::Other(format!("lies behind `{at}`, which is {kind}"))),
            Err(Stop::Failed(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
                Ok(Sight::Other(error.to_string()))
            }
            Err(Stop::Failed(error)) => Err(files::named(self.label(path), &error)),
        }
    }

    /// The bytes of a file; `None` when there is nothing.
    ///
    /// # Errors
    /// When there is something else, or it cannot be read; with the path.
    pub fn read(&self, path: &Relative) -> io::Result<Option<Vec<u8>>> {
        match self.look(path)? {
            Sight::Nothing => Ok(None),
            Sight::File(bytes) => Ok(Some(bytes)),
            Sight::Other(what) => Err(io::Error::other(format!("{}: {what}, not a file", self.label(path)))),
        }
    }

    /// What stands at a path, unread; `None` where nothing does, or nothing can be reached.
    pub fn kind(&self, path: &Relative) -> Option<Kind> {
        let (folder, name) = path.split();
        let folder = self.walk(folder.as_ref(), false).ok()?;
        rustix::fs::statat(&folder, name, NO_LINK).ok().map(|about| Kind::of(about.st_mode))
    }

    /// The length of a file; `None` where there is none.
    pub fn size(&self, path: &Relative) -> Option<u64> {
        let (folder, name) = path.split();
        let about = rustix::fs::statat(self.walk(folder.as_ref(), false).ok()?, name, NO_LINK).ok()?;
        (Kind::of(about.st_mode) == Kind::File).then(|| about.st_size.cast_unsigned())
    }

    /// Everything directly in it, by name. Names that are no text are made readable.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn list(&self) -> io::Result<Vec<(String, Kind)>> {
        let read = || {
            let mut found = Vec::new();
            for entry in Dir::read_from(&self.handle)? {
                let entry = entry?;
                let name = entry.file_name();
                if matches!(name.to_bytes(), b"." | b"..") {
                    continue;
                }
                // Gone meanwhile: then it is not there.
                if let Ok(about) = rustix::fs::statat(&self.handle, name, NO_LINK) {
                    found.push((name.to_string_lossy().into_owned(), Kind::of(about.st_mode)));
                }
            }
            found.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(found)
        };
        read().map_err(|error: Errno| files::named(&self.name, &error.into()))
    }

    /// Writes a file under the name `part`, making folders where needed. What a killed process left there goes.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn stage(
        &self,
        path: &Relative,
        part: &Relative,
        bytes: &[u8],
        durability: Durability,
    ) -> io::Result<Staged<'_>> {
        self.remove(part)?;
        let (folder, name) = part.split();
        let write = |folder: &OwnedFd| {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | CAREFUL;
            let mut file = File::from(rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(MODE))?);
            // From here on it goes away when something fails.
            let staged = Staged { folder: self, part: part.clone(), path: path.clone(), named: false };
            rustix::fs::fchmod(&file, Mode::from_raw_mode(MODE))?;
            file.write_all(bytes)?;
            if durability == Durability::Synced {
                file.sync_data()?;
            }
            Ok(staged)
        };
        let folder = self.walk(folder.as_ref(), true).map_err(|stop| self.error(path, stop))?;
        write(&folder).map_err(|error: io::Error| files::named(self.label(path), &error))
    }

    /// Removes a file; that there is none is no error.
    ///
    /// # Errors
    /// When there is something else, or the system refuses; with the path.
    pub fn remove(&self, path: &Relative) -> io::Result<()> {
        let (folder, name) = path.split();
        let gone = self.walk(folder.as_ref(), false).and_then(|folder| {
            let about = rustix::fs::statat(&folder, name, NO_LINK).map_err(|error| missing(error.into()))?;
            match Kind::of(about.st_mode) {
                Kind::File => {
                    rustix::fs::unlinkat(&folder, name, AtFlags::empty()).map_err(|error| missing(error.into()))
                }
                other => Err(Stop::Other(path.to_string(), other)),
            }
        });
        match gone {
            Ok(()) | Err(Stop::Nothing) => Ok(()),
            Err(stop) => Err(self.error(path, stop)),
        }
    }

    /// Removes a folder below, if it is empty.
    pub fn remove_empty(&self, path: &Relative) {
        let (folder, name) = path.split();
        if let Ok(folder) = self.walk(folder.as_ref(), false) {
            let _ = rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR);
        }
    }

    /// Waits until the disk has the names in a folder below (or in this one).
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn sync(&self, folder: Option<&Relative>) -> io::Result<()> {
        let label = || folder.map_or(self.name.clone(), |folder| self.label(folder));
        let handle = match self.walk(folder, false) {
            Ok(handle) => handle,
            Err(stop) => return Err(folder.map_or_else(|| io::Error::other("lost"), |path| self.error(path, stop))),
        };
        rustix::fs::fsync(&handle).map_err(|error| files::named(label(), &error.into()))
    }

    /// Opens a file to write into it where it is, made where it is missing.
    ///
    /// # Errors
    /// The system's, or that it is no file; with the path.
    pub fn open_to_write(&self, path: &Relative) -> io::Result<File> {
        let (folder, name) = path.split();
        let folder = self.walk(folder.as_ref(), true).map_err(|stop| self.error(path, stop))?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | CAREFUL;
        let open = rustix::fs::openat(&folder, name, flags, Mode::from_raw_mode(MODE));
        let file = open.map_err(|error| self.error(path, stop(&folder, name, path.as_str(), error.into())))?;
        let about = rustix::fs::fstat(&file).map_err(|error| files::named(self.label(path), &error.into()))?;
        match Kind::of(about.st_mode) {
            Kind::File => Ok(file.into()),
            other => Err(self.error(path, Stop::Other(path.to_string(), other))),
        }
    }

    /// Goes down, name by name; a handle of its own on what it reaches.
    fn walk(&self, path: Option<&Relative>, make: bool) -> Result<OwnedFd, Stop> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut handle = self.handle.try_clone().map_err(Stop::Failed)?;
        let mut gone = String::new();
        for name in path.into_iter().flat_map(Relative::names) {
            gone.push_str(name);
            let open = |handle: &OwnedFd| rustix::fs::openat(handle, name, flags, Mode::empty());
            let next = match open(&handle) {
                Err(Errno::NOENT) if make => {
                    let made = rustix::fs::mkdirat(&handle, name, Mode::from_raw_mode(0o777));
                    // Another process may have been faster: then the folder is there.
                    made.or_else(|error| if error == Errno::EXIST { Ok(()) } else { Err(error) })
                        .and_then(|()| open(&handle))
                }
                other => other,
            };
            handle = next.map_err(|error| stop(&handle, name, &gone, error.into()))?;
            gone.push('/');
        }
        Ok(handle)
    }

    fn error(&self, path: &Relative, stop: Stop) -> io::Error {
        match stop {
            Stop::Nothing => io::Error::new(io::ErrorKind::NotFound, format!("{}: there is nothing", self.label(path))),
            Stop::Other(at, kind) => {
                let wanted = if at == path.as_str() && kind != Kind::File { "what belongs there" } else { "a folder" };
                let at = Relative::parse(&at).map_or(at.clone(), |at| self.label(&at));
                io::Error::other(format!("{at}: is {kind}, not {wanted}"))
            }
            Stop::Failed(error) => files::named(self.label(path), &error),
        }
    }
}

/// What an error at a name means: nothing is there, something else is there, or the system refuses.
fn stop(folder: &OwnedFd, name: &str, at: &str, error: io::Error) -> Stop {
    // Another process, or thread, may have made it since: for this one there was nothing.
    if error.kind() == io::ErrorKind::NotFound {
        return Stop::Nothing;
    }
    match rustix::fs::statat(folder, name, NO_LINK) {
        Ok(about) => {
            let kind = Kind::of(about.st_mode);
            let unfit = matches!(kind, Kind::Link | Kind::Pipe | Kind::Socket | Kind::Device);
            let wrong = matches!(
                error.kind(),
                io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput
            );
            if unfit || wrong { Stop::Other(at.to_owned(), kind) } else { Stop::Failed(error) }
        }
        Err(_) => Stop::Failed(error),
    }
}

fn missing(error: io::Error) -> Stop {
    if error.kind() == io::ErrorKind::NotFound { Stop::Nothing } else { Stop::Failed(error) }
}

impl Staged<'_> {
    /// The mode of the file that it replaces.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn set_mode(&self, mode: RawMode) -> io::Result<()> {
        let set = || {
            let (folder, name) = self.part.split();
            let folder =
                self.folder.walk(folder.as_ref(), false).map_err(|stop| self.folder.error(&self.part, stop))?;
            Ok(rustix::fs::fchmod(files::open_in(&folder, name)?, Mode::from_raw_mode(mode))?)
        };
        set().map_err(|error: io::Error| files::named(self.folder.label(&self.path), &error))
    }

    /// Gives the file its name, in the place of the file that had it.
    ///
    /// # Errors
    /// The system's, with the path; or that something stands there that is no file.
    pub fn name(mut self) -> io::Result<()> {
        let ((from, part), (to, name)) = (self.part.split(), self.path.split());
        let from = self.folder.walk(from.as_ref(), false).map_err(|stop| self.folder.error(&self.part, stop))?;
        let to = self.folder.walk(to.as_ref(), true).map_err(|stop| self.folder.error(&self.path, stop))?;
        if let Ok(about) = rustix::fs::statat(&to, name, NO_LINK)
            && Kind::of(about.st_mode) != Kind::File
        {
            let stop = Stop::Other(self.path.to_string(), Kind::of(about.st_mode));
            return Err(self.folder.error(&self.path, stop));
        }
        rustix::fs::renameat(&from, part, &to, name)
            .map_err(|error| files::named(self.folder.label(&self.path), &error.into()))?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.named {
            let _ = self.folder.remove(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn path(text: &str) -> Relative {
        Relative::known(text)
    }

    /// Writes a file as everyone does.
    fn write(folder: &Folder, at: &str, bytes: &[u8]) -> io::Result<()> {
        let part = &path(at).beside("part").expect("plain");
        folder.stage(&path(at), part, bytes, Durability::Synced)?.name()
    }

    #[test]
    fn files_are_whole_or_absent_and_found_again() {
        let room = tempfile::tempdir().expect("a folder");
        let folder = Folder::root(room.path()).expect("a folder");
        for text in ["first", "second"] {
            write(&folder, "deep/er/file", text.as_bytes()).expect("written");
            assert_eq!(folder.look(&path("deep/er/file")).expect("read"), Sight::File(text.into()));
        }
        drop(folder.stage(&path("deep/other"), &path("deep/part"), b"never", Durability::Cached).expect("staged"));
        let below = folder.below(&path("deep")).expect("no error").expect("there");
        assert_eq!(below.list().expect("a list"), [("er".to_owned(), Kind::Folder)]);
        assert_eq!(folder.size(&path("deep/er/file")), Some(6));
        folder.sync(Some(&path("deep/er"))).expect("synced");
        folder.remove(&path("deep/er/file")).expect("removed");
        folder.remove(&path("deep/er/file")).expect("nothing to remove is no error");
        assert_eq!(folder.look(&path("deep/er/file")).expect("no error"), Sight::Nothing);
        assert_eq!(folder.look(&path("no/such/folder")).expect("no error"), Sight::Nothing);
        assert!(folder.below(&path("no")).expect("no error").is_none());
        folder.remove_empty(&path("deep"));
        assert!(room.path().join("deep/er").exists(), "it is not empty");
    }

    #[test]
    fn no_link_is_followed_and_no_other_thing_replaced_or_removed() {
        let room = tempfile::tempdir().expect("a folder");
        let (inside, outside) = (room.path().join("inside"), room.path().join("outside"));
        fs::create_dir_all(inside.join("folder")).expect("a folder");
        fs::create_dir(&outside).expect("a folder");
        fs::write(outside.join("file"), "theirs").expect("written");
        symlink("../outside", inside.join("link")).expect("a link");
        symlink("../outside/file", inside.join("to-file")).expect("a link");
        rustix::fs::mkfifoat(rustix::fs::CWD, inside.join("pipe"), Mode::RWXU).expect("a pipe");
        let folder = Folder::root(&inside).expect("a folder");
        for (at, what) in [
            ("link/file", "lies behind `link`, which is a symbolic link"),
            ("to-file", "is a symbolic link"),
            ("pipe", "is a pipe"),
            ("folder", "is a folder"),
        ] {
            assert_eq!(folder.look(&path(at)).expect("seen"), Sight::Other(what.to_owned()), "{at}");
            assert!(folder.read(&path(at)).is_err(), "{at}");
            assert!(write(&folder, at, b"ours").is_err(), "{at}");
            assert!(folder.remove(&path(at)).is_err(), "{at}");
        }
        assert!(folder.below(&path("link")).is_err() && folder.make(&path("link/new")).is_err());
        assert!(folder.open_to_write(&path("to-file")).is_err() && folder.open_to_write(&path("pipe")).is_err());
        assert_eq!(files::read(&outside.join("file")).expect("there"), b"theirs");
        assert_eq!(fs::read_dir(&outside).expect("a list").count(), 1);
        assert_eq!(folder.list().expect("a list").len(), 4, "no scrap is left");
    }

    #[test]
    fn a_file_that_is_too_large_to_be_ours_is_told_and_not_read() {
        let room = tempfile::tempdir().expect("a folder");
        fs::File::create(room.path().join("huge")).and_then(|file| file.set_len(files::LARGEST + 1)).expect("sparse");
        let folder = Folder::root(room.path()).expect("a folder");
        assert!(matches!(folder.look(&path("huge")).expect("seen"), Sight::Other(what) if what.contains("more than")));
    }
}

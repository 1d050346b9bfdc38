//! The one way to open a file for reading. It takes regular files only, so it never waits for the other end of a pipe, and
//! a device, a socket or a folder in the place of a file is named instead of being read.
#![allow(clippy::disallowed_methods)] // everyone else is sent here

use rustix::fs::{FileType, Mode, OFlags};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::path::Path;

/// The most bytes that a file of ours, or one that a command wrote, may have.
pub const LARGEST: u64 = 1 << 30;

/// Never waits, never becomes the terminal of this process, is not handed down to commands.
pub const CAREFUL: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe (FIFO).
    Pipe,
    /// A socket.
    Socket,
    /// A device, or something that this system alone knows.
    Device,
}

impl Kind {
    /// Of what the system says.
    pub fn of(mode: rustix::fs::RawMode) -> Self {
        match FileType::from_raw_mode(mode) {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Link,
            FileType::Fifo => Self::Pipe,
            FileType::Socket => Self::Socket,
            _ => Self::Device,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
        })
    }
}

/// Opens a regular file, through links.
///
/// # Errors
/// The system's; or that it is something else: "is a pipe, not a file".
pub fn open(path: &Path) -> io::Result<File> {
    // Asked first: to open a device may do something.
    regular(rustix::fs::stat(path)?.st_mode)?;
    opened(rustix::fs::open(path, OFlags::RDONLY | CAREFUL, Mode::empty())?.into())
}

/// Opens a regular file of a folder, which is no link.
///
/// # Errors
/// As of [`open`].
pub fn open_in(folder: impl AsFd, name: &str) -> io::Result<File> {
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    regular(rustix::fs::statat(&folder, name, flags)?.st_mode)?;
    opened(rustix::fs::openat(&folder, name, OFlags::RDONLY | OFlags::NOFOLLOW | CAREFUL, Mode::empty())?.into())
}

/// Another thing may have got the name in between.
fn opened(file: File) -> io::Result<File> {
    regular(rustix::fs::fstat(&file)?.st_mode)?;
    Ok(file)
}

fn regular(mode: rustix::fs::RawMode) -> io::Result<()> {
    match Kind::of(mode) {
        Kind::File => Ok(()),
        other => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is {other}, not a file"))),
    }
}

/// All bytes of an open file, unless there are more than `most`.
///
/// # Errors
/// The system's; or that it is larger.
pub fn bytes(file: File, most: u64) -> io::Result<Vec<u8>> {
    let known = rustix::fs::fstat(&file)?.st_size.cast_unsigned();
    let mut bytes = Vec::with_capacity(known.min(most) as usize);
    if known <= most {
        file.take(most + 1).read_to_end(&mut bytes)?;
    }
    if known > most || bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("has more than {most} bytes")));
    }
    Ok(bytes)
}

/// All bytes of a regular file.
///
/// # Errors
/// As of [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
/// As of [`open`]; or that it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8"))
}

/// The same; `None` when there is nothing.
///
/// # Errors
/// Any other failure, with the path in the message.
pub fn find(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(named(path.display(), &error)),
    }
}

/// An error with the path before it.
pub fn named(path: impl fmt::Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_no_file_is_named_and_nobody_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "bytes").expect("written");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), Mode::RWXU).expect("a pipe");
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
        std::os::unix::fs::symlink("file", at("link")).expect("a link");
        std::os::unix::fs::symlink("pipe", at("to-pipe")).expect("a link");
        let said = |path: &Path| read(path).expect_err("no file").to_string();
        assert_eq!(read(&at("link")).expect("a file behind it"), b"bytes");
        assert_eq!(said(&at("pipe")), "is a pipe, not a file");
        assert_eq!(said(&at("to-pipe")), "is a pipe, not a file");
        assert_eq!(said(&at("socket")), "is a socket, not a file");
        assert_eq!(said(folder.path()), "is a folder, not a file");
        assert_eq!(said(Path::new("/dev/zero")), "is a device, not a file");
        assert_eq!(find(&at("absent")).expect("no error"), None);
        assert!(find(&at("pipe")).expect_err("no file").to_string().contains("/pipe: is a pipe"));
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "12345").expect("written");
        assert_eq!(bytes(open(&path).expect("open"), 5).expect("five"), b"12345");
        assert!(bytes(open(&path).expect("open"), 4).is_err());
        let sparse = fs::File::create(&path).expect("a file");
        sparse.set_len(LARGEST + 1).expect("sparse");
        assert!(bytes(open(&path).expect("open"), LARGEST).expect_err("large").to_string().contains("more than"));
    }
}

//! One writer at a time: an operating-system lock on a file, which dies with its process.

use crate::files;
use crate::folder::Folder;
use crate::relative::Relative;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

/// The most digits of a pid.
const LONGEST: u64 = 20;

/// The right to write, until dropped.
pub struct WriteLock {
    file: File,
    /// Whether another process held it first: what was read before may be old.
    pub waited: bool,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum Busy {
    /// Another process holds it: its pid, as far as it said.
    Held(String),
    /// The file cannot be used.
    Io(io::Error),
}

impl WriteLock {
    /// Takes the lock at `path` in a folder, waiting up to `patience`; `waiting` hears once who holds it.
    ///
    /// # Errors
    /// [`Busy`].
    pub fn take(folder: &Folder, path: &Relative, patience: Duration, waiting: impl Fn(&str)) -> Result<Self, Busy> {
        let named = |error: &io::Error| Busy::Io(files::named(folder.label(path), error));
        let mut file = folder.open_to_write(path).map_err(Busy::Io)?;
        let start = Instant::now();
        let mut waited = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(named(&error)),
            }
            let holder = holder(&mut file);
            if start.elapsed() >= patience {
                return Err(Busy::Held(holder));
            }
            if !waited {
                waiting(&holder);
                waited = true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let sign = |file: &mut File| {
            // A pid is short: what is more was written by someone else.
            let mut text = Vec::new();
            file.rewind()?;
            file.take(LONGEST + 1).read_to_end(&mut text)?;
            if text.len() as u64 > LONGEST || !text.iter().all(u8::is_ascii_digit) {
                return Err(io::Error::other("is no lock of ours: move it away"));
            }
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())
        };
        sign(&mut file).map_err(|error| named(&error))?;
        Ok(Self { file, waited })
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        // The system would do it at exit; a test that takes it twice in one process needs it now.
        let _ = self.file.unlock();
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.take(LONGEST).read_to_string(&mut text));
    if text.is_empty() { "unknown".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_learns_the_pid_and_gets_it_after_the_first() {
        let room = tempfile::tempdir().expect("a folder");
        let (folder, path) = (Folder::root(room.path()).expect("a folder"), Relative::known("sub/lock"));
        let first = WriteLock::take(&folder, &path, Duration::ZERO, |_| {}).expect("free");
        match WriteLock::take(&folder, &path, Duration::from_millis(30), |_| {}) {
            Err(Busy::Held(pid)) => assert_eq!(pid, std::process::id().to_string()),
            _ => panic!("two holders"),
        }
        drop(first);
        assert!(WriteLock::take(&folder, &path, Duration::ZERO, |_| {}).is_ok());
    }

    #[test]
    fn a_file_of_someone_else_is_no_lock_and_keeps_its_bytes() {
        let room = tempfile::tempdir().expect("a folder");
        let (folder, own) = (Folder::root(room.path()).expect("a folder"), room.path().join("thesis"));
        std::fs::write(&own, "my thesis").expect("written");
        std::os::unix::fs::symlink("thesis", room.path().join("lock")).expect("a link");
        for name in ["lock", "thesis"] {
            assert!(WriteLock::take(&folder, &Relative::known(name), Duration::ZERO, |_| {}).is_err(), "{name}");
            assert_eq!(files::read(&own).expect("there"), b"my thesis");
        }
    }
}

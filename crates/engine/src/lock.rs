//! One writer at a time: an operating-system lock on a file, which dies with its process.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The right to write, until dropped.
pub struct WriteLock(File);

/// Why there is no lock.
#[derive(Debug)]
pub enum Busy {
    /// Another process holds it: its pid, as far as it said.
    Held(String),
    /// The file cannot be used.
    Io(io::Error),
}

impl WriteLock {
    /// Takes the lock at `path`, waiting up to `patience`; `waiting` hears once who holds it.
    ///
    /// # Errors
    /// [`Busy`].
    pub fn take(path: &Path, patience: Duration, waiting: impl Fn(&str)) -> Result<Self, Busy> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| named(folder, &error))?;
        }
        let open = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.map_err(|error| named(path, &error))?;
        let start = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(named(path, &error)),
            }
            let holder = holder(&mut file);
            if start.elapsed() >= patience {
                return Err(Busy::Held(holder));
            }
            if !told {
                waiting(&holder);
                told = true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let sign = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())
        };
        sign(&mut file).map_err(|error| named(path, &error))?;
        Ok(Self(file))
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        // The system would do it at exit; a test that takes it twice in one process needs it now.
        let _ = self.0.unlock();
    }
}

fn named(path: &Path, error: &io::Error) -> Busy {
    Busy::Io(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    if text.is_empty() { "unknown".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_learns_the_pid_and_gets_it_after_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sub/lock");
        let first = WriteLock::take(&path, Duration::ZERO, |_| {}).expect("free");
        match WriteLock::take(&path, Duration::from_millis(30), |_| {}) {
            Err(Busy::Held(pid)) => assert_eq!(pid, std::process::id().to_string()),
            _ => panic!("two holders"),
        }
        drop(first);
        assert!(WriteLock::take(&path, Duration::ZERO, |_| {}).is_ok());
    }
}

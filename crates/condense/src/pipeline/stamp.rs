//! What the system says of a file without reading it: enough to know that a large input is still the one that was hashed.
//! It knows no digests. Only the up-to-date check trusts it, and `verify` never does.

use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Smaller files are read as fast as they are asked about.
pub const LARGE: usize = 1 << 16;
/// Clocks of file systems are coarse: a file that changed so shortly before it was read may have changed after, too.
const COARSE: Duration = Duration::from_secs(2);

/// Which file stands there, how long it is, and when it changed. A program can put back the time at which a file was
/// modified, but not the one at which its inode changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: [i64; 2],
    changed: [i64; 2],
}

impl Stamp {
    /// Of a file; none where there is none.
    #[cfg(unix)]
    pub fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let about = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Self {
            device: about.dev(),
            inode: about.ino(),
            bytes: about.size(),
            modified: [about.mtime(), about.mtime_nsec()],
            changed: [about.ctime(), about.ctime_nsec()],
        })
    }

    /// None: elsewhere every file is read.
    #[cfg(not(unix))]
    pub fn of(_: &Path) -> Option<Self> {
        None
    }

    /// Whether the file was left alone from well before `moment` on.
    pub fn is_older_than(&self, moment: SystemTime) -> bool {
        let changed = Duration::new(self.changed[0].max(0).cast_unsigned(), self.changed[1].max(0) as u32);
        moment.duration_since(UNIX_EPOCH).is_ok_and(|moment| changed + COARSE < moment)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_change_under_the_same_time_change_the_stamp() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "one").expect("written");
        let (stamp, time) =
            (Stamp::of(&path).expect("a stamp"), fs::metadata(&path).and_then(|about| about.modified()));
        assert_eq!(Stamp::of(&path), Some(stamp));
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&path, "two").expect("written");
        fs::File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(time.expect("a time")))
            .expect("set");
        assert_ne!(Stamp::of(&path), Some(stamp));
        assert_eq!(Stamp::of(folder.path()), None);
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_trusted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "one").expect("written");
        let (stamp, now) = (Stamp::of(&path).expect("a stamp"), SystemTime::now());
        assert!(!stamp.is_older_than(now) && stamp.is_older_than(now + Duration::from_secs(10)));
    }
}

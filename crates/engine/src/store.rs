//! The content-addressed store: blobs by digest (`cas`), step records by key (`ac`), cells of sweeps (`cell`).
//! Everything read is checked against its digest; what is damaged is dropped and counted, never trusted.

use crate::digest::Digest;
use crate::files::Kind;
use crate::folder::{Durability, Folder, Sight};
use crate::relative::Relative;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A store in a folder.
pub struct Store {
    /// None where there is no such folder, for a reader.
    folder: Option<Folder>,
    read_only: bool,
    damage: Mutex<Vec<String>>,
}

/// The mark of a folder that is ours, as other programs know it, too.
const TAG: (&str, &str) = (
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of condense; it can be deleted at any time.\n",
);
/// It is never committed.
const IGNORED: (&str, &str) = (".gitignore", "*\n");
/// The file of the write lock.
pub const LOCK: &str = "lock";
/// Files that have no name yet,
const PARTS: &str = "tmp";
/// and how the names end that they have there.
const PART: &str = ".part";
/// What the last run left behind.
pub const STATE: &str = "state.json";
/// What the last good build saw.
pub const UP_TO_DATE: &str = "up-to-date.json";
/// Pages that compare versions, for whoever asked: nothing is built from them.
pub const COMPARED: &str = "diff";
/// What is kept by digest.
const KINDS: [&str; 3] = ["cas", "ac", "cell"];

/// What is remembered of a finished step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Artefact name to the digest of its bytes.
    pub artefacts: BTreeMap<String, Digest>,
    /// The step's recipe in words, for `why`.
    pub words: Vec<(String, String)>,
    /// How long it took, in seconds of work (all threads).
    pub seconds: f64,
}

impl Store {
    /// Opens the store in a folder for the one who may write there.
    ///
    /// # Errors
    /// The system's; or that the folder holds things and was not made by us.
    pub fn open(folder: Folder) -> io::Result<Self> {
        Self::refuse_foreign(&folder)?;
        let store = Self { read_only: false, ..Self::at(Some(folder)) };
        store.sweep()?;
        for (name, text) in [TAG, IGNORED] {
            let path = Relative::known(name);
            if store.folder()?.kind(&path).is_none() {
                store.write(&path, text.as_bytes())?;
            }
        }
        Ok(store)
    }

    /// A folder that holds things and was not made by us is someone else's.
    ///
    /// # Errors
    /// That it is one; or the system's.
    pub fn refuse_foreign(folder: &Folder) -> io::Result<()> {
        let Some(mut name) = foreign(folder)? else { return Ok(()) };
        // One that is being made, or removed, at this moment looks foreign for an instant.
        for _ in 0..2 {
            thread::sleep(Duration::from_millis(20));
            match foreign(folder)? {
                Some(again) => name = again,
                None => return Ok(()),
            }
        }
        let text = format!("holds `{}` and no `{}` of ours", name.escape_debug(), TAG.0);
        Err(io::Error::new(io::ErrorKind::AlreadyExists, text))
    }

    /// A store for those who hold no lock: nothing is made and nothing dropped.
    pub fn at(folder: Option<Folder>) -> Self {
        Self { folder, read_only: true, damage: Mutex::new(Vec::new()) }
    }

    /// Whether it was opened by [`Store::at`].
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Removes all that a store is made of, but the lock: whoever waits on it must not find another one in its place. Files
    /// that someone else put there stay.
    ///
    /// # Errors
    /// The system's.
    pub fn remove_all(&self) -> io::Result<()> {
        let root = self.folder()?;
        for kind in KINDS {
            let (kind, all) = (Relative::known(kind), Relative::known(&format!("{kind}/sha256")));
            if let Some(folder) = root.below(&all)? {
                remove_addressed(&folder)?;
            }
            root.remove_empty(&all);
            root.remove_empty(&kind);
        }
        let compared = Relative::known(COMPARED);
        if let Some(folder) = root.below(&compared)? {
            for (name, _) in folder.list()?.iter().filter(|(name, kind)| *kind == Kind::File && name.ends_with(".html"))
            {
                folder.remove(&Relative::known(name))?;
            }
        }
        root.remove_empty(&compared);
        self.sweep()?;
        root.remove_empty(&Relative::known(PARTS));
        for name in [STATE, UP_TO_DATE] {
            root.remove(&Relative::known(name))?;
        }
        // The tag goes last: until then the folder is known to be ours.
        for (name, text) in [IGNORED, TAG] {
            if root.look(&Relative::known(name))? == Sight::File(text.into()) {
                root.remove(&Relative::known(name))?;
            }
        }
        Ok(())
    }

    /// Keeps bytes and returns their address.
    ///
    /// # Errors
    /// The system's.
    pub fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        let path = blob_path(&digest);
        // A blob of the right length may still be damaged; `get` finds out, and makes room for a good one.
        if self.folder()?.size(&path) != Some(bytes.len() as u64) {
            self.write(&path, bytes)?;
        }
        Ok(digest)
    }

    /// The bytes at an address; `None` when they are absent, or were damaged (then they are dropped).
    ///
    /// # Errors
    /// The system's.
    pub fn get(&self, digest: &Digest) -> io::Result<Option<Vec<u8>>> {
        let path = blob_path(digest);
        match self.read(&path)? {
            Some(bytes) if Digest::of(&bytes) == *digest => Ok(Some(bytes)),
            Some(_) => self.drop_damaged(&path, "blob"),
            None => Ok(None),
        }
    }

    /// Whether there are bytes at an address; whether they are good is seen when they are read.
    pub fn has(&self, digest: &Digest) -> bool {
        self.has_file(&blob_path(digest))
    }

    /// Whether the store has a file.
    pub fn has_file(&self, path: &Relative) -> bool {
        self.folder.as_ref().and_then(|folder| folder.kind(path)) == Some(Kind::File)
    }

    /// The files of a finished step: its record, and its artefacts.
    pub fn files(&self, key: &Digest, record: &Record) -> Vec<Relative> {
        std::iter::once(path("ac", key)).chain(record.artefacts.values().map(blob_path)).collect()
    }

    /// The record of a key, if the step was finished and all is readable.
    ///
    /// # Errors
    /// The system's.
    pub fn record(&self, key: &Digest) -> io::Result<Option<Record>> {
        let path = path("ac", key);
        let Some(bytes) = self.read(&path)? else { return Ok(None) };
        match sealed(&bytes).and_then(|body| serde_json::from_slice(body).ok()) {
            Some(record) => Ok(Some(record)),
            None => self.drop_damaged(&path, "record"),
        }
    }

    /// Remembers a finished step.
    ///
    /// # Errors
    /// The system's.
    pub fn remember(&self, key: &Digest, record: &Record) -> io::Result<()> {
        let body = serde_json::to_vec(record).map_err(io::Error::other)?;
        self.write(&path("ac", key), &seal(&body))
    }

    /// A finished cell.
    ///
    /// # Errors
    /// The system's.
    pub fn cell(&self, key: &Digest) -> io::Result<Option<Vec<u8>>> {
        let path = path("cell", key);
        let Some(bytes) = self.read(&path)? else { return Ok(None) };
        match sealed(&bytes) {
            Some(body) => Ok(Some(body.to_vec())),
            None => self.drop_damaged(&path, "cell"),
        }
    }

    /// Keeps a finished cell.
    ///
    /// # Errors
    /// The system's.
    pub fn keep_cell(&self, key: &Digest, bytes: &[u8]) -> io::Result<()> {
        self.write(&path("cell", key), &seal(bytes))
    }

    /// The bytes of any file of the store.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn read(&self, path: &Relative) -> io::Result<Option<Vec<u8>>> {
        self.folder.as_ref().map_or(Ok(None), |folder| folder.read(path))
    }

    /// Writes any file of the store. Nothing waits for the disk: a torn file is noticed by its digest.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn write(&self, path: &Relative, bytes: &[u8]) -> io::Result<()> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let part = Relative::known(&format!("{PARTS}/{}-{number}{PART}", std::process::id()));
        self.folder()?.stage(path, &part, bytes, Durability::Cached)?.name()
    }

    /// What killed processes left half-written, or a living one is about to name.
    ///
    /// # Errors
    /// The system's, with the path.
    pub fn parts(&self) -> io::Result<Vec<Relative>> {
        let parts = Relative::known(PARTS);
        let Some(below) = self.folder()?.below(&parts)? else { return Ok(Vec::new()) };
        let own = below.list()?.into_iter().filter(|(name, kind)| *kind == Kind::File && is_part(name));
        Ok(own.map(|(name, _)| parts.join(&Relative::known(&name))).collect())
    }

    /// Removes it. Whoever has the lock may: nobody else writes.
    fn sweep(&self) -> io::Result<()> {
        self.parts()?.iter().try_for_each(|part| self.folder()?.remove(part))
    }

    /// Sentences about damage found since the last call.
    pub fn take_damage(&self) -> Vec<String> {
        std::mem::take(&mut self.damage.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn folder(&self) -> io::Result<&Folder> {
        self.folder.as_ref().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no store"))
    }

    fn drop_damaged<T>(&self, path: &Relative, what: &str) -> io::Result<Option<T>> {
        // Without the lock, a writer may just now be putting a good one in its place.
        if !self.read_only {
            self.folder()?.remove(path)?;
        }
        let sentence = format!("damaged {what} dropped from the store: {path}");
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).push(sentence);
        Ok(None)
    }
}

/// Whether a name is that of a file that had no name of its own yet.
fn is_part(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numbers = name.strip_suffix(PART).and_then(|numbers| numbers.split_once('-'));
    numbers.is_some_and(|(pid, count)| number(pid) && number(count))
}

/// Something in a folder that is no store of ours.
fn foreign(folder: &Folder) -> io::Result<Option<String>> {
    let tag = folder.read(&Relative::known(TAG.0))?.unwrap_or_default();
    if TAG.1.lines().next().is_some_and(|line| tag.starts_with(line.as_bytes())) {
        return Ok(None);
    }
    for (name, kind) in folder.list()? {
        // Killed before the tag had its name, a process leaves no more than a lock and a part of the tag.
        let parts = Relative::known(PARTS);
        let own = match name.as_str() {
            LOCK => true,
            PARTS if kind == Kind::Folder => folder.below(&parts)?.map_or(Ok(true), |parts| only_tags(&parts))?,
            _ => false,
        };
        if !own {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether a folder of parts holds nothing but beginnings of the tag.
fn only_tags(parts: &Folder) -> io::Result<bool> {
    for (name, _) in parts.list()? {
        let path = Relative::parse(&name).filter(|_| is_part(&name));
        match path.map(|path| parts.look(&path)).transpose()? {
            Some(Sight::File(bytes)) if TAG.1.as_bytes().starts_with(&bytes) => {}
            // It has its name by now.
            Some(Sight::Nothing) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Removes the files below a folder whose paths are digests.
fn remove_addressed(folder: &Folder) -> io::Result<()> {
    let digits = |name: &str, count| name.len() == count && name.bytes().all(|b| b.is_ascii_hexdigit());
    let mut files = Vec::new();
    let folders: Vec<_> = folder.list()?.into_iter().filter(|(name, _)| digits(name, 2)).collect();
    for (name, _) in folders.iter().filter(|(_, kind)| *kind == Kind::Folder) {
        let first = Relative::known(name);
        for (name, kind) in folder.below(&first)?.map_or(Ok(Vec::new()), |below| below.list())? {
            if kind == Kind::File && digits(&name, 62) {
                files.push(first.join(&Relative::known(&name)));
            }
        }
    }
    files.iter().try_for_each(|file| folder.remove(file))?;
    for (name, _) in folders {
        folder.remove_empty(&Relative::known(&name));
    }
    Ok(())
}

fn blob_path(digest: &Digest) -> Relative {
    path("cas", digest)
}

fn path(kind: &str, digest: &Digest) -> Relative {
    let hex = digest.to_string();
    Relative::known(&format!("{kind}/sha256/{}/{}", &hex[..2], &hex[2..]))
}

/// A body with its own digest in front: such a file proves itself.
pub fn seal(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{}\n", Digest::of(body)).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The body of a sealed file, if the seal is whole.
pub fn sealed(bytes: &[u8]) -> Option<&[u8]> {
    let (seal, body) = (bytes.get(..64)?, bytes.get(65..)?);
    let seal = Digest::parse(std::str::from_utf8(seal).ok()?)?;
    (seal == Digest::of(body)).then_some(body)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // what they read was made for them
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_damaged_blob_record_or_cell_is_dropped_and_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Folder::root(folder.path()).expect("a folder")).expect("a store");
        let digest = store.put(b"bytes").expect("put");
        let record = Record { artefacts: BTreeMap::from([("a".to_owned(), digest)]), words: vec![], seconds: 0.5 };
        store.remember(&digest, &record).expect("remembered");
        store.keep_cell(&digest, b"row").expect("kept");
        assert_eq!(store.get(&digest).expect("get").as_deref(), Some(&b"bytes"[..]));
        assert_eq!(store.record(&digest).expect("record"), Some(record));
        assert_eq!(store.cell(&digest).expect("cell").as_deref(), Some(&b"row"[..]));

        for kind in ["cas", "ac", "cell"] {
            let path = folder.path().join(path(kind, &digest).as_str());
            let mut bytes = fs::read(&path).expect("there");
            *bytes.last_mut().expect("not empty") ^= 1;
            fs::write(&path, bytes).expect("damaged");
        }
        assert_eq!(store.get(&digest).expect("get"), None);
        assert_eq!(store.record(&digest).expect("record"), None);
        assert_eq!(store.cell(&digest).expect("cell"), None);
        assert_eq!(store.take_damage().len(), 3);
        assert!(!store.has(&digest));
    }

    #[test]
    fn a_truncated_record_is_no_record() {
        assert_eq!(sealed(b""), None);
        assert_eq!(sealed(&seal(b"body")[..60]), None);
        assert_eq!(sealed(&seal(b"body")), Some(&b"body"[..]));
    }

    #[test]
    fn a_store_is_removed_but_for_its_lock_and_what_others_put_there() {
        let room = tempfile::tempdir().expect("a folder");
        let open = || Folder::root(room.path()).expect("a folder");
        let store = Store::open(open()).expect("a store");
        let digest = store.put(b"bytes").expect("put");
        store.keep_cell(&digest, b"row").expect("kept");
        fs::write(room.path().join(LOCK), "7").expect("written");
        for mine in ["notes", "cas/notes", "tmp/2024"] {
            fs::create_dir_all(room.path().join(mine).parent().expect("a parent")).expect("a folder");
            fs::write(room.path().join(mine), "mine").expect("written");
        }
        store.remove_all().expect("removed");
        let left: Vec<String> = open().list().expect("a list").into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["cas", "lock", "notes", "tmp"]);
        assert!(!store.has(&digest));
        // Without its tag it is like any folder of someone else.
        assert_eq!(Store::refuse_foreign(&open()).expect_err("foreign").kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_store_whose_maker_was_killed_at_once_is_still_ours() {
        let room = tempfile::tempdir().expect("a folder");
        fs::create_dir(room.path().join(PARTS)).expect("a folder");
        fs::write(room.path().join("tmp/12-0.part"), &TAG.1[..20]).expect("written");
        let open = || Folder::root(room.path()).expect("a folder");
        Store::refuse_foreign(&open()).expect("ours");
        fs::write(room.path().join("tmp/12-1.part"), "mine").expect("written");
        assert!(Store::open(open()).is_err());
        assert!(room.path().join("tmp/12-1.part").exists());
    }
}

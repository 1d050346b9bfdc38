//! The content-addressed store: blobs by digest (`cas`), step records by key (`ac`), cells of sweeps (`cell`).
//! Everything read is checked against its digest; what is damaged is dropped and counted, never trusted.

use crate::atomic::{self, Durability};
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{fs, io};

/// A store in a folder.
pub struct Store {
    root: PathBuf,
    read_only: bool,
    damage: Mutex<Vec<String>>,
}

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
    /// Opens (and makes, where needed) the store at `root`.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(root: &Path) -> io::Result<Self> {
        let own = |name: &str, text: &str| {
            let path = root.join(name);
            if path.exists() { Ok(()) } else { atomic::write(&path, text.as_bytes(), Durability::Cached) }
        };
        own(
            "CACHEDIR.TAG",
            "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of condense; it can be deleted at any time.\n",
        )?;
        own(".gitignore", "*\n")?;
        Ok(Self { read_only: false, ..Self::at(root) })
    }

    /// A store for those who hold no lock: nothing is made and nothing dropped.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), read_only: true, damage: Mutex::new(Vec::new()) }
    }

    /// Whether it was opened by [`Store::at`].
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Where the store is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps bytes and returns their address.
    ///
    /// # Errors
    /// The system's.
    pub fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        let path = self.blob_path(&digest);
        // A blob of the right length may still be damaged; `get` finds out, `drop_blob` makes room for a good one.
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(digest);
        }
        atomic::write(&path, bytes, Durability::Cached)?;
        Ok(digest)
    }

    /// The bytes at an address; `None` when they are absent, or were damaged (then they are dropped).
    ///
    /// # Errors
    /// The system's.
    pub fn get(&self, digest: &Digest) -> io::Result<Option<Vec<u8>>> {
        let path = self.blob_path(digest);
        match atomic::read(&path)? {
            Some(bytes) if Digest::of(&bytes) == *digest => Ok(Some(bytes)),
            Some(_) => self.drop_damaged(&path, "blob"),
            None => Ok(None),
        }
    }

    /// Whether there are bytes at an address; whether they are good is seen when they are read.
    pub fn has(&self, digest: &Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// The files of a finished step: its record, and its artefacts.
    pub fn files(&self, key: &Digest, record: &Record) -> Vec<PathBuf> {
        let blobs = record.artefacts.values().map(|digest| self.blob_path(digest));
        std::iter::once(self.path("ac", key)).chain(blobs).collect()
    }

    /// The record of a key, if the step was finished and all is readable.
    ///
    /// # Errors
    /// The system's.
    pub fn record(&self, key: &Digest) -> io::Result<Option<Record>> {
        let path = self.path("ac", key);
        let Some(bytes) = atomic::read(&path)? else { return Ok(None) };
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
        atomic::write(&self.path("ac", key), &seal(&body), Durability::Cached)
    }

    /// A finished cell.
    ///
    /// # Errors
    /// The system's.
    pub fn cell(&self, key: &Digest) -> io::Result<Option<Vec<u8>>> {
        let path = self.path("cell", key);
        let Some(bytes) = atomic::read(&path)? else { return Ok(None) };
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
        atomic::write(&self.path("cell", key), &seal(bytes), Durability::Cached)
    }

    /// Sentences about damage found since the last call.
    pub fn take_damage(&self) -> Vec<String> {
        std::mem::take(&mut self.damage.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn drop_damaged<T>(&self, path: &Path, what: &str) -> io::Result<Option<T>> {
        // Without the lock, a writer may just now be putting a good one in its place.
        if !self.read_only {
            remove(path)?;
        }
        let name = path.strip_prefix(&self.root).unwrap_or(path).display();
        let sentence = format!("damaged {what} dropped from the store: {name}");
        self.damage.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(sentence);
        Ok(None)
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path("cas", digest)
    }

    fn path(&self, kind: &str, digest: &Digest) -> PathBuf {
        let hex = digest.to_string();
        self.root.join(kind).join("sha256").join(&hex[..2]).join(&hex[2..])
    }
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

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_blob_record_or_cell_is_dropped_and_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let digest = store.put(b"bytes").expect("put");
        let record = Record { artefacts: BTreeMap::from([("a".to_owned(), digest)]), words: vec![], seconds: 0.5 };
        store.remember(&digest, &record).expect("remembered");
        store.keep_cell(&digest, b"row").expect("kept");
        assert_eq!(store.get(&digest).expect("get").as_deref(), Some(&b"bytes"[..]));
        assert_eq!(store.record(&digest).expect("record"), Some(record));
        assert_eq!(store.cell(&digest).expect("cell").as_deref(), Some(&b"row"[..]));

        for kind in ["cas", "ac", "cell"] {
            let path = store.path(kind, &digest);
            let mut bytes = fs::read(&path).expect("there");
            *bytes.last_mut().expect("not empty") ^= 1;
            fs::write(&path, bytes).expect("damaged");
        }
        assert_eq!(store.get(&digest).expect("get"), None);
        assert_eq!(store.record(&digest).expect("record"), None);
        assert_eq!(store.cell(&digest).expect("cell"), None);
        assert_eq!(store.take_damage().len(), 3);
        assert!(!store.path("cas", &digest).exists());
    }

    #[test]
    fn a_truncated_record_is_no_record() {
        assert_eq!(sealed(b""), None);
        assert_eq!(sealed(&seal(b"body")[..60]), None);
        assert_eq!(sealed(&seal(b"body")), Some(&b"body"[..]));
    }
}

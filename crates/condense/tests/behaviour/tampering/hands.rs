//! What the tests of tampering do to a paper, and how they see what came of it.

use crate::support::{Paper, Run};
use condense::engine::store::{seal, sealed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The record of the small paper's report.
pub const RECORD: &str = "report/.condense.json";

/// Everything below a folder but `without`: a file by its bytes, a link by its goal, a pipe or a folder by its name alone.
pub fn snapshot(folder: &Path, without: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let name = |path: &Path| path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
    let walk = walkdir::WalkDir::new(folder).into_iter();
    let walk = walk.filter_entry(|entry| !without.contains(&name(entry.path()).as_str()));
    for entry in walk.map(|entry| entry.expect("an entry")) {
        let what = match entry.file_type() {
            kind if kind.is_file() => fs::read(entry.path()).expect("bytes"),
            kind if kind.is_symlink() => {
                fs::read_link(entry.path()).expect("a link").into_os_string().into_encoded_bytes()
            }
            _ => Vec::new(),
        };
        found.insert(name(entry.path()), what);
    }
    found
}

/// The digest of bytes, as records say it.
pub fn digest(bytes: &[u8]) -> String {
    condense::engine::digest::Digest::of(bytes).to_string()
}

/// The body of a sealed file, changed and sealed again, as someone would who has read how it is done.
pub fn forge(paper: &Paper, path: &str, change: impl FnOnce(&mut Value)) {
    let bytes = fs::read(paper.file(path)).expect("a file");
    let mut body: Value = serde_json::from_slice(sealed(&bytes).unwrap_or(&bytes)).expect("JSON");
    change(&mut body);
    let body = serde_json::to_vec(&body).expect("JSON");
    fs::write(paper.file(path), if sealed(&bytes).is_some() { seal(&body) } else { body }).expect("written");
}

/// Runs the binary, which must end by itself.
pub fn ends(paper: &Paper, args: &[&str]) -> Run {
    let mut child = paper.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let start = Instant::now();
    while child.try_wait().expect("asked").is_none() {
        if start.elapsed() > Duration::from_mins(1) {
            child.kill().expect("killed");
            panic!("{args:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Run::of(child.wait_with_output().expect("ended"))
}

/// Puts a pipe in the place of a file.
pub fn pipe(paper: &Paper, path: &str) {
    let _ = fs::remove_file(paper.file(path));
    fs::create_dir_all(paper.file(path).parent().expect("a parent")).expect("a folder");
    rustix::fs::mkfifoat(rustix::fs::CWD, paper.file(path), rustix::fs::Mode::RWXU).expect("a pipe");
}

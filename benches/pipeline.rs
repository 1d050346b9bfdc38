//! The pipeline's own cost, as ratios within one run: a build that has nothing to do, and one edited label,
//! against merely hashing the same report, and against starting a process that does nothing.
//!
//! `cargo bench --bench pipeline`. It works on a copy of this paper at `smoke` parameters, in a temporary folder.
#![allow(clippy::disallowed_methods)] // what it reads was made for it

use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Rounds; in each, everything is timed once, so that a drift of the machine hits all alike.
const ROUNDS: usize = 31;

fn main() {
    let paper = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["manifest.toml", "figures", "data", "templates"] {
        copy(&root.join(part), &paper.path().join(part));
    }
    condense(paper.path(), &["report"]);
    // What the lock does not know is looked at in full.
    condense(paper.path(), &["accept"]);
    let page = paper.path().join("figures/phase-diagram-two-layer.md");
    let text = fs::read_to_string(&page).expect("the page");

    let [mut idle, mut edit, mut hash, mut start] = [const { Vec::new() }; 4];
    for round in 0..ROUNDS {
        start.push(timed(|| condense(paper.path(), &["--version"])));
        hash.push(timed(|| hash_all(&paper.path().join("report"))));
        idle.push(timed(|| condense(paper.path(), &["report"])));
        let label = format!("title = \"(a) theory {round}\"");
        fs::write(&page, text.replace("title = \"(a) theory\"", &label)).expect("edited");
        edit.push(timed(|| condense(paper.path(), &["report"])));
        condense(paper.path(), &["accept"]);
    }
    let [idle, edit, hash, start] = [idle, edit, hash, start].map(median);
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!(
        "nothing to do, every output hashed  {idle:>9.2?}  {:.1}x starting a process, {:.1}x hashing alone",
        ratio(idle, start),
        ratio(idle, hash)
    );
    println!("one label edited                    {edit:>9.2?}  {:.1}x nothing to do", ratio(edit, idle));
    println!("(starting a process {start:.2?}, hashing the report {hash:.2?}; medians of {ROUNDS} rounds)");
}

fn condense(paper: &Path, args: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_condensation"));
    command.args(["--profile", "smoke", "--quiet"]).args(args).current_dir(paper).stdout(Stdio::null());
    // Claims are not judged at smoke parameters; any other failure would make the timing worthless.
    assert!(command.status().expect("the binary starts").success(), "{args:?}");
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn hash_all(folder: &Path) {
    for entry in
        walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file())
    {
        std::hint::black_box(Sha256::digest(fs::read(entry.path()).expect("bytes")));
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let place = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(place).expect("a folder");
        } else if entry.path() == from {
            fs::copy(from, to).expect("copied"); // a file, not a folder
        } else {
            fs::copy(entry.path(), place).expect("copied");
        }
    }
}

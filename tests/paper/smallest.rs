//! The real paper at its smallest: every experiment at the parameters of the profile `smoke`, and copies of the project.

use condensation::ROSTER;
use condense::experiment::{Context, Inline};
use condense::frame::{Column, Results};
use condense::paper::figure::Figure;
use condense::paper::load::{self, Paper};
use condense::paper::work::Work;
use condense::roster::RosterEntry;
use condense_testing::paper::Paper as Folder;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The project's own folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The paper in a profile.
pub fn paper(profile: &str) -> Paper {
    load::load(root(), profile, ROSTER)
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(ToString::to_string).collect::<String>()))
}

/// The experiment of a figure; none where a command computes it.
pub fn entry(figure: &Figure) -> Option<&'static RosterEntry> {
    match &figure.work {
        Work::Experiment(name) => Some(ROSTER.find(name).expect("the manifest was checked against the roster")),
        Work::Command(_) => None,
    }
}

/// Runs the experiment of a figure in this thread.
pub fn run(figure: &Figure, entry: &RosterEntry) -> Results {
    let read = |path: &String| (path.clone(), fs::read(root().join(path)).expect("a declared input"));
    let inputs: BTreeMap<String, Vec<u8>> = figure.data.iter().map(read).collect();
    let context = Context::new(figure.seed, &inputs, &Inline);
    entry.run(&figure.params, &context).unwrap_or_else(|stop| panic!("{}: {stop}", figure.id))
}

/// All that results hold, by name, so that two of them can be compared bit for bit (`==` on floats takes −0 for 0).
pub fn bits(results: &Results) -> BTreeMap<String, Vec<String>> {
    let hex = |number: &f64| format!("{number:e} {:016x}", number.to_bits());
    let mut bits: BTreeMap<String, Vec<String>> =
        results.values.iter().map(|(name, value)| (name.clone(), vec![hex(value)])).collect();
    for (name, frame) in &results.frames {
        for (column, cells) in &frame.0 {
            let cells = match cells {
                Column::Numbers(numbers) => numbers.iter().map(hex).collect(),
                other => (0..other.len()).map(|row| other.text(row)).collect(),
            };
            bits.insert(format!("{name}/{column}"), cells);
        }
    }
    bits
}

/// Insists that two results are the same to the last bit, and names the first column that is not.
pub fn assert_same(what: &str, first: &Results, second: &Results) {
    let (first, second) = (bits(first), bits(second));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>(), "{what}");
    for (name, cells) in &first {
        assert_eq!(cells, &second[name], "{what}: {name}");
    }
}

/// A copy of all that a paper consists of; no sources.
pub fn copy() -> Folder {
    let folder = Folder::empty(env!("CARGO_BIN_EXE_condensation"));
    for name in ["manifest.toml", "manifest.lock", "figures", "text", "data", "templates"] {
        for file in files(&root().join(name), &|_| false) {
            let place = folder.path().join(file.strip_prefix(root()).expect("below"));
            fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
            fs::copy(file, place).expect("copied");
        }
    }
    folder
}

/// Every file at or below a path, but for what lies in folders that are skipped.
pub fn files(path: &Path, skipped: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(path).into_iter().filter_entry(|entry| !skipped(entry.path()));
    let files = entries.map(|entry| entry.expect("a listing")).filter(|entry| entry.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).collect()
}

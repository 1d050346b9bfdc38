//! The law of the build system: a warm report equals, byte for byte, the one that is built from nothing; and of the steps
//! none runs whose result the store has. It is tried on random sequences of edits to a small paper.
//!
//! `make soak` tries thousands; `SEQUENCES` and `SEED` in the environment say how many and which.
//! A failure names the seed of its sequence, and `SEQUENCES=1 SEED=…` repeats it.

mod edits;
mod keys;
mod model;

use crate::support::Run;
use edits::{Edit, Random};
use keys::{Step, steps};
use model::{Model, SMOKE};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Edits of one sequence.
const EDITS: usize = 5;

#[test]
fn warm_equals_cold_after_any_edits() {
    let number = |name: &str, or: usize| std::env::var(name).map_or(or, |text| text.parse().expect("a number"));
    let (first, sequences) = (number("SEED", 1), number("SEQUENCES", 100));
    println!("{sequences} sequences of {EDITS} edits, seeds {first} to {}", first + sequences - 1);
    let next = AtomicUsize::new(first);
    let worker = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + sequences {
                return;
            }
            sequence(seed);
        }
    };
    std::thread::scope(|scope| {
        (0..std::thread::available_parallelism().map_or(2, usize::from)).for_each(|_| drop(scope.spawn(worker)));
    });
}

/// One sequence: edit, build warm, build cold, compare.
fn sequence(seed: usize) {
    let mut random = Random::new(seed as u64);
    let mut warm = Warm::new(seed);
    let mut told = vec!["the first build".to_owned()];
    let mut history = vec![warm.model.clone()];
    warm.build(&told);
    for _ in 0..EDITS {
        let edit = Edit::any(&mut random, &warm.model);
        told.push(format!("{edit:?}"));
        warm.apply(&edit, &history, &mut random);
        warm.build(&told);
        history.push(warm.model.clone());
    }
}

/// A paper that is edited and built again and again.
struct Warm {
    seed: usize,
    folder: tempfile::TempDir,
    model: Model,
    /// The steps whose results the store has.
    stored: BTreeSet<Step>,
    /// The steps whose results it had before some of its files were lost. A build heals only what it needs, so an older
    /// result may still be missing many builds later.
    perhaps: BTreeSet<Step>,
}

impl Warm {
    fn new(seed: usize) -> Self {
        let folder = temporary();
        Self { seed, folder, model: Model::new(seed), stored: BTreeSet::new(), perhaps: BTreeSet::new() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn apply(&mut self, edit: &Edit, history: &[Model], random: &mut Random) {
        // `accept` and hands write the lock: the model holds what stands there.
        self.model.lock = fs::read_to_string(self.path().join("manifest.lock")).ok();
        match edit {
            Edit::Revert => {
                let lock = self.model.lock.take();
                self.model = Model { lock, ..history[random.below(history.len())].clone() };
            }
            Edit::Accept => {
                // What it accepts has to be there, and is shown on the pages at once.
                let code = self.run(&["-q", "accept"]).code;
                assert!([0, 4, 5].contains(&code), "accept: exit {code}\n{}", self.tell(&["accept".to_owned()]));
                self.model.lock = fs::read_to_string(self.path().join("manifest.lock")).ok();
                self.stored.extend(steps(&self.model));
            }
            Edit::Only(at) => {
                self.model.write(self.path());
                let id = &self.model.figures[*at].id;
                let run = self.run(&["-q", "report", "--only", id]);
                assert!([0, 4, 5].contains(&run.code), "--only: exit {}\n{}", run.code, run.stderr);
                let all = steps(&self.model);
                self.stored.extend(all.iter().filter(|step| step.figure == *id).cloned());
                if all.iter().all(|step| ["text", "index"].contains(&step.kind) || self.stored.contains(step)) {
                    self.stored.extend(all);
                }
            }
            Edit::LoseOutputs => {
                let files = report_files(self.path(), &self.model);
                let lost = files.keys().filter(|_| random.below(2) == 0);
                lost.for_each(|path| fs::remove_file(self.report().join(path)).expect("removed"));
            }
            Edit::LoseReport => fs::remove_dir_all(self.report()).expect("removed"),
            Edit::LoseStore => {
                fs::remove_dir_all(self.path().join(".condense")).expect("removed");
                self.stored.clear();
                self.perhaps.clear();
            }
            Edit::LoseBlobs => {
                for (path, _) in tree(&self.path().join(".condense/cas")) {
                    if random.below(4) == 0 {
                        fs::remove_file(self.path().join(".condense/cas").join(path)).expect("removed");
                    }
                }
                self.perhaps.append(&mut self.stored);
            }
            other => other.change(&mut self.model, random),
        }
        self.model.write(self.path());
    }

    /// Builds warm and cold and compares.
    fn build(&mut self, told: &[String]) {
        self.model.write(self.path());
        let run = self.run(&["-v", "report"]);
        let cold = temporary();
        self.model.write(cold.path());
        let fresh = report_in(cold.path(), &self.model, &["-q", "report"]);
        let context = || format!("{}\nwarm said:\n{}\ncold said:\n{}", self.tell(told), run.stderr, fresh.stderr);
        assert!([0, 4, 5].contains(&fresh.code), "cold: exit {}\n{}", fresh.code, context());
        assert_eq!(run.code, fresh.code, "exit codes differ\n{}", context());
        let (warm, cold) = (report_files(self.path(), &self.model), report_files(cold.path(), &self.model));
        assert_eq!(warm.keys().collect::<Vec<_>>(), cold.keys().collect::<Vec<_>>(), "files differ\n{}", context());
        for (path, bytes) in &warm {
            assert!(bytes == &cold[path], "{} differs\n{}", path.display(), context());
        }
        let all = steps(&self.model);
        let may = count(all.difference(&self.stored).map(Step::name));
        let must = count(
            all.iter().filter(|step| !self.stored.contains(step) && !self.perhaps.contains(step)).map(Step::name),
        );
        let ran = count(run.steps().iter().map(|name| keys::told(name)));
        for (name, times) in &ran {
            assert!(Some(times) <= may.get(name), "{name} ran {times} times: {may:?} may\n{}", context());
        }
        for (name, times) in &must {
            assert!(Some(times) <= ran.get(name), "{name} must run {times} times: {ran:?} did\n{}", context());
        }
        // What was done is not done again.
        let again = self.run(&["-v", "report"]);
        assert!(again.steps().is_empty() && again.code == run.code, "again:\n{}\n{}", again.stderr, context());
        self.stored.extend(all);
    }

    fn run(&self, args: &[&str]) -> Run {
        report_in(self.path(), &self.model, args)
    }

    fn report(&self) -> PathBuf {
        report_folder(self.path(), &self.model)
    }

    fn tell(&self, told: &[String]) -> String {
        format!("sequence {} ({}): SEQUENCES=1 SEED={0} repeats it", self.seed, told.join(", then "))
    }
}

fn report_in(folder: &Path, model: &Model, args: &[&str]) -> Run {
    let profile = if model.smoke { SMOKE } else { "default" };
    let mut command = crate::support::condense();
    command.current_dir(folder).args(["--profile", profile, "-j", "1"]).args(args).env("SOURCE_DATE_EPOCH", "0");
    Run::of(command.output().expect("the binary starts"))
}

/// Where the report of the model's profile is.
fn report_folder(folder: &Path, model: &Model) -> PathBuf {
    let report = folder.join("report");
    if model.smoke { report.join(SMOKE) } else { report }
}

/// The files of a report: without its record, and without the report of the other profile that may lie in it.
fn report_files(folder: &Path, model: &Model) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = tree(&report_folder(folder, model));
    files.retain(|path, _| !path.ends_with(".condense.json") && (model.smoke || !path.starts_with(SMOKE)));
    files
}

/// A folder in memory, where there is such a place: thousands of papers are written.
fn temporary() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}

/// How often each name comes.
fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}

/// Every file below a folder.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(folder).expect("below").to_owned();
        (path, fs::read(entry.path()).expect("read"))
    };
    files.map(read).collect()
}

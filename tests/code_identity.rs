//! Code identity, through real rebuilds of a copy of the sources: a comment reruns nothing; an edit reruns the figures
//! that reach it and no other; where the bits stay, nothing is redrawn and neither lock nor picture moves.

mod smoke;
mod support;

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Paper, Run};

/// The module that is edited: some experiments reach it, some do not.
const MODULE: &str = "nn::embed";
const FILE: &str = "src/nn/embed.rs";

/// A copy of the sources, with a target folder of its own.
struct Workshop {
    folder: Paper,
    target: PathBuf,
    _target: tempfile::TempDir,
}

impl Workshop {
    fn new() -> Self {
        let folder = smoke::copy();
        for name in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "build", "src", "benches"] {
            for file in files(&smoke::root().join(name)) {
                let place = folder.file(&file.strip_prefix(smoke::root()).expect("below").to_string_lossy());
                fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
                fs::copy(&file, place).expect("copied");
            }
        }
        // Dependencies stay as they were built for this test; the package itself, of which all bits are asked, is
        // compiled as plainly (and as fast) as can be.
        let manifest = folder.read("Cargo.toml");
        folder.write("Cargo.toml", &format!("{manifest}\n[profile.dev.package.condense]\nopt-level = 0\ndebug = 0\n"));
        // Dev-dependencies choose features of dependencies; an empty test makes cargo choose as it did for this one.
        folder.write("tests/empty.rs", "");
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let target = place.path().join("target");
        let built = Path::new(env!("CARGO_BIN_EXE_condense")).parent().expect("target/debug");
        for name in [".fingerprint", "build", "deps"] {
            for file in files(&built.join(name)) {
                let below = file.strip_prefix(built).expect("below");
                if !below.to_string_lossy().contains("condense") {
                    same(&file, &target.join("debug").join(below)).expect("placed");
                }
            }
        }
        Self { folder, target, _target: place }
    }

    /// Builds the binary; none where there is no cargo.
    fn build(&self) -> Option<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--offline", "--locked", "--test", "empty", "--bin", "condense"]);
        match command.current_dir(self.folder.path()).env("CARGO_TARGET_DIR", &self.target).output() {
            Ok(output) => {
                Run::of(output).expect(0);
                Some(())
            }
            Err(error) => {
                eprintln!("SKIPPED: cargo cannot be started: {error}");
                None
            }
        }
    }

    /// Runs what was built.
    fn condense(&self, args: &[&str]) -> Run {
        let mut command = Command::new(self.target.join("debug/condense"));
        command.args(["--profile", "smoke", "-v"]).args(args).current_dir(self.folder.path()).env("NO_COLOR", "1");
        Run::of(command.output().expect("it starts")).expect(0)
    }

    fn append(&self, file: &str, text: &str) {
        let before = self.folder.read(file);
        // Before the unit tests, which are no part of the code that computes.
        let at = before.find("#[cfg(test)]").unwrap_or(before.len());
        self.folder.write(file, &format!("{}{text}\n\n{}", &before[..at], &before[at..]));
    }

    /// The lock and every picture and table.
    fn kept(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let figures = files(&self.folder.file("report/fig"));
        figures
            .into_iter()
            .chain([self.folder.file("manifest.lock")])
            .map(|file| (file.clone(), fs::read(file).expect("bytes")))
            .collect()
    }
}

/// Every file at or below a path.
fn files(root: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root).into_iter().filter_map(Result::ok);
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

/// Puts the same file in another place: a link, or a copy of the same age, so that cargo takes it as built.
fn same(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.parent().expect("a parent"))?;
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to)?;
        File::options()
            .write(true)
            .open(to)?
            .set_times(FileTimes::new().set_modified(fs::metadata(from)?.modified()?))?;
    }
    Ok(())
}

#[test]
fn code_is_what_it_computes() {
    let (reach, all): (Vec<_>, Vec<_>) = {
        let figures = smoke::paper("smoke").manifest.figures;
        let reaches = |figure: &&condense::paper::figure::Figure| {
            smoke::entry(figure).is_some_and(|entry| entry.code.parts.iter().any(|(module, _)| *module == MODULE))
        };
        (figures.iter().filter(reaches).map(|figure| figure.id.clone()).collect(), figures)
    };
    assert!(!reach.is_empty() && reach.len() < all.len(), "some figures reach `{MODULE}`, some do not: {reach:?}");

    if !cfg!(debug_assertions) {
        eprintln!("SKIPPED: the copy is built in debug mode, for which only a debug test has the dependencies ready");
        return;
    }
    let workshop = Workshop::new();
    if workshop.build().is_none() {
        return;
    }
    workshop.condense(&["report"]).says(&format!("{0}/{0} figures match the lock", all.len()));
    let before = workshop.kept();

    // A comment, and lines that only look different, are no change.
    workshop.append(FILE, "// A remark.\n\n\n/* Another. */");
    workshop.append("src/nn/flow.rs", "// A remark.");
    workshop.build();
    let run = workshop.condense(&["report"]).says("nothing to do");
    assert!(run.steps().is_empty(), "{:?}", run.steps());

    // A change that keeps the bits: what reaches it runs once and stops there; cards name their code, so they are new.
    workshop.append(FILE, "#[allow(dead_code)]\nfn idle(x: f64) -> f64 {\n    x + 1.0\n}");
    workshop.build();
    let run = workshop.condense(&["report"]).says(&format!("{0}/{0} figures match the lock", all.len()));
    let expected = |verb: &str| reach.iter().map(|id| format!("{verb} {id}")).collect::<Vec<_>>();
    let computed: Vec<String> = run.steps().into_iter().filter(|step| step.starts_with("run ")).collect();
    let mut expected_runs = expected("run");
    expected_runs.sort();
    assert_eq!(computed, expected_runs);
    assert_eq!(run.stderr.matches("same bytes as before").count(), reach.len(), "{}", run.stderr);
    let redone = run.steps().into_iter().filter(|step| step.starts_with("draw ") || step.starts_with("check "));
    assert_eq!(redone.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(workshop.kept() == before, "the lock or a picture moved");
    workshop.condense(&["report"]).says("nothing to do");
}

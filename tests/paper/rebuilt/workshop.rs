//! A copy of the sources that can be edited, built and run.

use crate::smallest;
use condense_testing::paper::{Paper, Run};
use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the sources, with a target folder of its own.
pub struct Workshop {
    pub folder: Paper,
    target: PathBuf,
    _target: tempfile::TempDir,
}

impl Workshop {
    /// The packages of the workspace are compiled with this optimisation: 0 is the fastest to build.
    pub fn new(opt_level: u8) -> Self {
        let folder = smallest::copy();
        for name in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "build.rs", "crates", "src", "benches"] {
            for file in files(&smallest::root().join(name)) {
                let place = folder.file(&file.strip_prefix(smallest::root()).expect("below").to_string_lossy());
                fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
                fs::copy(&file, place).expect("copied");
            }
        }
        // Dependencies stay as they were built for this test.
        let mut manifest = folder.read("Cargo.toml");
        for package in packages() {
            manifest += &format!("\n[profile.dev.package.{package}]\nopt-level = {opt_level}\ndebug = 0\n");
        }
        folder.write("Cargo.toml", &manifest);
        // Dev-dependencies choose features of dependencies; an empty test makes cargo choose as it did for this one.
        folder.write("tests/empty.rs", "");
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let target = place.path().join("target");
        let built = Path::new(env!("CARGO_BIN_EXE_condensation")).parent().expect("target/debug");
        for name in [".fingerprint", "build", "deps"] {
            for file in files(&built.join(name)) {
                let below = file.strip_prefix(built).expect("below");
                if !below.to_string_lossy().contains("condens") {
                    same(&file, &target.join("debug").join(below)).expect("placed");
                }
            }
        }
        Self { folder, target, _target: place }
    }

    /// Builds the binary; none, told loudly, where that cannot be tried.
    pub fn build(&self) -> Option<()> {
        if !cfg!(debug_assertions) {
            eprintln!(
                "SKIPPED: the copy is built in debug mode, for which only a debug test has the dependencies ready"
            );
            return None;
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--offline", "--locked", "--workspace", "--test", "empty", "--bin", "condensation"]);
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
    pub fn run(&self, args: &[&str]) -> Run {
        let mut command = Command::new(self.target.join("debug/condensation"));
        command.args(args).current_dir(self.folder.path()).env("NO_COLOR", "1");
        Run::of(command.output().expect("it starts"))
    }

    /// The same at tiny parameters, with its steps; insists on success.
    pub fn condense(&self, args: &[&str]) -> Run {
        self.run(&[&["--profile", "smoke", "-v"], args].concat()).expect(0)
    }

    /// Adds a text to the code of a file.
    pub fn append(&self, file: &str, text: &str) {
        let before = self.folder.read(file);
        // Before the unit tests, which are no part of the code that computes.
        let at = before.find("#[cfg(test)]").unwrap_or(before.len());
        self.folder.write(file, &format!("{}{text}\n\n{}", &before[..at], &before[at..]));
    }

    /// The lock and every picture and table.
    pub fn kept(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let figures = files(&self.folder.file("report/smoke/fig"));
        figures
            .into_iter()
            .chain([self.folder.file("manifest.lock")])
            .map(|file| (file.clone(), fs::read(file).expect("bytes")))
            .collect()
    }
}

/// The names of the packages of the workspace.
fn packages() -> Vec<String> {
    let manifests = files(&smallest::root().join("crates")).into_iter().filter(|file| file.ends_with("Cargo.toml"));
    let name = |manifest: PathBuf| {
        let text = fs::read_to_string(manifest).expect("text");
        text.lines().find_map(|line| Some(line.strip_prefix("name = \"")?.trim_end_matches('"').to_owned()))
    };
    manifests.chain([smallest::root().join("Cargo.toml")]).filter_map(name).collect()
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

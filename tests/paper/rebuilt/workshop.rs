//! A copy of the repository that can be edited, built and run.
//!
//! Copy and build folder stay where they are from one run to the next, and what the tests themselves were built from is taken
//! over, so that cargo compiles what was edited and little else.

use crate::smallest::{self, root};
use condense_testing::paper::Run;
use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the repository, with a build folder of its own.
pub struct Workshop {
    room: PathBuf,
    _turn: File,
}

/// Folders of the repository that are not copied, beside those that call themselves a cache and the one that copies go to.
const LEFT_OUT: [&str; 4] = [".git", "report", ".condense", "tests"];

/// The arguments with which cargo builds a copy: as it built this test, but for the test itself.
pub const BUILD: [&str; 7] = ["test", "--no-run", "--offline", "--locked", "--workspace", "--test", "empty"];

/// A test program without tests. (Dev-dependencies choose features of dependencies.)
const EMPTY: &str = "tests/empty.rs";

impl Workshop {
    /// Opens the workshop of this name as it was never edited; waits for another run of the test that has it.
    pub fn open(name: &str) -> Self {
        Self::edited(name, |_, _| None)
    }

    /// The same with edits: each is the new text of a file, from its path and its old text. Where they are those of the last
    /// time, nothing is compiled.
    pub fn edited(name: &str, edit: impl Fn(&str, &str) -> Option<String>) -> Self {
        let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&room).expect("a folder");
        let turn = File::create(room.join("turn")).expect("a file");
        turn.lock().expect("a turn");
        let workshop = Self { room, _turn: turn };
        workshop.mirror(edit);
        workshop.take_over();
        workshop
    }

    /// The folder of the copy.
    pub fn path(&self) -> PathBuf {
        self.room.join("condense")
    }

    /// The build folder.
    fn target(&self) -> PathBuf {
        self.room.join("target")
    }

    /// Reads a file of the copy.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes a file of the copy, unless that is what it says: cargo looks at times.
    pub fn write(&self, path: &str, text: &str) {
        let file = self.path().join(path);
        if fs::read_to_string(&file).is_ok_and(|old| old == text) {
            return;
        }
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("written");
    }

    /// Has cargo build in the room's own folder, whatever the caller's environment says.
    pub fn build_here(&self, command: &mut Command) {
        command.env("CARGO_TARGET_DIR", self.target()).env("CARGO_BUILD_BUILD_DIR", self.target());
        command.env_remove("CARGO_BUILD_TARGET");
    }

    /// Builds the program; none, told loudly, where that cannot be tried.
    pub fn build(&self) -> Option<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        self.build_here(command.args(BUILD).current_dir(self.path()));
        match command.output() {
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

    /// Another copy of what a run reads: manifest, pages, templates and data.
    pub fn copy_to_run(&self, name: &str) -> PathBuf {
        let place = self.room.join("runs").join(name);
        let _ = fs::remove_dir_all(&place);
        for source in smallest::files(&self.path(), &|folder| folder.ends_with("src") || folder.ends_with("crates")) {
            let below = source.strip_prefix(self.path()).expect("below");
            same(&source, &place.join(below), false).expect("copied");
        }
        place
    }

    /// The program that was built.
    pub fn program(&self) -> PathBuf {
        self.target().join("debug/condensation")
    }

    /// Makes the copy what the repository is, but for edits.
    fn mirror(&self, edit: impl Fn(&str, &str) -> Option<String>) {
        for made in ["report", ".condense"] {
            let _ = fs::remove_dir_all(self.path().join(made));
        }
        let first = !self.target().exists();
        let sources = smallest::files(root(), &|folder| {
            let below = folder.strip_prefix(root()).expect("below");
            LEFT_OUT.iter().any(|name| below == Path::new(name))
                || folder.join("CACHEDIR.TAG").exists()
                || folder != root() && self.room.starts_with(folder)
        });
        let mut wanted = BTreeSet::new();
        for source in sources {
            let below = source.strip_prefix(root()).expect("below");
            let (place, bytes) = (self.path().join(below), fs::read(&source).expect("read"));
            let edited = str::from_utf8(&bytes).ok().and_then(|text| edit(&below.to_string_lossy(), text));
            match (&edited, fs::read(&place)) {
                (Some(text), Ok(old)) if old == text.as_bytes() => {}
                (None, Ok(old)) if old == bytes => {}
                // As old as what was built from it is taken to be.
                (None, Err(_)) if first => same(&source, &place, false).expect("copied"),
                // All else is younger than what was built before.
                (edited, _) => {
                    fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
                    fs::write(&place, edited.as_ref().map_or(&bytes[..], String::as_bytes)).expect("written");
                }
            }
            wanted.insert(place);
        }
        wanted.insert(self.path().join(EMPTY));
        for file in smallest::files(&self.path(), &|_| false).into_iter().filter(|file| !wanted.contains(file)) {
            fs::remove_file(file).expect("removed");
        }
        self.write(EMPTY, "");
    }

    /// Takes over what cargo built before this test: dependencies as links, packages of this repository as copies, for their
    /// files are written anew in place. (cargo takes paths below a workspace for the same wherever that lies; only packages
    /// with build scripts are compiled anew.)
    fn take_over(&self) {
        let built = Path::new(env!("CARGO_BIN_EXE_condensation")).parent().expect("target/debug");
        if self.target().exists() || !cfg!(debug_assertions) {
            return;
        }
        // While another cargo builds there, times and contents need not agree.
        let lock = File::open(built.join(".cargo-lock"));
        if lock.as_ref().is_ok_and(|lock| lock.try_lock_shared().is_err()) {
            return;
        }
        // Whole or not at all: what was left by a test that was killed is begun anew.
        let begun = self.room.join("target.new");
        let _ = fs::remove_dir_all(&begun);
        for name in [".fingerprint", "build", "deps"] {
            for file in smallest::files(&built.join(name), &|_| false) {
                let below = file.strip_prefix(built).expect("below");
                let ours = below.to_string_lossy().contains("condens");
                // Programs are large, and linked anew.
                if name != "deps" || file.extension().is_some() {
                    same(&file, &begun.join("debug").join(below), !ours && name == "deps").expect("placed");
                }
            }
        }
        fs::rename(begun, self.target()).expect("named");
    }
}

/// Puts the same file, of the same age, in another place: as a link, where that is asked for and possible, or as a copy.
fn same(from: &Path, to: &Path, link: bool) -> io::Result<()> {
    fs::create_dir_all(to.parent().expect("a parent"))?;
    if !(link && fs::hard_link(from, to).is_ok()) {
        fs::copy(from, to)?;
        let times = FileTimes::new().set_modified(fs::metadata(from)?.modified()?);
        File::options().write(true).open(to)?.set_times(times)?;
    }
    Ok(())
}

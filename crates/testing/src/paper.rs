//! A paper in a temporary folder, and what a run of a program on it gave.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A paper in a folder that goes away with it, and the program that is run there.
#[derive(Debug)]
pub struct Paper {
    folder: tempfile::TempDir,
    root: PathBuf,
    program: PathBuf,
}

/// A program, without colours and without what the caller's environment says.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("NO_COLOR", "1");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONDENSE_")) {
        command.env_remove(name);
    }
    command
}

impl Paper {
    /// An empty folder. The program is what cargo calls `CARGO_BIN_EXE_…`.
    pub fn empty(program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { root: folder.path().to_owned(), folder, program: program.into() }
    }

    /// An empty folder in a folder of a folder: what lies around it can be looked at, too.
    pub fn among_others(program: &str) -> Self {
        let empty = Self::empty(program);
        Self { root: empty.folder.path().join("home/paper"), ..empty }
    }

    /// Where all of it is, with what lies around.
    pub fn surroundings(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the paper.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// A file in it.
    pub fn file(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let file = self.file(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("written");
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// All pages of the report, one after the other: the front page first.
    pub fn pages(&self) -> String {
        let figures = fs::read_dir(self.file("report/fig")).expect("a report").filter_map(Result::ok);
        let mut paths: Vec<PathBuf> = figures.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "html"));
        paths.sort();
        let front = self.read("report/index.html");
        paths.iter().fold(front, |all, path| all + &fs::read_to_string(path).expect("a page"))
    }

    /// Replaces the one occurrence of `old` in a file.
    pub fn edit(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {path}");
        self.write(path, &text.replace(old, new));
    }

    /// The program, set up to run here.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&self.program);
        command.current_dir(self.path()).args(args);
        command
    }

    /// Runs the program.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().expect("the program starts"))
    }

    /// Runs it and insists on success.
    pub fn ok(&self, args: &[&str]) -> Run {
        self.run(args).expect(0)
    }

    /// `-v report`, for its list of steps; insists on success.
    pub fn report(&self) -> Run {
        self.ok(&["-v", "report"])
    }
}

/// What one run of the program gave.
#[derive(Debug)]
pub struct Run {
    /// The exit code; −1 where a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Run {
    /// What a process gave.
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Insists on an exit code.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The steps that ran, sorted: the `done` lines of `-v`.
    pub fn steps(&self) -> Vec<String> {
        let done = self.stderr.lines().filter_map(|line| line.trim_start().strip_prefix("done "));
        let mut steps: Vec<String> =
            done.map(|rest| rest.trim().split_once("  ").map_or(rest, |(name, _)| name).trim().to_owned()).collect();
        steps.sort();
        steps
    }

    /// Insists that stderr says something.
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in\n{}", self.stderr);
        self
    }

    /// Insists that stdout says something.
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "`{text}` is not in\n{}", self.stdout);
        self
    }
}

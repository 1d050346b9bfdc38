//! A small paper in a temporary folder, and the real binary run on it: write, run, edit, run again.
#![allow(dead_code)] // each test file uses its own part of this

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A project in a folder that goes away with it.
pub struct Paper {
    folder: tempfile::TempDir,
    root: PathBuf,
}

/// The binary, without colours and without what the caller's environment says.
pub fn condense() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_condensation"));
    command
        .env("NO_COLOR", "1")
        .env_remove("CONDENSE_PROFILE")
        .env_remove("CONDENSE_JOBS")
        .env_remove("CONDENSE_KERNELS");
    command
}

/// What one run of the binary gave.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Paper {
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { root: folder.path().to_owned(), folder }
    }

    /// The small paper in a folder of a folder: what lies around it can be looked at, too.
    pub fn among_others() -> Self {
        let mut paper = Self::empty();
        paper.root = paper.folder.path().join("home/paper");
        paper.fill();
        paper
    }

    /// Where all of it is, with what lies around.
    pub fn surroundings(&self) -> &Path {
        self.folder.path()
    }

    /// A paper of two figures: `quick` and `sweep`, both of external commands in `sh`, so that tests need no science.
    pub fn small() -> Self {
        let paper = Self::empty();
        paper.fill();
        paper
    }

    fn fill(&self) {
        self.write("manifest.toml", MANIFEST);
        self.write("scripts/line.sh", LINE);
        self.write("figures/rising.md", RISING);
        self.write("figures/falling.md", &RISING.replace("Rising", "Falling").replace("above = 1.5", "above = 2.5"));
    }

    /// The folder.
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

    /// Replaces the one occurrence of `old` in a file.
    pub fn edit(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(old).count(), 1, "`{old}` in {path}");
        self.write(path, &text.replace(old, new));
    }

    /// The binary, set up to run here.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = condense();
        command.current_dir(self.path()).args(args);
        command
    }

    /// Runs the binary.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().expect("the binary starts"))
    }

    /// `-v report`, for its list of steps.
    pub fn report(&self) -> Run {
        self.ok(&["-v", "report"])
    }

    /// Runs it and insists on success.
    pub fn ok(&self, args: &[&str]) -> Run {
        self.run(args).expect(0)
    }
}

impl Run {
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

pub const MANIFEST: &str = r#"[paper]
title = "A small paper"
standfirst = "Two lines."
authors = ["A. Tester"]
source = "no talk"

[[figure]]
id = "rising"
slide = "A line that rises"
command = ["sh", "scripts/line.sh"]
reads = ["scripts/line.sh"]
writes = ["line.csv", "values.json"]
seed = 1
fidelity = "faithful"

[figure.params]
slope = 2

[[figure]]
id = "falling"
slide = "Another line"
command = ["sh", "scripts/line.sh"]
reads = ["scripts/line.sh"]
writes = ["line.csv", "values.json"]
seed = 1
fidelity = "faithful"

[figure.params]
slope = 3
"#;

/// Reads `{"params":{"slope":N},…}` and writes a line of that slope.
pub const LINE: &str = r#"slope=$(sed 's/.*"slope":\([0-9.-]*\).*/\1/')
out=$CONDENSE_OUT
{ echo x,y; echo 0,0; echo "1,$slope"; } > "$out/line.csv"
echo "{\"slope\": $slope}" > "$out/values.json"
"#;

pub const RISING: &str = r#"# Rising

A line of slope {{ value("slope") }}.

```chart
alt = "A line through the origin."
caption = "The line."

[[panel]]
x = { label = "x" }
y = { label = "y" }

[[panel.layer]]
kind = "line"
frame = "line"
x = "x"
y = "y"
```

```claim
says = "The slope is large."
value = "slope"
above = 1.5
```
"#;

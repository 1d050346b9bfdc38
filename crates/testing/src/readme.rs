//! A reader of the README: finds its marked blocks, and runs them as they are written.
//! A block is marked by `<!-- test: name -->` on the line above its fence; `<!-- test: name path -->` marks a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

/// The text.
pub const README: &str = include_str!("../../../README.md");

/// The text of every block with this mark, by the path behind it (empty for commands).
pub fn blocks(name: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for rest in README.split("<!-- test: ").skip(1) {
        let (mark, rest) = rest.split_once(" -->\n").expect("the mark is closed");
        let (first, path) = mark.split_once(' ').unwrap_or((mark, ""));
        let fence: String = rest.chars().take_while(|c| *c == '`').collect();
        assert!(fence.len() >= 3, "a fence follows the mark `{mark}`");
        let (_, body) = rest.split_once('\n').expect("a body");
        let (body, _) = body.split_once(&format!("\n{fence}\n")).expect("the fence is closed");
        if first == name {
            found.insert(path.to_owned(), format!("{body}\n"));
        }
    }
    found
}

/// The commands of a block.
pub fn commands(name: &str) -> String {
    blocks(name).remove("").unwrap_or_else(|| panic!("the README has no block `{name}`"))
}

/// Whether the machine has a program; says so where not.
pub fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("SKIPPED: no {program} on this machine");
    }
    there
}

/// Runs a block as one would type it, line by line, and insists that every line succeeds; returns stderr by line.
pub fn follow(block: &str, folder: &Path, set: impl Fn(&mut Command)) -> Vec<(String, String)> {
    let lines = block.lines().filter(|line| !line.trim().is_empty());
    let run = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(folder).env("NO_COLOR", "1");
        let ours = ["PROFILE", "JOBS", "KERNELS", "PROJECT"].map(|name| format!("CONDENSE_{name}"));
        for name in ours.iter().map(String::as_str).chain(["MAKEFLAGS", "MAKELEVEL", "MFLAGS"]) {
            command.env_remove(name);
        }
        set(&mut command);
        let Output { status, stdout, stderr } = command.output().expect("sh starts");
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        assert!(status.success(), "`{line}`\n{}\n{stderr}", String::from_utf8_lossy(&stdout));
        (line.split('#').next().unwrap_or(line).trim().to_owned(), stderr)
    };
    lines.map(run).collect()
}

/// The steps that ran, and the last line.
pub fn told(stderr: &str) -> (Vec<&str>, &str) {
    let done = stderr.lines().filter_map(|line| line.trim_start().strip_prefix("done "));
    let steps = done.filter_map(|rest| rest.trim().rsplit_once("  ")).map(|(name, _)| name.trim());
    (steps.collect(), stderr.lines().last().unwrap_or_default())
}

//! What the program says, whole dialogues at a time: `terminal.txt` holds them as they are, times and digests masked.
//! Where they are meant to change, `WRITE=1 cargo test terminal` writes the file; the change is then read in the diff.

use crate::support::{Paper, Run, small};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Columns of a terminal that everything fits into.
const WIDTH: usize = 80;

/// Text whose times and digests are those of every run.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let words = line.split_inclusive(' ').map(|word| {
            let bare = word.trim_end_matches([' ', ',', '\n']);
            let rest = &word[bare.len()..];
            let number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
            let hex = |word: &str| word.len() == 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
            match bare {
                time if time.strip_suffix('s').is_some_and(|time| time.contains('.') && number(time)) => {
                    format!("0.00s{rest}")
                }
                digest if hex(digest) => format!("{}{rest}", "#".repeat(12)),
                _ => word.to_owned(),
            }
        });
        let _ = writeln!(masked, "{}", words.collect::<String>().trim_end());
    }
    masked
}

/// The dialogues: what was done, what was typed, what came back.
fn dialogues(paper: &Paper) -> String {
    let mut text = String::new();
    let mut session = |paper: &Paper, what: &str, args: &[&str]| {
        let Run { code, stdout, stderr } = paper.run(&[&["-j", "1"], args].concat());
        let said = masked(&(stderr + &stdout));
        let _ = writeln!(text, "# {what}\n$ condense {}\n{said}[exit {}]\n", args.join(" "), code);
    };
    session(paper, "The first report.", &["report"]);
    session(paper, "Nothing has changed.", &["report"]);
    session(paper, "What is accepted.", &["accept"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    session(paper, "A parameter was edited: what would run, and why.", &["status"]);
    session(paper, "It runs, and says why.", &["report"]);
    session(paper, "Where it differs.", &["diff", "rising"]);
    paper.edit("figures/falling.md", "above = 2.5", "above = 99");
    session(paper, "A claim is false.", &["report"]);
    paper.edit("figures/falling.md", "above = 99", "above = 2.5");
    paper.ok(&["-q", "report"]);
    let table = paper.file("report/fig/rising.csv");
    let csv = fs::read_to_string(&table).expect("a table");
    fs::write(&table, csv.replacen('1', "7", 1)).expect("altered");
    session(paper, "A table was altered by hand.", &["report"]);
    session(paper, "It is put back.", &["restore", "rising"]);
    paper.edit("figures/rising.md", "kind = \"line\"", "kind = \"lime\"");
    paper.edit("figures/falling.md", "above = 2.5", "abov = 2.5");
    session(paper, "Mistakes, all at once.", &["report"]);
    text
}

#[test]
fn dialogues_are_as_they_are_written() {
    let said = dialogues(&small());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour/terminal.txt");
    if std::env::var_os("WRITE").is_some() {
        fs::write(&path, &said).expect("written");
    }
    let written = fs::read_to_string(&path).expect("the dialogues");
    for (at, (said, written)) in said.lines().zip(written.lines()).enumerate() {
        assert_eq!(said, written, "terminal.txt:{}", at + 1);
    }
    assert_eq!(said.lines().count(), written.lines().count());
    assert!(!said.contains('\u{1b}'), "a pipe gets no control codes");
}

/// The program on a terminal of `script`, which most systems have.
fn on_a_terminal(paper: &Paper, set: &[(&str, &str)]) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_condense");
    let typed = format!("stty cols {WIDTH}; exec {program} -C {} report", paper.path().display());
    let mut command = Command::new("script");
    command.args(["-qec", &typed, "/dev/null"]).stdin(Stdio::null()).envs(set.iter().copied());
    if !set.iter().any(|(name, _)| *name == "NO_COLOR") {
        command.env_remove("NO_COLOR");
    }
    let Ok(output) = command.env("TERM", "xterm").output() else {
        eprintln!("SKIPPED: there is no `script` to play a terminal");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What can be seen, line by line: codes that move the cursor end one.
fn lines(said: &str) -> Vec<String> {
    let mut parts = said.split('\u{1b}');
    let mut seen = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(['[', '?']).trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        seen.push_str(if rest.starts_with('m') { "" } else { "\n" });
        seen.push_str(rest.get(1..).unwrap_or_default());
    }
    seen.split(['\n', '\r']).map(str::to_owned).collect()
}

#[test]
fn a_terminal_has_colours_unless_they_are_not_wanted() {
    let Some(said) = on_a_terminal(&small(), &[]) else { return };
    assert!(said.contains("\u{1b}[") && said.contains("2/2 claims hold"), "{said}");
    let Some(plain) = on_a_terminal(&small(), &[("NO_COLOR", "1")]) else { return };
    let colour = |text: &str| {
        text.split("\u{1b}[").skip(1).any(|code| {
            code.split_once('m').is_some_and(|(code, _)| code.chars().all(|c| c.is_ascii_digit() || c == ';'))
        })
    };
    assert!(colour(&said) && !colour(&plain), "{plain}");
    for line in lines(&plain) {
        // The verdict may be longer: it is one sentence, and a terminal wraps it. Rows of progress are as wide as the terminal,
        // one after the other.
        let whole = line.contains("claims hold") || line.contains("elapsed");
        assert!(line.trim_end().chars().count() <= WIDTH || whole, "{line}");
    }
}

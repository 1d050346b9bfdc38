//! A list of mistakes that a person may make in a file of a paper, each with all that must be told of it.

use crate::paper::{Paper, Run};

/// Insists that a paper is refused before anything runs, and without a panic.
pub fn refused(paper: &Paper) -> Run {
    let run = paper.run(&["report"]).expect(2).says("nothing was run").says("exit 2 (manifest)");
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert!(!paper.file("report").exists() && !paper.file(".condense").exists(), "something was written");
    assert_eq!(run.stdout, "");
    run
}

/// Every mistake that was told: code, place (`-` where there is none), message and, below it, what to write instead.
fn told(run: &Run, file: &str) -> String {
    let mut told = String::new();
    let mut lines = run.stderr.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some((code, message)) = line.strip_prefix("error[").and_then(|line| line.split_once("]: ")) {
            let place = lines.peek().and_then(|next| next.trim_start().strip_prefix("--> "));
            let place = place.and_then(|place| place.strip_prefix(file)?.strip_prefix(':'));
            told += &format!("{code} {} {message}\n", place.unwrap_or("-"));
        } else if let Some(advice) = line.trim_start().strip_prefix("= help: ")
            && ["did you mean", "write `"].iter().any(|start| advice.starts_with(start))
        {
            told += &format!("help {advice}\n");
        }
    }
    told
}

/// Tries each kind of a list: lines `edit <old> → <new>` (`⏎` is a line break, `␛` the escape character), and below
/// them all that must be told. Returns how many there are.
pub fn try_each(paper: impl Fn() -> Paper, list: &str, file: &str) -> usize {
    let written = |text: &str| text.replace('⏎', "\n").replace('␛', "\u{1b}");
    let kinds: Vec<&str> = list.split("\n\n").collect();
    for kind in &kinds {
        let paper = paper();
        let mut text = paper.read(file);
        let mut expected = String::new();
        for line in kind.lines() {
            let Some(edit) = line.strip_prefix("edit ") else {
                expected += &format!("{line}\n");
                continue;
            };
            let (old, new) = edit.split_once(" →").unwrap_or_else(|| panic!("no arrow in `{line}`"));
            assert!(text.contains(&written(old)), "`{old}` is not in {file}");
            text = text.replacen(&written(old), &written(new.strip_prefix(' ').unwrap_or(new)), 1);
        }
        paper.write(file, &text);
        let run = refused(&paper);
        assert!(!run.stderr.contains('\u{1b}'), "the terminal was steered by\n{kind}");
        assert_eq!(told(&run, file), expected, "after\n{kind}");
    }
    kinds.len()
}

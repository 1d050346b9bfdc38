//! The house keeps its floors: read from the imports, not from memory.
//! The picture that this test holds the code to is in `ARCHITECTURE.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Top-level module → floor, wing. A module imports only from lower floors, or from its own module;
/// the two wings meet in `roster` and `pipeline`, and nowhere below.
const FLOORS: [(&str, u8, Wing); 15] = [
    ("frame", 0, Wing::Both),
    ("diag", 0, Wing::Both),
    ("num", 1, Wing::Science),
    ("engine", 1, Wing::Machinery),
    // The contract: what an experiment is. Trainings in `nn` report to it and can be stopped by it.
    ("experiment", 2, Wing::Science),
    ("plot", 2, Wing::Machinery),
    ("nn", 3, Wing::Science),
    ("paper", 3, Wing::Machinery),
    ("experiments", 4, Wing::Science),
    ("explain", 4, Wing::Both),
    ("roster", 5, Wing::Both),
    ("pipeline", 6, Wing::Both),
    ("cli", 7, Wing::Both),
    ("lib", 8, Wing::Both),
    ("main", 8, Wing::Both),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wing {
    Science,
    Machinery,
    Both,
}

/// Longest file, in lines, tests included.
const LONGEST: usize = 500;
/// Longest file of an experiment, tests included.
const LONGEST_EXPERIMENT: usize = 250;
/// Longest `run` of an experiment: one screen.
const LONGEST_RUN: usize = 50;
/// Longest `main.rs`.
const LONGEST_MAIN: usize = 15;

fn sources() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("src").map(|entry| entry.expect("entry").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = entry.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src");
                files.insert(name.to_string_lossy().replace('\\', "/"), fs::read_to_string(&entry).expect("text"));
            }
        }
    }
    files
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn place(module: &str) -> (u8, Wing) {
    let found = FLOORS.iter().find(|(name, ..)| *name == module);
    found.map_or_else(
        || panic!("module `{module}` has no floor: give it one here and in ARCHITECTURE.md"),
        |(_, floor, wing)| (*floor, *wing),
    )
}

/// The code of a file: its comments and everything from its unit tests on left out.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The top-level modules that a file names by `crate::…`.
fn imports(text: &str) -> Vec<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let code = code(text);
    code.split("crate::").skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn modules_import_only_from_lower_floors_and_the_wings_never_touch() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = top(&path).to_owned();
        let (floor, wing) = place(&own);
        for other in imports(&text) {
            if other == own || FLOORS.iter().all(|(name, ..)| *name != other) {
                continue;
            }
            let (below, its_wing) = place(&other);
            let touches = wing != Wing::Both && its_wing != Wing::Both && wing != its_wing;
            if below >= floor || touches {
                wrong.push(format!("src/{path} imports crate::{other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_fingerprinted_modules_keep_the_laws_of_reach() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !["num", "nn", "experiments", "experiment", "plot", "frame"].contains(&top(&path)) {
            continue;
        }
        let code = code(&text);
        let mut law = |broken: bool, what: &str| {
            if broken {
                wrong.push(format!("src/{path}: {what}"));
            }
        };
        law(code.contains("super::") || code.contains("self::"), "imports are written `crate::…`");
        // The instructions of a processor are no module of ours: nothing is reached through them.
        let ours = |line: &&str| !line.trim_start().starts_with("use std::arch::");
        law(code.lines().filter(ours).any(|line| line.contains("::*")), "no glob imports");
        law(code.lines().any(|line| line.trim_start().starts_with("pub use")), "no `pub use`");
        law(
            code.contains("include!") || code.contains("include_str!") || code.contains("include_bytes!"),
            "data comes in as declared inputs",
        );
        law(
            ["std::env", "std::time", "std::fs", "std::net", "std::process"].iter().any(|module| code.contains(module)),
            "no files, clock, environment",
        );
        law(code.contains("macro_export"), "macros are imported by path");
        if path.ends_with("/mod.rs") {
            let plain = code.lines().all(|line| line.trim().is_empty() || line.starts_with("pub mod "));
            law(!plain, "a `mod.rs` holds docs and `pub mod` lines only");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_experiment_imports_another() {
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("experiments/")) {
        assert!(!code(&text).contains("crate::experiments"), "src/{path}");
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_one_room() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        let longest = match path.as_str() {
            "main.rs" => LONGEST_MAIN,
            _ if path.starts_with("experiments/") => LONGEST_EXPERIMENT,
            _ => LONGEST,
        };
        if !text.starts_with("//! ") {
            wrong.push(format!("src/{path}: the first line says what the file is for (`//! …`)"));
        }
        if lines > longest {
            wrong.push(format!("src/{path}: {lines} lines, at most {longest}"));
        }
        if ["todo!", "unimplemented!", "dbg!", "FIXME", "XXX"].iter().any(|word| text.contains(word)) {
            wrong.push(format!("src/{path}: unfinished"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines of the experiment's `run`, from its signature to the brace that closes it.
fn lines_of_run(text: &str) -> Option<usize> {
    let (_, run) = text.split_once("\n    fn run(")?;
    run.lines().position(|line| line == "    }").map(|last| last + 1)
}

#[test]
fn the_run_of_every_experiment_fits_a_screen() {
    let text = "impl Experiment for Two {\n    fn run(\n        p: &Params,\n    ) {\n        if p.yes {\n        }\n    }\n}\n";
    assert_eq!(lines_of_run(text), Some(6));
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("experiments/")) {
        if path.ends_with("/mod.rs") {
            continue;
        }
        let lines = lines_of_run(&text).unwrap_or_else(|| panic!("src/{path}: no `run`"));
        assert!(lines <= LONGEST_RUN, "src/{path}: `run` has {lines} lines, at most {LONGEST_RUN}");
    }
}

#[test]
fn unsafe_code_lives_in_the_dispatch_of_kernels_and_in_the_lanes_alone() {
    const ROOMS: [&str; 4] = ["num/kernel.rs", "num/lanes_arm.rs", "num/lanes_avx2.rs", "num/lanes_avx512.rs"];
    for (path, text) in sources() {
        let code = code(&text);
        assert!(
            ROOMS.contains(&path.as_str()) || (!code.contains("unsafe {") && !code.contains("unsafe fn")),
            "src/{path}"
        );
    }
}

/// The bodies to which the kernels of a file dispatch: `scale_body` of `pub fn scale(…) = scale_body;`.
fn kernel_bodies(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter_map(|line| line.rsplit_once(" = ")?.1.strip_suffix(';')).filter(|name| name.ends_with("_body"))
}

/// Else it would be compiled without the instructions, and be many times slower.
#[test]
fn the_body_of_every_kernel_is_compiled_within_its_dispatch() {
    let mut seen = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| ["num", "nn"].contains(&top(path))) {
        let code = code(&text);
        for body in kernel_bodies(&code) {
            let (before, _) = text.split_once(&format!("fn {body}<")).unwrap_or_else(|| panic!("src/{path}: {body}"));
            let attributes = before.rsplit("\n\n").next().unwrap_or_default();
            assert!(attributes.contains("#[inline(always)]"), "src/{path}: `{body}` is not `#[inline(always)]`");
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} were found");
}

/// The names of type and trait that the head of an `impl` speaks of: `Default`, `Params` of `impl Default for Params {`.
fn spoken_of(head: &str) -> Vec<String> {
    let mut depth = 0;
    let outside: String = head
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '<') - i32::from(*c == '>');
            depth == 0 && *c != '>'
        })
        .collect();
    let sides = outside.trim_start_matches("impl").split(" where ").next().unwrap_or_default().split(" for ");
    let name = |side: &str| side.trim().trim_end_matches('{').trim().rsplit([':', '&', ' ']).next().map(str::to_owned);
    sides.filter_map(name).collect()
}

#[test]
fn an_impl_lives_in_the_file_of_its_type_or_its_trait() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for (path, text) in sources() {
        if !["num", "nn", "experiments", "experiment", "plot", "frame"].contains(&top(&path)) {
            continue;
        }
        let code = code(&text);
        for line in
            code.lines().map(str::trim_start).filter(|line| line.starts_with("impl ") || line.starts_with("impl<"))
        {
            // `$element`: a macro of this file (no macro is exported) fills in a type, which its call names.
            let own = |name: &String| {
                name.starts_with('$') || ["struct", "enum", "trait"].iter().any(|word| defines(&code, word, name))
            };
            if !spoken_of(line).iter().any(own) {
                wrong.push(format!("src/{path}: {line}"));
            }
            seen += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 40, "only {seen} were found");
    assert_eq!(spoken_of("impl<'a, T: Into<f64>> From<Vec<T>> for crate::num::Column<'a> {"), ["From", "Column"]);
}

fn defines(code: &str, word: &str, name: &str) -> bool {
    let start = format!("{word} {name}");
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    code.split(&start).skip(1).any(ends)
}

#[test]
fn the_picture_of_floors_in_the_architecture_is_this_table() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).expect("text");
    let (_, table) = text.split_once("| floor | science | both | machinery |\n").expect("the table of floors");
    let mut drawn = BTreeMap::new();
    for line in table.lines().skip(1).take_while(|line| line.starts_with('|')) {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let floor: u8 = cells.next().and_then(|cell| cell.parse().ok()).unwrap_or_else(|| panic!("no floor: {line}"));
        for (cell, wing) in cells.zip(["Science", "Both", "Machinery"]) {
            drawn.extend(cell.split('`').skip(1).step_by(2).map(|name| (name.to_owned(), (floor, wing.to_owned()))));
        }
    }
    let kept: BTreeMap<_, _> =
        FLOORS.iter().map(|(name, floor, wing)| ((*name).to_owned(), (*floor, format!("{wing:?}")))).collect();
    assert_eq!(drawn, kept);
}

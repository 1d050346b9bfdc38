//! The house keeps its floors: read from manifests and imports, not from memory.
//! The picture that this test holds the code to is in `ARCHITECTURE.md`.

use condense_build::tokens::Reading;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Package → wing. The two wings meet in `condense` and in the paper, and nowhere below. Which package may import which is
/// said by manifests, and cargo refuses circles.
const WINGS: [(&str, Wing); 11] = [
    ("condense-base", Wing::Both),
    ("condense-build", Wing::Both),
    ("condense-num", Wing::Science),
    // The contract: what an experiment is. Trainings report to it and can be stopped by it.
    ("condense-experiment", Wing::Science),
    ("condense-nn", Wing::Science),
    ("condense-engine", Wing::Machinery),
    ("condense-plot", Wing::Machinery),
    ("condense-paper", Wing::Machinery),
    ("condense", Wing::Both),
    ("condense-testing", Wing::Both),
    ("condensation", Wing::Both),
];

/// Where code lies whose reach is a fingerprint of results or pictures.
const FINGERPRINTED: [&str; 6] = [
    "src/experiments/",
    "crates/num/src/",
    "crates/nn/src/",
    "crates/experiment/src/",
    "crates/plot/src/",
    "crates/base/src/frame.rs",
];

/// What experiments may name of the tool.
const FOR_SCIENCE: [&str; 3] = ["condense::experiment", "condense::frame", "condense::num"];

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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of all packages, by name.
fn packages() -> BTreeMap<String, PathBuf> {
    let members = fs::read_dir(root().join("crates")).expect("crates").map(|entry| entry.expect("an entry").path());
    let named = |folder: PathBuf| {
        let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"').map(str::to_owned));
        (name.expect("a name"), folder)
    };
    members.chain([root().to_owned()]).map(named).collect()
}

/// Which of ours a package depends on, but for tests and its build script.
fn needs(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    let (_, list) = text.split_once("\n[dependencies]\n").expect("dependencies");
    let names = list.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split(['.', ' ']).next());
    names.filter(|name| WINGS.iter().any(|(ours, _)| ours == name)).map(str::to_owned).collect()
}

/// One above the highest floor that a package depends on.
fn floor(name: &str, packages: &BTreeMap<String, PathBuf>) -> u8 {
    needs(&packages[name]).iter().map(|need| floor(need, packages) + 1).max().unwrap_or(0)
}

fn wing(name: &str) -> Wing {
    let found = WINGS.iter().find(|(package, _)| *package == name);
    found.unwrap_or_else(|| panic!("package `{name}` has no wing: give it one here and in ARCHITECTURE.md")).1
}

/// The sources of all packages: path below the repository to text.
fn sources() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open: Vec<PathBuf> = packages().into_values().map(|folder| folder.join("src")).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("src").map(|entry| entry.expect("entry").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = entry.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read_to_string(&entry).expect("text"));
            }
        }
    }
    files
}

fn fingerprinted(path: &str) -> bool {
    FINGERPRINTED.iter().any(|start| path.starts_with(start))
}

/// The code of a file: its comments and everything from its unit tests on left out.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_wings_never_touch_below_the_tool() {
    let packages = packages();
    for (name, folder) in packages.iter().filter(|(name, _)| wing(name) != Wing::Both) {
        for need in needs(folder) {
            let touches = wing(&need) != Wing::Both && wing(&need) != wing(name);
            assert!(!touches && need != "condense", "{name} depends on {need}");
        }
    }
}

#[test]
fn experiments_name_the_contract_and_the_numerics_of_the_tool_and_nothing_else() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/experiments/")) {
        for named in Reading::of(&text).expect("Rust").paths.iter().filter(|named| named[0] == "condense") {
            seen += 1;
            if !FOR_SCIENCE.contains(&named[..named.len().min(2)].join("::").as_str()) {
                wrong.push(format!("{path} names {}", named.join("::")));
            }
        }
    }
    assert!(wrong.is_empty() && seen > 40, "{seen} paths\n{}", wrong.join("\n"));
}

/// The modules of a package, and which of them each names.
fn modules(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let start = if package == "." { "src/".to_owned() } else { format!("crates/{package}/src/") };
    let name = |path: &str| match path.trim_end_matches(".rs").trim_end_matches("/mod") {
        "lib" => String::new(),
        name => name.replace('/', "::"),
    };
    let own = sources().into_iter().filter_map(|(path, text)| {
        let path = path.strip_prefix(&start).filter(|path| !path.ends_with("tests.rs"))?;
        Some((name(path), Reading::of(&text).expect("Rust")))
    });
    let readings: BTreeMap<String, Reading> = own.collect();
    let names = |own: &String, reading: &Reading| {
        let mut found = BTreeSet::new();
        for path in &reading.paths {
            let place: Vec<&str> = match path[0].as_str() {
                // What the root of the crate takes in from elsewhere is no module here.
                "crate" if path.len() < 2 || readings[""].uses.contains_key(&path[1]) => continue,
                "crate" => path[1..].iter().map(String::as_str).collect(),
                _ => own.split("::").filter(|part| !part.is_empty()).chain(path.iter().map(String::as_str)).collect(),
            };
            let prefixes = (1..=place.len()).rev().map(|length| place[..length].join("::"));
            found.extend(prefixes.into_iter().find(|prefix| readings.contains_key(prefix)));
        }
        found.remove(own);
        found
    };
    readings.iter().map(|(own, reading)| (own.clone(), names(own, reading))).collect()
}

/// Sets of modules that lead to one another.
fn circles(graph: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let reach = |from: &String| {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(module) = open.pop() {
            open.extend(graph[module].iter().filter(|next| seen.insert((*next).clone())));
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|module| (module, reach(module))).collect();
    let circle =
        |module: &String| reached[module].iter().filter(|other| reached[other].contains(module)).cloned().collect();
    graph.keys().map(circle).filter(|circle: &Vec<String>| !circle.is_empty()).collect()
}

#[test]
fn no_modules_of_a_package_import_one_another_in_a_circle() {
    let mut seen = 0;
    for (name, folder) in packages() {
        let package = folder.strip_prefix(root().join("crates")).map_or(".", |below| below.to_str().expect("UTF-8"));
        let graph = modules(package);
        seen += graph.values().map(BTreeSet::len).sum::<usize>();
        assert_eq!(circles(&graph), BTreeSet::new(), "{name}");
    }
    assert!(seen > 250, "only {seen} imports were found");
    let round = [("a", ["b"].as_slice()), ("b", &["c"]), ("c", &["a", "d"]), ("d", &[])];
    let own = |name: &&str| (*name).to_owned();
    let graph = round.iter().map(|(name, needs)| (own(name), needs.iter().map(own).collect())).collect();
    assert_eq!(circles(&graph), BTreeSet::from([vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]]));
}

#[test]
fn the_fingerprinted_modules_keep_the_laws_of_reach() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !fingerprinted(&path) {
            continue;
        }
        let code = code(&text);
        let mut law = |broken: bool, what: &str| {
            if broken {
                wrong.push(format!("{path}: {what}"));
            }
        };
        law(code.contains("super::") || code.contains("self::"), "imports are written `crate::…`");
        // The instructions of a processor are no module of ours: nothing is reached through them.
        let ours = |line: &&str| !line.trim_start().starts_with("use std::arch::");
        law(code.lines().filter(ours).any(|line| line.contains("::*")), "no glob imports");
        // A macro has a path of its own beside its definition.
        let exported = |line: &str| line.starts_with("pub use __") && code.contains("macro_export");
        law(code.lines().any(|line| line.trim_start().starts_with("pub use") && !exported(line)), "no `pub use`");
        law(
            code.contains("include!") || code.contains("include_str!") || code.contains("include_bytes!"),
            "data comes in as declared inputs",
        );
        law(
            ["std::env", "std::time", "std::fs", "std::net", "std::process"].iter().any(|module| code.contains(module)),
            "no files, clock, environment",
        );
        law(
            code.matches("#[macro_export]").count() != code.lines().filter(|line| exported(line)).count(),
            "macros are imported by path",
        );
        if path.ends_with("/mod.rs") {
            let plain = code.lines().all(|line| line.trim().is_empty() || line.starts_with("pub mod "));
            law(!plain, "a `mod.rs` holds docs and `pub mod` lines only");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_experiment_imports_another() {
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/experiments/")) {
        assert!(!code(&text).contains("crate::experiments"), "{path}");
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_one_room() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        let longest = match path.as_str() {
            path if path.ends_with("main.rs") => LONGEST_MAIN,
            _ if path.starts_with("src/experiments/") => LONGEST_EXPERIMENT,
            _ => LONGEST,
        };
        if !text.starts_with("//! ") {
            wrong.push(format!("{path}: the first line says what the file is for (`//! …`)"));
        }
        if lines > longest {
            wrong.push(format!("{path}: {lines} lines, at most {longest}"));
        }
        if ["todo!", "unimplemented!", "dbg!", "FIXME", "XXX"].iter().any(|word| text.contains(word)) {
            wrong.push(format!("{path}: unfinished"));
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
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/experiments/")) {
        if path.ends_with("/mod.rs") {
            continue;
        }
        let lines = lines_of_run(&text).unwrap_or_else(|| panic!("{path}: no `run`"));
        assert!(lines <= LONGEST_RUN, "{path}: `run` has {lines} lines, at most {LONGEST_RUN}");
    }
}

#[test]
fn unsafe_code_lives_in_the_dispatch_of_kernels_and_in_the_lanes_alone() {
    const ROOMS: [&str; 4] = [
        "crates/num/src/kernel.rs",
        "crates/num/src/lanes_arm.rs",
        "crates/num/src/lanes_avx2.rs",
        "crates/num/src/lanes_avx512.rs",
    ];
    for (path, text) in sources() {
        let code = code(&text);
        assert!(
            ROOMS.contains(&path.as_str()) || (!code.contains("unsafe {") && !code.contains("unsafe fn")),
            "{path}"
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
    for (path, text) in
        sources().into_iter().filter(|(path, _)| path.starts_with("crates/num/") || path.starts_with("crates/nn/"))
    {
        let code = code(&text);
        for body in kernel_bodies(&code) {
            let (before, _) = text.split_once(&format!("fn {body}<")).unwrap_or_else(|| panic!("{path}: {body}"));
            let attributes = before.rsplit("\n\n").next().unwrap_or_default();
            assert!(attributes.contains("#[inline(always)]"), "{path}: `{body}` is not `#[inline(always)]`");
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
        if !fingerprinted(&path) {
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
                wrong.push(format!("{path}: {line}"));
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
fn the_picture_of_floors_in_the_architecture_is_what_manifests_say() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("text");
    let (_, table) = text.split_once("| floor | science | both | machinery |\n").expect("the table of floors");
    let mut drawn = BTreeMap::new();
    for line in table.lines().skip(1).take_while(|line| line.starts_with('|')) {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let floor: u8 = cells.next().and_then(|cell| cell.parse().ok()).unwrap_or_else(|| panic!("no floor: {line}"));
        for (cell, wing) in cells.zip(["Science", "Both", "Machinery"]) {
            drawn.extend(cell.split('`').skip(1).step_by(2).map(|name| (name.to_owned(), (floor, wing.to_owned()))));
        }
    }
    let packages = packages();
    let kept = packages.keys().map(|name| (name.clone(), (floor(name, &packages), format!("{:?}", wing(name)))));
    assert_eq!(drawn, kept.collect());
}

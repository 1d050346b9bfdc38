//! `ARCHITECTURE.md` and `CONTRIBUTING.md` name what is there: types, files, keys of charts.

use condense::plot::chart::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands in single backticks, outside of fenced blocks.
fn quoted(text: &str) -> BTreeSet<String> {
    let prose: Vec<&str> = text.split("```").step_by(2).collect();
    prose.iter().flat_map(|text| text.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// The file of a module path: the longest prefix that is one. Documents leave out `condense`, and call other crates by
/// their folders: `num::rng` is `crates/num/src/rng.rs`.
fn file(segments: &[&str]) -> Option<(PathBuf, usize)> {
    let crates = ["condense", "base"].map(|name| (root().join("crates").join(name).join("src"), 0));
    let own = (root().join("crates").join(segments[0]).join("src"), 1);
    (0..=segments.len()).rev().find_map(|length| {
        let place = |(src, skipped): &(PathBuf, usize)| {
            let stem = src.join(segments.get(*skipped..length)?.join("/"));
            let root = (length == *skipped && length > 0).then(|| src.join("lib.rs"));
            [stem.with_extension("rs"), stem.join("mod.rs")].into_iter().chain(root).find(|path| path.is_file())
        };
        crates.iter().chain([&own]).find_map(place).map(|path| (path, length))
    })
}

/// The program's advice is to type `cargo run --release -- VERB`. cargo once found two programs, and started none.
#[test]
fn cargo_run_starts_the_program_of_the_paper() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"];
    let Ok(output) = Command::new(cargo).args(arguments).current_dir(root()).output() else {
        eprintln!("SKIPPED: cargo cannot be started");
        return;
    };
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let list = |value: &serde_json::Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let members = list(&told, "workspace_default_members");
    let packages = list(&told, "packages").into_iter().filter(|package| members.contains(&package["id"]));
    let is_program = |target: &serde_json::Value| list(target, "kind").contains(&"bin".into());
    let targets = packages.flat_map(|package| list(&package, "targets")).filter(is_program);
    assert_eq!(targets.map(|target| target["name"].clone()).collect::<Vec<_>>(), ["condensation"]);
}

#[test]
fn every_type_that_the_architecture_names_exists() {
    let mut named = 0;
    for name in quoted(&read("ARCHITECTURE.md")) {
        let segments: Vec<&str> = name.trim_start_matches("crate::").split("::").collect();
        let path = name.contains("::") && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':');
        if !path || segments.iter().any(|segment| segment.is_empty()) {
            continue;
        }
        let (file, length) = file(&segments).unwrap_or_else(|| panic!("`{name}` leads to no file"));
        let text = fs::read_to_string(file).expect("text");
        for segment in &segments[length..] {
            let defined = ["struct", "enum", "trait", "fn", "type"].map(|word| format!("pub {word} {segment}"));
            let here = |line: &str| {
                defined.iter().any(|start| {
                    let rest = line.trim_start().strip_prefix(start.as_str());
                    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                })
            };
            assert!(text.lines().any(here), "`{name}` does not exist");
        }
        named += 1;
    }
    assert!(named >= 20, "only {named} names were found");
}

#[test]
fn every_file_that_the_documents_name_exists() {
    let mut named = 0;
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = read(document);
        // Files of examples, which the tests of the README write.
        let marks = text.split("<!-- test: ").skip(1).filter_map(|rest| rest.split_once(" -->")?.0.split_once(' '));
        let examples: BTreeSet<&str> = marks.map(|(_, path)| path).collect();
        for name in quoted(&text).into_iter().filter(|name| !examples.contains(name.as_str())) {
            let ours = ["src/", "crates/", "tests/", "data/", ".ci/", "templates/"]
                .iter()
                .any(|folder| name.starts_with(folder));
            let plain = !name.contains([' ', '<', '*', '=']);
            if ours && plain {
                assert!(root().join(&name).exists(), "{document} names `{name}`");
                named += 1;
            }
        }
    }
    assert!(named >= 8, "only {named} files were found");
}

/// The rows of the table that begins with these heads: cells, each as what stands in backticks.
fn table(text: &str, heads: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let (_, rows) = text.split_once(&format!("| {heads} |\n")).unwrap_or_else(|| panic!("no table `{heads}`"));
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let row = |line: &str| line.trim_matches('|').split('|').map(words).collect::<Vec<_>>();
    let rows = rows.lines().skip(1).take_while(|line| line.starts_with('|')).map(row);
    rows.map(|cells| (cells[0].join(" "), cells[1..].to_vec())).collect()
}

#[test]
fn the_table_of_layers_is_what_charts_take() {
    let kinds = Kind::ALL;
    let own = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let expected: BTreeMap<_, _> =
        kinds.into_iter().map(|kind| (kind.name().to_owned(), vec![own(kind.keys().0), own(kind.keys().1)])).collect();
    let text = read("CONTRIBUTING.md");
    assert_eq!(table(&text, "kind | needs | may have"), expected);

    let told: BTreeSet<String> = quoted(text.split("| key of a layer | is |").nth(1).expect("the table of keys"));
    let keys: BTreeSet<&str> =
        kinds.iter().flat_map(|kind| [kind.keys().0, kind.keys().1]).flatten().copied().collect();
    let silent: Vec<_> = keys.into_iter().filter(|key| !told.contains(*key)).collect();
    assert!(silent.is_empty(), "keys without a word: {silent:?}");
}

#[test]
fn no_document_knows_the_machine_it_was_written_on() {
    let words = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff"];
    for document in words.into_iter().chain([".ci/run", ".ci/identical", ".ci/arm-compiler", "Makefile"]) {
        let text = read(document);
        for word in ["/home/", "/root/", "/work/", "/tmp/", "localhost"] {
            assert!(!text.contains(word), "{document} names `{word}`");
        }
    }
}

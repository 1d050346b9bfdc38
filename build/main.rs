//! The build script: makes the roster of experiments and the fingerprints of the code they reach, and tells the crate how
//! it is compiled.
#![allow(clippy::disallowed_methods)] // the sources of this crate are files

mod fingerprint;

use fingerprint::{Code, Sources};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// Direct dependencies that no number passes through: a new version of them reruns nothing.
const NOT_NUMERIC: [&str; 2] = ["serde", "serde_json"];

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=Cargo.lock");
    for name in ["PROFILE", "OPT_LEVEL"] {
        println!("cargo::rustc-env=CONDENSE_BUILD_{name}={}", env::var(name).expect("cargo sets it"));
    }
    match generate() {
        Ok(text) => {
            let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
            fs::write(Path::new(&out).join("roster.rs"), text).expect("OUT_DIR is writable");
        }
        Err(message) => println!("cargo::error={message}"),
    }
}

fn generate() -> Result<String, String> {
    let mut sources = Sources::default();
    for (path, text) in files(Path::new("src"), ".rs")? {
        sources.add(&path, &text)?;
    }
    let lock = fs::read_to_string("Cargo.lock").map_err(|error| format!("Cargo.lock: {error}"))?;
    let crates = locked_crates(&lock);
    let list =
        fs::read_to_string("src/experiments/mod.rs").map_err(|error| format!("src/experiments/mod.rs: {error}"))?;

    let mut text =
        String::from("/// Every experiment, in the order of `experiments/mod.rs`.\npub static ROSTER: &[Entry] = &[\n");
    for name in list.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        let code = sources.reach(&format!("experiments::{name}"), &crates)?;
        let _ = writeln!(
            text,
            "    Entry::of::<crate::experiments::{name}::{}>({name:?}, {}),",
            camel(name),
            literal(&code)
        );
    }
    text.push_str("];\n");
    for (constant, root, what) in [
        ("DRAW", "pipeline::draw", "turns tables and a chart into a picture"),
        ("CHECK", "pipeline::check", "judges a claim"),
        ("PAGE", "pipeline::page", "writes the pages"),
    ] {
        let code = sources.reach(root, &crates)?;
        let _ = writeln!(text, "/// The code that {what}.\npub static {constant}: Code = {};", literal(&code));
    }
    let built_in: String = files(Path::new("templates"), "")?.into_values().collect();
    let program = fingerprint::hex(format!("{}{lock}{built_in}", sources.whole()).as_bytes());
    let _ = writeln!(
        text,
        "/// The whole program: its modules, the crates it is built with, and its templates.\n\
         pub static PROGRAM: &str = {program:?};"
    );
    Ok(text)
}

/// Every file below `root` whose name ends like that, as (path relative to it, text), sorted. Tests are left out.
fn files(root: &Path, ending: &str) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let relative = path.strip_prefix(root).expect("below root").to_string_lossy().replace('\\', "/");
                files.insert(relative, text);
            }
        }
    }
    Ok(files)
}

/// Crate name as written in code → its lock entry and those of all it depends on, for every package in the lock.
fn locked_crates(lock: &str) -> BTreeMap<String, String> {
    let mut packages: BTreeMap<&str, (String, Vec<&str>)> = BTreeMap::new();
    for block in lock.split("[[package]]").skip(1) {
        let field =
            |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.trim_matches([' ', '=', '"']).into());
        let Some(name) = field("name") else { continue };
        let entry = format!("{} {}", field("version").unwrap_or("?"), field("checksum").unwrap_or("local"));
        let needs = block.lines().filter_map(|line| line.strip_prefix(" \"")?.split(['"', ' ']).next()).collect();
        packages.insert(name, (entry, needs));
    }
    let closure = |root: &str| {
        let (mut open, mut seen) = (vec![root], BTreeMap::new());
        while let Some(name) = open.pop() {
            if let Some((entry, needs)) = packages.get(name)
                && seen.insert(name, entry.clone()).is_none()
            {
                open.extend(needs);
            }
        }
        seen.into_iter().map(|(name, entry)| format!("{name} {entry}")).collect::<Vec<_>>().join("; ")
    };
    let numeric = packages.keys().filter(|name| !NOT_NUMERIC.contains(name) && **name != "condense");
    numeric.map(|name| (name.replace('-', "_"), closure(name))).collect()
}

/// `phase_map` → `PhaseMap`.
fn camel(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').filter(|word| !word.is_empty()).map(capital).collect()
}

fn literal(code: &Code) -> String {
    format!("Code {{ digest: {:?}, parts: &{:?} }}", code.digest, code.parts)
}

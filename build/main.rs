//! The build script: makes the roster of experiments and the fingerprints of the code they reach, and tells the crate how
//! it is compiled.

use condense_build::fingerprint::Code;
use condense_build::paper::Paper;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
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
    let paper = Paper::open(Path::new("."))?;
    for path in &paper.read {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let mut text =
        String::from("/// Every experiment, in the order of `experiments/mod.rs`.\npub static ROSTER: &[Entry] = &[\n");
    for experiment in paper.experiments()? {
        let (name, module) = (&experiment.name, &experiment.module);
        let _ = writeln!(
            text,
            "    Entry::of::<crate::{module}::{}>({name:?}, {}),",
            camel(name),
            literal(&experiment.code)
        );
    }
    text.push_str("];\n");
    for (constant, root, what) in [
        ("DRAW", "pipeline::draw", "turns tables and a chart into a picture"),
        ("CHECK", "pipeline::check", "judges a claim"),
        ("PAGE", "pipeline::page", "writes the pages"),
    ] {
        let code = paper.reach("condense", root)?;
        let _ = writeln!(text, "/// The code that {what}.\npub static {constant}: Code = {};", literal(&code));
    }
    let _ = writeln!(
        text,
        "/// The whole program: its modules, the crates it is built with, and its templates.\n\
         pub static PROGRAM: &str = {:?};",
        paper.whole()
    );
    Ok(text)
}

/// `phase_map` → `PhaseMap`.
fn camel(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').filter(|word| !word.is_empty()).map(capital).collect()
}

fn literal(code: &Code) -> String {
    format!("Code {{ digest: {:?}, parts: &{:?} }}", code.digest, code.parts)
}

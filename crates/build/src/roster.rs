//! The roster of a paper as Rust source: an expression that `condense::roster!()` takes in.

use crate::fingerprint::Code;
use crate::paper::Paper;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// The package of the tool, and the modules whose code its steps consist of, by their fields in a roster.
const TOOL: &str = "condense";
const STEPS: [(&str, &str); 3] =
    [("draw", "pipeline::draw"), ("check", "pipeline::check"), ("page", "pipeline::index")];

/// The whole build script of a paper: lists the experiments below `src/experiments`, and tells cargo what that depends on.
pub fn roster() {
    for name in ["PROFILE", "OPT_LEVEL"] {
        println!("cargo::rustc-env=CONDENSE_BUILD_{name}={}", env::var(name).expect("cargo sets it"));
    }
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let written = Paper::open(Path::new(&folder)).and_then(|paper| {
        for path in &paper.read {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let file = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("roster.rs");
        fs::write(&file, text(&paper)?).map_err(|error| format!("{}: {error}", file.display()))
    });
    if let Err(message) = written {
        println!("cargo::error={message}");
    }
}

/// The roster of a paper, as source.
///
/// # Errors
/// What is wrong with an experiment, or that the paper does not depend on `condense`.
pub fn text(paper: &Paper) -> Result<String, String> {
    let condense = paper.name_of(TOOL).ok_or_else(|| format!("the paper does not depend on `{TOOL}`"))?;
    let mut text = format!("{condense}::roster::Roster {{\n    entries: &[\n");
    let mut program = paper.whole();
    for experiment in paper.experiments()? {
        let (name, module, file) = (&experiment.name, &experiment.module, &experiment.file);
        let code = literal(&condense, &experiment.code);
        let source = format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?}))", format!("/{file}"));
        // The report shows the text as it is, comments included.
        program = crate::hex((program + &paper.text_of(&experiment)?).as_bytes());
        let kind = format!("crate::{module}::{}", camel(name));
        let _ = writeln!(
            text,
            "        {condense}::roster::RosterEntry::of::<{kind}>({name:?}, [{file:?}, {source}], {code}),"
        );
    }
    text.push_str("    ],\n");
    for (field, module) in STEPS {
        let _ = writeln!(text, "    {field}: {},", literal(&condense, &paper.reach(TOOL, module)?));
    }
    let _ = writeln!(text, "    program: {program:?},\n}}");
    Ok(text)
}

/// `phase_map` → `PhaseMap`.
fn camel(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').filter(|word| !word.is_empty()).map(capital).collect()
}

fn literal(condense: &str, code: &Code) -> String {
    format!("{condense}::roster::Code {{ digest: {:?}, parts: &{:?} }}", code.digest, code.parts)
}

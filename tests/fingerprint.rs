//! The laws of code identity, on small source trees: what an edit does, and does not, rerun.

#[path = "../build/fingerprint.rs"]
mod fingerprint;

use fingerprint::{Code, Sources};
use std::collections::BTreeMap;

/// A tree in which `alpha` reaches attention through `nn::net`, and `beta` does not.
const TREE: [(&str, &str); 7] = [
    ("nn/mod.rs", "//! Networks.\npub mod attention;\npub mod net;\npub mod train;\n"),
    ("nn/attention.rs", "pub fn heads() -> usize { 2 }\n"),
    ("nn/net.rs", "use crate::nn::attention;\npub fn size() -> usize { attention::heads() }\n"),
    ("nn/train.rs", "use libm::exp;\npub fn train() -> f64 { exp(1.0) }\n"),
    (
        "experiments/alpha.rs",
        "use crate::nn::{net::size, train::train};\npub fn run() -> f64 { train() + size() as f64 }\n",
    ),
    ("experiments/beta.rs", "pub fn run() -> f64 { crate::nn::train::train() }\n"),
    ("experiments/mod.rs", "pub mod alpha;\npub mod beta;\n"),
];

fn codes(edits: &[(&str, &str)]) -> BTreeMap<&'static str, Code> {
    let mut sources = Sources::default();
    for (path, text) in TREE {
        let text = edits.iter().find(|(edited, _)| *edited == path).map_or(text, |(_, new)| new);
        sources.add(path, text).expect("Rust");
    }
    let crates = BTreeMap::from([("libm".to_owned(), "libm 0.2.16 abc".to_owned())]);
    ["alpha", "beta"]
        .into_iter()
        .map(|name| (name, sources.reach(&format!("experiments::{name}"), &crates).expect("reached")))
        .collect()
}

/// Which of the two experiments the edit changes.
fn changed(edits: &[(&str, &str)]) -> Vec<&'static str> {
    let (before, after) = (codes(&[]), codes(edits));
    before.keys().copied().filter(|name| before[name] != after[name]).collect()
}

#[test]
fn comments_docs_layout_and_tests_are_not_code() {
    assert!(
        changed(&[(
            "nn/train.rs",
            "//! Now with docs.\nuse libm::exp; // why\n/// Trains.\npub fn train()\n    -> f64\n{\n    exp(1.0)\n}\n"
        )])
        .is_empty()
    );
    assert!(changed(&[("nn/train.rs", "use libm::exp;\npub fn train() -> f64 { exp(1.0) }\n#[cfg(test)]\nmod tests { #[test] fn t() { panic!() } }\n")]).is_empty());
    assert!(
        changed(&[(
            "experiments/alpha.rs",
            "use crate::nn::{\n    net::size,\n    train::train,\n};\npub fn run() -> f64 { train() + size() as f64 }\n"
        )])
        .is_empty()
    );
}

#[test]
fn an_edit_in_attention_touches_only_what_reaches_it() {
    assert_eq!(changed(&[("nn/attention.rs", "pub fn heads() -> usize { 4 }\n")]), ["alpha"]);
    assert_eq!(changed(&[("nn/train.rs", "use libm::exp;\npub fn train() -> f64 { exp(2.0) }\n")]), ["alpha", "beta"]);
    assert_eq!(
        changed(&[("experiments/beta.rs", "pub fn run() -> f64 { 2.0 * crate::nn::train::train() }\n")]),
        ["beta"]
    );
}

#[test]
fn the_parts_name_modules_and_crates() {
    let code = &codes(&[])["beta"];
    let names: Vec<_> = code.parts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["crate libm", "experiments::beta", "nn::train"]);
}

#[test]
fn a_new_version_of_a_numeric_crate_touches_its_users() {
    let mut sources = Sources::default();
    for (path, text) in TREE {
        sources.add(path, text).expect("Rust");
    }
    let at = |version: &str| {
        let crates = BTreeMap::from([("libm".to_owned(), version.to_owned())]);
        sources.reach("nn::train", &crates).expect("reached").digest
    };
    assert_ne!(at("libm 0.2.16"), at("libm 0.2.17"));
}

#[test]
fn a_path_into_a_folder_takes_all_of_it_and_a_dead_path_is_refused() {
    let folder = codes(&[("experiments/beta.rs", "use crate::nn;\npub fn run() -> f64 { nn::train::train() }\n")]);
    assert!(folder["beta"].parts.iter().any(|(name, _)| name == "nn::attention"));
    let mut sources = Sources::default();
    sources.add("a.rs", "use crate::nowhere::thing;").expect("Rust");
    assert!(sources.reach("a", &BTreeMap::new()).expect_err("a hole").contains("crate::nowhere::thing"));
}

#[test]
fn strings_numbers_and_operators_are_code() {
    for edit in
        ["pub fn heads() -> usize { 2usize }", "pub fn heads() -> usize { 1 + 1 }", "pub fn heads() -> u64 { 2 }"]
    {
        assert_eq!(changed(&[("nn/attention.rs", edit)]), ["alpha"], "{edit}");
    }
}

#[test]
fn the_whole_is_every_module_and_no_comment() {
    let with = |extra: &str| {
        let mut sources = Sources::default();
        sources.add("a.rs", &format!("fn a() {{}} {extra}")).expect("Rust");
        sources.add("b.rs", "fn b() {}").expect("Rust");
        sources.whole()
    };
    assert_eq!(with("// a comment"), with(""));
    assert_ne!(with("fn c() {}"), with(""));
}

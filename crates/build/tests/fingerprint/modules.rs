//! The laws of code identity, on small source trees: what an edit does, and does not, rerun.

use condense_build::fingerprint::{Code, Names, Sources};
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

/// The sources of one crate, `deck`, which depends on `libm` in some version.
fn deck<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>, libm: &str) -> Sources {
    let mut sources = Sources::default();
    for (path, text) in files {
        let name = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        sources.add("deck", &format!("deck::{name}"), text).expect("Rust");
    }
    let foreign = BTreeMap::from([("libm".to_owned(), ("libm".to_owned(), format!("libm {libm}")))]);
    let local = BTreeMap::from([("deck".to_owned(), "deck".to_owned())]);
    sources.name("deck", Names { local, foreign, ..Names::default() });
    sources
}

fn codes(edits: &[(&str, &str)]) -> BTreeMap<&'static str, Code> {
    let edited = |(path, text)| (path, edits.iter().find(|(edited, _)| *edited == path).map_or(text, |(_, new)| *new));
    let sources = deck(TREE.into_iter().map(edited), "0.2.16 abc");
    let reach = |name| (name, sources.reach(&format!("deck::experiments::{name}")).expect("reached"));
    ["alpha", "beta"].into_iter().map(reach).collect()
}

/// Which of the two experiments the edit changes.
fn changed(edits: &[(&str, &str)]) -> Vec<&'static str> {
    let (before, after) = (codes(&[]), codes(edits));
    before.keys().copied().filter(|name| before[name] != after[name]).collect()
}

/// A field, an arm or a variant under `cfg(test)` once took all that followed with it.
#[test]
fn what_stands_behind_a_field_of_tests_is_code() {
    let field = |rate: &str| {
        format!(
            "struct S {{ #[cfg(test)] probe: u8, rate: u8 }}\nfn s() -> S {{ S {{ #[cfg(test)] probe: 0, rate: {rate} }} }}\n"
        )
    };
    let digest = |text: &str| codes(&[("experiments/beta.rs", text)])["beta"].digest.clone();
    assert_ne!(digest(&field("1")), digest(&field("2")));
    let item = |what: &str| {
        format!("pub fn run() {{}}\n#[cfg(test)]\n#[allow(dead_code)]\npub(crate) fn probe() -> u8 {{ {what} }}\n")
    };
    assert_eq!(digest(&item("1")), digest(&item("2")));
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
    assert_eq!(names, ["crate libm", "deck::experiments::beta", "deck::nn::train"]);
}

#[test]
fn a_new_version_of_a_numeric_crate_touches_its_users() {
    let at = |version: &str| deck(TREE, version).reach("deck::nn::train").expect("reached").digest;
    assert_ne!(at("0.2.16"), at("0.2.17"));
}

#[test]
fn a_path_into_a_folder_takes_all_of_it_and_a_dead_path_is_refused() {
    let folder = codes(&[("experiments/beta.rs", "use crate::nn;\npub fn run() -> f64 { nn::train::train() }\n")]);
    assert!(folder["beta"].parts.iter().any(|(name, _)| name == "deck::nn::attention"));
    let root = ("lib.rs", "pub mod a;\n");
    let sources = deck([root, ("a.rs", "use crate::nowhere::thing;")], "1");
    assert!(sources.reach("deck::a").expect_err("a hole").contains("crate::nowhere::thing"));
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
    let with =
        |extra: &str| deck([("a.rs", format!("fn a() {{}} {extra}").as_str()), ("b.rs", "fn b() {}")], "1").whole();
    assert_eq!(with("// a comment"), with(""));
    assert_ne!(with("fn c() {}"), with(""));
}

/// What a module of the text `alpha` reaches, of a crate with modules `alpha`, `beta`, `beta::low` and `gamma`.
fn reached(alpha: &str) -> Vec<String> {
    let files = [
        ("alpha.rs", alpha),
        ("beta/mod.rs", "pub mod low;\n"),
        ("beta/low.rs", "macro_rules! twice { ($x:expr) => { $x + $x } }\n"),
        ("gamma.rs", "use libm::exp;\n"),
    ];
    let code = deck(files, "1").reach("deck::alpha").expect("reached");
    code.parts.into_iter().map(|(name, _)| name).filter(|name| name != "deck::alpha").collect()
}

#[test]
fn every_way_to_write_a_path_is_followed() {
    for written in ["use crate::gamma;", "fn f() { super::gamma::g() }", "use crate::{beta as _, gamma::*};"] {
        assert!(reached(written).contains(&"deck::gamma".to_owned()), "{written}");
    }
    assert_eq!(reached("use super::beta::low::{self, f};"), ["deck::beta::low"]);
    assert_eq!(reached("fn f() { <u8 as crate::beta::low::T>::g::<crate::beta::low::U>() }"), ["deck::beta::low"]);
    assert_eq!(reached("fn f() -> u8 { twice!(1) }"), ["deck::beta::low"], "a macro needs no path");
    for written in ["use libm as m;", "use ::libm::exp;", "extern crate libm;", "fn f() { return ::libm::exp(1.0) }"] {
        assert_eq!(reached(written), ["crate libm"], "{written}");
    }
    assert_eq!(reached("fn f() { let libm = 1; vec::<u8>::libm; std::iter::empty::<u8>() }"), Vec::<String>::new());
}

#[test]
fn a_module_that_its_parent_names_without_crate_is_followed() {
    let files = [("lib.rs", "mod low;\npub fn f() { low::g() }\n"), ("low.rs", "use libm::exp;\n")];
    let mut sources = Sources::default();
    sources.add("deck", "deck", files[0].1).expect("Rust");
    sources.add("deck", "deck::low", files[1].1).expect("Rust");
    let names: Vec<_> = sources.reach("deck").expect("reached").parts.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["deck", "deck::low"]);
}

#[test]
fn a_crate_that_is_named_nowhere_may_be_used_everywhere() {
    // The package `md-5` has the crate `md5`: cargo tells the one name, code the other.
    let mut sources = deck([("alpha.rs", "use md5::Md5;\n")], "1");
    let foreign = BTreeMap::from([("md_5".to_owned(), ("md-5".to_owned(), "md-5 0.10".to_owned()))]);
    sources.name("deck", Names { foreign, ..Names::default() });
    let code = sources.reach("deck::alpha").expect("reached");
    assert!(code.parts.iter().any(|(name, _)| name == "crate md-5"), "{:?}", code.parts);
}

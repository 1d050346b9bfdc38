//! The laws of code identity across crates, on small papers in temporary folders, as cargo sees them.

use condense_build::paper::Paper;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A paper with two experiments: `alpha` reaches streams through a helper, `beta` the functions through a facade.
const PAPER: [(&str, &str); 14] = [
    (
        "paper/Cargo.toml",
        "[workspace]\n[package]\nname = \"my-paper\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\
         [dependencies]\ntool = { path = \"../tool\" }\nhelp = { path = \"../helper\", package = \"my-helper\" }\n\
         [dependencies.fast]\ngit = \"https://example.org/fast\"\n",
    ),
    ("paper/Cargo.lock", LOCK),
    ("paper/src/main.rs", "mod experiments;\nfn main() { tool::main() }\n"),
    ("paper/src/experiments/mod.rs", "pub mod one;\npub mod beta;\n"),
    ("paper/src/experiments/one/mod.rs", "pub mod alpha;\n"),
    ("paper/src/experiments/one/alpha.rs", "use help::draw;\npub fn run() -> u64 { draw() }\n"),
    (
        "paper/src/experiments/beta.rs",
        "use fast::sum;\nuse tool::num::math;\npub fn run() -> f64 { sum(math::exp(1.0)) }\n",
    ),
    (
        "helper/Cargo.toml",
        "[package]\nname = \"my-helper\"\nversion = \"1.0.0\"\n[dependencies]\ntool-num = { path = \"../num\" }\n",
    ),
    ("helper/src/lib.rs", "pub fn draw() -> u64 { tool_num::rng::next() + tool_num::twice!(1) }\n"),
    (
        "tool/Cargo.toml",
        "[package]\nname = \"tool\"\nversion = \"1.0.0\"\n[dependencies]\ntool-num = { path = \"../num\" }\n",
    ),
    ("tool/src/lib.rs", "pub use tool_num as num;\npub fn main() {}\n"),
    ("num/Cargo.toml", "[package]\nname = \"tool-num\"\nversion = \"1.0.0\"\n"),
    ("num/src/lib.rs", "pub mod door;\npub mod math;\npub mod rng;\n"),
    ("num/src/rng.rs", "pub fn next() -> u64 { 4 }\n#[cfg(test)]\nmod tests { const T: u8 = 1; }\n"),
];

const MORE: [(&str, &str); 2] = [
    ("num/src/math.rs", "pub fn exp(x: f64) -> f64 { x }\n"),
    ("num/src/door.rs", "#[macro_export]\nmacro_rules! twice { ($x:expr) => { $x + $x } }\n"),
];

const LOCK: &str = r#"version = 4

[[package]]
name = "fast"
version = "0.1.0"
source = "git+https://example.org/fast#1111111111111111111111111111111111111111"
dependencies = [
 "libm",
]

[[package]]
name = "libm"
version = "0.2.16"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aa"

[[package]]
name = "my-helper"
version = "1.0.0"
dependencies = [
 "tool-num",
]

[[package]]
name = "my-paper"
version = "1.0.0"
dependencies = [
 "fast",
 "my-helper",
 "tool",
]

[[package]]
name = "tool"
version = "1.0.0"
dependencies = [
 "tool-num",
]

[[package]]
name = "tool-num"
version = "1.0.0"
"#;

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
    fs::write(file, text).expect("written");
}

/// The paper with edits: in the file of that name, one text for another.
fn paper(edits: &[(&str, &str, &str)]) -> Result<BTreeMap<String, (String, Vec<String>)>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in PAPER.into_iter().chain(MORE) {
        let mut text = text.to_owned();
        for (_, old, new) in edits.iter().filter(|(edited, ..)| *edited == path) {
            assert_eq!(text.matches(old).count(), 1, "`{old}` in {path}");
            text = text.replace(old, new);
        }
        write(folder.path(), path, &text);
    }
    let experiments = Paper::open(&folder.path().join("paper"))?.experiments()?;
    let parts = |code: condense_build::fingerprint::Code| {
        (code.digest, code.parts.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
    };
    Ok(experiments.into_iter().map(|experiment| (experiment.name, parts(experiment.code))).collect())
}

/// Which experiments the edits change.
fn changed(edits: &[(&str, &str, &str)]) -> Vec<String> {
    let (before, after) = (paper(&[]).expect("read"), paper(edits).expect("read"));
    before.into_iter().filter(|(name, (digest, _))| after[name].0 != *digest).map(|(name, _)| name).collect()
}

#[test]
fn the_parts_are_exact_across_crates() {
    let codes = paper(&[]).expect("read");
    assert_eq!(codes["alpha"].1, ["my_helper", "my_paper::experiments::one::alpha", "tool_num::door", "tool_num::rng"]);
    assert_eq!(codes["beta"].1, ["crate fast", "my_paper::experiments::beta", "tool_num::math"]);
}

/// They move neither a token nor the lock.
#[test]
fn features_of_a_package_are_code_of_what_reaches_it() {
    let helper = "tool-num = { path = \"../num\" }";
    assert_eq!(
        changed(&[("helper/Cargo.toml", helper, "tool-num = { path = \"../num\", default-features = false }")]),
        ["alpha"]
    );
    let num = "name = \"tool-num\"\nversion = \"1.0.0\"\n";
    assert_eq!(
        changed(&[("num/Cargo.toml", num, &format!("{num}[features]\ndefault = [\"wide\"]\nwide = []\n"))]),
        ["alpha", "beta"]
    );
}

/// A crate that a local package hands on is named by nobody who uses it.
#[test]
fn a_foreign_crate_behind_a_facade_is_code() {
    let facade = [
        ("tool/Cargo.toml", "[dependencies]\n", "[dependencies]\nfast = { git = \"https://example.org/fast\" }\n"),
        ("tool/src/lib.rs", "pub use tool_num as num;", "pub use tool_num as num;\npub use fast as quick;"),
        ("paper/src/experiments/one/alpha.rs", "{ draw() }", "{ draw() + tool::quick::one() }"),
        (
            "paper/Cargo.lock",
            "name = \"tool\"\nversion = \"1.0.0\"\ndependencies = [\n",
            "name = \"tool\"\nversion = \"1.0.0\"\ndependencies = [\n \"fast\",\n",
        ),
    ];
    let codes = paper(&facade).expect("read");
    assert!(codes["alpha"].1.contains(&"crate fast".to_owned()), "{:?}", codes["alpha"].1);
}

#[test]
fn an_edit_in_a_dependency_changes_what_reaches_it_and_nothing_else() {
    assert_eq!(changed(&[("num/src/rng.rs", "{ 4 }", "{ 5 }")]), ["alpha"]);
    assert_eq!(changed(&[("num/src/math.rs", "{ x }", "{ x + 1.0 }")]), ["beta"]);
    // Through a dependency that has another name here, and through an exported macro.
    assert_eq!(changed(&[("helper/src/lib.rs", "next() +", "next() *")]), ["alpha"]);
    assert_eq!(changed(&[("num/src/door.rs", "$x + $x", "2 * $x")]), ["alpha"]);
}

#[test]
fn comments_and_tests_of_a_dependency_are_no_code() {
    assert_eq!(changed(&[("num/src/rng.rs", "{ 4 }", "{ 4 /* chosen by a fair die */ }")]), Vec::<String>::new());
    assert_eq!(changed(&[("num/src/rng.rs", "const T: u8 = 1;", "const T: u8 = 2;")]), Vec::<String>::new());
}

#[test]
fn a_facade_that_leads_elsewhere_changes_who_goes_through_it() {
    let edits = [("tool/src/lib.rs", "pub use tool_num as num;", "pub mod num { pub use tool_num::{math, rng}; }")];
    assert_eq!(changed(&edits), ["beta"]);
    let all = paper(&edits).expect("read");
    assert_eq!(all["beta"].1, ["crate fast", "my_paper::experiments::beta", "tool", "tool_num::math", "tool_num::rng"]);
}

#[test]
fn another_revision_version_or_checksum_changes_who_names_the_crate() {
    assert_eq!(changed(&[("paper/Cargo.lock", "#1111111111", "#2222222222")]), ["beta"]);
    assert_eq!(changed(&[("paper/Cargo.lock", "0.2.16", "0.2.17")]), ["beta"]);
    assert_eq!(changed(&[("paper/Cargo.lock", "\"aa\"", "\"bb\"")]), ["beta"]);
}

#[test]
fn a_path_into_a_dependency_that_leads_nowhere_is_refused() {
    let said = paper(&[("helper/src/lib.rs", "rng::next()", "rang::next()")]).expect_err("a hole");
    assert!(said.contains("`tool_num::rang::next` leads to no module"), "{said}");
    let said = paper(&[("paper/src/experiments/beta.rs", "tool::num::math", "tool::math")]).expect_err("a hole");
    assert!(said.contains("`tool::math` leads to no module"), "{said}");
}

#[test]
fn a_crate_that_the_lock_has_as_a_folder_is_refused() {
    let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"aa\"\n";
    let said = paper(&[("paper/Cargo.lock", source, "")]).expect_err("a hole");
    assert!(said.contains("`libm` is replaced by a folder"), "{said}");
}

#[test]
fn a_name_of_the_root_takes_the_whole_crate() {
    let all = paper(&[
        ("helper/src/lib.rs", "rng::next()", "Seed::next()"),
        ("num/src/lib.rs", "pub mod rng;", "pub mod rng;\npub struct Seed;"),
    ]);
    let all = all.expect("read");
    let names = [
        "my_helper",
        "my_paper::experiments::one::alpha",
        "tool_num",
        "tool_num::door",
        "tool_num::math",
        "tool_num::rng",
    ];
    assert_eq!(all["alpha"].1, names);
}

#[test]
fn the_build_script_of_a_dependency_and_included_files_are_code() {
    let folder = tempfile::tempdir().expect("a folder");
    PAPER.into_iter().chain(MORE).for_each(|(path, text)| write(folder.path(), path, text));
    let digests = || {
        let paper = Paper::open(&folder.path().join("paper")).expect("read");
        paper.experiments().expect("codes").into_iter().map(|experiment| experiment.code.digest).collect::<Vec<_>>()
    };
    let before = digests();
    write(folder.path(), "num/build.rs", "fn main() {}\n");
    let scripted = digests();
    assert!(before[0] != scripted[0] && before[1] != scripted[1]);
    write(
        folder.path(),
        "num/src/math.rs",
        "pub static E: &str = include_str!(\"../table.txt\");\npub fn exp(x: f64) -> f64 { x }\n",
    );
    write(folder.path(), "num/table.txt", "1");
    let included = digests();
    write(folder.path(), "num/table.txt", "2");
    let edited = digests();
    assert!(included[0] == edited[0] && included[1] != edited[1], "beta alone reaches the file");
}

#[test]
fn two_experiments_of_one_name_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    PAPER.into_iter().chain(MORE).for_each(|(path, text)| write(folder.path(), path, text));
    write(folder.path(), "paper/src/experiments/one/beta.rs", "pub fn run() {}\n");
    let said = Paper::open(&folder.path().join("paper")).expect("read").experiments().expect_err("two");
    assert_eq!(said, "two experiments are named `beta`: src/experiments/beta.rs and src/experiments/one/beta.rs");
}

#[test]
fn every_local_folder_manifest_and_the_lock_are_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    PAPER.into_iter().chain(MORE).for_each(|(path, text)| write(folder.path(), path, text));
    let root = folder.path().canonicalize().expect("a folder");
    let paper = Paper::open(&root.join("paper")).expect("read");
    for path in ["num/src", "num/Cargo.toml", "tool/src", "helper/src", "paper/src", "paper/Cargo.lock"] {
        assert!(paper.read.contains(&root.join(path)), "{path}: {:?}", paper.read);
    }
}

//! "A Rust paper of your own", followed as the README says, and then edited: what reruns what.

use super::workshop::Workshop;
use condense_testing::readme::{blocks, commands, follow, has, told};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// The page of an experiment with one number, as short as a page can be.
fn page(id: &str) -> String {
    format!(
        "# {id}\n\nIt ends at {{{{ value(\"end\", digits=3) }}}}.\n\n```claim\nsays = \"It is a number.\"\nvalue = \"end\"\nabove = -1e6\n```\n"
    )
}

/// An entry of the manifest.
fn entry(id: &str) -> String {
    format!("\n[[figure]]\nid = \"{id}\"\nslide = \"{id}\"\nexperiment = \"{id}\"\nfidelity = \"faithful\"\n")
}

/// The sections of a workspace's manifest that say how its tests are compiled.
fn profiles(manifest: &str) -> String {
    let sections = manifest.split("\n\n").filter(|section| section.contains("[profile.dev"));
    sections.map(|section| format!("{section}\n\n")).collect()
}

#[test]
fn a_rust_paper_of_ones_own_works_as_the_readme_says() {
    if !has("cargo") {
        return;
    }
    // The tool is compiled for it anew; what that depends on is taken over.
    let workshop = Workshop::open("rust-paper");
    let paper = workshop.path().with_file_name("walk");
    let _ = fs::remove_dir_all(&paper);
    let write = |path: &str, text: &str| {
        let file = paper.join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("written");
    };
    let files: BTreeMap<String, String> =
        blocks("rust-paper").into_iter().filter(|(path, _)| !path.is_empty()).collect();
    assert!(files.values().map(|text| text.lines().count()).sum::<usize>() <= 25, "a paper is 25 lines");
    for (path, text) in &files {
        write(path, text);
    }
    // The versions of this repository, which are on this machine.
    write("Cargo.lock", &workshop.read("Cargo.lock"));
    // As the tool's own tests are compiled.
    write(".cargo/config.toml", &profiles(&workshop.read("Cargo.toml")));
    let other = &blocks("another-language")["manifest.toml"];
    let (about, _) = other.split_once("\n[[figure]]").expect("a figure");
    for (path, text) in blocks("rust-paper-words") {
        write(&path, &text);
    }

    let set = |command: &mut Command| {
        workshop.build_here(command.env("CARGO_NET_OFFLINE", "true"));
    };
    let hurry = |block: &str| block.replace("--release", "--profile test");
    let said = follow(&hurry(&commands("rust-paper")), &paper, set);
    assert_eq!(said.len(), 2);
    assert_eq!(told(&said[0].1).0, ["run walk"]);
    assert!(said[0].1.contains("1/1 claims hold"), "{}", said[0].1);
    assert!(fs::read_to_string(paper.join("manifest.lock")).expect("a lock").contains("[default.walk]"));

    // What is accepted would have to be accepted anew after each edit: that is another test.
    fs::remove_file(paper.join("manifest.lock")).expect("removed");

    // A second figure, by way of a package beside the paper.
    write("../helper/Cargo.toml", "[package]\nname = \"my-helper\"\nedition = \"2024\"\n");
    write("../helper/src/lib.rs", "pub mod used;\npub mod unused;\n");
    write("../helper/src/used.rs", "pub fn end() -> f64 {\n    1.0\n}\n");
    write("../helper/src/unused.rs", "pub fn end() -> f64 {\n    1.0\n}\n");
    let manifest = &files["Cargo.toml"];
    let dependency = "[dependencies]\nhelp = { path = \"../helper\", package = \"my-helper\" }\n";
    write("Cargo.toml", &manifest.replace("[dependencies]\n", dependency));
    write("src/experiments/mod.rs", "pub mod echo;\npub mod walk;\n");
    let walk = &files["src/experiments/walk.rs"];
    let echo = walk
        .replace("Walk", "Echo")
        .replace("results.value(\"end\", place)", "results.value(\"end\", help::used::end())");
    write("src/experiments/echo.rs", &echo);
    write("manifest.toml", &format!("{about}{}{}", entry("walk"), entry("echo")));
    write("figures/echo.md", &page("echo"));
    let report = || {
        let said = follow(&hurry("cargo run --release -- report"), &paper, set).remove(0).1;
        told(&said).0.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(report(), ["run echo"]);

    // What reruns what.
    write("src/experiments/walk.rs", &walk.replace("\"steps\"", "\"other steps\""));
    assert_eq!(report(), ["run walk"]);
    write("../helper/src/used.rs", "pub fn end() -> f64 {\n    2.0\n}\n");
    assert_eq!(report(), ["run echo"]);
    write("../helper/src/used.rs", "pub fn end() -> f64 {\n    2.0 // a remark\n}\n");
    write("../helper/src/unused.rs", "pub fn end() -> f64 {\n    2.0\n}\n");
    assert_eq!(report(), Vec::<String>::new());
}

//! The README's tables, picture and links. Its commands are followed by `rebuilt` and, for the bare program, by
//! `crates/condense/tests`.

use condense::cli::exit::Exit;
use condense_testing::readme::README;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The first cells of the rows of the table below a heading.
fn column(heading: &str) -> Vec<String> {
    let (_, text) = README.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let text = text.split("\n## ").next().unwrap_or(text);
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|line| line.split(" | ").next());
    rows.skip(1).map(|cell| cell.trim_matches('`').to_owned()).collect()
}

#[test]
fn the_table_of_verbs_is_the_help_of_the_binary() {
    let output = Command::new(env!("CARGO_BIN_EXE_condensation")).arg("--help").output().expect("the binary starts");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let (_, list) = help.split_once("Commands:\n").expect("commands");
    let list = list.split("\n\n").next().unwrap_or(list);
    let verb =
        |line: &str| line.strip_prefix("  ")?.split("  ").next().filter(|word| !word.is_empty()).map(str::to_owned);
    let verbs: Vec<String> = list.lines().filter_map(verb).filter(|verb| verb != "help").collect();
    assert!(verbs.len() >= 16, "{verbs:?}");
    assert_eq!(column("Verbs"), verbs);
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_code() {
    use Exit::{Busy, Claim, Failed, Integrity, Internal, Interrupted, Ok, Stale, Terminated, Usage};
    let all = [Ok, Failed, Usage, Stale, Integrity, Claim, Busy, Internal, Interrupted, Terminated];
    let told: Vec<u8> = column("Exit codes")
        .iter()
        .flat_map(|cell| cell.split(", "))
        .map(|code| code.parse().expect("a code"))
        .collect();
    assert_eq!(told, all.map(|exit| exit as u8));
    let source = include_str!("../../crates/condense/src/cli/exit.rs");
    let numbers = source.lines().filter(|line| line.trim_end().ends_with(',') && line.contains(" = ")).count();
    assert_eq!(numbers, all.len(), "an exit code is missing here");
}

#[test]
fn the_picture_is_the_accepted_one_and_the_links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let links = README.split("](").skip(1).chain(README.split("src=\"").skip(1));
    for link in links.filter_map(|rest| rest.split([')', '"']).next()).filter(|link| !link.contains("://")) {
        // A heading of this page, or a file.
        let anchor = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        match link.strip_prefix('#') {
            Some(name) => assert!(README.lines().any(|line| line.starts_with('#') && anchor(line) == name), "{link}"),
            None => assert!(root.join(link).exists(), "{link}"),
        }
    }
    let name = "phase-diagram-two-layer-map.svg";
    let picture = fs::read(root.join("docs").join(name)).expect("the picture");
    let digest = condense::engine::digest::Digest::of(&picture).to_string();
    let lock = fs::read_to_string(root.join("manifest.lock")).expect("the lock");
    let (_, accepted) = lock.split_once(&format!("\"fig/{name}\" = \"")).expect("accepted");
    assert!(accepted.starts_with(&digest), "copy report/fig/{name} to docs/");
}

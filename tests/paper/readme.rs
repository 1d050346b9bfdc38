//! The README, followed as written: its marked blocks are run, its tables are compared with the binary.
//! The part that needs the bare program is tested beside it, in `crates/condense/tests`.

use condense::cli::exit::Exit;
use condense_testing::readme::{README, blocks, commands, follow, has, told};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Copies the repository without what is made: version control, report, every folder that calls itself a cache, and the
/// one that the copy itself goes into (a build folder that was there before cargo came is not marked).
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().expect("a name");
        let target = to.join(name);
        if !entry.is_dir() {
            fs::copy(&entry, target).expect("copied");
        } else if name != ".git" && name != "report" && !entry.join("CACHEDIR.TAG").exists() && !to.starts_with(&entry)
        {
            copy(&entry, &target);
        }
    }
}

/// What a reader would do in an editor, as a script: another rate, its claim, more points.
const EDITOR: &str = r#"#!/bin/sh
sed -e 's/math::exp(-x)/math::exp(-2.0 * x)/' -e 's/rate is 1/rate is 2/' -e 's/equals = 1.0/equals = 2.0/' \
    -e 's/^points = 50$/points = 80/' "$1" > "$1.new" && mv "$1.new" "$1"
"#;

#[test]
fn a_figure_is_added_as_the_readme_says() {
    if !["make", "cargo", "sh"].into_iter().all(|program| program == "sh" || has(program)) {
        return;
    }
    // The place is always the same, so that cargo compiles little the second time; one run at a time may use it.
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(&room).expect("a folder");
    let door = fs::File::create(room.join("lock")).expect("a file");
    door.lock().expect("locked");
    let (clone, editor) = (room.join("condense"), room.join("editor.sh"));
    let _ = fs::remove_dir_all(&clone);
    copy(Path::new(env!("CARGO_MANIFEST_DIR")), &clone);
    fs::write(&editor, EDITOR).expect("written");
    let set = |command: &mut Command| {
        // The commands are the README's; only the compiler is told to hurry. The bits must not depend on it.
        command.env("CARGO_TARGET_DIR", room.join("target")).env("EDITOR", format!("sh {}", editor.display()));
        command.env("CARGO_INCREMENTAL", "1").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    };
    let read = |path: &str| fs::read_to_string(clone.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));

    let first = follow(&commands("start"), &clone, set);
    assert_eq!(first.len(), 1);
    assert!(read("report/index.html").starts_with("<!"));
    let (_, last) = told(&first[0].1);
    let (hold, locked) = (ratio(last, "claims hold"), ratio(last, "figures match the lock"));
    assert!(hold.0 == hold.1 && hold.1 > 0 && locked.0 == locked.1 && locked.1 > 0, "{last}");
    excerpt_is_real(&first[0].1);
    let lock = read("manifest.lock");

    let block = commands("add-a-figure");
    assert!(block.lines().count() <= 12);
    let said = follow(&block, &clone, set);
    let reports: Vec<_> =
        said.iter().filter(|(line, _)| line.starts_with("make report")).map(|(_, text)| told(text)).collect();
    assert_eq!(reports.len(), 2);
    for (ran, last) in reports {
        assert_eq!(ran, ["run decay"]);
        // Its run, its picture, its check, its card.
        assert!(last.contains(" 9 made") && last.contains(" 1/1 claims hold"), "{last}");
    }
    assert!(read("report/fig/decay.svg").starts_with('<'));
    assert_eq!(read("report/fig/decay.csv").lines().count(), 81);
    assert!(read("report/index.html").contains("href=\"fig/decay.csv\""));
    let (accepted, before): (BTreeSet<String>, BTreeSet<String>) = (lines(&read("manifest.lock")), lines(&lock));
    assert!(before.is_subset(&accepted), "accept moved what did not change");
    assert_eq!(accepted.difference(&before).filter(|line| line.starts_with('[')).count(), 1, "one new section");
    assert!(accepted.contains("[default.decay]"));
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// `89/89 claims hold` → (89, 89).
fn ratio(line: &str, words: &str) -> (usize, usize) {
    let pair =
        line.split("  ").find_map(|part| part.trim().strip_suffix(words)).and_then(|pair| pair.trim().split_once('/'));
    let (left, right) = pair.unwrap_or_else(|| panic!("`n/n {words}` is not in `{line}`"));
    (left.parse().expect("a number"), right.parse().expect("a number"))
}

/// What the README shows of a run is what a run says, but for the numbers.
fn excerpt_is_real(stderr: &str) {
    let words = |line: &str| line.chars().filter(|c| !c.is_ascii_digit() && *c != ' ').collect::<String>();
    let said: BTreeSet<String> = stderr.lines().map(words).collect();
    for line in commands("excerpt").lines() {
        assert!(said.contains(&words(line)), "no run says `{line}`:\n{stderr}");
    }
}

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

#[test]
fn a_rust_paper_of_ones_own_works_as_the_readme_says() {
    if !has("cargo") {
        return;
    }
    // As above: the same place, so that what the tool consists of is compiled once.
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-paper");
    let paper = room.join("walk");
    let _ = fs::remove_dir_all(&room);
    fs::create_dir_all(&paper).expect("a folder");
    let door = fs::File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-paper.lock")).expect("a file");
    door.lock().expect("locked");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::os::unix::fs::symlink(root, room.join("condense")).expect("a link");
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
    fs::copy(root.join("Cargo.lock"), paper.join("Cargo.lock")).expect("copied");
    let other = &blocks("another-language")["manifest.toml"];
    let (about, _) = other.split_once("\n[[figure]]").expect("a figure");
    for (path, text) in blocks("rust-paper-words") {
        write(&path, &text);
    }

    let set = |command: &mut Command| {
        command.env("CARGO_TARGET_DIR", room.with_file_name("readme").join("target")).env("CARGO_NET_OFFLINE", "true");
        command.env("CARGO_INCREMENTAL", "1").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        command.env("CARGO_PROFILE_RELEASE_LTO", "off");
    };
    let said = follow(&commands("rust-paper"), &paper, set);
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
        let said = follow("cargo run --release -- report", &paper, set).remove(0).1;
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
        assert!(root.join(link).exists(), "{link}");
    }
    let name = "phase-diagram-two-layer-map.svg";
    let picture = fs::read(root.join("docs").join(name)).expect("the picture");
    let digest = condense::engine::digest::Digest::of(&picture).to_string();
    let lock = fs::read_to_string(root.join("manifest.lock")).expect("the lock");
    let (_, accepted) = lock.split_once(&format!("\"fig/{name}\" = \"")).expect("accepted");
    assert!(accepted.starts_with(&digest), "copy report/fig/{name} to docs/");
}

//! Mistakes in manifests and pages, one kind at a time and many at once: each is told with code, place and advice, and
//! nothing runs. The kinds stand in `mistakes/manifest.txt` and `mistakes/page.txt`, what is written above what is said.

use crate::support::small;
use condense_testing::mistakes::{refused, try_each};
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn every_kind_of_mistake_in_a_manifest_is_told_with_its_place() {
    assert!(try_each(small, include_str!("mistakes/manifest.txt"), "manifest.toml") >= 25);
}

#[test]
fn every_kind_of_mistake_in_a_page_is_told_with_its_place() {
    assert!(try_each(small, include_str!("mistakes/page.txt"), "figures/rising.md") >= 10);
}

#[test]
fn five_mistakes_in_two_files_are_told_in_one_run() {
    let paper = small();
    paper.edit("manifest.toml", "authors", "author");
    paper.edit("manifest.toml", "slope = 2", "slope = nan");
    paper.edit("manifest.toml", "slide = \"Another line\"\n", "");
    paper.edit("figures/rising.md", "kind = \"line\"", "kind = \"lnie\"");
    paper.edit("figures/falling.md", "above = 2.5", "abov = 2.5");
    let run = refused(&paper).says("5 mistakes");
    let places: Vec<&str> = run.stderr.lines().filter_map(|line| line.trim_start().strip_prefix("--> ")).collect();
    assert_eq!(
        places,
        [
            "manifest.toml:4:1",
            "manifest.toml:17:9",
            "manifest.toml:19:1",
            "figures/rising.md:14:8",
            "figures/falling.md:23:1"
        ]
    );
}

#[test]
fn a_diagnostic_shows_excerpt_caret_and_legal_values() {
    let paper = small();
    paper.edit("manifest.toml", "authors", "author");
    let excerpt = "4 | author = [\"A. Tester\"]\n  | ^^^^^^ not a key of `[paper]`";
    refused(&paper)
        .says(excerpt)
        .says("keys of `[paper]`: `title`, `standfirst`, `authors`")
        .says("condense explain M003");
}

#[test]
fn the_bare_program_says_once_that_a_paper_in_rust_has_its_own() {
    let paper = small();
    let manifest =
        paper.read("manifest.toml").replace("command = [\"sh\", \"scripts/line.sh\"]", "experiment = \"line\"");
    let manifest = manifest.replace("reads = [\"scripts/line.sh\"]\nwrites = [\"line.csv\", \"values.json\"]\n", "");
    paper.write("manifest.toml", &manifest);
    refused(&paper).says("M007").says(" 1 mistake in what was written").says("`cargo run --release -- report`");
}

#[test]
fn an_empty_file_lacks_everything() {
    let paper = small();
    paper.write("manifest.toml", "");
    refused(&paper).says("the manifest lacks `[paper]`").says("the manifest has no figures");
}

#[test]
fn a_missing_file_is_named() {
    let paper = small();
    fs::remove_file(paper.file("manifest.toml")).expect("removed");
    refused(&paper).says("there is no `manifest.toml`").says("--project");
    let paper = small();
    fs::remove_file(paper.file("figures/rising.md")).expect("removed");
    refused(&paper).says("M050").says("manifest.toml:8:6").says("write `figures/rising.md`");
}

#[test]
fn bytes_that_are_no_text_are_shown_where_they_begin() {
    for (file, place) in [("manifest.toml", "manifest.toml:2:1"), ("figures/rising.md", "figures/rising.md:1:9")] {
        let paper = small();
        let mut bytes = fs::read(paper.file(file)).expect("read");
        bytes.splice(8..8, [0xff, 0xfe]);
        fs::write(paper.file(file), bytes).expect("written");
        refused(&paper).says(&format!("`{file}` is not UTF-8")).says(place);
    }
}

#[test]
fn ten_megabytes_are_refused_quickly() {
    const SIZE: usize = 10 << 20;
    let quickly = |text: String| {
        let paper = small();
        paper.write("manifest.toml", &text);
        let start = Instant::now();
        let run = refused(&paper);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert!(run.stderr.len() < 100_000, "{} bytes of complaint", run.stderr.len());
    };
    quickly("x".repeat(SIZE));
    quickly("[".repeat(SIZE));
    quickly(crate::support::MANIFEST.to_owned() + &"[[figure]]\nid = \"A B\"\n".repeat(SIZE / 22));
    quickly(crate::support::MANIFEST.replace("slope = 2", &format!("slope = [{}nan]", "1,".repeat(SIZE / 2))));
    quickly(format!("a = {}", "[".repeat(SIZE)));
}

#[cfg(unix)]
#[test]
fn an_input_may_not_be_a_link_that_leaves_the_project() {
    let outside = tempfile::NamedTempFile::new().expect("a file");
    let paper = small();
    fs::remove_file(paper.file("scripts/line.sh")).expect("removed");
    std::os::unix::fs::symlink(outside.path(), paper.file("scripts/line.sh")).expect("a link");
    refused(&paper).says("M011").says("manifest.toml:11:10").says("leaves the project through a symbolic link");
}

#[test]
fn a_page_of_no_figure_is_an_orphan_with_a_near_relative() {
    let paper = small();
    fs::rename(paper.file("figures/rising.md"), paper.file("figures/risng.md")).expect("renamed");
    refused(&paper).says("M050").says("M051").says("did you mean `rising`?");
}

#[test]
fn a_profile_that_nobody_declares_is_refused() {
    let paper = small();
    paper.edit("manifest.toml", "slope = 3", "slope = 3\n[figure.profile.smoke]\nslope = 1");
    let run = paper.run(&["--profile", "smok", "report"]).expect(2);
    run.says("M013").says("no figure has a profile `smok`").says("did you mean `smoke`?");
    assert!(!paper.file(".condense").exists());
}

//! What others do to our files and our store: it is found, named, and never repaired in silence.
#![allow(clippy::disallowed_methods)] // what it reads was made for it

mod support;

use condense::engine::store::{seal, sealed};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{Paper, Run};

/// The record of the small paper's report.
const RECORD: &str = "report/.condense.json";

/// Everything below a folder but `without`: a file by its bytes, a link by its goal, a pipe or a folder by its name alone.
fn snapshot(folder: &Path, without: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let name = |path: &Path| path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
    let walk = walkdir::WalkDir::new(folder).into_iter();
    let walk = walk.filter_entry(|entry| !without.contains(&name(entry.path()).as_str()));
    for entry in walk.map(|entry| entry.expect("an entry")) {
        let what = match entry.file_type() {
            kind if kind.is_file() => fs::read(entry.path()).expect("bytes"),
            kind if kind.is_symlink() => {
                fs::read_link(entry.path()).expect("a link").into_os_string().into_encoded_bytes()
            }
            _ => Vec::new(),
        };
        found.insert(name(entry.path()), what);
    }
    found
}

fn digest(bytes: &[u8]) -> String {
    condense::engine::digest::Digest::of(bytes).to_string()
}

/// The body of a sealed file, changed and sealed again, as someone would who has read how it is done.
fn forge(paper: &Paper, path: &str, change: impl FnOnce(&mut Value)) {
    let bytes = fs::read(paper.file(path)).expect("a file");
    let mut body: Value = serde_json::from_slice(sealed(&bytes).unwrap_or(&bytes)).expect("JSON");
    change(&mut body);
    let body = serde_json::to_vec(&body).expect("JSON");
    fs::write(paper.file(path), if sealed(&bytes).is_some() { seal(&body) } else { body }).expect("written");
}

/// Runs the binary, which must end by itself.
fn ends(paper: &Paper, args: &[&str]) -> Run {
    let mut child = paper.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let start = Instant::now();
    while child.try_wait().expect("asked").is_none() {
        if start.elapsed() > Duration::from_mins(1) {
            child.kill().expect("killed");
            panic!("{args:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Run::of(child.wait_with_output().expect("ended"))
}

fn pipe(paper: &Paper, path: &str) {
    let _ = fs::remove_file(paper.file(path));
    fs::create_dir_all(paper.file(path).parent().expect("a parent")).expect("a folder");
    rustix::fs::mkfifoat(rustix::fs::CWD, paper.file(path), rustix::fs::Mode::RWXU).expect("a pipe");
}

#[test]
fn sha256sums_is_what_coreutils_checks() {
    let paper = Paper::small();
    paper.report();
    let mut check = std::process::Command::new("sha256sum");
    match check.args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(paper.file("report")).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => eprintln!("SKIPPED: no sha256sum on this machine"),
    }
}

#[test]
fn an_altered_output_is_named_to_the_cell_and_nothing_is_rebuilt() {
    let paper = Paper::small();
    paper.report();
    let good = paper.read("report/fig/rising.csv");
    paper.write("report/fig/rising.csv", &good.replace("1,2", "1,9"));
    paper.edit("manifest.toml", "slope = 3", "slope = 8");
    let run = paper
        .run(&["-v", "report"])
        .expect(4)
        .says("report/fig/rising.csv")
        .says("row 2, column `y`: 2 -> 9")
        .says("exit 4 (integrity)");
    assert!(run.steps().is_empty());
    assert!(paper.read("report/fig/rising.csv").contains("1,9"), "nothing is repaired in silence");
    paper.run(&["diff", "rising"]).expect(4).prints("row 2, column `y`: 2 -> 9");
    paper.ok(&["restore", "rising"]);
    assert_eq!(paper.read("report/fig/rising.csv"), good);
    paper.report();
}

#[test]
fn a_flipped_byte_with_size_and_time_put_back_is_noticed() {
    let paper = Paper::small();
    paper.report();
    let file = paper.file("report/fig/rising.svg");
    let time = fs::metadata(&file).and_then(|data| data.modified()).expect("a time");
    let mut bytes = fs::read(&file).expect("bytes");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&file, bytes).expect("written");
    fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(time)).expect("put back");
    paper.run(&["report"]).expect(4).says("report/fig/rising.svg");
}

#[test]
fn a_deleted_output_is_written_again() {
    let paper = Paper::small();
    paper.report();
    let before = paper.read("report/index.html");
    fs::remove_file(paper.file("report/index.html")).expect("removed");
    fs::remove_file(paper.file("report/fig/falling.svg")).expect("removed");
    assert!(paper.report().steps().is_empty());
    assert_eq!(paper.read("report/index.html"), before);
    assert!(paper.file("report/fig/falling.svg").exists());
}

#[test]
fn a_damaged_blob_is_told_dropped_and_computed_again() {
    let paper = Paper::small();
    paper.report();
    let mut damaged = 0;
    for entry in walkdir::WalkDir::new(paper.file(".condense/cas"))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
    {
        let mut bytes = fs::read(entry.path()).expect("bytes");
        bytes[0] ^= 1;
        fs::write(entry.path(), bytes).expect("written");
        damaged += 1;
    }
    assert!(damaged > 5);
    fs::remove_dir_all(paper.file("report")).expect("removed");
    paper.ok(&["report"]).says("damaged blob dropped");
    assert!(paper.read("report/fig/rising.csv").contains("1,2"));
}

#[test]
fn a_damaged_state_is_told_and_loses_nothing() {
    let paper = Paper::small();
    paper.report();
    paper.write(".condense/state.json", "{\"steps\": {");
    paper.ok(&["report"]).says("state");
    // Tampering is still noticed: what was written is recorded beside it.
    paper.write(".condense/state.json", "");
    let good = paper.read("report/fig/rising.csv");
    paper.write("report/fig/rising.csv", &good.replace("1,2", "1,9"));
    paper.run(&["report"]).expect(4).says("report/fig/rising.csv");
}

#[test]
fn quiet_still_says_what_is_wrong() {
    let paper = Paper::small();
    paper.report();
    let good = paper.read("report/fig/rising.csv");
    paper.write("report/fig/rising.csv", &good.replace("1,2", "1,9"));
    paper.run(&["-q", "report"]).expect(4).says("report/fig/rising.csv").says("exit 4 (integrity)");
}

#[test]
fn a_file_of_someone_else_is_not_written_over() {
    let paper = Paper::small();
    paper.write("report/fig/rising.csv", "mine");
    paper.run(&["report"]).expect(4).says("report/fig/rising.csv").says("move it away");
    assert_eq!(paper.read("report/fig/rising.csv"), "mine");
}

#[test]
fn clean_takes_only_what_was_written() {
    let paper = Paper::small();
    paper.report();
    paper.write("report/notes.txt", "mine");
    paper.ok(&["clean"]);
    assert!(paper.file("report/notes.txt").exists());
    assert!(!paper.file("report/index.html").exists());
    // The folder is still ours to write into.
    paper.report();
    paper.ok(&["clean"]);
    paper.ok(&["clean", "--store"]);
    let left: Vec<_> = fs::read_dir(paper.file(".condense")).expect("a folder").filter_map(Result::ok).collect();
    assert!(left.iter().all(|entry| entry.file_name() == "lock"), "{left:?}");
}

#[test]
fn a_folder_with_sums_of_its_owner_is_not_ours() {
    let paper = Paper::small();
    paper.write("report/thesis.txt", "years of work");
    paper.write("report/SHA256SUMS", &format!("{}  thesis.txt\n", digest(b"years of work")));
    let before = snapshot(paper.path(), &[".condense"]);
    for args in [&["report"][..], &["status"], &["restore", "--all"]] {
        paper.run(args).expect(4).says("C011").says("report/thesis.txt").says("move it away");
    }
    paper.ok(&["clean"]).says("0 files removed");
    paper.ok(&["run"]);
    assert_eq!(snapshot(paper.path(), &[".condense"]), before);
}

#[test]
fn what_is_beside_our_files_is_left_alone() {
    let paper = Paper::small();
    paper.report();
    let mine = ["report/.tmp-mine", "report/fig/.tmp-mine", "report/fig/mine.csv", "report/smoke.txt", ".tmp-mine"];
    for path in mine {
        paper.write(path, "mine");
    }
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.report();
    paper.ok(&["accept"]);
    paper.ok(&["restore", "--all"]);
    paper.ok(&["clean"]);
    for path in mine {
        assert_eq!(paper.read(path), "mine", "{path}");
    }
}

#[test]
fn a_record_that_names_what_is_not_ours_removes_and_restores_nothing() {
    let outside = tempfile::NamedTempFile::new().expect("a file");
    fs::write(outside.path(), "precious").expect("written");
    let absolute = outside.path().to_string_lossy().into_owned();
    let paths =
        ["../outside.txt", "../../outside.txt", "fig/../../outside.txt", "./outside.txt", "notes.txt", &absolute];
    for path in paths {
        let paper = Paper::among_others();
        paper.report();
        for place in ["../outside.txt", "outside.txt", "report/notes.txt"] {
            paper.write(place, "precious");
        }
        let before = snapshot(paper.surroundings(), &["home/paper"]);
        let listed = json!([digest(b"precious")]);
        forge(&paper, RECORD, |record| record["files"][path] = listed.clone());
        forge(&paper, ".condense/state.json", |state| state["outputs"] = json!({ format!("report/{path}"): listed }));
        fs::remove_file(paper.file(".condense/up-to-date.json")).ok();
        for args in [&["clean"][..], &["restore", "--all"], &["report"], &["clean"], &["clean", "--store"]] {
            let run = paper.run(args);
            assert!([0, 4].contains(&run.code) && !run.stderr.contains("panicked"), "{path} {args:?}: {}", run.stderr);
            assert_eq!(snapshot(paper.surroundings(), &["home/paper"]), before, "{path} {args:?}");
            for place in ["outside.txt", "report/notes.txt"] {
                assert_eq!(paper.read(place), "precious", "{path} {args:?}");
            }
        }
        assert_eq!(fs::read(outside.path()).expect("there"), b"precious");
    }
}

#[test]
fn a_damaged_record_is_told_and_only_files_of_the_same_bytes_are_ours() {
    let paper = Paper::small();
    paper.report();
    let good = paper.read("report/fig/rising.csv");
    for damaged in ["", "{}", "\0\0\0\0"] {
        paper.write(RECORD, damaged);
        paper.run(&["clean"]).expect(4).says("C012");
        paper.run(&["restore", "--all"]).expect(4).says("C012");
        paper.run(&["verify", "--fast"]).expect(4).says(RECORD);
        paper.ok(&["report"]).says("is damaged");
        paper.ok(&["report"]).says("nothing to do");
    }
    paper.write(RECORD, "damaged");
    paper.write("report/fig/rising.csv", "mine");
    paper.run(&["report"]).expect(4).says("C009").says("report/fig/rising.csv");
    assert_eq!(paper.read("report/fig/rising.csv"), "mine");
    paper.write("report/fig/rising.csv", &good);
    paper.ok(&["report"]);
}

#[test]
fn no_link_is_followed_and_none_is_replaced() {
    for link in
        ["report", "report/fig", "report/fig/rising.csv", RECORD, ".condense", ".condense/lock", ".condense/cas"]
    {
        let paper = Paper::among_others();
        paper.report();
        // Their own copy of the same, with a change in each file.
        let (place, goal) = (paper.file(link), paper.surroundings().join("theirs"));
        fs::rename(&place, &goal).expect("moved");
        for entry in walkdir::WalkDir::new(&goal).into_iter().map(|entry| entry.expect("an entry")) {
            if entry.file_type().is_file() && link != "report" {
                fs::write(entry.path(), "theirs").expect("written");
            }
        }
        symlink(&goal, &place).expect("a link");
        let before = snapshot(paper.surroundings(), &["home/paper"]);
        paper.edit("manifest.toml", "slope = 2", "slope = 4");
        for args in [&["report"][..], &["restore", "--all"], &["accept"], &["clean"], &["clean", "--store"]] {
            let run = ends(&paper, args);
            assert!(!run.stderr.contains("panicked"), "{link} {args:?}: {}", run.stderr);
            assert_eq!(snapshot(paper.surroundings(), &["home/paper"]), before, "{link} {args:?}");
            assert!(place.is_symlink(), "{link} {args:?}");
        }
        let run = paper.run(&["report"]);
        assert!(run.code != 0 && run.stderr.contains("symbolic link"), "{link}: {}", run.stderr);
    }
}

#[test]
fn a_store_of_someone_else_is_left_alone() {
    let paper = Paper::small();
    paper.write(".condense/state.json", "my own program's");
    paper.write(".condense/cas/notes", "mine");
    for args in [&["report"][..], &["clean", "--store"], &["accept"]] {
        paper.run(args).expect(1).says("E009").says("move it away");
    }
    assert_eq!(snapshot(&paper.file(".condense"), &[]).len(), 4);
    assert_eq!(paper.read(".condense/state.json"), "my own program's");
}

/// Changes a cell of an output, and all that this program wrote about it.
fn forge_cell(paper: &Paper) {
    let (old, new) = ("x,y\n0,0\n1,2\n", "x,y\n0,0\n1,9\n");
    assert_eq!(paper.read("report/fig/rising.csv"), old);
    paper.write("report/fig/rising.csv", new);
    let (old, new) = (digest(old.as_bytes()), digest(new.as_bytes()));
    let sums = paper.read("report/SHA256SUMS");
    paper.write("report/SHA256SUMS", &sums.replace(&old, &new));
    let (old_sums, new_sums) = (digest(sums.as_bytes()), digest(paper.read("report/SHA256SUMS").as_bytes()));
    forge(paper, RECORD, |record| {
        let text = record.to_string().replace(&old, &new).replace(&old_sums, &new_sums);
        *record = serde_json::from_str(&text).expect("JSON");
    });
    let (record, seen) = (digest(&fs::read(paper.file(RECORD)).expect("bytes")), ".condense/up-to-date.json");
    forge(paper, seen, |seen| seen["files"][RECORD] = json!(record));
}

#[test]
fn a_forged_output_record_and_up_to_date_file_is_not_nothing_to_do() {
    for seen in [true, false] {
        let paper = Paper::small();
        paper.report();
        paper.ok(&["accept"]);
        forge_cell(&paper);
        if !seen {
            fs::remove_file(paper.file(".condense/up-to-date.json")).expect("removed");
        }
        let run = paper.run(&["report"]).expect(4).says("report/fig/rising.csv").says("row 2, column `y`: 2 -> 9");
        run.says("exit 4 (integrity)");
        assert!(paper.read("report/fig/rising.csv").contains("1,9"), "nothing is repaired in silence");
        paper.run(&["verify"]).expect(4).says("report/fig/rising.csv").says("row 2, column `y`: 2 -> 9");
        paper.run(&["verify", "--fast"]).expect(4).says("fig/rising.csv");
        fs::remove_file(paper.file("report/fig/rising.csv")).expect("removed");
        paper.ok(&["report"]);
        paper.ok(&["verify"]);
    }
}

#[test]
fn a_forged_page_or_list_and_its_record_are_not_nothing_to_do() {
    for path in ["index.html", "report.md", "SHA256SUMS"] {
        for seen in [true, false] {
            let paper = Paper::small();
            paper.report();
            paper.ok(&["accept"]);
            let (file, good) = (format!("report/{path}"), paper.read(&format!("report/{path}")));
            paper.write(&file, &format!("{good} forged"));
            let (old, new) = (digest(good.as_bytes()), digest(paper.read(&file).as_bytes()));
            forge(&paper, RECORD, |record| {
                *record = serde_json::from_str(&record.to_string().replace(&old, &new)).expect("JSON");
            });
            let record = digest(&fs::read(paper.file(RECORD)).expect("bytes"));
            forge(&paper, ".condense/up-to-date.json", |seen| seen["files"][RECORD] = json!(record));
            if !seen {
                fs::remove_file(paper.file(".condense/up-to-date.json")).expect("removed");
            }
            for args in [&["report"][..], &["verify"], &["verify", "--fast"]] {
                paper.run(args).expect(4).says(&file);
            }
            assert!(paper.read(&file).ends_with(" forged"), "nothing is repaired in silence");
        }
    }
}

#[test]
fn a_run_that_was_not_published_makes_no_forgery() {
    let paper = Paper::small();
    paper.report();
    paper.ok(&["accept"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.report();
    paper.edit("manifest.toml", "slope = 4", "slope = 2");
    paper.ok(&["run"]);
    paper.ok(&["report"]).says("written");
}

#[test]
fn every_file_of_the_report_is_verified() {
    let paper = Paper::small();
    paper.report();
    paper.ok(&["accept"]);
    for (path, old, new) in [
        ("report/fig/rising.csv", "1,2", "1,9"),
        ("report/index.html", "A line of slope", "A lie of slope"),
        ("report/report.md", "A line of slope", "A lie of slope"),
        ("report/SHA256SUMS", "fig/rising.csv", "fig/risen.csv"),
    ] {
        let good = paper.read(path);
        paper.write(path, &good.replace(old, new));
        paper.run(&["verify"]).expect(4).says(path).says("exit 4 (integrity)");
        paper.run(&["verify", "--fast"]).expect(4).says(path.trim_start_matches("report/"));
        paper.run(&["status"]).expect(4).prints(path);
        paper.write(path, &good);
        for args in [&["verify"][..], &["verify", "--fast"], &["status"]] {
            paper.ok(args);
        }
    }
    paper.write("report/fig/rising.csv", "x,y\n0,0\n1,9\n");
    paper.run(&["verify"]).expect(4).says("row 2, column `y`: 2 -> 9");
    fs::remove_dir_all(paper.file("report")).expect("removed");
    paper.ok(&["verify"]);
    paper.run(&["verify", "--fast"]).expect(4);
}

#[test]
fn a_pipe_in_the_place_of_any_file_holds_nobody_up() {
    let named =
        ["manifest.toml", "figures/rising.md", "templates/card.md", "data/x.csv", "scripts/line.sh", "manifest.lock"];
    let ours = ["report/fig/rising.csv", "report/index.html", RECORD, ".condense/state.json", ".condense/lock"];
    for path in named.iter().chain(&ours).chain(&["manifest.proved", ".condense/up-to-date.json", "Makefile"]) {
        let paper = Paper::small();
        let manifest = paper.read("manifest.toml");
        paper.write("manifest.toml", &manifest.replacen("seed = 1", "seed = 1\ndata = [\"data/x.csv\"]", 1));
        paper.write("data/x.csv", "x\n1\n");
        paper.report();
        paper.ok(&["accept"]);
        pipe(&paper, path);
        for args in [&["report"][..], &["status"], &["verify", "--fast"], &["restore", "--all"], &["clean"]] {
            let run = ends(&paper, args);
            assert!(!run.stderr.contains("panicked"), "{path} {args:?}: {}", run.stderr);
        }
        let run = ends(&paper, &["report"]);
        let said = run.stderr.contains("a pipe") || run.stderr.contains("not a regular file");
        // A Makefile is only asked for, and the up-to-date check needs no lock.
        assert!(["Makefile", ".condense/lock"].contains(path) || run.code != 0 && said, "{path}: {}", run.stderr);
    }
}

#[test]
fn a_publication_that_was_cut_off_is_completed_and_its_scraps_go() {
    let paper = Paper::small();
    paper.report();
    let (old, old_record) = (paper.read("report/fig/rising.csv"), fs::read(paper.file(RECORD)).expect("bytes"));
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.report();
    let new = paper.read("report/fig/rising.csv");
    // As it is when the process dies between the two records: both digests, one file not written yet, one half-written.
    let before: Value = serde_json::from_slice(sealed(&old_record).expect("whole")).expect("JSON");
    forge(&paper, RECORD, |record| {
        for (path, digests) in record["files"].as_object_mut().expect("files") {
            let both = [&before["files"][path][0], &digests[0]].map(Clone::clone);
            *digests = if both[0] == both[1] { json!([both[0]]) } else { json!(both) };
        }
        record["keys"] = before["keys"].clone();
    });
    paper.write("report/fig/rising.csv", &old);
    let scrap = format!("report/fig/.rising.csv.{}.part", &digest(new.as_bytes())[..16]);
    let scraps =
        [scrap.as_str(), "report/.condense.json.part", ".manifest.lock.condense-part", ".condense/tmp/7-0.part"];
    for path in scraps {
        paper.write(path, "half");
    }
    paper.write("report/fig/.rising.csv.mine.part", "mine");
    paper.run(&["status"]).expect(3);
    paper.ok(&["report"]).says("1 file written");
    assert_eq!(paper.read("report/fig/rising.csv"), new);
    for path in scraps {
        assert!(!paper.file(path).exists(), "{path}");
    }
    assert_eq!(paper.read("report/fig/.rising.csv.mine.part"), "mine");
    paper.ok(&["report"]).says("nothing to do");
}

#[test]
fn scraps_go_even_where_there_is_nothing_else_to_do() {
    let paper = Paper::small();
    paper.report();
    paper.ok(&["accept"]);
    for scrap in ["report/.condense.json.part", ".manifest.lock.condense-part", ".condense/tmp/7-0.part"] {
        paper.write(scrap, "half");
        paper.ok(&["report"]).says("nothing to do");
        assert!(!paper.file(scrap).exists(), "{scrap}");
    }
}

#[test]
fn accept_keeps_a_link_and_a_mode() {
    let paper = Paper::small();
    paper.report();
    paper.write("shared/lock", "");
    fs::set_permissions(paper.file("shared/lock"), fs::Permissions::from_mode(0o640)).expect("set");
    symlink("shared/lock", paper.file("manifest.lock")).expect("a link");
    paper.ok(&["accept"]);
    assert!(paper.file("manifest.lock").is_symlink());
    assert!(paper.read("shared/lock").contains("[default.rising]"));
    let mode = fs::metadata(paper.file("shared/lock")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(fs::read_dir(paper.file("shared")).expect("a folder").count(), 1);
}

#[test]
fn accepted_bytes_outlive_a_run_that_is_not_deterministic() {
    let paper = Paper::small();
    paper.write("count", "1");
    let count = paper.file("count");
    let script = support::LINE.replace("echo \"1,$slope\"", &format!("echo \"1,$(cat {})\"", count.display()));
    paper.write("scripts/line.sh", &script);
    paper.report();
    paper.ok(&["accept"]);
    let accepted = fs::read(paper.file("report/fig/rising.csv")).expect("bytes");
    fs::remove_dir_all(paper.file(".condense")).expect("removed");
    paper.write("count", "2");
    for _ in 0..2 {
        paper.run(&["report"]).expect(4).says("differs").says("fig/rising.csv");
    }
    let name = digest(&accepted);
    let blob = paper.file(&format!(".condense/cas/sha256/{}/{}", &name[..2], &name[2..]));
    assert_eq!(fs::read(blob).expect("kept"), accepted);
    paper.run(&["diff", "rising"]).expect(4).prints("row 2, column `y`: 1 -> 2");
}

#[test]
fn other_charts_excuse_no_other_numbers() {
    let paper = Paper::small();
    paper.write("count", "1");
    let count = paper.file("count");
    let script = support::LINE.replace("echo \"1,$slope\"", &format!("echo \"1,$(cat {})\"", count.display()));
    paper.write("scripts/line.sh", &script);
    paper.report();
    paper.ok(&["accept"]);
    let accepted = paper.read("report/fig/rising.csv");
    let name = digest(accepted.as_bytes());
    paper.write(&format!(".condense/cas/sha256/{}/{}", &name[..2], &name[2..]), "damaged");
    paper.write("count", "2");
    paper.edit("figures/rising.md", "kind = \"line\"", "kind = \"points\"");
    for _ in 0..2 {
        paper.run(&["report"]).expect(1).says("its code is not deterministic");
        assert_eq!(paper.read("report/fig/rising.csv"), accepted);
    }
    fs::remove_dir_all(paper.file(".condense")).expect("removed");
    for _ in 0..2 {
        paper.run(&["report"]).expect(4).says("fig/rising.csv");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the record, nothing outside of the report changes, nor anything in it that is not ours.
    #[test]
    fn no_record_reaches_beyond_the_report(
        paths in proptest::collection::vec("(\\.\\./){0,3}(fig/|smoke/|home/|)(\\.\\.|[a-z]{1,4}|outside|thesis|index\\.html)(\\.csv|\\.txt|)", 0..6),
        junk in proptest::collection::vec(any::<u8>(), 0..80),
        whole in any::<bool>(),
    ) {
        let paper = Paper::among_others();
        paper.report();
        for place in ["../outside.txt", "outside.txt", "../../outside.csv", "report/thesis.txt", "report/fig/thesis.txt"] {
            paper.write(place, "precious");
        }
        if whole {
            let digests = json!([digest(b"precious"), digest(b"")]);
            forge(&paper, RECORD, |record| paths.iter().for_each(|path| record["files"][path.as_str()] = digests.clone()));
        } else {
            fs::write(paper.file(RECORD), seal(&junk)).expect("written");
        }
        let except = ["home/paper/report", "home/paper/.condense"];
        let before = snapshot(paper.surroundings(), &except);
        for args in [&["report"][..], &["restore", "--all"], &["clean"]] {
            let run = paper.run(args);
            prop_assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
            prop_assert_eq!(&snapshot(paper.surroundings(), &except), &before);
            for place in ["report/thesis.txt", "report/fig/thesis.txt"] {
                prop_assert_eq!(paper.read(place), "precious");
            }
        }
    }
}

//! Whose files are whose: what this program did not make is neither removed, nor written over, nor waited for.

use super::hands::{RECORD, digest, ends, forge, pipe, snapshot};
use crate::support::{small, small_among_others};
use condense::engine::store::{seal, sealed};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

#[test]
fn a_folder_with_sums_of_its_owner_is_not_ours() {
    let paper = small();
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
    let paper = small();
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
        let paper = small_among_others();
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
    let paper = small();
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
        let paper = small_among_others();
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
    let paper = small();
    paper.write(".condense/state.json", "my own program's");
    paper.write(".condense/cas/notes", "mine");
    for args in [&["report"][..], &["clean", "--store"], &["accept"]] {
        paper.run(args).expect(1).says("E009").says("move it away");
    }
    assert_eq!(snapshot(&paper.file(".condense"), &[]).len(), 4);
    assert_eq!(paper.read(".condense/state.json"), "my own program's");
}

#[test]
fn a_pipe_in_the_place_of_any_file_holds_nobody_up() {
    let named =
        ["manifest.toml", "figures/rising.md", "templates/card.md", "data/x.csv", "scripts/line.sh", "manifest.lock"];
    let ours = ["report/fig/rising.csv", "report/index.html", RECORD, ".condense/state.json", ".condense/lock"];
    for path in named.iter().chain(&ours).chain(&["manifest.proved", ".condense/up-to-date.json", "Makefile"]) {
        let paper = small();
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
    let paper = small();
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
    let paper = small();
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
    let paper = small();
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the record, nothing outside of the report changes, nor anything in it that is not ours.
    #[test]
    fn no_record_reaches_beyond_the_report(
        paths in proptest::collection::vec("(\\.\\./){0,3}(fig/|smoke/|home/|)(\\.\\.|[a-z]{1,4}|outside|thesis|index\\.html)(\\.csv|\\.txt|)", 0..6),
        junk in proptest::collection::vec(any::<u8>(), 0..80),
        whole in any::<bool>(),
    ) {
        let paper = small_among_others();
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

//! Outputs that were changed together with what this program wrote about them.

use super::hands::{RECORD, digest, forge};
use crate::support::{Paper, small};
use serde_json::json;
use std::fs;

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
        let paper = small();
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
    for path in ["index.html", "report.md", "fig/rising.html", "fig/rising.narrow.svg", "SHA256SUMS"] {
        for seen in [true, false] {
            let paper = small();
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
    let paper = small();
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
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    for (path, old, new) in [
        ("report/fig/rising.csv", "1,2", "1,9"),
        ("report/index.html", "claims hold", "claims hold well"),
        ("report/fig/rising.html", "A line of slope", "A lie of slope"),
        ("report/fig/rising.narrow.svg", "<title>", "<title >"),
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
fn accepted_bytes_outlive_a_run_that_is_not_deterministic() {
    let paper = small();
    paper.write("count", "1");
    let count = paper.file("count");
    let script = crate::support::LINE.replace("echo \"1,$slope\"", &format!("echo \"1,$(cat {})\"", count.display()));
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
    let paper = small();
    paper.write("count", "1");
    let count = paper.file("count");
    let script = crate::support::LINE.replace("echo \"1,$slope\"", &format!("echo \"1,$(cat {})\"", count.display()));
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

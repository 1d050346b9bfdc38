//! What others do to our files and our store: it is found, named, and never repaired in silence.

mod forged;
mod hands;
mod ours;

use crate::support::small;
use std::fs;

#[test]
fn sha256sums_is_what_coreutils_checks() {
    let paper = small();
    paper.report();
    let mut check = std::process::Command::new("sha256sum");
    match check.args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(paper.file("report")).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => eprintln!("SKIPPED: no sha256sum on this machine"),
    }
}

#[test]
fn where_the_store_is_gone_nobody_is_sent_to_restore() {
    let paper = small();
    paper.report();
    std::fs::remove_dir_all(paper.file(".condense")).expect("removed");
    paper.write("report/fig/rising.csv", "x,y\n0,9\n");
    let run = paper.run(&["report"]).expect(4).says("what the store has lost cannot be restored: move the file away");
    assert!(!run.stderr.contains("condense restore"), "{}", run.stderr);
    std::fs::remove_file(paper.file("report/fig/rising.csv")).expect("removed");
    paper.report();
}

#[test]
fn an_altered_output_is_named_to_the_cell_and_nothing_is_rebuilt() {
    let paper = small();
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
    let paper = small();
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
    let paper = small();
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
    let paper = small();
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
    let paper = small();
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
    let paper = small();
    paper.report();
    let good = paper.read("report/fig/rising.csv");
    paper.write("report/fig/rising.csv", &good.replace("1,2", "1,9"));
    paper.run(&["-q", "report"]).expect(4).says("report/fig/rising.csv").says("exit 4 (integrity)");
}

#[test]
fn a_file_of_someone_else_is_not_written_over() {
    let paper = small();
    paper.write("report/fig/rising.csv", "mine");
    paper.run(&["report"]).expect(4).says("report/fig/rising.csv").says("move it away");
    assert_eq!(paper.read("report/fig/rising.csv"), "mine");
}

#[test]
fn clean_takes_only_what_was_written() {
    let paper = small();
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

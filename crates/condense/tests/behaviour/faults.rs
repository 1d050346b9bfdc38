//! What the machine does to us: files where folders should be, inputs and disks that go away, `kill -9`, two at once.
//! Every time there is one clear sentence, nothing is lost, and the next run ends right.
#![cfg(unix)]

use crate::support::{Paper, Run, small};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

/// How often a run is killed, each time at a later moment.
const ROUNDS: u32 = 10;

/// Insists on a failure that says all of this, and does not panic.
fn fails(paper: &Paper, code: i32, says: &[&str]) {
    let run = says.iter().fold(paper.run(&["report"]).expect(code), |run, text| run.says(text));
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

/// Every file of the report.
fn report(paper: &Paper) -> BTreeMap<String, Vec<u8>> {
    let folder = paper.file("report");
    let files =
        walkdir::WalkDir::new(&folder).into_iter().filter_map(Result::ok).filter(|file| file.file_type().is_file());
    let named = |file: walkdir::DirEntry| {
        let name = file.path().strip_prefix(&folder).expect("below").to_string_lossy().into_owned();
        (name, fs::read(file.path()).expect("bytes"))
    };
    files.map(named).collect()
}

/// A report without times, so that it can be compared.
fn timeless(paper: &Paper) -> Command {
    let mut command = paper.command(&["report"]);
    command.env("SOURCE_DATE_EPOCH", "0").stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[test]
fn a_file_where_a_folder_is_needed_is_named_and_kept() {
    for name in [".condense", "report"] {
        let paper = small();
        paper.write(name, "mine");
        fails(&paper, 1, &[name, "E00", "exit 1 (failed)"]);
        assert_eq!(paper.read(name), "mine");
        fs::remove_file(paper.file(name)).expect("removed");
        paper.ok(&["report"]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    if rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: root writes everywhere; a file where a folder is needed stands in");
        return;
    }
    let paper = small();
    fs::set_permissions(paper.path(), fs::Permissions::from_mode(0o555)).expect("set");
    fails(&paper, 1, &[".condense", "Permission denied"]);
    fs::set_permissions(paper.path(), fs::Permissions::from_mode(0o755)).expect("set");
    paper.ok(&["report"]);
}

#[test]
fn a_store_that_became_a_file_is_named_and_the_report_stays() {
    let paper = small();
    paper.ok(&["report"]);
    let before = report(&paper);
    for folder in ["cas", "ac"] {
        let (place, aside) = (paper.file(&format!(".condense/{folder}")), paper.file("aside"));
        fs::rename(&place, &aside).expect("moved");
        fs::write(&place, "").expect("written");
        paper.edit("manifest.toml", "slope = 2", "slope = 4");
        fails(&paper, 1, &[&format!(".condense/{folder}"), "exit 1 (failed)"]);
        assert_eq!(report(&paper), before);
        fs::remove_file(&place).expect("removed");
        fs::rename(&aside, &place).expect("moved back");
        paper.edit("manifest.toml", "slope = 4", "slope = 2");
        paper.ok(&["report"]).says("nothing to do");
    }
}

#[test]
fn a_full_disk_stops_with_a_path_and_the_next_run_goes_on() {
    let paper = small();
    // Files of more than four kilobytes fail as they would on a full disk; the shell's signal for it is ignored.
    let program = paper.command(&[]).get_program().to_owned();
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" report"])
        .arg(program)
        .current_dir(paper.path())
        .env("NO_COLOR", "1")
        .output();
    let Ok(limited) = limited else {
        eprintln!("SKIPPED: no sh on this machine");
        return;
    };
    Run::of(limited).expect(1).says(".condense/").says("File too large").says("exit 1 (failed)");
    assert!(!paper.file("report").exists(), "half a report was written");
    let run = paper.ok(&["-v", "report"]);
    assert!(run.steps().iter().all(|step| !step.starts_with("run ")), "finished steps were kept: {:?}", run.steps());
}

#[test]
fn an_input_that_vanished_is_named_and_the_report_stays() {
    let paper = small();
    paper.ok(&["report"]);
    let before = report(&paper);
    fs::remove_file(paper.file("scripts/line.sh")).expect("removed");
    fails(&paper, 2, &["M011", "manifest.toml:11:10", "`scripts/line.sh` does not exist"]);
    assert_eq!(report(&paper), before);
}

#[test]
fn a_lock_that_cannot_be_understood_is_never_overwritten() {
    let paper = small();
    paper.ok(&["report"]);
    paper.ok(&["accept"]);
    let good = paper.read("manifest.lock");
    let broken = good.replacen("[default.falling]", "no digest\n[default.falling]", 1);
    for (bytes, says) in [
        (broken.as_bytes(), "line 4: no `name = \"digest\"`"),
        (&[0xff, 0xfe][..], "`manifest.lock` is not UTF-8"),
        (&good.as_bytes()[..good.len() / 2], "cannot be understood"),
    ] {
        fs::write(paper.file("manifest.lock"), bytes).expect("written");
        for verb in ["report", "accept", "verify"] {
            paper.run(&[verb]).expect(2).says("L001").says(says).says("restore it from version control");
            assert_eq!(fs::read(paper.file("manifest.lock")).expect("there"), bytes, "{verb}");
        }
    }
    fs::remove_file(paper.file("manifest.lock")).expect("removed");
    fs::create_dir(paper.file("manifest.lock")).expect("a folder");
    fails(&paper, 2, &["L001", "manifest.lock"]);
}

#[test]
fn kill_minus_nine_at_any_moment_leaves_what_the_next_run_completes() {
    let slow = crate::support::LINE.replace("{ echo x,y", "sleep 0.02\n{ echo x,y");
    let killed = small();
    killed.write("scripts/line.sh", &slow);
    let start = Instant::now();
    Run::of(timeless(&killed).output().expect("runs")).expect(0);
    let whole = start.elapsed();
    let mut ended_in_time = 0;
    for round in 0..ROUNDS {
        // Every round has something new to compute, to draw, and to write over; round after round in the same folder.
        let manifest = crate::support::MANIFEST.replace("slope = 2", &format!("slope = 2.{round}1"));
        killed.write("manifest.toml", &manifest);
        let mut child = timeless(&killed).spawn().expect("started");
        thread::sleep(whole * (2 * round + 1) / (2 * ROUNDS));
        child.kill().expect("killed");
        ended_in_time += u32::from(child.wait().expect("ended").success());
        Run::of(timeless(&killed).output().expect("runs")).expect(0);
        Run::of(timeless(&killed).output().expect("runs")).expect(0).says("nothing to do");

        let calm = small();
        calm.write("scripts/line.sh", &slow);
        calm.write("manifest.toml", &manifest);
        Run::of(timeless(&calm).output().expect("runs")).expect(0);
        assert_eq!(report(&killed), report(&calm), "round {round}");
    }
    assert!(ended_in_time < ROUNDS, "no run was killed while it ran");
}

#[test]
fn two_at_once_both_end_well_and_do_the_work_once() {
    let paper = small();
    let count = paper.file("count");
    paper.write("scripts/line.sh", &format!("echo ran >> '{}'; sleep 0.2\n{}", count.display(), crate::support::LINE));
    let start = || timeless(&paper).spawn().expect("started");
    let both = [start(), start()];
    for child in both {
        Run::of(child.wait_with_output().expect("ended")).expect(0);
    }
    assert_eq!(paper.read("count").lines().count(), 2, "two figures, each computed once");
    Run::of(timeless(&paper).output().expect("runs")).expect(0).says("nothing to do");
}

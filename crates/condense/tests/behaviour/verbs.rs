//! The other verbs, signals, pipes and the two streams.

use crate::support::{Paper, Run, small};
use std::fs;

#[test]
fn status_and_why_run_nothing() {
    let paper = small();
    paper.run(&["status"]).expect(3).prints("first run");
    paper.report();
    paper.ok(&["status"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.run(&["status"]).expect(3).prints("`params.slope`: 2 → 4");
    paper.run(&["why", "rising"]).expect(3).prints("`params.slope`: 2 → 4");
    paper.ok(&["why", "falling"]);
    assert!(paper.read("report/fig/rising.csv").contains("1,2"));
}

#[test]
fn json_documents_have_a_schema_version() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    for args in [&["list", "--json"][..], &["status", "--json"], &["why", "rising", "--json"], &["verify", "--json"]] {
        let run = paper.ok(args);
        let value: serde_json::Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}\n{}", run.stdout));
        assert_eq!(value["schema_version"], 1, "{args:?}");
    }
    let list: serde_json::Value = serde_json::from_str(&paper.ok(&["list", "--json"]).stdout).expect("JSON");
    let figure = &list["figures"][0];
    for key in ["id", "slide", "kind", "state", "seconds", "outputs", "claims"] {
        assert!(!figure[key].is_null(), "{key}");
    }
    assert!(
        figure["outputs"]
            .as_array()
            .expect("outputs")
            .iter()
            .all(|output| output["bytes"].as_u64() > Some(0) && output["sha256"].as_str().map(str::len) == Some(64))
    );
    let claim = &figure["claims"][0];
    assert_eq!(
        (claim["id"].as_str(), claim["value"].as_f64(), claim["holds"].as_bool()),
        (Some("slope"), Some(2.0), Some(true))
    );
    assert!(claim["text"].is_string() && claim["bound"].is_object());
}

#[test]
fn a_dry_run_says_what_would_run_and_writes_nothing() {
    let paper = small();
    paper.ok(&["report", "-n"]).prints("run rising");
    assert!(!paper.file("report").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_the_next_run_goes_on() {
    let paper = small();
    paper.write("scripts/line.sh", &format!("sleep 30\n{}", crate::support::LINE));
    let mut child = paper.command(&["report"]).stderr(std::process::Stdio::piped()).spawn().expect("started");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("sent");
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    paper.write("scripts/line.sh", crate::support::LINE);
    paper.report();
}

#[test]
fn a_second_writer_waits_and_then_says_who_holds_the_lock() {
    let paper = small();
    paper.write("scripts/line.sh", &format!("sleep 3\n{}", crate::support::LINE));
    let mut first = paper.command(&["-q", "report"]).spawn().expect("started");
    std::thread::sleep(std::time::Duration::from_millis(700));
    paper.run(&["--lock-timeout", "0.1", "report"]).expect(6).says(&first.id().to_string()).says("exit 6 (busy)");
    // Readers never wait.
    paper.run(&["status"]).expect(3);
    assert!(first.wait().expect("ended").success());
}

#[test]
fn a_build_that_waited_takes_what_was_written_meanwhile() {
    let paper = small();
    paper.write("scripts/line.sh", &format!("sleep 2\n{}", crate::support::LINE));
    let mut first = paper.command(&["-q", "report"]).spawn().expect("started");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let mut second = paper.command(&["-q", "report"]).spawn().expect("started");
    std::thread::sleep(std::time::Duration::from_millis(500));
    paper.edit("manifest.toml", "slope = 2", "slope = 7");
    assert!(first.wait().expect("ended").success() && second.wait().expect("ended").success());
    assert!(paper.read("report/fig/rising.csv").contains("1,7"), "{}", paper.read("report/fig/rising.csv"));
    assert!(paper.report().steps().is_empty());
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let paper = small();
    paper.report();
    let mut child = paper
        .command(&["list", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ended");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn stdout_stays_empty_for_a_report() {
    assert_eq!(small().ok(&["report"]).stdout, "");
    let quiet = small().ok(&["-q", "report"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn show_knows_a_figure_and_a_picture_found_in_a_mail() {
    let paper = small();
    paper.report();
    paper.ok(&["show", "rising"]).prints("slope").prints("scripts/line.sh");
    let picture = paper.file("found.svg");
    fs::copy(paper.file("report/fig/rising.svg"), &picture).expect("copied");
    paper.ok(&["show", "found.svg"]).prints("rising").prints("is today's");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.report();
    paper.run(&["show", "found.svg"]).expect(4).prints("rising");
}

#[test]
fn graph_and_completions_are_text_for_other_tools() {
    let paper = small();
    paper.ok(&["graph"]).prints("digraph").prints("run rising");
    paper.ok(&["graph", "--format", "mermaid"]).prints("flowchart");
    for shell in ["bash", "zsh", "fish"] {
        paper.ok(&["completions", shell]).prints("condense");
    }
}

#[test]
fn a_closed_stderr_stops_no_build() {
    let paper = small();
    let mut child = paper.command(&["report"]).stderr(std::process::Stdio::piped()).spawn().expect("started");
    drop(child.stderr.take());
    assert!(child.wait().expect("ended").success());
    assert!(paper.report().steps().is_empty());
}

#[test]
fn an_old_report_is_not_fresh() {
    let paper = small();
    paper.report();
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.report();
    paper.edit("manifest.toml", "slope = 4", "slope = 2");
    paper.run(&["status"]).expect(3).prints("not today's");
    paper.ok(&["report"]).says("nothing to compute").says("written");
    paper.ok(&["status"]);
}

#[test]
fn why_survives_a_clean() {
    let paper = small();
    paper.report();
    paper.ok(&["clean"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.run(&["why", "rising"]).expect(3).prints("`params.slope`: 2 → 4");
}

/// Every file of the store with its bytes.
fn store(paper: &Paper) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = walkdir::WalkDir::new(paper.file(".condense")).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = files.filter(|file| file.file_type().is_file());
    files.map(|file| (file.path().to_owned(), fs::read(file.path()).expect("bytes"))).collect()
}

#[test]
fn verbs_that_only_look_leave_a_store_that_lost_bytes_as_it_is() {
    let paper = small();
    paper.report();
    let blobs = || {
        let files = walkdir::WalkDir::new(paper.file(".condense/cas")).into_iter().filter_map(Result::ok);
        files.filter(|file| file.file_type().is_file()).map(walkdir::DirEntry::into_path).collect::<Vec<_>>()
    };
    for blob in blobs() {
        fs::write(blob, "damaged").expect("written");
    }
    let damaged = store(&paper);
    paper.run(&["check"]).expect(1).says("E008").says("the store lost `values.json` of `run rising`");
    paper.ok(&["show", "rising"]).prints("slide      A line that rises");
    assert_eq!(store(&paper), damaged);
    for blob in blobs() {
        fs::remove_file(blob).expect("removed");
    }
    let before = store(&paper);
    paper.ok(&["check"]).says("names checked against the results of 0");
    paper.ok(&["list"]).prints("rising");
    paper.ok(&["list", "--json"]).prints("\"holds\": null");
    paper.ok(&["show", "rising"]).prints("slide      A line that rises");
    paper.run(&["status"]).expect(3).prints("its artefacts are not in the store");
    paper.run(&["why", "rising"]).expect(3);
    paper.ok(&["diff", "rising"]).prints("as written; it is not computed");
    assert_eq!(store(&paper), before);
    // The report is as it was, and yet there is something to do.
    assert!(paper.report().steps().contains(&"run rising".to_owned()));
    paper.ok(&["check"]).says("names checked against the results of 2");
    paper.ok(&["report"]).says("nothing to do");
    fs::remove_dir_all(paper.file(".condense/ac")).expect("removed");
    assert!(!paper.report().steps().is_empty(), "records, too, are looked for");
}

#[test]
fn a_makefile_changes_what_pages_tell_and_the_up_to_date_check_sees_it() {
    let paper = small();
    paper.report();
    assert!(paper.read("report/report.md").contains("condense report"));
    paper.write("Makefile", "report:\n\tcondense report\n");
    paper.report();
    assert!(paper.read("report/report.md").contains("make report"));
}

#[test]
fn diff_writes_a_page_with_both_versions() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    let page = paper.file(".condense/diff/rising.html");
    paper.ok(&["diff", "rising"]).prints("no difference");
    assert!(!page.exists(), "there is nothing to show");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.ok(&["diff", "rising"]).prints("it is not computed as it is declared now");
    paper.report();
    paper.ok(&["diff", "rising"]).prints("accepted -> made").prints(".condense/diff/rising.html");
    let text = fs::read_to_string(&page).expect("a page");
    for part in [
        "<code>slope</code>",
        ">2<",
        ">4<",
        "+100 %",
        "data:image/svg+xml,",
        "The first of them is row",
        "Claims whose",
    ] {
        assert!(text.contains(part), "`{part}` is not in the page");
    }
    assert!(!text.contains("<script") && !text.contains("http://www.w3.org/1999"), "it holds everything");
    paper.ok(&["clean", "--store"]);
    assert!(!page.exists());
}

#[test]
fn diff_compares_with_what_was_written_where_someone_edited_a_file() {
    let paper = small();
    paper.report();
    let table = fs::read_dir(paper.file("report/fig")).expect("files").flatten().map(|entry| entry.path());
    let table = table.into_iter().find(|path| path.extension().is_some_and(|end| end == "csv")).expect("a table");
    let id = if table.to_string_lossy().contains("rising") { "rising" } else { "falling" };
    let text = fs::read_to_string(&table).expect("text");
    fs::write(&table, text.replacen('1', "7", 1)).expect("edited");
    paper.run(&["diff", id]).expect(4).prints("written -> on disk").prints(".condense/diff/");
    let page = fs::read_to_string(paper.file(&format!(".condense/diff/{id}.html"))).expect("a page");
    assert!(page.contains("on disk") && page.contains("<mark>"), "{page}");
}

/// A browser of five lines: it prints the first words of the page that it is given.
const BROWSER: &str = "#!/bin/sh\nfor word in \"$@\"; do case $word in --print-to-pdf=*) out=${word#*=};; file://*) page=${word#file://};; esac; done\n\
                       [ \"$BROKEN\" ] || head -c 15 \"$page\" > \"$out\"\n";

#[test]
fn a_browser_prints_the_page_that_holds_everything() {
    let paper = small();
    paper.write("browser", BROWSER);
    fs::set_permissions(paper.file("browser"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a program");
    let pdf = paper.file("out/paper.pdf");
    let print = |set: &[(&str, &str)]| {
        let mut command = paper.command(&["report", "--pdf", "out/paper.pdf"]);
        command.current_dir(paper.path()).env("CHROME_PATH", paper.file("browser")).envs(set.iter().copied());
        Run::of(command.output().expect("it starts"))
    };
    print(&[]).expect(0).says("printed  out/paper.pdf");
    assert_eq!(fs::read(&pdf).expect("printed"), b"<!DOCTYPE html>");
    assert!(paper.file("report/single.html").exists());
    print(&[("BROKEN", "1")]).expect(1).says("printed nothing: it ended with exit status: 0");
}

#[test]
fn without_a_browser_nothing_is_computed_for_a_pdf() {
    let paper = small();
    let mut command = paper.command(&["report", "--pdf", "paper.pdf"]);
    command.env("PATH", "").env_remove("CHROME_PATH");
    Run::of(command.output().expect("it starts")).expect(2).says("there is no browser to print with");
    assert!(!paper.file("report").exists());
}

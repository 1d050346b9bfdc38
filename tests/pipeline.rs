//! The pipeline from outside: write, run, edit, run again, and which steps ran.

mod support;

use std::fs;
use support::{Paper, Run};

/// `-v report`, for its list of steps.
fn report(paper: &Paper) -> Run {
    paper.ok(&["-v", "report"])
}

#[test]
fn a_first_run_makes_everything_and_a_second_nothing() {
    let paper = Paper::small();
    let first = report(&paper);
    assert_eq!(
        first.steps(),
        [
            "check falling",
            "check rising",
            "draw falling",
            "draw rising",
            "index",
            "page falling",
            "page rising",
            "run falling",
            "run rising"
        ]
    );
    for file in ["index.html", "report.md", "SHA256SUMS", "fig/rising.svg", "fig/rising.csv", "fig/rising.json"] {
        assert!(paper.file("report").join(file).exists(), "{file}");
    }
    let second = report(&paper).says("nothing to do");
    assert!(second.steps().is_empty(), "{:?}", second.steps());
}

#[test]
fn sha256sums_is_what_coreutils_checks() {
    let paper = Paper::small();
    report(&paper);
    let mut check = std::process::Command::new("sha256sum");
    match check.args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(paper.file("report")).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => eprintln!("SKIPPED: no sha256sum on this machine"),
    }
}

#[test]
fn a_touched_file_rebuilds_nothing() {
    let paper = Paper::small();
    report(&paper);
    for file in ["manifest.toml", "figures/rising.md", "scripts/line.sh"] {
        let text = paper.read(file);
        paper.write(file, &text);
    }
    assert!(report(&paper).steps().is_empty());
}

#[test]
fn a_parameter_reruns_its_figure_alone_and_says_why() {
    let paper = Paper::small();
    report(&paper);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    let run = report(&paper).says("`params.slope`: 2 → 4");
    assert_eq!(run.steps(), ["check rising", "draw rising", "index", "page rising", "run rising"]);
}

#[test]
fn a_reverted_parameter_comes_back_from_the_store() {
    let paper = Paper::small();
    report(&paper);
    let before = paper.read("report/fig/rising.svg");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    report(&paper);
    paper.edit("manifest.toml", "slope = 4", "slope = 2");
    assert!(report(&paper).steps().is_empty());
    assert_eq!(paper.read("report/fig/rising.svg"), before);
}

#[test]
fn a_label_redraws_and_recomputes_nothing() {
    let paper = Paper::small();
    report(&paper);
    paper.edit("figures/rising.md", "x = { label = \"x\" }", "x = { label = \"time\" }");
    assert_eq!(report(&paper).steps(), ["draw rising", "index", "page rising"]);
}

#[test]
fn prose_rewrites_the_page_alone() {
    let paper = Paper::small();
    report(&paper);
    paper.edit("figures/rising.md", "A line of slope", "A straight line of slope");
    assert_eq!(report(&paper).steps(), ["index", "page rising"]);
    assert!(paper.read("report/index.html").contains("A straight line of slope"));
}

#[test]
fn a_claim_is_checked_again_without_a_run() {
    let paper = Paper::small();
    report(&paper);
    paper.edit("figures/rising.md", "above = 1.5", "above = 1.75");
    assert_eq!(report(&paper).steps(), ["check rising", "index", "page rising"]);
}

#[test]
fn equal_declarations_share_one_run() {
    let paper = Paper::small();
    paper.edit("manifest.toml", "slope = 3", "slope = 2");
    paper.edit("figures/falling.md", "above = 2.5", "above = 1.5");
    let steps = report(&paper).steps();
    assert_eq!(steps.iter().filter(|step| step.starts_with("run ")).count(), 1, "{steps:?}");
    assert_eq!(paper.read("report/fig/rising.csv"), paper.read("report/fig/falling.csv"));
}

#[test]
fn a_script_edit_that_keeps_the_bytes_stops_there() {
    let paper = Paper::small();
    report(&paper);
    paper.ok(&["accept"]);
    let lock = paper.read("manifest.lock");
    paper.edit("scripts/line.sh", "out=$CONDENSE_OUT", "# where to\nout=$CONDENSE_OUT");
    let run = report(&paper);
    assert!(
        run.steps().iter().all(|step| !step.starts_with("draw") && !step.starts_with("check")),
        "{:?}",
        run.steps()
    );
    assert!(run.stderr.contains("same bytes as before"));
    assert_eq!(paper.read("manifest.lock"), lock);
}

#[test]
fn a_false_claim_is_exit_5_and_the_report_shows_it() {
    let paper = Paper::small();
    paper.edit("figures/rising.md", "above = 1.5", "above = 7");
    let run = paper.run(&["report"]).expect(5).says("exit 5 (claim)");
    assert!(run.stderr.contains("The slope is large."), "{}", run.stderr);
    let html = paper.read("report/index.html");
    assert!(html.contains("✗") && html.contains("fails"));
    assert!(paper.read("report/report.md").contains("✗"));
    paper.run(&["report"]).expect(5);
}

#[test]
fn an_altered_output_is_named_to_the_cell_and_nothing_is_rebuilt() {
    let paper = Paper::small();
    report(&paper);
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
    report(&paper);
}

#[test]
fn a_flipped_byte_with_size_and_time_put_back_is_noticed() {
    let paper = Paper::small();
    report(&paper);
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
    report(&paper);
    let before = paper.read("report/index.html");
    fs::remove_file(paper.file("report/index.html")).expect("removed");
    fs::remove_file(paper.file("report/fig/falling.svg")).expect("removed");
    assert!(report(&paper).steps().is_empty());
    assert_eq!(paper.read("report/index.html"), before);
    assert!(paper.file("report/fig/falling.svg").exists());
}

#[test]
fn a_removed_figure_takes_its_files_along() {
    let paper = Paper::small();
    report(&paper);
    let manifest = paper.read("manifest.toml");
    let cut = manifest.rfind("[[figure]]").expect("two figures");
    paper.write("manifest.toml", &manifest[..cut]);
    fs::remove_file(paper.file("figures/falling.md")).expect("removed");
    report(&paper);
    assert!(!paper.file("report/fig/falling.svg").exists());
    assert!(!paper.read("report/index.html").contains("Falling"));
}

#[test]
fn a_damaged_blob_is_told_dropped_and_computed_again() {
    let paper = Paper::small();
    report(&paper);
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
    report(&paper);
    paper.write(".condense/state.json", "{\"steps\": {");
    paper.ok(&["report"]).says("state");
    // Tampering is still noticed: SHA256SUMS stands in for the lost state.
    paper.write(".condense/state.json", "");
    let good = paper.read("report/fig/rising.csv");
    paper.write("report/fig/rising.csv", &good.replace("1,2", "1,9"));
    paper.run(&["report"]).expect(4).says("report/fig/rising.csv");
}

#[test]
fn the_lock_tells_new_matching_stale_and_differing() {
    let paper = Paper::small();
    paper.ok(&["report"]).says("not in the lock");
    paper.ok(&["accept"]);
    paper.ok(&["report"]).says("2/2 figures match the lock");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.ok(&["report"]).says("older than its manifest entry");
    paper.ok(&["accept"]);
    // The same declaration with other bits: the script counts how often it ran.
    let lock = paper.read("manifest.lock");
    let digest = lock
        .lines()
        .find(|line| line.contains("fig/rising.csv"))
        .and_then(|line| line.split('"').nth(3))
        .expect("a digest")
        .to_owned();
    paper.write("manifest.lock", &lock.replace(&digest, &"0".repeat(64)));
    paper.run(&["report"]).expect(4).says("fig/rising.csv").says("exit 4 (integrity)");
}

#[test]
fn verify_recomputes_from_nothing_and_names_the_cell() {
    let paper = Paper::small();
    // A script that is not deterministic: it reads a file outside its folder, which nobody declared.
    paper.write("secret", "5");
    let secret = paper.file("secret");
    paper.write(
        "scripts/line.sh",
        &support::LINE.replace("echo \"1,$slope\"", &format!("echo \"1,$(cat {})\"", secret.display())),
    );
    report(&paper);
    paper.ok(&["accept"]);
    paper.ok(&["verify"]).says("2 figures");
    paper.write("secret", "5.000000000000001");
    paper.ok(&["report"]);
    let run = paper.run(&["verify"]).expect(4);
    let run = run.says("fig/rising.csv").says("row 2, column `y`: 5 -> 5.000000000000001 (1 ulp)");
    assert!(run.stderr.contains("exit 4 (integrity)"));
    paper.ok(&["verify", "--fast"]);
}

#[test]
fn verify_tells_stale_from_differs() {
    let paper = Paper::small();
    report(&paper);
    paper.ok(&["accept"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.run(&["verify"]).expect(3).says("older than its manifest entry");
}

#[test]
fn status_and_why_run_nothing() {
    let paper = Paper::small();
    paper.run(&["status"]).expect(3).prints("first run");
    report(&paper);
    paper.ok(&["status"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.run(&["status"]).expect(3).prints("`params.slope`: 2 → 4");
    paper.run(&["why", "rising"]).expect(3).prints("`params.slope`: 2 → 4");
    paper.ok(&["why", "falling"]);
    assert!(paper.read("report/fig/rising.csv").contains("1,2"));
}

#[test]
fn json_documents_have_a_schema_version() {
    let paper = Paper::small();
    report(&paper);
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
fn only_one_figure_is_made_when_asked() {
    let paper = Paper::small();
    let run = paper.ok(&["-v", "report", "--only", "rising"]);
    assert!(run.steps().iter().all(|step| !step.contains("falling")), "{:?}", run.steps());
    assert!(paper.file("report/fig/rising.svg").exists());
    paper.run(&["report", "--only", "risng"]).expect(2).says("did you mean `rising`");
}

#[test]
fn a_dry_run_says_what_would_run_and_writes_nothing() {
    let paper = Paper::small();
    paper.ok(&["report", "-n"]).prints("run rising");
    assert!(!paper.file("report").exists());
}

#[test]
fn thread_counts_leave_no_trace() {
    let papers: Vec<Paper> = ["1", "2", "7"]
        .iter()
        .map(|jobs| {
            let paper = Paper::small();
            paper.ok(&["report", "-j", jobs]);
            paper.ok(&["accept"]);
            paper
        })
        .collect();
    for paper in &papers[1..] {
        for file in ["manifest.lock", "report/fig/rising.svg", "report/fig/rising.json"] {
            assert_eq!(paper.read(file), papers[0].read(file), "{file}");
        }
    }
}

#[test]
fn a_report_is_the_same_bytes_in_any_folder_zone_and_locale() {
    let build = |zone: &str, locale: &str| {
        let paper = Paper::small();
        let mut command = paper.command(&["report"]);
        command.env("TZ", zone).env("LC_ALL", locale).env("LANG", locale).env("SOURCE_DATE_EPOCH", "0");
        Run::of(command.output().expect("runs")).expect(0);
        ["index.html", "report.md", "SHA256SUMS"].map(|file| paper.read(&format!("report/{file}")))
    };
    assert_eq!(build("UTC", "C"), build("Asia/Tokyo", "de_DE.UTF-8"));
}

#[test]
fn a_failing_command_quotes_its_stderr_and_keeps_the_old_report() {
    let paper = Paper::small();
    report(&paper);
    let before = paper.read("report/index.html");
    paper.write("scripts/line.sh", "echo the disk is on fire >&2; exit 3");
    paper.run(&["report"]).expect(1).says("the disk is on fire").says("exit 1 (failed)");
    assert_eq!(paper.read("report/index.html"), before);
}

#[test]
fn a_command_with_the_wrong_outputs_is_refused() {
    let extra = format!("{}echo > \"$out/more.csv\"\n", support::LINE);
    let cases = [
        ("true", "did not write `line.csv`"),
        (extra.as_str(), "wrote `more.csv`, which `writes` does not declare"),
        ("echo 'x,y\n0,nan' > $CONDENSE_OUT/line.csv; echo '{}' > $CONDENSE_OUT/values.json", "row 1: NaN"),
        ("printf 'x,y\\n0\\n' > $CONDENSE_OUT/line.csv; echo '{}' > $CONDENSE_OUT/values.json", "no CSV"),
        ("printf 'x\\n0\\n' > $CONDENSE_OUT/line.csv; echo '[]' > $CONDENSE_OUT/values.json", "no object of numbers"),
    ];
    for (script, message) in cases {
        let paper = Paper::small();
        paper.write("scripts/line.sh", script);
        paper.run(&["report"]).expect(1).says(message);
    }
}

#[test]
fn a_command_sees_only_what_it_declares() {
    let paper = Paper::small();
    paper.write("secret.txt", "5");
    paper.write("scripts/line.sh", "cat secret.txt");
    paper.run(&["report"]).expect(1).says("secret.txt");
    paper.write("scripts/line.sh", &format!("test -z \"$SECRET\" || exit 9\n{}", support::LINE));
    let mut command = paper.command(&["report"]);
    Run::of(command.env("SECRET", "1").output().expect("runs")).expect(0);
}

#[test]
fn a_command_that_hangs_is_ended_with_its_children() {
    let paper = Paper::small();
    paper.edit("manifest.toml", "id = \"rising\"\n", "id = \"rising\"\ntimeout_seconds = 1\n");
    paper.write("scripts/line.sh", "echo started >&2; sleep 60 & sleep 60");
    paper.run(&["report", "--only", "rising"]).expect(1).says("took longer than its limit of 1 s").says("started");
}

#[test]
fn python_is_as_good_as_a_shell() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no python3 on this machine");
        return;
    }
    let paper = Paper::small();
    let script = "import json, os, sys\nask = json.load(sys.stdin)\nslope = ask['params']['slope']\nout = os.environ['CONDENSE_OUT']\n\
                  open(out + '/line.csv', 'w').write('x,y\\n0,0\\n1,%r\\n' % slope)\n\
                  json.dump({'slope': slope, 'seed': ask['seed']}, open(out + '/values.json', 'w'))\n";
    paper.write("scripts/line.py", script);
    let manifest = paper
        .read("manifest.toml")
        .replace("[\"sh\", \"scripts/line.sh\"]", "[\"python3\", \"scripts/line.py\"]")
        .replace("scripts/line.sh", "scripts/line.py");
    paper.write("manifest.toml", &manifest);
    report(&paper);
    assert!(paper.read("report/fig/rising.json").contains("\"seed\""));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_the_next_run_goes_on() {
    let paper = Paper::small();
    paper.write("scripts/line.sh", &format!("sleep 30\n{}", support::LINE));
    let mut child = paper.command(&["report"]).stderr(std::process::Stdio::piped()).spawn().expect("started");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("sent");
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    paper.write("scripts/line.sh", support::LINE);
    report(&paper);
}

#[test]
fn a_second_writer_waits_and_then_says_who_holds_the_lock() {
    let paper = Paper::small();
    paper.write("scripts/line.sh", &format!("sleep 3\n{}", support::LINE));
    let mut first = paper.command(&["-q", "report"]).spawn().expect("started");
    std::thread::sleep(std::time::Duration::from_millis(700));
    paper.run(&["--lock-timeout", "0.1", "report"]).expect(6).says(&first.id().to_string()).says("exit 6 (busy)");
    // Readers never wait.
    paper.run(&["status"]).expect(3);
    assert!(first.wait().expect("ended").success());
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let paper = Paper::small();
    report(&paper);
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
    assert_eq!(Paper::small().ok(&["report"]).stdout, "");
    let quiet = Paper::small().ok(&["-q", "report"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn clean_takes_only_what_was_written() {
    let paper = Paper::small();
    report(&paper);
    paper.write("report/notes.txt", "mine");
    paper.ok(&["clean"]);
    assert!(paper.file("report/notes.txt").exists());
    assert!(!paper.file("report/index.html").exists());
    paper.ok(&["clean", "--store"]);
    let left: Vec<_> = fs::read_dir(paper.file(".condense")).expect("a folder").filter_map(Result::ok).collect();
    assert!(left.iter().all(|entry| entry.file_name() == "lock"), "{left:?}");
}

#[test]
fn show_knows_a_figure_and_a_picture_found_in_a_mail() {
    let paper = Paper::small();
    report(&paper);
    paper.ok(&["show", "rising"]).prints("slope").prints("scripts/line.sh");
    let picture = paper.file("found.svg");
    fs::copy(paper.file("report/fig/rising.svg"), &picture).expect("copied");
    paper.ok(&["show", "found.svg"]).prints("rising").prints("is today's");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    report(&paper);
    paper.run(&["show", "found.svg"]).expect(4).prints("rising");
}

#[test]
fn graph_and_completions_are_text_for_other_tools() {
    let paper = Paper::small();
    paper.ok(&["graph"]).prints("digraph").prints("run rising");
    paper.ok(&["graph", "--format", "mermaid"]).prints("flowchart");
    for shell in ["bash", "zsh", "fish"] {
        paper.ok(&["completions", shell]).prints("condense");
    }
}

#[test]
fn an_unknown_value_in_prose_or_claim_is_refused_with_a_suggestion() {
    let paper = Paper::small();
    paper.edit("figures/rising.md", "{{ value(\"slope\") }}", "{{ value(\"slop\") }}");
    paper.run(&["report"]).expect(2).says("figures/rising.md:3:").says("did you mean `slope`");
    let paper = Paper::small();
    paper.edit("figures/rising.md", "value = \"slope\"", "value = \"slpe\"");
    paper.run(&["report"]).expect(2).says("figures/rising.md:").says("did you mean `slope`");
    let paper = Paper::small();
    paper.edit("figures/rising.md", "y = \"y\"", "y = \"z\"");
    paper.run(&["report"]).expect(2).says("figures/rising.md:").says("`z`");
}

#[test]
fn untrusted_text_is_escaped_everywhere() {
    let paper = Paper::small();
    paper.edit("manifest.toml", "A small paper", "A <script>alert(1)</script> paper");
    paper.edit("figures/rising.md", "# Rising", "# Rising <b onload=x>");
    paper.edit("figures/rising.md", "The line.", "The <img src=x> line.");
    paper.edit("figures/rising.md", "label = \"x\"", "label = \"<script>x</script>\"");
    report(&paper);
    for file in ["report/index.html", "report/fig/rising.svg"] {
        let text = paper.read(file);
        assert!(!text.contains("<script") && !text.contains("<img src=x") && !text.contains("<b onload"), "{file}");
    }
}

#[test]
fn equal_declarations_of_different_scripts_do_not_share_a_run() {
    let paper = Paper::small();
    paper.edit("manifest.toml", "slope = 3", "slope = 2");
    paper.edit("figures/falling.md", "above = 2.5", "above = 1.5");
    // The same command line; only a file that one of the two reads is another.
    let manifest = paper.read("manifest.toml");
    let (first, second) = manifest.split_at(manifest.rfind("[[figure]]").expect("two figures"));
    let second = second.replace("reads = [\"scripts/line.sh\"]", "reads = [\"scripts/line.sh\", \"scripts/extra\"]");
    paper.write("manifest.toml", &format!("{first}{second}"));
    paper.write("scripts/extra", "");
    paper.write("scripts/line.sh", &support::LINE.replace("0,0", "$(test -e scripts/extra && echo 7,7 || echo 0,0)"));
    report(&paper);
    assert!(paper.read("report/fig/rising.csv").contains("0,0"));
    assert!(paper.read("report/fig/falling.csv").contains("7,7"));
}

#[test]
fn quiet_still_says_what_is_wrong() {
    let paper = Paper::small();
    report(&paper);
    let good = paper.read("report/fig/rising.csv");
    paper.write("report/fig/rising.csv", &good.replace("1,2", "1,9"));
    paper.run(&["-q", "report"]).expect(4).says("report/fig/rising.csv").says("exit 4 (integrity)");
}

#[test]
fn a_closed_stderr_stops_no_build() {
    let paper = Paper::small();
    let mut child = paper.command(&["report"]).stderr(std::process::Stdio::piped()).spawn().expect("started");
    drop(child.stderr.take());
    assert!(child.wait().expect("ended").success());
    assert!(report(&paper).steps().is_empty());
}

#[test]
fn a_file_of_someone_else_is_not_written_over() {
    let paper = Paper::small();
    paper.write("report/fig/rising.csv", "mine");
    paper.run(&["report"]).expect(4).says("report/fig/rising.csv").says("move it away");
    assert_eq!(paper.read("report/fig/rising.csv"), "mine");
}

#[test]
fn an_old_report_is_not_fresh() {
    let paper = Paper::small();
    report(&paper);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    report(&paper);
    paper.edit("manifest.toml", "slope = 4", "slope = 2");
    paper.run(&["status"]).expect(3).prints("not today's");
    paper.ok(&["report"]).says("nothing to compute").says("written");
    paper.ok(&["status"]);
}

#[test]
fn verify_finds_a_false_claim() {
    let paper = Paper::small();
    report(&paper);
    paper.ok(&["accept"]);
    paper.edit("figures/rising.md", "above = 1.5", "above = 7");
    paper.run(&["verify"]).expect(5).says("a claim is false");
}

#[test]
fn why_survives_a_clean() {
    let paper = Paper::small();
    report(&paper);
    paper.ok(&["clean"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.run(&["why", "rising"]).expect(3).prints("`params.slope`: 2 → 4");
}

#[test]
fn a_formula_that_is_no_tex_is_refused_before_anything_runs() {
    let paper = Paper::small();
    paper.edit("figures/rising.md", "A line of slope", "Here $\\frac{1}$ is wrong. A line of slope");
    let run = paper.run(&["-v", "report"]).expect(2).says("P034").says("figures/rising.md:3:");
    assert!(run.steps().is_empty(), "{:?}", run.steps());
}

#[test]
fn a_grandchild_in_a_session_of_its_own_does_not_outlive_the_time_limit() {
    if std::process::Command::new("setsid").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no setsid on this machine");
        return;
    }
    let paper = Paper::small();
    paper.edit("manifest.toml", "id = \"rising\"\n", "id = \"rising\"\ntimeout_seconds = 1\n");
    paper.write("scripts/line.sh", "setsid sleep 20 & sleep 20");
    let start = std::time::Instant::now();
    paper.run(&["report", "--only", "rising"]).expect(1).says("took longer than its limit of 1 s");
    assert!(start.elapsed().as_secs() < 15, "{:?}", start.elapsed());
}

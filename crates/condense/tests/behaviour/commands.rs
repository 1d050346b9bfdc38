//! Figures in other languages: programs that see what they declare, and nothing else.

use crate::support::{Run, small};

#[test]
fn a_script_edit_that_keeps_the_bytes_stops_there() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    let lock = paper.read("manifest.lock");
    paper.edit("scripts/line.sh", "out=$CONDENSE_OUT", "# where to\nout=$CONDENSE_OUT");
    let run = paper.report();
    assert!(
        run.steps().iter().all(|step| !step.starts_with("draw") && !step.starts_with("check")),
        "{:?}",
        run.steps()
    );
    assert!(run.stderr.contains("same bytes as before"));
    assert_eq!(paper.read("manifest.lock"), lock);
}

#[test]
fn a_failing_command_quotes_its_stderr_and_keeps_the_old_report() {
    let paper = small();
    paper.report();
    let before = paper.read("report/index.html");
    paper.write("scripts/line.sh", "echo the disk is on fire >&2; exit 3");
    paper.run(&["report"]).expect(1).says("the disk is on fire").says("exit 1 (failed)");
    assert_eq!(paper.read("report/index.html"), before);
}

#[test]
fn a_failure_names_the_figures_that_need_it_and_what_is_not_made() {
    let paper = small();
    paper.edit("figures/rising.md", "above = 1.5", "above = 0.5");
    paper.edit("manifest.toml", "slope = 3", "slope = 2");
    paper.edit("figures/falling.md", "above = 2.5", "above = 0.5");
    paper.write("scripts/line.sh", "exit 3\n");
    let run = paper.run(&["report"]).expect(1).says("E004").says("needed for `rising`, `falling`");
    run.says("1 step failed, no report was written");
    paper.run(&["report", "-k"]).expect(1).says("1 step failed, 2 figures not made, ");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let paper = small();
    paper.edit(
        "manifest.toml",
        "id = \"rising\"\nslide = \"A line that rises\"\ncommand = [\"sh\"",
        "id = \"rising\"\nslide = \"A line that rises\"\ncommand = [\"shx\"",
    );
    let run = paper.run(&["report"]).expect(1).says("cannot be started: there is no program `shx`");
    assert!(!run.stderr.contains("setpriv") && !run.stderr.contains("unshare"), "{}", run.stderr);
}

#[test]
fn a_command_with_the_wrong_outputs_is_refused() {
    let extra = format!("{}echo > \"$out/more.csv\"\n", crate::support::LINE);
    let cases = [
        ("true", "did not write `line.csv`"),
        (extra.as_str(), "wrote `more.csv`, which `writes` does not declare"),
        (
            "printf 'x,y\\n0\\n' > $CONDENSE_OUT/line.csv; echo '{}' > $CONDENSE_OUT/values.json",
            "row 1 has 1 field, the header has 2",
        ),
        ("printf 'x\\n0\\n' > $CONDENSE_OUT/line.csv; echo '[]' > $CONDENSE_OUT/values.json", "no object of numbers"),
    ];
    for (script, message) in cases {
        let paper = small();
        paper.write("scripts/line.sh", script);
        paper.run(&["report"]).expect(1).says(message);
    }
}

#[test]
fn a_command_sees_only_what_it_declares() {
    let paper = small();
    paper.write("secret.txt", "5");
    paper.write("scripts/line.sh", "cat secret.txt");
    paper.run(&["report"]).expect(1).says("secret.txt");
    paper.write("scripts/line.sh", &format!("test -z \"$SECRET\" || exit 9\n{}", crate::support::LINE));
    let mut command = paper.command(&["report"]);
    Run::of(command.env("SECRET", "1").output().expect("runs")).expect(0);
}

#[test]
fn a_command_that_hangs_is_ended_with_its_children() {
    let paper = small();
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
    let paper = small();
    let script = "import json, os, sys\nask = json.load(sys.stdin)\nslope = ask['params']['slope']\nout = os.environ['CONDENSE_OUT']\n\
                  open(out + '/line.csv', 'w').write('x,y\\n0,0\\n1,%r\\n' % slope)\n\
                  json.dump({'slope': slope, 'seed': ask['seed']}, open(out + '/values.json', 'w'))\n";
    paper.write("scripts/line.py", script);
    let manifest = paper
        .read("manifest.toml")
        .replace("[\"sh\", \"scripts/line.sh\"]", "[\"python3\", \"scripts/line.py\"]")
        .replace("scripts/line.sh", "scripts/line.py");
    paper.write("manifest.toml", &manifest);
    paper.report();
    assert!(paper.read("report/fig/rising.json").contains("\"seed\""));
}

#[test]
fn equal_declarations_of_different_scripts_do_not_share_a_run() {
    let paper = small();
    paper.edit("manifest.toml", "slope = 3", "slope = 2");
    paper.edit("figures/falling.md", "above = 2.5", "above = 1.5");
    // The same command line; only a file that one of the two reads is another.
    let manifest = paper.read("manifest.toml");
    let (first, second) = manifest.split_at(manifest.rfind("[[figure]]").expect("two figures"));
    let second = second.replace("reads = [\"scripts/line.sh\"]", "reads = [\"scripts/line.sh\", \"scripts/extra\"]");
    paper.write("manifest.toml", &format!("{first}{second}"));
    paper.write("scripts/extra", "");
    paper.write(
        "scripts/line.sh",
        &crate::support::LINE.replace("0,0", "$(test -e scripts/extra && echo 7,7 || echo 0,0)"),
    );
    paper.report();
    assert!(paper.read("report/fig/rising.csv").contains("0,0"));
    assert!(paper.read("report/fig/falling.csv").contains("7,7"));
}

#[test]
fn a_grandchild_in_a_session_of_its_own_does_not_outlive_the_time_limit() {
    if std::process::Command::new("setsid").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no setsid on this machine");
        return;
    }
    let paper = small();
    paper.edit("manifest.toml", "id = \"rising\"\n", "id = \"rising\"\ntimeout_seconds = 1\n");
    paper.write("scripts/line.sh", "setsid sleep 20 & sleep 20");
    let start = std::time::Instant::now();
    paper.run(&["report", "--only", "rising"]).expect(1).says("took longer than its limit of 1 s");
    assert!(start.elapsed().as_secs() < 15, "{:?}", start.elapsed());
}

#[test]
fn what_is_no_file_among_the_outputs_is_an_error_at_once() {
    for (make, what) in [
        ("mkfifo", "wrote `line.csv`, which is a pipe"),
        ("mkdir", "wrote `line.csv`, which is a folder"),
        ("ln -s /etc/passwd", "wrote `line.csv`, which is a symbolic link"),
    ] {
        let paper = small();
        paper.write(
            "scripts/line.sh",
            &format!("{make} $CONDENSE_OUT/line.csv; echo '{{}}' > $CONDENSE_OUT/values.json"),
        );
        paper.run(&["report"]).expect(1).says(what);
    }
}

#[test]
fn nobody_waits_for_a_grandchild_that_holds_stdin() {
    if std::process::Command::new("setsid").arg("--version").output().is_err() {
        eprintln!("SKIPPED: no setsid on this machine");
        return;
    }
    // More than a pipe holds: whoever fed it would wait for someone to read.
    let paper = small();
    let manifest = paper.read("manifest.toml");
    let long = format!("slope = 2\nnote = \"{}\"\n", "a".repeat(200_000));
    paper.write("manifest.toml", &manifest.replace("slope = 2\n", &long));
    let held = format!("{}exec 3<&0; setsid sleep 40 <&3 >/dev/null 2>&1 &\n", crate::support::LINE);
    paper.write("scripts/line.sh", &held);
    let start = std::time::Instant::now();
    paper.run(&["report", "--only", "rising"]);
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn a_command_that_is_told_to_end_may_tidy_up() {
    let paper = small();
    let mark = paper.file("tidied");
    paper.edit("manifest.toml", "id = \"rising\"\n", "id = \"rising\"\ntimeout_seconds = 1\n");
    paper.write("scripts/line.sh", &format!("trap 'echo yes > {}; exit' TERM; sleep 60 & wait", mark.display()));
    paper.run(&["report", "--only", "rising"]).expect(1).says("took longer than its limit of 1 s");
    assert_eq!(paper.read("tidied"), "yes\n");
}

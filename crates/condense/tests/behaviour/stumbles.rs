//! Ways out where someone stumbles: a lock in conflict, ids that are typed, long reasons, notes of `check`.

use crate::support::{Paper, small};
use std::fs;

/// The small paper, reported and accepted; its lock with a conflict in the digests of `rising`.
fn in_conflict(paper: &Paper) -> String {
    paper.report();
    paper.ok(&["accept"]);
    let good = paper.read("manifest.lock");
    let (head, section) = good.split_once("[default.rising]\n").expect("its section");
    let (line, rest) = section.split_once('\n').expect("lines");
    let other = line.replace(|c: char| c.is_ascii_digit(), "0");
    let sides = format!("<<<<<<< ours\n{line}\n||||||| base\n=======\n{other}\n>>>>>>> theirs\n");
    paper.write("manifest.lock", &format!("{head}[default.rising]\n{sides}{rest}"));
    good
}

#[test]
fn a_lock_with_marks_of_a_merge_is_written_anew_by_accept() {
    let paper = small();
    let good = in_conflict(&paper);
    let text = paper.read("manifest.lock");
    for verb in ["report", "verify", "status", "check"] {
        paper.run(&[verb]).expect(2).says("L001").says("the marks of a merge").says("`condense accept` writes it anew");
    }
    paper.run(&["accept", "rising"]).expect(2).says("L001").says("run `condense accept` without ids");
    assert_eq!(paper.read("manifest.lock"), text);
    paper.ok(&["accept"]);
    assert_eq!(paper.read("manifest.lock"), good);
    paper.ok(&["report"]).says("2/2 figures match the lock");
}

#[test]
fn a_lock_in_conflict_is_not_written_from_figures_that_are_not_computed() {
    let paper = small();
    let good = in_conflict(&paper);
    let text = paper.read("manifest.lock");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.run(&["accept"]).expect(3).says("C003").says("git checkout --ours manifest.lock");
    assert_eq!(paper.read("manifest.lock"), text);
    // What the help says works.
    paper.write("manifest.lock", &good);
    paper.ok(&["report"]);
    paper.ok(&["accept"]);
    paper.ok(&["report"]).says("2/2 figures match the lock");
}

#[test]
fn what_a_merge_left_of_other_profiles_is_dropped_and_named() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    let good = paper.read("manifest.lock");
    let (_, section) = good.split_once("[default.rising]\n").expect("its section");
    let smoke = format!("\n[smoke.rising]\n{section}");
    paper.write("manifest.lock", &format!("{good}<<<<<<< ours{smoke}=======\n>>>>>>> theirs\n"));
    let run = paper.ok(&["accept"]).says("`[smoke.rising]` stood between marks of a merge and was dropped");
    assert!(!run.stderr.contains("default.rising"), "{}", run.stderr);
    assert_eq!(paper.read("manifest.lock"), good);
    // Sections of other profiles that are not in conflict stay.
    let both = format!("{good}{smoke}");
    paper
        .write("manifest.lock", &both.replace("[default.falling]", "<<<<<<< a\n=======\n>>>>>>> b\n[default.falling]"));
    paper.ok(&["accept"]);
    assert_eq!(paper.read("manifest.lock"), both);
}

#[test]
fn restore_without_ids_tells_of_all() {
    let paper = small();
    paper.report();
    paper.run(&["restore"]).expect(2).says("--all");
    paper.ok(&["restore", "--help"]).prints("or all with --all");
    fs::remove_file(paper.file("report/fig/rising.csv")).expect("removed");
    paper.ok(&["restore", "--all"]).says("1 file restored");
}

#[test]
fn report_and_status_take_ids() {
    let paper = small();
    let steps = paper.ok(&["-v", "report", "rising"]).steps();
    assert!(steps.contains(&"run rising".to_owned()) && !steps.contains(&"run falling".to_owned()), "{steps:?}");
    paper.ok(&["status", "rising"]).prints("1 figure is fresh");
    let run = paper.run(&["status", "falling"]).expect(3).prints("run falling: first run");
    assert!(!run.stdout.contains("rising"), "{}", run.stdout);
    paper.run(&["status"]).expect(3);
    paper.run(&["status", "risin"]).expect(2).says("there is no figure `risin`");
    paper.run(&["report", "risin"]).expect(2).says("there is no figure `risin`");
    paper.ok(&["report", "falling", "--only", "rising"]);
    paper.ok(&["status"]).prints("all 2 figures are fresh");
    paper.write("report/fig/rising.csv", "x,y\n");
    paper.run(&["status", "rising"]).expect(4).prints("altered  report/fig/rising.csv");
    paper.ok(&["status", "falling"]);
}

#[test]
fn list_says_which_figures_were_altered_or_are_missing() {
    let paper = small();
    paper.report();
    paper.write("report/fig/rising.csv", "x,y\n");
    fs::remove_file(paper.file("report/fig/falling.csv")).expect("removed");
    let text = paper.ok(&["list"]).stdout;
    let line = |id: &str| text.lines().find(|line| line.contains(id)).unwrap_or_default().to_owned();
    assert!(line("rising").contains(" altered ") && line("falling").contains(" missing "), "{text}");
    let list: serde_json::Value = serde_json::from_str(&paper.ok(&["list", "--json"]).stdout).expect("JSON");
    assert_eq!(
        (list["figures"][0]["state"].as_str(), list["figures"][1]["state"].as_str()),
        (Some("altered"), Some("missing"))
    );
    paper.ok(&["restore", "--all"]);
    assert!(!paper.ok(&["list"]).stdout.contains("altered"));
}

#[test]
fn many_long_reasons_are_told_one_a_line_and_clipped() {
    let paper = small();
    let params = |text: &str| (0..20).map(|n| format!("p{n} = \"{}\"\n", text.repeat(90))).collect::<String>();
    let more = |text: &str| format!("slope = 2\n{}", params(text));
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &manifest.replace("slope = 2\n", &more("a")));
    paper.report();
    paper.write("manifest.toml", &manifest.replace("slope = 2\n", &more("b")));
    for args in [&["status"][..], &["report", "-n"]] {
        let text = paper.run(args).stdout;
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
        let (_, run) = text.split_once("run rising:\n").expect("its reasons");
        assert_eq!(run.lines().take_while(|line| line.starts_with("           ")).count(), 9, "{text}");
        assert!(run.contains("and 12 more"), "{text}");
    }
}

/// The small paper, asked for three further seeds; its numbers do not depend on the seed.
fn seedless() -> Paper {
    let paper = small();
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &manifest.replacen("[[figure]]", "[robustness]\nseeds = 3\n\n[[figure]]", 1));
    paper
}

#[test]
fn further_seeds_that_change_no_number_certify_nothing() {
    let paper = seedless();
    let run = paper.report().says("2/2 claims hold");
    assert!(!run.stderr.contains("at further seeds, too"), "{}", run.stderr);
    let run = run.says("further seeds say nothing of 2 figures: the numbers do not depend on the seed");
    assert!(run.steps().contains(&"seed 2 of rising".to_owned()), "{:?}", run.steps());
    let (html, md) = (paper.pages(), paper.read("report/report.md"));
    for page in [&html, &md] {
        assert!(page.contains("The numbers do not depend on the seed: at seeds 2 to 4 they are the same"), "{page}");
        assert!(!page.contains("further seed ") && !page.contains("3 of 3"), "{page}");
    }
    paper.ok(&["show", "rising"]).prints("further seeds say nothing");
    paper.ok(&["report"]).says("further seeds say nothing of 2 figures");
    // One number of the figure that depends on the seed is enough: the claims were put to the test.
    paper.edit(
        "scripts/line.sh",
        "slope=$(sed 's/.*\"slope\":\\([0-9.-]*\\).*/\\1/')",
        "input=$(cat); slope=$(echo \"$input\" | sed 's/.*\"slope\":\\([0-9.-]*\\).*/\\1/'); seed=$(echo \"$input\" | sed 's/.*\"seed\":\\([0-9]*\\).*/\\1/')",
    );
    paper.edit("scripts/line.sh", "{\\\"slope\\\": $slope}", "{\\\"slope\\\": $slope, \\\"noise\\\": $seed}");
    let run = paper.report().says("2/2 at further seeds, too");
    assert!(!run.stderr.contains("say nothing"), "{}", run.stderr);
}

#[test]
fn a_figure_without_claims_is_not_run_at_further_seeds() {
    let paper = seedless();
    let page = paper.read("figures/rising.md");
    paper.write("figures/rising.md", page.split_once("```claim").expect("a claim").0);
    let steps = paper.report().steps();
    assert!(!steps.contains(&"seed 2 of rising".to_owned()), "{steps:?}");
    assert!(steps.contains(&"seed 2 of falling".to_owned()), "{steps:?}");
}

#[test]
fn check_notes_what_nobody_uses() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    let run = paper.ok(&["check"]);
    assert!(!run.stderr.contains("the lock has a section"), "{}", run.stderr);
    let lock = paper.read("manifest.lock");
    let (_, section) = lock.split_once("[default.rising]\n").expect("its section");
    paper.write("manifest.lock", &format!("{lock}\n[default.gone]\n{section}\n[smoke.lost]\n{section}"));
    let run = paper.ok(&["check"]).says("a section `[default.gone]`, but there is no figure `gone`");
    run.says("`[smoke.lost]`").says("`condense --profile smoke accept` removes it");
    paper.ok(&["accept"]);
    assert!(!paper.ok(&["check"]).stderr.contains("default.gone"));
}

#[test]
fn help_fits_what_went_wrong() {
    let help = |script: &str, says: &str| {
        let paper = small();
        paper.write("scripts/line.sh", script);
        paper.run(&["report", "rising"]).expect(1).says("E004").says(says);
    };
    help("cat elsewhere.csv", "copies of its `reads` and `data`");
    help("true", "must be exactly the files of `writes`");
    help("printf 'x,y\n0\n' > $CONDENSE_OUT/line.csv; echo '{}' > $CONDENSE_OUT/values.json", "tables are CSV");
    let paper = small();
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &manifest.replace("[\"sh\",", "[\"no-such-program\","));
    paper.run(&["report", "rising"]).expect(1).says("E004").says("is it installed");
    paper.write("manifest.toml", &manifest.replace("reads = [\"scripts/line.sh\"]", "reads = [\"nowhere.sh\"]"));
    paper.run(&["check"]).expect(2).says("M011").says("relative to the folder of the manifest");
    let (head, _) = manifest.split_once("[[figure]]").expect("figures");
    paper.write("manifest.toml", &format!("figure = []\n{head}"));
    paper.run(&["check"]).expect(2).says("M017").says("remove `figure = []`").says("an `experiment` or a `command`");
    paper.write("manifest.toml", &manifest);
    paper.edit("figures/rising.md", "A line of slope", "Here $\\frac{1}$ is wrong. A line of slope");
    paper.run(&["check"]).expect(2).says("P034").says("a dollar sign that begins none");
}

#[test]
fn why_shows_the_words_of_a_command_one_by_one() {
    let paper = small();
    paper.report();
    let text = paper.ok(&["why", "rising"]).stdout;
    let line = |label: &str| text.lines().find(|line| line.contains(label)).unwrap_or_default().to_owned();
    assert!(line("command.1").ends_with(" sh") && line("command.2").ends_with(" scripts/line.sh"), "{text}");
    assert!(!text.contains('\u{1f}') && !text.contains('\u{FFFD}'), "{text}");
}

#[test]
fn prose_that_quotes_a_list_shows_its_items() {
    let paper = small();
    paper.edit("manifest.toml", "slope = 2", "slope = 2\nwidths = [10, 2.5, 40000]");
    paper.edit("figures/rising.md", "A line of slope", "Widths of {{ param(\"widths\") }}. A line of slope");
    paper.report();
    assert!(paper.read("report/report.md").contains("Widths of 10, 2.5, 40000."));
}

#[test]
fn accept_names_what_it_takes_over() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]).says("accepted  new: rising, falling");
    paper.edit("manifest.toml", "slope = 2", "slope = 3");
    paper.report();
    let said = paper.ok(&["accept"]).says("declared anew: rising").stderr;
    assert!(!said.contains("falling"), "{said}");
    assert!(!paper.ok(&["accept"]).stderr.contains("declared anew"));
}

#[test]
fn diff_tells_of_a_file_that_is_missing() {
    let paper = small();
    paper.report();
    std::fs::remove_file(paper.file("report/fig/rising.json")).expect("removed");
    paper.run(&["diff", "rising"]).expect(4).prints("report/fig/rising.json: it is missing");
}

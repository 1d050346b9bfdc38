//! The pipeline from outside: write, run, edit, run again, and which steps ran.

use crate::support::{Paper, Run, small};
use std::fs;

#[test]
fn a_first_run_makes_everything_and_a_second_nothing() {
    let paper = small();
    let first = paper.report();
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
    let second = paper.report().says("nothing to do");
    assert!(second.steps().is_empty(), "{:?}", second.steps());
}

#[test]
fn a_touched_file_rebuilds_nothing() {
    let paper = small();
    paper.report();
    for file in ["manifest.toml", "figures/rising.md", "scripts/line.sh"] {
        let text = paper.read(file);
        paper.write(file, &text);
    }
    assert!(paper.report().steps().is_empty());
}

#[test]
fn a_parameter_reruns_its_figure_alone_and_says_why() {
    let paper = small();
    paper.report();
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    let run = paper.report().says("`params.slope`: 2 → 4");
    assert_eq!(run.steps(), ["check rising", "draw rising", "index", "page rising", "run rising"]);
}

#[test]
fn a_reverted_parameter_comes_back_from_the_store() {
    let paper = small();
    paper.report();
    let before = paper.read("report/fig/rising.svg");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.report();
    paper.edit("manifest.toml", "slope = 4", "slope = 2");
    assert!(paper.report().steps().is_empty());
    assert_eq!(paper.read("report/fig/rising.svg"), before);
}

#[test]
fn a_label_redraws_and_recomputes_nothing() {
    let paper = small();
    paper.report();
    paper.edit("figures/rising.md", "x = { label = \"x\" }", "x = { label = \"time\" }");
    assert_eq!(paper.report().steps(), ["draw rising", "index", "page rising"]);
}

#[test]
fn prose_rewrites_the_page_alone() {
    let paper = small();
    paper.report();
    paper.edit("figures/rising.md", "A line of slope", "A straight line of slope");
    assert_eq!(paper.report().steps(), ["index", "page rising"]);
    assert!(paper.pages().contains("A straight line of slope"));
}

#[test]
fn a_claim_is_checked_again_without_a_run() {
    let paper = small();
    paper.report();
    paper.edit("figures/rising.md", "above = 1.5", "above = 1.75");
    assert_eq!(paper.report().steps(), ["check rising", "index", "page rising"]);
}

#[test]
fn equal_declarations_share_one_run() {
    let paper = small();
    paper.edit("manifest.toml", "slope = 3", "slope = 2");
    paper.edit("figures/falling.md", "above = 2.5", "above = 1.5");
    let steps = paper.report().steps();
    assert_eq!(steps.iter().filter(|step| step.starts_with("run ")).count(), 1, "{steps:?}");
    assert_eq!(paper.read("report/fig/rising.csv"), paper.read("report/fig/falling.csv"));
}

#[test]
fn a_false_claim_is_exit_5_and_the_report_shows_it() {
    let paper = small();
    paper.edit("figures/rising.md", "above = 1.5", "above = 7");
    let run = paper.run(&["report"]).expect(5).says("exit 5 (claim)");
    assert!(run.stderr.contains("The slope is large."), "{}", run.stderr);
    let html = paper.read("report/index.html");
    assert!(html.contains("✗") && html.contains("fails"));
    assert!(paper.read("report/report.md").contains("✗"));
    paper.run(&["report"]).expect(5);
}

#[test]
fn a_removed_figure_takes_its_files_along() {
    let paper = small();
    paper.report();
    let manifest = paper.read("manifest.toml");
    let cut = manifest.rfind("[[figure]]").expect("two figures");
    paper.write("manifest.toml", &manifest[..cut]);
    fs::remove_file(paper.file("figures/falling.md")).expect("removed");
    paper.report();
    assert!(!paper.file("report/fig/falling.svg").exists());
    assert!(!paper.read("report/index.html").contains("Falling"));
}

#[test]
fn only_one_figure_is_made_when_asked() {
    let paper = small();
    let run = paper.ok(&["-v", "report", "--only", "rising"]);
    assert!(run.steps().iter().all(|step| !step.contains("falling")), "{:?}", run.steps());
    assert!(paper.file("report/fig/rising.svg").exists());
    paper.run(&["report", "--only", "risng"]).expect(2).says("did you mean `rising`");
}

#[test]
fn thread_counts_leave_no_trace() {
    let papers: Vec<Paper> = ["1", "2", "7"]
        .iter()
        .map(|jobs| {
            let paper = small();
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
        let paper = small();
        let mut command = paper.command(&["report"]);
        command.env("TZ", zone).env("LC_ALL", locale).env("LANG", locale).env("SOURCE_DATE_EPOCH", "0");
        Run::of(command.output().expect("runs")).expect(0);
        ["index.html", "report.md", "SHA256SUMS"].map(|file| paper.read(&format!("report/{file}")))
    };
    assert_eq!(build("UTC", "C"), build("Asia/Tokyo", "de_DE.UTF-8"));
}

#[test]
fn an_unknown_value_in_prose_or_claim_is_refused_with_a_suggestion() {
    let paper = small();
    paper.edit("figures/rising.md", "{{ value(\"slope\") }}", "{{ value(\"slop\") }}");
    paper.run(&["report"]).expect(2).says("figures/rising.md:3:").says("did you mean `slope`");
    let paper = small();
    paper.edit("figures/rising.md", "value = \"slope\"", "value = \"slpe\"");
    paper.run(&["report"]).expect(2).says("figures/rising.md:").says("did you mean `slope`");
    let paper = small();
    paper.edit("figures/rising.md", "y = \"y\"", "y = \"z\"");
    paper.run(&["report"]).expect(2).says("figures/rising.md:").says("`z`");
}

#[test]
fn untrusted_text_is_escaped_everywhere() {
    let paper = small();
    paper.edit("manifest.toml", "A small paper", "A <script>alert(1)</script> paper");
    paper.edit("figures/rising.md", "# Rising", "# Rising <b onload=x>");
    paper.edit("figures/rising.md", "The line.", "The <img src=x> line.");
    paper.edit("figures/rising.md", "label = \"x\"", "label = \"<script>x</script>\"");
    paper.report();
    for file in ["report/index.html", "report/fig/rising.svg"] {
        let text = paper.read(file);
        assert!(!text.contains("<script") && !text.contains("<img src=x") && !text.contains("<b onload"), "{file}");
    }
}

#[test]
fn a_formula_that_is_no_tex_is_refused_before_anything_runs() {
    let paper = small();
    paper.edit("figures/rising.md", "A line of slope", "Here $\\frac{1}$ is wrong. A line of slope");
    let run = paper.run(&["-v", "report"]).expect(2).says("P034").says("figures/rising.md:3:");
    assert!(run.steps().is_empty(), "{:?}", run.steps());
}

#[test]
fn a_quotation_of_because_is_held_to_the_results() {
    let paper = small();
    let because =
        |name: &str| format!("fidelity = \"scaled\"\nbecause = \"to a slope of {{{{ value(\\\"{name}\\\") }}}}\"");
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &manifest.replacen("fidelity = \"faithful\"", &because("slop"), 1));
    let run = paper.run(&["report"]).expect(2).says("P031").says("unknown value `slop`").says("did you mean `slope`?");
    run.says("manifest.toml:15:");
    paper.write("manifest.toml", &manifest.replacen("fidelity = \"faithful\"", &because("slope"), 1));
    paper.report();
    assert!(paper.read("report/report.md").contains("to a slope of 2"));
}

#[test]
fn a_cell_leads_to_a_panel_of_the_page_or_nothing_is_written() {
    let paper = small();
    let layer =
        "[[panel.layer]]\nkind = \"heatmap\"\nframe = \"line\"\nx = \"x\"\ny = \"y\"\nz = \"y\"\nleads = \"x\"\n";
    let goals =
        "[[panel]]\neach = \"line\"\nanchor = \"{x}\"\n[[panel.layer]]\nkind = \"rule\"\naxis = \"x\"\nat = 0\n";
    let chart = |name: &str, panels: &str| {
        format!(
            "\n```chart\nname = \"{name}\"\nalt = \"What a chart like this shows.\"\ncaption = \"c\"\n{panels}```\n"
        )
    };
    let page = paper.read("figures/rising.md");
    let map = chart("map", &format!("[[panel]]\n{layer}"));
    paper.write("figures/rising.md", &format!("{page}{map}"));
    paper.run(&["report"]).expect(2).says("P036").says("a cell leads to `panel-rising.");
    paper.write("figures/rising.md", &format!("{page}{map}{}", chart("goals", goals)));
    paper.report();
    let html = paper.read("report/fig/rising.html");
    let links: Vec<&str> =
        html.split("<a href=\"#panel-").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
    assert!(links.len() > 1 && links.iter().all(|link| html.contains(&format!(" id=\"panel-{link}\""))), "{links:?}");
    let twice = format!("{page}{map}{}{}", chart("goals", goals), chart("again", goals));
    paper.write("figures/rising.md", &twice);
    paper.run(&["report"]).expect(2).says("P036").says("two charts of the page");
}

#[test]
fn the_up_to_date_check_sees_every_file_that_was_read_or_written() {
    let paper = small();
    paper.write("templates/style.css", "p { margin: 0 }\n");
    paper.report();
    paper.ok(&["accept"]);
    let read = ["manifest.toml", "figures/rising.md", "scripts/line.sh", "templates/style.css", "manifest.lock"];
    let written = [
        "report/index.html",
        "report/fig/rising.html",
        "report/fig/rising.narrow.svg",
        "report/fig/falling.csv",
        "report/SHA256SUMS",
        "report/.condense.json",
    ];
    for file in read.iter().chain(&written) {
        let run = paper.report().says("nothing to do");
        assert!(paper.file(".condense/up-to-date.json").exists() && run.steps().is_empty());
        let before = paper.read(file);
        // A change of the same length, with the time put back: only the bytes tell.
        let time = fs::metadata(paper.file(file)).and_then(|about| about.modified()).expect("a time");
        let at = before.rfind(['0', '1', '2', '3']).expect("a digit");
        paper.write(file, &format!("{}7{}", &before[..at], &before[at + 1..]));
        fs::File::options().write(true).open(paper.file(file)).and_then(|own| own.set_modified(time)).expect("set");
        let run = paper.run(&["-v", "report"]);
        assert!(run.code != 0 || !run.steps().is_empty() || run.stderr.contains("damaged"), "{file}: {}", run.stderr);
        paper.write(file, &before);
        paper.run(&["report"]);
    }
    paper.write("figures/orphan.md", "# Orphan\n");
    paper.run(&["report"]).expect(2).says("M051");
    fs::remove_file(paper.file("figures/orphan.md")).expect("removed");
    paper.ok(&["report"]).says("nothing to do");
    paper.write("templates/card.md", "{{ title.md }}\n");
    assert!(!paper.report().steps().is_empty(), "a template that was not there before");
}

/// A large input is not read at each check; and yet a change of it is seen.
#[test]
fn the_up_to_date_check_sees_a_large_input_change_with_its_time_put_back() {
    let paper = small();
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &manifest.replacen("seed = 1", "seed = 1\ndata = [\"data/large.csv\"]", 1));
    let large = "x\n1\n".repeat(50_000);
    let start = std::time::Instant::now();
    paper.write("data/large.csv", &large);
    // Only what was left alone for a while is trusted; on a busy machine it may have been left alone by now.
    paper.report();
    paper.ok(&["accept"]);
    let trusted = paper.read(".condense/up-to-date.json").contains("inode");
    assert!(!trusted || start.elapsed().as_secs() >= 2);
    std::thread::sleep(std::time::Duration::from_millis(2500));
    paper.write("figures/rising.md", &paper.read("figures/rising.md").replace("Rising", "Climbing"));
    paper.report();
    paper.ok(&["accept"]);
    assert!(paper.read(".condense/up-to-date.json").contains("inode"));
    assert!(paper.report().says("nothing to do").steps().is_empty());
    let time = fs::metadata(paper.file("data/large.csv")).and_then(|about| about.modified()).expect("a time");
    paper.write("data/large.csv", &large.replacen('1', "7", 1));
    fs::File::options()
        .write(true)
        .open(paper.file("data/large.csv"))
        .and_then(|own| own.set_modified(time))
        .expect("set");
    let run = paper.report();
    assert!(run.steps().iter().any(|step| *step == "run rising"), "{}", run.stderr);
}

#[test]
fn a_damaged_up_to_date_file_is_not_believed() {
    let paper = small();
    paper.report();
    assert!(!paper.file(".condense/up-to-date.json").exists(), "what the lock does not know is looked at in full");
    paper.ok(&["accept"]);
    let seen = paper.read(".condense/up-to-date.json");
    paper.write(".condense/up-to-date.json", &seen.replace("2/2 claims hold", "9/9 claims hold"));
    paper.report().says("2/2 claims hold");
    assert_eq!(paper.read(".condense/up-to-date.json"), seen);
}

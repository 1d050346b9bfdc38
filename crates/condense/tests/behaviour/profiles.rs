//! Profiles: other parameters, sections of their own in the lock, and claims that are judged only where they speak.

use crate::support::{Paper, small};

/// The small paper with a profile in which the slope of `rising` is too small for its claim.
fn with_profile(name: &str) -> Paper {
    let paper = small();
    paper.edit("manifest.toml", "slope = 2", &format!("slope = 2\n[figure.profile.{name}]\nslope = 1"));
    paper
}

#[test]
fn a_claim_that_is_false_at_trial_parameters_is_shown_and_fails_nothing() {
    let paper = with_profile("smoke");
    let run = paper.ok(&["--profile", "smoke", "report"]);
    run.says("1 claim false at the parameters of profile `smoke`: shown, not judged").says("1/2 claims hold");
    assert!(paper.read("report/smoke/report.md").contains('✗'));
    paper.ok(&["report"]).says("2/2 claims hold");
}

#[test]
fn the_source_s_own_settings_are_judged() {
    with_profile("full").run(&["--profile", "full", "report"]).expect(5).says("claim slope of rising");
}

#[test]
fn accepting_one_profile_keeps_what_was_accepted_of_the_others() {
    let paper = with_profile("smoke");
    paper.ok(&["report"]);
    paper.ok(&["accept"]);
    let before = paper.read("manifest.lock");
    paper.ok(&["--profile", "smoke", "report"]).says("not in the lock");
    paper.ok(&["--profile", "smoke", "accept"]);
    let both = paper.read("manifest.lock");
    assert!(both.starts_with(&before) && both.contains("\n[smoke.rising]\n"), "{both}");
    paper.ok(&["report"]).says("2/2 figures match the lock");
    paper.ok(&["accept"]);
    assert_eq!(paper.read("manifest.lock"), both);
}

#[test]
fn a_report_of_other_parameters_says_so_at_its_head() {
    let paper = with_profile("smoke");
    let says = "These parameters are not the paper's own: claims are measured and shown, and fail nothing.";
    paper.ok(&["report"]);
    assert!(!paper.read("report/index.html").contains("class=\"profile\""));
    assert!(!paper.read("report/report.md").contains("not the paper's own"));
    paper.ok(&["--profile", "smoke", "report"]);
    assert!(paper.read("report/smoke/index.html").contains(&format!("<b>Profile <code>smoke</code>.</b> {says}")));
    assert!(paper.read("report/smoke/report.md").contains(&format!("**Profile `smoke`.** {says}")));
    paper.ok(&["--profile", "smoke", "report"]).says("nothing to do").says("shown, not judged");
    paper.ok(&["report"]).says("nothing to do");
}

#[test]
fn every_profile_has_a_report_of_its_own_and_clean_takes_one() {
    let paper = with_profile("smoke");
    // In both orders: a folder that holds nothing but reports of other profiles is free for the default one.
    paper.ok(&["--profile", "smoke", "report"]);
    let smoke = paper.read("report/smoke/fig/rising.csv");
    paper.ok(&["report"]);
    assert!(paper.read("report/fig/rising.csv").contains("1,2") && smoke.contains("1,1"));
    assert!(!paper.read("report/SHA256SUMS").contains("smoke"));
    paper.ok(&["--profile", "smoke", "report"]).says("nothing to do");
    paper.ok(&["clean"]);
    assert!(!paper.file("report/index.html").exists() && !paper.file("report/fig").exists());
    assert_eq!(paper.read("report/smoke/fig/rising.csv"), smoke);
    paper.ok(&["report"]);
    paper.ok(&["--profile", "smoke", "clean"]);
    assert!(!paper.file("report/smoke").exists() && paper.file("report/index.html").exists());
    paper.ok(&["clean"]);
    assert!(!paper.file("report").exists());
    paper.edit("manifest.toml", "profile.smoke", "profile.fig");
    paper.run(&["check"]).expect(2).says("the report needs that name itself");
}

#[test]
fn advice_names_the_profile_in_force() {
    let paper = with_profile("smoke");
    let smoke = |args: &[&str]| paper.run(&[&["--profile", "smoke"], args].concat());
    smoke(&["report"]).expect(0).says("`condense --profile smoke accept` writes it");
    smoke(&["accept"]).expect(0);
    paper.write("report/smoke/fig/rising.csv", "x,y\n0,9\n");
    smoke(&["report"]).expect(4).says("condense --profile smoke restore rising");
    smoke(&["restore", "rising"]).expect(0);
    paper.write("scripts/line.sh", &crate::support::LINE.replace("echo 0,0", "echo 0,1"));
    smoke(&["report"])
        .expect(4)
        .says("condense --profile smoke diff rising")
        .says("condense --profile smoke accept rising");
    smoke(&["show", "rising"]).expect(0);
}

#[test]
fn a_profile_says_how_long_it_takes_before_it_starts_and_not_when_there_is_nothing_to_do() {
    let paper = with_profile("smoke");
    let about = "[profile.smoke]\nsays = \"tiny\"\nminutes = 0.5\n\n[[figure]]\nid = \"rising\"";
    paper.edit("manifest.toml", "[[figure]]\nid = \"rising\"", about);
    let says = "profile `smoke`: tiny; about 0.5 minutes on two cores where nothing is kept";
    paper.ok(&["--profile", "smoke", "report"]).says(says);
    assert!(!paper.ok(&["--profile", "smoke", "report"]).stderr.contains(says));
    assert!(!paper.ok(&["report"]).stderr.contains("profile `"));
    paper.edit("manifest.toml", "[profile.smoke]", "[profile.smke]");
    paper.run(&["check"]).expect(2).says("no figure has a profile `smke`").says("did you mean `smoke`?");
    paper.edit("manifest.toml", "[profile.smke]\nsays = \"tiny\"", "[profile.smoke]");
    paper.run(&["check"]).expect(2).says("lacks `says`");
}

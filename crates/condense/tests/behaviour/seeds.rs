//! Further seeds from outside: what is measured again when, what the page says of it, and what the lock remembers.

use crate::support::{Paper, small};

/// A line whose slope is the parameter plus the seed.
const NOISY: &str = r#"input=$(cat)
slope=$(echo "$input" | sed 's/.*"slope":\([0-9.-]*\).*/\1/')
seed=$(echo "$input" | sed 's/.*"seed":\([0-9]*\).*/\1/')
out=$CONDENSE_OUT
slope=$((slope + seed))
{ echo x,y; echo 0,0; echo "1,$slope"; } > "$out/line.csv"
echo "{\"slope\": $slope}" > "$out/values.json"
"#;

const TABLE: &str = "[figure.robustness]\n";

/// One figure, `rising`, of slope 2 + 1 at seed 1; three further seeds are asked for.
fn noisy() -> Paper {
    let paper = small();
    let manifest = paper.read("manifest.toml");
    let (one, _) = manifest.split_once("[[figure]]\nid = \"falling\"").expect("two figures");
    paper.write("manifest.toml", &one.replace("[[figure]]", "[robustness]\nseeds = 3\n\n[[figure]]"));
    std::fs::remove_file(paper.file("figures/falling.md")).expect("removed");
    paper.write("scripts/line.sh", NOISY);
    paper
}

/// The same with more in the figure's entry.
fn with(table: &str) -> Paper {
    let paper = noisy();
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &format!("{manifest}\n{TABLE}{table}"));
    paper
}

fn seeds(steps: &[String]) -> Vec<&str> {
    steps.iter().filter(|step| step.starts_with("seed ")).map(String::as_str).collect()
}

#[test]
fn each_claim_is_measured_at_the_seeds_after_the_figures_own() {
    let paper = noisy();
    let run = paper.report().says("1/1 claims hold  1/1 at further seeds, too");
    assert_eq!(seeds(&run.steps()), ["seed 2 of rising", "seed 3 of rising", "seed 4 of rising"]);
    paper.ok(&["show", "rising"]).prints("holds at 3 of 3 further seeds (44 to 100 %), with 4 to 6");
    let html = paper.pages();
    assert!(html.contains("holds at 3 of 3 further seeds") && html.contains("class=\"strip\""), "{html}");
    assert!(html.contains("3 at seed 1; at seeds 2 to 4: 4, 5, 6; asked for above 1.5"));
    assert!(paper.read("report/report.md").contains("3 of 3 hold (44 to 100 %), 4 … 6"));
    let json: serde_json::Value = serde_json::from_str(&paper.read("report/fig/rising.json")).expect("JSON");
    assert_eq!(json["further_seeds"]["values"]["4"]["slope"].as_f64(), Some(6.0));
    let list: serde_json::Value = serde_json::from_str(&paper.ok(&["list", "--json"]).stdout).expect("JSON");
    assert_eq!(list["figures"][0]["claims"][0]["further_seeds"][2]["seed"], 4);
    assert!(paper.report().says("1/1 at further seeds, too").steps().is_empty());
}

#[test]
fn a_claim_that_fails_at_a_further_seed_is_shown_and_fails_nothing() {
    let paper = noisy();
    paper.edit("figures/rising.md", "above = 1.5", "below = 4.5");
    paper.report().says("1/1 claims hold  0/1 at further seeds, too");
    let html = paper.pages();
    assert!(
        html.contains("holds at 1 of 3 further seeds")
            && html.contains("0 of the 1 that depend on the seed hold at further seeds, too")
    );
    paper
        .ok(&["show", "rising"])
        .prints("holds at 1 of 3 further seeds (6 to 79 %), with 4 to 6; it fails with 5 at seed 3, 6 at seed 4");
    paper.edit("figures/rising.md", "below = 4.5", "below = 2.5");
    paper.run(&["report"]).expect(5).says("0/1 claims hold");
}

#[test]
fn a_bound_that_moves_computes_nothing_and_one_more_seed_computes_that_one() {
    let paper = noisy();
    paper.report();
    paper.edit("figures/rising.md", "above = 1.5", "above = 1.75");
    assert_eq!(paper.report().steps(), ["check rising", "index", "page rising"]);
    paper.edit("manifest.toml", "seeds = 3", "seeds = 4");
    let run = paper.report().says("`further.seeds`: [2,3,4] → [2,3,4,5]");
    assert_eq!(seeds(&run.steps()), ["seed 5 of rising"]);
    assert!(!run.steps().iter().any(|step| step.starts_with("run ") || step.starts_with("draw ")), "{:?}", run.steps());
}

#[test]
fn the_lock_remembers_the_further_seeds() {
    let paper = noisy();
    paper.report();
    paper.ok(&["accept"]);
    paper.ok(&["verify"]);
    paper.edit("manifest.toml", "seeds = 3", "seeds = 2");
    paper.report().says("the lock is older than its manifest entry");
    paper.ok(&["accept"]);
    // The number at a further seed comes out otherwise, the figure's own does not.
    paper.edit("scripts/line.sh", "slope=$((slope + seed))", "slope=$((slope + seed)); [ $seed = 3 ] && slope=9");
    paper.run(&["report"]).expect(4).says("fig/rising.json");
    paper.run(&["verify"]).expect(4).says("fig/rising.json");
}

#[test]
fn parameters_of_the_further_seeds_are_told_and_have_a_reason() {
    let paper = with("params = { slope = 20 }\nbecause = \"Steeper there.\"\n");
    paper.report();
    let html = paper.pages();
    assert!(html.contains("Steeper there.") && html.contains("at seeds 2 to 4: 22, 23, 24"), "{html}");
    let paper = with("params = { slope = 20 }\n");
    paper.run(&["check"]).expect(2).says("error[M012]: `because` is missing");
    let paper = with("params = { slop = 20 }\nbecause = \"x\"\n");
    paper.run(&["check"]).expect(2).says("unknown parameter `slop`").says("slope");
}

#[test]
fn another_profile_may_measure_them_and_then_the_page_says_which() {
    let paper = with("profile = \"full\"\nbecause = \"They take long.\"\n");
    let run = paper.report();
    assert!(seeds(&run.steps()).is_empty());
    let html = paper.pages();
    assert!(html.contains("Not measured at further seeds here: <code>condense --profile full report</code> does."));
    assert!(html.contains("They take long.") && !html.contains("class=\"strip\""));
    let run = paper.ok(&["-v", "--profile", "full", "report"]).says("1/1 at further seeds, too");
    assert_eq!(seeds(&run.steps()).len(), 3);
    let paper = with("profile = \"full\"\n");
    paper.run(&["check"]).expect(2).says("error[M012]: `because` is missing");
}

#[test]
fn what_another_profile_measured_is_committed_and_shown_with_its_day() {
    let paper = with("profile = \"full\"\nbecause = \"They take long.\"\n");
    paper.write("manifest.toml", &(paper.read("manifest.toml") + "[figure.profile.full]\nslope = 10\n"));
    paper.ok(&["--profile", "full", "report"]).says("rising: further seeds are not as manifest.seeds has them");
    let day = |text: &str| paper.command(&["--profile", "full", text]).env("SOURCE_DATE_EPOCH", "86400").output();
    assert!(day("report").expect("it starts").status.success());
    let said = day("accept").expect("it starts");
    assert!(String::from_utf8_lossy(&said.stderr).contains("manifest.seeds written"), "{said:?}");
    let record = paper.read("manifest.seeds");
    assert!(record.contains("date = \"1970-01-02\"") && record.contains("\"slope\" = [12.0, 13.0, 14.0]"), "{record}");

    let run = paper.report().says("1/1 claims hold  1/1 at further seeds, too");
    assert!(seeds(&run.steps()).is_empty(), "nothing is measured: {:?}", run.steps());
    let html = paper.pages();
    assert!(
        html.contains("measured on 1970-01-02 under profile <code>full</code>.") && html.contains("class=\"strip\"")
    );
    assert!(paper.read("report/report.md").contains("3 of 3 hold (44 to 100 %), 12 … 14"));
    assert!(paper.report().steps().is_empty());

    // Today's claim is judged by the numbers on record.
    paper.edit("figures/rising.md", "above = 1.5", "below = 12.5");
    paper.report().says("0/1 at further seeds, too");
    // A record that changes is noticed, and one that cannot be is refused.
    paper.edit("manifest.seeds", "12.0, 13.0, 14.0", "12.0, 12.0, 12.0");
    paper.report().says("1/1 at further seeds, too");
    paper.edit("manifest.seeds", "12.0, 12.0, 12.0", "12.0, nan, 12.0");
    paper.run(&["report"]).expect(2).says("error[L004]").says("not one number for each seed of `slope`");
    paper.edit("manifest.seeds", "12.0, nan, 12.0", "12.0, 13.0, 14.0");

    // What a claim asks for and the record lacks is told: the note below once spoke of dots beside each claim.
    paper.edit("manifest.seeds", "\"slope\" =", "\"steepness\" =");
    paper.report();
    let html = paper.pages();
    assert!(html.contains("not measured at further seeds yet") && !html.contains("class=\"strip\""));
    assert!(paper.read("report/report.md").contains("| not measured yet |"));
    paper.edit("manifest.seeds", "\"steepness\" =", "\"slope\" =");

    // Other code: told. Other settings: no longer shown.
    paper.edit("scripts/line.sh", "echo x,y;", "echo x,y; :;");
    paper.report();
    assert!(paper.pages().contains("under profile <code>full</code>, by the code of that day."));
    paper.edit("manifest.toml", "slope = 10", "slope = 11");
    paper.report();
    let html = paper.pages();
    assert!(
        html.contains("measured with other settings: <code>condense --profile full report</code> measures them again.")
    );
    assert!(!html.contains("class=\"strip\""));
}

#[test]
fn what_is_stale_at_all_further_seeds_is_told_once() {
    let paper = noisy();
    paper.report();
    paper.edit("manifest.toml", "slope = ", "slope = 1");
    for verb in ["status", "why"] {
        let told = paper.run(&[verb, "rising"]).expect(3).stdout;
        assert_eq!(told.matches("seed").count(), 1, "{told}");
        assert!(told.contains("seeds 2 to 4 of rising") && told.contains("run rising"), "{told}");
    }
}

#[test]
fn the_number_of_a_figure_leads_to_its_id() {
    let paper = noisy();
    paper.run(&["why", "1"]).expect(2).says("figure 1 of the report is `rising`");
    paper.run(&["why", "7"]).expect(2).says("figures: `rising`");
}

/// The file once stayed, with nothing but its heads, and every build went the whole way.
#[test]
fn the_file_goes_with_its_last_figure() {
    let paper = with("profile = \"full\"\nbecause = \"They take long.\"\n");
    paper.ok(&["--profile", "full", "report"]);
    paper.ok(&["--profile", "full", "accept"]).says("manifest.seeds written: commit it");
    assert!(paper.file("manifest.seeds").exists());
    paper.edit(
        "manifest.toml",
        "profile = \"full\"\nbecause = \"They take long.\"\n",
        "seeds = 0\nbecause = \"No need.\"\n",
    );
    paper.report();
    paper.ok(&["accept"]).says("manifest.seeds removed: commit that");
    assert!(!paper.file("manifest.seeds").exists());
    assert!(paper.report().steps().is_empty());
}

#[test]
fn a_profile_that_judges_nothing_measures_no_further_seeds() {
    let paper = noisy();
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &format!("{manifest}\n[figure.profile.smoke]\nslope = 1\n"));
    assert!(seeds(&paper.ok(&["-v", "--profile", "smoke", "report"]).steps()).is_empty());
}

#[test]
fn a_run_that_fails_at_a_further_seed_is_named() {
    let paper = noisy();
    paper.edit("scripts/line.sh", "out=$CONDENSE_OUT", "out=$CONDENSE_OUT; [ $seed = 3 ] && exit 7");
    paper.run(&["report"]).expect(1).says("seed 3");
}

#[test]
fn a_value_that_is_missing_at_a_further_seed_is_named_with_the_claim_that_asks() {
    let paper = noisy();
    let last = "echo \"{\\\"slope\\\": $slope}\" > \"$out/values.json\"";
    let other = format!("{last}; [ $seed = 3 ] && echo '{{\"slop\": 1}}' > \"$out/values.json\"; true");
    paper.edit("scripts/line.sh", last, &other);
    paper.run(&["report"]).expect(2).says("at seed 3 the results have no value `slope`").says("figures/rising.md");
}

#[test]
fn what_is_wrong_with_the_tables_is_told_with_its_place() {
    let top = |text: &str| {
        let paper = noisy();
        paper.edit("manifest.toml", "[robustness]\nseeds = 3\n", text);
        paper.run(&["check"]).expect(2)
    };
    top("[robustness]\n").says("`[robustness]` lacks `seeds`");
    top("[robustness]\nseeds = 1000\n").says("`seeds` is at most 100");
    top("[robustness]\nseeds = -1\n").says("seeds");
    top("[robustness]\nsedes = 3\n").says("unknown key `sedes`").says("seeds");
    top("[[robustness]]\nseeds = 3\n").says("write `[robustness]`");
    let figure = |text: &str| with(text).run(&["check"]).expect(2);
    figure("because = \"\"\nseeds = 0\n").says("`because` is empty");
    figure("profile = \"No such\"\nbecause = \"x\"\n").says("profile `No such` cannot be used");
    figure("params = 3\nbecause = \"x\"\n").says("`params` must be a table");
    figure("because = \"{{ value('slop') }}\"\nseeds = 0\n").says("P030");
}

#[test]
fn a_claim_about_the_share_of_seeds_is_judged_by_the_further_ones() {
    let paper = noisy();
    // Slopes are 4, 5, 6 at the further seeds: two of three lie below 5.5.
    paper.edit("figures/rising.md", "above = 1.5", "below = 5.5\nshare = 0.66");
    paper.report().says("1/1 claims hold  1/1 at further seeds, too");
    paper
        .ok(&["show", "rising"])
        .prints("asked for below 5.5, at 66 % of the further seeds or more")
        .prints("holds at 2 of 3 further seeds (21 to 94 %), with 4 to 6; it fails with 6 at seed 4");
    assert!(paper.pages().contains("at 66 % of the further seeds or more"));
    // The bound is met at the figure's own seed, and at too few of the others.
    paper.edit("figures/rising.md", "share = 0.66", "share = 0.67");
    paper.run(&["report"]).expect(5).says("0/1 claims hold").says("below 5.5, at 67 % of the further seeds or more");
    // Where none was measured, the own seed is asked, and the page says what was not.
    paper.edit("manifest.toml", "seeds = 3", "seeds = 0");
    paper.report().says("1/1 claims hold");
    paper.ok(&["show", "rising"]).prints("the claim is of 67 % of the further seeds, which were not measured");
    for (wrong, message) in [
        ("share = 0", "`share` lies between 0 and 1"),
        ("share = 1.0", "`share` lies between 0 and 1"),
        ("share = 0.5\nidentity = true", "an identity holds at every seed"),
        ("identity = 1", "identity"),
    ] {
        let paper = noisy();
        paper.edit("figures/rising.md", "above = 1.5", &format!("above = 1.5\n{wrong}"));
        paper.run(&["check"]).expect(2).says(message);
    }
}

#[test]
fn an_identity_is_checked_and_not_counted() {
    let paper = noisy();
    let page = paper.read("figures/rising.md");
    let claim = "\n```claim\nid = \"same\"\nsays = \"It is itself.\"\nvalue = \"slope\"\nequals = 3\nwithin = 3\nidentity = true\n```\n";
    paper.write("figures/rising.md", &(page + claim));
    paper.report().says("1/1 claims hold  1/1 at further seeds, too  1/1 identity kept");
    let html = paper.pages();
    assert!(html.contains("1 of 1 claims hold") && html.contains("✓ 1 identity kept") && html.contains("✓ identity"));
    paper.ok(&["show", "rising"]).prints("✓ an identity    It is itself.");
    paper.ok(&["list"]).prints("1/1 claims hold");
    paper.edit("figures/rising.md", "within = 3", "within = -1");
    paper.run(&["check"]).expect(2);
    paper.edit("figures/rising.md", "equals = 3\nwithin = -1", "below = 2");
    paper.run(&["report"]).expect(5).says("claim same of rising").says("0/1 identity kept");
    assert!(paper.pages().contains("✗ 1 of 1 identities broken"));
}

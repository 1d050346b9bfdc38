//! Texts beside the figures: summary, introduction, what opens a section, conclusion.

use crate::support::small;
use condense_testing::paper::Paper;

/// The small paper with a summary and a text for its one section.
fn told() -> Paper {
    let paper = small();
    paper.edit("manifest.toml", "id = \"rising\"\n", "id = \"rising\"\nsection = \"Lines\"\n");
    let manifest = paper.read("manifest.toml");
    let texts = "[texts]\nsummary = \"text/summary.md\"\n[texts.sections]\n\"Lines\" = \"text/lines.md\"\n";
    paper.write("manifest.toml", &format!("{texts}\n{manifest}"));
    paper.write(
        "text/summary.md",
        "It rises by {{ value(\"rising:slope\") }} of {{ param(\"rising:slope\") }}, as {{ ref(\"rising\") }} shows.\n",
    );
    paper.write("text/lines.md", "Two lines.\n");
    paper
}

#[test]
fn texts_stand_where_they_belong_and_quote_any_figure() {
    let paper = told();
    paper.report();
    let html = paper.read("report/index.html");
    let quoted = "It rises by <a class=\"v\" href=\"fig/rising.html#rising:slope\" title=\"slope = 2\">2</a> of 2, as \
                  <a href=\"#fig-rising\">Figure 1</a> shows.";
    assert!(html.contains(quoted) && html.contains("Two lines."), "{html}");
    let md = paper.read("report/report.md");
    assert!(
        md.contains("## Summary\n\nIt rises by 2 of 2, as [Figure 1](#fig-rising) shows.") && md.contains("Two lines.")
    );
}

#[test]
fn an_edit_of_a_text_writes_that_text_and_the_pages_that_hold_it() {
    let paper = told();
    paper.report();
    paper.edit("text/lines.md", "Two lines.", "Both lines.");
    assert_eq!(paper.report().steps(), ["index", "text of section Lines"]);
    // Another result reaches the text that quotes it, and no other.
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    let steps = paper.report().steps();
    assert!(
        steps.contains(&"text summary".to_owned()) && !steps.contains(&"text of section Lines".to_owned()),
        "{steps:?}"
    );
    assert!(paper.read("report/index.html").contains(">4</a> of 4"));
}

#[test]
fn what_is_wrong_with_a_text_is_told_with_its_place() {
    let wrong = [
        ("text/summary.md", "rising:slope", "risen:slope", "unknown figure `risen`"),
        ("text/summary.md", "value(\"rising:slope\")", "value(\"slope\")", "`slope` does not say of which figure"),
        ("text/summary.md", "param(\"rising:slope\")", "param(\"rising:slop\")", "unknown parameter `rising:slop`"),
        ("manifest.toml", "\"Lines\" = ", "\"Lanes\" = ", "no figure stands in a section `Lanes`"),
        ("manifest.toml", "text/lines.md", "text/lanes.md", "text/lanes.md"),
        ("manifest.toml", "[texts]\nsummary", "[texts]\nsumary", "unknown key `sumary`"),
    ];
    for (file, old, new, says) in wrong {
        let paper = told();
        let text = paper.read(file);
        paper.write(file, &text.replace(old, new));
        paper.run(&["report"]).expect(2).says(says);
    }
    // A value that the results lack is found when they are there.
    let paper = told();
    paper.edit("text/summary.md", "value(\"rising:slope\")", "value(\"rising:slop\")");
    paper.run(&["report"]).expect(2).says("text/summary.md").says("P031");
}

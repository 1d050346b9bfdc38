//! Tables and values that a program wrote: what is published is what it wrote, what is missing is told, and what cannot be
//! meant is refused with its place.

use crate::support::{Paper, Run, small};

const VALUES: &str = "{\"slope\": 2}";

/// A paper of one figure, whose program writes this table and these values.
fn paper(csv: &str, values: &str) -> Paper {
    let paper = small();
    let manifest = crate::support::MANIFEST;
    let second = manifest.rfind("[[figure]]").expect("two figures");
    let first = manifest[..second].replace("reads = [", "reads = [\"line.csv\", \"values.json\", ");
    paper.write("manifest.toml", &first);
    std::fs::remove_file(paper.file("figures/falling.md")).expect("removed");
    paper.write("line.csv", csv);
    paper.write("values.json", values);
    paper.write("scripts/line.sh", "cp line.csv values.json $CONDENSE_OUT/");
    paper
}

/// The only chart of the figure draws this instead.
fn draws(paper: &Paper, panel: &str) {
    let (head, rest) = crate::support::RISING.split_once("[[panel]]").expect("a panel");
    let (_, tail) = rest.split_once("```").expect("a fence");
    paper.write("figures/rising.md", &format!("{head}{panel}\n```{tail}"));
}

fn refused(csv: &str, values: &str) -> Run {
    paper(csv, values).run(&["report"]).expect(1)
}

/// Into how many stretches the line of a picture is broken.
fn stretches(svg: &str) -> usize {
    let line = svg.split("<path class=\"plot-blue\"").nth(1).expect("a line");
    let data = line.split(" d=\"").nth(1).and_then(|data| data.split('"').next()).expect("its data");
    data.matches('m').count()
}

/// Once the whole column became words, drawn as categories, and nothing was said.
#[test]
fn a_missing_value_is_a_gap_that_is_told_once() {
    for mark in ["", "NA", "N/A", "NaN", "null"] {
        let paper = paper(&format!("x,y\n1,10\n2,20\n3,{mark}\n4,1000\n5,5\n"), VALUES);
        let run = paper.ok(&["report"]);
        let note = "note  run rising: `line.csv`, column `y`: 1 of 5 values is missing, in row 3\n";
        assert_eq!(run.stderr.matches(note).count(), 1, "{}", run.stderr);
        let svg = paper.read("report/fig/rising.svg");
        assert_eq!(stretches(&svg), 2, "{svg}");
        assert!(svg.contains("<desc>A line through the origin. 1 value is missing.</desc>"), "{svg}");
        assert!(svg.contains(">500</text>") && !svg.contains(">20</text>"), "an axis of numbers: {svg}");
        assert!(paper.read("report/index.html").contains("The line. 1 value is missing.</figcaption>"));
        assert!(paper.read("report/report.md").contains("The line. 1 value is missing."));
        assert!(paper.read("report/fig/rising.csv").contains(&format!("3,{mark}\n")), "published as it was written");
        assert!(!paper.ok(&["report"]).stderr.contains("missing"));
    }
}

#[test]
fn every_kind_of_layer_leaves_out_what_is_missing() {
    let csv = "x,y,z,k,w\n0,0,1,a,1\n1,0,,a,2\n2,1,3,b,\n,1,4,b,1\n4,NA,5,,2\n0,1,6,c,1\n";
    let kinds = [
        "kind = 'line'\nx = 'x'\ny = 'y'",
        "kind = 'points'\nx = 'x'\ny = 'z'\nby = 'w'\nlabel = 'w = {}'",
        "kind = 'band'\nx = 'x'\nlow = 'y'\nhigh = 'z'",
        "kind = 'bars'\nx = 'k'\ny = 'z'",
        "kind = 'bars'\nx = 'x'\ny = 'y'\nwhere = { k = 'b' }",
        "kind = 'heatmap'\nx = 'x'\ny = 'y'\nz = 'z'\nleads = 'x'",
        "kind = 'segments'\nx = 'x'\ny = 'y'\nx2 = 'z'\ny2 = 'x'\nwidths = 'w'",
        "kind = 'arrows'\nx = 'x'\ny = 'y'\nx2 = 'z'\ny2 = 'x'",
        "kind = 'text'\nx = 'x'\ny = 'y'\ntext = 'z'",
        "kind = 'table'\ncolumns = [{ column = 'x' }, { column = 'z' }]",
    ];
    for keys in kinds {
        let paper = paper(csv, VALUES);
        let goals: String = ["0", "1", "2"]
            .map(|at| format!("[[panel]]\nanchor = '{at}'\n[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = 0\n"))
            .concat();
        let goals = if keys.contains("leads") { goals } else { String::new() };
        draws(&paper, &format!("[[panel]]\n[[panel.layer]]\nframe = 'line'\n{keys}\n{goals}"));
        let run = paper.ok(&["report"]);
        assert_eq!(run.stderr.matches(" missing").count(), 4, "{}", run.stderr);
        let svg = paper.read("report/fig/rising.svg");
        assert!(svg.contains(" is missing.</desc>") || svg.contains(" are missing.</desc>"), "{keys}: {svg}");
        assert!(!svg.contains("NaN") && !svg.contains("NA<"), "{keys}: {svg}");
    }
}

#[test]
fn what_has_no_value_at_all_is_refused_with_its_place() {
    for csv in ["x,y\n1,NA\n2,\n", "x,y\n1,\n,2\n"] {
        paper(csv, VALUES)
            .run(&["report"])
            .expect(2)
            .says("there is nothing to draw: in every row a value is missing")
            .says("figures/rising.md:15");
    }
    paper("x,y\n", VALUES).run(&["report"]).expect(2).says("the frame is empty");
    refused("", VALUES).says("`line.csv`, which cannot be used: it is empty: a CSV needs a header line");
}

/// Once such a column was drawn as categories.
#[test]
fn numbers_and_words_in_one_column_are_an_error_with_table_row_and_cell() {
    refused("x,y\n1,10\n2,20\n3,abc\n4,5\n", VALUES)
        .says("wrote `line.csv`, which cannot be used: column `y`, row 3: `abc` is a word in a column of numbers");
    refused("x,y\n1,10\n2,1e400\n", VALUES).says("column `y`, row 2: `1e400` is not a finite number");
    refused("x,y\n1,10\n2,-inf\n", VALUES).says("column `y`, row 2: `-inf` is not a finite number");
    let words = paper("x,y\n\"1\",10\nmany,-0\n", VALUES);
    words.ok(&["report"]);
    assert!(words.read("report/fig/rising.svg").contains(">many</text>"), "in quotes a number is a word");
}

/// Once zeros in front were lost, and integers rounded to the nearest double.
#[test]
fn a_table_is_published_byte_for_byte() {
    let csv = "\u{feff}x,y,id,note\r\n1,2.0,007,\"two\r\nlines, \"\"quoted\"\"\"\r\n 2,+4,9007199254740993,\r\n";
    let paper = paper(csv, VALUES);
    paper.ok(&["report"]);
    assert_eq!(paper.read("report/fig/rising.csv"), csv);
    draws(
        &paper,
        "[[panel]]\n[[panel.layer]]\nkind = 'points'\nframe = 'line'\nx = 'x'\ny = 'y'\nby = 'id'\nlabel = 'no. {}'",
    );
    paper.ok(&["report"]);
    let svg = paper.read("report/fig/rising.svg");
    assert!(svg.contains(">no. 007</text>") && svg.contains(">no. 9007199254740993</text>"), "{svg}");
}

#[test]
fn bad_quotes_and_double_columns_are_refused_with_their_place() {
    refused("x,y\n1,\"2\n", VALUES).says("row 1: a quote is not closed");
    refused("x,y\n1,2\n\"3\"4,5\n", VALUES).says("row 2: `4` behind a closing quote");
    refused("x,y,x\n1,2,3\n", VALUES).says("column `x` stands twice");
}

/// Once this was "no object of numbers".
#[test]
fn a_value_that_is_no_number_is_told_by_name() {
    let csv = "x,y\n0,0\n1,2\n";
    refused(csv, "{\"slope\": NaN}")
        .says("`values.json`, which cannot be used: value `slope` is NaN, not a finite number");
    refused(csv, "{\"slope\": 2, \"end\": -Infinity}").says("value `end` is -Infinity");
    refused(csv, "{\"slope\": null}").says("value `slope` is null, not a number");
    refused(csv, "{\"slope\": 1, \"slope\": 2}").says("value `slope` stands twice");
    refused(csv, "{\"slope\": 9007199254740993}").says("the nearest is 9007199254740992");
}

/// Once dates stood side by side, whatever lay between them.
#[test]
fn dates_stand_at_their_distances_in_time() {
    let paper = paper("x,y\n2020-01-01,1\n2020-01-02,2\n2025-06-01,3\n", VALUES);
    paper.ok(&["report"]);
    let svg = paper.read("report/fig/rising.svg");
    for year in 2020..=2025 {
        assert!(svg.contains(&format!(">{year}</text>")), "{svg}");
    }
    let line =
        svg.split("<path class=\"plot-blue\"").nth(1).and_then(|line| line.split(" d=\"").nth(1)).expect("a line");
    let line = line.split('"').next().expect("its data").replace('-', " -").replace('m', "");
    let steps: Vec<i32> = line.split_whitespace().map(|step| step.parse().expect("a number")).collect();
    let [_, _, day, _, years, _] = steps[..] else { panic!("{steps:?}") };
    assert!((0..=20).contains(&day) && years > 4000, "a day and five years: {steps:?}");
    draws(
        &paper,
        "[[panel]]\nx = { scale = 'time', min = '2019-01-01', ticks = ['2020-07-01'] }\n[[panel.layer]]\nkind = 'line'\n\
         frame = 'line'\nx = 'x'\ny = 'y'\n[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = '2022-02-24'\nlabel = 'then'",
    );
    paper.ok(&["report"]);
    let svg = paper.read("report/fig/rising.svg");
    assert!(svg.contains(">2020-07-01</text>") && svg.contains(">then</text>"), "{svg}");
}

#[test]
fn dates_that_no_calendar_has_and_dates_among_numbers_are_refused() {
    refused("x,y\n2024-02-29,1\n2024-02-30,2\n", VALUES)
        .says("column `x`, row 2: `2024-02-30` is no day of the calendar");
    refused("x,y\n2024-02-28,1\n2024-02-29,2\n5,3\n", VALUES).says("row 3: `5` is a number in a column of dates");
    let paper = paper("x,y\n2024-02-28,1\n2024-02-29,2\n", VALUES);
    draws(
        &paper,
        "[[panel]]\nx = { max = '2024-02-30' }\n[[panel.layer]]\nkind = 'line'\nframe = 'line'\nx = 'x'\ny = 'y'",
    );
    paper.run(&["report"]).expect(2).says("`2024-02-30` is no day of the calendar").says("figures/rising.md:10");
    draws(
        &paper,
        "[[panel]]\n[[panel.layer]]\nkind = 'line'\nframe = 'line'\nx = 'x'\ny = 'y'\n[[panel.layer]]\nkind = 'rule'\naxis = 'x'\nat = 0",
    );
    paper.run(&["report"]).expect(2).says("axis `x` is one of dates: here is 0").says("figures/rising.md:18");
}

/// Once half of each cell was white, and a map of one row was empty.
#[test]
fn cells_whose_centres_differ_by_noise_are_whole() {
    let noisy = 0.1 + 0.1 + 0.1;
    let paper = paper(&format!("x,y,z\n0,0.3,1\n1,{noisy},2\n2,0.3,3\n"), VALUES);
    draws(&paper, "[[panel]]\n[[panel.layer]]\nkind = 'heatmap'\nframe = 'line'\nx = 'x'\ny = 'y'\nz = 'z'");
    paper.ok(&["report"]);
    let svg = paper.read("report/fig/rising.svg");
    let cells = svg.split("<path").filter(|path| path.contains("crispEdges") && path.contains('h')).count();
    assert!(cells >= 3, "{svg}");
    paper.write("line.csv", &format!("x,y,z\n0,0.3,1\n0,{noisy},2\n"));
    paper.run(&["report"]).expect(2).says("two cells of the heat map stand at (0, 0.3)").says("figures/rising.md:10");
}

#[test]
fn missing_values_at_further_seeds_are_not_told() {
    let paper = paper("x,y\n1,2\n2,\n", VALUES);
    let manifest = paper.read("manifest.toml");
    paper.write("manifest.toml", &manifest.replacen("[[figure]]", "[robustness]\nseeds = 3\n\n[[figure]]", 1));
    let run = paper.report();
    assert_eq!(
        (run.stderr.matches("missing").count(), run.steps().iter().filter(|step| step.starts_with("seed")).count()),
        (1, 3)
    );
}

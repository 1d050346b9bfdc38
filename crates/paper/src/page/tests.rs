//! Every kind of mistake in a page, with the words and the place that answer it.
//! Results are made up here; nothing is drawn.

use super::*;
use crate::claim::Bound;
use proptest::prelude::*;

const CHART: &str = "```chart\nalt = 'a'\ncaption = 'c'\n[[panel]]\n[[panel.layer]]\nkind = 'line'\nframe = 'loss'\nx = 'step'\ny = 'loss'\n```\n";
const CLAIM: &str = "```claim\nsays = 'It falls.'\nvalue = 'loss.end'\nbelow = 0.5\n```\n";

fn parsed(text: &str) -> Result<Page, Vec<Diagnostic>> {
    let (page, faults) = parse("a", &Source::new("figures/a.md", text));
    if faults.is_empty() { Ok(page.expect("a page without mistakes")) } else { Err(faults) }
}

/// The only mistake of a page, as it is printed.
#[track_caller]
fn only(text: &str) -> String {
    let faults = parsed(text).expect_err("a mistake");
    assert_eq!(faults.len(), 1, "{}", faults.iter().map(|fault| fault.render(false)).collect::<Vec<_>>().join("\n"));
    faults[0].render(false)
}

#[track_caller]
fn says(printed: &str, parts: &[&str]) {
    for part in parts {
        assert!(printed.contains(part), "{part:?} is not in\n{printed}");
    }
}

#[test]
fn a_good_page_is_read_part_by_part() {
    let text = format!(
        "# The loss $L$\r\n\nIt is {{{{ value(\"loss.end\", digits=3) }}}}.\n\n{CHART}\n```python\nprint()\n```\n{CLAIM}The end.\n"
    );
    let page = parsed(&text).expect("good");
    assert_eq!(page.title.text(), "The loss $L$");
    let [first, Part::Chart(chart), code, Part::Claim(claim), Part::Prose(last)] = page.parts.as_slice() else {
        panic!("{:#?}", page.parts)
    };
    let says = |part: &Part, words| matches!(part, Part::Prose(text) if text.text().contains(words));
    assert!(says(first, "It is {{ value(") && says(code, "```python"));
    assert_eq!(last.text(), "The end.\n");
    assert_eq!((chart.drawing.chart.panels.len(), chart.caption.text(), page.stem(chart)), (1, "c", "a".to_owned()));
    assert_eq!(chart.drawing.text(), CHART[9..CHART.len() - 4].replace("'c'", ""));
    assert_eq!(
        (claim.id.as_str(), claim.bound, &text[claim.value_at.clone()]),
        ("loss.end", Bound::Below(0.5), "'loss.end'")
    );
}

#[test]
fn bounds_of_every_kind_are_read() {
    let bound = |keys: &str| {
        let page = parsed(&format!("# T\n{}", CLAIM.replace("below = 0.5", keys))).expect("good");
        page.claims().next().expect("a claim").bound
    };
    assert_eq!(bound("above = 2"), Bound::Above(2.0));
    assert_eq!(bound("between = [1, 2.5]"), Bound::Between(1.0, 2.5));
    assert_eq!(bound("equals = 3\nwithin = 0"), Bound::Equals(3.0, 0.0));
}

#[test]
fn a_profile_may_have_a_bound_of_its_own() {
    let text = format!("# T\n{}", CLAIM.replace("below = 0.5", "below = 0.5\n[profile.full]\nbetween = [1, 2]"));
    let mut page = parsed(&text).expect("good");
    let claim = page.claims_mut().next().expect("a claim");
    let known = |name: &str| claim.unknown_profiles(&std::iter::once(name.to_owned()).collect()).len();
    assert_eq!([known("full"), known("smoke")], [0, 1]);
    claim.apply("smoke");
    assert_eq!(claim.bound, Bound::Below(0.5));
    claim.apply("full");
    assert_eq!(claim.bound, Bound::Between(1.0, 2.0));
    says(&only(&text.replace("between = [1, 2]", "between = [2, 1]")), &["error[P021]", "the wrong way round"]);
    says(&only(&text.replace("between = [1, 2]", "")), &["error[P021]: a claim needs a bound", "[profile.full]"]);
}

#[test]
fn a_page_starts_with_its_title() {
    for text in ["", "\n# T\n", "words\n", "#T\n", "# \n", "## T\n"] {
        says(
            &only(text),
            &["error[P003]: a page starts with its title", "figures/a.md:1:1", "# The title of the figure"],
        );
    }
}

#[test]
fn control_characters() {
    says(&only("# T\n\na\u{1b}[2Jb\n"), &["error[P002]: control character U+001B", "figures/a.md:3:2"]);
    says(&only("# T\n\u{202e}b\n"), &["error[P002]: control character U+202E"]);
    says(&only("# T\n\rb\n"), &["error[P002]: control character U+000D"]);
    assert!(parsed("# T\r\nb\r\n").is_ok());
}

#[test]
fn blocks_that_are_not_closed() {
    says(
        &only("# T\n\n```claim\nsays = 'x'\n"),
        &["error[P005]: this block is not closed", "figures/a.md:3:1", "close it with a line"],
    );
}

#[test]
fn toml_in_blocks_is_placed_in_the_page() {
    says(&only("# T\n\n```claim\nsays = \n```\n"), &["error[M001]: this is not TOML: ", "figures/a.md:4:8"]);
    says(
        &only(&format!("# T\n{}", CLAIM.replace("below", "belwo"))),
        &["error[M003]: unknown key `belwo`", "figures/a.md:5:1", "did you mean `below`?"],
    );
    says(
        &only(&format!("# T\n{}", CLAIM.replace("below = 0.5", "below = '0.5'"))),
        &["error[M005]: expected a number, found text \"0.5\"", "figures/a.md:5:9"],
    );
    says(
        &only(&format!("# T\n{}", CLAIM.replace("below = 0.5", "below = nan"))),
        &["error[M006]: number `nan` is not finite"],
    );
    says(
        &only(&format!("# T\n{}", CLAIM.replace("below = 0.5", "between = [-inf, 1]"))),
        &["error[M006]: number `-inf` is not finite"],
    );
    says(
        &only(&format!("# T\n{}", CLAIM.replace("below = 0.5", "between = [1, 2, 3]"))),
        &["error[P021]: `between` has two ends"],
    );
}

#[test]
fn claims_need_a_sentence_a_value_and_one_bound() {
    let with = |old: &str, new: &str| only(&format!("# T\n{}", CLAIM.replace(old, new)));
    says(&with("says = 'It falls.'\n", ""), &["error[M004]: a claim lacks `says`", "figures/a.md:2:1"]);
    says(&with("value = 'loss.end'\n", ""), &["error[M004]: a claim lacks `value`"]);
    says(&with("It falls.", " "), &["error[M005]: `says` is empty", "figures/a.md:3:8"]);
    says(&with("loss.end", "Loss end"), &["error[P022]: name `Loss end` cannot be used"]);
    says(&with("below = 0.5\n", ""), &["error[P021]: a claim needs a bound", "below = 0.01, above = 2"]);
    says(
        &with("below = 0.5", "below = 0.5\nabove = 0.1"),
        &["error[P021]: a claim has one bound: write a second claim for the other", "figures/a.md:6:9"],
    );
    says(
        &with("below = 0.5", "between = [2, 1]"),
        &["error[P021]: the ends of `between` are the wrong way round", "figures/a.md:5:11"],
    );
    says(&with("below = 0.5", "equals = 1"), &["error[P021]: `equals` needs `within`"]);
    says(&with("below = 0.5", "equals = 1\nwithin = -1"), &["error[P021]: `within` is negative"]);
    says(&with("below = 0.5", "below = 1\nwithin = 1"), &["error[P021]: `within` belongs to `equals`"]);
}

#[test]
fn claims_are_told_apart() {
    says(
        &only(&format!("# T\n{CLAIM}{CLAIM}")),
        &[
            "error[P025]: two claims have the id `loss.end`",
            "figures/a.md:9:9",
            "the first one",
            "takes its value's name",
        ],
    );
    assert!(parsed(&format!("# T\n{CLAIM}{}", CLAIM.replace("below", "id = 'other'\nbelow"))).is_ok());
}

#[test]
fn charts_need_words() {
    says(
        &only(&format!("# T\n{}", CHART.replace("alt = 'a'\n", ""))),
        &["error[M004]: a chart lacks `alt`", "figures/a.md:2:1", "alt = \"a sentence for readers"],
    );
    says(&only(&format!("# T\n{}", CHART.replace("caption = 'c'\n", ""))), &["error[M004]: a chart lacks `caption`"]);
    says(
        &only(&format!("# T\n{}", CHART.replace("caption = 'c'", "caption = ' '"))),
        &["error[P015]: `caption` is empty", "figures/a.md:4:11"],
    );
}

#[test]
fn faults_of_charts_stand_at_their_keys() {
    let with = |old: &str, new: &str| only(&format!("# T\n{}", CHART.replace(old, new)));
    says(
        &with("x = 'step'\n", "x = 'step'\ncolour = 'blue'\n"),
        &["error[M003]: unknown key `colour`", "figures/a.md:10:1", "did you mean `color`?"],
    );
    says(&with("'line'", "'lin'"), &["error[M005]: unknown word `lin`", "figures/a.md:7:8", "did you mean `line`?"]);
    says(
        &with("x = 'step'\n", "x = 'step'\nmarker = 'ring'\n"),
        &["error[P015]: `marker` is not a key of a `line` layer", "figures/a.md:10:10"],
    );
    says(
        &with("[[panel]]\n", "[[panel]]\ny = { min = 2, max = 1 }\n"),
        &["error[P015]: axis `y`: `min` = 2 is not below `max` = 1", "figures/a.md:6:13"],
    );
    says(&with("y = 'loss'\n", ""), &["error[P015]: a `line` layer needs `y`", "figures/a.md:6:1"]);
    says(
        &only("# T\n```chart\nalt = 'a'\ncaption = 'c'\n```\n"),
        &["error[P015]: a chart needs at least one `[[panel]]`", "figures/a.md:2:1"],
    );
}

#[test]
fn several_mistakes_of_one_chart_are_reported_together() {
    let chart = CHART.replace("alt = 'a'\n", "colums = 2\n").replace("'line'", "'lin'").replace("y = 'loss'", "y = 3");
    let faults = parsed(&format!("# T\n{chart}")).expect_err("mistakes");
    let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["M004", "M003", "M005", "M005"]);
}

#[test]
fn files_of_several_charts_are_told_apart() {
    let named = |name: &str| CHART.replace("alt", &format!("name = '{name}'\nalt"));
    says(
        &only(&format!("# T\n{CHART}{CHART}")),
        &["error[P016]: two charts have no `name`", "figures/a.md:12:1", "the first one"],
    );
    says(
        &only(&format!("# T\n{}{}", named("b"), named("b"))),
        &["error[P016]: two charts have the name `b`", "the first one"],
    );
    says(&only(&format!("# T\n{}", named("B/c"))), &["error[P016]: name `B/c` cannot be used: it must be kebab-case"]);
    let page = parsed(&format!("# T\n{}{CHART}{}", named("b"), named("c"))).expect("good");
    assert_eq!(page.charts().map(|chart| page.stem(chart)).collect::<Vec<_>>(), ["a-b", "a", "a-c"]);
}

#[test]
fn quotations_are_checked_wherever_they_stand() {
    says(
        &only("# T\nIt is {{ valeu(\"x\") }}.\n"),
        &["error[P030]: unknown function `valeu`", "figures/a.md:2:10", "did you mean `value`?"],
    );
    says(&only("# T\nIt is {{ value(\"x\" }}.\n"), &["error[P030]: "]);
    says(&only("# T\nIt is {{ value(\"x\").\n"), &["error[P030]: `{{` is not closed by `}}`", "figures/a.md:2:7"]);
    says(
        &only(&format!("# T\n{}", CHART.replace("'c'", "'é {{ para(\"n\") }}'"))),
        &["error[P030]: unknown function `para`", "figures/a.md:4:17"],
    );
    says(
        &only(&format!("# T\n{}", CLAIM.replace("'It falls.'", "\"to {{ value(\\\"x\\\", digits=0) }}\""))),
        &["error[P030]: beside the name", "figures/a.md:3:"],
    );
}

#[test]
fn unknown_parameters_and_figures_are_named() {
    let page =
        parsed("# T\n{{ param(\"epoch\") }}, {{ ref(\"los\") }}, {{ param(\"epochs\") }}, {{ value(\"any\") }}\n")
            .expect("good");
    let (params, figures) = (["epochs".to_owned()], ["loss".to_owned()]);
    let faults = page.unknown_names(&Known { values: None, params: Some(&params), figures: Some(&figures) });
    assert_eq!(faults.len(), 2);
    says(
        &faults[0].render(false),
        &["error[P031]: unknown parameter `epoch`", "figures/a.md:2:11", "did you mean `epochs`?"],
    );
    says(&faults[1].render(false), &["error[P031]: unknown figure `los`", "did you mean `loss`?", "figures: `loss`"]);
}

#[test]
fn results_that_lack_a_name_are_told_which() {
    let text = format!(
        "# T\n{{{{ value(\"los.end\") }}}}\n{CHART}{}{CLAIM}",
        CHART.replace("frame = 'loss'", "frame = 'lost'").replace("alt", "name = 'b'\nalt")
    );
    let page = parsed(&text.replacen("alt", "name = 'a'\nalt", 1)).expect("good");
    let frames = BTreeMap::from([("loss".to_owned(), Frame::new().with("steps", [0.0]).with("loss", [1.0]))]);
    let values = ["loss.last".to_owned()];
    let mut faults = page.unknown_names(&Known { values: Some(&values), ..Known::default() });
    faults.extend(page.unbound(&frames));
    let printed: Vec<String> = faults.iter().map(|fault| fault.render(false)).collect();
    assert_eq!(printed.len(), 4, "{}", printed.join("\n"));
    says(&printed[0], &["error[P031]: unknown value `los.end`", "figures/a.md:2:11", "values: `loss.last`"]);
    says(&printed[1], &["error[P031]: unknown value `loss.end`", "values: `loss.last`"]);
    says(&printed[2], &["error[P032]: unknown column `step`", "figures/a.md:11:5", "did you mean `steps`?"]);
    says(&printed[3], &["error[P032]: unknown frame `lost`", "did you mean `loss`?"]);
}

#[test]
fn a_hostile_page_gets_an_answer() {
    assert!(
        parsed(&format!("# T\n{}", "```claim\n```\n".repeat(20_000))).expect_err("mistakes").len() <= Faults::MOST + 1
    );
    assert!(parsed(&format!("# T\n{}", "{{".repeat(200_000))).is_err());
    assert!(parsed(&format!("# T\n{}", "\0".repeat(200_000))).expect_err("mistakes").len() < 20);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(cuts in proptest::collection::vec((0usize..500, 0usize..12, "[`~{}()=\"'\\.#a-z0-9\\-\n\u{1b}é]{0,6}"), 1..6)) {
        let mut text = format!("# T\n\n{{{{ value(\"x\") }}}} and `code`.\n\n{CHART}\n{CLAIM}\n- a\n  - b\n");
        for (at, length, insert) in cuts {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &insert);
        }
        match parsed(&text) {
            Ok(page) => {
                let unknown = page.unknown_names(&Known { values: Some(&[]), params: Some(&[]), figures: Some(&[]) });
                prop_assert!(unknown.len() >= page.claims().count());
                prop_assert!(!page.unbound(&BTreeMap::new()).is_empty() || page.charts().count() == 0);
            }
            Err(faults) => {
                for fault in faults {
                    prop_assert!(!fault.render(false).contains(char::from(27)));
                }
            }
        }
    }
}

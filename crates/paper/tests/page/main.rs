//! The rules that every page obeys, checked on a small paper without a browser.

mod fixture;
mod more;
mod scan;

use std::collections::BTreeSet;

use condense_paper::figure_view::Lock;

use crate::fixture::{HOSTILE, files, files_of, pages, report};
use crate::scan::tags;

const VOID: [&str; 8] = ["meta", "link", "br", "wbr", "hr", "input", "img", "source"];

/// The pages lie in the target folder afterwards, to be looked at.
#[test]
fn every_page_is_well_formed_and_the_same_every_time() {
    let all = files();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(folder.join("fig")).expect("a folder");
    for (path, text) in &all {
        std::fs::write(folder.join(path), text).expect("written");
    }
    assert_eq!(files(), all);
    for (path, html) in pages() {
        let mut open = Vec::new();
        for tag in tags(&html).iter().filter(|tag| !tag.closed && !VOID.contains(&tag.name)) {
            if tag.end {
                assert_eq!(open.pop(), Some(tag.name), "{path}, before byte {}", tag.after);
            } else {
                assert!(
                    tag.name != "p" || !open.contains(&"p"),
                    "{path}: a paragraph in a paragraph, byte {}",
                    tag.after
                );
                let block = ["div", "table", "ul", "ol", "dl", "figure", "details", "h3"].contains(&tag.name);
                assert!(!block || !open.contains(&"p"), "{path}: <{}> in a paragraph, byte {}", tag.name, tag.after);
                assert!(tag.name != "a" || !open.contains(&"a"), "{path}: a link in a link, byte {}", tag.after);
                open.push(tag.name);
            }
        }
        assert_eq!(open, [""; 0], "{path}");
    }
}

#[test]
fn no_page_asks_for_anything_beyond_the_report() {
    let all = files();
    let style = &all["style.css"];
    assert!(!style.contains("@import") && !style.contains("url("), "the style sheet loads a file");
    for (path, html) in pages() {
        for tag in tags(&html) {
            let loads = ["script", "iframe", "object", "embed", "video", "audio", "base", "form"];
            assert!(!loads.contains(&tag.name), "{path}: <{}>", tag.name);
            for (name, value) in &tag.attributes {
                assert!(!name.starts_with("on"), "{path}: <{} {name}>", tag.name);
                let fetched = ["src", "href", "srcset", "poster", "data", "action"].contains(name) && tag.name != "a";
                let inside = value.starts_with("data:") || value.starts_with('#') || stands(&all, &path, value);
                assert!(!fetched || inside, "{path}: <{} {name}=\"{value}\">", tag.name);
                let alone = !["single.html", "diff.html"].contains(&path.as_str())
                    || value.starts_with("data:")
                    || value.starts_with('#');
                assert!(!fetched || alone, "{path}: <{} {name}=\"{value}\">", tag.name);
            }
        }
        assert!(!html.contains("@import"));
        assert!(
            html.split("url(").skip(1).all(|target| target.starts_with("data:")),
            "{path}: a style sheet loads a file"
        );
    }
}

/// Whether a link from one file of the report leads to another. Pictures and data are not made by templates.
fn stands(all: &std::collections::BTreeMap<String, String>, from: &str, to: &str) -> bool {
    let path = match (from.strip_prefix("fig/"), to.strip_prefix("../")) {
        (Some(_), Some(above)) => above.to_owned(),
        (Some(_), None) => format!("fig/{to}"),
        (None, _) => to.to_owned(),
    };
    let data = path.starts_with("fig/") && [".svg", ".csv", ".json"].iter().any(|end| path.ends_with(end));
    all.contains_key(&path) || data || path == "SHA256SUMS"
}

#[test]
fn every_link_leads_somewhere_and_ids_are_unique() {
    let (all, pages) = (files(), pages());
    let ids_of = |html: &str| tags(html).iter().filter_map(|tag| tag.get("id").map(str::to_owned)).collect::<Vec<_>>();
    let mut followed = 0;
    for (path, html) in &pages {
        let mut ids = BTreeSet::new();
        for id in ids_of(html) {
            assert!(!id.is_empty() && !id.contains(char::is_whitespace), "{path}: `{id}`");
            assert!(ids.insert(id.clone()), "{path}: `{id}` stands twice");
        }
        let tags = tags(html);
        let labels = tags.iter().filter_map(|tag| tag.get("aria-labelledby").or_else(|| tag.get("for")));
        labels.for_each(|label| assert!(ids.contains(label), "{path}: `{label}` is no id"));
        for link in
            tags.iter().filter_map(|tag| tag.get("href")).filter(|link| !link.contains(':') || link.starts_with('#'))
        {
            let (file, anchor) = link.split_once('#').map_or((link, ""), |(file, anchor)| (file, anchor));
            followed += 1;
            if file.is_empty() {
                assert!(anchor.is_empty() || ids.contains(anchor), "{path}: `#{anchor}` leads nowhere");
                continue;
            }
            assert!(stands(&all, path, file), "{path}: `{link}` leads nowhere");
            let above = if path.starts_with("fig/") { format!("fig/{file}") } else { file.to_owned() };
            let target = file.strip_prefix("../").map_or(above, str::to_owned);
            let Some(target) = all.get(&target).filter(|_| !anchor.is_empty()) else { continue };
            assert!(ids_of(target).iter().any(|id| id == anchor), "{path}: `{link}` leads nowhere");
        }
    }
    assert!(followed > 150, "{followed}");
}

#[test]
fn pages_can_be_read_without_seeing_them() {
    for (path, html) in pages() {
        let tags = tags(&html);
        let count = |name| tags.iter().filter(|tag| tag.name == name && !tag.end).count();
        assert_eq!([count("h1"), count("main"), count("header"), count("footer")], [1; 4], "{path}");
        assert_eq!(tags[0].get("lang"), Some("en"));
        assert!(html.contains("<title>") && html.contains("<meta name=\"description\" content=\""), "{path}");
        for svg in tags.iter().filter(|tag| tag.name == "svg" && !tag.end) {
            assert_eq!(svg.get("role"), Some("img"));
            assert!(html[svg.after..].trim_start().starts_with("<title>"), "{path}: a picture without a title");
        }
        for img in tags.iter().filter(|tag| tag.name == "img") {
            assert!(
                img.get("alt").is_some() && img.get("width").is_some() && img.get("height").is_some(),
                "{path}: {img:?}"
            );
        }
        let mut level = 0;
        for tag in tags.iter().filter(|tag| !tag.end && tag.name.len() == 2 && tag.name.starts_with('h')) {
            if let Ok(next) = tag.name[1..].parse::<usize>() {
                assert!(next <= level + 1, "{path}: <h{next}> after <h{level}>");
                level = next;
            }
        }
        for scroller in tags.iter().filter(|tag| !tag.end).filter(|tag| {
            let class = tag.get("class").unwrap_or_default();
            class.split(' ').any(|class| ["tw", "eq", "plot"].contains(&class)) || tag.name == "pre"
        }) {
            assert_eq!(scroller.get("tabindex"), Some("0"), "{path}: {scroller:?}");
        }
        let head = |tag: &&scan::Tag| tag.name == "th" && !tag.end;
        for th in tags.iter().filter(head) {
            assert!(!html[th.after..].starts_with("</th>"), "{path}: an empty table head");
        }
    }
}

#[test]
fn panels_that_are_steps_are_chosen_by_radio_buttons_and_printed_as_a_grid() {
    let html = &files()["fig/transformer.html"];
    let radios = html.matches("<input type=\"radio\"").count();
    assert!(radios > 0 && html.matches("<fieldset class=\"scrub\"><legend>Epoch</legend>").count() * 2 == radios);
    assert_eq!(html.matches("\" checked><label").count() * 2, radios, "one of each group is chosen");
    assert!(html.contains("<label for=\"scrub-") && html.contains("<picture class=\"printed\">"));
}

#[test]
fn nothing_that_a_stranger_wrote_becomes_markup() {
    let mut found = 0;
    for (path, text) in files() {
        found += text.matches("&lt;script&gt;").count();
        let data = path == "cite.bib" || path.ends_with(".json");
        assert!(!text.contains("<script") || data, "{path}");
        assert!(!path.ends_with(".html") || !text.contains("<Checker>"), "{path}");
        for left_over in ["{%", "\u{E000}", "\u{E001}", "\u{E002}"] {
            assert!(!text.contains(left_over), "{path}: {left_over:?}");
        }
        // Braces come from the hostile words, and from names in BibTeX: none is left by a template.
        let meant = text.replace("{{ x }}", "").replace("author = {{", "").replace(" and {{", "");
        assert!(!meant.contains("{{") || data, "{path}");
    }
    assert!(HOSTILE.contains("{{ x }}") && found > 40, "{found}");
}

#[test]
fn a_failing_claim_is_printed_and_counted() {
    let all = files();
    let (index, claims, md) = (&all["index.html"], &all["claims-by-room.html"], &all["report.md"]);
    assert!(
        index.contains("<b class=\"fails\">✗ 1 of 5 claims fails</b>") && index.contains("✗ differs from the lock")
    );
    assert!(index.contains("1 of 3 figures match the lock"));
    assert!(index.contains("<span class=\"new\">4 of the 5 that depend on the seed hold at further seeds, too</span>"));
    let first = claims.find("<tr class=\"failing\">").expect("a row that fails");
    assert!(claims[first..].contains("<span class=\"new\">2 of 5</span>"));
    let (_, rows) = claims.split_once("id=\"own\"").expect("claims without a source");
    let (_, rows) = rows.split_once("<tbody>").expect("rows");
    assert!(rows.trim_start().starts_with("<tr class=\"failing\">"), "the weakest come first");
    assert!(all["fig/phase-diagram.html"].contains("holds at 2 of 5 further seeds"));
    assert!(all["fig/phase-diagram.html"].contains("<span class=\"fails\">✗ fails</span>"));
    assert!(
        md.contains("**✗ 1 of 5 claims fail · 4 of the 5 that depend on the seed hold at further seeds, too · 1 of 3 figures match the lock**")
            && md.contains("| **✗ fails** | 2 of 5 hold (57 to 100 %), 1 … 3 |")
    );

    let mut report = report();
    for figure in report.sections.iter_mut().flat_map(|section| &mut section.figures) {
        figure.provenance.lock = Lock::Matches;
        figure.claims.iter_mut().for_each(|claim| claim.holds = true);
    }
    let all = files_of(&report);
    let index = &all["index.html"];
    assert!(index.contains("✓ 5 of 5 claims hold</b>") && index.contains("✓ 3 of 3 figures match the lock"));
    assert!(
        all["report.md"]
            .contains("**✓ 5 of 5 claims hold · 4 of the 5 that depend on the seed hold at further seeds, too · 3 of 3 figures match the lock**")
    );
}

#[test]
fn from_a_number_links_lead_to_its_claim_and_its_row() {
    let page = &files()["fig/condensation-1d.html"];
    assert!(page.contains("<a class=\"v\" href=\"#condensation-1d:loss.final\""));
    let row = page.split("<tr id=\"condensation-1d:loss.final\">").nth(1).expect("the value");
    let row = row.split("</tr>").next().expect("a row");
    assert!(
        row.contains("href=\"#claim-condensation-1d.plateau\"")
            && row.contains("href=\"#row-condensation-1d-course-1\"")
    );
    assert!(page.contains("<tr id=\"row-condensation-1d-course-1\">") && page.contains("the first 1 of 120 rows"));
    assert!(page.contains("make report ONLY=condensation-1d") && page.contains("href=\"../index.html#proof\""));
}

#[test]
fn where_the_bits_are_the_same_is_told_in_a_line_and_one_by_one() {
    let all = files();
    let (html, md) = (&all["index.html"], &all["report.md"]);
    assert!(html.contains("<b class=\"holds\">✓ Bit-identical on 1 platform</b>"));
    assert!(html.contains("<tr><td>x86-64 AVX2+FMA</td><td class=\"num\">2</td><td>release, opt-level 3</td>"));
    assert!(md.contains("**✓ Bit-identical on 1 platform**"));
    assert!(md.contains("| x86-64 AVX2+FMA | 2 | release, opt-level 3 |"));

    let all = files_of(&condense_paper::view::ReportView { proof: None, ..report() });
    let (html, md) = (&all["index.html"], &all["report.md"]);
    assert!(!html.contains("identical") && !md.contains("identical") && !md.contains("the bits"));
}

#[test]
fn the_markdown_holds_the_same_paper() {
    let md = files().remove("report.md").expect("the Markdown");
    for part in [
        "# The condensation phenomenon",
        "## Condensation\n",
        "### Figure 1. Small weights line up",
        "#### What to look at",
        "![Three curves that fall \\[and rise\\] again](fig/condensation-1d.svg)",
        "$$f^{\\alpha}_{\\boldsymbol{\\theta}}",
        "The loss ends at 0.0271.",
        "the subject of [Figure 2](#fig-phase-diagram).",
        "| LeCun | 1/2 | 0 |",
        "| linear | −0.51 |",
        "| [2](#fig-phase-diagram) | `condensation_1d` | 7 |",
    ] {
        assert!(md.contains(part), "no `{part}` in\n{md}");
    }
    assert!(!md.contains("\n\n\n"), "holes");
    for link in
        md.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.starts_with("http"))
    {
        let found = match link.strip_prefix('#') {
            Some(id) => md.contains(&format!("<a id=\"{id}\"></a>")),
            None => link.starts_with("fig/") || link == "index.html",
        };
        assert!(found, "`{link}` leads nowhere");
    }
    // A table is a table only when each of its lines has as many cells as its head.
    for table in md.split("\n\n").filter(|part| part.trim_start().starts_with('|')) {
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let head = cells(table.trim().lines().next().expect("head"));
        table.trim().lines().for_each(|line| assert_eq!(cells(line), head, "{line}"));
    }
}

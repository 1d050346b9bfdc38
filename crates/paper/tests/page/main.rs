//! The rules that every page obeys, checked on a small paper without a browser.

mod fixture;
mod scan;

use std::collections::BTreeSet;

use condense_paper::view::Lock;

use crate::fixture::{HOSTILE, page, report};
use crate::scan::tags;

const VOID: [&str; 5] = ["meta", "link", "br", "hr", "input"];

/// The pages lie in the target folder afterwards, to be looked at.
#[test]
fn the_page_is_well_formed_and_the_same_every_time() {
    let text = page();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("index.html"), &text.html).expect("written");
    std::fs::write(folder.join("report.md"), &text.md).expect("written");
    assert_eq!(page(), text);
    let mut open = Vec::new();
    for tag in tags(&text.html).iter().filter(|tag| !tag.closed && !VOID.contains(&tag.name)) {
        if tag.end {
            assert_eq!(open.pop(), Some(tag.name), "before byte {}", tag.after);
        } else {
            assert!(tag.name != "p" || !open.contains(&"p"), "a paragraph in a paragraph, byte {}", tag.after);
            let block = ["div", "table", "ul", "ol", "dl", "figure", "details", "h3"].contains(&tag.name);
            assert!(!block || !open.contains(&"p"), "<{}> in a paragraph, byte {}", tag.name, tag.after);
            assert!(tag.name != "a" || !open.contains(&"a"), "a link in a link, byte {}", tag.after);
            open.push(tag.name);
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn the_page_asks_the_network_for_nothing() {
    let html = page().html;
    for tag in tags(&html) {
        let loads = ["script", "iframe", "object", "embed", "img", "video", "audio", "base", "form"];
        assert!(!loads.contains(&tag.name), "<{}>", tag.name);
        for (name, value) in &tag.attributes {
            assert!(!name.starts_with("on"), "<{} {name}>", tag.name);
            let fetched = ["src", "href", "srcset", "poster", "data", "action"].contains(name) && tag.name != "a";
            assert!(
                !fetched || value.starts_with("data:") || value.starts_with('#'),
                "<{} {name}=\"{value}\">",
                tag.name
            );
        }
    }
    assert!(!html.contains("@import"));
    assert!(html.split("url(").skip(1).all(|target| target.starts_with("data:")), "a style sheet loads a file");
}

#[test]
fn every_reference_resolves_and_ids_are_unique() {
    let html = page().html;
    let tags = tags(&html);
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.get("id")) {
        assert!(ids.insert(id), "`{id}` stands twice");
        assert!(!id.is_empty() && !id.contains(char::is_whitespace), "`{id}`");
    }
    let links = tags.iter().filter_map(|tag| tag.get("href")?.strip_prefix('#'));
    let labels = tags.iter().filter_map(|tag| tag.get("aria-labelledby"));
    let wanted: Vec<_> = links.chain(labels).collect();
    assert!(wanted.len() > 15, "{}", wanted.len());
    for reference in wanted {
        assert!(ids.contains(reference), "`#{reference}` leads nowhere");
    }
}

#[test]
fn the_page_can_be_read_without_seeing_it() {
    let html = page().html;
    let tags = tags(&html);
    let count = |name| tags.iter().filter(|tag| tag.name == name && !tag.end).count();
    assert_eq!([count("h1"), count("main"), count("nav"), count("header"), count("footer")], [1; 5]);
    assert_eq!(tags[0].get("lang"), Some("en"));
    assert!(html.contains("<title>The condensation"));
    for svg in tags.iter().filter(|tag| tag.name == "svg" && !tag.end) {
        assert_eq!(svg.get("role"), Some("img"));
        assert!(html[svg.after..].trim_start().starts_with("<title>"), "a picture without a title");
    }
    let mut level = 0;
    for tag in tags.iter().filter(|tag| !tag.end && tag.name.len() == 2 && tag.name.starts_with('h')) {
        if let Ok(next) = tag.name[1..].parse::<usize>() {
            assert!(next <= level + 1, "<h{next}> after <h{level}>");
            level = next;
        }
    }
    for scroller in tags
        .iter()
        .filter(|tag| matches!(tag.get("class"), Some("tw" | "eq" | "plot")) || tag.name == "pre" && !tag.end)
    {
        assert_eq!(scroller.get("tabindex"), Some("0"), "{scroller:?}");
    }
}

#[test]
fn panels_that_are_steps_are_chosen_by_radio_buttons_and_printed_as_a_grid() {
    let html = page().html;
    let radios = html.matches("<input type=\"radio\"").count();
    assert!(radios > 0 && html.matches("<fieldset class=\"scrub\"><legend>Epoch</legend>").count() * 2 == radios);
    assert_eq!(html.matches("\" checked><label").count() * 2, radios, "one of each group is chosen");
    assert!(html.contains("<label for=\"scrub-") && html.contains("<div class=\"plot printed\""));
}

#[test]
fn nothing_that_a_stranger_wrote_becomes_markup() {
    let text = page();
    assert!(!text.html.contains("<script") && !text.html.contains("<Checker>"));
    assert!(text.html.matches("&lt;script&gt;").count() >= 8, "{}", text.html.matches("&lt;script&gt;").count());
    assert!(!text.md.contains("<script") && text.md.contains("&lt;script>"));
    for left_over in ["{%", "\u{E000}", "\u{E001}"] {
        assert!(!text.html.contains(left_over) && !text.md.contains(left_over), "{left_over:?}");
    }
    // Braces come from the hostile words alone: none is left by a template.
    let ours = |page: &str| page.replace("{{ x }}", "").contains("{{");
    assert!(HOSTILE.contains("{{ x }}") && !ours(&text.html) && !ours(&text.md));
}

#[test]
fn a_failing_claim_is_printed_and_counted() {
    let text = page();
    assert!(text.html.contains("<b class=\"fails\">✗ 1 of 5 claims fails</b>"));
    assert!(text.html.contains("<details class=\"verify\" id=\"claims\" open>"));
    assert!(text.html.contains("1 of 3 figures match the lock"));
    assert!(text.html.contains("<b class=\"new\">4 of the 5 that depend on the seed hold at further seeds, too</b>"));
    assert!(
        text.html.contains("holds at 2 of 5 further seeds") && text.html.contains("the same number at seeds 8 to 12")
    );
    assert!(
        text.html.contains("<span class=\"fails\">✗ fails</span>") && text.html.contains("✗ differs from the lock")
    );
    assert!(
        text.md
            .contains("**✗ 1 of 5 claims fail · 4 of the 5 that depend on the seed hold at further seeds, too · 1 of 3 figures match the lock**")
            && text.md.contains("| **✗ fails** | 2 of 5 hold (57 to 100 %), 1 … 3 |")
    );

    let mut report = report();
    for figure in report.sections.iter_mut().flat_map(|section| &mut section.figures) {
        figure.provenance.lock = Lock::Matches;
        figure.claims.iter_mut().for_each(|claim| claim.holds = true);
    }
    let text = condense_paper::report::render_index(&fixture::templates(), &report).expect("page");
    assert!(text.html.contains("✓ 5 of 5 claims hold</b>") && text.html.contains("✓ 3 of 3 figures match the lock"));
    assert!(text.html.contains("<details class=\"verify\" id=\"claims\">"));
    assert!(
        text.md
            .contains("**✓ 5 of 5 claims hold · 4 of the 5 that depend on the seed hold at further seeds, too · 3 of 3 figures match the lock**")
    );
}

#[test]
fn where_the_bits_are_the_same_is_told_in_a_line_and_one_by_one() {
    let text = page();
    assert!(text.html.contains("<b class=\"holds\">✓ Bit-identical on 1 platform</b>"));
    assert!(text.html.contains("<tr><td>x86-64 AVX2+FMA</td><td class=\"num\">2</td><td>release, opt-level 3</td>"));
    assert!(text.md.contains("**✓ Bit-identical on 1 platform**"));
    assert!(text.md.contains("| x86-64 AVX2+FMA | 2 | release, opt-level 3 |"));

    let report = condense_paper::view::ReportView { proof: None, ..report() };
    let text = condense_paper::report::render_index(&fixture::templates(), &report).expect("page");
    assert!(!text.html.contains("identical") && !text.md.contains("identical") && !text.md.contains("the bits"));
}

#[test]
fn the_markdown_holds_the_same_paper() {
    let md = page().md;
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

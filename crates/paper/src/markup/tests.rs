//! What prose may become, and what it must never become.

use super::*;

fn quote(plain: &str) -> Quote {
    Quote { plain: plain.to_owned(), html: format!("<a href=\"#v\">{plain}</a>"), md: format!("[{plain}](#v)") }
}

fn html(prose: &str) -> String {
    block(prose, &[]).expect("prose").html
}

fn md(prose: &str) -> String {
    block(prose, &[]).expect("prose").md
}

#[test]
fn a_quote_is_a_link_in_prose_and_plain_where_links_cannot_stand() {
    let quotes = [quote("0.027"), quote("42")];
    let (loss, n) = (mark(0), mark(1));
    let text =
        block(&format!("Loss *{loss}* at `{n}`; $L = {loss}$; [see {n}](#x{n})\n\n    {n}"), &quotes).expect("prose");
    assert!(text.html.starts_with("<p>Loss <em><a href=\"#v\">0.027</a></em> at <code>42</code>;"), "{}", text.html);
    assert!(text.html.contains("<mn>0.027</mn>") && text.html.contains("<a href=\"#x42\">see 42</a>"), "{}", text.html);
    assert!(text.html.ends_with("<pre tabindex=\"0\"><code>42</code></pre>"), "{}", text.html);
    assert_eq!(text.md, "Loss *[0.027](#v)* at `42`; $L = 0.027$; [see 42](#x42)\n\n    42");
    assert_eq!(plain(&format!("a {loss} b {n}"), &quotes), "a 0.027 b 42");
}

#[test]
fn marks_are_reserved() {
    for stray in [
        mark(7),
        "\u{E000}x\u{E001}".to_owned(),
        "end \u{E000}".to_owned(),
        "\u{E000}99999999999999999999\u{E001}".to_owned(),
    ] {
        let faults = block(&stray, &[quote("1")]).unwrap_err();
        assert_eq!(faults[0].span.start, stray.find(OPEN).expect("mark"));
    }
}

#[test]
fn raw_html_is_shown_and_never_run() {
    let evil = "<script>alert(1)</script>\n\nA <b onclick=\"x()\">word</b> &lt;i&gt; <!-- c -->\n\n<div>\n*x*\n</div>";
    let page = html(evil);
    for tag in ["<script", "<b ", "<!--", "<div", "<i>"] {
        assert!(!page.contains(tag), "{tag} in {page}");
        assert!(!md(evil).contains(tag), "{tag} in {}", md(evil));
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    assert!(inline("<script>", &[]).expect("text").html.starts_with("&lt;script&gt;"));
}

#[test]
fn only_harmless_links_stay_links() {
    for (target, stays) in [
        ("https://example.org/a?b=c:d", true),
        ("MAILTO:a@example.org", true),
        ("#fig-x", true),
        ("fig/x.csv", true),
        ("a/b:c", true),
        ("javascript:alert(1)", false),
        ("JaVaScRiPt&#58;alert(1)", false),
        ("data:text/html,x", false),
        ("file:///etc/passwd", false),
        ("//example.org", false),
    ] {
        let text = block(&format!("[go]({target} \"title\")"), &[]).expect("prose");
        assert_eq!(text.html.contains("<a "), stays, "{target}: {}", text.html);
        assert_eq!(text.md.starts_with("\\["), !stays, "{target}: {}", text.md);
        assert!(text.html.contains("go"));
    }
    assert!(!html("<javascript:alert(1)>").contains("<a "));
    assert!(md("<javascript:alert(1)>").starts_with("\\<"));
    assert!(html("<https://example.org>").contains("<a href=\"https://example.org\">"));
}

#[test]
fn a_picture_is_refused_with_its_place() {
    let faults = block("one\n\n![x](https://example.org/x.png)", &[]).unwrap_err();
    assert_eq!(
        faults,
        [MarkupFault { span: 5..36, message: "no picture can stand in prose: draw it in a `chart` block".into() }]
    );
}

#[test]
fn headings_step_down_in_both_renditions() {
    let prose = "# One\n\n## Two\n\nThree\n  more\n-----\n\n##### Five\n";
    assert_eq!(html(prose), "<h3>One</h3>\n<h4>Two</h4>\n<h4>Three\nmore</h4>\n<h6>Five</h6>");
    assert_eq!(md(prose), "### One\n\n#### Two\n\n#### Three   more\n\n###### Five");
}

#[test]
fn a_displayed_formula_stands_outside_paragraphs() {
    let page = html("Before\n$$x^2$$\nafter.\n\n$$y$$\n\n- item $$z$$\n\n*emph $$w$$*");
    assert_eq!(page.matches("<div class=\"eq\" tabindex=\"0\"><math display=\"block\">").count(), 3, "{page}");
    assert!(page.contains("<p>Before</p>") && page.contains("<p>after.</p>"), "{page}");
    assert!(!page.contains("<p></p>") && page.contains("<em>emph <math>"), "{page}");
    assert!(!inline("a $$x$$ b", &[]).expect("text").html.contains("<div"));
    assert_eq!(md("Before\n$$x^2$$\nafter"), "Before\n$$x^2$$\nafter");
}

#[test]
fn every_bad_formula_is_reported_at_its_place() {
    let prose = "Good $x$, bad $a + \\frob$.\n\n$$\\frac{1}$$";
    let faults = block(prose, &[]).unwrap_err();
    assert_eq!(faults.len(), 2);
    assert_eq!(&prose[faults[0].span.clone()], "\\frob");
    assert!(faults[0].message.contains("`a + \\frob`"), "{}", faults[0].message);
    assert!(faults[1].span.start > prose.find("$$").expect("formula"));
}

#[test]
fn a_sentence_has_no_paragraph() {
    let text = inline("It *falls* below $10^{-3}$ -- \"fast\".", &[]).expect("sentence");
    assert!(text.html.starts_with("It <em>falls</em> below <math>") && !text.html.contains("<p>"), "{}", text.html);
    assert!(text.html.ends_with("– “fast”."), "{}", text.html);
    assert_eq!(text.md, "It *falls* below $10^{-3}$ -- \"fast\".");
}

#[test]
fn tables_and_code_scroll_inside_themselves() {
    let page = html("| a | $\\gamma$ |\n|---|--:|\n| 1 | $x$ |\n\n```rust\nlet a = \"<b>\";\n```");
    assert!(page.contains("<math aria-label=\"\\gamma\">") && page.contains("<math><mi>x</mi>"), "{page}");
    assert!(head("$\\gamma$", &[]).expect("head").html.starts_with("<math aria-label=\"\\gamma\">"));
    assert!(
        page.starts_with("<div class=\"tw\" tabindex=\"0\"><table>") && page.contains("</table>\n</div>"),
        "{page}"
    );
    assert!(page.ends_with("<pre tabindex=\"0\"><code>let a = \"&lt;b&gt;\";\n</code></pre>"), "{page}");
}

/// Once a footnote became a link to nowhere.
#[test]
fn footnotes_are_refused() {
    let faults = block("It holds.[^1]\n\n[^1]: Mostly.", &[]).expect_err("a footnote");
    assert!(faults[0].message.contains("footnotes are not supported"), "{}", faults[0].message);
    assert!(block("It holds [here](https://example.org/^1).", &[]).is_ok());
}

/// Forges lost the backslashes of `\,` and `\{`.
#[test]
fn formulas_survive_a_forge() {
    let md = |prose: &str| block(prose, &[]).expect("prose").md;
    assert_eq!(md("Let $a\\,b$ and $c$ be."), "Let $`a\\,b`$ and $c$ be.");
    assert_eq!(md("So\n\n$$\\{x\\}$$\n\nit is."), "So\n\n\n\n```math\n\\{x\\}\n```\n\n\n\nit is.");
    assert_eq!(md("$$x + y$$"), "$$x + y$$");
}

/// Elements that prose may become. Formulas add MathML, whose names all start with `m`.
const ELEMENTS: [&str; 24] = [
    "p",
    "em",
    "strong",
    "a",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
    "br",
    "wbr",
    "hr",
    "div",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "h3",
    "h4",
    "h5",
    "h6",
];

proptest::proptest! {
    #[test]
    fn no_prose_panics_or_leaves_its_elements(
        prose in r#"([<>&"'\[\]()!#*_`$|~={}^:/+. \n-]|\\|a|b|12|<b|</i>|\]\(|javascript:|\$\$|\\frac|\n\n|\n- |\n    |\n> |\|-\|\n){0,40}"#
    ) {
        for rendered in [block(&prose, &[]), inline(&prose, &[]), head(&prose, &[])] {
            match rendered {
                Ok(text) => {
                    for tag in text.html.split('<').skip(1) {
                        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                        let known = ELEMENTS.contains(&name.as_str()) || name.starts_with('m');
                        proptest::prop_assert!(known, "<{}> from {:?}", name, prose);
                    }
                    proptest::prop_assert!(!text.html.contains("href=\"javascript"), "{}", text.html);
                }
                Err(faults) => for fault in faults {
                    let Range { start, end } = fault.span;
                    proptest::prop_assert!(start <= end && end <= prose.len() && !fault.message.is_empty());
                },
            }
        }
    }
}

//! Prose (CommonMark with `$…$` and `$$…$$`) in its two renditions: HTML with MathML, and Markdown.
//! It knows nothing of results: a computed number is a mark in the prose, and the caller says what stands for it.
//! Prose is not trusted: raw HTML is shown as text, and only harmless links stay links.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeWithOffset, html};
use serde::{Deserialize, Serialize};

use crate::tex;
use condense_plot::svg::escaped;

/// A text in both renditions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// For the HTML page; already escaped.
    pub html: String,
    /// For the Markdown page; already escaped.
    pub md: String,
}

/// What stands for one mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// As plain text, for places that carry no markup: formulas, code, link texts.
    pub plain: String,
    /// As HTML.
    pub html: String,
    /// As Markdown.
    pub md: String,
}

/// What is wrong with a prose, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkupFault {
    /// Bytes of the prose, marks included.
    pub span: Range<usize>,
    /// One sentence, lower case.
    pub message: String,
}

/// Headings of a page stand below the report's title, its section and the figure's title.
const HEADINGS_ABOVE: usize = 2;
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// The mark for which quote `n` will stand: private-use characters, which no Markdown rule knows.
pub fn mark(n: usize) -> String {
    format!("{OPEN}{n}{CLOSE}")
}

/// Renders paragraphs, lists, tables and all.
///
/// # Errors
/// Every fault of the prose, in order.
pub fn block(prose: &str, quotes: &[Quote]) -> Result<Text, Vec<MarkupFault>> {
    Rendition::new(prose, quotes, Place::Page).render()
}

/// Renders a sentence (a caption, a claim, a title) without a paragraph around it.
///
/// # Errors
/// Every fault of the prose, in order.
pub fn inline(prose: &str, quotes: &[Quote]) -> Result<Text, Vec<MarkupFault>> {
    Rendition::new(prose, quotes, Place::Sentence).render()
}

/// Renders the head of a table's column. Not every reader takes MathML for a name, and a head needs one: formulas carry
/// their TeX as a label.
///
/// # Errors
/// Every fault of the prose, in order.
pub fn head(prose: &str, quotes: &[Quote]) -> Result<Text, Vec<MarkupFault>> {
    Rendition::new(prose, quotes, Place::Head).render()
}

/// Fills the marks of a text that carries no markup (an `alt`) with plain words.
pub fn plain(text: &str, quotes: &[Quote]) -> String {
    fill(text, quotes, |quote| &quote.plain)
}

/// The marks of a text: where each stands, and the number of its quote (none when the mark is malformed).
fn marks(text: &str) -> impl Iterator<Item = (Range<usize>, Option<usize>)> + '_ {
    text.match_indices(OPEN).map(move |(start, _)| {
        let digits = &text[start + OPEN.len_utf8()..];
        let number = digits.split_once(CLOSE).and_then(|(number, _)| Some((number.len(), number.parse().ok()?)));
        let length = number.map_or(0, |(length, _)| length + CLOSE.len_utf8());
        (start..start + OPEN.len_utf8() + length, number.map(|(_, n)| n))
    })
}

fn fill<'q>(text: &str, quotes: &'q [Quote], as_text: impl Fn(&'q Quote) -> &'q str) -> String {
    let (mut filled, mut done) = (String::new(), 0);
    for (at, number) in marks(text) {
        filled.push_str(&text[done..at.start]);
        filled.push_str(number.and_then(|n| quotes.get(n)).map_or("", &as_text));
        done = at.end;
    }
    filled.push_str(&text[done..]);
    filled
}

/// Whether a link may stay one: to a page, an address, or a place in the report.
fn harmless(target: &str) -> bool {
    let scheme = target.split(['/', '?', '#']).next().and_then(|head| head.split_once(':'));
    match scheme {
        Some((scheme, _)) => ["http", "https", "mailto"].iter().any(|own| scheme.eq_ignore_ascii_case(own)),
        None => !target.starts_with("//"),
    }
}

/// Where a prose will stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Page,
    Sentence,
    Head,
}

/// One prose on its way: HTML is made from the parser's events, Markdown by editing the source in place.
struct Rendition<'a> {
    prose: &'a str,
    quotes: &'a [Quote],
    place: Place,
    html: Vec<Event<'a>>,
    edits: Vec<(Range<usize>, String)>,
    /// Where marks become plain text in Markdown.
    literal: Vec<Range<usize>>,
    /// The open elements, outermost first, and whether each is shown as an element.
    open: Vec<(TagEnd, bool)>,
    faults: Vec<MarkupFault>,
}

impl<'a> Rendition<'a> {
    fn new(prose: &'a str, quotes: &'a [Quote], place: Place) -> Self {
        let (html, edits, literal, open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { prose, quotes, place, html, edits, literal, open, faults: Vec::new() }
    }

    fn render(mut self) -> Result<Text, Vec<MarkupFault>> {
        for (at, number) in marks(self.prose) {
            if number.is_none_or(|n| n >= self.quotes.len()) {
                self.fault(at, "the private-use character U+E000 is reserved for quotes".to_owned());
            }
        }
        if self.faults.is_empty() {
            let options = Options::ENABLE_MATH | Options::ENABLE_TABLES | Options::ENABLE_SMART_PUNCTUATION;
            for (event, at) in TextMergeWithOffset::new(Parser::new_ext(self.prose, options).into_offset_iter()) {
                self.event(event, at);
            }
        }
        if self.faults.is_empty() { Ok(self.text()) } else { Err(self.faults) }
    }

    fn event(&mut self, event: Event<'a>, at: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, at),
            Event::End(end) => self.end(end),
            Event::Text(text) => self.words(&text),
            Event::Html(raw) | Event::InlineHtml(raw) => {
                let less = self.prose[at.clone()].match_indices('<').map(|(i, _)| at.start + i..at.start + i + 1);
                self.edits.extend(less.map(|place| (place, "&lt;".to_owned())));
                self.words(&raw);
            }
            Event::Code(code) => {
                self.literal.push(at);
                self.html.push(Event::Code(plain(&code, self.quotes).into()));
            }
            Event::InlineMath(tex) => self.math(&tex, false, at),
            Event::DisplayMath(tex) => self.math(&tex, true, at),
            other => self.html.push(other),
        }
    }

    fn start(&mut self, tag: Tag<'a>, at: Range<usize>) {
        let end = tag.to_end();
        let mut shown = true;
        match tag {
            Tag::Paragraph | Tag::HtmlBlock if self.place != Place::Page => {
                shown = false;
                if !self.html.is_empty() {
                    self.html.push(Event::Text(" ".into()));
                }
            }
            Tag::HtmlBlock => self.html.push(Event::Start(Tag::Paragraph)),
            Tag::Heading { level, .. } => self.heading(level, at),
            Tag::CodeBlock(_) => {
                self.literal.push(at);
                self.markup("<pre tabindex=\"0\"><code>");
            }
            Tag::Table(columns) => {
                self.markup("<div class=\"tw\" tabindex=\"0\">");
                self.html.push(Event::Start(Tag::Table(columns)));
            }
            Tag::Link { id, .. } if id.starts_with('^') => {
                shown = false;
                self.fault(at, "footnotes are not supported: say it in the text".to_owned());
            }
            Tag::Link { link_type, dest_url, id, .. } => {
                self.literal.push(at.clone());
                let dest_url: CowStr<'a> = plain(&dest_url, self.quotes).into();
                shown = harmless(&dest_url);
                if shown {
                    self.html.push(Event::Start(Tag::Link { link_type, dest_url, title: "".into(), id }));
                } else {
                    self.edits.push((at.start..at.start, "\\".to_owned()));
                }
            }
            Tag::Image { .. } => {
                shown = false;
                self.fault(at, "no picture can stand in prose: draw it in a `chart` block".to_owned());
            }
            other => self.html.push(Event::Start(other)),
        }
        self.open.push((end, shown));
    }

    fn end(&mut self, end: TagEnd) {
        let shown = self.open.pop().is_some_and(|(_, shown)| shown);
        match end {
            TagEnd::HtmlBlock if shown => self.html.push(Event::End(TagEnd::Paragraph)),
            TagEnd::CodeBlock => self.markup("</code></pre>\n"),
            TagEnd::Heading(level) => self.html.push(Event::End(TagEnd::Heading(lowered(level)))),
            TagEnd::Table => {
                self.html.push(Event::End(end));
                self.markup("</div>\n");
            }
            end if shown => self.html.push(Event::End(end)),
            _ => {}
        }
    }

    /// Text with marks: each mark is its quote's HTML, or plain words where HTML cannot stand.
    fn words(&mut self, text: &str) {
        let bare = self.open.iter().any(|(end, _)| matches!(end, TagEnd::Link | TagEnd::CodeBlock));
        if bare || !text.contains(OPEN) {
            self.html.push(Event::Text(plain(text, self.quotes).into()));
            return;
        }
        let mut done = 0;
        for (at, number) in marks(text) {
            self.html.push(Event::Text(text[done..at.start].to_owned().into()));
            let quote = number.and_then(|n| self.quotes.get(n)).map_or("", |quote| &quote.html);
            self.html.push(Event::InlineHtml(quote.into()));
            done = at.end;
        }
        self.html.push(Event::Text(text[done..].to_owned().into()));
    }

    /// A formula. On a line of its own it leaves the paragraph, because a block cannot stand in one.
    fn math(&mut self, formula: &str, display: bool, at: Range<usize>) {
        let parent = self.open.last().map(|(end, _)| *end).filter(|_| self.place == Place::Page);
        let alone = display && matches!(parent, Some(TagEnd::Paragraph | TagEnd::Item));
        match tex::mathml(&plain(formula, self.quotes), alone) {
            Ok(set) if self.place == Place::Head || self.open.iter().any(|(end, _)| *end == TagEnd::TableHead) => {
                self.markup(&set.replacen(
                    "<math",
                    &format!("<math aria-label=\"{}\"", escaped(&plain(formula, self.quotes))),
                    1,
                ));
            }
            Ok(set) if !alone => self.markup(&set),
            Ok(set) => {
                let (leave, enter) = if parent == Some(TagEnd::Paragraph) { ("</p>\n", "\n<p>") } else { ("", "") };
                self.markup(&format!("{leave}<div class=\"eq\" tabindex=\"0\">{set}</div>{enter}"));
            }
            Err(fault) => {
                let tex = at.start + if display { 2 } else { 1 };
                let inside = |byte: usize| (tex + byte).min(at.end);
                self.fault(inside(fault.span.start)..inside(fault.span.end), fault.message);
            }
        }
        // Forges take a backslash before a mark of punctuation for Markdown's own, except where a formula is code, too.
        let tex = plain(formula, self.quotes);
        let fragile =
            tex.split('\\').skip(1).any(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_punctuation()));
        if fragile && !display {
            self.edits.push((at.clone(), format!("$`{tex}`$")));
        } else if fragile && alone && parent == Some(TagEnd::Paragraph) {
            self.edits.push((at.clone(), format!("\n\n```math\n{}\n```\n\n", tex.trim())));
        }
        self.literal.push(at);
    }

    fn heading(&mut self, level: HeadingLevel, at: Range<usize>) {
        self.html.push(Event::Start(Tag::Heading { level: lowered(level), id: None, classes: vec![], attrs: vec![] }));
        let more = lowered(level) as usize - level as usize;
        if self.prose[at.start..].starts_with('#') {
            self.edits.push((at.start..at.start, "#".repeat(more)));
        } else {
            // Underlined headings know two levels only: write this one with hashes.
            self.edits.push((at.start..at.start, "#".repeat(more + level as usize) + " "));
            let lines = self.prose[at.clone()].trim_end();
            let under = lines.rfind('\n').unwrap_or(lines.len());
            self.edits.push((at.start + under..at.start + lines.len(), String::new()));
            let inner = lines[..under].match_indices('\n').map(|(i, _)| at.start + i);
            self.edits.extend(inner.map(|i| (i..i + 1, " ".to_owned())));
        }
    }

    fn markup(&mut self, markup: &str) {
        self.html.push(Event::InlineHtml(markup.to_owned().into()));
    }

    fn fault(&mut self, span: Range<usize>, message: String) {
        self.faults.push(MarkupFault { span, message });
    }

    fn text(mut self) -> Text {
        let mut page = String::new();
        html::push_html(&mut page, self.html.into_iter());
        // A formula that fills its paragraph leaves empty ones around itself.
        let page =
            page.replace("<p>\n", "<p>").replace("\n</p>", "</p>").replace("<p></p>\n", "").replace("<p></p>", "");
        // A column without a head has no header cell.
        let page = page.replace("<th></th>", "<td></td>");
        for (at, number) in marks(self.prose) {
            let Some(quote) = number.and_then(|n| self.quotes.get(n)) else { continue };
            let bare = self.literal.iter().any(|place| place.contains(&at.start));
            self.edits.push((at, if bare { quote.plain.clone() } else { quote.md.clone() }));
        }
        Text { html: page.trim().to_owned(), md: edited(self.prose, self.edits).trim().to_owned() }
    }
}

fn lowered(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from((level as usize + HEADINGS_ABOVE).min(6)).unwrap_or(HeadingLevel::H6)
}

/// `source` with some places rewritten; a place inside one already rewritten is left out.
fn edited(source: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let (mut text, mut done) = (String::new(), 0);
    for (at, new) in edits {
        if at.start >= done {
            text.push_str(&source[done..at.start]);
            text.push_str(&new);
            done = at.end;
        }
    }
    text.push_str(&source[done..]);
    text
}

#[cfg(test)]
mod tests;

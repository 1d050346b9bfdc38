//! Views become pages through the project's templates: a card per figure, and the index that assembles the cards.
//! It reads no file and knows no engine: templates come in as text, pages go out as text.

use std::fmt::Write as _;
use std::ops::Range;

use condense_plot::text::significant;
use serde::Serialize;
use tera::{Context, Error, ErrorKind, Kwargs, State, Tera};

use crate::claims::Claims;
use crate::diff_view::DiffView;
use crate::figure_view::FigureView;
use crate::link::{self, Place};
use crate::markup::Text;
use crate::ro_crate;
use crate::source_view::SourceView;
use crate::view::{Counts, PageView, ReportView, Site};

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// Name of the template; empty when no place is known.
    pub template: String,
    /// From 1; 0 when no place is known.
    pub line: usize,
    /// From 1, in characters; 0 when no place is known.
    pub column: usize,
    /// Bytes of the template; empty when no place is known.
    pub span: Range<usize>,
    /// One sentence.
    pub message: String,
}

/// The templates of a project, checked: one a page, and what these include.
pub struct Templates(Tera);

impl Templates {
    /// Parses templates, given as names and texts.
    ///
    /// # Errors
    /// The first syntax error, or an included template that is missing.
    pub fn new<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, TemplateFault> {
        let mut tera = Tera::new();
        tera.autoescape_on([".html"]);
        tera.register_filter("md", |text: &str, _: Kwargs, _: &State| md(text));
        tera.register_filter("cell", |text: &str, _: Kwargs, _: &State| cell(text));
        tera.register_filter("to_file", |path: &str, _: Kwargs, _: &State| link::to_file(path));
        tera.register_filter("to_figure", |id: &str, at: Kwargs, _: &State| -> tera::TeraResult<String> {
            Ok(link::to_figure(id, at.get::<&str>("at")?.unwrap_or_default()))
        });
        tera.register_filter("plain", |html: &str, _: Kwargs, _: &State| plain(html));
        tera.register_filter("percent", |share: f64, _: Kwargs, _: &State| percent(share));
        tera.register_filter("bib", |text: &str, _: Kwargs, _: &State| bib(text));
        tera.register_filter("bytes", |bytes: u64, _: Kwargs, _: &State| size(bytes));
        tera.add_raw_templates(texts).map_err(|error| TemplateFault::of(&error))?;
        Ok(Self(tera))
    }

    fn render(&self, name: &str, view: &impl Serialize) -> Result<String, TemplateFault> {
        let context = Context::from_serialize(view).map_err(|error| TemplateFault::of(&error))?;
        self.0.render(name, &context).map_err(|error| TemplateFault::of(&error))
    }
}

/// The card of one figure; `alone` for a page that no files accompany. Where its links lead is for the page to say on which
/// it will stand.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn render_card(templates: &Templates, figure: &FigureView, alone: bool) -> Result<Text, TemplateFault> {
    #[derive(Serialize)]
    struct Card<'v> {
        #[serde(flatten)]
        figure: &'v FigureView,
        alone: bool,
    }
    let card = Card { figure, alone };
    Ok(Text { html: templates.render("card.html", &card)?, md: templates.render("card.md", &card)? })
}

/// The page of one figure.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn render_figure(templates: &Templates, page: &PageView) -> Result<String, TemplateFault> {
    let html = link::resolve(&templates.render("figure.html", page)?, Place::Figure(&page.figure.id));
    // On a page of its own the figure's title is the first heading.
    let raise = |html: String, level: usize| {
        ["<h", "</h"]
            .iter()
            .fold(html, |html, tag| html.replace(&format!("{tag}{level}"), &format!("{tag}{}", level - 2)))
    };
    Ok((3..=6).fold(html, raise))
}

/// The pages that speak of all figures, with their style sheets: file names and texts.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn render_pages(templates: &Templates, report: &ReportView) -> Result<Vec<(&'static str, String)>, TemplateFault> {
    let orders = [Claims::in_order(report), Claims::by_room(report)];
    let all = All { site: &report.site, report, counts: report.counts(), claims: &orders[0], cards: &[] };
    let beside = |name, all: &All| Ok(link::resolve(&templates.render(name, all)?, Place::Beside));
    Ok(vec![
        ("index.html", link::resolve(&templates.render("index.html", &all)?, Place::Index)),
        ("claims.html", beside("claims.html", &all)?),
        ("claims-by-room.html", beside("claims.html", &All { claims: &orders[1], ..all })?),
        ("gallery.html", beside("gallery.html", &all)?),
        ("report.md", templates.render("report.md", &all)?),
        ("cite.bib", templates.render("cite.bib", &all)?),
        ("style.css", templates.render("style.css", &all)? + &report.style),
        ("math.css", templates.render("math-font.css", &all)?),
        (ro_crate::NAME, ro_crate::metadata(report)),
    ])
}

/// The one page that holds everything, given the cards of all figures.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn render_single(templates: &Templates, report: &ReportView, cards: &[String]) -> Result<String, TemplateFault> {
    let claims = Claims::in_order(report);
    let all = All { site: &report.site, report, counts: report.counts(), claims: &claims, cards };
    Ok(link::resolve(&templates.render("single.html", &all)?, Place::Single))
}

/// The page with the program text behind a figure.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn render_source(templates: &Templates, source: &SourceView) -> Result<String, TemplateFault> {
    #[derive(Serialize)]
    struct Source<'v> {
        site: &'v Site,
        source: &'v SourceView<'v>,
    }
    Ok(link::resolve(
        &templates.render("source.html", &Source { site: source.site, source })?,
        Place::Figure(source.id),
    ))
}

/// The page that compares two versions of a figure.
///
/// # Errors
/// What a template asks for and the view does not have.
pub fn render_diff(templates: &Templates, diff: &DiffView) -> Result<String, TemplateFault> {
    #[derive(Serialize)]
    struct Diff<'v> {
        site: &'v Site,
        diff: &'v DiffView,
    }
    Ok(link::resolve(&templates.render("diff.html", &Diff { site: &diff.site, diff })?, Place::Beside))
}

/// What pages that speak of all figures are made from.
#[derive(Clone, Copy, Serialize)]
struct All<'v> {
    site: &'v Site,
    report: &'v ReportView,
    counts: Counts,
    claims: &'v Claims<'v>,
    /// In order, where the page holds them.
    cards: &'v [String],
}

impl TemplateFault {
    fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => Self {
                template: report.filename().to_owned(),
                line: report.span().start_line,
                column: report.span().start_col + 1,
                span: report.span().range.clone(),
                message: report.message().to_owned(),
            },
            other => Self { template: String::new(), line: 0, column: 0, span: 0..0, message: other.to_string() },
        }
    }
}

/// Plain words as Markdown that shows just these words.
fn md(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '$' | '#' | '~' => safe.extend(['\\', c]),
            '\n' | '\r' => safe.push(' '),
            _ => safe.push(c),
        }
    }
    safe
}

/// Markdown as one cell of a Markdown table. A table takes the backslash from `\|` even inside a formula, so bars are
/// escaped there too, and the double bar of TeX is written by its name.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let (mut escaped, mut formula) = (false, false);
    for c in text.chars() {
        match c {
            '|' if escaped && formula => {
                safe.pop();
                safe.push_str("\\Vert ");
            }
            '|' if !escaped => safe.push_str("\\|"),
            '\n' | '\r' => safe.push(' '),
            _ => safe.push(c),
        }
        formula ^= c == '$' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    safe
}

/// The words of HTML, without its tags.
fn plain(html: &str) -> String {
    let words = html
        .split('<')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once('>').map_or("", |(_, words)| words) });
    let text = words.collect::<String>();
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, mark)| text.replace(entity, mark))
}

/// A share in per cent, as short as it can be: `3 %`, `0.4 %`.
fn percent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, if share.abs() < 0.1 { 1 } else { 2 })).replace('-', "−")
}

/// Text for a field of BibTeX. Formulas stay as they are: it is TeX.
fn bib(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut formula = false;
    for c in text.chars() {
        formula ^= c == '$';
        match c {
            _ if formula => safe.push(c),
            '{' | '}' | '\\' | '*' | '`' => {}
            '%' | '&' | '#' | '_' => safe.extend(['\\', c]),
            _ => safe.push(c),
        }
    }
    safe
}

/// A size as a reader wants it: `812 B`, `14.2 kB`, `3.1 MB`.
pub fn size(size: u64) -> String {
    let mut text = String::new();
    let _ = match size {
        0..1_000 => write!(text, "{size} B"),
        1_000..999_950 => write!(text, "{:.1} kB", size as f64 / 1e3),
        _ => write!(text, "{:.1} MB", size as f64 / 1e6),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct View {
        word: &'static str,
    }

    #[test]
    fn a_syntax_error_names_its_place() {
        let fault = Templates::new([("index.html", "<p>\n  {{ word }\n")]).err().expect("fault");
        assert_eq!((fault.template.as_str(), fault.line, fault.column), ("index.html", 2, 11), "{}", fault.message);
        let fault = Templates::new([("index.html", "{% include \"gone.css\" %}")]).err().expect("fault");
        assert!(fault.message.contains("gone.css"), "{}", fault.message);
    }

    #[test]
    fn an_unknown_name_is_placed_in_the_file_that_asks() {
        let texts = [("index.html", "a\n{% include \"part.html\" %}"), ("part.html", "\n\n   {{ wrod }}")];
        let fault = Templates::new(texts).expect("templates").render("index.html", &View { word: "x" }).unwrap_err();
        assert_eq!((fault.template.as_str(), fault.line, fault.column), ("part.html", 3, 7), "{}", fault.message);
        assert!(fault.message.contains("wrod"), "{}", fault.message);
        assert_eq!(&texts[1].1[fault.span], "wrod");
        let fault = Templates::new([]).expect("none").render("card.html", &View { word: "x" }).unwrap_err();
        assert!(fault.message.contains("card.html"), "{}", fault.message);
    }

    #[test]
    fn html_is_escaped_by_default_and_markdown_on_demand() {
        let texts = [("a.html", "{{ word }}"), ("a.md", "{{ word | md }} | {{ word | cell }}")];
        let templates = Templates::new(texts).expect("templates");
        let view = View { word: "<b>\"a|b\" & $_*" };
        assert_eq!(templates.render("a.html", &view).expect("page"), "&lt;b&gt;&quot;a|b&quot; &amp; $_*");
        let page = templates.render("a.md", &view).expect("page");
        assert_eq!(page, "&lt;b>\"a\\|b\" &amp; \\$\\_\\* | <b>\"a\\|b\" & $_*");
    }

    #[test]
    fn a_cell_keeps_bars_that_are_escaped_already() {
        assert_eq!(cell(r"a|b \| \\| $|x|$"), r"a\|b \| \\\| $\|x\|$");
        assert_eq!(cell("$\\|x\\|$\n5\\$ \\|"), "$\\Vert x\\Vert $ 5\\$ \\|");
    }

    #[test]
    fn formulas_survive_in_bibtex() {
        assert_eq!(bib(r"*Rates* of 5 % in $\frac{a_1}{b}$ & {more}"), r"Rates of 5 \% in $\frac{a_1}{b}$ \& more");
    }

    #[test]
    fn sizes_are_short() {
        let sizes: Vec<String> = [0, 999, 1_000, 14_249, 999_949, 999_950].into_iter().map(size).collect();
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "14.2 kB", "999.9 kB", "1.0 MB"]);
    }
}

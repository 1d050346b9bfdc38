//! A diagnostic: what is wrong, where, and what to do; many of them are reported together.
//! It knows no file system and no terminal, only text; rendering is rustc-shaped, by `annotate-snippets`.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text with the path that people know it by.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Path relative to the project.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// A source to point into.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// Line and column (in characters) of a byte offset, both from 1.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// A span of a source with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub source: Arc<Source>,
    /// Which bytes.
    pub span: Range<usize>,
    /// What to say there; may be empty.
    pub text: String,
}

/// One mistake, with place and hints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `M003`: `condense explain` says what it means.
    pub code: &'static str,
    /// Lower case, the thing in backticks.
    pub message: String,
    /// The first is where the caret stands; others are context ("first defined here").
    pub labels: Vec<Label>,
    /// Facts: legal values, what was measured.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: Vec::new(), notes: Vec::new(), help: Vec::new() }
    }

    /// With a place: the first one gets the caret.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Range<usize>, text: impl Into<String>) -> Self {
        let end = source.text.len();
        let span =
            source.text.floor_char_boundary(span.start.min(end))..source.text.ceil_char_boundary(span.end.min(end));
        let span = span.start..span.end.max(span.start);
        self.labels.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// With a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// With an advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// With "did you mean" where a name is near, and with the legal names.
    #[must_use]
    pub fn suggest<S: AsRef<str>>(self, wrong: &str, legal: impl IntoIterator<Item = S>, what: &str) -> Self {
        let legal: Vec<String> = legal.into_iter().map(|name| name.as_ref().to_owned()).collect();
        let with_help = match nearest(wrong, &legal) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        };
        if legal.is_empty() {
            with_help.note(format!("there are no {what}"))
        } else {
            with_help.note(format!("{what}: {}", listed(&legal)))
        }
    }

    /// `manifest.toml:41:7`, or nothing.
    pub fn place(&self) -> Option<String> {
        let label = self.labels.first()?;
        let (line, column) = label.source.place(label.span.start);
        Some(format!("{}:{line}:{column}", label.source.path))
    }

    /// The diagnostic as people read it, ending without a line break.
    pub fn render(&self, colour: bool) -> String {
        let safe = |text: &str| visible(clipped(text, LONGEST));
        let message = visible(clipped(&self.message, WIDEST));
        let mut group = Group::with_title(Level::ERROR.primary_title(message).id(self.code));
        let shown: Vec<Excerpt> = self.labels.iter().map(Excerpt::of).collect();
        let (notes, help): (Vec<_>, Vec<_>) =
            (self.notes.iter().map(|n| safe(n)).collect(), self.help.iter().map(|h| safe(h)).collect());
        for (at, (excerpt, label)) in shown.iter().zip(&self.labels).enumerate() {
            let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(excerpt.span.clone());
            let annotation = if label.text.is_empty() { annotation } else { annotation.label(excerpt.label.clone()) };
            let snippet = Snippet::source(excerpt.text.as_str()).path(excerpt.path.clone()).line_start(excerpt.line);
            group = group.element(snippet.annotation(annotation));
        }
        for note in &notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        for help in &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).term_width(120).render(&[group])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostic {}

/// The lines around a span, made safe to print.
struct Excerpt {
    path: String,
    text: String,
    span: Range<usize>,
    line: usize,
    label: String,
}

/// Longer lines are cut around the caret: nobody reads a megabyte.
const WIDEST: usize = 3000;

/// Longer notes are cut; they may quote the end of a program's stderr.
const LONGEST: usize = 4000;

fn clipped(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

impl Excerpt {
    fn of(label: &Label) -> Self {
        let text = &label.source.text;
        let start = text[..label.span.start].rfind('\n').map_or(0, |at| at + 1);
        // A span over many lines (a whole table) is shown by its first.
        let end = text[label.span.start..].find('\n').map_or(text.len(), |at| label.span.start + at);
        let cut = text.floor_char_boundary(start.max(label.span.start.saturating_sub(WIDEST / 2)));
        let end = text.floor_char_boundary(end.min(cut + WIDEST));
        let shown = cut.min(end)..end;
        let within = label.span.start.clamp(shown.start, shown.end)
            ..label.span.end.clamp(label.span.start.min(shown.end), shown.end);
        let (before, marked, after) = (
            visible(&text[shown.start..within.start]),
            visible(&text[within.clone()]),
            visible(&text[within.end..shown.end]),
        );
        let span = before.len()..before.len() + marked.len();
        let line = label.source.place(label.span.start).0;
        Self {
            path: visible(&label.source.path),
            text: format!("{before}{marked}{after}"),
            span,
            line,
            label: visible(clipped(&label.text, WIDEST)),
        }
    }
}

/// Control characters made visible, so that no text can steer a terminal. Line breaks and tabs become what they look like.
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\n',
            '\t' => ' ',
            c if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) => {
                '\u{FFFD}'
            }
            c => c,
        })
        .collect()
}

/// The legal name that was probably meant.
pub fn nearest<'n>(wrong: &str, legal: &'n [String]) -> Option<&'n str> {
    // Distances cost time in proportion to both lengths, and nobody mistypes a novel.
    if wrong.len() > WIDEST {
        return None;
    }
    let distance = |name: &String| strsim::damerau_levenshtein(wrong, name);
    let close = legal.iter().map(|name| (distance(name), name)).min_by_key(|(distance, _)| *distance);
    let near = close.filter(|(distance, name)| *distance <= 2 && *distance < name.chars().count());
    let alike = || legal.iter().find(|name| strsim::jaro_winkler(wrong, name) > 0.9);
    near.map(|(_, name)| name).or_else(alike).map(String::as_str)
}

/// "a, b and c", cut where it grows long.
pub fn listed(names: &[String]) -> String {
    const MOST: usize = 24;
    let shown = names.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown}, and {} more", names.len() - MOST) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_place_excerpt_caret_suggestion_and_legal_values() {
        let source = Source::new("manifest.toml", "[paper]\ntitle = \"x\"\nsed = 7\n");
        let text = Diagnostic::new("M003", "unknown key `sed`")
            .at(&source, 20..23, "not a key of a figure")
            .suggest("sed", ["id", "seed"], "legal keys")
            .render(false);
        assert_eq!(
            text,
            "error[M003]: unknown key `sed`\n --> manifest.toml:3:1\n  |\n3 | sed = 7\n  | ^^^ not a key of a figure\n  |\n  = note: legal keys: `id`, `seed`\n  = help: did you mean `seed`?"
        );
    }

    #[test]
    fn no_text_can_steer_the_terminal_and_no_span_can_panic() {
        let source = Source::new("a\x1b[2J.toml", "é\x1b[31m = 1");
        for span in [0..1, 1..2, 0..99, 50..60, Range { start: 3, end: 1 }] {
            let text = Diagnostic::new("M001", "bad \x07 \u{202e}bell").at(&source, span, "here\x1b").render(false);
            assert!(!text.contains('\x1b') && !text.contains('\x07') && !text.contains('\u{202e}'), "{text}");
        }
        let long = Source::new("long", "x".repeat(1 << 20));
        assert!(Diagnostic::new("M001", "long").at(&long, 500_000..500_001, "").render(false).len() < 10_000);
        assert!(
            Diagnostic::new("M001", long.text.as_str()).suggest(&long.text, ["x"], "keys").render(false).len() < 10_000
        );
    }

    #[test]
    fn places_count_characters_from_one() {
        let source = Source::new("a", "é=1\nbé=2");
        assert_eq!(
            (source.place(0), source.place(2), source.place(5), source.place(99)),
            ((1, 1), (1, 2), (2, 1), (2, 5))
        );
    }

    #[test]
    fn only_near_names_are_suggested() {
        let legal = ["seed".to_owned(), "experiment".to_owned(), "id".to_owned()];
        assert_eq!(nearest("sed", &legal), Some("seed"));
        assert_eq!(nearest("experimnet", &legal), Some("experiment"));
        assert_eq!(nearest("xx", &legal), None);
        assert_eq!(nearest("colour", &legal), None);
    }
}

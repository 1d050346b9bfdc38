//! Numbers that were typed where they should have been quoted: an experiment that changes would leave them behind.
//! What a reader takes for no result is left alone: years, numbers of figures and equations, names, formulas, and code.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};
use std::ops::Range;

/// Words whose number is a reference.
const REFERENCES: [&str; 30] = [
    "figure",
    "figures",
    "fig",
    "figs",
    "table",
    "tables",
    "section",
    "sections",
    "equation",
    "equations",
    "eq",
    "eqs",
    "theorem",
    "theorems",
    "lemma",
    "proposition",
    "corollary",
    "definition",
    "assumption",
    "remark",
    "example",
    "algorithm",
    "appendix",
    "chapter",
    "slide",
    "slides",
    "page",
    "part",
    "version",
    "arxiv",
];

/// What may stand between a reference and its further numbers: `Figures 3, 4 and 7`, `Theorems 2–5`.
const JOINERS: [&str; 8] = [",", "and", ", and", "or", "to", "–", "-", "&"];

/// The typed numbers of a text whose quotations are already replaced by letters, in bytes of it.
pub fn numbers(text: &str) -> Vec<Range<usize>> {
    let options = Options::ENABLE_MATH | Options::ENABLE_TABLES;
    let (mut found, mut code) = (Vec::new(), 0_usize);
    let pieces: Vec<(Event, Range<usize>)> = Parser::new_ext(text, options).into_offset_iter().collect();
    let as_written = |words: &str, at: &Range<usize>| text.get(at.clone()) == Some(words);
    for (event, at) in TextMergeWithOffset::new(pieces.iter().cloned()) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code += 1,
            Event::End(TagEnd::CodeBlock) => code -= 1,
            Event::Text(words) if code == 0 => {
                // The bytes as they stand: entities and escapes hold digits of their own, and no number. Where there are such,
                // what lies between them is looked at piece by piece.
                let within = |piece: &&(Event, Range<usize>)| at.start <= piece.1.start && piece.1.end <= at.end;
                let parts = pieces.iter().filter(within).filter_map(|(piece, at)| match piece {
                    Event::Text(words) => Some((&**words, at.clone())),
                    _ => None,
                });
                let whole = as_written(&words, &at);
                let parts: Vec<(&str, Range<usize>)> = if whole { vec![(&words, at.clone())] } else { parts.collect() };
                for (words, at) in parts.into_iter().filter(|(words, at)| as_written(words, at)) {
                    found.extend(in_words(words).map(|number| number.start + at.start..number.end + at.start));
                }
            }
            _ => {}
        }
    }
    found
}

/// The typed numbers of plain words.
fn in_words(words: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut allowed: Option<usize> = None;
    runs(words).filter(move |at| {
        let (before, number, after) = (&words[..at.start], &words[at.clone()], &words[at.end..]);
        let joined = allowed.is_some_and(|end| JOINERS.contains(&words[end..at.start].trim()));
        let reference = joined || refers(before) || is_label(before, number, after);
        allowed = reference.then_some(at.end);
        !(reference || is_year(number) || is_name(before, after))
    })
}

/// Every run of digits, with the points and commas inside it.
fn runs(words: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + words[at..].find(|c: char| c.is_ascii_digit())?;
        let rest = &words[start..];
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(rest.len());
        at = start + length;
        Some(start..start + rest[..length].trim_end_matches(['.', ',']).len())
    })
}

/// Whether a word before the number makes it a reference: `Theorem 5`, `Eq. (3)`, `arXiv:2105.11686`.
fn refers(before: &str) -> bool {
    let before = before.trim_end_matches(['(', ' ', '\u{a0}', ':', '.', '\n']);
    let word = before.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    REFERENCES.contains(&word.to_lowercase().as_str())
}

/// Whether the number is the label of an equation or of an item: `(3)`.
fn is_label(before: &str, number: &str, after: &str) -> bool {
    before.ends_with('(') && after.starts_with(')') && number.len() <= 2
}

fn is_year(number: &str) -> bool {
    number.len() == 4 && number.parse().is_ok_and(|year: u32| (1900..2100).contains(&year))
}

/// Whether the digits belong to a name (`CIFAR-10`, `float64`), to a dimension (`2-D`), or to an ordinal (`5th`).
fn is_name(before: &str, after: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphabetic() || c == '_');
    let mut back = before.chars().rev();
    let last = back.next();
    let named = letter(last) || (matches!(last, Some('-' | '‑')) && letter(back.next()));
    let suffix: String = after.chars().take_while(|c| c.is_alphabetic()).collect();
    let ordinal = ["st", "nd", "rd", "th", "D"].contains(&suffix.as_str());
    named || ordinal || after.starts_with("-D") || after.starts_with("‑D")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        numbers(text).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn results_are_found_wherever_they_stand() {
        assert_eq!(found("The error is 0.03, of 12 networks.\n\n- at 1,000 steps\n"), ["0.03", "12", "1,000"]);
        assert_eq!(found("# With 7 samples\n\n*all 5* and **95 %**"), ["7", "5", "95"]);
        assert_eq!(found("| a | 3 |\n|---|---|\n| 4 | b |"), ["3", "4"]);
        assert_eq!(found("[at 20 seeds](https://example.org/7)"), ["20"]);
    }

    #[test]
    fn references_years_names_and_formulas_are_left_alone() {
        let text = "In 2021 (arXiv:2105.11686, Theorem 5 and Figures 3, 4 and 7; Eqs. (2) and (3); slide 12) CIFAR-10, GPT-3, \
                    float64 and L2 in 2-D, the 5th of $x = 3$ and `n = 7`.";
        assert_eq!(found(text), [""; 0]);
        assert_eq!(found("```\nseed 7\n```\n\n    n = 8\n"), [""; 0]);
        assert_eq!(found("Figure 3 shows 4 of them"), ["4"]);
        assert_eq!(found("(1) first; (100)"), ["100"]);
    }
}

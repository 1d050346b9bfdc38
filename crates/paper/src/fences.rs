//! Splits a page into prose and its fenced `chart` and `claim` blocks; other fences are code and stay prose.
//! It knows the lines of CommonMark's fences, and nothing of what stands in a block.

use crate::faults::Faults;
use condense_base::diag::{Diagnostic, Source, nearest};
use std::ops::Range;
use std::sync::Arc;

/// A stretch of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Words.
    Prose(Range<usize>),
    /// The inside of a block.
    Block {
        /// What the block is.
        kind: Kind,
        /// Its opening line.
        head: Range<usize>,
        /// What stands between the fences.
        body: Range<usize>,
    },
}

/// The blocks that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How something is drawn.
    Chart,
    /// What must hold.
    Claim,
}

const KINDS: [&str; 2] = ["chart", "claim"];

/// A fence that is open.
struct Fence {
    mark: char,
    length: usize,
    kind: Option<Kind>,
    head: Range<usize>,
}

/// Splits `source` from `start` on.
pub fn split(source: &Arc<Source>, start: usize, faults: &mut Faults) -> Vec<Stretch> {
    let (mut stretches, mut open, mut from, mut at) = (Vec::new(), None::<Fence>, start, start);
    for line in source.text[start..].split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        match &open {
            None => {
                let Some(fence) = opening(source, span.clone(), faults) else { continue };
                if fence.kind.is_some() {
                    stretches.push(Stretch::Prose(from..span.start));
                    from = at;
                }
                open = Some(fence);
            }
            Some(fence) if closes(line, fence) => {
                if let Some(kind) = fence.kind {
                    stretches.push(Stretch::Block { kind, head: fence.head.clone(), body: from..span.start });
                    from = at;
                }
                open = None;
            }
            Some(_) => {}
        }
    }
    if let Some(fence) = open {
        let ticks: String = std::iter::repeat_n(fence.mark, fence.length).collect();
        let fault = Diagnostic::new("P005", "this block is not closed").at(source, fence.head, "");
        faults.push(fault.help(format!("close it with a line `{ticks}`")));
    } else {
        stretches.push(Stretch::Prose(from..source.text.len()));
    }
    stretches.retain(|stretch| !matches!(stretch, Stretch::Prose(span) if source.text[span.clone()].trim().is_empty()));
    stretches
}

/// The fence that a line opens, if it does. A block must start at the margin and be spelled right: as code it would
/// go unnoticed.
fn opening(source: &Arc<Source>, span: Range<usize>, faults: &mut Faults) -> Option<Fence> {
    let line = &source.text[span.clone()];
    let text = line.trim_start();
    let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = text.len() - text.trim_start_matches(mark).len();
    let info = text[length..].trim();
    if length < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    let word = info.split_whitespace().next().unwrap_or_default();
    let kind = KINDS.iter().position(|kind| *kind == word).map(|at| [Kind::Chart, Kind::Claim][at]);
    let indented = text.len() < line.len();
    let mut fault = |message: String, help: String| {
        faults.push(Diagnostic::new("P004", message).at(source, span.clone(), "").help(help));
    };
    match kind {
        Some(_) if indented => fault(format!("the `{word}` block is indented"), "start it at the margin".to_owned()),
        Some(_) if word != info => {
            fault(format!("words behind `{word}`"), "names stand inside the block: `name = \"…\"`".to_owned());
        }
        None => {
            let legal = KINDS.map(str::to_owned);
            let meant =
                nearest(&word.to_lowercase(), &legal).filter(|kind| strsim::damerau_levenshtein(word, kind) < 2);
            if let Some(meant) = meant {
                fault(format!("unknown block `{word}`"), format!("did you mean `{meant}`?"));
            }
        }
        Some(_) => {}
    }
    // Deeper than three spaces it is indented code, not a fence.
    (line.len() - text.len() <= 3).then_some(Fence { mark, length, kind: kind.filter(|_| !indented), head: span })
}

fn closes(line: &str, fence: &Fence) -> bool {
    let text = line.trim();
    text.len() >= fence.length && text.chars().all(|c| c == fence.mark) && line.len() - line.trim_start().len() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Vec<String>, Vec<String>) {
        let (source, mut faults) = (Source::new("figures/a.md", text), Faults::default());
        let show = |stretch: &Stretch| match stretch {
            Stretch::Prose(span) => format!("prose {}", &text[span.clone()]),
            Stretch::Block { kind, body, .. } => format!("{kind:?} {}", &text[body.clone()]),
        };
        let stretches = split(&source, 0, &mut faults).iter().map(show).collect();
        let said =
            |fault: Diagnostic| format!("{} {} {:?}", fault.place().unwrap_or_default(), fault.message, fault.help);
        (stretches, faults.into_list().into_iter().map(said).collect())
    }

    #[test]
    fn blocks_stand_between_prose() {
        let (stretches, faults) = of("a\n```chart\nx = 1\n```\n\n~~~~claim\r\n```\n~~~~~\nb\n```claim\n```");
        assert_eq!(stretches, ["prose a\n", "Chart x = 1\n", "Claim ```\n", "prose b\n", "Claim "]);
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn other_fences_are_code_and_hide_blocks() {
        let text = "````markdown\n```chart\n```\n````\n```python\n```\n    ```\n`` ` ``\n";
        assert_eq!(of(text), (vec![format!("prose {text}")], Vec::new()));
    }

    #[test]
    fn a_block_that_would_go_unnoticed_is_a_fault() {
        assert_eq!(
            of("a\n```chart\nx").1,
            ["figures/a.md:2:1 this block is not closed [\"close it with a line `````\"]"]
        );
        assert_eq!(
            of("- a\n  ```claim\n  ```").1,
            ["figures/a.md:2:1 the `claim` block is indented [\"start it at the margin\"]"]
        );
        assert_eq!(of("```chrat\n```").1, ["figures/a.md:1:1 unknown block `chrat` [\"did you mean `chart`?\"]"]);
        assert_eq!(of("```Chart\n```").1, ["figures/a.md:1:1 unknown block `Chart` [\"did you mean `chart`?\"]"]);
        assert!(of("```chart features\n```").1[0].starts_with("figures/a.md:1:1 words behind `chart`"));
    }
}

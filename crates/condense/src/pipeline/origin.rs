//! Where a figure's numbers come from, as its readers see it: what computes them, its source text, and all that this reaches.

use crate::engine::digest::Digest;
use crate::paper::work::Work;
use crate::pipeline::declared::Declared;
use crate::roster::Roster;
use serde::{Serialize, Serializer};

/// What computes a figure.
#[derive(Serialize)]
pub struct Origin {
    /// Name of the experiment, or the command line.
    pub work: String,
    /// Whether it is compiled into this program.
    pub compiled: bool,
    /// The file that holds the code; empty where there is none.
    pub file: String,
    /// What is in it, as it was compiled; of a command, as it was read.
    #[serde(serialize_with = "digest")]
    pub text: String,
    /// The digest of the code.
    pub code: String,
    /// The modules or files that it consists of, with their digests. A change is told where they compute: here one digest is
    /// enough.
    #[serde(serialize_with = "digest_of_parts")]
    pub parts: Vec<(String, String)>,
}

fn digest<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    Digest::of(text.as_bytes()).serialize(serializer)
}

fn digest_of_parts<S: Serializer>(parts: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let all: String = parts.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect();
    Digest::of(all.as_bytes()).serialize(serializer)
}

impl Origin {
    /// The origin of what is declared.
    pub fn of(declared: &Declared, roster: &Roster) -> Self {
        match &declared.work {
            Work::Experiment(name) => {
                let entry = roster.known(name);
                let part = |(name, digest): &(&str, &str)| ((*name).to_owned(), (*digest).to_owned());
                Self {
                    work: name.clone(),
                    compiled: true,
                    file: entry.file.to_owned(),
                    text: entry.text.to_owned(),
                    code: entry.code.digest.to_owned(),
                    parts: entry.code.parts.iter().map(part).collect(),
                }
            }
            Work::Command(spec) => {
                let digests = declared.code.digests();
                let all: String = digests.values().map(Digest::to_string).collect();
                let file = spec.reads.first().cloned().unwrap_or_default();
                let text = declared.code.bytes().get(&file).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                Self {
                    work: spec.argv.join(" "),
                    compiled: false,
                    file,
                    text: text.unwrap_or_default(),
                    code: Digest::of(all.as_bytes()).to_string(),
                    parts: digests.iter().map(|(path, digest)| (path.clone(), digest.to_string())).collect(),
                }
            }
        }
    }

    /// The line, from 1, that gives the value `name`: the one whose string is the name, or else the one whose string with
    /// places to fill in fits it best.
    pub fn line_of(&self, name: &str) -> Option<usize> {
        let strings =
            self.text.lines().enumerate().flat_map(|(at, line)| strings(line).map(move |string| (at, string)));
        let fitting = strings.filter_map(|(at, string)| Some((at, fixed(string, name)?)));
        // The longest; of equal ones the first.
        let best = fitting.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some(best.0 + 1)
    }
}

/// The strings of a line, without their quotation marks: of program text in any language, near enough.
fn strings(line: &str) -> impl Iterator<Item = &str> {
    let ends = ['"', '\''].map(|mark| line.split(mark).skip(1).step_by(2));
    ends.into_iter().flatten().filter(|string| !string.is_empty())
}

/// How many letters of `name` a string with places to fill in (`{}`, `{size}`) gives; none where it does not fit, or gives
/// no whole part of it, which are set apart by dots.
fn fixed(string: &str, name: &str) -> Option<usize> {
    let mut parts = Vec::new();
    let mut rest = string;
    while let Some((before, after)) = rest.split_once('{') {
        parts.push(before);
        rest = after.split_once('}')?.1;
    }
    parts.push(rest);
    let (first, last) = (parts[0], parts[parts.len() - 1]);
    if parts.len() == 1 {
        return (string == name).then_some(name.len());
    }
    let inner = name.strip_prefix(first)?.strip_suffix(last)?;
    let mut open = inner;
    for part in &parts[1..parts.len() - 1] {
        open = open.split_once(part)?.1;
    }
    let whole = |part: &&str| part.split('.').any(|word| !word.is_empty() && name.split('.').any(|own| own == word));
    parts.iter().any(whole).then(|| parts.iter().map(|part| part.len()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin {
            work: String::new(),
            compiled: true,
            file: String::new(),
            text: text.to_owned(),
            code: String::new(),
            parts: Vec::new(),
        }
    }

    #[test]
    fn a_value_is_found_where_its_name_stands() {
        let found = origin("fn run() {\n    results.value(\"loss\", 1.0);\n    results.value(\"loss.last\", 2.0);\n}");
        assert_eq!(
            (found.line_of("loss"), found.line_of("loss.last"), found.line_of("rate")),
            (Some(2), Some(3), None)
        );
    }

    #[test]
    fn a_name_that_is_put_together_is_found_where_most_of_it_stands() {
        let found =
            origin("\nvalue(format!(\"{at}.gap\"))\nvalue(format!(\"{at}.gap.{of}\"))\nvalue(format!(\"{a}{b}\"))");
        assert_eq!((found.line_of("wide.gap"), found.line_of("wide.gap.last")), (Some(2), Some(3)));
        assert_eq!(found.line_of("unrelated"), None, "a pattern of nothing but places fits everything");
        assert_eq!(origin("print('{\"slope\": 2}')\nslope = f'q{n}.slope'").line_of("q3.slope"), Some(2));
    }
}

//! The mini language of prose: `{{ value("loss.final", digits=3) }}`, `{{ param("epochs") }}`, `{{ ref("other-figure") }}`,
//! `{{ ref("other-figure", chart="name") }}`.
//! It finds and checks quotations; it does not know what stands for them. Text in backticks is left alone.

use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::Range;

/// One quotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotation {
    /// What is quoted.
    pub what: Quoted,
    /// From `{{` to `}}`, in bytes of the text.
    pub span: Range<usize>,
    /// The name alone, for a caret.
    pub name_span: Range<usize>,
}

/// What can be quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quoted {
    /// A number of the results, with that many significant digits.
    Value {
        /// Its name in the results.
        name: String,
        /// Significant digits; the page's default where it says nothing.
        digits: Option<usize>,
    },
    /// A parameter of the figure.
    Param(String),
    /// A figure, or one of its charts.
    Ref(Mention),
}

/// A figure by id, or one of its charts by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mention {
    /// The figure.
    pub figure: String,
    /// One of its charts.
    pub chart: Option<String>,
}

/// What is wrong with one, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteFault {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// One sentence.
    pub message: String,
    /// A wrong function name, for "did you mean".
    pub function: Option<String>,
}

/// The functions there are.
pub const FUNCTIONS: [&str; 3] = ["value", "param", "ref"];

/// Every quotation in a text, or everything that is wrong with them.
///
/// # Errors
/// Faults, in order.
pub fn parse(text: &str) -> Result<Vec<Quotation>, Vec<QuoteFault>> {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let (mut at, mut unclosed) = (0, BTreeSet::new());
    while let Some(open) = next_open(text, at, &mut unclosed) {
        let Some(length) = text[open..].find("}}") else {
            faults.push(QuoteFault {
                span: open..open + 2,
                message: "`{{` is not closed by `}}`".to_owned(),
                function: None,
            });
            break;
        };
        let close = open + length + 2;
        match one(text, open..close) {
            Ok(quotation) => found.push(quotation),
            Err(fault) => faults.push(fault),
        }
        at = close;
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// The text with every quotation replaced by what `with` gives for it; faulty text comes back as it is.
pub fn replace(text: &str, mut with: impl FnMut(&Quotation) -> String) -> String {
    let Ok(quotations) = parse(text) else { return text.to_owned() };
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for quotation in quotations {
        out.push_str(&text[at..quotation.span.start]);
        out.push_str(&with(&quotation));
        at = quotation.span.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The next `{{` from `from` on that is not inside backticks. Runs of backticks that nothing closes are remembered by
/// their length: what is not closed here is not closed further on.
fn next_open(text: &str, from: usize, unclosed: &mut BTreeSet<usize>) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("{{") {
            return Some(at);
        }
        if rest.starts_with('`') {
            // A code span or fence ends with as many backticks as it began with.
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let (fence, after) = rest.split_at(ticks);
            let length = if unclosed.contains(&ticks) { None } else { closing(after, fence) };
            if length.is_none() {
                unclosed.insert(ticks);
            }
            at += ticks + length.unwrap_or(0);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// How far it is behind the run of exactly these backticks, if they come.
fn closing(text: &str, fence: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == fence.len() {
            return Some(start + run);
        }
        at = start + run;
    }
    None
}

fn one(text: &str, span: Range<usize>) -> Result<Quotation, QuoteFault> {
    let inner = &text[span.start + 2..span.end - 2];
    let offset = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let fault = |at: &str, message: String| {
        let start = offset(at);
        Err(QuoteFault { span: start..start + at.len().max(1), message, function: None })
    };
    let call = inner.trim();
    let Some((function, arguments)) = call.strip_suffix(')').and_then(|call| call.split_once('(')) else {
        return fault(
            if call.is_empty() { inner } else { call },
            "a quotation is written `value(\"name\")`, `param(\"name\")` or `ref(\"figure-id\")`".to_owned(),
        );
    };
    let function = function.trim();
    if !FUNCTIONS.contains(&function) {
        let start = offset(function);
        return Err(QuoteFault {
            span: start..start + function.len().max(1),
            message: format!("unknown function `{function}` in a quotation"),
            function: Some(function.to_owned()),
        });
    }
    let mut arguments = arguments.split(',').map(str::trim);
    let first = arguments.next().unwrap_or_default();
    let Some(name) = first.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|name| !name.is_empty())
    else {
        return fault(
            if first.is_empty() { call } else { first },
            format!("`{function}` takes a name in double quotes"),
        );
    };
    let (mut digits, mut chart) = (None, None);
    for argument in arguments {
        let (key, given) = argument.split_once('=').map_or((argument, ""), |(key, given)| (key.trim(), given.trim()));
        let number = given.parse::<usize>().ok().filter(|digits| (1..=17).contains(digits));
        let quoted = given.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|name| !name.is_empty());
        match (function, key, number, quoted) {
            ("value", "digits", Some(number), _) => digits = Some(number),
            ("ref", "chart", _, Some(name)) => chart = Some(name.to_owned()),
            _ => {
                return fault(
                    if argument.is_empty() { call } else { argument },
                    "beside the name, `value` takes `digits=1` to `digits=17`, and `ref` takes `chart=\"name\"`"
                        .to_owned(),
                );
            }
        }
    }
    let name_span = offset(name)..offset(name) + name.len();
    let name = name.to_owned();
    let what = match function {
        "value" => Quoted::Value { name, digits },
        "param" => Quoted::Param(name),
        _ => Quoted::Ref(Mention { figure: name, chart }),
    };
    Ok(Quotation { what, span, name_span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_found_with_their_names() {
        let text = "é {{ value(\"a.b\", digits=3) }} and {{param(\"m\")}}, see {{ ref( \"x-y\" ) }}";
        let found = parse(text).expect("good");
        let what: Vec<_> = found.iter().map(|quotation| quotation.what.clone()).collect();
        assert_eq!(
            what,
            [
                Quoted::Value { name: "a.b".into(), digits: Some(3) },
                Quoted::Param("m".into()),
                Quoted::Ref(Mention { figure: "x-y".into(), chart: None })
            ]
        );
        assert_eq!(
            found.iter().map(|quotation| &text[quotation.name_span.clone()]).collect::<Vec<_>>(),
            ["a.b", "m", "x-y"]
        );
        let mut count = 0;
        let filled = replace(text, |_| {
            count += 1;
            count.to_string()
        });
        assert_eq!(filled, "é 1 and 2, see 3");
    }

    #[test]
    fn a_chart_is_mentioned_by_its_name() {
        let what = parse("{{ ref(\"x-y\", chart=\"loss\") }}").expect("good").remove(0).what;
        assert_eq!(what, Quoted::Ref(Mention { figure: "x-y".into(), chart: Some("loss".into()) }));
        assert!(parse("{{ ref(\"x\", chart=loss) }}").is_err() && parse("{{ value(\"x\", chart=\"loss\") }}").is_err());
    }

    #[test]
    fn text_in_backticks_is_left_alone() {
        assert_eq!(
            parse("write `{{ value(\"x\") }}` or ``a ` {{ b``, ` {{ ref(\"y\") }}").map(|found| found.len()),
            Ok(1)
        );
        assert_eq!(parse("```\n{{ nothing }}\n```\n{{ value(\"x\") }}").map(|found| found.len()), Ok(1));
    }

    #[test]
    fn every_fault_is_reported_at_its_place() {
        let text = "{{ valeu(\"x\") }} {{ value(x) }} {{ value(\"x\", digits=99) }} {{ param(\"x\", digits=2) }} {{}} {{ value(\"x\"";
        let faults = parse(text).expect_err("bad");
        let at: Vec<_> = faults.iter().map(|fault| &text[fault.span.clone()]).collect();
        assert_eq!(at, ["valeu", "x", "digits=99", "digits=2", "}", "{{"]);
        assert_eq!(faults[0].function.as_deref(), Some("valeu"));
        assert_eq!(replace("{{ value(x) }}", |_| unreachable!()), "{{ value(x) }}");
    }
}

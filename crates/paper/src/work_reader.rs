//! Reads what computes a figure: the keys `experiment`, or `command` with those that belong to it.

use crate::checks::{Checks, Raw};
use crate::names::{self, brief};
use crate::work::{CommandSpec, Work};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::Spanned;

const TIMEOUT_SECONDS: u64 = 600;
const A_WEEK: u64 = 7 * 24 * 3600;

/// The work of an entry.
pub fn parse(raw: &Raw, checks: &mut Checks) -> Work {
    match (&raw.experiment, &raw.command) {
        (Some(name), Some(command)) => {
            checks.fault("M010", "a figure has either an `experiment` or a `command`, not both", command.span());
            Work::Experiment(name.get_ref().clone())
        }
        (Some(name), None) => experiment(raw, name, checks),
        (None, Some(command)) => program(raw, command, checks),
        (None, None) => {
            let given = [&raw.reads.as_ref().map(Spanned::span), &raw.writes.as_ref().map(Spanned::span)];
            let key = if given.iter().any(|span| span.is_some()) { "command" } else { "experiment" };
            checks.missing(key, "experiment = \"name_of_the_file\", or command = [\"python3\", \"fit.py\"]");
            Work::Experiment(String::new())
        }
    }
}

fn experiment(raw: &Raw, name: &Spanned<String>, checks: &mut Checks) -> Work {
    let catalogue = checks.asked.catalogue;
    if catalogue.defaults(name.get_ref()).is_none() {
        let message = format!("unknown experiment `{}`", brief(name.get_ref()));
        let fault = checks.piece.fault("M007", message, name.span(), "");
        checks.faults.push(fault.suggest(name.get_ref(), catalogue.names(), "experiments"));
    }
    let of_commands: [(&str, Option<Range<usize>>); 4] = [
        ("reads", raw.reads.as_ref().map(Spanned::span)),
        ("writes", raw.writes.as_ref().map(Spanned::span)),
        ("env", raw.env.as_ref().map(Spanned::span)),
        ("timeout_seconds", raw.timeout_seconds.as_ref().map(Spanned::span)),
    ];
    for (key, span) in of_commands {
        if let Some(span) = span {
            checks.fault("M010", format!("`{key}` belongs to a `command`; an experiment has `data`"), span);
        }
    }
    Work::Experiment(name.get_ref().clone())
}

fn program(raw: &Raw, command: &Spanned<Vec<String>>, checks: &mut Checks) -> Work {
    let argv = command.get_ref().clone();
    if argv.first().is_none_or(|program| program.trim().is_empty()) {
        checks.fault("M010", "`command` is empty: it holds a program and its arguments", command.span());
    }
    let reads: Vec<Spanned<String>> = raw.reads.clone().map_or_else(Vec::new, Spanned::into_inner);
    for path in &reads {
        checks.input(path);
    }
    Work::Command(CommandSpec {
        argv,
        reads: reads.into_iter().map(Spanned::into_inner).collect(),
        writes: writes(raw, checks),
        env: env(raw, checks),
        timeout_seconds: timeout(raw, checks),
    })
}

fn writes(raw: &Raw, checks: &mut Checks) -> Vec<String> {
    let example = "writes = [\"table.csv\", \"values.json\"]";
    let Some(writes) = &raw.writes else {
        checks.missing("writes", example);
        return Vec::new();
    };
    if writes.get_ref().is_empty() {
        checks.fault("M014", "`writes` is empty: a figure needs results", writes.span());
    }
    let mut seen = BTreeSet::new();
    for name in writes.get_ref() {
        if let Some(fault) = names::output_fault(name.get_ref()) {
            checks.fault("M014", format!("output `{}` is refused: {fault}", brief(name.get_ref())), name.span());
        } else if !seen.insert(name.get_ref()) {
            checks.fault("M014", format!("output `{}` stands twice", name.get_ref()), name.span());
        }
    }
    writes.get_ref().iter().map(|name| name.get_ref().clone()).collect()
}

fn env(raw: &Raw, checks: &mut Checks) -> BTreeMap<String, String> {
    let env = raw.env.clone().map_or_else(BTreeMap::new, Spanned::into_inner);
    for name in env.keys() {
        let text = name.get_ref();
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) || !plain {
            let message = format!("environment variable `{}`: letters, digits and `_`, no digit first", brief(text));
            checks.fault("M015", message, name.span());
        }
    }
    env.into_iter().map(|(name, value)| (name.into_inner(), value)).collect()
}

fn timeout(raw: &Raw, checks: &mut Checks) -> u64 {
    let Some(seconds) = &raw.timeout_seconds else { return TIMEOUT_SECONDS };
    if !(1..=A_WEEK).contains(seconds.get_ref()) {
        let message = format!("`timeout_seconds` is {}: between 1 and {A_WEEK} (a week)", seconds.get_ref());
        checks.fault("M015", message, seconds.span());
    }
    *seconds.get_ref()
}

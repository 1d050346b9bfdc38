//! Why a step would run again: what differs between its description now and the one of last time, in sentences.

use crate::digest::Digest;

/// What differs between two descriptions, as sentences: "`params.steps`: 10000 → 20000".
pub fn differences(old: &[(String, String)], new: &[(String, String)]) -> Vec<String> {
    let find = |list: &[(String, String)], label: &str| {
        list.iter().find(|(own, _)| own == label).map(|(_, text)| text.clone())
    };
    let mut reasons = Vec::new();
    for (label, text) in new {
        match find(old, label) {
            None => reasons.push(format!("`{label}` is new")),
            Some(before) if before != *text => reasons.push(change(label, &before, text)),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(label, _)| find(new, label).is_none());
    reasons.extend(gone.map(|(label, _)| format!("`{label}` is gone")));
    let more = reasons.len().saturating_sub(MOST);
    reasons.truncate(MOST);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons
}

/// As many changes are told one by one.
const MOST: usize = 8;

/// One change in words: short single-line texts are shown, of longer ones the first line that differs, of digests only the fact.
fn change(label: &str, before: &str, after: &str) -> String {
    if Digest::parse(before).is_some() || Digest::parse(after).is_some() {
        return format!("`{label}` changed");
    }
    let differing = before.lines().zip(after.lines()).enumerate().find(|(_, (old, new))| old != new);
    match differing {
        Some((at, (old, new))) => {
            let place = if before.lines().count() > 1 { format!(", line {}", at + 1) } else { String::new() };
            let (old, new) = (old.trim(), new.trim());
            // Words that both begin with say nothing, unless both are short.
            let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
            let from =
                if old.chars().count().max(new.chars().count()) > WIDTH { same.saturating_sub(CONTEXT) } else { 0 };
            format!("`{label}`{place}: {} → {}", clipped(old, from), clipped(new, from))
        }
        None => format!("`{label}` has {} lines, had {}", after.lines().count(), before.lines().count()),
    }
}

/// So many characters of a text are shown, and so many of them before the first that differs.
const WIDTH: usize = 60;
const CONTEXT: usize = 12;

fn clipped(text: &str, from: usize) -> String {
    let before = if from > 0 { "…" } else { "" };
    let after = if text.chars().count() > from + WIDTH { "…" } else { "" };
    format!("{before}{}{after}", text.chars().skip(from).take(WIDTH).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_changed() {
        let words =
            |parts: &[(&str, &str)]| parts.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        let old =
            words(&[("params.steps", "10000"), ("code.nn::train", &"0".repeat(64)), ("gone", "1"), ("chart", "a\nb")]);
        let new =
            words(&[("params.steps", "20000"), ("code.nn::train", &"1".repeat(64)), ("new", "1"), ("chart", "a\nc")]);
        assert_eq!(
            differences(&old, &new),
            [
                "`params.steps`: 10000 → 20000",
                "`code.nn::train` changed",
                "`new` is new",
                "`chart`, line 2: b → c",
                "`gone` is gone"
            ]
        );
        assert!(differences(&old, &old).is_empty());
        let many = |text: &str| (0..20).map(|n| (format!("p{n}"), text.to_owned())).collect::<Vec<_>>();
        assert_eq!(differences(&many("a"), &many("b")).last().map(String::as_str), Some("and 12 more"));
    }

    #[test]
    fn a_change_far_into_a_long_line_is_shown() {
        let line = |end: &str| format!("{}{end}", "x".repeat(100));
        assert_eq!(change("c", &line("old"), &line("new")), "`c`: …xxxxxxxxxxxxold → …xxxxxxxxxxxxnew");
    }
}

//! Why a step would run, for a terminal: one reason a line, each of them short.

/// So many reasons are told, and so many characters of each.
const MOST: usize = 8;
const WIDTH: usize = 100;

/// A step with its reasons: behind it where there is one, else below it, one a line.
pub fn told(step: &str, reasons: &[String]) -> String {
    if let [only] = reasons {
        return format!("{step}: {}\n", clipped(only));
    }
    let mut text = format!("{step}:\n");
    for reason in reasons.iter().take(MOST) {
        text.push_str(&format!("           {}\n", clipped(reason)));
    }
    match &reasons[reasons.len().min(MOST)..] {
        [] => {}
        // What was cut off before says so itself.
        [last] => text.push_str(&format!("           {}\n", clipped(last))),
        more => text.push_str(&format!("           and {} more\n", more.len())),
    }
    text
}

/// The beginning of a reason, on one line.
pub fn clipped(reason: &str) -> String {
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WIDTH {
        return line;
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

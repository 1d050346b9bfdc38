//! Why a step would run, for a terminal: one reason a line, each of them short.

/// So many reasons are told, and so many characters of each.
const MOST: usize = 8;
const WIDTH: usize = 100;

/// Steps with their reasons, further seeds of one figure that have the same reasons as one: "seeds 1 to 20 of rising".
pub fn grouped(steps: Vec<(String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>, Option<Seeds>)> = Vec::new();
    for (step, reasons) in steps {
        let seeds = Seeds::of(&step);
        if let (Some((_, same, Some(group))), Some(next)) = (groups.last_mut(), &seeds)
            && *same == reasons
            && group.figure == next.figure
            && group.last + 1 == next.first
        {
            group.last = next.last;
            continue;
        }
        groups.push((step, reasons, seeds));
    }
    let name = |step, seeds: Option<Seeds>| seeds.filter(|seeds| seeds.first < seeds.last).map_or(step, Seeds::name);
    groups.into_iter().map(|(step, reasons, seeds)| (name(step, seeds), reasons)).collect()
}

/// Consecutive further seeds of a figure.
struct Seeds {
    figure: String,
    first: u64,
    last: u64,
}

impl Seeds {
    /// The one of a step: `seed 3 of rising`.
    fn of(step: &str) -> Option<Self> {
        let (seed, figure) = step.strip_prefix("seed ")?.split_once(" of ")?;
        let seed = seed.parse().ok()?;
        Some(Self { figure: figure.to_owned(), first: seed, last: seed })
    }

    fn name(self) -> String {
        format!("seeds {} to {} of {}", self.first, self.last, self.figure)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// One changed parameter was once told twenty-one times.
    #[test]
    fn further_seeds_with_the_same_reasons_are_told_together() {
        let step = |name: &str, reason: &str| (name.to_owned(), vec![reason.to_owned()]);
        let steps = vec![
            step("run a", "x"),
            step("seed 1 of a", "x"),
            step("seed 2 of a", "x"),
            step("seed 3 of a", "y"),
            step("seed 4 of b", "y"),
            step("seed 6 of b", "y"),
            step("page a", "x"),
        ];
        let names: Vec<String> = grouped(steps).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["run a", "seeds 1 to 2 of a", "seed 3 of a", "seed 4 of b", "seed 6 of b", "page a"]);
    }
}

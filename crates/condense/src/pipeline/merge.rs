//! What a merge with conflicts left of `manifest.lock`: its marks, and the sections that stand outside of them.

use std::collections::BTreeSet;

/// A profile and a figure.
pub type Name = (String, String);

/// The line, counted from one, of the first mark of a merge.
pub fn first_mark(text: &str) -> Option<usize> {
    text.lines().position(|line| Mark::of(line).is_some_and(|mark| mark != Mark::Between)).map(|at| at + 1)
}

/// The text with every section gone that stands between marks, be it in part; and the names of those. What goes leaves
/// an empty line, so that later mistakes are found at their own line.
pub fn outside(text: &str) -> (String, BTreeSet<Name>) {
    let (mut kept, mut gone) = (Vec::new(), BTreeSet::new());
    // The sections that a line may belong to: more than one after a conflict whose sides end in different ones.
    let mut open: BTreeSet<Name> = BTreeSet::new();
    let (mut before, mut ends, mut inside) = (BTreeSet::new(), BTreeSet::new(), false);
    for line in text.lines() {
        match Mark::of(line) {
            Some(Mark::Begin) => {
                (before, ends, inside) = (open.clone(), BTreeSet::new(), true);
            }
            Some(Mark::Between) if inside => {
                ends.append(&mut open);
                open.clone_from(&before);
            }
            Some(Mark::End) => {
                open.append(&mut ends);
                inside = false;
            }
            Some(Mark::Between) | None => {
                if let Some(name) = heading(line) {
                    open = BTreeSet::from([name]);
                    gone.extend(open.iter().filter(|_| inside).cloned());
                } else if !line.trim().is_empty() && (inside || open.len() > 1) {
                    gone.extend(open.iter().cloned());
                }
                if !inside {
                    kept.push((line, open.clone()));
                    continue;
                }
            }
        }
        kept.push(("", BTreeSet::new()));
    }
    let lines = kept.iter().map(|(line, sections)| if sections.is_disjoint(&gone) { *line } else { "" });
    (lines.collect::<Vec<_>>().join("\n"), gone)
}

/// The profile and the figure of a line that begins a section.
fn heading(line: &str) -> Option<Name> {
    let (profile, figure) = line.trim().strip_prefix('[')?.strip_suffix(']')?.split_once('.')?;
    Some((profile.to_owned(), figure.to_owned()))
}

/// The lines by which a merge tells its sides apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Begin,
    Between,
    End,
}

impl Mark {
    fn of(line: &str) -> Option<Self> {
        match line.get(..7)? {
            "<<<<<<<" => Some(Self::Begin),
            "|||||||" | "=======" => Some(Self::Between),
            ">>>>>>>" => Some(Self::End),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(gone: &BTreeSet<Name>) -> Vec<String> {
        gone.iter().map(|(profile, figure)| format!("{profile}.{figure}")).collect()
    }

    #[test]
    fn a_section_that_a_conflict_touches_goes_and_its_neighbours_stay() {
        let text = "[d.a]\nx = 1\n\n<<<<<<< ours\n[d.b]\nx = 2\n||||||| base\n=======\n[d.c]\nx = 3\n>>>>>>> theirs\n\n[d.e]\nx = 4";
        let (kept, gone) = outside(text);
        assert_eq!(names(&gone), ["d.b", "d.c"]);
        assert_eq!(
            kept.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
            ["[d.a]", "x = 1", "[d.e]", "x = 4"]
        );
        assert_eq!(kept.lines().count(), text.lines().count());
        assert_eq!(first_mark(text), Some(4));
    }

    #[test]
    fn a_section_goes_whole_when_one_of_its_lines_is_in_conflict() {
        let (kept, gone) = outside("[d.a]\n<<<<<<< ours\nx = 1\n=======\nx = 2\n>>>>>>> theirs\ny = 3\n[d.b]\nx = 4");
        assert_eq!((names(&gone), kept.trim()), (vec!["d.a".to_owned()], "[d.b]\nx = 4"));
        // The last line may belong to either side's last section.
        let (kept, gone) = outside("[d.a]\nx = 1\n<<<<<<<\n[d.b]\ny = 1\n=======\n>>>>>>>\nz = 1");
        assert_eq!((names(&gone), kept.trim()), (vec!["d.a".to_owned(), "d.b".to_owned()], ""));
    }
}

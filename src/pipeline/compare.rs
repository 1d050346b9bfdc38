//! Where two versions of an output differ: for tables the first differing cells, with the distance in ulp.

use crate::frame::{Column, Frame};

/// How many differing cells are told one by one.
const TOLD: usize = 5;

/// Sentences about where `found` differs from `recorded`.
pub fn differences(path: &str, recorded: &[u8], found: &[u8]) -> Vec<String> {
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let tables = || Some((Frame::from_csv(text(recorded)?).ok()?, Frame::from_csv(text(found)?).ok()?));
    if path.ends_with(".csv")
        && let Some((old, new)) = tables()
    {
        let cells = in_tables(&old, &new);
        if !cells.is_empty() {
            return cells;
        }
    }
    match (text(recorded), text(found)) {
        (Some(old), Some(new)) => vec![in_lines(old, new)],
        _ => vec![format!(
            "size {} -> {} bytes, first difference at byte {}",
            recorded.len(),
            found.len(),
            first(recorded, found)
        )],
    }
}

fn first(old: &[u8], new: &[u8]) -> usize {
    old.iter().zip(new).position(|(a, b)| a != b).unwrap_or(old.len().min(new.len()))
}

fn in_tables(old: &Frame, new: &Frame) -> Vec<String> {
    if old.names().ne(new.names()) {
        let names = |frame: &Frame| frame.names().collect::<Vec<_>>().join(", ");
        return vec![format!("columns {} -> {}", names(old), names(new))];
    }
    let mut told = Vec::new();
    if old.rows() != new.rows() {
        told.push(format!("{} rows -> {} rows", old.rows(), new.rows()));
    }
    let mut differing = 0;
    for row in 0..old.rows().min(new.rows()) {
        for ((name, a), (_, b)) in old.0.iter().zip(&new.0) {
            let same = match (a, b) {
                (Column::Numbers(a), Column::Numbers(b)) => a[row].to_bits() == b[row].to_bits(),
                _ => a.text(row) == b.text(row),
            };
            if same {
                continue;
            }
            differing += 1;
            if differing <= TOLD {
                let distance = match (a, b) {
                    (Column::Numbers(a), Column::Numbers(b)) => in_ulp(a[row], b[row]),
                    _ => String::new(),
                };
                told.push(format!("row {}, column `{name}`: {} -> {}{distance}", row + 1, a.text(row), b.text(row)));
            }
        }
    }
    if differing > TOLD {
        told.push(format!("and {} more cells", differing - TOLD));
    }
    told
}

/// The number of doubles between two, as a remark; silent beyond a million, where the values speak for themselves.
fn in_ulp(a: f64, b: f64) -> String {
    let ordered = |x: f64| {
        let bits = x.to_bits().cast_signed();
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    };
    let distance = i128::from(ordered(a)) - i128::from(ordered(b));
    let distance = distance.unsigned_abs();
    if distance <= 1_000_000 { format!(" ({distance} ulp)") } else { String::new() }
}

fn in_lines(old: &str, new: &str) -> String {
    let at = first(old.as_bytes(), new.as_bytes());
    let at = old.floor_char_boundary(at.min(old.len()));
    let line = old[..at].matches('\n').count() + 1;
    let start = old[..at].rfind('\n').map_or(0, |at| at + 1);
    // Some context before the difference, in whole characters of both.
    let from = old.floor_char_boundary(start.max(at.saturating_sub(30)));
    let excerpt = |text: &str| {
        let from = text.floor_char_boundary(from.min(text.len()));
        text[from..].lines().next().unwrap_or_default().chars().take(70).collect::<String>()
    };
    format!("line {line}: {} -> {}", excerpt(old), excerpt(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_with_their_distance() {
        let next = f64::from_bits(5.0f64.to_bits() + 1);
        let told = differences("a.csv", b"x,y\n0,1\n1,5\n", format!("x,y\n0,1\n1,{next}\n").as_bytes());
        assert_eq!(told, ["row 2, column `y`: 5 -> 5.000000000000001 (1 ulp)"]);
        assert_eq!(differences("a.csv", b"x\n0\n", b"x\n-0\n"), ["row 1, column `x`: 0 -> -0 (0 ulp)"]);
        assert_eq!(differences("a.csv", b"x,n\n1,a\n", b"x,n\n1,b\n"), ["row 1, column `n`: a -> b"]);
        assert_eq!(differences("a.csv", b"x\n1\n", b"x\n1\n2\n"), ["1 rows -> 2 rows"]);
        assert_eq!(differences("a.csv", b"x\n1\n", b"z\n1\n"), ["columns x -> z"]);
    }

    #[test]
    fn other_files_are_compared_by_lines_or_bytes() {
        assert_eq!(differences("a.svg", "a\nbé c\n".as_bytes(), "a\nbé d\n".as_bytes()), ["line 2: bé c -> bé d"]);
        assert_eq!(differences("a.png", &[255, 1], &[255, 2, 3]), ["size 2 -> 3 bytes, first difference at byte 1"]);
        assert_eq!(differences("a.csv", b"x\n1\n", b"x\n1"), ["line 2: 1 -> 1"]);
    }
}

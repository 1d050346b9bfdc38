//! What a formula still needs once it is MathML: attributes where every checker accepts them, and places to break a line.
//! It knows no TeX.

use std::iter;

/// Relations and sums: a long formula within a line may be broken after them.
const BREAKS: [&str; 17] = ["=", "≤", "≥", "&lt;", "&gt;", "∈", "∼", "≈", "≠", "≔", "→", "⊂", "≪", "≫", "+", "−", "↦"];

/// Formulas of fewer parts than this fit everywhere.
const SHORT: usize = 8;

/// One element: where its tag is, and where it ends.
struct Element<'m> {
    /// With its brackets.
    tag: &'m str,
    /// The whole element.
    whole: &'m str,
}

/// The elements of `inner` that stand within no other.
fn elements(inner: &str) -> impl Iterator<Item = Element<'_>> {
    let mut rest = inner;
    iter::from_fn(move || {
        let start = rest.find('<')?;
        let from = &rest[start..];
        let tag = &from[..=from.find('>')?];
        let (mut depth, mut end) = (0_usize, 0);
        while let Some(at) = from[end..].find('<') {
            let inside = &from[end + at..];
            let length = inside.find('>')? + 1;
            end += at + length;
            match (inside.starts_with("</"), inside[..length].ends_with("/>")) {
                (true, _) => depth = depth.saturating_sub(1),
                (false, false) => depth += 1,
                (false, true) => {}
            }
            if depth == 0 {
                break;
            }
        }
        rest = &from[end..];
        Some(Element { tag, whole: &from[..end] })
    })
}

/// The same formula with `displaystyle` and `scriptlevel` of fractions and tables on an `mstyle` around them: MathML Core
/// has both everywhere, validators do not.
pub fn styled(formula: &str) -> String {
    let Some(at) = formula.match_indices('<').map(|(at, _)| at).find(|&at| {
        let tag = tag(&formula[at..]);
        (tag.starts_with("<mfrac") || tag.starts_with("<mtable"))
            && (tag.contains("displaystyle=") || tag.contains("scriptlevel="))
    }) else {
        return formula.to_owned();
    };
    let Some(element) = elements(&formula[at..]).next() else { return formula.to_owned() };
    let (style, other): (Vec<&str>, Vec<&str>) = element.tag[..element.tag.len() - 1]
        .split(' ')
        .skip(1)
        .partition(|attribute| attribute.starts_with("displaystyle=") || attribute.starts_with("scriptlevel="));
    let name = element.tag[1..].split([' ', '>']).next().unwrap_or_default();
    let bare = iter::once(name).chain(other).collect::<Vec<_>>().join(" ");
    let inside = &element.whole[element.tag.len()..];
    let (before, after) = (&formula[..at], &formula[at + element.whole.len()..]);
    format!("{before}<mstyle {}><{bare}>{}</mstyle>{}", style.join(" "), styled(inside), styled(after))
}

fn tag(from: &str) -> &str {
    from.find('>').map_or(from, |end| &from[..=end])
}

/// A long formula within a line, as pieces between which the line may break: after relations and sums, as TeX does it.
pub fn breakable(formula: &str) -> String {
    let inner = formula.strip_prefix("<math>").and_then(|rest| rest.strip_suffix("</math>"));
    let Some(inner) = inner else { return formula.to_owned() };
    let parts: Vec<Element> = elements(inner).collect();
    if parts.len() < SHORT {
        return formula.to_owned();
    }
    let mut pieces = vec![String::new()];
    for (at, part) in parts.iter().enumerate() {
        let piece = pieces.last_mut().expect("one at least");
        let sign = part.whole.strip_suffix("</mo>").map(|whole| &whole[part.tag.len()..]);
        // A sign after nothing, or after another sign, is no sum: as in `= -1`.
        let after = at.checked_sub(1).is_some_and(|before| {
            let before = &parts[before];
            let sign = before.tag == "<mo>" || before.tag.starts_with("<mo ");
            !sign
                || [">)</mo>", ">]</mo>", ">}</mo>", ">|</mo>", ">‖</mo>"].iter().any(|end| before.whole.ends_with(end))
        });
        let may = sign.is_some_and(|sign| BREAKS.contains(&sign)) && after && at + 1 < parts.len();
        if may && !part.tag.contains("form=") {
            // The last of a row would be taken for a postfix.
            piece.push_str(&part.whole.replacen("<mo", "<mo form=\"infix\"", 1));
        } else {
            piece.push_str(part.whole);
        }
        if may {
            pieces.push(String::new());
        }
    }
    format!("<math>{}</math>", pieces.join("</math><wbr><math>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_moves_to_an_element_around() {
        let set = styled(
            "<math><mi>a</mi><mfrac displaystyle=\"false\" linethickness=\"0\"><mi>x</mi><mfrac displaystyle=\"true\"><mn>1</mn><mn>2</mn></mfrac></mfrac></math>",
        );
        assert_eq!(
            set,
            "<math><mi>a</mi><mstyle displaystyle=\"false\"><mfrac linethickness=\"0\"><mi>x</mi><mstyle displaystyle=\"true\"><mfrac><mn>1</mn><mn>2</mn></mfrac></mstyle></mfrac></mstyle></math>"
        );
        assert_eq!(styled("<math><mfrac><mi>x</mi><mi>y</mi></mfrac></math>").matches("mstyle").count(), 0);
    }

    #[test]
    fn a_long_line_breaks_after_relations_and_sums() {
        let row = |signs: &[&str]| {
            let parts: String = signs.iter().map(|sign| format!("<mi>x</mi><mo>{sign}</mo>")).collect();
            format!("<math>{parts}<mi>y</mi></math>")
        };
        assert_eq!(breakable(&row(&["=", "+", "⋅", "−"])).matches("<wbr>").count(), 3);
        assert_eq!(breakable(&row(&["="])), row(&["="]), "it is short");
        let signed =
            "<math><mi>a</mi><mi>b</mi><mi>c</mi><mi>d</mi><mi>e</mi><mi>f</mi><mo>=</mo><mo>−</mo><mn>1</mn></math>";
        assert_eq!(breakable(signed).matches("<wbr>").count(), 1, "the second sign belongs to the number");
        let display = row(&["=", "=", "=", "="]).replace("<math>", "<math display=\"block\">");
        assert_eq!(breakable(&display), display, "it stands in a window of its own");
    }

    #[test]
    fn nothing_is_lost() {
        let formula = "<math><msub><mi>x</mi><mn>1</mn></msub><mspace width=\"1em\"/><mo>=</mo><mi>a</mi><mi>b</mi><mi>c</mi><mi>d</mi><mi>e</mi><mi>f</mi></math>";
        let bare = breakable(formula).replace("</math><wbr><math>", "").replace(" form=\"infix\"", "");
        assert_eq!(bare, formula);
    }
}

//! A strip: the same number measured at several seeds, as dots on one line, with what was asked of it.
//! It knows no claims; it is small enough to stand beside a sentence.

use crate::look::Ink;
use crate::svg::escaped;
use std::fmt::Write as _;

/// Size of the picture in px.
const SIZE: [f64; 2] = [190.0, 16.0];
/// Kept free at both ends, so that the ring and the ends of the region are seen.
const MARGIN: f64 = 10.0;

/// What a strip shows.
pub struct Strip<'s> {
    /// The number that is reported: it has a ring.
    pub own: f64,
    /// The others, each with whether it meets what was asked.
    pub others: &'s [(f64, bool)],
    /// The ends of the region that was asked for, where it has ends.
    pub asked: [Option<f64>; 2],
    /// The same in words.
    pub words: &'s str,
}

impl Strip<'_> {
    /// The picture, to stand in a page beside others that bring the style.
    pub fn svg(&self) -> String {
        let [width, height] = SIZE;
        let middle = height / 2.0;
        let at = self.scale();
        let mut out = format!(
            "<svg class=\"strip\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" fill=\"none\">\
             <title>{}</title>",
            escaped(self.words)
        );
        let [low, high] = [self.asked[0].map_or(0.0, &at), self.asked[1].map_or(width, &at)];
        // A region of one number is still seen.
        let (low, wide) = if high - low < 2.0 { (low - 1.0, 2.0) } else { (low, high - low) };
        let _ = write!(
            out,
            "<path{} stroke=\"currentColor\" d=\"M0 {middle}H{width}\"/>\
             <rect{} fill=\"currentColor\" opacity=\"0.25\" x=\"{}\" y=\"2\" width=\"{}\" height=\"{}\"/>",
            ink(Ink::Muted),
            ink(Ink::Green),
            px(low),
            px(wide),
            height - 4.0
        );
        for (value, holds) in self.others {
            let x = at(*value);
            if *holds {
                let _ = write!(
                    out,
                    "<circle{} fill=\"currentColor\" opacity=\"0.8\" cx=\"{}\" cy=\"{middle}\" r=\"3\"/>",
                    ink(Ink::Blue),
                    px(x)
                );
            } else {
                // Another shape, not only another colour.
                let _ = write!(
                    out,
                    "<path{} stroke=\"currentColor\" stroke-width=\"2\" d=\"M{} {}l6 6m0 -6l-6 6\"/>",
                    ink(Ink::Vermilion),
                    px(x - 3.0),
                    middle - 3.0
                );
            }
        }
        let own = px(at(self.own));
        let _ = write!(
            out,
            "<g{}><circle fill=\"currentColor\" cx=\"{own}\" cy=\"{middle}\" r=\"2\"/>\
             <circle stroke=\"currentColor\" stroke-width=\"1.5\" cx=\"{own}\" cy=\"{middle}\" r=\"5.5\"/></g></svg>",
            ink(Ink::Ink)
        );
        out
    }

    /// Where a number stands, in px: numbers and ends of the region share the width.
    fn scale(&self) -> impl Fn(f64) -> f64 + 'static {
        let numbers =
            || self.others.iter().map(|(value, _)| *value).chain([self.own]).chain(self.asked.into_iter().flatten());
        let low = numbers().fold(f64::INFINITY, f64::min);
        let high = numbers().fold(f64::NEG_INFINITY, f64::max);
        move |value| {
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            MARGIN + share * (SIZE[0] - 2.0 * MARGIN)
        }
    }
}

fn ink(ink: Ink) -> String {
    format!(" class=\"{}\" color=\"#{:06x}\"", ink.class(), ink.faces()[0])
}

/// A tenth of a px is more than enough.
fn px(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(others: &[(f64, bool)], asked: [Option<f64>; 2]) -> String {
        Strip { own: 2.0, others, asked, words: "1 < 2 & 3" }.svg()
    }

    #[test]
    fn numbers_and_bounds_share_the_width() {
        let svg = strip(&[(1.0, true), (4.0, false)], [None, Some(3.0)]);
        assert!(svg.contains("cx=\"10\"") && svg.contains("M177 5"), "the least and the greatest at the ends: {svg}");
        assert!(
            svg.contains("x=\"0\" y=\"2\" width=\"123.3\""),
            "the region reaches from the left edge to its end: {svg}"
        );
        assert!(svg.contains("1 &lt; 2 &amp; 3"), "{svg}");
    }

    #[test]
    fn what_fails_has_another_shape() {
        let shapes = |holds| strip(&[(1.0, holds)], [Some(0.0), None]).matches("<circle").count();
        assert_eq!([shapes(true), shapes(false)], [3, 2]);
    }

    #[test]
    fn equal_numbers_stand_in_the_middle_of_a_region_that_is_seen() {
        let svg = strip(&[(2.0, true)], [Some(2.0), Some(2.0)]);
        assert!(svg.contains("cx=\"95\"") && svg.contains("x=\"94\" y=\"2\" width=\"2\""), "{svg}");
    }

    #[test]
    fn no_number_is_lost_to_a_region_without_ends() {
        assert!(!strip(&[(1e300, true), (-1e300, true)], [None, None]).contains("NaN"));
    }
}

//! Words in a panel: each beside its point, where it meets no other words and covers no other point.
//! It does not know what the points are.

use plotters::style::text_anchor::{HPos, VPos};

use crate::clip::{Area, Point};
use crate::look::Ink;
use crate::pen::{Pen, Type};
use crate::series::Style;
use crate::text;

/// Space between a point and its words in px.
const GAP: f64 = 7.0;
/// Height of a line of words in units of their size.
const LINE: f64 = 1.2;

/// Writes words, centred on their points or beside them; `taken` is what earlier words of the panel cover.
pub fn write(pen: &Pen, area: &Area, words: &[(Point, &str)], centred: bool, style: &Style, taken: &mut Vec<Area>) {
    let points: Vec<Point> = words.iter().map(|(point, _)| *point).collect();
    let rim = Some(if style.ink == Ink::Over { Ink::Rim } else { Ink::Ground });
    let face = Type { rim, ..Type::new(style.ink, style.size) }.hung(HPos::Center, VPos::Center);
    for &(point, word) in words.iter().filter(|(point, _)| area.holds(*point)) {
        let width = text::width(word, style.size);
        let centres = if centred { vec![point] } else { beside(point, width, style.size) };
        let places: Vec<Area> = centres.into_iter().map(|centre| around(centre, width, style.size, area)).collect();
        let place = places.iter().find(|place| {
            let inside = place.top >= area.top && place.bottom <= area.bottom;
            inside && !taken.iter().any(|other| other.meets(place)) && !points.iter().any(|&point| covers(place, point))
        });
        let place = place.or(places.first()).copied().unwrap_or_default();
        taken.push(place);
        pen.words(word, place.middle(), face);
    }
}

/// Centres to try, best first: right, left, above, below, then stacks on both sides.
fn beside([x, y]: Point, width: f64, size: f64) -> Vec<Point> {
    let (aside, off) = (GAP + width / 2.0, GAP + LINE * size / 2.0);
    let mut centres = vec![[x + aside, y], [x - aside, y], [x, y - off], [x, y + off]];
    for row in 1..8 {
        let shift = f64::from(row) * (LINE * size + 0.5);
        centres.extend([
            [x + aside, y - shift],
            [x + aside, y + shift],
            [x - aside, y - shift],
            [x - aside, y + shift],
        ]);
    }
    centres
}

/// The box of words around a centre, moved sideways until it lies inside the panel.
fn around([x, y]: Point, width: f64, size: f64, area: &Area) -> Area {
    let room = (area.width() - width).max(0.0);
    let left = (x - width / 2.0).clamp(area.left, area.left + room);
    Area { left, right: left + width, top: y - LINE * size / 2.0, bottom: y + LINE * size / 2.0 }
}

fn covers(place: &Area, [x, y]: Point) -> bool {
    place.meets(&Area { left: x, right: x, top: y, bottom: y })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_point_never_overlap() {
        let area = Area { left: 0.0, top: 0.0, right: 300.0, bottom: 300.0 };
        let mut out = String::new();
        let pen = Pen::new(crate::svg::Svg::new(&mut out, (3000, 3000), [""; 3], false));
        let style = Style {
            ink: Ink::Ink,
            dash: crate::chart::Dash::Solid,
            width: 1.0,
            marker: crate::chart::Marker::Disk,
            size: 13.0,
        };
        let words = [
            ([150.0, 150.0], "NTK"),
            ([150.0, 150.0], "LeCun"),
            ([150.0, 150.0], "He"),
            ([290.0, 150.0], "mean-field"),
        ];
        let mut taken = Vec::new();
        for _ in 0..3 {
            write(&pen, &area, &words, false, &style, &mut taken);
        }
        assert_eq!(taken.len(), 12);
        for (at, place) in taken.iter().enumerate() {
            assert!(!taken[..at].iter().any(|other| other.meets(place)), "{taken:?}");
            assert!(place.left >= area.left && place.right <= area.right);
            assert!(!covers(place, [150.0, 150.0]));
        }
    }
}

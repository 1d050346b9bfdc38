//! SVG path data in whole numbers, each relative to the one before: the shortest text for many short steps.
//! It knows no styles.

use std::fmt::Write as _;

/// A place in whole units of the canvas.
type Place = (i32, i32);

/// Path data under construction.
#[derive(Debug, Default)]
pub struct Path {
    data: String,
    at: Place,
}

impl Path {
    /// The value of the `d` attribute.
    pub fn text(&self) -> &str {
        &self.data
    }

    /// An open polyline. Steps of no length are left out; a line of one place becomes a dot.
    pub fn line(&mut self, points: impl IntoIterator<Item = Place>) {
        let mut points = points.into_iter();
        let Some(first) = points.next() else { return };
        self.begin(first);
        let mut moved = false;
        for point in points {
            moved |= self.step(point);
        }
        if !moved {
            self.data.push_str("h0");
        }
    }

    /// A closed polygon.
    pub fn polygon(&mut self, corners: impl IntoIterator<Item = Place>) {
        let mut corners = corners.into_iter();
        let Some(first) = corners.next() else { return };
        self.begin(first);
        for corner in corners {
            self.step(corner);
        }
        self.data.push('z');
        self.at = first;
    }

    /// A closed rectangle between two opposite corners.
    pub fn rectangle(&mut self, from: Place, to: Place) {
        self.begin(from);
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let _ = write!(self.data, "h{width}v{height}h{}z", -width);
    }

    /// A full circle.
    pub fn circle(&mut self, centre: Place, radius: i32) {
        self.begin((centre.0 - radius, centre.1));
        let across = radius * 2;
        let _ = write!(self.data, "a{radius} {radius} 0 1 0 {across} 0a{radius} {radius} 0 1 0 {} 0z", -across);
    }

    /// A line of no length, which a round line end turns into a disk.
    pub fn dot(&mut self, centre: Place) {
        self.begin(centre);
        self.data.push_str("h0");
    }

    fn begin(&mut self, at: Place) {
        self.data.push('m');
        self.pair(at, true);
    }

    /// Whether there was any way to go.
    fn step(&mut self, to: Place) -> bool {
        let moved = to != self.at;
        if moved {
            self.pair(to, false);
        }
        moved
    }

    /// Writes the way from here; a minus sign separates by itself.
    fn pair(&mut self, to: Place, first: bool) {
        let (dx, dy) = (to.0 - self.at.0, to.1 - self.at.1);
        let gap = |first: bool, number: i32| if first || number < 0 { "" } else { " " };
        let _ = write!(self.data, "{}{dx}{}{dy}", gap(first, dx), gap(false, dy));
        self.at = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_and_terse() {
        let mut path = Path::default();
        path.line([(10, 20), (15, 18), (15, 18), (15, 30)]);
        path.rectangle((0, 0), (4, 5));
        path.dot((7, 7));
        path.line([(1, 1), (1, 1)]);
        path.polygon([(0, 0), (5, 0), (5, 5)]);
        path.line([(0, 0), (1, -1)]);
        assert_eq!(path.text(), "m10 20 5-2 0 12m-15-30h4v5h-4zm7 7h0m-6-6h0m-1-1 5 0 0 5zm0 0 1-1");
    }
}

//! Cuts lines and areas at a rectangle, so that pictures need no clip paths (and therefore no ids), and thins dense lines.
//! It knows only px.

/// A place in px.
pub type Point = [f64; 2];

/// A rectangle in px: left, top, right, bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Bottom edge.
    pub bottom: f64,
}

impl Area {
    /// Horizontal extent.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Vertical extent.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Its centre.
    pub fn middle(&self) -> Point {
        [f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom)]
    }

    /// Whether a place lies inside or within half a px of it.
    pub fn holds(&self, [x, y]: Point) -> bool {
        let near = |value: f64, low: f64, high: f64| value >= low - 0.5 && value <= high + 0.5;
        near(x, self.left, self.right) && near(y, self.top, self.bottom)
    }

    /// Whether two rectangles share more than an edge.
    pub fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// The part of a straight piece that lies inside (Liang and Barsky 1984).
    pub fn cut(&self, [a, b]: [Point; 2]) -> Option<[Point; 2]> {
        let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        let sides =
            [(-dx, a[0] - self.left), (dx, self.right - a[0]), (-dy, a[1] - self.top), (dy, self.bottom - a[1])];
        for (out, room) in sides {
            if out == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if out < 0.0 {
                enter = enter.max(room / out);
            } else {
                leave = leave.min(room / out);
            }
        }
        let at = |t: f64| [a[0] + t * dx, a[1] + t * dy];
        (enter <= leave).then(|| [if enter > 0.0 { at(enter) } else { a }, if leave < 1.0 { at(leave) } else { b }])
    }

    /// The parts of a polyline that lie inside, in order.
    pub fn cut_line(&self, points: &[Point]) -> Vec<Vec<Point>> {
        let mut parts: Vec<Vec<Point>> = Vec::new();
        for pair in points.windows(2) {
            let Some([from, to]) = self.cut([pair[0], pair[1]]) else { continue };
            match parts.last_mut() {
                Some(part) if part.last() == Some(&from) => part.push(to),
                _ => parts.push(vec![from, to]),
            }
        }
        parts
    }

    /// The part of an area that lies inside (Sutherland and Hodgman 1974).
    pub fn cut_area(&self, corners: &[Point]) -> Vec<Point> {
        let mut area = corners.to_vec();
        for (axis, bound, sign) in
            [(0, self.left, 1.0), (0, self.right, -1.0), (1, self.top, 1.0), (1, self.bottom, -1.0)]
        {
            let depth = |point: Point| sign * (point[axis] - bound);
            let Some(mut last) = area.last().copied() else { break };
            let mut kept = Vec::with_capacity(area.len() + 4);
            for corner in area {
                if (depth(corner) >= 0.0) != (depth(last) >= 0.0) {
                    let t = depth(last) / (depth(last) - depth(corner));
                    kept.push([last[0] + t * (corner[0] - last[0]), last[1] + t * (corner[1] - last[1])]);
                }
                if depth(corner) >= 0.0 {
                    kept.push(corner);
                }
                last = corner;
            }
            area = kept;
        }
        area
    }
}

/// Keeps of each run of points within one px column the first, lowest, highest and last: the eye sees the same line.
pub fn thinned(points: Vec<Point>) -> Vec<Point> {
    if points.len() < 1000 {
        return points;
    }
    let mut kept = Vec::new();
    for run in points.chunk_by(|a, b| a[0].floor() == b[0].floor()) {
        let pick = |better: fn(f64, f64) -> bool| {
            (1..run.len()).fold(0, |best, at| if better(run[at][1], run[best][1]) { at } else { best })
        };
        let mut picks = vec![0, pick(|a, b| a < b), pick(|a, b| a > b), run.len() - 1];
        picks.sort_unstable();
        picks.dedup();
        kept.extend(picks.into_iter().map(|at| run[at]));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Area = Area { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn a_line_is_cut_where_it_leaves_and_comes_back() {
        let parts = BOX.cut_line(&[[-5.0, 5.0], [5.0, 5.0], [5.0, 15.0], [8.0, 15.0], [8.0, 5.0]]);
        assert_eq!(parts, [vec![[0.0, 5.0], [5.0, 5.0], [5.0, 10.0]], vec![[8.0, 10.0], [8.0, 5.0]]]);
        assert!(BOX.cut([[11.0, 0.0], [11.0, 9.0]]).is_none());
        assert!(BOX.cut([[-3.0, 1.0], [2.0, -9.0]]).is_none());
    }

    #[test]
    fn an_area_is_cut_at_every_side() {
        let area = BOX.cut_area(&[[-5.0, -5.0], [15.0, -5.0], [15.0, 15.0], [-5.0, 15.0]]);
        assert_eq!(area.len(), 4);
        assert!(area.iter().all(|&corner| BOX.holds(corner)));
        assert!(BOX.cut_area(&[[20.0, 20.0], [30.0, 20.0], [30.0, 30.0]]).is_empty());
    }

    #[test]
    fn thinning_keeps_ends_and_extremes() {
        let mut noisy: Vec<Point> = (0..10000).map(|i| [f64::from(i) / 100.0, f64::from(i * 7919 % 1000)]).collect();
        noisy[4321][1] = 5000.0;
        let thin = thinned(noisy.clone());
        assert!(thin.len() <= 400, "{}", thin.len());
        assert_eq!((thin[0], thin[thin.len() - 1]), (noisy[0], noisy[9999]));
        assert!(thin.contains(&noisy[4321]));
    }
}

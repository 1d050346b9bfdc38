//! The pen: strokes, fills, markers and words in px, as plotters elements on a drawing area over our back end.
//! It knows no data; it is the one place that talks to plotters.

use std::convert::Infallible;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::chart::{Dash, Marker};
use crate::clip::{Area, Point};
use crate::look::Ink;
use crate::png::Picture;
use crate::svg::{FINE, Svg};

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its ink.
    pub ink: Ink,
    /// Its width in px.
    pub width: f64,
    /// Its pattern.
    pub dash: Dash,
}

/// How words are set: the point they hang on is left, centre or right, and top, middle or base line.
#[derive(Clone, Copy)]
pub struct Type {
    /// Their ink.
    pub ink: Ink,
    /// Their height in px.
    pub size: f64,
    /// Whether they are heavy.
    pub bold: bool,
    /// Horizontal anchor.
    pub across: HPos,
    /// Vertical anchor.
    pub down: VPos,
    /// Whether they read upwards.
    pub turned: bool,
    /// The ink of a rim that sets them off from what they stand on.
    pub rim: Option<Ink>,
}

impl Type {
    /// Words that start at their point, centred on its height.
    pub fn new(ink: Ink, size: f64) -> Self {
        Self { ink, size, bold: false, across: HPos::Left, down: VPos::Center, turned: false, rim: None }
    }

    /// The same words hung elsewhere.
    #[must_use]
    pub fn hung(self, across: HPos, down: VPos) -> Self {
        Self { across, down, ..self }
    }
}

/// Draws on one picture.
pub struct Pen<'s>(DrawingArea<Svg<'s>, Shift>);

impl<'s> Pen<'s> {
    /// Takes the picture.
    pub fn new(svg: Svg<'s>) -> Self {
        Self(svg.into_drawing_area())
    }

    /// Closes the picture.
    pub fn finish(self) {
        self.0.present().expect(SURE);
    }

    /// A line through points.
    pub fn line(&self, points: &[Point], stroke: Stroke) {
        let style =
            ShapeStyle { color: rgb(stroke.ink).to_rgba(), filled: false, stroke_width: tenth(stroke.width) as u32 };
        let points: Vec<BackendCoord> = points.iter().map(fine).collect();
        if stroke.dash == Dash::Solid {
            self.put(&PathElement::new(points, style));
        } else {
            self.put(&Dashed { points, style, dash: stroke.dash });
        }
    }

    /// A filled area.
    pub fn area(&self, corners: &[Point], ink: Ink, opacity: f64) {
        self.put(&Polygon::new(corners.iter().map(fine).collect::<Vec<_>>(), rgb(ink).mix(opacity)));
    }

    /// A filled rectangle of an ink.
    pub fn block(&self, frame: &Area, ink: Ink) {
        self.cell(frame, ink.faces()[0]);
    }

    /// A filled rectangle of any colour 0xRRGGBB.
    pub fn cell(&self, frame: &Area, color: u32) {
        let [_, r, g, b] = color.to_be_bytes();
        let corners = [fine(&[frame.left, frame.top]), fine(&[frame.right, frame.bottom])];
        self.put(&Rectangle::new(corners, RGBColor(r, g, b).filled()));
    }

    /// The outline of a rectangle.
    pub fn outline(&self, frame: &Area, ink: Ink, width: f64) {
        let corners = [fine(&[frame.left, frame.top]), fine(&[frame.right, frame.bottom])];
        self.put(&Rectangle::new(corners, rgb(ink).stroke_width(tenth(width) as u32)));
    }

    /// A marker of about the given radius.
    pub fn marker(&self, at: Point, marker: Marker, radius: f64, ink: Ink) {
        let corners = |unit: &[Point]| -> Vec<Point> {
            unit.iter().map(|[x, y]| [at[0] + x * radius, at[1] + y * radius]).collect()
        };
        let across = |a: Point, b: Point| {
            self.line(&corners(&[a, b]), Stroke { ink, width: (radius * 0.45).max(1.0), dash: Dash::Solid });
        };
        match marker {
            Marker::Disk => self.put(&Circle::new(fine(&at), tenth(radius), rgb(ink).filled())),
            Marker::Ring => {
                let width = tenth((radius * 0.4).clamp(0.8, 2.0)) as u32;
                self.put(&Circle::new(fine(&at), tenth(radius), rgb(ink).stroke_width(width)));
            }
            Marker::Square => self.area(&corners(&[[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]), ink, 1.0),
            Marker::Triangle => self.area(&corners(&[[0.0, -1.25], [1.1, 0.75], [-1.1, 0.75]]), ink, 1.0),
            Marker::TriangleDown => self.area(&corners(&[[0.0, 1.25], [1.1, -0.75], [-1.1, -0.75]]), ink, 1.0),
            Marker::Diamond => self.area(&corners(&[[0.0, -1.3], [1.1, 0.0], [0.0, 1.3], [-1.1, 0.0]]), ink, 1.0),
            Marker::Cross => {
                across([-0.9, -0.9], [0.9, 0.9]);
                across([-0.9, 0.9], [0.9, -0.9]);
            }
            Marker::Star => {
                across([0.0, -1.2], [0.0, 1.2]);
                across([-1.04, -0.6], [1.04, 0.6]);
                across([-1.04, 0.6], [1.04, -0.6]);
            }
        }
    }

    /// Words on one line.
    pub fn words(&self, text: &str, at: Point, style: Type) {
        let rim = style.rim;
        let font = ("sans-serif", style.size * FINE).into_font();
        let font = if style.bold { font.style(FontStyle::Bold) } else { font };
        let font = if style.turned { font.transform(FontTransform::Rotate270) } else { font };
        let color = rgb(style.ink).to_backend_color();
        let style = TextStyle { font, color, pos: Pos::new(style.across, style.down) };
        match rim {
            None => self.put(&Text::new(text.to_owned(), fine(&at), style)),
            Some(rim) => self.put(&Rimmed { text: text.to_owned(), style, at: [fine(&at)], rim }),
        }
    }

    /// A picture stretched over a rectangle.
    pub fn picture(&self, frame: &Area, picture: &Picture) {
        let corners = [fine(&[frame.left, frame.top]), fine(&[frame.right, frame.bottom])];
        self.put(&Stretched { corners, url: picture.url() });
    }

    /// A place to which links lead.
    pub fn goal(&self, frame: &Area, id: String) {
        let corners = [fine(&[frame.left, frame.top]), fine(&[frame.right, frame.bottom])];
        self.put(&Goal { corners, id });
    }

    /// A rectangle that leads to such a place, and words that tell of it.
    pub fn link(&self, frame: &Area, target: String, words: String) {
        let corners = [fine(&[frame.left, frame.top]), fine(&[frame.right, frame.bottom])];
        self.put(&Link { corners, target, words });
    }

    fn put<'e, E>(&self, element: &'e E)
    where
        for<'b> &'b E: PointCollection<'b, BackendCoord>,
        E: Drawable<Svg<'s>> + 'e,
    {
        self.0.draw(element).expect(SURE);
    }
}

const SURE: &str = "writing to a string cannot fail";

/// A plotters element: a line with a dash pattern, which is an attribute in SVG rather than many short lines.
struct Dashed {
    points: Vec<BackendCoord>,
    style: ShapeStyle,
    dash: Dash,
}

/// A plotters element: words with a rim.
struct Rimmed {
    text: String,
    style: TextStyle<'static>,
    at: [BackendCoord; 1],
    rim: Ink,
}

/// A plotters element: a picture between two corners.
struct Stretched {
    corners: [BackendCoord; 2],
    url: String,
}

/// A plotters element: where links lead.
struct Goal {
    corners: [BackendCoord; 2],
    id: String,
}

/// A plotters element: a link.
struct Link {
    corners: [BackendCoord; 2],
    target: String,
    words: String,
}

/// Says which points of an element plotters is to place, and how the back end draws it.
macro_rules! element {
    ($element:ident, $points:ident, |$own:ident, $svg:ident, $placed:ident| $draw:expr) => {
        impl<'a> PointCollection<'a, BackendCoord> for &'a $element {
            type Point = &'a BackendCoord;
            type IntoIter = &'a [BackendCoord];

            fn point_iter(self) -> &'a [BackendCoord] {
                &self.$points
            }
        }

        impl Drawable<Svg<'_>> for $element {
            fn draw<I: Iterator<Item = BackendCoord>>(
                &self,
                points: I,
                $svg: &mut Svg,
                _: (u32, u32),
            ) -> Result<(), DrawingErrorKind<Infallible>> {
                let ($own, $placed) = (self, points.collect::<Vec<_>>());
                $draw;
                Ok(())
            }
        }
    };
}

element!(Dashed, points, |own, svg, at| svg.stroke(at, &own.style, own.dash));
element!(Rimmed, at, |own, svg, at| svg.words(&own.text, &own.style, at[0], Some(own.rim)));
element!(Goal, corners, |own, svg, at| svg.goal([at[0], at[1]], &own.id));
element!(Link, corners, |own, svg, at| svg.link([at[0], at[1]], &own.target, &own.words));
element!(Stretched, corners, |own, svg, at| svg.picture([at[0], at[1]], &own.url));

fn rgb(ink: Ink) -> RGBColor {
    let [_, r, g, b] = ink.faces()[0].to_be_bytes();
    RGBColor(r, g, b)
}

/// Px to tenths. Everything that is drawn has been clipped; the bound only tames what plotters would add up.
fn tenth(px: f64) -> i32 {
    (px * FINE).round().clamp(-1e6, 1e6) as i32
}

fn fine([x, y]: &Point) -> BackendCoord {
    (tenth(*x), tenth(*y))
}

//! The look of every chart: the palette on light and on dark ground, sizes of type, widths of lines.
//! It knows no numbers and no geometry.

use serde::Serialize;

use crate::chart::Color;

/// Ground of the page, light and dark.
pub const GROUND: [u32; 2] = [0xffffff, 0x12161b];

/// Everything that is drawn has one of these inks (heat map cells apart); each has a light and a dark face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the colours")]
pub enum Ink {
    Blue,
    Vermilion,
    Green,
    Purple,
    Sky,
    Orange,
    /// Text and reference lines.
    Ink,
    /// Tick labels and axes.
    Muted,
    /// Grid lines: seen, not noticed.
    Grid,
    /// The ground itself.
    Ground,
    /// Text and lines over cells of a heat map, which are the same on both grounds.
    Over,
    /// A rim around those.
    Rim,
}

impl Ink {
    /// All inks.
    pub const ALL: [Self; 12] = [
        Self::Blue,
        Self::Vermilion,
        Self::Green,
        Self::Purple,
        Self::Sky,
        Self::Orange,
        Self::Ink,
        Self::Muted,
        Self::Grid,
        Self::Ground,
        Self::Over,
        Self::Rim,
    ];
    /// The inks of series that do not ask for one, in order. After Okabe and Ito (2008), sky and orange darkened for white.
    pub const DATA: [Self; 6] = [Self::Blue, Self::Vermilion, Self::Green, Self::Purple, Self::Sky, Self::Orange];

    /// Its colours 0xRRGGBB on the light and on the dark ground.
    pub fn faces(self) -> [u32; 2] {
        match self {
            Self::Blue => [0x0072b2, 0x4da6e8],
            Self::Vermilion => [0xd55e00, 0xf47f3c],
            Self::Green => [0x009e73, 0x2cc295],
            Self::Purple => [0xb3508e, 0xdb8fbf],
            Self::Sky => [0x1f98d0, 0x8fd3ff],
            Self::Orange => [0xb07d00, 0xe8b634],
            Self::Ink => [0x1b1f24, 0xe6edf3],
            Self::Muted => [0x57606a, 0x9aa7b4],
            Self::Grid => [0xe4e7eb, 0x2a313a],
            Self::Ground => GROUND,
            Self::Over => [0x101010; 2],
            Self::Rim => [0xfefefe; 2],
        }
    }

    /// The class that switches it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Blue => "plot-blue",
            Self::Vermilion => "plot-vermilion",
            Self::Green => "plot-green",
            Self::Purple => "plot-purple",
            Self::Sky => "plot-sky",
            Self::Orange => "plot-orange",
            Self::Ink => "plot-ink",
            Self::Muted => "plot-muted",
            Self::Grid => "plot-grid",
            Self::Ground => "plot-ground",
            Self::Over => "plot-over",
            Self::Rim => "plot-rim",
        }
    }

    /// The ink whose light face this is: how an ink travels through a drawing library that knows only RGB.
    pub fn of(rgb: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|ink| ink.faces()[0] == rgb)
    }
}

impl From<Color> for Ink {
    fn from(color: Color) -> Self {
        match color {
            Color::Blue => Self::Blue,
            Color::Vermilion => Self::Vermilion,
            Color::Green => Self::Green,
            Color::Purple => Self::Purple,
            Color::Sky => Self::Sky,
            Color::Orange => Self::Orange,
            Color::Ink => Self::Ink,
            Color::Muted => Self::Muted,
        }
    }
}

/// Sizes, in px of the picture at its natural width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Look {
    /// Width of a chart of one or two columns.
    pub width: f64,
    /// Width of a chart of three or more columns.
    pub wide: f64,
    /// Height of a plotting area that does not ask for one.
    pub height: f64,
    /// Tick labels, legends and cells of tables.
    pub small: f64,
    /// Axis labels and panel titles.
    pub label: f64,
    /// Lines of data.
    pub line: f64,
    /// Axes, ticks and grid.
    pub hair: f64,
    /// Radius of points.
    pub point: f64,
    /// Opacity of bands.
    pub band: f64,
    /// Distance between panels, and to the edge.
    pub gap: f64,
    /// Whether panels are stacked, for a narrow screen.
    pub narrow: bool,
}

impl Look {
    /// For the screen of a phone: at its natural width a picture fits, and its words are as large as on a desk.
    pub fn narrow() -> Self {
        Self { width: 350.0, wide: 350.0, gap: 10.0, small: 12.0, label: 13.0, narrow: true, ..Self::default() }
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            width: 720.0,
            wide: 960.0,
            height: 220.0,
            small: 13.0,
            label: 14.0,
            line: 1.6,
            hair: 0.8,
            point: 3.0,
            band: 0.22,
            gap: 18.0,
            narrow: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2 relative luminance.
    fn luminance(rgb: u32) -> f64 {
        let channel = |shift: u32| {
            let c = f64::from(rgb >> shift & 255) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn data_and_text_stand_out_on_both_grounds() {
        for ground in 0..2 {
            for ink in Ink::DATA {
                let ratio = contrast(ink.faces()[ground], GROUND[ground]);
                assert!(ratio >= 3.0, "{ink:?} on ground {ground}: {ratio:.2}");
            }
            for ink in [Ink::Ink, Ink::Muted] {
                let ratio = contrast(ink.faces()[ground], GROUND[ground]);
                assert!(ratio >= 4.5, "{ink:?} on ground {ground}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn an_ink_is_found_again_by_its_light_face() {
        for ink in Ink::ALL {
            assert_eq!(Ink::of(ink.faces()[0]), Some(ink));
        }
        assert_eq!(Ink::of(0x440154), None);
    }
}

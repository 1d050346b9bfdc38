//! Colour maps of heat maps: a value between 0 and 1 becomes a colour.
//! It does not know which numbers are shown; the same colours serve on light and dark ground.

use crate::chart::Colors;

/// Viridis at 17 equal steps (van der Walt and Smith 2015, CC0).
const VIRIDIS: [u32; 17] = [
    0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c, 0x1fa088, 0x28ae80,
    0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725,
];
/// Blue, near-white (so that a zero is told from a gap), red-orange: lightness falls evenly on both sides of the white middle.
const DIVERGING: [u32; 9] = [0x0b4f8a, 0x2f79b5, 0x6da5d0, 0xb5d2e8, 0xf7f7f7, 0xf9cdb4, 0xee9469, 0xd55e2a, 0x9c2f10];
/// Levels of a continuous map: finer than the eye tells apart, coarse enough that equal neighbours merge; odd, so that the middle is one.
pub const LEVELS: usize = 65;

/// The colour 0xRRGGBB at `t` in 0..=1.
pub fn color(colors: Colors, t: f64) -> u32 {
    match colors {
        Colors::Viridis | Colors::Steps => between(&VIRIDIS, t),
        Colors::Diverging => between(&DIVERGING, t),
    }
}

/// The nearest of `levels` evenly spaced places between 0 and 1.
pub fn snapped(t: f64, levels: usize) -> f64 {
    let last = levels.max(2) as f64 - 1.0;
    (t.clamp(0.0, 1.0) * last).round() / last
}

/// Linear in sRGB between the stops.
fn between(stops: &[u32], t: f64) -> u32 {
    let place = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let at = (place as usize).min(stops.len() - 2);
    let part = place - at as f64;
    let channel = |shift: u32| {
        let [a, b] = [stops[at], stops[at + 1]].map(|rgb| f64::from(rgb >> shift & 255));
        ((a + (b - a) * part).round() as u32) << shift
    };
    channel(16) | channel(8) | channel(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Ink;

    #[test]
    fn ends_and_middle_are_the_published_colours() {
        assert_eq!(color(Colors::Viridis, 0.0), 0x440154);
        assert_eq!(color(Colors::Viridis, 0.5), 0x21918c);
        assert_eq!(color(Colors::Viridis, 1.0), 0xfde725);
        assert_eq!(color(Colors::Diverging, 0.5), 0xf7f7f7);
        assert_eq!(color(Colors::Viridis, -3.0), 0x440154);
    }

    #[test]
    fn no_cell_is_mistaken_for_an_ink() {
        for t in (0..LEVELS).map(|at| at as f64 / 64.0) {
            assert_eq!([Colors::Viridis, Colors::Diverging].map(|colors| Ink::of(color(colors, t))), [None, None]);
        }
    }

    #[test]
    fn lightness_of_viridis_rises_without_a_break() {
        let light =
            |rgb: u32| 0.3 * f64::from(rgb >> 16) + 0.59 * f64::from(rgb >> 8 & 255) + 0.11 * f64::from(rgb & 255);
        let steps: Vec<f64> = (0..LEVELS).map(|at| light(color(Colors::Viridis, at as f64 / 64.0))).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
    }
}

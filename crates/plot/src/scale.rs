//! Scales: from a number of the data to a place between 0 and 1, and the ticks between.
//! It knows no pixels; how many ticks fit is the caller's question.

use crate::chart::Spacing;
use crate::dates;
use crate::text;
use std::f64::consts::PI;

use condense_base::frame::calendar;

/// Share of the range left free on each side that the author did not fix.
const PADDING: f64 = 0.04;

/// Numbers that differ by less than this share of them are the same but for rounding.
const SAME: f64 = 8e-15;
/// More decades than have a tick each.
const MANY: usize = 24;

/// One axis' worth of numbers, from `low` to `high` (both in decades when logarithmic).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    spacing: Spacing,
    low: f64,
    high: f64,
}

/// A tick; minor ones have no label.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, in units of the data.
    pub value: f64,
    /// What is written there.
    pub label: String,
}

impl Scale {
    /// The scale from `low` to `high`, both in units of the data, without padding.
    pub fn exactly(low: f64, high: f64) -> Self {
        Self { spacing: Spacing::Linear, low, high }
    }

    /// The scale that shows all `values`; a fixed end is kept to the letter, a free one gets a little air unless `tight`.
    ///
    /// # Errors
    /// A logarithmic scale refuses values that are not above zero; every scale refuses a range beyond floating point.
    pub fn around(spacing: Spacing, values: &[f64], [min, max]: [Option<f64>; 2], tight: bool) -> Result<Self, String> {
        let log = spacing == Spacing::Log;
        if log && let Some(bad) = values.iter().chain(&min).chain(&max).find(|value| **value <= 0.0) {
            return Err(format!("{} cannot stand on a log axis", text::significant(*bad, 4)));
        }
        let seen = values.iter().map(|&value| forward(spacing, value));
        let low = seen.clone().fold(f64::INFINITY, f64::min);
        let high = seen.fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let [min, max] = [min, max].map(|end| end.map(|value| forward(spacing, value)));
        let (low, high) = (min.unwrap_or(low), max.unwrap_or(high));
        if low.abs().max(high.abs()) > 1e290 {
            return Err("the numbers are too large to draw".into());
        }
        let size = low.abs().max(high.abs());
        let (mut low, mut high) = (low, high);
        if high - low <= size * SAME || high - low < 1e-290 {
            let half = match spacing {
                Spacing::Log => 0.5,
                Spacing::Time => calendar::DAY / 2.0,
                Spacing::Linear | Spacing::Angle if size < 1e-280 => 1.0,
                Spacing::Linear | Spacing::Angle => size * 0.1,
            };
            low = min.unwrap_or(if max.is_some() { high } else { low } - half);
            high = max.unwrap_or(low.max(high) + half);
        } else if !tight {
            let air = PADDING * (high - low);
            low -= if min.is_none() { air } else { 0.0 };
            high += if max.is_none() { air } else { 0.0 };
        }
        Ok(Self { spacing, low, high })
    }

    /// From one end to the other, in units of the data (in decades when logarithmic).
    pub fn length(&self) -> f64 {
        self.high - self.low
    }

    /// Where `value` stands: 0 at the lower end, 1 at the upper; beyond them outside.
    pub fn place(&self, value: f64) -> f64 {
        let place = (forward(self.spacing, value) - self.low) / (self.high - self.low);
        if place.is_finite() { place.clamp(-1e3, 1e3) } else { -1e3 }
    }

    /// Whether `value` lies between the ends, up to rounding.
    pub fn shows(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.place(value))
    }

    /// At most `most` labelled ticks at round numbers (and, on a log scale, minor ones between).
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        match self.spacing {
            Spacing::Linear => linear(self.low, self.high, most),
            Spacing::Log => self.decades(most),
            Spacing::Angle => angles(self.low, self.high, most),
            Spacing::Time => {
                let ticks = dates::ticks(self.low, self.high, most);
                ticks.into_iter().map(|(value, label)| Tick { value, label }).collect()
            }
        }
    }

    /// A number of the axis in words.
    pub fn words(&self, value: f64) -> String {
        if self.spacing == Spacing::Time { calendar::text(value) } else { text::significant(value, 6) }
    }

    fn decades(&self, most: usize) -> Vec<Tick> {
        let (first, last) = ((self.low - 1e-9).ceil() as i32, (self.high + 1e-9).floor() as i32);
        let count = usize::try_from(last - first + 1).unwrap_or(0);
        if count < 2 {
            return self.within_a_decade(most);
        }
        let every = count.div_ceil(most.max(1)) as i32;
        let plainly = first >= -2 && last <= 4;
        let mut ticks: Vec<Tick> = Vec::new();
        for exponent in first - 1..=last {
            let labelled = exponent.rem_euclid(every) == 0;
            // Beyond some decades, ticks at each of them would be a black bar.
            if !labelled && count > MANY {
                continue;
            }
            let label = if plainly { text::exact(1, exponent, true) } else { text::power(exponent) };
            ticks.push(Tick { value: shifted(1, exponent), label: if labelled { label } else { String::new() } });
            if every == 1 && count <= 8 {
                let minor = |digit| Tick { value: shifted(digit, exponent), label: String::new() };
                ticks.extend((2..10).map(minor));
            }
        }
        ticks.retain(|tick| self.shows(tick.value));
        ticks
    }

    /// Less than two powers of ten in sight: 1, 2, 5 of each decade, else round numbers as on a linear scale.
    fn within_a_decade(&self, most: usize) -> Vec<Tick> {
        let plainly = self.low >= -3.0 && self.high <= 5.0;
        let digit =
            |exponent, digit| Tick { value: shifted(digit, exponent), label: text::exact(digit, exponent, plainly) };
        let decades = self.low.floor() as i32..=self.high.floor() as i32;
        let mut ticks: Vec<Tick> = decades.flat_map(|exponent| [1, 2, 5].map(|first| digit(exponent, first))).collect();
        ticks.retain(|tick| self.shows(tick.value));
        if ticks.len() >= 2 && ticks.len() <= most {
            return ticks;
        }
        let mut ticks = linear(libm::pow(10.0, self.low), libm::pow(10.0, self.high), most.clamp(2, 4));
        ticks.retain(|tick| tick.value > 0.0);
        ticks
    }
}

fn forward(spacing: Spacing, value: f64) -> f64 {
    match spacing {
        Spacing::Linear | Spacing::Angle | Spacing::Time => value,
        Spacing::Log => libm::log10(value),
    }
}

/// `count × 10^exponent`, correctly rounded.
fn shifted(count: i64, exponent: i32) -> f64 {
    format!("{count}e{exponent}").parse().unwrap_or(0.0)
}

/// Multiples of π, or of a half, a quarter, … of it: the finest such grid with at most `most` lines.
fn angles(low: f64, high: f64, most: usize) -> Vec<Tick> {
    // Steps in eighths of π.
    for step in [1, 2, 4, 8, 16, 32] {
        let unit = f64::from(step) * PI / 8.0;
        let slack = (high - low) * 1e-9;
        let (first, last) = (((low - slack) / unit).ceil(), ((high + slack) / unit).floor());
        let count = last - first + 1.0;
        if first.abs().max(last.abs()) > 1e6 {
            break;
        }
        if count > most.max(2) as f64 {
            continue;
        }
        if count < 2.0 {
            break;
        }
        let tick = |at: i32| Tick { value: f64::from(at) * unit, label: parts_of_pi(at * step) };
        return (first as i32..=last as i32).map(tick).collect();
    }
    linear(low, high, most)
}

/// So many eighths of π in words: `−3π/4`.
fn parts_of_pi(eighths: i32) -> String {
    let shared = match eighths.trailing_zeros() {
        zeros if eighths == 0 || zeros >= 3 => 8,
        zeros => 1 << zeros,
    };
    let (over, under) = (eighths.abs() / shared, 8 / shared);
    let sign = if eighths < 0 { "−" } else { "" };
    match (over, under) {
        (0, _) => "0".to_owned(),
        (1, 1) => format!("{sign}π"),
        (_, 1) => format!("{sign}{over}π"),
        (1, _) => format!("{sign}π/{under}"),
        _ => format!("{sign}{over}π/{under}"),
    }
}

/// Multiples of 1, 2 or 5 times a power of ten: the finest such grid with at most `most` lines.
fn linear(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let smallest = libm::floor(libm::log10((high - low) / most.max(2) as f64)) as i32;
    for (mantissa, exponent) in (smallest..smallest + 3).flat_map(|exponent| [1, 2, 5].map(|m| (m, exponent))) {
        let step = shifted(mantissa, exponent);
        let slack = (high - low) * 1e-9;
        let (first, last) = (((low - slack) / step).ceil(), ((high + slack) / step).floor());
        if last - first + 1.0 > most.max(2) as f64 || first.abs().max(last.abs()) > 1e15 {
            continue;
        }
        let counts: Vec<i64> = (first as i64..=last as i64).map(|k| k * mantissa).collect();
        let largest = low.abs().max(high.abs());
        let plainly = largest < 1e6 && (largest >= 1e-3 && exponent >= -5);
        let tick =
            |&count: &i64| Tick { value: shifted(count, exponent), label: text::exact(count, exponent, plainly) };
        return counts.iter().map(tick).collect();
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(scale: &Scale, most: usize) -> Vec<String> {
        scale.ticks(most).into_iter().map(|tick| tick.label).filter(|label| !label.is_empty()).collect()
    }

    fn around(spacing: Spacing, values: &[f64]) -> Scale {
        Scale::around(spacing, values, [None, None], false).expect("a scale")
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(&around(Spacing::Linear, &[-1.0, 1.0]), 6), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
        assert_eq!(
            labels(&around(Spacing::Linear, &[0.0, 100000.0]), 7),
            ["0", "20000", "40000", "60000", "80000", "100000"]
        );
        assert_eq!(
            labels(&around(Spacing::Linear, &[0.0, 4e-9]), 3),
            ["0", "2\u{a0}×\u{a0}10⁻⁹", "4\u{a0}×\u{a0}10⁻⁹"]
        );
    }

    #[test]
    fn log_ticks_are_powers_with_minor_ones_between() {
        let scale = around(Spacing::Log, &[1e-8, 1.0]);
        assert_eq!(labels(&scale, 5), ["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]);
        let scale = around(Spacing::Log, &[1.0, 1000.0]);
        assert_eq!(labels(&scale, 6), ["1", "10", "100", "1000"]);
        assert!(scale.ticks(6).iter().any(|tick| tick.value == 20.0 && tick.label.is_empty()));
        assert_eq!(labels(&around(Spacing::Log, &[0.3, 4.0]), 6), ["0.5", "1", "2"]);
        assert_eq!(labels(&around(Spacing::Log, &[300.0, 330.0]), 6), ["300", "310", "320", "330"]);
    }

    #[test]
    fn degenerate_ranges_are_opened_and_impossible_ones_refused() {
        assert_eq!(around(Spacing::Linear, &[2.0]), Scale { spacing: Spacing::Linear, low: 1.8, high: 2.2 });
        assert_eq!(around(Spacing::Linear, &[0.0, 0.0]), Scale { spacing: Spacing::Linear, low: -1.0, high: 1.0 });
        assert_eq!(around(Spacing::Linear, &[]), Scale { spacing: Spacing::Linear, low: -0.04, high: 1.04 });
        assert_eq!(
            Scale::around(Spacing::Log, &[1.0, 0.0], [None; 2], false).unwrap_err(),
            "0 cannot stand on a log axis"
        );
        assert!(Scale::around(Spacing::Linear, &[-f64::MAX, f64::MAX], [None; 2], false).is_err());
        let fixed = Scale::around(Spacing::Linear, &[1.0], [Some(5.0), None], false).expect("a scale");
        assert!(fixed.place(5.0) == 0.0 && fixed.high > 5.0);
    }

    /// Once they were drawn as equal.
    #[test]
    fn numbers_that_differ_in_the_thirteenth_digit_are_told_apart() {
        let scale = around(Spacing::Linear, &[1.0, 1.000_000_000_000_4]);
        assert!(scale.place(1.0) < 0.1 && scale.place(1.000_000_000_000_4) > 0.9);
        let labels = labels(&scale, 4);
        assert!(labels.len() >= 2 && labels.windows(2).all(|pair| pair[0] != pair[1]), "{labels:?}");
    }

    /// Once they were a black bar.
    #[test]
    fn ticks_over_hundreds_of_decades_stand_apart() {
        let ticks = around(Spacing::Log, &[1e-150, 1e150]).ticks(6);
        assert!((3..=8).contains(&ticks.len()) && ticks.iter().all(|tick| !tick.label.is_empty()), "{}", ticks.len());
    }

    #[test]
    fn angles_have_ticks_at_parts_of_pi() {
        let circle = around(Spacing::Angle, &[-PI, PI]);
        assert_eq!(labels(&circle, 5), ["−π", "−π/2", "0", "π/2", "π"]);
        assert_eq!(labels(&circle, 3), ["−π", "0", "π"]);
        assert_eq!(labels(&circle, 9)[..2], ["−π", "−3π/4"]);
        assert!(circle.place(-PI) > 0.0 && circle.place(PI) < 1.0, "nothing is cut at the ends");
        assert_eq!(labels(&around(Spacing::Angle, &[0.1, 0.2]), 5).first().map(String::as_str), Some("0.10"));
        assert_eq!([8, -4, 6, 16, 1].map(parts_of_pi), ["π", "−π/2", "3π/4", "2π", "π/8"]);
    }

    proptest! {
        #[test]
        fn any_numbers_get_a_scale_that_shows_them(values in proptest::collection::vec(-1e200..1e200f64, 1..20), most in 2..12usize) {
            let scale = around(Spacing::Linear, &values);
            prop_assert!(values.iter().all(|&value| scale.shows(value)));
            let ticks = scale.ticks(most);
            prop_assert!(ticks.len() <= most && ticks.iter().all(|tick| scale.shows(tick.value)), "{ticks:?}");
        }

        #[test]
        fn angles_too(low in -1e15..1e15f64, length in 1e-6..1e3f64, most in 2..12usize) {
            let ticks = around(Spacing::Angle, &[low, low + length]).ticks(most);
            prop_assert!(ticks.len() <= most, "{ticks:?}");
        }

        #[test]
        fn log_scales_too(values in proptest::collection::vec(1e-200..1e200f64, 1..20), most in 2..12usize) {
            let scale = around(Spacing::Log, &values);
            prop_assert!(values.iter().all(|&value| scale.shows(value)));
            prop_assert!(scale.ticks(most).iter().all(|tick| scale.shows(tick.value)));
        }
    }
}

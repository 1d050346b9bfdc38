//! Claims: sentences about a measured value that can fail. This file judges, and is all the code that does.
//! It knows no results and no pages, only a number and a bound.

use serde::{Deserialize, Serialize};

/// What a value must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Strictly less.
    Below(f64),
    /// Strictly greater.
    Above(f64),
    /// Both ends allowed.
    Between(f64, f64),
    /// No farther from the first than the second.
    Equals(f64, f64),
}

/// What judging gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the claim is true.
    pub holds: bool,
    /// How far the value is from the bound: the room left where it holds, negative where it does not.
    pub margin: f64,
}

impl Bound {
    /// Judges a measured value; NaN satisfies nothing.
    pub fn judge(&self, measured: f64) -> Verdict {
        let (holds, margin) = match *self {
            Self::Below(bound) => (measured < bound, bound - measured),
            Self::Above(bound) => (measured > bound, measured - bound),
            Self::Between(low, high) => ((low..=high).contains(&measured), (measured - low).min(high - measured)),
            Self::Equals(value, within) => {
                let distance = (measured - value).abs();
                (distance <= within, within - distance)
            }
        };
        Verdict { holds, margin }
    }

    /// A margin as a share of what was asked for, so that claims of different quantities can be put in one order.
    pub fn room(&self, measured: f64) -> f64 {
        let scale = match *self {
            Self::Below(0.0) | Self::Above(0.0) => measured.abs(),
            Self::Below(bound) | Self::Above(bound) => bound.abs(),
            Self::Between(low, high) => (high - low) / 2.0,
            Self::Equals(_, within) => within,
        };
        let margin = self.judge(measured).margin;
        if scale > 0.0 { margin / scale } else { margin }
    }

    /// The bound in words, with numbers as `number` writes them: "below 0.01".
    pub fn text(&self, number: impl Fn(f64) -> String) -> String {
        match *self {
            Self::Below(bound) => format!("below {}", number(bound)),
            Self::Above(bound) => format!("above {}", number(bound)),
            Self::Between(low, high) => format!("between {} and {}", number(low), number(high)),
            Self::Equals(value, 0.0) => format!("exactly {}", number(value)),
            Self::Equals(value, within) => format!("{} ± {}", number(value), number(within)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_strict_where_they_say_below_and_above_and_inclusive_elsewhere() {
        let holds = |bound: Bound, value| bound.judge(value).holds;
        assert!(holds(Bound::Below(1.0), 0.999) && !holds(Bound::Below(1.0), 1.0));
        assert!(holds(Bound::Above(1.0), 1.001) && !holds(Bound::Above(1.0), 1.0));
        assert!(
            holds(Bound::Between(1.0, 2.0), 1.0)
                && holds(Bound::Between(1.0, 2.0), 2.0)
                && !holds(Bound::Between(1.0, 2.0), 2.001)
        );
        assert!(holds(Bound::Equals(2.0, 0.0), 2.0) && !holds(Bound::Equals(2.0, 0.0), 2.0 + 1e-15));
        assert!(holds(Bound::Equals(2.0, 0.5), 2.5) && !holds(Bound::Equals(2.0, 0.5), 1.4));
    }

    #[test]
    fn nan_satisfies_nothing() {
        for bound in [Bound::Below(1.0), Bound::Above(1.0), Bound::Between(0.0, 1.0), Bound::Equals(0.0, 1.0)] {
            assert!(!bound.judge(f64::NAN).holds);
        }
    }

    #[test]
    fn the_margin_is_the_room_left_and_negative_beyond() {
        assert_eq!(Bound::Below(1.0).judge(0.25).margin, 0.75);
        assert_eq!(Bound::Between(0.0, 4.0).judge(1.0).margin, 1.0);
        assert_eq!(Bound::Equals(2.0, 0.5).judge(3.0).margin, -0.5);
        assert_eq!(Bound::Above(3.0).judge(1.0).margin, -2.0);
    }

    #[test]
    fn the_room_has_no_unit() {
        assert_eq!(Bound::Below(0.5).room(0.25), 0.5);
        assert_eq!(Bound::Above(2.0).room(3.0), 0.5);
        assert_eq!(Bound::Above(0.0).room(7.0), 1.0);
        assert_eq!(Bound::Between(1.0, 3.0).room(1.5), 0.5);
        assert_eq!(Bound::Equals(2.0, 0.5).room(2.25), 0.5);
        assert_eq!((Bound::Equals(2.0, 0.0).room(2.0), Bound::Below(1.0).room(3.0)), (0.0, -2.0));
    }

    #[test]
    fn bounds_speak() {
        let text = |bound: Bound| bound.text(|x| x.to_string());
        assert_eq!(text(Bound::Below(0.01)), "below 0.01");
        assert_eq!(text(Bound::Equals(2.0, 0.0)), "exactly 2");
        assert_eq!(text(Bound::Equals(2.0, 0.5)), "2 ± 0.5");
        assert_eq!(text(Bound::Between(2.0, 6.0)), "between 2 and 6");
    }
}

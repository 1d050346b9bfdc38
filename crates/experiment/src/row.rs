//! Rows of sweeps as typed values: what a cell computed, as the flat `f64`s that a host schedules, caches and sends.
//! It knows no sweep and no host; every value reads back to the same bits.

use std::slice::Iter;

/// A value that is written as numbers and read back from them.
///
/// Parts of fixed size stand one after the other. An [`Option`] begins with 0 or 1, a [`Vec`] with its length.
pub trait Row: Sized {
    /// Appends its numbers.
    fn write(&self, row: &mut Vec<f64>);

    /// Takes its numbers from the front; none when there are too few, or when one of them cannot be its own.
    fn read(row: &mut Iter<'_, f64>) -> Option<Self>;
}

/// A value as a row of numbers.
pub fn flat<T: Row>(value: &T) -> Vec<f64> {
    let mut row = Vec::new();
    value.write(&mut row);
    row
}

/// The value of a row; none when the row is too short, too long, or of something else.
pub fn typed<T: Row>(row: &[f64]) -> Option<T> {
    let mut numbers = row.iter();
    T::read(&mut numbers).filter(|_| numbers.as_slice().is_empty())
}

/// Defines a struct of named parts as a [`Row`]: its parts in the order in which they are written down.
///
/// ```ignore
/// row! {
///     /// What is kept of a training.
///     struct Trained {
///         /// The mean square at its end.
///         loss: f64,
///         /// `[step, loss]` on the way.
///         course: Vec<[f64; 2]>,
///     }
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$part_meta:meta])* $part_vis:vis $part:ident: $type:ty),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$part_meta])* $part_vis $part: $type,)+
        }

        impl $crate::row::Row for $name {
            fn write(&self, row: &mut Vec<f64>) {
                $($crate::row::Row::write(&self.$part, row);)+
            }

            fn read(row: &mut ::std::slice::Iter<'_, f64>) -> Option<Self> {
                Some(Self { $($part: $crate::row::Row::read(row)?),+ })
            }
        }
    };
}
pub use __row as row;

impl Row for f64 {
    fn write(&self, row: &mut Vec<f64>) {
        row.push(*self);
    }

    fn read(row: &mut Iter<'_, f64>) -> Option<Self> {
        row.next().copied()
    }
}

impl Row for bool {
    fn write(&self, row: &mut Vec<f64>) {
        row.push(f64::from(u8::from(*self)));
    }

    fn read(row: &mut Iter<'_, f64>) -> Option<Self> {
        match *row.next()? {
            0.0 => Some(false),
            1.0 => Some(true),
            _ => None,
        }
    }
}

/// Up to here every whole number is an `f64`.
const EXACT: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;

/// Whole numbers up to 2⁵³. A larger one is written as NaN, which reads back as no whole number.
macro_rules! whole {
    ($($whole:ident),+) => {$(
        impl Row for $whole {
            fn write(&self, row: &mut Vec<f64>) {
                let number = *self as f64;
                row.push(if number < EXACT { number } else { f64::NAN });
            }

            fn read(row: &mut Iter<'_, f64>) -> Option<Self> {
                let number = *row.next()?;
                let whole = number as $whole;
                (whole as f64 == number && number < EXACT).then_some(whole)
            }
        }
    )+};
}
whole!(usize, u64);

impl<T: Row, const N: usize> Row for [T; N] {
    fn write(&self, row: &mut Vec<f64>) {
        for item in self {
            item.write(row);
        }
    }

    fn read(row: &mut Iter<'_, f64>) -> Option<Self> {
        let items = [(); N].map(|()| T::read(row));
        let whole = items.iter().all(Option::is_some);
        whole.then(|| items.map(|item| item.expect("all items were read")))
    }
}

impl<T: Row> Row for Option<T> {
    fn write(&self, row: &mut Vec<f64>) {
        self.is_some().write(row);
        if let Some(value) = self {
            value.write(row);
        }
    }

    fn read(row: &mut Iter<'_, f64>) -> Option<Self> {
        if bool::read(row)? { T::read(row).map(Some) } else { Some(None) }
    }
}

impl<T: Row> Row for Vec<T> {
    fn write(&self, row: &mut Vec<f64>) {
        self.len().write(row);
        for item in self {
            item.write(row);
        }
    }

    fn read(row: &mut Iter<'_, f64>) -> Option<Self> {
        (0..usize::read(row)?).map(|_| T::read(row)).collect()
    }
}

/// Tuples: their parts one after the other.
macro_rules! tuple {
    ($($($part:ident $at:tt),+;)+) => {$(
        impl<$($part: Row),+> Row for ($($part,)+) {
            fn write(&self, row: &mut Vec<f64>) {
                $(self.$at.write(row);)+
            }

            fn read(row: &mut Iter<'_, f64>) -> Option<Self> {
                Some(($($part::read(row)?,)+))
            }
        }
    )+};
}
tuple! {
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    row! {
        #[derive(Clone, Debug, PartialEq)]
        struct Everything {
            loss: f64,
            steps: usize,
            word: u64,
            done: bool,
            pair: [f64; 2],
            named: (usize, f64, bool),
            course: Vec<[f64; 2]>,
            groups: Vec<Vec<f64>>,
            shown: Option<(u64, Vec<f64>)>,
        }
    }

    /// Every number, subnormal and infinite ones among them, by its bits; no NaN, which does not equal itself.
    fn number() -> impl Strategy<Value = f64> {
        any::<u64>().prop_map(f64::from_bits).prop_filter("a number", |x| !x.is_nan())
    }

    fn everything() -> impl Strategy<Value = Everything> {
        let whole = || 0..1u64 << 53;
        let numbers = || prop::collection::vec(number(), 0..5);
        let head =
            (number(), whole(), whole(), any::<bool>(), [number(), number()], (whole(), number(), any::<bool>()));
        let lists = (
            prop::collection::vec([number(), number()], 0..5),
            prop::collection::vec(numbers(), 0..4),
            prop::option::of((whole(), numbers())),
        );
        (head, lists).prop_map(|((loss, steps, word, done, pair, named), (course, groups, shown))| Everything {
            loss,
            steps: steps as usize,
            word,
            done,
            pair,
            named: (named.0 as usize, named.1, named.2),
            course,
            groups,
            shown,
        })
    }

    fn bits(row: &[f64]) -> Vec<u64> {
        row.iter().map(|number| number.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn every_row_reads_back_to_the_same_bits(value in everything()) {
            let row = flat(&value);
            let back: Everything = typed(&row).expect("its own row");
            prop_assert_eq!(bits(&flat(&back)), bits(&row));
            prop_assert_eq!(back, value);
        }

        #[test]
        fn a_row_that_was_cut_or_lengthened_is_refused(value in everything(), cut in any::<prop::sample::Index>()) {
            let row = flat(&value);
            prop_assert_eq!(typed::<Everything>(&row[..cut.index(row.len())]), None);
            prop_assert_eq!(typed::<Everything>(&[&row[..], &[0.0]].concat()), None);
        }

        #[test]
        fn whole_numbers_are_exact_or_refused(number in any::<u64>()) {
            let back = typed::<u64>(&flat(&number));
            prop_assert_eq!(back, (number < 1 << 53).then_some(number));
        }
    }

    #[test]
    fn what_is_no_whole_number_and_no_truth_value_is_refused() {
        for number in [-1.0, 0.5, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(typed::<usize>(&[number]), None, "{number}");
            assert_eq!(typed::<bool>(&[number]), None, "{number}");
            assert_eq!(typed::<Vec<f64>>(&[number, 1.0]), None, "{number}");
        }
        assert_eq!(typed::<bool>(&[2.0]), None);
        assert!(typed::<f64>(&[f64::NAN]).expect("a number").is_nan());
    }

    #[test]
    fn parts_stand_in_the_order_of_their_declaration() {
        assert_eq!(flat(&(1.5, [2usize, 3], Some(true))), [1.5, 2.0, 3.0, 1.0, 1.0]);
        assert_eq!(flat(&(vec![[1.0, 2.0], [3.0, 4.0]], None::<f64>)), [2.0, 1.0, 2.0, 3.0, 4.0, 0.0]);
    }
}

//! What one cell of a CSV says, and what a column of such cells holds. It knows no table.

use crate::frame::calendar::{self, Reading};
use crate::frame::csv::Field;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Numbers.
    Numbers,
    /// Dates and times, as seconds since 1970 (see [`calendar`]).
    Times,
    /// Words.
    Words,
}

impl Content {
    /// Its name, and that of one cell: "numbers", "a number".
    pub fn names(self) -> [&'static str; 2] {
        match self {
            Self::Numbers => ["numbers", "a number"],
            Self::Times => ["dates", "a date"],
            Self::Words => ["words", "a word"],
        }
    }
}

/// Blanks around a number or date that do not count.
pub const BLANKS: [char; 2] = [' ', '\t'];

/// So many characters of a cell are told.
const LONGEST: usize = 80;

/// What one cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Missing,
    /// A finite number.
    Number(f64),
    /// A date, with or without a time of day, in seconds since 1970.
    Time(f64),
    /// A word.
    Word,
    /// A number that no `f64` holds.
    Endless,
    /// A date that no calendar has.
    NoDay,
}

impl Cell {
    /// What a field says.
    pub fn of(field: &Field) -> Self {
        const MISSING: [&str; 5] = ["", "na", "n/a", "nan", "null"];
        let text = field.text.trim_matches(BLANKS);
        if MISSING.iter().any(|mark| text.eq_ignore_ascii_case(mark)) {
            return Self::Missing;
        }
        match (text.parse::<f64>(), calendar::read(text)) {
            (Ok(number), _) if number.is_nan() => Self::Missing,
            (Ok(number), _) => {
                if number.is_finite() {
                    Self::Number(number)
                } else {
                    Self::Endless
                }
            }
            (_, Reading::Time(seconds)) => Self::Time(seconds),
            (_, Reading::Impossible) => Self::NoDay,
            (_, Reading::Nothing) => Self::Word,
        }
    }

    /// What a column of such cells holds, if this one can tell.
    pub fn content(self) -> Option<Content> {
        match self {
            Self::Missing | Self::Endless | Self::NoDay => None,
            Self::Number(_) => Some(Content::Numbers),
            Self::Time(_) => Some(Content::Times),
            Self::Word => Some(Content::Words),
        }
    }

    /// Its number.
    pub fn value(self) -> Option<f64> {
        if let Self::Number(value) | Self::Time(value) = self { Some(value) } else { None }
    }
}

/// What is wrong with the first cell that does not go with the others, if there is one: its row, and why.
pub fn stranger(fields: &[Field]) -> Option<String> {
    let cells: Vec<Cell> = fields.iter().map(Cell::of).collect();
    // In quotes, a number may be a word.
    let firm = |(cell, field): (&Cell, &Field)| (!field.quoted || *cell == Cell::Word).then_some(*cell);
    let cells: Vec<Option<Cell>> = cells.iter().zip(fields).map(firm).collect();
    let first = |is: &dyn Fn(Cell) -> bool| cells.iter().position(|cell| cell.is_some_and(is));
    let brief = |row: usize| fields[row].text.chars().take(LONGEST).collect::<String>();
    let said = |row: usize, what: String| format!("row {}: `{}` {what}", row + 1, brief(row));
    if let Some(row) = first(&|cell| cell == Cell::Endless) {
        return Some(said(row, "is not a finite number (a word stands in quotes)".into()));
    }
    if let Some(row) = first(&|cell| cell == Cell::NoDay) {
        return Some(said(row, "is no day of the calendar (a word stands in quotes)".into()));
    }
    let count = |content: Content| cells.iter().flatten().filter(|cell| cell.content() == Some(content)).count();
    // The last of equals is taken: then numbers are what is meant.
    let meant = [Content::Words, Content::Times, Content::Numbers].into_iter().max_by_key(|&content| count(content))?;
    let row = first(&|cell| cell.content().is_some_and(|content| content != meant))?;
    let [_, own] = cells[row]?.content()?.names();
    let help = match meant {
        Content::Words => "in quotes it is a word",
        Content::Numbers | Content::Times => "a missing value is blank or `NA`",
    };
    Some(said(row, format!("is {own} in a column of {} ({help})", meant.names()[0])))
}

/// Whether a number says all that its text does. Zeros in front make an id of it, and so do digits that no `f64` holds.
pub fn says_it_all(value: f64, text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let id = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
    let whole = digits.len() > 15 && digits.bytes().all(|c| c.is_ascii_digit());
    !id && (!whole || format!("{}", value.abs()) == digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::csv;

    /// What is wrong in a column of one name.
    fn said(cells: &str) -> Option<String> {
        let records = csv::records(cells).expect("CSV");
        stranger(&records.into_iter().flatten().collect::<Vec<_>>())
    }

    #[test]
    fn numbers_words_and_dates_in_one_column_are_told_with_their_cell() {
        let told = |cells: &str, fault: &str| assert_eq!(said(cells).as_deref(), Some(fault), "{cells}");
        told("10\n20\nabc\n5", "row 3: `abc` is a word in a column of numbers (a missing value is blank or `NA`)");
        told("1\nabc", "row 2: `abc` is a word in a column of numbers (a missing value is blank or `NA`)");
        told("1\n2\n\"b\"", "row 3: `b` is a word in a column of numbers (a missing value is blank or `NA`)");
        told("b\n7\nc", "row 2: `7` is a number in a column of words (in quotes it is a word)");
        told(
            "2024-03-01\n2024-03-02\n7",
            "row 3: `7` is a number in a column of dates (a missing value is blank or `NA`)",
        );
        told(
            "NA\n2024-03-01\nsoon\nlater",
            "row 2: `2024-03-01` is a date in a column of words (in quotes it is a word)",
        );
        told("1\n1e400", "row 2: `1e400` is not a finite number (a word stands in quotes)");
        told("inf", "row 1: `inf` is not a finite number (a word stands in quotes)");
        told("2024-02-28\n2024-02-30", "row 2: `2024-02-30` is no day of the calendar (a word stands in quotes)");
    }

    #[test]
    fn what_goes_together_is_left_alone() {
        for cells in [
            "1\nNA\n\n -2e3 ",
            "2024-03-01\n2024-03-01 12:00",
            "a\nNA\n",
            "b\n\"7\"\n\"inf\"\n\"2024-02-30\"",
            "\"1\"\n\"2\"",
        ] {
            assert_eq!(said(cells), None, "{cells}");
        }
    }

    #[test]
    fn a_number_says_all_of_its_text_but_of_ids() {
        for text in ["0", "-0", "1.50", "0.5", "1e400", "9007199254740992", "51090942171709440000", "+3"] {
            assert!(says_it_all(text.parse().expect("a number"), text), "{text}");
        }
        for text in ["007", "-01", "00", "9007199254740993", "12345678901234567890"] {
            assert!(!says_it_all(text.parse().expect("a number"), text), "{text}");
        }
    }
}

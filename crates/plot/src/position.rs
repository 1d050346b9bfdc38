//! A place on an axis in an author's words: a number, or a date in quotes. It knows no axis.

use std::fmt;

use serde::{Deserialize, Serialize};

use condense_base::frame::calendar::{self, Reading};
use condense_base::frame::cell::Content;

/// A number, or a time in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Words", into = "Words")]
pub enum Position {
    /// On an axis of numbers.
    Number(f64),
    /// On an axis of time.
    Time(f64),
}

/// How it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, or a date in quotes")]
enum Words {
    Number(f64),
    Date(String),
}

impl Position {
    /// Where that is on its axis.
    pub fn value(self) -> f64 {
        match self {
            Self::Number(value) | Self::Time(value) => value,
        }
    }

    /// What a column of such values holds.
    pub fn content(self) -> Content {
        if self.is_time() { Content::Times } else { Content::Numbers }
    }

    /// Whether it is a time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Time(_))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Time(seconds) => f.write_str(&calendar::text(*seconds)),
        }
    }
}

impl TryFrom<Words> for Position {
    type Error = String;

    fn try_from(words: Words) -> Result<Self, String> {
        match words {
            Words::Number(value) => Ok(Self::Number(value)),
            Words::Date(text) => match calendar::read(&text) {
                Reading::Time(seconds) => Ok(Self::Time(seconds)),
                Reading::Impossible => Err(format!("`{text}` is no day of the calendar")),
                Reading::Nothing => Err(format!("`{text}` is no date such as `2024-03-01`")),
            },
        }
    }
}

impl From<Position> for Words {
    fn from(position: Position) -> Self {
        match position {
            Position::Number(value) => Self::Number(value),
            Position::Time(_) => Self::Date(position.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Position, String> {
        #[derive(Deserialize)]
        struct Line {
            at: Position,
        }
        toml::from_str::<Line>(text).map(|line| line.at).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_number_or_a_date_in_quotes_is_a_place() {
        assert_eq!(read("at = 3"), Ok(Position::Number(3.0)));
        assert_eq!(read("at = '1970-01-02'"), Ok(Position::Time(86400.0)));
        assert_eq!(read("at = '2024-02-30'"), Err("`2024-02-30` is no day of the calendar".into()));
        assert_eq!(read("at = 'soon'"), Err("`soon` is no date such as `2024-03-01`".into()));
        assert_eq!(read("at = true"), Err("expected a number, or a date in quotes".into()));
        let time = Position::Time(86460.0);
        assert_eq!((time.to_string().as_str(), Position::try_from(Words::from(time))), ("1970-01-02 00:01", Ok(time)));
    }
}

//! The one value that crosses from science to the rest: named tables and named numbers.
//! It knows no files and no pictures; its CSV text is exact (every `f64` reads back to the same bits).

pub mod calendar;
pub mod cell;
pub mod csv;

use crate::frame::cell::{BLANKS, Cell, Content, says_it_all, stranger};
use crate::frame::csv::Field;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What an experiment returns.
///
/// Both maps are ordered by name, so that everything derived from them is too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// Tables, by name; each becomes one CSV file.
    pub frames: BTreeMap<String, Frame>,
    /// Single numbers, by name: what claims test and prose quotes.
    pub values: BTreeMap<String, f64>,
    /// What was added first under a name that was taken.
    again: Option<String>,
}

impl Results {
    /// Adds a table. A second one of its name is a [fault](Self::fault).
    pub fn frame(&mut self, name: &str, frame: Frame) {
        if self.frames.insert(name.to_owned(), frame).is_some() {
            self.again.get_or_insert_with(|| format!("two frames are named `{name}`"));
        }
    }

    /// Adds a number. A second one of its name is a [fault](Self::fault).
    pub fn value(&mut self, name: &str, value: f64) {
        if self.values.insert(name.to_owned(), value).is_some() {
            self.again.get_or_insert_with(|| format!("two values are named `{name}`"));
        }
    }

    /// The first fault that makes results unfit for a hash: a name that was given twice, a number that is not finite, or ragged columns.
    pub fn fault(&self) -> Option<String> {
        if self.again.is_some() {
            return self.again.clone();
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if let Some(name) =
            self.frames.keys().find(|name| name.is_empty() || name.starts_with('.') || !name.chars().all(plain))
        {
            return Some(format!(
                "a table is named `{}`: letters, digits, `-`, `_` and `.` name a file",
                name.escape_debug()
            ));
        }
        for (name, value) in &self.values {
            if !value.is_finite() {
                return Some(format!("value `{name}` is {value}"));
            }
        }
        self.frames.iter().find_map(|(name, frame)| frame.fault().map(|fault| format!("frame `{name}`: {fault}")))
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Finite numbers, one in every row.
    Numbers(Vec<f64>),
    /// Labels (names of species, schemes, …).
    Words(Vec<String>),
    /// Numbers or times of a CSV that says more than they do: see [`Written`].
    Written(Written),
}

/// A column of a CSV in which values are missing, or are times, or whose text says more than the number does: `007`, an
/// integer that no `f64` holds. Only [`Frame::from_csv`] and [`Frame::from_program`] make one.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    content: Content,
    /// Finite; none where the value is missing.
    values: Vec<Option<f64>>,
    texts: Vec<String>,
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Words(words) => words.len(),
            Self::Written(written) => written.values.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it holds.
    pub fn content(&self) -> Content {
        match self {
            Self::Numbers(_) => Content::Numbers,
            Self::Words(_) => Content::Words,
            Self::Written(written) => written.content,
        }
    }

    /// The text of one cell, as it stands in the CSV (before quoting).
    pub fn text(&self, row: usize) -> String {
        match self {
            Self::Numbers(numbers) => number(numbers[row]),
            Self::Words(words) => words[row].clone(),
            Self::Written(written) => written.texts[row].clone(),
        }
    }

    /// The number of a cell, of a time its seconds since 1970; none where it is missing or a word.
    pub fn value(&self, row: usize) -> Option<f64> {
        match self {
            Self::Numbers(numbers) => Some(numbers[row]),
            Self::Words(_) => None,
            Self::Written(written) => written.values[row],
        }
    }

    /// The text by which a cell must be called: a word, a time, or a number whose text says more (`007`). None for other
    /// numbers, and where the value is missing.
    pub fn word(&self, row: usize) -> Option<&str> {
        match self {
            Self::Numbers(_) => None,
            Self::Words(words) => Some(&words[row]),
            Self::Written(written) => {
                let (value, text) = (written.values[row]?, written.texts[row].trim_matches(BLANKS));
                (written.content == Content::Times || !says_it_all(value, text)).then_some(text)
            }
        }
    }

    /// Whether the value of a cell is missing. Words never are: a word may well be `NA`, or empty.
    pub fn missing(&self, row: usize) -> bool {
        matches!(self, Self::Written(written) if written.values[row].is_none())
    }
}

/// The values of a column that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gaps {
    /// The column's name.
    pub column: String,
    /// How many there are.
    pub count: usize,
    /// The first row that has one, counted from 0.
    pub first: usize,
}

/// A table: named columns of equal length, in the order in which they were added.
///
/// What a column of a CSV holds is decided by what is in it ([`Frame::from_csv`], [`Frame::from_program`]):
///
/// * Cells that are blank, or `NA`, `N/A`, `NaN` or `null` in any case, are missing. A column whose other cells are all
///   numbers is one of numbers with gaps; so is one in which all are missing.
/// * A number is what Rust reads as an `f64`, with blanks around it if need be. It must be finite: `inf` and `1e400` are
///   mistakes.
/// * A column whose other cells are all ISO 8601 dates, with or without a time of day, is one of times (see [`calendar`]).
/// * Any other column holds words, and no cell of it is missing.
/// * A program that writes numbers or dates between words has made a mistake ([`Frame::from_program`] refuses it), unless
///   they stand in quotes: that makes them words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame(pub Vec<(String, Column)>);

impl Frame {
    /// An empty table, to be filled by [`Frame::with`].
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with one more column of numbers.
    #[must_use]
    pub fn with<N: Borrow<f64>>(mut self, name: &str, numbers: impl IntoIterator<Item = N>) -> Self {
        let numbers = numbers.into_iter().map(|number| *number.borrow()).collect();
        self.0.push((name.to_owned(), Column::Numbers(numbers)));
        self
    }

    /// The table with one more column of words.
    #[must_use]
    pub fn with_words<S: Into<String>>(mut self, name: &str, words: impl IntoIterator<Item = S>) -> Self {
        self.0.push((name.to_owned(), Column::Words(words.into_iter().map(Into::into).collect())));
        self
    }

    /// Builds a table of numbers from rows.
    ///
    /// # Panics
    /// When a row is not as long as `names`.
    pub fn from_rows<R: AsRef<[f64]>>(names: &[&str], rows: impl IntoIterator<Item = R>) -> Self {
        let mut columns = vec![Vec::new(); names.len()];
        for row in rows {
            assert_eq!(row.as_ref().len(), names.len(), "a row has one number for each of {names:?}");
            columns.iter_mut().zip(row.as_ref()).for_each(|(column, &number)| column.push(number));
        }
        names.iter().zip(columns).fold(Self::new(), |frame, (name, column)| frame.with(name, column))
    }

    /// Builds a table of numbers from groups of rows: the first column is the number of the group.
    ///
    /// # Panics
    /// As [`Frame::from_rows`].
    pub fn from_groups<R, G>(names: &[&str], groups: impl IntoIterator<Item = (usize, G)>) -> Self
    where
        R: AsRef<[f64]>,
        G: IntoIterator<Item = R>,
    {
        let rows =
            |(group, rows): (usize, G)| rows.into_iter().map(move |row| [&[group as f64], row.as_ref()].concat());
        Self::from_rows(names, groups.into_iter().flat_map(rows))
    }

    /// Number of rows (0 without columns).
    pub fn rows(&self) -> usize {
        self.0.first().map_or(0, |(_, column)| column.len())
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, column)| column)
    }

    /// A column of numbers by name, where none is missing.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match self.column(name)? {
            Column::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// The names of all columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn fault(&self) -> Option<String> {
        for (at, (name, column)) in self.0.iter().enumerate() {
            if self.0[..at].iter().any(|(other, _)| other == name) {
                return Some(format!("column `{name}` stands twice"));
            }
            if column.len() != self.rows() {
                return Some(format!("column `{name}` has {} rows, the first has {}", column.len(), self.rows()));
            }
            if let Column::Numbers(numbers) = column
                && let Some(row) = numbers.iter().position(|number| !number.is_finite())
            {
                return Some(format!("column `{name}`, row {}: {}", row + 1, numbers[row]));
            }
        }
        None
    }

    /// The table as CSV (RFC 4180, `\n` line ends): a header, then one line a row.
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        let header: Vec<String> = self.names().map(csv::quoted).collect();
        let _ = writeln!(text, "{}", header.join(","));
        for row in 0..self.rows() {
            for (at, (_, column)) in self.0.iter().enumerate() {
                let separator = if at == 0 { "" } else { "," };
                let _ = write!(text, "{separator}{}", csv::quoted(&column.text(row)));
            }
            text.push('\n');
        }
        text
    }

    /// Reads [`Frame::to_csv`] back, or any other CSV: what a column holds is decided by its cells (see [`Frame`]).
    ///
    /// # Errors
    /// Says which row is ragged or badly quoted, and which column stands twice.
    pub fn from_csv(text: &str) -> Result<Self, String> {
        let columns = columns(text)?;
        Ok(Self(columns.into_iter().map(|(name, cells)| (name, typed(&cells))).collect()))
    }

    /// Reads a CSV that a program wrote, which cannot say what a column is meant to hold.
    ///
    /// # Errors
    /// As [`Frame::from_csv`]; and the first cell that does not go with the others of its column, or is no number or day
    /// though it looks like one.
    pub fn from_program(text: &str) -> Result<Self, String> {
        let columns = columns(text)?;
        match columns.iter().find_map(|(name, cells)| Some((name, stranger(cells)?))) {
            Some((name, fault)) => Err(format!("column `{name}`, {fault}")),
            None => Ok(Self(columns.into_iter().map(|(name, cells)| (name, typed(&cells))).collect())),
        }
    }

    /// The columns in which values are missing.
    pub fn gaps(&self) -> Vec<Gaps> {
        let of = |(name, column): &(String, Column)| {
            let mut missing = (0..column.len()).filter(|&row| column.missing(row));
            let first = missing.next()?;
            Some(Gaps { column: name.clone(), count: 1 + missing.count(), first })
        };
        self.0.iter().filter_map(of).collect()
    }
}

/// Names and cells of the columns of a CSV.
fn columns(text: &str) -> Result<Vec<(String, Vec<Field>)>, String> {
    let mut records = csv::records(text)?.into_iter();
    let names = records.next().ok_or("it is empty: a CSV needs a header line")?;
    let mut columns: Vec<(String, Vec<Field>)> = Vec::new();
    for name in names {
        if columns.iter().any(|(other, _)| *other == name.text) {
            return Err(format!("column `{}` stands twice", name.text));
        }
        columns.push((name.text, Vec::new()));
    }
    for (at, record) in records.enumerate() {
        if record.len() != columns.len() {
            let (row, count) = (at + 1, record.len());
            let fields = if count == 1 { "field" } else { "fields" };
            return Err(format!("row {row} has {count} {fields}, the header has {}", columns.len()));
        }
        for ((_, cells), field) in columns.iter_mut().zip(record) {
            cells.push(field);
        }
    }
    Ok(columns)
}

/// A column by what is in it.
fn typed(fields: &[Field]) -> Column {
    let cells: Vec<Cell> = fields.iter().map(Cell::of).collect();
    let texts = || fields.iter().map(|field| field.text.clone()).collect();
    let all = |content| cells.iter().all(|cell| *cell == Cell::Missing || cell.content() == Some(content));
    let Some(content) = [Content::Numbers, Content::Times].into_iter().find(|&content| all(content)) else {
        return Column::Words(texts());
    };
    let plain = |(cell, field): (&Cell, &Field)| match cell {
        Cell::Number(value) if says_it_all(*value, field.text.trim_matches(BLANKS)) => Some(*value),
        _ => None,
    };
    match cells.iter().zip(fields).map(plain).collect() {
        Some(numbers) => Column::Numbers(numbers),
        None => {
            Column::Written(Written { content, values: cells.into_iter().map(Cell::value).collect(), texts: texts() })
        }
    }
}

/// A number as text that reads back to the same bits: the shortest such, with an exponent only where zeros would pile up.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-5..1e16).contains(&size) { format!("{value}") } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_keeps_every_bit_and_every_word() {
        let odd = [0.1, -0.0, 5e-324, f64::MAX, 1.0 / 3.0, 1e-5, 9.999e-6, 123456789.0];
        let frame = Frame::new().with("x", odd).with_words("name", ["a", "b,c", "d\"e", "f\ng", "", "h", "i", "j"]);
        let back = Frame::from_csv(&frame.to_csv()).expect("own CSV");
        assert_eq!(back, frame);
        let bits = |f: &Frame| f.numbers("x").expect("numbers").iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back), bits(&frame));
    }

    #[test]
    fn groups_are_rows_that_begin_with_their_number() {
        let groups = [vec![[1.0], [2.0]], vec![], vec![[3.0]]];
        let frame = Frame::from_groups(&["group", "x"], groups.iter().enumerate());
        assert_eq!(frame, Frame::from_rows(&["group", "x"], [[0.0, 1.0], [0.0, 2.0], [2.0, 3.0]]));
        assert_eq!(frame.numbers("x"), Some(&[1.0, 2.0, 3.0][..]));
    }

    #[test]
    fn a_ragged_row_a_double_column_and_an_empty_text_are_refused() {
        assert_eq!(Frame::from_csv("a,b\n1,2\n3\n").unwrap_err(), "row 2 has 1 field, the header has 2");
        assert_eq!(Frame::from_csv("a,b,a\n1,2,3\n").unwrap_err(), "column `a` stands twice");
        for empty in ["", "\u{feff}"] {
            assert_eq!(Frame::from_csv(empty).unwrap_err(), "it is empty: a CSV needs a header line");
        }
        assert_eq!(Frame::from_csv("a,b\n"), Ok(Frame::new().with("a", [0.0; 0]).with("b", [0.0; 0])), "no rows");
    }

    fn column(cells: &str) -> Result<Column, String> {
        Ok(Frame::from_program(&format!("a\n{cells}\n"))?.0.remove(0).1)
    }

    fn values(column: &Column) -> Vec<Option<f64>> {
        (0..column.len()).map(|row| column.value(row)).collect()
    }

    /// Once one of them turned the whole column into words.
    #[test]
    fn missing_values_are_gaps_in_a_column_of_numbers() {
        let gappy = column("1\n\nNA\nn/a\nNaN\n-nan\nNULL\n \n-0").expect("numbers");
        assert_eq!(gappy.content(), Content::Numbers);
        assert_eq!(values(&gappy), [[Some(1.0)].as_slice(), &[None; 7], &[Some(-0.0)]].concat());
        assert_eq!((gappy.text(2), gappy.missing(2), gappy.word(2)), ("NA".to_owned(), true, None));
        let none = column("NA\nnull").expect("numbers");
        assert_eq!((none.content(), values(&none)), (Content::Numbers, vec![None; 2]), "all may be missing");
        let words = column("NA\nDE\n\"\"").expect("words");
        assert_eq!(words, Column::Words(["NA", "DE", ""].map(String::from).into()), "a word may be `NA`");
        let frame = Frame::from_program("x,y\n1,2\n,3\n,4\n").expect("a table");
        assert_eq!(frame.gaps(), [Gaps { column: "x".into(), count: 2, first: 1 }]);
        assert_eq!(frame.numbers("x"), None, "who asks for numbers gets one in every row");
    }

    #[test]
    fn what_an_experiment_calls_words_stays_words_whatever_they_look_like() {
        let frame = Frame::new().with_words("alpha", ["1", "√m", "inf"]);
        assert_eq!(Frame::from_csv(&frame.to_csv()), Ok(frame));
    }

    #[test]
    fn dates_are_times_that_keep_their_text() {
        let times = column("1970-01-02\nNA\n1970-01-01T00:00:07Z").expect("times");
        assert_eq!((times.content(), values(&times)), (Content::Times, vec![Some(86400.0), None, Some(7.0)]));
        assert_eq!([0, 1, 2].map(|row| times.word(row)), [Some("1970-01-02"), None, Some("1970-01-01T00:00:07Z")]);
    }

    #[test]
    fn ids_keep_their_zeros_and_all_their_digits() {
        let ids = column("007\n9007199254740993\n9007199254740992\n-0.5\n0\n 12").expect("numbers");
        assert_eq!(values(&ids)[..2], [Some(7.0), Some(9007199254740992.0)]);
        let words: Vec<Option<&str>> = (0..6).map(|row| ids.word(row)).collect();
        assert_eq!(words, [Some("007"), Some("9007199254740993"), None, None, None, None]);
        assert_eq!(column("1.0\n +2\n1e3"), Ok(Column::Numbers(vec![1.0, 2.0, 1000.0])));
    }

    /// The second once took the place of the first, and the first was lost without a word.
    #[test]
    fn a_name_that_is_given_twice_is_a_fault() {
        let mut results = Results::default();
        results.value("ratio", 1.0);
        results.frame("ratio", Frame::new());
        assert_eq!(results.fault(), None);
        results.value("ratio", 1.0);
        assert_eq!(results.fault().as_deref(), Some("two values are named `ratio`"));
        let mut results = Results::default();
        results.frame("map", Frame::new());
        results.frame("map", Frame::new());
        assert_eq!(results.fault().as_deref(), Some("two frames are named `map`"));
    }

    #[test]
    fn numbers_that_are_not_finite_are_faults() {
        let mut results = Results::default();
        results.frame("loss", Frame::new().with("step", [0.0, 1.0]).with("loss", [1.0, f64::NAN]));
        assert_eq!(results.fault().as_deref(), Some("frame `loss`: column `loss`, row 2: NaN"));
        results.frames.clear();
        results.value("end", f64::INFINITY);
        assert_eq!(results.fault().as_deref(), Some("value `end` is inf"));
    }
}

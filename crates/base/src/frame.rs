//! The one value that crosses from science to the rest: named tables and named numbers.
//! It knows no files and no pictures; its CSV text is exact (every `f64` reads back to the same bits).

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
}

impl Results {
    /// Adds a table.
    pub fn frame(&mut self, name: &str, frame: Frame) {
        self.frames.insert(name.to_owned(), frame);
    }

    /// Adds a number.
    pub fn value(&mut self, name: &str, value: f64) {
        self.values.insert(name.to_owned(), value);
    }

    /// The first fault that makes results unfit for a hash: a number that is not finite, or ragged columns.
    pub fn fault(&self) -> Option<String> {
        for (name, value) in &self.values {
            if !value.is_finite() {
                return Some(format!("value `{name}` is {value}"));
            }
        }
        self.frames.iter().find_map(|(name, frame)| frame.fault().map(|fault| format!("frame `{name}`: {fault}")))
    }
}

/// One column: numbers, or words (names of species, schemes, …).
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Finite numbers.
    Numbers(Vec<f64>),
    /// Labels.
    Words(Vec<String>),
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Words(words) => words.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of one cell, as it stands in the CSV (before quoting).
    pub fn text(&self, row: usize) -> String {
        match self {
            Self::Numbers(numbers) => number(numbers[row]),
            Self::Words(words) => words[row].clone(),
        }
    }
}

/// A table: named columns of equal length, in the order in which they were added.
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

    /// A column of numbers by name.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match self.column(name)? {
            Column::Numbers(numbers) => Some(numbers),
            Column::Words(_) => None,
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
        let header: Vec<String> = self.names().map(quoted).collect();
        let _ = writeln!(text, "{}", header.join(","));
        for row in 0..self.rows() {
            for (at, (_, column)) in self.0.iter().enumerate() {
                let separator = if at == 0 { "" } else { "," };
                let _ = write!(text, "{separator}{}", quoted(&column.text(row)));
            }
            text.push('\n');
        }
        text
    }

    /// Reads [`Frame::to_csv`] back. A column is numeric when every cell of it parses as a number.
    ///
    /// # Errors
    /// Says which line is ragged or badly quoted.
    pub fn from_csv(text: &str) -> Result<Self, String> {
        let mut lines = records(text)?.into_iter();
        let names = lines.next().ok_or("empty: a CSV needs a header line")?;
        let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        for (at, line) in lines.enumerate() {
            if line.len() != names.len() {
                return Err(format!("line {} has {} fields, the header has {}", at + 2, line.len(), names.len()));
            }
            for (column, field) in columns.iter_mut().zip(line) {
                column.push(field);
            }
        }
        let typed = |words: Vec<String>| {
            words
                .iter()
                .map(|word| word.parse::<f64>().ok())
                .collect::<Option<Vec<f64>>>()
                .map_or(Column::Words(words), Column::Numbers)
        };
        Ok(Self(names.into_iter().zip(columns.into_iter().map(typed)).collect()))
    }
}

/// A number as text that reads back to the same bits: the shortest such, with an exponent only where zeros would pile up.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-5..1e16).contains(&size) { format!("{value}") } else { format!("{value:e}") }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// Splits CSV text into records of fields.
fn records(text: &str) -> Result<Vec<Vec<String>>, String> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut inside, mut line) = (false, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if inside => inside = false,
            '"' if field.is_empty() => inside = true,
            ',' if !inside => record.push(std::mem::take(&mut field)),
            '\n' if !inside => {
                line += 1;
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            '\r' if !inside && chars.peek() == Some(&'\n') => {}
            _ => field.push(c),
        }
    }
    if inside {
        return Err(format!("a quote is not closed before line {line}"));
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    Ok(records)
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
    fn a_ragged_or_unclosed_csv_names_its_line() {
        assert_eq!(Frame::from_csv("a,b\n1,2\n3\n").unwrap_err(), "line 3 has 1 fields, the header has 2");
        assert!(Frame::from_csv("a\n\"b\n").unwrap_err().contains("not closed"));
        assert!(Frame::from_csv("").is_err());
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

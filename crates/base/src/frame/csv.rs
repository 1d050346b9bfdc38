//! CSV text as records of fields, and one field as text (RFC 4180). It knows no columns and no types.

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its text, without the quotes around it.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// A field as it is written: in quotes where it needs them.
pub fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// How much of a field has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Nothing.
    Start,
    /// Some of it, without quotes.
    Plain,
    /// Some of it, behind an opening quote.
    Quotes,
    /// All of it: the closing quote stands there.
    End,
}

/// Splits CSV text into records; the first one is the header. A byte order mark in front is skipped, and lines may end
/// with `\r\n`.
///
/// # Errors
/// Says in which row a quote is open, or stands where none may.
pub fn records(text: &str) -> Result<Vec<Vec<Field>>, String> {
    let mut reader = Reader { records: Vec::new(), record: Vec::new(), field: String::new(), within: Within::Start };
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        match (reader.within, c) {
            (Within::Quotes, '"') => reader.within = Within::End,
            (Within::Quotes, c) => reader.field.push(c),
            (_, ',') => reader.end_field(),
            (_, '\n') => reader.end_record(),
            (_, '\r') if chars.peek() == Some(&'\n') => {}
            (Within::Start, '"') => reader.within = Within::Quotes,
            // Two quotes within quotes stand for one.
            (Within::End, '"') => {
                reader.field.push('"');
                reader.within = Within::Quotes;
            }
            (Within::Plain, '"') => return Err(format!("{}: a quote within a field without quotes", reader.place())),
            (Within::End, c) => return Err(format!("{}: `{c}` behind a closing quote", reader.place())),
            (Within::Start | Within::Plain, c) => {
                reader.field.push(c);
                reader.within = Within::Plain;
            }
        }
    }
    if reader.within == Within::Quotes {
        return Err(format!("{}: a quote is not closed", reader.place()));
    }
    if reader.within != Within::Start || !reader.record.is_empty() {
        reader.end_record();
    }
    Ok(reader.records)
}

/// What has been read so far.
struct Reader {
    records: Vec<Vec<Field>>,
    record: Vec<Field>,
    field: String,
    within: Within,
}

impl Reader {
    fn end_field(&mut self) {
        let quoted = self.within == Within::End;
        self.record.push(Field { text: std::mem::take(&mut self.field), quoted });
        self.within = Within::Start;
    }

    fn end_record(&mut self) {
        self.end_field();
        self.records.push(std::mem::take(&mut self.record));
    }

    /// The record that is being read, as people count: rows begin below the header.
    fn place(&self) -> String {
        if self.records.is_empty() { "the header".to_owned() } else { format!("row {}", self.records.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let records = records(text).expect("CSV");
        records.into_iter().map(|record| record.into_iter().map(|field| field.text).collect()).collect()
    }

    #[test]
    fn a_byte_order_mark_windows_lines_and_quoted_line_breaks_are_understood() {
        assert_eq!(texts("\u{feff}a,b\r\n1,\"x\r\ny\"\r\n"), [["a", "b"], ["1", "x\r\ny"]]);
        assert_eq!(texts("a\n\"\""), [["a"], [""]], "a last line of an empty field");
        assert_eq!(texts("a,b\n1,"), [["a", "b"], ["1", ""]], "a last line without an end");
        assert_eq!(texts("a\n\"say \"\"no\"\"\"\n"), [["a"], ["say \"no\""]]);
        assert!(texts("").is_empty() && texts("\u{feff}").is_empty());
    }

    #[test]
    fn a_quote_that_is_open_or_out_of_place_is_told_with_its_row() {
        assert_eq!(records("a\nb\n\"c\nd\n").unwrap_err(), "row 2: a quote is not closed");
        assert_eq!(records("a\n5\" pipe\n").unwrap_err(), "row 1: a quote within a field without quotes");
        assert_eq!(records("a\n\"b\"c\n").unwrap_err(), "row 1: `c` behind a closing quote");
        assert_eq!(records("\"a\n").unwrap_err(), "the header: a quote is not closed");
    }

    #[test]
    fn fields_remember_their_quotes() {
        let fields = records("\"1\",1\n").expect("CSV").remove(0);
        assert_eq!([fields[0].quoted, fields[1].quoted], [true, false]);
        assert_eq!([quoted("a,b"), quoted("a\"b"), quoted("a b")], ["\"a,b\"", "\"a\"\"b\"", "a b"]);
    }
}

//! Table layers: rows of printed numbers and words, and their drawing.
//! It knows no HTML: pages write the same grid in their own way.

use plotters::style::text_anchor::{HPos, VPos};

use crate::chart::{Dash, Field};
use crate::clip;
use crate::look::{Ink, Look};
use crate::pen::{Pen, Stroke, Type};
use crate::text;
use condense_base::frame::Column;
use condense_base::frame::cell::Content;

/// Significant digits of a column that does not say.
const DIGITS: usize = 4;
/// Stands where a value is missing.
const MISSING: &str = "–";
/// Height of a row and space beside a cell's text, in units of the type size.
const ROW: f64 = 1.75;
const SIDE: f64 = 0.75;

/// A table as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextTable {
    /// What stands above each column.
    pub head: Vec<String>,
    /// Which columns hold numbers (they are set flush right).
    pub numeric: Vec<bool>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl TextTable {
    /// The text of a table: its columns, and the rows that it keeps.
    pub fn new(fields: &[(Field, &Column)], kept: &[usize]) -> Self {
        let mut grid = Self { rows: vec![Vec::new(); kept.len()], ..Self::default() };
        for (field, column) in fields {
            grid.head.push(field.head.clone().unwrap_or_else(|| field.column.clone()));
            grid.numeric.push(column.content() == Content::Numbers);
            for (cells, &row) in grid.rows.iter_mut().zip(kept) {
                let text = text::of_cell(column, row, field.digits.unwrap_or(DIGITS));
                cells.push(text.unwrap_or_else(|| MISSING.to_owned()));
            }
        }
        grid
    }

    /// Height of the drawing in px.
    pub fn height(&self, look: &Look) -> f64 {
        (self.rows.len() + 1) as f64 * ROW * look.small
    }

    /// Draws it into a frame; type shrinks where the words are too wide.
    pub fn draw(&self, pen: &Pen, frame: &clip::Area, look: &Look) {
        let natural = self.widths(look.small);
        let total: f64 = natural.iter().sum();
        let size = look.small * (frame.width() / total).min(1.0);
        let spare = ((frame.width() - total) / natural.len() as f64).clamp(0.0, 3.0 * size);
        let widths: Vec<f64> = self.widths(size).iter().map(|width| width + spare).collect();
        let height = ROW * look.small;
        let right = frame.left + widths.iter().sum::<f64>();
        for (at, cells) in std::iter::once(&self.head).chain(&self.rows).enumerate() {
            let middle = frame.top + (at as f64 + 0.5) * height;
            let (ink, bold) = (Ink::Ink, at == 0);
            let mut left = frame.left;
            for ((cell, width), numeric) in cells.iter().zip(&widths).zip(&self.numeric) {
                let (x, across) =
                    if *numeric { (left + width - SIDE * size, HPos::Right) } else { (left + SIDE * size, HPos::Left) };
                pen.words(cell, [x, middle], Type { bold, ..Type::new(ink, size) }.hung(across, VPos::Center));
                left += width;
            }
        }
        for (at, ink) in [(0, Ink::Ink), (1, Ink::Muted), (self.rows.len() + 1, Ink::Ink)] {
            let y = frame.top + at as f64 * height;
            pen.line(&[[frame.left, y], [right, y]], Stroke { ink, width: look.hair, dash: Dash::Solid });
        }
    }

    fn widths(&self, size: f64) -> Vec<f64> {
        let cell = |at: usize, cells: &Vec<String>| cells.get(at).map_or(0.0, |cell| text::width(cell, size));
        let widest =
            |at: usize| self.rows.iter().map(|cells| cell(at, cells)).fold(cell(at, &self.head) * 1.05, f64::max);
        (0..self.head.len()).map(|at| widest(at) + 2.0 * SIDE * size).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_base::frame::Frame;

    #[test]
    fn cells_are_numbers_in_print_words_as_they_are_and_dashes_where_a_value_is_missing() {
        let csv = "scheme,alpha,day\nHe,0.5,2024-03-01\nNTK,-1e-7,\nmean-field,,2024-03-02\nXavier,007,NA\n";
        let frame = Frame::from_program(csv).expect("a table");
        let field = |column: &str, head: Option<&str>, digits| {
            let field = Field { column: column.into(), head: head.map(Into::into), digits };
            let column = frame.column(&field.column).expect("a column");
            (field, column)
        };
        let fields = [field("scheme", None, None), field("alpha", Some("α"), Some(2)), field("day", None, None)];
        let grid = TextTable::new(&fields, &[0, 1, 2, 3]);
        assert_eq!(grid.head, ["scheme", "α", "day"]);
        assert_eq!(grid.numeric, [false, true, false]);
        assert_eq!(
            grid.rows,
            [
                ["He", "0.5", "2024-03-01"],
                ["NTK", "−10⁻⁷", "–"],
                ["mean-field", "–", "2024-03-02"],
                ["Xavier", "007", "–"]
            ]
        );
    }
}

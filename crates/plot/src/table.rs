//! Table layers: rows of printed numbers and words, and their drawing.
//! It knows no HTML: pages write the same grid in their own way.

use std::collections::BTreeMap;

use plotters::style::text_anchor::{HPos, VPos};

use crate::chart::{Dash, Kind, Layer};
use crate::clip;
use crate::look::{Ink, Look};
use crate::pen::{Pen, Stroke, Type};
use crate::series;
use crate::text;
use condense_base::frame::{Column, Frame};

/// Significant digits of a column that does not say.
const DIGITS: usize = 4;
/// Height of a row and space beside a cell's text, in units of the type size.
const ROW: f64 = 1.75;
const SIDE: f64 = 0.75;

/// A table as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// What stands above each column.
    pub head: Vec<String>,
    /// Which columns hold numbers (they are set flush right).
    pub numeric: Vec<bool>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// The text of a table layer.
    ///
    /// # Errors
    /// Unknown frames and columns, and a `where` that keeps no row.
    pub fn new(layer: &Layer, frames: &BTreeMap<String, Frame>) -> Result<Self, String> {
        if layer.kind != Kind::Table {
            return Err(format!("a `{}` layer is no table", layer.kind.name()));
        }
        let name = layer.frame.as_deref().ok_or("no `frame`")?;
        let frame = frames.get(name).ok_or_else(|| format!("there is no frame `{name}`"))?;
        let kept = series::rows(layer, frame)?;
        let mut grid = Self { rows: vec![Vec::new(); kept.len()], ..Self::default() };
        for field in layer.columns.iter().flatten() {
            let column = frame.column(&field.column).ok_or_else(|| format!("there is no column `{}`", field.column))?;
            grid.head.push(field.head.clone().unwrap_or_else(|| field.column.clone()));
            grid.numeric.push(matches!(column, Column::Numbers(_)));
            for (cells, &row) in grid.rows.iter_mut().zip(&kept) {
                cells.push(match column {
                    Column::Numbers(numbers) => text::significant(numbers[row], field.digits.unwrap_or(DIGITS)),
                    Column::Words(words) => words[row].clone(),
                });
            }
        }
        Ok(grid)
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

    #[test]
    fn cells_are_numbers_in_print_and_words_as_they_are() {
        let frame = Frame::new().with("alpha", [0.5, -1e-7, 3.0]).with_words("scheme", ["He", "NTK", "mean-field"]);
        let layer: Layer = toml::from_str(
            "kind = 'table'\nframe = 't'\ncolumns = [{ column = 'scheme' }, { column = 'alpha', head = 'α', digits = 2 }]",
        )
        .expect("a layer");
        let grid = Grid::new(&layer, &BTreeMap::from([("t".to_owned(), frame)])).expect("a grid");
        assert_eq!(grid.head, ["scheme", "α"]);
        assert_eq!(grid.numeric, [false, true]);
        assert_eq!(grid.rows, [["He", "0.5"], ["NTK", "−10⁻⁷"], ["mean-field", "3"]]);
        assert_eq!(Grid::new(&layer, &BTreeMap::new()).unwrap_err(), "there is no frame `t`");
    }
}

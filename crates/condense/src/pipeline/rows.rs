//! The first rows of a run's tables, as the page of a figure shows them, and where in them a value stands.
//! It reads tables; it knows no experiments and no claims.

use crate::frame::{Column, Frame};
use crate::paper::figure_view::{Cell, RowsView, Standing};
use std::collections::BTreeMap;

/// Rows that a page shows; the file has the rest.
const SHOWN: usize = 50;

/// A table by name, with the file of the report that holds it.
pub struct Table {
    /// Its name in the results.
    pub name: String,
    /// The file, below the report.
    pub file: String,
    /// What is in it.
    pub frame: Frame,
}

impl Table {
    /// What a page shows of it.
    pub fn view(&self) -> RowsView {
        let columns = &self.frame.0;
        let cell = |column: &Column, row| Cell { text: column.text(row), number: column.value(row).is_some() };
        let row = |row| columns.iter().map(|(_, column)| cell(column, row)).collect();
        RowsView {
            name: self.name.clone(),
            file: self.file.clone(),
            head: columns.iter().map(|(name, _)| name.clone()).collect(),
            rows: (0..self.frame.rows().min(SHOWN)).map(row).collect(),
            of: self.frame.rows(),
        }
    }
}

/// Where numbers of the tables stand, to be asked for by their bits: those that stand in one place only, for of others nobody
/// could say which is meant. Whole numbers say nothing, for they are the same by chance.
pub fn places(tables: &[Table]) -> BTreeMap<u64, Standing> {
    let mut places: BTreeMap<u64, Option<Standing>> = BTreeMap::new();
    for table in tables {
        for (name, column) in &table.frame.0 {
            for row in 0..column.len() {
                let Some(value) = column.value(row).filter(|value| value.fract() != 0.0) else { continue };
                let standing =
                    || Standing { table: table.name.clone(), row: row + 1, column: name.clone(), shown: row < SHOWN };
                places.entry(value.to_bits()).and_modify(|place| *place = None).or_insert_with(|| Some(standing()));
            }
        }
    }
    places.into_iter().filter_map(|(bits, place)| Some((bits, place?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_where_it_alone_stands_and_a_count_is_not() {
        let frame = Frame::new().with("n", [3.0, 4.0]).with("loss", [0.25, 0.125]).with("twice", [0.5, 0.5]);
        let table = Table { name: "course".to_owned(), file: "fig/a.csv".to_owned(), frame };
        let places = places(&[table]);
        let found = &places[&0.125_f64.to_bits()];
        assert_eq!((found.row, found.column.as_str(), found.shown), (2, "loss", true));
        assert!(!places.contains_key(&4.0_f64.to_bits()));
        assert!(!places.contains_key(&0.5_f64.to_bits()), "which of both?");
    }

    #[test]
    fn a_page_shows_the_first_rows_and_says_of_how_many() {
        let frame = Frame::new().with("x", (0..120).map(f64::from));
        let view = Table { name: "t".to_owned(), file: "fig/t.csv".to_owned(), frame }.view();
        assert_eq!((view.rows.len(), view.of), (SHOWN, 120));
    }
}

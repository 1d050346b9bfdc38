//! What is wrong with a chart, and where in its block. It knows no charts; the caller has the lines of the page.

use std::fmt;

/// A place in a chart block; panels and layers count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which panel.
    pub panel: Option<usize>,
    /// Which layer of it.
    pub layer: Option<usize>,
    /// Which key of it (`y.min` is the key `min` of the table `y`).
    pub key: Option<&'static str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let panel = self.panel.map(|at| format!("panel {}", at + 1));
        let layer = self.layer.map(|at| format!("layer {}", at + 1));
        let key = self.key.map(|key| format!("`{key}`"));
        let parts: Vec<String> = [panel, layer, key].into_iter().flatten().collect();
        f.write_str(&if parts.is_empty() { "chart".to_owned() } else { parts.join(", ") })
    }
}

/// Something that is wrong with a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFault {
    /// Where.
    pub place: Place,
    /// What, in one lower-case line.
    pub message: String,
    /// The name that the results lack, if that is it.
    pub unknown: Option<Unknown>,
}

/// What a name was meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A table of the results.
    Frame,
    /// A column of a table.
    Column,
}

/// A name that the results lack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What it should name.
    pub what: Named,
    /// The name.
    pub name: String,
    /// The names that exist there, for "did you mean".
    pub known: Vec<String>,
}

impl ChartFault {
    /// A fault in words.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), unknown: None }
    }

    /// A name that is not among the known ones.
    pub fn unknown<'k>(place: Place, what: Named, name: &str, known: impl IntoIterator<Item = &'k str>) -> Self {
        let one = if what == Named::Frame { "frame" } else { "column" };
        let known = known.into_iter().map(str::to_owned).collect();
        let unknown = Some(Unknown { what, name: name.to_owned(), known });
        Self { place, message: format!("unknown {one} `{name}`"), unknown }
    }
}

impl fmt::Display for ChartFault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// A message, with the row that a panel stands for in front, where it stands for many.
pub fn of_row(row: Option<&String>, message: &str) -> String {
    row.map_or_else(|| message.to_owned(), |row| format!("{row}: {message}"))
}

//! Which artefacts of a figure become files of the report, and under which names. Steps know no file names:
//! their artefacts get them here, when they are published or linked.

use crate::engine::relative::Relative;

/// The one page that holds everything, for those who ask for it.
pub const SINGLE: &str = "single.html";

/// The step of a figure that makes an artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Maker {
    /// The run.
    Run,
    /// The drawing of a chart, by its place on the page, from 0.
    Chart(usize),
    /// The judgement.
    Check,
}

/// A file of the report that holds an artefact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Path below the report.
    pub path: Relative,
    /// The step that makes it.
    pub maker: Maker,
    /// What the step calls it.
    pub artefact: String,
}

/// The files of figure `id` by path: its pictures, whose files are called `stems`; its numbers; and its tables, given what
/// its run made. One table is `<id>.csv`; of several each has its name.
pub fn of_figure<'a>(id: &str, stems: &[String], made: impl IntoIterator<Item = &'a str>) -> Vec<File> {
    let tables: Vec<&str> = made.into_iter().filter_map(|artefact| artefact.strip_suffix(".csv")).collect();
    let file = |stem: &str, ending: &str, maker, artefact: &str| File {
        // Ids, tables and charts have plain names: the manifest and the pages were checked.
        path: Relative::known(&format!("fig/{stem}.{ending}")),
        maker,
        artefact: artefact.to_owned(),
    };
    let table = |table: &&str| {
        let stem = if tables.len() == 1 { id.to_owned() } else { format!("{id}-{table}") };
        file(&stem, "csv", Maker::Run, &format!("{table}.csv"))
    };
    let drawn = |(at, stem): (usize, &String)| File {
        path: picture(stem),
        maker: Maker::Chart(at),
        artefact: super::draw::PICTURE.to_owned(),
    };
    let mut files: Vec<File> = tables.iter().map(table).chain(stems.iter().enumerate().map(drawn)).collect();
    files.push(file(id, "json", Maker::Check, super::check::RESULT));
    files.sort();
    files
}

/// The file of a chart, given what it is called.
pub fn picture(stem: &str) -> Relative {
    Relative::known(&format!("fig/{stem}.svg"))
}

/// The same for a narrow screen. The lock does not speak of it: it is the accepted picture in another layout.
pub fn narrow(stem: &str) -> Relative {
    Relative::known(&format!("fig/{stem}{NARROW}"))
}

/// The page of a figure. The lock does not speak of it: its words may change.
pub fn page(id: &str) -> Relative {
    Relative::known(&format!("fig/{id}.html"))
}

/// The page with the program text behind a figure.
pub fn source(id: &str) -> Relative {
    Relative::known(&format!("fig/{id}{SOURCE}"))
}

/// How those are called,
const SOURCE: &str = ".source.html";
/// and how the files of narrow pictures end.
const NARROW: &str = ".narrow.svg";

/// Whether a file of a figure is one of those of which the lock does not speak.
pub fn is_page(path: &Relative) -> bool {
    path.as_str().starts_with("fig/") && [".html", NARROW].iter().any(|end| path.as_str().ends_with(end))
}

/// What the step calls it that makes such a file, or another page of the report.
pub fn page_artefact(path: &Relative) -> &str {
    match path.as_str() {
        page if !is_page(path) => page,
        page if page.ends_with(NARROW) => super::draw::NARROW,
        page if page.ends_with(SOURCE) => super::card::SOURCE,
        _ => super::card::PAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_alone_is_called_like_its_figure() {
        let paths = |stems: &[&str], made: &[&str]| {
            let stems: Vec<String> = stems.iter().map(|stem| (*stem).to_owned()).collect();
            let files = of_figure("f", &stems, made.iter().copied());
            files.into_iter().map(|file| file.path.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(paths(&["f"], &["t.csv", "values.json"]), ["fig/f.csv", "fig/f.json", "fig/f.svg"]);
        assert_eq!(paths(&["f-a", "f-b"], &[]), ["fig/f-a.svg", "fig/f-b.svg", "fig/f.json"]);
        assert_eq!(paths(&[], &["t.csv", "u.csv"]), ["fig/f-t.csv", "fig/f-u.csv", "fig/f.json"]);
    }
}

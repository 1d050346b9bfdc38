//! What each code of a diagnostic means, in a paragraph.
//! It knows no diagnostics, only their codes.

/// The paragraph for a code, if there is such a code.
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.binary_search_by_key(&code, |(own, _)| own).ok().map(|at| CODES[at].1)
}

/// Every code, sorted.
pub const CODES: &[(&str, &str)] = &[
    (
        "E001",
        "A step could not be finished for a reason outside of it. The message says which file or folder, and what the system answered.",
    ),
    (
        "E002",
        "The store (`.condense/`) cannot be read or written: a permission, a full disk, a folder that is gone. Nothing was recorded; run again once the cause is removed.",
    ),
    (
        "E003",
        "An experiment stopped because its numbers went wrong, not because of the manifest. The note lists its parameters and seed; the same ones fail in the same way.",
    ),
    (
        "E004",
        "An external command ended badly: it could not be started, returned a non-zero status, took longer than `timeout_seconds`, or did not write exactly what `writes` declares. The end of its stderr is quoted.",
    ),
    (
        "L001",
        "`manifest.lock` cannot be read. It is written by the tool alone and committed; take it from version control, or accept today's results with `condense accept`.",
    ),
    ("M000", "Only the first mistakes are printed. Mend those and look again."),
    (
        "M001",
        "The text is not TOML, or a key stands twice in one table. Everything else in that text is looked at only once it can be read.",
    ),
    (
        "M002",
        "Manifest and pages are UTF-8 without control characters, direction marks or a byte order mark, and of a sensible size: 4 MiB for the manifest, 1 MiB for a page.",
    ),
    (
        "M003",
        "Keys are never ignored: one that nobody reads is a misspelling or a wish that would silently not come true. The legal keys are listed.",
    ),
    ("M004", "A key without which the entry makes no sense. The help line shows how it is written."),
    (
        "M005",
        "The key is right but its value has the wrong type, is empty, or is not one of the words that are allowed there.",
    ),
    (
        "M006",
        "`nan`, `inf` and numbers too large for 64 bits are neither parameters nor bounds: equal text would not mean equal results.",
    ),
    ("M007", "There is no such experiment. An experiment is named like its file in `src/experiments/`."),
    (
        "M008",
        "An id becomes a file name, a link and a heading's anchor. So it is kebab-case (`loss-trajectory`), at most 64 characters long, and not a name that the report uses itself.",
    ),
    ("M009", "The experiment refuses this parameter: its type is wrong, or its value is out of range."),
    (
        "M010",
        "A figure is computed by exactly one thing: an `experiment` of this program, or a `command` in any language with `reads`, `writes`, `env` and `timeout_seconds`.",
    ),
    (
        "M011",
        "Inputs are regular files inside the project, written relative to it, with `/`, without `..`, and not made by the pipeline itself. Their bytes are part of the figure's key.",
    ),
    (
        "M012",
        "A figure that is `scaled` or a `substitute` says in `because` what differs from its source and why; a `faithful` one has nothing to say there.",
    ),
    (
        "M013",
        "A profile is a set of parameter overrides, `[figure.profile.smoke]`. `default` is the entry without overrides, so nothing can be declared under that name.",
    ),
    (
        "M014",
        "A command writes plain files into the folder that it is given: `<name>.csv` for a table, `values.json` for single numbers. Each is declared in `writes`.",
    ),
    (
        "M015",
        "The environment of a command holds ordinary names only, and its time limit lies between a second and a week.",
    ),
    ("M016", "Ids are unique: pages, files, links and the lock are found by them."),
    ("M017", "A paper without figures has nothing to build. An entry starts with `[[figure]]`."),
    ("M018", "A file of the paper cannot be opened, or is not a regular file inside the project."),
    (
        "M019",
        "What is computed stands in the manifest, what is said about it in `figures/<id>.md`. This figure has no such page.",
    ),
    (
        "M020",
        "A page in `figures/` whose name is the id of no figure would never be shown. Rename it, delete it, or add the entry.",
    ),
    ("P001", "The first line of a page is `# ` and the title of the figure."),
    (
        "P003",
        "`chart` and `claim` blocks start at the margin, are spelled exactly so, and end with a line of as many backticks. One that is written otherwise would be shown as code and never drawn or checked.",
    ),
    (
        "P006",
        "No results could make this chart right: a key that the layer's kind does not have, one that it lacks, or limits that contradict each other.",
    ),
    (
        "P007",
        "A chart is drawn to `<id>.svg`, or `<id>-<name>.svg` when a page has several. The names must be kebab-case and tell all files apart.",
    ),
    (
        "P008",
        "The chart draws a frame or a column that the results do not have. The legal names are those that the experiment returned.",
    ),
    (
        "P009",
        "A claim has exactly one bound: `below`, `above` (both strict), `between` (ends allowed), or `equals` with `within` (0 = exactly).",
    ),
    ("P010", "Names of values and claims are lower case words joined by dots: `clusters.final`."),
    ("P011", "Claims are told apart by their ids on the page and in the lock."),
    (
        "P012",
        "A quotation is `{{ value(\"name\") }}`, with `digits=3` if wanted, `{{ param(\"name\") }}` or `{{ ref(\"figure-id\") }}`. In backticks it stands for itself.",
    ),
    (
        "P013",
        "The text or the claim names a value, a parameter or a figure that does not exist. No computed number is ever typed, so none may be missing.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    #[test]
    fn codes_are_sorted_and_found() {
        assert!(CODES.is_sorted_by_key(|(code, _)| code));
        assert!(explain("M003").is_some_and(|text| text.starts_with("Keys are never ignored")));
        assert_eq!(explain("M999"), None);
    }

    #[test]
    fn every_code_that_is_used_is_explained_and_every_other_is_not() {
        let mut used = BTreeSet::new();
        for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
            let text = fs::read_to_string(&file).expect("a source");
            if !file.ends_with("explain.rs") {
                used.extend(text.split('"').filter(|word| is_code(word)).map(str::to_owned));
            }
        }
        let explained: BTreeSet<String> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
        let unexplained: Vec<_> = used.difference(&explained).collect();
        assert!(unexplained.is_empty(), "without an explanation: {unexplained:?}");
        // Codes of `M` and `P` belong to files that are always there.
        let idle: Vec<_> = explained.difference(&used).filter(|code| code.starts_with(['M', 'P'])).collect();
        assert!(idle.is_empty(), "explained but not used: {idle:?}");
    }

    fn is_code(word: &str) -> bool {
        word.len() == 4
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word[1..].bytes().all(|b| b.is_ascii_digit())
    }

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let of = |path: PathBuf| {
            let rust = path.extension().is_some_and(|ending| ending == "rs");
            if path.is_dir() { sources(&path) } else { Vec::from_iter(rust.then_some(path)) }
        };
        entries.flat_map(of).collect()
    }
}

//! What the codes of diagnostics mean: one paragraph each, gathered from the places that use them.

use crate::paper::{load, manifest, page};

/// The paragraph of a code.
pub fn explain(code: &str) -> Option<&'static str> {
    let tables = [manifest::EXPLANATIONS, load::EXPLANATIONS, page::EXPLANATIONS, OWN];
    tables.into_iter().flatten().find(|(own, _)| *own == code).map(|(_, text)| *text)
}

/// Codes of steps, lock, templates and verbs.
const OWN: &[(&str, &str)] = &[
    ("C001", "The figure's id is not in the manifest. `condense list` shows all ids."),
    (
        "C002",
        "Pictures drawn by condense carry a `<metadata>` element with figure, declaration and digests. This file has none.",
    ),
    ("C003", "Only what is computed as it is declared now can be accepted."),
    (
        "C004",
        "An output was changed by hand. Outputs are never accepted or removed in that state: change their source, or put them back with `condense restore`.",
    ),
    (
        "C005",
        "The store was cleaned since the file was written. Removing the file makes the next report write it again.",
    ),
    ("C006", "`condense new` writes only new files: the id must be free and in kebab-case."),
    ("C007", "Codes look like `M003`; every diagnostic shows its own."),
    (
        "C008",
        "A file of the report is named by figure and table (or chart). Two of them gave the same name, such as figure `a` with table `b-c` and figure `a-b` with table `c`.",
    ),
    (
        "C009",
        "Files of the report that someone else wrote, or that were edited while a build ran, are never written over; nor is a link, a pipe or a folder in the place of a file.",
    ),
    (
        "C010",
        "`--kernels` and `CONDENSE_KERNELS` hold the hot loops to an instruction path that the processor has. Without them the widest one is taken; the bits are the same.",
    ),
    (
        "C011",
        "The report is written into a folder of its own. This one holds files and no record of ours (`.condense.json`), so they belong to someone: nothing is written among them, and nothing of them is removed.",
    ),
    (
        "C012",
        "The record in the report's folder says which files are ours and which bytes they have. Without it nothing can be removed or put back. `condense report` takes files that have exactly the bytes of today's for its own, refuses to write over all others, and writes a new record.",
    ),
    (
        "C013",
        "`condense report --pdf FILE` lets a browser print the page that holds everything: Chromium or Chrome, found by `CHROME_PATH` or in the folders of `PATH`. Nothing else of condense needs one.",
    ),
    (
        "C014",
        "The browser that was to print the report ended without a PDF. Its own message, where it gives one, says why.",
    ),
    (
        "E009",
        "The store is kept in `.condense/`, which has a `CACHEDIR.TAG` of ours. A folder of that name that holds other things belongs to someone: it is left alone.",
    ),
    (
        "E007",
        "Something happened that the program holds to be impossible. The lines above say where; please report them.",
    ),
    ("E001", "A step failed in a way that its author did not foresee. The message says where; please report it."),
    (
        "E002",
        "The store below `.condense/` cannot be read or written: is the disk full, or the folder read-only? Nothing is lost: it can be deleted at any time.",
    ),
    (
        "E003",
        "An experiment ended with an error, or with a number that is not finite. Nothing of it is kept but its finished cells.",
    ),
    (
        "E004",
        "An external command could not be started, failed, took too long (`timeout_seconds`), wrote other files than it declares, or tables and values that cannot be used: a column of a CSV holds numbers, dates or words, and blanks or `NA` where values are missing; `values.json` is an object of finite numbers. It runs in a scratch folder that holds copies of its `reads` and `data` only.",
    ),
    ("E005", "The system refused a file operation. The message names the path."),
    (
        "E008",
        "The record of a step is there, its bytes are gone or damaged. Verbs that only look change nothing; `condense report` computes them again.",
    ),
    ("E006", "One process writes at a time. The lock dies with its process; `--lock-timeout` says how long to wait."),
    (
        "L001",
        "`manifest.lock` holds the accepted digests. It is committed: restore it from version control, or remove it, then `condense report` and `condense accept` write a new one. Where a merge left its marks, `condense accept` writes it anew from what is computed; if something is not, take one side of the merge first (`git checkout --ours manifest.lock`), then report and accept.",
    ),
    (
        "L002",
        "`manifest.proved` holds the platforms that met the lock. It is committed and written by `condense verify --record` alone. Its lines are independent: of a merge, keep both sides.",
    ),
    (
        "L003",
        "A line of `manifest.proved` says that everything that was accepted of a profile came out the same, so the lock must hold exactly the figures that were computed, and must not move meanwhile.",
    ),
    (
        "L004",
        "`manifest.seeds` holds what claims were at further seeds, for figures whose further seeds one profile alone measures. It is committed and written by `condense --profile NAME accept` alone.",
    ),
    (
        "T001",
        "A template cannot be parsed or rendered. Templates are Tera; the built-in ones are used where `templates/` has no file of that name.",
    ),
    ("T002", "A template file cannot be read, or is not UTF-8."),
];

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // what they read was made for them
mod tests {
    use super::explain;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// Every `"X000"` in the sources.
    fn codes(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("sources").filter_map(Result::ok) {
            if entry.path().is_dir() {
                codes(&entry.path(), found);
                continue;
            }
            let text = fs::read_to_string(entry.path()).expect("text");
            let words = text.split('"').filter(|word| {
                word.len() == 4
                    && word.is_ascii()
                    && word.starts_with(['M', 'P', 'E', 'C', 'L', 'T'])
                    && word[1..].bytes().all(|b| b.is_ascii_digit())
            });
            found.extend(words.map(str::to_owned));
        }
    }

    #[test]
    fn every_code_is_explained() {
        let mut found = BTreeSet::new();
        codes(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("all crates"), &mut found);
        assert!(found.len() > 40, "{found:?}");
        let silent: Vec<_> = found.iter().filter(|code| explain(code).is_none()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}

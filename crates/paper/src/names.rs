//! What a name may look like: ids of figures, names of charts and profiles, names of values.
//! It knows no list of names, only their letters.

/// Ids that files of the report need for themselves.
const RESERVED: [&str; 1] = ["index"];

/// Longer ids make unwieldy file names.
const LONGEST: usize = 64;

/// What is wrong with an id (kebab-case: `loss-trajectory`), if anything.
pub fn id_fault(id: &str) -> Option<String> {
    let kebab = id
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    if id.is_empty() {
        Some("it is empty".to_owned())
    } else if id.len() > LONGEST {
        Some(format!("it has {} characters, {LONGEST} are the most", id.chars().count()))
    } else if !kebab {
        Some("it must be kebab-case: lower case letters and digits, words joined by `-`".to_owned())
    } else if RESERVED.contains(&id) {
        Some("the report needs that name itself".to_owned())
    } else {
        None
    }
}

/// What is wrong with the name of a value or a claim (`clusters.final`), if anything.
pub fn value_fault(name: &str) -> Option<String> {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
    (name.len() > LONGEST || !name.split('.').all(word))
        .then(|| "lower case letters, digits, `_` and `-`, words joined by `.`, at most 64".to_owned())
}

/// What is wrong with the name of a file that a command writes, if anything.
pub fn output_fault(name: &str) -> Option<&'static str> {
    if name.contains(['/', '\\', ':']) || name.starts_with('.') || name.chars().any(char::is_control) {
        Some("it must be a plain file name: a command writes into the folder that it is given")
    } else if name.len() > LONGEST {
        Some("it is longer than 64 characters")
    } else if name == "values.json" || name.strip_suffix(".csv").is_some_and(|stem| !stem.is_empty()) {
        None
    } else {
        Some("results are tables, `<name>.csv`, and single numbers, `values.json`")
    }
}

/// A text from the manifest, cut where nobody would read on.
pub fn brief(text: &str) -> String {
    const MOST: usize = 80;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case() {
        for good in ["a", "condensation-1d-small-init", "48"] {
            assert_eq!(id_fault(good), None);
        }
        for bad in ["A", "a_b", "a b", "-a", "a-", "a--b", "é", "../a", "a/b", "a.b", "a\n", "a\0"] {
            assert!(id_fault(bad).is_some_and(|fault| fault.contains("kebab-case")), "{bad:?}");
        }
        assert_eq!(id_fault("").as_deref(), Some("it is empty"));
        assert_eq!(id_fault("index").as_deref(), Some("the report needs that name itself"));
        assert_eq!(id_fault(&"x".repeat(65)).as_deref(), Some("it has 65 characters, 64 are the most"));
    }

    #[test]
    fn values_are_dotted_words() {
        for good in ["loss", "loss.final", "clusters.w_1.m-50"] {
            assert_eq!(value_fault(good), None);
        }
        for bad in ["", ".", "loss.", "Loss", "a b", "a/b"] {
            assert!(value_fault(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_command_writes_plain_csv_and_values() {
        assert_eq!((output_fault("loss.csv"), output_fault("values.json")), (None, None));
        for bad in ["../loss.csv", "/tmp/loss.csv", "a/b.csv", "C:\\x.csv", ".csv", ".hidden.csv", "a\n.csv"] {
            assert!(output_fault(bad).is_some_and(|fault| fault.contains("plain file name")), "{bad:?}");
        }
        for bad in ["plot.png", "", "values.toml", "other.json"] {
            assert!(output_fault(bad).is_some_and(|fault| fault.contains("results are tables")), "{bad:?}");
        }
    }
}

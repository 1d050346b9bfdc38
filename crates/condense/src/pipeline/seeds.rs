//! `manifest.seeds`: what claims were at further seeds, for figures whose further seeds one profile alone measures. Committed.
//!
//! `condense --profile NAME accept` alone writes it, from what that profile measured, with the date. The other profiles judge
//! today's claims by these numbers, as long as what is declared to run at those seeds is what was measured; and they say when
//! that was, and whether the code is another by now. It runs nothing.

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::{atomic, files};
use crate::frame::calendar;
use crate::paper::robustness::MOST;
use crate::pipeline::declared::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The file's name.
pub const NAME: &str = "manifest.seeds";

/// What was measured of one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The profile that measured it.
    pub profile: String,
    /// The day on which it was accepted, as `2026-11-29`.
    pub date: String,
    /// Digest of what was declared to run at the further seeds.
    pub declared: Digest,
    /// Digest of the code that ran.
    pub code: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The values that claims name, seed by seed.
    pub values: BTreeMap<String, Vec<f64>>,
}

/// All figures that are so measured, by id.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct SeedsRecord(pub BTreeMap<String, Measured>);

/// What the record says of a figure that this profile does not measure.
#[derive(Clone, Copy, Serialize)]
pub struct Recorded<'r> {
    /// What was measured.
    pub measured: &'r Measured,
    /// Whether that is what the manifest declares today.
    pub current: bool,
    /// Whether the code is that of today.
    pub same_code: bool,
}

impl Measured {
    /// What a profile measured today.
    pub fn today(
        profile: &str,
        declared: Digest,
        code: &str,
        seeds: &[u64],
        values: BTreeMap<String, Vec<f64>>,
    ) -> Self {
        let (profile, code, seeds) = (profile.to_owned(), code.to_owned(), seeds.to_vec());
        Self { profile, date: today(), declared, code, seeds, values }
    }

    /// Whether this says the same, whatever the day.
    pub fn same(&self, other: &Self) -> bool {
        let date = other.date.clone();
        *other == Self { date, ..self.clone() }
    }

    /// A value at each seed, in their order.
    pub fn at_seeds(&self, value: &str) -> Option<impl Iterator<Item = (u64, f64)>> {
        Some(self.seeds.iter().copied().zip(self.values.get(value)?.iter().copied()))
    }

    fn fault(&self) -> Option<String> {
        let numbers = |values: &Vec<f64>| values.len() == self.seeds.len() && values.iter().all(|v| v.is_finite());
        // More than a manifest may ask for were not measured by us.
        if self.seeds.is_empty() || self.seeds.len() as u64 > MOST {
            return Some(format!("has no `seeds`, or more than {MOST}"));
        }
        let wrong = self.values.iter().find(|(_, values)| !numbers(values));
        wrong.map(|(name, _)| format!("has not one number for each seed of `{name}`"))
    }
}

/// The day, or the one that `SOURCE_DATE_EPOCH` names.
fn today() -> String {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| moment(&text));
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    let seconds: f64 = given.unwrap_or_else(now);
    calendar::date_text((seconds / 86_400.0).floor() * 86_400.0)
}

/// The seconds that a text names; none where it is no number, or one that is no moment (`inf` and `nan` are numbers, too).
fn moment(text: &str) -> Option<f64> {
    text.parse().ok().filter(|seconds: &f64| seconds.is_finite())
}

impl SeedsRecord {
    /// Reads the record of a project; an absent one is empty.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood.
    pub fn load(project: &Path) -> Result<Self, Diagnostic> {
        let wrong = |message: String| {
            let help = "take one side of a merge; or delete the file: it can be made again";
            Diagnostic::new("L004", message).help(help)
        };
        let bytes = files::find(&project.join(NAME)).map_err(|error| wrong(error.to_string()))?;
        let text = String::from_utf8(bytes.unwrap_or_default()).map_err(|_| wrong(format!("`{NAME}` is not UTF-8")))?;
        Self::parse(&text).map_err(|reason| wrong(format!("`{NAME}` cannot be understood: {reason}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let record: Self = toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
        let fault = record.0.iter().find_map(|(id, measured)| Some(format!("`{id}` {}", measured.fault()?)));
        fault.map_or(Ok(record), Err)
    }

    /// The file as text: one value a line, so that versions of it can be compared.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# Claims at further seeds, of the figures that only one profile measures there.\n\
             # Written by `condense --profile NAME accept`, never by hand. Commit it.\n",
        );
        for (id, Measured { profile, date, declared, code, seeds, values }) in &self.0 {
            let _ = write!(
                text,
                "\n[{id}]\nprofile = \"{profile}\"\ndate = \"{date}\"\ndeclared = \"{declared}\"\ncode = \"{code}\"\n\
                 seeds = {seeds:?}\n[{id}.values]\n"
            );
            for (name, values) in values {
                let _ = writeln!(text, "\"{name}\" = {values:?}");
            }
        }
        text
    }

    /// The digest of the file; none where there is none.
    pub fn digest(&self) -> Option<Digest> {
        (!self.0.is_empty()).then(|| Digest::of(self.to_text().as_bytes()))
    }

    /// What it says of a figure that another profile than the present one measures.
    pub fn of(&self, figure: &str, task: &Task, code: &str) -> Option<Recorded<'_>> {
        let declared = task.declared_elsewhere()?;
        let measured = self.0.get(figure)?;
        Some(Recorded { measured, current: measured.declared == declared, same_code: measured.code == code })
    }

    /// Puts in what was measured now; where that says the same, the day stays.
    pub fn update(&mut self, figure: &str, now: Measured) {
        if !self.0.get(figure).is_some_and(|before| before.same(&now)) {
            self.0.insert(figure.to_owned(), now);
        }
    }

    /// Writes the file, unless it says the same already; whether it did. There is none of a record of nothing, as
    /// [`SeedsRecord::digest`] has it: one that is there goes.
    ///
    /// # Errors
    /// When it cannot be written, or not removed.
    pub fn save(&self, project: &Path) -> std::io::Result<bool> {
        let path = project.join(NAME);
        let before = files::find(&path)?;
        let text = self.to_text();
        if self.0.is_empty() {
            atomic::remove(&path)?;
            return Ok(before.is_some());
        }
        if before.as_deref() == Some(text.as_bytes()) {
            return Ok(false);
        }
        atomic::write(&path, text.as_bytes())?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        Measured {
            profile: "full".to_owned(),
            date: "2026-11-29".to_owned(),
            declared: Digest::of(b"x"),
            code: "c0de".to_owned(),
            seeds: vec![1, 2],
            values: BTreeMap::from([("loss.end".to_owned(), vec![1e-300, 20.0])]),
        }
    }

    #[test]
    fn the_record_is_read_as_it_was_written() {
        let record = SeedsRecord(BTreeMap::from([("a-figure".to_owned(), measured())]));
        assert_eq!(SeedsRecord::parse(&record.to_text()), Ok(record));
        assert_eq!(SeedsRecord::parse(""), Ok(SeedsRecord::default()));
    }

    #[test]
    fn what_is_not_one_number_a_seed_is_refused() {
        let text = SeedsRecord(BTreeMap::from([("a".to_owned(), measured())])).to_text();
        for (right, wrong, says) in [
            ("[1e-300, 20.0]", "[1.0]", "not one number for each seed of `loss.end`"),
            ("[1e-300, 20.0]", "[nan, 1.0]", "not one number for each seed"),
            ("seeds = [1, 2]", "seeds = []", "has no `seeds`"),
            ("profile = \"full\"\n", "", "missing field `profile`"),
            ("\ncode", "\n<<<<<<< HEAD\ncode", "TOML"),
        ] {
            let fault = SeedsRecord::parse(&text.replace(right, wrong)).expect_err(wrong);
            assert!(fault.contains(says), "{wrong}: {fault}");
        }
    }

    /// A file of nothing but its heads was left once, and then every build went the whole way.
    #[test]
    fn a_record_that_has_become_empty_has_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut record, file) =
            (SeedsRecord(BTreeMap::from([("a".to_owned(), measured())])), folder.path().join(NAME));
        assert!(record.save(folder.path()).expect("saved") && file.exists());
        record.0.clear();
        assert!(record.save(folder.path()).expect("removed") && !file.exists());
        assert_eq!((record.save(folder.path()).expect("nothing to do"), record.digest()), (false, None));
    }

    #[test]
    fn a_moment_is_a_finite_number() {
        assert_eq!(["86400", "-1.5"].map(moment), [Some(86400.0), Some(-1.5)]);
        assert_eq!(["inf", "-inf", "nan", "1e999", "today", ""].map(moment), [None; 6]);
    }

    #[test]
    fn the_day_stays_while_the_numbers_do() {
        let mut record = SeedsRecord::default();
        record.update("a", measured());
        record.update("a", Measured { date: "2027-01-01".to_owned(), ..measured() });
        assert_eq!(record.0["a"].date, "2026-11-29");
        let other = Measured { date: "2027-01-01".to_owned(), code: "0ther".to_owned(), ..measured() };
        record.update("a", other);
        assert_eq!(record.0["a"].date, "2027-01-01");
    }
}

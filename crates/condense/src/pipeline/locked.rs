//! `manifest.lock`: what came out when someone last said that it is right. Committed; one digest a line, sorted.
//!
//! Per profile and figure it holds the digest of what was *declared* (experiment, parameters, seed, data) and of
//! how it was *drawn* (chart blocks), and one digest an output. Code is in neither, so a comparison can tell
//! *stale* (the declaration changed) from *differs* (the same declaration gave other bits).

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::relative::Relative;
use crate::engine::{atomic, files};
use crate::pipeline::merge::{self, Name};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// The file's name.
pub const NAME: &str = "manifest.lock";

/// Everything that was accepted: profile → figure → its entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock(pub BTreeMap<String, BTreeMap<String, Locked>>);

/// One figure's entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Locked {
    /// Digest of the declaration of its run.
    pub declared: Digest,
    /// Digest of its chart blocks.
    pub drawn: Digest,
    /// Path below the report's folder to digest.
    pub outputs: BTreeMap<Relative, Digest>,
}

/// How what came out now stands to what was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockStatus {
    /// The lock does not know the figure.
    New,
    /// The same declaration, the same bits.
    Matches,
    /// The declaration changed: `manifest` (run) or `page` (charts).
    Stale(&'static str),
    /// The same declaration gave other bits.
    Differs(Vec<Difference>),
}

/// An output that is not as accepted: its path, what was accepted, what is found (`None`: no longer made, or never accepted).
pub type Difference = (Relative, Option<Digest>, Option<Digest>);

impl LockStatus {
    /// A few words for a table.
    pub fn text(&self) -> String {
        match self {
            Self::New => "not in the lock".to_owned(),
            Self::Matches => "matches the lock".to_owned(),
            Self::Stale(what) => format!("the lock is older than its {what}"),
            Self::Differs(outputs) => format!("{} of its outputs differ from the lock", outputs.len()),
        }
    }
}

impl Locked {
    /// One digest over the entry.
    pub fn digest(&self) -> Digest {
        let outputs: String = self.outputs.iter().map(|(path, digest)| format!("{path} {digest}\n")).collect();
        Digest::of(format!("{} {}\n{outputs}", self.declared, self.drawn).as_bytes())
    }

    /// Compares what is now with this entry.
    pub fn compare(&self, now: &Self) -> LockStatus {
        if self.declared != now.declared {
            return LockStatus::Stale("manifest entry");
        }
        let mut differing = self.differing(now);
        if self.drawn != now.drawn {
            // Pictures may differ. Tables and numbers are not drawn: what they were computed from has not changed.
            differing.retain(|(path, ..)| !path.as_str().ends_with(".svg"));
            return if differing.is_empty() { LockStatus::Stale("charts") } else { LockStatus::Differs(differing) };
        }
        if differing.is_empty() { LockStatus::Matches } else { LockStatus::Differs(differing) }
    }

    /// The outputs that are not as accepted, whatever is declared.
    pub fn differing(&self, now: &Self) -> Vec<Difference> {
        let paths: std::collections::BTreeSet<&Relative> = self.outputs.keys().chain(now.outputs.keys()).collect();
        let both = |path: &Relative| (path.clone(), self.outputs.get(path).copied(), now.outputs.get(path).copied());
        paths.into_iter().map(both).filter(|(_, accepted, found)| accepted != found).collect()
    }
}

impl Lock {
    /// Reads the lock of a project; an absent one is empty.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood.
    pub fn load(project: &Path) -> Result<Self, Diagnostic> {
        let text = read(project)?;
        if let Some(line) = merge::first_mark(&text) {
            let message = format!("`{NAME}` holds the marks of a merge, the first in line {line}");
            let help = format!("`condense accept` writes it anew where all figures are computed; else {ONE_SIDE}");
            return Err(Diagnostic::new("L001", message).help(help));
        }
        Self::parse(&text).map_err(|reason| not_understood(&reason))
    }

    /// Reads the lock of a project without the sections that a merge left in conflict; and the names of those.
    ///
    /// # Errors
    /// When it is there and cannot be read, or what is outside of the conflicts not be understood.
    pub fn load_merged(project: &Path) -> Result<(Self, BTreeSet<Name>), Diagnostic> {
        let text = read(project)?;
        if merge::first_mark(&text).is_none() {
            return Ok((Self::parse(&text).map_err(|reason| not_understood(&reason))?, BTreeSet::new()));
        }
        let (text, gone) = merge::outside(&text);
        Ok((Self::parse(&text).map_err(|reason| not_understood(&reason))?, gone))
    }

    /// The entry of a figure.
    pub fn entry(&self, profile: &str, figure: &str) -> Option<&Locked> {
        self.0.get(profile)?.get(figure)
    }

    /// How a figure stands to its entry.
    pub fn status(&self, profile: &str, figure: &str, now: &Locked) -> LockStatus {
        self.entry(profile, figure).map_or(LockStatus::New, |locked| locked.compare(now))
    }

    /// One digest over all that was accepted of a profile; none where nothing was.
    pub fn digest(&self, profile: &str) -> Option<Digest> {
        let figures = self.0.get(profile).filter(|figures| !figures.is_empty())?;
        Some(Digest::of(sections(profile, figures).as_bytes()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lock = Self::default();
        let mut open: Option<(String, String, BTreeMap<String, Digest>)> = None;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let fault = |what: &str| format!("line {}: {what}", at + 1);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(head) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                lock.close(open.take())?;
                let (profile, figure) = head.split_once('.').ok_or_else(|| fault("no `[profile.figure]`"))?;
                open = Some((profile.to_owned(), figure.to_owned(), BTreeMap::new()));
            } else {
                let (name, value) = line.split_once(" = ").ok_or_else(|| fault("no `name = \"digest\"`"))?;
                let digest = Digest::parse(value.trim_matches('"')).ok_or_else(|| fault("no digest"))?;
                let section = open.as_mut().ok_or_else(|| fault("stands before any `[profile.figure]`"))?;
                if section.2.insert(name.trim_matches('"').to_owned(), digest).is_some() {
                    return Err(fault("stands twice (a merge left both sides?)"));
                }
            }
        }
        lock.close(open)?;
        Ok(lock)
    }

    fn close(&mut self, open: Option<(String, String, BTreeMap<String, Digest>)>) -> Result<(), String> {
        let Some((profile, figure, mut lines)) = open else { return Ok(()) };
        let mut take = |name: &str| lines.remove(name).ok_or_else(|| format!("`[{profile}.{figure}]` has no `{name}`"));
        let (declared, drawn) = (take("declared")?, take("drawn")?);
        let path = |(name, digest): (String, Digest)| {
            let path = Relative::parse(&name)
                .ok_or_else(|| format!("`[{profile}.{figure}]`: `{name}` is no path of an output"));
            Ok::<_, String>((path?, digest))
        };
        let outputs = lines.into_iter().map(path).collect::<Result<_, _>>()?;
        let section = self.0.entry(profile.clone()).or_default();
        if section.insert(figure.clone(), Locked { declared, drawn, outputs }).is_some() {
            return Err(format!("`[{profile}.{figure}]` stands twice"));
        }
        Ok(())
    }

    /// The lock as text.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# What came out when it was last accepted: SHA-256 of every declaration and every output.\n\
             # Written by `condense accept`, compared by `condense report` and `condense verify`; commit it.\n",
        );
        for (profile, figures) in &self.0 {
            text.push_str(&sections(profile, figures));
        }
        text
    }

    /// Writes the lock, unless the file says the same already. Returns whether it was written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, project: &Path) -> std::io::Result<bool> {
        let (path, text) = (project.join(NAME), self.to_text());
        if files::find(&path)?.as_deref() == Some(text.as_bytes()) {
            return Ok(false);
        }
        atomic::write(&path, text.as_bytes())?;
        Ok(true)
    }
}

/// How to leave a merge of the lock when figures must be computed first.
pub const ONE_SIDE: &str =
    "take one side of the merge (`git checkout --ours manifest.lock`), then `condense report`, then `condense accept`";

/// A mistake in the lock.
fn unreadable(message: String) -> Diagnostic {
    let help = "restore it from version control; or remove it: `condense report` and `condense accept` write a new one";
    Diagnostic::new("L001", message).help(help)
}

fn not_understood(reason: &str) -> Diagnostic {
    unreadable(format!("`{NAME}` cannot be understood: {reason}"))
}

/// The text of the lock; an absent one is empty.
fn read(project: &Path) -> Result<String, Diagnostic> {
    let bytes = files::find(&project.join(NAME)).map_err(|error| unreadable(error.to_string()))?;
    String::from_utf8(bytes.unwrap_or_default()).map_err(|_| unreadable(format!("`{NAME}` is not UTF-8")))
}

/// The text of a profile's figures.
fn sections(profile: &str, figures: &BTreeMap<String, Locked>) -> String {
    let mut text = String::new();
    for (figure, locked) in figures {
        let _ = writeln!(text, "\n[{profile}.{figure}]");
        let _ = writeln!(text, "declared = \"{}\"\ndrawn = \"{}\"", locked.declared, locked.drawn);
        for (path, digest) in &locked.outputs {
            let _ = writeln!(text, "\"{path}\" = \"{digest}\"");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(declared: &str, drawn: &str, outputs: &[(&str, &str)]) -> Locked {
        let outputs = outputs.iter().map(|(path, text)| (Relative::known(path), Digest::of(text.as_bytes()))).collect();
        Locked { declared: Digest::of(declared.as_bytes()), drawn: Digest::of(drawn.as_bytes()), outputs }
    }

    #[test]
    fn the_text_reads_back_and_is_sorted() {
        let mut lock = Lock::default();
        for figure in ["b", "a"] {
            lock.0
                .entry("default".into())
                .or_default()
                .insert(figure.into(), entry("d", "c", &[("fig/x.svg", "1"), ("fig/x.csv", "2")]));
        }
        let text = lock.to_text();
        assert_eq!(Lock::parse(&text), Ok(lock));
        assert!(text.find("[default.a]") < text.find("[default.b]"));
        assert!(text.find("fig/x.csv") < text.find("fig/x.svg"));
    }

    #[test]
    fn stale_and_differing_are_told_apart() {
        let old = entry("d", "c", &[("x.svg", "1")]);
        assert_eq!(old.compare(&old), LockStatus::Matches);
        assert_eq!(old.compare(&entry("D", "c", &[("x.svg", "2")])), LockStatus::Stale("manifest entry"));
        assert_eq!(old.compare(&entry("d", "C", &[("x.svg", "2")])), LockStatus::Stale("charts"));
        assert!(
            matches!(old.compare(&entry("d", "c", &[("x.svg", "2")])), LockStatus::Differs(paths) if paths.len() == 1)
        );
        assert!(matches!(old.compare(&entry("d", "c", &[])), LockStatus::Differs(paths) if paths[0].2.is_none()));
        // Tables are not drawn: other charts excuse no other numbers.
        let old = entry("d", "c", &[("x.svg", "1"), ("x.csv", "1")]);
        let other = old.compare(&entry("d", "C", &[("x.svg", "2"), ("x.csv", "2")]));
        assert!(matches!(other, LockStatus::Differs(paths) if paths.len() == 1 && paths[0].0.as_str() == "x.csv"));
    }

    #[test]
    fn a_lock_that_a_merge_broke_is_named_by_line() {
        let line = format!("declared = \"{}\"", Digest::of(b""));
        assert_eq!(Lock::parse("<<<<<<< HEAD"), Err("line 1: no `name = \"digest\"`".into()));
        assert!(Lock::parse(&format!("[default.a]\n{line}\n{line}")).unwrap_err().starts_with("line 3: stands twice"));
        assert_eq!(Lock::parse(&format!("[default.a]\n{line}")).unwrap_err(), "`[default.a]` has no `drawn`");
        let outside = format!("[default.a]\n{line}\n{}", line.replace("declared", "drawn"));
        let outside = format!("{outside}\n{}", line.replace("declared", "\"../x\""));
        assert_eq!(Lock::parse(&outside).unwrap_err(), "`[default.a]`: `../x` is no path of an output");
    }
}

//! What the manifest says of a profile as a whole: `[profile.full]`. What it overrides stands with the figures.

use crate::faults::Faults;
use crate::toml_reader::{Piece, read};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::DeTable;

/// The profile without overrides.
pub const DEFAULT: &str = "default";

/// The profile of the source's largest settings.
pub const FULL: &str = "full";

/// Whether a false claim is a failure. Claims speak of the paper's own parameters: of those in its entries, and of the
/// source's largest. Other profiles change the numbers on purpose (a network of sixteen neurons proves nothing), so
/// there claims are measured and shown, and fail nothing.
pub fn judges(profile: &str) -> bool {
    [DEFAULT, FULL].contains(&profile)
}

/// A profile in words.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileInfo {
    /// What it is for.
    pub says: String,
    /// How long all of it takes on two cores, where nothing is kept.
    pub minutes: f64,
}

impl ProfileInfo {
    /// A sentence for those who are about to wait.
    pub fn warning(&self, profile: &str) -> String {
        format!("profile `{profile}`: {}; about {} minutes on two cores where nothing is kept", self.says, self.minutes)
    }
}

/// Reads the tables `[profile.NAME]` beside the figures; `declared` are the names that figures use.
pub fn read_all(
    document: &DeTable,
    declared: &BTreeSet<String>,
    piece: &Piece,
    faults: &mut Faults,
) -> BTreeMap<String, ProfileInfo> {
    let mut all = BTreeMap::new();
    let Some(written) = document.get("profile") else { return all };
    let Some(tables) = written.get_ref().as_table() else {
        faults.push(piece.fault("M005", "`profile` must be tables: write `[profile.full]`", written.span(), ""));
        return all;
    };
    for (name, entry) in tables {
        let Some(table) = entry.get_ref().as_table() else {
            let message = format!("profile `{}` must be a table", name.get_ref());
            faults.push(piece.fault("M005", message, entry.span(), ""));
            continue;
        };
        if !declared.contains(name.get_ref().as_ref()) {
            let fault = piece.fault("M013", format!("no figure has a profile `{}`", name.get_ref()), name.span(), "");
            faults.push(fault.suggest(name.get_ref(), declared, "profiles"));
        }
        let table = Spanned::new(entry.span(), table.clone());
        let what = format!("`[profile.{}]`", name.get_ref());
        if let Some(info) = read::<ProfileInfo>(table, &what, piece, faults).value {
            all.insert(name.get_ref().to_string(), info);
        }
    }
    all
}

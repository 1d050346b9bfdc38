//! The folder of a profile's report: whose it is, and what was written there. A folder that holds things and no record of ours
//! is someone else's, and nothing is written into it.

use crate::engine::files::Kind;
use crate::engine::folder::Folder;
use crate::engine::published::{self, Found, Published};
use crate::engine::relative::Relative;
use crate::paper::profile::DEFAULT;
use crate::pipeline::outputs::{folder, is_ours};
use std::io;

/// Whose the folder is.
pub enum Owner {
    /// Nobody's: it is missing, or holds nothing but reports of other profiles.
    Nobody,
    /// Ours.
    Ours,
    /// Ours as far as its record can still say, which is damaged: why it is not believed.
    Unsure(String),
    /// Someone else's: some of the files there.
    Other(Vec<String>),
}

/// A report's folder.
pub struct Place {
    /// Its path below the project.
    pub path: Relative,
    /// The folder itself; none where there is none.
    pub folder: Option<Folder>,
    /// Whose it is.
    pub owner: Owner,
    /// What was written there; nothing, unless it is ours.
    pub written: Published,
}

/// How many foreign files are named.
const NAMED: usize = 3;

impl Place {
    /// Looks at the folder of a profile's report.
    ///
    /// # Errors
    /// When it is a link or no folder, or cannot be read.
    pub fn look(project: &Folder, profile: &str) -> io::Result<Self> {
        let unfit = || io::Error::other(format!("`{}` is no name of a profile", profile.escape_debug()));
        let path = folder(profile).ok_or_else(unfit)?;
        let folder = project.below(&path)?;
        let (owner, written) = match &folder {
            None => (Owner::Nobody, Published::new(profile)),
            Some(open) => match Published::load(open, profile, is_ours)? {
                Found::Good(written) => (Owner::Ours, written),
                Found::Damaged(why) => (Owner::Unsure(why), Published::new(profile)),
                Found::Nothing => match foreign(open, profile)? {
                    files if files.is_empty() => (Owner::Nobody, Published::new(profile)),
                    files => (Owner::Other(files), Published::new(profile)),
                },
            },
        };
        Ok(Self { path, folder, owner, written })
    }

    /// A file of the report, below the project.
    pub fn label(&self, path: &Relative) -> String {
        self.path.join(path).to_string()
    }
}

/// Some of what a report's folder holds that is neither its record nor another profile's report.
///
/// # Errors
/// When a folder cannot be read.
pub fn foreign(report: &Folder, profile: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for (name, kind) in report.list()? {
        if published::is_record(&name) || profile == DEFAULT && is_profile(report, &name, kind)? {
            continue;
        }
        gather(report, &name, kind, &mut found)?;
    }
    Ok(found)
}

/// Whether something in the default report's folder is the report of another profile.
fn is_profile(report: &Folder, name: &str, kind: Kind) -> io::Result<bool> {
    let path = Relative::parse(name).filter(|_| kind == Kind::Folder);
    let Some(folder) = path.map(|path| report.below(&path)).transpose()?.flatten() else { return Ok(false) };
    Ok(match Published::load(&folder, name, is_ours)? {
        Found::Good(_) => true,
        Found::Damaged(_) => false,
        // Made by a process that was killed before it wrote anything.
        Found::Nothing => folder.list()?.iter().all(|(name, _)| published::is_record(name)),
    })
}

/// Names files below a folder, until there are enough to tell; a folder stands for itself where it is empty.
fn gather(folder: &Folder, name: &str, kind: Kind, found: &mut Vec<String>) -> io::Result<()> {
    if found.len() >= NAMED {
        return Ok(());
    }
    let path = Relative::parse(name);
    let below = match &path {
        Some(path) if kind == Kind::Folder => folder.below(path)?,
        _ => None,
    };
    let inside = below.as_ref().map_or(Ok(Vec::new()), Folder::list)?;
    if inside.is_empty() {
        found.push(path.map_or(name.escape_debug().to_string(), |path| folder.label(&path)));
    }
    for (name, kind) in inside {
        if let Some(folder) = &below {
            gather(folder, &name, kind, found)?;
        }
    }
    Ok(())
}

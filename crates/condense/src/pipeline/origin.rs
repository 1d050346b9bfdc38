//! Where a figure's numbers come from, as its readers see it.

use crate::engine::digest::Digest;
use crate::paper::work::Work;
use crate::pipeline::declared::Declared;
use crate::roster::Roster;

/// What computes a figure, as its readers see it.
pub struct Origin {
    /// Name of the experiment, or the command line.
    pub work: String,
    /// The file that holds the code.
    pub source_file: String,
    /// The digest of the code.
    pub code: String,
}

impl Origin {
    /// The origin of what is declared.
    pub fn of(declared: &Declared, roster: &Roster) -> Self {
        match &declared.work {
            Work::Experiment(name) => Self {
                work: name.clone(),
                source_file: roster.known(name).file.to_owned(),
                code: roster.known(name).code.digest.to_owned(),
            },
            Work::Command(spec) => {
                let all: String = declared.code.digests().values().map(Digest::to_string).collect();
                Self {
                    work: spec.argv.join(" "),
                    source_file: spec.reads.first().cloned().unwrap_or_default(),
                    code: Digest::of(all.as_bytes()).to_string(),
                }
            }
        }
    }
}

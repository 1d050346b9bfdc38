//! How the files of the report stand: those of figures to what was accepted, pages and `SHA256SUMS` to the record.

use crate::cli::session::{CliError, Session, altered_where};
use crate::cli::style::plain;
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::folder::Sight;
use crate::engine::output::{self, Found};
use crate::engine::published;
use crate::engine::relative::Relative;
use crate::engine::store::Store;
use crate::pipeline::compare;
use crate::pipeline::locked::Locked;
use crate::pipeline::outputs::{self, SUMS};
use crate::pipeline::place::{Owner, Place};

/// One file that is not what it should be.
pub struct Difference {
    /// The file.
    pub path: String,
    /// What it should be.
    pub accepted: Option<Digest>,
    /// What it is.
    pub found: Option<Digest>,
    /// Where it differs.
    pub places: Vec<String>,
}

impl Difference {
    /// Tells it: whose it is, what the first digest is, and what the second.
    pub fn tell(&self, session: &Session, whose: &str, should: &str, is: &str) {
        let short = |digest: Option<Digest>| digest.map_or("nothing".to_owned(), |digest| digest.short());
        let (accepted, found) = (short(self.accepted), short(self.found));
        session.reporter.line("differs", &format!("{whose}{} {should} {accepted}, {is} {found}", self.path));
        for place in &self.places {
            session.reporter.line("", &plain(place));
        }
    }
}

/// Files of the report that are not what the record says; without `whole`, nothing of what is no figure's. A record that is
/// lost or damaged is told, too, where files must be there (`must`), for then nobody can say what they should be.
pub fn pages(place: &Place, store: &Store, whole: bool, must: bool) -> Result<Vec<Difference>, CliError> {
    let lost = |why: &str| {
        let path = place.label(&Relative::known(published::NAME));
        vec![Difference { path, accepted: None, found: None, places: vec![why.to_owned()] }]
    };
    match &place.owner {
        Owner::Other(_) if must && whole => return Ok(lost("there is no record of what was written here")),
        Owner::Other(_) | Owner::Nobody => return Ok(Vec::new()),
        Owner::Unsure(why) => return Ok(lost(&format!("the record is damaged: {why}"))),
        Owner::Ours => {}
    }
    let survey = output::survey(place.folder.as_ref(), &place.written)?;
    let mut found = Vec::new();
    for altered in survey.altered.iter().filter(|_| whole) {
        let (digest, places) = match &altered.found {
            Found::Bytes(digest) => (Some(*digest), altered_where(place, altered, store)),
            Found::Other(what) => (None, vec![format!("it {what}")]),
        };
        let path = place.label(&altered.path);
        found.push(Difference { path, accepted: Some(altered.recorded), found: digest, places });
    }
    for path in survey.missing.iter().filter(|path| whole && must && outputs::is_page(path)) {
        let places = vec![format!("there is no {}", place.label(path))];
        let accepted = place.written.files.get(path).and_then(|digests| digests.first().copied());
        found.push(Difference { path: place.label(path), accepted, found: None, places });
    }
    for (path, present) in survey.present.iter().filter(|(path, _)| whole && outputs::is_page(path)) {
        // Whoever changes a page can change the record, too: the step that made it is remembered elsewhere.
        let made = if path.as_str() == SUMS { list(place) } else { outputs::made(store, &place.written, path) };
        let recorded = place.written.files.get(path).is_some_and(|digests| digests.contains(present));
        if let Some(made) = made.filter(|made| recorded && made != present) {
            let file = place.folder.as_ref().map(|folder| folder.read(path)).transpose()?.flatten();
            let both = store.get(&made)?.zip(file);
            let places = both.map(|(old, new)| compare::differences(path.as_str(), &old, &new)).unwrap_or_default();
            found.push(Difference { path: place.label(path), accepted: Some(made), found: Some(*present), places });
        }
    }
    Ok(found)
}

/// The digest of `SHA256SUMS`, as the record implies it; `None` while a publication is under way.
pub fn list(place: &Place) -> Option<Digest> {
    outputs::recorded_sums(&place.written).map(|text| Digest::of(text.as_bytes()))
}

/// Files of a figure in the report that are not what was made just now and accepted, whatever the record says.
pub fn files(
    place: &Place,
    now: &Locked,
    made: impl Fn(&Relative) -> Result<Option<Vec<u8>>, Failure>,
) -> Result<Vec<Difference>, CliError> {
    let Some(folder) = place.folder.as_ref().filter(|_| matches!(place.owner, Owner::Ours)) else {
        return Ok(Vec::new());
    };
    let mut differences = Vec::new();
    for (path, accepted) in &now.outputs {
        let (found, places) = match folder.look(path)? {
            Sight::Nothing => continue,
            Sight::Other(what) => (None, vec![format!("it {what}")]),
            Sight::File(bytes) if Digest::of(&bytes) == *accepted => continue,
            Sight::File(bytes) => {
                let made = made(path)?.map(|made| compare::differences(path.as_str(), &made, &bytes));
                (Some(Digest::of(&bytes)), made.unwrap_or_default())
            }
        };
        differences.push(Difference { path: place.label(path), accepted: Some(*accepted), found, places });
    }
    Ok(differences)
}

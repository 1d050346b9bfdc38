//! Collects diagnostics, up to what anybody will read.
//! It knows nothing of what they say.

use condense_base::diag::Diagnostic;

/// Mistakes found so far.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<Diagnostic>,
}

impl Faults {
    /// So many are kept: a hostile file must not fill the memory with complaints.
    pub const MOST: usize = 100;

    /// Adds one, while there is room.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.full() && !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// Adds several.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Adds another collection behind this one.
    pub fn append(&mut self, other: Self) {
        self.extend(other.list);
    }

    /// Whether there is no room left: looking for more is in vain.
    pub fn full(&self) -> bool {
        self.list.len() >= Self::MOST
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first one with a code.
    pub fn first(&self, code: &str) -> Option<&Diagnostic> {
        self.list.iter().find(|one| one.code == code)
    }

    /// In the order of the text (for faults of one file).
    pub fn sort(&mut self) {
        self.list.sort_by_key(|one| one.labels.first().map_or(0, |label| label.span.start));
    }

    /// All of them; a last one says so if there may be more.
    pub fn into_list(mut self) -> Vec<Diagnostic> {
        if self.full() {
            self.list.push(Diagnostic::new("M000", format!("these are the first {} mistakes", Self::MOST)));
        }
        self.list
    }
}

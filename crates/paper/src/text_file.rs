//! Text files of a project: regular files inside it, of a size that somebody could have written, in UTF-8.
//! It knows nothing of what they say.

use crate::inputs;
use condense_base::diag::{Diagnostic, Source};
use condense_engine::files;
use std::path::Path;
use std::sync::Arc;

/// A page or a text is not larger.
pub const PAGE_BYTES: u64 = 1 << 20;

/// A text file of the project, not larger than `most` bytes.
///
/// # Errors
/// When it is missing, no file, too large, or not UTF-8.
pub fn read(project: &Path, path: &str, most: u64) -> Result<Arc<Source>, Box<Diagnostic>> {
    let fault = |code, message: String| Box::new(Diagnostic::new(code, message));
    if let Err(refusal) = inputs::check(project, path) {
        return Err(fault("M052", format!("`{path}` {}", refusal.message)));
    }
    let read = files::open(&project.join(path)).and_then(|file| files::bytes(file, most));
    let bytes = read.map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => fault("M002", format!("`{path}` is larger than {} MiB", most >> 20)),
        _ => fault("M052", format!("`{path}` cannot be read: {error}")),
    })?;
    String::from_utf8(bytes).map(|text| Source::new(path, text)).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{path}` is not UTF-8: byte 0x{:02X}", error.as_bytes()[at]);
        let lossy = Source::new(path, String::from_utf8_lossy(error.as_bytes()));
        Box::new(Diagnostic::new("M053", message).at(&lossy, at..at + 1, ""))
    })
}

//! Why a step made nothing, and sentences for the reasons that are not its own.

use condense_base::diag::Diagnostic;
use std::any::Any;
use std::io;

/// Why a step made nothing.
#[derive(Debug)]
pub enum Failure {
    /// A signal came.
    Interrupted,
    /// What went wrong: one or more diagnostics.
    Broken(Vec<Diagnostic>),
}

/// A failure with one sentence.
pub fn broken(message: String) -> Failure {
    Failure::Broken(vec![Diagnostic::new("E001", message)])
}

/// The store let a step down.
pub fn unreadable(error: &io::Error) -> Failure {
    Failure::Broken(vec![Diagnostic::new("E002", format!("the store cannot be used: {error}"))])
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}

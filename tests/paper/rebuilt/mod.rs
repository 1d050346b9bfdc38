//! A copy of the sources is edited, built and run.

mod broken_science;
mod code_identity;
mod workshop;

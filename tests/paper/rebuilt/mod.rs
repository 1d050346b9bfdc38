//! A copy of the repository is edited, built and run.

mod add_a_figure;
mod broken_science;
mod code_identity;
mod faults;
mod rust_paper;
mod workshop;

//! The paper: its science, its sources and what its documents say. How the program behaves is tested beside it, in
//! `crates/condense/tests`, and numbers and networks beside theirs.
#![allow(clippy::disallowed_methods)] // what they read was made for them

mod documents;
mod floors;
mod identity;
mod memory;
mod mistakes;
mod readme;
mod rebuilt;
mod science;
mod smallest;

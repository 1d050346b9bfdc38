//! The paper: its science, its sources and what its documents say. The program's behaviour is tested in
//! `crates/condense/tests`, numbers and networks in the tests of their packages.
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
mod words;

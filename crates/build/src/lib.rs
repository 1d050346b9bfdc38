//! What the build script of a paper does: it finds the experiments, and makes a fingerprint of the code behind each.
//! A result is computed again when that changes, and only then.
//!
//! The code of an experiment is every module that it reaches by paths, through all packages that lie in folders (the paper,
//! its `path` dependencies, theirs), and the locked version of every other crate that those modules name. Comments, layout
//! and tests are no code.
#![allow(clippy::disallowed_methods)] // the sources of packages are files

pub mod fingerprint;
pub mod lock;
pub mod package;
pub mod paper;
pub mod roster;
pub mod tokens;

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

pub use roster::roster;

/// The SHA-256 digest of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

//! The paper: the figures of Yaoyu Zhang's talk *The Condensation Phenomenon of Deep Neural Networks*.
//!
//! `manifest.toml` says what is computed, `figures/` what it shows, [`experiments`] think; `condense` does the rest.

use condense::roster::Roster;

pub mod experiments;

/// Every experiment, with the fingerprint of the code it reaches.
pub static ROSTER: &Roster = condense::roster!();

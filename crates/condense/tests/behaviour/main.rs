//! How the program behaves: small papers are written into temporary folders, the program is run, something is edited, and it
//! is run again. The papers compute with `sh`, so that nothing here depends on the deck's science.
#![allow(clippy::disallowed_methods)] // what they read was made for them

mod another_language;
mod commands;
mod faults;
mod lock;
mod mistakes;
mod pipeline;
mod profiles;
mod proved;
mod seeds;
mod stumbles;
mod support;
mod tables;
mod tampering;
mod terminal;
mod texts;
mod verbs;
mod warm_cold;

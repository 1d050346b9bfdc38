//! Floor 1': the content-hashed build system. It sees bytes and keys only; it knows no figures, networks or pages.
pub mod atomic;
pub mod board;
pub mod build;
pub mod digest;
pub mod failure;
pub mod lock;
pub mod output;
pub mod plan;
pub mod progress;
pub mod recipe;
pub mod site;
pub mod slots;
pub mod state;
pub mod step;
pub mod store;

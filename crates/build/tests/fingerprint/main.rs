//! The laws of code identity: what an edit of code reruns, and what it does not.
#![allow(clippy::disallowed_methods)] // what they read was made for them

mod modules;
mod packages;

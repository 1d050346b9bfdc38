//! A literate reproducible-paper pipeline: seeded experiments, content-hashed, checked claim by claim, set into one report.
//! This file tells the story and lists the rooms; it holds no code.
//!
//! # The story
//!
//! A paper is a folder. `manifest.toml` says what is computed, `figures/<id>.md` says what it shows, `src/experiments/`
//! thinks. [`paper`] reads all of it and reports every mistake at once; [`pipeline`] turns each figure into steps,
//!
//! ```text
//! run ──> draw (one a chart) ──┐
//!   └───> check ───────────────┴──> card ──> index
//! ```
//!
//! and [`engine`] runs those whose key is not in its store. A key is the hash of a step's recipe (parameters, seed, data,
//! code) and of the bytes that it takes: what comes out the same stops there. What came out is compared with
//! `manifest.lock`, which only `accept` writes; every claim is judged; `report/` is published, and hashed on every run.
//!
//! # The crates
//!
//! ```text
//! 3             condense: cli, a file a verb; pipeline, the composition root; roster, what a paper can compute
//! 2                                              paper        what is written
//! 1  experiment   the contract                   plot engine  charts; steps, keys, store
//! 0  num          numerics      base: frame, what crosses; diag, what is told
//! ```
//!
//! A crate depends on lower floors only. Science (left) and machinery (right) never touch below this one; what crosses is
//! one value, [`frame::Results`]. The engine sees bytes; experiments see no files, clock, environment or pictures.
//!
//! All of them can be reached from here, so that a paper in Rust needs this one dependency. Its experiments are a value
//! that its program hands over: `condense::main(condense::roster!())`.
//!
//! # The laws
//!
//! * The same parameters, seed and data give the same bits, whatever the machine, the number of threads or the compiler's
//!   settings: streams are addressed by name ([`num::rng`]), functions are our own ([`num::math`]), sums have one order.
//! * Content decides, never time. What is read is checked; what is written is whole or absent ([`engine::atomic`]).
//! * Nothing is silently repaired: what is wrong is named with its place, and with what to do ([`diag`]).
//! * What code a result depends on is found by the paper's build script, `condense_build::roster()`, along paths.
//!
//! `ARCHITECTURE.md` tells the same with all types; `tests/paper/floors.rs` keeps it true.

pub mod cli;
pub mod explain;
pub mod pipeline;
pub mod roster;

pub use cli::run as main;
pub use condense_base::diag;
pub use condense_base::frame;
pub use condense_engine as engine;
pub use condense_experiment as experiment;
pub use condense_num as num;
pub use condense_paper as paper;
pub use condense_plot as plot;
pub use serde;

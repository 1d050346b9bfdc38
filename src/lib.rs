//! condense
pub mod cli;
pub mod diag;
pub mod engine;
pub mod experiment;
pub mod experiments;
pub mod explain;
pub mod frame;
pub mod nn;
pub mod num;
pub mod paper;
pub mod pipeline;
pub mod plot;
pub mod roster;

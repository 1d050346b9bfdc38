//! condense
pub mod experiment;
pub mod experiments;
pub mod frame;
pub mod nn;
pub mod num;
pub mod plot;

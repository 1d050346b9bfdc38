//! Measures of condensation: what there is to see of a network at one moment.
pub mod balance;
pub mod columns;
pub mod conv_stage;
pub mod measure;
pub mod merge;
pub mod rank;
pub mod similarity;
pub mod spread;
pub mod stage;
pub mod unpack;

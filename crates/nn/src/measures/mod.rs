//! Measures of condensation: what there is to see of a network at one moment.
pub mod balance;
pub mod carried;
pub mod columns;
pub mod conv_snapshot;
pub mod covering;
pub mod measure;
pub mod merge;
pub mod plateau;
pub mod rank;
pub mod recovery;
pub mod similarity;
pub mod snapshot;
pub mod spread;
pub mod unpack;

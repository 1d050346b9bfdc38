//! The paper: what is said about the figures, and the pages that say it.
//! It knows no engine and no neural network; it turns texts and results into texts.
pub mod chart_block;
pub mod claim;
pub mod claim_block;
pub mod faults;
pub mod fences;
pub mod figure;
pub mod inputs;
pub mod load;
pub mod manifest;
pub mod names;
pub mod page;
pub mod params;
pub mod passage;
pub mod quote;
pub mod toml_reader;
pub mod work;

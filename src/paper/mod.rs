//! The paper: what is said about the figures, and the pages that say it.
//! It knows no engine and no neural network; it turns texts and results into texts.
pub mod claim;
pub mod faults;
pub mod figure;
pub mod inputs;
pub mod manifest;
pub mod names;
pub mod params;
pub mod quote;
pub mod toml_reader;
pub mod work;

//! The paper: what the author wrote (manifest, pages), and what readers get (cards, report).
//! It knows no engine and no neural network; it turns texts and results into texts.
pub mod block;
pub mod checks;
pub mod claim;
pub mod entry;
pub mod faults;
pub mod fences;
pub mod figure;
pub mod inputs;
pub mod limits;
pub mod load;
pub mod manifest;
pub mod markup;
pub mod names;
pub mod page;
pub mod params;
pub mod profile;
pub mod quote;
pub mod report;
pub mod robustness;
pub mod share;
pub mod tex;
pub mod toml_reader;
pub mod view;
pub mod work;
pub mod work_reader;
pub mod written;

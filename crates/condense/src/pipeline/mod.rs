//! The composition root: here, and only here, science and machinery meet.
//!
//! A [`project::Project`] is everything that was written (manifest, pages, templates, lock, data). [`assembly::Assembly`]
//! turns it into a plan of steps, per figure: run → draw (one a chart) and check → card; and the index of all cards.

pub mod assembly;
pub mod card;
pub mod check;
pub mod claims;
pub mod command;
pub mod compare;
pub mod declared;
pub mod draw;
pub mod files;
pub mod index;
pub mod links;
pub mod locked;
pub mod measured;
pub mod merge;
pub mod old_new;
pub mod origin;
pub mod outputs;
pub mod place;
pub mod project;
pub mod proved;
pub mod render;
pub mod rows;
pub mod run;
pub mod seeds;
pub mod stamp;
pub mod templates;
pub mod texts;
pub mod up_to_date;
pub mod values;
pub mod writer;

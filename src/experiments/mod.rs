//! The science, one experiment a file, in folders as the sections of the deck. The build script finds the files:
//! `phase_map.rs` holds `PhaseMap`.
pub mod generalization;
pub mod global_minima;
pub mod landscape;
pub mod large_systems;
pub mod origin;
pub mod overview;
pub mod phenomenon;
pub mod regime;
pub mod training;

//! Section “The origin of condensation” of the deck.
pub mod facilitate_condensation;
pub mod kan_experiment;
pub mod kan_symmetry;
pub mod permutation_symmetry;
pub mod transformer_symmetry;

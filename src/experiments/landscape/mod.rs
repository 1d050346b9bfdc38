//! Section “The loss landscape behind condensation” of the deck.
pub mod condensed_critical_existence;
pub mod landscape_around_zero;
pub mod splitting_embedding;

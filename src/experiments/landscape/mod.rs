//! Section “The loss landscape behind condensation” of the deck.
pub mod condensed_critical_existence;
pub mod condensed_critical_points;
pub mod critical_function_identification;
pub mod final_condensation;
pub mod landscape_around_zero;
pub mod landscape_hierarchy;
pub mod splitting_embedding;

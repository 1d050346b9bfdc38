//! Section “Large systems” of the deck.
pub mod breiman_questions;
pub mod generalization_gap;
pub mod scale_of_learning_systems;

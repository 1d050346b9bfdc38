//! Section “Training with strong condensation” of the deck.
pub mod initial_condensation;
pub mod typical_training;

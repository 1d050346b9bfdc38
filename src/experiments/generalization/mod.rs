//! Section “Condensation and generalization” of the deck.
pub mod generalization_init_scale;
pub mod model_rank_example;

//! Section “Condensation and generalization” of the deck.
pub mod architecture_specialty;
pub mod condensation_sample_efficiency;
pub mod generalization_init_scale;
pub mod model_rank;
pub mod model_rank_example;
pub mod model_scaling;
pub mod optimistic_sample_size;
pub mod sample_size_map;

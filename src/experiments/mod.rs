//! The science, one experiment a file. `build.rs` makes the roster from the `pub mod` lines below:
//! `pub mod phase_map;` stands for `phase_map::PhaseMap`.
pub mod breiman_questions;
pub mod condensation_1d;
pub mod condensation_cnn_mnist;
pub mod condensation_illustration;
pub mod condensation_transformer;
pub mod condensed_critical_existence;
pub mod feature_distribution;
pub mod generalization_gap;
pub mod generalization_init_scale;
pub mod initial_condensation;
pub mod initialization_schemes;
pub mod landscape_around_zero;
pub mod model_rank_example;
pub mod normalized_flow;
pub mod phase_diagram_three_layer;
pub mod phase_diagram_two_layer;
pub mod regime_theorems;
pub mod scale_of_learning_systems;
pub mod splitting_embedding;
pub mod typical_cases;
pub mod typical_training;

//! Section “The regime of condensation” of the deck.
pub mod feature_distribution;
pub mod initialization_schemes;
pub mod normalized_flow;
pub mod phase_diagram_three_layer;
pub mod phase_diagram_two_layer;
pub mod regime_theorems;
pub mod typical_cases;

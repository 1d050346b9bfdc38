//! Floor 2: networks, integrators and measures that the experiments share.
pub mod activation;
pub mod flow;
pub mod two_layer;

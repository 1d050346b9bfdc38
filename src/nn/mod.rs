//! Floor 2: networks, integrators and measures that the experiments share.
pub mod activation;
pub mod flow;
pub mod four_points;
pub mod phase_plane;
pub mod two_layer;

//! Floor 2: networks, integrators and measures that the experiments share.
pub mod activation;
pub mod critical;
pub mod embed;
pub mod flow;
pub mod four_points;
pub mod measure;
pub mod origin;
pub mod packed;
pub mod pass;
pub mod phase_plane;
pub mod plane;
pub mod rank;
pub mod similarity;
pub mod tanh_net;
pub mod task;
pub mod train;
pub mod two_layer;

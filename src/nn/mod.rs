//! Floor 2: networks, integrators and measures that the experiments share.
pub mod activation;
pub mod critical;
pub mod embed;
pub mod measure;
pub mod origin;
pub mod packed;
pub mod pass;
pub mod plane;
pub mod rank;
pub mod similarity;
pub mod tanh_net;
pub mod task;
pub mod train;

//! Floor 2: networks, integrators and measures that the experiments share.
pub mod critical;
pub mod embed;
pub mod origin;
pub mod plane;
pub mod rank;
pub mod similarity;
pub mod tanh_net;

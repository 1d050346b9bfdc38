//! Floor 2: networks, integrators and measures that the experiments share.
pub mod activation;
pub mod measure;
pub mod packed;
pub mod pass;
pub mod task;
pub mod train;

//! Floor 1: numerics that give the same bits everywhere.
pub mod eigen;
pub mod kernel;
pub mod linalg;
pub mod math;
pub mod rng;
pub mod solve;
pub mod stats;
pub mod svd;
pub mod vector;

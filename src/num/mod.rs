//! Floor 1: numerics that give the same bits everywhere.
pub mod eigen;
pub mod kernel;
pub mod lanes;
pub mod lanes_arm;
pub mod lanes_x86;
pub mod level;
pub mod linalg;
pub mod math;
pub mod rng;
pub mod singles;
pub mod singles_arm;
pub mod singles_x86;
pub mod solve;
pub mod stats;
pub mod svd;
pub mod vector;

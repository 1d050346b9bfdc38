//! Floor 1: numerics that give the same bits everywhere.
pub mod kernel;
pub mod math;
pub mod rng;

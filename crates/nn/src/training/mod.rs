//! Training: rules of descent, fused passes, and gradient flow.
pub mod batches;
pub mod course;
pub mod descend;
pub mod finish;
pub mod fit;
pub mod fleet;
pub mod flow;
pub mod model;
pub mod pass;
pub mod readout;
pub mod regularised;
pub mod rule;
pub mod stepwise;
pub mod three_flow;
pub mod three_pass;
pub mod train;

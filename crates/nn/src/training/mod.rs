//! Training: rules of descent, fused passes, and gradient flow.
pub mod flow;
pub mod pass;
pub mod readout;
pub mod rule;
pub mod stepwise;
pub mod three_flow;
pub mod three_pass;
pub mod train;

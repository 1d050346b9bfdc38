//! Section “The geometry of global minima” of the deck.
pub mod convergence_rates;
pub mod global_minima_branches;
pub mod global_minima_shrink;
pub mod q_branches_illustration;
pub mod recovery_stability;

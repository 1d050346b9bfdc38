//! The networks of the deck: their training, measures of condensation, and what theory says of them. Experiments share it;
//! it knows none of them.
pub mod measures;
pub mod nets;
pub mod tasks;
pub mod theory;
pub mod training;

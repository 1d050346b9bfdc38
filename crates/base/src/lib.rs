//! What everyone shares: the value that crosses from science to machinery, and what is told when something is wrong.
//! It knows no files, pictures or terminals.
pub mod diag;
pub mod frame;

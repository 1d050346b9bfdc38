//! For tests of the program through the program: a paper in a temporary folder is written, run, edited and run again
//! ([`paper`]), mistakes are made in it ([`mistakes`]),
//! and the README is followed as a reader would ([`readme`]).
#![allow(clippy::disallowed_methods)] // what it reads was made for it

pub mod mistakes;
pub mod paper;
pub mod readme;

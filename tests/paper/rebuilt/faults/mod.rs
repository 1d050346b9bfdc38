//! Faults of the kind that a programmer makes: a sign, a factor, a term that is missing. Each is one edit of a file, and names the
//! figures that must notice. It runs nothing.

mod generalization;
mod geometry;
mod landscape;
mod numerics;
mod origin;
mod phenomenon;
mod regime;
mod training;

/// A fault. `BROKEN` in its text stands for its switch.
pub struct Fault {
    /// In words.
    pub what: &'static str,
    /// Where it is.
    pub file: &'static str,
    /// What stands there once, …
    pub right: &'static str,
    /// … and what stands there with the fault.
    pub wrong: &'static str,
    /// Figures with a claim that turns red.
    pub figures: &'static [&'static str],
}

/// All faults, from the arithmetic up.
const FAULTS: [&[Fault]; 8] = [
    numerics::FAULTS,
    phenomenon::FAULTS,
    regime::FAULTS,
    training::FAULTS,
    landscape::FAULTS,
    geometry::FAULTS,
    generalization::FAULTS,
    origin::FAULTS,
];

/// All faults, each with its number, which begins at 1.
pub fn all() -> impl Iterator<Item = (usize, &'static Fault)> {
    (1..).zip(FAULTS.into_iter().flatten())
}

//! Section “Overview” of the deck.
pub mod series_overview;

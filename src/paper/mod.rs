//! The paper: what is said about the figures, and the pages that say it.
//! It knows no engine and no neural network; it turns texts and results into texts.
pub mod markup;
pub mod report;
pub mod tex;
pub mod view;

//! Section “The phenomenon of condensation” of the deck.
pub mod condensation_1d;
pub mod condensation_cnn_mnist;
pub mod condensation_illustration;
pub mod condensation_transformer;

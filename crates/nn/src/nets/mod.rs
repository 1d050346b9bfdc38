//! Networks: what they compute, and how a gradient goes back through them.
pub mod activation;
pub mod attention;
pub mod bias;
pub mod conv;
pub mod dense;
pub mod heads;
pub mod kan;
pub mod packed;
pub mod softmax;
pub mod tanh_net;
pub mod three_layer;
pub mod two_layer;

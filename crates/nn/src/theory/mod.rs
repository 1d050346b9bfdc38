//! What theory says of small networks: critical points, embeddings, the phase plane, the flow near zero.
pub mod critical;
pub mod embed;
pub mod origin;
pub mod phase_plane;
pub mod plane;
pub mod scaling;
pub mod search;
pub mod survey;
pub mod units;

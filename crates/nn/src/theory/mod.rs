//! What theory says of small networks: critical points, embeddings, the phase plane, the flow near zero.
pub mod branches;
pub mod classes;
pub mod critical;
pub mod deep_embed;
pub mod descent;
pub mod embed;
pub mod even_pair;
pub mod model_ranks;
pub mod origin;
pub mod phase_plane;
pub mod plane;
pub mod scaling;
pub mod search;
pub mod survey;
pub mod target_set;
pub mod units;
pub mod zeros;

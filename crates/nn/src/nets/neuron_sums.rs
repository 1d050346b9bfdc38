//! The sums over neurons of which outputs and tangent kernel of a two-layer network are made.
//! It knows no network.

/// Neurons a chunk: its activations stay in the first-level cache, and sums over neurons add up chunk by chunk.
pub const CHUNK: usize = 256;

/// `Σ a σ_i`, and for pairs `i ≤ j` of samples `Σ σ_i σ_j` and `Σ a² σ'_i σ'_j`, each at `i n + j`.
#[derive(Clone, Debug)]
pub struct Sums {
    /// `Σ a σ_i`.
    pub output: Vec<f64>,
    /// `Σ σ_i σ_j`.
    pub sigma: Vec<f64>,
    /// `Σ a² σ'_i σ'_j`.
    pub slope: Vec<f64>,
}

impl Sums {
    /// Before anything is added.
    pub fn new(samples: usize) -> Self {
        let pairs = vec![0.0; samples * samples];
        Self { output: vec![0.0; samples], sigma: pairs.clone(), slope: pairs }
    }
}

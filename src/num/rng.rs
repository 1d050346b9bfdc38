//! Random draws that are the same everywhere: PCG words, our own uniform and normal, streams forked by name.
//! It knows no global state: whoever draws holds the stream.

use crate::num::math;
use rand::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg64;

/// 2⁻⁵³: the step between the values of [`Stream::unit`].
const UNIT: f64 = f64::EPSILON / 2.0;

/// A stream of draws.
///
/// A stream is addressed by a seed and a path of names, never by the order of visits or by a thread:
/// `Stream::root(7).fork("init").fork("a")`. Forking does not advance the parent, so a draw added in
/// one place shifts no other. Words come from PCG XSL RR 128/64 (O'Neill 2014) as pinned in `Cargo.lock`.
#[derive(Clone, Debug)]
pub struct Stream {
    address: u128,
    words: Pcg64,
    spare: Option<f64>,
}

impl Stream {
    /// The root stream of a seed.
    pub fn root(seed: u64) -> Self {
        Self::at(absorb(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, &seed.to_le_bytes()))
    }

    /// The child stream of that name.
    #[must_use]
    pub fn fork(&self, name: &str) -> Self {
        Self::at(absorb(self.address, name.as_bytes()))
    }

    fn at(address: u128) -> Self {
        let mut seed = [0; 32];
        for (chunk, salt) in seed.chunks_exact_mut(8).zip(1u64..) {
            chunk.copy_from_slice(&scramble((address >> 64) as u64 ^ scramble(address as u64 ^ salt)).to_le_bytes());
        }
        Self { address, words: Pcg64::from_seed(seed), spare: None }
    }

    /// The next 64 random bits.
    pub fn word(&mut self) -> u64 {
        self.words.next_u64()
    }

    /// Uniform in [0, 1): the top 53 bits of a word.
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 * UNIT
    }

    /// Uniform in [low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        (high - low).mul_add(self.unit(), low)
    }

    /// Standard normal, by the Box–Muller transform (two words give two draws).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // 1 - u lies in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * math::ln(1.0 - self.unit())).sqrt();
        let (sin, cos) = math::sin_cos(std::f64::consts::TAU * self.unit());
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// `count` independent normals of mean 0 and the given standard deviation.
    pub fn normals(&mut self, count: usize, std: f64) -> Vec<f64> {
        (0..count).map(|_| std * self.normal()).collect()
    }

    /// Uniform in 0..bound, without bias (words past the largest multiple of `bound` are drawn again).
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "an empty range has no member to draw");
        let bound = bound as u64;
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            let word = self.word();
            if word < limit {
                return (word % bound) as usize;
            }
        }
    }
}

/// FNV-1a over 128 bits, with a terminator so that `fork("a").fork("b")` and `fork("ab")` differ.
fn absorb(address: u128, bytes: &[u8]) -> u128 {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes
        .iter()
        .map(|&byte| u128::from(byte))
        .chain([0x1ff])
        .fold(address, |hash, byte| (hash ^ byte).wrapping_mul(PRIME))
}

/// The finaliser of `SplitMix64` (Steele, Lea & Flood 2014).
fn scramble(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

//! Random draws that are the same everywhere: PCG words, our own uniform and normal, streams forked by name.
//! It knows no global state: whoever draws holds the stream.

use crate::math;
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

    /// Uniform from `low` to `high`, which rounding alone can reach.
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

    /// 0, 1, …, `count` - 1 in an order drawn from all orders (Durstenfeld's form of the Fisher-Yates shuffle).
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats;
    use proptest::prelude::*;

    /// PCG XSL RR 128/64 written out from O'Neill (2014): a 128-bit congruential step, then fold and rotate.
    struct Paper {
        state: u128,
        increment: u128,
    }

    impl Paper {
        fn next(&mut self) -> u64 {
            const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;
            self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
            ((self.state >> 64) as u64 ^ self.state as u64).rotate_right((self.state >> 122) as u32)
        }
    }

    #[test]
    fn words_are_those_of_the_paper() {
        let mut paper = Paper { state: 0, increment: (54 << 1) | 1 };
        // Seeding, as in the reference library's `pcg64_srandom(42, 54)`, whose demonstration prints these words first.
        paper.state = paper.increment.wrapping_add(42);
        paper.next();
        let mut words = Pcg64::new(42, 54);
        for known in [0x86b1da1d72062b68, 0x1304aa46c9853d39, 0xa3670e9e0dd50358, 0xf9090e529a7dae00] {
            assert_eq!([words.next_u64(), paper.next()], [known; 2]);
        }
    }

    #[test]
    fn our_streams_keep_their_bits() {
        let mut root = Stream::root(0);
        let mut fork = Stream::root(7).fork("init").fork("a");
        let draws = [root.word(), fork.word(), fork.unit().to_bits(), fork.normal().to_bits(), fork.normal().to_bits()];
        assert_eq!(
            draws,
            [0x45e28270d3a9d84, 0xa3e5196f49833510, 0x3fe89b78dd7e7a4c, 0xbfe8c9dc59996139, 0x3ff57dfa98cc6db8]
        );
    }

    #[test]
    fn a_fork_depends_on_its_path_alone() {
        let root = Stream::root(3);
        let mut moved = root.clone();
        for _ in 0..5 {
            moved.normal();
        }
        assert_eq!(moved.fork("b").word(), root.fork("b").word(), "the parent's draws");
        let words = [
            root.fork("a"),
            root.fork("b"),
            root.fork("ab"),
            root.fork("a").fork("b"),
            root.fork("b").fork("a"),
            root.fork(""),
            root.clone(),
            Stream::root(4),
        ]
        .map(|mut stream| stream.word());
        for (i, word) in words.iter().enumerate() {
            assert!(!words[..i].contains(word), "stream {i} repeats another");
        }
    }

    #[test]
    fn the_spare_normal_is_the_second_of_its_pair() {
        let mut stream = Stream::root(1).fork("normal");
        let mut words = stream.clone();
        let (first, second) = (stream.normal(), stream.normal());
        let (u, v) = (1.0 - words.unit(), words.unit());
        // The pair lies on the circle of squared radius -2 ln u, at the angle 2πv.
        assert!((first * first + second * second + 2.0 * math::ln(u)).abs() < 1e-14);
        assert!(
            (math::atan2(second, first).rem_euclid(std::f64::consts::TAU) - std::f64::consts::TAU * v).abs() < 1e-14
        );
        assert_eq!(stream.word(), words.word(), "two words, two draws");
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut stream = Stream::root(2).fork("moments");
        let n = 100_000;
        // Five standard errors each: of the mean σ/√n, of the k-th moment √(E x^2k - (E x^k)²) / √n.
        let bound = |sigma: f64| 5.0 * sigma / (n as f64).sqrt();
        let uniform: Vec<f64> = (0..n).map(|_| stream.uniform(-1.0, 1.0)).collect();
        assert!(stats::mean(&uniform).abs() < bound((1.0f64 / 3.0).sqrt()));
        assert!((stats::std(&uniform) - (1.0f64 / 3.0).sqrt()).abs() < bound(0.3));
        let normal = stream.normals(n, 2.0);
        let moment = |k: i32| stats::mean(&normal.iter().map(|x| math::powi(x / 2.0, k)).collect::<Vec<_>>());
        assert!(moment(1).abs() < bound(1.0));
        assert!((moment(2) - 1.0).abs() < bound(2.0f64.sqrt()));
        assert!(moment(3).abs() < bound(15.0f64.sqrt()));
        assert!((moment(4) - 3.0).abs() < bound(96.0f64.sqrt()));
    }

    proptest! {
        #[test]
        fn draws_stay_in_their_ranges(seed: u64, bound in 1usize..1000, low in -10.0f64..10.0, width in 1e-3f64..10.0) {
            let mut stream = Stream::root(seed);
            for _ in 0..50 {
                prop_assert!((0.0..1.0).contains(&stream.unit()));
                prop_assert!(stream.below(bound) < bound);
                let x = stream.uniform(low, low + width);
                prop_assert!(low <= x && x <= low + width);
                prop_assert!(stream.normal().abs() < 9.0);
            }
        }
    }

    #[test]
    fn below_is_even() {
        let mut stream = Stream::root(6).fork("below");
        let mut counts = [0; 7];
        for _ in 0..7_000 {
            counts[stream.below(7)] += 1;
        }
        assert!(stats::chi_square_uniform(&counts).1 > 1e-3, "{counts:?}");
    }

    #[test]
    fn permutations_hold_every_number_once_and_all_orders_are_alike() {
        let mut stream = Stream::root(6).fork("permutation");
        let mut counts = [0; 6];
        for _ in 0..6_000 {
            let order = stream.permutation(3);
            assert!((0..3).all(|k| order.contains(&k)), "{order:?}");
            counts[order[0] * 2 + usize::from(order[1] > order[2])] += 1;
        }
        assert!(stats::chi_square_uniform(&counts).1 > 1e-3, "{counts:?}");
        assert_eq!(stream.permutation(0), [0; 0]);
    }
}

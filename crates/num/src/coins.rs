//! Biased coins, eight at a time: for masks that are drawn anew at every step of a training.
//! It knows no networks. A [`Stream`] draws one word at a time, and masks would then cost more than the training.
//!
//! Eight generators xoshiro256++ (Blackman & Vigna, ACM Trans. Math. Softw. 2021) run side by side, each from its own
//! words of a stream. Every word gives four coins, of 16 bits each.

use crate::kernel::kernel;
use crate::lanes::{LANES, Simd};
use crate::rng::Stream;

/// Coins in a word.
const COINS: usize = 4;
/// Bits of a coin.
const BITS: usize = 16;

/// Eight generators: entry `k` of each lane is the `k`-th word of that lane's state.
#[derive(Clone, Debug)]
pub struct Coins {
    state: [[u64; LANES]; 4],
}

impl Coins {
    /// Generators that begin with the words of a stream.
    pub fn new(mut stream: Stream) -> Self {
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            for words in &mut state {
                words[lane] = stream.word();
            }
        }
        Self { state }
    }

    /// Fills each place with `value` by that chance, and with 0 else. A chance is rounded to a multiple of 2⁻¹⁶: see
    /// [`rounded`].
    pub fn toss(&mut self, chance: f64, value: f64, places: &mut [[f64; LANES]]) {
        toss(&mut self.state, limit(chance), value, places);
    }
}

/// The multiple of 2⁻¹⁶ that is nearest to a chance: the one by which coins fall.
pub fn rounded(chance: f64) -> f64 {
    limit(chance) as f64 / (1u64 << BITS) as f64
}

fn limit(chance: f64) -> u64 {
    (chance * (1u64 << BITS) as f64).round() as u64
}

kernel! {
    fn toss(state: &mut [[u64; LANES]; 4], limit: u64, value: f64, places: &mut [[f64; LANES]]) = toss_body;
}

#[inline(always)]
fn toss_body<S: Simd>(_: S, state: &mut [[u64; LANES]; 4], limit: u64, value: f64, places: &mut [[f64; LANES]]) {
    // In a local copy, which stays in registers.
    let mut words = *state;
    for places in places.chunks_mut(COINS) {
        let mut drawn = next(&mut words);
        for place in places {
            for lane in 0..LANES {
                let heads = drawn[lane] & ((1 << BITS) - 1) < limit;
                place[lane] = if heads { value } else { 0.0 };
                drawn[lane] >>= BITS;
            }
        }
    }
    *state = words;
}

/// The next word of each generator.
#[inline(always)]
fn next(state: &mut [[u64; LANES]; 4]) -> [u64; LANES] {
    let mut drawn = [0; LANES];
    for lane in 0..LANES {
        let [a, b, c, d] = [state[0][lane], state[1][lane], state[2][lane], state[3][lane]];
        drawn[lane] = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        state[1][lane] = b ^ c;
        state[0][lane] = a ^ d;
        state[2][lane] = c ^ (b << 17);
        state[3][lane] = d.rotate_left(45);
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::same_on_all;

    #[test]
    fn words_are_those_of_the_published_generator() {
        let mut state = [1, 2, 3, 4].map(|word| [word; LANES]);
        let words: [u64; 4] = std::array::from_fn(|_| next(&mut state)[5]);
        assert_eq!(words, [41943041, 58720359, 3588806011781223, 3591011842654386]);
    }

    #[test]
    fn heads_come_by_their_chance_in_every_lane_and_every_part_of_a_word() {
        let (mut coins, count) = (Coins::new(Stream::root(1)), 40_000);
        let mut places = vec![[0.0; LANES]; count];
        coins.toss(0.9, 2.0, &mut places);
        for lane in 0..LANES {
            for part in 0..COINS {
                let own = places.iter().skip(part).step_by(COINS).map(|place| place[lane]);
                let heads = own.filter(|value| *value == 2.0).count() as f64 / (count / COINS) as f64;
                // Five standard deviations of a share of 10⁴ coins.
                assert!((heads - 0.9).abs() < 0.015, "{heads}");
            }
        }
        assert!(places.iter().flatten().all(|value| *value == 0.0 || *value == 2.0));
        assert!((rounded(0.9) - 0.9).abs() < 1e-5);
        coins.toss(1.0, 1.0, &mut places);
        assert!(places.iter().flatten().all(|value| *value == 1.0), "certain coins never fail");
    }

    #[test]
    fn all_levels_give_the_same_bits() {
        same_on_all(|| {
            let mut places = vec![[0.0; LANES]; 37];
            Coins::new(Stream::root(2)).toss(0.3, 1.5, &mut places);
            places
        });
    }
}

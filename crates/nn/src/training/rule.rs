//! Rules of training: what a step does to a parameter, given its gradient and what earlier steps left behind.
//! It knows no network; a rule treats every parameter alike, eight at a time.

use condense_num::kernel::kernel;
use condense_num::lanes::{LANES, Lanes as _, Real as _, Simd};

/// A rule of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Gradient descent.
    Sgd(Sgd),
    /// Adam.
    Adam(Adam),
}

/// Gradient descent, with heavy-ball momentum: `v ← momentum·v + ∇`, `θ ← θ - rate·v`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub rate: f64,
    /// 0 for plain gradient descent.
    pub momentum: f64,
}

/// Adam (Kingma & Ba, ICLR 2015, algorithm 1): `p ← β₁p + (1-β₁)∇`, `q ← β₂q + (1-β₂)∇²`,
/// `θ ← θ - rate/(1-β₁ᵗ) · p / (√q/√(1-β₂ᵗ) + ε)` at step t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Learning rate.
    pub rate: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of their squares.
    pub beta2: f64,
    /// Keeps the divisor away from zero.
    pub epsilon: f64,
}

impl From<Sgd> for Rule {
    fn from(descent: Sgd) -> Self {
        Self::Sgd(descent)
    }
}

impl From<Adam> for Rule {
    fn from(adam: Adam) -> Self {
        Self::Adam(adam)
    }
}

/// A rule at one step, its constants worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update {
    /// `θ - rate·∇`.
    Plain {
        /// Learning rate.
        rate: f64,
    },
    /// With a velocity.
    HeavyBall {
        /// Learning rate.
        rate: f64,
        /// Its decay.
        momentum: f64,
    },
    /// With two means.
    Adam {
        /// `β₁`, `β₂`.
        decay: [f64; 2],
        /// `rate / (1 - β₁ᵗ)`.
        rate: f64,
        /// `1 / √(1 - β₂ᵗ)`.
        root: f64,
        /// `ε`.
        epsilon: f64,
    },
}

impl Rule {
    /// How many numbers it remembers of each parameter.
    pub fn memory(&self) -> usize {
        match self {
            Self::Sgd(Sgd { momentum: 0.0, .. }) => 0,
            Self::Sgd(_) => 1,
            Self::Adam(_) => 2,
        }
    }

    /// The rule at a step, counted from 1, given `[β₁ᵗ, β₂ᵗ]` of that step (see [`Rule::decayed`]).
    pub fn update(&self, powers: [f64; 2]) -> Update {
        match *self {
            Self::Sgd(Sgd { rate, momentum: 0.0 }) => Update::Plain { rate },
            Self::Sgd(Sgd { rate, momentum }) => Update::HeavyBall { rate, momentum },
            Self::Adam(Adam { rate, beta1, beta2, epsilon }) => Update::Adam {
                decay: [beta1, beta2],
                rate: rate / (1.0 - powers[0]),
                root: 1.0 / (1.0 - powers[1]).sqrt(),
                epsilon,
            },
        }
    }

    /// `[β₁ᵗ, β₂ᵗ]` one step on; they begin as ones.
    pub fn decayed(&self, powers: [f64; 2]) -> [f64; 2] {
        match self {
            Self::Sgd(_) => powers,
            Self::Adam(Adam { beta1, beta2, .. }) => [powers[0] * beta1, powers[1] * beta2],
        }
    }
}

impl Update {
    /// Eight parameters one step on; `memory` is what is remembered of them, and `mobility` scales the rate.
    #[inline(always)]
    pub fn follow<S: Simd>(
        self,
        simd: S,
        mobility: f64,
        theta: S::F64x8,
        gradient: S::F64x8,
        memory: &mut [[f64; LANES]],
    ) -> S::F64x8 {
        match (self, memory) {
            (Self::HeavyBall { rate, momentum }, [velocity]) => {
                let moved = simd.splat(momentum).mul_add(simd.load(velocity), gradient);
                moved.store(velocity);
                moved.mul_add(simd.splat(-rate * mobility), theta)
            }
            (Self::Adam { decay: [beta1, beta2], rate, root, epsilon }, [mean, square]) => {
                let p = simd.splat(beta1).mul_add(simd.load(mean), simd.splat(1.0 - beta1) * gradient);
                let q = simd.splat(beta2).mul_add(simd.load(square), simd.splat(1.0 - beta2) * gradient * gradient);
                p.store(mean);
                q.store(square);
                let divisor = q.sqrt().mul_add(simd.splat(root), simd.splat(epsilon));
                (p / divisor).mul_add(simd.splat(-rate * mobility), theta)
            }
            (Self::Plain { rate }, _) => gradient.mul_add(simd.splat(-rate * mobility), theta),
            _ => unreachable!("memory of another rule"),
        }
    }
}

kernel! {
    /// All parameters one step on, in eights of which the last is filled up; `memory` is what is remembered of one eight after the other.
    pub fn follow(update: Update, theta: &mut [f64], gradient: &[f64], memory: &mut [[f64; LANES]]) = follow_body;
}

#[inline(always)]
fn follow_body<S: Simd>(simd: S, update: Update, theta: &mut [f64], gradient: &[f64], memory: &mut [[f64; LANES]]) {
    let each = memory.len() / theta.len().div_ceil(LANES).max(1);
    for (at, (theta, gradient)) in theta.chunks_mut(LANES).zip(gradient.chunks(LANES)).enumerate() {
        let (mut held, mut slope) = ([0.0; LANES], [0.0; LANES]);
        held[..theta.len()].copy_from_slice(theta);
        slope[..theta.len()].copy_from_slice(gradient);
        let memory = &mut memory[at * each..(at + 1) * each];
        update.follow(simd, 1.0, simd.load(&held), simd.load(&slope), memory).store(&mut held);
        theta.copy_from_slice(&held[..theta.len()]);
    }
}

//! Which instructions hot loops use: the widest that the processor has, unless someone holds them lower.
//! It knows no loop; the bits are the same on every level, and tests hold them to it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};

/// What kernels are compiled for, from the plainest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// What every processor of the architecture has.
    Baseline,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 (F and DQ).
    Avx512,
    /// NEON, which every 64-bit Arm has.
    Neon,
}

/// All levels, from the plainest.
pub const LEVELS: [Level; 4] = [Level::Baseline, Level::Avx2, Level::Avx512, Level::Neon];

/// The highest level that kernels of this process may take.
static CAP: AtomicU8 = AtomicU8::new(u8::MAX);

thread_local! {
    static OWN_CAP: Cell<u8> = const { Cell::new(u8::MAX) };
}

/// Holds all kernels of this process to a level, or to the next lower one that the processor has.
pub fn limit(level: Level) {
    CAP.store(level as u8, Ordering::Relaxed);
}

/// Runs `work` with the kernels of this thread held to a level, or the next lower one: how tests compare them.
pub fn at_most<T>(level: Level, work: impl FnOnce() -> T) -> T {
    struct Restore(u8);
    impl Drop for Restore {
        fn drop(&mut self) {
            OWN_CAP.set(self.0);
        }
    }
    let _restore = Restore(OWN_CAP.replace(level as u8));
    work()
}

/// Runs `work` on every level that the processor has and insists that all agree: how tests hold kernels to their law.
/// Values are compared as they are printed for debugging, where -0 is not 0 and every number that is one shows all its bits;
/// in the alternate form, in which large matrices are printed whole.
///
/// # Panics
/// When two levels give different values.
pub fn same_on_all<T: std::fmt::Debug>(work: impl Fn() -> T) -> T {
    let plain = at_most(Level::Baseline, &work);
    let shown = format!("{plain:#?}");
    for level in LEVELS.into_iter().filter(|level| *level != Level::Baseline && processor_has(*level)) {
        let found = format!("{:#?}", at_most(level, &work));
        let apart = found.lines().zip(shown.lines()).find(|(own, plain)| own != plain);
        assert!(found == shown, "{level:?} differs from the plain machine, first here: {apart:?}");
    }
    plain
}

/// What kernels of this thread take now.
#[inline]
pub fn level() -> Level {
    let cap = CAP.load(Ordering::Relaxed).min(OWN_CAP.get());
    let takes = |level: Level| cap >= level as u8 && processor_has(level);
    // On one architecture at most two of these are to be asked.
    if takes(Level::Neon) {
        Level::Neon
    } else if takes(Level::Avx512) {
        Level::Avx512
    } else if takes(Level::Avx2) {
        Level::Avx2
    } else {
        Level::Baseline
    }
}

/// Whether this processor has the instructions of a level.
#[inline]
pub fn processor_has(level: Level) -> bool {
    match level {
        Level::Baseline => true,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
        #[cfg(target_arch = "x86_64")]
        // Compilers take AVX-512 to include AVX2 and FMA.
        Level::Avx512 => {
            processor_has(Level::Avx2) && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq")
        }
        #[cfg(target_arch = "aarch64")]
        Level::Neon => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_in_force_only_while_asked_for() {
        let before = level();
        assert_eq!(at_most(Level::Baseline, level), Level::Baseline);
        let after_an_inner_one = at_most(Level::Baseline, || {
            at_most(Level::Baseline, || ());
            level()
        });
        assert_eq!(after_an_inner_one, Level::Baseline);
        let _ = std::panic::catch_unwind(|| at_most(Level::Baseline, || panic!("as a failing test would")));
        assert_eq!(level(), before);
    }

    #[test]
    fn every_level_of_the_processor_can_be_taken() {
        for asked in LEVELS.into_iter().filter(|level| processor_has(*level)) {
            assert_eq!(at_most(asked, level), asked);
        }
    }
}

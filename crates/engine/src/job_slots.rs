//! A counting semaphore of job slots (`-j`): a fixed number that steps and the cells of their sweeps share.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};

/// Bytes of a worker's stack. Kernels are inlined whole into their dispatch, and without optimisation every value in them has
/// a place of its own: the usual 2 MB would not do.
const STACK: usize = 16 << 20;

/// Starts a thread that takes slots.
pub fn worker<'scope>(scope: &'scope Scope<'scope, '_>, work: impl FnOnce() + Send + 'scope) {
    Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("the system has room for a thread");
}

/// A counting semaphore; a slot is given back when its guard is dropped.
pub struct JobSlots {
    free: Mutex<usize>,
    freed: Condvar,
    total: usize,
}

/// The right to use one core.
pub struct JobSlot<'a>(&'a JobSlots);

impl JobSlots {
    /// `total` slots, at least one.
    pub fn new(total: usize) -> Self {
        let total = total.max(1);
        Self { free: Mutex::new(total), freed: Condvar::new(), total }
    }

    /// How many there are in all.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Waits for a slot.
    pub fn take(&self) -> JobSlot<'_> {
        self.take_unless(|| false).expect("never given up")
    }

    /// Waits for a slot until `over` says that there is nothing left to do with it.
    pub fn take_unless(&self, over: impl Fn() -> bool) -> Option<JobSlot<'_>> {
        let mut free = self.lock();
        loop {
            if over() {
                return None;
            }
            if *free > 0 {
                *free -= 1;
                return Some(JobSlot(self));
            }
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Makes everyone who waits ask `over` again.
    pub fn wake(&self) {
        let _free = self.lock();
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for JobSlot<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.freed.notify_all();
    }
}

//! A counting semaphore of job slots (`-j`): a fixed number that steps, the cells of their sweeps and the parts of their
//! trainings share.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};

/// Bytes of a worker's stack. Kernels are inlined whole into their dispatch, and without optimisation every value in them has
/// a place of its own: the usual 2 MB would not do.
const STACK: usize = 16 << 20;

/// Starts a thread that takes slots.
pub fn worker<'scope>(scope: &'scope Scope<'scope, '_>, work: impl FnOnce() + Send + 'scope) {
    Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("the system has room for a thread");
}

/// What is free, and who waits for it.
struct State {
    free: usize,
    waiting: usize,
}

/// A counting semaphore; a slot is given back when its guard is dropped.
pub struct JobSlots {
    state: Mutex<State>,
    freed: Condvar,
    total: usize,
    /// Threads that wait for parts; none before the first of them.
    helpers: LazyLock<ThreadPool, Box<dyn FnOnce() -> ThreadPool + Send>>,
}

/// The right to use one core.
pub struct JobSlot<'a>(&'a JobSlots);

impl JobSlots {
    /// `total` slots, at least one.
    pub fn new(total: usize) -> Self {
        let total = total.max(1);
        let helpers = move || {
            // None would mean as many as the machine has.
            let pool = ThreadPoolBuilder::new().num_threads((total - 1).max(1)).stack_size(STACK);
            pool.build().expect("the system has room for threads")
        };
        let helpers = LazyLock::new(Box::new(helpers) as Box<dyn FnOnce() -> ThreadPool + Send>);
        Self { state: Mutex::new(State { free: total, waiting: 0 }), freed: Condvar::new(), total, helpers }
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
        let mut state = self.lock();
        state.waiting += 1;
        let slot = loop {
            if over() {
                break None;
            }
            if state.free > 0 {
                state.free -= 1;
                break Some(JobSlot(self));
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.waiting -= 1;
        slot
    }

    /// A slot, if one is free at the moment and nobody waits for it.
    fn take_free(&self) -> Option<JobSlot<'_>> {
        let mut state = self.lock();
        (state.free > state.waiting).then(|| {
            state.free -= 1;
            JobSlot(self)
        })
    }

    /// Calls `part` once with every index below `count`, on this thread and on those of the slots that are free at the moment;
    /// returns when all calls have. A part is short (a step of a training has several), and who waits for a slot comes first.
    pub fn each(&self, count: usize, part: &(dyn Fn(usize) + Sync)) {
        let helping: Vec<JobSlot<'_>> = (1..count).map_while(|_| self.take_free()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    break;
                }
                part(index);
            }
        };
        if helping.is_empty() {
            return work();
        }
        self.helpers.in_place_scope(|scope| {
            for _ in &helping {
                scope.spawn(|_| work());
            }
            work();
        });
    }

    /// Makes everyone who waits ask `over` again.
    pub fn wake(&self) {
        let _state = self.lock();
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for JobSlot<'_> {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn every_part_is_worked_on_once_on_no_more_threads_than_slots() {
        for total in 1..=3 {
            let slots = JobSlots::new(total);
            let _own = slots.take();
            let calls: Vec<AtomicUsize> = (0..40).map(|_| AtomicUsize::new(0)).collect();
            let threads = Mutex::new(BTreeSet::new());
            slots.each(calls.len(), &|index| {
                calls[index].fetch_add(1, Ordering::Relaxed);
                threads.lock().expect("no panic").insert(format!("{:?}", thread::current().id()));
                thread::sleep(Duration::from_millis(1));
            });
            assert!(calls.iter().all(|calls| calls.load(Ordering::Relaxed) == 1));
            let threads = threads.into_inner().expect("no panic").len();
            assert!(threads <= total, "{threads} threads for {total} slots");
            assert_eq!(slots.lock().free, total - 1, "all slots but the caller's are free again");
        }
    }

    #[test]
    fn another_thread_helps() {
        let slots = JobSlots::new(2);
        let _own = slots.take();
        // Each part waits for the other: one thread alone would never end.
        let both = std::sync::Barrier::new(2);
        slots.each(2, &|_| {
            both.wait();
        });
    }

    #[test]
    fn who_waits_for_a_slot_comes_before_parts() {
        let slots = JobSlots::new(2);
        let own = slots.take();
        slots.lock().waiting = 1;
        assert!(slots.take_free().is_none());
        slots.lock().waiting = 0;
        drop(own);
        assert!(slots.take_free().is_some());
    }

    #[test]
    fn parts_leave_slots_alone_that_others_have() {
        let slots = JobSlots::new(2);
        let (_own, _other) = (slots.take(), slots.take());
        let own = thread::current().id();
        slots.each(5, &|_| assert_eq!(thread::current().id(), own));
    }

    #[test]
    fn a_part_that_panics_is_not_lost() {
        let slots = JobSlots::new(2);
        let _own = slots.take();
        let part = |index| assert!(index != 3, "the fourth part");
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| slots.each(5, &part)));
        assert!(caught.is_err());
        assert_eq!(slots.lock().free, 1);
    }
}

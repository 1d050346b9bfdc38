//! What a step may use while it runs: progress, signals, the cells of its sweeps and the parts of its trainings over all free slots.
//! It knows no plan and no other step.

use crate::digest::Digest;
use crate::failure::{Failure, broken, panic_text, unreadable};
use crate::job_slots::{JobSlots, worker};
use crate::key::Key;
use crate::progress::Progress;
use crate::store::Store;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Where a step runs.
pub struct StepContext<'s> {
    /// Its key.
    pub key: Digest,
    /// Its name.
    pub name: String,
    /// How long it may take, where it can be stopped from outside.
    pub limit: Option<Duration>,
    /// Where its finished cells are kept.
    pub store: &'s Store,
    /// The cores that it shares with others.
    pub slots: &'s JobSlots,
    /// Becomes the number of a signal when the run should stop.
    pub signal: &'s AtomicUsize,
    /// Who hears of it.
    pub progress: &'s dyn Progress,
}

impl StepContext<'_> {
    /// Tells how far the step is and learns whether to stop.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub fn tick(&self, done: usize, total: usize) -> Result<(), Failure> {
        self.progress.ticked(&self.name, done, total);
        if self.signal.load(Ordering::Relaxed) == 0 { Ok(()) } else { Err(Failure::Interrupted) }
    }

    /// Whether a signal asked to stop.
    pub fn interrupted(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// Calls `part` once with every index below `count`, over all slots that are free at the moment.
    pub fn each(&self, count: usize, part: &(dyn Fn(usize) + Sync)) {
        self.slots.each(count, part);
    }

    /// Computes the cells of a sweep over all free slots; finished ones come from the store. Rows are in order of index.
    ///
    /// # Errors
    /// The failure of the first failing cell by index, or an interrupt; finished cells are kept all the same.
    pub fn cells(
        &self,
        sweep: &str,
        count: usize,
        cell: &(dyn Fn(usize) -> Result<Vec<u8>, Failure> + Sync),
    ) -> Result<Vec<Vec<u8>>, Failure> {
        let keys: Vec<Digest> = (0..count).map(|index| cell_key(self.key, sweep, index)).collect();
        let rows: Vec<Mutex<Option<Vec<u8>>>> = (0..count).map(|_| Mutex::new(None)).collect();
        let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let failure: Mutex<Option<(usize, Failure)>> = Mutex::new(None);
        let one = |index: usize| -> Result<(), Failure> {
            let known = self.store.cell(&keys[index]).map_err(|error| unreadable(&error))?;
            let row = if let Some(row) = known {
                row
            } else {
                let row = catch_unwind(AssertUnwindSafe(|| cell(index))).unwrap_or_else(|panic| {
                    Err(broken(format!("cell {index} of `{sweep}` panicked: {}", panic_text(&*panic))))
                })?;
                self.store.keep_cell(&keys[index], &row).map_err(|error| unreadable(&error))?;
                row
            };
            *rows[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(row);
            self.tick(finished.fetch_add(1, Ordering::Relaxed) + 1, count)
        };
        // One turn: take the next index, compute it; false when nothing is left.
        let turn = || {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return false;
            }
            if let Err(error) = one(index) {
                next.store(count, Ordering::Relaxed);
                let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(at, _)| index < *at) {
                    *first = Some((index, error));
                }
            }
            true
        };
        thread::scope(|scope| {
            for _ in 1..self.slots.total().min(count) {
                worker(scope, || {
                    let over = || next.load(Ordering::Relaxed) >= count;
                    while let Some(_slot) = self.slots.take_unless(over) {
                        turn();
                    }
                });
            }
            while turn() {}
            self.slots.wake();
        });
        if let Some((_, error)) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let row = |slot: Mutex<Option<Vec<u8>>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.into_iter().filter_map(row).collect())
    }
}

/// The address of a cell: the step's key (without code, data or parameters a cell means nothing), the sweep, the index.
pub fn cell_key(step: Digest, sweep: &str, index: usize) -> Digest {
    let mut key = Key::default();
    key.part("step", step.to_string().as_bytes());
    key.part("sweep", sweep.as_bytes());
    key.part("index", index.to_string().as_bytes());
    key.digest()
}

//! Runs a plan: judges each step by its key, runs what is not in the store, stops where the bytes come out the same.
//! Which thread runs what, and in what order, reaches no artefact.

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::plan::{self, Plan};
use crate::engine::progress::{Progress, Verdict};
use crate::engine::recipe::{self, Key, Recipe as _, Words};
use crate::engine::slots::Slots;
use crate::engine::step::{Failure, Inputs, StepId};
use crate::engine::store::{Record, Store};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{io, thread};

/// How to run.
pub struct Options<'o> {
    /// How many cores to use.
    pub jobs: usize,
    /// Go on with what does not depend on a failed step.
    pub keep_going: bool,
    /// Becomes the number of a signal when the run should stop.
    pub signal: &'o AtomicUsize,
}

/// What is known of a step without running anything.
#[derive(Clone, Debug)]
pub enum State {
    /// Finished, now or before.
    Done(Done),
    /// It would run, for these reasons.
    Stale(Vec<String>),
    /// It waits for a step that would run.
    Waiting,
}

/// A finished step.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its key.
    pub key: Digest,
    /// What was remembered.
    pub record: Arc<Record>,
    /// Whether it ran now.
    pub verdict: Verdict,
}

impl Done {
    fn shared(&self) -> Arc<Record> {
        Arc::clone(&self.record)
    }
}

/// A build under way, or over.
pub struct Build<'b> {
    plan: &'b Plan<'b>,
    store: &'b Store,
    /// Step name to the key it had when it was last finished: for reasons and for early cut-off.
    last: &'b BTreeMap<String, Digest>,
    options: &'b Options<'b>,
    progress: &'b dyn Progress,
    slots: Slots,
    board: Mutex<Board>,
    moved: Condvar,
}

#[derive(Default)]
struct Board {
    todo: Vec<StepId>,
    done: BTreeMap<StepId, Done>,
    running: usize,
    failed: Vec<(StepId, Vec<Diagnostic>)>,
    interrupted: bool,
}

/// What a step may use while it runs.
pub struct Site<'s> {
    key: Digest,
    name: String,
    store: &'s Store,
    slots: &'s Slots,
    signal: &'s AtomicUsize,
    progress: &'s dyn Progress,
}

impl<'b> Build<'b> {
    /// A build of `wanted` and all that it needs; nothing runs yet.
    pub fn new(
        plan: &'b Plan<'b>,
        wanted: &[StepId],
        store: &'b Store,
        last: &'b BTreeMap<String, Digest>,
        options: &'b Options<'b>,
        progress: &'b dyn Progress,
    ) -> Self {
        let board = Mutex::new(Board { todo: plan.closure(wanted), ..Board::default() });
        Self { plan, store, last, options, progress, slots: Slots::new(options.jobs), board, moved: Condvar::new() }
    }

    /// Judges every step without running any.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn judge(&self) -> io::Result<BTreeMap<StepId, State>> {
        let mut board = self.lock();
        self.settle(&mut board)?;
        let mut states: BTreeMap<_, _> = board.done.iter().map(|(id, done)| (*id, State::Done(done.clone()))).collect();
        for &id in &board.todo {
            let state = if self.ready(&board, id) { State::Stale(self.reasons(&board, id)?) } else { State::Waiting };
            states.insert(id, state);
        }
        Ok(states)
    }

    /// Runs what is not in the store.
    ///
    /// # Errors
    /// When the store cannot be read. Failures of steps are in [`Build::failures`].
    pub fn run(&self) -> io::Result<()> {
        let stale = {
            let mut board = self.lock();
            self.settle(&mut board)?;
            board.todo.clone()
        };
        if stale.is_empty() {
            return Ok(());
        }
        let expected = |id: &StepId| (self.plan.step(*id).name(), self.expected(*id));
        self.progress.planned(&stale.iter().map(expected).collect::<Vec<_>>());
        let workers = self.slots.total().min(stale.len());
        let trouble = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    if let Err(error) = self.work() {
                        self.lock().todo.clear();
                        self.moved.notify_all();
                        trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                });
            }
        });
        trouble.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Finished steps.
    pub fn done(&self) -> BTreeMap<StepId, Done> {
        self.lock().done.clone()
    }

    /// A finished step.
    pub fn outcome(&self, id: StepId) -> Option<Done> {
        self.lock().done.get(&id).cloned()
    }

    /// Steps that failed, with what they said.
    pub fn failures(&self) -> Vec<(StepId, Vec<Diagnostic>)> {
        let mut failed = std::mem::take(&mut self.lock().failed);
        failed.sort_by_key(|(id, _)| *id);
        failed
    }

    /// Whether a signal ended it.
    pub fn interrupted(&self) -> bool {
        self.lock().interrupted
    }

    /// The bytes of an artefact of a finished step. Where the store lost them, the step runs once more.
    ///
    /// # Errors
    /// When the step fails this time, or the store cannot be used.
    pub fn bytes(&self, id: StepId, name: &str) -> Result<Vec<u8>, Failure> {
        let digest = self.outcome(id).and_then(|done| done.record.artefacts.get(name).copied());
        let digest = digest.ok_or_else(|| broken(format!("`{}` made no `{name}`", self.plan.step(id).name())))?;
        self.fetch(id, name, digest)
    }

    fn fetch(&self, id: StepId, name: &str, digest: Digest) -> Result<Vec<u8>, Failure> {
        if let Some(bytes) = self.store.get(&digest).map_err(|error| unreadable(&error))? {
            return Ok(bytes);
        }
        let step = self.plan.step(id).name();
        self.progress.note(&format!("the store lost `{name}` of `{step}`: computing it again"));
        self.execute(id, &[])?;
        let again = self.store.get(&digest).map_err(|error| unreadable(&error))?;
        again
            .ok_or_else(|| broken(format!("`{step}` gave another `{name}` than before: its code is not deterministic")))
    }

    /// Takes every step that is ready and in the store off the list.
    fn settle(&self, board: &mut Board) -> io::Result<()> {
        let mut at = 0;
        while at < board.todo.len() {
            let id = board.todo[at];
            if self.ready(board, id) {
                let key = self.key(board, id);
                if let Some(record) = self.store.record(&key)? {
                    board.todo.remove(at);
                    board.done.insert(id, Done { key, record: Arc::new(record), verdict: Verdict::Reused });
                    continue;
                }
            }
            at += 1;
        }
        Ok(())
    }

    fn ready(&self, board: &Board, id: StepId) -> bool {
        self.plan.step(id).needs().iter().all(|need| board.done.contains_key(&need.step))
    }

    fn key(&self, board: &Board, id: StepId) -> Digest {
        self.plan.key(id, &|need| board.done[&need].shared())
    }

    fn expected(&self, id: StepId) -> Option<f64> {
        let key = self.last.get(&self.plan.step(id).name())?;
        self.store.record(key).ok().flatten().map(|record| record.seconds)
    }

    /// Why a ready step would run.
    fn reasons(&self, board: &Board, id: StepId) -> io::Result<Vec<String>> {
        let new = self.plan.words(id, &|need| board.done[&need].shared());
        let Some(key) = self.last.get(&self.plan.step(id).name()) else { return Ok(vec!["first run".to_owned()]) };
        let Some(old) = self.store.record(key)? else { return Ok(vec!["its record is not in the store".to_owned()]) };
        let reasons = recipe::differences(&old.words, &new);
        Ok(if reasons.is_empty() { vec!["its artefacts are not in the store".to_owned()] } else { reasons })
    }

    /// One worker: takes the longest ready step, runs it, repeats.
    fn work(&self) -> io::Result<()> {
        loop {
            let Some((id, reasons)) = self.take()? else { return Ok(()) };
            let result = {
                let _slot = self.slots.take();
                self.execute(id, &reasons)
            };
            let mut board = self.lock();
            board.running -= 1;
            match result {
                Ok(done) => {
                    board.done.insert(id, done);
                    self.settle(&mut board)?;
                }
                Err(Failure::Interrupted) => board.interrupted = true,
                Err(Failure::Broken(diagnostics)) => {
                    board.failed.push((id, diagnostics));
                    let blocked = self.blocked(&board);
                    board.todo.retain(|id| self.options.keep_going && !blocked.contains(id));
                }
            }
            self.moved.notify_all();
        }
    }

    /// Everything on the list that needs, directly or not, something that failed.
    fn blocked(&self, board: &Board) -> Vec<StepId> {
        let mut blocked: Vec<StepId> = board.failed.iter().map(|(id, _)| *id).collect();
        for &id in &board.todo {
            if self.plan.step(id).needs().iter().any(|need| blocked.contains(&need.step)) {
                blocked.push(id);
            }
        }
        blocked
    }

    /// Waits for a ready step; `None` when nothing is left to start.
    fn take(&self) -> io::Result<Option<(StepId, Vec<String>)>> {
        let mut board = self.lock();
        loop {
            if self.options.signal.load(Ordering::Relaxed) != 0 {
                board.interrupted = true;
            }
            if board.interrupted || board.todo.is_empty() {
                return Ok(None);
            }
            let ready = board.todo.iter().copied().filter(|&id| self.ready(&board, id));
            // Unknown times come first: they may be long.
            let time = |id: &StepId| self.expected(*id).unwrap_or(f64::INFINITY);
            let longest = ready.max_by(|a, b| time(a).total_cmp(&time(b)).then(b.cmp(a)));
            if let Some(id) = longest {
                let reasons = self.reasons(&board, id)?;
                board.todo.retain(|other| *other != id);
                board.running += 1;
                return Ok(Some((id, reasons)));
            }
            if board.running == 0 {
                return Ok(None);
            }
            board = self.moved.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Runs one step and remembers what it made.
    fn execute(&self, id: StepId, reasons: &[String]) -> Result<Done, Failure> {
        let step = self.plan.step(id);
        let name = step.name();
        let (key, words, inputs) = self.gather(id)?;
        self.progress.started(&name, reasons);
        let site = Site {
            key,
            name: name.clone(),
            store: self.store,
            slots: &self.slots,
            signal: self.options.signal,
            progress: self.progress,
        };
        let start = Instant::now();
        let artefacts = catch_unwind(AssertUnwindSafe(|| step.run(&inputs, &site)))
            .unwrap_or_else(|panic| Err(broken(format!("`{name}` panicked: {}", panic_text(&*panic)))))?;
        let time = start.elapsed();
        let mut kept = BTreeMap::new();
        for (artefact, bytes) in artefacts {
            kept.insert(artefact, self.store.put(&bytes).map_err(|error| unreadable(&error))?);
        }
        let before = self.last.get(&name).and_then(|key| self.store.record(key).ok().flatten());
        let same = before.is_some_and(|before| before.artefacts == kept);
        let record = Record { artefacts: kept, words: words.0, seconds: time.as_secs_f64() };
        self.store.remember(&key, &record).map_err(|error| unreadable(&error))?;
        let verdict = if same { Verdict::Revalidated } else { Verdict::Ran };
        self.progress.finished(&name, time, verdict);
        Ok(Done { key, record: Arc::new(record), verdict })
    }

    /// Key, words and input bytes of a step whose needs are done.
    fn gather(&self, id: StepId) -> Result<(Digest, Words, Inputs), Failure> {
        let needs = self.plan.step(id).needs();
        let (key, words, wanted) = {
            let board = self.lock();
            let record = |need: StepId| board.done[&need].shared();
            (self.key(&board, id), Words(self.plan.words(id, &record)), plan::inputs(&needs, &record))
        };
        let mut inputs = Inputs::default();
        for need in &needs {
            if let Some(done) = self.outcome(need.step) {
                inputs.describe(need.step, done.record.seconds, done.record.artefacts.keys().cloned().collect());
            }
        }
        for (from, name, digest) in wanted {
            inputs.add(from, &name, digest, self.fetch(from, &name, digest)?);
        }
        Ok((key, words, inputs))
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Site<'_> {
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
                scope.spawn(|| {
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

/// A failure with one sentence.
pub fn broken(message: String) -> Failure {
    Failure::Broken(vec![Diagnostic::new("E001", message)])
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::Broken(vec![Diagnostic::new("E002", format!("the store cannot be used: {error}"))])
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}

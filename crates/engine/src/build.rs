//! Runs a plan: evaluates each step by its key, runs what is not in the store, stops where the bytes come out the same.
//! Which thread runs what, and in what order, reaches no artefact.

use crate::artefacts::Inputs;
use crate::digest::Digest;
use crate::failure::{Failure, broken, panic_text, unreadable};
use crate::job_slots::{JobSlots, worker};
use crate::plan::{self, Plan};
use crate::progress::{Progress, Verdict};
use crate::reasons;
use crate::recipe::Parts;
use crate::schedule::{Done, Schedule};
use crate::step::StepId;
use crate::step_context::StepContext;
use crate::store::{Record, Store};
use condense_base::diag::Diagnostic;
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

/// A build under way, or over.
pub struct Build<'b> {
    plan: &'b Plan<'b>,
    store: &'b Store,
    /// Step name to the key it had when it was last finished: for reasons and for early cut-off.
    last: &'b BTreeMap<String, Digest>,
    options: &'b Options<'b>,
    progress: &'b dyn Progress,
    slots: JobSlots,
    schedule: Mutex<Schedule>,
    moved: Condvar,
    /// Held while bytes are fetched from outside of the build: what the store lost is computed once.
    fetching: Mutex<()>,
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
        let schedule = Mutex::new(Schedule::new(plan, wanted));
        Self {
            plan,
            store,
            last,
            options,
            progress,
            slots: JobSlots::new(options.jobs),
            schedule,
            moved: Condvar::new(),
            fetching: Mutex::default(),
        }
    }

    /// Evaluates every step without running any.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn evaluate(&self) -> io::Result<BTreeMap<StepId, State>> {
        let mut schedule = self.lock();
        self.settle(&mut schedule)?;
        let mut states: BTreeMap<_, _> =
            schedule.done().iter().map(|(id, done)| (*id, State::Done(done.clone()))).collect();
        for id in schedule.dirty() {
            states.insert(id, State::Stale(self.reasons(&schedule, id)?));
        }
        states.extend(schedule.waiting().map(|id| (id, State::Waiting)));
        Ok(states)
    }

    /// Runs what is not in the store.
    ///
    /// # Errors
    /// When the store cannot be read. Failures of steps are in [`Build::failures`].
    pub fn run(&self) -> io::Result<()> {
        let ahead: Vec<StepId> = {
            let mut schedule = self.lock();
            self.settle(&mut schedule)?;
            schedule.dirty().into_iter().chain(schedule.waiting()).collect()
        };
        if ahead.is_empty() {
            return Ok(());
        }
        let expected = |id: &StepId| (self.plan.step(*id).name().to_owned(), self.expected(*id));
        self.progress.planned(&ahead.iter().map(expected).collect::<Vec<_>>());
        let workers = self.slots.total().min(ahead.len());
        let first_error = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..workers {
                worker(scope, || {
                    // A worker that dies must not leave the others waiting for it.
                    let worked = catch_unwind(AssertUnwindSafe(|| self.work())).unwrap_or_else(|panic| {
                        Err(io::Error::other(format!("a worker panicked: {}", panic_text(&*panic))))
                    });
                    if let Err(error) = worked {
                        self.lock().closed = true;
                        self.moved.notify_all();
                        first_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                });
            }
        });
        first_error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Finished steps.
    pub fn done(&self) -> BTreeMap<StepId, Done> {
        self.lock().done().clone()
    }

    /// A finished step.
    pub fn outcome(&self, id: StepId) -> Option<Done> {
        self.lock().done().get(&id).cloned()
    }

    /// Steps that failed, with what they said.
    pub fn failures(&self) -> Vec<(StepId, Vec<Diagnostic>)> {
        let mut failed = std::mem::take(&mut self.lock().failed);
        failed.sort_by_key(|(id, _)| *id);
        failed
    }

    /// Whether a step failed (and its failure was not taken yet).
    pub fn has_failures(&self) -> bool {
        !self.lock().failed.is_empty()
    }

    /// Whether a signal ended it.
    pub fn interrupted(&self) -> bool {
        self.lock().interrupted
    }

    /// The bytes of an artefact of a finished step. Where the store lost them, the step runs once more; but a store that
    /// is only read stays as it is.
    ///
    /// # Errors
    /// When the bytes are not to be had, or the store cannot be used.
    pub fn bytes(&self, id: StepId, name: &str) -> Result<Vec<u8>, Failure> {
        let digest = self.outcome(id).and_then(|done| done.record.artefacts.get(name).copied());
        let digest = digest.ok_or_else(|| broken(format!("`{}` made no `{name}`", self.plan.step(id).name())))?;
        let _one_at_a_time = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        self.fetch(id, name, digest)
    }

    fn fetch(&self, id: StepId, name: &str, digest: Digest) -> Result<Vec<u8>, Failure> {
        if let Some(bytes) = self.store.get(&digest).map_err(|error| unreadable(&error))? {
            return Ok(bytes);
        }
        let step = self.plan.step(id).name();
        if self.store.is_read_only() {
            let lost = Diagnostic::new("E008", format!("the store lost `{name}` of `{step}`"));
            return Err(Failure::Broken(vec![lost.help("`condense report` computes it again")]));
        }
        self.progress.note(&format!("the store lost `{name}` of `{step}`: computing it again"));
        self.execute(id, &[])?;
        let again = self.store.get(&digest).map_err(|error| unreadable(&error))?;
        again
            .ok_or_else(|| broken(format!("`{step}` gave another `{name}` than before: its code is not deterministic")))
    }

    /// Evaluates every step that is ready: what is in the store is done, the others are dirty.
    fn settle(&self, schedule: &mut Schedule) -> io::Result<()> {
        while let Some(id) = schedule.next_ready() {
            let key = self.plan.describe(id, &|need| schedule.record(need)).digest();
            match self.store.record(&key)? {
                // A record whose bytes are gone is a promise that nobody could keep.
                Some(record) if record.artefacts.values().all(|digest| self.store.has(digest)) => {
                    schedule.finish(id, Done { key, record: Arc::new(record), verdict: Verdict::Reused });
                }
                _ => schedule.mark_dirty(id, self.expected(id)),
            }
        }
        Ok(())
    }

    fn expected(&self, id: StepId) -> Option<f64> {
        let key = self.last.get(self.plan.step(id).name())?;
        self.store.record(key).ok().flatten().map(|record| record.seconds)
    }

    /// Why a dirty step would run.
    fn reasons(&self, schedule: &Schedule, id: StepId) -> io::Result<Vec<String>> {
        let new = self.plan.describe(id, &|need| schedule.record(need)).words();
        let Some(key) = self.last.get(self.plan.step(id).name()) else { return Ok(vec!["first run".to_owned()]) };
        let Some(old) = self.store.record(key)? else { return Ok(vec!["its record is not in the store".to_owned()]) };
        let reasons = reasons::differences(&old.words, &new);
        Ok(if reasons.is_empty() { vec!["its artefacts are not in the store".to_owned()] } else { reasons })
    }

    /// One worker: takes the longest dirty step, runs it, repeats.
    fn work(&self) -> io::Result<()> {
        loop {
            let Some((id, reasons)) = self.take()? else { return Ok(()) };
            let result = {
                let _slot = self.slots.take();
                self.execute(id, &reasons)
            };
            let mut schedule = self.lock();
            schedule.running -= 1;
            match result {
                Ok(done) => {
                    schedule.finish(id, done);
                    self.settle(&mut schedule)?;
                }
                Err(Failure::Interrupted) => schedule.interrupted = true,
                Err(Failure::Broken(diagnostics)) => {
                    // What needs it waits for ever.
                    schedule.failed.push((id, diagnostics));
                    schedule.closed |= !self.options.keep_going;
                }
            }
            self.moved.notify_all();
        }
    }

    /// Waits for a dirty step; `None` when nothing is left to start.
    fn take(&self) -> io::Result<Option<(StepId, Vec<String>)>> {
        let mut schedule = self.lock();
        loop {
            schedule.interrupted |= self.options.signal.load(Ordering::Relaxed) != 0;
            if schedule.interrupted || schedule.closed {
                return Ok(None);
            }
            if let Some(id) = schedule.start() {
                let reasons = self.reasons(&schedule, id)?;
                return Ok(Some((id, reasons)));
            }
            if schedule.running == 0 {
                return Ok(None);
            }
            schedule = self.moved.wait(schedule).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Runs one step and remembers what it made.
    fn execute(&self, id: StepId, reasons: &[String]) -> Result<Done, Failure> {
        let step = self.plan.step(id);
        let name = step.name();
        let (parts, inputs) = self.gather(id)?;
        let key = parts.digest();
        self.progress.started(name, reasons);
        let context = StepContext {
            key,
            name: name.to_owned(),
            limit: step.limit(),
            store: self.store,
            slots: &self.slots,
            signal: self.options.signal,
            progress: self.progress,
        };
        let start = Instant::now();
        let artefacts = catch_unwind(AssertUnwindSafe(|| step.make(&inputs, &context)))
            .unwrap_or_else(|panic| Err(broken(format!("`{name}` panicked: {}", panic_text(&*panic)))))?;
        let time = start.elapsed();
        let mut kept = BTreeMap::new();
        for (artefact, bytes) in artefacts {
            kept.insert(artefact, self.store.put(&bytes).map_err(|error| unreadable(&error))?);
        }
        if step.repeats()
            && let Some(known) = self.store.record(&key).map_err(|error| unreadable(&error))?
            && let Some(artefact) =
                kept.keys().chain(known.artefacts.keys()).find(|name| kept.get(*name) != known.artefacts.get(*name))
        {
            // To remember it would make the next run take it for what it always was.
            return Err(broken(format!(
                "`{name}` gave another `{artefact}` than before: its code is not deterministic"
            )));
        }
        let before = self.last.get(name).and_then(|key| self.store.record(key).ok().flatten());
        let same = before.is_some_and(|before| before.artefacts == kept);
        let record = Record { artefacts: kept, words: parts.words(), seconds: time.as_secs_f64() };
        self.store.remember(&key, &record).map_err(|error| unreadable(&error))?;
        let verdict = if same { Verdict::Revalidated } else { Verdict::Ran };
        self.progress.finished(name, time, verdict);
        Ok(Done { key, record: Arc::new(record), verdict })
    }

    /// The description and the input bytes of a step whose needs are done.
    fn gather(&self, id: StepId) -> Result<(Parts, Inputs), Failure> {
        let needs = self.plan.step(id).needs();
        let (parts, wanted) = {
            let schedule = self.lock();
            let record = |need: StepId| schedule.record(need);
            (self.plan.describe(id, &record), plan::inputs(needs, &record))
        };
        let mut inputs = Inputs::default();
        for need in needs {
            if let Some(done) = self.outcome(need.step) {
                let made = done.record.artefacts.keys().cloned().collect();
                inputs.describe(&need.role, done.record.seconds, made);
            }
        }
        for (need, name, digest) in wanted {
            inputs.add(&need.role, &name, digest, self.fetch(need.step, &name, digest)?);
        }
        Ok((parts, inputs))
    }

    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The scheduler's state: a step is waiting for its inputs, ready to be evaluated, dirty, running, or done.
//! It runs nothing and reads nothing; every step is evaluated once, however many there are.

use crate::digest::Digest;
use crate::plan::Plan;
use crate::progress::Verdict;
use crate::step::StepId;
use crate::store::Record;
use condense_base::diag::Diagnostic;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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

/// The steps of a build by their state.
#[derive(Default)]
pub struct Schedule {
    /// The number of unfinished steps that each one waits for.
    waiting: BTreeMap<StepId, usize>,
    /// Those that each step keeps waiting.
    dependents: BTreeMap<StepId, Vec<StepId>>,
    /// Their inputs are there; whether they are dirty is not known yet.
    ready: Vec<StepId>,
    /// Dirty steps, which have to run, the longest first; unknown times come before all others, for they may be long.
    dirty: BTreeSet<(Reverse<u64>, StepId)>,
    done: BTreeMap<StepId, Done>,
    /// How many run now.
    pub running: usize,
    /// Those that failed, with what they said.
    pub failed: Vec<(StepId, Vec<Diagnostic>)>,
    /// A signal came.
    pub interrupted: bool,
    /// Nothing more is to be started.
    pub closed: bool,
}

impl Schedule {
    /// The schedule of `wanted` and all that it needs.
    pub fn new(plan: &Plan, wanted: &[StepId]) -> Self {
        let mut schedule = Self::default();
        for id in plan.closure(wanted) {
            let needs: BTreeSet<StepId> = plan.step(id).needs().iter().map(|need| need.step).collect();
            if needs.is_empty() {
                schedule.ready.push(id);
            } else {
                schedule.waiting.insert(id, needs.len());
            }
            for need in needs {
                schedule.dependents.entry(need).or_default().push(id);
            }
        }
        // Taken from the end: those that stand first are evaluated first.
        schedule.ready.reverse();
        schedule
    }

    /// The next step to evaluate: its state is told with [`Schedule::finish`] where it is in the store, else with [`Schedule::mark_dirty`].
    pub fn next_ready(&mut self) -> Option<StepId> {
        self.ready.pop()
    }

    /// A step is dirty: it has to run. It took so many seconds last time.
    pub fn mark_dirty(&mut self, id: StepId, expected: Option<f64>) {
        // The bits of numbers that are not negative are in the order of the numbers.
        let time = expected.map_or(f64::INFINITY, |seconds| seconds.max(0.0)).to_bits();
        self.dirty.insert((Reverse(time), id));
    }

    /// The dirty step to run next; it counts as running from then on.
    pub fn start(&mut self) -> Option<StepId> {
        let (_, id) = self.dirty.pop_first()?;
        self.running += 1;
        Some(id)
    }

    /// A step is done: those that waited for it alone are ready.
    pub fn finish(&mut self, id: StepId, done: Done) {
        self.done.insert(id, done);
        for dependent in self.dependents.remove(&id).unwrap_or_default().into_iter().rev() {
            if let Some(left) = self.waiting.get_mut(&dependent) {
                *left -= 1;
                if *left == 0 {
                    self.waiting.remove(&dependent);
                    self.ready.push(dependent);
                }
            }
        }
    }

    /// Finished steps.
    pub fn done(&self) -> &BTreeMap<StepId, Done> {
        &self.done
    }

    /// What was remembered of a finished step.
    ///
    /// # Panics
    /// When it is not finished.
    pub fn record(&self, id: StepId) -> Arc<Record> {
        Arc::clone(&self.done[&id].record)
    }

    /// Dirty steps, in order.
    pub fn dirty(&self) -> BTreeSet<StepId> {
        self.dirty.iter().map(|(_, id)| *id).collect()
    }

    /// Steps that wait for others, in order.
    pub fn waiting(&self) -> impl Iterator<Item = StepId> {
        self.waiting.keys().copied()
    }
}

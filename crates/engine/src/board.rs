//! What is known of every step of a build: it waits for others, is ready to be judged, stale, or done.
//! It runs nothing and reads nothing; each step is looked at once, however many there are.

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

/// The steps of a build by what is known of them.
#[derive(Default)]
pub struct Board {
    /// The number of unfinished steps that each one waits for.
    waiting: BTreeMap<StepId, usize>,
    /// Those that each step keeps waiting.
    dependents: BTreeMap<StepId, Vec<StepId>>,
    /// Nothing is in their way; whether they must run is not known yet.
    unjudged: Vec<StepId>,
    /// Those that must run, the longest first; unknown times come before all others, for they may be long.
    stale: BTreeSet<(Reverse<u64>, StepId)>,
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

impl Board {
    /// A board of `wanted` and all that it needs.
    pub fn new(plan: &Plan, wanted: &[StepId]) -> Self {
        let mut board = Self::default();
        for id in plan.closure(wanted) {
            let needs: BTreeSet<StepId> = plan.step(id).needs().iter().map(|need| need.step).collect();
            if needs.is_empty() {
                board.unjudged.push(id);
            } else {
                board.waiting.insert(id, needs.len());
            }
            for need in needs {
                board.dependents.entry(need).or_default().push(id);
            }
        }
        // Taken from the end: those that stand first are judged first.
        board.unjudged.reverse();
        board
    }

    /// The next step to judge: with [`Board::finish`] where it is in the store, else with [`Board::must_run`].
    pub fn to_judge(&mut self) -> Option<StepId> {
        self.unjudged.pop()
    }

    /// A step has to run; it took so many seconds last time.
    pub fn must_run(&mut self, id: StepId, expected: Option<f64>) {
        // The bits of numbers that are not negative are in the order of the numbers.
        let time = expected.map_or(f64::INFINITY, |seconds| seconds.max(0.0)).to_bits();
        self.stale.insert((Reverse(time), id));
    }

    /// The stale step to run next; it is off the list then.
    pub fn start(&mut self) -> Option<StepId> {
        let (_, id) = self.stale.pop_first()?;
        self.running += 1;
        Some(id)
    }

    /// A step is done: those that waited for it alone can be judged.
    pub fn finish(&mut self, id: StepId, done: Done) {
        self.done.insert(id, done);
        for dependent in self.dependents.remove(&id).unwrap_or_default().into_iter().rev() {
            if let Some(left) = self.waiting.get_mut(&dependent) {
                *left -= 1;
                if *left == 0 {
                    self.waiting.remove(&dependent);
                    self.unjudged.push(dependent);
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

    /// Steps that must run, in order.
    pub fn stale(&self) -> BTreeSet<StepId> {
        self.stale.iter().map(|(_, id)| *id).collect()
    }

    /// Steps that wait for others, in order.
    pub fn waiting(&self) -> impl Iterator<Item = StepId> {
        self.waiting.keys().copied()
    }
}

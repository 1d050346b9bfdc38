//! How progress looks: a live region on a terminal, one line a finished step elsewhere, nothing with `--quiet`.
//! Everything goes to stderr; stdout carries results.

use crate::cli::reasons::clipped;
use crate::cli::style::Style;
use crate::engine::progress::{Progress, Verdict};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Errors only.
    Quiet,
    /// Why things run, and that they are done.
    Normal,
    /// Drawing and checking too.
    Verbose,
}

/// Tells progress in the way that the terminal allows.
pub struct Reporter {
    loudness: Loudness,
    style: Style,
    live: Option<MultiProgress>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    overall: Option<ProgressBar>,
    rows: BTreeMap<String, (ProgressBar, Instant)>,
    /// Expected seconds of everything that was planned and is not over.
    ahead: BTreeMap<String, Option<f64>>,
    planned: usize,
    over: usize,
}

impl Reporter {
    /// A reporter on stderr.
    pub fn new(loudness: Loudness, style: Style, terminal: bool) -> Self {
        let live = terminal && loudness > Loudness::Quiet;
        let live = live.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        Self { loudness, style, live, state: Mutex::new(State::default()) }
    }

    /// One line, above the live region where there is one.
    pub fn line(&self, word: &str, text: &str) {
        const WRONG: [&str; 6] = ["", "FAIL", "changed", "differs", "failed", "stale"];
        if self.loudness == Loudness::Quiet && !WRONG.contains(&word) {
            return;
        }
        let line = format!("{} {text}", self.style.word(word));
        match &self.live {
            Some(live) => live.suspend(|| tell(&line)),
            None => tell(&line),
        }
    }

    /// Takes the live region away, before the last words.
    pub fn close(&self) {
        let mut state = self.lock();
        for (bar, _) in state.rows.values() {
            bar.finish_and_clear();
        }
        state.rows.clear();
        if let Some(bar) = state.overall.take() {
            bar.finish_and_clear();
        }
    }

    /// Whether a step deserves a line: computing does, drawing and writing take milliseconds, and of the same at further
    /// seeds nobody wants to read.
    fn tells(&self, step: &str) -> bool {
        self.loudness == Loudness::Verbose || (self.loudness == Loudness::Normal && step.starts_with("run "))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh(state: &State) {
        let Some(bar) = &state.overall else { return };
        bar.set_length(state.planned as u64);
        bar.set_position(state.over as u64);
        bar.set_message(
            remaining(&state.ahead)
                .map_or("first run, no estimate".to_owned(), |left| format!("about {left:.0}s left")),
        );
    }
}

/// A line on stderr; a reader that has gone away stops no build.
pub fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Seconds of work ahead, when every step ahead has run before.
fn remaining(ahead: &BTreeMap<String, Option<f64>>) -> Option<f64> {
    ahead.values().copied().sum::<Option<f64>>()
}

impl Progress for Reporter {
    fn planned(&self, steps: &[(String, Option<f64>)]) {
        let mut state = self.lock();
        state.planned = steps.len();
        state.ahead = steps.iter().cloned().collect();
        if let Some(live) = &self.live {
            let bar = live.add(ProgressBar::new(steps.len() as u64));
            let template = ProgressStyle::with_template("  {bar:30} {pos}/{len}  elapsed {elapsed}  {msg}");
            bar.set_style(template.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
            state.overall = Some(bar);
            Self::refresh(&state);
        }
    }

    fn started(&self, step: &str, reasons: &[String]) {
        if self.tells(step) && !reasons.is_empty() && reasons != ["first run"] {
            let more = if reasons.len() > 3 { format!(" and {} more", reasons.len() - 3) } else { String::new() };
            let shown = reasons.iter().take(3).map(|reason| clipped(reason)).collect::<Vec<_>>().join(", ");
            self.line("because", &format!("{shown}{more} -> {step}"));
        }
        if let Some(live) = &self.live
            && (step.starts_with("run ") || step.starts_with("seed "))
        {
            let bar = live.insert(0, ProgressBar::new_spinner());
            let template = ProgressStyle::with_template(" running  {prefix:32} {elapsed:>5}  {msg}");
            bar.set_style(template.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_prefix(step.trim_start_matches("run ").to_owned());
            bar.tick();
            self.lock().rows.insert(step.to_owned(), (bar, Instant::now()));
        }
    }

    fn ticked(&self, step: &str, done: usize, total: usize) {
        if self.live.is_none() {
            return;
        }
        if let Some((bar, _)) = self.lock().rows.get(step) {
            bar.set_message(format!("{done}/{total}"));
        }
    }

    fn finished(&self, step: &str, time: Duration, verdict: Verdict) {
        let mut state = self.lock();
        if let Some((bar, _)) = state.rows.remove(step) {
            bar.finish_and_clear();
        }
        state.ahead.remove(step);
        state.over += 1;
        Self::refresh(&state);
        drop(state);
        if self.tells(step) {
            let same = if verdict == Verdict::Revalidated { "  same bytes as before" } else { "" };
            self.line("done", &format!("{step:<38} {:>7.2}s{same}", time.as_secs_f64()));
        }
    }

    fn note(&self, sentence: &str) {
        self.line("note", sentence);
    }
}

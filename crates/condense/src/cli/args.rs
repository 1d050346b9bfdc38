//! What can be typed. Parsing is pure; effects come later, in the verbs.

use crate::cli::style::When;
use crate::num::level::Level;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "condense",
    version,
    about = "A literate reproducible-paper pipeline: seeded experiments, content-hashed, checked claim by claim",
    disable_help_flag = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 well, 1 an experiment failed, 2 usage or manifest, 3 stale (status, verify), 4 an output differs,\n\
                  5 a claim is false, 6 lock busy, 70 internal, 130/143 by signal.\n\
                  Examples: condense report -j 2    condense why phase-diagram-two-layer    condense verify"
)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// The folder of the paper.
    #[arg(short = 'C', long, global = true, default_value = ".", value_name = "DIR", env = "CONDENSE_PROJECT")]
    pub project: PathBuf,
    /// Parameter overrides of the manifest to apply.
    #[arg(long, global = true, default_value = crate::paper::profile::DEFAULT, value_name = "NAME", env = "CONDENSE_PROFILE")]
    pub profile: String,
    /// Cores to use (default: all).
    #[arg(short, long, global = true, value_name = "N", env = "CONDENSE_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// The widest instructions that hot loops may use (default: all that the processor has); the bits are the same.
    #[arg(long, global = true, value_enum, value_name = "LEVEL", env = "CONDENSE_KERNELS")]
    pub kernels: Option<Kernels>,
    /// Seconds to wait for another condense that writes here.
    #[arg(long, global = true, default_value_t = 60.0, value_name = "SECONDS", env = "CONDENSE_LOCK_TIMEOUT", value_parser = seconds)]
    pub lock_timeout: f64,
    /// Say only what is wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say what is drawn and written, too.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: When,
    /// This help.
    #[arg(short, long, global = true, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds: &f64| (0.0..=1e6).contains(seconds))
        .ok_or_else(|| "a number of seconds, from 0 to 1000000".to_owned())
}

fn note(text: &str) -> Result<String, String> {
    let fits = !text.trim().is_empty() && text.chars().count() <= 80 && !text.contains(char::is_control);
    if fits { Ok(text.trim().to_owned()) } else { Err("a few words on one line".to_owned()) }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Build what changed, check every claim, write report/.
    Report(Build),
    /// Compute, draw and check; write no report.
    Run {
        /// Figures (default: all).
        ids: Vec<String>,
        /// How.
        #[command(flatten)]
        how: How,
    },
    /// Recompute everything in an empty store and compare with manifest.lock.
    Verify {
        /// Figures (default: all).
        ids: Vec<String>,
        /// Hash the files of the report only.
        #[arg(long)]
        fast: bool,
        /// If all is as accepted, write this platform into manifest.proved, with a note on what the program cannot know.
        #[arg(long, value_name = "NOTE", num_args = 0..=1, conflicts_with_all = ["ids", "fast"], value_parser = note)]
        record: Option<Option<String>>,
        /// One JSON document on stdout.
        #[arg(long)]
        json: bool,
    },
    /// What would run, and why; exit 3 when anything would.
    Status {
        /// Figures (default: all).
        ids: Vec<String>,
        /// One JSON document on stdout.
        #[arg(long)]
        json: bool,
    },
    /// Why a figure would run, or everything that it depends on.
    Why {
        /// The figure.
        id: String,
        /// One JSON document on stdout.
        #[arg(long)]
        json: bool,
    },
    /// All figures with state, claims and outputs.
    List {
        /// One JSON document on stdout.
        #[arg(long)]
        json: bool,
    },
    /// A figure in full; or where an SVG found somewhere comes from, and whether it is today's.
    Show {
        /// A figure's id, or the path of an SVG file.
        what: String,
    },
    /// Where the files of a figure differ from what was written, and that from what was accepted.
    Diff {
        /// The figure.
        id: String,
    },
    /// Write what came out into manifest.lock.
    Accept {
        /// Figures (default: all).
        ids: Vec<String>,
    },
    /// Put back the recorded bytes of altered files: those of some figures, or all with --all.
    #[command(group(ArgGroup::new("which").required(true).multiple(true)))]
    Restore {
        /// Figures.
        #[arg(group = "which")]
        ids: Vec<String>,
        /// Every file of the report.
        #[arg(long, group = "which")]
        all: bool,
    },
    /// Check manifest, pages and templates; compute nothing.
    Check,
    /// Write a new figure with a passing toy run.
    New {
        /// Its id, in kebab-case.
        id: String,
        /// Compute it by an external command instead of an experiment in Rust.
        #[arg(long)]
        command: bool,
    },
    /// The steps and what they need, as a graph.
    Graph {
        /// In which language.
        #[arg(long, value_enum, default_value_t)]
        format: GraphFormat,
    },
    /// Remove the files of the report.
    Clean {
        /// The store, too.
        #[arg(long)]
        store: bool,
    },
    /// What a diagnostic's code means.
    Explain {
        /// Such as `M003`.
        code: String,
    },
    /// A completion script for a shell.
    Completions {
        /// Which.
        shell: clap_complete::Shell,
    },
}

/// How to build.
#[derive(Debug, Args)]
pub struct How {
    /// Say what would run, and why; run nothing.
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Go on with what does not depend on a failed step.
    #[arg(short, long)]
    pub keep_going: bool,
}

/// What to report.
#[derive(Debug, Args)]
pub struct Build {
    /// Figures (default: all).
    pub ids: Vec<String>,
    /// One figure alone (may be given several times): the same as its id.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Write single.html, too: one page that holds everything, to be sent as one file.
    #[arg(long, conflicts_with_all = ["ids", "only"])]
    pub single: bool,
    /// Print that page, too: a tagged PDF, made by Chromium where that is installed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ids", "only", "dry_run"])]
    pub pdf: Option<PathBuf>,
    /// How.
    #[command(flatten)]
    pub how: How,
}

/// Languages of graphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Graphviz.
    #[default]
    Dot,
    /// Mermaid, as Markdown renderers draw it.
    Mermaid,
}

/// Instruction paths of hot loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kernels {
    /// What every processor of the architecture has.
    Baseline,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512.
    Avx512,
}

impl Kernels {
    /// The level of [`crate::num::level`].
    pub fn level(self) -> Level {
        match self {
            Self::Baseline => Level::Baseline,
            Self::Avx2 => Level::Avx2,
            Self::Avx512 => Level::Avx512,
        }
    }

    /// As it is typed.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

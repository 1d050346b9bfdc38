//! The command line: an argument vector becomes a verb, a verb becomes a call, its answer goes to stdout.
//! Diagnostics and progress go to stderr; the exit code says how it went.

pub mod accept;
pub mod args;
pub mod diff;
pub mod differences;
pub mod exit;
pub mod list;
pub mod new;
pub mod pdf;
pub mod publish;
pub mod reasons;
pub mod report;
pub mod reporter;
pub mod session;
pub mod show;
pub mod style;
pub mod verdict;
pub mod verify;

use crate::diag::listed;
use crate::explain::explain;
use crate::num::level;
use crate::roster::Roster;
use args::{Cli, Global, Kernels, Verb};
use clap::{CommandFactory as _, Parser as _, ValueEnum as _};
use exit::Exit;
use report::Pages;
use reporter::tell;
use session::{Answer, CliError, Session};
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use style::Style;

/// Runs the command line of this process, for papers of these experiments.
pub fn run(roster: &'static Roster) -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { 0 });
        }
    };
    let style = Style::new(cli.global.color);
    let answer = catch_unwind(AssertUnwindSafe(|| call(roster, &cli.global, cli.verb)))
        .unwrap_or_else(|_| Err(CliError::new(Exit::Internal, "E007", "this is a mistake of condense itself")))
        .unwrap_or_else(|error| complain(&error, roster.command(), style));
    print(&answer.text);
    ExitCode::from(answer.exit as u8)
}

fn call(roster: &'static Roster, global: &Global, verb: Verb) -> Result<Answer, CliError> {
    global.kernels.map_or(Ok(()), hold_kernels)?;
    let session = || Session::open(roster, global);
    match verb {
        Verb::Report(build) => {
            if let Some(answer) = report::when_up_to_date(roster, global, &build) {
                return Ok(answer);
            }
            // Whether it can be printed is known before anything is computed.
            let browser = |file| pdf::browser().map(|browser| (browser, file));
            let pdf = build.pdf.map(browser).transpose()?;
            let pages = if build.single || pdf.is_some() { Pages::AndSingle } else { Pages::Usual };
            let answer = report::build(&session, &[build.ids, build.only].concat(), &build.how, pages)?;
            // What was not published is not printed: an older page may lie there.
            let published = matches!(answer.exit, Exit::Ok | Exit::Claim);
            if let Some((browser, file)) = pdf.filter(|_| published) {
                pdf::print(&session()?, &browser, &file)?;
            }
            Ok(answer)
        }
        Verb::Run { ids, how } => report::build(&session, &ids, &how, Pages::None),
        Verb::Verify { fast: true, ids, json, .. } => verify::hashes(&session()?, &ids, json),
        Verb::Verify { ids, json, record, .. } => verify::recompute(&session()?, &ids, json, record),
        Verb::Status { ids, json } => list::status(&session()?, &ids, json),
        Verb::Why { id, json } => list::why(&session()?, &id, json),
        Verb::List { json } => list::list(&session()?, json),
        Verb::Show { what } => show::show(&session()?, &what),
        Verb::Diff { id } => diff::diff(&session()?, &id),
        Verb::Accept { ids } => {
            accept::accept(&Session::open_merged(roster, global)?, &ids)?;
            // The pages tell how each figure stands to the lock: they are written again.
            report::refresh(&session)
        }
        Verb::Restore { ids, all } => accept::restore(&session()?, &ids, all),
        Verb::Check => accept::check(&session()?),
        Verb::New { id, command } => new::new(&session()?, &id, command),
        Verb::Graph { format } => show::graph(&session()?, format),
        Verb::Clean { store } => accept::clean(&session()?, store),
        Verb::Explain { code } => match explain(&code.to_uppercase()) {
            Some(text) => Ok(Answer::well(format!("{text}\n"))),
            None => Err(CliError::new(Exit::Usage, "C007", format!("no diagnostic has the code `{code}`"))),
        },
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "condense", &mut script);
            Ok(Answer::well(String::from_utf8_lossy(&script).into_owned()))
        }
    }
}

/// Holds the hot loops of this process to an instruction path, which the processor must have: nobody shall believe to
/// have tried what was not there.
fn hold_kernels(asked: Kernels) -> Result<(), CliError> {
    let has = |kernels: &Kernels| level::processor_has(kernels.level());
    if has(&asked) {
        level::limit(asked.level());
        return Ok(());
    }
    let there: Vec<String> = Kernels::value_variants().iter().filter(|k| has(k)).map(|k| k.name()).collect();
    let text = format!("kernels have no path `{}` on this processor, only {}", asked.name(), listed(&there));
    Err(CliError::new(Exit::Usage, "C010", text))
}

/// Prints the diagnostics and, last, the code with its meaning.
fn complain(error: &CliError, command: &str, style: Style) -> Answer {
    for diagnostic in &error.diagnostics {
        tell(&format!("{}\n", diagnostic.render(style.colour)));
    }
    let (count, what) = (error.diagnostics.len(), error.exit.meaning());
    let text = match error.exit {
        Exit::Usage if error.diagnostics.iter().all(|diagnostic| diagnostic.code.starts_with('C')) => {
            "nothing was done".to_owned()
        }
        Exit::Usage => format!("{} in what was written, nothing was run", verdict::counted(count, "mistake")),
        _ => format!("stopped by {}", verdict::counted(count, "problem")),
    };
    tell(&format!("{}{text}", style.word("FAIL")));
    tell(&format!("{}exit {} ({what})", style.word(""), error.exit as u8));
    if let Some(code) =
        error.diagnostics.first().map(|diagnostic| diagnostic.code).filter(|code| explain(code).is_some())
    {
        tell(&format!("{}{command} explain {code}", style.word("help")));
    }
    Answer { text: String::new(), exit: error.exit }
}

/// Writes to stdout; a reader that has gone away is a quiet end.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

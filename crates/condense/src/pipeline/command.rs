//! The step that computes in another language: any program that reads parameters from stdin and writes CSV.
//!
//! The program starts in a scratch folder that holds copies of its declared `reads` and nothing else, with an
//! environment that holds `PATH`, a fixed locale and what the entry names. On stdin it gets
//! `{"params": {…}, "seed": n}`; what it writes to the folder named by `CONDENSE_OUT` must be exactly `writes`. Its tables are
//! kept byte for byte: reading them tells what is wrong with them, and changes nothing.

use crate::diag::Diagnostic;
use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::failure::Failure;
use crate::engine::files::{self, Kind};
use crate::engine::folder::{Folder, Sight};
use crate::engine::recipe::Recipe;
use crate::engine::relative::Relative;
use crate::engine::scratch::Scratch;
use crate::engine::step_context::StepContext;
use crate::frame::{Frame, Gaps, Results};
use crate::pipeline::declared::Files;
use crate::pipeline::run::{Kept, VALUES, artefacts, settings};
use crate::pipeline::values;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program that is asked to end may take for it.
const GRACE: Duration = Duration::from_millis(500);
/// How many bytes of what a program says on stderr are kept.
const HEARD: usize = 1 << 16;

/// A run of an external command.
#[derive(Serialize)]
pub struct CommandRecipe<'p> {
    /// The program and its arguments.
    pub command: &'p [String],
    /// The files that it makes.
    pub writes: &'p [String],
    /// Its environment, beside what every command has.
    pub env: &'p BTreeMap<String, String>,
    /// All parameters.
    pub params: &'p Map<String, Value>,
    /// The seed.
    pub seed: u64,
    /// Declared inputs.
    pub data: &'p Files,
    /// The files that it consists of.
    pub code: &'p Files,
    /// Which of the results are kept.
    pub kept: Kept,
}

impl Recipe for CommandRecipe<'_> {
    const KIND: &'static str = "command";

    fn make(&self, _: &Inputs, context: &StepContext) -> Result<Artefacts, Failure> {
        self.execute(context).map_err(|error| match error {
            CommandError::Interrupted => Failure::Interrupted,
            CommandError::Io(error) => self.broken(
                &format!("could not be run: {error}"),
                "its scratch folder lies in that for temporary files",
                "",
            ),
            CommandError::Said { what, help, stderr } => self.broken(&what, help, &stderr),
        })
    }
}

enum CommandError {
    Interrupted,
    Io(io::Error),
    Said { what: String, help: &'static str, stderr: String },
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn said<T>(what: impl Into<String>, help: &'static str) -> Result<T, CommandError> {
    Err(CommandError::Said { what: what.into(), help, stderr: String::new() })
}

/// What to do about a program that does not start.
const INSTALL: &str = "is it installed, and found on the `PATH`?";
/// … that ends with an error.
const SANDBOX: &str =
    "it runs in a scratch folder with copies of its `reads` and `data`: what else it needs is missing there";
/// … that takes too long.
const LIMIT: &str = "`timeout_seconds` in its `[[figure]]` sets the limit";
/// … that writes other files than it declares.
const DECLARE: &str = "what it leaves in the folder named by `CONDENSE_OUT` must be exactly the files of `writes`";
/// … whose files cannot be read.
const FORMAT: &str = "tables are CSV in UTF-8 with one header; `values.json` is an object of finite numbers";

impl CommandRecipe<'_> {
    fn broken(&self, what: &str, help: &str, stderr: &str) -> Failure {
        let mut diagnostic = Diagnostic::new("E004", format!("command `{}` {what}", self.command.join(" ")));
        diagnostic = diagnostic.help(help);
        if !stderr.is_empty() {
            diagnostic = diagnostic.note(format!("the end of its stderr:\n{stderr}"));
        }
        Failure::Broken(vec![diagnostic.note(settings(self.params, self.seed))])
    }

    /// Whether its program is a path, or is found on the `PATH`: else the wrappers would speak of it in their own words.
    fn can_be_found(&self) -> bool {
        let program = Path::new(&self.command[0]);
        let path = self.env.get("PATH").map(Into::into).or_else(|| std::env::var_os("PATH")).unwrap_or_default();
        program.components().count() > 1 || std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    }

    fn execute(&self, context: &StepContext) -> Result<Artefacts, CommandError> {
        if !self.can_be_found() {
            return said(format!("cannot be started: there is no program `{}`", self.command[0]), INSTALL);
        }
        let scratch = Scratch::new()?;
        let (work, out) = (scratch.path().join("work"), scratch.path().join("out"));
        fs::create_dir(&out)?;
        fs::create_dir(&work)?;
        for (path, bytes) in self.code.bytes().iter().chain(self.data.bytes()) {
            let place = work.join(path);
            place.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&place, bytes)?;
            fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
        }
        // A file, not a pipe: nobody has to feed it, and nobody can hold its other end.
        let (ask, input) = (scratch.path().join("stdin.json"), self.input());
        fs::write(&ask, input)?;
        let start = Instant::now();
        let stderr = supervise(context, self.command(&work, &out, files::open(&ask)?), start)?;
        let (artefacts, gaps) = self.collect(&out, &|| go_on(context, start)).map_err(|error| match error {
            CommandError::Said { what, help, .. } => CommandError::Said { what, help, stderr },
            other => other,
        })?;
        // Where tables are not kept they are not drawn, and nobody asks which values are missing.
        for gap in gaps.iter().filter(|_| self.kept == Kept::All) {
            context.progress.note(&format!("{}: {gap}", context.name));
        }
        Ok(artefacts)
    }

    fn input(&self) -> String {
        json!({ "params": self.params, "seed": self.seed }).to_string()
    }

    fn command(&self, work: &Path, out: &Path, stdin: File) -> Command {
        let mut argv = self.command.to_vec();
        if mortal_works() {
            argv.splice(0..0, MORTAL.map(str::to_owned));
        }
        if offline_works() {
            argv.splice(0..0, OFFLINE.map(str::to_owned));
        }
        let mut command = Command::new(&argv[0]);
        command.args(&argv[1..]).current_dir(work).env_clear();
        for (name, value) in
            [("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("PYTHONHASHSEED", "0"), ("PYTHONDONTWRITEBYTECODE", "1")]
        {
            command.env(name, value);
        }
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", work).env("CONDENSE_OUT", out);
        command.envs(self.env).stdin(Stdio::from(stdin)).stdout(Stdio::null()).stderr(Stdio::piped());
        command.process_group(0);
        command
    }

    /// Reads exactly what was declared; also gives a sentence for every column in which values are missing.
    fn collect(
        &self,
        out: &Path,
        go_on: &dyn Fn() -> Result<(), CommandError>,
    ) -> Result<(Artefacts, Vec<String>), CommandError> {
        let folder = Folder::root(out)?;
        let mut found = BTreeSet::new();
        for (name, kind) in folder.list()? {
            if kind != Kind::File {
                return said(format!("wrote `{}`, which is {kind}, not a file", name.escape_debug()), DECLARE);
            }
            found.insert(name);
        }
        let declared: BTreeSet<String> = self.writes.iter().cloned().collect();
        if let Some(name) = declared.difference(&found).next() {
            return said(format!("did not write `{name}`, which `writes` declares"), DECLARE);
        }
        if let Some(name) = found.difference(&declared).next() {
            return said(format!("wrote `{name}`, which `writes` does not declare"), DECLARE);
        }
        let (mut tables, mut gaps, mut results) = (Artefacts::new(), Vec::new(), Results::default());
        for name in &declared {
            go_on()?;
            let bytes = match Relative::parse(name).map(|path| folder.look(&path)).transpose()? {
                Some(Sight::File(bytes)) => bytes,
                Some(Sight::Other(what)) => return said(format!("wrote `{name}`, which {what}"), DECLARE),
                _ => return said(format!("did not write `{name}`, which `writes` declares"), DECLARE),
            };
            go_on()?;
            let Ok(text) = String::from_utf8(bytes) else {
                return said(format!("wrote `{name}`, which is not UTF-8"), FORMAT);
            };
            let unreadable = |fault: String| CommandError::Said {
                what: format!("wrote `{name}`, which cannot be used: {fault}"),
                help: FORMAT,
                stderr: String::new(),
            };
            if name == VALUES {
                results.values = values::read(&text).map_err(unreadable)?;
            } else {
                let frame = Frame::from_program(&text).map_err(unreadable)?;
                gaps.extend(frame.gaps().iter().map(|gap| missing(name, gap, frame.rows())));
                if self.kept == Kept::All {
                    tables.insert(name.clone(), text.into_bytes());
                }
            }
        }
        go_on()?;
        tables.extend(artefacts(&results, self.kept));
        Ok((tables, gaps))
    }
}

/// Starts the program and waits for it; returns the end of its stderr.
fn supervise(context: &StepContext, mut command: Command, start: Instant) -> Result<String, CommandError> {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return said(format!("cannot be started: {error}"), INSTALL),
    };
    let group = Group::of(&child);
    let (heard, (over, ended)) = (Arc::new(Mutex::new(Vec::new())), mpsc::channel());
    if let Some(pipe) = child.stderr.take() {
        let ear = Arc::clone(&heard);
        thread::spawn(move || {
            listen(pipe, &ear);
            let _ = over.send(());
        });
    }
    // A grandchild in a session of its own may hold the pipe open for ever: nobody waits for it.
    let last_words = || {
        let _ = ended.recv_timeout(Duration::from_secs(1));
        tail(&heard.lock().unwrap_or_else(PoisonError::into_inner))
    };
    while !group.leader_has_ended() {
        if let Err(error) = go_on(context, start) {
            group.end(GRACE);
            child.wait()?;
            return Err(match error {
                CommandError::Said { what, help, .. } => CommandError::Said { what, help, stderr: last_words() },
                other => other,
            });
        }
        thread::sleep(Duration::from_millis(5));
    }
    // Whatever it left running in its group goes too. It is not waited for before: so the group still has its number.
    group.end(Duration::ZERO);
    let (status, stderr) = (child.wait()?, last_words());
    if status.success() {
        return Ok(stderr);
    }
    // By convention, what starts a program gives these codes where there is none, or it cannot be executed.
    let help = if matches!(status.code(), Some(126 | 127)) { INSTALL } else { SANDBOX };
    Err(CommandError::Said { what: format!("ended with {status}"), help, stderr })
}

/// Whether there is time left, and nobody asked to stop.
fn go_on(context: &StepContext, start: Instant) -> Result<(), CommandError> {
    if context.interrupted() {
        return Err(CommandError::Interrupted);
    }
    match context.limit.filter(|limit| start.elapsed() > *limit) {
        Some(limit) => said(format!("took longer than its limit of {} s", limit.as_secs()), LIMIT),
        None => Ok(()),
    }
}

/// A sentence about missing values.
fn missing(file: &str, gap: &Gaps, rows: usize) -> String {
    let (column, first) = (&gap.column, gap.first + 1);
    match gap.count {
        1 => format!("`{file}`, column `{column}`: 1 of {rows} values is missing, in row {first}"),
        many => format!("`{file}`, column `{column}`: {many} of {rows} values are missing, the first in row {first}"),
    }
}

/// Runs a program in a network namespace of its own: it finds no network.
const OFFLINE: [&str; 4] = ["unshare", "--map-root-user", "--net", "--"];

/// Runs a program that ends when this process does, even by `kill -9`.
const MORTAL: [&str; 4] = ["setpriv", "--pdeathsig", "KILL", "--"];

/// Whether this kernel and user allow that; asked once.
pub fn offline_works() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| works(&OFFLINE))
}

/// Whether this system can do that; asked once.
fn mortal_works() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| works(&MORTAL))
}

fn works(wrapper: &[&str]) -> bool {
    let mut probe = Command::new(wrapper[0]);
    probe.args(&wrapper[1..]).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    cfg!(target_os = "linux") && probe.status().is_ok_and(|status| status.success())
}

fn tail(bytes: &[u8]) -> String {
    const LINES: usize = 12;
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// The last part of what a program said is kept: it may talk for ever.
fn listen(mut pipe: impl Read, heard: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = pipe.read(&mut chunk) {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend_from_slice(&chunk[..length]);
        if heard.len() > 2 * HEARD {
            let old = heard.len() - HEARD;
            heard.drain(..old);
        }
    }
}

/// A program with all that it started, as far as they stay in its process group.
struct Group(Option<Pid>);

impl Group {
    /// Of a child that was started as the leader of a group.
    fn of(child: &Child) -> Self {
        Self(i32::try_from(child.id()).ok().and_then(Pid::from_raw))
    }

    /// Whether the program itself has ended. It keeps its number until it is waited for.
    fn leader_has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.0.is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None) | Err(rustix::io::Errno::INTR)))
    }

    /// Asks all to end, and makes them when the grace is over.
    fn end(&self, grace: Duration) {
        let Some(group) = self.0 else { return };
        let start = Instant::now();
        if !grace.is_zero() {
            let _ = kill_process_group(group, Signal::TERM);
        }
        while start.elapsed() < grace && !self.leader_has_ended() {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_endless_words_the_last_are_kept() {
        let heard = Mutex::new(Vec::new());
        let words: Vec<u8> = (0..40_000).flat_map(|line: u32| format!("line {line}\n").into_bytes()).collect();
        listen(&words[..], &heard);
        let heard = heard.into_inner().expect("whole");
        assert!(heard.len() <= 2 * HEARD && words.ends_with(&heard));
        assert_eq!(tail(&heard).lines().last(), Some("line 39999"));
    }
}

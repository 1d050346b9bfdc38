//! The step that computes in another language: any program that reads parameters from stdin and writes CSV.
//!
//! The program starts in a scratch folder that holds copies of its declared `reads` and nothing else, with an
//! environment that holds `PATH`, a fixed locale and what the entry names. On stdin it gets
//! `{"params": {…}, "seed": n}`; what it writes to the folder named by `CONDENSE_OUT` must be exactly `writes`. Its tables are
//! kept byte for byte: reading them tells what is wrong with them, and changes nothing.

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::site::Site;
use crate::engine::step::{Artefacts, Inputs, Step};
use crate::frame::{Frame, Gaps, Results};
use crate::paper::work::CommandSpec;
use crate::pipeline::run::{Declared, artefacts, settings};
use crate::pipeline::values;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A run of an external command.
pub struct CommandStep<'p> {
    /// `run <first figure that asked for it>`, `seed 3 of <figure>`.
    pub name: String,
    /// Program, files, environment, time limit.
    pub spec: &'p CommandSpec,
    /// Parameters, seed, and the bytes of all it reads.
    pub declared: &'p Declared,
    /// Whether its tables are drawn: where they are not, nobody asks which values are missing.
    pub tables: bool,
}

impl Step for CommandStep<'_> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn recipe(&self, to: &mut dyn Recipe) {
        self.declared.describe(to);
        for (path, bytes) in self.declared.code.iter() {
            to.part(&format!("code of {path}"), Digest::of(bytes).to_string().as_bytes());
        }
    }

    fn run(&self, _: &Inputs, site: &Site) -> Result<Artefacts, Failure> {
        self.execute(site).map_err(|error| match error {
            Trouble::Interrupted => Failure::Interrupted,
            Trouble::Io(error) => self.broken(&error.to_string(), ""),
            Trouble::Said { what, stderr } => self.broken(&what, &stderr),
        })
    }
}

enum Trouble {
    Interrupted,
    Io(io::Error),
    Said { what: String, stderr: String },
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn said<T>(what: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Said { what: what.into(), stderr: String::new() })
}

impl CommandStep<'_> {
    fn broken(&self, what: &str, stderr: &str) -> Failure {
        let mut diagnostic = Diagnostic::new("E004", format!("command `{}` {what}", self.spec.argv.join(" ")));
        if !stderr.is_empty() {
            diagnostic = diagnostic.note(format!("the end of its stderr:\n{stderr}"));
        }
        Failure::Broken(vec![diagnostic.note(settings(self.declared))])
    }

    fn execute(&self, site: &Site) -> Result<Artefacts, Trouble> {
        let scratch = tempfile::Builder::new().prefix("condense-").tempdir()?;
        let (work, out) = (scratch.path().join("work"), scratch.path().join("out"));
        fs::create_dir(&out)?;
        fs::create_dir(&work)?;
        for (path, bytes) in self.declared.code.iter().chain(self.declared.data.iter()) {
            let place = work.join(path);
            place.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&place, bytes)?;
            executable(&place)?;
        }
        let stderr = self.supervise(site, &work, &out)?;
        let (artefacts, gaps) = self.collect(&out).map_err(|trouble| match trouble {
            Trouble::Said { what, .. } => Trouble::Said { what, stderr },
            other => other,
        })?;
        for gap in gaps.iter().filter(|_| self.tables) {
            site.progress.note(&format!("{}: {gap}", self.name));
        }
        Ok(artefacts)
    }

    /// Starts the program, feeds it, waits for it; returns the end of its stderr.
    fn supervise(&self, site: &Site, work: &Path, out: &Path) -> Result<String, Trouble> {
        let mut command = self.command(work, out);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return said(format!("cannot be started: {error}")),
        };
        let input = json!({ "params": self.declared.params, "seed": self.declared.seed }).to_string();
        let (mut stdin, mut stderr) = (child.stdin.take(), child.stderr.take());
        // A program that does not read its input is fine: the write then fails with a closed pipe.
        let feeder = thread::spawn(move || stdin.as_mut().map(|pipe| pipe.write_all(input.as_bytes())));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (ear, (over, ended)) = (Arc::clone(&heard), mpsc::channel());
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Some(Ok(length @ 1..)) = stderr.as_mut().map(|pipe| pipe.read(&mut chunk)) {
                ear.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..length]);
            }
            let _ = over.send(());
        });
        // A grandchild in a session of its own may hold the pipe open for ever: nobody waits for it.
        let said = || {
            let _ = ended.recv_timeout(Duration::from_secs(1));
            tail(&heard.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if site.interrupted() {
                end(&mut child);
                return Err(Trouble::Interrupted);
            }
            if start.elapsed() > Duration::from_secs(self.spec.timeout_seconds) {
                end(&mut child);
                let what = format!("took longer than its limit of {} s", self.spec.timeout_seconds);
                return Err(Trouble::Said { what, stderr: said() });
            }
            thread::sleep(Duration::from_millis(5));
        };
        // Whatever it left running in its group goes too: a pipe held open would keep us waiting.
        end(&mut child);
        let _ = feeder.join();
        let stderr = said();
        if status.success() { Ok(stderr) } else { Err(Trouble::Said { what: format!("ended with {status}"), stderr }) }
    }

    fn command(&self, work: &Path, out: &Path) -> Command {
        let mut argv = self.spec.argv.clone();
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
        command.envs(&self.spec.env).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        own_group(&mut command);
        command
    }

    /// Reads exactly what was declared; also gives a sentence for every column in which values are missing.
    fn collect(&self, out: &Path) -> Result<(Artefacts, Vec<String>), Trouble> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(out)? {
            found.insert(entry?.file_name().to_string_lossy().into_owned());
        }
        let declared: BTreeSet<String> = self.spec.writes.iter().cloned().collect();
        if let Some(name) = declared.difference(&found).next() {
            return said(format!("did not write `{name}`, which `writes` declares"));
        }
        if let Some(name) = found.difference(&declared).next() {
            return said(format!("wrote `{name}`, which `writes` does not declare"));
        }
        let (mut tables, mut gaps, mut results) = (Artefacts::new(), Vec::new(), Results::default());
        for name in &declared {
            let Ok(text) = String::from_utf8(fs::read(out.join(name))?) else {
                return said(format!("wrote `{name}`, which is not UTF-8"));
            };
            let unreadable = |fault: String| Trouble::Said {
                what: format!("wrote `{name}`, which cannot be used: {fault}"),
                stderr: String::new(),
            };
            if name == "values.json" {
                results.values = values::read(&text).map_err(unreadable)?;
            } else {
                let frame = Frame::from_program(&text).map_err(unreadable)?;
                gaps.extend(frame.gaps().iter().map(|gap| missing(name, gap, frame.rows())));
                tables.insert(name.clone(), text.into_bytes());
            }
        }
        tables.extend(artefacts(&results));
        Ok((tables, gaps))
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

/// Whether this kernel and user allow that; asked once.
pub fn offline_works() -> bool {
    static WORKS: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *WORKS.get_or_init(|| {
        let mut probe = Command::new(OFFLINE[0]);
        probe.args(&OFFLINE[1..]).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        cfg!(target_os = "linux") && probe.status().is_ok_and(|status| status.success())
    })
}

fn tail(bytes: &[u8]) -> String {
    const LINES: usize = 12;
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

/// Ends the child and all that it started.
#[cfg(unix)]
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}

#[cfg(unix)]
fn executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(not(unix))]
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(not(unix))]
fn executable(_: &Path) -> io::Result<()> {
    Ok(())
}

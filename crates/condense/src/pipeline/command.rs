//! The step that computes in another language: any program that reads parameters from stdin and writes CSV.
//!
//! The program starts in a scratch folder that holds copies of its declared `reads` and nothing else, with an
//! environment that holds `PATH`, a fixed locale and what the entry names. On stdin it gets
//! `{"params": {…}, "seed": n}`; what it writes to the folder named by `CONDENSE_OUT` must be exactly `writes`.

use crate::diag::Diagnostic;
use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::site::Site;
use crate::frame::{Frame, Results};
use crate::pipeline::declared::Files;
use crate::pipeline::run::{Kept, artefacts, settings};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

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

    fn make(&self, _: &Inputs, site: &Site) -> Result<Artefacts, Failure> {
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

impl CommandRecipe<'_> {
    fn broken(&self, what: &str, stderr: &str) -> Failure {
        let mut diagnostic = Diagnostic::new("E004", format!("command `{}` {what}", self.command.join(" ")));
        if !stderr.is_empty() {
            diagnostic = diagnostic.note(format!("the end of its stderr:\n{stderr}"));
        }
        Failure::Broken(vec![diagnostic.note(settings(self.params, self.seed))])
    }

    fn execute(&self, site: &Site) -> Result<Artefacts, Trouble> {
        let scratch = tempfile::Builder::new().prefix("condense-").tempdir()?;
        let (work, out) = (scratch.path().join("work"), scratch.path().join("out"));
        fs::create_dir(&out)?;
        fs::create_dir(&work)?;
        for (path, bytes) in self.code.bytes().iter().chain(self.data.bytes()) {
            let place = work.join(path);
            place.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&place, bytes)?;
            executable(&place)?;
        }
        let stderr = self.supervise(site, &work, &out)?;
        self.collect(&out).map_err(|trouble| match trouble {
            Trouble::Said { what, .. } => Trouble::Said { what, stderr },
            other => other,
        })
    }

    /// Starts the program, feeds it, waits for it; returns the end of its stderr.
    fn supervise(&self, site: &Site, work: &Path, out: &Path) -> Result<String, Trouble> {
        let mut command = self.command(work, out);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return said(format!("cannot be started: {error}")),
        };
        let input = json!({ "params": self.params, "seed": self.seed }).to_string();
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
            if let Some(limit) = site.limit.filter(|limit| start.elapsed() > *limit) {
                end(&mut child);
                let what = format!("took longer than its limit of {} s", limit.as_secs());
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
        let mut argv = self.command.to_vec();
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
        command.envs(self.env).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        own_group(&mut command);
        command
    }

    /// Reads exactly what was declared.
    fn collect(&self, out: &Path) -> Result<Artefacts, Trouble> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(out)? {
            found.insert(entry?.file_name().to_string_lossy().into_owned());
        }
        let declared: BTreeSet<String> = self.writes.iter().cloned().collect();
        if let Some(name) = declared.difference(&found).next() {
            return said(format!("did not write `{name}`, which `writes` declares"));
        }
        if let Some(name) = found.difference(&declared).next() {
            return said(format!("wrote `{name}`, which `writes` does not declare"));
        }
        let mut results = Results::default();
        for name in &declared {
            let Ok(text) = String::from_utf8(fs::read(out.join(name))?) else {
                return said(format!("wrote `{name}`, which is not UTF-8"));
            };
            if name == "values.json" {
                match serde_json::from_str(&text) {
                    Ok(values) => results.values = values,
                    Err(error) => return said(format!("wrote `values.json`, which is no object of numbers: {error}")),
                }
            } else {
                match Frame::from_csv(&text) {
                    Ok(frame) => results.frame(name.strip_suffix(".csv").unwrap_or(name), frame),
                    Err(error) => return said(format!("wrote `{name}`, which is no CSV: {error}")),
                }
            }
        }
        match results.fault() {
            Some(fault) => said(format!("gave results that are no numbers: {fault}")),
            None => Ok(artefacts(&results, self.kept)),
        }
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

//! `report --pdf`: the page that holds everything, as a tagged PDF. A browser prints it, the only one who sets formulas on
//! paper; its bytes change from day to day, so that the file is none of the report's.

use crate::cli::exit::Exit;
use crate::cli::session::{CliError, Session};
use crate::diag::Diagnostic;
use crate::engine::files;
use crate::paper::report::size;
use crate::pipeline::files::SINGLE;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

/// Browsers that print from the command line, by the names that systems give them.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The environment variable that names another one.
const OWN: &str = "CHROME_PATH";
/// A page of fifty figures takes some ten seconds.
const PATIENCE: Duration = Duration::from_mins(3);

/// The browser that would print.
///
/// # Errors
/// That there is none.
pub fn browser() -> Result<PathBuf, CliError> {
    let own = env::var_os(OWN).map(PathBuf::from).filter(|path| path.is_file());
    let folders = env::var_os("PATH").unwrap_or_default();
    let places = || env::split_paths(&folders).flat_map(|folder| BROWSERS.map(|name| folder.join(name)));
    own.or_else(|| places().find(|path| path.is_file())).ok_or_else(|| {
        let fault = Diagnostic::new("C013", "there is no browser to print with");
        let help = format!("install Chromium, or name one in `{OWN}`; report/{SINGLE} can be printed from any browser");
        CliError { exit: Exit::Usage, diagnostics: vec![fault.help(help)] }
    })
}

/// Prints the report of the profile in force into `file`.
///
/// # Errors
/// What the browser says, or that it takes too long.
pub fn print(session: &Session, browser: &Path, file: &Path) -> Result<(), CliError> {
    let place = session.place()?;
    let page = session.project.root.join(place.path.as_str()).join(SINGLE);
    let page = fs::canonicalize(&page).map_err(|error| files::named(page.display(), &error))?;
    let scratch = tempfile::tempdir()?;
    let printed = scratch.path().join("report.pdf");
    let mut command = Command::new(browser);
    command.args([
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--no-pdf-header-footer",
        "--generate-pdf-document-outline",
    ]);
    command.args([option("--user-data-dir=", scratch.path()), option("--print-to-pdf=", &printed), address(&page)]);
    // Browsers refuse to run as root with their own fence around pages. The page is ours, and has no scripts.
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let said = wait(child.map_err(|error| files::named(browser.display(), &error))?)?;
    let Ok(Some(bytes)) = files::find(&printed) else {
        let fault = Diagnostic::new("C014", format!("`{}` printed nothing: {said}", browser.display()));
        return Err(CliError { exit: Exit::Failed, diagnostics: vec![fault] });
    };
    crate::engine::atomic::write(file, &bytes)?;
    session.reporter.line("printed", &format!("{}  {}", file.display(), size(bytes.len() as u64)));
    Ok(())
}

/// The address of a file, whatever is in its name.
fn address(path: &Path) -> OsString {
    use std::os::unix::ffi::OsStrExt as _;
    let mut address = "file://".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address.into()
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

/// How a browser ended; one that hangs is stopped.
fn wait(mut child: Child) -> Result<String, CliError> {
    let start = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(format!("it ended with {status}")),
            None if start.elapsed() > PATIENCE => {
                child.kill()?;
                child.wait()?;
                return Ok(format!("it had not ended after {PATIENCE:?}"));
            }
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

//! Declared inputs: paths that must be files inside the project, written in one way only.
//! It opens no file; it asks the file system what is there.

use condense_base::diag::nearest;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

/// Folders that hold what the pipeline makes: an input from there would close a circle.
const MADE: [&str; 2] = ["report", ".condense"];

/// Why a path is no input.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence, after "input `…`": "leaves the project".
    pub message: String,
    /// What was probably meant.
    pub help: Option<String>,
}

/// Checks a path, relative to the project with `/` between its parts.
///
/// # Errors
/// The first reason why it is no input.
pub fn check(project: &Path, path: &str) -> Result<(), Refusal> {
    spelled(path)?;
    if MADE.iter().any(|folder| Path::new(path).starts_with(folder)) {
        return refuse("lies in a folder that the pipeline writes: figures may not depend on its outputs");
    }
    let real = match project.join(path).canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Refusal {
                message: "does not exist".to_owned(),
                help: Some(neighbour(project, path).unwrap_or_else(|| RELATIVE.to_owned())),
            });
        }
        Err(error) => return refuse(&format!("cannot be reached: {error}")),
    };
    match project.canonicalize() {
        Ok(project) if real.starts_with(&project) => {}
        Ok(_) => return refuse("leaves the project through a symbolic link"),
        Err(error) => return refuse(&format!("cannot be reached: {error}")),
    }
    match fs::metadata(&real) {
        Ok(about) if about.is_file() => Ok(()),
        Ok(about) if about.is_dir() => refuse("is a folder: name its files one by one"),
        Ok(_) => refuse("is not a regular file"),
        Err(error) => refuse(&format!("cannot be reached: {error}")),
    }
}

/// Where nothing has nearly the name that was asked for.
const RELATIVE: &str = "inputs are named relative to the folder of the manifest, with `/` between the parts";

/// One file has one spelling: it is part of keys and records.
fn spelled(path: &str) -> Result<(), Refusal> {
    if path.is_empty() {
        return refuse("is empty");
    }
    if path.chars().any(char::is_control) {
        return refuse("has a control character");
    }
    if path.contains('\\') {
        return refuse("has a backslash: parts are joined by `/`");
    }
    let parts = Path::new(path).components();
    if parts.clone().any(|part| matches!(part, Component::RootDir | Component::Prefix(_))) {
        return refuse("is absolute: inputs lie in the project");
    }
    if parts.clone().any(|part| part == Component::ParentDir) {
        return refuse("has a `..`: inputs lie in the project");
    }
    let plain: Vec<_> =
        parts.filter(|part| *part != Component::CurDir).map(|part| part.as_os_str().to_string_lossy()).collect();
    let plain = plain.join("/");
    if plain == path {
        Ok(())
    } else {
        Err(Refusal { message: "has an odd spelling".to_owned(), help: Some(format!("write `{plain}`")) })
    }
}

/// The file of the same folder that has nearly this name.
fn neighbour(project: &Path, path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut names: Vec<String> = fs::read_dir(project.join(folder))
        .ok()?
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_file())?.file_name().into_string().ok())
        .collect();
    names.sort();
    let found = nearest(name, &names)?;
    Some(if folder.is_empty() {
        format!("did you mean `{found}`?")
    } else {
        format!("did you mean `{folder}/{found}`?")
    })
}

fn refuse(message: &str) -> Result<(), Refusal> {
    Err(Refusal { message: message.to_owned(), help: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(project: &Path, path: &str) -> String {
        check(project, path).map_or_else(|refusal| refusal.message, |()| "fine".to_owned())
    }

    #[test]
    fn only_files_of_the_project_are_inputs() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = folder.path().join("project");
        fs::create_dir_all(project.join("data")).expect("a folder");
        fs::create_dir_all(project.join("report")).expect("a folder");
        fs::write(project.join("data/brains.csv"), "x\n1\n").expect("a file");
        fs::write(project.join("report/out.csv"), "x\n1\n").expect("a file");
        fs::write(folder.path().join("secret"), "s").expect("a file");
        for (path, expected) in [
            ("data/brains.csv", "fine"),
            ("", "is empty"),
            ("data/\n", "has a control character"),
            ("data\\brains.csv", "has a backslash: parts are joined by `/`"),
            ("/etc/passwd", "is absolute: inputs lie in the project"),
            ("../secret", "has a `..`: inputs lie in the project"),
            ("data/../data/brains.csv", "has a `..`: inputs lie in the project"),
            ("./data/brains.csv", "has an odd spelling"),
            ("data//brains.csv", "has an odd spelling"),
            ("data/brains.csv/", "has an odd spelling"),
            ("data", "is a folder: name its files one by one"),
            ("data/brain.csv", "does not exist"),
            ("report/out.csv", "lies in a folder that the pipeline writes: figures may not depend on its outputs"),
        ] {
            assert_eq!(said(&project, path), expected, "{path:?}");
        }
        let help = |path| check(&project, path).expect_err("refused").help;
        assert_eq!(help("data/brain.csv").as_deref(), Some("did you mean `data/brains.csv`?"));
        assert_eq!(help("./data//brains.csv").as_deref(), Some("write `data/brains.csv`"));
    }

    #[cfg(unix)]
    #[test]
    fn links_may_not_leave_the_project() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = folder.path().join("project");
        fs::create_dir(&project).expect("a folder");
        fs::write(folder.path().join("secret"), "s").expect("a file");
        fs::write(project.join("own"), "s").expect("a file");
        std::os::unix::fs::symlink("../secret", project.join("out")).expect("a link");
        std::os::unix::fs::symlink("own", project.join("in")).expect("a link");
        std::os::unix::fs::symlink("loop", project.join("loop")).expect("a link");
        std::os::unix::fs::symlink("/dev/null", project.join("null")).expect("a link");
        assert_eq!(said(&project, "out"), "leaves the project through a symbolic link");
        assert_eq!(said(&project, "null"), "leaves the project through a symbolic link");
        assert_eq!(said(&project, "in"), "fine");
        assert!(said(&project, "loop").starts_with("cannot be reached"));
    }
}

//! A paper's package with all local code behind it: its experiments, and a fingerprint of what each of them reaches.

use crate::fingerprint::{Code, Names, Sources};
use crate::lock::Lock;
use crate::package::{self, Package};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Dependencies that no number passes through: a new version of them reruns nothing. (`serde_json` is none of these: it prints
/// numbers.)
const NOT_NUMERIC: [&str; 1] = ["serde"];

/// This very package: what it computes are names and digests, none of which reaches a result.
const OWN: &str = env!("CARGO_PKG_NAME");

/// The folder of experiments, below the sources.
const EXPERIMENTS: &str = "experiments";

/// An experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// Its name in the manifest: that of its file.
    pub name: String,
    /// Its file, below the folder of the paper.
    pub file: String,
    /// Its module, below the crate: `experiments::regime::phase_map`.
    pub module: String,
    /// The code that it reaches.
    pub code: Code,
}

/// The package of a paper, and what it is made of.
pub struct Paper {
    /// Local packages, the paper's own first.
    pub packages: Vec<Package>,
    sources: Sources,
    /// Every file that was read or whose coming and going matters, folders among them.
    pub read: Vec<PathBuf>,
    /// Files of the paper's experiments, below its sources.
    experiments: Vec<String>,
    lock: Lock,
    locked: String,
}

impl Paper {
    /// Reads the package in a folder, and all local ones that it depends on.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn open(folder: &Path) -> Result<Self, String> {
        let packages = package::local(folder)?;
        let workspace = &packages[0].workspace;
        let (mut read, mut sources) = (vec![workspace.join("Cargo.toml")], Sources::default());
        let file = workspace.join("Cargo.lock");
        let locked = text(&file)?;
        read.push(file);
        let mut experiments = Vec::new();
        let lock = Lock::parse(&locked);
        for (at, package) in packages.iter().enumerate() {
            sources.name(&package.krate, names(package, &packages, &lock)?);
            let files = files(&package.src)?;
            for (path, text) in &files {
                let name = module(package, path, files.contains_key("lib.rs"));
                add(&mut sources, &package.krate, &name, text, &package.src.join(path), &mut read)?;
            }
            if let Some(script) = &package.script {
                let name = format!("{} build script", package.krate);
                add(&mut sources, &package.krate, &name, &text(script)?, script, &mut read)?;
                read.push(script.clone());
            }
            read.extend([package.src.clone(), package.folder.join("Cargo.toml")]);
            if at == 0 {
                let science = |path: &&String| {
                    let file = path.strip_prefix(EXPERIMENTS).and_then(|below| below.strip_prefix('/'));
                    file.is_some_and(|file| file != "mod.rs" && !file.ends_with("/mod.rs"))
                };
                experiments = files.keys().filter(science).cloned().collect();
            }
        }
        Ok(Self { packages, sources, read, experiments, lock, locked })
    }

    /// What the paper's code calls a package: itself, or one that it depends on.
    pub fn name_of(&self, package: &str) -> Option<String> {
        let own = &self.packages[0];
        let need = own.needs.iter().find(|need| need.package == package).map(|need| need.alias.clone());
        if own.name == package { Some(own.krate.clone()) } else { need }
    }

    /// All experiments, by file.
    ///
    /// # Errors
    /// Two files of one name; a path that leads nowhere.
    pub fn experiments(&self) -> Result<Vec<Experiment>, String> {
        let own = &self.packages[0];
        let folder = own.src.strip_prefix(&own.folder).unwrap_or(&own.src);
        let mut all: BTreeMap<String, Experiment> = BTreeMap::new();
        for path in &self.experiments {
            let module = module(own, path, true);
            let name = module.rsplit("::").next().unwrap_or_default().to_owned();
            let code = self.sources.reach(&module)?;
            let module = module.split_once("::").map_or(module.clone(), |(_, below)| below.to_owned());
            let file = folder.join(path).to_string_lossy().replace('\\', "/");
            let experiment = Experiment { name: name.clone(), file: file.clone(), module, code };
            if let Some(other) = all.insert(name.clone(), experiment) {
                return Err(format!("two experiments are named `{name}`: {} and {file}", other.file));
            }
        }
        Ok(all.into_values().collect())
    }

    /// What stands in the file of an experiment.
    ///
    /// # Errors
    /// The system's, in words.
    pub fn text_of(&self, experiment: &Experiment) -> Result<String, String> {
        text(&self.packages[0].folder.join(&experiment.file))
    }

    /// The code that a module of a crate reaches; of a crate that is not local, its lock entry.
    ///
    /// # Errors
    /// A path that leads nowhere; a crate that the paper does not depend on.
    pub fn reach(&self, package: &str, module: &str) -> Result<Code, String> {
        if let Some(package) = self.packages.iter().find(|local| local.name == package) {
            return self.sources.reach(&format!("{}::{module}", package.krate));
        }
        let own = &self.packages[0];
        Ok(Code::foreign(package, &self.lock.entry((&own.name, &own.version), package)?))
    }

    /// A digest of all that the program is made of: every module of every local package, and the lock.
    pub fn whole(&self) -> String {
        crate::hex(format!("{}{}", self.sources.whole(), self.locked).as_bytes())
    }
}

/// What the code of a package can name.
fn names(package: &Package, packages: &[Package], lock: &Lock) -> Result<Names, String> {
    let mut names = Names { features: package.features.clone(), ..Names::default() };
    names.local.insert(package.krate.clone(), package.krate.clone());
    for need in package.needs.iter().filter(|need| need.package != OWN && !NOT_NUMERIC.contains(&need.package.as_str()))
    {
        if let Some(local) = packages.iter().find(|local| need.path.as_ref() == Some(&local.folder)) {
            let alias = if need.renamed { &need.alias } else { &local.krate };
            names.local.insert(alias.clone(), local.krate.clone());
        } else {
            let entry = lock.entry((&package.name, &package.version), &need.package)?;
            names.foreign.insert(need.alias.clone(), (need.package.clone(), entry));
        }
    }
    Ok(names)
}

/// The module of a file: `condense_num::rng` of `rng.rs`. A `main.rs` beside a `lib.rs` is a module below it.
fn module(package: &Package, path: &str, library: bool) -> String {
    let name = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == package.root || (path == "main.rs" && !library) {
        return package.krate.clone();
    }
    format!("{}::{}", package.krate, name.replace('/', "::"))
}

fn add(
    sources: &mut Sources,
    krate: &str,
    name: &str,
    text: &str,
    file: &Path,
    read: &mut Vec<PathBuf>,
) -> Result<(), String> {
    sources.add(krate, name, text).map_err(|error| format!("{}: {error}", file.display()))?;
    for include in sources.includes(name) {
        let place = file.with_file_name(&include);
        let bytes = fs::read(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        sources.include(name, &include, &bytes);
        read.push(place);
    }
    Ok(())
}

/// Every Rust file below a folder, as (path relative to it, text), sorted. Files of tests are left out.
fn files(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let relative = path.strip_prefix(root).expect("below root").to_string_lossy().replace('\\', "/");
                files.insert(relative, text(&path)?);
            }
        }
    }
    // A module `tests` that its parent has under `#[cfg(test)]` is no code; any other file of that name is.
    let parent =
        |path: &str| path.strip_suffix("/tests.rs").map(|folder| [format!("{folder}.rs"), format!("{folder}/mod.rs")]);
    let only_tests = |path: &String| {
        let parents = parent(path).unwrap_or_default();
        let texts = parents.iter().filter_map(|parent| files.get(parent));
        texts.into_iter().any(|text| text.replace(char::is_whitespace, "").contains("#[cfg(test)]modtests;"))
    };
    let left_out: Vec<String> = files.keys().filter(|path| only_tests(path)).cloned().collect();
    files.retain(|path, _| !left_out.contains(path));
    Ok(files)
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

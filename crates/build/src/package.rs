//! The packages whose code lies in folders of this machine: that of the paper, and every one that it reaches by `path`.
//! Cargo tells them; it is asked for each, and reads nothing but manifests.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A local package.
pub struct Package {
    /// Its name in manifests: `condense-num`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The name of its crate, as code says it: `condense_num`.
    pub krate: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The folder of its sources, and the name of the file that is the crate's root.
    pub src: PathBuf,
    /// See `src`.
    pub root: String,
    /// Its build script.
    pub script: Option<PathBuf>,
    /// What it depends on, but for tests.
    pub needs: Vec<Need>,
    /// The features that its manifest chooses, of its own and of what it depends on; empty where it chooses none.
    pub features: String,
    /// The workspace that it belongs to.
    pub workspace: PathBuf,
}

/// A dependency.
pub struct Need {
    /// What code calls it, unless its crate has another name than its package: `condense_num`.
    pub alias: String,
    /// Whether the manifest gave it that name.
    pub renamed: bool,
    /// The package's name.
    pub package: String,
    /// Its folder, if it is local.
    pub path: Option<PathBuf>,
}

/// The package in a folder and all local ones that it depends on, itself first.
///
/// # Errors
/// When cargo cannot be asked, or answers something else.
pub fn local(folder: &Path) -> Result<Vec<Package>, String> {
    let folder = folder.canonicalize().map_err(|error| format!("`{}`: {error}", folder.display()))?;
    let (mut known, mut packages): (BTreeMap<PathBuf, Package>, Vec<Package>) = (BTreeMap::new(), Vec::new());
    let (mut open, mut seen) = (vec![folder.clone()], BTreeSet::from([folder]));
    while let Some(folder) = open.pop() {
        if !known.contains_key(&folder) {
            known.extend(workspace(&folder)?.into_iter().map(|package| (package.folder.clone(), package)));
        }
        let package =
            known.remove(&folder).ok_or_else(|| format!("cargo knows no package in `{}`", folder.display()))?;
        for path in package.needs.iter().filter_map(|need| need.path.as_ref()) {
            if seen.insert(path.clone()) {
                open.push(path.clone());
            }
        }
        packages.push(package);
    }
    Ok(packages)
}

/// Every package of the workspace that a folder belongs to.
fn workspace(folder: &Path) -> Result<Vec<Package>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"]);
    let output = command.arg(folder.join("Cargo.toml")).output();
    let output = output.map_err(|error| format!("cargo cannot be asked for packages: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let answer: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata answers no JSON: {error}"))?;
    let root = PathBuf::from(text(&answer, "workspace_root")?);
    list(&answer, "packages").iter().map(|package| read(package, &root)).collect()
}

fn read(package: &Value, workspace: &Path) -> Result<Package, String> {
    let name = text(package, "name")?;
    let folder = PathBuf::from(text(package, "manifest_path")?);
    let folder = canonical(folder.parent().unwrap_or(&folder))?;
    let targets = list(package, "targets");
    let of_kind = |kinds: &[&str]| {
        let is =
            |target: &&Value| list(target, "kind").iter().filter_map(Value::as_str).any(|kind| kinds.contains(&kind));
        targets.iter().find(is)
    };
    let library = of_kind(&["lib", "rlib", "dylib", "cdylib", "staticlib", "proc-macro"]);
    let target = library.or_else(|| of_kind(&["bin"])).ok_or_else(|| format!("package `{name}` has no code"))?;
    let file = PathBuf::from(text(target, "src_path")?);
    let src = canonical(file.parent().unwrap_or(&file))?;
    if src == folder {
        return Err(format!("the code of package `{name}` must lie in a folder of its own, such as `src`"));
    }
    let script = of_kind(&["custom-build"]).map(|target| text(target, "src_path").map(PathBuf::from));
    let needs = list(package, "dependencies").iter().filter(|need| need["kind"].as_str() != Some("dev"));
    Ok(Package {
        version: text(package, "version")?,
        krate: text(if library.is_some() { target } else { package }, "name")?.replace('-', "_"),
        root: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        script: script.transpose()?,
        features: features(package),
        needs: needs.map(need).collect::<Result<_, _>>()?,
        workspace: workspace.to_owned(),
        name,
        folder,
        src,
    })
}

/// What a manifest says of features, where it says anything.
fn features(package: &Value) -> String {
    let own = package["features"].as_object().filter(|own| !own.is_empty()).map(|own| format!("{own:?}\n"));
    let chosen =
        list(package, "dependencies").iter().filter(|need| need["kind"].as_str() != Some("dev")).filter_map(|need| {
            let (features, default) = (list(need, "features"), need["uses_default_features"] != Value::Bool(false));
            let plain = features.is_empty() && default;
            (!plain).then(|| format!("{} {features:?} {default} {}\n", need["name"], need["target"]))
        });
    own.into_iter().chain(chosen).collect()
}

fn need(need: &Value) -> Result<Need, String> {
    let package = text(need, "name")?;
    let alias = need["rename"].as_str().unwrap_or(&package).replace('-', "_");
    let path = need["path"].as_str().map(|path| canonical(Path::new(path))).transpose()?;
    Ok(Need { alias, renamed: need["rename"].is_string(), package, path })
}

fn canonical(path: &Path) -> Result<PathBuf, String> {
    path.canonicalize().map_err(|error| format!("`{}`: {error}", path.display()))
}

fn text(value: &Value, key: &str) -> Result<String, String> {
    value[key].as_str().map(str::to_owned).ok_or_else(|| format!("cargo metadata: no `{key}`"))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

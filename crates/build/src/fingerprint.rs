//! What code a result depends on: a digest of the token stream of every module that a root module reaches, through all
//! crates whose sources are here, and the lock entries of the others. It knows text only: no files, no cargo.
//!
//! A path leads to the module that is its longest prefix; to a folder, and everything below it; through a `use` in the root
//! of a crate, to what stands there; and to the whole of a crate, where its root defines the name. A path to nothing is an
//! error, for the fingerprint would have a hole. What is called without any path must be brought in by one, so all that is
//! left out are an `impl` in the file of neither its type nor its trait, and what a build script or a compiler flag changes.

use crate::hex;
use crate::tokens::{Reading, Segments};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The sources of some crates.
#[derive(Default)]
pub struct Sources {
    crates: BTreeMap<String, Names>,
    /// By path, `condense_num::rng`; the root of a crate by the name of the crate.
    modules: BTreeMap<String, Module>,
}

/// What the code of a crate can name outside of it.
#[derive(Default)]
pub struct Names {
    /// Crates whose sources are here: what the code calls them → what they call themselves.
    pub local: BTreeMap<String, String>,
    /// The others: what the code calls them → the package, and its lock entry.
    pub foreign: BTreeMap<String, (String, String)>,
    /// The features that its manifest chooses; empty where it chooses none.
    pub features: String,
}

struct Module {
    krate: String,
    reading: Reading,
    digest: String,
}

/// What one root reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Digest over all the parts.
    pub digest: String,
    /// `(name, digest)` of every reached module and of every foreign crate, sorted.
    pub parts: Vec<(String, String)>,
}

impl Code {
    fn new(parts: BTreeMap<String, String>) -> Self {
        let parts: Vec<_> = parts.into_iter().collect();
        let all = parts.iter().fold(String::new(), |mut all, (name, digest)| {
            let _ = writeln!(all, "{name} {digest}");
            all
        });
        Self { digest: hex(all.as_bytes()), parts }
    }

    /// A foreign crate alone.
    pub fn foreign(package: &str, entry: &str) -> Self {
        Self::new(BTreeMap::from([(format!("crate {package}"), entry.to_owned())]))
    }
}

/// Where a path leads.
enum Place {
    Modules(Vec<String>),
    /// To a crate whose sources are not here: the package, and its lock entry.
    Foreign((String, String)),
    /// To the standard library, to a type, to something that an import brought in.
    Elsewhere,
}

/// How many `use` declarations of crate roots a path may pass through.
const HOPS: usize = 16;

impl Sources {
    /// Adds a module: `condense_num::rng`, or `condense_num` for the root of the crate.
    ///
    /// # Errors
    /// When the text is no Rust.
    pub fn add(&mut self, krate: &str, name: &str, text: &str) -> Result<(), String> {
        let reading = Reading::of(text).map_err(|error| format!("`{name}`: {error}"))?;
        let (krate, digest) = (krate.to_owned(), reading.digest.clone());
        self.modules.insert(name.to_owned(), Module { krate, reading, digest });
        Ok(())
    }

    /// Says what the code of a crate can name.
    pub fn name(&mut self, krate: &str, names: Names) {
        self.crates.insert(krate.to_owned(), names);
    }

    /// The files that a module takes in when it is compiled, as they are written there.
    pub fn includes(&self, module: &str) -> BTreeSet<String> {
        self.modules.get(module).map(|module| module.reading.includes.clone()).unwrap_or_default()
    }

    /// Takes the bytes of such a file for code of the module.
    pub fn include(&mut self, module: &str, file: &str, bytes: &[u8]) {
        if let Some(module) = self.modules.get_mut(module) {
            module.digest = hex(format!("{} {file} {}", module.digest, hex(bytes)).as_bytes());
        }
    }

    /// The names of all modules.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// The code that `root` reaches.
    ///
    /// # Errors
    /// When a path leads to no module.
    pub fn reach(&self, root: &str) -> Result<Code, String> {
        let mut reached = BTreeSet::new();
        let mut open = vec![root.to_owned()];
        let mut parts = BTreeMap::new();
        let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut unnamed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        while let Some(name) = open.pop() {
            if !reached.insert(name.clone()) {
                continue;
            }
            let module = self.modules.get(&name).ok_or_else(|| format!("no module `{name}`"))?;
            parts.insert(name.clone(), module.digest.clone());
            let names = self.crates.get(&module.krate);
            let unnamed = unnamed.entry(&module.krate).or_insert_with(|| self.unnamed(&module.krate));
            let mut foreign: BTreeSet<&(String, String)> =
                names.iter().flat_map(|names| unnamed.iter().filter_map(|alias| names.foreign.get(alias))).collect();
            let mut named = Vec::new();
            for path in &module.reading.paths {
                match self.follow(&name, module, path, 0)? {
                    Place::Modules(modules) => open.extend(modules),
                    Place::Foreign(package) => named.push(package),
                    Place::Elsewhere => {}
                }
            }
            foreign.extend(&named);
            open.extend(self.called(module));
            // What a build script writes can be part of any module of its crate.
            open.extend(Some(format!("{} build script", module.krate)).filter(|name| self.modules.contains_key(name)));
            for (package, entry) in foreign {
                crates.entry(format!("crate {package}")).or_default().insert(entry.clone());
            }
            // Features change what is compiled, and move neither a token nor the lock.
            if let Some(names) = names.filter(|names| !names.features.is_empty()) {
                parts.insert(format!("features of {}", module.krate), hex(names.features.as_bytes()));
            }
        }
        parts.extend(crates.into_iter().map(|(name, entries)| (name, Vec::from_iter(entries).join("; "))));
        Ok(Code::new(parts))
    }

    /// A digest of every module, reached or not.
    pub fn whole(&self) -> String {
        let all = self.modules.iter().map(|(name, module)| format!("{name} {}\n", module.digest));
        let features = self.crates.iter().map(|(name, names)| format!("features of {name} {}\n", names.features));
        hex(all.chain(features).collect::<String>().as_bytes())
    }

    /// Foreign crates that no path of a crate begins with: their names in code are others than cargo's, so anyone may use them.
    fn unnamed(&self, krate: &str) -> BTreeSet<String> {
        let heads: BTreeSet<&str> =
            self.of(krate).flat_map(|(_, module)| &module.reading.paths).map(|path| path[0].as_str()).collect();
        let names = self.crates.get(krate).into_iter().flat_map(|names| names.foreign.keys());
        names.filter(|alias| !heads.contains(alias.as_str())).cloned().collect()
    }

    /// The modules of the same crate that define a macro which a module calls without a path.
    fn called(&self, module: &Module) -> Vec<String> {
        let Reading { calls, macros: own, .. } = &module.reading;
        let called = |name: &String| calls.contains(name) && !own.contains(name);
        let defines = |(_, other): &(&String, &Module)| other.reading.macros.iter().any(called);
        self.of(&module.krate).filter(defines).map(|(name, _)| name.clone()).collect()
    }

    fn of<'s>(&'s self, krate: &'s str) -> impl Iterator<Item = (&'s String, &'s Module)> {
        self.modules.iter().filter(move |(_, module)| module.krate == krate)
    }

    /// Where a path that a module writes leads.
    fn follow(&self, name: &str, module: &Module, path: &[String], hops: usize) -> Result<Place, String> {
        let Some((head, rest)) = path.split_first() else { return Ok(Place::Elsewhere) };
        let names = self.crates.get(&module.krate);
        let krate = match head.as_str() {
            "crate" => Some(&module.krate),
            "self" | "super" => return Ok(self.around(name, path)),
            head if self.modules.contains_key(&format!("{name}::{head}")) => return Ok(self.around(name, path)),
            head => names.and_then(|names| names.local.get(head)),
        };
        if let Some(krate) = krate {
            let place = self.resolve(krate, rest, hops)?;
            return place.ok_or_else(|| format!("`{name}`: `{}` leads to no module", path.join("::")));
        }
        let foreign = names.and_then(|names| names.foreign.get(head));
        Ok(foreign.map_or(Place::Elsewhere, |package| Place::Foreign(package.clone())))
    }

    /// Where a path below a crate leads: the longest prefix that is a module; else, what the root of the crate says.
    fn resolve(&self, krate: &str, rest: &[String], hops: usize) -> Result<Option<Place>, String> {
        let prefixes = (1..=rest.len()).rev().map(|length| format!("{krate}::{}", rest[..length].join("::")));
        if let Some(name) = prefixes.into_iter().find(|name| self.modules.contains_key(name)) {
            return Ok(Some(Place::Modules(self.below(&name))));
        }
        let Some(root) = self.modules.get(krate) else { return Ok(None) };
        let Some((first, deeper)) = rest.split_first() else { return Ok(Some(self.all(krate))) };
        if let Some(path) = root.reading.uses.get(first)
            && hops < HOPS
        {
            let path: Segments = path.iter().chain(deeper).cloned().collect();
            return self.follow(krate, root, &path, hops + 1).map(Some);
        }
        let mut definers = self.of(krate).filter(|(_, module)| module.reading.macros.contains(first)).peekable();
        if definers.peek().is_some() {
            return Ok(Some(Place::Modules(definers.map(|(name, _)| name.clone()).collect())));
        }
        let known = root.reading.words.contains(first) || root.reading.glob || first == "self";
        Ok(known.then(|| self.all(krate)))
    }

    /// Where `self::…`, `super::…` and the name of a module below lead; to the module itself, if to nothing else.
    fn around(&self, name: &str, path: &[String]) -> Place {
        let mut place: Vec<&str> = name.split("::").collect();
        for segment in path {
            match segment.as_str() {
                "self" => {}
                "super" => drop(place.pop()),
                deeper => place.push(deeper),
            }
        }
        let prefixes = (1..=place.len()).rev().map(|length| place[..length].join("::"));
        let found = prefixes.into_iter().find(|prefix| self.modules.contains_key(prefix));
        Place::Modules(self.below(found.as_deref().unwrap_or(name)))
    }

    fn all(&self, krate: &str) -> Place {
        Place::Modules(self.of(krate).map(|(name, _)| name.clone()).collect())
    }

    /// A module and, where it is a folder, all below it.
    fn below(&self, name: &str) -> Vec<String> {
        let start = format!("{name}::");
        let children = self.modules.range(start.clone()..).map(|(child, _)| child);
        let children = children.take_while(|child| child.starts_with(&start)).cloned();
        std::iter::once(name.to_owned()).chain(children).collect()
    }
}

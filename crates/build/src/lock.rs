//! `Cargo.lock`, as far as a fingerprint needs it: which version of a crate is in force, and of all that it depends on.
//! It knows no source text.

use std::collections::BTreeMap;

/// The packages of a lock file.
#[derive(Default)]
pub struct Lock(Vec<Locked>);

struct Locked {
    name: String,
    version: String,
    /// None for a package that lies in a folder of this machine.
    source: Option<String>,
    checksum: Option<String>,
    /// `name`, `name version` or `name version (source)`: as much as tells it from all others.
    needs: Vec<String>,
}

impl Locked {
    /// Name, version, where it comes from (a revision, if it comes from git) and the checksum.
    fn entry(&self) -> String {
        let [source, checksum] = [&self.source, &self.checksum].map(|field| field.as_deref().unwrap_or("-"));
        format!("{} {} {source} {checksum}", self.name, self.version)
    }

    fn is(&self, need: &str) -> bool {
        let mut words = need.splitn(3, ' ');
        let source = |text: &str| self.source.as_deref() == Some(text.trim_matches(['(', ')']));
        words.next() == Some(&self.name)
            && words.next().is_none_or(|version| version == self.version)
            && words.next().is_none_or(source)
    }
}

impl Lock {
    /// Reads the text of a lock file.
    pub fn parse(text: &str) -> Self {
        let package = |block: &str| {
            let field = |key: &str| {
                let value = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
                Some(value.trim_end_matches('"').to_owned())
            };
            let needs = block.lines().filter_map(|line| line.strip_prefix(" \"")?.split('"').next());
            Some(Locked {
                name: field("name")?,
                version: field("version")?,
                source: field("source"),
                checksum: field("checksum"),
                needs: needs.map(str::to_owned).collect(),
            })
        };
        Self(text.split("[[package]]").skip(1).filter_map(package).collect())
    }

    /// What is locked for the dependency `package` of the local package `of`: its entry and those of all that it needs.
    ///
    /// # Errors
    /// When the lock has no such package, or has it as a folder of this machine (by `[patch]`), whose code is not in the lock.
    pub fn entry(&self, of: (&str, &str), package: &str) -> Result<String, String> {
        let own = self.0.iter().find(|locked| (locked.name.as_str(), locked.version.as_str()) == of);
        let named = |need: &&str| need.split(' ').next() == Some(package);
        let mut open: Vec<&str> =
            own.into_iter().flat_map(|own| &own.needs).map(String::as_str).filter(named).collect();
        if open.is_empty() {
            return Err(format!("`Cargo.lock` has no `{package}` for `{}`: let cargo write it anew", of.0));
        }
        let mut seen = BTreeMap::new();
        while let Some(need) = open.pop() {
            for locked in self.0.iter().filter(|locked| locked.is(need)) {
                if locked.source.is_none() {
                    return Err(format!(
                        "`{}` is replaced by a folder: make it a `path` dependency, so that its code is seen",
                        locked.name
                    ));
                }
                if seen.insert((&locked.name, &locked.version, &locked.source), locked.entry()).is_none() {
                    open.extend(locked.needs.iter().map(String::as_str));
                }
            }
        }
        Ok(seen.into_values().collect::<Vec<_>>().join("; "))
    }
}

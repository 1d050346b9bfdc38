//! What a figure is declared to compute, at its own seed and at further ones, with the digests that the lock remembers.
//! It runs nothing and reads nothing.

use crate::engine::digest::Digest;
use crate::engine::key::Key;
use crate::paper::figure::Figure;
use crate::paper::work::{CommandSpec, Work};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files of the project as they were read. In a recipe their digests stand for them.
#[derive(Default)]
pub struct Files {
    bytes: BTreeMap<String, Vec<u8>>,
    digests: BTreeMap<String, Digest>,
}

impl Files {
    /// Files by path.
    pub fn new(bytes: BTreeMap<String, Vec<u8>>) -> Self {
        let digests = bytes.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes))).collect();
        Self { bytes, digests }
    }

    /// Path to bytes.
    pub fn bytes(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.bytes
    }

    /// Path to digest.
    pub fn digests(&self) -> &BTreeMap<String, Digest> {
        &self.digests
    }
}

impl Serialize for Files {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.digests.serialize(serializer)
    }
}

/// What a run is declared to be. Figures with equal declarations share one run: their ids are not in it.
#[derive(Clone)]
pub struct Declared {
    /// The experiment, or the external command.
    pub work: Work,
    /// All parameters, defaults spelled out.
    pub params: Map<String, Value>,
    /// The seed.
    pub seed: u64,
    /// Declared inputs.
    pub data: Arc<Files>,
    /// The files that an external command consists of. They are code.
    pub code: Arc<Files>,
}

impl Declared {
    /// The digest of the declaration: what the lock remembers. Code is not in it, nor is anything that changes no result.
    pub fn digest(&self) -> Digest {
        // Taken apart by name: a new field does not compile before somebody has decided whether the lock covers it.
        let Self { work, params, seed, data, code: _ } = self;
        let mut key = Key::default();
        match work {
            Work::Experiment(name) => key.part("experiment", name.as_bytes()),
            Work::Command(CommandSpec { argv, reads: _, writes, env, timeout_seconds: _ }) => {
                key.part("command", argv.join("\u{1f}").as_bytes());
                key.part("writes", writes.join("\u{1f}").as_bytes());
                for (name, value) in env {
                    key.part(&format!("env {name}"), value.as_bytes());
                }
            }
        }
        params.iter().for_each(|(name, value)| key.part(&format!("params.{name}"), value.to_string().as_bytes()));
        key.part("seed", seed.to_string().as_bytes());
        let data = data.digests().iter();
        data.for_each(|(path, digest)| key.part(&format!("data {path}"), digest.to_string().as_bytes()));
        key.digest()
    }
}

/// What a figure computes.
pub struct Task {
    /// The figure's own run.
    pub own: Declared,
    /// Where it is measured again.
    pub further: FurtherSeeds,
    /// Where another profile than this one measures it again; no seeds where none does.
    pub elsewhere: FurtherSeeds,
}

/// The further seeds at which the claims of a figure are measured, and the parameters there.
#[derive(Default, Serialize)]
pub struct FurtherSeeds {
    /// The seeds; none where this profile does not measure them, or there is no claim to measure.
    pub seeds: Vec<u64>,
    /// Every parameter there.
    pub params: Map<String, Value>,
}

impl Task {
    /// The task of a figure whose run is declared; `measured` tells whether it is measured at further seeds.
    pub fn new(figure: &Figure, own: Declared, measured: bool) -> Self {
        let robustness = &figure.robustness;
        let seeds = || FurtherSeeds { seeds: robustness.seeds.clone(), params: robustness.params.clone() };
        let (further, elsewhere) = match (measured, &robustness.profile) {
            _ if robustness.seeds.is_empty() => Default::default(),
            (true, _) => (seeds(), FurtherSeeds::default()),
            (false, Some(_)) => (FurtherSeeds::default(), seeds()),
            (false, None) => Default::default(),
        };
        Self { own, further, elsewhere }
    }

    /// The digest of what is declared to run at the further seeds; none where this profile measures none.
    pub fn declared_again(&self) -> Option<Digest> {
        self.digest_of(&self.further)
    }

    /// The same of those that another profile measures.
    pub fn declared_elsewhere(&self) -> Option<Digest> {
        self.digest_of(&self.elsewhere)
    }

    fn digest_of(&self, further: &FurtherSeeds) -> Option<Digest> {
        let mut key = Key::default();
        for &seed in &further.seeds {
            let declared = Declared { seed, params: further.params.clone(), ..self.own.clone() };
            key.part("further", declared.digest().to_string().as_bytes());
        }
        (!further.seeds.is_empty()).then(|| key.digest())
    }

    /// What is declared to run at a further seed.
    pub fn at(&self, seed: u64) -> Declared {
        Declared { seed, params: self.further.params.clone(), ..self.own.clone() }
    }

    /// The digest of all of it, as the lock remembers it: code is not in it.
    pub fn digest(&self) -> Digest {
        let Self { own, further: FurtherSeeds { seeds, params: _ }, elsewhere: _ } = self;
        if seeds.is_empty() {
            return own.digest();
        }
        let mut key = Key::default();
        key.part("own", own.digest().to_string().as_bytes());
        for &seed in seeds {
            key.part("further", self.at(seed).digest().to_string().as_bytes());
        }
        key.digest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(params: &[(&str, i32)]) -> Declared {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let (data, code) = (Arc::default(), Arc::default());
        Declared { work: Work::Experiment("toy".to_owned()), params, seed: 3, data, code }
    }

    #[test]
    fn the_lock_remembers_what_is_computed_and_not_by_which_code() {
        let plain = declared(&[("n", 2)]);
        let file = || Arc::new(Files::new(BTreeMap::from([("a".to_owned(), b"1".to_vec())])));
        assert_eq!(Declared { code: file(), ..plain.clone() }.digest(), plain.digest());
        assert_ne!(Declared { data: file(), ..plain.clone() }.digest(), plain.digest());
        assert_ne!(Declared { seed: 4, ..plain.clone() }.digest(), plain.digest());
        assert_ne!(declared(&[("n", 3)]).digest(), plain.digest());
    }
}

//! `manifest.proved`: the platforms on which everything came out as the lock says, to the last bit. Committed; one a line.
//!
//! `condense verify --record` alone writes it, after it computed a whole profile from nothing and found every digest.
//! A line holds the digest of what it proves: the lock's sections of its profile. Once those have moved the line proves
//! nothing any more. It is not shown, and it is left out when the file is next written.

use crate::diag::Diagnostic;
use crate::engine::digest::Digest;
use crate::engine::{atomic, files};
use crate::num::level::{self, Level};
use crate::paper::view;
use crate::pipeline::locked::Lock;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// The file's name.
pub const NAME: &str = "manifest.proved";

/// How kernels were compiled, from the plainest.
const KERNELS: [(Level, &str); 4] =
    [(Level::Baseline, "baseline"), (Level::Avx2, "AVX2+FMA"), (Level::Avx512, "AVX-512"), (Level::Neon, "NEON")];

/// What the bits must not depend on: the processor, how this program was compiled for it, and the number of threads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// The architecture: `x86-64`.
    pub arch: String,
    /// The instructions that kernels take: `AVX2+FMA`.
    pub kernels: String,
    /// `debug` or `release`.
    pub build: String,
    /// Of the compiler.
    pub opt_level: String,
    /// As many as could run at once.
    pub threads: usize,
    /// What the program cannot know of itself, in the caller's words: `qemu-user Haswell`; mostly empty.
    pub note: String,
}

/// One line: the platform met the lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    /// Of this profile,
    pub profile: String,
    /// on this platform,
    pub platform: Platform,
    /// whose sections in the lock had this digest.
    pub lock: Digest,
}

/// All lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proved(pub BTreeSet<Proof>);

impl Platform {
    /// The one that this process runs on.
    pub fn here(threads: usize, note: &str) -> Self {
        let level = level::level();
        let kernels = KERNELS.iter().find(|(own, _)| *own == level).map_or("", |(_, name)| name);
        Self {
            arch: std::env::consts::ARCH.replace('_', "-"),
            kernels: kernels.to_owned(),
            build: env!("CONDENSE_BUILD_PROFILE").to_owned(),
            opt_level: env!("CONDENSE_BUILD_OPT_LEVEL").to_owned(),
            threads,
            note: note.to_owned(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(6, ", ");
        let mut next = || words.next().filter(|word| !word.is_empty()).map(str::to_owned);
        Some(Self {
            arch: next()?,
            kernels: next()?,
            build: next()?,
            opt_level: next()?.strip_prefix("opt-level ")?.to_owned(),
            threads: next()?.split_once(" thread")?.0.parse().ok()?,
            note: next().unwrap_or_default(),
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arch, kernels, build, opt_level, threads, note } = self;
        let plural = if *threads == 1 { "" } else { "s" };
        write!(out, "{arch}, {kernels}, {build}, opt-level {opt_level}, {threads} thread{plural}")?;
        if note.is_empty() { Ok(()) } else { write!(out, ", {note}") }
    }
}

impl Proved {
    /// Reads the file of a project; an absent one is empty.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood.
    pub fn load(project: &Path) -> Result<Self, Diagnostic> {
        let unreadable = |message: String| {
            Diagnostic::new("L002", message).help(
                "where a merge left marks, keep the lines of both sides; or delete the file: it can be made again",
            )
        };
        let bytes = files::find(&project.join(NAME)).map_err(|error| unreadable(error.to_string()))?;
        let text =
            String::from_utf8(bytes.unwrap_or_default()).map_err(|_| unreadable(format!("`{NAME}` is not UTF-8")))?;
        Self::parse(&text).map_err(|reason| unreadable(format!("`{NAME}` cannot be understood: {reason}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let proof = |line: &str| {
            let (lock, rest) = line.split_once("  ")?;
            let (profile, platform) = rest.split_once(": ")?;
            let (profile, platform, lock) = (profile.to_owned(), Platform::parse(platform)?, Digest::parse(lock)?);
            Some(Proof { profile, platform, lock })
        };
        let mut proved = Self::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let merge = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
            let what = if merge { "a mark that a merge left" } else { "no `digest  profile: platform`" };
            proved.0.insert(proof(line).ok_or_else(|| format!("line {}: {what}", at + 1))?);
        }
        Ok(proved)
    }

    /// The file as text.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# Where all of a profile came out as `manifest.lock` says: SHA-256 of its sections there, and the platform.\n\
             # Written by `condense verify --record`, never by hand; `make identical` tries all platforms. Commit it.\n\n",
        );
        for Proof { profile, platform, lock } in &self.0 {
            text.push_str(&format!("{lock}  {profile}: {platform}\n"));
        }
        text
    }

    /// Without the lines that speak of an older lock.
    #[must_use]
    pub fn current(&self, lock: &Lock) -> Self {
        let current = |proof: &&Proof| lock.digest(&proof.profile) == Some(proof.lock);
        Self(self.0.iter().filter(current).cloned().collect())
    }

    /// Without the lines of profiles in which the lock lacks one of these figures, which was never compared.
    #[must_use]
    pub fn of_all(&self, lock: &Lock, figures: &[String]) -> Self {
        let accepted = |proof: &&Proof| figures.iter().all(|figure| lock.entry(&proof.profile, figure).is_some());
        Self(self.0.iter().filter(accepted).cloned().collect())
    }

    /// The digest of the file; none where there is none.
    pub fn digest(&self) -> Option<Digest> {
        (!self.0.is_empty()).then(|| Digest::of(self.to_text().as_bytes()))
    }

    /// Writes the file, unless it says the same already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, project: &Path) -> std::io::Result<()> {
        let (path, text) = (project.join(NAME), self.to_text());
        if files::find(&path)?.as_deref() == Some(text.as_bytes()) {
            return Ok(());
        }
        atomic::write(&path, text.as_bytes())
    }

    /// What a report of this profile shows of it; nothing where there is nothing.
    pub fn view(&self, profile: &str) -> Option<view::Proof> {
        let row = |proof: &Proof| view::ProofRow {
            processor: format!("{} {}", proof.platform.arch, proof.platform.kernels),
            build: format!("{}, opt-level {}", proof.platform.build, proof.platform.opt_level),
            threads: proof.platform.threads,
            note: proof.platform.note.clone(),
            profile: proof.profile.clone(),
        };
        let platforms: BTreeSet<&Platform> = self.0.iter().map(|proof| &proof.platform).collect();
        let own = self.0.iter().filter(|proof| proof.profile == profile).map(|proof| &proof.platform).collect();
        let others: BTreeSet<&&Platform> = platforms.difference(&own).collect();
        let elsewhere = self.0.iter().filter(|proof| others.contains(&&proof.platform)).map(|proof| &proof.profile);
        let mut what = summary(&platforms);
        if !others.is_empty() {
            let count = if own.is_empty() { "all".to_owned() } else { format!("{} of them", others.len()) };
            what.push_str(&format!("; {count} at the parameters of {}", and(elsewhere.collect::<BTreeSet<_>>())));
        }
        let view = view::Proof { platforms: platforms.len(), what, rows: self.0.iter().map(row).collect() };
        (view.platforms > 0).then_some(view)
    }
}

/// `x86-64 baseline and AVX2+FMA; 1 and 2 threads; release, opt-level 3`.
fn summary(platforms: &BTreeSet<&Platform>) -> String {
    let mut arches: BTreeMap<&str, BTreeSet<(usize, &str)>> = BTreeMap::new();
    for platform in platforms {
        let rank = KERNELS.iter().position(|(_, name)| *name == platform.kernels).unwrap_or(KERNELS.len());
        arches.entry(&platform.arch).or_default().insert((rank, &platform.kernels));
    }
    let threads: BTreeSet<usize> = platforms.iter().map(|platform| platform.threads).collect();
    let plural = if threads == BTreeSet::from([1]) { "" } else { "s" };
    let builds: BTreeSet<&str> = platforms.iter().map(|platform| platform.build.as_str()).collect();
    let levels: BTreeSet<&str> = platforms.iter().map(|platform| platform.opt_level.as_str()).collect();
    let mut parts: Vec<String> = arches
        .into_iter()
        .map(|(arch, kernels)| format!("{arch} {}", and(kernels.into_iter().map(|(_, name)| name))))
        .collect();
    parts.push(format!("{} thread{plural}", and(threads)));
    parts.push(format!("{}, opt-level {}", and(builds), and(levels)));
    parts.join("; ")
}

/// "a, b and c".
fn and(words: impl IntoIterator<Item = impl ToString>) -> String {
    let mut words: Vec<String> = words.into_iter().map(|word| word.to_string()).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::locked::Locked;

    /// A lock with one figure in each profile.
    fn lock(profiles: &[(&str, &str)]) -> Lock {
        let entry = |bits: &str| Locked {
            declared: Digest::of(b"declared"),
            drawn: Digest::of(b"drawn"),
            outputs: BTreeMap::from([(
                crate::engine::relative::Relative::known("fig/a.csv"),
                Digest::of(bits.as_bytes()),
            )]),
        };
        let section =
            |(profile, bits): &(&str, &str)| ((*profile).to_owned(), BTreeMap::from([("a".to_owned(), entry(bits))]));
        Lock(profiles.iter().map(section).collect())
    }

    fn platform(arch: &str, kernels: &str, threads: usize, note: &str) -> Platform {
        let (build, opt_level) = ("release".to_owned(), "3".to_owned());
        Platform {
            arch: arch.to_owned(),
            kernels: kernels.to_owned(),
            build,
            opt_level,
            threads,
            note: note.to_owned(),
        }
    }

    fn proved(lock: &Lock, proofs: Vec<(&str, Platform)>) -> Proved {
        let proof = |(profile, platform): (&str, Platform)| Proof {
            profile: profile.to_owned(),
            platform,
            lock: lock.digest(profile).expect("a section"),
        };
        Proved(proofs.into_iter().map(proof).collect())
    }

    #[test]
    fn the_text_reads_back_and_is_sorted() {
        let lock = lock(&[("default", "1"), ("smoke", "2")]);
        let all = proved(
            &lock,
            vec![
                ("smoke", platform("aarch64", "NEON", 2, "qemu-aarch64, rustc 1.96.0")),
                ("default", platform("x86-64", "AVX2+FMA", 7, "")),
                ("default", platform("x86-64", "AVX2+FMA", 1, "")),
                ("default", Platform::here(12, "")),
            ],
        );
        let text = all.to_text();
        assert_eq!(Proved::parse(&text), Ok(all.clone()));
        assert_eq!(Proved::parse(""), Ok(Proved::default()));
        let lines: Vec<&str> = text.lines().filter_map(|line| line.split_once("  ")).map(|(_, line)| line).collect();
        assert_eq!(lines.len(), 4);
        let at = |end: &str| lines.iter().position(|line| line.ends_with(end)).expect(end);
        assert!(
            at(", 1 thread") < at(", 7 threads") && at(", 7 threads") < at("2 threads, qemu-aarch64, rustc 1.96.0")
        );
    }

    #[test]
    fn what_speaks_of_an_older_lock_is_left_out() {
        let old = lock(&[("default", "1"), ("smoke", "2")]);
        let (wide, arm) = (platform("x86-64", "AVX2+FMA", 1, ""), platform("aarch64", "NEON", 1, ""));
        let all = proved(&old, vec![("default", wide), ("smoke", arm)]);
        assert_eq!(all.current(&old), all);
        let left = all.current(&lock(&[("default", "another"), ("smoke", "2")]));
        assert_eq!(left.0.iter().map(|proof| proof.profile.as_str()).collect::<Vec<_>>(), ["smoke"]);
        assert_eq!(all.current(&Lock::default()), Proved::default());
    }

    #[test]
    fn what_a_merge_left_and_what_a_hand_wrote_are_named_by_line() {
        let fault = |text: &str| Proved::parse(text).unwrap_err();
        for mark in ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> theirs"] {
            assert_eq!(fault(&format!("# head\n\n{mark}")), "line 3: a mark that a merge left");
        }
        let digest = Digest::of(b"");
        let good = format!("{digest}  default: x86-64, NEON, release, opt-level 3, 2 threads");
        assert_eq!(Proved::parse(&good).map(|proved| proved.0.len()), Ok(1));
        for bad in [&good[1..], &good[..good.len() - 10], &good.replace(": ", " "), &good.replace("2 t", "two t")] {
            assert_eq!(fault(bad), "line 1: no `digest  profile: platform`", "{bad}");
        }
    }

    #[test]
    fn one_sentence_names_what_differed_between_the_platforms() {
        let lock = lock(&[("default", "1"), ("smoke", "2")]);
        let all = proved(
            &lock,
            vec![
                ("default", platform("x86-64", "AVX-512", 1, "")),
                ("default", platform("x86-64", "AVX2+FMA", 7, "")),
                ("default", platform("x86-64", "baseline", 2, "")),
                ("smoke", platform("x86-64", "baseline", 2, "")),
                ("smoke", platform("x86-64", "baseline", 2, "qemu-user Nehalem")),
                ("smoke", platform("aarch64", "NEON", 2, "qemu-aarch64")),
            ],
        );
        let what = "aarch64 NEON; x86-64 baseline, AVX2+FMA and AVX-512; 1, 2 and 7 threads; release, opt-level 3";
        let seen = |profile: &str| all.view(profile).map(|proof| (proof.platforms, proof.what, proof.rows.len()));
        assert_eq!(seen("default"), Some((5, format!("{what}; 2 of them at the parameters of smoke"), 6)));
        assert_eq!(seen("smoke"), Some((5, format!("{what}; 2 of them at the parameters of default"), 6)));
        assert_eq!(seen("full"), Some((5, format!("{what}; all at the parameters of default and smoke"), 6)));
        assert!(Proved::default().view("default").is_none());
    }
}

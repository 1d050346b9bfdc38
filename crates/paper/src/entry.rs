//! Reads one `[[figure]]` entry of the manifest, and reports every mistake in it.
//! It knows neither other entries nor the figure's page.

use crate::checks::{Asked, Checks, Raw, Tag};
use crate::faults::Faults;
use crate::figure::{Fidelity, Figure};
use crate::names::{self, brief};
use crate::params::Origin;
use crate::robustness::{self, Robustness};
use crate::toml_reader::{Piece, Reading, read};
use crate::work::Work;
use crate::work_reader;
use crate::written::{Form, Written};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::Spanned;
use toml::de::DeTable;

/// What was found in an entry.
pub struct FigureEntry {
    /// The figure; where the entry has faults, their place is taken by something harmless. None without a good id.
    pub figure: Option<Figure>,
    /// The id as it is written, good or bad.
    pub id: Option<String>,
    /// The profiles that it declares.
    pub profiles: BTreeSet<String>,
}

/// The parameters of a figure.
#[derive(Default)]
struct Applied {
    /// As its entry says them.
    own: Map<String, Value>,
    /// The same under the profiles that it declares.
    others: BTreeMap<String, Map<String, Value>>,
    /// The names of these that can be used.
    names: BTreeSet<String>,
}

impl Applied {
    /// The parameters under a profile; one that the entry does not declare changes nothing.
    fn of(&self, profile: &str) -> &Map<String, Value> {
        self.others.get(profile).unwrap_or(&self.own)
    }
}

/// Reads and checks an entry.
pub fn parse(table: &Spanned<DeTable>, asked: &Asked, piece: &Piece, faults: &mut Faults) -> FigureEntry {
    let Reading { value: raw, spoilt } = read::<Raw>(table.clone(), "a figure", piece, faults);
    let written = || table.get_ref().get("id").and_then(|id| id.get_ref().as_str().map(str::to_owned));
    let Some(raw) = raw else { return FigureEntry { figure: None, id: written(), profiles: BTreeSet::new() } };
    let mut checks = Checks { table, asked, piece, spoilt: &spoilt, faults };
    let id = raw.id.as_ref().filter(|id| checks.id(id)).cloned();
    if raw.id.is_none() {
        checks.missing("id", "id = \"kebab-case-name\"");
    }
    let slide = checks.slide(&raw);
    checks.not_blank(raw.section.as_ref(), "section");
    let fidelity = checks.fidelity(&raw);
    for path in &raw.data {
        checks.input(path);
    }
    let work = work_reader::parse(&raw, &mut checks);
    let span = raw.experiment.as_ref().or(raw.id.as_ref()).map(Spanned::span);
    let applied = checks.params(&work, span.clone());
    let params = applied.of(asked.profile).clone();
    let seed = raw.seed.unwrap_or(0);
    let robustness = checks.robustness(&work, span, seed, &applied);
    let figure = id.map(|id| Figure {
        span: piece.span(id.span()),
        id: id.into_inner(),
        slide,
        section: raw.section.map(Spanned::into_inner),
        work,
        params,
        seed,
        robustness,
        fidelity,
        data: raw.data.into_iter().map(Spanned::into_inner).collect(),
    });
    FigureEntry { figure, id: written(), profiles: applied.names }
}

impl Checks<'_> {
    fn id(&mut self, id: &Spanned<String>) -> bool {
        let fault = names::id_fault(id.get_ref());
        if let Some(fault) = &fault {
            self.fault("M008", format!("id `{}` cannot be used: {fault}", brief(id.get_ref())), id.span());
        }
        fault.is_none()
    }

    fn slide(&mut self, raw: &Raw) -> String {
        self.not_blank(raw.slide.as_ref(), "slide");
        if raw.slide.is_none() {
            self.missing("slide", "slide = \"the title of the slide, in the source's words\"");
        }
        raw.slide.clone().map_or_else(String::new, Spanned::into_inner)
    }

    fn fidelity(&mut self, raw: &Raw) -> Fidelity {
        self.not_blank(raw.because.as_ref(), "because");
        let (text, span) = raw.because.as_ref().map_or(("", 0..0), |because| (because.get_ref(), because.span()));
        let because = Written::new(text, Form::Line, &self.piece.source, self.piece.span(span));
        because.check(self.faults);
        let Some(tag) = &raw.fidelity else {
            self.missing("fidelity", "fidelity = \"faithful\", or \"scaled\" or \"substitute\" with `because`");
            return Fidelity::Faithful;
        };
        match (tag.get_ref(), &raw.because) {
            (Tag::Faithful, Some(because)) => {
                self.fault("M012", "a faithful figure has no `because`: nothing differs", because.span());
            }
            (Tag::Scaled | Tag::Substitute, None) if !self.spoilt.contains("because") => {
                let fault = self.piece.fault("M012", "`because` is missing", tag.span(), "");
                self.faults.push(fault.help("because = \"what differs from the source, and why\""));
            }
            _ => {}
        }
        match tag.get_ref() {
            Tag::Faithful => Fidelity::Faithful,
            Tag::Scaled => Fidelity::Scaled(because),
            Tag::Substitute => Fidelity::Substitute(because),
        }
    }

    /// The parameters under every profile. All are checked.
    fn params(&mut self, work: &Work, span: Option<Range<usize>>) -> Applied {
        let experiment = work.experiment();
        let defaults = experiment.map_or_else(|| Some(Map::new()), |name| self.asked.catalogue.defaults(name));
        // Of an unknown experiment nothing more can be said.
        let Some(defaults) = defaults else {
            return Applied { names: self.profile_names(), ..Applied::default() };
        };
        let origin = self.origin(experiment, span);
        let own = origin.over(&defaults, self.subtable("params").unwrap_or(&DeTable::new()), self.faults);
        let mut others = BTreeMap::new();
        for (name, overrides) in self.subtable("profile").into_iter().flatten() {
            let Some(overrides) = overrides.get_ref().as_table() else {
                let message = format!("profile `{}` must be a table of parameters", name.get_ref());
                self.fault("M005", message, overrides.span());
                continue;
            };
            self.overridable(experiment, &own, overrides);
            others.insert(name.get_ref().to_string(), origin.over(&own, overrides, self.faults));
        }
        Applied { own, others, names: self.profile_names() }
    }

    /// How claims are measured at further seeds, whose parameters are over those of the profile that measures them.
    fn robustness(&mut self, work: &Work, span: Option<Range<usize>>, seed: u64, applied: &Applied) -> Robustness {
        let known = work.experiment().is_none_or(|name| self.asked.catalogue.defaults(name).is_some());
        let origin = self.origin(work.experiment(), span);
        let written = self.table.get_ref().get("robustness");
        let by = written.and_then(|table| table.get_ref().as_table()?.get("profile")?.get_ref().as_str());
        let params = applied.of(by.unwrap_or(self.asked.profile));
        let overrides = written.and_then(|table| table.get_ref().as_table()?.get("params")?.get_ref().as_table());
        if let (None, Some(overrides)) = (work.experiment(), overrides) {
            self.overridable(None, params, overrides);
        }
        let usual = (seed, self.asked.further_seeds);
        robustness::of_figure(written, usual, params, known.then_some(&origin), self.piece, self.faults)
    }

    /// A profile may only change what is there: for a command, that is what the entry names.
    fn overridable(&mut self, experiment: Option<&str>, own: &Map<String, Value>, overrides: &DeTable) {
        for key in overrides.keys().filter(|key| experiment.is_none() && !own.contains_key(key.get_ref().as_ref())) {
            let name = key.get_ref();
            let fault = self.piece.fault("M003", format!("unknown parameter `{name}`"), key.span(), "not in `params`");
            self.faults.push(fault.suggest(name, own.keys(), "parameters of this figure"));
        }
    }

    fn profile_names(&mut self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for name in self.subtable("profile").into_iter().flat_map(DeTable::keys) {
            let fault = match name.get_ref().as_ref() {
                "default" => Some("it is the name of the entry without a profile".to_owned()),
                // Its report would lie where the pictures of the default one do.
                "fig" => Some("the report needs that name itself".to_owned()),
                other => names::id_fault(other),
            };
            match fault {
                Some(fault) => {
                    let message = format!("profile `{}` cannot be used: {fault}", brief(name.get_ref()));
                    self.fault("M013", message, name.span());
                }
                None => drop(names.insert(name.get_ref().to_string())),
            }
        }
        names
    }
}

impl<'a> Checks<'a> {
    fn origin<'o>(&self, experiment: Option<&'o str>, span: Option<Range<usize>>) -> Origin<'o>
    where
        'a: 'o,
    {
        let span = span.unwrap_or_else(|| self.table.span());
        Origin { catalogue: self.asked.catalogue, experiment, span, piece: self.piece }
    }
}

//! Fenced blocks of a page: TOML with places, read piece by piece, so that one run reports every mistake.
//! It knows charts and claims as data, not what they mean.

use crate::diag::{Diagnostic, Source};
use crate::paper::claim::Bound;
use crate::paper::names;
use crate::plot::chart::{Chart, Layer, Panel};
use crate::plot::check::Place;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// The text between two fences.
#[derive(Clone, Debug)]
pub struct Block {
    /// The page.
    pub source: Arc<Source>,
    /// Which bytes of it.
    pub at: Range<usize>,
}

/// A `chart` block.
#[derive(Clone, Debug)]
pub struct ChartBlock {
    /// What to draw.
    pub chart: Chart,
    /// Where it stands.
    pub block: Block,
}

/// A `claim` block.
#[derive(Clone, Debug)]
pub struct ClaimBlock {
    /// Unique within the page.
    pub id: String,
    /// The sentence.
    pub says: String,
    /// Name of the measured value.
    pub value: String,
    /// What it must satisfy.
    pub bound: Bound,
    /// The source's own number or words.
    pub source: Option<String>,
    /// Significant digits to show.
    pub digits: Option<usize>,
    /// Where it stands.
    pub block: Block,
}

type Entry<'t> = Spanned<DeValue<'t>>;

impl Block {
    /// Its text.
    pub fn text(&self) -> &str {
        &self.source.text[self.at.clone()]
    }

    /// A diagnostic at bytes of the block.
    pub fn fault(&self, code: &'static str, message: String, span: Option<Range<usize>>) -> Diagnostic {
        let span = span.unwrap_or(0..self.text().lines().next().map_or(0, str::len));
        Diagnostic::new(code, message).at(&self.source, self.at.start + span.start..self.at.start + span.end, "")
    }

    fn table(&self, faults: &mut Vec<Diagnostic>) -> Option<Spanned<DeTable<'_>>> {
        let (table, errors) = DeTable::parse_recoverable(self.text());
        faults.extend(errors.iter().map(|error| self.fault("P010", error.message().to_owned(), error.span())));
        errors.is_empty().then_some(table)
    }

    fn read<T: DeserializeOwned>(&self, value: Entry<'_>, faults: &mut Vec<Diagnostic>) -> Option<T> {
        T::deserialize(ValueDeserializer::from(value))
            .map_err(|error| faults.push(self.serde_fault(error.message(), error.span())))
            .ok()
    }

    /// Turns serde's sentence into one of ours: the legal names become a suggestion and a list.
    fn serde_fault(&self, message: &str, span: Option<Range<usize>>) -> Diagnostic {
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        match quoted.split_first() {
            Some((name, legal)) if message.starts_with("unknown field") => {
                self.fault("P011", format!("unknown key `{name}`"), span).suggest(name, legal, "keys here")
            }
            Some((name, legal)) if message.starts_with("unknown variant") => {
                self.fault("P012", format!("unknown word `{name}`"), span).suggest(name, legal, "legal words")
            }
            Some((name, _)) if message.starts_with("missing field") => self
                .fault("P013", format!("`{name}` is missing"), span)
                .help(format!("add a line `{name} = …` to the block")),
            _ => self.fault("P014", message.trim_end().to_owned(), span),
        }
    }

    /// Reads the block as a chart: head, panels and layers one by one.
    pub fn chart(&self, faults: &mut Vec<Diagnostic>) -> Option<ChartBlock> {
        let before = faults.len();
        let table = self.table(faults)?;
        let span = table.span();
        let mut head = table.into_inner();
        let panels = take(&mut head, "panel");
        let chart: Option<Chart> = self.read(Spanned::new(span, DeValue::Table(head)), faults);
        let panels: Vec<Option<Panel>> =
            panels.map_or_else(Vec::new, |value| self.each(value, "panel", faults, Self::panel));
        let mut chart = chart.filter(|_| faults.len() == before)?;
        chart.panels = panels.into_iter().collect::<Option<Vec<_>>>()?;
        let found = ChartBlock { chart, block: self.clone() };
        for fault in found.chart.check() {
            faults.push(Diagnostic::new("P015", fault.message).at(&self.source, found.span_of(&fault.place), ""));
        }
        (faults.len() == before).then_some(found)
    }

    fn panel(&self, value: Entry<'_>, faults: &mut Vec<Diagnostic>) -> Option<Panel> {
        let span = value.span();
        let DeValue::Table(mut table) = value.into_inner() else {
            faults.push(self.fault("P014", "a panel is a table: write `[[panel]]`".to_owned(), Some(span)));
            return None;
        };
        let layers = take(&mut table, "layer");
        let panel: Option<Panel> = self.read(Spanned::new(span, DeValue::Table(table)), faults);
        let layers: Vec<Option<Layer>> =
            layers.map_or_else(Vec::new, |value| self.each(value, "panel.layer", faults, Self::read));
        let mut panel = panel?;
        panel.layers = layers.into_iter().collect::<Option<Vec<_>>>()?;
        Some(panel)
    }

    fn each<T>(
        &self,
        value: Entry<'_>,
        name: &str,
        faults: &mut Vec<Diagnostic>,
        read: impl Fn(&Self, Entry<'_>, &mut Vec<Diagnostic>) -> Option<T>,
    ) -> Vec<Option<T>> {
        let span = value.span();
        let DeValue::Array(values) = value.into_inner() else {
            faults.push(self.fault("P014", format!("`{name}` is a list of tables: write `[[{name}]]`"), Some(span)));
            return vec![None];
        };
        values.into_iter().map(|value| read(self, value, faults)).collect()
    }

    /// Reads the block as a claim.
    pub fn claim(&self, faults: &mut Vec<Diagnostic>) -> Option<ClaimBlock> {
        let before = faults.len();
        let table = self.table(faults)?;
        let (span, table) = (table.span(), table.into_inner());
        let place = |key: &str| table.get(key).map(Spanned::span);
        let spans = ["below", "above", "between", "equals", "within", "id", "says", "value", "digits"]
            .map(|key| (key, place(key)));
        let at = |key: &str| spans.iter().find(|(own, _)| *own == key).and_then(|(_, span)| span.clone());
        let raw: RawClaim = self.read(Spanned::new(span, DeValue::Table(table)), faults)?;
        match raw.bound() {
            Err((key, message)) => faults.push(self.fault("P021", message.to_owned(), at(key))),
            Ok(bound) => {
                let id = raw.id.unwrap_or_else(|| raw.value.clone());
                if let Some(fault) = names::value_fault(&id) {
                    let place = at("id").or_else(|| at("value"));
                    faults.push(self.fault("P022", format!("claim id `{id}` is not well formed: {fault}"), place));
                }
                if raw.says.trim().is_empty() {
                    faults.push(self.fault("P023", "`says` is empty: a claim is a sentence".to_owned(), at("says")));
                }
                if raw.digits.is_some_and(|digits| !(1..=17).contains(&digits)) {
                    faults.push(self.fault("P024", "`digits` lies between 1 and 17".to_owned(), at("digits")));
                }
                let claim = ClaimBlock {
                    id,
                    says: raw.says,
                    value: raw.value,
                    bound,
                    source: raw.source,
                    digits: raw.digits,
                    block: self.clone(),
                };
                return (faults.len() == before).then_some(claim);
            }
        }
        None
    }
}

fn take<'t>(table: &mut DeTable<'t>, key: &str) -> Option<Entry<'t>> {
    table.remove(key)
}

/// A claim as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClaim {
    says: String,
    value: String,
    id: Option<String>,
    source: Option<String>,
    digits: Option<usize>,
    below: Option<f64>,
    above: Option<f64>,
    between: Option<[f64; 2]>,
    equals: Option<f64>,
    within: Option<f64>,
}

impl RawClaim {
    /// The one bound that is given, or the key and the reason.
    fn bound(&self) -> Result<Bound, (&'static str, &'static str)> {
        let given = [
            ("below", self.below.is_some()),
            ("above", self.above.is_some()),
            ("between", self.between.is_some()),
            ("equals", self.equals.is_some()),
        ];
        let mut given = given.iter().filter(|(_, given)| *given).map(|(key, _)| *key);
        let (first, second) = (given.next(), given.next());
        let numbers = [
            self.below,
            self.above,
            self.equals,
            self.within,
            self.between.map(|[low, _]| low),
            self.between.map(|[_, high]| high),
        ];
        if let Some(key) = first
            && numbers.iter().flatten().any(|number| !number.is_finite())
        {
            return Err((key, "a bound is a finite number"));
        }
        match (first, second) {
            (None, _) => Err((
                "value",
                "a claim needs a bound: `below`, `above`, `between = [low, high]`, or `equals` with `within`",
            )),
            (_, Some(key)) => Err((key, "a claim has one bound: write a second claim for the other")),
            (Some(key), None) if self.within.is_some() && key != "equals" => {
                Err(("within", "`within` belongs to `equals`"))
            }
            (Some("below"), _) => Ok(Bound::Below(self.below.unwrap_or_default())),
            (Some("above"), _) => Ok(Bound::Above(self.above.unwrap_or_default())),
            (Some("between"), _) => match self.between.unwrap_or_default() {
                [low, high] if low <= high => Ok(Bound::Between(low, high)),
                _ => Err(("between", "`between` is `[low, high]`, low first")),
            },
            _ => match self.within {
                None => Err(("equals", "`equals` needs `within`: how far is still equal? (0 for exactly)")),
                Some(within) if within < 0.0 => Err(("within", "`within` is a distance: it is not negative")),
                Some(within) => Ok(Bound::Equals(self.equals.unwrap_or_default(), within)),
            },
        }
    }
}

impl ChartBlock {
    /// The bytes of the page that a place in the chart stands at.
    pub fn span_of(&self, place: &Place) -> Range<usize> {
        let start = self.block.at.start;
        let found = DeTable::parse(self.block.text()).ok().and_then(|table| locate(table.get_ref(), place));
        let within = found.unwrap_or(0..self.block.text().lines().next().map_or(0, str::len));
        start + within.start..start + within.end
    }
}

/// The span of a place in a chart's table, as near as it can be told.
fn locate(chart: &DeTable<'_>, place: &Place) -> Option<Range<usize>> {
    fn nth<'t>(table: &DeTable<'t>, key: &str, at: usize) -> Option<Entry<'t>> {
        table.get(key)?.get_ref().as_array()?.get(at).cloned()
    }
    let mut table = chart.clone();
    let mut span = None;
    for (key, at) in [("panel", place.panel), ("layer", place.layer)] {
        let Some(at) = at else { break };
        let entry = nth(&table, key, at)?;
        span = Some(entry.span());
        table = entry.get_ref().as_table()?.clone();
    }
    for key in place.key.into_iter().flat_map(|key| key.split('.')) {
        let Some(entry) = table.get(key).cloned() else { break };
        span = Some(entry.span());
        table = entry.get_ref().as_table().cloned().unwrap_or_default();
    }
    span
}

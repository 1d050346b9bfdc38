//! The step that judges a figure's claims, and writes its numbers as JSON. It knows no charts and no prose.

use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::step::{Step, StepId, Which};
use crate::engine::step_context::StepContext;
use crate::paper::block::ClaimBlock;
use crate::paper::claim::{Bound, Verdict};
use crate::paper::quote::{self, Quoted};
use crate::paper::share::Share;
use crate::paper::written::QuotedValues;
use crate::pipeline::declared::FurtherSeeds;
use crate::pipeline::run::VALUES;
use crate::pipeline::seeds::Recorded;
use crate::plot::text::significant;
use crate::roster::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The claims of a figure.
#[derive(Serialize)]
pub struct CheckRecipe<'p> {
    /// The figure's id.
    pub figure: &'p str,
    /// The experiment's name, or the command line.
    pub work: &'p str,
    /// The parameters of its run.
    pub params: &'p Map<String, Value>,
    /// The seed of its run.
    pub seed: u64,
    /// Where it is measured again.
    pub further: &'p FurtherSeeds,
    /// What another profile measured there, where this one does not.
    pub recorded: Option<Recorded<'p>>,
    /// What must hold.
    pub claims: Vec<&'p ClaimBlock>,
    /// The values that its texts quote: with the values at hand, every slip is told at once.
    pub quoted: QuotedValues<'p>,
    /// The code that judges.
    pub code: Code,
}

/// The role of the step that measures.
const RUN: &str = "run";
/// The verdicts: a list of [`Judged`].
pub const CLAIMS: &str = "claims.json";
/// Parameters, seeds and values, for readers.
pub const RESULT: &str = "result.json";

/// The role of the step that measures at a further seed.
fn at(seed: u64) -> String {
    format!("seed {seed}")
}

/// The step that judges, by what `run` and the steps of further `seeds` measured.
pub fn step<'p>(recipe: CheckRecipe<'p>, run: StepId, seeds: &[StepId]) -> Step<'p> {
    let numbers = || Which::Named(vec![VALUES.to_owned()]);
    let further = recipe.further;
    let step = Step::new(format!("check {}", recipe.figure), recipe).takes(RUN, run, numbers());
    further.seeds.iter().zip(seeds).fold(step, |step, (&seed, &id)| step.takes(at(seed), id, numbers()))
}

/// A claim with its verdict, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// Unique within the figure.
    pub id: String,
    /// The sentence, quotations filled in.
    pub says: String,
    /// The value's name.
    pub name: String,
    /// What was measured.
    pub measured: f64,
    /// What was asked for.
    pub bound: Bound,
    /// Whether it is true by construction: it is not counted.
    pub identity: bool,
    /// The least share of the further seeds that was asked for, where that was.
    pub share: Option<f64>,
    /// Whether it holds: at the figure's own seed; or at the share of the further seeds that was asked for, where they were measured.
    pub holds: bool,
    /// The room left: of the value; or of the share, where that was judged.
    pub margin: f64,
    /// The source's own number.
    pub source: Option<String>,
    /// Significant digits to show.
    pub digits: Option<usize>,
    /// The same at further seeds, in their order.
    pub further: Vec<Further>,
    /// Whether every number of the figure is the same at all of them, bit for bit: then they say nothing.
    pub seedless: bool,
}

/// What a claim's value is at another seed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Further {
    /// The seed.
    pub seed: u64,
    /// What was measured there.
    pub measured: f64,
    /// Whether the claim holds there.
    pub holds: bool,
}

impl Judged {
    /// At how many of the further seeds the bound is met.
    pub fn further_share(&self) -> Share {
        Share::of(self.further.iter().map(|further| further.holds))
    }

    /// Whether further seeds say something about it.
    pub fn measured_again(&self) -> bool {
        !self.further.is_empty() && !self.seedless
    }

    /// Whether further seeds say the same: all of them, or the share that was asked for.
    pub fn robust(&self) -> bool {
        if self.share.is_some() { self.holds } else { self.further_share().whole() }
    }

    /// What was asked for, in words, with numbers as `number` writes them.
    pub fn asked(&self, number: impl Fn(f64) -> String) -> String {
        let bound = self.bound.text(&number);
        let Some(share) = self.share.map(|share| number(100.0 * share)) else { return bound };
        if self.measured_again() {
            format!("{bound}, at {share} % of the further seeds or more")
        } else {
            format!("{bound}; the claim is of {share} % of the further seeds, which were not measured")
        }
    }
}

impl Recipe for CheckRecipe<'_> {
    const KIND: &'static str = "check";

    fn make(&self, inputs: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
        let values: BTreeMap<String, f64> = inputs.json(RUN, VALUES)?;
        let names: Vec<String> = values.keys().cloned().collect();
        let mut faults = self.quoted.unknown(&names);
        let unmeasured = self.claims.iter().filter(|claim| !values.contains_key(&claim.value));
        faults.extend(unmeasured.map(|claim| claim.unknown_value(&names)));
        if !faults.is_empty() {
            return Err(Failure::Broken(faults));
        }
        let further = self.further(inputs)?;
        let bits = |values: &BTreeMap<String, f64>| -> Vec<(String, u64)> {
            values.iter().map(|(name, value)| (name.clone(), value.to_bits())).collect()
        };
        let own = bits(&values);
        let seedless = !further.is_empty() && further.iter().all(|(_, values)| bits(values) == own);
        let judge = |claim: &&ClaimBlock| {
            let measured = values[&claim.value];
            let again = further.iter().map(|(seed, values)| (*seed, values[&claim.value]));
            let recorded = self.recorded.filter(|recorded| recorded.current);
            let recorded = recorded.and_then(|recorded| recorded.measured.at_seeds(&claim.value));
            let all = again.chain(recorded.into_iter().flatten());
            let at = |(seed, measured)| Further { seed, measured, holds: claim.bound.judge(measured).holds };
            let further: Vec<Further> = all.map(at).collect();
            let mut verdict = claim.bound.judge(measured);
            // The figure's own seed may run with other parameters, and was looked at when the page was written: it has no vote.
            if let (Some(share), false) = (claim.share, further.is_empty() || seedless) {
                let margin = Share::of(further.iter().map(|further| further.holds)).value() - share;
                verdict = Verdict { holds: margin >= 0.0, margin };
            }
            Judged {
                id: claim.id.clone(),
                says: self.plain(claim.says.text(), &values),
                name: claim.value.clone(),
                measured,
                bound: claim.bound,
                identity: claim.identity,
                share: claim.share,
                holds: verdict.holds,
                margin: verdict.margin,
                source: claim.source.clone(),
                digits: claim.digits,
                further,
                seedless,
            }
        };
        let judged: Vec<Judged> = self.claims.iter().map(judge).collect();
        let mut result = json!({
            "figure": self.figure, "experiment": self.work, "seed": self.seed, "params": self.params, "values": values,
        });
        if !further.is_empty() {
            let seeds: Map<_, _> = further.iter().map(|(seed, values)| (seed.to_string(), json!(values))).collect();
            result["further_seeds"] = json!({ "params": self.further.params, "values": seeds });
        }
        let pretty = |value: &Value| serde_json::to_vec_pretty(value).expect("names and finite numbers");
        Ok(Artefacts::from([
            (CLAIMS.to_owned(), serde_json::to_vec(&judged).expect("words and finite numbers")),
            (RESULT.to_owned(), [pretty(&result), b"\n".to_vec()].concat()),
        ]))
    }
}

/// A seed with the single numbers of its run.
type Numbers = (u64, BTreeMap<String, f64>);

impl CheckRecipe<'_> {
    /// The numbers at each further seed. Every claim must have its value there.
    fn further(&self, inputs: &Inputs) -> Result<Vec<Numbers>, Failure> {
        let mut all = Vec::new();
        for &seed in &self.further.seeds {
            let values: BTreeMap<String, f64> = inputs.json(&at(seed), VALUES)?;
            if let Some(claim) = self.claims.iter().find(|claim| !values.contains_key(&claim.value)) {
                let message = format!("at seed {seed} the results have no value `{}`", claim.value);
                return Err(Failure::Broken(vec![claim.fault("P035", message)]));
            }
            all.push((seed, values));
        }
        Ok(all)
    }

    /// A sentence with its quotations filled in as plain words: terminals and JSON carry no links.
    fn plain(&self, says: &str, values: &BTreeMap<String, f64>) -> String {
        quote::replace(says, |quotation| match &quotation.what {
            Quoted::Value { name, digits } => {
                values.get(name).map_or_else(String::new, |value| significant(*value, digits.unwrap_or(4)))
            }
            Quoted::Param(name) => self.params.get(name).map_or_else(String::new, ToString::to_string),
            Quoted::Ref(mention) => mention.figure.clone(),
        })
    }
}

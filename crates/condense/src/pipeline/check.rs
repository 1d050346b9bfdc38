//! The step that judges a figure's claims, and writes its numbers as JSON. It knows no charts and no prose.

use crate::diag::Diagnostic;
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::site::Site;
use crate::engine::step::{Artefacts, Inputs, Need, Step, StepId, Which};
use crate::paper::claim::Bound;
use crate::paper::figure::Figure;
use crate::paper::load::Paper;
use crate::paper::page::Page;
use crate::paper::passage::Known;
use crate::paper::quote::{self, Quoted};
use crate::pipeline::seeds::Task;
use crate::plot::text::significant;
use crate::roster::Code;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The claims of a figure.
pub struct CheckStep<'p> {
    /// The paper.
    pub paper: &'p Paper,
    /// The manifest's entry.
    pub figure: &'p Figure,
    /// Its page.
    pub page: &'p Page,
    /// The step that measures.
    pub run: StepId,
    /// Those that measure at further seeds.
    pub seeds: Vec<StepId>,
    /// What that was declared to be.
    pub work: String,
    /// Parameters and seeds, for the JSON.
    pub task: &'p Task,
    /// The code that judges.
    pub code: Code,
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
    /// Whether it holds.
    pub holds: bool,
    /// The room left.
    pub margin: f64,
    /// The source's own number.
    pub source: Option<String>,
    /// Significant digits to show.
    pub digits: Option<usize>,
    /// The same at further seeds, in their order.
    pub further: Vec<Further>,
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

impl Step for CheckStep<'_> {
    fn name(&self) -> String {
        format!("check {}", self.page.id)
    }

    fn needs(&self) -> Vec<Need> {
        let numbers = |step| Need { step, which: Which::Named(vec!["values.json".to_owned()]) };
        [self.run].into_iter().chain(self.seeds.iter().copied()).map(numbers).collect()
    }

    fn recipe(&self, to: &mut dyn Recipe) {
        to.part("figure", self.page.id.as_bytes());
        to.part("work", self.work.as_bytes());
        self.task.own.describe(to);
        self.task.describe_further(to);
        for claim in self.page.claims() {
            to.part(&format!("claim {}", claim.id), claim.block.text().as_bytes());
            to.part(&format!("bound of {}", claim.id), claim.bound.text(|bound| bound.to_string()).as_bytes());
        }
        for (part, digest) in self.code.parts {
            to.part(&format!("code of {part}"), digest.as_bytes());
        }
    }

    fn run(&self, inputs: &Inputs, _: &Site) -> Result<Artefacts, Failure> {
        let values = values(inputs, self.run);
        let names: Vec<String> = values.keys().cloned().collect();
        // Prose and claims name values: with the values at hand, every slip is told at once.
        let faults = self.paper.unknown_names(self.figure, &Known { values: Some(&names), ..Known::default() });
        if !faults.is_empty() {
            return Err(Failure::Broken(faults));
        }
        let further = self.further(inputs)?;
        let judge = |claim: &crate::paper::block::ClaimBlock| {
            let measured = values[&claim.value];
            let verdict = claim.bound.judge(measured);
            Judged {
                id: claim.id.clone(),
                says: self.plain(&claim.says, &values),
                name: claim.value.clone(),
                measured,
                bound: claim.bound,
                holds: verdict.holds,
                margin: verdict.margin,
                source: claim.source.clone(),
                digits: claim.digits,
                further: further
                    .iter()
                    .map(|(seed, values)| {
                        let measured = values[&claim.value];
                        Further { seed: *seed, measured, holds: claim.bound.judge(measured).holds }
                    })
                    .collect(),
            }
        };
        let judged: Vec<Judged> = self.page.claims().map(judge).collect();
        let own = &self.task.own;
        let mut result = json!({
            "figure": self.page.id, "experiment": self.work, "seed": own.seed, "params": own.params, "values": values,
        });
        if let Some(declared) = self.task.further.first() {
            let seeds: serde_json::Map<_, _> =
                further.iter().map(|(seed, values)| (seed.to_string(), json!(values))).collect();
            result["further_seeds"] = json!({ "params": declared.params, "values": seeds });
        }
        let pretty = |value: &serde_json::Value| serde_json::to_vec_pretty(value).expect("names and finite numbers");
        Ok(Artefacts::from([
            ("claims.json".to_owned(), serde_json::to_vec(&judged).expect("words and finite numbers")),
            ("result.json".to_owned(), [pretty(&result), b"\n".to_vec()].concat()),
        ]))
    }
}

impl CheckStep<'_> {
    /// The numbers at each further seed. Every claim must have its value there.
    fn further(&self, inputs: &Inputs) -> Result<Vec<Numbers>, Failure> {
        let all =
            self.task.further.iter().zip(&self.seeds).map(|(declared, &step)| (declared.seed, values(inputs, step)));
        let all: Vec<_> = all.collect();
        for (seed, values) in &all {
            if let Some(claim) = self.page.claims().find(|claim| !values.contains_key(&claim.value)) {
                let message = format!("at seed {seed} the results have no value `{}`", claim.value);
                let fault = Diagnostic::new("P035", message).at(&claim.block.source, claim.value_at.clone(), "");
                return Err(Failure::Broken(vec![fault]));
            }
        }
        Ok(all)
    }

    /// A sentence with its quotations filled in as plain words: terminals and JSON carry no links.
    fn plain(&self, says: &str, values: &BTreeMap<String, f64>) -> String {
        quote::replace(says, |quotation| match &quotation.what {
            Quoted::Value { name, digits } => {
                values.get(name).map_or_else(String::new, |value| significant(*value, digits.unwrap_or(4)))
            }
            Quoted::Param(name) => self.task.own.params.get(name).map_or_else(String::new, ToString::to_string),
            Quoted::Ref(id) => id.clone(),
        })
    }
}

/// A seed with the single numbers of its run.
type Numbers = (u64, BTreeMap<String, f64>);

/// The single numbers of a run.
pub fn values(inputs: &Inputs, run: StepId) -> BTreeMap<String, f64> {
    inputs.bytes(run, "values.json").and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}

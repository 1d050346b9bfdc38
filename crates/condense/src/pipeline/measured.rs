//! What this profile measured at further seeds of figures that no other profile measures: what `manifest.seeds` should say of them.
//! It writes nothing.

use crate::engine::build::Build;
use crate::pipeline::assembly::FigureSteps;
use crate::pipeline::check::{CLAIMS, Judged};
use crate::pipeline::declared::Task;
use crate::pipeline::project::Project;
use crate::pipeline::seeds::Measured;
use std::collections::BTreeMap;

/// Of those of these figures that are computed.
pub fn by_this_profile(project: &Project, chosen: &[&FigureSteps], build: &Build) -> Vec<(String, Measured)> {
    let figures = project.paper().manifest.figures.iter().zip(project.tasks().iter().zip(project.origins()));
    let own = figures.filter(|(figure, _)| figure.robustness.profile.as_ref() == Some(&project.profile));
    own.filter_map(|(figure, (task, origin))| {
        let steps = chosen.iter().find(|steps| steps.id == figure.id)?;
        build.outcome(steps.check)?;
        let claims: Vec<Judged> = serde_json::from_slice(&build.bytes(steps.check, CLAIMS).ok()?).ok()?;
        Some((figure.id.clone(), of(&project.profile, task, &origin.code, &claims)?))
    })
    .collect()
}

/// Of one figure; none where it has no claims.
fn of(profile: &str, task: &Task, code: &str, claims: &[Judged]) -> Option<Measured> {
    let seeds = &task.further.seeds;
    let numbers = |claim: &Judged| claim.further.iter().map(|further| further.measured).collect::<Vec<f64>>();
    let values = claims.iter().map(|claim| (claim.name.clone(), numbers(claim)));
    let values: BTreeMap<_, _> = values.filter(|(_, values)| values.len() == seeds.len()).collect();
    let declared = task.declared_again()?;
    (!values.is_empty()).then(|| Measured::today(profile, declared, code, seeds, values))
}

//! The composition root: here, and only here, figures become steps. Science and machinery meet in these recipes.

use crate::engine::digest::Digest;
use crate::engine::key::Key;
use crate::engine::plan::Plan;
use crate::engine::step::{Step, StepId};
use crate::paper::block::ChartBlock;
use crate::paper::figure::Figure;
use crate::paper::page::Page;
use crate::paper::quote::Mention;
use crate::paper::work::{CommandSpec, Work};
use crate::paper::written::{QuotedValues, Written};
use crate::pipeline::declared::{Declared, Task};
use crate::pipeline::origin::Origin;
use crate::pipeline::project::Project;
use crate::pipeline::render::RenderContext;
use crate::pipeline::run::{Kept, RunRecipe};
use crate::pipeline::writer::Labels;
use crate::pipeline::{card, check, command, draw, index, texts};
use crate::roster::Roster;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The steps of a figure.
#[derive(Clone, Debug)]
pub struct FigureSteps {
    /// The figure.
    pub id: String,
    /// Computes.
    pub run: StepId,
    /// Compute the same at further seeds.
    pub seeds: Vec<StepId>,
    /// Draw, one a chart.
    pub draws: Vec<StepId>,
    /// What the files of the charts are called, without their ending.
    pub stems: Vec<String>,
    /// Judges.
    pub check: StepId,
    /// Writes its card.
    pub card: StepId,
    /// Digest of what is computed, as declared.
    pub declared: Digest,
    /// Digest of how it is drawn, as declared.
    pub drawn: Digest,
}

impl FigureSteps {
    /// All its steps, in order.
    pub fn steps(&self) -> Vec<StepId> {
        let runs = [self.run].into_iter().chain(self.seeds.iter().copied());
        runs.chain(self.draws.iter().copied()).chain([self.check, self.card]).collect()
    }
}

/// A plan with the figures' places in it.
pub struct Assembly<'p> {
    /// The steps.
    pub plan: Plan<'p>,
    /// The figures, in deck order.
    pub figures: Vec<FigureSteps>,
    /// The step that writes the pages of the report.
    pub index: StepId,
    /// The step that writes the page that holds everything.
    pub single: StepId,
}

impl<'p> Assembly<'p> {
    /// The plan of all figures of a project.
    pub fn new(project: &'p Project, context: &'p RenderContext<'p>) -> Self {
        let manifest = &project.paper().manifest;
        let numbers = manifest.figures.iter().zip(1..).map(|(figure, number)| (figure.id.as_str(), number)).collect();
        let mut planner = Planner { project, context, numbers, plan: Plan::default() };
        let all = manifest.figures.iter().zip(project.tasks()).zip(project.origins());
        let figure = |(at, ((figure, task), origin))| planner.figure(at, figure, task, origin);
        let figures: Vec<FigureSteps> = all.enumerate().map(figure).collect();
        let listed = |figure: &'p Figure| index::Listed { id: &figure.id, section: figure.section.as_deref() };
        let whole = index::Whole {
            texts: project.paper().texts.iter().map(|text| &text.place).collect(),
            figures: manifest.figures.iter().map(listed).collect(),
            proof: project
                .proved
                .current(&project.lock)
                .of_all(&project.lock, &project.paper().ids())
                .view(&project.profile),
            context,
        };
        let cards: Vec<StepId> = figures.iter().map(|figure| figure.card).collect();
        let texts = planner.texts(&figures);
        let mut plan = planner.plan;
        let index = plan.add(index::pages(whole.clone(), &cards, &texts));
        let single = plan.add(index::single(whole, &cards, &texts));
        Self { plan, figures, index, single }
    }
}

/// Adds the steps of one figure after the other.
struct Planner<'p> {
    project: &'p Project,
    context: &'p RenderContext<'p>,
    /// The number of each figure, by id.
    numbers: BTreeMap<&'p str, usize>,
    plan: Plan<'p>,
}

impl<'p> Planner<'p> {
    /// Adds the steps of the texts beside the figures.
    fn texts(&mut self, figures: &[FigureSteps]) -> Vec<StepId> {
        let project = self.project;
        let manifest = &project.paper().manifest;
        let own = manifest.figures.iter().zip(project.tasks()).zip(figures);
        let all: BTreeMap<&'p str, (&'p Map<String, Value>, StepId)> =
            own.map(|((figure, task), steps)| (figure.id.as_str(), (&task.own.params, steps.run))).collect();
        let runs = all.iter().map(|(&id, &(_, run))| (id, run)).collect();
        let mut steps = Vec::new();
        for text in &project.paper().texts {
            let quoted = texts::quoted(text);
            let params = all.iter().filter(|(id, _)| quoted.contains(**id)).map(|(&id, &(params, _))| (id, params));
            let labels = labels(project, &self.numbers, std::iter::once(&text.text));
            let recipe = texts::TextRecipe { text, params: params.collect(), labels, code: project.roster.page };
            steps.push(self.plan.add(texts::step(recipe, &runs)));
        }
        steps
    }

    fn figure(&mut self, at: usize, figure: &'p Figure, task: &'p Task, origin: &'p Origin) -> FigureSteps {
        let (project, plan) = (self.project, &mut self.plan);
        let recorded = project.recorded(at);
        let (id, page) = (figure.id.as_str(), &project.paper().pages[&figure.id]);
        let (own, further, roster) = (&task.own, &task.further, project.roster);
        let (declared, drawn) = (own.digest(), drawn(page));

        let run = plan.add(run_step(roster, format!("run {id}"), own, &own.params, own.seed, Kept::All));
        let again =
            |&seed: &u64| run_step(roster, format!("seed {seed} of {id}"), own, &further.params, seed, Kept::Numbers);
        let seeds: Vec<StepId> = further.seeds.iter().map(|seed| plan.add(again(seed))).collect();

        let stems: Vec<String> = page.charts().map(|chart| page.stem(chart)).collect();
        let draw = |(chart, stem): (&'p ChartBlock, &String)| {
            let (title, code) = (&page.title, roster.draw);
            draw::step(
                draw::DrawRecipe { figure: id, title, chart: &chart.drawing, declared, seed: own.seed, code },
                stem,
                run,
            )
        };
        let draws: Vec<StepId> = page.charts().zip(&stems).map(|chart| plan.add(draw(chart))).collect();

        let texts = || page.texts().chain(figure.reasons());
        let recipe = check::CheckRecipe {
            figure: id,
            work: &origin.work,
            params: &own.params,
            seed: own.seed,
            further,
            recorded,
            claims: page.claims().collect(),
            quoted: QuotedValues::of(texts()),
            code: roster.check,
        };
        let check = plan.add(check::step(recipe, run, &seeds));

        let labels = labels(project, &self.numbers, texts());
        let recipe = card::CardRecipe {
            number: at + 1,
            section: project.section(at),
            beside: [at.checked_sub(1), Some(at + 1)]
                .map(|at| Some((at? + 1, project.paper().manifest.figures.get(at?)?.id.as_str()))),
            slide: &figure.slide,
            fidelity: figure.fidelity.tag(),
            because: figure.fidelity.because(),
            because_further: figure.robustness.because.as_ref(),
            measured_by: figure.robustness.profile.as_deref(),
            page,
            origin,
            params: &own.params,
            seed: own.seed,
            data: &own.data,
            further,
            recorded,
            run: declared,
            declared: task.digest(),
            drawn,
            accepted: project.lock.entry(&project.profile, id),
            labels,
            context: self.context,
        };
        let card = plan.add(card::step(recipe, run, &draws, check));
        FigureSteps { id: id.to_owned(), run, seeds, draws, stems, check, card, declared: task.digest(), drawn }
    }
}

/// What the figures and charts are called that texts mention.
fn labels<'t>(project: &Project, numbers: &BTreeMap<&str, usize>, texts: impl Iterator<Item = &'t Written>) -> Labels {
    let label = |(mention, _): (Mention, _)| {
        let page = project.paper().pages.get(&mention.figure)?;
        let label = page.mentioned(&mention, *numbers.get(page.id.as_str())?)?;
        Some((mention, label))
    };
    Labels(texts.flat_map(Written::mentions).filter_map(label).collect())
}

/// The step that runs what is declared, with these parameters and this seed.
fn run_step<'p>(
    roster: &Roster,
    name: String,
    declared: &'p Declared,
    params: &'p Map<String, Value>,
    seed: u64,
    kept: Kept,
) -> Step<'p> {
    let (data, code) = (&*declared.data, &*declared.code);
    match &declared.work {
        Work::Experiment(experiment) => {
            Step::new(name, RunRecipe { entry: roster.known(experiment), params, seed, data, kept })
        }
        Work::Command(CommandSpec { argv, reads: _, writes, env, timeout_seconds }) => {
            let recipe = command::CommandRecipe { command: argv, writes, env, params, seed, data, code, kept };
            Step::new(name, recipe).within(Some(Duration::from_secs(*timeout_seconds)))
        }
    }
}

/// The digest of how a page draws: its chart blocks.
fn drawn(page: &Page) -> Digest {
    let mut key = Key::default();
    page.charts().for_each(|chart| key.part("chart", chart.drawing.text().as_bytes()));
    key.part("title", page.title.text().as_bytes());
    key.digest()
}

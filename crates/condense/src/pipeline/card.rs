//! The step that writes a figure's card, its part of the pages: a pure function of words and results.

use crate::diag::Diagnostic;
use crate::engine::artefacts::{Artefacts, Inputs};
use crate::engine::digest::Digest;
use crate::engine::failure::{Failure, broken};
use crate::engine::recipe::Recipe;
use crate::engine::step::{Step, StepId, Which};
use crate::engine::step_context::StepContext;
use crate::frame::Frame;
use crate::paper::block::{ChartBlock, ClaimBlock};
use crate::paper::claim_view::ClaimView;
use crate::paper::figure_view::{self, Block, Chart, Download, FigureView, Pair, Provenance};
use crate::paper::markup::Text;
use crate::paper::page::{Page, Part};
use crate::paper::report;
use crate::paper::source_view::SourceView;
use crate::paper::view::{self, Neighbour, PageView};
use crate::paper::written::Written;
use crate::pipeline::check::{CLAIMS, Judged};
use crate::pipeline::declared::{Files, FurtherSeeds};
use crate::pipeline::draw::{FRAMES, NARROW, PICTURE, REMARK, StoredFrame, StoredTable, TABLES};
use crate::pipeline::files::{self, File, Maker};
use crate::pipeline::locked::{LockStatus, Locked};
use crate::pipeline::origin::Origin;
use crate::pipeline::render::RenderContext;
use crate::pipeline::rows::{self, Table};
use crate::pipeline::run::VALUES;
use crate::pipeline::seeds::Recorded;
use crate::pipeline::writer::{DIGITS, Labels, Results, Writer, view_value};
use crate::pipeline::{claims, links};
use crate::plot::svg;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The card of a figure: everything that it shows.
#[derive(Serialize)]
pub struct CardRecipe<'p> {
    /// Its place in the deck, from 1.
    pub number: usize,
    /// The heading under which it stands.
    pub section: Option<&'p str>,
    /// The figures before and after it: number and id.
    pub beside: [Option<(usize, &'p str)>; 2],
    /// The title of the slide that it reproduces.
    pub slide: &'p str,
    /// `faithful`, `scaled` or `substitute`.
    pub fidelity: &'static str,
    /// What differs from the source, and why.
    pub because: Option<&'p Written>,
    /// What is other at further seeds, and why.
    pub because_further: Option<&'p Written>,
    /// The one profile that measures further seeds, if only one does.
    pub measured_by: Option<&'p str>,
    /// Its page.
    pub page: &'p Page,
    /// What computes it.
    pub origin: &'p Origin,
    /// The parameters of its run.
    pub params: &'p Map<String, Value>,
    /// The seed of its run.
    pub seed: u64,
    /// Declared inputs.
    pub data: &'p Files,
    /// Where it is measured again.
    pub further: &'p FurtherSeeds,
    /// What another profile measured there, where this one does not.
    pub recorded: Option<Recorded<'p>>,
    /// The digest of what its own run is declared to be.
    pub run: Digest,
    /// What the lock would say of its declaration.
    pub declared: Digest,
    /// What the lock would say of its charts.
    pub drawn: Digest,
    /// What was accepted.
    pub accepted: Option<&'p Locked>,
    /// What the figures and charts that it mentions are called, and where they stand.
    pub labels: Labels,
    /// What all pages share.
    pub context: &'p RenderContext<'p>,
}

/// What pages that speak of all figures need of one: a [`view::CardView`].
pub const ENTRY: &str = "entry.json";
/// The card itself, for the one page that holds all.
pub const CARD: &str = "card.html";
/// The program text behind its numbers.
pub const SOURCE: &str = "source.html";
/// The figure's own page.
pub const PAGE: &str = "page.html";

fn pair(name: &str, text: String) -> Pair {
    Pair { name: name.to_owned(), text }
}

/// A picture of more px than this is shown in the margin beside the text, too; and a table of more columns.
const TEXT_WIDTH: u32 = 720;
const TEXT_COLUMNS: usize = 7;

const RUN: &str = "run";
const CHECK: &str = "check";

/// The role of the step that draws a chart, by its place on the page, from 0.
fn chart(at: usize) -> String {
    format!("chart {}", at + 1)
}

/// The step that writes a card, of what the other steps of the figure make.
pub fn step<'p>(recipe: CardRecipe<'p>, run: StepId, draws: &[StepId], check: StepId) -> Step<'p> {
    let step = Step::new(format!("page {}", recipe.page.id), recipe);
    let step = step.takes(RUN, run, Which::All).takes(CHECK, check, Which::All);
    draws.iter().enumerate().fold(step, |step, (at, &draw)| step.takes(chart(at), draw, Which::All))
}

impl<'p> Recipe for CardRecipe<'p> {
    const KIND: &'static str = "card";

    fn repeats(&self) -> bool {
        !self.context.times
    }

    fn make(&self, inputs: &Inputs, _: &StepContext) -> Result<Artefacts, Failure> {
        let view = self.view(inputs)?;
        let (templates, site) = (self.context.templates, self.context.site());
        let broken = |fault| Failure::Broken(vec![templates.fault(&fault)]);
        let card = report::render_card(&templates.parsed, &view, false).map_err(broken)?;
        let whole = report::render_card(&templates.parsed, &view, true).map_err(broken)?;
        let neighbour = |beside: Option<(usize, &'p str)>| beside.map(|(number, id)| Neighbour { number, id });
        let page = PageView {
            site: &site,
            figure: &view,
            card: &card.html,
            section: self.section,
            previous: neighbour(self.beside[0]),
            next: neighbour(self.beside[1]),
        };
        let page = report::render_figure(&templates.parsed, &page).map_err(broken)?;
        let source = SourceView {
            site: &site,
            number: self.number,
            id: &self.page.id,
            title: &view.title,
            experiment: &self.origin.work,
            compiled: self.origin.compiled,
            file: &self.origin.file,
            lines: self.origin.text.lines().collect(),
            parts: self.origin.parts.iter().map(|(name, text)| pair(name, text.clone())).collect(),
        };
        let source = report::render_source(&templates.parsed, &source).map_err(broken)?;
        let charts = view
            .blocks
            .into_iter()
            .filter_map(|block| if let Block::Chart(chart) = block { Some(chart) } else { None });
        let entry = view::CardView {
            number: self.number,
            id: view.id,
            title: view.title,
            slide: view.slide,
            fidelity: view.fidelity,
            question: view.question,
            answer: view.answer,
            pictures: charts.map(|chart| chart.picture).collect(),
            claims: view.claims.into_iter().map(ClaimView::without_picture).collect(),
            provenance: view.provenance,
            md: card.md,
        };
        Ok(Artefacts::from([
            (ENTRY.to_owned(), serde_json::to_vec(&entry).expect("words")),
            (CARD.to_owned(), whole.html.into_bytes()),
            (PAGE.to_owned(), page.into_bytes()),
            (SOURCE.to_owned(), source.into_bytes()),
        ]))
    }
}

impl CardRecipe<'_> {
    fn view(&self, inputs: &Inputs) -> Result<FigureView, Failure> {
        let values: BTreeMap<String, f64> = inputs.json(RUN, VALUES)?;
        let mut faults = Vec::new();
        let claims: Vec<Judged> = inputs.json(CHECK, CLAIMS)?;
        let own = Results { values: &values, params: self.params };
        let writer = Writer {
            figure: Some(&self.page.id),
            results: BTreeMap::from([(self.page.id.as_str(), own)]),
            labels: &self.labels,
        };
        let title = writer.write(&self.page.title, &mut faults);
        let mut blocks = Vec::new();
        let mut charts = 0..;
        for part in &self.page.parts {
            match part {
                Part::Prose(text) => blocks.push(Block::Prose(writer.write(text, &mut faults))),
                Part::Chart(chart) => {
                    let at = charts.next().unwrap_or(0);
                    blocks.push(Block::chart(self.chart(at, chart, &writer, inputs, &mut faults)?));
                }
                Part::Claim(_) => {}
            }
        }
        let picture = |(at, block)| Ok((block, inputs.text(&chart(at), PICTURE)?));
        let pictures = self.page.charts().enumerate().map(picture).collect::<Result<Vec<_>, Failure>>()?;
        faults.extend(links::faults(&pictures));
        // The verdicts were judged on exactly these blocks, in this order: their texts are in the key of that step.
        let judged = self.page.claims().zip(&claims);
        let view = |(block, judged): (&ClaimBlock, &Judged), faults: &mut Vec<Diagnostic>| {
            claims::view(block, judged, writer.write(&block.says, faults), self.seed)
        };
        let seedless = claims.iter().any(|claim| claim.seedless);
        let claims: Vec<ClaimView> = judged.map(|pair| view(pair, &mut faults)).collect();
        let because = self.because.map(|because| writer.write(because, &mut faults));
        let [question, answer] = [self.page.question(), self.page.answer()]
            .map(|paragraph| paragraph.map(|paragraph| writer.write(&paragraph, &mut faults)));
        let robustness = self.robustness(seedless, &writer, &mut faults);
        if !faults.is_empty() {
            return Err(Failure::Broken(faults));
        }
        let files = self.files(inputs)?;
        let tables = Self::tables(inputs, &files)?;
        let places = rows::places(&tables);
        let value = |(name, &value): (&String, &f64)| {
            let of = |claim: &&ClaimView| claim.name == *name;
            let claims: Vec<String> = claims.iter().filter(of).map(|claim: &ClaimView| claim.id.clone()).collect();
            figure_view::Value {
                claims,
                standing: places.get(&value.to_bits()).cloned(),
                line: self.origin.line_of(name),
                ..view_value(name, value, DIGITS)
            }
        };
        let values_view = values.iter().map(value).collect();
        let outputs = files.iter().map(|(file, digest, _)| (file.path.clone(), *digest)).collect();
        let now = Locked { declared: self.declared, drawn: self.drawn, outputs };
        Ok(FigureView {
            number: self.number,
            id: self.page.id.clone(),
            title,
            slide: self.slide.to_owned(),
            fidelity: figure_view::Fidelity { tag: self.fidelity.to_owned(), because },
            question,
            answer,
            blocks,
            claims,
            robustness,
            downloads: files.iter().map(|(file, _, bytes)| self.download(file.path.as_str(), *bytes)).collect(),
            values: values_view,
            tables: tables.iter().map(Table::view).collect(),
            provenance: self.provenance(
                inputs,
                &files,
                &self.accepted.map_or(LockStatus::New, |locked| locked.compare(&now)),
            ),
        })
    }

    /// What is to say of further seeds: which they were, or who measures them, and what is other there.
    fn robustness(
        &self,
        seedless: bool,
        writer: &Writer,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<figure_view::Robustness> {
        let recorded = self.recorded.filter(|recorded| recorded.current);
        let seeds = recorded.map_or(&self.further.seeds, |recorded| &recorded.measured.seeds);
        let measured = seeds.first().zip(seeds.last()).map(|(&first, &last)| claims::seeds(first, last));
        let because = self.because_further.map(|because| writer.write(because, faults));
        let elsewhere = self.measured_by.filter(|_| measured.is_none());
        let command = elsewhere.map(|profile| format!("{} --profile {profile} report", self.context.remake.program));
        let record = recorded.map(|Recorded { measured, same_code, .. }| figure_view::Record {
            profile: measured.profile.clone(),
            date: measured.date.clone(),
            same_code,
        });
        let outdated = self.recorded.is_some_and(|recorded| !recorded.current);
        let view = figure_view::Robustness { own: self.seed, measured, record, outdated, command, seedless, because };
        (view.measured.is_some() || view.because.is_some()).then_some(view)
    }

    /// The accepted files of the figure, with digests and sizes.
    fn files(&self, inputs: &Inputs) -> Result<Vec<(File, Digest, u64)>, Failure> {
        let stems: Vec<String> = self.page.charts().map(|chart| self.page.stem(chart)).collect();
        let files = files::of_figure(&self.page.id, &stems, inputs.of(RUN).map(|(name, ..)| name));
        files
            .into_iter()
            .map(|file| {
                let role = match file.maker {
                    Maker::Run => RUN.to_owned(),
                    Maker::Chart(at) => chart(at),
                    Maker::Check => CHECK.to_owned(),
                };
                let bytes = inputs.bytes(&role, &file.artefact)?;
                let (digest, size) = (inputs.digest(&role, &file.artefact)?, bytes.len() as u64);
                Ok((file, digest, size))
            })
            .collect()
    }

    /// The tables of the run, with their files.
    fn tables(inputs: &Inputs, files: &[(File, Digest, u64)]) -> Result<Vec<Table>, Failure> {
        let tables = files.iter().filter_map(|(file, ..)| Some((file, file.artefact.strip_suffix(".csv")?)));
        let table = |(file, name): (&File, &str)| {
            let frame = Frame::from_csv(inputs.text(RUN, &file.artefact)?);
            let frame = frame.map_err(|error| broken(format!("`{}` cannot be read: {error}", file.artefact)))?;
            Ok(Table { name: name.to_owned(), file: file.path.to_string(), frame })
        };
        tables.map(table).collect()
    }

    fn download(&self, path: &str, bytes: u64) -> Download {
        let file = path.trim_start_matches("fig/");
        let (stem, kind) = file.rsplit_once('.').unwrap_or((file, ""));
        let part = stem.strip_prefix(&self.page.id).unwrap_or(stem).trim_start_matches('-');
        let label = if part.is_empty() { kind.to_uppercase() } else { format!("{} {part}", kind.to_uppercase()) };
        Download { label, href: path.to_owned(), bytes }
    }

    fn provenance(&self, inputs: &Inputs, files: &[(File, Digest, u64)], status: &LockStatus) -> Provenance {
        let seconds = inputs.seconds(RUN).filter(|_| self.context.times);
        Provenance {
            command: format!("{}{}", self.context.remake.only, self.page.id),
            seconds: seconds.map(|seconds| {
                if seconds < 0.1 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.1} s") }
            }),
            experiment: self.origin.work.clone(),
            source_file: self.origin.file.clone(),
            source: files::source(&self.page.id).to_string(),
            parts: self.origin.parts.len(),
            seed: self.seed,
            params: self.params.iter().map(|(name, value)| pair(name, value.to_string())).collect(),
            inputs: self.data.digests().iter().map(|(path, digest)| pair(path, digest.to_string())).collect(),
            run_key: self.run.to_string(),
            code: self.origin.code.clone(),
            outputs: files.iter().map(|(file, digest, _)| pair(file.path.as_str(), digest.to_string())).collect(),
            lock: match status {
                LockStatus::Matches => figure_view::Lock::Matches,
                LockStatus::Stale(_) => figure_view::Lock::Stale,
                LockStatus::Differs(_) => figure_view::Lock::Differs,
                LockStatus::New => figure_view::Lock::New,
            },
        }
    }

    fn chart(
        &self,
        at: usize,
        block: &ChartBlock,
        writer: &Writer,
        inputs: &Inputs,
        faults: &mut Vec<Diagnostic>,
    ) -> Result<Chart, Failure> {
        let role = chart(at);
        let tables: Vec<StoredTable> = inputs.json(&role, TABLES)?;
        let steps: Vec<StoredFrame> = inputs.json(&role, FRAMES)?;
        let step = |step: StoredFrame| figure_view::Step {
            svg: svg::inline(&step.svg),
            narrow: svg::inline(&step.narrow),
            title: step.title,
        };
        let steps = steps.into_iter().map(step).collect();
        let mut caption = writer.write(&block.caption, faults);
        if let Some(remark) = inputs.json::<Option<String>>(&role, REMARK)? {
            caption.html.extend([" ", &remark]);
            caption.md.extend([" ", &remark]);
        }
        let picture = inputs.text(&role, PICTURE)?;
        let narrow = inputs.text(&role, NARROW)?;
        let stem = self.page.stem(block);
        let size = |svg: &str| svg::size(svg).unwrap_or_default();
        let columns = tables.first().map_or(0, |table| table.head.len());
        Ok(Chart {
            picture: figure_view::Picture {
                table: tables.into_iter().next().map(|table| table_view(&table)),
                only_table: block.drawing.chart.is_table(),
                label: self.page.label(self.number, at),
                file: files::picture(&stem).to_string(),
                narrow: files::narrow(&stem).to_string(),
                anchor: stem,
                wide: size(picture)[0] > TEXT_WIDTH || columns > TEXT_COLUMNS,
                size: size(picture),
                narrow_size: size(narrow),
                alt: block.drawing.chart.alt.clone(),
                caption,
            },
            svg: svg::inline(picture),
            narrow_svg: svg::inline(narrow),
            leads: svg::links(picture).next().is_some(),
            goals: svg::goals(picture).next().is_some(),
            scrub: block.drawing.chart.scrub.clone().map(|legend| figure_view::Scrub { legend, steps }),
        })
    }
}

fn table_view(table: &StoredTable) -> figure_view::TableView {
    let cells = |row: &Vec<String>| {
        row.iter()
            .zip(&table.numeric)
            .map(|(text, number)| figure_view::Cell { text: text.clone(), number: *number })
            .collect()
    };
    let head = table.head.iter().map(|head| Text { html: svg::escaped(head), md: head.clone() }).collect();
    figure_view::TableView { head, rows: table.rows.iter().map(cells).collect() }
}

//! The steps that write: one card a figure, and the index that assembles the cards. Pure functions of words and results.

use crate::diag::{Diagnostic, Source};
use crate::engine::digest::Digest;
use crate::engine::failure::Failure;
use crate::engine::recipe::Recipe;
use crate::engine::site::Site;
use crate::engine::step::{Artefacts, Inputs, Need, Step, StepId, Which};
use crate::paper::block::{ChartBlock, ClaimBlock};
use crate::paper::figure::{Because, Figure};
use crate::paper::load::Paper;
use crate::paper::markup::{self, Quote, Text};
use crate::paper::page::{Page, Part};
use crate::paper::passage::{Known, Passage};
use crate::paper::quote::{self, Quoted};
use crate::paper::report;
use crate::paper::view::{self, Block, Chart, ClaimView, Download, FigureView, Pair, Provenance};
use crate::pipeline::check::{Judged, values};
use crate::pipeline::draw::{REMARK, StoredFrame, StoredGrid};
use crate::pipeline::locked::{Locked, Standing};
use crate::pipeline::outputs::run_output;
use crate::pipeline::seeds::Task;
use crate::pipeline::templates::Templates;
use crate::pipeline::{DEFAULT_PROFILE, claims, judges, links};
use crate::plot::{svg, text};
use crate::roster;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Significant digits where neither quotation nor claim says.
const DIGITS: usize = 4;

/// What the writing steps share.
pub struct Desk<'p> {
    /// The paper.
    pub paper: &'p Paper,
    /// The pages' templates.
    pub templates: &'p Templates,
    /// The profile in force.
    pub profile: &'p str,
    /// How a reader remakes things.
    pub remake: Remake,
    /// Whether pages tell how long things took. Not when they are to be compared byte by byte.
    pub times: bool,
}

/// The commands that remake things: those of `make`, where there is a Makefile.
pub struct Remake {
    /// The whole report.
    pub whole: String,
    /// One figure, whose id is to follow.
    pub only: String,
}

/// The card of a figure.
pub struct CardStep<'p> {
    /// What the steps share.
    pub desk: &'p Desk<'p>,
    /// The manifest's entry.
    pub figure: &'p Figure,
    /// Its page.
    pub page: &'p Page,
    /// Its place in the deck, from 1.
    pub number: usize,
    /// Its run.
    pub run: StepId,
    /// Its charts.
    pub draws: Vec<StepId>,
    /// Its verdicts.
    pub check: StepId,
    /// What was run.
    pub task: &'p Task,
    /// Name of the experiment, or the command line.
    pub work: String,
    /// The file that holds the code.
    pub source_file: String,
    /// Digest of the code, where the experiment is ours.
    pub code: String,
    /// How the charts are declared.
    pub drawn: Digest,
    /// What was accepted.
    pub locked: Option<Locked>,
}

impl Step for CardStep<'_> {
    fn name(&self) -> String {
        format!("page {}", self.figure.id)
    }

    fn needs(&self) -> Vec<Need> {
        let all = |step| Need { step, which: Which::All };
        [all(self.run), all(self.check)].into_iter().chain(self.draws.iter().copied().map(all)).collect()
    }

    fn recipe(&self, to: &mut dyn Recipe) {
        to.part("page", self.page.source.text.as_bytes());
        to.part("number", self.number.to_string().as_bytes());
        to.part("slide", self.figure.slide.as_bytes());
        let because = self.figure.fidelity.because().map_or("", |because| &because.text);
        to.part("fidelity", format!("{} {}", self.figure.fidelity.tag(), because).as_bytes());
        to.part("work", format!("{} in {}", self.work, self.source_file).as_bytes());
        self.task.own.describe(to);
        self.task.describe_further(to);
        to.part("robustness", format!("{:?}", self.figure.robustness).as_bytes());
        to.part("code", self.code.as_bytes());
        let accepted = self.locked.as_ref().map_or_else(|| "none".to_owned(), |locked| locked.digest().to_string());
        to.part("accepted", accepted.as_bytes());
        for (at, id) in self.desk.paper.ids().iter().enumerate() {
            if self.page.source.text.contains(id.as_str()) {
                to.part(&format!("number of {id}"), (at + 1).to_string().as_bytes());
            }
        }
        self.desk.describe(to);
    }

    fn run(&self, inputs: &Inputs, _: &Site) -> Result<Artefacts, Failure> {
        let view = self.view(inputs)?;
        let card = report::render_card(&self.desk.templates.parsed, &view)
            .map_err(|fault| Failure::Broken(vec![self.desk.templates.fault(&fault)]))?;
        let entry = view::Entry {
            number: self.number,
            id: view.id,
            title: view.title,
            claims: view.claims,
            provenance: view.provenance,
            card,
        };
        Ok(Artefacts::from([("entry.json".to_owned(), serde_json::to_vec(&entry).expect("words"))]))
    }
}

impl Desk<'_> {
    fn describe(&self, to: &mut dyn Recipe) {
        to.part("templates", self.templates.digest.to_string().as_bytes());
        to.part("remake", self.remake.only.as_bytes());
        to.part("profile", self.profile.as_bytes());
        to.part("times", self.times.to_string().as_bytes());
        to.part("code of the pages", roster::PAGE.digest.as_bytes());
    }
}

impl CardStep<'_> {
    fn view(&self, inputs: &Inputs) -> Result<FigureView, Failure> {
        let values = values(inputs, self.run);
        let names: Vec<String> = values.keys().cloned().collect();
        let known = Known { values: Some(&names), ..Known::default() };
        let mut faults = self.desk.paper.unknown_names(self.figure, &known);
        let claims: Vec<Judged> = inputs
            .bytes(self.check, "claims.json")
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        let writer = Writer { card: self, values: &values };
        let title = writer.on_page(&self.page.title_passage(), &mut faults);
        let mut blocks = Vec::new();
        let mut charts = 0..;
        for part in &self.page.parts {
            match part {
                Part::Prose { .. } => blocks.push(Block::Prose(writer.on_page(&part.passage(), &mut faults))),
                Part::Chart(chart) => blocks.push(Block::Chart(self.chart(
                    charts.next().unwrap_or(0),
                    chart,
                    &writer,
                    inputs,
                    &mut faults,
                ))),
                Part::Claim(_) => {}
            }
        }
        let pictures = self.page.charts().zip(&self.draws).map(|(chart, draw)| {
            (chart, inputs.text(*draw, &format!("{}.svg", self.page.stem(chart))).unwrap_or_default())
        });
        faults.extend(links::faults(&pictures.collect::<Vec<_>>()));
        // The verdicts were judged on exactly these blocks, in this order: their texts are in the key of that step.
        let judged = self.page.claims().zip(&claims);
        let claims = judged.map(|(claim, judged)| writer.claim(claim, judged, &mut faults)).collect();
        let because = self.figure.fidelity.because();
        let because = because.map(|because| writer.on_manifest(because, &mut faults));
        let robustness = self.robustness(&writer, &mut faults);
        if !faults.is_empty() {
            return Err(Failure::Broken(faults));
        }
        let files = self.files(inputs);
        let now = Locked {
            declared: self.task.digest(),
            drawn: self.drawn,
            outputs: files.iter().map(|(path, digest, _)| (path.clone(), *digest)).collect(),
        };
        Ok(FigureView {
            number: self.number,
            id: self.figure.id.clone(),
            title,
            slide: self.figure.slide.clone(),
            fidelity: view::Fidelity { tag: self.figure.fidelity.tag().to_owned(), because },
            blocks,
            claims,
            robustness,
            downloads: files.iter().map(|(path, _, bytes)| self.download(path, *bytes)).collect(),
            values: values.iter().map(|(name, value)| view_value(name, *value, DIGITS)).collect(),
            provenance: self.provenance(
                inputs,
                &files,
                &self.locked.as_ref().map_or(Standing::New, |locked| locked.compare(&now)),
            ),
        })
    }

    /// What is to say of further seeds: which they were, or who measures them, and what is other there.
    fn robustness(&self, writer: &Writer, faults: &mut Vec<Diagnostic>) -> Option<view::Robustness> {
        let robustness = &self.figure.robustness;
        let seeds = self.task.further.first().zip(self.task.further.last());
        let measured = seeds.map(|(first, last)| claims::seeds(first.seed, last.seed));
        let because = robustness.because.as_ref().map(|because| writer.on_manifest(because, faults));
        let elsewhere = robustness.profile.as_ref().filter(|_| measured.is_none());
        let command = elsewhere.map(|profile| format!("condense --profile {profile} report"));
        let view = view::Robustness { own: self.task.own.seed, measured, command, because };
        (view.measured.is_some() || view.because.is_some()).then_some(view)
    }

    /// The files of the figure: path below `report/`, digest, size.
    fn files(&self, inputs: &Inputs) -> Vec<(String, Digest, u64)> {
        let mut files = Vec::new();
        let frames = inputs.of(self.run).filter(|(name, ..)| name.ends_with(".csv")).count();
        for (name, digest, bytes) in inputs.of(self.run) {
            files.extend(run_output(&self.figure.id, name, frames).map(|path| (path, digest, bytes.len() as u64)));
        }
        for &draw in &self.draws {
            let pictures = inputs.of(draw).filter(|(name, ..)| name.ends_with(".svg"));
            files.extend(pictures.map(|(name, digest, bytes)| (format!("fig/{name}"), digest, bytes.len() as u64)));
        }
        if let Some((_, digest, bytes)) = inputs.of(self.check).find(|(name, ..)| *name == "result.json") {
            files.push((format!("fig/{}.json", self.figure.id), digest, bytes.len() as u64));
        }
        files.sort();
        files
    }

    fn download(&self, path: &str, bytes: u64) -> Download {
        let file = path.trim_start_matches("fig/");
        let (stem, kind) = file.rsplit_once('.').unwrap_or((file, ""));
        let part = stem.strip_prefix(&self.figure.id).unwrap_or(stem).trim_start_matches('-');
        let label = if part.is_empty() { kind.to_uppercase() } else { format!("{} {part}", kind.to_uppercase()) };
        Download { label, href: path.to_owned(), bytes }
    }

    fn provenance(&self, inputs: &Inputs, files: &[(String, Digest, u64)], standing: &Standing) -> Provenance {
        let own = &self.task.own;
        let pair = |name: &str, text: String| Pair { name: name.to_owned(), text };
        let seconds = inputs.seconds(self.run).filter(|_| self.desk.times);
        Provenance {
            command: format!("{}{}", self.desk.remake.only, self.figure.id),
            seconds: seconds.map(|seconds| {
                if seconds < 0.1 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.1} s") }
            }),
            experiment: self.work.clone(),
            source_file: self.source_file.clone(),
            seed: own.seed,
            params: own.params.iter().map(|(name, value)| pair(name, value.to_string())).collect(),
            inputs: own.data.iter().map(|(path, bytes)| pair(path, Digest::of(bytes).to_string())).collect(),
            run_key: own.digest().to_string(),
            code: self.code.clone(),
            outputs: files.iter().map(|(path, digest, _)| pair(path, digest.to_string())).collect(),
            lock: match standing {
                Standing::Matches => view::Lock::Matches,
                Standing::Stale(_) => view::Lock::Stale,
                Standing::Differs(_) => view::Lock::Differs,
                Standing::New => view::Lock::New,
            },
        }
    }

    fn chart(
        &self,
        at: usize,
        chart: &ChartBlock,
        writer: &Writer,
        inputs: &Inputs,
        faults: &mut Vec<Diagnostic>,
    ) -> Chart {
        let stem = self.page.stem(chart);
        let draw = self.draws.get(at).copied();
        let picture = draw.and_then(|draw| inputs.text(draw, &format!("{stem}.svg"))).unwrap_or_default();
        let grids: Vec<StoredGrid> =
            draw.and_then(|draw| serde_json::from_slice(inputs.bytes(draw, "tables.json")?).ok()).unwrap_or_default();
        let steps: Vec<StoredFrame> =
            draw.and_then(|draw| serde_json::from_slice(inputs.bytes(draw, "frames.json")?).ok()).unwrap_or_default();
        let step = |step: StoredFrame| view::Step { svg: svg::inline(&step.svg), title: step.title };
        let steps = steps.into_iter().map(step).collect();
        let mut caption = writer.on_page(&chart.passage(), faults);
        let remark = draw.and_then(|draw| serde_json::from_slice::<Option<&str>>(inputs.bytes(draw, REMARK)?).ok());
        if let Some(remark) = remark.flatten() {
            caption.html.extend([" ", remark]);
            caption.md.extend([" ", remark]);
        }
        let letter = if self.draws.len() > 1 { char::from(b'a' + at as u8).to_string() } else { String::new() };
        Chart {
            label: format!("{}{letter}", self.number),
            svg: svg::inline(picture),
            file: format!("fig/{stem}.svg"),
            alt: chart.chart.alt.clone(),
            caption,
            wide: chart.chart.columns.is_some_and(|columns| columns > 2),
            table: grids.into_iter().next().map(|grid| grid_view(&grid)),
            scrub: chart.chart.scrub.clone().map(|legend| view::Scrub { legend, steps }),
        }
    }
}

fn grid_view(grid: &StoredGrid) -> view::Grid {
    let cells = |row: &Vec<String>| {
        row.iter().zip(&grid.numeric).map(|(text, number)| view::Cell { text: text.clone(), number: *number }).collect()
    };
    let head = grid.head.iter().map(|head| Text { html: markup::escape(head), md: head.clone() }).collect();
    view::Grid { head, rows: grid.rows.iter().map(cells).collect() }
}

fn view_value(name: &str, value: f64, digits: usize) -> view::Value {
    view::Value { name: name.to_owned(), text: text::significant(value, digits), full: crate::frame::number(value) }
}

/// Turns prose with quotations into both renditions.
struct Writer<'w> {
    card: &'w CardStep<'w>,
    values: &'w BTreeMap<String, f64>,
}

impl Writer<'_> {
    /// A text of the page.
    fn on_page(&self, passage: &Passage, faults: &mut Vec<Diagnostic>) -> Text {
        self.write(&self.card.page.source, passage, faults)
    }

    /// A text of the manifest.
    fn on_manifest(&self, because: &Because, faults: &mut Vec<Diagnostic>) -> Text {
        self.write(&self.card.desk.paper.source, &because.passage(), faults)
    }

    /// A text of some source.
    fn write(&self, source: &Arc<Source>, passage: &Passage, faults: &mut Vec<Diagnostic>) -> Text {
        let mut quotes = Vec::new();
        let mut moved: Vec<(usize, Range<usize>)> = Vec::new();
        let marked = quote::replace(passage.text, |quotation| {
            quotes.push(self.quote(&quotation.what));
            let mark = markup::mark(quotes.len() - 1);
            moved.push((mark.len(), quotation.span.clone()));
            mark
        });
        passage.form.render(&marked, &quotes).unwrap_or_else(|wrong| {
            for fault in wrong {
                let span = original(fault.span.start, &moved)..original(fault.span.end, &moved);
                faults.push(Diagnostic::new("P034", fault.message).at(source, passage.span(source, span), ""));
            }
            Text::default()
        })
    }

    /// What stands for a quotation. Unknown names were refused before.
    fn quote(&self, what: &Quoted) -> Quote {
        let plain = |text: String| Quote { html: markup::escape(&text), md: text.clone(), plain: text };
        match what {
            Quoted::Value { name, digits } => {
                let value = self.values.get(name).copied().unwrap_or(f64::NAN);
                view_value(name, value, digits.unwrap_or(DIGITS)).quote(&self.card.figure.id)
            }
            Quoted::Param(name) => plain(match self.card.task.own.params.get(name) {
                Some(serde_json::Value::String(word)) => word.clone(),
                Some(serde_json::Value::Number(number)) => {
                    number.as_f64().map_or_else(|| number.to_string(), |number| text::significant(number, 17))
                }
                Some(other) => other.to_string(),
                None => String::new(),
            }),
            Quoted::Ref(id) => {
                let number = self.card.desk.paper.ids().iter().position(|own| own == id).map_or(0, |at| at + 1);
                view::mention(number, id)
            }
        }
    }

    fn claim(&self, block: &ClaimBlock, claim: &Judged, faults: &mut Vec<Diagnostic>) -> ClaimView {
        claims::view(claim, self.on_page(&block.passage(), faults), self.card.task.own.seed)
    }
}

/// The offset in the original text of an offset in the marked one.
fn original(offset: usize, moved: &[(usize, Range<usize>)]) -> usize {
    let (mut from, mut to) = (0, 0);
    for (mark, span) in moved {
        let start = from + (span.start - to);
        if offset < start {
            break;
        }
        (from, to) = (start + mark, span.end);
        if offset < from {
            return span.start;
        }
    }
    to + (offset - from)
}

/// The page that holds all cards.
pub struct IndexStep<'p> {
    /// What the steps share.
    pub desk: &'p Desk<'p>,
    /// The cards, in deck order.
    pub cards: Vec<StepId>,
    /// Where the lock was met bit for bit.
    pub proof: Option<view::Proof>,
}

impl Step for IndexStep<'_> {
    fn name(&self) -> String {
        "index".to_owned()
    }

    fn needs(&self) -> Vec<Need> {
        self.cards.iter().map(|&step| Need { step, which: Which::All }).collect()
    }

    fn recipe(&self, to: &mut dyn Recipe) {
        let info = &self.desk.paper.manifest.paper;
        for (label, text) in [("title", &info.title), ("standfirst", &info.standfirst), ("source", &info.source)] {
            to.part(label, text.as_bytes());
        }
        to.part("version", env!("CARGO_PKG_VERSION").as_bytes());
        to.part("authors", info.authors.join("; ").as_bytes());
        to.part("url", info.url.as_deref().unwrap_or_default().as_bytes());
        for figure in &self.desk.paper.manifest.figures {
            to.part("figure", figure.id.as_bytes());
            to.part("section", figure.section.as_deref().unwrap_or_default().as_bytes());
        }
        to.part("proof", &serde_json::to_vec_pretty(&self.proof).expect("words"));
        self.desk.describe(to);
    }

    fn run(&self, inputs: &Inputs, _: &Site) -> Result<Artefacts, Failure> {
        let info = &self.desk.paper.manifest.paper;
        let mut sections: Vec<view::SectionView> = Vec::new();
        for (figure, &card) in self.desk.paper.manifest.figures.iter().zip(&self.cards) {
            let entry =
                inputs.bytes(card, "entry.json").and_then(|bytes| serde_json::from_slice::<view::Entry>(bytes).ok());
            let Some(entry) = entry else { continue };
            let heading =
                figure.section.clone().filter(|title| sections.last().is_none_or(|last| last.title != *title));
            if let Some(title) = heading {
                sections.push(view::SectionView { title, figures: Vec::new() });
            } else if sections.is_empty() {
                sections.push(view::SectionView::default());
            }
            if let Some(section) = sections.last_mut() {
                section.figures.push(entry);
            }
        }
        let plain = |text: &str| {
            markup::inline(text, &[]).unwrap_or_else(|_| Text { html: markup::escape(text), md: text.to_owned() })
        };
        let view = view::ReportView {
            title: info.title.clone(),
            standfirst: plain(&info.standfirst),
            authors: info.authors.clone(),
            source: plain(&info.source),
            version: format!("condense {}", env!("CARGO_PKG_VERSION")),
            command: self.desk.remake.whole.clone(),
            profile: (self.desk.profile != DEFAULT_PROFILE)
                .then(|| view::Profile { name: self.desk.profile.to_owned(), judged: judges(self.desk.profile) }),
            proof: self.proof.clone(),
            style: svg::style(),
            sections,
        };
        let text = report::render_index(&self.desk.templates.parsed, &view)
            .map_err(|fault| Failure::Broken(vec![self.desk.templates.fault(&fault)]))?;
        Ok(Artefacts::from([
            ("index.html".to_owned(), text.html.into_bytes()),
            ("report.md".to_owned(), text.md.into_bytes()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::original;

    #[test]
    fn offsets_find_their_way_back_over_marks() {
        // "ab{{qqqq}}cd{{q}}e" marked as "abMcdMe" with marks of one byte.
        let moved = [(1, 2..10), (1, 12..17)];
        let back: Vec<usize> = (0..7).map(|at| original(at, &moved)).collect();
        assert_eq!(back, [0, 1, 2, 10, 11, 12, 17]);
    }
}

//! What a person may do to a paper between two builds.

use super::model::{Figure, Model};

/// A stream of random numbers (SplitMix64): the same seed gives the same sequence of edits everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// An edit. Figures are given by their place.
#[derive(Clone, Debug)]
pub enum Edit {
    Nothing,
    Rename(usize),
    Copy(usize),
    Insert(usize),
    Delete(usize),
    Swap(usize, usize),
    SwapPages(usize, usize),
    Slide(usize),
    Section(usize),
    Slope(usize),
    SlopeOfSmoke(usize),
    FigureSeed(usize),
    UsesData(usize),
    Because(usize),
    BecauseMentions(usize, usize),
    Title(usize),
    Prose(usize),
    Quotes(usize),
    Mentions(usize, usize),
    Caption(usize),
    Kind(usize),
    SecondChart(usize),
    Bound(usize),
    PaperTitle,
    Standfirst,
    Summary,
    SummaryOf(usize),
    FurtherSeeds,
    ScriptResult,
    ScriptComment,
    Data,
    Template,
    Makefile,
    Profile,
    LockSection,
    LockDigest,
    // These are done by the sequence, not to the model alone.
    Accept,
    Revert,
    Only(usize),
    LoseOutputs,
    LoseReport,
    LoseStore,
    LoseBlobs,
}

/// Ids that are easily mixed up.
const IDS: [&str; 7] = ["a", "b", "a-x", "c", "ab", "a-x-y", "x"];

impl Edit {
    /// Any edit that the paper allows.
    pub fn any(random: &mut Random, model: &Model) -> Self {
        let (at, to) = (random.below(model.figures.len()), random.below(model.figures.len()));
        let room = model.figures.len() < 4;
        match random.below(43) {
            0 => Self::Nothing,
            1 | 2 => Self::Rename(at),
            3 | 4 if room => Self::Copy(at),
            5 if room => Self::Insert(at),
            6 if model.figures.len() > 1 => Self::Delete(at),
            7 => Self::Swap(at, to),
            8 => Self::SwapPages(at, to),
            9 => Self::Slide(at),
            10 => Self::Section(at),
            11 => Self::Slope(at),
            12 => Self::SlopeOfSmoke(at),
            13 => Self::FigureSeed(at),
            14 => Self::UsesData(at),
            15 => Self::Because(at),
            16 => Self::BecauseMentions(at, to),
            17 => Self::Title(at),
            18 => Self::Quotes(at),
            19 => Self::Mentions(at, to),
            20 => Self::Caption(at),
            21 => Self::Kind(at),
            22 => Self::SecondChart(at),
            23 => Self::Bound(at),
            24 => Self::PaperTitle,
            25 => Self::Standfirst,
            26 => Self::FurtherSeeds,
            27 => Self::ScriptResult,
            28 => Self::ScriptComment,
            29 => Self::Data,
            30 => Self::Template,
            31 => Self::Makefile,
            32 => Self::Profile,
            33 => Self::LockSection,
            34 => Self::LockDigest,
            35 => Self::Accept,
            36 => Self::Revert,
            37 => Self::Only(at),
            38 => Self::LoseOutputs,
            39 => {
                if random.below(2) == 0 {
                    Self::LoseReport
                } else {
                    Self::LoseStore
                }
            }
            40 => Self::LoseBlobs,
            41 => Self::Summary,
            42 => Self::SummaryOf(at),
            _ => Self::Prose(at),
        }
    }

    /// Makes the edit, where it is one of the model alone.
    pub fn change(&self, model: &mut Model, random: &mut Random) {
        let number = random.below(3) as u8;
        let unused: Vec<&str> =
            IDS.into_iter().filter(|id| model.figures.iter().all(|figure| figure.id != *id)).collect();
        let new_id = unused[random.below(unused.len())];
        match *self {
            Self::Rename(at) => {
                let old = std::mem::replace(&mut model.figures[at].id, new_id.to_owned());
                for mention in mentions(model).filter(|mention| mention.as_deref() == Some(&old)) {
                    *mention = Some(new_id.to_owned());
                }
            }
            Self::Copy(at) => {
                let copy = Figure { id: new_id.to_owned(), ..model.figures[at].clone() };
                model.figures.insert(random.below(model.figures.len() + 1), copy);
            }
            Self::Insert(at) => model.figures.insert(at, Figure::new(new_id)),
            Self::Delete(at) => {
                let gone = model.figures.remove(at).id;
                mentions(model).filter(|mention| mention.as_ref() == Some(&gone)).for_each(|mention| *mention = None);
            }
            Self::Swap(at, to) => model.figures.swap(at, to),
            Self::SwapPages(at, to) => {
                let [one, other] = [at, to].map(|at| model.figures[at].clone());
                let page = |figure: &Figure, page: &Figure| Figure {
                    title: page.title,
                    prose: page.prose,
                    quotes: page.quotes,
                    mentions: page.mentions.clone(),
                    caption: page.caption,
                    points: page.points,
                    second_chart: page.second_chart,
                    bound: page.bound,
                    ..figure.clone()
                };
                (model.figures[at], model.figures[to]) = (page(&one, &other), page(&other, &one));
            }
            Self::Slide(at) => model.figures[at].slide = number,
            Self::Section(at) => model.figures[at].section = Some(number).filter(|number| *number > 0),
            Self::Slope(at) => model.figures[at].slope = 1 + number,
            Self::SlopeOfSmoke(at) => model.figures[at].slope_smoke = Some(number).filter(|number| *number > 0),
            Self::FigureSeed(at) => model.figures[at].seed = u64::from(number),
            Self::UsesData(at) => model.figures[at].uses_data ^= true,
            Self::Because(at) => model.figures[at].because = Some((number, None)).filter(|(number, _)| *number > 0),
            Self::BecauseMentions(at, to) => {
                model.figures[at].because = Some((number, Some(model.figures[to].id.clone())));
            }
            Self::Title(at) => model.figures[at].title = number,
            Self::Prose(at) => model.figures[at].prose = number,
            Self::Quotes(at) => model.figures[at].quotes ^= true,
            Self::Mentions(at, to) => model.figures[at].mentions = Some(model.figures[to].id.clone()),
            Self::Caption(at) => model.figures[at].caption = number,
            Self::Kind(at) => model.figures[at].points ^= true,
            Self::SecondChart(at) => model.figures[at].second_chart ^= true,
            Self::Bound(at) => model.figures[at].bound = number,
            Self::PaperTitle => model.title = number,
            Self::Standfirst => model.standfirst = number,
            Self::Summary => model.summary = Some((number, None)).filter(|(number, _)| *number > 0),
            Self::SummaryOf(at) => model.summary = Some((number, Some(model.figures[at].id.clone()))),
            Self::FurtherSeeds => model.seeds = number.into(),
            Self::ScriptResult => model.script.offset = number,
            Self::ScriptComment => model.script.comment = number,
            Self::Data => model.data = number,
            Self::Template => model.template = Some(number).filter(|number| *number > 0),
            Self::Makefile => model.makefile ^= true,
            Self::Profile => model.smoke ^= true,
            Self::LockSection => {
                // The last section goes.
                let cut = model.lock.as_ref().and_then(|lock| lock.rfind("\n["));
                if let (Some(lock), Some(cut)) = (&mut model.lock, cut) {
                    lock.truncate(cut);
                }
            }
            Self::LockDigest => {
                // Another digest of the last output.
                if let Some(lock) = &mut model.lock {
                    let digit = lock.len().saturating_sub(3);
                    if lock.ends_with("\"\n") {
                        let other = if lock[digit..].starts_with('0') { "1" } else { "0" };
                        lock.replace_range(digit..=digit, other);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Every place that may mention a figure.
fn mentions(model: &mut Model) -> impl Iterator<Item = &mut Option<String>> {
    let summary = model.summary.as_mut().map(|(_, mention)| mention);
    let figures = model.figures.iter_mut().flat_map(|figure| {
        let because = figure.because.as_mut().map(|(_, mention)| mention);
        std::iter::once(&mut figure.mentions).chain(because)
    });
    figures.chain(summary)
}

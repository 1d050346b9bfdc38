//! Breiman's four questions of 1995, held against the slide that quotes them, with the figures that bear on each.
//! It knows no answers; those are computed elsewhere.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Column, Frame, Results};

/// The quotation of the slide "Generalization Gap, Long-standing problems".
pub struct BreimanQuestions;

params! {
    /// There is nothing to set but where the table is.
    pub struct Params {
        /// The table of questions: question, seen_in (identifiers of figures, separated by spaces).
        pub questions: String = "data/breiman-questions.csv".to_owned();
    }
}

/// As the slide has them, letter by letter.
const SLIDE: [&str; 4] = [
    "Why don't heavily parameterized neural networks overfit the data?",
    "What is the effective number of parameters?",
    "Why doesn't backpropagation head for a poor local minima?",
    "When should one stop the backpropagation and use the current parameters?",
];

impl Experiment for BreimanQuestions {
    type Params = Params;

    fn working_set(_: &Params) -> Option<usize> {
        // Four rows of words.
        Some(1000)
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let path = &params.questions;
        let text = std::str::from_utf8(ctx.input(path)?);
        let text = text.map_err(|_| Stop::failed(format!("`{path}` is not UTF-8 text")))?;
        let frame = Frame::from_csv(text).map_err(|why| Stop::failed(format!("`{path}`: {why}")))?;
        let words = |name: &str| match frame.column(name) {
            Some(Column::Words(words)) => Ok(words),
            _ => Err(Stop::failed(format!("`{path}` needs a column `{name}` of words"))),
        };
        let (questions, seen_in) = (words("question")?, words("seen_in")?);
        let verbatim = questions.iter().zip(SLIDE).filter(|(own, slide)| own.as_str() == *slide).count();
        let figures: usize = seen_in.iter().map(|figures| figures.split_whitespace().count()).sum();
        let open = seen_in.iter().filter(|figures| figures.trim().is_empty()).count();
        let mut results = Results::default();
        results.value("questions", questions.len() as f64);
        results.value("questions.verbatim", verbatim as f64);
        results.value("questions.without.figure", open as f64);
        results.value("figures", figures as f64);
        let numbers = (1..=questions.len()).map(|k| k as f64).collect::<Vec<_>>();
        let table = Frame::new().with("number", numbers).with_words("question", questions.iter().cloned());
        results.frame("questions", table.with_words("seen_in", seen_in.iter().map(|ids| ids.replace(' ', ", "))));
        Ok(results)
    }
}

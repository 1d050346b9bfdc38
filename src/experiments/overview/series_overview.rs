//! The papers behind the talk, held against the slide that lists them, each with the figures that reproduce it (slides "Our
//! series works on condensation" and "Overview of our works on condensation"). It computes nothing of theirs.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Column, Frame, Results};

/// Three series of papers.
pub struct SeriesOverview;

params! {
    /// There is nothing to set but where the table is.
    pub struct Params {
        /// The table of papers: series, number, authors, title, venue, seen_in (identifiers of figures, separated by spaces).
        pub papers: String = "data/papers.csv".to_owned();
    }
}

/// Series, number and title as the slide has them, letter by letter.
const SLIDE: [(&str, &str); 9] = [
    ("A1.1", "Phase Diagram for Two-layer ReLU Neural Networks at Infinite-Width Limit"),
    ("A1.2", "Empirical Phase Diagram for Three-layer Neural Networks with Infinite Width"),
    ("A2.1", "Embedding Principle of Loss Landscape of Deep Neural Networks"),
    ("A2.2", "Embedding Principle: a hierarchical structure of loss landscape of deep neural networks"),
    ("A2.3", "Towards Understanding the Condensation of Neural Networks at Initial Training"),
    ("A2.4", "Embedding Principle in Depth for the Loss Landscape Analysis of Deep Neural Networks"),
    ("A3.1", "Linear Stability Hypothesis and Rank Stratification for Nonlinear Models"),
    ("A3.2", "Optimistic Estimate Uncovers the Potential of Nonlinear Models"),
    ("A3.3", "Local Linear Recovery Guarantee of Deep Neural Networks at Overparameterization"),
];

/// The boxes of the drawing: name of the series, question, answer, and where its box stands.
const BOXES: [(&str, &str, &str, f64); 3] =
    [("A1", "When?", "regime", 0.0), ("A2", "Why?", "landscape", 2.0), ("A3", "What for?", "generalisation", 4.0)];

impl Experiment for SeriesOverview {
    type Params = Params;

    fn working_set(_: &Params) -> Option<usize> {
        // Nine rows of words, and a drawing.
        Some(4000)
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let path = &params.papers;
        let text = std::str::from_utf8(ctx.input(path)?);
        let text = text.map_err(|_| Stop::failed(format!("`{path}` is not UTF-8 text")))?;
        let frame = Frame::from_csv(text).map_err(|why| Stop::failed(format!("`{path}`: {why}")))?;
        let words = |name: &str| match frame.column(name) {
            Some(Column::Words(words)) => Ok(words),
            _ => Err(Stop::failed(format!("`{path}` needs a column `{name}` of words"))),
        };
        let (papers, titles, seen_in) = (words("paper")?, words("title")?, words("seen_in")?);
        let (authors, venues) = (words("authors")?, words("venue")?);
        let verbatim = papers
            .iter()
            .zip(titles)
            .zip(SLIDE)
            .filter(|((paper, title), slide)| (paper.as_str(), title.as_str()) == *slide);
        let figures = |row: usize| seen_in[row].split_whitespace().filter(|id| *id != "–").count();
        let open = (0..papers.len()).filter(|&row| figures(row) == 0).count();
        let mut results = Results::default();
        results.value("papers", papers.len() as f64);
        results.value("papers.verbatim", verbatim.count() as f64);
        results.value("papers.open", open as f64);
        results.value("figures", (0..papers.len()).map(figures).sum::<usize>() as f64);
        for (series, ..) in BOXES {
            let count = papers.iter().filter(|paper| paper.starts_with(series)).count();
            results.value(&format!("papers.{}", series.to_lowercase()), count as f64);
        }
        let table =
            Frame::new().with_words("paper", papers.iter().cloned()).with_words("title", titles.iter().cloned());
        let table = table.with_words("authors", authors.iter().cloned()).with_words("venue", venues.iter().cloned());
        let table = table.with("figures", (0..papers.len()).map(|row| figures(row) as f64));
        results.frame("papers", table.with_words("seen_in", seen_in.iter().map(|ids| ids.replace(' ', ", "))));
        drawing(&mut results);
        Ok(results)
    }
}

/// Three boxes with what leads from one to the next.
fn drawing(results: &mut Results) {
    const HALF: [f64; 2] = [0.72, 0.5];
    let edges = BOXES.iter().flat_map(|(_, _, _, x)| {
        let ([left, right], [low, high]) = ([x - HALF[0], x + HALF[0]], [-HALF[1], HALF[1]]);
        [[left, low, right, low], [right, low, right, high], [right, high, left, high], [left, high, left, low]]
    });
    results.frame("edges", Frame::from_rows(&["x", "y", "x2", "y2"], edges));
    let arrows = BOXES.windows(2).map(|pair| [pair[0].3 + HALF[0] + 0.04, 0.0, pair[1].3 - HALF[0] - 0.04, 0.0]);
    results.frame("arrows", Frame::from_rows(&["x", "y", "x2", "y2"], arrows));
    let of = |height: f64, line: fn(&(&'static str, &'static str, &'static str, f64)) -> String| {
        BOXES.iter().map(move |own| (line(own), [own.3 - HALF[0] + 0.1, height]))
    };
    let lines = of(0.22, |(series, question, ..)| format!("{series}: {question}"))
        .chain(of(-0.22, |(_, _, answer, _)| (*answer).to_owned()));
    let lines: Vec<(String, [f64; 2])> = lines.collect();
    let frame = Frame::new().with_words("line", lines.iter().map(|(line, _)| line.clone()));
    results.frame(
        "lines",
        frame.with("x", lines.iter().map(|(_, at)| at[0])).with("y", lines.iter().map(|(_, at)| at[1])),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    fn run(papers: &str) -> Result<Results, Stop> {
        let inputs = BTreeMap::from([("data/papers.csv".to_owned(), papers.as_bytes().to_vec())]);
        SeriesOverview::run(&Params::default(), &Context::new(0, &inputs, &Inline))
    }

    #[test]
    fn titles_are_compared_letter_by_letter_and_papers_without_figures_counted() {
        let head = "paper,authors,title,venue,seen_in\n";
        let first = format!("A1.1,x,{},x,one two\nA1.2,x,another,x,–\n", SLIDE[0].1);
        let results = run(&format!("{head}{first}")).expect("a table");
        let values = ["papers", "papers.verbatim", "papers.open", "figures", "papers.a1", "papers.a3"];
        assert_eq!(values.map(|name| results.values[name]), [2.0, 1.0, 1.0, 2.0, 2.0, 0.0]);
        assert_eq!(results.fault(), None);
        assert_eq!(run("paper\nA1\n").unwrap_err().to_string(), "`data/papers.csv` needs a column `title` of words");
    }
}

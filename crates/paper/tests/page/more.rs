//! The pages of the small paper that are no figure's and no report's: program text, and two versions side by side.

use condense_paper::diff_view::{ClaimChange, DiffView, PicturePair, TableChange, ValueChange};
use condense_paper::figure_view::{FigureView, Pair};
use condense_paper::report::{Templates, render_diff, render_source};
use condense_paper::source_view::SourceView;
use condense_paper::view::Site;

use crate::fixture::HOSTILE;

/// The program text behind a figure, by path.
pub fn source_page(templates: &Templates, site: &Site, figure: &FigureView) -> (String, String) {
    let text: Vec<String> = (1..=12).map(|line| format!("let line = {line}; // {HOSTILE}")).collect();
    let view = SourceView {
        site,
        number: figure.number,
        id: &figure.id,
        title: &figure.title,
        experiment: HOSTILE,
        compiled: figure.number == 1,
        file: HOSTILE,
        lines: text.iter().map(String::as_str).collect(),
        parts: vec![Pair { name: HOSTILE.to_owned(), text: "0123".to_owned() }],
    };
    let html = render_source(templates, &view).unwrap_or_else(|fault| panic!("{fault:?}"));
    (figure.provenance.source.clone(), html)
}

/// Two versions of a figure.
pub fn diff_page(templates: &Templates, site: &Site, figure: &FigureView) -> String {
    let text = || HOSTILE.to_owned();
    let picture = "data:image/svg+xml,%3Csvg/%3E".to_owned();
    let view = DiffView {
        site: site.clone(),
        number: figure.number,
        id: figure.id.clone(),
        title: figure.title.clone(),
        old: "accepted",
        new: "made",
        pictures: vec![PicturePair {
            label: text(),
            alt: text(),
            old: picture.clone(),
            new: picture,
            old_size: [720, 290],
            size: [720, 290],
            room: [720, 290],
        }],
        values: vec![ValueChange { name: text(), old: text(), new: text(), change: text(), relative: text() }],
        claims: vec![ClaimChange {
            says: figure.title.clone(),
            bound: text(),
            old: text(),
            new: text(),
            held: true,
            holds: false,
            taken: text(),
        }],
        tables: vec![TableChange {
            file: text(),
            words: text(),
            head: vec![text()],
            row: Some(3),
            cells: vec![(text(), text(), true)],
        }],
        others: vec![[text(), text()]],
    };
    render_diff(templates, &view).unwrap_or_else(|fault| panic!("{fault:?}"))
}

//! A `chart` block of a page: the chart as data, and the way back from a fault in it to its place in the page.
//! It knows no results; what is wrong with a chart is `plot::check`'s to say.

use crate::diag::{Diagnostic, Source};
use crate::paper::faults::Faults;
use crate::paper::names;
use crate::paper::passage::Passage;
use crate::paper::toml_reader::{Piece, Reading, parse as parse_toml, read, tables};
use crate::plot::chart::Chart;
use crate::plot::check::{self, Named, Place, Unknown};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How something is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartBlock {
    /// The chart.
    pub chart: Chart,
    /// Its sentence for readers who cannot see it.
    pub alt: Passage,
    /// Its caption.
    pub caption: Passage,
    /// Where the name stands, or the opening line of the block.
    pub name_at: Range<usize>,
    /// What stands between the fences, in bytes of the page.
    pub body: Range<usize>,
}

/// Reads a block whose opening line stands at `head`.
pub fn parse(text: &str, piece: &Piece, head: Range<usize>, faults: &mut Faults) -> Option<ChartBlock> {
    let table = parse_toml(text, piece, faults)?;
    let examples = [
        ("alt", "alt = \"a sentence for readers who cannot see it\""),
        ("caption", "caption = \"the finding, then what is drawn\""),
    ];
    let mut whole = table.clone();
    for (key, example) in examples.iter().filter(|(key, _)| table.get_ref().get(*key).is_none()) {
        let fault = Diagnostic::new("M004", format!("a chart lacks `{key}`")).at(&piece.source, head.clone(), "");
        faults.push(fault.help(*example));
        let stand_in = Spanned::new(0..0, DeValue::String("-".into()));
        whole.get_mut().insert(Spanned::new(0..0, (*key).into()), stand_in);
    }
    long_points(table.get_ref(), piece, faults);
    let Reading { value: chart, spoilt } = read::<Chart>(whole, "a chart", piece, faults);
    let chart = chart?;
    for fault in check::faults(&chart) {
        // What is missing only because it was unreadable has been reported.
        if fault.place.key.is_some_and(|key| spoilt.contains(key)) {
            continue;
        }
        let span = locate(&table, &fault.place).map_or_else(|| head.clone(), |span| piece.span(span));
        faults.push(Diagnostic::new("P006", fault.message).at(&piece.source, span, ""));
    }
    let top = |key: &str| table.get_ref().get(key).map(|value| piece.span(value.span()));
    if let (Some(name), Some(span)) = (&chart.name, top("name"))
        && let Some(fault) = names::id_fault(name)
    {
        faults.push(Diagnostic::new("P007", format!("name `{name}` cannot be used: {fault}")).at(
            &piece.source,
            span,
            "",
        ));
    }
    Some(ChartBlock {
        alt: Passage { text: chart.alt.clone(), at: top("alt")? },
        caption: Passage { text: chart.caption.clone(), at: top("caption")? },
        name_at: top("name").unwrap_or(head),
        body: piece.offset..piece.offset + text.len(),
        chart,
    })
}

/// Points with more than two numbers: the TOML reader would drop the rest without a word.
fn long_points(chart: &DeTable, piece: &Piece, faults: &mut Faults) {
    let panels = chart.get("panel").and_then(tables).unwrap_or_default();
    for layer in panels.iter().flat_map(|panel| panel.get_ref().get("layer").and_then(tables).unwrap_or_default()) {
        for key in ["from", "to"] {
            let Some(point) = layer.get_ref().get(key) else { continue };
            if point.get_ref().as_array().is_some_and(|point| point.len() > 2) {
                faults.push(piece.fault("P006", format!("`{key}` is a point `[x, y]`"), point.span(), ""));
            }
        }
    }
}

impl ChartBlock {
    /// Reports frames and columns that the results lack.
    pub fn resolve(&self, source: &Arc<Source>, unknown: Vec<Unknown>, faults: &mut Faults) {
        let Ok(table) = DeTable::parse(&source.text[self.body.clone()]) else { return };
        let piece = Piece { source: Arc::clone(source), offset: self.body.start };
        for Unknown { place, what, name, known } in unknown {
            let (one, many) = match what {
                Named::Frame => ("frame", "frames of the results"),
                Named::Column => ("column", "columns of the frame"),
            };
            let span = locate(&table, &place).unwrap_or(0..0);
            let fault = piece.fault("P008", format!("unknown {one} `{name}`"), span, "");
            faults.push(fault.suggest(&name, known, many));
        }
    }
}

/// Where a place of a chart stands in its block: the value of the key, or the innermost table around it that there is.
fn locate(table: &Spanned<DeTable>, place: &Place) -> Option<Range<usize>> {
    let (mut here, mut span) = (table.get_ref(), None);
    for (key, at) in [("panel", place.panel), ("layer", place.layer)] {
        if let Some(at) = at {
            let item = here.get(key)?.get_ref().get(at)?;
            span = Some(item.span());
            here = item.get_ref().as_table()?;
        }
    }
    for key in place.key.unwrap_or_default().split('.') {
        let Some(value) = here.get(key) else { break };
        span = Some(value.span());
        let Some(inner) = value.get_ref().as_table() else { break };
        here = inner;
    }
    span
}

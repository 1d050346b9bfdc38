//! Links between the pictures of a page: each leads to a panel, and the name of a panel stands once.
//! It knows what pictures say, not how they are drawn.

use crate::diag::Diagnostic;
use crate::paper::block::ChartBlock;
use crate::plot::fault::Place;
use crate::plot::svg;
use std::collections::BTreeSet;

/// What is wrong with the links between charts, given with their pictures.
pub fn faults(charts: &[(&ChartBlock, &str)]) -> Vec<Diagnostic> {
    let (mut goals, mut faults) = (BTreeSet::new(), Vec::new());
    for (chart, picture) in charts {
        if let Some(twice) = svg::goals(picture).find(|goal| !goals.insert(*goal)) {
            faults.push(fault(chart, format!("two charts of the page have a panel with the `anchor` of `{twice}`")));
        }
    }
    for (chart, picture) in charts {
        if let Some(lost) = svg::links(picture).find(|link| !goals.contains(link)) {
            let message = format!("a cell leads to `{lost}`, and no panel of the page has that `anchor`");
            faults.push(fault(chart, message).help("`leads` names a column of anchors: give a panel `anchor`"));
        }
    }
    faults
}

fn fault(chart: &ChartBlock, message: String) -> Diagnostic {
    chart.drawing.fault("P036", message, &Place::default())
}

//! The paper as a whole, through the library: every figure, page and parameter says what it must.

use crate::smallest;
use condense::pipeline::seeds::SeedsRecord;
use std::collections::BTreeSet;

#[test]
fn every_figure_has_a_slide_a_page_alt_texts_and_claims() {
    let paper = smallest::paper("default");
    let mut ids = BTreeSet::new();
    for figure in &paper.manifest.figures {
        let id = &figure.id;
        let kebab = id.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        });
        assert!(kebab, "`{id}` is not kebab-case");
        assert!(ids.insert(id.clone()), "`{id}` stands twice");
        assert!(!figure.slide.trim().is_empty(), "`{id}` names no slide");
        let page = paper.pages.get(id).unwrap_or_else(|| panic!("`{id}` has no page"));
        assert!(!page.title.text().is_empty(), "`{id}` has no title");
        assert!(page.charts().count() > 0, "`{id}` draws nothing");
        for chart in page.charts() {
            let words = chart.drawing.chart.alt.split_whitespace().count();
            assert!(words >= 5, "`{}` has an alt text of {words} words", page.stem(chart));
        }
        assert!(page.claims().count() > 0, "`{id}` claims nothing, so nothing of it can fail");
    }
    let pages: BTreeSet<String> = smallest::root()
        .join("figures")
        .read_dir()
        .expect("pages")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
        .collect();
    assert_eq!(pages, ids, "pages and entries");
}

/// Where one profile alone measures further seeds, the committed record has a number of every claim that counts.
#[test]
fn every_claim_was_measured_at_further_seeds() {
    let (paper, record) = (smallest::paper("default"), SeedsRecord::load(smallest::root()).expect("the record"));
    for figure in paper.manifest.figures.iter().filter(|figure| figure.robustness.profile.is_some()) {
        let measured = record.0.get(&figure.id).unwrap_or_else(|| panic!("nothing on record of `{}`", figure.id));
        for claim in paper.pages[&figure.id].claims().filter(|claim| !claim.identity) {
            let numbers = measured.values.get(&claim.value).map_or(0, Vec::len);
            assert!(numbers >= 20, "`{}` of `{}` was measured at {numbers} further seeds", claim.value, figure.id);
        }
    }
}

#[test]
fn the_manifest_uses_every_experiment_of_the_roster() {
    let used: BTreeSet<&str> = smallest::paper("default")
        .manifest
        .figures
        .iter()
        .filter_map(smallest::entry)
        .map(|entry| entry.name)
        .collect();
    let roster: BTreeSet<&str> = condensation::ROSTER.entries.iter().map(|entry| entry.name).collect();
    assert_eq!(roster, used);
}

#[test]
fn every_parameter_says_what_it_means_and_has_a_default_of_its_own_type() {
    for entry in condensation::ROSTER.entries {
        let defaults = entry.defaults();
        let declared: BTreeSet<&str> = entry.parameters.iter().map(|parameter| parameter.name).collect();
        assert_eq!(declared, defaults.keys().map(String::as_str).collect(), "{}", entry.name);
        for parameter in entry.parameters {
            let words = parameter.doc.split_whitespace().count();
            assert!(words > 0, "`{}` of {} has no words", parameter.name, entry.name);
        }
        // The digests of MNIST alone have no default that could be right.
        let faults = entry.faults(&defaults);
        assert!(faults.iter().all(|fault| fault.key == "sha256"), "{}: {faults:?}", entry.name);
    }
}

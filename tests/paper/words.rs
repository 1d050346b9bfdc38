//! What is said in this paper: every figure asks and answers, and no number is typed.

use crate::smallest;

#[test]
fn every_figure_asks_a_question_and_answers_it_in_one_sentence() {
    let paper = smallest::paper("default");
    for (id, page) in &paper.pages {
        let question = page.question().unwrap_or_else(|| panic!("{id} asks nothing"));
        assert!(question.text().contains('?'), "{id}: {}", question.text());
        let answer = page.answer().unwrap_or_else(|| panic!("{id} answers nothing"));
        // A point within a formula, a number or a mention ends no sentence.
        assert_eq!(answer.text().trim_end().matches(". ").count(), 0, "{id}: {}", answer.text());
        let headlines = page.claims().filter(|claim| claim.headline).count();
        assert!((1..=5).contains(&headlines), "{id} has {headlines} headline claims");
    }
}

#[test]
fn no_number_is_typed() {
    let paper = smallest::paper("default");
    let typed: Vec<String> = paper
        .manifest
        .figures
        .iter()
        .flat_map(|figure| paper.typed_numbers(figure))
        .map(|fault| format!("{fault:?}"))
        .collect();
    assert!(typed.is_empty(), "{typed:#?}");
}

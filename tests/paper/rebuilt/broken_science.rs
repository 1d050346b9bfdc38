//! Claims are worth something: with a fault in the science they turn red. The faults of [`faults`](super::faults) are put into a copy
//! of the sources, each behind a switch, so that the copy is built once; then figures are run with one of them at a time. Which
//! claims turned red stands in `docs/faults.md`, which this test holds to what it saw (`WRITE=1 make broken` writes it).

use super::faults::{self, Fault};
use super::workshop::Workshop;
use crate::smallest::{self, root};
use condense::diag::Source;
use condense::paper::load::Paper;
use condense::paper::page::Page;
use condense_testing::paper::{self, Run};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

/// What is said of the faults.
pub const DOCUMENT: &str = "docs/faults.md";

/// The switch: which fault is on, by its number, which begins at 1.
const SWITCH: &str = "
static BROKEN: std::sync::LazyLock<usize> =
    std::sync::LazyLock::new(|| std::env::var(\"BROKEN\").map_or(0, |fault| fault.parse().expect(\"a number\")));

#[inline(always)]
pub(crate) fn broken(fault: usize) -> bool {
    *BROKEN == fault
}
";

/// The packages that compute, with the file that gets the switch. (At a lower level code would be shared with packages that are
/// not optimised.)
const OPTIMISED: [(&str, &str); 3] = [
    ("condense-num", "crates/num/src/lib.rs"),
    ("condense-nn", "crates/nn/src/lib.rs"),
    ("condensation", "src/lib.rs"),
];

/// The faults, as edits of the sources; and what makes whole figures quick to compute: optimised packages, and one seed.
fn edits(path: &str, text: &str) -> Option<String> {
    let mut edited = match path {
        "Cargo.toml" => OPTIMISED.iter().fold(text.to_owned(), |text, (package, _)| {
            text + &format!("\n[profile.dev.package.{package}]\nopt-level = 2\n")
        }),
        "manifest.toml" => {
            let seeds = "[robustness]\nseeds = 20";
            assert!(text.contains(seeds), "the paper's further seeds stand elsewhere");
            text.replace(seeds, "[robustness]\nseeds = 0")
        }
        "manifest.lock" => String::new(),
        _ => text.to_owned(),
    };
    for (number, fault) in faults::all().filter(|(_, fault)| fault.file == path) {
        assert_eq!(edited.matches(fault.right).count(), 1, "`{}` in {path}", fault.right);
        let wrong = fault.wrong.replace("BROKEN", &format!("crate::broken({number})"));
        edited = edited.replace(fault.right, &wrong);
    }
    if OPTIMISED.iter().any(|(_, file)| *file == path) {
        edited += SWITCH;
    }
    (edited != text).then_some(edited)
}

#[test]
#[ignore = "compiles for a minute and a half, and runs figures for minutes: `make broken`, and `.ci/run`"]
fn a_fault_in_the_science_turns_claims_red() {
    let workshop = Workshop::edited("broken-science", edits);
    if workshop.build().is_none() {
        return;
    }
    let chosen = std::env::var("FIGURES").ok();
    let chosen = |figure: &&str| chosen.as_ref().is_none_or(|ids| ids.split_whitespace().any(|id| id == *figure));
    let figures = |fault: &Fault| fault.figures.iter().copied().filter(chosen).collect::<Vec<_>>();
    without_a_fault_the_bits_are_those_of_the_lock(&workshop);
    let paper = smallest::paper("default");
    let right = of_shares(&paper).filter(chosen).map(|figure| (0, vec![figure]));
    let wrong = faults::all().map(|(number, fault)| (number, figures(fault)));
    let trials: Vec<Trial<'_>> = right.chain(wrong).filter(|(_, figures)| !figures.is_empty()).collect();
    let seen = all(&workshop, &trials);
    let mut red: BTreeMap<(usize, &str), Vec<String>> = BTreeMap::new();
    for ((number, figures), run) in trials.iter().zip(&seen) {
        let what = told(*number);
        assert_eq!(run.code, if *number == 0 { 0 } else { 5 }, "{figures:?} with {what}\n{}", run.stderr);
        for &figure in figures.iter().filter(|_| *number > 0) {
            let claims = claims(&run.stderr, figure);
            assert!(!claims.is_empty(), "no claim of {figure} notices: {what}");
            red.insert((*number, figure), claims);
        }
    }
    let committed = fs::read_to_string(root().join(DOCUMENT)).unwrap_or_default();
    let document = document(&red, &committed);
    if std::env::var_os("WRITE").is_some() {
        fs::write(root().join(DOCUMENT), &document).expect("written");
    } else {
        assert!(document == committed, "{DOCUMENT} is not what was seen: `WRITE=1 make broken` writes it\n{document}");
    }
}

/// `make broken` takes minutes; that an edit of the sources has moved the place of a fault shows at once.
#[test]
fn every_fault_has_one_place() {
    for (_, Fault { what, file, right, .. }) in faults::all() {
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{what}: {file}: {error}"));
        assert_eq!(text.matches(right).count(), 1, "{what}: `{right}` in {file}");
    }
}

#[test]
fn every_claim_that_counts_can_turn_red() {
    let text = fs::read_to_string(root().join(DOCUMENT)).expect(DOCUMENT);
    // Rows of faults that are gone say nothing.
    let row = |(_, fault, figure): (usize, &Fault, &'static str)| {
        let begin = begin(fault, figure);
        let row = text.lines().find(|row| row.starts_with(&begin));
        (figure, row.unwrap_or_else(|| panic!("{DOCUMENT} lacks a row, `{begin}`: `WRITE=1 make broken` writes it")))
    };
    let rows: Vec<(&str, &str)> = rows().map(row).collect();
    assert_eq!(text.lines().filter(|line| line.starts_with("| ")).count(), rows.len() + 1, "{DOCUMENT} has old rows");
    let mut unmoved = String::new();
    for page in smallest::files(&root().join("figures"), &|_| false) {
        let figure = page.file_stem().expect("a name").to_string_lossy().into_owned();
        let source = Source::new(page.to_string_lossy(), fs::read_to_string(&page).expect("a page"));
        let (parsed, mistakes) = condense::paper::page::parse(&figure, &source);
        let parsed = parsed.unwrap_or_else(|| panic!("{figure}: {mistakes:?}"));
        let of: Vec<&str> = rows.iter().filter(|(other, _)| *other == figure).map(|(_, row)| *row).collect();
        for claim in parsed.claims().filter(|claim| !claim.identity) {
            if !of.iter().any(|row| row.contains(&format!("`{}`", claim.id))) {
                let _ = writeln!(unmoved, "  {figure}: {}", claim.id);
            }
        }
    }
    assert!(
        unmoved.is_empty(),
        "no fault turns these claims red (`identity = true` marks one that cannot):\n{unmoved}"
    );
}

/// The figures that claim something of a share of the seeds. A report asks that of further seeds, and here there are none: it must hold at
/// the figure's own seed, too, or it would be red with every fault. (All else is asked here as in a report.)
fn of_shares(paper: &Paper) -> impl Iterator<Item = &str> {
    let of_share = |page: &Page| page.claims().any(|claim| claim.share.is_some());
    paper.pages.iter().filter(move |(_, page)| of_share(page)).map(|(figure, _)| figure.as_str())
}

/// Every fault stands behind its switch. With none on, every figure has the bits that were accepted, at tiny parameters.
fn without_a_fault_the_bits_are_those_of_the_lock(workshop: &Workshop) {
    let place = workshop.copy_to_run("right");
    fs::copy(root().join("manifest.lock"), place.join("manifest.lock")).expect("the lock");
    let mut command = paper::command(&workshop.program());
    let run = Run::of(command.args(["--profile", "smoke", "run"]).current_dir(place).output().expect("it starts"));
    let figures = smallest::paper("smoke").manifest.figures.len();
    run.expect(0).says(&format!("{figures}/{figures} figures match the lock"));
}

/// A fault by its number, and the figures that are computed with it.
type Trial<'p> = (usize, Vec<&'p str>);

/// The fault with this number in words; 0 is none.
fn told(number: usize) -> &'static str {
    faults::all().find(|(other, _)| *other == number).map_or("no fault", |(_, fault)| fault.what)
}

/// Runs figures with their faults, two trials at a time and each in a copy of its own of what a run reads.
fn all(workshop: &Workshop, trials: &[Trial<'_>]) -> Vec<Run> {
    let next = Mutex::new(0..trials.len());
    let seen: Mutex<BTreeMap<usize, Run>> = Mutex::default();
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (next, seen) = (&next, &seen);
            scope.spawn(move || {
                let place = workshop.copy_to_run(&worker.to_string());
                loop {
                    let Some(at) = next.lock().expect("no panic").next() else { break };
                    let run = one(&workshop.program(), &place, &trials[at]);
                    seen.lock().expect("no panic").insert(at, run);
                }
            });
        }
    });
    seen.into_inner().expect("no panic").into_values().collect()
}

fn one(program: &Path, place: &Path, (number, figures): &Trial<'_>) -> Run {
    let mut command = paper::command(program);
    command.arg("run").args(figures).args(["-j", "1"]).current_dir(place).env("BROKEN", number.to_string());
    let begun = Instant::now();
    let run = Run::of(command.output().expect("it starts"));
    eprintln!("{}, {:.0} s", told(*number), begun.elapsed().as_secs_f64());
    for figure in figures {
        eprintln!("    {figure}: {}", claims(&run.stderr, figure).join(" "));
    }
    // What was computed with the fault is of no use to the next trial.
    fs::remove_dir_all(place.join(".condense")).expect("the store");
    run
}

/// The claims of a figure that a run told as failed, in their order.
fn claims(said: &str, figure: &str) -> Vec<String> {
    let of = format!(" of {figure}: ");
    let claim = |line: &str| Some(line.trim().strip_prefix("failed  claim ")?.split_once(&of)?.0.to_owned());
    said.lines().filter_map(claim).collect()
}

/// Every fault, by its number, with every figure that must notice.
fn rows() -> impl Iterator<Item = (usize, &'static Fault, &'static str)> {
    faults::all().flat_map(|(number, fault)| fault.figures.iter().map(move |figure| (number, fault, *figure)))
}

/// How the row of a fault and a figure begins.
fn begin(Fault { what, file, .. }: &Fault, figure: &str) -> String {
    format!("| {what} | `{file}` | {figure} | ")
}

/// The page: fault by fault, what turned red. Of figures that were not run it says what it said.
fn document(red: &BTreeMap<(usize, &str), Vec<String>>, committed: &str) -> String {
    let mut text = String::from(
        "# What turns claims red\n\n\
         A claim that no fault in the science could make false says nothing. Each row is a fault that was put into a copy of the\n\
         sources, a figure that was computed with it, and the claims that turned red. `make broken` does it again; the table is what it saw\n\
         (`WRITE=1 make broken` writes it). Every claim that counts stands in it; those that are marked `identity` need not.\n\n\
         | fault | in | figure | claims that turn red |\n|---|---|---|---|\n",
    );
    for (number, fault, figure) in rows() {
        let begin = begin(fault, figure);
        let quoted =
            |claims: &Vec<String>| claims.iter().map(|claim| format!("`{claim}`")).collect::<Vec<_>>().join(", ");
        match red.get(&(number, figure)) {
            Some(claims) => text += &format!("{begin}{} |\n", quoted(claims)),
            None => text.extend(committed.lines().filter(|row| row.starts_with(&begin)).map(|row| format!("{row}\n"))),
        }
    }
    text
}

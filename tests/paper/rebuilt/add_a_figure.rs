//! "Add a figure", followed as the README says, in a copy of the repository with fewer figures.

use super::workshop::{BUILD, Workshop};
use crate::smallest;
use condense_testing::paper::{self, Run};
use condense_testing::readme::{commands, follow, has, told};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// What a reader would do in an editor, as a script: another rate, its claim, more points.
const EDITOR: &str = r#"#!/bin/sh
sed -e 's/math::exp(-x)/math::exp(-2.0 * x)/' -e 's/rate is 1/rate is 2/' -e 's/equals = 1.0/equals = 2.0/' \
    -e 's/^points = 50$/points = 80/' "$1" > "$1.new" && mv "$1.new" "$1"
"#;

/// The figures of the paper in which one is added: they mention no other, and take no time even where nothing is optimised.
const KEPT: [&str; 1] = ["scale-of-learning-systems"];

/// The figure of a section of the lock: `[default.decay]`.
fn accepted_of(section: &str) -> Option<&str> {
    Some(section.strip_prefix('[')?.split_once(']')?.0.split_once('.')?.1)
}

/// Leaves these figures in a copy of the repository: their entries, their pages, and what was accepted of them.
fn keep(workshop: &Workshop, kept: &[&str]) {
    let kept_by = |text: &str| kept.iter().any(|id| text.contains(&format!("id = \"{id}\"\n")));
    let manifest = workshop.read("manifest.toml");
    let (head, entries) = manifest.split_once("[[figure]]\n").expect("figures");
    // A profile of none of them is a mistake.
    let (before, full) = head.split_once("[profile.full]\n").expect("the profile");
    let head = format!("{before}{}", full.split_once("\n\n").expect("its end").1);
    // So is a text that speaks of a figure that is gone.
    let (before, texts) = head.split_once("picture = ").expect("the picture");
    let head = format!(
        "{before}\n{}",
        &texts[texts.find("[profile").or_else(|| texts.find("# Every claim")).expect("what follows")..]
    );
    let entries = entries.split("[[figure]]\n").filter(|entry| kept_by(entry));
    workshop.write("manifest.toml", &entries.fold(head, |text, entry| text + "[[figure]]\n" + entry));
    let lock = workshop.read("manifest.lock");
    let sections = lock.split("\n\n").filter(|section| accepted_of(section).is_none_or(|id| kept.contains(&id)));
    workshop.write("manifest.lock", &format!("{}\n", sections.collect::<Vec<_>>().join("\n\n").trim_end()));
    for page in smallest::files(&workshop.path().join("figures"), &|_| false) {
        if page.file_stem().is_some_and(|id| kept.iter().all(|kept| id != *kept)) {
            fs::remove_file(page).expect("removed");
        }
    }
}

#[test]
fn a_figure_is_added_as_the_readme_says() {
    if !["make", "cargo"].into_iter().all(has) {
        return;
    }
    let workshop = Workshop::open("readme");
    keep(&workshop, &KEPT);
    // The commands are the README's. Only the compiler is told to hurry: it builds as it did for this test.
    let makefile = workshop.read("Makefile").replace("build --release --locked", &BUILD.join(" "));
    let program = format!("\nCONDENSE = {}\n", workshop.program().display());
    workshop.write(
        "Makefile",
        &makefile.replace("\nCONDENSE = $(CARGO) run --release --locked --package condensation --\n", &program),
    );
    assert!(!workshop.read("Makefile").contains("--release"));
    let editor = workshop.path().join("editor.sh");
    workshop.write("editor.sh", EDITOR);
    let set = |command: &mut Command| {
        workshop.build_here(command.env("EDITOR", format!("sh {}", editor.display())));
    };

    let first = follow(&commands("start"), &workshop.path(), set);
    assert_eq!(first.len(), 1);
    assert!(workshop.read("report/index.html").starts_with("<!"));
    let (_, last) = told(&first[0].1);
    let (hold, locked) = (ratio(last, "claims hold"), ratio(last, "figures match the lock"));
    assert!(hold.0 == hold.1 && hold.1 > 0 && locked == (KEPT.len(), KEPT.len()), "{last}");
    excerpt_is_real(&first[0].1);
    let lock = workshop.read("manifest.lock");

    let block = commands("add-a-figure");
    assert!(block.lines().count() <= 12);
    let said = follow(&block, &workshop.path(), set);
    let reports: Vec<_> =
        said.iter().filter(|(line, _)| line.starts_with("make report")).map(|(_, text)| told(text)).collect();
    assert_eq!(reports.len(), 2);
    for (ran, last) in reports {
        assert_eq!(ran, ["run decay"]);
        // Its run, twenty further seeds, its picture, its check, its card.
        assert!(last.contains(" 24 made") && last.contains(" 1/1 claims hold"), "{last}");
    }
    assert!(workshop.read("report/fig/decay.svg").starts_with('<'));
    assert_eq!(workshop.read("report/fig/decay.csv").lines().count(), 81);
    assert!(workshop.read("report/fig/decay.html").contains("href=\"decay.csv\""));
    let (accepted, before): (BTreeSet<String>, BTreeSet<String>) =
        (lines(&workshop.read("manifest.lock")), lines(&lock));
    assert!(before.is_subset(&accepted), "accept moved what did not change");
    // What the tests compare is accepted, too.
    let sections: Vec<&str> =
        accepted.difference(&before).map(String::as_str).filter(|line| line.starts_with('[')).collect();
    assert_eq!(sections, ["[default.decay]", "[smoke.decay]"]);
    let mut command = paper::command(&workshop.program());
    let smoke = Run::of(
        command.args(["--profile", "smoke", "report"]).current_dir(workshop.path()).output().expect("it starts"),
    );
    smoke.expect(0).says(&format!("{0}/{0} figures match the lock", KEPT.len() + 1));

    // Code that was meant to change moves the bits under the same declarations: it is accepted in both profiles, too.
    let code = workshop.read("src/experiments/decay.rs");
    assert!(code.contains("0.01 * noise"), "{code}");
    workshop.write("src/experiments/decay.rs", &code.replace("0.01 * noise", "0.0101 * noise"));
    let again = "make report ONLY=decay || true\nmake accept\nmake report";
    let said = follow(again, &workshop.path(), set);
    assert!(said[0].1.contains("exit 4 (integrity)"), "{}", said[0].1);
    assert!(told(&said[2].1).1.contains(&format!("{0}/{0} figures match the lock", KEPT.len() + 1)), "{}", said[2].1);
    let mut command = paper::command(&workshop.program());
    let smoke = command.args(["--profile", "smoke", "report"]).current_dir(workshop.path()).output();
    Run::of(smoke.expect("it starts")).expect(0);
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// `89/89 claims hold` → (89, 89).
fn ratio(line: &str, words: &str) -> (usize, usize) {
    let pair =
        line.split("  ").find_map(|part| part.trim().strip_suffix(words)).and_then(|pair| pair.trim().split_once('/'));
    let (left, right) = pair.unwrap_or_else(|| panic!("`n/n {words}` is not in `{line}`"));
    (left.parse().expect("a number"), right.parse().expect("a number"))
}

/// What the README shows of a run: figures of the paper, and a last line in the words of a real one, with the numbers of the
/// paper.
fn excerpt_is_real(stderr: &str) {
    let paper = smallest::paper("default");
    let excerpt = commands("excerpt");
    let (runs, last) = excerpt.trim_end().rsplit_once('\n').expect("lines");
    for line in runs.lines() {
        let id = line.trim().strip_prefix("done  run ").and_then(|rest| rest.split(' ').next()).expect("a run");
        assert!(paper.pages.contains_key(id), "no figure `{id}`");
    }
    let words = |line: &str| line.chars().filter(|c| !c.is_ascii_digit() && *c != ' ').collect::<String>();
    let parts = |line: &str| line.trim().split("  ").map(words).collect::<BTreeSet<_>>();
    let (shown, said) = (parts(last), parts(told(stderr).1));
    assert!(said.is_subset(&shown) && said.len() >= 5, "{said:?} are not all in {shown:?}");
    // Nothing that is drawn at random is in the smaller paper.
    let more: Vec<_> = shown.difference(&said).collect();
    assert!(more.iter().all(|part| *part == "/atfurtherseeds,too"), "no run says {more:?}");
    let claims = paper.pages.values().map(|page| page.claims().filter(|claim| !claim.identity).count()).sum();
    assert_eq!(ratio(last, "claims hold"), (claims, claims));
    let identities = paper.pages.values().map(|page| page.claims().filter(|claim| claim.identity).count()).sum();
    assert_eq!(ratio(last, "identities kept"), (identities, identities));
    let figures = paper.manifest.figures.len();
    assert_eq!(ratio(last, "figures match the lock"), (figures, figures));
}

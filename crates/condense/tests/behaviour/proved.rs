//! `manifest.proved`: who met the lock is written down by the command that saw it, and shown while it is true.

use crate::support::{Paper, Run, small};
use condense::num::level::{self, Level};

/// The small paper, computed and accepted.
fn accepted() -> Paper {
    let paper = small();
    paper.ok(&["report"]);
    paper.ok(&["accept"]);
    paper
}

/// The platforms in the file, as it names them.
fn proved(paper: &Paper) -> Vec<String> {
    let text = paper.read("manifest.proved");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once("  ").expect("a digest before it").1.to_owned()).collect()
}

/// Records with an instruction path forced by the environment.
fn record_with(paper: &Paper, kernels: &str) -> Run {
    let mut command = paper.command(&["verify", "--record", "-j", "1"]);
    Run::of(command.env("CONDENSE_KERNELS", kernels).output().expect("the binary starts"))
}

#[test]
fn every_platform_that_meets_the_lock_is_a_line() {
    let paper = accepted();
    paper.ok(&["verify"]);
    assert!(!paper.file("manifest.proved").exists(), "nobody asked for a record");

    paper.ok(&["verify", "--record", "-j", "1"]).says("  proved  default: ");
    let (first, arch) = (proved(&paper), std::env::consts::ARCH.replace('_', "-"));
    assert_eq!(first.len(), 1);
    assert!(first[0].starts_with(&format!("default: {arch}, ")) && first[0].ends_with(", 1 thread"), "{first:?}");
    assert!(paper.read("manifest.proved").contains("never by hand"));

    paper.ok(&["verify", "--record", "a slow machine", "-j", "3"]);
    record_with(&paper, "baseline").expect(0);
    let second = proved(&paper);
    let paths = if level::level() == Level::Baseline { 1 } else { 2 };
    assert_eq!(second.len(), paths + 1, "{second:?}");
    assert!(second.contains(&first[0]));
    assert!(second.iter().any(|line| line.ends_with(", 3 threads, a slow machine")), "{second:?}");
    assert!(second.iter().any(|line| line.contains(", baseline, ")), "{second:?}");

    // The same again is nothing new.
    let before = paper.read("manifest.proved");
    paper.ok(&["verify", "--record", "-j", "1"]);
    assert_eq!(paper.read("manifest.proved"), before);
}

#[test]
fn what_is_not_wholly_the_same_is_not_recorded() {
    let nothing = |paper: &Paper| assert!(!paper.file("manifest.proved").exists());
    // Not in the lock.
    let paper = small();
    paper.run(&["verify", "--record"]).expect(3);
    nothing(&paper);
    // Other bits.
    paper.ok(&["report"]);
    paper.ok(&["accept"]);
    paper.edit("scripts/line.sh", "echo 0,0", "echo 0,1");
    paper.run(&["verify", "--record"]).expect(4);
    nothing(&paper);
    // The accepted bits, and a false claim.
    let paper = small();
    paper.edit("figures/rising.md", "above = 1.5", "above = 2.5");
    paper.run(&["report"]).expect(5);
    paper.run(&["accept"]).expect(5);
    paper.run(&["verify", "--record"]).expect(5);
    nothing(&paper);
    // A part of the figures, or a lock with more than these.
    let paper = accepted();
    paper.run(&["verify", "rising", "--record"]).expect(2);
    let manifest = paper.read("manifest.toml");
    let (kept, _) = manifest.rsplit_once("[[figure]]").expect("two figures");
    paper.write("manifest.toml", kept);
    std::fs::remove_file(paper.file("figures/falling.md")).expect("removed");
    paper.ok(&["verify"]);
    paper.run(&["verify", "--record"]).expect(3).says("a figure `falling` that was not computed: nothing was recorded");
    nothing(&paper);
    paper.ok(&["report"]);
    paper.ok(&["accept"]);
    paper.ok(&["verify", "--record"]);
    assert_eq!(proved(&paper).len(), 1);
}

#[test]
fn the_report_shows_it_and_writes_the_index_alone() {
    let paper = accepted();
    let shown = |paper: &Paper| {
        let pages = [paper.read("report/index.html"), paper.read("report/report.md")];
        pages.map(|page| page.contains("✓ Bit-identical on 2 platforms"))
    };
    assert!(!paper.read("report/index.html").contains("Bit-identical"));
    paper.ok(&["verify", "--record", "-j", "1"]);
    paper.ok(&["verify", "--record", "-j", "7"]);
    paper.run(&["status"]).expect(3);
    assert_eq!(paper.ok(&["-v", "report"]).steps(), ["index"]);
    assert_eq!(shown(&paper), [true, true]);
    assert!(paper.read("report/index.html").contains("; 1 and 7 threads; "));
    paper.ok(&["report"]).says("nothing to do");
}

#[test]
fn a_new_lock_takes_the_old_proofs_away() {
    let paper = accepted();
    paper.ok(&["verify", "--record", "of the old lock"]);
    paper.ok(&["report"]);
    assert!(paper.read("report/report.md").contains("of the old lock"));
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.ok(&["report"]);
    paper.ok(&["accept"]);
    for page in ["report/index.html", "report/report.md"] {
        assert!(!paper.read(page).contains("Bit-identical"), "{page}");
    }
    paper.ok(&["verify", "--record", "of the new lock"]);
    let lines = proved(&paper);
    assert!(lines.len() == 1 && lines[0].ends_with("of the new lock"), "{lines:?}");
}

#[test]
fn a_proof_of_another_profile_says_so() {
    let paper = small();
    paper.edit("manifest.toml", "slope = 2", "slope = 2\n[figure.profile.smoke]\nslope = 1");
    for profile in ["smoke", "default"] {
        paper.ok(&["--profile", profile, "report"]);
        paper.ok(&["--profile", profile, "accept"]);
    }
    paper.ok(&["--profile", "smoke", "verify", "--record", "-j", "1"]);
    paper.ok(&["report"]);
    assert!(paper.read("report/report.md").contains("; all at the parameters of smoke"));
    paper.ok(&["verify", "--record", "-j", "1"]);
    paper.ok(&["report"]);
    assert!(!paper.read("report/report.md").contains("at the parameters of"));
    assert_eq!(proved(&paper).len(), 2);
}

#[test]
fn a_proof_never_speaks_for_a_figure_that_the_lock_lacks() {
    let paper = accepted();
    paper.ok(&["verify", "--record"]);
    paper.ok(&["report"]);
    assert!(paper.read("report/report.md").contains("Bit-identical"));
    paper.ok(&["new", "another", "--command"]);
    paper.ok(&["report"]);
    assert!(!paper.read("report/report.md").contains("Bit-identical"), "nobody has proved `another`");
}

#[test]
fn what_a_merge_left_is_refused_before_anything_runs() {
    let paper = accepted();
    paper.ok(&["verify", "--record"]);
    let text = paper.read("manifest.proved");
    paper.write("manifest.proved", &format!("<<<<<<< ours\n{text}"));
    let run = paper.run(&["report"]).expect(2);
    run.says("L002").says("line 1: a mark that a merge left").says("keep the lines of both sides");
    paper.write("manifest.proved", &text);
    paper.ok(&["report"]);
}

#[test]
fn a_path_that_the_processor_lacks_is_refused() {
    let paper = accepted();
    record_with(&paper, "avx1024").expect(2).says("possible values: baseline, avx2, avx512");
    let lacking = match level::level() {
        Level::Avx512 => return eprintln!("SKIPPED: this processor has every path"),
        Level::Avx2 => "avx512",
        Level::Baseline | Level::Neon => "avx2",
    };
    let run = record_with(&paper, lacking).expect(2);
    run.says("C010").says(&format!("no path `{lacking}` on this processor, only `baseline`"));
    assert!(!paper.file("manifest.proved").exists());
}

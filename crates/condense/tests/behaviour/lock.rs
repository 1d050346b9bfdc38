//! `manifest.lock`: what is accepted, what verifies, and what is told where something differs.

use crate::support::small;

#[test]
fn the_lock_tells_new_matching_stale_and_differing() {
    let paper = small();
    paper.ok(&["report"]).says("not in the lock");
    paper.ok(&["accept"]);
    paper.ok(&["report"]).says("2/2 figures match the lock");
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.ok(&["report"]).says("older than its manifest entry");
    paper.ok(&["accept"]);
    // The same declaration with other bits: the script counts how often it ran.
    let lock = paper.read("manifest.lock");
    let digest = lock
        .lines()
        .find(|line| line.contains("fig/rising.csv"))
        .and_then(|line| line.split('"').nth(3))
        .expect("a digest")
        .to_owned();
    paper.write("manifest.lock", &lock.replace(&digest, &"0".repeat(64)));
    paper.run(&["report"]).expect(4).says("fig/rising.csv").says("exit 4 (integrity)");
}

#[test]
fn verify_recomputes_from_nothing_and_names_the_cell() {
    let paper = small();
    // A script that is not deterministic: it reads a file outside its folder, which nobody declared.
    paper.write("secret", "5");
    let secret = paper.file("secret");
    paper.write(
        "scripts/line.sh",
        &crate::support::LINE.replace("echo \"1,$slope\"", &format!("echo \"1,$(cat {})\"", secret.display())),
    );
    paper.report();
    paper.ok(&["accept"]);
    paper.ok(&["verify"]).says("2 figures");
    paper.write("secret", "5.000000000000001");
    paper.ok(&["report"]);
    let run = paper.run(&["verify"]).expect(4);
    let run = run.says("fig/rising.csv").says("row 2, column `y`: 5 -> 5.000000000000001 (1 ulp)");
    assert!(run.stderr.contains("exit 4 (integrity)"));
    paper.ok(&["verify", "--fast"]);
}

#[test]
fn verify_tells_stale_from_differs() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    paper.edit("manifest.toml", "slope = 2", "slope = 4");
    paper.run(&["verify"]).expect(3).says("older than its manifest entry");
}

#[test]
fn verify_finds_a_false_claim() {
    let paper = small();
    paper.report();
    paper.ok(&["accept"]);
    paper.edit("figures/rising.md", "above = 1.5", "above = 7");
    paper.run(&["verify"]).expect(5).says("a claim is false");
}

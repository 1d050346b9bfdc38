//! Every kind of mistake in a manifest, with the words and the place that answer it.
//! The experiments here are two made-up ones; no file is read but declared inputs.

use super::*;
use crate::work::{CommandSpec, Work};
use crate::written::Written;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// `phase_map { width: 50, rate: 0.5, sizes: [1, 2] }` and `plain {}`.
struct Two;

impl Catalogue for Two {
    fn names(&self) -> Vec<String> {
        vec!["phase_map".to_owned(), "plain".to_owned()]
    }

    fn defaults(&self, name: &str) -> Option<Map<String, Value>> {
        let defaults = match name {
            "phase_map" => json!({"width": 50, "rate": 0.5, "sizes": [1, 2]}),
            "plain" => json!({}),
            _ => return None,
        };
        defaults.as_object().cloned()
    }

    fn faults(&self, _: &str, params: &Map<String, Value>) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        match params.get("width") {
            Some(Value::Number(width)) if width.as_u64() == Some(0) => {
                faults.push(("width".to_owned(), "must be at least 1".to_owned()));
            }
            Some(width) if !width.is_u64() => {
                faults.push(("width".to_owned(), format!("invalid type: string {width}, expected usize")));
            }
            _ => {}
        }
        faults
    }
}

const PAPER: &str = "[paper]\ntitle = 'T'\nstandfirst = 'S'\nauthors = ['A']\nsource = 'a talk'\n";
const HEAD: &str = "[[figure]]\nid = 'a'\nslide = 'S'\nfidelity = 'faithful'\nexperiment = 'phase_map'\n";

fn parsed(text: &str, profile: &str) -> Result<Manifest, Vec<Diagnostic>> {
    parse(&Source::new("manifest.toml", text), profile, &Two, Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// The only mistake of a text, as it is printed.
fn only(text: &str) -> String {
    let faults = parsed(text, profile::DEFAULT).expect_err("a mistake");
    assert_eq!(faults.len(), 1, "{}", faults.iter().map(|fault| fault.render(false)).collect::<Vec<_>>().join("\n"));
    faults[0].render(false)
}

/// The only mistake of a manifest whose one figure is good but for `keys`.
fn figure(keys: &str) -> String {
    only(&format!("{PAPER}{HEAD}{keys}"))
}

#[track_caller]
fn says(printed: &str, parts: &[&str]) {
    for part in parts {
        assert!(printed.contains(part), "{part:?} is not in\n{printed}");
    }
}

#[test]
fn a_good_manifest_is_read_with_defaults_spelled_out_and_its_profile_applied() {
    let text = format!(
        "{PAPER}{HEAD}section = 'One'\nseed = 7\ndata = ['Cargo.toml']\n[figure.params]\nrate = 1\n[figure.profile.smoke]\nwidth = 3\n"
    );
    let plain = parsed(&text, profile::DEFAULT).expect("good");
    let smoke = parsed(&text, "smoke").expect("good");
    assert_eq!(Value::Object(plain.figures[0].params.clone()).to_string(), r#"{"rate":1.0,"sizes":[1,2],"width":50}"#);
    assert_eq!(Value::Object(smoke.figures[0].params.clone()).to_string(), r#"{"rate":1.0,"sizes":[1,2],"width":3}"#);
    assert_eq!((plain.figures[0].seed, plain.figures[0].section.as_deref()), (7, Some("One")));
    assert_eq!((plain.figures[0].data.as_slice(), plain.paper.title.as_str()), (&["Cargo.toml".to_owned()][..], "T"));
    assert_eq!(plain.profiles, BTreeSet::from(["smoke".to_owned()]));
}

#[test]
fn a_command_is_read_with_its_limit() {
    let text = format!(
        "{PAPER}[[figure]]\nid = 'fit'\nslide = 'S'\nfidelity = 'scaled'\nbecause = 'b'\ncommand = ['python3', 'fit.py']\n\
         reads = ['Cargo.toml']\nwrites = ['fit.csv', 'values.json']\nenv = {{ MODE = 'x' }}\n[figure.params]\nn = 3\n[figure.profile.smoke]\nn = 1\n"
    );
    let manifest = parsed(&text, "smoke").expect("good");
    let Work::Command(CommandSpec { argv, reads, writes, env, timeout_seconds }) = &manifest.figures[0].work else {
        panic!("a command")
    };
    assert_eq!((argv.len(), reads.len(), writes.len(), env["MODE"].as_str(), *timeout_seconds), (2, 1, 2, "x", 600));
    assert_eq!(manifest.figures[0].params["n"], 1);
    assert_eq!(
        (manifest.figures[0].fidelity.tag(), manifest.figures[0].fidelity.because().map(Written::text)),
        ("scaled", Some("b"))
    );
}

#[test]
fn syntax() {
    says(&only("[paper\n"), &["error[M001]: this is not TOML: ", "manifest.toml:1:7"]);
    says(&figure("seed = 1\nseed = 2\n"), &["error[M001]: key `seed` stands twice", "manifest.toml:12:1"]);
    says(&figure("section = \"a\\u001b[2J\"\n"), &["error[M002]: control character in a text", "manifest.toml:11:11"]);
}

#[test]
fn unknown_keys_at_every_level() {
    says(
        &only(&format!("papr = 1\n{PAPER}{HEAD}")),
        &["error[M003]: unknown key `papr`", "manifest.toml:1:1", "did you mean `paper`?", "`robustness`, `figure`"],
    );
    says(
        &only(&format!("{PAPER}autors = 1\n{HEAD}")),
        &["error[M003]: unknown key `autors`", "did you mean `authors`?", "keys of `[paper]`: `title`"],
    );
    says(
        &figure("sed = 7\n"),
        &[
            "error[M003]: unknown key `sed`",
            "manifest.toml:11:1",
            "^^^ not a key of a figure",
            "did you mean `seed`?",
            "keys of a figure: `id`, `slide`",
        ],
    );
    says(
        &figure("[figure.params]\nwidht = 7\n"),
        &[
            "error[M003]: unknown parameter `widht`",
            "manifest.toml:12:1",
            "did you mean `width`?",
            "parameters of `phase_map`: `rate`, `sizes`, `width`",
        ],
    );
    says(
        &figure("[figure.profile.smoke]\nrat = 7\n"),
        &["error[M003]: unknown parameter `rat`", "did you mean `rate`?"],
    );
    says(
        &only(&format!("{PAPER}{}params = {{ x = 1 }}\n", HEAD.replace("phase_map", "plain"))),
        &["unknown parameter `x`", "there are no parameters of `plain`"],
    );
}

#[test]
fn missing_keys() {
    for (key, line) in [
        ("id", "id = 'a'\n"),
        ("slide", "slide = 'S'\n"),
        ("fidelity", "fidelity = 'faithful'\n"),
        ("experiment", "experiment = 'phase_map'\n"),
    ] {
        let printed = only(&format!("{PAPER}{}", HEAD.replace(line, "")));
        says(&printed, &["error[M004]: ", &format!("lacks `{key}`"), "manifest.toml:6:1", &format!("{key} = ")]);
    }
    says(
        &only(&format!("{}{HEAD}", PAPER.replace("title = 'T'\n", ""))),
        &["error[M004]: `[paper]` lacks `title`", "manifest.toml:1:1"],
    );
    says(&only(&format!("{}{HEAD}", PAPER.replace("['A']", "[]"))), &["error[M004]: `authors` of `[paper]` is empty"]);
    says(&only(HEAD), &["error[M004]: the manifest lacks `[paper]`"]);
}

#[test]
fn a_misspelt_key_is_not_called_missing_as_well() {
    says(
        &only(&format!("{PAPER}{}", HEAD.replace("slide", "slied"))),
        &["unknown key `slied`", "did you mean `slide`?"],
    );
    says(&only(&format!("{PAPER}{}", HEAD.replace("'S'", "3"))), &["error[M005]: expected a text, found integer `3`"]);
}

#[test]
fn wrong_types() {
    says(
        &figure("seed = 'seven'\n"),
        &["error[M005]: expected a whole number from 0 on, found text \"seven\"", "manifest.toml:11:8"],
    );
    says(&figure("seed = -1\n"), &["error[M005]: expected a whole number from 0 on, found integer `-1`"]);
    says(&figure("seed = 1.5\n"), &["error[M005]: expected a whole number from 0 on, found number `1.5`"]);
    says(&figure("seed = 18446744073709551616\n"), &["error[M005]: ", "manifest.toml:11:8"]);
    says(&figure("section = ['a']\n"), &["error[M005]: expected a text, found a list"]);
    says(&figure("data = 'Cargo.toml'\n"), &["error[M005]: expected a list, found text"]);
    says(&figure("data = [3]\n"), &["error[M005]: expected a text, found integer `3`", "manifest.toml:11:9"]);
    says(&figure("section = ' '\n"), &["error[M005]: `section` is empty"]);
    says(&only(&format!("figure = 3\n{PAPER}")), &["error[M005]: `figure` must be tables: write `[[figure]]`"]);
    says(&only(&format!("{PAPER}[figure]\nid = 'a'\n")), &["error[M005]: `[figure]` is one table"]);
    says(&only(&format!("paper = 3\n{HEAD}")), &["error[M005]: `paper` must be a table"]);
}

#[test]
fn two_figures_with_one_id_are_both_shown() {
    let printed = only(&format!("{PAPER}{HEAD}{HEAD}"));
    says(
        &printed,
        &["error[M016]: two figures have the id `a`", "manifest.toml:12:6", "7 | id = 'a'", "the first one"],
    );
}

#[test]
fn ids_that_cannot_be_file_names() {
    let with = |id: &str| only(&format!("{PAPER}{}", HEAD.replace("'a'", id)));
    says(&with("''"), &["error[M008]: id `` cannot be used: it is empty"]);
    says(&with("'Loss_1'"), &["error[M008]: id `Loss_1` cannot be used: it must be kebab-case", "manifest.toml:7:6"]);
    says(&with("'../../etc/passwd'"), &["error[M008]: ", "kebab-case"]);
    says(&with("'index'"), &["error[M008]: id `index` cannot be used: the report needs that name itself"]);
    says(&with(&format!("'{}'", "x".repeat(1000))), &["error[M008]: ", "it has 1000 characters, 64 are the most"]);
}

#[test]
fn unknown_experiments() {
    let printed = only(&format!("{PAPER}{}[figure.params]\nx = 1\n", HEAD.replace("phase_map", "phase_mpa")));
    says(
        &printed,
        &[
            "error[M007]: unknown experiment `phase_mpa`",
            "manifest.toml:10:14",
            "did you mean `phase_map`?",
            "experiments: `phase_map`, `plain`",
        ],
    );
}

#[test]
fn bad_parameters() {
    says(
        &figure("[figure.params]\nwidth = 0\n"),
        &["error[M009]: parameter `width`: must be at least 1", "manifest.toml:12:9"],
    );
    says(
        &figure("[figure.params]\nwidth = 'x'\n"),
        &["error[M009]: parameter `width`: expected a whole number from 0 on, found text \"x\""],
    );
    // The profile's line was once blamed, too: `expected a whole number from 0 on, found number `10.0``.
    let printed = figure("[figure.params]\nwidth = 80.5\n[figure.profile.smoke]\nwidth = 10\n");
    says(&printed, &["parameter `width`: expected a whole number from 0 on", "manifest.toml:12:9"]);
    assert_eq!(printed.matches("error[M009]").count(), 1, "{printed}");
    says(
        &figure("[figure.profile.smoke]\nwidth = 0\n"),
        &["error[M009]: parameter `width`: must be at least 1", "manifest.toml:12:9"],
    );
    says(&figure("[figure.params]\nrate = nan\n"), &["error[M006]: number `nan` is not finite", "manifest.toml:12:8"]);
    says(&figure("[figure.params]\nrate = -inf\n"), &["error[M006]: number `-inf` is not finite"]);
    says(&figure("[figure.params]\nrate = 1e999\n"), &["error[M006]: number `1e999` is not finite"]);
    says(&figure("[figure.params]\nrate = 2020-01-01\n"), &["error[M005]: parameter `rate` is a date"]);
    says(
        &figure("[figure.params]\nrate = 1\n[figure.profile]\nsmoke = 3\n"),
        &["error[M005]: profile `smoke` must be a table"],
    );
}

#[test]
fn one_work_a_figure() {
    says(
        &figure("command = ['x']\n"),
        &["error[M010]: a figure has either an `experiment` or a `command`, not both", "manifest.toml:11:11"],
    );
    says(&figure("writes = ['x.csv']\n"), &["error[M010]: `writes` belongs to a `command`"]);
    let command = |keys: &str| only(&format!("{PAPER}{}{keys}", HEAD.replace("experiment = 'phase_map'\n", "")));
    says(&command("command = ['x']\n"), &["error[M004]: figure `a` lacks `writes`", "writes = [\"table.csv\""]);
    says(&command("command = []\nwrites = ['x.csv']\n"), &["error[M010]: `command` is empty"]);
    says(&command("command = ['x']\nwrites = []\n"), &["error[M014]: `writes` is empty"]);
    says(
        &command("command = ['x']\nwrites = ['../x.csv']\n"),
        &["error[M014]: output `../x.csv` is refused: it must be a plain file name"],
    );
    says(&command("command = ['x']\nwrites = ['/x.csv']\n"), &["error[M014]: ", "plain file name"]);
    says(&command("command = ['x']\nwrites = ['x.png']\n"), &["error[M014]: ", "results are tables, `<name>.csv`"]);
    says(&command("command = ['x']\nwrites = ['x.csv', 'x.csv']\n"), &["error[M014]: output `x.csv` stands twice"]);
    says(
        &command("command = ['x']\nwrites = ['x.csv']\ntimeout_seconds = 0\n"),
        &["error[M015]: `timeout_seconds` is 0"],
    );
    says(
        &command("command = ['x']\nwrites = ['x.csv']\nenv = { 'A=B' = 'x' }\n"),
        &["error[M015]: environment variable `A=B`"],
    );
    says(
        &command("command = ['x']\nwrites = ['x.csv']\nreads = ['no.py']\n"),
        &["error[M011]: input `no.py` does not exist"],
    );
    says(
        &command("command = ['x']\nwrites = ['x.csv']\n[figure.params]\nsteps = 1\n[figure.profile.smoke]\nstep = 1\n"),
        &["error[M003]: unknown parameter `step`", "did you mean `steps`?"],
    );
    says(&command("writes = ['x.csv']\n"), &["error[M004]: figure `a` lacks `command`"]);
}

#[test]
fn inputs_stay_in_the_project() {
    for (path, why) in [
        ("/etc/passwd", "is absolute"),
        ("../x", "has a `..`"),
        ("src", "is a folder"),
        ("./Cargo.toml", "has an odd spelling"),
        ("", "is empty"),
    ] {
        says(
            &figure(&format!("data = ['{path}']\n")),
            &[&format!("error[M011]: input `{path}` {why}"), "manifest.toml:11:9"],
        );
    }
    says(&figure("data = ['cargo.tom']\n"), &["input `cargo.tom` does not exist"]);
    says(&figure("data = ['Cargo.tom']\n"), &["did you mean `Cargo.toml`?"]);
}

#[test]
fn fidelity_and_its_reason() {
    let with = |fidelity: &str| only(&format!("{PAPER}{}", HEAD.replace("fidelity = 'faithful'", fidelity)));
    says(
        &with("fidelity = 'faithfull'"),
        &[
            "error[M005]: unknown word `faithfull`",
            "did you mean `faithful`?",
            "legal words: `faithful`, `scaled`, `substitute`",
        ],
    );
    says(&with("fidelity = 'scaled'"), &["error[M012]: `because` is missing", "manifest.toml:9:12"]);
    says(&with("fidelity = 'substitute'\nbecause = ''"), &["error[M005]: `because` is empty"]);
    says(&with("fidelity = 'faithful'\nbecause = 'x'"), &["error[M012]: a faithful figure has no `because`"]);
}

#[test]
fn profiles() {
    let text = format!("{PAPER}{HEAD}[figure.profile.smoke]\nwidth = 3\n");
    let faults = parsed(&text, "smok").expect_err("unknown");
    says(
        &faults[0].render(false),
        &["error[M013]: no figure has a profile `smok`", "did you mean `smoke`?", "profiles: `default`, `smoke`"],
    );
    says(&figure("[figure.profile.default]\nwidth = 3\n"), &["error[M013]: profile `default` cannot be used"]);
    says(
        &figure("[figure.profile.'a/b']\nwidth = 3\n"),
        &["error[M013]: profile `a/b` cannot be used: it must be kebab-case"],
    );
}

#[test]
fn a_manifest_without_figures() {
    says(&only(PAPER), &["error[M017]: the manifest has no figures", "start with `[[figure]]`"]);
    says(&only(&format!("figure = []\n{PAPER}")), &["error[M017]: the manifest has no figures"]);
    let faults = parsed("", profile::DEFAULT).expect_err("empty");
    assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["M004", "M017"]);
}

#[test]
fn all_mistakes_are_reported_together_in_the_order_of_the_text() {
    let text = format!(
        "{PAPER}colour = 1\n[[figure]]\nid = 'A'\nsed = 1\nslied = 'S'\nfidelity = 'scaled'\nexperiment = 'plane'\ndata = ['no', '..']\n"
    );
    let faults = parsed(&text, "full").expect_err("mistakes");
    let codes: Vec<_> = faults.iter().map(|fault| (fault.code, fault.place().unwrap_or_default())).collect();
    let places = [
        ("M013", ""),
        ("M003", "manifest.toml:6:1"),
        ("M008", "manifest.toml:8:6"),
        ("M003", "manifest.toml:9:1"),
        ("M003", "manifest.toml:10:1"),
        ("M012", "manifest.toml:11:12"),
        ("M007", "manifest.toml:12:14"),
        ("M011", "manifest.toml:13:9"),
        ("M011", "manifest.toml:13:15"),
    ];
    assert_eq!(codes, places.map(|(code, place)| (code, place.to_owned())));
}

#[test]
fn a_hostile_manifest_gets_an_answer_of_readable_length() {
    let text = format!("{PAPER}{}", "[[figure]]\n".repeat(20_000));
    let faults = parsed(&text, profile::DEFAULT).expect_err("mistakes");
    assert_eq!(faults.len(), Faults::MOST + 1);
    says(&faults[Faults::MOST].render(false), &["error[M000]: these are the first 100 mistakes"]);
    let keys = (0..20_000).map(|n| format!("k{n} = 1")).collect::<Vec<_>>().join("\n");
    assert!(parsed(&format!("{PAPER}{HEAD}{keys}"), profile::DEFAULT).expect_err("mistakes").len() > 1);
    let deep = format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parsed(&deep, profile::DEFAULT).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(cuts in proptest::collection::vec((0usize..600, 0usize..12, "[\\[\\]{}=\"'\\.,#a-z0-9\\-\\n\u{1b}é]{0,6}"), 1..6)) {
        let mut text = format!("{PAPER}{HEAD}seed = 7\ndata = ['Cargo.toml']\n[figure.params]\nwidth = 3\nsizes = [1, 2]\n[figure.profile.smoke]\nrate = 0.25\n{HEAD}");
        for (at, length, insert) in cuts {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &insert);
        }
        if let Err(faults) = parsed(&text, "smoke") {
            for fault in faults {
                prop_assert!(!fault.render(false).contains(char::from(27)));
            }
        }
    }
}

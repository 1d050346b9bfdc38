//! A paper in another language, as the README says, by the program that has no experiments of its own.

use condense_testing::readme::{blocks, commands, follow, has, told};
use std::fs;
use std::path::PathBuf;

#[test]
fn a_figure_in_another_language_works_as_the_readme_says() {
    if !has("python3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in blocks("another-language").iter().filter(|(path, _)| !path.is_empty()) {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("written");
    }
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_condense"));
    let own = binary.parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).expect("a path");
    let said = follow(&commands("another-language"), folder.path(), |command| {
        command.env("PATH", &path);
    });
    let lines: Vec<&str> = said.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(lines, ["condense report", "condense accept", "condense verify"]);
    assert_eq!(told(&said[0].1).0, ["run logistic-map"]);
    assert!(said[0].1.contains("1/1 claims hold"), "{}", said[0].1);
    assert!(said[2].1.contains(" 0 figures differ"), "{}", said[2].1);
    let table = fs::read_to_string(folder.path().join("report/fig/logistic-map.csv")).expect("a table");
    assert_eq!(table.lines().count(), 1 + 241 * 32);
    assert!(folder.path().join("report/fig/logistic-map.svg").exists());
}

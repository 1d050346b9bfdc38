//! `new`: a figure with everything that belongs to it (entry, page, science), and a toy run that passes.

use crate::cli::exit::Exit;
use crate::cli::session::{Answer, CliError, Session};
use crate::diag::Diagnostic;
use crate::engine::{atomic, files};
use crate::paper::names;
use std::io;
use std::path::Path;

const EXPERIMENT: &str = include_str!("../../../../templates/new/experiment.rs.txt");
const PAGE: &str = include_str!("../../../../templates/new/page.md.txt");
const SCRIPT: &str = include_str!("../../../../templates/new/script.sh.txt");

/// Writes a new figure.
pub fn new(session: &Session, id: &str, command: bool) -> Result<Answer, CliError> {
    let refuse = |message: String| Err(CliError::written(vec![Diagnostic::new("C006", message)]));
    if let Some(fault) = names::id_fault(id) {
        return refuse(format!("`{id}` is no id of a figure: {fault}"));
    }
    if session.project.paper().figure(id).is_some() {
        return refuse(format!("there is a figure `{id}` already"));
    }
    let root = &session.project.root;
    let (snake, roster) = (id.replace('-', "_"), root.join("src/experiments/mod.rs"));
    let in_rust = !command && roster.exists();
    if in_rust && !snake.starts_with(|c: char| c.is_ascii_lowercase()) {
        return refuse(format!("`{id}` would name a Rust module: it must begin with a letter"));
    }
    let science = if in_rust { format!("src/experiments/{snake}.rs") } else { format!("scripts/{id}.sh") };
    let page = format!("figures/{id}.md");
    for path in [&science, &page] {
        // A link that leads nowhere is there, too.
        if root.join(path).symlink_metadata().is_ok() {
            return refuse(format!("`{path}` is there already"));
        }
    }
    let _writer = session.write()?;
    let camel: String = snake
        .split('_')
        .map(|word| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default())
        .collect();
    let fill = |text: &str| text.replace("{{name}}", &snake).replace("{{Name}}", &camel).replace("{{id}}", id);
    let work = if in_rust {
        format!("experiment = \"{snake}\"")
    } else {
        format!("command = [\"sh\", \"{science}\"]\nreads = [\"{science}\"]\nwrites = [\"curve.csv\", \"values.json\"]")
    };
    let entry = format!(
        "\n[[figure]]\nid = \"{id}\"\nslide = \"What the slide is called\"\n{work}\nseed = 0\nfidelity = \"substitute\"\nbecause = \"a toy run, to be replaced\"\n\n[figure.params]\npoints = 50\n\n[figure.profile.smoke]\npoints = 10\n"
    );
    write(root, &science, &fill(if in_rust { EXPERIMENT } else { SCRIPT }))?;
    write(root, &page, &fill(PAGE))?;
    if in_rust {
        let mut lines: Vec<String> = files::read_text(&roster)?.lines().map(str::to_owned).collect();
        let first = lines.iter().position(|line| line.starts_with("pub mod ")).unwrap_or(lines.len());
        lines.push(format!("pub mod {snake};"));
        lines[first..].sort();
        write(root, "src/experiments/mod.rs", &(lines.join("\n") + "\n"))?;
    }
    let manifest = files::read_text(&root.join("manifest.toml"))?;
    write(root, "manifest.toml", &(manifest.trim_end().to_owned() + "\n" + &entry))?;
    let rebuild = if in_rust { " (cargo builds the new experiment)" } else { "" };
    let listed = if in_rust { ", a line in src/experiments/mod.rs" } else { "" };
    session.reporter.line("new", &format!("{science}, {page}, an entry in manifest.toml{listed}"));
    session
        .reporter
        .line("help", &format!("edit them, then {}{id}{rebuild}", session.project.render_context().remake.only));
    Ok(Answer { text: String::new(), exit: Exit::Ok })
}

fn write(root: &Path, path: &str, text: &str) -> io::Result<()> {
    atomic::write(&root.join(path), text.as_bytes())
}

//! The templates of a project: the built-in ones, each replaced by the file of that name in `templates/`, where there is one.

use crate::diag::{Diagnostic, Source};
use crate::engine::digest::Digest;
use crate::engine::files;
use crate::paper::report;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::path::Path;

/// The templates that every paper has.
const BUILT_IN: [(&str, &str); 22] = [
    ("base.html", include_str!("../../../../templates/base.html")),
    ("index.html", include_str!("../../../../templates/index.html")),
    ("figure.html", include_str!("../../../../templates/figure.html")),
    ("card.html", include_str!("../../../../templates/card.html")),
    ("proof.html", include_str!("../../../../templates/proof.html")),
    ("picture.html", include_str!("../../../../templates/picture.html")),
    ("table.html", include_str!("../../../../templates/table.html")),
    ("beside.html", include_str!("../../../../templates/beside.html")),
    ("footer.html", include_str!("../../../../templates/footer.html")),
    ("evidence.html", include_str!("../../../../templates/evidence.html")),
    ("claims.html", include_str!("../../../../templates/claims.html")),
    ("gallery.html", include_str!("../../../../templates/gallery.html")),
    ("single.html", include_str!("../../../../templates/single.html")),
    ("diff.html", include_str!("../../../../templates/diff.html")),
    ("source.html", include_str!("../../../../templates/source.html")),
    ("contents.html", include_str!("../../../../templates/contents.html")),
    ("style.css", include_str!("../../../../templates/style.css")),
    ("math-font.css", include_str!("../../../../templates/math-font.css")),
    ("report.md", include_str!("../../../../templates/report.md")),
    ("card.md", include_str!("../../../../templates/card.md")),
    ("citation.bib", include_str!("../../../../templates/citation.bib")),
    ("cite.bib", include_str!("../../../../templates/cite.bib")),
];

/// Parsed templates with the digest of their texts.
pub struct Templates {
    /// Ready to render.
    pub parsed: report::Templates,
    /// Over all names and texts.
    pub digest: Digest,
    /// The files that were asked for, below the project, with the digests of those that are there.
    pub files: BTreeMap<String, Option<Digest>>,
    texts: BTreeMap<String, String>,
}

impl Serialize for Templates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.digest.serialize(serializer)
    }
}

impl Templates {
    /// Reads the templates of a project.
    ///
    /// # Errors
    /// A file that cannot be read, or a template that does not parse.
    pub fn load(project: &Path) -> Result<Self, Diagnostic> {
        let (mut texts, mut files) = (BTreeMap::new(), BTreeMap::new());
        for (name, built_in) in BUILT_IN {
            let path = format!("templates/{name}");
            let own = files::find(&project.join(&path)).map_err(|error| Diagnostic::new("T002", error.to_string()))?;
            files.insert(path.clone(), own.as_deref().map(Digest::of));
            let text = match own {
                Some(bytes) => {
                    String::from_utf8(bytes).map_err(|_| Diagnostic::new("T002", format!("`{path}` is not UTF-8")))?
                }
                None => built_in.to_owned(),
            };
            texts.insert(name.to_owned(), text);
        }
        let parsed = report::Templates::new(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let all: String =
            texts.iter().map(|(name, text)| format!("{name} {}\n", Digest::of(text.as_bytes()))).collect();
        match parsed {
            Ok(parsed) => Ok(Self { parsed, digest: Digest::of(all.as_bytes()), files, texts }),
            Err(fault) => Err(diagnostic(&texts, &fault)),
        }
    }

    /// A template's fault, with its line.
    pub fn fault(&self, fault: &report::TemplateFault) -> Diagnostic {
        diagnostic(&self.texts, fault)
    }
}

fn diagnostic(texts: &BTreeMap<String, String>, fault: &report::TemplateFault) -> Diagnostic {
    let diagnostic = Diagnostic::new("T001", fault.message.clone());
    let Some(text) = texts.get(&fault.template) else { return diagnostic };
    let source = Source::new(format!("templates/{}", fault.template), text.clone());
    let line_start: usize = text.split_inclusive('\n').take(fault.line.saturating_sub(1)).map(str::len).sum();
    let column: usize = text[line_start..].chars().take(fault.column.saturating_sub(1)).map(char::len_utf8).sum();
    diagnostic.at(&source, line_start + column..line_start + column + 1, "")
}

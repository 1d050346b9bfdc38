//! The report as a research object: `ro-crate-metadata.json` after RO-Crate 1.2 (<https://w3id.org/ro/crate/1.2>), which
//! archives and search engines read. Every accepted file of a figure is in it with its digest, and the action that made it.

use serde_json::{Value, json};

use crate::figure_view::Provenance;
use crate::view::{CardView, ReportView, Site};

/// The file's name: the specification gives it.
pub const NAME: &str = "ro-crate-metadata.json";

/// The document. Archives take it if the paper has a date and a licence.
pub fn metadata(report: &ReportView) -> String {
    let (site, figures) = (&report.site, || report.sections.iter().flat_map(|section| &section.figures));
    // An expression of several licences has no address of its own.
    let single = site.license.as_ref().filter(|name| !name.contains(' '));
    let licence = single.map(|name| format!("https://spdx.org/licenses/{name}"));
    let authors: Vec<Value> = (1..=site.authors.len()).map(|at| reference(&format!("#author-{at}"))).collect();
    let pages = ["index.html", "claims.html", "claims-by-room.html", "gallery.html", "report.md", "cite.bib"];
    let page_parts = pages.iter().map(|page| reference(page));
    let parts = figures().flat_map(|figure| files(figure).map(|(path, _)| reference(path)));
    let mut graph = vec![
        json!({
            "@id": NAME, "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"}, "about": {"@id": "./"},
        }),
        json!({
            "@id": "./", "@type": "Dataset", "name": site.title, "description": plain(&site.standfirst.md),
            "datePublished": site.date, "license": licence.as_deref().map(reference), "author": authors,
            "isBasedOn": site.url, "hasPart": page_parts.chain(parts).collect::<Vec<_>>(),
            "mentions": figures().map(|figure| reference(&action(figure))).collect::<Vec<_>>(),
        }),
        program(site),
    ];
    graph.extend(licence.map(|address| {
        json!({
            "@id": address, "@type": "CreativeWork", "name": site.license,
            "description": "A licence of the SPDX list, under this short name",
        })
    }));
    graph.extend(people(site));
    graph.extend(
        pages.iter().map(|page| json!({"@id": page, "@type": "File", "name": page, "encodingFormat": media(page)})),
    );
    for figure in figures() {
        graph.extend(files(figure).map(|(path, digest)| {
            json!({
                "@id": path, "@type": "File", "name": path, "encodingFormat": media(path), "sha256": digest,
                "isPartOf": {"@id": "./"},
            })
        }));
        graph.push(made(figure));
        graph.extend(inputs(&figure.provenance).enumerate().map(|(at, (path, digest))| {
            json!({
                "@id": input(figure, at), "@type": "CreativeWork", "name": path,
                "identifier": format!("sha256:{digest}"),
            })
        }));
    }
    for entity in &mut graph {
        if let Some(entity) = entity.as_object_mut() {
            entity.retain(|_, value| !value.is_null());
        }
    }
    let document = json!({"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": graph});
    serde_json::to_string_pretty(&document).expect("words and numbers") + "\n"
}

fn reference(id: &str) -> Value {
    json!({"@id": id})
}

fn action(figure: &CardView) -> String {
    format!("#run-{}", figure.id)
}

fn input(figure: &CardView, at: usize) -> String {
    format!("#input-{}-{}", figure.id, at + 1)
}

fn files(figure: &CardView) -> impl Iterator<Item = (&str, &str)> {
    figure.provenance.outputs.iter().map(|pair| (pair.name.as_str(), pair.text.as_str()))
}

fn inputs(provenance: &Provenance) -> impl Iterator<Item = (&str, &str)> {
    provenance.inputs.iter().map(|pair| (pair.name.as_str(), pair.text.as_str()))
}

/// What made the files of a figure.
fn made(figure: &CardView) -> Value {
    let provenance = &figure.provenance;
    let params: Vec<String> = provenance.params.iter().map(|pair| format!("{} = {}", pair.name, pair.text)).collect();
    json!({
        "@id": action(figure), "@type": "CreateAction",
        "name": format!("Figure {}: {}", figure.number, plain(&figure.title.md)),
        "description": format!(
            "{}; seed {}; {}", provenance.experiment, provenance.seed,
            if params.is_empty() { "no parameters".to_owned() } else { params.join(", ") }
        ),
        "instrument": {"@id": "#condense"},
        "object": inputs(provenance).enumerate().map(|(at, _)| reference(&input(figure, at))).collect::<Vec<_>>(),
        "result": files(figure).map(|(path, _)| reference(path)).collect::<Vec<_>>(),
    })
}

/// What made everything. The specification takes a program only with the address at which it can be had.
fn program(site: &Site) -> Value {
    let kind = if site.repository.is_some() { "SoftwareApplication" } else { "CreativeWork" };
    json!({"@id": "#condense", "@type": kind, "name": "condense", "version": site.version, "url": site.repository})
}

fn people(site: &Site) -> impl Iterator<Item = Value> {
    let person = |(at, name): (usize, &String)| {
        let kind = if name.starts_with("the ") { "Organization" } else { "Person" };
        json!({"@id": format!("#author-{}", at + 1), "@type": kind, "name": name})
    };
    site.authors.iter().enumerate().map(person)
}

/// Markdown without the marks that a reader of metadata would see.
fn plain(markdown: &str) -> String {
    markdown.replace(['*', '`', '$'], "")
}

fn media(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html",
        Some("svg") => "image/svg+xml",
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("md") => "text/markdown",
        _ => "text/plain",
    }
}

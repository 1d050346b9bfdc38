//! What code a result depends on: a digest of the token stream of every module that a root module reaches.
//! Used by the build script, and by the tests that hold it to its laws; it knows source text only.
//!
//! It is sound under four laws for `num`, `nn`, `experiments` and `plot` (`tests/floors.rs` keeps them):
//! imports are written `crate::…` without globs and without `pub use`; a `mod.rs` holds docs and `pub mod`
//! lines only; an `impl` lives in the file of its type or of its trait; nothing reads files, clock or environment.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::str::FromStr as _;

/// The sources of a crate: module path (`num::rng`) to text.
#[derive(Default)]
pub struct Sources(BTreeMap<String, Module>);

struct Module {
    digest: String,
    /// First segments and longest resolvable prefixes are worked out later, when all modules are known.
    paths: Vec<Vec<String>>,
    /// Names that stand before `::` at the start of a path: candidates for external crates.
    heads: BTreeSet<String>,
}

/// What one root reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Digest over all the parts.
    pub digest: String,
    /// `(name, digest)` of every reached module and of every external crate, sorted.
    pub parts: Vec<(String, String)>,
}

impl Sources {
    /// Adds the file at `path` below `src` (`num/rng.rs`).
    ///
    /// # Errors
    /// When the text is no Rust.
    pub fn add(&mut self, path: &str, text: &str) -> Result<(), String> {
        let name = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        let tokens = TokenStream::from_str(text).map_err(|error| format!("src/{path}: {error}"))?;
        let tokens = meaningful(tokens);
        let mut module = Module { digest: String::new(), paths: Vec::new(), heads: BTreeSet::new() };
        let mut spelled = String::new();
        spell(&tokens, &mut spelled);
        module.digest = hex(spelled.as_bytes());
        collect(&tokens, &mut module);
        self.0.insert(name, module);
        Ok(())
    }

    /// The code that `root` reaches. `crates` maps the name of a direct dependency, as written in code, to its lock entry.
    ///
    /// # Errors
    /// When a `crate::` path leads to no module: then the fingerprint would have a hole.
    pub fn reach(&self, root: &str, crates: &BTreeMap<String, String>) -> Result<Code, String> {
        let mut reached = BTreeSet::new();
        let mut open = vec![root.to_owned()];
        let mut parts = BTreeMap::new();
        while let Some(name) = open.pop() {
            if !reached.insert(name.clone()) {
                continue;
            }
            let module = self.0.get(&name).ok_or_else(|| format!("no module `{name}`"))?;
            parts.insert(name.clone(), module.digest.clone());
            for path in &module.paths {
                open.extend(
                    self.resolve(path)
                        .ok_or_else(|| format!("`{name}`: `crate::{}` leads to no module", path.join("::")))?,
                );
            }
            for head in &module.heads {
                if let Some(entry) = crates.get(head) {
                    parts.insert(format!("crate {head}"), entry.clone());
                }
            }
        }
        let parts: Vec<_> = parts.into_iter().collect();
        let all = parts.iter().fold(String::new(), |mut all, (name, digest)| {
            let _ = writeln!(all, "{name} {digest}");
            all
        });
        Ok(Code { digest: hex(all.as_bytes()), parts })
    }

    /// A digest of every module, reached or not.
    pub fn whole(&self) -> String {
        let all: String = self.0.iter().map(|(name, module)| format!("{name} {}\n", module.digest)).collect();
        hex(all.as_bytes())
    }

    /// The modules behind a path: the longest prefix that is a file, and, where that is a folder's `mod.rs`, all below it.
    fn resolve(&self, path: &[String]) -> Option<Vec<String>> {
        let prefixes = (1..=path.len()).rev().map(|length| path[..length].join("::"));
        let name = prefixes.into_iter().find(|name| self.0.contains_key(name))?;
        let below = format!("{name}::");
        let children = self.0.keys().filter(|other| other.starts_with(&below)).cloned();
        Some(std::iter::once(name.clone()).chain(children).collect())
    }
}

/// The tokens that can change a result: doc comments and `#[cfg(test)]` items are dropped.
/// (Plain comments and layout never become tokens.)
fn meaningful(tokens: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match attribute(&tokens[at..]) {
            Some((length, text)) if text.starts_with("doc") => at += length,
            Some((length, text)) if text.replace(' ', "") == "cfg(test)" => at += length + item(&tokens[at + length..]),
            _ => {
                kept.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    kept
}

/// Length in tokens and text of the attribute (`#[…]` or `#![…]`) that the tokens begin with.
fn attribute(tokens: &[TokenTree]) -> Option<(usize, String)> {
    let is = |at: usize, c: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == c);
    let open = if is(0, '#') { if is(1, '!') { 2 } else { 1 } } else { return None };
    match tokens.get(open) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((open + 1, group.stream().to_string()))
        }
        _ => None,
    }
}

/// Length in tokens of the item that the tokens begin with: up to its `;` or its closing brace.
fn item(tokens: &[TokenTree]) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens.iter().position(ends).map_or(tokens.len(), |at| at + 1)
}

fn spell(tokens: &[TokenTree], out: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let inner = meaningful(group.stream());
                out.push_str(open);
                // A trailing comma is layout: rustfmt adds and drops it with the line break.
                let comma =
                    matches!(inner.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == ',') && inner.len() > 2;
                spell(if comma { &inner[..inner.len() - 1] } else { &inner }, out);
                out.push_str(close);
            }
            token => {
                let _ = write!(out, "{token} ");
            }
        }
    }
}

/// Collects every `crate::…` path (groups spread out) and every name that heads a path.
fn collect(tokens: &[TokenTree], module: &mut Module) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(ident) if colons(tokens, at + 1) => {
                let after_colons = at >= 2 && colons(tokens, at - 2);
                if *ident == "crate" {
                    at = branch(tokens, at + 3, &mut Vec::new(), &mut module.paths);
                    continue;
                } else if !after_colons {
                    module.heads.insert(ident.to_string());
                }
            }
            TokenTree::Group(group) => collect(&meaningful(group.stream()), module),
            _ => {}
        }
        at += 1;
    }
}

/// Reads the rest of a path at `at`, spreading out `{a, b::c}`; returns where it ends.
fn branch(tokens: &[TokenTree], mut at: usize, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> usize {
    let depth = prefix.len();
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) => {
                prefix.push(ident.to_string());
                at += 1;
                if !colons(tokens, at) {
                    paths.push(prefix.clone());
                    break;
                }
                at += 2;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut within = 0;
                while within < inner.len() {
                    within = branch(&inner, within, prefix, paths).max(within + 1);
                }
                at += 1;
                break;
            }
            _ => {
                if prefix.len() > depth {
                    paths.push(prefix.clone());
                }
                break;
            }
        }
    }
    prefix.truncate(depth);
    at
}

fn colons(tokens: &[TokenTree], at: usize) -> bool {
    let is = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is(at) && is(at + 1)
}

/// The SHA-256 digest of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

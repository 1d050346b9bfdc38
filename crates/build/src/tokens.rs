//! What one source file says, as far as a fingerprint needs it: a digest of its tokens, and the names that it refers to.
//! It knows no other file.

use crate::hex;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::str::FromStr as _;

/// A path as it is written, `condense_num::rng::Stream`, segment by segment.
pub type Segments = Vec<String>;

/// Words before which no path goes on: `return ::a::b` begins a new one.
const KEYWORDS: [&str; 17] = [
    "as", "box", "break", "const", "dyn", "else", "for", "if", "impl", "in", "let", "match", "move", "mut", "return",
    "where", "while",
];

/// One source file.
#[derive(Default)]
pub struct Reading {
    /// Digest of the tokens: comments, layout and `#[cfg(test)]` items left out.
    pub digest: String,
    /// Every path, with groups spread out: `a::{b, c}` is `a::b` and `a::c`.
    pub paths: BTreeSet<Segments>,
    /// What `use` declarations outside of inline modules bring in: name → path.
    pub uses: BTreeMap<String, Segments>,
    /// Whether such a declaration ends in `*`.
    pub glob: bool,
    /// Macros that are defined here.
    pub macros: BTreeSet<String>,
    /// Macros that are called by a plain name.
    pub calls: BTreeSet<String>,
    /// Every identifier.
    pub words: BTreeSet<String>,
    /// Files that are read at compile time: the literals in `include_str!`, `include_bytes!` and `include!`.
    pub includes: BTreeSet<String>,
}

impl Reading {
    /// Reads a source file.
    ///
    /// # Errors
    /// When the text is no Rust.
    pub fn of(text: &str) -> Result<Self, String> {
        let tokens = meaningful(TokenStream::from_str(text).map_err(|error| error.to_string())?);
        let mut spelled = String::new();
        spell(&tokens, &mut spelled);
        let mut reading = Self { digest: hex(spelled.as_bytes()), ..Self::default() };
        reading.collect(&tokens, true);
        Ok(reading)
    }

    /// Collects the names in some tokens; `top` is the level of the file itself.
    fn collect(&mut self, tokens: &[TokenTree], top: bool) {
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    self.words.insert(word.clone());
                    if word == "use" || (word == "crate" && is_word(tokens, at.wrapping_sub(1), "extern")) {
                        let mut found = Vec::new();
                        at = branch(tokens, after_colons(tokens, at + 1), &mut Vec::new(), &mut found);
                        for Branch { path, name } in found {
                            self.words.extend(path.iter().cloned());
                            match name {
                                Some(name) if top => drop(self.uses.insert(name, path.clone())),
                                None if top => self.glob = true,
                                _ => {}
                            }
                            self.paths.insert(path);
                        }
                        continue;
                    }
                    if colons(tokens, at + 1) && !KEYWORDS.contains(&word.as_str()) && !continues(tokens, at) {
                        let mut found = Vec::new();
                        at = branch(tokens, at, &mut Vec::new(), &mut found);
                        self.words.extend(found.iter().flat_map(|branch| branch.path.iter().cloned()));
                        self.paths.extend(found.into_iter().map(|branch| branch.path));
                        continue;
                    }
                    if is_punct(tokens, at + 1, '!') {
                        self.call(&word, tokens.get(at + 2));
                    }
                }
                TokenTree::Group(group) => self.collect(&meaningful(group.stream()), false),
                _ => {}
            }
            at += 1;
        }
    }

    /// `word!` and what follows.
    fn call(&mut self, word: &str, next: Option<&TokenTree>) {
        match next {
            Some(TokenTree::Ident(name)) if word == "macro_rules" => drop(self.macros.insert(name.to_string())),
            Some(TokenTree::Group(group)) => {
                self.calls.insert(word.to_owned());
                if word.starts_with("include")
                    && let Some(TokenTree::Literal(literal)) = group.stream().into_iter().next()
                    && let Some(path) = literal.to_string().strip_prefix('"').and_then(|text| text.strip_suffix('"'))
                {
                    self.includes.insert(path.to_owned());
                }
            }
            _ => {}
        }
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
            Some((length, text)) if text.replace(' ', "") == "cfg(test)" && is_item(&tokens[at + length..]) => {
                at += length + item(&tokens[at + length..]);
            }
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

/// Whether the tokens begin with an item, after other attributes. Fields, variants and arms of a `match` are none: where they
/// end is not known here, so they count as code.
fn is_item(tokens: &[TokenTree]) -> bool {
    const WORDS: [&str; 15] = [
        "pub",
        "fn",
        "mod",
        "use",
        "struct",
        "enum",
        "impl",
        "const",
        "static",
        "type",
        "trait",
        "unsafe",
        "async",
        "extern",
        "macro_rules",
    ];
    let mut at = 0;
    while let Some((length, _)) = attribute(&tokens[at..]) {
        at += length;
    }
    let word =
        |at: usize| if let Some(TokenTree::Ident(word)) = tokens.get(at) { Some(word.to_string()) } else { None };
    let visible = word(at).is_some_and(|first| first == "pub");
    // A field may be `pub`, too: then a name and a colon follow.
    let behind = if matches!(tokens.get(at + 1), Some(TokenTree::Group(_))) { at + 2 } else { at + 1 };
    let first = if visible { word(behind) } else { word(at) };
    first.is_some_and(|first| WORDS.contains(&first.as_str()))
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

/// A path, and the name that it has here: its last segment or what follows `as`; none for `*`.
struct Branch {
    path: Segments,
    name: Option<String>,
}

/// Reads a path at `at`, spreading out `{a, b::c as d}`; returns where it ends.
fn branch(tokens: &[TokenTree], mut at: usize, prefix: &mut Segments, found: &mut Vec<Branch>) -> usize {
    let depth = prefix.len();
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) => {
                prefix.push(ident.to_string());
                at += 1;
                if !colons(tokens, at) {
                    // `a::{self}` is `a`.
                    if prefix.len() > 1 && prefix.last().is_some_and(|last| last == "self") {
                        prefix.pop();
                    }
                    let mut name = prefix.last().cloned();
                    if let (true, Some(TokenTree::Ident(alias))) = (is_word(tokens, at, "as"), tokens.get(at + 1)) {
                        name = Some(alias.to_string());
                        at += 2;
                    }
                    found.push(Branch { path: prefix.clone(), name });
                    break;
                }
                at += 2;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut within = 0;
                while within < inner.len() {
                    within = branch(&inner, after_colons(&inner, within), prefix, found).max(within + 1);
                }
                at += 1;
                break;
            }
            _ => {
                let star = is_punct(tokens, at, '*') && !prefix.is_empty();
                if prefix.len() > depth || star {
                    found.push(Branch { path: prefix.clone(), name: None });
                }
                at += usize::from(star);
                break;
            }
        }
    }
    prefix.truncate(depth);
    at
}

/// Whether the identifier at `at` goes on a path that began before it: `Vec::<f64>::new`.
fn continues(tokens: &[TokenTree], at: usize) -> bool {
    let before = |token: &TokenTree| match token {
        TokenTree::Ident(ident) => !KEYWORDS.contains(&ident.to_string().as_str()),
        TokenTree::Punct(punct) => punct.as_char() == '>',
        _ => false,
    };
    at >= 3 && colons(tokens, at - 2) && before(&tokens[at - 3])
}

fn after_colons(tokens: &[TokenTree], at: usize) -> usize {
    if colons(tokens, at) { at + 2 } else { at }
}

fn colons(tokens: &[TokenTree], at: usize) -> bool {
    let joint = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint);
    is_punct(tokens, at, ':') && joint(&tokens[at]) && is_punct(tokens, at + 1, ':')
}

fn is_punct(tokens: &[TokenTree], at: usize, c: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == c)
}

fn is_word(tokens: &[TokenTree], at: usize, word: &str) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Ident(ident)) if *ident == word)
}

//! A scanner for the HTML that this project writes: start tags, end tags, attributes. It is no browser.

/// A start tag or an end tag.
#[derive(Debug)]
pub struct Tag<'a> {
    pub name: &'a str,
    pub end: bool,
    /// Written `<x/>`.
    pub closed: bool,
    pub attributes: Vec<(&'a str, &'a str)>,
    /// Where the text after the tag starts.
    pub after: usize,
}

impl<'a> Tag<'a> {
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

/// All tags of a page. The inside of `<style>` is skipped.
pub fn tags(page: &str) -> Vec<Tag<'_>> {
    let (mut tags, mut at) = (Vec::new(), 0);
    while let Some(open) = page[at..].find('<').map(|i| at + i) {
        let close = open + page[open..].find('>').expect("a tag that ends");
        at = close + 1;
        let body = &page[open + 1..close];
        if body.starts_with('!') {
            continue;
        }
        let (end, closed) = (body.starts_with('/'), body.ends_with('/'));
        let body = body.trim_matches('/');
        let (name, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()) && !name.is_empty(), "odd tag `<{body}>`");
        tags.push(Tag { name, end, closed, attributes: attributes(rest), after: at });
        if name == "style" && !end {
            at += page[at..].find("</style>").expect("style that ends");
        }
    }
    tags
}

fn attributes(mut rest: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let stop = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let name = &rest[..stop];
        rest = &rest[stop..];
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let (value, after) = quoted.split_once('"').expect("a quotation that ends");
            found.push((name, value));
            rest = after;
        } else {
            assert!(!rest.starts_with('='), "`{name}` is not quoted");
            found.push((name, ""));
        }
    }
    found
}

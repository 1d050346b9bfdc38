//! Links between the pages of a report. A text does not know on which page it will stand, and some stand on several: it says
//! where a link leads, and the page says how to get there.

/// Marks the target of a link until its page is known: a private character, which nobody can write into an attribute.
const MARK: char = '\u{E002}';

/// The page on which a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'p> {
    /// The front page: what it mentions of other figures stands there, too.
    Index,
    /// A page beside it.
    Beside,
    /// The page of a figure, one folder below.
    Figure(&'p str),
    /// The one page that holds all.
    Single,
}

/// The target of a link to a figure, or to one of the names on its page.
pub fn to_figure(id: &str, anchor: &str) -> String {
    format!("{MARK}#{id}#{anchor}")
}

/// The target of a link to a file of the report.
pub fn to_file(path: &str) -> String {
    format!("{MARK}/{path}")
}

/// The page with its links in place.
pub fn resolve(html: &str, place: Place) -> String {
    let opening = format!("=\"{MARK}");
    let mut parts = html.split(&opening);
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (target, rest) = part.split_once('"').unwrap_or((part, ""));
        page.push_str("=\"");
        page.push_str(&place.target(target));
        page.push('"');
        page.push_str(rest);
    }
    page
}

impl Place<'_> {
    fn target(self, target: &str) -> String {
        let Some((id, anchor)) = target.strip_prefix('#').and_then(|target| target.split_once('#')) else {
            return self.file(target.trim_start_matches('/'));
        };
        let here = if anchor.is_empty() { format!("#fig-{id}") } else { format!("#{anchor}") };
        match self {
            Self::Single => here,
            Self::Index if anchor.is_empty() => here,
            Self::Figure(own) if own == id => here,
            Self::Figure(_) if anchor.is_empty() => format!("{id}.html"),
            Self::Figure(_) => format!("{id}.html{here}"),
            Self::Index | Self::Beside if anchor.is_empty() => format!("fig/{id}.html"),
            Self::Index | Self::Beside => format!("fig/{id}.html{here}"),
        }
    }

    fn file(self, path: &str) -> String {
        let (page, anchor) = path.split_once('#').map_or((path, None), |(page, anchor)| (page, Some(anchor)));
        let here = match self {
            Self::Single => page.ends_with(".html"),
            Self::Index => page == "index.html",
            Self::Beside | Self::Figure(_) => false,
        };
        match (self, anchor) {
            (_, Some(anchor)) if here => format!("#{anchor}"),
            (_, None) if here => "#".to_owned(),
            (Self::Figure(_), _) => path.strip_prefix("fig/").map_or_else(|| format!("../{path}"), str::to_owned),
            _ => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_same_place_from_every_page() {
        let html = format!(
            "<a href=\"{}\">f</a><a href=\"{}\">v</a><a href=\"{}\">c</a><img src=\"{}\"><a href=\"{}\">all</a>",
            to_figure("own", ""),
            to_figure("own", "own:loss"),
            to_figure("other", "claim-x"),
            to_file("fig/own.svg"),
            to_file("index.html#claims")
        );
        let targets = |place| {
            let page = resolve(&html, place);
            let ends = page.split("=\"").skip(1).filter_map(|rest| rest.split('"').next());
            ends.map(str::to_owned).collect::<Vec<_>>()
        };
        let below = ["#fig-own", "#own:loss", "other.html#claim-x", "own.svg", "../index.html#claims"];
        assert_eq!(targets(Place::Figure("own")), below);
        let front = ["#fig-own", "fig/own.html#own:loss", "fig/other.html#claim-x", "fig/own.svg", "#claims"];
        assert_eq!(targets(Place::Index), front);
        let beside =
            ["fig/own.html", "fig/own.html#own:loss", "fig/other.html#claim-x", "fig/own.svg", "index.html#claims"];
        assert_eq!(targets(Place::Beside), beside);
        assert_eq!(targets(Place::Single), ["#fig-own", "#own:loss", "#claim-x", "fig/own.svg", "#claims"]);
    }

    #[test]
    fn words_that_look_like_a_target_stay_words() {
        let text = format!("<td>=&quot;{MARK}#a#b&quot;</td>");
        assert_eq!(resolve(&text, Place::Index), text);
    }
}

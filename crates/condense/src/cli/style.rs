//! Colour and the column of verbs: `    done  phase-diagram`.

use std::io::IsTerminal as _;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colour is wanted.
    pub colour: bool,
}

impl Style {
    /// The style for stderr.
    pub fn new(when: When) -> Self {
        let colour = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self { colour }
    }

    /// A verb, right-aligned in eight columns.
    pub fn word(self, word: &str) -> String {
        let code = match word {
            "ok" | "done" | "proved" => "32;1",
            "FAIL" | "failed" | "changed" | "differs" => "31;1",
            "because" | "note" | "stale" | "help" | "waiting" => "33;1",
            _ => "36;1",
        };
        if self.colour { format!("\x1b[{code}m{word:>8}\x1b[0m ") } else { format!("{word:>8} ") }
    }
}

/// Untrusted text for a terminal: control characters become visible, so that none can move the cursor.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}

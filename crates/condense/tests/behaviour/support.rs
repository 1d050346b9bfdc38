//! The small papers that most tests begin with, and the program.

pub use condense_testing::paper::{Paper, Run};
use std::process::Command;

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_condense");

/// The program, without colours and without what the caller's environment says.
pub fn condense() -> Command {
    condense_testing::paper::command(PROGRAM.as_ref())
}

/// An empty folder.
pub fn empty() -> Paper {
    Paper::empty(PROGRAM)
}

/// A paper of two figures, `rising` and `falling`, both of external commands in `sh`, so that tests need no science.
pub fn small() -> Paper {
    filled(empty())
}

/// The small paper in a folder of a folder: what lies around it can be looked at, too.
pub fn small_among_others() -> Paper {
    filled(Paper::among_others(PROGRAM))
}

fn filled(paper: Paper) -> Paper {
    paper.write("manifest.toml", MANIFEST);
    paper.write("scripts/line.sh", LINE);
    paper.write("figures/rising.md", RISING);
    paper.write("figures/falling.md", &RISING.replace("Rising", "Falling").replace("above = 1.5", "above = 2.5"));
    paper
}

pub const MANIFEST: &str = r#"[paper]
title = "A small paper"
standfirst = "Two lines."
authors = ["A. Tester"]
source = "no talk"

[[figure]]
id = "rising"
slide = "A line that rises"
command = ["sh", "scripts/line.sh"]
reads = ["scripts/line.sh"]
writes = ["line.csv", "values.json"]
seed = 1
fidelity = "faithful"

[figure.params]
slope = 2

[[figure]]
id = "falling"
slide = "Another line"
command = ["sh", "scripts/line.sh"]
reads = ["scripts/line.sh"]
writes = ["line.csv", "values.json"]
seed = 1
fidelity = "faithful"

[figure.params]
slope = 3
"#;

/// Reads `{"params":{"slope":N},…}` and writes a line of that slope.
pub const LINE: &str = r#"slope=$(sed 's/.*"slope":\([0-9.-]*\).*/\1/')
out=$CONDENSE_OUT
{ echo x,y; echo 0,0; echo "1,$slope"; } > "$out/line.csv"
echo "{\"slope\": $slope}" > "$out/values.json"
"#;

pub const RISING: &str = r#"# Rising

A line of slope {{ value("slope") }}.

```chart
alt = "A line through the origin."
caption = "The line."

[[panel]]
x = { label = "x" }
y = { label = "y" }

[[panel.layer]]
kind = "line"
frame = "line"
x = "x"
y = "y"
```

```claim
says = "The slope is large."
value = "slope"
above = 1.5
```
"#;

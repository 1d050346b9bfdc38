//! A small paper as a value: everything that a person can edit, and how it is written to disk.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The other profile.
pub const SMOKE: &str = "smoke";

/// The whole paper. Numbers stand for texts: another number is another text.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub title: u8,
    pub standfirst: u8,
    /// A text beside the figures, and the figure that it quotes and mentions.
    pub summary: Option<(u8, Option<String>)>,
    /// How many further seeds there are.
    pub seeds: u64,
    pub figures: Vec<Figure>,
    pub script: Script,
    /// What is in the input file.
    pub data: u8,
    /// The paper's own template of a card.
    pub template: Option<u8>,
    pub makefile: bool,
    /// Whether the profile `smoke` is built.
    pub smoke: bool,
    /// What is in `manifest.lock`.
    pub lock: Option<String>,
}

/// The command that all figures share.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// Reaches the results.
    pub offset: u8,
    /// Does not.
    pub comment: u8,
}

/// A figure: its entry and its page.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // each is something that a person may do or leave
pub struct Figure {
    pub id: String,
    pub slide: u8,
    pub section: Option<u8>,
    pub slope: u8,
    /// The slope under the profile `smoke`.
    pub slope_smoke: Option<u8>,
    pub seed: u64,
    pub uses_data: bool,
    /// What differs from the source, and the figure that this mentions.
    pub because: Option<(u8, Option<String>)>,
    pub title: u8,
    pub prose: u8,
    pub quotes: bool,
    pub mentions: Option<String>,
    pub caption: u8,
    pub points: bool,
    pub second_chart: bool,
    pub bound: u8,
}

impl Figure {
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            slide: 0,
            section: None,
            slope: 2,
            slope_smoke: None,
            seed: 1,
            uses_data: false,
            because: None,
            title: 0,
            prose: 0,
            quotes: true,
            mentions: None,
            caption: 0,
            points: false,
            second_chart: false,
            bound: 0,
        }
    }

    /// The page's charts, as they stand between their fences, with their names.
    pub fn charts(&self) -> Vec<(Option<&'static str>, String)> {
        let kind = if self.points { "points" } else { "line" };
        let chart = |name: &str, kind: &str| {
            format!(
                "{name}alt = \"A line.\"\ncaption = \"Caption {}.\"\n[[panel]]\n[[panel.layer]]\nkind = \"{kind}\"\n\
                 frame = \"line\"\nx = \"x\"\ny = \"y\"\n",
                self.caption
            )
        };
        let mut charts = vec![(None, chart("", kind))];
        if self.second_chart {
            charts.push((Some("two"), chart("name = \"two\"\n", "points")));
        }
        charts
    }

    /// The text of its page.
    pub fn page(&self) -> String {
        let mut text = format!("# Title {}\n\nProse {}", self.title, self.prose);
        if self.quotes {
            text.push_str(" of slope {{ value(\"slope\") }} for {{ param(\"slope\") }}");
        }
        if let Some(id) = &self.mentions {
            let _ = write!(text, ", see {{{{ ref(\"{id}\") }}}}");
        }
        text.push_str(".\n\n");
        for (_, chart) in self.charts() {
            let _ = write!(text, "```chart\n{chart}```\n\n");
        }
        let _ = write!(text, "```claim\nsays = \"It is steep.\"\nvalue = \"slope\"\nabove = {}\n```\n", self.bound);
        text
    }

    /// What differs from the source, in words.
    pub fn because_text(&self) -> Option<String> {
        let (text, mention) = self.because.as_ref()?;
        let mention = mention.as_ref().map_or(String::new(), |id| format!(", see {{{{ ref(\\\"{id}\\\") }}}}"));
        Some(format!("Reason {text}{mention}."))
    }
}

impl Model {
    /// The paper that a sequence begins with.
    pub fn new(seed: usize) -> Self {
        let mut figures: Vec<Figure> = ["a", "b", "a-x"].iter().take(1 + seed % 3).map(|id| Figure::new(id)).collect();
        // In half of the papers the first figure mentions the last, whose number changes when others come and go.
        if seed.is_multiple_of(2) {
            let last = figures.last().map(|figure| figure.id.clone());
            figures[0].mentions.clone_from(&last);
            figures[0].because = seed.is_multiple_of(4).then_some((1, last));
        }
        Self {
            title: 0,
            standfirst: 0,
            summary: figures.first().filter(|_| seed.is_multiple_of(3)).map(|figure| (0, Some(figure.id.clone()))),
            seeds: (seed / 3).is_multiple_of(4).into(),
            figures,
            script: Script { offset: 0, comment: 0 },
            data: 0,
            template: None,
            makefile: false,
            smoke: false,
            lock: None,
        }
    }

    /// The slope that a figure has under the profile in force.
    pub fn slope(&self, figure: &Figure) -> u8 {
        figure.slope_smoke.filter(|_| self.smoke).unwrap_or(figure.slope)
    }

    /// What the script computes from it.
    pub fn result(&self, figure: &Figure) -> u64 {
        let data = if figure.uses_data { self.data } else { 0 };
        u64::from(self.slope(figure)) + u64::from(self.script.offset) + u64::from(data)
    }

    /// The seeds at which claims are measured again: under `smoke` nothing is judged.
    pub fn further_seeds(&self, figure: &Figure) -> Vec<u64> {
        if self.smoke { Vec::new() } else { (1..=self.seeds).map(|step| figure.seed + step).collect() }
    }

    /// The text of the script.
    pub fn script(&self) -> String {
        let Script { offset, comment } = &self.script;
        format!(
            "# comment {comment}\nread -r json\nslope=${{json#*\\\"slope\\\":}}\nslope=${{slope%%[,\\}}]*}}\ndata=0\n\
             [ -e data/one.txt ] && read -r data < data/one.txt\nslope=$((slope + {offset} + data))\n\
             printf 'x,y\\n0,0\\n1,%s\\n' \"$slope\" > \"$CONDENSE_OUT/line.csv\"\n\
             printf '{{\"slope\": %s}}\\n' \"$slope\" > \"$CONDENSE_OUT/values.json\"\n"
        )
    }

    fn manifest(&self) -> String {
        let mut text = format!(
            "[paper]\ntitle = \"Paper {}\"\nstandfirst = \"Line {}.\"\nauthors = [\"A\"]\nsource = \"none\"\n",
            self.title, self.standfirst
        );
        if self.summary.is_some() {
            text.push_str("\n[texts]\nsummary = \"text/summary.md\"\n");
        }
        if self.seeds > 0 {
            let _ = write!(text, "\n[robustness]\nseeds = {}\n", self.seeds);
        }
        for figure in &self.figures {
            let _ = write!(
                text,
                "\n[[figure]]\nid = \"{}\"\nslide = \"Slide {}\"\ncommand = [\"sh\", \"line.sh\"]\nreads = [\"line.sh\"]\n\
                 writes = [\"line.csv\", \"values.json\"]\nseed = {}\n",
                figure.id, figure.slide, figure.seed
            );
            if let Some(section) = figure.section {
                let _ = writeln!(text, "section = \"Section {section}\"");
            }
            if figure.uses_data {
                text.push_str("data = [\"data/one.txt\"]\n");
            }
            match figure.because_text() {
                Some(because) => drop(write!(text, "fidelity = \"scaled\"\nbecause = \"{because}\"\n")),
                None => text.push_str("fidelity = \"faithful\"\n"),
            }
            let _ = write!(text, "[figure.params]\nslope = {}\n", figure.slope);
            if let Some(slope) = figure.slope_smoke {
                let _ = write!(text, "[figure.profile.{SMOKE}]\nslope = {slope}\n");
            }
        }
        // A profile exists as soon as one figure names it.
        if self.figures.iter().all(|figure| figure.slope_smoke.is_none()) {
            let _ = writeln!(text, "[figure.profile.{SMOKE}]");
        }
        text
    }

    /// Writes everything, and removes pages and templates that are no longer there.
    pub fn write(&self, folder: &Path) {
        let write = |path: &str, text: Option<String>| {
            let path = folder.join(path);
            match text {
                Some(text) if fs::read_to_string(&path).is_ok_and(|old| old == text) => {}
                Some(text) => {
                    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                    fs::write(path, text).expect("written");
                }
                None => drop(fs::remove_file(path)),
            }
        };
        let known: Vec<String> = self.figures.iter().map(|figure| format!("{}.md", figure.id)).collect();
        for entry in fs::read_dir(folder.join("figures")).into_iter().flatten().filter_map(Result::ok) {
            if !known.contains(&entry.file_name().to_string_lossy().into_owned()) {
                fs::remove_file(entry.path()).expect("removed");
            }
        }
        write("manifest.toml", Some(self.manifest()));
        write("line.sh", Some(self.script()));
        write("text/summary.md", self.summary_text());
        write("data/one.txt", Some(format!("{}\n", self.data)));
        let because = "{% if fidelity.because %}{{ fidelity.because.md }}{% endif %}";
        let card = |n| format!("### {{{{ number }}}} {{{{ title.md }}}} ({n})\n\n{because}\n");
        write("templates/card.md", self.template.map(card));
        write("Makefile", self.makefile.then(|| "report:\n".to_owned()));
        write("manifest.lock", self.lock.clone());
        for figure in &self.figures {
            write(&format!("figures/{}.md", figure.id), Some(figure.page()));
        }
    }

    /// The text beside the figures.
    pub fn summary_text(&self) -> Option<String> {
        let (number, figure) = self.summary.as_ref()?;
        let quoted = figure.as_ref().map(|id| {
            format!(
                " of {{{{ value(\"{id}:slope\") }}}} for {{{{ param(\"{id}:slope\") }}}}, see {{{{ ref(\"{id}\") }}}}"
            )
        });
        Some(format!("Summary {number}{}.\n", quoted.unwrap_or_default()))
    }

    /// What the lock says of a figure.
    pub fn accepted(&self, figure: &Figure) -> Option<String> {
        let profile = if self.smoke { SMOKE } else { "default" };
        let head = format!("\n[{profile}.{}]\n", figure.id);
        let (_, rest) = self.lock.as_ref()?.split_once(&head)?;
        Some(rest.split("\n[").next().unwrap_or_default().to_owned())
    }
}

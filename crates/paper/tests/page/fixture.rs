//! A small paper made by hand: three figures, one of them failing, one with two charts, one with a table.
//! Its texts are hostile on purpose where a stranger could write them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use condense_paper::claim_view::*;
use condense_paper::figure_view::*;
use condense_paper::markup::{self, Quote, Text};
use condense_paper::report::{Templates, render_card, render_figure, render_pages, render_single};
use condense_paper::view::*;

use crate::more::{diff_page, source_page};

pub const HOSTILE: &str = "<script>alert(\"1\")</script> & 'co' | {{ x }}";

macro_rules! templates {
    ($($name:literal),*) => { Templates::new([$(($name, include_str!(concat!("../../../../templates/", $name)))),*]) };
}

pub fn templates() -> Templates {
    templates![
        "base.html",
        "index.html",
        "figure.html",
        "card.html",
        "picture.html",
        "table.html",
        "beside.html",
        "source.html",
        "diff.html",
        "citation.bib",
        "footer.html",
        "evidence.html",
        "proof.html",
        "claims.html",
        "gallery.html",
        "single.html",
        "contents.html",
        "style.css",
        "math-font.css",
        "report.md",
        "card.md",
        "cite.bib"
    ]
    .unwrap_or_else(|fault| panic!("{fault:?}"))
}

pub fn inline(text: &str) -> Text {
    markup::inline(text, &[]).expect("sentence")
}

pub fn prose(text: &str, quotes: &[Quote]) -> Block {
    Block::Prose(markup::block(text, quotes).expect("prose"))
}

/// A picture as the plot module writes it: tenths of px, inks as classes, title and description.
fn picture(panels: usize, wide: bool, title: &str) -> String {
    let (width, height) = (if wide { 9600 } else { 7200 }, 2900);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" height=\"290\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui,sans-serif\" fill=\"none\" stroke-linecap=\"round\"><title>{}</title><desc>Made by hand.</desc>",
        width / 10,
        condense_plot::svg::escaped(title)
    );
    let share = width / panels;
    for panel in 0..panels {
        let (left, right) = (panel * share + 520, (panel + 1) * share - 180);
        for y in [400, 1400, 2400] {
            let _ = write!(
                svg,
                "<path class=\"plot-grid\" color=\"#e4e7eb\" stroke=\"currentColor\" stroke-width=\"8\" d=\"M{left} {y}H{right}\"/>"
            );
            let label = f64::from(2400 - y) / 2000.0;
            let _ = write!(
                svg,
                "<text class=\"plot-muted\" color=\"#57606a\" fill=\"currentColor\" font-size=\"130\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{label}</text>",
                left - 80,
                y + 45
            );
        }
        for (at, ink, color) in [(0_usize, "blue", "#0072b2"), (1, "vermilion", "#d55e00"), (2, "green", "#009e73")] {
            let points = (0..=60).map(|i| {
                let x = i as f64 / 60.0;
                let pull = (at + panel + 1) as f64;
                let y = (1.0 - x * pull * 0.3) / (1.0 + pull * pull * x * x);
                format!("{} {:.0}", left + (right - left) * i / 60, 2400.0 - 1900.0 * y)
            });
            let path = points.collect::<Vec<_>>().join("L");
            let _ = write!(
                svg,
                "<path class=\"plot-{ink}\" color=\"{color}\" stroke=\"currentColor\" stroke-width=\"16\" d=\"M{path}\"/>"
            );
        }
        let _ = write!(
            svg,
            "<text class=\"plot-ink\" color=\"#1b1f24\" fill=\"currentColor\" font-size=\"140\" text-anchor=\"middle\" x=\"{}\" y=\"2800\">epoch ({})</text>",
            usize::midpoint(left, right),
            ["a", "b", "c"][panel]
        );
    }
    svg + "</svg>"
}

/// What `plot::svg::style` gives: inks switch to their dark faces.
pub const STYLE: &str = "@media screen and (prefers-color-scheme:dark){.plot-blue{color:#4da6e8}.plot-vermilion{color:#f47f3c}\
                         .plot-green{color:#2cc295}.plot-ink{color:#e6edf3}.plot-muted{color:#9aa7b4}.plot-grid{color:#2a313a}}";

fn chart(label: &str, file: &str, panels: usize, wide: bool, caption: Text, table: Option<TableView>) -> Block {
    let svg = picture(panels, wide, &format!("Figure {label}"));
    let step =
        |title: &str| Step { title: title.to_owned(), svg: picture(1, false, title), narrow: picture(1, false, title) };
    let scrub =
        (panels == 2).then(|| Scrub { legend: "Epoch".to_owned(), steps: vec![step("epoch 1"), step("epoch 2")] });
    let picture = Picture {
        label: label.to_owned(),
        anchor: file.trim_start_matches("fig/").trim_end_matches(".svg").to_owned(),
        file: file.to_owned(),
        narrow: file.replace(".svg", ".narrow.svg"),
        size: [720, 290],
        narrow_size: [350, 290],
        alt: "Three curves that fall [and rise] again".to_owned(),
        caption,
        table,
        only_table: false,
        wide,
    };
    let (narrow_svg, leads, goals) = (svg.clone(), false, false);
    Block::chart(Chart { picture, svg, narrow_svg, leads, goals, scrub })
}

fn claim(id: &str, says: &str, value: &str, bound: &str, margin: &str, holds: bool, source: Option<&str>) -> ClaimView {
    let source = source.map(str::to_owned);
    let [id, value, bound, margin] = [id, value, bound, margin].map(str::to_owned);
    // As pictures do, strips bring a title of their own.
    let svg = "<svg class=\"strip\" role=\"img\" width=\"190\" height=\"16\" viewBox=\"0 0 190 16\"><title>1 at seed 7</title></svg>";
    let range = ["1".to_owned(), "3".to_owned()];
    let strip = Strip {
        svg: svg.to_owned(),
        of: 5,
        hold: if holds { 5 } else { 2 },
        interval: "57 to 100 %".to_owned(),
        robust: holds,
        same: source.is_some(),
        seedless: false,
        range,
    };
    ClaimView {
        name: id.clone(),
        id,
        says: inline(says),
        value,
        bound,
        margin,
        room: 0.25,
        holds,
        identity: false,
        headline: holds,
        share: None,
        source,
        strip: Some(strip),
    }
}

fn value(name: &str, text: &str, full: &str) -> Value {
    let [name, text, full] = [name, text, full].map(str::to_owned);
    Value { name, text, full, claims: Vec::new(), standing: None, line: Some(12) }
}

fn pair(name: &str, text: &str) -> Pair {
    Pair { name: name.to_owned(), text: text.to_owned() }
}

fn digest(seed: u64) -> String {
    (0..4).fold(String::new(), |text, i| text + &format!("{:016x}", (seed + i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn figure(number: usize, id: &str, title: &str, lock: Lock) -> FigureView {
    let outputs = vec![pair(&format!("fig/{id}.svg"), &digest(4)), pair(&format!("fig/{id}.csv"), &digest(5))];
    let provenance = Provenance {
        command: format!("make report ONLY={id}"),
        seconds: Some("1.9 s here".to_owned()),
        experiment: "condensation_1d".to_owned(),
        source_file: "src/experiments/condensation_1d.rs".to_owned(),
        source: format!("fig/{id}.source.html"),
        parts: 3,
        seed: 7,
        params: vec![
            pair("epochs", "100000"),
            pair("width", "100"),
            pair("sigma", "0.005"),
            pair("activation", "\"tanh\""),
        ],
        inputs: Vec::new(),
        run_key: digest(number as u64),
        code: digest(2),
        outputs,
        lock,
    };
    let download = |label: &str, href: String, bytes| Download { label: label.to_owned(), href, bytes };
    FigureView {
        number,
        id: id.to_owned(),
        title: inline(title),
        slide: "1d example: condensation with small initialization".to_owned(),
        fidelity: Fidelity { tag: "faithful".to_owned(), because: None },
        question: Some(inline("Do neurons condense?")),
        answer: Some(inline(HOSTILE)),
        blocks: Vec::new(),
        claims: Vec::new(),
        robustness: Some(Robustness {
            own: 7,
            record: None,
            outdated: false,
            measured: Some("seeds 8 to 12".to_owned()),
            command: None,
            seedless: false,
            because: None,
        }),
        downloads: vec![
            download("SVG", format!("fig/{id}.svg"), 14_200),
            download("CSV", format!("fig/{id}.csv"), 812),
            download("JSON", format!("fig/{id}.json"), 3_100_000),
        ],
        values: Vec::new(),
        tables: Vec::new(),
        provenance,
    }
}

/// The three figures.
pub fn figures() -> [FigureView; 3] {
    [condensation(), phases(), transformer()]
}

fn condensation() -> FigureView {
    let mut figure = figure(
        1,
        "condensation-1d",
        "Small weights line up: condensation of $a_j \\sigma(w_j x + b_j)$",
        Lock::Matches,
    );
    let loss = value("loss.final", "0.0271", "0.027134982211047");
    let groups = value("groups", "3", "3");
    let quotes = [
        loss.quote(&figure.id),
        Label { label: "2".to_owned(), figure: "phase-diagram".to_owned(), chart: None }.quote(),
        groups.quote(&figure.id),
    ];
    let (m0, m1, m2) = (markup::mark(0), markup::mark(1), markup::mark(2));
    let text = format!(
        "The deck trains a two-layer network of width $m = 100$ from a *small* initialization, \
         $a_j(0), w_j(0), b_j(0) \\sim N(0, \\sigma^2)$ with $\\sigma = 0.005$, and shows that the neurons do not stay where \
         chance put them: their directions gather in a few points, as if the network had only {m2} neurons. The loss ends at {m0}.\n\n\
         The network is\n\n$$f^{{\\alpha}}_{{\\boldsymbol{{\\theta}}}}(\\boldsymbol{{x}}) = \\frac{{1}}{{\\alpha}} \\sum_{{k=1}}^{{m}} a_k \\sigma(\\boldsymbol{{w}}_k^{{\\mathsf{{T}}}} \\boldsymbol{{x}}),$$\n\n\
         and in units without dimension its gradient flow reads\n\
         $$\\frac{{\\mathrm{{d}}\\bar{{\\boldsymbol{{w}}}}_{{k}}}}{{\\mathrm{{d}}\\bar{{t}}}} = -\\kappa' \\frac{{1}}{{n}} \\sum_{{i=1}}^{{n}} \\kappa \\bar{{a}}_{{k}} \\sigma'(\\bar{{\\boldsymbol{{w}}}}_{{k}}^{{\\mathsf{{T}}}} \\boldsymbol{{x}}_{{i}}) \\boldsymbol{{x}}_{{i}} \\left(\\kappa \\sum_{{k'=1}}^{{m}} \\bar{{a}}_{{k'}} \\sigma(\\bar{{\\boldsymbol{{w}}}}_{{k'}}^{{\\mathsf{{T}}}} \\boldsymbol{{x}}_{{i}}) - y_{{i}}\\right).$$\n\
         What the two constants decide is the subject of {m1}."
    );
    figure.blocks = vec![
        prose(&text, &quotes),
        chart("1", "fig/condensation-1d.svg", 1, false, markup::inline(&format!("**One hundred neurons act as {m2}.** Output of the trained network (blue) through four points, loss {m0}; $m = 100$, seed 7."), &quotes).expect("caption"), None),
        prose("## What to look at\n\n- the plateau before epoch 1500,\n- the *drop* after it.\n\n| scheme | $\\gamma$ | $\\gamma'$ |\n|---|--:|--:|\n| LeCun | 1/2 | 0 |\n| Mean-field | 1 | 0 |", &[]),
    ];
    figure.claims = vec![
        claim(
            "plateau",
            "The loss rests on a plateau between epochs 200 and 1500.",
            "0.0062",
            "below 0.01",
            "38 % to spare",
            true,
            Some("flat"),
        ),
        claim(
            "groups",
            "At the end the directions $\\boldsymbol{w}_j / \\|\\boldsymbol{w}_j\\|$ form at most 4 groups.",
            "3",
            "below 4.5",
            "",
            true,
            Some("about 3"),
        ),
    ];
    let standing = Standing { table: "course".to_owned(), row: 1, column: "loss".to_owned(), shown: true };
    let loss = Value { standing: Some(standing), claims: vec!["plateau".to_owned()], ..loss };
    figure.values = vec![loss, groups, value("plateau", "0.0062", "0.0062")];
    let cell = |text: &str, number| Cell { text: text.to_owned(), number };
    figure.tables = vec![RowsView {
        name: "course".to_owned(),
        file: "fig/condensation-1d.csv".to_owned(),
        head: vec![HOSTILE.to_owned(), "loss".to_owned()],
        rows: vec![vec![cell(HOSTILE, false), cell("0.027134982211047", true)]],
        of: 120,
    }];
    figure
}

fn phases() -> FigureView {
    let mut figure = figure(2, "phase-diagram", "The phase diagram in $\\gamma$ and $\\gamma'$", Lock::Differs);
    "Typical cases across the phase diagram".clone_into(&mut figure.slide);
    let because = inline(
        "width $10^4$ in place of $10^6$: one cell at full width takes nine minutes, and the slopes agree to 2 % already",
    );
    figure.fidelity = Fidelity { tag: "scaled".to_owned(), because: Some(because) };
    figure.blocks = vec![
        prose(
            "Three regimes meet where $\\gamma = 1$ and $\\gamma' = \\gamma - 1$. The scaling parameters are\n\n$$\\kappa := \\frac{\\beta_1 \\beta_2}{\\alpha}, \\quad \\gamma = \\lim_{m \\to \\infty} -\\frac{\\log \\kappa}{\\log m}.$$",
            &[],
        ),
        chart(
            "2a",
            "fig/phase-diagram-cases.svg",
            3,
            true,
            inline(
                "**Linear, critical, condensed.** The three cases of the slide, each at widths $10^3$ (blue), $10^4$ (vermilion) and $10^5$ (green); 5 seeds.",
            ),
            None,
        ),
        prose("The second chart counts.", &[]),
        chart(
            "2b",
            "fig/phase-diagram.svg",
            2,
            false,
            inline("Counts per regime."),
            Some(TableView {
                head: ["regime", "$S_{\\boldsymbol{w}}$"].map(|text| markup::head(text, &[]).expect("head")).to_vec(),
                rows: vec![
                    vec![
                        Cell { text: "linear".to_owned(), number: false },
                        Cell { text: "−0.51".to_owned(), number: true },
                    ],
                    vec![
                        Cell { text: HOSTILE.to_owned(), number: false },
                        Cell { text: "0.43".to_owned(), number: true },
                    ],
                ],
            }),
        ),
    ];
    figure.claims = vec![
        claim(
            "boundary",
            "The slope $S_{\\boldsymbol{w}}$ changes sign on the line $\\gamma' = \\gamma - 1$.",
            "0.131",
            "below 0.1",
            "31 % too much",
            false,
            None,
        ),
        claim(
            "linear",
            "In the linear regime the features stay.",
            "0.004",
            "below 0.05",
            "92 % to spare",
            true,
            Some("0 in the limit"),
        ),
    ];
    figure.values = vec![value("boundary", "0.131", "0.131"), value("linear", "0.004", "0.004")];
    figure
}

fn transformer() -> FigureView {
    let mut figure = figure(3, "transformer", HOSTILE, Lock::New);
    HOSTILE.clone_into(&mut figure.slide);
    figure.fidelity = Fidelity {
        tag: "substitute".to_owned(),
        because: Some(inline("a task that is made here stands for the deck's data, which were not published")),
    };
    figure.blocks = vec![
        prose(
            "$$A_{\\theta}(X) = \\sum_{i=1}^{h} \\operatorname{softmax}_{\\mathrm{row}} \\left(\\frac{XW_{Q_i}W_{K_i}^{\\top}X^{\\top}}{\\sqrt{d}}\\right) XW_{V_i}W_{O_i}^{\\top}$$",
            &[],
        ),
        chart("3", "fig/transformer.svg", 2, true, inline(HOSTILE), None),
    ];
    figure.claims = vec![claim("rank", HOSTILE, HOSTILE, HOSTILE, HOSTILE, true, Some(HOSTILE))];
    figure.values = vec![value("rank", HOSTILE, HOSTILE)];
    figure.provenance.inputs = vec![pair("data/brains.csv", &digest(9))];
    figure.provenance.params = vec![pair("word", HOSTILE)];
    figure
}

fn site() -> Site {
    Site {
        title: "The condensation phenomenon of deep neural networks, recomputed".to_owned(),
        standfirst: inline(
            "Large networks that start small behave like little ones. Every figure of the talk, computed again from seeds, with each statement checked against its number.",
        ),
        authors: vec!["A. Reader".to_owned(), "B. <Checker>".to_owned()],
        source: inline(
            "Yaoyu Zhang, [*The Condensation Phenomenon of Deep Neural Networks*](https://example.org/deck), MaD Seminar, New York University",
        ),
        date: Some("2025-02-13".to_owned()),
        version: "condense 0.1.0".to_owned(),
        command: "make report".to_owned(),
        ..Site::default()
    }
}

pub fn report() -> ReportView {
    let templates = templates();
    let entry = |figure: FigureView| {
        let md = render_card(&templates, &figure, false).unwrap_or_else(|fault| panic!("{fault:?}")).md;
        let FigureView { number, id, title, slide, fidelity, question, answer, blocks, claims, provenance, .. } =
            figure;
        let charts =
            blocks.into_iter().filter_map(|block| if let Block::Chart(chart) = block { Some(chart) } else { None });
        let pictures = charts.map(|chart| chart.picture).collect();
        CardView { number, id, title, slide, fidelity, question, answer, pictures, claims, provenance, md }
    };
    let [first, second, third] = figures().map(entry);
    let platform = ProofRow {
        processor: "x86-64 AVX2+FMA".to_owned(),
        build: "release, opt-level 3".to_owned(),
        threads: 2,
        note: HOSTILE.to_owned(),
        profile: "smoke".to_owned(),
    };
    let section = |title: &str, figures| SectionView {
        title: title.to_owned(),
        text: Some(inline("Where the argument stands.")),
        figures,
    };
    ReportView {
        site: site(),
        summary: Some(inline("What was found.")),
        picture: first.pictures.first().cloned(),
        introduction: Some(inline("What comes before.")),
        conclusion: Some(inline("What comes after.")),
        proof: Some(Proof { platforms: 1, what: HOSTILE.to_owned(), rows: vec![platform] }),
        style: STYLE.to_owned(),
        sections: vec![
            section("Condensation", vec![first]),
            section("Regime of condensation & more", vec![second, third]),
        ],
    }
}

/// The pages of every figure, by path.
fn figure_pages() -> Vec<(String, String)> {
    let (templates, site, figures) = (templates(), site(), figures());
    let beside = |at: usize| figures.get(at).map(|figure| Neighbour { number: figure.number, id: &figure.id });
    let page = |(at, figure): (usize, &FigureView)| {
        let card = render_card(&templates, figure, false).unwrap_or_else(|fault| panic!("{fault:?}")).html;
        let [previous, next] = [at.checked_sub(1), Some(at + 1)].map(|at| beside(at?));
        let page = PageView { site: &site, figure, card: &card, section: Some("Condensation"), previous, next };
        let html = render_figure(&templates, &page).unwrap_or_else(|fault| panic!("{fault:?}"));
        [(format!("fig/{}.html", figure.id), html), source_page(&templates, &site, figure)]
    };
    figures.iter().enumerate().flat_map(page).collect()
}

/// All files of the report by path, the one page that holds everything among them.
pub fn files_of(report: &ReportView) -> BTreeMap<String, String> {
    let templates = templates();
    let pages = render_pages(&templates, report).unwrap_or_else(|fault| panic!("{fault:?}"));
    let cards = figures().map(|figure| render_card(&templates, &figure, true).expect("a card").html);
    let single = render_single(&templates, report, &cards).unwrap_or_else(|fault| panic!("{fault:?}"));
    let pages = pages.into_iter().map(|(name, text)| (name.to_owned(), text)).chain(figure_pages());
    let diff = diff_page(&templates, &report.site, &figures()[0]);
    pages.chain([("single.html".to_owned(), single), ("diff.html".to_owned(), diff)]).collect()
}

pub fn files() -> BTreeMap<String, String> {
    files_of(&report())
}

/// The pages among them.
pub fn pages() -> Vec<(String, String)> {
    files().into_iter().filter(|(path, _)| path.ends_with(".html")).collect()
}
